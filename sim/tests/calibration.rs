//! The older core against a public calibration suite whose expectations quote its RTL: cycles of runs of one kind of
//! instruction, and what its event counters then show. The suite's totals contain up to 3 cycles of reading counters,
//! which are not counted here.
//!
//! What the suite does not tell was measured on the published RTL (tag vega_v1.3.4).

mod support;

use ennead_isa::assemble;
use ennead_sim::config::Draft;
use ennead_sim::elf::Image;
use ennead_sim::engine::RunOptions;
use ennead_sim::machine::Machine;
use ennead_sim::observe::{Retire, Retired};
use support::{BASE, elf};

/// The event counters that the suite reads.
const COUNTERS: [u32; 6] = [0x782, 0x783, 0x784, 0x785, 0x787, 0x78b];

/// What a run took.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    /// From the first to behind the last of the groups, less the last response that is waited for.
    cycles: u64,
    load_stalls: u32,
    jump_stalls: u32,
    fetch_misses: u32,
    loads: u32,
    jumps: u32,
    event_loads: u32,
}

/// Runs `count` groups of instructions after the set-up, with data memory that answers `latency` cycles after the grant.
fn run(latency: u32, setup: &[&str], count: usize, group: &[&str]) -> Run {
    let mut draft = Draft::shipped("ri5cy-vega").unwrap();
    draft.set("core.response_latency", &latency.to_string()).unwrap();
    let config = draft.finish().unwrap();
    let set = config.core.instruction_set();
    let enable = ["addi x30, x0, -1", "csrrw x0, 0xcc0, x30", "csrrwi x0, 0x79f, 0"];
    let mut lines: Vec<String> = enable.iter().chain(setup).map(ToString::to_string).collect();
    let first = BASE + 4 * lines.len() as u32;
    lines.extend((0..count).flat_map(|_| group.iter().map(ToString::to_string)));
    let behind = BASE + 4 * lines.len() as u32;
    lines.push("addi x0, x0, 0".to_owned());
    lines.extend((20..).zip(COUNTERS).map(|(x, csr)| format!("csrrs x{x}, {csr:#x}, x0")));
    lines.extend(["lui x31, 0x20000", "sw x0, 0(x31)"].map(str::to_owned));
    let words = lines
        .iter()
        .map(|line| assemble(line, &set).unwrap_or_else(|error| panic!("{line}: {error}")));
    let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
    let mut machine = Machine::new(&config, &Image::parse(&elf(BASE, &[(BASE, &bytes)])).unwrap()).unwrap();
    let mut rows = Vec::new();
    let options = RunOptions {
        max_cycles: 10_000,
        ..RunOptions::default()
    };
    machine.run(&options, &mut Retire(|row: Retired| rows.push((row.pc, row.cycle))));
    let at = |pc: u32| {
        rows.iter()
            .find(|row| row.0 == pc)
            .unwrap_or_else(|| panic!("{pc:#x} never left decode"))
            .1
    };
    let x = &machine.cores()[0].registers;
    Run {
        cycles: at(behind) - at(first),
        load_stalls: x[20],
        jump_stalls: x[21],
        fetch_misses: x[22],
        loads: x[23],
        jumps: x[24],
        event_loads: x[25],
    }
}

const NOTHING: &str = "addi x0, x0, 0";
const DATA: &str = "lui x8, 0x1c010";

#[test]
fn loads_take_one_cycle_and_their_user_waits_for_one() {
    let apart = run(1, &[DATA], 256, &["lw x10, 0(x8)"]);
    assert_eq!((apart.cycles, apart.load_stalls), (256, 0));
    let pairs = run(1, &[DATA], 128, &["lw x10, 0(x8)", "addi x11, x10, 1"]);
    assert_eq!((pairs.cycles, pairs.load_stalls), (384, 128));
}

#[test]
fn a_late_load_counts_as_one_stall_however_late_it_is() {
    let run = run(
        5,
        &[DATA],
        64,
        &["lw x10, 0(x8)", "addi x12, x13, 1", "addi x11, x10, 1"],
    );
    assert_eq!((run.cycles, run.load_stalls, run.loads), (448, 64, 64));
}

