//! Random whole programs on the machine against `qemu-riscv32` in user mode, where it is on the path: branches, nested
//! loops, calls, jumps through registers, loads and stores at every alignment, floating point with changing modes.
//!
//! A file holds several programs. Each loads all registers and `fcsr`, runs, and stores them; then all data are compared.
//! Both sides run the same bytes at the same addresses; they differ only in how they start and end.
//! `ENNEAD_FUZZ_SEEDS=n` runs n seeds of each set instead of a few; a failure names its seed.

#![cfg(unix)]

mod support;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use ennead_isa::set::FloatRegisters;
use ennead_isa::table::{self, ROWS, Row};
use ennead_isa::{Decoder, Kind, Set};
use ennead_sim::config::Config;
use ennead_sim::elf::Image;
use ennead_sim::engine::RunOptions;
use ennead_sim::fault::Outcome;
use ennead_sim::machine::Machine;
use ennead_sim::observe::Silent;
use support::{BASE, config, elf, program};

const PROGRAMS: usize = 20;
/// Data: a buffer that loads and stores reach, with room for every 12-bit offset around its middle, then an image of the
/// registers before and one after each program.
const DATA: u32 = 0x1c01_0000;
const BUFFER: usize = 4096 + 64;
/// Words of an image: x1 to x30, fcsr, f0 to f31.
const IMAGE: usize = 30 + 1 + 32;
const IMAGES: u32 = DATA + BUFFER as u32;
const RESULTS: u32 = IMAGES + (PROGRAMS * IMAGE * 4) as u32;
const END: u32 = RESULTS + (PROGRAMS * IMAGE * 4) as u32;
/// Registers that no random instruction writes: return address, three pointers into the buffer, and a loop counter for
/// each depth.
const KEPT: [u8; 7] = [1, 2, 8, 30, 24, 25, 26];
const POINTERS: [usize; 3] = [2, 8, 30];
/// Iterations of a loop at most, by depth.
const ITERATIONS: [u64; 3] = [12, 6, 4];

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every host.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A register value: small, a float of ordinary size, a corner case, or anything.
    fn value(&mut self) -> u32 {
        const CORNERS: [u32; 12] = [
            0,
            1,
            u32::MAX,
            0x8000_0000,
            0x7fff_ffff,
            0x3f80_0000,
            0x7f80_0000,
            0x7fc0_0000,
            0x7f80_0001,
            0x0080_0000,
            0xffff_3c00,
            0xffff_7c01,
        ];
        let word = self.next() as u32;
        match self.below(5) {
            0 => CORNERS[self.below(12) as usize],
            1 => word & 63,
            2 => (word & 0x81ff_ffff) | 0x3f00_0000,
            3 => 0xffff_0000 | (word & 0x83ff) | 0x3c00,
            _ => word,
        }
    }
}

/// Writes one file of programs.
struct Writer<'a> {
    random: Random,
    decoder: Decoder,
    rows: &'a [&'a Row],
    text: String,
    labels: usize,
}

