//! The exact path: unpack, compute without error, round once, pack. Integer arithmetic only; it is the reference that
//! the fast path has to equal, and serves every operand that the fast path declines.
//!
//! Invariant: [`round_off`] is the only place that knows the rounding modes, and [`round_normalised`] the only one that
//! packs a rounded result and knows overflow and underflow.

use super::{Flagged, Flags, Format, Rounding};

/// A finite number other than zero: `significand * 2^exponent`, negated if `negative`. The significand of an unpacked
/// operand has at most 24 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    pub(super) negative: bool,
    pub(super) exponent: i32,
    pub(super) significand: u128,
}

/// What an operand is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Nan { signaling: bool },
    Infinite { negative: bool },
    Zero { negative: bool },
    Finite(Term),
}

/// The number 1.
const ONE: Value = Value::Finite(Term {
    negative: false,
    exponent: 0,
    significand: 1,
});

/// The canonical NaN of a format, NV if `invalid`.
fn nan<F: Format>(invalid: bool) -> Flagged {
    Flagged::new(F::CANONICAL_NAN, Flags::INVALID.when(invalid))
}

/// The sign bit of a format where `negative`.
#[inline]
fn sign<F: Format>(negative: bool) -> u32 {
    if negative { F::SIGN } else { 0 }
}

/// `significand / 2^shift` as an integer, rounded, and whether that lost anything. `shift` is 1..=64.
#[inline]
fn round_off(significand: u64, shift: u32, negative: bool, rounding: Rounding) -> (u64, bool) {
    const HALF: u64 = 1 << 63;
    let kept = significand.checked_shr(shift).unwrap_or(0);
    let rest = significand << (64 - shift);
    let up = match rounding {
        Rounding::Rne => (rest > HALF) | ((rest == HALF) & (kept & 1 == 1)),
        Rounding::Rtz => false,
        Rounding::Rdn => negative & (rest != 0),
        Rounding::Rup => !negative & (rest != 0),
        Rounding::Rmm => rest >= HALF,
    };
    (kept + u64::from(up), rest != 0)
}

/// `value >> shift`, the lowest bit set if anything was lost, so that no later rounding mistakes it for exact.
fn shift_right_sticky(value: u128, shift: u32) -> u128 {
    if value.trailing_zeros() >= shift {
        value >> shift
    } else {
        value.checked_shr(shift).unwrap_or(0) | 1
    }
}

/// The number `significand * 2^(exponent - 63)` in format `F`: the one place where a result is rounded and packed, and
/// where overflow and underflow are seen. Bit 63 of the significand is set, bit 0 may be sticky.
#[inline]
pub(super) fn round_normalised<F: Format>(
    negative: bool,
    exponent: i32,
    significand: u64,
    rounding: Rounding,
) -> Flagged {
    let dropped = 63 - F::MANTISSA_BITS;
    let sign = sign::<F>(negative);
    let least = F::MIN_EXPONENT;
    let (magnitude, inexact, underflow) = if exponent >= least {
        let (kept, inexact) = round_off(significand, dropped, negative, rounding);
        // The hidden bit of `kept` adds one to the field.
        (
            (i64::from(exponent - least) << F::MANTISSA_BITS) + kept as i64,
            inexact,
            false,
        )
    } else {
        let shift = dropped + (least - exponent) as u32;
        let (kept, inexact) = match shift {
            ..=64 => round_off(significand, shift, negative, rounding),
            _ => round_off(1, 64, negative, rounding),
        };
        // Tiny unless, were the exponent unbounded, the number would round up to the least normal one.
        let (unbounded, _) = round_off(significand, dropped, negative, rounding);
        let tiny = exponent < least - 1 || unbounded >> (F::MANTISSA_BITS + 1) == 0;
        (kept as i64, inexact, inexact && tiny)
    };
    if magnitude >= i64::from(F::INFINITY) {
        let to_infinity = match rounding {
            Rounding::Rne | Rounding::Rmm => true,
            Rounding::Rtz => false,
            Rounding::Rdn => negative,
            Rounding::Rup => !negative,
        };
        let magnitude = if to_infinity { F::INFINITY } else { F::MAX_FINITE };
        return Flagged::new(sign | magnitude, Flags::OVERFLOW | Flags::INEXACT);
    }
    Flagged::new(
        sign | magnitude as u32,
        Flags::INEXACT.when(inexact) | Flags::UNDERFLOW.when(underflow),
    )
}

