//! The control and status registers of one core.
//!
//! It holds the registers that have a value of their own; those that mirror other state (counters, hardware loops,
//! pending interrupts) are handed in by the core when they are read. It knows no time: which accesses flush the
//! pipeline is [`flushes`], what a flush costs is in `timing`.
//!
//! Invariant: a value read back is what the hardware would show: unimplemented bits are never stored.

use crate::config::{Config, FpRegisters, Generation, IsaFamily, Map};
use serde::{Deserialize, Serialize};

/// Numbers of the registers.
pub mod number {
    #![allow(missing_docs)]
    pub const FFLAGS: u32 = 0x001;
    pub const FRM: u32 = 0x002;
    pub const FCSR: u32 = 0x003;
    pub const FPREC: u32 = 0x006;
    pub const LEGACY_UHARTID: u32 = 0x014;
    pub const LEGACY_PRIVLV: u32 = 0xc10;
    pub const MSTATUS: u32 = 0x300;
    pub const MISA: u32 = 0x301;
    pub const MIE: u32 = 0x304;
    pub const MTVEC: u32 = 0x305;
    pub const MCOUNTINHIBIT: u32 = 0x320;
    pub const MHPMEVENT3: u32 = 0x323;
    pub const MHPMEVENT31: u32 = 0x33f;
    pub const MSCRATCH: u32 = 0x340;
    pub const MEPC: u32 = 0x341;
    pub const MCAUSE: u32 = 0x342;
    pub const MTVAL: u32 = 0x343;
    pub const MIP: u32 = 0x344;
    pub const PCCR0: u32 = 0x780;
    pub const PCCR30: u32 = 0x79e;
    pub const PCCR_ALL: u32 = 0x79f;
    pub const LEGACY_LOOP_2018: u32 = 0x7b0;
    pub const LEGACY_LOOP_2019: u32 = 0x7c0;
    pub const MCYCLE: u32 = 0xb00;
    pub const MINSTRET: u32 = 0xb02;
    pub const MHPMCOUNTER3: u32 = 0xb03;
    pub const MHPMCOUNTER31: u32 = 0xb1f;
    pub const CYCLE: u32 = 0xc00;
    pub const INSTRET: u32 = 0xc02;
    pub const HPMCOUNTER31: u32 = 0xc1f;
    pub const LOOP: u32 = 0xcc0;
    pub const UHARTID: u32 = 0xcd0;
    pub const PRIVLV: u32 = 0xcd1;
    pub const MVENDORID: u32 = 0xf11;
    pub const MARCHID: u32 = 0xf12;
    pub const MIMPID: u32 = 0xf13;
    pub const MHARTID: u32 = 0xf14;
    pub const TSELECT: u32 = 0x7a0;
    pub const TDATA1: u32 = 0x7a1;
    pub const TDATA2: u32 = 0x7a2;
    pub const TDATA3: u32 = 0x7a3;
    pub const TINFO: u32 = 0x7a4;
    pub const MCONTEXT: u32 = 0x7a8;
    pub const SCONTEXT: u32 = 0x7aa;
    pub const PCER: u32 = 0xcc0;
    pub const PCMR: u32 = 0xcc1;
    pub const ZFINX: u32 = 0xcd2;
}

use number::*;

/// Bits of `mstatus` that exist: MIE, MPIE, MPP (always machine mode) and FS.
const MSTATUS_MIE: u32 = 1 << 3;
const MSTATUS_MPIE: u32 = 1 << 7;
const MSTATUS_MPP: u32 = 3 << 11;
const MSTATUS_FS: u32 = 3 << 13;

/// `tdata1` outside debug mode: an address match of the debugger's that is off.
const TRIGGER: u32 = 0x2800_1040;
/// `tinfo`: only address matches exist.
const TRIGGER_TYPES: u32 = 1 << 2;

/// Interrupt lines that exist on CV32E40P: 3, 7, 11 and 16..=31.
const STANDARD_INTERRUPTS: u32 = 0xffff_0888;

