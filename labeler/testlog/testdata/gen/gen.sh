#!/bin/sh
# Runs real test frameworks on the small projects beside this file and keeps what
# they print as ../<parser>/<case>.log: passing, failing, skipped, crashing and
# hanging tests of each. Usage: gen.sh [PROJECT...]. What a tool needs that is not
# installed is said, and its fixtures stay as they are.
set -u
here=$(cd "$(dirname "$0")" && pwd)
out=$(dirname "$here")
work=${TMPDIR:-/tmp}/testlog-fixtures
export NO_COLOR=1 LC_ALL=C.UTF-8

# run PARSER CASE COMMAND... keeps both streams in the order they were written.
# Paths of this machine are the only thing that is changed.
run() {
	mkdir -p "$out/$1"
	log="$out/$1/$2.log"
	shift 2
	"$@" </dev/null 2>&1 | sed -e "s#$work#/build#g" -e "s#${work#/}#build#g" -e "s#$HOME#/home/user#g" -e "s#${tools:-$work}#/venv#g" >"$log"
	echo "$log: $(wc -l <"$log") lines"
}

# need COMMAND... tells whether all of them are there.
need() {
	for c in "$@"; do
		command -v "$c" >/dev/null || { echo "skipped: $c is not installed"; return 1; }
	done
}

if [ $# -eq 0 ]; then
	set -- $(cd "$here" && ls -d */ | tr -d /)
fi
for project in "$@"; do
	rm -rf "${work:?}/$project" && mkdir -p "$work" && cp -r "$here/$project" "$work/$project" && cd "$work/$project" && . ./gen.sh
done
