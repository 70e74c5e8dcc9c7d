//! Four multiply-adds at once, to nearest even: what the inner loops of kernels are made of. Independent ones are straight
//! lines over arrays, which the compiler turns into the host's vector instructions; of those that sum up in one register
//! none but the last has to reach it.
//!
//! This is neither another definition of the operations nor a complete one; where the straight line does not know a
//! result, it has none, and the caller computes each by itself.
//!
//! Invariant: four results and the union of their flags are what four calls of the single operation give.

use super::Flags;
use super::fast::{is_exact, special_lanes};

/// Operands or results of four operations, a register each.
pub type Four = [u32; 4];

/// `a * b + c` four times in binary32: the host's binary64 holds every product exactly, and a sum that is inexact there is
/// clear of every number and every tie of binary32, or is declined.
#[inline(always)]
pub(super) fn fma_s(a: &Four, b: &Four, c: &Four) -> Option<(Four, Flags)> {
    settle_s::<false>(a, b, c).or_else(|| careful_s(a, b, c))
}

#[inline(never)]
fn careful_s(a: &Four, b: &Four, c: &Four) -> Option<(Four, Flags)> {
    settle_s::<true>(a, b, c)
}

/// With `CAREFUL`, zeros, and sums that are numbers or ties of binary32, are known too where they are exact.
#[inline(always)]
fn settle_s<const CAREFUL: bool>(a: &Four, b: &Four, c: &Four) -> Option<(Four, Flags)> {
    let wide = |x: &Four| x.map(|bits| f64::from(f32::from_bits(bits)));
    let (a, b, c) = (wide(a), wide(b), wide(c));
    let mut results = [0; 4];
    let (mut unknown, mut inexact) = (false, false);
    for i in 0..4 {
        let product = a[i] * b[i];
        let sum = product + c[i];
        let result = sum as f32;
        let near = sum.to_bits() as u32 & 0x0fff_ffff == 0;
        let normal = (result.abs() > f32::MIN_POSITIVE) & (result.abs() < f32::INFINITY);
        unknown |= if CAREFUL {
            let exact = is_exact(sum, product, c[i]);
            near & !exact | !(normal | (sum == 0.0))
        } else {
            near | !normal
        };
        inexact |= f64::from(result) != sum;
        results[i] = result.to_bits();
    }
    (!unknown).then_some((results, Flags::INEXACT.when(inexact)))
}

/// `a * b + c` in both lanes of four packed registers of binary16: the host's binary32 holds every product exactly, and a
/// sum that is inexact there is clear of every number and every tie of binary16, or is declined.
#[inline(always)]
pub(super) fn fma_h(a: &Four, b: &Four, c: &Four) -> Option<(Four, Flags)> {
    settle_h::<false>(a, b, c).or_else(|| careful_h(a, b, c))
}

#[inline(never)]
fn careful_h(a: &Four, b: &Four, c: &Four) -> Option<(Four, Flags)> {
    settle_h::<true>(a, b, c)
}

/// With `CAREFUL`, zeros, and sums that are numbers or ties of binary16, are known too where they are exact.
#[inline(always)]
fn settle_h<const CAREFUL: bool>(a: &Four, b: &Four, c: &Four) -> Option<(Four, Flags)> {
    let special = (0..4).fold(0, |special, i| special | special_lanes(a[i], b[i], c[i]));
    let upper = |x: &Four| x.map(|bits| bits << 16);
    let low = settle_upper_halves::<CAREFUL>(&upper(a), &upper(b), &upper(c));
    let high = settle_upper_halves::<CAREFUL>(a, b, c);
    let known = special | low.unknown | high.unknown == 0;
    let inexact = (low.sums | high.sums) & 0x1fff != 0;
    let results = std::array::from_fn(|i| low.results[i] | high.results[i] << 16);
    known.then_some((results, Flags::INEXACT.when(inexact)))
}

/// Four results in binary16.
struct Halves {
    results: Four,
    /// Not zero where one of them is unknown.
    unknown: u32,
    /// All bits of the sums in binary32.
    sums: u32,
}

/// The multiply-adds of the finite numbers in the upper halves of the operands.
#[inline(always)]
fn settle_upper_halves<const CAREFUL: bool>(a: &Four, b: &Four, c: &Four) -> Halves {
    let rebias = f32::from_bits((127 + 112) << 23);
    let wide = |x: &Four| x.map(|bits| f32::from_bits((bits as i32 >> 3) as u32 & 0x8fff_e000) * rebias);
    let (a, b, c) = (wide(a), wide(b), wide(c));
    let mut results = [0; 4];
    let (mut unknown, mut sums) = (0, 0);
    let mask = |condition: bool| u32::from(condition).wrapping_neg();
    for i in 0..4 {
        let product = a[i] * b[i];
        let sum = product + c[i];
        let bits = sum.to_bits();
        let magnitude = bits & (u32::MAX >> 1);
        let rounded = (magnitude + 0xfff + (magnitude >> 13 & 1)) >> 13;
        let rebiased = rounded.wrapping_sub(112 << 10) as i32;
        let special = mask(rebiased < 0x400) | mask(rebiased >= 0x7c00);
        let near = mask(bits & 0xfff == 0);
        let mut kept = rebiased as u32;
        unknown |= if CAREFUL {
            let exact = mask(sum - product == c[i]) & mask(sum - c[i] == product);
            let zero = mask(sum == 0.0);
            kept &= !zero;
            near & !exact | special & !zero
        } else {
            near | special
        };
        sums |= bits;
        results[i] = bits >> 16 & 0x8000 | kept;
    }
    Halves { results, unknown, sums }
}

