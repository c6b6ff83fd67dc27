#!/bin/bash -e
mkdir -p "${ROOTFS_DIR}"
cat "${STAGE_DIR}/files/motd" >"${ROOTFS_DIR}/trail"
