//! What the right answer is, from sources that share nothing with the crate: `rustc_apfloat` (a port of LLVM's
//! APFloat, which compilers fold constants with) for single operations, big integers for sums of products.
//!
//! APFloat knows neither RISC-V's underflow nor overflow in the directed modes, so both flags come from a second run
//! with the same precision and a 15-bit exponent: the result "as though the exponent range were unbounded" that IEEE
//! 754 defines them by. `rustc_apfloat` was chosen over bindings to Berkeley SoftFloat because it has all four formats,
//! is Rust alone (the bindings need CMake), and was itself fuzzed against Berkeley's code by its authors.
//!
//! Invariant: nothing here calls an arithmetic function of the crate under test.
#![allow(dead_code, reason = "every test binary uses a part of it")]

use ennead_isa::float::{BFloat16, Binary16, Binary32, Flagged, Flags, Float8, Format, Rounding};
use num_bigint::{BigInt, Sign};
use rustc_apfloat::ieee::{self, IeeeFloat, Semantics};
use rustc_apfloat::{Float, FloatConvert, Round, Status, StatusAnd};

/// The layout of a format with its exponent range widened to 15 bits.
#[derive(Clone, Copy)]
pub(crate) struct Unbounded<const PRECISION: usize>;

impl<const PRECISION: usize> Semantics for Unbounded<PRECISION> {
    const BITS: usize = PRECISION + 15;
    const EXP_BITS: usize = 15;
}

/// A format of the crate, and how the reference knows it.
pub(crate) trait Reference: Format {
    /// The format itself.
    type Bounded: Float + FloatConvert<Self::Unbounded> + FloatConvert<ieee::Quad>;
    /// Its precision without its exponent range.
    type Unbounded: Float;
}

impl Reference for Binary32 {
    type Bounded = ieee::Single;
    type Unbounded = IeeeFloat<Unbounded<24>>;
}

impl Reference for Binary16 {
    type Bounded = ieee::Half;
    type Unbounded = IeeeFloat<Unbounded<11>>;
}

impl Reference for BFloat16 {
    type Bounded = ieee::BFloat;
    type Unbounded = IeeeFloat<Unbounded<8>>;
}

impl Reference for Float8 {
    type Bounded = ieee::Float8E5M2;
    type Unbounded = IeeeFloat<Unbounded<3>>;
}

fn round(rounding: Rounding) -> Round {
    match rounding {
        Rounding::Rne => Round::NearestTiesToEven,
        Rounding::Rtz => Round::TowardZero,
        Rounding::Rdn => Round::TowardNegative,
        Rounding::Rup => Round::TowardPositive,
        Rounding::Rmm => Round::NearestTiesToAway,
    }
}

fn bounded<F: Reference>(bits: u32) -> F::Bounded {
    F::Bounded::from_bits(u128::from(bits))
}

fn unbounded<F: Reference>(bits: u32) -> F::Unbounded {
    bounded::<F>(bits).convert(&mut false).value
}

fn finish<F: Reference>(result: StatusAnd<F::Bounded>, wide: StatusAnd<F::Unbounded>, invalid: bool) -> Flagged {
    let invalid = invalid || result.status.contains(Status::INVALID_OP);
    if result.value.is_nan() {
        return Flagged::new(F::CANONICAL_NAN, if invalid { Flags::INVALID } else { Flags::NONE });
    }
    assert!(!invalid, "an invalid operation gives a NaN");
    let mut flags = Flags::NONE;
    if result.status.contains(Status::DIV_BY_ZERO) {
        flags |= Flags::DIVIDE_BY_ZERO;
    }
    let inexact = result.status.contains(Status::INEXACT);
    if inexact {
        flags |= Flags::INEXACT;
    }
    if wide.value.is_finite_non_zero() {
        if wide.value.ilogb() > F::Bounded::MAX_EXP {
            flags |= Flags::OVERFLOW;
        }
        if wide.value.ilogb() < F::Bounded::MIN_EXP && inexact {
            flags |= Flags::UNDERFLOW;
        }
    }
    Flagged::new(result.value.to_bits() as u32, flags)
}

fn any_signaling<F: Reference>(operands: &[u32]) -> bool {
    operands.iter().any(|&bits| bounded::<F>(bits).is_signaling())
}

pub(crate) fn add<F: Reference>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    let round = round(rounding);
    let result = bounded::<F>(a).add_r(bounded::<F>(b), round);
    let wide = unbounded::<F>(a).add_r(unbounded::<F>(b), round);
    finish::<F>(result, wide, any_signaling::<F>(&[a, b]))
}