/// `c + a * b` four times, each the addend of the next, in both lanes of packed registers of binary16: the last result.
/// Known only where the host has conversions from and to binary16.
#[inline(always)]
pub fn sum_h(a: &Four, b: &Four, c: u32) -> Option<(u32, Flags)> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("f16c") {
        // SAFETY: the host has the one feature that the function needs.
        #[allow(unsafe_code)]
        let (sum, flags) = unsafe { host_sum_h(a, b, c) };
        return (flags != UNKNOWN).then_some((sum, Flags(flags)));
    }
    let _ = (a, b, c);
    None
}

/// What stands for the flags where a sum is not known, so that sums come back in the host's registers.
#[cfg(target_arch = "x86_64")]
const UNKNOWN: u8 = u8::MAX;

/// The sum and its flags. It stays in the host's register; what [`fma_h`] says of a sum that is inexact holds here.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "f16c")]
fn host_sum_h(a: &Four, b: &Four, c: u32) -> (u32, u8) {
    use std::arch::x86_64::*;
    let wide = |x: u32| _mm_cvtph_ps(_mm_cvtsi32_si128(x as i32));
    let magnitudes = _mm_castsi128_ps(_mm_set1_epi32(i32::MAX));
    let (least, beyond) = (_mm_set1_ps(1.0 / 16384.0), _mm_set1_ps(65536.0));
    let mut addend = wide(c);
    let (mut known, mut exact) = (0b11, 0b11);
    for i in 0..4 {
        let product = _mm_mul_ps(wide(a[i]), wide(b[i]));
        let sum = _mm_add_ps(product, addend);
        let bits = _mm_castps_si128(sum);
        let low = _mm_and_si128(bits, _mm_set1_epi32(0xfff));
        let near = _mm_castsi128_ps(_mm_cmpeq_epi32(low, _mm_setzero_si128()));
        // What is no tie is rounded to the nearest by half of the last place and no more bits than that.
        let half = _mm_set1_epi32(0x1000);
        addend = _mm_castsi128_ps(_mm_and_si128(_mm_add_epi32(bits, half), _mm_set1_epi32(!0x1fff)));
        // The least normal number may have been rounded up to as a subnormal one, which underflows.
        let magnitude = _mm_and_ps(addend, magnitudes);
        let normal = _mm_and_ps(_mm_cmpgt_ps(magnitude, least), _mm_cmplt_ps(magnitude, beyond));
        known &= _mm_movemask_ps(_mm_andnot_ps(near, normal));
        exact &= _mm_movemask_ps(_mm_cmpeq_ps(addend, sum));
    }
    let flags = if known == 0b11 {
        Flags::INEXACT.when(exact != 0b11).0
    } else {
        UNKNOWN
    };
    let rounded = _mm_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(addend);
    (_mm_cvtsi128_si32(rounded) as u32, flags)
}

/// `first = a * b + first` (`SUM`) or `first = first * b + c` (Horner's scheme) four times in binary32: the last result. `other`
/// is `a` or `c`. Known only where the host has a fused operation.
#[inline(always)]
pub fn chain_s<const SUM: bool>(other: &Four, b: &Four, first: u32) -> Option<(u32, Flags)> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the host has the one feature that the function needs.
        #[allow(unsafe_code)]
        let (last, flags) = unsafe {
            let [p, q, r, s] = other.map(f32::from_bits);
            let [t, u, v, w] = b.map(f32::from_bits);
            host_chain_s::<SUM>(f32::from_bits(first), p, q, r, s, t, u, v, w)
        };
        return (flags != UNKNOWN).then_some((last.to_bits(), Flags(flags)));
    }
    let _ = (other, b, first);
    None
}

