//! Random and corner operands of every operation, format and rounding mode against the reference.
//!
//! The slices that run by default take seconds; `cargo test --release -p ennead-isa --test float_random -- --ignored`
//! runs tens of millions of fused multiply-adds for each format.

mod float_oracle;

use ennead_isa::float::{self, BFloat16, Binary16, Binary32, Flagged, Float8, Format, Rounding};
use float_oracle::{Random, Reference, corners, exponent};

type Binary = fn(u32, u32, Rounding) -> Flagged;

fn check_binary<F: Reference>(name: &str, ours: Binary, reference: Binary, count: u32) {
    let check = |a: u32, b: u32, rounding: Rounding| {
        let (got, want) = (ours(a, b, rounding), reference(a, b, rounding));
        assert_eq!(got, want, "{name} {a:#x} {b:#x} {rounding:?}: {got:x?}, not {want:x?}");
    };
    let corners = corners::<F>();
    for rounding in Rounding::ALL {
        for &a in &corners {
            for &b in &corners {
                check(a, b, rounding);
            }
        }
    }
    let mut random = Random(1);
    for _ in 0..count {
        let a = random.operand::<F>();
        let b = match random.below(2) {
            0 => random.operand::<F>(),
            _ => random.near::<F>(exponent::<F>(a), F::MANTISSA_BITS + 3),
        };
        check(a, b, random.rounding());
    }
}

fn check_pairs<F: Reference>(count: u32) {
    check_binary::<F>("add", float::add::<F>, float_oracle::add::<F>, count);
    check_binary::<F>("sub", float::sub::<F>, float_oracle::sub::<F>, count);
    check_binary::<F>("mul", float::mul::<F>, float_oracle::mul::<F>, count);
    check_binary::<F>("div", float::div::<F>, float_oracle::div::<F>, count);
}

#[test]
fn pairs_of_binary32_agree_with_the_reference() {
    check_pairs::<Binary32>(500_000);
}

#[test]
fn pairs_of_binary16_agree_with_the_reference() {
    check_pairs::<Binary16>(500_000);
}

#[test]
fn pairs_of_bfloat16_agree_with_the_reference() {
    check_pairs::<BFloat16>(500_000);
}

/// Three operands, the third often where the product is, or where it cancels it.
fn triple<F: Reference>(random: &mut Random) -> (u32, u32, u32) {
    let (a, b) = match random.below(3) {
        0 => (random.operand::<F>(), random.operand::<F>()),
        1 => {
            let a = random.operand::<F>();
            (a, random.near::<F>(-exponent::<F>(a), F::BIAS as u32))
        }
        // A product near the least normal number.
        _ => {
            let a = random.near::<F>(0, F::BIAS as u32 / 2);
            (a, random.near::<F>(F::MIN_EXPONENT - exponent::<F>(a), 3))
        }
    };
    let c = match random.below(3) {
        0 => random.operand::<F>(),
        1 => random.near::<F>(exponent::<F>(a) + exponent::<F>(b), F::MANTISSA_BITS + 3),
        _ => {
            let product = float_oracle::mul::<F>(a, b, random.rounding()).bits;
            product.wrapping_add(random.below(5)).wrapping_sub(2) & (F::SIGN | (F::SIGN - 1)) ^ F::SIGN
        }
    };
    (a, b, c)
}

fn check_fma<F: Reference>(seed: u64, count: u32) {
    let mut random = Random(seed);
    for _ in 0..count {
        let (a, b, c) = triple::<F>(&mut random);
        for rounding in Rounding::ALL {
            let (got, want) = (
                float::fma::<F>(a, b, c, rounding),
                float_oracle::fma::<F>(a, b, c, rounding),
            );
            assert_eq!(
                got, want,
                "{a:#x} * {b:#x} + {c:#x} {rounding:?}: {got:x?}, not {want:x?}"
            );
        }
    }
}

fn check_corner_triples<F: Reference>() {
    let corners = corners::<F>();
    for (&a, &b) in corners.iter().flat_map(|a| corners.iter().map(move |b| (a, b))) {
        for &c in &corners {
            let rounding = Rounding::ALL[(a ^ b ^ c) as usize % 5];
            let (got, want) = (
                float::fma::<F>(a, b, c, rounding),
                float_oracle::fma::<F>(a, b, c, rounding),
            );
            assert_eq!(
                got, want,
                "{a:#x} * {b:#x} + {c:#x} {rounding:?}: {got:x?}, not {want:x?}"
            );
        }
    }
}

#[test]
fn fused_multiply_add_of_corners_agrees_with_the_reference() {
    check_corner_triples::<Binary32>();
    check_corner_triples::<Binary16>();
    check_corner_triples::<BFloat16>();
    check_corner_triples::<Float8>();
}

