# Shell functions that tools/demo and tools/test share. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
say() { printf '%s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# The first comment block of a script is its --help text.
show_help() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$1"; }

jobs() { nproc 2>/dev/null || echo 2; }

configure() { # PRESET [cmake arguments...]
  (cd "$root" && cmake --preset "$@")
}

# Names of the targets of a configured preset that match an extended regular expression.
targets() { # PRESET REGEX
  ninja -C "$root/build/$1" -t targets all 2>/dev/null | sed -n 's/^\([A-Za-z0-9_.-]*\): phony$/\1/p' | grep -v '^cmake_' | grep -E "$2" | sort -u || true
}

build() { # PRESET [targets...]
  local preset=$1
  shift
  if [ $# -gt 0 ]; then
    ninja -C "$root/build/$preset" -j "$(jobs)" "$@"
  else
    ninja -C "$root/build/$preset" -j "$(jobs)"
  fi
}

# What a user runs, without the tests: the three programs, plugins and frameworks.
build_product() { # PRESET
  local found
  mapfile -t found < <(targets "$1" '^(assay|assay-worker|assay-verify|plugin_.*)$')
  [ ${#found[@]} -gt 0 ] || die "preset $1 has no programs to build"
  build "$1" "${found[@]}"
}
