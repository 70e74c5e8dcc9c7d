//! The fast path: the host's binary64 arithmetic in front of the one rounding of the exact path.
//!
//! A result of at most 24 bits needs no more of the true value than 53 bits that are *rounded to odd*: where the
//! 53-bit value is inexact its last bit is set, so it is never mistaken for a tie or for an exact result, in any mode
//! (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE
//! Transactions on Computers 57(4), 2008). What is left is one rounding of that value, by [`round_normalised`], before
//! which [`round_to_nearest`] is a short cut for normal results in the mode that nearly every program uses.
//!
//! Invariant: a function returns what the exact path returns, or none; it declines infinities, NaNs, divisions by zero
//! and results that are zero, whose sign may depend on the mode.

use super::exact::round_normalised;
use super::{Binary16, Binary32, Flagged, Flags, Format, Rounding};

/// Bits of the host format's mantissa field.
const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
/// The host format's exponent bias.
const BIAS: i32 = f64::MAX_EXP - 1;

/// A number of format `F`, exactly; infinities and NaNs become a NaN or an infinity.
#[inline(always)]
fn widen<F: Format>(bits: u32) -> f64 {
    if F::EXPONENT_BITS == 8 {
        return f64::from(f32::from_bits(bits << (u32::BITS - F::WIDTH)));
    }
    let magnitude = F::magnitude(bits);
    let least = F::MANTISSA + 1;
    let value = if magnitude.wrapping_sub(least) < F::INFINITY - least {
        let rebias = ((BIAS - F::BIAS) as u64) << MANTISSA_BITS;
        f64::from_bits((u64::from(magnitude) << (MANTISSA_BITS - F::MANTISSA_BITS)) + rebias)
    } else if magnitude < least {
        let unit = (BIAS + F::MIN_EXPONENT - F::MANTISSA_BITS as i32) as u64;
        f64::from(magnitude) * f64::from_bits(unit << MANTISSA_BITS)
    } else {
        f64::INFINITY
    };
    let sign = u64::from(bits & F::SIGN) << (u64::BITS - F::WIDTH);
    f64::from_bits(value.to_bits() | sign)
}

/// Whether `sum`, the host's sum of `x` and `y`, is exact: of the two differences, that with the larger operand is, and
/// it equals the smaller operand if the sum is.
#[inline(always)]
pub(super) fn is_exact(sum: f64, x: f64, y: f64) -> bool {
    (sum - x == y) & (sum - y == x)
}

/// `x + y` to the bits that decide its rounding to format `F`: exact, or rounded to odd, or clear of every number and
/// every tie of that format.
#[inline(always)]
fn sum<F: Format>(x: f64, y: f64) -> f64 {
    let sum = x + y;
    let tie = 1u64 << (MANTISSA_BITS - F::MANTISSA_BITS - 1);
    let neither_number_nor_tie = sum.to_bits() & (tie - 1) != 0;
    if neither_number_nor_tie || is_exact(sum, x, y) || !sum.is_finite() {
        return sum;
    }
    // The error of the sum (Knuth's TwoSum) says on which side of it the odd neighbour lies; `sum` itself is even.
    let y_part = sum - x;
    let error = (x - (sum - y_part)) + (y - y_part);
    let away_from_zero = (error > 0.0) == (sum > 0.0);
    f64::from_bits(if away_from_zero {
        sum.to_bits() + 1
    } else {
        sum.to_bits() - 1
    })
}

/// `value` in format `F`.
#[inline(always)]
fn round<F: Format>(value: f64, rounding: Rounding) -> Option<Flagged> {
    if rounding == Rounding::Rne
        && let Some(result) = round_to_nearest::<F>(value)
    {
        return Some(result);
    }
    let bits = value.to_bits();
    let exponent = (bits >> MANTISSA_BITS) as i32 & (2 * BIAS + 1);
    let significand = bits << (63 - MANTISSA_BITS) | 1 << 63;
    value
        .is_normal()
        .then(|| round_normalised::<F>(value.is_sign_negative(), exponent - BIAS, significand, rounding))
}

