//! What packed float operations do: lanes around the arithmetic of [`crate::float`]. Flags are those of all lanes.
//!
//! Invariant: a lane's result depends on nothing but that lane of the operands, save for dot products and casts.

use crate::float::{self, Binary32, Flagged, Format, Integer, Rounding};

#[inline(always)]
fn lane<F: Format>(register: u32, index: u32) -> u32 {
    (register >> (index * F::WIDTH)) & (u32::MAX >> (32 - F::WIDTH))
}

/// Joins `f(index)` of every lane of a format; what a result has above the lane's width is cut.
#[inline(always)]
fn join<F: Format>(mut f: impl FnMut(u32) -> Flagged) -> Flagged {
    let mut result = Flagged::exact(0);
    for index in 0..32 / F::WIDTH {
        let Flagged { bits, flags } = f(index);
        result.bits |= (bits & (u32::MAX >> (32 - F::WIDTH))) << (index * F::WIDTH);
        result.flags |= flags;
    }
    result
}

fn unary<F: Format>(a: u32, f: impl Fn(u32) -> Flagged) -> Flagged {
    join::<F>(|i| f(lane::<F>(a, i)))
}

fn binary<F: Format>(a: u32, b: u32, f: impl Fn(u32, u32) -> Flagged) -> Flagged {
    join::<F>(|i| f(lane::<F>(a, i), lane::<F>(b, i)))
}

pub(super) fn add<F: Format>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| float::add::<F>(a, b, rounding))
}

pub(super) fn sub<F: Format>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| float::sub::<F>(a, b, rounding))
}

pub(super) fn mul<F: Format>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| float::mul::<F>(a, b, rounding))
}

pub(super) fn div<F: Format>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| float::div::<F>(a, b, rounding))
}

pub(super) fn sqrt<F: Format>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    unary::<F>(a, |a| float::sqrt::<F>(a, rounding))
}

pub(super) fn min<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, float::min::<F>)
}

pub(super) fn max<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, float::max::<F>)
}

/// `a * b + c`, one rounding a lane.
pub(super) fn mac<F: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    if F::WIDTH == 16 {
        return float::fma_lanes::<F>(a, b, c, rounding);
    }
    join::<F>(|i| float::fma::<F>(lane::<F>(a, i), lane::<F>(b, i), lane::<F>(c, i), rounding))
}

/// `a * b - c`, one rounding a lane (the RTL's reading of the draft; another simulator negates the product instead).
pub(super) fn mre<F: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    join::<F>(|i| float::fma::<F>(lane::<F>(a, i), lane::<F>(b, i), lane::<F>(c, i) ^ F::SIGN, rounding))
}

pub(super) fn sgnj<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| Flagged::exact((a & !F::SIGN) | (b & F::SIGN)))
}

pub(super) fn sgnjn<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| Flagged::exact((a & !F::SIGN) | (!b & F::SIGN)))
}

pub(super) fn sgnjx<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| Flagged::exact(a ^ (b & F::SIGN)))
}

pub(super) fn eq<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, float::eq::<F>)
}

/// Not equal: 1 with a NaN, and NV only for a signalling one.
pub(super) fn ne<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| {
        let equal = float::eq::<F>(a, b);
        Flagged::new(equal.bits ^ 1, equal.flags)
    })
}

pub(super) fn lt<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, float::lt::<F>)
}

pub(super) fn ge<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| float::le::<F>(b, a))
}

pub(super) fn le<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, float::le::<F>)
}

pub(super) fn gt<F: Format>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    binary::<F>(a, b, |a, b| float::lt::<F>(b, a))
}

