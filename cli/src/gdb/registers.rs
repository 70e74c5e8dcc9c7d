//! What registers a hart shows to GDB: their order, their names, the target description, and how each is read and written.
//!
//! Invariant: the description and the values are in the same order, which is that of [`Registers::new`].

use std::fmt::Write;
use std::num::NonZeroUsize;

use ennead_sim::config::{Config, FpRegisters, IsaFamily};
use ennead_sim::core::Core;
use ennead_sim::core::csr::number::*;
use gdbstub::arch::{Arch, RegId};

/// RISC-V with 32-bit registers, described at run time.
pub(super) enum Riscv {}

impl Arch for Riscv {
    type Usize = u32;
    type Registers = File;
    type BreakpointKind = usize;
    type RegId = Number;
}

/// A register's number in the description.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number(pub(super) usize);

impl RegId for Number {
    fn from_raw_id(id: usize) -> Option<(Self, Option<NonZeroUsize>)> {
        Some((Self(id), NonZeroUsize::new(4)))
    }
}

/// The values of all registers of a hart, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct File(pub(super) Vec<u32>);

impl gdbstub::arch::Registers for File {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        self.0.get(PC).copied().unwrap_or(0)
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        self.0
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .for_each(|byte| write_byte(Some(byte)));
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        self.0 = bytes
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        Ok(())
    }
}

/// Where the program counter is in the order.
pub(super) const PC: usize = 32;

#[derive(Clone, Copy, Debug)]
enum Source {
    /// Of the unified file: 0..=31 integer, 32..=63 floating point.
    File(u8),
    Pc,
    Csr(u32),
    /// Part (start, end, count) of a hardware loop, 3 * loop + part.
    Loop(usize),
}

/// The registers of every hart of a machine.
pub(super) struct Registers {
    list: Vec<Source>,
    /// The target description.
    pub(super) xml: String,
}

const INTEGER: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "fp", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2",
    "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
];

const FLOAT: [&str; 32] = [
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5",
    "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
];

const LOOPS: [&str; 6] = ["lpstart0", "lpend0", "lpcount0", "lpstart1", "lpend1", "lpcount1"];

/// The CSRs that both generations of the core have.
const CSRS: [(&str, u32); 22] = [
    ("fflags", FFLAGS),
    ("frm", FRM),
    ("fcsr", FCSR),
    ("mstatus", MSTATUS),
    ("misa", MISA),
    ("mie", MIE),
    ("mtvec", MTVEC),
    ("mcountinhibit", MCOUNTINHIBIT),
    ("mscratch", MSCRATCH),
    ("mepc", MEPC),
    ("mcause", MCAUSE),
    ("mtval", MTVAL),
    ("mip", MIP),
    ("mcycle", MCYCLE),
    ("minstret", MINSTRET),
    ("mhpmcounter3", MHPMCOUNTER3),
    ("mcycleh", MCYCLE + 0x80),
    ("minstreth", MINSTRET + 0x80),
    ("mhpmcounter3h", MHPMCOUNTER3 + 0x80),
    ("mhpmevent3", MHPMEVENT3),
    ("mvendorid", MVENDORID),
    ("mhartid", MHARTID),
];

impl Registers {
    /// Of the harts of `config`.
    pub(super) fn new(config: &Config) -> Self {
        let mut registers = Self {
            list: Vec::new(),
            // Without an ABI, GDB steps by our steps; for the one that it takes by default it would set breakpoints where it
            // thinks that the next instruction is, and it knows no hardware loops.
            xml: "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target version=\"1.0\">\n\
                  <architecture>riscv:rv32</architecture>\n<osabi>none</osabi>\n"
                .to_owned(),
        };
        let integer = (0..).zip(INTEGER).map(|(i, name)| {
            let kind = match name {
                "ra" => "code_ptr",
                "sp" | "gp" | "tp" | "fp" => "data_ptr",
                _ => "int",
            };
            (name.to_owned(), kind, Source::File(i))
        });
        let pc = ("pc".to_owned(), "code_ptr", Source::Pc);
        registers.feature("org.gnu.gdb.riscv.cpu", integer.chain([pc]));
        if config.core.fp_registers == FpRegisters::F {
            let float = (32..).zip(FLOAT);
            registers.feature(
                "org.gnu.gdb.riscv.fpu",
                float.map(|(i, name)| (name.to_owned(), "ieee_single", Source::File(i))),
            );
        }
        let csr = |(name, number): (&str, u32)| (name.to_owned(), "int", Source::Csr(number));
        registers.feature("org.gnu.gdb.riscv.csr", CSRS.into_iter().map(csr));
        registers.feature(
            "ennead.hwloop",
            (0..)
                .zip(LOOPS)
                .map(|(part, name)| (name.to_owned(), "int", Source::Loop(part))),
        );
        if config.core.isa == IsaFamily::Xpulpv2 {
            let named = [("pcer", PCER), ("pcmr", PCMR)].map(|(name, number)| (name.to_owned(), number));
            let counters = (0..)
                .zip(PCCR0..=PCCR30)
                .map(|(i, number): (u32, u32)| (format!("pccr{i}"), number));
            registers.feature(
                "ennead.counters",
                named
                    .into_iter()
                    .chain(counters)
                    .map(|(name, number)| (name, "int", Source::Csr(number))),
            );
        }
        registers.xml += "</target>\n";
        registers
    }

    fn feature(&mut self, name: &str, members: impl Iterator<Item = (String, &'static str, Source)>) {
        let _ = writeln!(self.xml, "<feature name=\"{name}\">");
        for (name, kind, source) in members {
            let number = self.list.len();
            let _ = writeln!(
                self.xml,
                "<reg name=\"{name}\" bitsize=\"32\" type=\"{kind}\" regnum=\"{number}\"/>"
            );
            self.list.push(source);
        }
        self.xml += "</feature>\n";
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// Register `number` of a core that is at `pc` in cycle `now`; one that it does not have reads 0.
    pub(super) fn read(&self, number: usize, core: &Core, pc: u32, now: u64) -> Option<u32> {
        Some(match *self.list.get(number)? {
            Source::File(index) => core.registers[usize::from(index)],
            Source::Pc => pc,
            Source::Csr(csr) => core.csr_value(csr, now).unwrap_or(0),
            Source::Loop(part) => core.loops.view()[part],
        })
    }

    /// Writes it; false where that cannot be.
    pub(super) fn write(&self, number: usize, value: u32, core: &mut Core, now: u64) -> bool {
        match self.list.get(number) {
            Some(Source::File(index)) => core.set_register(*index, value),
            Some(Source::Pc) => return core.set_pc(value),
            Some(Source::Csr(csr)) => return core.set_csr(*csr, value, now),
            Some(Source::Loop(part)) => core.loops.set_part(part / 3, part % 3, value),
            None => return false,
        }
        true
    }
}
