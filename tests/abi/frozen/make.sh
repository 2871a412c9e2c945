#!/bin/sh
# usage: tests/abi/frozen/make.sh SOURCE.c MANIFEST.toml
#
# Made collector-x86_64.so (collector.c, manifest.toml), framework-x86_64.so (framework.c, framework.toml) and tally-x86_64.so
# (tally.c, tally.toml), each once, from the
# headers of ABI 1.0. Not part of the build: a binary that is made anew with each engine would prove nothing. It refuses to
# replace a binary; another one takes another name.
set -eu
cd "$(dirname "$0")"
[ $# -eq 2 ] || { sed -n '2s/^# //p' make.sh >&2; exit 2; }
root=../../..
out=${1%.c}-$(uname -m).so
[ ! -e "$out" ] || { echo "make.sh: $out exists; it is frozen (take another name for another binary)" >&2; exit 1; }
note=$(mktemp --suffix=.S)
trap 'rm -f "$note"' EXIT
sed "s|@manifest@|$2|" "$root/cmake/manifest_note.S.in" >"$note"
gcc -std=c11 -O2 -Wall -Wextra -Werror -fPIC -fvisibility=hidden -shared -s -I "$root/plugin-api/include" -o "$out" \
  "$1" "$note" -Wl,--version-script="$root/plugin-api/plugin.version" -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now
sha256sum "$out" >"$out.sha256"
ls -l "$out"
