#!/bin/sh
# Builds the test programs into elf/ from their sources, with Debian's clang-19 and lld-19 only.
#
#   build.sh           rebuild elf/
#   build.sh --check   rebuild elsewhere and compare byte for byte with elf/
set -eu
cd "$(dirname "$0")"

CLANG=${CLANG:-clang-19}
LLD=${LLD:-ld.lld-19}
STRIP=${STRIP:-llvm-strip-19}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# program NAME SCRIPT MARCH ABI SOURCES [FLAG...]
program() {
  name=$1 script=$2 march=$3 abi=$4 sources=$5
  shift 5
  mkdir -p "$work/$name"
  for source in $sources; do
    "$CLANG" --target=riscv32-unknown-elf -march="$march" -mabi="$abi" -std=gnu11 -O2 -mno-relax -ffreestanding \
      -fno-builtin -fno-addrsig -fno-vectorize -fno-unroll-loops -Wall -Wextra -Werror "$@" \
      -c "$source" -o "$work/$name/$source.o"
  done
  "$CLANG" -E -P -x c "$@" "$script" -o "$work/link.ld"
  "$LLD" -m elf32lriscv --build-id=none --no-relax --fatal-warnings -T "$work/link.ld" -o "$out/$name.elf" "$work/$name"/*.o
  "$STRIP" --strip-debug --discard-locals "$out/$name.elf"
}

build() {
  out=$1
  mkdir -p "$out"
  program pulp-sdk pulp.ld rv32imc ilp32 "pulpos.S pulpos.c print.c" -DSDK
  program pulp-runtime pulp.ld rv32imc ilp32 "runtime.S runtime.c print.c"
  program pulp-runtime-uart pulp.ld rv32imc ilp32 "runtime.S runtime.c print.c" -DUART
  program pulp-runtime-hang pulp.ld rv32imc ilp32 "runtime.S runtime.c print.c" -DHANG
  program pulp-rt pulp.ld rv32imc ilp32 "runtime.S single.c print.c"
  program corev-newlib corev.ld rv32imfc ilp32f "corev.S corev.c print.c"
  program corev-htif corev.ld rv32imfc ilp32f "corev.S corev.c print.c" -DHTIF
}

case ${1:-} in
  "")
    build elf
    ls -l elf
    ;;
  --check)
    build "$work/elf"
    diff -rq elf "$work/elf" || {
      echo "cli/tests/firmware/elf is not what its sources build: run cli/tests/firmware/build.sh and commit the result" >&2
      exit 1
    }
    echo "cli/tests/firmware/elf is what its sources build"
    ;;
  *)
    echo "usage: build.sh [--check]" >&2
    exit 2
    ;;
esac
