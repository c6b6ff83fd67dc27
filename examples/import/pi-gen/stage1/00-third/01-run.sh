#!/bin/bash -e
echo "stage1/00-third/01-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
