#!/bin/sh
# Builds the bundled programs into workloads/elf from their sources, with Debian's clang-19 and lld-19 only.
#
#   build.sh           rebuild workloads/elf
#   build.sh --check   rebuild elsewhere and compare byte for byte with workloads/elf
#   build.sh --host    build the kernels for this computer and try them there
set -eu
cd "$(dirname "$0")"

CLANG=${CLANG:-clang-19}
LLD=${LLD:-ld.lld-19}
STRIP=${STRIP:-llvm-strip-19}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# compile TARGET OUTPUT SOURCE [FLAG...]: one object, without anything that depends on where or when.
compile() {
  target=$1 output=$2 source=$3
  shift 3
  case $target in
    corev) set -- -march=rv32imfc_zfh -mabi=ilp32f -DENNEAD_MAX_WORKERS=16 "$@" ;;
    pulp) set -- -march=rv32imc_zfinx_zhinx -mabi=ilp32 -DENNEAD_MAX_WORKERS=8 "$@" ;;
  esac
  "$CLANG" --target=riscv32-unknown-elf -std=gnu11 -O2 -mno-relax -ffreestanding -fno-builtin -fno-addrsig \
    -ffunction-sections -fdata-sections -Wall -Wextra -Werror -Iruntime -Ikernels -Igolden "$@" \
    -c "$source" -o "$output"
}

# link TARGET ELF OBJECT...: workers' stacks are 512 bytes each.
link() {
  target=$1 elf=$2
  shift 2
  case $target in
    corev) layout="-DL1_SIZE=128K -DMAX_WORKERS=16 -DSTACK_SIZE=512" ;;
    pulp) layout="-DL1_SIZE=64K -DMAX_WORKERS=8 -DSTACK_SIZE=512" ;;
  esac
  # shellcheck disable=SC2086
  "$CLANG" -E -P -x c $layout runtime/link.ld -o "$work/link.ld"
  "$LLD" -m elf32lriscv --build-id=none --gc-sections --no-relax --fatal-warnings -T "$work/link.ld" -o "$elf" "$@"
  "$STRIP" --strip-debug --discard-locals "$elf"
}

# program NAME TARGET MAIN KIND BITS: a program with workers for one element type; KIND names its inputs.
program() {
  name=$1 target=$2 main=$3 kind=$4 bits=$5
  case $bits in
    32) real=float type=f32 ;;
    16) real=f16 type=f16 ;;
  esac
  inputs=golden/data/${name%-pulp}
  dir=$work/$name
  mkdir -p "$dir"
  compile "$target" "$dir/main.o" "programs/$main.c" -DENNEAD_BITS="$bits" -DREAL=$real "-DPROGRAM=\"$name\"" \
    -Dmatmul_kernel=matmul_$type -Dmatmul_naive_kernel=matmul_naive_$type -Dim2col_kernel=im2col_$type
  compile "$target" "$dir/inputs.o" programs/inputs.S -D"$kind" -DINPUTS="$inputs"
  for source in runtime/crt0.S runtime/requires.S runtime/runtime.c kernels/tiles.S kernels/matmul.c kernels/im2col.c
  do
    compile "$target" "$dir/$(basename "$source").o" "$source"
  done
  link "$target" "$out/$name.elf" "$dir"/*.o
}

build() {
  out=$1
  mkdir -p "$out" "$work/hello"
  for source in runtime/crt0.S runtime/runtime.c programs/hello.c; do
    compile pulp "$work/hello/$(basename "$source").o" "$source" -march=rv32imc -mabi=ilp32
  done
  link pulp "$out/hello.elf" "$work"/hello/*.o
  for target in corev pulp; do
    suffix=
    [ $target = pulp ] && suffix=-pulp
    for bits in 32 16; do
      program "matmul-fp$bits$suffix" $target matmul MATMUL $bits
      program "conv2d-fp$bits-fw$suffix" $target conv2d_fw CONV2D_FW $bits
    done
  done
}

case ${1:-} in
  "")
    build elf
    ls -l elf
    ;;
  --check)
    build "$work/elf"
    diff -rq elf "$work/elf" || {
      echo "workloads/elf is not what its sources build: run workloads/build.sh and commit the result" >&2
      exit 1
    }
    echo "workloads/elf is what its sources build"
    ;;
  --host)
    "$CLANG" -std=gnu11 -O2 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
      -ffp-contract=off -DENNEAD_HOST -Iruntime -Ikernels host/*.c kernels/*.c -lm -o "$work/check"
    "$work/check"
    ;;
  *)
    echo "usage: build.sh [--check | --host]" >&2
    exit 2
    ;;
esac
