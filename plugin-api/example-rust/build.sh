#!/bin/sh
# usage: plugin-api/example-rust/build.sh OUT.so [NOTE.S]
#
# Builds the example with rustc alone: no package manager, no crate. NOTE.S: cmake/manifest_note.S.in with the manifest's
# path filled in; made here when it is not given.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
note=${2:-$work/note.S}
[ -n "${2:-}" ] || sed "s|@manifest@|$here/manifest.toml|" "$here/../../cmake/manifest_note.S.in" >"$note"
cc -c -x assembler-with-cpp "$note" -o "$work/note.o"
rustc --edition 2021 --crate-type cdylib --crate-name assay_example_rust -C panic=abort -C opt-level=2 -C strip=symbols \
  -A non_upper_case_globals -D warnings -C link-arg="$work/note.o" -C link-arg=-Wl,-z,noexecstack -C link-arg=-Wl,-z,relro \
  -C link-arg=-Wl,-z,now -C relocation-model=pic "$here/example.rs" -o "$out"
