//! Random code against an independent implementation: `qemu-riscv32` in user mode, where it is on the path.
//!
//! A program is a list of blocks. A block loads all registers and `fcsr`, runs random straight-line instructions, and
//! stores all registers and `fcsr`. Here the same instructions run through the decoder and the operations' meanings.
//! `ENNEAD_FUZZ_SEEDS=n` runs n seeds of each set instead of a few; a failure names its seed.

#![cfg(unix)]

mod common;

use std::collections::HashMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use common::Random;
use ennead_isa::float::{Flags, Rounding};
use ennead_isa::op::{Addressing, Fill, Width};
use ennead_isa::set::FloatRegisters;
use ennead_isa::table::{self, ROWS, Row};
use ennead_isa::{Decoder, Inst, Kind, Replicate, Set, assemble, disassemble};

const BLOCKS: usize = 500;
const LENGTH: usize = 16;
/// Where the program is loaded.
const BASE: u32 = 0x0001_0000;
/// Bytes of the buffer that loads and stores reach, with room for every 12-bit offset around its middle.
const BUFFER: usize = 4096 + 64;
/// Registers that hold the middle of the buffer; no random instruction writes them.
const POINTERS: [u8; 3] = [2, 8, 30];
/// Where the parts of a program are, after the ELF headers.
const LAYOUT: Layout = {
    let buffer = BASE + 128;
    let images = buffer + BUFFER as u32;
    let results = images + (BLOCKS * IMAGE * 4) as u32;
    Layout {
        buffer,
        images,
        results,
        code: results + (BLOCKS * IMAGE * 4) as u32,
    }
};

struct Layout {
    buffer: u32,
    images: u32,
    results: u32,
    code: u32,
}

/// Words of a register image: x1 to x30, fcsr, f0 to f31.
const IMAGE: usize = 30 + 1 + 32;

struct Block {
    image: [u32; IMAGE],
    code: Vec<(u32, Inst)>,
}

struct Program {
    blocks: Vec<Block>,
    buffer: Vec<u8>,
    code: Vec<u8>,
    /// Where the random part of each block begins.
    starts: Vec<u32>,
}

/// A float operand that is a corner case, a boxed binary16 or a number of ordinary size more often than chance has it.
fn float_operand(random: &mut Random) -> u32 {
    const CORNERS: [u32; 10] = [
        0,
        0x3f80_0000,
        0x7f80_0000,
        0x7fc0_0000,
        0x7f80_0001,
        0x0000_0001,
        0x007f_ffff,
        0x0080_0000,
        0x7f7f_ffff,
        0x4f00_0000,
    ];
    let sign = random.word() & 0x8000_0000;
    match random.next() % 6 {
        0 => CORNERS[(random.next() % 10) as usize] | sign,
        1 => 0xffff_0000 | random.word(),
        2 => 0xffff_0000 | (random.word() & 0x83ff) | 0x3c00,
        3 => (random.word() & 0x007f_ffff) | 0x3f80_0000 | sign,
        4 => (random.word() & 0x01ff_ffff) | 0x3f00_0000 | sign,
        _ => random.word(),
    }
}

/// Whether straight-line code in user mode can contain a row.
fn is_straight(row: &Row) -> bool {
    matches!(
        row.op.map(|op| op.kind()),
        Some(
            Kind::Compute { .. }
                | Kind::AuiPc
                | Kind::Float { .. }
                | Kind::Load { .. }
                | Kind::Store { .. }
                | Kind::Fence
        )
    )
}

/// A random instruction of `row` whose base register, if it has one, points into the buffer.
fn instruction(random: &mut Random, decoder: &Decoder, row: &Row) -> Option<(u32, Inst)> {
    let mut word = random.word_of(row);
    let accesses = matches!(row.op?.kind(), Kind::Load { .. } | Kind::Store { .. });
    if accesses {
        word = match row.len {
            4 => (word & !0x000f_8000) | (30 << 15),
            _ => word & !(if row.mnemonic.ends_with("sp") { 0 } else { 0x0380 }),
        };
    }
    let inst = decoder.decode(word)?;
    let keeps_pointers = !POINTERS.contains(&inst.rd);
    (std::ptr::eq(table::row(inst.row), row) && keeps_pointers).then_some((word, inst))
}

