//! The list of bundled programs.
//!
//! Adding one is an entry here, a `program` line in `build.sh`, its source, and its tensors in `golden/generate.py`.

use std::sync::LazyLock;

use crate::golden::{Element, Golden};

/// A number in a program's memory that may be changed before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// What a person calls it.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// The symbol of the 32-bit word that holds it.
    pub symbol: &'static str,
    /// What the word holds in the ELF.
    pub default: u32,
    /// The smallest value that makes sense.
    pub min: u32,
    /// The largest value that makes sense.
    pub max: u32,
}

/// A bundled program.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// What follows `builtin:`.
    pub name: &'static str,
    /// What it computes.
    pub summary: &'static str,
    /// The shapes that it computes on.
    pub shapes: &'static str,
    /// Multiply-accumulates that the computation asks for, whatever a kernel executes; 0 where it asks for none.
    pub nominal_macs: u64,
    /// The shipped machine that it is built for.
    pub config: &'static str,
    /// The program.
    pub elf: &'static [u8],
    /// What it has to leave in memory.
    pub golden: Option<Golden>,
    /// What may be changed before it runs.
    pub parameters: &'static [Parameter],
}

/// The largest team of the `corev` programs; those of `pulp` and the networks have stacks for 8 (`build.sh`).
const COREV_WORKERS: Parameter = Parameter {
    name: "workers",
    summary: "how many workers share the work; fewer if the machine has fewer",
    symbol: "ennead_team",
    default: 8,
    min: 1,
    max: 16,
};
const EIGHT_WORKERS: Parameter = Parameter {
    max: 8,
    ..COREV_WORKERS
};
const KERNEL: Parameter = Parameter {
    name: "kernel",
    summary: "0: register tiles of 4 rows by 4 words; 1: one element at a time; 2: tiles of 2 rows; 3: of 1 row",
    symbol: "ennead_kernel",
    default: 0,
    min: 0,
    max: 3,
};

const UNROLLED: Parameter = Parameter {
    name: "kernel",
    summary: "rows by columns of C at a time: 1x1, 1x2, 1x4, 1x8, 2x1, 4x1, 8x1, 2x2, 2x4, 4x2, 4x4",
    symbol: "ennead_kernel",
    default: 8,
    min: 0,
    max: 10,
};
const PACKED: Parameter = Parameter {
    name: "kernel",
    summary: "rows by columns of C at a time, two steps of k each: 2x4 and 1x2 with B transposed, 2x4 and 1x2 with shuffles",
    symbol: "ennead_kernel",
    default: 0,
    min: 0,
    max: 3,
};
const SPLIT: Parameter = Parameter {
    name: "split",
    summary: "how the team shares C: 0 by rows, 1 by columns",
    symbol: "ennead_split",
    default: 0,
    min: 0,
    max: 1,
};

macro_rules! elf {
    ($name:literal) => {
        include_bytes!(concat!("../elf/", $name, ".elf"))
    };
}

/// The golden tensor at `ennead_output` whose files begin with `$name`.
macro_rules! golden {
    ($name:literal, $element:ident, $shape:expr, rtol $rtol:expr, atol $atol:expr) => {
        golden!($name, $element, $shape, every 1, rtol $rtol, atol $atol)
    };
    ($name:literal, $element:ident, $shape:expr, every $every:expr, rtol $rtol:expr, atol $atol:expr) => {
        Some(Golden {
            symbol: "ennead_output",
            element: Element::$element,
            shape: &$shape,
            exact: include_bytes!(concat!("../golden/data/", $name, ".exact.bin")),
            reference: include_bytes!(concat!("../golden/data/", $name, ".reference.bin")),
            every: $every,
            rtol: $rtol,
            atol: $atol,
        })
    };
}

/// The same computation for both targets: `NAME` for `ennead`, `NAME-pulp` for `vega`.
macro_rules! both_targets {
    ($name:literal, $summary:literal, $shapes:expr, $macs:expr, [$($corev:ident),*], [$($pulp:ident),*],
     $($golden:tt)*) => {
        [
            Workload {
                name: $name,
                summary: $summary,
                shapes: $shapes,
                nominal_macs: $macs,
                config: "ennead",
                elf: elf!($name),
                golden: golden!($name, $($golden)*),
                parameters: &[$($corev),*],
            },
            Workload {
                name: concat!($name, "-pulp"),
                summary: concat!($summary, "; floats in x-registers, Xpulpv2"),
                shapes: $shapes,
                nominal_macs: $macs,
                config: "vega",
                elf: include_bytes!(concat!("../elf/", $name, "-pulp.elf")),
                golden: golden!($name, $($golden)*),
                parameters: &[$($pulp),*],
            },
        ]
    };
    ($name:literal, $summary:literal, $shapes:expr, $macs:expr, [$($parameter:ident),*], $($golden:tt)*) => {
        both_targets!(
            $name, $summary, $shapes, $macs, [COREV_WORKERS $(, $parameter)*], [EIGHT_WORKERS $(, $parameter)*],
            $($golden)*
        )
    };
}

