#!/bin/bash
run_package "pack" "pack" "1.3.2" \
    "pack-1.3.2.tar.gz" "Compression library"
run_package "bus" "bus" "1.16"