impl Program {
    fn random(seed: u64, set: &Set, skipped: &[&str]) -> Program {
        let mut random = Random(seed);
        let decoder = Decoder::new(set);
        let rows: Vec<&Row> = ROWS
            .iter()
            .filter(|row| row.decodes_in(set) && is_straight(row) && !skipped.contains(&row.mnemonic))
            .collect();
        let integer_floats = set.float_registers == FloatRegisters::X;
        let blocks = (0..BLOCKS)
            .map(|_| {
                let mut image = [0; IMAGE];
                for (i, value) in image.iter_mut().enumerate() {
                    let as_float = i > 30 || (integer_floats && random.next().is_multiple_of(2));
                    *value = if as_float {
                        float_operand(&mut random)
                    } else {
                        random.operand()
                    };
                }
                image[30] = ((random.next() % 5) as u32) << 5;
                let mut code = Vec::new();
                while code.len() < LENGTH {
                    let row = rows[(random.next() % rows.len() as u64) as usize];
                    code.extend(instruction(&mut random, &decoder, row));
                }
                Block { image, code }
            })
            .collect();
        let buffer = (0..BUFFER).map(|_| random.word() as u8).collect();
        let mut program = Program {
            blocks,
            buffer,
            code: Vec::new(),
            starts: Vec::new(),
        };
        for block in &mut program.blocks {
            for pointer in POINTERS {
                block.image[usize::from(pointer) - 1] = LAYOUT.buffer + BUFFER as u32 / 2;
            }
        }
        program.assemble(set);
        program
    }

    fn assemble(&mut self, set: &Set) {
        let has_file = set.float_registers == FloatRegisters::F;
        let mut text = Text {
            set,
            bytes: Vec::new(),
            known: HashMap::new(),
        };
        let mut starts = Vec::new();
        for (number, block) in self.blocks.iter().enumerate() {
            let offset = (number * IMAGE * 4) as u32;
            text.address("t6", LAYOUT.images + offset);
            text.put(format!("lw t5, {}(t6)", 30 * 4));
            text.put("csrrw zero, fcsr, t5".to_owned());
            if has_file {
                (0..32).for_each(|f| text.put(format!("flw f{f}, {}(t6)", (31 + f) * 4)));
            }
            (1..31).for_each(|x| text.put(format!("lw x{x}, {}(t6)", (x - 1) * 4)));
            text.put("addi t6, zero, 0".to_owned());
            starts.push(LAYOUT.code + text.bytes.len() as u32);
            for (word, inst) in &block.code {
                text.bytes.extend(&word.to_le_bytes()[..usize::from(inst.len)]);
            }
            text.address("t6", LAYOUT.results + offset);
            (1..31).for_each(|x| text.put(format!("sw x{x}, {}(t6)", (x - 1) * 4)));
            text.put("csrrs t5, fcsr, zero".to_owned());
            text.put(format!("sw t5, {}(t6)", 30 * 4));
            if has_file {
                (0..32).for_each(|f| text.put(format!("fsw f{f}, {}(t6)", (31 + f) * 4)));
            }
        }
        // write(1, buffer, end - buffer); exit(0)
        text.put("addi a0, zero, 1".to_owned());
        text.address("a1", LAYOUT.buffer);
        text.address("a2", LAYOUT.code - LAYOUT.buffer);
        text.put("addi a7, zero, 64".to_owned());
        text.put("ecall".to_owned());
        text.put("addi a0, zero, 0".to_owned());
        text.put("addi a7, zero, 93".to_owned());
        text.put("ecall".to_owned());
        (self.code, self.starts) = (text.bytes, starts);
    }

