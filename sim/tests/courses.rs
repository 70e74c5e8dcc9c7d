//! Loops of loads, stores and floating-point operations, as kernels have them: the fast engine arbitrates banks and shared FPUs
//! ahead of what is read and computed, the oracle goes step by step. The workers read and write the same words, so that what a
//! load reads depends on when it is granted.
//!
//! Invariant: both end, or are cut short, with the same registers, memory and counters.

mod support;

use ennead_sim::config::Config;
use ennead_sim::counters::Counters;
use ennead_sim::engine::{Engine, RunOptions};
use ennead_sim::machine::Machine;
use ennead_sim::observe::Silent;
use proptest::prelude::*;
use support::{config, team};

/// Where the words lie that all workers use.
const SHARED: u32 = 0x1000_0100;

/// What a loop repeats: registers t3..t6 hold addresses near each other, a0..a5 numbers.
fn instruction() -> impl Strategy<Value = String> {
    let address = || prop::sample::select(vec!["t3", "t4", "t5", "t6"]);
    let number = || prop::sample::select(vec!["a0", "a1", "a2", "a3", "a4", "a5", "zero"]);
    let float = || prop::sample::select(vec!["fa0", "fa1", "fa2", "fa3"]);
    let offset = || (-4..8i32).prop_map(|words| 4 * words);
    prop_oneof![
        6 => (number(), offset(), address()).prop_map(|(d, at, base)| format!("lw {d}, {at}({base})")),
        1 => (number(), -8..8i32, address()).prop_map(|(d, at, base)| format!("lbu {d}, {at}({base})")),
        1 => (number(), -8..8i32, address()).prop_map(|(d, at, base)| format!("lh {d}, {at}({base})")),
        2 => (number(), address()).prop_map(|(d, base)| format!("cv.lw {d}, ({base}), 4")),
        2 => (number(), offset(), address()).prop_map(|(d, at, base)| format!("sw {d}, {at}({base})")),
        1 => (number(), address()).prop_map(|(d, base)| format!("cv.sw {d}, ({base}), 4")),
        2 => (address(), offset()).prop_map(|(base, step)| format!("addi {base}, {base}, {step}")),
        1 => address().prop_map(|base| format!("add {base}, {base}, s2")),
        2 => (number(), number(), number()).prop_map(|(d, a, b)| format!("add {d}, {a}, {b}")),
        1 => (number(), number(), number()).prop_map(|(d, a, b)| format!("mul {d}, {a}, {b}")),
        1 => (number(), number(), number()).prop_map(|(d, a, b)| format!("cv.mac {d}, {a}, {b}")),
        1 => (address(), number()).prop_map(|(base, a)| format!("andi {a}, {a}, 60\nadd {base}, s3, {a}")),
        1 => (number(), offset()).prop_map(|(a, at)| format!("flw fa0, {at}(t3)\nfmadd.s fa1, fa0, fa0, fa1\nfmv.x.w {a}, fa1")),
        1 => (float(), float(), float()).prop_map(|(d, a, b)| format!("fmadd.s {d}, {a}, {b}, {d}")),
        1 => (float(), float(), float()).prop_map(|(d, a, b)| format!("fadd.s {d}, {a}, {b}")),
        1 => (float(), float(), float()).prop_map(|(d, a, b)| format!("fsgnj.s {d}, {a}, {b}")),
        1 => (float(), float(), float()).prop_map(|(d, a, b)| format!("vfmac.h {d}, {a}, {b}")),
        1 => (number(), float(), float()).prop_map(|(d, a, b)| format!("feq.s {d}, {a}, {b}")),
        2 => (float(), offset(), address()).prop_map(|(d, at, base)| format!("flw {d}, {at}({base})")),
        1 => (float(), -8..8i32, address()).prop_map(|(d, at, base)| format!("flh {d}, {at}({base})")),
        1 => (float(), offset(), address()).prop_map(|(d, at, base)| format!("fsw {d}, {at}({base})")),
        1 => address().prop_map(|base| format!("addi {base}, {base}, 6")),
        1 => (number(), prop::sample::select(vec!["fflags", "mscratch"])).prop_map(|(d, csr)| format!("csrrs {d}, {csr}, zero")),
        1 => (prop::sample::select(vec!["fmadd.s", "vfmac.h"]), 1..4usize).prop_map(|(name, fours)| fours_of(name, fours)),
        1 => Just("c.nop".to_owned()),
        1 => (number(), number()).prop_map(|(a, b)| format!("blt {a}, {b}, 8\naddi a5, a5, 1")),
    ]
}