/// The result and its flags; all are known if all of them are normal. The operands come one by one, because then they come
/// in the host's registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "fma")]
#[allow(clippy::too_many_arguments)]
fn host_chain_s<const SUM: bool>(
    mut last: f32,
    p: f32,
    q: f32,
    r: f32,
    s: f32,
    t: f32,
    u: f32,
    v: f32,
    w: f32,
) -> (f32, u8) {
    let (mut known, mut inexact) = (true, false);
    for (other, y) in [(p, t), (q, u), (r, v), (s, w)] {
        let (x, z) = if SUM { (other, last) } else { (last, other) };
        let result = x.mul_add(y, z);
        known &= (result.abs() > f32::MIN_POSITIVE) & (result.abs() < f32::INFINITY);
        // The product is exact in binary64; so is the difference from the larger operand, which then is the other one.
        let (wide, product, addend) = (f64::from(result), f64::from(x) * f64::from(y), f64::from(z));
        inexact |= !is_exact(wide, product, addend);
        last = result;
    }
    let flags = if known { Flags::INEXACT.when(inexact).0 } else { UNKNOWN };
    (last, flags)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::{Binary16, Binary32, Flagged, Rounding, exact};
    use super::*;

    /// Ordinary numbers, and of forty one that is any.
    fn number(exponent_bits: u32, width: u32) -> impl Strategy<Value = u32> {
        let mantissa_bits = width - 1 - exponent_bits;
        let bias = (1u32 << (exponent_bits - 1)) - 1;
        let ends = prop_oneof![0..3u32, 2 * bias - 1..2 * bias + 2, Just(0)];
        let exponent = prop_oneof![39 => bias - 3..bias + 4, 1 => ends];
        let mantissa = prop_oneof![any::<u32>(), Just(0), (0..mantissa_bits).prop_map(|bit| 1 << bit)];
        (any::<bool>(), exponent, mantissa).prop_map(move |(sign, exponent, mantissa)| {
            u32::from(sign) << (width - 1) | exponent << mantissa_bits | mantissa & ((1 << mantissa_bits) - 1)
        })
    }

    pub(in super::super) fn single() -> impl Strategy<Value = u32> {
        number(8, 32)
    }

    pub(in super::super) fn pair() -> impl Strategy<Value = u32> {
        (number(5, 16), number(5, 16)).prop_map(|(low, high)| low | high << 16)
    }

    /// Compares what is known of four with what one at a time gives.
    fn compare(got: Option<(Four, Flags)>, one: impl Fn(usize) -> Flagged) -> Result<(), TestCaseError> {
        if let Some((bits, flags)) = got {
            let each = [0, 1, 2, 3].map(one);
            prop_assert_eq!(bits, each.map(|result| result.bits));
            prop_assert_eq!(flags, each.iter().fold(Flags::NONE, |sum, result| sum | result.flags));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30_000))]

        #[test]
        fn four_of_binary32_are_what_each_is(
            a in prop::array::uniform4(single()),
            b in prop::array::uniform4(single()),
            c in prop::array::uniform4(single()),
        ) {
            compare(fma_s(&a, &b, &c), |i| exact::fma::<Binary32, Binary32>(a[i], b[i], c[i], Rounding::Rne))?;
        }

        #[test]
        fn four_pairs_of_binary16_are_what_each_lane_is(
            a in prop::array::uniform4(pair()),
            b in prop::array::uniform4(pair()),
            c in prop::array::uniform4(pair()),
        ) {
            let lane = |i: usize, shift: u32| {
                let [a, b, c] = [a[i], b[i], c[i]].map(|x| x >> shift & 0xffff);
                exact::fma::<Binary16, Binary16>(a, b, c, Rounding::Rne)
            };
            compare(fma_h(&a, &b, &c), |i| {
                let (low, high) = (lane(i, 0), lane(i, 16));
                Flagged::new(low.bits | high.bits << 16, low.flags | high.flags)
            })?;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30_000))]

        #[test]
        fn sums_of_binary16_are_those_of_one_after_the_other(
            a in prop::array::uniform4(pair()),
            b in prop::array::uniform4(pair()),
            c in pair(),
        ) {
            if let Some(got) = sum_h(&a, &b, c) {
                let (mut sum, mut flags) = (c, Flags::NONE);
                for i in 0..4 {
                    let lane = |shift: u32| {
                        let [a, b, c] = [a[i], b[i], sum].map(|x| x >> shift & 0xffff);
                        exact::fma::<Binary16, Binary16>(a, b, c, Rounding::Rne)
                    };
                    let (low, high) = (lane(0), lane(16));
                    sum = low.bits | high.bits << 16;
                    flags |= low.flags | high.flags;
                }
                prop_assert_eq!(got, (sum, flags));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(30_000))]

        #[test]
        fn chains_of_binary32_are_those_of_one_after_the_other(
            other in prop::array::uniform4(single()),
            b in prop::array::uniform4(single()),
            first in single(),
            sum in any::<bool>(),
        ) {
            let got = if sum { chain_s::<true>(&other, &b, first) } else { chain_s::<false>(&other, &b, first) };
            if let Some(got) = got {
                let (mut last, mut flags) = (first, Flags::NONE);
                for i in 0..4 {
                    let (a, c) = if sum { (other[i], last) } else { (last, other[i]) };
                    let result = exact::fma::<Binary32, Binary32>(a, b[i], c, Rounding::Rne);
                    last = result.bits;
                    flags |= result.flags;
                }
                prop_assert_eq!(got, (last, flags));
            }
        }
    }

    #[test]
    fn numbers_of_ordinary_size_are_known() {
        let four = [0x3c00_3800, 0xb555_3aaa, 0x3333_b999, 0x3c01_3bff];
        assert!(fma_h(&four, &four, &four).is_some());
        assert!(fma_h(&[0; 4], &four, &[0; 4]).is_some());
        let four = [1.5f32, -0.3, 0.1, 7.25].map(f32::to_bits);
        assert!(fma_s(&four, &four, &four).is_some());
        assert!(fma_s(&[0; 4], &four, &[0; 4]).is_some());
    }
}