/// The shape of the Conv2D programs and the MACs of any of its three steps.
const CONV2D_SHAPE: &str = "16x16x16 -> 32x16x16, 3x3, stride 1, padding 1";
const CONV2D_MACS: u64 = 32 * 16 * 16 * 16 * 9;
const CONV2D_S2_SHAPE: &str = "16x16x16 -> 32x8x8, 3x3, stride 2, padding 1";
const CONV2D_S2_MACS: u64 = 32 * 8 * 8 * 16 * 9;
const POINTWISE_SHAPE: &str = "32x16x16 -> 64x16x16, 1x1";
const POINTWISE_MACS: u64 = 64 * 16 * 16 * 32;
const LINEAR_SHAPE: &str = "256 -> 64";
const LINEAR_MACS: u64 = 256 * 64;
const MLP_SHAPE: &str = "64 -> 32 -> ReLU -> 16, batch 1, 4 samples in turn";
/// 48 steps of forward, weight gradients, and the second layer's input gradient.
const MLP_MACS: u64 = 48 * (2 * (64 * 32 + 32 * 16) + 32 * 16);
/// MLPerf Tiny's networks; a training step is three times the forward MACs without the first layer's input gradient.
const RESNET8_SHAPE: &str = "3x32x32 -> 16x32x32 -> 32x16x16 -> 64x8x8 -> 10, batch 1";
const RESNET8_MACS: u64 = 3 * 12_501_632 - 442_368;
/// The front forward; the rest three times forward, weight gradients, and input gradients of conv7 and the classifier.
const CONTINUAL_MACS: u64 = 8_830_976 + 3 * (2 * 3_670_656 + 2_359_296 + 640);
const DSCNN_SHAPE: &str = "1x49x10 -> 4 times depthwise and pointwise on 64x25x5 -> 12, batch 1";
const DSCNN_MACS: u64 = 3 * 2_656_768 - 320_000;
const PRIMITIVE_SHAPE: &str = "16x16x16";
const ELEMENTS_SHAPE: &str = "8192";
const UNROLLED_SHAPE: &str = "32x32 * 32x32";
const UNROLLED_MACS: u64 = 32 * 32 * 32;
const HWC_SHAPE: &str = "8x8x16 -> 8x8x16 (HWC), 3x3, stride 1, padding 1";
const HWC_MACS: u64 = 8 * 8 * 16 * 16 * 9;
const HWC_S2_SHAPE: &str = "8x8x16 -> 4x4x16 (HWC), 3x3, stride 2, padding 1";
const HWC_S2_MACS: u64 = 4 * 4 * 16 * 16 * 9;
const DEPTHWISE_SHAPE: &str = "16x16x16, 3x3, stride 1, padding 1";
const DEPTHWISE_MACS: u64 = 16 * 16 * 16 * 9;
const DEPTHWISE_S2_SHAPE: &str = "16x16x16 -> 16x8x8, 3x3, stride 2, padding 1";
const DEPTHWISE_S2_MACS: u64 = 16 * 8 * 8 * 9;
const DEPTHWISE_5X5_SHAPE: &str = "8x9x7, 5x5, stride 1, padding 2";
const DEPTHWISE_5X5_MACS: u64 = 8 * 9 * 7 * 25;
const CLASSES_SHAPE: &str = "12";
const LAYOUT_SHAPE: &str = "8 channels of 16x16, 3x3, stride 2, padding 1";

const HELLO: Workload = Workload {
    name: "hello",
    summary: "the orchestrator prints a line and exits",
    shapes: "",
    nominal_macs: 0,
    config: "ennead",
    elf: elf!("hello"),
    golden: None,
    parameters: &[],
};

