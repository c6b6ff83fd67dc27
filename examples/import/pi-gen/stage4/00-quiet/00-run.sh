#!/bin/bash -e
echo "stage4/00-quiet/00-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
