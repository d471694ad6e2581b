#!/usr/bin/env bash
# Runs fuzz targets: what decodes files from strangers (sources, labeler) for the
# first time given (default 600s), all else for the second (60s); of the whole
# module, or only those of the folders that follow. As many targets run side by
# side as there are processors.
# usage: fuzz.sh [DECODERS [OTHERS [FOLDER…]]]
set -euo pipefail
cd "$(dirname "$0")/.."
decoders=${1:-600s} others=${2:-60s}
folders=("${@:3}")
targets() {
  grep -rlE --exclude-dir=testdata --include='*_test.go' '^func Fuzz' "${folders[@]:-.}" | sort | while read -r file; do
    file=./${file#./} each=$others
    case $file in ./sources/* | ./labeler/*) each=$decoders ;; esac
    grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | awk -v dir="$(dirname "$file")" -v each="$each" '{print dir, $2, each}'
  done
}
run() {
  local out
  # Making new inputs shorter is limited in tries: with a limit in time it takes
  # nearly all of it where a target tries few a second.
  if out=$(go test -run '^$' -fuzz "^$2\$" -fuzztime "$3" -fuzzminimizetime 32x -parallel 1 "$1" 2>&1); then
    echo "ok   $1 $2 $3, $(grep -oE 'execs: [0-9]+' <<<"$out" | tail -1)"
  else
    printf 'FAIL %s %s\n%s\n' "$1" "$2" "$out"
    return 1
  fi
}
export -f run
targets | xargs -P "$(nproc)" -L 1 bash -c 'run "$@"' _