pub(crate) fn sub<F: Reference>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    let round = round(rounding);
    let result = bounded::<F>(a).sub_r(bounded::<F>(b), round);
    let wide = unbounded::<F>(a).sub_r(unbounded::<F>(b), round);
    finish::<F>(result, wide, any_signaling::<F>(&[a, b]))
}

pub(crate) fn mul<F: Reference>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    let round = round(rounding);
    let result = bounded::<F>(a).mul_r(bounded::<F>(b), round);
    let wide = unbounded::<F>(a).mul_r(unbounded::<F>(b), round);
    finish::<F>(result, wide, any_signaling::<F>(&[a, b]))
}

pub(crate) fn div<F: Reference>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    let round = round(rounding);
    let result = bounded::<F>(a).div_r(bounded::<F>(b), round);
    let wide = unbounded::<F>(a).div_r(unbounded::<F>(b), round);
    finish::<F>(result, wide, any_signaling::<F>(&[a, b]))
}

pub(crate) fn fma<F: Reference>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    let (x, y) = (bounded::<F>(a), bounded::<F>(b));
    let undefined = (x.is_infinite() && y.is_zero()) || (x.is_zero() && y.is_infinite());
    let round = round(rounding);
    let result = x.mul_add_r(y, bounded::<F>(c), round);
    let wide = unbounded::<F>(a).mul_add_r(unbounded::<F>(b), unbounded::<F>(c), round);
    finish::<F>(result, wide, undefined || any_signaling::<F>(&[a, b, c]))
}

/// The square root, from the host's correctly rounded binary64 root: with 53 bits it is on the same side of every
/// number of `p + 1 <= 25` bits as the true root of a number of `p` bits, and equal to one only where that is.
pub(crate) fn sqrt<F>(a: u32, rounding: Rounding) -> Flagged
where
    F: Reference,
    F::Bounded: FloatConvert<ieee::Double>,
    ieee::Double: FloatConvert<F::Bounded> + FloatConvert<F::Unbounded>,
{
    let operand: ieee::Double = bounded::<F>(a).convert(&mut false).value;
    let negative = operand.is_negative() && !operand.is_zero() && !operand.is_nan();
    let root = f64::from_bits(operand.to_bits() as u64).sqrt();
    let root = ieee::Double::from_bits(u128::from(root.to_bits()));
    let result = root.convert_r(round(rounding), &mut false);
    let wide = root.convert_r(round(rounding), &mut false);
    finish::<F>(result, wide, negative || any_signaling::<F>(&[a]))
}

pub(crate) fn convert<From, To>(a: u32, rounding: Rounding) -> Flagged
where
    From: Reference,
    To: Reference,
    ieee::Quad: FloatConvert<To::Bounded> + FloatConvert<To::Unbounded>,
{
    let operand: ieee::Quad = bounded::<From>(a).convert(&mut false).value;
    let result = operand.convert_r(round(rounding), &mut false);
    let wide = operand.convert_r(round(rounding), &mut false);
    finish::<To>(result, wide, any_signaling::<From>(&[a]))
}

/// The integer of `width` bits, as RISC-V saturates it.
pub(crate) fn to_int<F: Reference>(a: u32, width: u32, signed: bool, rounding: Rounding) -> Flagged {
    let operand = bounded::<F>(a);
    let mask = u32::MAX >> (32 - width);
    let mut exact = false;
    let (status, bits) = if signed {
        let StatusAnd { status, value } = operand.to_i128_r(width as usize, round(rounding), &mut exact);
        (status, value as u32 & mask)
    } else {
        let StatusAnd { status, value } = operand.to_u128_r(width as usize, round(rounding), &mut exact);
        (status, value as u32 & mask)
    };
    if status.contains(Status::INVALID_OP) {
        let up = operand.is_nan() || !operand.is_negative();
        let bound = match (signed, up) {
            (true, true) => mask >> 1,
            (true, false) => mask ^ (mask >> 1),
            (false, true) => mask,
            (false, false) => 0,
        };
        return Flagged::new(bound, Flags::INVALID);
    }
    Flagged::new(
        bits,
        if status.contains(Status::INEXACT) {
            Flags::INEXACT
        } else {
            Flags::NONE
        },
    )
}

pub(crate) fn from_int<F: Reference>(value: i64, rounding: Rounding) -> Flagged {
    let result = F::Bounded::from_i128_r(i128::from(value), round(rounding));
    let wide = F::Unbounded::from_i128_r(i128::from(value), round(rounding));
    finish::<F>(result, wide, false)
}

