//! Nanoseconds for each floating-point operation, on ordinary numbers: a quick look, not a statistic.
//!
//! `cargo bench -p ennead-isa --bench float`. Operands come from a table that fits the first-level cache, every result
//! is stored, and the least of several passes counts. Integer multiply-add under the same loop is the yardstick.

use std::hint::black_box;
use std::time::Instant;

use ennead_isa::float::{self, BFloat16, Binary16, Binary32, Flagged, Flags, Float8, Format, Rounding};

const OPERANDS: usize = 1024;
const PASSES: usize = 2000;

/// Numbers around 1 with random mantissas, as a trained network holds them.
fn operands<F: Format>(seed: u32) -> Vec<u32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    (0..OPERANDS)
        .map(|_| {
            let field = (F::BIAS - 3) as u32 + next() % 5;
            let noise = next();
            (noise & F::MANTISSA) | field << F::MANTISSA_BITS | if noise >> 23 == 1 { F::SIGN } else { 0 }
        })
        .collect()
}

fn measure(name: &str, sources: [&[u32]; 3], operation: impl Fn(u32, u32, u32) -> Flagged) {
    let mut results = vec![0; OPERANDS];
    let mut best = f64::INFINITY;
    for _ in 0..PASSES {
        let start = Instant::now();
        let mut flags = Flags::NONE;
        for (index, result) in results.iter_mut().enumerate() {
            let value = operation(sources[0][index], sources[1][index], sources[2][index]);
            *result = value.bits;
            flags |= value.flags;
        }
        black_box((&results, flags));
        best = best.min(start.elapsed().as_nanos() as f64 / OPERANDS as f64);
    }
    println!("{name:<28}{best:>8.2} ns");
}

fn measure_format<F: Format>(name: &str) {
    let [a, b, c] = [1, 2, 3].map(operands::<F>);
    let sources = [&a[..], &b[..], &c[..]];
    for (mode, rounding) in [("rne", Rounding::Rne), ("rtz", Rounding::Rtz)] {
        let rounding = black_box(rounding);
        let label = |operation: &str| format!("{name} {operation} {mode}");
        measure(&label("add"), sources, |a, b, _| float::add::<F>(a, b, rounding));
        measure(&label("mul"), sources, |a, b, _| float::mul::<F>(a, b, rounding));
        measure(&label("fma"), sources, |a, b, c| float::fma::<F>(a, b, c, rounding));
        measure(&label("div"), sources, |a, b, _| float::div::<F>(a, b, rounding));
        measure(&label("sqrt"), sources, |a, _, _| {
            float::sqrt::<F>(a & !F::SIGN, rounding)
        });
    }
    let rounding = black_box(Rounding::Rne);
    measure(&format!("{name} to i32"), sources, |a, _, _| {
        float::to_int::<F, i32>(a, rounding)
    });
    measure(&format!("{name} from i32"), sources, |a, _, _| {
        float::from_int::<F, i32>(a, rounding)
    });
    measure(&format!("{name} to binary32"), sources, |a, _, _| {
        float::convert::<F, Binary32>(a, rounding)
    });
    measure(&format!("{name} to binary16"), sources, |a, _, _| {
        float::convert::<F, Binary16>(a, rounding)
    });
}

fn main() {
    let [a, b, c] = [1, 2, 3].map(operands::<Binary32>);
    let sources = [&a[..], &b[..], &c[..]];
    measure("integer multiply-add", sources, |a, b, c| {
        Flagged::exact(a.wrapping_mul(b).wrapping_add(c))
    });
    measure_format::<Binary32>("binary32");
    measure_format::<Binary16>("binary16");
    measure_format::<BFloat16>("bfloat16");
    measure_format::<Float8>("float8");
    let rounding = black_box(Rounding::Rne);
    let [x, y] = [4, 5].map(operands::<Binary16>);
    let packed = |high: &[u32], low: &[u32]| high.iter().zip(low).map(|(h, l)| h << 16 | l).collect::<Vec<_>>();
    let (x, y) = (packed(&x, &y), packed(&y, &x));
    measure("binary16 dot to binary32", [&x, &y, &c], |a, b, c| {
        float::dot::<Binary16, Binary32>(a, b, Some(c), rounding)
    });
}
