//! Programs that all workers of a PULP-open machine run at once, and when their instructions left decode.

use std::collections::BTreeMap;

use ennead_sim::config::Config;
use ennead_sim::elf::Image;
use ennead_sim::engine::{Engine, RunOptions};
use ennead_sim::fault::Outcome;
use ennead_sim::machine::Machine;
use ennead_sim::observe::{Retire, Retired};

use super::{BASE, elf, program};

/// The orchestrator starts the workers and sleeps; the workers meet at barrier 0 and run `body`, with their number in s0
/// and the event unit in s1; the first one ends the run when all have met again.
pub(crate) fn image(config: &Config, body: &str) -> Image {
    let workers = config.cluster.workers;
    let all = if workers < 32 { (1u32 << workers) - 1 } else { u32::MAX };
    let floats = if config.core.fp_registers == ennead_sim::config::FpRegisters::F {
        "li t0, 0x2000\ncsrrs zero, mstatus, t0"
    } else {
        ""
    };
    let text = format!(
        "
        csrrs s0, mhartid, zero
        addi t0, zero, 992
        bne s0, t0, @worker
        li t1, 0x10200008
        addi t0, zero, -1
        sw t0, 0(t1)
        sleep:
        wfi
        jal zero, @sleep
        worker:
        li s1, 0x10204000
        li t0, 0x00010000
        sw t0, 0(s1)
        {floats}
        bne s0, zero, @meet
        li t0, {all:#x}
        sw t0, 0x200(s1)
        sw t0, 0x20c(s1)
        meet:
        addi t0, zero, 200
        wait:
        addi t0, t0, -1
        bne t0, zero, @wait
        cv.elw t0, 0x21c(s1)
        {body}
        cv.elw t0, 0x21c(s1)
        bne s0, zero, @end
        li t0, 0x1a1040a0
        li t1, 0x80000000
        sw t1, 0(t0)
        end:
        jal zero, @end
        "
    );
    let (bytes, _) = program(&text, BASE, &config.core.instruction_set());
    Image::parse(&elf(BASE, &[(BASE, &bytes)])).expect("a good file")
}

/// What each core retired; both engines must agree on it.
pub(crate) fn rows(config: &Config, body: &str) -> BTreeMap<usize, Vec<Retired>> {
    let image = image(config, body);
    let [fast, oracle] = [Engine::Calendar, Engine::Lockstep].map(|engine| {
        let mut rows: BTreeMap<usize, Vec<Retired>> = BTreeMap::new();
        let mut machine = Machine::new(config, &image).expect("a possible machine");
        let options = RunOptions {
            engine,
            max_cycles: 1_000_000,
        };
        let mut observer = Retire(|row: Retired| rows.entry(row.core).or_default().push(row));
        let outcome = machine.run(&options, &mut observer);
        assert!(
            matches!(&outcome, Outcome::Exit(exit) if exit.code == 0),
            "{}",
            outcome.message(&|_| None)
        );
        rows
    });
    assert_eq!(fast, oracle);
    fast
}

/// For each worker the cycles in which its instructions that are `timed` came into the execute stage, and those in which the
/// ones behind them left decode.
pub(crate) fn waits(config: &Config, body: &str, timed: fn(u32) -> bool) -> BTreeMap<usize, Vec<(u64, u64)>> {
    let workers = config.cluster.workers;
    let waits = |rows: Vec<Retired>| -> Vec<(u64, u64)> {
        let pairs = rows.windows(2).filter(|pair| timed(pair[0].bits));
        pairs.map(|pair| (pair[0].cycle + 1, pair[1].cycle)).collect()
    };
    rows(config, body)
        .into_iter()
        .map(|(core, rows)| (core, waits(rows)))
        .filter(|(core, timed)| *core < workers && !timed.is_empty())
        .collect()
}

/// C3, as its sentence says it, over the `leaves` from `low` on: the upper half, if it asks and (the pointer's bit is 1 or
/// the lower half does not ask), else the lower half.
pub(crate) fn walk(asking: &[usize], pointer: usize, low: usize, leaves: usize) -> usize {
    if leaves == 1 {
        return low;
    }
    let half = leaves / 2;
    let asks = |from: usize| asking.iter().any(|master| (from..from + half).contains(master));
    let upper = asks(low + half) && (pointer & half != 0 || !asks(low));
    walk(asking, pointer, if upper { low + half } else { low }, half)
}

/// Replays requests cycle by cycle: `serve` says which of the cores that ask in a cycle are granted. Gives the cycles of the
/// grants of each core.
pub(crate) fn replay(
    requests: &BTreeMap<usize, Vec<(u64, u64)>>,
    mut serve: impl FnMut(&[usize]) -> Vec<usize>,
) -> BTreeMap<usize, Vec<u64>> {
    let mut left: BTreeMap<usize, Vec<u64>> = requests
        .iter()
        .map(|(core, timed)| (*core, timed.iter().rev().map(|(requested, _)| *requested).collect()))
        .collect();
    let mut granted: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for now in 0.. {
        if left.values().all(Vec::is_empty) {
            break;
        }
        let asks = |rest: &Vec<u64>| rest.last().is_some_and(|requested| *requested <= now);
        let asking: Vec<usize> = left
            .iter()
            .filter(|(_, rest)| asks(rest))
            .map(|(core, _)| *core)
            .collect();
        if asking.is_empty() {
            continue;
        }
        for winner in serve(&asking) {
            left.get_mut(&winner).expect("one that asks").pop();
            granted.entry(winner).or_default().push(now);
        }
    }
    granted
}