impl Term {
    /// The same number with its leading bit at bit 125: room for a carry below the sign of an `i128`.
    fn normalised(self) -> Term {
        let zeros = self.significand.leading_zeros();
        let significand = match zeros {
            0..2 => shift_right_sticky(self.significand, 2 - zeros),
            _ => self.significand << (zeros - 2),
        };
        Term {
            significand,
            exponent: self.exponent + 2 - zeros as i32,
            ..self
        }
    }

    fn product(self, other: Term) -> Term {
        Term {
            negative: self.negative ^ other.negative,
            exponent: self.exponent + other.exponent,
            significand: self.significand * other.significand,
        }
    }

    /// The sum of two normalised terms, none if it is zero, and whether it is exact with [`SPARE_BITS`] low bits to
    /// spare; if not, its lowest bit is sticky.
    fn plus(self, other: Term) -> (Option<Term>, bool) {
        let (large, small) = if self.exponent >= other.exponent {
            (self, other)
        } else {
            (other, self)
        };
        let distance = (large.exponent - small.exponent) as u32;
        let exact = small.significand.trailing_zeros() >= distance + SPARE_BITS;
        let aligned = shift_right_sticky(small.significand, distance);
        let (negative, significand) = if large.negative == small.negative {
            (large.negative, large.significand + aligned)
        } else if large.significand >= aligned {
            (large.negative, large.significand - aligned)
        } else {
            (small.negative, aligned - large.significand)
        };
        let sum = Term {
            negative,
            exponent: large.exponent,
            significand,
        };
        ((significand != 0).then(|| sum.normalised()), exact)
    }

    /// The number in format `F`.
    fn round<F: Format>(self, rounding: Rounding) -> Flagged {
        let up = self.significand.leading_zeros();
        let significand = shift_right_sticky(self.significand << up, 64) as u64;
        round_normalised::<F>(self.negative, self.exponent + 127 - up as i32, significand, rounding)
    }

    /// The number as an integer, and whether that lost anything; none if its magnitude is 2^40 or more.
    pub(super) fn round_to_integer(self, rounding: Rounding) -> Option<(i64, bool)> {
        let top = self.exponent + 128 - self.significand.leading_zeros() as i32;
        if top > 40 {
            return None;
        }
        let (magnitude, inexact) = match self.exponent {
            0.. => ((self.significand << self.exponent) as u64, false),
            -64..0 => round_off(self.significand as u64, -self.exponent as u32, self.negative, rounding),
            _ => round_off(1, 64, self.negative, rounding),
        };
        Some((
            if self.negative {
                -(magnitude as i64)
            } else {
                magnitude as i64
            },
            inexact,
        ))
    }
}

impl Value {
    /// What the low bits of `bits` are in format `F`.
    pub(super) fn unpack<F: Format>(bits: u32) -> Value {
        let negative = F::is_negative(bits);
        let magnitude = F::magnitude(bits);
        let field = (magnitude >> F::MANTISSA_BITS) as i32;
        let mantissa = magnitude & F::MANTISSA;
        if magnitude > F::INFINITY {
            Value::Nan {
                signaling: F::is_signaling(bits),
            }
        } else if magnitude == F::INFINITY {
            Value::Infinite { negative }
        } else if magnitude == 0 {
            Value::Zero { negative }
        } else {
            let hidden = if field == 0 { 0 } else { F::MANTISSA + 1 };
            let exponent = field.max(1) - F::BIAS - F::MANTISSA_BITS as i32;
            Value::Finite(Term {
                negative,
                exponent,
                significand: u128::from(mantissa | hidden),
            })
        }
    }

    fn is_signaling(self) -> bool {
        matches!(self, Value::Nan { signaling: true })
    }

    fn is_negative(self) -> bool {
        match self {
            Value::Nan { .. } => false,
            Value::Infinite { negative } | Value::Zero { negative } => negative,
            Value::Finite(term) => term.negative,
        }
    }