/// [`round`] to nearest even, if that gives a normal number: there, NX is all it can raise. The host rounds to multiples
/// of the least subnormal what it then returns as the least normal number, so that one is not taken from it.
#[inline(always)]
fn round_to_nearest<F: Format>(value: f64) -> Option<Flagged> {
    if F::WIDTH == u32::BITS {
        let result = value as f32;
        let settled = (result.abs() > f32::MIN_POSITIVE) & (result.abs() < f32::INFINITY);
        return settled.then(|| Flagged::new(result.to_bits(), Flags::INEXACT.when(f64::from(result) != value)));
    }
    let dropped = MANTISSA_BITS - F::MANTISSA_BITS;
    let bits = value.to_bits() & (u64::MAX >> 1);
    let below_half = (1 << (dropped - 1)) - 1 + (bits >> dropped & 1);
    let rebias = ((BIAS - F::BIAS) as u64) << F::MANTISSA_BITS;
    let magnitude = ((bits + below_half) >> dropped).wrapping_sub(rebias);
    let least = u64::from(F::MANTISSA) + 1;
    let settled = (magnitude >= least) & (magnitude < u64::from(F::INFINITY));
    let sign = (value.to_bits() >> (u64::BITS - F::WIDTH)) as u32 & F::SIGN;
    let inexact = bits & ((1 << dropped) - 1) != 0;
    settled.then(|| Flagged::new(sign | magnitude as u32, Flags::INEXACT.when(inexact)))
}

/// `a + b`.
#[inline]
pub(super) fn add<F: Format>(a: u32, b: u32, rounding: Rounding) -> Option<Flagged> {
    round::<F>(sum::<F>(widen::<F>(a), widen::<F>(b)), rounding)
}

/// `a * b`, narrow factors and a wide result: a product of 24-bit numbers is exact.
#[inline]
pub(super) fn mul<Narrow: Format, Wide: Format>(a: u32, b: u32, rounding: Rounding) -> Option<Flagged> {
    round::<Wide>(widen::<Narrow>(a) * widen::<Narrow>(b), rounding)
}

/// `a * b + c`, narrow factors, wide addend and result.
#[inline(always)]
pub(super) fn fma<Narrow: Format, Wide: Format>(a: u32, b: u32, c: u32, rounding: Rounding) -> Option<Flagged> {
    let product = widen::<Narrow>(a) * widen::<Narrow>(b);
    round::<Wide>(sum::<Wide>(product, widen::<Wide>(c)), rounding)
}

/// `a * b + c` in binary32, to nearest even, for any operands; quickly if the host has a fused operation and the result is
/// normal or exact.
#[inline(always)]
pub(super) fn fma_single(a: u32, b: u32, c: u32) -> Flagged {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the host has the one feature that the function needs.
        #[allow(unsafe_code)]
        return unsafe { host_single(a, b, c) };
    }
    super::fma_otherwise::<Binary32>(a, b, c, Rounding::Rne)
}

/// The host's own fused operation, on which alone the next of a chain of them waits; beside it the host's binary64 tells
/// whether the result is exact.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "fma")]
fn host_single(a: u32, b: u32, c: u32) -> Flagged {
    let [x, y, z] = [a, b, c].map(f32::from_bits);
    let result = x.mul_add(y, z);
    let magnitude = result.to_bits() & (u32::MAX >> 1);
    let least = Binary32::MANTISSA + 2;
    let inexact = !is_exact(f64::from(result), f64::from(x) * f64::from(y), f64::from(z));
    // Nothing is exact that comes of an infinity or a NaN.
    if magnitude.wrapping_sub(least) >= Binary32::INFINITY - least && inexact {
        return super::fma_otherwise::<Binary32>(a, b, c, Rounding::Rne);
    }
    Flagged::new(result.to_bits(), Flags::INEXACT.when(inexact))
}

/// `a * b + c` in both lanes of packed binary16, to nearest even, for any operands; quickly if both lanes are settled by a
/// straight line.
#[inline(always)]
pub(super) fn fma_lanes(a: u32, b: u32, c: u32) -> Flagged {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("f16c") {
        // SAFETY: the host has the one feature that the function needs.
        #[allow(unsafe_code)]
        return unsafe { host_lanes(a, b, c) };
    }
    portable_lanes(a, b, c).unwrap_or_else(|| super::fma_each_lane::<Binary16>(a, b, c, Rounding::Rne))
}