impl Writer<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text += line.as_ref();
        self.text.push('\n');
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!("label{}", self.labels)
    }

    /// A random register that instructions of 16 bits can name.
    fn short(&mut self) -> String {
        format!("x{}", 8 + self.random.below(8))
    }

    fn register(&mut self) -> String {
        format!("x{}", self.random.below(32))
    }

    /// One random instruction that goes on to the next.
    fn straight(&mut self) {
        loop {
            let row = self.rows[self.random.below(self.rows.len() as u64) as usize];
            let width = u32::MAX >> (32 - 8 * u32::from(row.len));
            let mut word = (row.bits | (self.random.next() as u32 & !row.mask)) & width;
            if matches!(row.op.map(|op| op.kind()), Some(Kind::Load { .. } | Kind::Store { .. })) {
                // The base is one of the pointers.
                word = match row.len {
                    4 => (word & !0x000f_8000) | (30 << 15),
                    _ => word & !(if row.mnemonic.ends_with("sp") { 0 } else { 0x0380 }),
                };
            }
            let Some(inst) = self.decoder.decode(word) else {
                continue;
            };
            if std::ptr::eq(table::row(inst.row), row) && !KEPT.contains(&inst.rd) {
                return self.line(format!(".bits {word:#x}"));
            }
        }
    }

    /// A change of rounding mode or flags, or a look at them.
    fn float_state(&mut self) {
        let mode = self.random.below(5);
        let flags = self.random.below(32);
        let line = match self.random.below(5) {
            0 => format!("csrrwi x29, frm, {mode}"),
            1 => format!("csrrwi x28, fflags, {flags}"),
            2 => format!("csrrsi x27, fflags, {flags}"),
            3 => format!("csrrci x23, fflags, {flags}"),
            _ => "csrrs x22, fcsr, zero".to_owned(),
        };
        self.line(line);
    }

    fn body(&mut self, items: u64, depth: usize, subroutines: &[String]) {
        for _ in 0..1 + self.random.below(items) {
            match self.random.below(16) {
                0..=1 if depth < ITERATIONS.len() => {
                    let (start, counter) = (self.label(), 24 + depth);
                    let count = 1 + self.random.below(ITERATIONS[depth]);
                    self.line(format!("addi x{counter}, zero, {count}"));
                    self.line(format!("{start}:"));
                    self.body(items / 2 + 1, depth + 1, subroutines);
                    self.line(format!("addi x{counter}, x{counter}, -1"));
                    self.line(format!("bne x{counter}, zero, @{start}"));
                }
                2..=4 => {
                    let end = self.label();
                    let names = ["beq", "bne", "blt", "bge", "bltu", "bgeu"];
                    let name = names[self.random.below(6) as usize];
                    let line = match self.random.below(4) {
                        0 => format!("c.beqz {}, @{end}", self.short()),
                        1 => format!("c.bnez {}, @{end}", self.short()),
                        _ => format!("{name} {}, {}, @{end}", self.register(), self.register()),
                    };
                    self.line(line);
                    for _ in 0..1 + self.random.below(4) {
                        self.straight();
                    }
                    self.line(format!("{end}:"));
                }
                5 => {
                    let end = self.label();
                    let line = match self.random.below(4) {
                        0 => format!("c.j @{end}"),
                        1 => format!("jal x{}, @{end}", [0, 5, 29][self.random.below(3) as usize]),
                        2 => format!(
                            "la x31, {end}\njalr x{}, 0(x31)",
                            [0, 5, 31][self.random.below(3) as usize]
                        ),
                        _ => format!("la x31, {end}\nc.jr x31"),
                    };
                    self.line(line);
                    for _ in 0..self.random.below(3) {
                        self.straight();
                    }
                    self.line(format!("{end}:"));
                }
                6 if !subroutines.is_empty() => {
                    let name = &subroutines[self.random.below(subroutines.len() as u64) as usize];
                    let line = match self.random.below(3) {
                        0 => format!("jal ra, @{name}"),
                        1 => format!("la x31, {name}\njalr ra, 0(x31)"),
                        _ => format!("la x31, {name}\nc.jalr x31"),
                    };
                    self.line(line);
                }
                7 => self.float_state(),
                _ => self.straight(),
            }
        }
    }

    fn program(&mut self, number: usize, file: bool) {
        let offset = (number * IMAGE * 4) as u32;
        self.line(format!("program{number}:\nli x31, {:#x}", IMAGES + offset));
        self.line(format!("lw x30, {}(x31)\ncsrrw zero, fcsr, x30", 30 * 4));
        if file {
            (0..32).for_each(|f| self.line(format!("flw f{f}, {}(x31)", (31 + f) * 4)));
        }
        (1..31).for_each(|x| self.line(format!("lw x{x}, {}(x31)", (x - 1) * 4)));
        self.line("addi x31, zero, 0");
        let subroutines = [self.label(), self.label()];
        self.body(24, 0, &subroutines);
        let end = self.label();
        self.line(format!("jal zero, @{end}"));
        for name in &subroutines {
            self.line(format!("{name}:"));
            for _ in 0..1 + self.random.below(8) {
                self.straight();
            }
            let back = if self.random.below(2) == 0 {
                "c.jr ra"
            } else {
                "jalr zero, 0(ra)"
            };
            self.line(back);
        }
        self.line(format!("{end}:\nli x31, {:#x}", RESULTS + offset));
        (1..31).for_each(|x| self.line(format!("sw x{x}, {}(x31)", (x - 1) * 4)));
        self.line(format!("csrrs x30, fcsr, zero\nsw x30, {}(x31)", 30 * 4));
        if file {
            (0..32).for_each(|f| self.line(format!("fsw f{f}, {}(x31)", (31 + f) * 4)));
        }
    }
}

/// The text of a file without its end, and its data.
fn random_programs(seed: u64, set: &Set, rows: &[&Row]) -> (String, Vec<u8>) {
    let mut writer = Writer {
        random: Random(seed),
        decoder: Decoder::new(set),
        rows,
        text: String::new(),
        labels: 0,
    };
    let mut data: Vec<u8> = (0..BUFFER).map(|_| writer.random.next() as u8).collect();
    for _ in 0..PROGRAMS {
        for word in 0..IMAGE {
            let value = match word {
                30 => (writer.random.below(5) as u32) << 5,
                _ if POINTERS.contains(&(word + 1)) => DATA + BUFFER as u32 / 2,
                _ => writer.random.value(),
            };
            data.extend(value.to_le_bytes());
        }
    }
    data.resize((END - DATA) as usize, 0);
    let file = set.float_registers == FloatRegisters::F;
    (0..PROGRAMS).for_each(|number| writer.program(number, file));
    (writer.text, data)
}