/// The bit of `fclass` that the manual's table gives each class.
pub(crate) fn class<F: Reference>(bits: u32) -> u32 {
    let number = bounded::<F>(bits);
    let negative = number.is_negative();
    let bit = if number.is_nan() {
        if number.is_signaling() { 8 } else { 9 }
    } else if number.is_infinite() {
        if negative { 0 } else { 7 }
    } else if number.is_zero() {
        if negative { 3 } else { 4 }
    } else if number.is_denormal() {
        if negative { 2 } else { 5 }
    } else if negative {
        1
    } else {
        6
    };
    1 << bit
}

/// Compares from APFloat's ordering, quiet where `quiet` says so.
fn compare<F: Reference>(a: u32, b: u32, quiet: bool, holds: fn(&F::Bounded, &F::Bounded) -> bool) -> Flagged {
    let (x, y) = (bounded::<F>(a), bounded::<F>(b));
    let invalid = any_signaling::<F>(&[a, b]) || !quiet && (x.is_nan() || y.is_nan());
    Flagged::new(
        u32::from(holds(&x, &y)),
        if invalid { Flags::INVALID } else { Flags::NONE },
    )
}

pub(crate) fn eq<F: Reference>(a: u32, b: u32) -> Flagged {
    compare::<F>(a, b, true, |x, y| x == y)
}

pub(crate) fn lt<F: Reference>(a: u32, b: u32) -> Flagged {
    compare::<F>(a, b, false, |x, y| x < y)
}

pub(crate) fn le<F: Reference>(a: u32, b: u32) -> Flagged {
    compare::<F>(a, b, false, |x, y| x <= y)
}

/// Minimum or maximum in the words of the manual.
fn pick<F: Reference>(a: u32, b: u32, smaller: bool) -> Flagged {
    let (x, y) = (bounded::<F>(a), bounded::<F>(b));
    let bits = match (x.is_nan(), y.is_nan()) {
        (true, true) => F::CANONICAL_NAN,
        (true, false) => b,
        (false, true) => a,
        (false, false) if x == y && x.is_zero() => match (x.is_negative(), smaller) {
            (true, true) | (false, false) => a,
            (false, true) | (true, false) => b,
        },
        (false, false) if (x < y) == smaller => a,
        (false, false) => b,
    };
    let invalid = any_signaling::<F>(&[a, b]);
    Flagged::new(bits, if invalid { Flags::INVALID } else { Flags::NONE })
}

pub(crate) fn min<F: Reference>(a: u32, b: u32) -> Flagged {
    pick::<F>(a, b, true)
}

pub(crate) fn max<F: Reference>(a: u32, b: u32) -> Flagged {
    pick::<F>(a, b, false)
}

/// A finite number as an integer multiple of 2^-300.
fn scaled<F: Reference>(bits: u32) -> BigInt {
    let field = (bits & F::INFINITY) >> F::MANTISSA_BITS;
    let mantissa = bits & ((1 << F::MANTISSA_BITS) - 1);
    let significand = if field == 0 {
        mantissa
    } else {
        mantissa | 1 << F::MANTISSA_BITS
    };
    let bias = (1 << (F::EXPONENT_BITS - 1)) - 1;
    let shift = 300 + field.max(1) as i32 - bias - F::MANTISSA_BITS as i32;
    let sign = if bits & F::SIGN != 0 { Sign::Minus } else { Sign::Plus };
    BigInt::from_biguint(sign, significand.into()) << shift
}