/// [`portable_lanes`] with the host's conversions from and to binary16: half as long from an operand to the result, and zeros
/// and subnormal results are settled as well. Numbers and ties of binary16 below the normal ones are numbers and ties of more
/// bits above them, so the same sums need care; who is inexact there underflows.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "f16c")]
fn host_lanes(a: u32, b: u32, c: u32) -> Flagged {
    use std::arch::x86_64::*;
    let wide = |x: u32| _mm_cvtph_ps(_mm_cvtsi32_si128(x as i32));
    let addend = wide(c);
    let product = _mm_mul_ps(wide(a), wide(b));
    let sum = _mm_add_ps(product, addend);
    let rounded = _mm_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(sum);
    let bits = _mm_cvtsi128_si32(rounded) as u32;
    let near = _mm_and_si128(_mm_castps_si128(sum), _mm_set1_epi32(0xfff));
    let near = _mm_castsi128_ps(_mm_cmpeq_epi32(near, _mm_setzero_si128()));
    let exact = _mm_and_ps(
        _mm_cmpeq_ps(_mm_sub_ps(sum, product), addend),
        _mm_cmpeq_ps(_mm_sub_ps(sum, addend), product),
    );
    let unknown = _mm_movemask_ps(_mm_andnot_ps(exact, near)) & 3;
    // An infinity or a NaN among the operands makes the result one. The least normal number may have been rounded up to as a
    // subnormal one, which underflows.
    let magnitudes = [bits & 0x7fff, bits >> 16 & 0x7fff];
    if unknown != 0 || magnitudes.iter().any(|half| *half >= 0x7c00 || *half == 0x400) {
        return super::fma_each_lane::<Binary16>(a, b, c, Rounding::Rne);
    }
    let inexact = _mm_movemask_ps(_mm_cmpneq_ps(_mm_cvtph_ps(rounded), sum)) & 3;
    let [low, high] = magnitudes.map(|half| i32::from(half < 0x400));
    let flags = Flags::INEXACT.when(inexact != 0) | Flags::UNDERFLOW.when(inexact & (low | high << 1) != 0);
    Flagged::new(bits, flags)
}

/// A bit for each of the two lanes in which one of the three is an infinity or a NaN.
#[inline(always)]
pub(super) fn special_lanes(a: u32, b: u32, c: u32) -> u32 {
    // The exponent field of all ones carries into the sign's place.
    let carries = |x: u32| (x & 0x7c00_7c00) + 0x0400_0400;
    (carries(a) | carries(b) | carries(c)) & 0x8000_8000
}

/// `a * b + c` in both lanes of packed binary16, to nearest even, if no operand is an infinity or a NaN, both results are
/// normal and neither sum needs care: a straight line for what packed kernels do nearly always.
///
/// A product of two such numbers is exact in the host's binary32. Their sum with the addend, rounded to 24 bits, lies on
/// the same side as the exact sum of every number and every tie of binary16, because those are 24-bit numbers; only where
/// it meets one of them does it matter whether it is exact.
#[inline(always)]
fn portable_lanes(a: u32, b: u32, c: u32) -> Option<Flagged> {
    if special_lanes(a, b, c) != 0 {
        return None;
    }
    let ([a0, a1], [b0, b1], [c0, c1]) = (widen_lanes(a), widen_lanes(b), widen_lanes(c));
    let (p0, p1) = (a0 * b0, a1 * b1);
    let (s0, s1) = (p0 + c0, p1 + c1);
    let near = |sum: f32| sum.to_bits() & 0xfff == 0;
    let exact = |sum: f32, x: f32, y: f32| (sum - x == y) & (sum - y == x);
    if near(s0) && !exact(s0, p0, c0) || near(s1) && !exact(s1, p1, c1) {
        return None;
    }
    let round = |sum: f32| {
        let magnitude = sum.to_bits() & (u32::MAX >> 1);
        ((magnitude + 0xfff + (magnitude >> 13 & 1)) >> 13).wrapping_sub(112 << 10)
    };
    let (low, high) = (round(s0), round(s1));
    let normal = |magnitude: u32| magnitude.wrapping_sub(0x400) < 0x7c00 - 0x400;
    if !(normal(low) & normal(high)) {
        return None;
    }
    let sign = |sum: f32| sum.to_bits() & 1 << 31;
    let bits = sign(s0) >> 16 | sign(s1) | low | high << 16;
    let inexact = (s0.to_bits() | s1.to_bits()) & 0x1fff != 0;
    Some(Flagged::new(bits, Flags::INEXACT.when(inexact)))
}

