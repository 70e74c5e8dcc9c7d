//! Every input where that is affordable: all 65,536 of the unary operations on 16-bit formats, all pairs of FP8, and of
//! the 2^32 pairs of binary16 a slice.
//!
//! The whole of it, 2^32 pairs of binary16 in five modes and 2^24 triples of FP8 in five modes, is a matter of minutes
//! on a few cores: `cargo test --release -p ennead-isa --test float_exhaustive -- --ignored`.

mod float_oracle;

use ennead_isa::float::{self, BFloat16, Binary16, Binary32, Flagged, Flags, Float8, Format, Integer, Rounding};
use float_oracle::{Reference, corners};
use rustc_apfloat::FloatConvert;
use rustc_apfloat::ieee::{Double, Quad};

fn every<F: Format>() -> impl Iterator<Item = u32> {
    0..=u32::MAX >> (u32::BITS - F::WIDTH)
}

fn check_conversions<From, To>()
where
    From: Reference,
    To: Reference,
    Quad: FloatConvert<To::Bounded> + FloatConvert<To::Unbounded>,
{
    for (a, rounding) in every::<From>().flat_map(|a| Rounding::ALL.map(|rounding| (a, rounding))) {
        let (got, want) = (
            float::convert::<From, To>(a, rounding),
            float_oracle::convert::<From, To>(a, rounding),
        );
        assert_eq!(got, want, "conversion of {a:#x} {rounding:?}: {got:x?}, not {want:x?}");
    }
}

#[test]
fn conversions_of_every_narrow_number_agree_with_the_reference() {
    check_conversions::<Binary16, Binary32>();
    check_conversions::<Binary16, BFloat16>();
    check_conversions::<Binary16, Float8>();
    check_conversions::<BFloat16, Binary32>();
    check_conversions::<BFloat16, Binary16>();
    check_conversions::<BFloat16, Float8>();
    check_conversions::<Float8, Binary32>();
    check_conversions::<Float8, Binary16>();
    check_conversions::<Float8, BFloat16>();
}

fn check_square_roots<F>()
where
    F: Reference,
    F::Bounded: FloatConvert<Double>,
    Double: FloatConvert<F::Bounded> + FloatConvert<F::Unbounded>,
{
    for (a, rounding) in every::<F>().flat_map(|a| Rounding::ALL.map(|rounding| (a, rounding))) {
        let (got, want) = (float::sqrt::<F>(a, rounding), float_oracle::sqrt::<F>(a, rounding));
        assert_eq!(got, want, "square root of {a:#x} {rounding:?}: {got:x?}, not {want:x?}");
    }
}

#[test]
fn square_roots_of_every_narrow_number_agree_with_the_reference() {
    check_square_roots::<Binary16>();
    check_square_roots::<BFloat16>();
    check_square_roots::<Float8>();
}

fn check_to_int<F: Reference, I: Integer>() {
    let signed = I::LOWEST < 0;
    for (a, rounding) in every::<F>().flat_map(|a| Rounding::ALL.map(|rounding| (a, rounding))) {
        let got = float::to_int::<F, I>(a, rounding);
        let want = float_oracle::to_int::<F>(a, I::BITS, signed, rounding);
        assert_eq!(
            got,
            want,
            "{a:#x} to {} bits, signed {signed}, {rounding:?}: {got:x?}, not {want:x?}",
            I::BITS
        );
    }
}

fn check_to_every_int<F: Reference>() {
    check_to_int::<F, i32>();
    check_to_int::<F, u32>();
    check_to_int::<F, i16>();
    check_to_int::<F, u16>();
    check_to_int::<F, i8>();
    check_to_int::<F, u8>();
}

#[test]
fn integers_from_every_narrow_number_agree_with_the_reference() {
    check_to_every_int::<Binary16>();
    check_to_every_int::<BFloat16>();
    check_to_every_int::<Float8>();
}

