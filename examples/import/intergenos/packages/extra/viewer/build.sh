#!/bin/bash
configure() {
    set -e
    tar xf "$IGOS_SOURCES/viewer-${PKG_VERSION}-vendor.tar.xz"
    cmake -B build -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_BUILD_TYPE=Release
}

build() {
    set -e
    cmake --build build -j${IGOS_JOBS}
}

do_install() {
    set -e
    DESTDIR="$DESTDIR" cmake --install build
}