/// The registers with a value of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Csr {
    generation: Generation,
    /// It has the registers of the older core: event counters in `PCCR`, `PCER` and `PCMR`, writable hardware loops, and
    /// zero wherever there is none. Programs with the older DSP encodings use them, so cores that decode those have
    /// them, whatever their pipeline.
    legacy: bool,
    /// Interrupt enable and what it was before the trap; FS as software set it.
    mstatus: u32,
    mie: u32,
    /// The interrupt controller alone enables lines: so it is on the older core, and on PULP machines as long as
    /// firmware never wrote `mie` (theirs does not).
    controller_masks: bool,
    /// Interrupts go to their own entry whatever the mode bit says: so on the older core, and on PULP machines.
    always_vectored: bool,
    mtvec: u32,
    /// Whether software ever set a trap vector; without one a trap has nowhere to go.
    pub vector_set: bool,
    mscratch: u32,
    /// Return address of the trap.
    pub mepc: u32,
    mcause: u32,
    /// Rounding mode and flags.
    pub fflags: u8,
    /// Rounding mode.
    pub frm: u8,
    mcountinhibit: u32,
    /// Bits of `mcountinhibit` that exist: one a counter.
    counters: u32,
    mhpmevent: [u32; 29],
    pcer: u32,
    pcmr: u32,
    /// Offsets that software's writes gave to the counters: value read = count + offset.
    counter_offset: [u64; 32],
    frozen: [u64; 32],
    /// A float register or floating-point state was written: FS reads as dirty.
    pub float_written: bool,
    hart: u32,
    misa: u32,
    /// Floats have a register file of their own.
    float_file: bool,
    /// `mstatus` has the field FS, and floating-point instructions trap while it is off.
    fs: bool,
    fs_traps: bool,
    /// They do now.
    float_off: bool,
}

/// A counter of several events counts the cycles in which any of them happened: leaves of `selected` what never coincides,
/// but for compressed instructions (event 10), which can also be loads, stores, jumps and branches (5 to 8).
fn distinct(selected: u32) -> u32 {
    const CYCLES: u32 = 1;
    const INSTRUCTIONS: u32 = 1 << 1;
    const KINDS: u32 = 0b101_1110_0000;
    if selected & CYCLES != 0 {
        CYCLES
    } else if selected & INSTRUCTIONS != 0 {
        selected & !KINDS
    } else {
        selected
    }
}

/// Counts that counters show, by event number (the numbering of `mhpmevent` and of the legacy `PCCR` registers).
pub type Events = [u64; 32];

/// Which registers a core shows that are kept elsewhere.
pub struct View<'a> {
    /// Event counts: 0 cycles, 1 instructions, ...
    pub events: &'a Events,
    /// Hardware loops: start, end, count of loop 0, then of loop 1.
    pub loops: [u32; 6],
    /// Interrupt lines that are pending.
    pub pending: u32,
}

/// What became of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The value read.
    Value(u32),
    /// No such register on this core.
    Missing,
}

/// What a write asks of the core beyond the register file here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Nothing.
    Done,
    /// Set part `.0 % 3` (start, end, count) of loop `.0 / 3`.
    Loop(usize, u32),
    /// The register cannot be written: an illegal instruction.
    ReadOnly,
}

impl Csr {
    /// The registers of hart `hart` after reset; `boot` is its boot address.
    pub fn new(config: &Config, hart: u32, boot: u32) -> Self {
        let generation = config.core.generation;
        let float_file = config.core.fp_registers == FpRegisters::F;
        let modern = generation == Generation::Cv32e40p;
        // RV32IMC and X (non-standard extensions); F as well, unless a CV32E40P has it in the integer registers.
        let f = float_file || !modern;
        let misa = 1 << 30 | 1 << 8 | 1 << 12 | u32::from(f) << 5 | 1 << 2 | 1 << 23;
        let event_counters = if modern { config.core.event_counters } else { 0 };
        let counters = if modern {
            0b101 | ((1u32 << event_counters) - 1) << 3
        } else {
            0
        };
        Self {
            generation,
            legacy: !modern || config.core.isa == IsaFamily::Xpulpv2,
            mstatus: MSTATUS_MPP,
            mie: 0,
            controller_masks: generation == Generation::Ri5cy || config.machine.map == Map::PulpOpen,
            always_vectored: generation == Generation::Ri5cy || config.machine.map == Map::PulpOpen,
            mtvec: boot & !0xff | 1,
            vector_set: false,
            mscratch: 0,
            mepc: 0,
            mcause: 0,
            fflags: 0,
            frm: 0,
            // CV32E40P's counters stand still after reset; programs of the older core know no register to start them.
            mcountinhibit: if config.core.isa == IsaFamily::Xpulpv2 {
                0
            } else {
                counters
            },
            counters,
            mhpmevent: [0; 29],
            pcer: 0,
            pcmr: 3,
            counter_offset: [0; 32],
            frozen: [0; 32],
            float_written: false,
            hart,
            misa,
            float_file,
            fs: modern && float_file,
            fs_traps: modern && float_file && config.core.fs_traps,
            float_off: modern && float_file && config.core.fs_traps,
        }
    }

