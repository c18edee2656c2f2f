#!/bin/sh
# SPDX-License-Identifier: ISC
# Makes ./configure from a checkout (needs autoconf, automake, pkg-config).
set -e
cd "$(dirname "$0")"
mkdir -p build-aux
exec autoreconf --install --warnings=all
