#!/bin/bash -e
echo "stage1/01-left-out/00-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
