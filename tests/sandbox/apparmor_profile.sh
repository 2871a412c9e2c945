#!/bin/sh
# usage: apparmor_profile.sh PARSER PROFILE
# The profile for Ubuntu as the real parser of AppArmor reads it, without a kernel that has it. Version 4 reads all of it;
# version 3 (Debian 12) knows neither abi/4.0 nor the rule 'userns', so there these two lines, and nothing else, are taken out.
set -eu
parser=$1 profile=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

parse() { "$parser" --skip-kernel-load --skip-cache --quiet "$@"; }

cp "$profile" "$folder/assay"
if [ ! -e /etc/apparmor.d/abi/4.0 ]; then
  for line in 'abi <abi/4.0>,' '  userns,'; do
    [ "$(grep -cxF -- "$line" "$profile")" -eq 1 ] || { echo "$profile: has not exactly one line '$line'" && exit 1; }
  done
  sed -e 's,^abi <abi/4.0>\,$,abi <abi/3.0>\,,' -e '/^  userns,$/d' "$profile" >"$folder/assay"
  echo "NOT PARSED: abi/4.0 and 'userns,', which $("$parser" --version | head -n 1) does not know"
fi
parse "$folder/assay"
[ "$(parse --names "$folder/assay")" = assay ] || { echo "$profile: does not define the profile 'assay' alone" && exit 1; }

# The parser can say no: otherwise all of this shows nothing.
sed 's/^}$//' "$folder/assay" >"$folder/cut"
sed 's/flags=(unconfined)/flags=(unconfinded)/' "$folder/assay" >"$folder/misspelt"
for wrong in cut misspelt; do
  if parse "$folder/$wrong" 2>/dev/null; then echo "the parser takes a profile that is $wrong" && exit 1; fi
done
