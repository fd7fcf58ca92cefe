#!/bin/sh
# Installs gupshupctl from the lock beside these steps: every package by its hash, nothing built, nothing newer.
# Usage: install.sh [LOCK]
set -eu
here=$(dirname "$0")
python3 -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: \
    -r "${1:-$here/../gupshup-controller.txt}"
gupshupctl --version
