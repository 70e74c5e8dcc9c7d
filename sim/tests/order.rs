//! Runs that may tell ahead of the machine, in cases that random programs do not come to.

mod support;

use ennead_sim::config::{Config, Draft};
use ennead_sim::engine::{Engine, RunOptions};
use ennead_sim::machine::Machine;
use ennead_sim::observe::{Observer, Retire, Retired, Silent};
use ennead_sim::order::InOrder;
use ennead_sim::retire::Record;
use support::team;

fn run<O: Observer>(config: &Config, body: &str, engine: Engine, observer: &mut O) -> (u64, Vec<u64>) {
    let mut machine = Machine::new(config, &team::image(config, body)).unwrap();
    let max_cycles = 100_000;
    machine.run(&RunOptions { engine, max_cycles }, observer);
    let counters = machine.counters();
    (
        counters.cycles,
        counters.cores.iter().map(|core| core.instret).collect(),
    )
}

/// What a run that keeps to the order of cycles tells, and what one that may tell ahead does, put in order; both engines
/// and all observers must end in the same way.
fn told(config: &Config, body: &str) -> [Vec<(usize, u64, u32)>; 2] {
    let mut told = Vec::new();
    let mut observer = Retire(|row: Retired| told.push((row.core, row.cycle, row.pc)));
    let oracle = run(config, body, Engine::Lockstep, &mut observer);
    let mut found = Vec::new();
    let mut observer = InOrder::new(config, |rows: &[Record]| {
        found.extend(rows.iter().map(|row| (row.core, row.cycle, row.pc)));
    });
    let ahead = run(config, body, Engine::Calendar, &mut observer);
    observer.end(ahead.0);
    assert_eq!(run(config, body, Engine::Calendar, &mut Silent), oracle, "{body}");
    assert_eq!(ahead, oracle, "{body}");
    [told, found]
}

/// Worker `by` counts to 50 and then writes `enabled` to the fetch-enable register, and a while later all; the others do
/// `work` for ever.
fn stopping(by: usize, enabled: u64, work: &str) -> String {
    format!(
        "
        addi t0, zero, {by}
        bne s0, t0, @others
        addi t0, zero, 50
        count:
        addi t0, t0, -1
        bne t0, zero, @count
        li t0, 0x10200008
        addi t1, zero, {enabled}
        sw t1, 0(t0)
        addi t1, zero, 100
        rest:
        addi t1, t1, -1
        bne t1, zero, @rest
        addi t1, zero, -1
        sw t1, 0(t0)
        addi t1, zero, 400
        more:
        addi t1, t1, -1
        bne t1, zero, @more
        li t0, 0x1a1040a0
        li t1, 0x80000000
        sw t1, 0(t0)
        others:
        li s2, 0x10000000
        slli t0, s0, 2
        add s2, s2, t0
        again:
        {work}
        jal zero, @again
    "
    )
}

#[test]
fn a_core_that_is_stopped_while_it_is_ahead_has_done_what_it_had_by_then() {
    let works = [
        "addi t1, t1, 1\naddi t2, t2, 1",
        "addi t1, t1, 1\nlw t2, 0(s2)\nadd t2, t2, t1\nsw t2, 0(s2)\naddi t1, t1, 3",
        "div t1, t2, s2\naddi t1, t1, 1\nlw t2, 64(s2)",
    ];
    for wait in [0, 3] {
        let mut draft = Draft::shipped("ennead").unwrap();
        draft.set("cluster.peripheral_wait", &wait.to_string()).unwrap();
        let config = draft.finish().unwrap();
        for (by, work) in [0, 3, 7].into_iter().flat_map(|by| works.map(|work| (by, work))) {
            let [told, found] = told(&config, &stopping(by, 1 << by, work));
            assert!(told.iter().any(|row| row.0 == (by + 1) % 8), "{work}");
            assert_eq!(found, told, "{by}: {work}");
        }
    }
}
