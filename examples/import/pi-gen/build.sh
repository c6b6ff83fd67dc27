#!/bin/bash -e
# The defaults of pi-gen's build.sh, as far as this tree has need of them. The real one also runs the stages.
export IMG_NAME="${IMG_NAME}"
export RELEASE=${RELEASE:-bookworm}
export TARGET_HOSTNAME=${TARGET_HOSTNAME:-raspberrypi}
export FIRST_USER_NAME=${FIRST_USER_NAME:-pi}
export USE_QEMU="${USE_QEMU:-0}"