#[test]
fn fused_multiply_add_of_binary32_agrees_with_the_reference() {
    check_fma::<Binary32>(2, 400_000);
}

#[test]
fn fused_multiply_add_of_binary16_agrees_with_the_reference() {
    check_fma::<Binary16>(3, 400_000);
}

#[test]
fn fused_multiply_add_of_bfloat16_agrees_with_the_reference() {
    check_fma::<BFloat16>(4, 400_000);
}

#[test]
#[ignore = "minutes: 20 million triples in five modes for each of three formats"]
fn fused_multiply_add_agrees_with_the_reference_tens_of_millions_of_times() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u32;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let seed = 1000 + u64::from(thread);
                check_fma::<Binary32>(seed, 20_000_000 / threads);
                check_fma::<Binary16>(seed, 20_000_000 / threads);
                check_fma::<BFloat16>(seed, 20_000_000 / threads);
            });
        }
    });
}

#[test]
fn square_roots_and_conversions_of_binary32_agree_with_the_reference() {
    let mut random = Random(5);
    let operands = corners::<Binary32>()
        .into_iter()
        .chain((0..200_000).map(|_| random.operand::<Binary32>()));
    for a in operands {
        for rounding in Rounding::ALL {
            let case = format!("{a:#x} {rounding:?}");
            assert_eq!(
                float::sqrt::<Binary32>(a, rounding),
                float_oracle::sqrt::<Binary32>(a, rounding),
                "root of {case}"
            );
            check_unary::<Binary32, Binary16>(a, rounding);
            check_unary::<Binary32, BFloat16>(a, rounding);
            check_unary::<Binary32, Float8>(a, rounding);
        }
    }
}

fn check_unary<From, To>(a: u32, rounding: Rounding)
where
    From: Reference,
    To: Reference,
    rustc_apfloat::ieee::Quad: rustc_apfloat::FloatConvert<To::Bounded> + rustc_apfloat::FloatConvert<To::Unbounded>,
{
    let (got, want) = (
        float::convert::<From, To>(a, rounding),
        float_oracle::convert::<From, To>(a, rounding),
    );
    assert_eq!(got, want, "conversion of {a:#x} {rounding:?}: {got:x?}, not {want:x?}");
}

#[test]
fn integers_from_binary32_agree_with_the_reference() {
    let mut random = Random(6);
    let mut operands = corners::<Binary32>();
    operands.extend((0..100_000).map(|_| random.operand::<Binary32>()));
    operands.extend((0..100_000).map(|_| random.near::<Binary32>(16, 18)));
    // The edges of every width, and their neighbours.
    for power in [7, 8, 15, 16, 31, 32] {
        let bits = ((1u64 << power) as f32).to_bits();
        operands.extend((bits - 3..=bits + 3).flat_map(|bits| [bits, bits | Binary32::SIGN]));
    }
    for a in operands {
        for rounding in Rounding::ALL {
            check_to_int::<Binary32>(a, rounding);
        }
    }
}

fn check_to_int<F: Reference>(a: u32, rounding: Rounding) {
    let want = |width: u32, signed: bool| float_oracle::to_int::<F>(a, width, signed, rounding);
    assert_eq!(
        float::to_int::<F, i32>(a, rounding),
        want(32, true),
        "i32 of {a:#x} {rounding:?}"
    );
    assert_eq!(
        float::to_int::<F, u32>(a, rounding),
        want(32, false),
        "u32 of {a:#x} {rounding:?}"
    );
    assert_eq!(
        float::to_int::<F, i16>(a, rounding),
        want(16, true),
        "i16 of {a:#x} {rounding:?}"
    );
    assert_eq!(
        float::to_int::<F, u16>(a, rounding),
        want(16, false),
        "u16 of {a:#x} {rounding:?}"
    );
    assert_eq!(
        float::to_int::<F, i8>(a, rounding),
        want(8, true),
        "i8 of {a:#x} {rounding:?}"
    );
    assert_eq!(
        float::to_int::<F, u8>(a, rounding),
        want(8, false),
        "u8 of {a:#x} {rounding:?}"
    );
}

#[test]
fn wide_integers_agree_with_the_reference() {
    fn check<F: Reference>(bits: u32, rounding: Rounding) {
        let signed = float_oracle::from_int::<F>(i64::from(bits as i32), rounding);
        assert_eq!(
            float::from_int::<F, i32>(bits, rounding),
            signed,
            "{bits:#x} signed {rounding:?}"
        );
        let unsigned = float_oracle::from_int::<F>(i64::from(bits), rounding);
        assert_eq!(
            float::from_int::<F, u32>(bits, rounding),
            unsigned,
            "{bits:#x} unsigned {rounding:?}"
        );
    }
    let mut random = Random(7);
    for _ in 0..100_000 {
        let bits = random.bits() as u32 >> random.below(32);
        let bits = if random.below(2) == 0 {
            bits
        } else {
            bits.wrapping_neg()
        };
        for rounding in Rounding::ALL {
            check::<Binary32>(bits, rounding);
            check::<Binary16>(bits, rounding);
            check::<BFloat16>(bits, rounding);
            check::<Float8>(bits, rounding);
        }
    }
}

