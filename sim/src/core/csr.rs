//! The control and status registers of one core.
//!
//! It holds the registers that have a value of their own; those that mirror other state (counters, hardware loops,
//! pending interrupts) are handed in by the core when they are read. It knows no time: which accesses flush the
//! pipeline is [`flushes`], what a flush costs is in `timing`.
//!
//! Invariant: a value read back is what the hardware would show: unimplemented bits are never stored.

use crate::config::{Config, Generation, Map};

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
    pub const MSTATUSH: u32 = 0x310;
    pub const MCOUNTINHIBIT: u32 = 0x320;
    pub const MHPMEVENT3: u32 = 0x323;
    pub const MHPMEVENT31: u32 = 0x33f;
    pub const MSCRATCH: u32 = 0x340;
    pub const MEPC: u32 = 0x341;
    pub const MCAUSE: u32 = 0x342;
    pub const MTVAL: u32 = 0x343;
    pub const MIP: u32 = 0x344;
    pub const PCCR0: u32 = 0x780;
    pub const PCCR_ALL: u32 = 0x79f;
    pub const LEGACY_LOOP_2018: u32 = 0x7b0;
    pub const LEGACY_LOOP_2019: u32 = 0x7c0;
    pub const MCYCLE: u32 = 0xb00;
    pub const MINSTRET: u32 = 0xb02;
    pub const MHPMCOUNTER3: u32 = 0xb03;
    pub const MHPMCOUNTER31: u32 = 0xb1f;
    pub const HIGH_HALF: u32 = 0x80;
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
    pub const MCONFIGPTR: u32 = 0xf15;
}

use number::*;

/// Bits of `mstatus` that exist: MIE, MPIE, MPP (always machine mode) and FS.
const MSTATUS_MIE: u32 = 1 << 3;
const MSTATUS_MPIE: u32 = 1 << 7;
const MSTATUS_MPP: u32 = 3 << 11;
const MSTATUS_FS: u32 = 3 << 13;

/// Interrupt lines that exist on CV32E40P: 3, 7, 11 and 16..=31.
const STANDARD_INTERRUPTS: u32 = 0xffff_0888;