    /// Whether floating-point instructions trap, because software did not switch them on in `mstatus.FS`.
    #[inline(always)]
    pub fn float_off(&self) -> bool {
        self.float_off
    }

    /// Interrupts are globally enabled.
    pub fn interrupts_enabled(&self) -> bool {
        self.mstatus & MSTATUS_MIE != 0
    }

    /// Lines that are enabled one by one.
    pub fn enabled_lines(&self) -> u32 {
        if self.controller_masks { u32::MAX } else { self.mie }
    }

    /// Enters a trap and returns the address of its handler. `mtval` stays 0, as these cores have it.
    pub fn trap(&mut self, cause: u32, interrupt: bool, pc: u32) -> u32 {
        self.mepc = pc & !1;
        self.mcause = if interrupt { 1 << 31 | cause } else { cause };
        let enabled = self.mstatus & MSTATUS_MIE != 0;
        self.mstatus &= !(MSTATUS_MIE | MSTATUS_MPIE);
        if enabled {
            self.mstatus |= MSTATUS_MPIE;
        }
        if interrupt && (self.mtvec & 1 != 0 || self.always_vectored) {
            (self.mtvec & !0xff) + 4 * cause
        } else {
            self.mtvec & !3
        }
    }

    /// Leaves a trap and returns the address to go on at.
    pub fn leave_trap(&mut self) -> u32 {
        let enabled = self.mstatus & MSTATUS_MPIE != 0;
        self.mstatus &= !MSTATUS_MIE;
        self.mstatus |= MSTATUS_MPIE;
        if enabled {
            self.mstatus |= MSTATUS_MIE;
        }
        self.mepc
    }

    fn counter(&self, index: usize, view: &View) -> u64 {
        if self.counters != 0 && self.counters >> index & 1 == 0 {
            0
        } else if self.mcountinhibit >> index & 1 == 1 {
            self.frozen[index]
        } else {
            self.count(index, view).wrapping_add(self.counter_offset[index])
        }
    }

    /// The running count behind counter `index`: cycles, (time), instructions, then the selected events.
    fn count(&self, index: usize, view: &View) -> u64 {
        match index {
            0 => view.events[0],
            1 => 0,
            2 => view.events[1],
            _ => {
                let selected = distinct(self.mhpmevent[index - 3]);
                (0..32)
                    .filter(|event| selected >> event & 1 == 1)
                    .map(|event| view.events[event])
                    .sum()
            }
        }
    }

    fn set_counter(&mut self, index: usize, value: u64, view: &View) {
        self.frozen[index] = value;
        self.counter_offset[index] = value.wrapping_sub(self.count(index, view));
    }

    fn inhibit(&mut self, value: u32, view: &View) {
        for index in 0..32 {
            let (was, is) = (self.mcountinhibit >> index & 1, value >> index & 1);
            if was == 0 && is == 1 {
                self.frozen[index] = self.count(index, view).wrapping_add(self.counter_offset[index]);
            } else if was == 1 && is == 0 {
                self.counter_offset[index] = self.frozen[index].wrapping_sub(self.count(index, view));
            }
        }
        self.mcountinhibit = value;
    }