    /// The exact product; none for infinity times zero.
    fn times(self, other: Value) -> Option<Value> {
        let negative = self.is_negative() ^ other.is_negative();
        Some(match (self, other) {
            (Value::Nan { .. }, _) | (_, Value::Nan { .. }) => Value::Nan { signaling: false },
            (Value::Infinite { .. }, Value::Zero { .. }) | (Value::Zero { .. }, Value::Infinite { .. }) => return None,
            (Value::Infinite { .. }, _) | (_, Value::Infinite { .. }) => Value::Infinite { negative },
            (Value::Zero { .. }, _) | (_, Value::Zero { .. }) => Value::Zero { negative },
            (Value::Finite(a), Value::Finite(b)) => Value::Finite(a.product(b)),
        })
    }
}

/// Low bits of an exact sum that stay zero, so that neither a carry of the few terms summed nor a sticky bit meets them.
const SPARE_BITS: u32 = 8;

/// The sum of `terms`, sorted from large to small: exact, or with a sticky lowest bit far below what any format keeps.
///
/// A term has at most 48 significant bits, an exact sum 118. So a term that does not fit below the sum so far is, like
/// all that follow it, more than 2^66 times smaller than that sum, whatever cancelled before: only the sign of their
/// own sum, and that it is not zero, matter to the result.
fn sum(terms: &[Term]) -> Option<Term> {
    let (first, rest) = terms.split_first()?;
    let mut total = Some(first.normalised());
    for (index, term) in rest.iter().enumerate() {
        let Some(so_far) = total else {
            total = Some(term.normalised());
            continue;
        };
        let (next, exact) = so_far.plus(term.normalised());
        if !exact {
            return match sum(&rest[index..]) {
                Some(tail) => so_far.plus(tail).0,
                None => Some(so_far),
            };
        }
        total = next;
    }
    total
}

/// The most products that [`accumulate`] takes: four lanes of 8 bits.
const MAX_PRODUCTS: usize = 4;

/// The sum of `products` and, where there is one, `addend`, rounded once to format `F`.
fn accumulate<F: Format>(addend: Option<Value>, products: &[(Value, Value)], rounding: Rounding) -> Flagged {
    let mut invalid = addend.is_some_and(Value::is_signaling);
    let mut not_a_number = false;
    let mut infinities = [false; 2];
    let mut zeros = [false; 2];
    let mut terms = [Term {
        negative: false,
        exponent: 0,
        significand: 0,
    }; MAX_PRODUCTS + 1];
    let mut count = 0;
    let mut take = |value: Value| match value {
        Value::Nan { .. } => not_a_number = true,
        Value::Infinite { negative } => infinities[usize::from(negative)] = true,
        Value::Zero { negative } => zeros[usize::from(negative)] = true,
        Value::Finite(term) => {
            terms[count] = term;
            count += 1;
        }
    };
    for &(a, b) in products {
        invalid |= a.is_signaling() || b.is_signaling();
        match a.times(b) {
            Some(product) => take(product),
            None => invalid = true,
        }
    }
    if let Some(addend) = addend {
        take(addend);
    }

    let opposed = infinities == [true; 2];
    if invalid || not_a_number || opposed {
        return nan::<F>(invalid || (opposed && !not_a_number));
    }
    if infinities != [false; 2] {
        return Flagged::exact(sign::<F>(infinities[1]) | F::INFINITY);
    }
    let terms = &mut terms[..count];
    terms.sort_unstable_by_key(|term| std::cmp::Reverse(term.exponent - term.significand.leading_zeros() as i32));
    match sum(terms) {
        Some(total) => total.round::<F>(rounding),
        None => {
            let negative = if count == 0 && zeros != [true; 2] {
                zeros[1]
            } else {
                rounding == Rounding::Rdn
            };
            Flagged::exact(sign::<F>(negative))
        }
    }
}

/// `a * b + c` with narrow factors, wide addend and wide result.
#[cold]
pub(super) fn fma<Narrow: Format, Wide: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Flagged {
    let product = (Value::unpack::<Narrow>(a), Value::unpack::<Narrow>(b));
    accumulate::<Wide>(Some(Value::unpack::<Wide>(c)), &[product], rounding)
}

