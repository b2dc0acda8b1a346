#!/bin/bash
# The real daemon on the sample pictures, as an ordinary user, with folders of its own, and what a client reads.
#
# usage: deploy/demo.sh [SECONDS]       (without SECONDS: until Ctrl-C)
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
build=${MASKD_PROGRAMS:-$top/.build/release} seconds=${1:-}

[[ -z $seconds || $seconds =~ ^[1-9][0-9]*$ ]] || { echo "demo.sh: '$seconds' is not a number of seconds" >&2; exit 64; }

work=$(mktemp -d "${TMPDIR:-/tmp}/maskd-demo.XXXXXX")
chmod 755 "$work"
daemon=
tidy() {
  [ -z "$daemon" ] || { kill "$daemon" 2> /dev/null; wait "$daemon" 2> /dev/null; } || true
  rm -rf "$work"
}
trap tidy EXIT
trap 'exit 0' INT TERM

mkdir -p "$work"/{run,state,config/maskd,models}
cp "$build/maskd" "$build/maskctl" "$work"
cp "$top"/models/mask_mobilenetv2_int8.* "$top/models/labels.txt" "$work/models"
# A picture stands for two seconds, as a face before a camera would: long enough for a state to hold.
mkdir "$work/pictures"
for picture in "$top"/models/samples/*_face*.jpg; do
  name=$(basename "$picture" .jpg)
  cp "$picture" "$work/pictures/$name.00.jpg"
  for copy in $(seq -w 1 19); do
    ln "$work/pictures/$name.00.jpg" "$work/pictures/$name.$copy.jpg"
  done
done
cat > "$work/config/maskd/maskd.yaml" <<YAML
cameras:
  - name: album
    replay:
      path: $work/pictures
      rate: 10
      loop: true
    regions:
      - name: face
results:
  results_per_second: 1
models:
  packaged: $work/models/mask_mobilenetv2_int8.tflite
YAML

# As root, for example in a container: step down first.
as_user=()
if [ "$(id -u)" = 0 ]; then
  chown -R nobody "$work"
  as_user=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
fi
export XDG_CONFIG_HOME=$work/config XDG_RUNTIME_DIR=$work/run XDG_STATE_HOME=$work/state HOME=$work

echo "maskd on the pictures of models/samples: a bare face for two seconds, the same with a drawn mask, the next."
"${as_user[@]}" "$work/maskd" 2> "$work/log" &
daemon=$!
for _ in $(seq 100); do
  [ ! -S "$work/run/maskd/results.sock" ] || break
  kill -0 "$daemon" 2> /dev/null || { cat "$work/log" >&2; exit 1; }
  sleep 0.1
done

watch=("${as_user[@]}" "$work/maskctl" watch --socket "$work/run/maskd/results.sock")
# A log of sentences where nobody can see a table being redrawn.
[ -t 1 ] || watch+=(--format text)
if [ -n "$seconds" ]; then
  status=0
  timeout --foreground -s INT "$seconds" "${watch[@]}" || status=$?
  # 124 is timeout's own: the time is over, as asked.
  [ "$status" = 124 ] || [ "$status" = 0 ] || { cat "$work/log" >&2; exit "$status"; }
else
  "${watch[@]}" || true
fi
