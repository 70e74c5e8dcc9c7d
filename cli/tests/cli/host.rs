//! Bare test programs end and print by way of `tohost` on every machine, and nobody else notices.

use crate::support::{Elf, READ_WRITE, Segment, reported, scratch};
use ennead_isa::{Set, assemble};
use serde_json::Value;

const DATA: u32 = 0x1c00_9000;
const TOHOST: u32 = DATA;
const FROMHOST: u32 = DATA + 0x40;
const BLOCK: u32 = DATA + 0x80;
const TEXT: &[u8] = b"Hello from the host\n";

/// A program with `tohost` and `fromhost`; `s0` holds the address of the first, `s1` that of the call's block.
fn program(lines: &[&str]) -> Elf {
    let start = ["lui s0, 0x1c009", "addi s1, s0, 128"];
    let words = start
        .iter()
        .chain(lines)
        .map(|line| assemble(line, &Set::RV32IMFC).unwrap());
    let mut elf = Elf::new(&words.collect::<Vec<_>>());
    let mut data = vec![0; 0x200];
    data[0x100..][..TEXT.len()].copy_from_slice(TEXT);
    elf.segments.push(Segment::load(DATA, data, READ_WRITE));
    elf.symbols.push(("tohost", TOHOST, 8));
    elf.symbols.push(("fromhost", FROMHOST, 8));
    elf
}

/// Stores `values` to the call's block, calls, waits for the answer and clears it; the answer is in `a0`.
fn call(values: [&str; 4]) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, value) in values.iter().enumerate() {
        lines.extend(value.split(';').map(|line| line.trim().to_owned()));
        lines.push(format!("sw a0, {}(s1)", 8 * index));
        lines.push(format!("sw zero, {}(s1)", 8 * index + 4));
    }
    lines.extend(
        [
            "sw s1, 0(s0)",
            "lw t0, 64(s0)",
            "beq t0, zero, 0xfffffffc",
            "sw zero, 64(s0)",
            "lw a0, 0(s1)",
        ]
        .map(str::to_owned),
    );
    lines
}

#[track_caller]
fn run(elf: &Elf, name: &str, args: &[&str]) -> (Value, i32, String) {
    let directory = scratch(name);
    std::fs::write(directory.join("host.elf"), elf.bytes()).unwrap();
    let args: Vec<_> = ["run", "host.elf", "--format", "json", "--max-cycles", "20000"]
        .iter()
        .chain(args)
        .copied()
        .collect();
    reported(&directory, &args)
}

#[test]
fn an_odd_value_ends_the_run_with_the_rest_as_code_on_every_machine_and_engine() {
    // RISC-V tests: 1 is a pass, and test n that fails leaves n << 1 | 1.
    for (value, code) in [("addi t0, zero, 1", 0), ("addi t0, zero, 85", 42)] {
        let elf = program(&[value, "sw t0, 0(s0)", "sw zero, 4(s0)", "jal zero, 0"]);
        for config in ["ennead", "vega", "pulp-open", "cv32e40p", "ri5cy-vega"] {
            for engine in ["calendar", "lockstep"] {
                let name = format!("host_{config}_{engine}_{code}");
                let (report, status, stderr) = run(&elf, &name, &["--config", config, "--engine", engine]);
                assert_eq!(status, code, "{config} {engine}: {stderr}");
                assert_eq!(report["outcome"]["kind"], "exit");
                assert_eq!(report["outcome"]["code"], code);
                assert_eq!(report["outcome"]["symbol"], "_start+0xc", "{config}");
            }
        }
    }
}

#[test]
fn calls_print_end_the_run_and_are_refused_with_the_errors_of_posix() {
    let mut lines = call([
        "addi a0, zero, 64",
        "addi a0, zero, 1",
        "addi a0, s0, 256",
        &format!("addi a0, zero, {}", TEXT.len()),
    ]);
    lines.push("addi s2, a0, 0".to_owned());
    // File 7 does not exist: -9; nor does call 81: -38; nothing is mapped at 0: -14.
    lines.extend(call([
        "addi a0, zero, 64",
        "addi a0, zero, 7",
        "addi a0, s0, 256",
        "addi a0, zero, 1",
    ]));
    lines.push("sub s2, s2, a0".to_owned());
    lines.extend(call([
        "addi a0, zero, 81",
        "addi a0, zero, 1",
        "addi a0, s0, 256",
        "addi a0, zero, 1",
    ]));
    lines.push("sub s2, s2, a0".to_owned());
    lines.extend(call([
        "addi a0, zero, 64",
        "addi a0, zero, 2",
        "lui a0, 0x40000",
        "addi a0, zero, 1",
    ]));
    lines.push("sub s2, s2, a0".to_owned());
    lines.extend(call([
        "addi a0, zero, 93",
        "addi a0, s2, 0",
        "addi a0, zero, 0",
        "addi a0, zero, 0",
    ]));
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    for config in ["ennead", "cv32e40p"] {
        let (report, status, stderr) = run(&program(&lines), &format!("host_calls_{config}"), &["--config", config]);
        assert_eq!(status, TEXT.len() as i32 + 9 + 38 + 14, "{stderr}");
        assert_eq!(report["console"].as_str().unwrap().as_bytes(), TEXT);
        assert!(stderr.contains("system call 81"), "{stderr}");
    }
}

#[test]
fn a_call_whose_block_lies_nowhere_is_a_fault() {
    let (report, status, _) = run(
        &program(&["lui t0, 0x40000", "sw t0, 0(s0)", "jal zero, 0"]),
        "host_nowhere",
        &[],
    );
    assert_eq!(status, 201);
    let message = report["outcome"]["message"].as_str().unwrap();
    assert!(
        message.contains("0x40000000") && message.contains("tohost"),
        "{message}"
    );
}

#[test]
fn words_beside_it_and_programs_without_the_symbol_are_left_alone() {
    let lines = [
        "addi t0, zero, 1",
        "sw t0, 4(s0)",
        "sw t0, 8(s0)",
        "sw t0, -4(s0)",
        "jal zero, 0",
    ];
    assert_eq!(run(&program(&lines), "host_beside", &[]).1, 202);
    let mut elf = program(&["addi t0, zero, 1", "sw t0, 0(s0)", "jal zero, 0"]);
    elf.symbols.retain(|(name, ..)| *name != "tohost");
    assert_eq!(run(&elf, "host_without", &[]).1, 202);
    assert_eq!(BLOCK - TOHOST, 128);
}

#[test]
fn stores_among_code_are_noticed_before_and_after_the_code_is_decoded() {
    // The word lies behind the code, in the page that is running.
    let mut elf = program(&[
        "auipc s0, 0",
        "addi t0, zero, 7",
        "sw t0, 16(s0)",
        "jal zero, 0",
        "addi zero, zero, 0",
    ]);
    elf.symbols.retain(|(name, ..)| *name != "tohost");
    elf.symbols.push(("tohost", crate::support::CODE + 8 + 16, 8));
    assert_eq!(run(&elf, "host_code", &[]).1, 3);
}
