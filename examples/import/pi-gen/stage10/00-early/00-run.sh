#!/bin/bash -e
echo "stage10/00-early/00-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
