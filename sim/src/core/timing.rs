//! How long an operation takes: the rules that depend on the operation and its operands alone.
//!
//! The rules that depend on what came before (hazards, ports, redirects) are in [`super::pipeline`]. Nothing here has
//! state, and nothing here knows what an operation means.

use ennead_isa::float::{Flagged, Flags};
use ennead_isa::op::FloatFormat;

use crate::config::DivSqrt;
use crate::core::uop::Iterative;

/// Cycles in the execute stage of `mulh`, `mulhu` and `mulhsu` (R2).
pub const MUL_HIGH: u64 = 5;

/// Cycles in the execute stage of a division by `divisor` (R2): 3 + S; the dividend does not matter.
pub fn division(divisor: u32, signed: bool) -> u64 {
    let shift = if signed && (divisor as i32) < 0 {
        (!divisor).leading_zeros() - 1
    } else {
        divisor.leading_zeros()
    };
    3 + u64::from(shift)
}

/// Cycles from a trap-taking instruction's last execute cycle to the redirect: ecall and ebreak (R16: 4 in all).
pub const TRAP: u64 = 1;
/// The same for an illegal instruction (R16: 5).
pub const ILLEGAL: u64 = 2;
/// The same for `mret` (R16: 5).
pub const MRET: u64 = 2;
/// The same for `fence` and `fence.i` (R16: 4).
pub const FENCE: u64 = 1;
/// Cycles from a flushing CSR access's last execute cycle to the cycle in which the next instruction is handed to decode
/// (R15: 4 in all).
pub const CSR_FLUSH: u64 = 2;
/// Cycles from an event load's grant to the cycle in which the next instruction is handed to decode (R18: 4 + N in all).
pub const EVENT_LOAD: u64 = 2;

/// When an iterative operation issued at t lets its dependents issue: t + D (R23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IterativeLatency {
    /// D.
    pub latency: u64,
    /// Extra cycles that the operation itself stays in the execute stage (denormal divisor).
    pub occupies: u64,
}

/// D of a division `a / b` or a square root of `a` (R23).
pub fn iterative(unit: DivSqrt, op: Iterative, a: u32, b: u32) -> IterativeLatency {
    let plain = |latency| IterativeLatency { latency, occupies: 0 };
    match (unit, op.format) {
        (DivSqrt::Thead, FloatFormat::S) if special(Layout::SINGLE, op.sqrt, a, b) => plain(SPECIAL),
        (DivSqrt::Thead, FloatFormat::S) => thead(op.sqrt, a, b),
        (_, FloatFormat::S) => plain(if special(Layout::SINGLE, op.sqrt, a, b) {
            SPECIAL
        } else {
            PULP_SINGLE
        }),
        (_, format) => {
            // Each lane has its own unit; the slowest one counts.
            let layout = Layout::of(format);
            let lanes = if op.packed { 32 / layout.bits } else { 1 };
            let lane = |x: u32, i: u32| x >> (i * layout.bits) & layout.mask();
            let all_special = (0..lanes).all(|i| special(layout, op.sqrt, lane(a, i), lane(b, i)));
            plain(if all_special { SPECIAL } else { PULP_NARROW })
        }
    }
}

/// What the PULP unit makes of `result` (R31): it takes a NaN on its second operand input, `second`, for an operand of a
/// root too, and overflow gives infinity in every rounding mode.
pub fn faulty(op: Iterative, result: Flagged, second: u32) -> u32 {
    let layout = Layout::of(op.format);
    let lanes = if op.packed { 32 / layout.bits } else { 1 };
    (0..lanes).fold(result.bits, |bits, lane| {
        let shift = lane * layout.bits;
        let magnitude = |x: u32| x >> shift & layout.mask() >> 1;
        if op.sqrt && magnitude(second) > layout.infinity() {
            let quiet = layout.infinity() | 1 << (layout.fraction - 1);
            bits & !(layout.mask() << shift) | quiet << shift
        } else if magnitude(bits) == layout.infinity() - 1 && result.flags.0 & Flags::OVERFLOW.0 != 0 {
            bits + (1 << shift)
        } else {
            bits
        }
    })
}

/// What a shared divide unit adds to D from its grant to the result (F1): 13 cycles for binary32 where D is 12, 9 for the
/// narrower formats where D is 8, 4 for special operands where D is 3.
pub const SHARED_DIVIDER: u64 = 1;

/// D of an operand that is answered without iterating.
const SPECIAL: u64 = 3;
/// D of binary32 in the PULP unit.
const PULP_SINGLE: u64 = 12;
/// D of the narrower formats in the PULP unit.
const PULP_NARROW: u64 = 8;

/// Where a format's fields are.
#[derive(Clone, Copy)]
struct Layout {
    bits: u32,
    fraction: u32,
}

