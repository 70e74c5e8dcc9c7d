#!/bin/sh
# Builds the bundled programs into workloads/elf from their sources, with Debian's clang-19 and lld-19 only.
#
#   build.sh           rebuild workloads/elf
#   build.sh --check   rebuild elsewhere and compare byte for byte with workloads/elf; see that shapes that cannot work are refused
#   build.sh --random  build the kernels for this computer and try them with random shapes
#   build.sh --host    the same, then run each program here with one worker against its expected tensor
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
  script=$work/$(echo "$layout" | tr -d ' ').ld
  # shellcheck disable=SC2086
  [ -f "$script" ] || "$CLANG" -E -P -x c $layout runtime/link.ld -o "$script"
  # shellcheck disable=SC2086
  "$LLD" ${link_flags:-} -m elf32lriscv --build-id=none --gc-sections --no-relax --nmagic --fatal-warnings -T "$script" -o "$elf" "$@"
  "$STRIP" --strip-debug --discard-locals "$elf"
}

KERNELS="tiles.S dots.S unrolled.S matmul.c matmul_dot.c unrolled.c im2col.c im2row.c columns.c layout.c layer.c elementwise.c
  depthwise.c depthwise_any.c head.c primitives.c"
NETWORK="tiles.c product.c convolution.c depthwise.c classifier.c"

# program STEM PRECISION SUFFIX MAIN INPUT... [-- FLAG...]: a program with workers for one element type (fp32, fp16 or bf16)
# and both targets. Its inputs are golden/data/STEM-PRECISIONSUFFIX.INPUT.bin, in capitals here.
program() {
  name=$1-$2$3 main=$4
  case $2 in
    fp32) bits=32 real=float type=f32 moved=f32 ;;
    fp16) bits=16 real=f16 type=f16 moved=f16 ;;
    bf16) bits=16 real=bf16 type=bf16 moved=f16 ;;
  esac
  shift 4
  inputs=
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    inputs="$inputs -DINPUT_$1"
    shift
  done
  [ $# -gt 0 ] && shift
  for target in $targets; do
    if [ "$running" -ge "$JOBS" ]; then
      wait_for_programs
    fi
    program_for "$target" "$@" &
    pids="$pids $!"
    running=$((running + 1))
  done
}

JOBS=${JOBS:-$(nproc)} running=0 pids=

wait_for_programs() {
  for pid in $pids; do
    wait "$pid"
  done
  running=0 pids=
}