    /// An executable ELF file with one segment that may be read, written and executed.
    fn elf(&self) -> Vec<u8> {
        let size = LAYOUT.code - BASE + self.code.len() as u32;
        let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
        let word = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
        half(&mut file, 2); // executable
        half(&mut file, 243); // RISC-V
        // version, entry, program headers, section headers, flags (RVC, single-float ABI)
        [1, LAYOUT.code, 52, 0, 3]
            .into_iter()
            .for_each(|value| word(&mut file, value));
        [52, 32, 1, 40, 0, 0]
            .into_iter()
            .for_each(|value| half(&mut file, value));
        [1, 0, BASE, BASE, size, size, 7, 0x1000]
            .into_iter()
            .for_each(|value| word(&mut file, value));
        file.resize((LAYOUT.buffer - BASE) as usize, 0);
        file.extend(&self.buffer);
        self.blocks
            .iter()
            .flat_map(|block| block.image)
            .for_each(|value| word(&mut file, value));
        file.resize((LAYOUT.code - BASE) as usize, 0);
        file.extend(&self.code);
        file
    }

    /// Registers after each block, and the buffer at the end, as this crate has it.
    fn run(&self, set: &Set) -> (Vec<[u32; IMAGE]>, Vec<u8>) {
        let mut memory = Memory {
            base: LAYOUT.buffer,
            bytes: self.buffer.clone(),
        };
        let results = self.blocks.iter().zip(&self.starts).map(|(block, start)| {
            let mut x = [0; 64];
            x[1..31].copy_from_slice(&block.image[..30]);
            x[32..].copy_from_slice(&block.image[31..]);
            let mut fcsr = block.image[30];
            let mut pc = *start;
            for (_, inst) in &block.code {
                step(inst, pc, &mut x, &mut fcsr, &mut memory);
                x[0] = 0;
                pc += u32::from(inst.len);
            }
            let mut image = [0; IMAGE];
            image[..30].copy_from_slice(&x[1..31]);
            image[30] = fcsr;
            if set.float_registers == FloatRegisters::F {
                image[31..].copy_from_slice(&x[32..]);
            }
            image
        });
        (results.collect(), memory.bytes)
    }
}

struct Text<'a> {
    set: &'a Set,
    bytes: Vec<u8>,
    known: HashMap<String, u32>,
}

impl Text<'_> {
    fn put(&mut self, line: String) {
        let set = self.set;
        let word = self
            .known
            .entry(line)
            .or_insert_with_key(|line| assemble(line, set).unwrap());
        self.bytes.extend(word.to_le_bytes());
    }

    fn address(&mut self, register: &str, value: u32) {
        self.put(format!("lui {register}, {:#x}", value.wrapping_add(0x800) >> 12));
        self.put(format!("addi {register}, {register}, {}", ((value << 20) as i32) >> 20));
    }
}

struct Memory {
    base: u32,
    bytes: Vec<u8>,
}

impl Memory {
    fn at(&mut self, address: u32, width: Width) -> &mut [u8] {
        let start = (address - self.base) as usize;
        &mut self.bytes[start..start + width as usize]
    }
}

fn step(inst: &Inst, pc: u32, x: &mut [u32; 64], fcsr: &mut u32, memory: &mut Memory) {
    assert_eq!(inst.replicate, Replicate::No);
    let a = x[usize::from(inst.rs1)];
    let b = x[usize::from(inst.rs2)].wrapping_add(inst.imm as u32);
    let c = x[usize::from(inst.rs3)];
    let rd = &mut x[usize::from(inst.rd)];
    match inst.op.kind() {
        Kind::Compute { eval, .. } => *rd = eval(a, b, c, inst.aux as u32),
        Kind::AuiPc => *rd = pc.wrapping_add(inst.imm as u32),
        Kind::Float { eval, .. } => {
            let mode = if inst.rm == 7 { (*fcsr >> 5) as u8 & 7 } else { inst.rm };
            let result = eval(a, b, c, Rounding::from_frm(mode).unwrap());
            *rd = result.bits;
            let Flags(flags) = result.flags;
            *fcsr |= u32::from(flags);
        }
        Kind::Load {
            width,
            fill,
            address: Addressing::Offset,
        } => {
            let mut bytes = [0; 4];
            bytes[..width as usize].copy_from_slice(memory.at(a.wrapping_add(b), width));
            let unused = 32 - 8 * width as u32;
            let value = u32::from_le_bytes(bytes);
            *rd = match fill {
                Fill::Zero => value,
                Fill::Sign => (((value << unused) as i32) >> unused) as u32,
                Fill::Ones => value | !(u32::MAX >> unused),
            };
        }
        Kind::Store {
            width,
            address: Addressing::Offset,
        } => {
            memory
                .at(a.wrapping_add(b), width)
                .copy_from_slice(&c.to_le_bytes()[..width as usize]);
        }
        Kind::Fence => {}
        other => panic!("{other:?}"),
    }
}