/// What a loop repeats that only reads, from one address in t3 and another in t4, which move on in steps.
fn steady_instruction() -> impl Strategy<Value = String> {
    let address = || prop::sample::select(vec!["t3", "t4"]);
    let number = || prop::sample::select(vec!["a0", "a1", "a2", "a3"]);
    let float = || prop::sample::select(vec!["fa0", "fa1", "fa2"]);
    let offset = || (0..8i32).prop_map(|words| 4 * words);
    prop_oneof![
        3 => (number(), address()).prop_map(|(d, base)| format!("cv.lw {d}, ({base}), 4")),
        2 => (number(), offset(), address()).prop_map(|(d, at, base)| format!("lw {d}, {at}({base})")),
        2 => (float(), offset(), address()).prop_map(|(d, at, base)| format!("flw {d}, {at}({base})")),
        1 => (float(), address()).prop_map(|(d, base)| format!("flh {d}, 0({base})\naddi {base}, {base}, 2")),
        1 => address().prop_map(|base| format!("add {base}, {base}, s2")),
        2 => (float(), float(), float()).prop_map(|(d, a, b)| format!("fmadd.s {d}, {a}, {b}, {d}")),
        1 => (float(), float(), float()).prop_map(|(d, a, b)| format!("vfmac.h {d}, {a}, {b}")),
        2 => (number(), number(), number()).prop_map(|(d, a, b)| format!("cv.sdotsp.b {d}, {a}, {b}")),
        1 => (number(), number(), number()).prop_map(|(d, a, b)| format!("add {d}, {a}, {b}")),
    ]
}

/// So many times four multiply-adds that are independent.
fn fours_of(name: &str, fours: usize) -> String {
    let one = |sum: usize| match name {
        "fmadd.s" => format!("fmadd.s fa{sum}, fa4, fa5, fa{sum}\n"),
        _ => format!("{name} fa{sum}, fa4, fa5\n"),
    };
    (0..4).map(one).collect::<String>().repeat(fours).trim_end().to_owned()
}

/// A loop around `body` that runs `count` times: one of the cores', or a branch.
fn repeated(kind: u32, number: usize, count: u32, body: &[String]) -> String {
    let body = body.join("\n");
    match kind {
        0 => format!("li t1, {count}\nagain{number}:\n{body}\naddi t1, t1, -1\nbne t1, zero, @again{number}\n"),
        1 => format!("li t1, 0\nli t2, {count}\nagain{number}:\n{body}\naddi t1, t1, 1\nblt t1, t2, @again{number}\n"),
        _ => {
            // No branches in a body, and nothing short.
            let fits = |line: &&str| !line.starts_with("blt") && !line.starts_with("c.nop");
            let plain: Vec<&str> = body.lines().filter(fits).collect();
            let body = plain.join("\n");
            format!(
                "li t1, {count}\ncv.setup 0, t1, @over{number}\n{body}\nlw a0, 0(s3)\nadd a1, a1, a0\nlw a2, 4(s3)\nover{number}:\n"
            )
        }
    }
}

/// Registers of all cores, shared memory and counters.
type Left = (Vec<[u32; 64]>, Vec<u8>, Counters);

fn end(config: &Config, body: &str, engine: Engine, max_cycles: u64) -> Left {
    let mut machine = Machine::new(config, &team::image(config, body)).expect("a possible machine");
    machine.run(&RunOptions { engine, max_cycles }, &mut Silent);
    let mut memory = vec![0; 4096];
    machine.memory().dump(0x1000_0000, &mut memory);
    let registers = machine.cores().iter().map(|core| core.registers).collect();
    (registers, memory, machine.counters())
}