#[test]
fn misaligned_loads_are_two_accesses_one_after_the_other() {
    let near = run(1, &[DATA], 128, &["lw x10, 1(x8)"]);
    assert_eq!((near.cycles, near.loads), (256, 256));
    // The suite's total ends with the last response.
    let far = run(5, &[DATA], 128, &["lw x10, 1(x8)"]);
    assert_eq!((far.cycles + 5, far.loads), (1281, 256));
}

#[test]
fn taken_branches_take_three_cycles() {
    let run = run(1, &[NOTHING], 128, &["beq x0, x0, 4"]);
    assert_eq!((run.cycles, run.fetch_misses), (387 - 3, 0));
}

#[test]
fn a_jump_to_a_register_waits_for_its_producer_and_then_counts_as_no_jump() {
    let group = ["auipc x5, 0", "addi x5, x5, 12", "jalr x0, 0(x5)"];
    let waits = run(1, &[NOTHING], 32, &group);
    assert_eq!((waits.cycles, waits.jump_stalls, waits.jumps), (161 - 1, 32, 0));
    // Measured on the RTL: one that writes its own register holds itself back once more; others count.
    let call = run(1, &[NOTHING], 32, &["auipc x5, 0", "jalr x5, 8(x5)"]);
    assert_eq!((call.jump_stalls, call.jumps), (64, 0));
    let plain = run(1, &[NOTHING], 32, &["jal x1, 4"]);
    assert_eq!((plain.cycles, plain.jump_stalls, plain.jumps), (64, 0, 32));
    let group = [
        "auipc x5, 0",
        "addi x5, x5, 20",
        "sw x5, 0(x8)",
        "lw x6, 0(x8)",
        "jalr x0, 0(x6)",
    ];
    let loaded = run(1, &[DATA], 16, &group);
    assert_eq!((loaded.load_stalls, loaded.jump_stalls, loaded.jumps), (16, 16, 0));
}

#[test]
fn upper_products_take_five_cycles_dependent_or_not() {
    assert_eq!(run(1, &["addi x5, x0, 7"], 64, &["mulh x10, x5, x5"]).cycles, 323 - 3);
    assert_eq!(run(1, &["addi x5, x0, 7"], 64, &["mulh x5, x5, x5"]).cycles, 323 - 3);
}

#[test]
fn divisions_take_what_the_divisor_says() {
    for (divisor, expected) in [
        (&["lui x6, 0xa", "addi x6, x6, -1930"][..], 307),
        (&["addi x6, x0, 1"], 547),
        (&["lui x6, 0x40000"], 67),
        (&["addi x6, x0, 0"], 563),
    ] {
        assert_eq!(
            run(1, divisor, 16, &["div x10, x5, x6"]).cycles,
            expected - 3,
            "{divisor:?}"
        );
    }
}

#[test]
fn an_event_load_holds_the_pipeline_until_its_response_and_four_cycles_at_least() {
    let far = run(5, &[DATA], 64, &["p.elw x10, 0(x8)"]);
    assert_eq!((far.cycles, far.event_loads), (448, 384));
    // Measured on the RTL for the other latencies.
    for (latency, cycles) in [(1, 4), (2, 4), (3, 5), (4, 6), (6, 8), (8, 10)] {
        let run = run(latency, &[DATA], 64, &["p.elw x10, 0(x8)"]);
        assert_eq!(
            (run.cycles, run.event_loads),
            (64 * cycles, 64 * (cycles as u32 - 1)),
            "{latency}"
        );
    }
}

#[test]
fn a_stall_is_counted_where_it_falls_into_the_first_cycle_in_decode() {
    // Measured on the RTL: latency, group, load stalls a group.
    let cases: [(u32, &[&str], u32); 5] = [
        (1, &["lw x10, 0(x8)", "mulh x11, x12, x12", "add x13, x10, x11"], 0),
        (5, &["lw x10, 0(x8)", "mulh x11, x12, x12", "add x13, x10, x11"], 1),
        (1, &["mulh x11, x12, x12", "lw x10, 0(x8)", "add x13, x10, x11"], 1),
        (1, &["lw x10, 0(x8)", "addi x10, x0, 1"], 1),
        (5, &["lw x10, 0(x8)", "addi x10, x0, 1"], 1),
    ];
    for (latency, group, stalls) in cases {
        let run = run(latency, &[DATA], 32, group);
        assert_eq!((run.load_stalls, run.loads), (32 * stalls, 32), "{latency} {group:?}");
    }
}
