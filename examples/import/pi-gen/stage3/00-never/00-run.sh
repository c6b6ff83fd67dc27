#!/bin/bash -e
echo "stage3/00-never/00-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
