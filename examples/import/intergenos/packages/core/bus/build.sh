#!/bin/bash
# bus 1.16

configure() {
    set -e
    mkdir build
    cd    build
    meson setup .. --prefix=/usr --buildtype=release -D doxygen=disabled
}

build() {
    set -e
    cd build
    ninja
}

check() {
    set -e
    cd build
    pkg_run_tests "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/package.yml" \
        ninja test
}

do_install() {
    set -e
    cd build
    DESTDIR="$DESTDIR" ninja install
}

post_install() {
    set -e
    systemctl enable bus.socket 2>/dev/null || true
    ldconfig
    echo bus-${version} > /etc/machine-name
}