/// Both lanes of packed binary16 that are finite.
#[inline(always)]
fn widen_lanes(x: u32) -> [f32; 2] {
    let rebias = f32::from_bits((127 + 112) << 23);
    [x << 16, x].map(|lane| f32::from_bits((lane as i32 >> 3) as u32 & 0x8fff_e000) * rebias)
}

/// `a / b`. The quotient of two numbers of `p <= 24` bits that is no number of `p + 1` bits is at least `2^-(2p + 1)`
/// of itself away from all of those, so 53 bits, rounded in any way, are on its side of them.
#[inline]
pub(super) fn div<F: Format>(a: u32, b: u32, rounding: Rounding) -> Option<Flagged> {
    round::<F>(widen::<F>(a) / widen::<F>(b), rounding)
}

/// The square root of `a`; what [`div`] says of quotients holds for roots.
#[inline]
pub(super) fn sqrt<F: Format>(a: u32, rounding: Rounding) -> Option<Flagged> {
    round::<F>(widen::<F>(a).sqrt(), rounding)
}

/// The sum of the products of the lanes of `a` and `b`, and of `addend` where there is one; declined where the products
/// do not add up exactly in 53 bits.
#[inline]
pub(super) fn dot<Narrow: Format, Wide: Format>(
    a: u32,
    b: u32,
    addend: Option<u32>,
    rounding: Rounding,
) -> Option<Flagged> {
    let product = |lane: u32| {
        let shift = lane * Narrow::WIDTH;
        widen::<Narrow>(a >> shift) * widen::<Narrow>(b >> shift)
    };
    let mut products = product(0);
    for lane in 1..u32::BITS / Narrow::WIDTH {
        let (so_far, product) = (products, product(lane));
        products = so_far + product;
        if !is_exact(products, so_far, product) {
            return None;
        }
    }
    match addend {
        Some(addend) => round::<Wide>(sum::<Wide>(products, widen::<Wide>(addend)), rounding),
        None => round::<Wide>(products, rounding),
    }
}

/// `bits` of format `From` in format `To`.
#[inline]
pub(super) fn convert<From: Format, To: Format>(bits: u32, rounding: Rounding) -> Option<Flagged> {
    round::<To>(widen::<From>(bits), rounding)
}

/// An integer of at most 33 bits in format `F`.
#[inline]
pub(super) fn from_int<F: Format>(value: i64, rounding: Rounding) -> Option<Flagged> {
    round::<F>(value as f64, rounding)
}

#[cfg(test)]
mod tests {
    use super::super::{BFloat16, Float8, exact};
    use super::*;

    /// Random operands, many of them near 1, near the ends of the range, or with a short mantissa.
    struct Operands(u64);

