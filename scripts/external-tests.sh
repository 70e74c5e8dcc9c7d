#!/usr/bin/env bash
# Runs every ELF file of a folder and says which of them pass: exit code 0 is a pass.
#
#   scripts/external-tests.sh DIR [run option...]
#
# The options go to `ennead run`; without any, the machine is the bare single core. ENNEAD names the binary
# (default: target/release/ennead), LIMIT the cycles that one program may take (default: 10000000). A file whose name is
# in DIR/not-applicable (one name a line, `#` and the reason after it) is run, too, but its failure does not count.
# docs/testing.md says what such programs must look like.
set -euo pipefail

[ $# -ge 1 ] && [ -d "$1" ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
dir=$1
shift
[ $# -gt 0 ] || set -- --config cv32e40p
ennead=${ENNEAD:-$(dirname "$0")/../target/release/ennead}
[ -x "$ennead" ] || { echo "$ennead is no program: run \`cargo build --release\` or set ENNEAD" >&2; exit 2; }

reason() { # of file $1, if its failure does not count
  [ -f "$dir/not-applicable" ] && sed -n "s/^$1[[:space:]]*#[[:space:]]*//p" "$dir/not-applicable"
}

passed=0 failed=0 excused=0
for file in "$dir"/*; do
  [ "$(head -c 4 "$file" | tr -d '\0')" = $'\x7fELF' ] || continue
  name=$(basename "$file")
  code=0
  said=$("$ennead" run "$file" -q --max-cycles "${LIMIT:-10000000}" "$@" 2>&1) || code=$?
  if [ "$code" = 0 ]; then
    passed=$((passed + 1))
    echo "pass  $name"
  elif why=$(reason "$name") && [ -n "$why" ]; then
    excused=$((excused + 1))
    echo "n/a   $name: $why"
  else
    failed=$((failed + 1))
    echo "FAIL  $name: exit code $code${said:+: $(tail -n 1 <<< "$said")}"
  fi
done
echo "$passed passed, $failed failed, $excused not applicable"
[ "$failed" = 0 ] && [ $((passed + excused)) -gt 0 ]