impl Layout {
    const SINGLE: Self = Self { bits: 32, fraction: 23 };

    fn of(format: FloatFormat) -> Self {
        match format {
            FloatFormat::S => Self::SINGLE,
            FloatFormat::H => Self { bits: 16, fraction: 10 },
            FloatFormat::Ah => Self { bits: 16, fraction: 7 },
            FloatFormat::B => Self { bits: 8, fraction: 2 },
        }
    }

    fn mask(self) -> u32 {
        u32::MAX >> (32 - self.bits)
    }

    fn infinity(self) -> u32 {
        self.mask() >> 1 >> self.fraction << self.fraction
    }
}

/// Zero, infinity, NaN, or a root of a negative number: answered without iterating.
fn special(layout: Layout, sqrt: bool, a: u32, b: u32) -> bool {
    let magnitude = layout.mask() >> 1;
    let infinity = layout.infinity();
    let extreme = |x: u32| x & magnitude == 0 || x & infinity == infinity;
    let negative = |x: u32| x & (magnitude + 1) != 0;
    if sqrt {
        extreme(a) || negative(a)
    } else {
        extreme(a) || extreme(b)
    }
}

/// Significand in [2^23, 2^24) and unbiased exponent of a finite, non-zero number.
fn normalise(x: u32) -> (u64, i32) {
    let exponent = (x >> 23 & 0xff) as i32;
    let fraction = u64::from(x & 0x7f_ffff);
    if exponent != 0 {
        return (fraction | 1 << 23, exponent - 127);
    }
    let shift = fraction.leading_zeros() as i32 - 40;
    (fraction << shift, -126 - shift)
}

/// The early-out unit: D = 4 + N with N from the number of fractional bits of the exact result (R23).
fn thead(sqrt: bool, a: u32, b: u32) -> IterativeLatency {
    const INEXACT: u64 = 15;
    let iterations = |fraction_bits: u32| INEXACT.min(2 + u64::from(fraction_bits.div_ceil(2)));
    let (ma, ea) = normalise(a);
    if sqrt {
        // The radicand m or 2m as an integer over 2^46, so that its root is an integer over 2^23.
        let radicand = if ea & 1 == 0 { ma << 23 } else { ma << 24 };
        let root = radicand.isqrt();
        let n = if root * root == radicand {
            iterations(23 - root.trailing_zeros().min(23))
        } else {
            INEXACT
        };
        return IterativeLatency {
            latency: 4 + n,
            occupies: 0,
        };
    }
    let (mb, eb) = normalise(b);
    let denormal_divisor = b & 0x7f80_0000 == 0;
    // Sure overflow or underflow, told from the exponents alone.
    let n = if !(-150..=128).contains(&(ea - eb)) {
        1
    } else {
        // ma / mb has a finite binary expansion iff what is left of mb without its factors of two divides ma.
        let odd = mb >> mb.trailing_zeros();
        if ma % odd == 0 {
            let quotient = ma / odd;
            // ma / mb = quotient / 2^(trailing zeros of mb): the fraction bits are what the reduced denominator holds.
            iterations(mb.trailing_zeros().saturating_sub(quotient.trailing_zeros()))
        } else {
            INEXACT
        }
    };
    let extra = u64::from(denormal_divisor);
    IterativeLatency {
        latency: 4 + n,
        occupies: extra,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_takes_what_the_divisor_says() {
        for (divisor, signed, cycles) in [
            (0, true, 35),
            (1, true, 34),
            (2, false, 33),
            (3, false, 33),
            (0x8000_0000, true, 3),
            (u32::MAX, true, 34),
        ] {
            assert_eq!(
                division(divisor, signed),
                cycles,
                "divisor {divisor:#x}, signed {signed}"
            );
        }
        // Calibration of the older core (timing-core section 6): 16 divisions each, less the loop's 3 cycles.
        for (divisor, cycles) in [(0x9876, 307), (1, 547), (0x4000_0000, 67), (0, 563)] {
            assert_eq!(16 * division(divisor, true) + 3, cycles, "divisor {divisor:#x}");
        }
    }

    #[test]
    fn an_exact_quotient_ends_the_iteration_early() {
        let divide = |a: f32, b: f32| {
            let op = Iterative {
                sqrt: false,
                format: FloatFormat::S,
                packed: false,
                second: None,
            };
            iterative(DivSqrt::Thead, op, a.to_bits(), b.to_bits()).latency
        };
        assert_eq!(divide(1.0, 1.0), 4 + 2);
        assert_eq!(divide(1.5, 1.0), 4 + 3);
        assert_eq!(divide(1.0, 3.0), 19);
        assert_eq!(divide(0.0, 3.0), 3);
    }
}
