//! The list of bundled programs.
//!
//! Adding one is an entry here, a `program` line in `build.sh`, its source, and its tensors in `golden/generate.py`.

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

/// The largest team of the `corev` programs; those of `pulp` have stacks for 8 (`build.sh`).
const COREV_WORKERS: Parameter = Parameter {
    name: "workers",
    summary: "how many workers share the work; fewer if the machine has fewer",
    symbol: "ennead_team",
    default: 8,
    min: 1,
    max: 16,
};
const PULP_WORKERS: Parameter = Parameter {
    max: 8,
    ..COREV_WORKERS
};
const KERNEL: Parameter = Parameter {
    name: "kernel",
    summary: "0: register tiles of 4 rows by 4 words; 1: one element at a time",
    symbol: "ennead_kernel",
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
        Some(Golden {
            symbol: "ennead_output",
            element: Element::$element,
            shape: &$shape,
            exact: include_bytes!(concat!("../golden/data/", $name, ".exact.bin")),
            reference: include_bytes!(concat!("../golden/data/", $name, ".reference.bin")),
            rtol: $rtol,
            atol: $atol,
        })
    };
}

/// The same computation for both targets: `NAME` for `ennead`, `NAME-pulp` for `vega`.
macro_rules! both_targets {
    ($name:literal, $summary:literal, $shapes:literal, $macs:expr, [$($parameter:ident),*], $($golden:tt)*) => {
        [
            Workload {
                name: $name,
                summary: $summary,
                shapes: $shapes,
                nominal_macs: $macs,
                config: "ennead",
                elf: elf!($name),
                golden: golden!($name, $($golden)*),
                parameters: &[COREV_WORKERS, $($parameter),*],
            },
            Workload {
                name: concat!($name, "-pulp"),
                summary: concat!($summary, "; floats in x-registers, Xpulpv2"),
                shapes: $shapes,
                nominal_macs: $macs,
                config: "vega",
                elf: include_bytes!(concat!("../elf/", $name, "-pulp.elf")),
                golden: golden!($name, $($golden)*),
                parameters: &[PULP_WORKERS, $($parameter),*],
            },
        ]
    };
}

/// Sums of 96 products of numbers below 1: FP16 rounds each partial sum (up to 16 in size) to 11 bits, so errors of a
/// few units of 2^-7 are to be expected; FP32 is 2^13 times finer.
const MATMUL_FP16_ATOL: f64 = 0.0625;
const MATMUL_FP32_ATOL: f64 = 1e-5;
/// Sums of 144 products of numbers below 1 and below 1/12.
const CONV2D_FP16_ATOL: f64 = 0.02;
const CONV2D_FP32_ATOL: f64 = 4e-6;

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

const MATMUL_FP32: [Workload; 2] = both_targets!(
    "matmul-fp32", "matrix multiply in FP32", "96x96 * 96x96", 96 * 96 * 96, [KERNEL],
    F32, [96, 96], rtol 0.0, atol MATMUL_FP32_ATOL
);
const MATMUL_FP16: [Workload; 2] = both_targets!(
    "matmul-fp16", "matrix multiply in packed FP16", "96x96 * 96x96", 96 * 96 * 96, [KERNEL],
    F16, [96, 96], rtol 0.0, atol MATMUL_FP16_ATOL
);
const CONV2D_FP32_FW: [Workload; 2] = both_targets!(
    "conv2d-fp32-fw", "Conv2D forward in FP32", "16x16x16 -> 32x16x16, 3x3, stride 1, padding 1, bias",
    32 * 16 * 16 * 16 * 9, [],
    F32, [32, 16, 16], rtol 0.0, atol CONV2D_FP32_ATOL
);
const CONV2D_FP16_FW: [Workload; 2] = both_targets!(
    "conv2d-fp16-fw", "Conv2D forward in packed FP16", "16x16x16 -> 32x16x16, 3x3, stride 1, padding 1, bias",
    32 * 16 * 16 * 16 * 9, [],
    F16, [32, 16, 16], rtol 0.0, atol CONV2D_FP16_ATOL
);

static ALL: [Workload; 9] = [
    HELLO,
    MATMUL_FP32[0],
    MATMUL_FP16[0],
    CONV2D_FP32_FW[0],
    CONV2D_FP16_FW[0],
    MATMUL_FP32[1],
    MATMUL_FP16[1],
    CONV2D_FP32_FW[1],
    CONV2D_FP16_FW[1],
];

/// Every bundled program, the default target first.
pub fn all() -> &'static [Workload] {
    &ALL
}

/// The program of that name.
pub fn find(name: &str) -> Option<&'static Workload> {
    ALL.iter().find(|workload| workload.name == name)
}
