//! Operations that round nothing: compares, min and max, classify. Bits in, bits out.
//!
//! Invariant: the only flag raised here is NV.

use super::{Flagged, Flags, Format};

/// A key that orders all numbers of a format, both zeros alike.
#[inline]
fn order<F: Format>(bits: u32) -> i32 {
    let magnitude = F::magnitude(bits) as i32;
    if F::is_negative(bits) { -magnitude } else { magnitude }
}

#[inline]
fn any_signaling<F: Format>(a: u32, b: u32) -> bool {
    F::is_signaling(a) || F::is_signaling(b)
}

/// `a == b` as 0 or 1 (`feq`). A NaN compares unequal; only a signalling one raises NV.
#[inline]
pub fn eq<F: Format>(a: u32, b: u32) -> Flagged {
    let ordered = !F::is_nan(a) && !F::is_nan(b);
    let equal = ordered && order::<F>(a) == order::<F>(b);
    Flagged::new(u32::from(equal), Flags::INVALID.when(any_signaling::<F>(a, b)))
}

/// `a < b` as 0 or 1 (`flt`). With a NaN it is 0 and raises NV.
#[inline]
pub fn lt<F: Format>(a: u32, b: u32) -> Flagged {
    let ordered = !F::is_nan(a) && !F::is_nan(b);
    Flagged::new(
        u32::from(ordered && order::<F>(a) < order::<F>(b)),
        Flags::INVALID.when(!ordered),
    )
}

/// `a <= b` as 0 or 1 (`fle`). With a NaN it is 0 and raises NV.
#[inline]
pub fn le<F: Format>(a: u32, b: u32) -> Flagged {
    let ordered = !F::is_nan(a) && !F::is_nan(b);
    Flagged::new(
        u32::from(ordered && order::<F>(a) <= order::<F>(b)),
        Flags::INVALID.when(!ordered),
    )
}

/// The smaller of two (`fmin`): -0 is smaller than +0, a number wins over a NaN, two NaNs give the canonical one; a
/// signalling NaN raises NV.
#[inline]
pub fn min<F: Format>(a: u32, b: u32) -> Flagged {
    let first = order::<F>(a) < order::<F>(b) || (order::<F>(a) == order::<F>(b) && F::is_negative(a));
    select::<F>(a, b, first)
}

/// The larger of two (`fmax`): +0 is larger than -0, a number wins over a NaN, two NaNs give the canonical one; a
/// signalling NaN raises NV.
#[inline]
pub fn max<F: Format>(a: u32, b: u32) -> Flagged {
    let first = order::<F>(a) > order::<F>(b) || (order::<F>(a) == order::<F>(b) && !F::is_negative(a));
    select::<F>(a, b, first)
}

/// `a` if `first`, else `b`, unless NaNs decide.
#[inline]
fn select<F: Format>(a: u32, b: u32, first: bool) -> Flagged {
    let chosen = match (F::is_nan(a), F::is_nan(b)) {
        (true, true) => F::CANONICAL_NAN,
        (true, false) => b,
        (false, true) => a,
        (false, false) if first => a,
        (false, false) => b,
    };
    let mask = u32::MAX >> (u32::BITS - F::WIDTH);
    Flagged::new(chosen & mask, Flags::INVALID.when(any_signaling::<F>(a, b)))
}

/// The class of `bits` as the one-hot mask of `fclass`: from bit 0 -infinity, negative normal, negative subnormal, -0,
/// +0, positive subnormal, positive normal, +infinity, signalling NaN, quiet NaN.
#[inline]
pub fn classify<F: Format>(bits: u32) -> u32 {
    if F::is_nan(bits) {
        return if F::is_signaling(bits) { 1 << 8 } else { 1 << 9 };
    }
    let magnitude = F::magnitude(bits);
    let rank = match magnitude {
        0 => 0,
        m if m <= F::MANTISSA => 1,
        m if m < F::INFINITY => 2,
        _ => 3,
    };
    if F::is_negative(bits) {
        1 << (3 - rank)
    } else {
        1 << (4 + rank)
    }
}
