//! Conversions: between formats, and between a format and integers. The rounding itself is in `exact`.
//!
//! Invariant: an integer is held in the low bits of a `u32`, zeros above, like a narrow float.

use super::exact::Value;
use super::{Flagged, Flags, Format, Rounding, exact, fast};

/// An integer type that floats convert to and from: `i8`, `u8`, `i16`, `u16`, `i32`, `u32`.
pub trait Integer: integer::Sealed + Copy + 'static {
    /// Bits of the type.
    const BITS: u32;
    /// The smallest value.
    const LOWEST: i64;
    /// The largest value.
    const HIGHEST: i64;

    /// The low bits of `bits`, read as this type.
    fn value(bits: u32) -> i64;
}

mod integer {
    /// Only the integers of this module.
    pub trait Sealed {}
}

macro_rules! integers {
    ($($name:ident)*) => {$(
        impl integer::Sealed for $name {}
        impl Integer for $name {
            const BITS: u32 = $name::BITS;
            const LOWEST: i64 = $name::MIN as i64;
            const HIGHEST: i64 = $name::MAX as i64;
            #[inline]
            fn value(bits: u32) -> i64 {
                i64::from(bits as $name)
            }
        }
    )*};
}

integers!(i8 u8 i16 u16 i32 u32);

/// `bits` of format `F` as an integer of type `I`. What does not fit after rounding, infinities and NaNs saturate (a
/// NaN to the highest value) and raise NV alone (RISC-V F, "Domains of float-to-integer conversions").
///
/// The result is in the low `I::BITS` bits, zeros above: `fcvt.w` needs nothing more, a lane of `vfcvt.x` neither.
#[inline]
pub fn to_int<F: Format, I: Integer>(bits: u32, rounding: Rounding) -> Flagged {
    let mask = u32::MAX >> (u32::BITS - I::BITS);
    let saturated = |negative: bool| {
        let bound = if negative { I::LOWEST } else { I::HIGHEST };
        Flagged::new(bound as u32 & mask, Flags::INVALID)
    };
    match Value::unpack::<F>(bits) {
        Value::Nan { .. } => saturated(false),
        Value::Infinite { negative } => saturated(negative),
        Value::Zero { .. } => Flagged::exact(0),
        Value::Finite(term) => match term.round_to_integer(rounding) {
            Some((integer, inexact)) if (I::LOWEST..=I::HIGHEST).contains(&integer) => {
                Flagged::new(integer as u32 & mask, Flags::INEXACT.when(inexact))
            }
            _ => saturated(term.negative),
        },
    }
}

/// The integer of type `I` in the low bits of `bits`, in format `F`.
#[inline]
pub fn from_int<F: Format, I: Integer>(bits: u32, rounding: Rounding) -> Flagged {
    // Zero, which is +0 in every mode, is all that the fast path declines.
    fast::from_int::<F>(I::value(bits), rounding).unwrap_or(Flagged::exact(0))
}

/// `bits` of format `From` in format `To`. A NaN becomes the canonical NaN; a signalling one raises NV.
#[inline]
pub fn convert<From: Format, To: Format>(bits: u32, rounding: Rounding) -> Flagged {
    fast::convert::<From, To>(bits, rounding).unwrap_or_else(|| exact::convert::<From, To>(bits, rounding))
}
