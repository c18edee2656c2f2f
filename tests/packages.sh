#!/bin/bash
# SPDX-License-Identifier: ISC
# Sourced by tests/run and quickstart: Debian's packages, without the services
# that come with some. Those are neither started now nor with the next boot,
# for the callers start their own; a service that was there is left alone.

policy=/usr/sbin/policy-rc.d
policy_mark='# Until the packages of leat are installed.'

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "${0##*/}: not root, and no sudo; please run as root: $*" >&2
		return 1
	fi
}

is_installed() {
	dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q ' installed$'
}

# Debian starts services as it installs them, unless a program of this name
# says no (invoke-rc.d(8)). Who has one already has decided; one with our mark
# was left behind by a run that was killed.
forbid_services() {
	[ ! -e $policy ] || grep -qF "$policy_mark" $policy || return 0
	trap allow_services EXIT
	printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" |
		as_root tee $policy >/dev/null && as_root chmod 755 $policy
}

allow_services() {
	! grep -qsF "$policy_mark" $policy || as_root rm -f $policy
}

disable() {
	if command -v systemctl >/dev/null; then
		as_root systemctl -q disable "$1"
	else
		as_root update-rc.d "${1%.*}" disable
	fi
}

apt_install() {
	local folder=/lib/systemd/system unit status=0 absent=()
	for unit in nginx.service lighttpd.service fcgiwrap.socket \
		fcgiwrap.service; do
		[ -e "$folder/$unit" ] || absent+=("$unit")
	done
	forbid_services &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy \
			--no-install-recommends "$@" || status=1
	allow_services
	trap - EXIT
	for unit in "${absent[@]}"; do
		[ ! -e "$folder/$unit" ] || disable "$unit"
	done
	return $status
}

# install_packages PACKAGE...: those that are missing.
install_packages() {
	local p missing=()
	for p in "$@"; do
		is_installed "$p" || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing Debian packages: ${missing[*]}"
	as_root apt-get update -q && apt_install "${missing[@]}"
}