/// Tolerances against float64 are a few roundings of the largest partial sum: with 11 bits in FP16, a sum of size 16 is
/// rounded by up to 2^-7 and one of size 1 by 2^-11; FP32 is 2^13 times finer, bfloat16 2^3 times coarser.
static ALL: &[[Workload; 2]] = &[
    both_targets!(
        "matmul-fp32", "matrix multiply in FP32", "96x96 * 96x96", 96 * 96 * 96, [KERNEL],
        F32, [96, 96], rtol 0.0, atol 1e-5
    ),
    both_targets!(
        "matmul-fp16", "matrix multiply in packed FP16", "96x96 * 96x96", 96 * 96 * 96, [KERNEL],
        F16, [96, 96], rtol 0.0, atol 0.0625
    ),
    both_targets!(
        "conv2d-fp32-fw", "Conv2D forward in FP32, with bias", CONV2D_SHAPE, CONV2D_MACS, [],
        F32, [32, 16, 16], rtol 0.0, atol 4e-6
    ),
    both_targets!(
        "conv2d-fp16-fw", "Conv2D forward in packed FP16, with bias", CONV2D_SHAPE, CONV2D_MACS, [],
        F16, [32, 16, 16], rtol 0.0, atol 0.02
    ),
    both_targets!(
        "conv2d-fp32-wg", "Conv2D weight gradient in FP32", CONV2D_SHAPE, CONV2D_MACS, [],
        F32, [32, 16, 3, 3], rtol 0.0, atol 2e-6
    ),
    both_targets!(
        "conv2d-fp16-wg", "Conv2D weight gradient in packed FP16", CONV2D_SHAPE, CONV2D_MACS, [],
        F16, [32, 16, 3, 3], rtol 0.0, atol 0.01
    ),
    both_targets!(
        "conv2d-fp32-ig", "Conv2D input gradient in FP32", CONV2D_SHAPE, CONV2D_MACS, [],
        F32, [16, 16, 16], rtol 0.0, atol 2e-7
    ),
    both_targets!(
        "conv2d-fp16-ig", "Conv2D input gradient in packed FP16", CONV2D_SHAPE, CONV2D_MACS, [],
        F16, [16, 16, 16], rtol 0.0, atol 0.002
    ),
    both_targets!(
        "conv2d-s2-fp32-fw",
        "Conv2D forward with stride 2 in FP32, with bias",
        CONV2D_S2_SHAPE,
        CONV2D_S2_MACS,
        [],
        F32,
        [32, 8, 8],
        rtol 0.0,
        atol 3e-6
    ),
    both_targets!(
        "conv2d-s2-fp16-fw",
        "Conv2D forward with stride 2 in packed FP16, with bias",
        CONV2D_S2_SHAPE,
        CONV2D_S2_MACS,
        [],
        F16,
        [32, 8, 8],
        rtol 0.0,
        atol 0.02
    ),
    both_targets!(
        "conv2d-s2-fp32-wg",
        "Conv2D weight gradient with stride 2 in FP32",
        CONV2D_S2_SHAPE,
        CONV2D_S2_MACS,
        [],
        F32,
        [32, 16, 3, 3],
        rtol 0.0,
        atol 6e-7
    ),
    both_targets!(
        "conv2d-s2-fp16-wg",
        "Conv2D weight gradient with stride 2 in packed FP16",
        CONV2D_S2_SHAPE,
        CONV2D_S2_MACS,
        [],
        F16,
        [32, 16, 3, 3],
        rtol 0.0,
        atol 0.003
    ),
    both_targets!(
        "conv2d-s2-fp32-ig",
        "Conv2D input gradient with stride 2 in FP32",
        CONV2D_S2_SHAPE,
        CONV2D_S2_MACS,
        [],
        F32,
        [16, 16, 16],
        rtol 0.0,
        atol 1e-7
    ),
    both_targets!(
        "conv2d-s2-fp16-ig",
        "Conv2D input gradient with stride 2 in packed FP16",
        CONV2D_S2_SHAPE,
        CONV2D_S2_MACS,
        [],
        F16,
        [16, 16, 16],
        rtol 0.0,
        atol 0.001
    ),
    both_targets!(
        "pointwise-fp32-fw",
        "pointwise convolution forward in FP32, with bias",
        POINTWISE_SHAPE,
        POINTWISE_MACS,
        [],
        F32,
        [64, 16, 16],
        rtol 0.0,
        atol 2e-6
    ),
    both_targets!(
        "pointwise-fp16-fw",
        "pointwise convolution forward in packed FP16, with bias",
        POINTWISE_SHAPE,
        POINTWISE_MACS,
        [],
        F16,
        [64, 16, 16],
        rtol 0.0,
        atol 0.015
    ),
    both_targets!(
        "pointwise-fp32-wg",
        "pointwise convolution weight gradient in FP32",
        POINTWISE_SHAPE,
        POINTWISE_MACS,
        [],
        F32,
        [64, 32],
        rtol 0.0,
        atol 2e-6
    ),
    both_targets!(
        "pointwise-fp16-wg",
        "pointwise convolution weight gradient in packed FP16",
        POINTWISE_SHAPE,
        POINTWISE_MACS,
        [],
        F16,
        [64, 32],
        rtol 0.0,
        atol 0.008
    ),
    both_targets!(
        "pointwise-fp32-ig",
        "pointwise convolution input gradient in FP32",
        POINTWISE_SHAPE,
        POINTWISE_MACS,
        [],
        F32,
        [32, 16, 16],
        rtol 0.0,
        atol 1e-7
    ),
    both_targets!(
        "pointwise-fp16-ig",
        "pointwise convolution input gradient in packed FP16",
        POINTWISE_SHAPE,
        POINTWISE_MACS,
        [],
        F16,
        [32, 16, 16],
        rtol 0.0,
        atol 0.001
    ),
    both_targets!(
        "linear-fp32-fw", "fully connected forward in FP32, with bias", LINEAR_SHAPE, LINEAR_MACS, [],
        F32, [64], rtol 0.0, atol 1e-6
    ),
    both_targets!(
        "linear-fp16-fw", "fully connected forward in packed FP16, with bias", LINEAR_SHAPE, LINEAR_MACS, [],
        F16, [64], rtol 0.0, atol 0.005
    ),
    both_targets!(
        "linear-fp32-wg", "fully connected weight gradient in FP32", LINEAR_SHAPE, LINEAR_MACS, [],
        F32, [64, 256], rtol 0.0, atol 1e-7
    ),
    both_targets!(
        "linear-fp16-wg", "fully connected weight gradient in packed FP16", LINEAR_SHAPE, LINEAR_MACS, [],
        F16, [64, 256], rtol 0.0, atol 0.0005
    ),
    both_targets!(
        "linear-fp32-ig", "fully connected input gradient in FP32", LINEAR_SHAPE, LINEAR_MACS, [],
        F32, [256], rtol 0.0, atol 1e-6
    ),
    both_targets!(
        "linear-fp16-ig", "fully connected input gradient in packed FP16", LINEAR_SHAPE, LINEAR_MACS, [],
        F16, [256], rtol 0.0, atol 0.005
    ),
    both_targets!(
        "relu-fp32-fw", "ReLU forward in FP32", ELEMENTS_SHAPE, 0, [],
        F32, [8192], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "relu-fp16-fw", "ReLU forward in packed FP16", ELEMENTS_SHAPE, 0, [],
        F16, [8192], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "relu-fp32-bw", "ReLU backward in FP32", ELEMENTS_SHAPE, 0, [],
        F32, [8192], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "relu-fp16-bw", "ReLU backward in packed FP16", ELEMENTS_SHAPE, 0, [],
        F16, [8192], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "sgd-fp32", "SGD with momentum and weight decay in FP32", ELEMENTS_SHAPE, 3 * 8192, [],
        F32, [8192], rtol 0.0, atol 1e-7
    ),
    both_targets!(
        "sgd-fp16", "SGD with momentum and weight decay in packed FP16", ELEMENTS_SHAPE, 3 * 8192, [],
        F16, [8192], rtol 0.0, atol 0.001
    ),
    both_targets!(
        "mlp-fp32-train",
        "48 training steps of a two-layer network in FP32; the result is each step's loss",
        MLP_SHAPE,
        MLP_MACS,
        [],
        F32,
        [48],
        rtol 0.0,
        atol 5e-6
    ),
    both_targets!(
        "mlp-fp16-train",
        "48 training steps of a two-layer network in packed FP16; the result is each step's loss",
        MLP_SHAPE,
        MLP_MACS,
        [],
        F16,
        [48],
        rtol 0.0,
        atol 0.03
    ),
    both_targets!(
        "leaky-relu-fp32-fw", "LeakyReLU forward, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16, 16, 16], rtol 0.0, atol 1e-7
    ),
    both_targets!(
        "leaky-relu-fp16-fw", "LeakyReLU forward, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16, 16, 16], rtol 0.0, atol 0.0001
    ),
    both_targets!(
        "leaky-relu-fp32-bw", "LeakyReLU backward, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16, 16, 16], rtol 0.0, atol 1e-7
    ),
    both_targets!(
        "leaky-relu-fp16-bw", "LeakyReLU backward, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16, 16, 16], rtol 0.0, atol 0.0001
    ),
    both_targets!(
        "max-pool-fp32-fw", "max pooling of 2x2 forward, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16, 8, 8], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "max-pool-fp16-fw", "max pooling of 2x2 forward, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16, 8, 8], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "max-pool-fp32-bw", "max pooling of 2x2 backward, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16, 16, 16], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "max-pool-fp16-bw", "max pooling of 2x2 backward, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16, 16, 16], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "average-pool-fp32-fw", "average pooling of 2x2 forward, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16, 8, 8], rtol 0.0, atol 2e-7
    ),
    both_targets!(
        "average-pool-fp16-fw", "average pooling of 2x2 forward, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16, 8, 8], rtol 0.0, atol 0.001
    ),
    both_targets!(
        "average-pool-fp32-bw", "average pooling of 2x2 backward, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16, 16, 16], rtol 0.0, atol 1e-7
    ),
    both_targets!(
        "average-pool-fp16-bw", "average pooling of 2x2 backward, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16, 16, 16], rtol 0.0, atol 0.0001
    ),
    both_targets!(
        "normalise-fp32-fw", "instance normalisation forward (batch normalisation with batch 1), FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16, 16, 16], rtol 0.0, atol 1e-6
    ),
    both_targets!(
        "normalise-fp16-fw", "instance normalisation forward (batch normalisation with batch 1), FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16, 16, 16], rtol 0.0, atol 0.002
    ),
    both_targets!(
        "normalise-fp32-bw", "instance normalisation backward: dx, and the gradients of scales and shifts, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16 * 256 + 2 * 16], rtol 0.0, atol 1e-5
    ),
    both_targets!(
        "normalise-fp16-bw", "instance normalisation backward: dx, and the gradients of scales and shifts, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16 * 256 + 2 * 16], rtol 0.0, atol 0.01
    ),
    both_targets!(
        "squared-error-fp32", "mean squared error: its gradient, and each channel's sum of squares, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16 * 256 + 16], rtol 1e-5, atol 1e-6
    ),
    both_targets!(
        "squared-error-fp16", "mean squared error: its gradient, and each channel's sum of squares, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16 * 256 + 16], rtol 0.01, atol 0.001
    ),
    both_targets!(
        "transpose-fp32", "transpose, which is also CHW to HWC, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [256, 16], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "transpose-fp16", "transpose, which is also CHW to HWC, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [256, 16], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "cast-fp32", "cast from the other precision, FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [16, 16, 16], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "cast-fp16", "cast from the other precision, FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [16, 16, 16], rtol 0.0, atol 0.0005
    ),
    both_targets!(
        "matmul-unrolled-fp32", "matrix multiply in FP32 in the unrollings of the field", UNROLLED_SHAPE, UNROLLED_MACS, [UNROLLED, SPLIT],
        F32, [32, 32], rtol 0.0, atol 3e-6
    ),
    both_targets!(
        "conv2d-hwc-fp32-fw", "Conv2D in HWC forward in FP32, with bias", HWC_SHAPE, HWC_MACS, [],
        F32, [64, 16], rtol 0.0, atol 8e-7
    ),
    both_targets!(
        "conv2d-hwc-fp32-wg", "Conv2D in HWC weight gradient in FP32", HWC_SHAPE, HWC_MACS, [],
        F32, [16, 144], rtol 0.0, atol 4e-7
    ),
    both_targets!(
        "conv2d-hwc-fp32-ig", "Conv2D in HWC input gradient in FP32", HWC_SHAPE, HWC_MACS, [],
        F32, [64, 16], rtol 0.0, atol 5e-8
    ),
    both_targets!(
        "conv2d-hwc-s2-fp32-fw", "Conv2D in HWC forward with stride 2 in FP32, with bias", HWC_S2_SHAPE, HWC_S2_MACS, [],
        F32, [16, 16], rtol 0.0, atol 8e-7
    ),
    both_targets!(
        "conv2d-hwc-s2-fp32-wg", "Conv2D in HWC weight gradient with stride 2 in FP32", HWC_S2_SHAPE, HWC_S2_MACS, [],
        F32, [16, 144], rtol 0.0, atol 8e-8
    ),
    both_targets!(
        "conv2d-hwc-s2-fp32-ig", "Conv2D in HWC input gradient with stride 2 in FP32", HWC_S2_SHAPE, HWC_S2_MACS, [],
        F32, [64, 16], rtol 0.0, atol 2e-8
    ),
    both_targets!(
        "depthwise-fp32-fw", "depthwise convolution forward in FP32, with bias", DEPTHWISE_SHAPE, DEPTHWISE_MACS, [],
        F32, [16, 256], rtol 0.0, atol 7e-7
    ),
    both_targets!(
        "depthwise-fp32-wg", "depthwise convolution weight and bias gradients in FP32", DEPTHWISE_SHAPE, DEPTHWISE_MACS, [],
        F32, [176], rtol 0.0, atol 2e-6
    ),
    both_targets!(
        "depthwise-fp32-ig", "depthwise convolution input gradient in FP32", DEPTHWISE_SHAPE, DEPTHWISE_MACS, [],
        F32, [16, 256], rtol 0.0, atol 2e-8
    ),
    both_targets!(
        "depthwise-s2-fp32-fw", "depthwise convolution forward in FP32, with bias", DEPTHWISE_S2_SHAPE, DEPTHWISE_S2_MACS, [],
        F32, [16, 64], rtol 0.0, atol 5e-7
    ),
    both_targets!(
        "depthwise-s2-fp32-wg", "depthwise convolution weight and bias gradients in FP32", DEPTHWISE_S2_SHAPE, DEPTHWISE_S2_MACS, [],
        F32, [160], rtol 0.0, atol 2e-7
    ),
    both_targets!(
        "depthwise-s2-fp32-ig", "depthwise convolution input gradient in FP32", DEPTHWISE_S2_SHAPE, DEPTHWISE_S2_MACS, [],
        F32, [16, 256], rtol 0.0, atol 7e-9
    ),
    both_targets!(
        "depthwise-5x5-fp32-fw", "depthwise convolution forward in FP32, with bias", DEPTHWISE_5X5_SHAPE, DEPTHWISE_5X5_MACS, [],
        F32, [8, 63], rtol 0.0, atol 5e-7
    ),
    both_targets!(
        "depthwise-5x5-fp32-wg", "depthwise convolution weight and bias gradients in FP32", DEPTHWISE_5X5_SHAPE, DEPTHWISE_5X5_MACS, [],
        F32, [208], rtol 0.0, atol 3e-7
    ),
    both_targets!(
        "depthwise-5x5-fp32-ig", "depthwise convolution input gradient in FP32", DEPTHWISE_5X5_SHAPE, DEPTHWISE_5X5_MACS, [],
        F32, [8, 63], rtol 0.0, atol 3e-8
    ),
    both_targets!(
        "cross-entropy-fp32", "softmax, cross-entropy and their gradient in FP32; the result is the gradient, then the loss", CLASSES_SHAPE, 0, [],
        F32, [13], rtol 0.0, atol 4e-7
    ),
    both_targets!(
        "residual-fp32-fw", "residual addition and ReLU forward in FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [4096], rtol 0.0, atol 2e-7
    ),
    both_targets!(
        "residual-fp32-bw", "residual addition and ReLU backward in FP32", PRIMITIVE_SHAPE, 0, [],
        F32, [4096], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "global-pool-fp32-fw", "mean over positions forward in FP32", "16x8x8", 0, [],
        F32, [16], rtol 0.0, atol 7e-8
    ),
    both_targets!(
        "global-pool-fp32-bw", "mean over positions and ReLU before it, backward in FP32", "16x8x8", 0, [],
        F32, [16, 64], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "im2col-fp32", "columns of a convolution in CHW, FP32", LAYOUT_SHAPE, 0, [],
        F32, [72, 64], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "im2row-fp32", "rows of a convolution in HWC, FP32", LAYOUT_SHAPE, 0, [],
        F32, [64, 72], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "turn-weights-fp32", "weights as the matrix of an input gradient, FP32", "16x8x3x3", 0, [],
        F32, [8, 16, 9], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "matmul-unrolled-fp16", "matrix multiply in FP16 in the unrollings of the field", UNROLLED_SHAPE, UNROLLED_MACS, [UNROLLED, SPLIT],
        F16, [32, 32], rtol 0.0, atol 0.03
    ),
    both_targets!(
        "matmul-packed-fp16", "matrix multiply in packed FP16 with two sums an element", UNROLLED_SHAPE, UNROLLED_MACS, [PACKED, SPLIT],
        F16, [32, 32], rtol 0.0, atol 0.01
    ),
    both_targets!(
        "conv2d-hwc-fp16-fw", "Conv2D in HWC forward in packed FP16, with bias", HWC_SHAPE, HWC_MACS, [],
        F16, [64, 16], rtol 0.0, atol 0.003
    ),
    both_targets!(
        "conv2d-hwc-fp16-wg", "Conv2D in HWC weight gradient in packed FP16", HWC_SHAPE, HWC_MACS, [],
        F16, [16, 144], rtol 0.0, atol 0.002
    ),
    both_targets!(
        "conv2d-hwc-fp16-ig", "Conv2D in HWC input gradient in packed FP16", HWC_SHAPE, HWC_MACS, [],
        F16, [64, 16], rtol 0.0, atol 0.0003
    ),
    both_targets!(
        "conv2d-hwc-s2-fp16-fw", "Conv2D in HWC forward with stride 2 in packed FP16, with bias", HWC_S2_SHAPE, HWC_S2_MACS, [],
        F16, [16, 16], rtol 0.0, atol 0.003
    ),
    both_targets!(
        "conv2d-hwc-s2-fp16-wg", "Conv2D in HWC weight gradient with stride 2 in packed FP16", HWC_S2_SHAPE, HWC_S2_MACS, [],
        F16, [16, 144], rtol 0.0, atol 0.0006
    ),
    both_targets!(
        "conv2d-hwc-s2-fp16-ig", "Conv2D in HWC input gradient with stride 2 in packed FP16", HWC_S2_SHAPE, HWC_S2_MACS, [],
        F16, [64, 16], rtol 0.0, atol 0.0002
    ),
    both_targets!(
        "depthwise-fp16-fw", "depthwise convolution forward in FP16, with bias", DEPTHWISE_SHAPE, DEPTHWISE_MACS, [],
        F16, [16, 256], rtol 0.0, atol 0.005
    ),
    both_targets!(
        "depthwise-fp16-wg", "depthwise convolution weight and bias gradients in FP16", DEPTHWISE_SHAPE, DEPTHWISE_MACS, [],
        F16, [176], rtol 0.0, atol 0.009
    ),
    both_targets!(
        "depthwise-fp16-ig", "depthwise convolution input gradient in FP16", DEPTHWISE_SHAPE, DEPTHWISE_MACS, [],
        F16, [16, 256], rtol 0.0, atol 0.0001
    ),
    both_targets!(
        "depthwise-s2-fp16-fw", "depthwise convolution forward in FP16, with bias", DEPTHWISE_S2_SHAPE, DEPTHWISE_S2_MACS, [],
        F16, [16, 64], rtol 0.0, atol 0.005
    ),
    both_targets!(
        "depthwise-s2-fp16-wg", "depthwise convolution weight and bias gradients in FP16", DEPTHWISE_S2_SHAPE, DEPTHWISE_S2_MACS, [],
        F16, [160], rtol 0.0, atol 0.003
    ),
    both_targets!(
        "depthwise-s2-fp16-ig", "depthwise convolution input gradient in FP16", DEPTHWISE_S2_SHAPE, DEPTHWISE_S2_MACS, [],
        F16, [16, 256], rtol 0.0, atol 7e-5
    ),
    both_targets!(
        "depthwise-5x5-fp16-fw", "depthwise convolution forward in FP16, with bias", DEPTHWISE_5X5_SHAPE, DEPTHWISE_5X5_MACS, [],
        F16, [8, 63], rtol 0.0, atol 0.004
    ),
    both_targets!(
        "depthwise-5x5-fp16-wg", "depthwise convolution weight and bias gradients in FP16", DEPTHWISE_5X5_SHAPE, DEPTHWISE_5X5_MACS, [],
        F16, [208], rtol 0.0, atol 0.002
    ),
    both_targets!(
        "depthwise-5x5-fp16-ig", "depthwise convolution input gradient in FP16", DEPTHWISE_5X5_SHAPE, DEPTHWISE_5X5_MACS, [],
        F16, [8, 63], rtol 0.0, atol 0.0001
    ),
    both_targets!(
        "cross-entropy-fp16", "softmax, cross-entropy and their gradient in FP16; the result is the gradient, then the loss", CLASSES_SHAPE, 0, [],
        F16, [13], rtol 0.0, atol 0.004
    ),
    both_targets!(
        "residual-fp16-fw", "residual addition and ReLU forward in packed FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [4096], rtol 0.0, atol 0.001
    ),
    both_targets!(
        "residual-fp16-bw", "residual addition and ReLU backward in packed FP16", PRIMITIVE_SHAPE, 0, [],
        F16, [4096], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "global-pool-fp16-fw", "mean over positions forward in FP16", "16x8x8", 0, [],
        F16, [16], rtol 0.0, atol 0.0005
    ),
    both_targets!(
        "global-pool-fp16-bw", "mean over positions and ReLU before it, backward in FP16", "16x8x8", 0, [],
        F16, [16, 64], rtol 0.0, atol 6e-8
    ),
    both_targets!(
        "im2col-fp16", "columns of a convolution in CHW, FP16", LAYOUT_SHAPE, 0, [],
        F16, [72, 64], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "im2row-fp16", "rows of a convolution in HWC, FP16", LAYOUT_SHAPE, 0, [],
        F16, [64, 72], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "turn-weights-fp16", "weights as the matrix of an input gradient, FP16", "16x8x3x3", 0, [],
        F16, [8, 16, 9], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "matmul-unrolled-bf16", "matrix multiply in bfloat16 in the unrollings of the field", UNROLLED_SHAPE, UNROLLED_MACS, [UNROLLED, SPLIT],
        Bf16, [32, 32], rtol 0.0, atol 0.2
    ),
    both_targets!(
        "matmul-packed-bf16", "matrix multiply in packed bfloat16 with two sums an element", UNROLLED_SHAPE, UNROLLED_MACS, [PACKED, SPLIT],
        Bf16, [32, 32], rtol 0.0, atol 0.1
    ),
    both_targets!(
        "depthwise-s2-bf16-fw", "depthwise convolution forward in bfloat16, with bias", DEPTHWISE_S2_SHAPE, DEPTHWISE_S2_MACS, [],
        Bf16, [16, 64], rtol 0.0, atol 0.04
    ),
    both_targets!(
        "depthwise-s2-bf16-wg", "depthwise convolution weight and bias gradients in bfloat16", DEPTHWISE_S2_SHAPE, DEPTHWISE_S2_MACS, [],
        Bf16, [160], rtol 0.0, atol 0.02
    ),
    both_targets!(
        "depthwise-s2-bf16-ig", "depthwise convolution input gradient in bfloat16", DEPTHWISE_S2_SHAPE, DEPTHWISE_S2_MACS, [],
        Bf16, [16, 256], rtol 0.0, atol 0.0005
    ),
    both_targets!(
        "cross-entropy-bf16", "softmax, cross-entropy and their gradient in bfloat16; the result is the gradient, then the loss", CLASSES_SHAPE, 0, [],
        Bf16, [13], rtol 0.0, atol 0.02
    ),
    both_targets!(
        "matmul-bf16", "matrix multiply in packed bfloat16", "96x96 * 96x96", 96 * 96 * 96, [KERNEL],
        Bf16, [96, 96], rtol 0.0, atol 0.7
    ),
    both_targets!(
        "conv2d-bf16-fw", "Conv2D forward in packed bfloat16, with bias", CONV2D_SHAPE, CONV2D_MACS, [],
        Bf16, [32, 16, 16], rtol 0.0, atol 0.2
    ),
    both_targets!(
        "conv2d-bf16-wg", "Conv2D weight gradient in packed bfloat16", CONV2D_SHAPE, CONV2D_MACS, [],
        Bf16, [32, 16, 3, 3], rtol 0.0, atol 0.06
    ),
    both_targets!(
        "conv2d-bf16-ig", "Conv2D input gradient in packed bfloat16", CONV2D_SHAPE, CONV2D_MACS, [],
        Bf16, [16, 16, 16], rtol 0.0, atol 0.008
    ),
    both_targets!(
        "linear-bf16-fw", "fully connected forward in packed bfloat16, with bias", LINEAR_SHAPE, LINEAR_MACS, [],
        Bf16, [64], rtol 0.0, atol 0.03
    ),
    both_targets!(
        "linear-bf16-wg", "fully connected weight gradient in packed bfloat16", LINEAR_SHAPE, LINEAR_MACS, [],
        Bf16, [64, 256], rtol 0.0, atol 0.004
    ),
    both_targets!(
        "linear-bf16-ig", "fully connected input gradient in packed bfloat16", LINEAR_SHAPE, LINEAR_MACS, [],
        Bf16, [256], rtol 0.0, atol 0.02
    ),
    both_targets!(
        "relu-bf16-fw", "ReLU forward in packed bfloat16", ELEMENTS_SHAPE, 0, [],
        Bf16, [8192], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "relu-bf16-bw", "ReLU backward in packed bfloat16", ELEMENTS_SHAPE, 0, [],
        Bf16, [8192], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "sgd-bf16", "SGD with momentum and weight decay in packed bfloat16", ELEMENTS_SHAPE, 3 * 8192, [],
        Bf16, [8192], rtol 0.0, atol 0.008
    ),
    both_targets!(
        "mlp-bf16-train", "48 training steps of a two-layer network in packed bfloat16; the result is the loss of each step", MLP_SHAPE, MLP_MACS, [],
        Bf16, [48], rtol 0.0, atol 0.2
    ),
    both_targets!(
        "leaky-relu-bf16-fw", "LeakyReLU forward, bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [16, 16, 16], rtol 0.0, atol 0.0006
    ),
    both_targets!(
        "leaky-relu-bf16-bw", "LeakyReLU backward, bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [16, 16, 16], rtol 0.0, atol 0.0006
    ),
    both_targets!(
        "max-pool-bf16-fw", "max pooling of 2x2 forward, bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [16, 8, 8], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "max-pool-bf16-bw", "max pooling of 2x2 backward, bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [16, 16, 16], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "average-pool-bf16-fw", "average pooling of 2x2 forward, bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [16, 8, 8], rtol 0.0, atol 0.006
    ),
    both_targets!(
        "average-pool-bf16-bw", "average pooling of 2x2 backward, bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [16, 16, 16], rtol 0.0, atol 0.0
    ),
    both_targets!(
        "normalise-bf16-fw", "instance normalisation forward (batch normalisation with batch 1), bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [16, 16, 16], rtol 0.0, atol 0.02
    ),
    both_targets!(
        "normalise-bf16-bw", "instance normalisation backward: gradients of x, of the scales, of the shifts, bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [4096 + 32], rtol 0.0, atol 0.2
    ),
    both_targets!(
        "squared-error-bf16", "mean squared error and its gradient, bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [4096 + 16], rtol 0.06, atol 0.0001
    ),
    both_targets!(
        "cast-bf16", "from binary32 to bfloat16", PRIMITIVE_SHAPE, 0, [],
        Bf16, [16, 16, 16], rtol 0.0, atol 0.004
    ),
    both_targets!(
        "resnet8-fp32-train",
        "one training step of ResNet8 in FP32; the result is loss, logits and updated parameters",
        RESNET8_SHAPE,
        RESNET8_MACS,
        [EIGHT_WORKERS],
        [EIGHT_WORKERS],
        F32,
        [78_478],
        every 8,
        rtol 0.0,
        atol 1e-6
    ),
    both_targets!(
        "resnet8-fp16-train",
        "one training step of ResNet8 in packed FP16; the result is loss, logits and updated parameters",
        RESNET8_SHAPE,
        RESNET8_MACS,
        [EIGHT_WORKERS],
        [EIGHT_WORKERS],
        F16,
        [79_106],
        every 8,
        rtol 0.0,
        atol 0.002
    ),
    both_targets!(
        "resnet8-fp16-continual",
        "continual learning in packed FP16: frozen front, then one new sample and two latent replays train the rest of ResNet8",
        RESNET8_SHAPE,
        CONTINUAL_MACS,
        [EIGHT_WORKERS],
        [EIGHT_WORKERS],
        F16,
        [79_106],
        every 8,
        rtol 0.0,
        atol 0.002
    ),
    both_targets!(
        "dscnn-fp32-train",
        "one training step of DS-CNN in FP32; the result is loss, logits and updated parameters",
        DSCNN_SHAPE,
        DSCNN_MACS,
        [EIGHT_WORKERS],
        [EIGHT_WORKERS],
        F32,
        [23_588],
        every 8,
        rtol 0.0,
        atol 1e-6
    ),
    both_targets!(
        "dscnn-fp16-train",
        "one training step of DS-CNN in packed FP16; the result is loss, logits and updated parameters",
        DSCNN_SHAPE,
        DSCNN_MACS,
        [EIGHT_WORKERS],
        [EIGHT_WORKERS],
        F16,
        [24_252],
        every 8,
        rtol 0.0,
        atol 0.002
    ),
];

/// Every bundled program: `hello`, then those of the default target, then those of the other.
pub fn all() -> &'static [Workload] {
    static FLAT: LazyLock<Vec<Workload>> = LazyLock::new(|| {
        let target = |index: usize| ALL.iter().map(move |pair| pair[index]);
        [HELLO].into_iter().chain(target(0)).chain(target(1)).collect()
    });
    &FLAT
}

/// The program of that name.
pub fn find(name: &str) -> Option<&'static Workload> {
    all().iter().find(|workload| workload.name == name)
}
