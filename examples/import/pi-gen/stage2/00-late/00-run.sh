#!/bin/bash -e
echo "stage2/00-late/00-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
