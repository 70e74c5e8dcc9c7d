//! Programs as text: a two-pass assembler over [`ennead_isa::assemble`], an ELF writer, and a run on a shipped machine.
//!
//! One instruction a line. Beyond what the assembler knows there are labels (`name:`), `@name` for the distance to a
//! label, `li rd, value` and `la rd, name` (always two instructions), `.bits word` (two or four bytes, as the word's low
//! bits say), `.word value` and `.align bytes`.

#![allow(dead_code, reason = "no test uses all of it")]

pub(crate) mod team;

use std::collections::HashMap;

use ennead_isa::{Set, assemble};
use ennead_sim::config::{Config, Draft};
use ennead_sim::elf::Image;
use ennead_sim::engine::Engine;
use ennead_sim::engine::RunOptions;
use ennead_sim::fault::Outcome;
use ennead_sim::machine::Machine;
use ennead_sim::observe::Silent;

/// Where programs begin: the program memory of the bench.
pub(crate) const BASE: u32 = 0x1c00_0000;

/// Bytes of a program at `base`, and where its labels are.
pub(crate) fn program(text: &str, base: u32, set: &Set) -> (Vec<u8>, HashMap<String, u32>) {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut labels = HashMap::new();
    let mut at = base;
    for line in lines() {
        match line.strip_suffix(':') {
            Some(label) => assert!(labels.insert(label.to_owned(), at).is_none(), "two labels {label}"),
            None => at += size(line, at),
        }
    }
    let mut bytes = Vec::new();
    let mut known: HashMap<String, u32> = HashMap::new();
    for line in lines().filter(|line| !line.ends_with(':')) {
        let pc = base + bytes.len() as u32;
        let end = bytes.len() + size(line, pc) as usize;
        let (name, operands) = line.split_once(' ').unwrap_or((line, ""));
        let mut put = |text: String| {
            let word = *known
                .entry(text)
                .or_insert_with_key(|text| assemble(text, set).unwrap_or_else(|error| panic!("{line}: {error}")));
            bytes.extend(&word.to_le_bytes()[..if word & 3 == 3 { 4 } else { 2 }]);
        };
        match name {
            "li" | "la" => {
                let (register, value) = operands.split_once(", ").expect("a register and a value");
                let value = if name == "la" { labels[value] } else { number(value) };
                put(format!("lui {register}, {:#x}", value.wrapping_add(0x800) >> 12));
                put(format!("addi {register}, {register}, {}", ((value << 20) as i32) >> 20));
            }
            ".bits" => bytes.extend(&number(operands).to_le_bytes()[..size(line, pc) as usize]),
            ".word" => bytes.extend(number(operands).to_le_bytes()),
            ".align" => {}
            _ => put(match line.split_once('@') {
                Some((before, label)) => format!("{before}{:#x}", labels[label].wrapping_sub(pc)),
                None => line.to_owned(),
            }),
        }
        bytes.resize(end, 0);
    }
    (bytes, labels)
}

fn size(line: &str, at: u32) -> u32 {
    let (name, operands) = line.split_once(' ').unwrap_or((line, ""));
    match name {
        "li" | "la" => 8,
        ".bits" if number(operands) & 3 != 3 => 2,
        ".align" => at.next_multiple_of(number(operands)) - at,
        _ if name.starts_with("c.") => 2,
        _ => 4,
    }
}

/// A decimal or hexadecimal number of 32 bits, with or without a sign.
pub(crate) fn number(text: &str) -> u32 {
    let hexadecimal = |text: &str| u32::from_str_radix(text, 16).ok();
    text.strip_prefix("0x")
        .map_or_else(|| text.parse::<i64>().ok().map(|value| value as u32), hexadecimal)
        .unwrap_or_else(|| panic!("{text} is no number"))
}

/// An executable ELF file of these segments (address and bytes), which may be read, written and executed.
pub(crate) fn elf(entry: u32, segments: &[(u32, &[u8])]) -> Vec<u8> {
    const PAGE: u32 = 0x1000;
    let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
    let word = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
    half(&mut file, 2); // executable
    half(&mut file, 243); // RISC-V
    // Version, entry, program headers, section headers, flags (RVC).
    [1, entry, 52, 0, 1]
        .into_iter()
        .for_each(|value| word(&mut file, value));
    [52, 32, segments.len() as u16, 40, 0, 0]
        .into_iter()
        .for_each(|value| half(&mut file, value));
    // A segment's offset equals its address modulo the page size, as operating systems want it.
    let mut offsets = Vec::new();
    let mut end = PAGE;
    for (address, bytes) in segments {
        offsets.push(end.next_multiple_of(PAGE) + address % PAGE);
        end = offsets[offsets.len() - 1] + bytes.len() as u32;
    }
    for (offset, (address, bytes)) in offsets.iter().zip(segments) {
        let size = bytes.len() as u32;
        [1, *offset, *address, *address, size, size, 7, PAGE]
            .into_iter()
            .for_each(|value| word(&mut file, value));
    }
    for (offset, (_, bytes)) in offsets.iter().zip(segments) {
        file.resize(*offset as usize, 0);
        file.extend(*bytes);
    }
    file
}

/// A shipped machine with some keys set.
pub(crate) fn config(name: &str, keys: &[&str]) -> Config {
    let mut draft = Draft::shipped(name).expect("a shipped machine");
    keys.iter()
        .for_each(|key| draft.assignment(key).expect("a key and its value"));
    draft.finish().expect("a possible machine")
}

/// Runs a program with both engines until it stores to the bench's exit, and gives the machine as it then is. The code must
/// be 0, and the engines must agree.
#[track_caller]
pub(crate) fn run(config: &Config, text: &str) -> (Machine, HashMap<String, u32>) {
    let (bytes, labels) = program(text, BASE, &config.core.instruction_set());
    let image = Image::parse(&elf(BASE, &[(BASE, &bytes)])).expect("a good file");
    let [fast, oracle] = [Engine::Calendar, Engine::Lockstep].map(|engine| {
        let mut machine = Machine::new(config, &image).expect("a possible machine");
        let options = RunOptions {
            engine,
            max_cycles: 1_000_000,
        };
        match machine.run(&options, &mut Silent) {
            Outcome::Exit(exit) if exit.code == 0 => machine,
            outcome => panic!("{engine:?}: {}", outcome.message(&|_| None)),
        }
    });
    assert_eq!(fast.counters(), oracle.counters());
    assert_eq!(fast.cores()[0].registers, oracle.cores()[0].registers);
    let size = config.l2.size as usize / 4;
    assert!(words(&fast, BASE, size) == words(&oracle, BASE, size), "memory differs");
    (fast, labels)
}

/// The same, and gives the words from label `table` on.
#[track_caller]
pub(crate) fn table(config: &Config, text: &str, count: usize) -> Vec<u32> {
    let (machine, labels) = run(config, text);
    words(&machine, labels["table"], count)
}

/// Words of memory.
pub(crate) fn words(machine: &Machine, address: u32, count: usize) -> Vec<u32> {
    let mut bytes = vec![0; 4 * count];
    assert_eq!(machine.memory().dump(address, &mut bytes), bytes.len());
    bytes
        .chunks(4)
        .map(|chunk| u32::from_le_bytes(chunk.try_into().unwrap()))
        .collect()
}

/// Ends a program.
pub(crate) const EXIT: &str = "
    li t6, 0x20000000
    sw zero, 0(t6)
    jal zero, 0
";
