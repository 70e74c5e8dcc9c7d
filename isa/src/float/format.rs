//! The formats: how many bits, and the patterns that follow from that. No arithmetic.
//!
//! Invariant: every constant is derived from the two field widths.

/// An IEEE 754 binary interchange layout (sign, exponent, mantissa) of at most 32 bits.
///
/// The trait is sealed: the exact path relies on significands of at most 24 bits.
pub trait Format: sealed::Sealed + Copy + 'static {
    /// Bits of the exponent field.
    const EXPONENT_BITS: u32;
    /// Bits of the mantissa field (without the hidden bit).
    const MANTISSA_BITS: u32;

    /// Bits of the whole format.
    const WIDTH: u32 = 1 + Self::EXPONENT_BITS + Self::MANTISSA_BITS;
    /// What is subtracted from the exponent field.
    const BIAS: i32 = (1 << (Self::EXPONENT_BITS - 1)) - 1;
    /// The exponent of the smallest normal number.
    const MIN_EXPONENT: i32 = 1 - Self::BIAS;
    /// The sign bit.
    const SIGN: u32 = 1 << (Self::WIDTH - 1);
    /// Positive infinity; also the mask of the exponent field.
    const INFINITY: u32 = ((1 << Self::EXPONENT_BITS) - 1) << Self::MANTISSA_BITS;
    /// The mask of the mantissa field.
    const MANTISSA: u32 = (1 << Self::MANTISSA_BITS) - 1;
    /// The mantissa bit that makes a NaN quiet.
    const QUIET: u32 = 1 << (Self::MANTISSA_BITS - 1);
    /// The NaN that every operation returns: positive, quiet, no payload (RISC-V F, "NaN generation and propagation").
    const CANONICAL_NAN: u32 = Self::INFINITY | Self::QUIET;
    /// The largest finite magnitude.
    const MAX_FINITE: u32 = Self::INFINITY - 1;

    /// The value's magnitude bits: `bits` without sign and without whatever is above the format.
    #[inline]
    fn magnitude(bits: u32) -> u32 {
        bits & (Self::SIGN - 1)
    }

    /// Whether the sign bit is set.
    #[inline]
    fn is_negative(bits: u32) -> bool {
        bits & Self::SIGN != 0
    }

    /// Whether `bits` is a NaN.
    #[inline]
    fn is_nan(bits: u32) -> bool {
        Self::magnitude(bits) > Self::INFINITY
    }

    /// Whether `bits` is a signalling NaN.
    #[inline]
    fn is_signaling(bits: u32) -> bool {
        Self::is_nan(bits) && bits & Self::QUIET == 0
    }
}

mod sealed {
    /// Only the formats of this module.
    pub trait Sealed {}
}

macro_rules! formats {
    ($($(#[$doc:meta])* $name:ident: $exponent:literal, $mantissa:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name;
        impl sealed::Sealed for $name {}
        impl Format for $name {
            const EXPONENT_BITS: u32 = $exponent;
            const MANTISSA_BITS: u32 = $mantissa;
        }
    )*};
}

formats! {
    /// IEEE binary32 (`.s`).
    Binary32: 8, 23;
    /// IEEE binary16 (`.h`).
    Binary16: 5, 10;
    /// bfloat16 (`.ah`): the upper half of binary32, with subnormals.
    BFloat16: 8, 7;
    /// FP8 with 5 exponent and 2 mantissa bits (`.b`), infinities and NaNs as IEEE lays them out.
    Float8: 5, 2;
}
