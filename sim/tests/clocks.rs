//! Two clocks: the orchestrator, L2, the devices outside the cluster and their timers tick at `soc.frequency_hz`, the
//! cluster at its own.
//!
//! Nobody measured a machine with two clocks (R and W of the rules contain the crossing), so what is held here is what two
//! clocks mean: whoever lives on a clock counts its cycles, and what passes from one to the other is seen at an edge.
//! That both engines agree at any ratio is in `engines.rs`.

mod support;

use std::collections::BTreeMap;

use ennead_sim::config::{Config, Draft};
use ennead_sim::elf::Image;
use ennead_sim::engine::{Engine, RunOptions};
use ennead_sim::fault::Outcome;
use ennead_sim::machine::Machine;
use ennead_sim::machine::debug::{Debugger, Stopped};
use ennead_sim::observe::{Retire, Retired, Silent};
use support::{BASE, config, elf, program, words};

/// Cluster and SoC in Hz.
const RATIOS: &[(u64, u64)] = &[
    (370_000_000, 370_000_000),
    (370_000_000, 185_000_000),
    (185_000_000, 370_000_000),
    (300_000_000, 200_000_000),
    (370_000_000, 50_000_000),
    (100_000_000, 999_999_937),
    (10, 10_000),
    (10_000, 10),
];

fn clocked((cluster, soc): (u64, u64)) -> Config {
    let (cluster, soc) = (
        format!("cluster.frequency_hz={cluster}"),
        format!("soc.frequency_hz={soc}"),
    );
    config("ennead", &[&cluster, &soc])
}

fn image(config: &Config, text: &str) -> Image {
    let (bytes, _) = program(text, BASE, &config.core.instruction_set());
    Image::parse(&elf(BASE, &[(BASE, &bytes)])).unwrap()
}

/// Runs with both engines; gives the machine and the rows of each core.
fn run(config: &Config, text: &str) -> (Machine, BTreeMap<usize, Vec<Retired>>) {
    let image = image(config, text);
    let [fast, oracle] = [Engine::Calendar, Engine::Lockstep].map(|engine| {
        let mut rows: BTreeMap<usize, Vec<Retired>> = BTreeMap::new();
        let mut machine = Machine::new(config, &image).unwrap();
        let options = RunOptions {
            engine,
            max_cycles: 3_000_000,
        };
        let mut observer = Retire(|row: Retired| rows.entry(row.core).or_default().push(row));
        let outcome = machine.run(&options, &mut observer);
        assert!(matches!(outcome, Outcome::Exit(_)), "{}", outcome.message(&|_| None));
        (machine, rows)
    });
    assert_eq!(fast.0.counters(), oracle.0.counters());
    fast
}

const WFI: u32 = 0x1050_0073;

const EXIT: &str = "
    li t0, 0x1a1040a0
    li t1, 0x80000000
    sw t1, 0(t0)
    jal zero, 0
";

/// Only the orchestrator does anything.
fn alone(body: &str) -> String {
    format!("{body}\n{EXIT}")
}

#[test]
fn the_orchestrator_takes_the_same_cycles_of_its_own_clock_at_every_ratio() {
    // Instructions, its own memory, its own devices and timer: nothing of the cluster's.
    let text = alone(
        "
        li s0, 0x1c010000
        li s1, 0x1a10b000
        csrrwi zero, 0x320, 0
        addi t0, zero, 1
        sw t0, 0x18(s1)
        addi s2, zero, 100
        again:
        lw a0, 0(s0)
        mul a0, a0, s2
        sw a0, 4(s0)
        addi s2, s2, -1
        bne s2, zero, @again
        lw a1, 8(s1)
        csrrs a2, mcycle, zero
        sw a1, 8(s0)
        sw a2, 12(s0)
        ",
    );
    let mut first: Option<(Vec<u64>, Vec<u32>)> = None;
    for ratio in RATIOS {
        let (machine, rows) = run(&clocked(*ratio), &text);
        let cycles: Vec<u64> = rows[&8].iter().map(|row| row.cycle).collect();
        let seen = words(&machine, 0x1c01_0008, 2);
        assert!(seen[0] > 300 && seen[1] > seen[0], "{seen:?}");
        let counters = machine.counters();
        let (cluster, soc) = (u128::from(ratio.0), u128::from(ratio.1));
        // The books of each core close with the last edge of its clock.
        assert_eq!(
            u128::from(counters.cores[8].cycles),
            u128::from(counters.cycles) * soc / cluster,
            "{ratio:?}"
        );
        assert_eq!(counters.cores[0].cycles, counters.cycles);
        // The instruction that ends the run leaves in the same cycle of its clock; the run ends in the cycle of the
        // cluster whose edge is the first behind it.
        let expected = first.get_or_insert((cycles.clone(), seen.clone()));
        let shared = cycles.len().min(expected.0.len());
        assert!(shared > 500);
        assert_eq!(
            (&cycles[..shared], &seen),
            (&expected.0[..shared], &expected.1),
            "{ratio:?}"
        );
    }
}

