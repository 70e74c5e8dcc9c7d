//! Exact binary floating point: binary32, binary16, bfloat16 and FP8 (E5M2), every rounding mode, every flag.
//!
//! Values are raw bits in the low end of a `u32`; a result has zeros above its format's width. What a register holds
//! above a narrow value (boxing, sign extension, other lanes) is not known here, nor is any instruction.
//!
//! Invariant: every function is a pure map from bits and rounding mode to bits and flags, the same on every host, and
//! agrees with IEEE 754-2019 as the RISC-V F extension narrows it: NaN results are the canonical NaN, tininess is
//! detected after rounding, `min` and `max` are `minimumNumber` and `maximumNumber`.
//!
//! ```
//! use ennead_isa::float::{Binary16, Flags, Rounding, add};
//!
//! let sum = add::<Binary16>(0x3c00, 0x3c00, Rounding::Rne); // 1 + 1
//! assert_eq!((sum.bits, sum.flags), (0x4000, Flags::NONE));
//! ```

mod compare;
mod convert;
mod exact;
mod fast;
mod format;
mod fours;
mod quad;

pub use compare::{classify, eq, le, lt, max, min};
pub use convert::{Integer, convert, from_int, to_int};
pub use format::{BFloat16, Binary16, Binary32, Float8, Format};
pub use fours::{File, MultiplyAdds, RunFours, run_h, run_s};
pub use quad::{Four, chain_s, sum_h};
use quad::{fma_h, fma_s};

/// A rounding mode, with the encoding of `frm`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rounding {
    /// To nearest, ties to even.
    #[default]
    Rne = 0,
    /// Towards zero.
    Rtz = 1,
    /// Down.
    Rdn = 2,
    /// Up.
    Rup = 3,
    /// To nearest, ties away from zero.
    Rmm = 4,
}

impl Rounding {
    /// Every mode, in the order of its encoding.
    pub const ALL: [Rounding; 5] = [
        Rounding::Rne,
        Rounding::Rtz,
        Rounding::Rdn,
        Rounding::Rup,
        Rounding::Rmm,
    ];

    /// The mode that `frm` encodes; 5, 6 and 7 encode none.
    #[inline]
    pub fn from_frm(frm: u8) -> Option<Rounding> {
        Self::ALL.get(usize::from(frm)).copied()
    }
}

/// Exception flags with the encoding of `fflags`: NV 16, DZ 8, OF 4, UF 2, NX 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u8);

impl Flags {
    /// No exception.
    pub const NONE: Flags = Flags(0);
    /// Inexact (NX).
    pub const INEXACT: Flags = Flags(1);
    /// Underflow (UF): tiny after rounding, and inexact.
    pub const UNDERFLOW: Flags = Flags(2);
    /// Overflow (OF).
    pub const OVERFLOW: Flags = Flags(4);
    /// Divide by zero (DZ).
    pub const DIVIDE_BY_ZERO: Flags = Flags(8);
    /// Invalid operation (NV).
    pub const INVALID: Flags = Flags(16);

    /// `self` where `raised`, else none.
    #[inline]
    pub(crate) fn when(self, raised: bool) -> Flags {
        Flags(self.0 * u8::from(raised))
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    #[inline]
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for Flags {
    #[inline]
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}

/// A result and the flags that it raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flagged {
    /// The destination register's 32 bits.
    pub bits: u32,
    /// The flags raised.
    pub flags: Flags,
}

impl Flagged {
    /// A result that raised no flag.
    #[inline]
    pub const fn exact(bits: u32) -> Flagged {
        Flagged {
            bits,
            flags: Flags::NONE,
        }
    }

    /// A result and its flags.
    #[inline]
    pub const fn new(bits: u32, flags: Flags) -> Flagged {
        Flagged { bits, flags }
    }
}

/// `a + b`.
#[inline]
pub fn add<F: Format>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    fast::add::<F>(a, b, rounding).unwrap_or_else(|| exact::add::<F>(a, b, rounding))
}

/// `a - b`.
#[inline]
pub fn sub<F: Format>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    // A NaN with its sign changed is the same NaN to every operation.
    add::<F>(a, b ^ F::SIGN, rounding)
}

/// `a * b`.
#[inline]
pub fn mul<F: Format>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    widening_mul::<F, F>(a, b, rounding)
}

/// `a * b + c` with one rounding. Infinity times zero raises NV even where `c` is a quiet NaN (RISC-V F, "fused
/// multiply-add").
#[inline(always)]
pub fn fma<F: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    if F::WIDTH == u32::BITS && rounding == Rounding::Rne {
        return fast::fma_single(a, b, c);
    }
    fma_otherwise::<F>(a, b, c, rounding)
}

/// Apart, so that what comes before it saves no registers.
#[inline(never)]
fn fma_otherwise<F: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    widening_fma::<F, F>(a, b, c, rounding)
}

/// [`fma`] in both lanes of packed registers of a 16-bit format.
#[inline(always)]
pub fn fma_lanes<F: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    if rounding == Rounding::Rne && F::EXPONENT_BITS == Binary16::EXPONENT_BITS {
        return fast::fma_lanes(a, b, c);
    }
    fma_each_lane::<F>(a, b, c, rounding)
}

#[cold]
#[inline(never)]
fn fma_each_lane<F: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    let lane = |shift: u32| fma::<F>(a >> shift & 0xffff, b >> shift & 0xffff, c >> shift & 0xffff, rounding);
    let (low, high) = (lane(0), lane(16));
    Flagged::new(low.bits | high.bits << 16, low.flags | high.flags)
}

/// `a / b`.
#[inline]
pub fn div<F: Format>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    fast::div::<F>(a, b, rounding).unwrap_or_else(|| exact::div::<F>(a, b, rounding))
}

/// The square root of `a`.
#[inline]
pub fn sqrt<F: Format>(a: u32, rounding: Rounding) -> Flagged {
    fast::sqrt::<F>(a, rounding).unwrap_or_else(|| exact::sqrt::<F>(a, rounding))
}

/// `a * b` of two narrow values as a wide one (`fmulex`), one rounding.
#[inline]
pub fn widening_mul<Narrow: Format, Wide: Format>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    fast::mul::<Narrow, Wide>(a, b, rounding).unwrap_or_else(|| exact::mul::<Narrow, Wide>(a, b, rounding))
}

/// `a * b + c` with narrow factors, wide addend and wide result (`fmacex`), one rounding.
#[inline(always)]
pub fn widening_fma<Narrow: Format, Wide: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    fast::fma::<Narrow, Wide>(a, b, c, rounding).unwrap_or_else(|| exact::fma::<Narrow, Wide>(a, b, c, rounding))
}

/// The dot product of the lanes of two packed registers, plus a wide `addend` where there is one (`vfdotpex`, `vfdotp`):
/// the exact sum, rounded **once**, as the expanding dot-product unit of cvfpu does ("single final normalisation and
/// rounding"). A peer simulator rounds twice; no core that is modelled here has the instruction in its decoder.
///
/// A sum of zeros keeps their sign if all agree. Infinities of both signs raise NV unless an operand is a NaN.
#[inline]
pub fn dot<Narrow: Format, Wide: Format>(a: u32, b: u32, addend: Option<u32>, rounding: Rounding) -> Flagged {
    fast::dot::<Narrow, Wide>(a, b, addend, rounding)
        .unwrap_or_else(|| exact::dot::<Narrow, Wide>(a, b, addend, rounding))
}
