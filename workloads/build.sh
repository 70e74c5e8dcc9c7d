#!/bin/sh
# Builds the bundled programs into workloads/elf from their sources, with Debian's clang-19 and lld-19 only.
#
#   build.sh           rebuild workloads/elf
#   build.sh --check   rebuild elsewhere and compare byte for byte with workloads/elf
#   build.sh --host    build kernels and programs for this computer, try the kernels with random shapes, and run each program
#                      with one worker against its expected tensor
set -eu
cd "$(dirname "$0")"

CLANG=${CLANG:-clang-19}
LLD=${LLD:-ld.lld-19}
STRIP=${STRIP:-llvm-strip-19}
HOST="-fsanitize=address,undefined -fno-sanitize-recover=all"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# compile TARGET OUTPUT SOURCE [FLAG...]: one object, without anything that depends on where or when.
compile() {
  target=$1 output=$2 source=$3
  shift 3
  case $target in
    host)
      # shellcheck disable=SC2086
      "$CLANG" $HOST -std=gnu11 -O2 -ffp-contract=off -Xclang -ffloat16-excess-precision=none -DENNEAD_HOST -Wall -Wextra -Werror -Iruntime -Ikernels -Inetwork -Iprograms -Igolden \
        "$@" -c "$source" -o "$output"
      return
      ;;
    corev) set -- -march=rv32imfc_zfh -mabi=ilp32f "$@" ;;
    pulp) set -- -march=rv32imc_zfinx_zhinx -mabi=ilp32 "$@" ;;
  esac
  "$CLANG" --target=riscv32-unknown-elf -std=gnu11 -O2 -mno-relax -ffreestanding -fno-builtin -fno-addrsig \
    -ffunction-sections -fdata-sections -Wall -Wextra -Werror -Iruntime -Ikernels -Inetwork -Iprograms -Igolden "$@" \
    -c "$source" -o "$output"
}

# link TARGET ELF OBJECT...: workers' stacks are 512 bytes each unless $stack says otherwise.
link() {
  target=$1 elf=$2
  shift 2
  case $target in
    corev) layout="-DMAX_WORKERS=${workers:-16}" ;;
    pulp) layout="-DMAX_WORKERS=8" ;;
  esac
  layout="$layout -DL1_SIZE=128K -DSTACK_SIZE=${stack:-512}"
  # shellcheck disable=SC2086
  "$CLANG" -E -P -x c $layout runtime/link.ld -o "$work/link.ld"
  "$LLD" -m elf32lriscv --build-id=none --gc-sections --no-relax --fatal-warnings -T "$work/link.ld" -o "$elf" "$@"
  "$STRIP" --strip-debug --discard-locals "$elf"
}

KERNELS="tiles.S dots.S matmul.c matmul_dot.c im2col.c columns.c layout.c layer.c elementwise.c depthwise.c head.c primitives.c"
NETWORK="tiles.c product.c convolution.c depthwise.c classifier.c"

