#!/bin/sh
# SPDX-License-Identifier: ISC
# leat as a CGI program, where the web server hands on no environment of
# yours (suEXEC), or where programs must lie in cgi-bin: copy this file as
# leat.cgi (cgi-bin/ask.cgi, …), mode 0755, and replace the three paths.
LEAT_CONFIG=/home/USER/leat/leat.conf
LEAT_MOUNT=/ask
export LEAT_CONFIG LEAT_MOUNT
# No "$@": a query string without "=" arrives as arguments.
exec /home/USER/leat/leat
