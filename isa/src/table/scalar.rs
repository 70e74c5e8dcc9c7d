//! What scalar float operations do with whole registers: boxing around the arithmetic of [`crate::float`].
//!
//! A binary16 in a 32-bit register is treated in three ways. FPnew as RI5CY and CV32E40P wire it reads the low half
//! unchecked and extends the result with ones (its NaN-box check is switched off); Zfh takes an operand that is not
//! boxed as the canonical NaN; Zhinx, whose floats live in integer registers, reads the low half and sign-extends the
//! result. The first is [`Unchecked`], also for floats in integer registers of a PULP core, because the same unit does
//! the work there.
//!
//! Invariant: nothing here rounds; every rounding is one call into [`crate::float`].

use std::marker::PhantomData;

use crate::float::{self, Binary32, Flagged, Format, Rounding};

/// How a value of a format sits in a register.
pub(super) trait Register {
    /// The format.
    type Format: Format;
    /// The value's bits, out of a register.
    fn read(register: u32) -> u32;
    /// The register that holds the value's bits.
    fn write(bits: u32) -> u32;
}

/// A value as wide as the register.
pub(super) struct Single;
/// FPnew's way.
pub(super) struct Unchecked<F>(PhantomData<F>);
/// The standard's way with a float file.
pub(super) struct Checked<F>(PhantomData<F>);
/// The standard's way with floats in integer registers.
pub(super) struct Extended<F>(PhantomData<F>);

const fn above<F: Format>() -> u32 {
    u32::MAX << F::WIDTH
}

impl Register for Single {
    type Format = Binary32;
    fn read(register: u32) -> u32 {
        register
    }
    fn write(bits: u32) -> u32 {
        bits
    }
}

impl<F: Format> Register for Unchecked<F> {
    type Format = F;
    fn read(register: u32) -> u32 {
        register & !above::<F>()
    }
    fn write(bits: u32) -> u32 {
        bits | above::<F>()
    }
}

impl<F: Format> Register for Checked<F> {
    type Format = F;
    fn read(register: u32) -> u32 {
        if register & above::<F>() == above::<F>() {
            register & !above::<F>()
        } else {
            F::CANONICAL_NAN
        }
    }
    fn write(bits: u32) -> u32 {
        bits | above::<F>()
    }
}

impl<F: Format> Register for Extended<F> {
    type Format = F;
    fn read(register: u32) -> u32 {
        register & !above::<F>()
    }
    fn write(bits: u32) -> u32 {
        if F::is_negative(bits) {
            bits | above::<F>()
        } else {
            bits
        }
    }
}

fn boxed<R: Register>(result: Flagged) -> Flagged {
    Flagged::new(R::write(result.bits), result.flags)
}

pub(super) fn add<R: Register>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    boxed::<R>(float::add::<R::Format>(R::read(a), R::read(b), rounding))
}

pub(super) fn sub<R: Register>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    boxed::<R>(float::sub::<R::Format>(R::read(a), R::read(b), rounding))
}

pub(super) fn mul<R: Register>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    boxed::<R>(float::mul::<R::Format>(R::read(a), R::read(b), rounding))
}

pub(super) fn div<R: Register>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    boxed::<R>(float::div::<R::Format>(R::read(a), R::read(b), rounding))
}

pub(super) fn sqrt<R: Register>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    boxed::<R>(float::sqrt::<R::Format>(R::read(a), rounding))
}

/// `±(a * b) ± c`, each sign flipped where its constant says so.
fn fused<R: Register, const PRODUCT: bool, const ADDEND: bool>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    let sign = |flip: bool| if flip { R::Format::SIGN } else { 0 };
    let (a, c) = (R::read(a) ^ sign(PRODUCT), R::read(c) ^ sign(ADDEND));
    boxed::<R>(float::fma::<R::Format>(a, R::read(b), c, rounding))
}

pub(super) fn fmadd<R: Register>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    fused::<R, false, false>(a, b, c, rounding)
}

pub(super) fn fmsub<R: Register>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    fused::<R, false, true>(a, b, c, rounding)
}

pub(super) fn fnmsub<R: Register>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    fused::<R, true, false>(a, b, c, rounding)
}

pub(super) fn fnmadd<R: Register>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    fused::<R, true, true>(a, b, c, rounding)
}

fn with_sign<R: Register>(a: u32, sign: u32) -> Flagged {
    let sign_bit = R::Format::SIGN;
    Flagged::exact(R::write((R::read(a) & !sign_bit) | (sign & sign_bit)))
}

pub(super) fn sgnj<R: Register>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    with_sign::<R>(a, R::read(b))
}

pub(super) fn sgnjn<R: Register>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    with_sign::<R>(a, !R::read(b))
}

pub(super) fn sgnjx<R: Register>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    with_sign::<R>(a, R::read(a) ^ R::read(b))
}

pub(super) fn min<R: Register>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    boxed::<R>(float::min::<R::Format>(R::read(a), R::read(b)))
}

pub(super) fn max<R: Register>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    boxed::<R>(float::max::<R::Format>(R::read(a), R::read(b)))
}

pub(super) fn eq<R: Register>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    float::eq::<R::Format>(R::read(a), R::read(b))
}

pub(super) fn lt<R: Register>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    float::lt::<R::Format>(R::read(a), R::read(b))
}

pub(super) fn le<R: Register>(a: u32, b: u32, _: u32, _: Rounding) -> Flagged {
    float::le::<R::Format>(R::read(a), R::read(b))
}

pub(super) fn classify<R: Register>(a: u32, _: u32, _: u32, _: Rounding) -> Flagged {
    Flagged::exact(float::classify::<R::Format>(R::read(a)))
}

pub(super) fn to_signed<R: Register>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    float::to_int::<R::Format, i32>(R::read(a), rounding)
}

pub(super) fn to_unsigned<R: Register>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    float::to_int::<R::Format, u32>(R::read(a), rounding)
}

pub(super) fn from_signed<R: Register>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    boxed::<R>(float::from_int::<R::Format, i32>(a, rounding))
}

pub(super) fn from_unsigned<R: Register>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    boxed::<R>(float::from_int::<R::Format, u32>(a, rounding))
}

/// All 32 bits, as they are.
pub(super) fn copy(a: u32, _: u32, _: u32, _: Rounding) -> Flagged {
    Flagged::exact(a)
}

/// The value's bits with its sign above them; boxing does not matter to a move.
pub(super) fn move_out<F: Format>(a: u32, _: u32, _: u32, _: Rounding) -> Flagged {
    Flagged::exact(Extended::<F>::write(a & !above::<F>()))
}

/// The low bits of an integer register, with ones above them.
pub(super) fn move_in<F: Format>(a: u32, _: u32, _: u32, _: Rounding) -> Flagged {
    Flagged::exact(Unchecked::<F>::write(a))
}

/// From one format to another.
pub(super) fn convert<From: Register, To: Register>(a: u32, _: u32, _: u32, rounding: Rounding) -> Flagged {
    boxed::<To>(float::convert::<From::Format, To::Format>(From::read(a), rounding))
}

/// The product of two narrow values as binary32.
pub(super) fn expand_mul<F: Format>(a: u32, b: u32, _: u32, rounding: Rounding) -> Flagged {
    float::widening_mul::<F, Binary32>(Unchecked::<F>::read(a), Unchecked::<F>::read(b), rounding)
}

/// The product of two narrow values added to a binary32, rounded once.
pub(super) fn expand_mac<F: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    float::widening_fma::<F, Binary32>(Unchecked::<F>::read(a), Unchecked::<F>::read(b), c, rounding)
}
