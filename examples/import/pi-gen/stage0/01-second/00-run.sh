#!/bin/bash -e
echo "stage0/01-second/00-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
