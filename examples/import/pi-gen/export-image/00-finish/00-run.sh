#!/bin/bash -e
echo "export-image/00-finish/00-run.sh on ${TARGET_HOSTNAME}" >>"${ROOTFS_DIR}/trail"
