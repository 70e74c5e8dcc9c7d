//! The older core against a public calibration suite whose expectations quote its RTL: cycles per instruction of runs of
//! one kind, with memories that answer in the next cycle. The suite's totals contain up to 3 cycles of reading counters,
//! which are not counted here.

mod support;

use ennead_isa::assemble;
use ennead_sim::config::Draft;
use ennead_sim::elf::Image;
use ennead_sim::engine::RunOptions;
use ennead_sim::machine::Machine;
use ennead_sim::observe::{Retire, Retired};
use support::{BASE, elf};

/// Cycles from the first to behind the last of `count` groups of instructions, after the set-up.
fn cycles(setup: &[&str], count: usize, group: &[&str]) -> u64 {
    let config = Draft::shipped("ri5cy-vega").unwrap().finish().unwrap();
    let set = config.core.instruction_set();
    let lines = setup
        .iter()
        .copied()
        .chain((0..count).flat_map(|_| group.iter().copied()));
    let end = ["addi x0, x0, 0", "lui x31, 0x20000", "sw x0, 0(x31)"];
    let words = lines
        .chain(end)
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
    let first = BASE + 4 * setup.len() as u32;
    at(first + 4 * (count * group.len()) as u32) - at(first)
}

const DATA: &str = "lui x8, 0x1c010";

#[test]
fn loads_take_one_cycle_and_their_user_waits_for_one() {
    assert_eq!(cycles(&[DATA], 256, &["lw x10, 0(x8)"]), 256);
    assert_eq!(cycles(&[DATA], 128, &["lw x10, 0(x8)", "addi x11, x10, 1"]), 384);
    assert_eq!(cycles(&[DATA], 128, &["lw x10, 1(x8)"]), 256);
}

#[test]
fn taken_branches_take_three_cycles() {
    assert_eq!(cycles(&["addi x0, x0, 0"], 128, &["beq x0, x0, 4"]), 387 - 3);
}

#[test]
fn a_jump_to_a_register_waits_for_its_producer() {
    let group = ["auipc x5, 0", "addi x5, x5, 12", "jalr x0, 0(x5)"];
    assert_eq!(cycles(&["addi x0, x0, 0"], 32, &group), 161 - 1);
}

#[test]
fn upper_products_take_five_cycles_dependent_or_not() {
    assert_eq!(cycles(&["addi x5, x0, 7"], 64, &["mulh x10, x5, x5"]), 323 - 3);
    assert_eq!(cycles(&["addi x5, x0, 7"], 64, &["mulh x5, x5, x5"]), 323 - 3);
}

#[test]
fn divisions_take_what_the_divisor_says() {
    for (divisor, expected) in [
        (&["lui x6, 0xa", "addi x6, x6, -1930"][..], 307),
        (&["addi x6, x0, 1"], 547),
        (&["lui x6, 0x40000"], 67),
        (&["addi x6, x0, 0"], 563),
    ] {
        assert_eq!(cycles(divisor, 16, &["div x10, x5, x6"]), expected - 3, "{divisor:?}");
    }
}
