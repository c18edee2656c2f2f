#!/bin/sh
# SPDX-License-Identifier: ISC
exec "$(dirname "$0")/tools.py" clang-format