    impl Operands {
        fn next<F: Format>(&mut self) -> u32 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (bits, choice) = ((self.0 >> 32) as u32, (self.0 >> 24) as u32 & 7);
            let exponent = match choice {
                0 => 0,
                1 => (bits >> 4) % 3,
                2 => 2 * F::BIAS as u32 + 1 - (bits >> 4) % 3,
                3..6 => (F::BIAS as u32).wrapping_add_signed((bits >> 4) as i32 % 6 - 3),
                _ => return bits & (F::SIGN | (F::SIGN - 1)),
            };
            let mantissa = if bits & 8 == 0 {
                bits >> 8
            } else {
                1 << (bits >> 8 & 31)
            };
            (bits << 31 >> (u32::BITS - F::WIDTH)) | exponent << F::MANTISSA_BITS | (mantissa & F::MANTISSA)
        }
    }

    /// Compares `count` results; the percentage that the fast path did not decline.
    fn agreement(
        name: &str,
        rounding: Rounding,
        count: u32,
        mut results: impl FnMut() -> ([u32; 3], Option<Flagged>, Flagged),
    ) -> u32 {
        let mut taken = 0;
        for _ in 0..count {
            let (operands, fast, exact) = results();
            if let Some(fast) = fast {
                assert_eq!(fast, exact, "{name} of {operands:x?} {rounding:?}");
                taken += 1;
            }
        }
        taken * 100 / count
    }

    fn check<F: Format>(count: u32) {
        for rounding in Rounding::ALL {
            let mut operands = Operands(u64::from(F::MANTISSA));
            let mut triple = || [operands.next::<F>(), operands.next::<F>(), operands.next::<F>()];
            let taken = agreement("fma", rounding, count, || {
                let [a, b, c] = triple();
                (
                    [a, b, c],
                    fma::<F, F>(a, b, c, rounding),
                    exact::fma::<F, F>(a, b, c, rounding),
                )
            });
            assert!(taken > 50, "only {taken} % of multiply-adds were fast");
            if rounding == Rounding::Rne && F::WIDTH == u32::BITS {
                agreement("fused multiply-add", rounding, count, || {
                    let [a, b, c] = triple();
                    let fast = Some(fma_single(a, b, c));
                    ([a, b, c], fast, exact::fma::<F, F>(a, b, c, rounding))
                });
            }
            if rounding == Rounding::Rne && F::EXPONENT_BITS == 5 && F::WIDTH == 16 {
                let mut taken = 0;
                for _ in 0..count {
                    let (low, high) = (triple(), triple());
                    let [a, b, c] = [0, 1, 2].map(|i| low[i] | high[i] << 16);
                    let lane = |shift: u32| {
                        let [a, b, c] = [a, b, c].map(|x| x >> shift & 0xffff);
                        exact::fma::<F, F>(a, b, c, rounding)
                    };
                    let (low, high) = (lane(0), lane(16));
                    let expected = Flagged::new(low.bits | high.bits << 16, low.flags | high.flags);
                    assert_eq!(fma_lanes(a, b, c), expected, "lanes of {a:x} * {b:x} + {c:x}");
                    if let Some(fast) = portable_lanes(a, b, c) {
                        assert_eq!(fast, expected, "lanes of {a:x} * {b:x} + {c:x}");
                        taken += 1;
                    }
                }
                assert!(taken > 0, "no multiply-add took the straight line");
            }
            agreement("add", rounding, count, || {
                let [a, b, c] = triple();
                ([a, b, c], add::<F>(a, b, rounding), exact::add::<F>(a, b, rounding))
            });
            agreement("mul", rounding, count, || {
                let [a, b, c] = triple();
                (
                    [a, b, c],
                    mul::<F, F>(a, b, rounding),
                    exact::mul::<F, F>(a, b, rounding),
                )
            });
            agreement("div", rounding, count, || {
                let [a, b, c] = triple();
                ([a, b, c], div::<F>(a, b, rounding), exact::div::<F>(a, b, rounding))
            });
            agreement("dot", rounding, count, || {
                let [a, b, c] = triple();
                let (high_a, high_b) = (b << (F::WIDTH % 32), c << (F::WIDTH % 32));
                let (a, b) = (a | high_a, b | high_b);
                let fast = dot::<F, Binary32>(a, b, Some(c), rounding);
                ([a, b, c], fast, exact::dot::<F, Binary32>(a, b, Some(c), rounding))
            });
            agreement("convert", rounding, count, || {
                let [a, b, c] = triple();
                (
                    [a, b, c],
                    convert::<F, Float8>(a, rounding),
                    exact::convert::<F, Float8>(a, rounding),
                )
            });
            agreement("sqrt", rounding, count, || {
                let [a, b, c] = triple();
                ([a, b, c], sqrt::<F>(a, rounding), exact::sqrt::<F>(a, rounding))
            });
        }
    }

    #[test]
    fn fast_and_exact_path_agree_in_every_bit_and_flag() {
        check::<Binary32>(200_000);
        check::<Binary16>(200_000);
        check::<BFloat16>(200_000);
        check::<Float8>(200_000);
    }

    #[test]
    #[ignore = "minutes: 30 million operations of each kind, format and mode"]
    fn fast_and_exact_path_agree_for_minutes() {
        check::<Binary32>(30_000_000);
        check::<Binary16>(30_000_000);
        check::<BFloat16>(30_000_000);
    }
}
