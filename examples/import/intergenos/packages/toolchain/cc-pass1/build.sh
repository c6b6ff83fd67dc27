#!/bin/bash
# The first compiler: only what is needed to compile the second.

configure() {
    set -e
    mkdir -v build
    cd       build
    ../configure --prefix=$IGOS/tools --target=$IGOS_TARGET
}

build() {
    set -e
    cd build
    make -j${IGOS_JOBS}
}

install() {
    set -e
    cd build
    make DESTDIR=$IGOS install
}
