#!/bin/sh
# usage: tests/abi/frozen/make.sh
#
# Made collector-x86_64.so, once, when ABI 1.0 was frozen. Not part of the build: a binary that is made anew with each
# engine would prove nothing. Running it replaces the binary and its digest; do that only for a new file name.
set -eu
cd "$(dirname "$0")"
root=../../..
out=collector-x86_64.so
[ ! -e "$out" ] || { echo "make.sh: $out exists; it is frozen (take another name for another binary)" >&2; exit 1; }
note=$(mktemp --suffix=.S)
trap 'rm -f "$note"' EXIT
sed 's|@manifest@|manifest.toml|' "$root/cmake/manifest_note.S.in" >"$note"
gcc -std=c11 -O2 -Wall -Wextra -Werror -fPIC -fvisibility=hidden -shared -s -I "$root/plugin-api/include" -o "$out" \
  collector.c "$note" -Wl,--version-script="$root/plugin-api/plugin.version" -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now
sha256sum "$out" >collector-x86_64.so.sha256
ls -l "$out"