    /// Reads register `csr`.
    pub fn read(&self, csr: u32, view: &View) -> Access {
        let modern = self.generation == Generation::Cv32e40p;
        Access::Value(match csr {
            FFLAGS | FRM | FCSR if self.float_off => return Access::Missing,
            FFLAGS => u32::from(self.fflags),
            FRM => u32::from(self.frm),
            FCSR => u32::from(self.frm) << 5 | u32::from(self.fflags),
            FPREC if self.legacy => 0,
            LEGACY_UHARTID if self.legacy => self.hart,
            LEGACY_PRIVLV if self.legacy => 3,
            MSTATUS => {
                let written = if self.float_written && self.fs { MSTATUS_FS } else { 0 };
                let value = self.mstatus | MSTATUS_MPP | written;
                value | u32::from(value & MSTATUS_FS == MSTATUS_FS) << 31
            }
            MISA => self.misa,
            MIE => self.mie,
            MTVEC => self.mtvec,
            MCOUNTINHIBIT => self.mcountinhibit,
            MHPMEVENT3..=MHPMEVENT31 => self.mhpmevent[(csr - MHPMEVENT3) as usize],
            MSCRATCH => self.mscratch,
            MEPC => self.mepc,
            MCAUSE => self.mcause,
            MTVAL => 0,
            MIP if self.controller_masks => view.pending,
            MIP => view.pending & STANDARD_INTERRUPTS,
            PCCR0..=PCCR30 if self.legacy => self.pccr((csr - PCCR0) as usize, view),
            LEGACY_LOOP_2018..=0x7b2 | 0x7b4..=0x7b6 if self.legacy => view.loops[loop_index(csr, LEGACY_LOOP_2018)],
            LEGACY_LOOP_2019..=0x7c2 | 0x7c4..=0x7c6 if self.legacy => view.loops[loop_index(csr, LEGACY_LOOP_2019)],
            MCYCLE | CYCLE => self.counter(0, view) as u32,
            MINSTRET | INSTRET => self.counter(2, view) as u32,
            MHPMCOUNTER3..=MHPMCOUNTER31 => self.counter((csr - MCYCLE) as usize, view) as u32,
            0xc03..=HPMCOUNTER31 => self.counter((csr - CYCLE) as usize, view) as u32,
            0xb80 | 0xc80 => (self.counter(0, view) >> 32) as u32,
            0xb82 | 0xc82 => (self.counter(2, view) >> 32) as u32,
            0xb83..=0xb9f | 0xc83..=0xc9f => (self.counter((csr & 0x1f) as usize, view) >> 32) as u32,
            PCER if self.legacy => self.pcer,
            PCMR if self.legacy => self.pcmr,
            LOOP..=0xcc2 | 0xcc4..=0xcc6 if !self.legacy => view.loops[loop_index(csr, LOOP)],
            UHARTID if modern => self.hart,
            PRIVLV if modern => 3,
            MVENDORID => 0x602,
            MARCHID => 4,
            MIMPID => u32::from(modern),
            MHARTID => self.hart,
            TSELECT | TDATA2 | TDATA3 | MCONTEXT | SCONTEXT => 0,
            TDATA1 if modern => TRIGGER,
            TINFO if modern => TRIGGER_TYPES,
            ZFINX if modern && !self.float_file => 1,
            _ if self.legacy => 0,
            _ => return Access::Missing,
        })
    }

    fn pccr_counts(&self, event: usize) -> bool {
        self.pcmr & 1 == 1 && self.pcer >> event & 1 == 1
    }

    fn pccr(&self, event: usize, view: &View) -> u32 {
        if self.pccr_counts(event) {
            view.events[event].wrapping_add(self.counter_offset[event]) as u32
        } else {
            self.frozen[event] as u32
        }
    }

    /// Sets the enables of the legacy counters; each keeps its value.
    fn enable_pccr(&mut self, pcer: u32, pcmr: u32, view: &View) {
        let values: [u32; 31] = std::array::from_fn(|event| self.pccr(event, view));
        (self.pcer, self.pcmr) = (pcer, pcmr);
        values
            .into_iter()
            .enumerate()
            .for_each(|(event, value)| self.set_pccr(event, value, view));
    }

    /// Whether register `csr` exists and may be accessed in this way.
    pub fn allows(&self, csr: u32, writes: bool) -> bool {
        let nothing = View {
            events: &[0; 32],
            loops: [0; 6],
            pending: 0,
        };
        let read_only = !self.legacy && csr >> 10 == 3;
        !(writes && read_only) && self.read(csr, &nothing) != Access::Missing
    }