#[test]
fn a_worker_waits_for_l2_in_cycles_of_the_soc() {
    for (cluster, soc) in RATIOS
        .iter()
        .copied()
        .filter(|(cluster, soc)| cluster.max(soc) / cluster.min(soc) < 20)
    {
        let text = format!(
            "
            csrrs s0, mhartid, zero
            addi t0, zero, 992
            beq s0, t0, @start
            bne s0, zero, @end
            li s1, 0x1c010000
            {}
            {EXIT}
            start:
            li t1, 0x10200008
            addi t0, zero, 1
            sw t0, 0(t1)
            end:
            jal zero, @end
            ",
            "lw a0, 0(s1)\naddi a1, a1, 1\nsw a0, 0(s1)\naddi a1, a1, 1\naddi a1, a1, 1\n".repeat(9),
        );
        let mut config = clocked((cluster, soc));
        (config.l2.read_latency, config.l2.write_latency) = (8, 5);
        let (_, rows) = run(&config, &text);
        let mut seen = 0;
        for pair in rows[&0].windows(2) {
            let latency = match pair[0].bits & 0xfff {
                0x503 => 8,
                _ if pair[0].bits & 0x01f0_007f == 0x00a0_0023 && pair[0].pc < BASE + 0x100 => 5,
                _ => continue,
            };
            // P1: the address leaves two cycles after the request and the grant comes two cycles after the response.
            // The SoC sees the address at its first edge at or behind it, and counts from there.
            let address = u128::from(pair[0].cycle + 1 + 2);
            let edge = (address * u128::from(soc)).div_ceil(cluster.into());
            let response = ((edge + latency) * u128::from(cluster)).div_ceil(soc.into());
            assert_eq!(u128::from(pair[1].cycle), response + 2, "{cluster} {soc}");
            seen += 1;
        }
        assert_eq!(seen, 18);
    }
}

#[test]
fn timers_outside_the_cluster_tick_at_its_clock_and_wake_the_orchestrator_at_theirs() {
    // A compare value of 1000 and wfi: the orchestrator is up again after as many cycles of its own clock.
    let text = alone(
        "
        li s1, 0x1a10b000
        li s2, 0x1a109800
        li t0, 1000
        sw t0, 0x10(s1)
        addi t0, zero, 0x400
        sw t0, 4(s2)
        addi t0, zero, 5
        sw t0, 0(s1)
        wfi
        addi a0, a0, 1
        ",
    );
    let slept = |(cluster, soc)| {
        let (cluster, soc) = (
            format!("cluster.frequency_hz={cluster}"),
            format!("soc.frequency_hz={soc}"),
        );
        let (_, rows) = run(&config("pulp-open", &[&cluster, &soc]), &text);
        let at = rows[&8].iter().position(|row| row.bits == WFI).unwrap();
        rows[&8][at + 1].cycle - rows[&8][at].cycle
    };
    let expected = slept(RATIOS[0]);
    assert!((980..1020).contains(&expected), "{expected}");
    for ratio in RATIOS {
        assert_eq!(slept(*ratio), expected, "{ratio:?}");
    }
}

#[test]
fn a_debugger_finds_every_breakpoint_of_an_orchestrator_on_a_faster_clock() {
    let text = alone(
        "
        addi s2, zero, 50
        again:
        addi a0, a0, 1
        addi a1, a1, 1
        addi s2, s2, -1
        bne s2, zero, @again
        ",
    );
    for ratio in RATIOS {
        let config = clocked(*ratio);
        let image = image(&config, &text);
        let plain = run(&config, &text).0.counters();
        let mut debugger = Debugger::new(Machine::new(&config, &image).unwrap(), Engine::Calendar, 3_000_000);
        let place = BASE + 8;
        debugger.add_breakpoint(place);
        let mut hits = 0;
        loop {
            match debugger.run(1_000_000) {
                Some(Stopped::Breakpoint(core)) => {
                    assert_eq!((core, debugger.pc(core)), (8, place));
                    hits += 1;
                    debugger.remove_breakpoint(place);
                    debugger.begin_step(core, true);
                    assert_eq!(debugger.run(1_000_000), Some(Stopped::Step(core)));
                    debugger.add_breakpoint(place);
                }
                Some(Stopped::Ended(_)) => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(hits, 50, "{ratio:?}");
        assert_eq!(debugger.into_machine().counters(), plain, "{ratio:?}");
    }
}

#[test]
fn a_checkpoint_holds_what_is_between_the_clocks() {
    // The orchestrator, with its own clock, talks to a cluster peripheral all the time.
    let text = alone(
        "
        li s1, 0x10200000
        addi s2, zero, 100
        again:
        lw a0, 0x44(s1)
        sw a0, 0x44(s1)
        addi s2, s2, -1
        bne s2, zero, @again
        ",
    );
    let config = clocked((370_000_000, 123_456_789));
    let image = image(&config, &text);
    let end = run(&config, &text).0.counters();
    for cycle in (50..end.cycles).step_by(37) {
        let mut before = Machine::new(&config, &image).unwrap();
        assert!(before.run_until(Engine::Calendar, cycle, &mut Silent).is_none());
        let saved = before.save("program").unwrap();
        let mut after = Machine::new(&config, &image).unwrap();
        after.restore(&saved, "program").unwrap();
        after.run(&RunOptions::default(), &mut Silent);
        assert_eq!(after.counters(), end, "cycle {cycle}");
    }
}

#[test]
fn the_second_clock_follows_the_first_unless_it_is_set() {
    let mut draft = Draft::shipped("ennead").unwrap();
    draft.set("cluster.frequency_hz", "123").unwrap();
    assert_eq!(draft.clone().finish().unwrap().soc.frequency_hz, 123);
    draft.set("soc.frequency_hz", "124").unwrap();
    assert_eq!(draft.finish().unwrap().soc.frequency_hz, 124);
}