#[test]
fn cores_that_went_far_ahead_are_brought_back_to_any_cycle_at_which_a_run_is_cut_short() {
    let body = "li t3, 0x10000100\nslli t1, s0, 4\nadd t3, t3, t1\nfmv.w.x fa1, zero\nli t1, 400\nagain:\nflw fa0, 0(t3)\n\
                add a0, a0, a1\nadd a0, a0, a1\nadd a0, a0, a1\nfmadd.s fa1, fa0, fa0, fa1\nadd a0, a0, a1\nadd a0, a0, a1\n\
                sw a0, 8(t3)\nadd a0, a0, a1\nadd a0, a0, a1\naddi t1, t1, -1\nbne t1, zero, @again\n";
    for sharing in ["private", "pooled"] {
        let config = config("ennead", &["cluster.workers=8", &format!("fpu.sharing={sharing}")]);
        for limit in 4_000..4_300 {
            let oracle = end(&config, body, Engine::Lockstep, limit);
            assert_eq!(end(&config, body, Engine::Calendar, limit), oracle, "{limit}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn loops_over_shared_words_end_alike_in_both_engines_wherever_they_are_cut_short(
        loops in prop::collection::vec((0..3u32, 1..40u32, prop::collection::vec(instruction(), 1..14)), 1..4),
        apart in 0..5u32,
        banks in prop::sample::select(vec![4, 16, 128]),
        (sharing, fpus) in prop::sample::select(vec![
            ("private", 8), ("private", 8), ("static", 4), ("static", 3), ("pooled", 4), ("pooled", 1),
        ]),
        latencies in [0..3u32, 0..2u32, 0..2u32],
        cut in 0..1_000u64,
    ) {
        let mut body = format!("li s3, {SHARED:#x}\nli s2, 8\nslli t1, s0, {apart}\nadd t3, s3, t1\n");
        body += "addi t4, t3, 16\naddi t5, t3, 36\naddi t6, s3, 0\nadd a0, s0, zero\nli a1, 77\n";
        body += "li a2, 0\nli a3, 0\nli a4, 3\nli a5, 0\nfmv.w.x fa1, zero\n";
        body += "fmv.w.x fa0, a1\nfmv.w.x fa2, a4\nfmv.w.x fa3, t3\n";
        body += "li a2, 0x3c014200\nfmv.w.x fa4, a2\nfmv.w.x fa5, a2\nli a2, 0\n";
        for (number, (kind, count, instructions)) in loops.iter().enumerate() {
            body += &repeated(*kind, number, *count, instructions);
            body += "addi t3, s3, 32\naddi t4, s3, 0\naddi t5, s3, 96\naddi t6, s3, 128\n";
        }
        let [addmul, others, fp16] = latencies;
        let config = config("ennead", &[
            "cluster.workers=8",
            &format!("l1.banks={banks}"),
            &format!("fpu.sharing={sharing}"),
            &format!("fpu.count={fpus}"),
            &format!("fpu.addmul_latency={addmul}"),
            &format!("fpu.others_latency={others}"),
            &format!("fpu.fp16_latency={fp16}"),
        ]);
        let oracle = end(&config, &body, Engine::Lockstep, 60_000);
        prop_assert_eq!(&end(&config, &body, Engine::Calendar, 60_000), &oracle);
        let limit = 600 + (oracle.2.cycles.saturating_sub(600)) * cut / 1_000;
        prop_assert_eq!(end(&config, &body, Engine::Calendar, limit), end(&config, &body, Engine::Lockstep, limit));
    }

    #[test]
    fn loops_that_do_the_same_for_long_end_alike_in_both_engines_wherever_they_are_cut_short(
        loops in prop::collection::vec((0..3u32, 30..300u32, prop::collection::vec(steady_instruction(), 1..9)), 1..3),
        workers in 1..9u32,
        (own, other) in (prop::sample::select(vec![0, 4, 8, 60, 64, 1028]), prop::sample::select(vec![0, 4, 12, 256])),
        step in prop::sample::select(vec![0, 4, 8, 64, 6]),
        banks in prop::sample::select(vec![2, 16, 64]),
        interconnect in prop::sample::select(vec!["logarithmic", "crossbar"]),
        (sharing, fpus) in prop::sample::select(vec![("private", 8), ("static", 4), ("static", 3), ("pooled", 4), ("pooled", 2)]),
        latency in 0..2u32,
        late in 0..3u32,
        cut in 0..1_000u64,
    ) {
        // Each worker has its words, and some of them come later than the others.
        let mut body = format!("li s3, {SHARED:#x}\nli s2, {step}\nli t1, {own}\nmul t1, t1, s0\nadd t3, s3, t1\n");
        body += &format!("li t1, {other}\nmul t1, t1, s0\nadd t4, s3, t1\naddi t4, t4, 512\n");
        body += "fmv.w.x fa0, zero\nfmv.w.x fa1, zero\nli a2, 0x3c003c00\nfmv.w.x fa2, a2\nli a0, 7\nli a1, 1\nli a3, 0\n";
        body += &format!("andi t1, s0, {late}\nbeq t1, zero, @begin\nadd t0, t0, t0\nadd t0, t0, t0\nbegin:\n");
        for (number, (kind, count, instructions)) in loops.iter().enumerate() {
            body += &repeated(*kind, number, *count, instructions);
        }
        body += "sw a0, 0(t3)\n";
        let config = config("ennead", &[
            &format!("cluster.workers={workers}"),
            &format!("l1.banks={banks}"),
            &format!("l1.interconnect={interconnect}"),
            &format!("fpu.sharing={}", if workers < 8 { "private" } else { sharing }),
            &format!("fpu.count={}", if workers < 8 || sharing == "private" { workers } else { fpus }),
            &format!("fpu.addmul_latency={latency}"),
            &format!("fpu.fp16_latency={latency}"),
        ]);
        let oracle = end(&config, &body, Engine::Lockstep, 60_000);
        prop_assert_eq!(&end(&config, &body, Engine::Calendar, 60_000), &oracle);
        let limit = 600 + (oracle.2.cycles.saturating_sub(600)) * cut / 1_000;
        prop_assert_eq!(end(&config, &body, Engine::Calendar, limit), end(&config, &body, Engine::Lockstep, limit));
    }
}
