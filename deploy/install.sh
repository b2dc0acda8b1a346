#!/bin/bash
# Puts a release build in place on this machine: programs, units, user, folders, the packaged model.
# Run as root. Nothing that is there of yours is overwritten: configuration and models stay.
set -euo pipefail

usage() {
  cat <<'TXT'
usage: deploy/install.sh [--build FOLDER] [--prefix FOLDER] [--root FOLDER]
  --build FOLDER   where maskd and maskctl lie (default: .build/release of this checkout)
  --prefix FOLDER  where they go (default: /usr/local)
  --root FOLDER    install below this folder and start nothing (for packages)
TXT
}
die() { echo "install.sh: $*" >&2; exit 1; }

top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/.build/release prefix=/usr/local root=
while [ $# -gt 0 ]; do
  case $1 in
    --build | --prefix | --root)
      [ $# -ge 2 ] || { usage >&2; exit 64; }
      case $1 in
        --build) build=$2 ;;
        --prefix) prefix=$2 ;;
        --root) root=$2 ;;
      esac
      shift 2
      ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
  esac
done
for program in maskd maskctl; do
  [ -x "$build/$program" ] || die "no $program in $build: run \"make release\" first"
done
[ -n "$root" ] || [ "$(id -u)" = 0 ] || die "must be run as root, to write below $prefix and make the user maskd"

# The user of the service reads what is installed, whatever the mask of this shell.
umask 022
# systemd reads units of the administrator below /etc and /usr/local/lib, those of packages below /usr/lib.
lib=$root$prefix/lib share=$root$prefix/share
install -D -m 755 "$build/maskd" "$root$prefix/sbin/maskd"
install -D -m 755 "$build/maskctl" "$root$prefix/bin/maskctl"
# A board that imports no Keras models has no use for this, nor for libhdf5.
if [ -x "$build/maskctl-import" ]; then install -m 755 "$build/maskctl-import" "$root$prefix/bin/maskctl-import"; fi
# Symbols are two thirds of the files.
if command -v strip > /dev/null; then strip "$root$prefix/sbin/maskd" "$root$prefix/bin/maskctl"; fi
install -d "$lib/systemd/system"
sed "s|@PREFIX@|$prefix|" "$top/systemd/maskd.service" > "$lib/systemd/system/maskd.service"
install -m 644 "$top/systemd/maskd.socket" "$lib/systemd/system/maskd.socket"
install -D -m 644 "$top/systemd/maskd.sysusers" "$lib/sysusers.d/maskd.conf"
install -D -m 644 "$top/systemd/maskd.tmpfiles" "$lib/tmpfiles.d/maskd.conf"
# journald's catalog is read from /usr/lib alone.
install -d "$root/usr/lib/systemd/catalog"
sed "s|@PREFIX@|$prefix|" "$top/systemd/maskd.catalog" > "$root/usr/lib/systemd/catalog/maskd.catalog"
install -d "$share/maskd/models" "$share/doc/maskd/docs"
for file in mask_mobilenetv2_int8.tflite mask_mobilenetv2_int8.json labels.txt README.md; do
  install -m 644 "$top/models/$file" "$share/maskd/models/$file"
done
# The folder keeps its shape, so that the links between the pages lead somewhere.
install -m 644 "$top/README.md" "$share/doc/maskd/README.md"
install -m 644 "$top"/docs/* "$share/doc/maskd/docs"
if [ ! -e "$root/etc/maskd/maskd.yaml" ]; then
  install -d "$root/etc/maskd"
  sed "s|/usr/share/|$prefix/share/|; s|share/doc/maskd|$prefix/&|" "$top/deploy/maskd.yaml" > "$root/etc/maskd/maskd.yaml"
fi
[ -z "$root" ] || exit 0

if [ -d /run/systemd/system ]; then
  systemd-sysusers "$prefix/lib/sysusers.d/maskd.conf"
  systemd-tmpfiles --create "$prefix/lib/tmpfiles.d/maskd.conf"
  journalctl --update-catalog
  systemctl daemon-reload
  echo "maskd is installed. Start it:      systemctl enable --now maskd"
  echo "See what it sees:                  maskctl watch"
else
  echo "maskd is installed below $prefix; systemd does not run here, so no user and no service were set up."
fi
