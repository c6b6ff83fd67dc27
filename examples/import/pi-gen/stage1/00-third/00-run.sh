#!/bin/bash -e
echo "stage1/00-third/00-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