    /// Writes register `csr`. A counter does not count in the cycle in which it is written.
    pub fn write(&mut self, csr: u32, value: u32, view: &View) -> Written {
        let modern = self.generation == Generation::Cv32e40p;
        self.float_written |= matches!(csr, FFLAGS | FRM | FCSR);
        let mut events = *view.events;
        events[0] += 1;
        events[1] += 1;
        let after = &View {
            events: &events,
            ..*view
        };
        match csr {
            FFLAGS => self.fflags = value as u8 & 0x1f,
            FRM => self.frm = value as u8 & 7,
            FCSR => {
                self.fflags = value as u8 & 0x1f;
                self.frm = (value >> 5) as u8 & 7;
            }
            MSTATUS => {
                let fs = if self.fs { value & MSTATUS_FS } else { 0 };
                self.mstatus = value & (MSTATUS_MIE | MSTATUS_MPIE) | MSTATUS_MPP | fs;
                self.float_written = false;
                self.float_off = self.fs_traps && fs == 0;
            }
            MIE => {
                self.mie = value & STANDARD_INTERRUPTS;
                self.controller_masks &= !modern;
            }
            MTVEC => {
                // The hardware keeps bits 31..=8. In direct mode the others stay here too, for the test suites of other
                // cores; a program that runs on the hardware has them clear.
                // The older core knows no direct mode: its mode bit always reads 1.
                self.mtvec = match (modern, value & 1) {
                    (true, 0) => value & !3,
                    _ => value & !0xff | 1,
                };
                self.vector_set = true;
            }
            MCOUNTINHIBIT => self.inhibit(value & self.counters, after),
            MHPMEVENT3..=MHPMEVENT31 if self.counters >> (csr & 31) & 1 == 1 => {
                let index = (csr & 31) as usize;
                let now = self.counter(index, after);
                self.mhpmevent[index - 3] = value & 0xffff;
                self.set_counter(index, now, after);
            }
            MSCRATCH => self.mscratch = value,
            MEPC => self.mepc = value & !1,
            MCAUSE => self.mcause = value & 0x8000_001f,
            MCYCLE | MINSTRET | MHPMCOUNTER3..=MHPMCOUNTER31 => {
                let index = (csr & 31) as usize;
                let high = self.counter(index, view) & !0xffff_ffff;
                self.set_counter(index, high | u64::from(value), after);
            }
            0xb80..=0xb9f => {
                let index = (csr & 0x1f) as usize;
                let low = self.counter(index, view) & 0xffff_ffff;
                self.set_counter(index, u64::from(value) << 32 | low, after);
            }
            PCCR0..=PCCR30 if self.legacy => self.set_pccr((csr - PCCR0) as usize, value, after),
            PCCR_ALL if self.legacy => (0..31).for_each(|event| self.set_pccr(event, value, after)),
            PCER if self.legacy => self.enable_pccr(value, self.pcmr, after),
            PCMR if self.legacy => self.enable_pccr(self.pcer, value, after),
            LEGACY_LOOP_2018..=0x7b2 | 0x7b4..=0x7b6 if self.legacy => {
                return Written::Loop(loop_index(csr, LEGACY_LOOP_2018), value);
            }
            LEGACY_LOOP_2019..=0x7c2 | 0x7c4..=0x7c6 if self.legacy => {
                return Written::Loop(loop_index(csr, LEGACY_LOOP_2019), value);
            }
            _ if csr >> 10 == 3 && !self.legacy => return Written::ReadOnly,
            _ => {}
        }
        Written::Done
    }

    fn set_pccr(&mut self, event: usize, value: u32, view: &View) {
        self.frozen[event] = u64::from(value);
        self.counter_offset[event] = u64::from(value).wrapping_sub(view.events[event]);
    }
}

fn loop_index(csr: u32, base: u32) -> usize {
    let offset = (csr - base) as usize;
    if offset < 3 { offset } else { offset - 1 }
}

/// Whether an access flushes the pipeline (R15; on the older core only `mstatus` does).
pub fn flushes(generation: Generation, csr: u32, writes: bool) -> bool {
    match (generation, csr) {
        (_, MSTATUS) => true,
        (Generation::Ri5cy, _) => false,
        (_, MEPC | MTVEC | MCAUSE | MCOUNTINHIBIT) => true,
        (_, FRM | FCSR) => writes,
        (_, MHPMEVENT3..=MHPMEVENT31 | 0xb00..=0xb9f | 0xc00..=0xc9f) => true,
        _ => false,
    }
}
