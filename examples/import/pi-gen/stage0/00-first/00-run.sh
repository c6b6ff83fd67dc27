#!/bin/bash -e
echo "stage0/00-first/00-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