fn check_from_int<F: Reference, I: Integer>() {
    for (bits, rounding) in (0..1u32 << I::BITS).flat_map(|bits| Rounding::ALL.map(|rounding| (bits, rounding))) {
        let value = if I::LOWEST < 0 && bits >> (I::BITS - 1) == 1 {
            i64::from(bits) - (1 << I::BITS)
        } else {
            i64::from(bits)
        };
        // What lies above the low bits is not the number's.
        let got = float::from_int::<F, I>(bits | 0xa500_0000, rounding);
        let want = float_oracle::from_int::<F>(value, rounding);
        assert_eq!(got, want, "{value} {rounding:?}: {got:x?}, not {want:x?}");
    }
}

fn check_from_every_narrow_int<F: Reference>() {
    check_from_int::<F, i16>();
    check_from_int::<F, u16>();
    check_from_int::<F, i8>();
    check_from_int::<F, u8>();
}

#[test]
fn every_narrow_integer_agrees_with_the_reference() {
    check_from_every_narrow_int::<Binary32>();
    check_from_every_narrow_int::<Binary16>();
    check_from_every_narrow_int::<BFloat16>();
    check_from_every_narrow_int::<Float8>();
}

#[test]
fn every_narrow_number_has_the_class_of_the_manual() {
    fn check<F: Reference>(operands: impl Iterator<Item = u32>) {
        for a in operands {
            assert_eq!(float::classify::<F>(a), float_oracle::class::<F>(a), "class of {a:#x}");
        }
    }
    check::<Binary16>(every::<Binary16>());
    check::<BFloat16>(every::<BFloat16>());
    check::<Float8>(every::<Float8>());
    check::<Binary32>(corners::<Binary32>().into_iter());
}

fn check_order<F: Reference>(a: u32, b: u32) {
    let case = format!("{a:#x} and {b:#x}");
    assert_eq!(float::eq::<F>(a, b), float_oracle::eq::<F>(a, b), "eq of {case}");
    assert_eq!(float::lt::<F>(a, b), float_oracle::lt::<F>(a, b), "lt of {case}");
    assert_eq!(float::le::<F>(a, b), float_oracle::le::<F>(a, b), "le of {case}");
    assert_eq!(float::min::<F>(a, b), float_oracle::min::<F>(a, b), "min of {case}");
    assert_eq!(float::max::<F>(a, b), float_oracle::max::<F>(a, b), "max of {case}");
}

#[test]
fn order_of_every_pair_of_float8_and_of_all_corners_is_that_of_the_reference() {
    for (a, b) in every::<Float8>().flat_map(|a| every::<Float8>().map(move |b| (a, b))) {
        check_order::<Float8>(a, b);
    }
    fn check_corners<F: Reference>() {
        for &a in &corners::<F>() {
            for &b in &corners::<F>() {
                check_order::<F>(a, b);
            }
        }
    }
    check_corners::<Binary32>();
    check_corners::<Binary16>();
    check_corners::<BFloat16>();
}

type Binary = fn(u32, u32, Rounding) -> Flagged;

#[test]
fn every_pair_of_float8_agrees_with_the_reference() {
    let operations: [(&str, Binary, Binary); 4] = [
        ("add", float::add::<Float8>, float_oracle::add::<Float8>),
        ("sub", float::sub::<Float8>, float_oracle::sub::<Float8>),
        ("mul", float::mul::<Float8>, float_oracle::mul::<Float8>),
        ("div", float::div::<Float8>, float_oracle::div::<Float8>),
    ];
    for (name, ours, reference) in operations {
        for (a, b) in every::<Float8>().flat_map(|a| every::<Float8>().map(move |b| (a, b))) {
            for rounding in Rounding::ALL {
                let (got, want) = (ours(a, b, rounding), reference(a, b, rounding));
                assert_eq!(got, want, "{name} {a:#x} {b:#x} {rounding:?}: {got:x?}, not {want:x?}");
            }
        }
    }
}

