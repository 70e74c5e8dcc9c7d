//! Multiply-adds in a row, as kernels have them: the fast engine computes four at once where it can, the oracle each by
//! itself.
//!
//! Invariant: both end with the same registers, flags and cycles.

mod support;

use ennead_sim::config::Config;
use ennead_sim::engine::{Engine, RunOptions};
use ennead_sim::fault::Outcome;
use ennead_sim::machine::Machine;
use ennead_sim::observe::Silent;
use proptest::prelude::*;
use support::{config, team};

/// Rows of one operation: which, whether its second factor is replicated, and what its registers have in common.
fn row() -> impl Strategy<Value = Vec<String>> {
    let register = || 0..16u32;
    let operation = (0..4u32, 0..5u32, 1..13usize, register());
    (
        operation,
        prop::collection::vec((register(), register(), register()), 12),
    )
        .prop_map(|((operation, kind, length, one), names)| {
            let line = |(a, b, c): (u32, u32, u32), index: u32| {
                let (rd, a, b, c) = match kind {
                    0 => (one, a, b, one),
                    1 => (one, one, b, c),
                    2 => ((one + index) % 16, a, b, (one + index) % 16),
                    3 => (10 + index % 6, 2 + index % 4, one % 2, 10 + index % 6),
                    _ => (c, a, b, c),
                };
                match operation {
                    0 => format!("fmadd.s f{rd}, f{a}, f{b}, f{c}"),
                    1 => format!("fmadd.s f{rd}, f{a}, f{b}, f{c}, rne"),
                    2 => format!("vfmac.h f{rd}, f{a}, f{b}"),
                    _ => format!("vfmac.r.h f{rd}, f{a}, f{b}"),
                }
            };
            (0..length as u32)
                .map(|index| line(names[index as usize], index))
                .collect()
        })
}

/// Numbers that are ordinary in binary32 and as two of binary16, and some that are not.
fn number() -> impl Strategy<Value = u32> {
    prop_oneof![
        8 => (0x3800_3800..0x3f00_3f00u32, any::<u32>()).prop_map(|(low, sign)| low ^ sign & 0x8000_8000),
        2 => Just(0),
        1 => prop::sample::select(vec![0x3c00_3c00, 0x3f80_0000, 0x7f80_0000, 0x0001_0001, 0x7bff_7bff, 0x7fc0_0000]),
        1 => any::<u32>(),
    ]
}

fn end(config: &Config, body: &str, engine: Engine) -> (Vec<u32>, u8, u64) {
    let mut machine = Machine::new(config, &team::image(config, body)).expect("a possible machine");
    let options = RunOptions {
        engine,
        max_cycles: 100_000,
    };
    let outcome = machine.run(&options, &mut Silent);
    assert!(matches!(outcome, Outcome::Exit(_)), "{}", outcome.message(&|_| None));
    let core = &machine.cores()[0];
    (
        core.registers[32..].to_vec(),
        core.csr.fflags,
        machine.counters().cycles,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn multiply_adds_in_a_row_end_alike_in_both_engines(
        numbers in prop::collection::vec(number(), 16),
        rows in prop::collection::vec(row(), 1..6),
        latency in 0..3u32,
        rounding in prop_oneof![3 => Just(0), 1 => 1..5u32],
    ) {
        let mut body = format!("csrrwi zero, frm, {rounding}\n");
        for (register, number) in numbers.iter().enumerate() {
            body += &format!("li t1, {number:#x}\nfmv.w.x f{register}, t1\n");
        }
        body += &rows.concat().join("\n");
        let settings = [
            "cluster.workers=1".to_owned(),
            format!("fpu.addmul_latency={latency}"),
            format!("fpu.fp16_latency={latency}"),
        ];
        let config = config("ennead", &settings.each_ref().map(String::as_str));
        prop_assert_eq!(end(&config, &body, Engine::Calendar), end(&config, &body, Engine::Lockstep));
    }
}

#[test]
fn a_run_ends_where_the_rounding_mode_of_the_instruction_is_another() {
    let mut body = "csrrwi zero, frm, 3\n".to_owned();
    for register in 0..16 {
        body += &format!("li t1, {:#x}\nfmv.w.x f{register}, t1\n", 0x3f80_0001 + register);
    }
    for (from, suffix) in [(4, ", rne"), (8, "")] {
        for register in from..from + 4 {
            body += &format!("fmadd.s f{register}, f0, f1, f{register}{suffix}\n");
        }
    }
    let config = config("ennead", &["cluster.workers=1"]);
    let (registers, flags, cycles) = end(&config, &body, Engine::Calendar);
    // (1 + 2^-23) * (1 + 2^-22) + 1 + n * 2^-23 = 2 + (3 + n) * 2^-23 + 2^-45, of which the last place is worth 2^-22.
    let to_nearest = [5, 6, 7, 8].map(|n: u32| 0x4000_0000 + (3 + n).div_ceil(2));
    let upwards = [9, 10, 11, 12].map(|n: u32| 0x4000_0000 + (3 + n) / 2 + 1);
    assert_eq!(registers[4..8], to_nearest);
    assert_eq!(registers[8..12], upwards);
    assert_eq!((registers, flags, cycles), end(&config, &body, Engine::Lockstep));
}
