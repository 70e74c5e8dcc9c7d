//! The decoded instruction, and the operation that it names.
//!
//! This is the contract between the table and whoever executes: an [`Inst`] holds *unified register numbers* (0..=31
//! the integer file, 32..=63 the float file), so an engine reads operands without knowing their class. It is not an
//! encoding (that is a table row) and knows no time.
//!
//! Invariant: reading `x[rs1]`, `rep(x[rs2]) + imm` and `x[rs3]` gives the operands `a`, `b`, `c` of every
//! [`Kind::Compute`] operation; a form that lacks one of them names register 0 there.

use crate::float::{self, Flagged, Flags, Four, Rounding, RunFours};

pub use crate::table::Op;

/// Which part of `rs2` a packed operation sees (the `.sc` and `.r` forms repeat lane 0 in every lane).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Replicate {
    /// The register as it is.
    #[default]
    No,
    /// The low 16 bits in both halves.
    Half,
    /// The low 8 bits in all four bytes.
    Byte,
}

impl Replicate {
    /// What it makes of a register.
    #[inline(always)]
    pub fn of(self, register: u32) -> u32 {
        match self {
            Self::No => register,
            Self::Half => (register & 0xffff) * 0x1_0001,
            Self::Byte => (register & 0xff) * 0x0101_0101,
        }
    }
}

/// The functional unit of an integer operation: what the hardware needs, from which a core's rules derive time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Adder, shifter, logic, bit manipulation, packed integer without products.
    Alu,
    /// The 32-bit multiplier and dot-product unit.
    Mul,
    /// Upper half of a product (`mulh*`).
    MulHigh,
    /// Divider and remainder.
    Div,
}

/// How wide a memory access is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// 8 bits.
    Byte = 1,
    /// 16 bits.
    Half = 2,
    /// 32 bits.
    Word = 4,
}

/// What fills a register above a loaded value that is narrower than it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fill {
    /// Zeros (`lbu`, `lhu`).
    Zero,
    /// Copies of the sign (`lb`, `lh`).
    Sign,
    /// Ones (`flh`: a narrow float is boxed).
    Ones,
}

/// Where an access goes and what becomes of its base register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Addressing {
    /// At `a + b`; the base stays.
    Offset,
    /// At `a`; then `rs1 = a + b`. Of a load with `rd == rs1` the loaded value stays.
    PostIncrement,
}

/// What a CSR instruction does with the old value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CsrUpdate {
    /// Replace it.
    Write,
    /// Set the bits of the operand.
    Set,
    /// Clear the bits of the operand.
    Clear,
}

/// Which registers of a hardware loop an instruction sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopPart {
    /// Start address = pc + `imm`.
    StartOffset,
    /// Start address = `a`.
    StartRegister,
    /// End address = pc + `imm`.
    EndOffset,
    /// End address = `a`.
    EndRegister,
    /// Count = `a + aux`.
    Count,
    /// Start = pc + 4, end = pc + `imm`, count = `a + aux`.
    Setup,
}

/// The block of a floating-point unit that an operation goes through (the groups of FPnew).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FloatUnit {
    /// Add, subtract, multiply, fused multiply-add, expanding dot products.
    AddMul,
    /// Compare, min/max, sign injection, classify, moves between register files.
    NonComp,
    /// Conversions between formats and with integers; cast-and-pack.
    Conv,
    /// The iterative divide and square-root unit.
    DivSqrt,
}

/// The format whose precision an operation computes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FloatFormat {
    /// IEEE binary32.
    S,
    /// IEEE binary16.
    H,
    /// bfloat16.
    Ah,
    /// FP8, 5 exponent and 2 mantissa bits.
    B,
}

/// The meaning of an integer computation: `(a, b, c, aux) -> rd`.
pub type ComputeFn = fn(u32, u32, u32, u32) -> u32;
/// The meaning of a branch condition: `(a, b) -> taken`.
pub type BranchFn = fn(u32, u32) -> bool;
/// The meaning of a floating-point operation: `(a, b, c, rounding) -> rd, flags`.
pub type FloatFn = fn(u32, u32, u32, Rounding) -> Flagged;

/// Operations of which four are computed at once, where they are independent or a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quad {
    /// `fmadd.s`.
    FmaddS,
    /// `vfmac.h`.
    VfmacH,
}