/// Runs the program under qemu: the buffer and the registers after each block, or nothing when there is no qemu.
fn run_in_qemu(program: &Program, cpu: &str, seed: u64) -> Option<(Vec<[u32; IMAGE]>, Vec<u8>)> {
    let path = std::env::temp_dir().join(format!("ennead-{}-{cpu}-{seed}.elf", std::process::id()));
    std::fs::write(&path, program.elf()).expect("the temporary folder is writable");
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("own files can be made executable");
    let output = Command::new("qemu-riscv32")
        .args(["-cpu", cpu])
        .arg(&path)
        .stdin(Stdio::null())
        .output();
    let _ = std::fs::remove_file(&path);
    let output = output.ok()?;
    assert!(
        output.status.success(),
        "{cpu}, seed {seed}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.stdout.len() as u32, LAYOUT.code - LAYOUT.buffer);
    let buffer = output.stdout[..BUFFER].to_vec();
    let results = &output.stdout[(LAYOUT.results - LAYOUT.buffer) as usize..];
    let images = results.chunks(IMAGE * 4).map(|chunk| {
        let mut image = [0; IMAGE];
        for (value, bytes) in image.iter_mut().zip(chunk.chunks(4)) {
            *value = u32::from_le_bytes(bytes.try_into().unwrap());
        }
        image
    });
    Some((images.collect(), buffer))
}

fn compare(set: &Set, cpu: &str, skipped: &[&str]) {
    let seeds = std::env::var("ENNEAD_FUZZ_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(4);
    for seed in 1..=seeds {
        let program = Program::random(seed, set, skipped);
        let Some((theirs, their_buffer)) = run_in_qemu(&program, cpu, seed) else {
            eprintln!("qemu-riscv32 is not on the path: nothing is compared");
            return;
        };
        let (ours, our_buffer) = program.run(set);
        for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            if ours != theirs {
                let block = &program.blocks[number];
                let place = (0..IMAGE).find(|&i| ours[i] != theirs[i]).unwrap();
                let code: Vec<String> = block.code.iter().map(|(_, inst)| disassemble(inst, 0)).collect();
                panic!(
                    "{cpu}, seed {seed}, block {number}: word {place} of the image is {:#010x} here, {:#010x} there\n\
                     from {:#010x?}\n{}",
                    ours[place],
                    theirs[place],
                    block.image,
                    code.join("\n")
                );
            }
        }
        assert!(our_buffer == their_buffer, "{cpu}, seed {seed}: memory differs");
    }
}

#[test]
fn rv32imfc_agrees_with_qemu() {
    compare(&Set::RV32IMFC, "rv32", &[]);
}

#[test]
fn zfh_agrees_with_qemu() {
    compare(
        &Set {
            zfh: true,
            ..Set::RV32IMFC
        },
        "rv32,Zfh=true",
        &[],
    );
}

/// qemu 7.2 leaves the destination of two instructions of Zhinx as it was; they are left out.
#[test]
fn floats_in_integer_registers_agree_with_qemu() {
    let set = Set {
        float_registers: FloatRegisters::X,
        zfh: true,
        ..Set::RV32IMFC
    };
    compare(
        &set,
        "rv32,f=false,d=false,zfinx=true,zhinx=true",
        &["fsgnjn.h", "fsgnjx.h"],
    );
}
