#!/bin/bash
FILES="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
PLACE=/usr/share/bus

# _put NAME: one file to its place
_put() {
    install -Dm644 "$1" "${DESTDIR}${PLACE}/$(basename "$1")"
}

do_install() {
    set -e
    _put "$FILES/bus.conf"
    _put /mnt/intergenos/config/bus/rules
    cat > "${DESTDIR}${PLACE}/notes" << 'EOF'
Made by ${IGOS_JOBS} hands: this is text.
EOF
}