# program_for TARGET [FLAG...]: one of them; the rest is as `program` left it.
program_for() {
  target=$1
  shift
  elf=$name
  [ "$target" = pulp ] && elf=$name-pulp
  dir=$work/$elf
  mkdir -p "$dir"
  tiling=network/tiling/$elf.inc
  [ -f "$tiling" ] || tiling=network/tiling/none.inc
  # shellcheck disable=SC2086
  compile "$target" "$dir/main.o" "programs/$main.c" "-DNETWORK_TILING=\"${tiling#network/}\"" -DENNEAD_BITS=$bits -DREAL=$real \
    -DELEMENT=$type -DMOVED=$moved "-DPROGRAM=\"$elf\"" \
    -Dmatmul_kernel=matmul_$type -Dmatmul_naive_kernel=matmul_naive_$type -Dmatmul_dot_kernel=matmul_dot_$type \
    -Dfinish_sums_kernel=finish_sums_$type -Dim2col_kernel=im2col_$moved -Dflip_weights_kernel=flip_weights_$moved \
    -Drelu_kernel=relu_$type -Drelu_backward_kernel=relu_backward_$type -Dsgd_kernel=sgd_$type \
    -Douter_kernel=outer_$type -Dfma_kernel=fma_$type -DINPUTS="golden/data/$name" $inputs "$@"
  for source in ${network:-}; do
    compile "$target" "$dir/$source.o" "network/$source" -DENNEAD_BITS=$bits -DREAL=$real -DELEMENT=$type
  done
  # shellcheck disable=SC2086
  compile "$target" "$dir/inputs.o" programs/inputs.S -DINPUTS="golden/data/$name" $inputs
  if [ "$target" = host ]; then
    compile host "$dir/machine.o" host/machine.c "-DEXACT=\"golden/data/$name.exact.bin\""
    "$CLANG" $HOST "$dir"/*.o "$work/host/"*.o -lm -o "$dir/run"
    "$dir/run"
    return
  fi
  # shellcheck disable=SC2046
  link "$target" "$out/$elf.elf" "$dir"/*.o $(libraries "$target")
}

# The objects that every program of a target is linked with.
libraries() {
  for source in crt0.S requires.S runtime.c marks.S $KERNELS; do
    echo "$work/$1/$source.o"
  done
}

# Every program with workers, for each of $targets. What is bundled in bfloat16 is a choice: each `program` line builds in it too.
programs() {
  for precision in fp32 fp16 bf16; do
    program matmul $precision "" matmul A B
    for shape in conv2d conv2d-s2 pointwise; do
      [ $precision = bf16 ] && [ $shape != conv2d ] && continue
      macro=SHAPE_$(echo $shape | tr a-z- A-Z_)
      gradient=conv2d_ig
      [ $shape = conv2d-s2 ] && gradient=conv2d_ig_strided
      program $shape $precision -fw conv2d_fw X WEIGHTS BIAS -- -D"$macro"
      program $shape $precision -wg conv2d_wg X DY -- -D"$macro"
      program $shape $precision -ig $gradient DY WEIGHTS -- -D"$macro"
    done
    program linear $precision -fw linear X WEIGHTS BIAS -- -DSTEP=FW
    program linear $precision -wg linear X DY -- -DSTEP=WG
    program linear $precision -ig linear DY WEIGHTS -- -DSTEP=IG
    program relu $precision -fw elementwise X -- -DSTEP=RELU_FW
    program relu $precision -bw elementwise X DY -- -DSTEP=RELU_BW
    program sgd $precision "" elementwise W V DW -- -DSTEP=SGD
    program mlp $precision -train mlp_train X T W1 B1 W2 B2
  done
  for precision in fp32 fp16 bf16; do
    planes=PRIMITIVE_ELEMENTS quarters=PRIMITIVE_ELEMENTS/4
    other=float
    [ $precision = fp32 ] && other=f16
    primitive() {
      stem=$1 ending=$2 kernel=$3 outputs=$4 factor=$5
      shift 5
      program "$stem" $precision "$ending" primitive "$@" "-DPRIMITIVE=$kernel" "-DOUTPUTS=($outputs)" "-DPRIMITIVE_FACTOR=$factor"
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
    primitive cast "" cast $planes 0 X -- -DX_TYPE=$other
    [ $precision = bf16 ] || primitive transpose "" transpose $planes 0 X --
  done
  for precision in fp32 fp16 bf16; do
    program matmul-unrolled $precision "" unrolled A B
    [ $precision = fp32 ] || program matmul-packed $precision "" unrolled A B T -- -DPACKED
    for shape in depthwise depthwise-s2 depthwise-5x5; do
      [ $precision = bf16 ] && [ $shape != depthwise-s2 ] && continue
      macro=SHAPE_$(echo $shape | tr a-z- A-Z_)
      program $shape $precision -fw depthwise X WEIGHTS BIAS -- -D"$macro" -DSTEP=FW
      program $shape $precision -wg depthwise X DY -- -D"$macro" -DSTEP=WG
      program $shape $precision -ig depthwise DY WEIGHTS -- -D"$macro" -DSTEP=IG
    done
    program cross-entropy $precision "" single X -- -DSINGLE=CROSS_ENTROPY
    [ $precision = bf16 ] && continue
    for shape in conv2d-hwc conv2d-hwc-s2; do
      macro=SHAPE_$(echo $shape | tr a-z- A-Z_)
      program $shape $precision -fw conv2d_hwc X WEIGHTS BIAS -- -D"$macro" -DSTEP=FW
      program $shape $precision -wg conv2d_hwc X DY -- -D"$macro" -DSTEP=WG
      program $shape $precision -ig conv2d_hwc DY WEIGHTS -- -D"$macro" -DSTEP=IG
    done
    program residual $precision -fw single X T -- -DSINGLE=RESIDUAL_FW -Dennead_second=ennead_t
    program residual $precision -bw single X DY -- -DSINGLE=RESIDUAL_BW -Dennead_second=ennead_dy
    program global-pool $precision -fw single X -- -DSINGLE=GLOBAL_POOL_FW
    program global-pool $precision -bw single X DY -- -DSINGLE=GLOBAL_POOL_BW -Dennead_second=ennead_dy
    program im2col $precision "" single X -- -DSINGLE=IM2COL
    program im2row $precision "" single X -- -DSINGLE=IM2ROW
    program turn-weights $precision "" single X -- -DSINGLE=TURN_WEIGHTS
  done
  wait_for_programs
  # Networks have larger stacks, so at most 8 workers.
  network=$NETWORK stack=1280 workers=8
  for precision in fp32 fp16; do
    program resnet8 $precision -train resnet8 X PARAMETERS
    program dscnn $precision -train dscnn X PARAMETERS
  done
  program resnet8 fp16 -continual resnet8_continual X LATENTS PARAMETERS
  wait_for_programs
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

# refuses MESSAGE PROGRAM...: a program (as for `program`) that cannot be built, and what the compiler or linker says.
refuses() {
  message=$1 targets=corev
  shift
  set +e
  (
    set -e
    program "$@"
    wait_for_programs
  ) > "$work/refusal" 2>&1
  status=$?
  set -e
  if [ $status = 0 ] || ! grep -q -e "$message" "$work/refusal"; then
    echo "the build of $* should have failed with: $message" >&2
    cat "$work/refusal" >&2
    exit 1
  fi
}

# Shapes that are empty, that their tensors do not have, or that do not fit memory.
refusals() {
  network= stack= workers=
  refuses "CONV_H may not be zero" conv2d fp32 -fw conv2d_fw X WEIGHTS BIAS -- -DSHAPE_CONV2D -DCONV_H=0
  refuses "CONV_CIN may not be zero" depthwise fp16 -ig depthwise DY WEIGHTS -- -DSHAPE_DEPTHWISE -DSTEP=IG -DCONV_CIN=0
  refuses "LINEAR_NO may not be zero" linear fp16 -fw linear X WEIGHTS BIAS -- -DSTEP=FW -DLINEAR_NO=0
  refuses "MATMUL_K may not be zero" matmul fp16 "" matmul A B -- -DMATMUL_K=0
  refuses "PRIMITIVE_W may not be zero" cast fp16 "" primitive X -- -DX_TYPE=float -DPRIMITIVE=cast -DOUTPUTS=4096 -DPRIMITIVE_FACTOR=0 \
    -DPRIMITIVE_W=0
  refuses "evaluates to '6144 == 8192'" conv2d fp16 -fw conv2d_fw X WEIGHTS BIAS -- -DSHAPE_CONV2D -DCONV_CIN=12 -DCONV_LDW=148
  refuses "evaluates to '65536 == 32768'" relu fp32 -fw elementwise X -- -DSTEP=RELU_FW -DELEMENTS=16384
  refuses "'3 < 3': padding beyond the kernel" conv2d fp32 -fw conv2d_fw X WEIGHTS BIAS -- -DSHAPE_CONV2D -DCONV_PADDING=3
  link_flags=--unresolved-symbols=ignore-all # there are no such tensors
  refuses "section '.l1' will not fit in region 'L1': overflowed by [0-9]* bytes" \
    conv2d fp32 -fw conv2d_fw -- -DSHAPE_CONV2D -DCONV_H=64 -DCONV_W=64
  refuses "section '.bss' will not fit in region 'L2': overflowed by [0-9]* bytes" \
    relu fp32 -fw elementwise -- -DSTEP=RELU_FW -DELEMENTS=524288
  link_flags=
  echo "shapes that cannot work are refused"
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
    refusals
    ;;
  --host | --random)
    targets=host
    mkdir -p "$work/host"
    for source in kernels/*.c host/tiles.c; do
      compile host "$work/host/$(basename "$source").o" "$source"
    done
    compile host "$work/check.o" host/check.c
    # shellcheck disable=SC2086
    "$CLANG" $HOST "$work/check.o" "$work/host/"*.o -lm -o "$work/check"
    "$work/check"
    if [ "$1" = --host ]; then
      programs
    fi
    ;;
  *)
    echo "usage: build.sh [--check | --random | --host]" >&2
    exit 2
    ;;
esac