/// Eight bits a lane, from bit 8i: infinity, normal, subnormal, zero, signalling NaN, quiet NaN, positive, negative; a
/// NaN counts as positive (FPnew's block for packed classify).
pub(super) fn classify<F: Format>(a: u32, _: u32, _: u32, _: Rounding) -> Flagged {
    let block = |class: u32| {
        let any = |bits: u32| u32::from(class & bits != 0);
        let negative = any(0x00f);
        any(0x081)
            | any(0x042) << 1
            | any(0x024) << 2
            | any(0x018) << 3
            | any(0x100) << 4
            | any(0x200) << 5
            | (negative ^ 1) << 6
            | negative << 7
    };
    let bits = (0..32 / F::WIDTH).fold(0, |bits, i| {
        bits | (block(float::classify::<F>(lane::<F>(a, i))) << (8 * i))
    });
    Flagged::exact(bits)
}

fn to_lanes<F: Format, I: Integer>(a: u32, rounding: Rounding) -> Flagged {
    unary::<F>(a, |a| float::to_int::<F, I>(a, rounding))
}

fn from_lanes<F: Format, I: Integer>(a: u32, rounding: Rounding) -> Flagged {
    unary::<F>(a, |a| float::from_int::<F, I>(a, rounding))
}

pub(super) fn to_signed<F: Format>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    if F::WIDTH == 8 {
        to_lanes::<F, i8>(a, rounding)
    } else {
        to_lanes::<F, i16>(a, rounding)
    }
}

pub(super) fn to_unsigned<F: Format>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    if F::WIDTH == 8 {
        to_lanes::<F, u8>(a, rounding)
    } else {
        to_lanes::<F, u16>(a, rounding)
    }
}

pub(super) fn from_signed<F: Format>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    if F::WIDTH == 8 {
        from_lanes::<F, i8>(a, rounding)
    } else {
        from_lanes::<F, i16>(a, rounding)
    }
}

pub(super) fn from_unsigned<F: Format>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    if F::WIDTH == 8 {
        from_lanes::<F, u8>(a, rounding)
    } else {
        from_lanes::<F, u16>(a, rounding)
    }
}

/// Lane by lane from one format to another; lanes that the source does not have become zero.
pub(super) fn convert<From: Format, To: Format>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    join::<To>(|i| {
        if (i + 1) * From::WIDTH > 32 {
            return Flagged::exact(0);
        }
        float::convert::<From, To>(lane::<From>(a, i), rounding)
    })
}

/// Casts two binary32 into lanes `FIRST` and `FIRST + 1` of `c`.
pub(super) fn cast<F: Format, const FIRST: u32>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    join::<F>(|i| match i.wrapping_sub(FIRST) {
        0 => float::convert::<Binary32, F>(a, rounding),
        1 => float::convert::<Binary32, F>(b, rounding),
        _ => Flagged::exact(lane::<F>(c, i)),
    })
}

/// The dot product in the lanes' own format, rounded once, with ones above it.
pub(super) fn dot<F: Format>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    let sum = float::dot::<F, F>(a, b, None, rounding);
    Flagged::new(sum.bits | (u32::MAX << F::WIDTH), sum.flags)
}

/// `c` plus the dot product in binary32, rounded once.
pub(super) fn expand_dot<F: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    float::dot::<F, Binary32>(a, b, Some(c), rounding)
}

/// `c` minus the dot product in binary32, rounded once.
pub(super) fn expand_dot_negated<F: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    let signs = (0..32 / F::WIDTH).fold(0, |signs, i| signs | (F::SIGN << (i * F::WIDTH)));
    float::dot::<F, Binary32>(a ^ signs, b, Some(c), rounding)
}

/// Half the exact sum, rounded once.
pub(super) fn average<F: Format>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    let lanes = 32 / F::WIDTH;
    let share = ((F::BIAS as u32 - lanes.ilog2()) << F::MANTISSA_BITS) * (u32::MAX / (u32::MAX >> (32 - F::WIDTH)));
    binary::<F>(a, b, |a, b| {
        let pairs = (0..lanes).fold(0, |word, i| word | (if i & 1 == 0 { a } else { b } << (i * F::WIDTH)));
        float::dot::<F, F>(pairs, share, None, rounding)
    })
}