/// The data after a run on the machine, and how many instructions it took.
fn run_here(machine: &Config, text: &str, data: &[u8], set: &Set, seed: u64) -> (Vec<u8>, u64) {
    let text = format!(
        "{text}
        li x31, 0x20000000
        sw zero, 0(x31)
        jal zero, 0
        entry:
        li x31, 0x6000
        csrrs zero, mstatus, x31
        jal zero, @program0"
    );
    let (bytes, labels) = program(&text, BASE, set);
    let image = Image::parse(&elf(labels["entry"], &[(BASE, &bytes), (DATA, data)])).expect("a good file");
    let mut machine = Machine::new(machine, &image).expect("a possible machine");
    let options = RunOptions {
        max_cycles: 100_000_000,
        ..RunOptions::default()
    };
    match machine.run(&options, &mut Silent) {
        Outcome::Exit(exit) if exit.code == 0 => {}
        outcome => panic!("seed {seed}: {}", outcome.message(&|_| None)),
    }
    let mut after = vec![0; data.len()];
    assert_eq!(machine.memory().dump(DATA, &mut after), after.len());
    (after, machine.cores()[0].instret)
}

/// The data after a run under qemu, or nothing where there is no qemu.
fn run_in_qemu(cpu: &str, text: &str, data: &[u8], set: &Set, seed: u64) -> Option<Vec<u8>> {
    let text = format!(
        "{text}
        addi a0, zero, 1
        li a1, {DATA:#x}
        li a2, {:#x}
        addi a7, zero, 64
        ecall
        addi a0, zero, 0
        addi a7, zero, 93
        ecall",
        data.len()
    );
    let (bytes, _) = program(&text, BASE, set);
    let path = std::env::temp_dir().join(format!("ennead-machine-{}-{cpu}-{seed}.elf", std::process::id()));
    std::fs::write(&path, elf(BASE, &[(BASE, &bytes), (DATA, data)])).expect("the temporary folder is writable");
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("own files can be made executable");
    let output = Command::new("qemu-riscv32")
        .args(["-cpu", cpu])
        .arg(&path)
        .stdin(Stdio::null())
        .output();
    let _ = std::fs::remove_file(&path);
    let output = output.ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{cpu}, seed {seed}: {:?} {said}",
        output.status
    );
    Some(output.stdout)
}

fn compare(machine: &Config, cpu: &str, set: &Set, skipped: &[&str]) {
    let seeds = std::env::var("ENNEAD_FUZZ_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(4);
    let straight = |row: &&Row| {
        let kind = row.op.map(|op| op.kind());
        row.decodes_in(set)
            && !skipped.contains(&row.mnemonic)
            && matches!(
                kind,
                Some(
                    Kind::Compute { .. }
                        | Kind::AuiPc
                        | Kind::Float { .. }
                        | Kind::Load { .. }
                        | Kind::Store { .. }
                        | Kind::Fence
                )
            )
    };
    let rows: Vec<&Row> = ROWS.iter().filter(straight).collect();
    let mut instructions = 0;
    for seed in 1..=seeds {
        let (text, data) = random_programs(seed, set, &rows);
        let Some(theirs) = run_in_qemu(cpu, &text, &data, set, seed) else {
            eprintln!("qemu-riscv32 is not on the path: nothing is compared");
            return;
        };
        let (ours, count) = run_here(machine, &text, &data, set, seed);
        instructions += count;
        assert_eq!(ours.len(), theirs.len(), "{cpu}, seed {seed}");
        if let Some(at) = (0..ours.len() / 4)
            .map(|word| 4 * word)
            .filter(|at| ours[*at..at + 4] != theirs[*at..at + 4])
            .min_by_key(|at| (*at < BUFFER, *at))
        {
            let word = |bytes: &[u8]| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
            let place = match (at as u32 + DATA).checked_sub(RESULTS) {
                Some(offset) => format!(
                    "word {} after program {}",
                    offset as usize / 4 % IMAGE,
                    offset as usize / 4 / IMAGE
                ),
                None => format!("the word at offset {at} of the data"),
            };
            panic!(
                "{cpu}, seed {seed}: {place} is {:#010x} here, {:#010x} there",
                word(&ours),
                word(&theirs)
            );
        }
    }
    eprintln!("{cpu}: {seeds} seeds, {instructions} instructions, no difference");
}

#[test]
fn rv32imfc_programs_end_as_under_qemu() {
    compare(&config("cv32e40p", &[]), "rv32", &Set::RV32IMFC, &[]);
}

#[test]
fn programs_with_scalar_fp16_end_as_under_qemu() {
    let set = Set {
        zfh: true,
        ..Set::RV32IMFC
    };
    compare(
        &config("cv32e40p", &["core.zfh=true", "fpu.divsqrt_faults=false"]),
        "rv32,Zfh=true",
        &set,
        &[],
    );
}

/// qemu 7.2 leaves the destination of two instructions of Zhinx as it was; they are left out.
#[test]
fn programs_with_floats_in_integer_registers_end_as_under_qemu() {
    let set = Set {
        float_registers: FloatRegisters::X,
        zfh: true,
        ..Set::RV32IMFC
    };
    let machine = config(
        "cv32e40p",
        &["core.fp_registers=x", "core.zfh=true", "fpu.divsqrt_faults=false"],
    );
    compare(
        &machine,
        "rv32,f=false,d=false,zfinx=true,zhinx=true",
        &set,
        &["fsgnjn.h", "fsgnjx.h"],
    );
}