/// Lanes, and an addend that is often near one of their products or cancels it.
fn check_dot<Narrow: Reference, Wide: Reference>(seed: u64, count: u32) {
    let mut random = Random(seed);
    let lanes = (32 / Narrow::WIDTH) as usize;
    let lane_mask = u32::MAX >> (32 - Narrow::WIDTH);
    for _ in 0..count {
        let mut products = Vec::new();
        let (mut a, mut b) = (0, 0);
        let mut center = random.below(Narrow::BIAS as u32) as i32 - Narrow::BIAS / 2;
        for lane in 0..lanes {
            let x = match random.below(16) {
                0 => random.operand::<Narrow>(),
                _ => random.near::<Narrow>(center, 3),
            };
            let y = match products.last() {
                // The previous product with its sign changed, so that all that is left is small.
                Some(&(px, py)) if random.below(4) == 0 => {
                    a |= (px & lane_mask) << (lane as u32 * Narrow::WIDTH);
                    b |= ((py ^ Narrow::SIGN) & lane_mask) << (lane as u32 * Narrow::WIDTH);
                    products.push((px, py ^ Narrow::SIGN));
                    continue;
                }
                _ => random.near::<Narrow>(random.0 as i32 % 8, 3),
            };
            center = random.below(2 * Narrow::BIAS as u32) as i32 - Narrow::BIAS;
            a |= x << (lane as u32 * Narrow::WIDTH);
            b |= y << (lane as u32 * Narrow::WIDTH);
            products.push((x, y));
        }
        let addend = match random.below(4) {
            0 => None,
            1 => Some(random.operand::<Wide>()),
            // All but one last place of one product, be the others larger or smaller.
            2 => {
                let (x, y) = products[random.below(lanes as u32) as usize];
                let opposite = [(x ^ Narrow::SIGN, y)];
                let negated = float_oracle::sum_of_products::<Narrow, Wide>(&opposite, None, Rounding::Rtz).bits;
                Some(negated.wrapping_add(random.below(3)).wrapping_sub(1) & (Wide::SIGN | (Wide::SIGN - 1)))
            }
            _ => {
                let (x, y) = products[0];
                Some(random.near::<Wide>(exponent::<Narrow>(x) + exponent::<Narrow>(y), 30))
            }
        };
        let rounding = random.rounding();
        let got = float::dot::<Narrow, Wide>(a, b, addend, rounding);
        let want = float_oracle::sum_of_products::<Narrow, Wide>(&products, addend, rounding);
        assert_eq!(
            got, want,
            "{products:x?} + {addend:x?} {rounding:?}: {got:x?}, not {want:x?}"
        );
    }
}

#[test]
fn dot_products_are_exact_sums_rounded_once() {
    check_dot::<Binary16, Binary32>(8, 120_000);
    check_dot::<BFloat16, Binary32>(9, 120_000);
    check_dot::<Float8, Binary32>(10, 120_000);
    check_dot::<Binary16, Binary16>(11, 60_000);
    check_dot::<BFloat16, BFloat16>(12, 60_000);
    check_dot::<Float8, Float8>(13, 60_000);
    check_dot::<Float8, Binary16>(14, 60_000);
}

#[test]
fn widening_multiply_adds_round_once() {
    fn check<Narrow: Reference>(seed: u64) {
        let mut random = Random(seed);
        for _ in 0..200_000 {
            let (a, b) = (random.operand::<Narrow>(), random.operand::<Narrow>());
            let c = match random.below(2) {
                0 => random.operand::<Binary32>(),
                _ => random.near::<Binary32>(exponent::<Narrow>(a) + exponent::<Narrow>(b), 27),
            };
            let rounding = random.rounding();
            let case = format!("{a:#x} * {b:#x} + {c:#x} {rounding:?}");
            let product = float_oracle::sum_of_products::<Narrow, Binary32>(&[(a, b)], None, rounding);
            assert_eq!(
                float::widening_mul::<Narrow, Binary32>(a, b, rounding),
                product,
                "product of {case}"
            );
            let sum = float_oracle::sum_of_products::<Narrow, Binary32>(&[(a, b)], Some(c), rounding);
            assert_eq!(
                float::widening_fma::<Narrow, Binary32>(a, b, c, rounding),
                sum,
                "sum of {case}"
            );
        }
    }
    check::<Binary16>(15);
    check::<BFloat16>(16);
    check::<Float8>(17);
}
