/**
 * `pi-gen.sh`, which every imported sub-stage sources: what pi-gen's own build.sh and scripts/common give to the scripts of a
 * stage, where the tree so far is the source of the build and the tree afterwards its output.
 */
export const HELPERS = `# Sourced by the phases of every sub-stage, and by each bash that they start (BASH_ENV), so that scripts find the functions.
# The tree so far lies in $srcdir, and becomes $out.

STAGE_WORK_DIR=$NIX_BUILD_TOP/work
ROOTFS_DIR=$STAGE_WORK_DIR/rootfs
WORK_DIR=$NIX_BUILD_TOP
DEPLOY_DIR=$out/deploy
LOG_FILE=$NIX_BUILD_TOP/build.log
STAGE_DIR=$NIX_BUILD_TOP/stage
PREV_ROOTFS_DIR=$srcdir
EXPORT_ROOTFS_DIR=$srcdir
export STAGE_WORK_DIR ROOTFS_DIR WORK_DIR DEPLOY_DIR LOG_FILE STAGE_DIR PREV_ROOTFS_DIR EXPORT_ROOTFS_DIR
mkdir -p "$STAGE_WORK_DIR" "$STAGE_DIR"

log() {
  echo "$*" | tee -a "$LOG_FILE"
}

copy_previous() {
  [ -d "$PREV_ROOTFS_DIR" ] || { echo "Previous stage rootfs not found" >&2; return 1; }
  mkdir -p "$ROOTFS_DIR"
  cp -a "$PREV_ROOTFS_DIR/." "$ROOTFS_DIR/"
}

# has PROGRAM WHY FINDING: a tree above this one may bring it along
has() {
  command -v "$1" >/dev/null || { echo "igos: no $1 here: $2, see '$3' in IMPORT.md" >&2; return 1; }
}

bootstrap() {
  has debootstrap "it asks the network, and a build sees none" network || return 1
  debootstrap --components main,contrib,non-free --keyring "$STAGE_DIR/files/raspberrypi.gpg" "$@"
}

on_chroot() {
  has chroot "it needs root, and a build has no privileges" root || return 1
  chroot "$ROOTFS_DIR" /bin/bash -e "$@"
}

# stage_files NAME PATH: what scripts find as $STAGE_DIR/NAME
stage_files() {
  cp -R "$2" "$STAGE_DIR/$1"
  chmod -R u+w "$STAGE_DIR/$1"
}

# begin PATH: the folder of the sub-stage, in which its scripts run
begin() {
  if [ ! -d "$ROOTFS_DIR" ] && [ -d "$srcdir" ]; then mv "$srcdir" "$ROOTFS_DIR"; fi
  SUB_STAGE_DIR=$STAGE_DIR/\${1##*/}
  cp -R "$1" "$SUB_STAGE_DIR"
  chmod -R u+w "$SUB_STAGE_DIR"
  cd "$SUB_STAGE_DIR"
}

debconf() {
  on_chroot <<EOF
debconf-set-selections <<SELEOF
$(cat "$1")
SELEOF
EOF
}

packages() {
  on_chroot <<EOF
apt-get -o Acquire::Retries=3 install -y $*
EOF
}

patches() {
  (
    cd "$STAGE_WORK_DIR"
    QUILT_PATCHES=$SUB_STAGE_DIR/$1
    export QUILT_PATCHES
    status=0
    quilt push -a || status=$?
    [ "$status" = 0 ] || [ "$status" = 2 ]
  )
}

finish() {
  cd "$NIX_BUILD_TOP"
  if [ -d "$ROOTFS_DIR" ]; then mkdir -p "$out"; cp -a "$ROOTFS_DIR/." "$out/"; else mkdir -p "$out"; fi
}
`;