fn check_float8_triples(factors: impl Iterator<Item = u32>) {
    for a in factors {
        for (b, c) in every::<Float8>().flat_map(|b| every::<Float8>().map(move |c| (b, c))) {
            for rounding in Rounding::ALL {
                let got = float::fma::<Float8>(a, b, c, rounding);
                let want = float_oracle::fma::<Float8>(a, b, c, rounding);
                assert_eq!(
                    got, want,
                    "{a:#x} * {b:#x} + {c:#x} {rounding:?}: {got:x?}, not {want:x?}"
                );
            }
        }
    }
}

#[test]
fn float8_triples_with_some_factors_agree_with_the_reference() {
    // Zero, the least and largest subnormal, one with all bits, a negative normal, a signalling NaN.
    check_float8_triples([0x00, 0x01, 0x03, 0x3f, 0xc2, 0x7d].into_iter());
}

/// The 65,536 numbers of binary16 by their definition, and what IEEE 754 says of rounding to them.
struct Binary16Line {
    /// The magnitudes from 0 up; in infinity's place the number that would come next.
    magnitudes: Vec<f64>,
}

/// The direction of a rounding as the magnitude sees it.
#[derive(Clone, Copy)]
enum Direction {
    TiesToEven,
    TiesAway,
    TowardZero,
    AwayFromZero,
}

const INFINITY: usize = 0x7c00;
const LEAST_NORMAL: f64 = 1.0 / 16384.0;

impl Binary16Line {
    fn new() -> Self {
        let magnitude = |bits: u32| match bits >> 10 {
            0 => f64::from(bits) * 2f64.powi(-24),
            field => f64::from(1024 + (bits & 0x3ff)) * 2f64.powi(field as i32 - 25),
        };
        Self {
            magnitudes: (0..=0x7c00).map(magnitude).collect(),
        }
    }

    /// The number, infinity or NaN that `bits` stand for.
    fn number(&self, bits: u32) -> f64 {
        let magnitude = match bits as usize & 0x7fff {
            finite @ 0..INFINITY => self.magnitudes[finite],
            INFINITY => f64::INFINITY,
            _ => f64::NAN,
        };
        if bits & 0x8000 != 0 { -magnitude } else { magnitude }
    }

    /// Whether `result` is the `exact` number rounded, and its flags are right.
    fn is_rounded(&self, exact: f64, rounding: Rounding, result: Flagged) -> bool {
        if exact.is_infinite() {
            return self.number(result.bits) == exact && result.flags == Flags::NONE;
        }
        let target = exact.abs();
        let negative = exact < 0.0;
        let index = (result.bits & 0x7fff) as usize;
        if index > INFINITY || (result.bits >> 15 == 1) != negative {
            return false;
        }
        let direction = match rounding {
            Rounding::Rne => Direction::TiesToEven,
            Rounding::Rmm => Direction::TiesAway,
            Rounding::Rtz => Direction::TowardZero,
            Rounding::Rdn if negative => Direction::AwayFromZero,
            Rounding::Rup if !negative => Direction::AwayFromZero,
            Rounding::Rdn | Rounding::Rup => Direction::TowardZero,
        };
        let here = self.magnitudes[index];
        let below = if index == 0 {
            f64::NEG_INFINITY
        } else {
            self.magnitudes[index - 1]
        };
        let above = if index == INFINITY {
            f64::INFINITY
        } else {
            self.magnitudes[index + 1]
        };
        let (low, high) = ((below + here) / 2.0, (here + above) / 2.0);
        let even = index.is_multiple_of(2);
        let nearest = match direction {
            Direction::TiesToEven => low < target && target < high || even && (target == low || target == high),
            Direction::TiesAway => low <= target && target < high,
            Direction::TowardZero if index == INFINITY => false,
            Direction::TowardZero => here <= target && (target < above || index == INFINITY - 1),
            Direction::AwayFromZero => below < target && (target <= here || index == INFINITY),
        };
        // Largest finite number 65504, next would be 65536. Below the least normal, 11 bits step by 2^-25.
        let (overflows, tiny) = match direction {
            Direction::TiesToEven | Direction::TiesAway => (target >= 65520.0, target < LEAST_NORMAL - 2f64.powi(-26)),
            Direction::TowardZero => (target >= 65536.0, target < LEAST_NORMAL),
            Direction::AwayFromZero => (target > 65504.0, target <= LEAST_NORMAL - 2f64.powi(-25)),
        };
        let mut flags = Flags::NONE;
        if overflows {
            flags |= Flags::OVERFLOW | Flags::INEXACT;
        } else if here != target {
            flags |= Flags::INEXACT;
            if tiny {
                flags |= Flags::UNDERFLOW;
            }
        }
        nearest && result.flags == flags
    }

