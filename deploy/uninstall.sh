#!/bin/bash
# Removes what deploy/install.sh put in place. Configuration, models and the user stay, unless --purge is given.
set -euo pipefail

usage() {
  cat <<'TXT'
usage: deploy/uninstall.sh [--prefix FOLDER] [--purge]
  --prefix FOLDER  where maskd was installed (default: /usr/local)
  --purge          also remove /etc/maskd, /var/lib/maskd and the user maskd
TXT
}
die() { echo "uninstall.sh: $*" >&2; exit 1; }

prefix=/usr/local purge=no
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) [ $# -ge 2 ] || { usage >&2; exit 64; }; prefix=$2; shift 2 ;;
    --purge) purge=yes; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
  esac
done
[ "$(id -u)" = 0 ] || die "must be run as root"

if [ -d /run/systemd/system ] && [ -e "$prefix/lib/systemd/system/maskd.service" ]; then
  systemctl disable --now maskd.service maskd.socket 2>/dev/null || true
fi
rm -f "$prefix/sbin/maskd" "$prefix/bin/maskctl" "$prefix/bin/maskctl-import" \
  "$prefix/lib/systemd/system/maskd.service" "$prefix/lib/systemd/system/maskd.socket" \
  "$prefix/lib/sysusers.d/maskd.conf" "$prefix/lib/tmpfiles.d/maskd.conf" /usr/lib/systemd/catalog/maskd.catalog
rm -rf "$prefix/share/maskd" "$prefix/share/doc/maskd" /run/maskd
# Folders that the installation made and nobody else uses.
for folder in lib/systemd/system lib/systemd lib/sysusers.d lib/tmpfiles.d share/doc; do
  rmdir --ignore-fail-on-non-empty "$prefix/$folder" 2> /dev/null || true
done
if [ $purge = yes ]; then
  rm -rf /etc/maskd /var/lib/maskd
  if getent passwd maskd > /dev/null && command -v userdel > /dev/null; then userdel maskd; fi
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  journalctl --update-catalog
fi
[ $purge = yes ] || echo "maskd is removed; /etc/maskd and /var/lib/maskd are kept (--purge removes them too)."