# program STEM BITS SUFFIX MAIN INPUT... [-- FLAG...]: a program with workers for one element type and both targets. Its
# inputs are golden/data/STEM-fpBITSSUFFIX.INPUT.bin, in capitals here.
program() {
  stem=$1 bits=$2 ending=$3 main=$4
  shift 4
  case $bits in
    32) real=float type=f32 ;;
    16) real=f16 type=f16 ;;
  esac
  inputs=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    inputs="$inputs -DINPUT_$1"
    shift
  done
  [ $# -gt 0 ] && shift
  name=$stem-fp$bits$ending
  for target in $targets; do
    elf=$name
    [ $target = pulp ] && elf=$name-pulp
    dir=$work/$elf
    mkdir -p "$dir"
    tiling=network/tiling/$elf.inc
    [ -f "$tiling" ] || tiling=network/tiling/none.inc
    compile $target "$dir/main.o" "programs/$main.c" "-DNETWORK_TILING=\"${tiling#network/}\"" -DENNEAD_BITS="$bits" -DREAL=$real "-DPROGRAM=\"$elf\"" \
      -Dmatmul_kernel=matmul_$type -Dmatmul_naive_kernel=matmul_naive_$type -Dmatmul_dot_kernel=matmul_dot_$type \
      -Dfinish_sums_kernel=finish_sums_$type -Dim2col_kernel=im2col_$type -Dflip_weights_kernel=flip_weights_$type \
      -Drelu_kernel=relu_$type -Drelu_backward_kernel=relu_backward_$type -Dsgd_kernel=sgd_$type \
      -Douter_kernel=outer_$type -Dfma_kernel=fma_$type "$@"
    for source in ${network:-}; do
      compile $target "$dir/$source.o" "network/$source" -DENNEAD_BITS="$bits" -DREAL=$real
    done
    # shellcheck disable=SC2086
    compile $target "$dir/inputs.o" programs/inputs.S -DINPUTS="golden/data/$name" $inputs
    if [ $target = host ]; then
      compile host "$dir/machine.o" host/machine.c "-DEXACT=\"golden/data/$name.exact.bin\""
      "$CLANG" $HOST "$dir"/*.o "$work/host/"*.o -lm -o "$dir/run"
      "$dir/run"
      continue
    fi
    # shellcheck disable=SC2046
    link $target "$out/$elf.elf" "$dir"/*.o $(libraries $target)
  done
}

# The objects that every program of a target is linked with.
libraries() {
  for source in crt0.S requires.S runtime.c marks.S $KERNELS; do
    echo "$work/$1/$source.o"
  done
}

# Every program with workers, for each of $targets.
programs() {
  for bits in 32 16; do
    program matmul $bits "" matmul A B
    for shape in conv2d conv2d-s2 pointwise; do
      macro=SHAPE_$(echo $shape | tr a-z- A-Z_)
      program $shape $bits -fw conv2d_fw X WEIGHTS BIAS -- -D"$macro"
      program $shape $bits -wg conv2d_wg X DY -- -D"$macro"
      program $shape $bits -ig conv2d_ig DY WEIGHTS -- -D"$macro"
    done
    program linear $bits -fw linear X WEIGHTS BIAS -- -DSTEP=FW
    program linear $bits -wg linear X DY -- -DSTEP=WG
    program linear $bits -ig linear DY WEIGHTS -- -DSTEP=IG
    program relu $bits -fw elementwise X -- -DSTEP=RELU_FW
    program relu $bits -bw elementwise X DY -- -DSTEP=RELU_BW
    program sgd $bits "" elementwise W V DW -- -DSTEP=SGD
    program mlp $bits -train mlp_train X T W1 B1 W2 B2
  done
  for bits in 32 16; do
    planes=PRIMITIVE_ELEMENTS quarters=PRIMITIVE_ELEMENTS/4
    other=f16 element=f32
    [ $bits = 16 ] && other=float element=f16
    primitive() {
      name=$1 ending=$2 kernel=$3 outputs=$4 factor=$5
      shift 5
      program "$name" $bits "$ending" primitive "$@" "-DPRIMITIVE=$kernel" "-DOUTPUTS=($outputs)" -DELEMENT=$element \
        "-DPRIMITIVE_FACTOR=$factor"
    }
    primitive leaky-relu -fw leaky_relu $planes PRIMITIVE_SLOPE X --
    primitive leaky-relu -bw leaky_relu_backward $planes PRIMITIVE_SLOPE X DY -- -DHAS_DY
    primitive max-pool -fw max_pool $quarters 0 X --
    primitive max-pool -bw max_pool_backward $planes 0 X DY -- -DHAS_DY "-DDYS=($quarters)"
    primitive average-pool -fw average_pool $quarters 0 X --
    primitive average-pool -bw average_pool_backward $planes 0 X DY -- -DHAS_DY "-DDYS=($quarters)"
    primitive normalise -fw normalise $planes PRIMITIVE_EPSILON X WEIGHTS -- -DHAS_WEIGHTS
    primitive normalise -bw normalise_backward "$planes + 2 * PRIMITIVE_C" PRIMITIVE_EPSILON X DY WEIGHTS -- -DHAS_DY -DHAS_WEIGHTS
    primitive squared-error "" squared_error "$planes + PRIMITIVE_C" PRIMITIVE_SHARE X DY -- -DHAS_DY
    primitive transpose "" transpose $planes 0 X --
    primitive cast "" cast $planes 0 X -- -DX_TYPE=$other
  done
  # Networks have larger stacks, so at most 8 workers.
  network=$NETWORK stack=1280 workers=8
  for bits in 32 16; do
    program resnet8 $bits -train resnet8 X PARAMETERS
    program dscnn $bits -train dscnn X PARAMETERS
  done
  program resnet8 16 -continual resnet8_continual X LATENTS PARAMETERS
}

build() {
  out=$1 targets="corev pulp"
  mkdir -p "$out" "$work/hello" "$work/corev" "$work/pulp"
  for source in runtime/crt0.S runtime/runtime.c programs/hello.c; do
    compile pulp "$work/hello/$(basename "$source").o" "$source" -march=rv32imc -mabi=ilp32
  done
  link pulp "$out/hello.elf" "$work"/hello/*.o
  for target in $targets; do
    for source in crt0.S requires.S runtime.c marks.S; do
      compile $target "$work/$target/$source.o" "runtime/$source"
    done
    for source in $KERNELS; do
      compile $target "$work/$target/$source.o" "kernels/$source"
    done
  done
  programs
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
    targets=host
    mkdir -p "$work/host"
    for source in kernels/*.c host/tiles.c; do
      compile host "$work/host/$(basename "$source").o" "$source"
    done
    compile host "$work/check.o" host/check.c
    # shellcheck disable=SC2086
    "$CLANG" $HOST "$work/check.o" "$work/host/"*.o -lm -o "$work/check"
    "$work/check"
    programs
    ;;
  *)
    echo "usage: build.sh [--check | --host]" >&2
    exit 2
    ;;
esac