impl Quad {
    /// What runs fours of independent ones, rounding to nearest even.
    pub fn run(self) -> RunFours {
        match self {
            Self::FmaddS => float::run_s(),
            Self::VfmacH => float::run_h(),
        }
    }

    /// What four of them leave in a register that each of them adds to, and all flags; nothing where that is not quick.
    #[inline(always)]
    pub fn sum(self, a: &Four, b: &Four, first: u32) -> Option<(u32, Flags)> {
        match self {
            Self::FmaddS => float::chain_s::<true>(a, b, first),
            Self::VfmacH => float::sum_h(a, b, first),
        }
    }

    /// What four of them leave in a register that is the first factor of each (Horner's scheme), likewise.
    #[inline(always)]
    pub fn horner(self, b: &Four, c: &Four, first: u32) -> Option<(u32, Flags)> {
        match self {
            Self::FmaddS => float::chain_s::<false>(c, b, first),
            Self::VfmacH => None,
        }
    }
}

/// What an engine has to do for an operation.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `rd = eval(a, b, c, aux)`.
    Compute {
        /// What the hardware needs for it.
        unit: Unit,
        /// Its meaning.
        eval: ComputeFn,
    },
    /// `rd = pc + imm`.
    AuiPc,
    /// Load to `rd`.
    Load {
        /// Size of the access.
        width: Width,
        /// What is above a narrow value.
        fill: Fill,
        /// Where it goes.
        address: Addressing,
    },
    /// Store `c`.
    Store {
        /// Size of the access.
        width: Width,
        /// Where it goes.
        address: Addressing,
    },
    /// To `pc + imm` if `taken(a, x[rs2] + aux)`; `aux` is the sign-extended 5-bit immediate of `p.beqimm` and its
    /// like.
    Branch {
        /// The condition.
        taken: BranchFn,
    },
    /// `rd = pc + len`, to `pc + imm`.
    Jal,
    /// `rd = pc + len`, to `(a + imm) & !1`.
    Jalr,
    /// Access to the CSR with number `imm`; the operand is `a`, or `aux` where `immediate`.
    Csr {
        /// What becomes of the old value.
        update: CsrUpdate,
        /// Whether the operand is `aux`.
        immediate: bool,
    },
    /// Order memory accesses.
    Fence,
    /// Make stores visible to instruction fetch.
    FenceI,
    /// Environment call.
    Ecall,
    /// Breakpoint.
    Ebreak,
    /// Return from a machine-mode trap.
    Mret,
    /// Wait for an interrupt.
    Wfi,
    /// Set up the hardware loop whose number is in `rd` (the encoding's L bit sits there; no register is written).
    /// Whether the end address names the last instruction of the body (Xpulpv2) or the one after it (XCV) is the
    /// core's convention.
    Loop {
        /// What it sets.
        part: LoopPart,
    },
    /// Load word at `a + imm` that may put the core to sleep until its event (`p.elw`, `cv.elw`).
    EventLoad,
    /// `rd = eval(a, b, c, rounding)`, flags accumulate.
    Float {
        /// The block that it goes through.
        unit: FloatUnit,
        /// The format that is computed in.
        format: FloatFormat,
        /// Its meaning.
        eval: FloatFn,
    },
}

/// One decoded instruction: the operation with its operands, free of the encoding that it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inst {
    /// What to do.
    pub op: Op,
    /// Unified number of the register written (0: none), or the number of the hardware loop.
    pub rd: u8,
    /// Unified number of the first source.
    pub rs1: u8,
    /// Unified number of the second source.
    pub rs2: u8,
    /// Unified number of the third source: the accumulator (= `rd`), store data, or the addend of a fused multiply-add.
    pub rs3: u8,
    /// What the operation sees of `rs2`.
    pub replicate: Replicate,
    /// Raw rounding-mode field; 7 means "as fcsr.frm says". A packed operation that rounds holds 7; an operation that
    /// rounds nothing holds 0, so that a reserved `frm` does not concern it.
    pub rm: u8,
    /// Bytes of the encoding: 2 or 4.
    pub len: u8,
    /// The immediate: sign-extended, scaled, and for `.sci` forms already repeated in every lane.
    pub imm: i32,
    /// A second immediate (rounding shift, loop count, CSR zimm, compare immediate).
    pub aux: i16,
    /// Which row of the table it came from, for text.
    pub row: u16,
}