/// The registers with a value of their own.
#[derive(Clone, Debug)]
pub struct Csr {
    generation: Generation,
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
    mtval: u32,
    /// Rounding mode and flags.
    pub fflags: u8,
    /// Rounding mode.
    pub frm: u8,
    mcountinhibit: u32,
    mhpmevent: [u32; 29],
    pcer: u32,
    pcmr: u32,
    /// Offsets that software's writes gave to the counters: value read = count + offset.
    counter_offset: [u64; 32],
    frozen: [u64; 32],
    hart: u32,
    misa: u32,
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
        // RV32IMFC and X (non-standard extensions).
        let misa = 1 << 30 | 1 << 8 | 1 << 12 | 1 << 5 | 1 << 2 | 1 << 23;
        Self {
            generation,
            mstatus: MSTATUS_MPP,
            mie: 0,
            controller_masks: generation == Generation::Ri5cy || config.machine.map == Map::PulpOpen,
            always_vectored: generation == Generation::Ri5cy || config.machine.map == Map::PulpOpen,
            mtvec: boot & !0xff | u32::from(generation == Generation::Cv32e40p),
            vector_set: false,
            mscratch: 0,
            mepc: 0,
            mcause: 0,
            mtval: 0,
            fflags: 0,
            frm: 0,
            mcountinhibit: if generation == Generation::Cv32e40p { 0xd } else { 0 },
            mhpmevent: [0; 29],
            pcer: 0xffff_ffff,
            pcmr: 3,
            counter_offset: [0; 32],
            frozen: [0; 32],
            hart,
            misa,
        }
    }

    /// Interrupts are globally enabled.
    pub fn interrupts_enabled(&self) -> bool {
        self.mstatus & MSTATUS_MIE != 0
    }

    /// Lines that are enabled one by one.
    pub fn enabled_lines(&self) -> u32 {
        if self.controller_masks { u32::MAX } else { self.mie }
    }

    /// Enters a trap and returns the address of its handler.
    pub fn trap(&mut self, cause: u32, interrupt: bool, pc: u32, value: u32) -> u32 {
        self.mepc = pc & !1;
        self.mcause = if interrupt { 1 << 31 | cause } else { cause };
        self.mtval = value;
        let enabled = self.mstatus & MSTATUS_MIE != 0;
        self.mstatus &= !(MSTATUS_MIE | MSTATUS_MPIE);
        if enabled {
            self.mstatus |= MSTATUS_MPIE;
        }
        self.vector(if interrupt { cause } else { 0 })
    }

    /// The address of vector table entry `entry`; exceptions use entry 0.
    pub fn vector(&self, entry: u32) -> u32 {
        let base = self.mtvec & !0xff;
        let vectored = self.mtvec & 1 != 0 || self.always_vectored;
        if vectored { base + 4 * entry } else { base }
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
        let inhibited = self.mcountinhibit >> index & 1 == 1;
        if inhibited {
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
                let selected = self.mhpmevent[index - 3];
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
            FFLAGS => u32::from(self.fflags),
            FRM => u32::from(self.frm),
            FCSR => u32::from(self.frm) << 5 | u32::from(self.fflags),
            FPREC if !modern => 0,
            LEGACY_UHARTID if !modern => self.hart,
            LEGACY_PRIVLV if !modern => 3,
            MSTATUS => {
                let dirty = u32::from(self.mstatus & MSTATUS_FS == MSTATUS_FS);
                self.mstatus | MSTATUS_MPP | dirty << 31
            }
            MSTATUSH if modern => 0,
            MISA => self.misa,
            MIE => self.mie,
            MTVEC => self.mtvec,
            MCOUNTINHIBIT => self.mcountinhibit,
            MHPMEVENT3..=MHPMEVENT31 => self.mhpmevent[(csr - MHPMEVENT3) as usize],
            MSCRATCH => self.mscratch,
            MEPC => self.mepc,
            MCAUSE => self.mcause,
            MTVAL => self.mtval,
            MIP => view.pending,
            PCCR0..PCCR_ALL if !modern => {
                let event = (csr - PCCR0) as usize;
                if self.pcmr & 1 == 0 {
                    self.frozen[event] as u32
                } else {
                    self.pccr(event, view) as u32
                }
            }
            LEGACY_LOOP_2018..=0x7b2 | 0x7b4..=0x7b6 if !modern => view.loops[loop_index(csr, LEGACY_LOOP_2018)],
            LEGACY_LOOP_2019..=0x7c2 | 0x7c4..=0x7c6 if !modern => view.loops[loop_index(csr, LEGACY_LOOP_2019)],
            MCYCLE | CYCLE => self.counter(0, view) as u32,
            MINSTRET | INSTRET => self.counter(2, view) as u32,
            MHPMCOUNTER3..=MHPMCOUNTER31 => self.counter((csr - MCYCLE) as usize, view) as u32,
            0xc03..=HPMCOUNTER31 => self.counter((csr - CYCLE) as usize, view) as u32,
            0xb80 | 0xc80 => (self.counter(0, view) >> 32) as u32,
            0xb82 | 0xc82 => (self.counter(2, view) >> 32) as u32,
            0xb83..=0xb9f | 0xc83..=0xc9f => (self.counter((csr & 0x1f) as usize, view) >> 32) as u32,
            LOOP if !modern => self.pcer,
            0xcc1 if !modern => self.pcmr,
            LOOP..=0xcc2 | 0xcc4..=0xcc6 if modern => view.loops[loop_index(csr, LOOP)],
            UHARTID if modern => self.hart,
            PRIVLV if modern => 3,
            MVENDORID => 0x602,
            MARCHID => 4,
            MIMPID => u32::from(modern),
            MHARTID => self.hart,
            MCONFIGPTR => 0,
            0x7a0..=0x7a8 => 0,
            _ if !modern => 0,
            _ => return Access::Missing,
        })
    }

    fn pccr(&self, event: usize, view: &View) -> u64 {
        view.events[event].wrapping_add(self.counter_offset[event])
    }

    /// Writes register `csr`.
    pub fn write(&mut self, csr: u32, value: u32, view: &View) -> Written {
        let modern = self.generation == Generation::Cv32e40p;
        match csr {
            FFLAGS => self.fflags = value as u8 & 0x1f,
            FRM => self.frm = value as u8 & 7,
            FCSR => {
                self.fflags = value as u8 & 0x1f;
                self.frm = (value >> 5) as u8 & 7;
            }
            MSTATUS => self.mstatus = value & (MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_FS) | MSTATUS_MPP,
            MIE => {
                self.mie = value & STANDARD_INTERRUPTS;
                self.controller_masks &= !modern;
            }
            MTVEC => {
                self.mtvec = value & !0xfe;
                self.vector_set = true;
            }
            MCOUNTINHIBIT => self.inhibit(value & !2, view),
            MHPMEVENT3..=MHPMEVENT31 => {
                let index = (csr - MHPMEVENT3) as usize + 3;
                let now = self.counter(index, view);
                self.mhpmevent[index - 3] = value & 0xffff;
                self.set_counter(index, now, view);
            }
            MSCRATCH => self.mscratch = value,
            MEPC => self.mepc = value & !1,
            MCAUSE => self.mcause = value & 0x8000_001f,
            MTVAL => self.mtval = value,
            MCYCLE => self.set_low(0, value, view),
            MINSTRET => self.set_low(2, value, view),
            MHPMCOUNTER3..=MHPMCOUNTER31 => self.set_low((csr - MCYCLE) as usize, value, view),
            0xb80..=0xb9f => {
                let index = (csr & 0x1f) as usize;
                let low = self.counter(index, view) & 0xffff_ffff;
                self.set_counter(index, u64::from(value) << 32 | low, view);
            }
            PCCR0..PCCR_ALL if !modern => self.set_pccr((csr - PCCR0) as usize, value, view),
            PCCR_ALL if !modern => (0..31).for_each(|event| self.set_pccr(event, value, view)),
            LOOP if !modern => self.pcer = value,
            0xcc1 if !modern => {
                for event in 0..31 {
                    if self.pcmr & 1 == 1 && value & 1 == 0 {
                        self.frozen[event] = self.pccr(event, view);
                    } else if self.pcmr & 1 == 0 && value & 1 == 1 {
                        self.counter_offset[event] = self.frozen[event].wrapping_sub(view.events[event]);
                    }
                }
                self.pcmr = value;
            }
            LEGACY_LOOP_2018..=0x7b2 | 0x7b4..=0x7b6 if !modern => {
                return Written::Loop(loop_index(csr, LEGACY_LOOP_2018), value);
            }
            LEGACY_LOOP_2019..=0x7c2 | 0x7c4..=0x7c6 if !modern => {
                return Written::Loop(loop_index(csr, LEGACY_LOOP_2019), value);
            }
            _ if csr >> 10 == 3 && modern => return Written::ReadOnly,
            _ => {}
        }
        Written::Done
    }

    fn set_low(&mut self, index: usize, value: u32, view: &View) {
        let high = self.counter(index, view) & !0xffff_ffff;
        self.set_counter(index, high | u64::from(value), view);
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