/// `a * b` with narrow factors and a wide result.
#[cold]
pub(super) fn mul<Narrow: Format, Wide: Format>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    accumulate::<Wide>(
        None,
        &[(Value::unpack::<Narrow>(a), Value::unpack::<Narrow>(b))],
        rounding,
    )
}

/// `a + b`.
#[cold]
pub(super) fn add<F: Format>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    accumulate::<F>(Some(Value::unpack::<F>(b)), &[(Value::unpack::<F>(a), ONE)], rounding)
}

/// The sum of the products of the lanes of `a` and `b`, and of `addend` where there is one.
#[cold]
pub(super) fn dot<Narrow: Format, Wide: Format>(a: u32, b: u32, addend: Option<u32>, rounding: Rounding) -> Flagged {
    let mut products = [(ONE, ONE); MAX_PRODUCTS];
    let lanes = (u32::BITS / Narrow::WIDTH) as usize;
    for (lane, product) in products[..lanes].iter_mut().enumerate() {
        let shift = lane as u32 * Narrow::WIDTH;
        *product = (Value::unpack::<Narrow>(a >> shift), Value::unpack::<Narrow>(b >> shift));
    }
    accumulate::<Wide>(addend.map(Value::unpack::<Wide>), &products[..lanes], rounding)
}

/// `a / b`.
#[cold]
pub(super) fn div<F: Format>(a: u32, b: u32, rounding: Rounding) -> Flagged {
    let (a, b) = (Value::unpack::<F>(a), Value::unpack::<F>(b));
    let sign = sign::<F>(a.is_negative() ^ b.is_negative());
    match (a, b) {
        (Value::Nan { .. }, _) | (_, Value::Nan { .. }) => nan::<F>(a.is_signaling() || b.is_signaling()),
        (Value::Infinite { .. }, Value::Infinite { .. }) | (Value::Zero { .. }, Value::Zero { .. }) => nan::<F>(true),
        (Value::Infinite { .. }, _) => Flagged::exact(sign | F::INFINITY),
        (Value::Zero { .. }, _) | (_, Value::Infinite { .. }) => Flagged::exact(sign),
        (_, Value::Zero { .. }) => Flagged::new(sign | F::INFINITY, Flags::DIVIDE_BY_ZERO),
        (Value::Finite(a), Value::Finite(b)) => {
            let up = (a.significand as u64).leading_zeros();
            let dividend = (a.significand as u64) << up;
            let divisor = b.significand as u64;
            let sticky = u64::from(!dividend.is_multiple_of(divisor));
            Term {
                negative: sign != 0,
                exponent: a.exponent - b.exponent - up as i32 - 1,
                significand: u128::from(dividend / divisor) << 1 | u128::from(sticky),
            }
            .round::<F>(rounding)
        }
    }
}

/// The square root of `a`.
#[cold]
pub(super) fn sqrt<F: Format>(a: u32, rounding: Rounding) -> Flagged {
    match Value::unpack::<F>(a) {
        Value::Nan { signaling } => nan::<F>(signaling),
        Value::Zero { negative } => Flagged::exact(sign::<F>(negative)),
        Value::Infinite { negative: true } | Value::Finite(Term { negative: true, .. }) => nan::<F>(true),
        Value::Infinite { negative: false } => Flagged::exact(F::INFINITY),
        Value::Finite(term) => {
            let significand = term.significand as u64;
            let spare = significand.leading_zeros();
            let up = spare - ((spare as i32 - term.exponent) & 1) as u32;
            let radicand = significand << up;
            let root = radicand.isqrt();
            let sticky = u64::from(root * root != radicand);
            Term {
                negative: false,
                exponent: (term.exponent - up as i32) / 2 - 1,
                significand: u128::from(root << 1 | sticky),
            }
            .round::<F>(rounding)
        }
    }
}

/// `bits` of format `From` in format `To`.
#[cold]
pub(super) fn convert<From: Format, To: Format>(bits: u32, rounding: Rounding) -> Flagged {
    match Value::unpack::<From>(bits) {
        Value::Nan { signaling } => nan::<To>(signaling),
        Value::Infinite { negative } => Flagged::exact(sign::<To>(negative) | To::INFINITY),
        Value::Zero { negative } => Flagged::exact(sign::<To>(negative)),
        Value::Finite(term) => term.round::<To>(rounding),
    }
}