    /// Whether `result` is right for an operation on `a` and `b` whose true value is `exact` (a sum or product of two
    /// binary16 numbers is exact in binary64); `zero_is_negative` is the sign of a result that is exactly zero.
    fn is_right(
        &self,
        a: u32,
        b: u32,
        exact: f64,
        zero_is_negative: bool,
        rounding: Rounding,
        result: Flagged,
    ) -> bool {
        if exact.is_nan() {
            let is_nan = |bits: u32| bits & 0x7fff > 0x7c00;
            let is_signaling = |bits: u32| is_nan(bits) && bits & 0x200 == 0;
            let invalid = is_signaling(a) || is_signaling(b) || !(is_nan(a) || is_nan(b));
            return result == Flagged::new(0x7e00, if invalid { Flags::INVALID } else { Flags::NONE });
        }
        if exact == 0.0 {
            return result == Flagged::exact(u32::from(zero_is_negative) << 15);
        }
        self.is_rounded(exact, rounding, result)
    }

    fn check_pair(&self, a: u32, b: u32, rounding: Rounding) {
        let (x, y) = (self.number(a), self.number(b));
        let (negative_a, negative_b) = (a >> 15 == 1, b >> 15 == 1);
        let sum = float::add::<Binary16>(a, b, rounding);
        let sum_sign = if x == 0.0 && y == 0.0 && negative_a == negative_b {
            negative_a
        } else {
            rounding == Rounding::Rdn
        };
        assert!(
            self.is_right(a, b, x + y, sum_sign, rounding, sum),
            "{a:#x} + {b:#x} {rounding:?}: {sum:x?}"
        );
        let product = float::mul::<Binary16>(a, b, rounding);
        let product_sign = negative_a != negative_b;
        let right = self.is_right(a, b, x * y, product_sign, rounding, product);
        assert!(right, "{a:#x} * {b:#x} {rounding:?}: {product:x?}");
    }
}

#[test]
fn slice_of_binary16_pairs_rounds_as_defined() {
    let line = Binary16Line::new();
    for b in corners::<Binary16>() {
        for a in every::<Binary16>() {
            for rounding in Rounding::ALL {
                line.check_pair(a, b, rounding);
            }
        }
    }
    // A step that is no multiple of a power of two visits every exponent and sign.
    for b in (0..=0xffff).step_by(263) {
        for a in every::<Binary16>() {
            line.check_pair(a, b, Rounding::Rne);
        }
    }
}

/// Runs `check` for every number of 16 bits on all cores.
fn on_all_cores(check: impl Fn(u32) + Sync) {
    let next = std::sync::atomic::AtomicU32::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let a = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if a > 0xffff {
                        break;
                    }
                    check(a);
                }
            });
        }
    });
}

#[test]
#[ignore = "minutes: 2^32 pairs in five modes"]
fn all_binary16_pairs_round_as_defined() {
    let line = Binary16Line::new();
    on_all_cores(|a| {
        for b in every::<Binary16>() {
            for rounding in Rounding::ALL {
                line.check_pair(a, b, rounding);
            }
        }
    });
}

#[test]
#[ignore = "a minute: 2^24 triples in five modes"]
fn all_float8_triples_agree_with_the_reference() {
    on_all_cores(|a| {
        if a <= 0xff {
            check_float8_triples([a].into_iter());
        }
    });
}