/// The sum of products and an addend, rounded once: the integer sum, read back from hexadecimal text.
pub(crate) fn sum_of_products<Narrow: Reference, Wide: Reference>(
    products: &[(u32, u32)],
    addend: Option<u32>,
    rounding: Rounding,
) -> Flagged {
    let mut invalid = addend.is_some_and(|c| any_signaling::<Wide>(&[c]));
    let mut nan = addend.is_some_and(|c| bounded::<Wide>(c).is_nan());
    let (mut plus, mut minus) = (false, false);
    let mut zero_signs = Vec::new();
    let mut sum = BigInt::ZERO;
    for &(a, b) in products {
        let (x, y) = (bounded::<Narrow>(a), bounded::<Narrow>(b));
        let negative = x.is_negative() != y.is_negative();
        invalid |= any_signaling::<Narrow>(&[a, b]);
        nan |= x.is_nan() || y.is_nan();
        if x.is_nan() || y.is_nan() {
        } else if x.is_infinite() || y.is_infinite() {
            invalid |= x.is_zero() || y.is_zero();
            *(if negative { &mut minus } else { &mut plus }) = true;
        } else if x.is_zero() || y.is_zero() {
            zero_signs.push(negative);
        } else {
            sum += (scaled::<Narrow>(a) * scaled::<Narrow>(b)) >> 300;
            zero_signs.extend([true, false]);
        }
    }
    if let Some(c) = addend {
        let z = bounded::<Wide>(c);
        if z.is_infinite() {
            *(if z.is_negative() { &mut minus } else { &mut plus }) = true;
        } else if z.is_zero() {
            zero_signs.push(z.is_negative());
        } else if !z.is_nan() {
            sum += scaled::<Wide>(c);
            zero_signs.extend([true, false]);
        }
    }
    let text = if invalid || nan {
        "nan".to_owned()
    } else if plus && minus {
        invalid = true;
        "nan".to_owned()
    } else if plus || minus {
        if plus { "inf" } else { "-inf" }.to_owned()
    } else if sum == BigInt::ZERO {
        let negative = if zero_signs.iter().all(|&sign| sign == zero_signs[0]) {
            zero_signs[0]
        } else {
            rounding == Rounding::Rdn
        };
        if negative { "-0.0" } else { "0.0" }.to_owned()
    } else {
        let sign = if sum.sign() == Sign::Minus { "-" } else { "" };
        format!("{sign}0x{:x}p-300", sum.magnitude())
    };
    let result = Wide::Bounded::from_str_r(&text, round(rounding)).expect("a number as text");
    let wide = Wide::Unbounded::from_str_r(&text, round(rounding)).expect("a number as text");
    finish::<Wide>(result, wide, invalid)
}

/// Deterministic random numbers (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (self.bits() % u64::from(bound)) as u32
    }

    pub(crate) fn rounding(&mut self) -> Rounding {
        Rounding::ALL[self.below(5) as usize]
    }

    /// An operand: any bits, a corner, or a number with few mantissa bits set.
    pub(crate) fn operand<F: Format>(&mut self) -> u32 {
        let any = self.bits() as u32 & (F::SIGN | (F::SIGN - 1));
        match self.below(8) {
            0 => {
                let corners = corners::<F>();
                corners[self.below(corners.len() as u32) as usize]
            }
            1 | 2 => any & !(F::MANTISSA >> self.below(F::MANTISSA_BITS + 1)),
            3 => any | (F::MANTISSA & (F::MANTISSA >> self.below(F::MANTISSA_BITS + 1))),
            _ => any,
        }
    }

    /// A magnitude whose exponent is within `spread` of the given one, clamped to the format, with any sign.
    pub(crate) fn near<F: Format>(&mut self, exponent: i32, spread: u32) -> u32 {
        let exponent = exponent + self.below(2 * spread + 1) as i32 - spread as i32;
        let field = (exponent + F::BIAS).clamp(0, 2 * F::BIAS) as u32;
        let noise = self.operand::<F>();
        (noise & (F::SIGN | F::MANTISSA)) | field << F::MANTISSA_BITS
    }
}

/// The operands that arithmetic goes wrong at: zeros, the ends of subnormals and normals, ones, infinities, NaNs, and
/// their neighbours.
pub(crate) fn corners<F: Format>() -> Vec<u32> {
    let one = (F::BIAS as u32) << F::MANTISSA_BITS;
    let least = F::MANTISSA + 1;
    let mut corners = vec![
        0,
        1,
        2,
        3,
        F::MANTISSA - 1,
        F::MANTISSA,
        least,
        least + 1,
        2 * least,
        2 * least - 1,
    ];
    corners.extend([one - 1, one, one + 1, one + F::QUIET, one + least, one + F::MANTISSA]);
    corners.extend([
        F::INFINITY - 2,
        F::INFINITY - 1,
        F::INFINITY,
        F::INFINITY + 1,
        F::CANONICAL_NAN,
        F::SIGN - 1,
    ]);
    corners.extend([F::INFINITY - least, F::INFINITY - F::QUIET, F::CANONICAL_NAN - 1]);
    let negated: Vec<u32> = corners.iter().map(|bits| bits | F::SIGN).collect();
    corners.extend(negated);
    corners
}

/// The unbiased exponent of a normal number, or the least one.
pub(crate) fn exponent<F: Format>(bits: u32) -> i32 {
    (((bits & F::INFINITY) >> F::MANTISSA_BITS) as i32).max(1) - F::BIAS
}
