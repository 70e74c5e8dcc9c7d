//! The micro-op: a decoded instruction with everything looked up that execution and timing need of it.
//!
//! It is not an encoding and has no state. Building one is where a core's configuration (latencies, generation) meets
//! the table; the run loop only reads.
//!
//! Invariant: a micro-op depends on the instruction's bits, its address and the core's configuration, and on nothing
//! else.

use ennead_isa::float::{Flagged, Flags, Rounding};
use ennead_isa::op::{Addressing, CsrUpdate, FloatFormat, FloatUnit, LoopPart, Unit, Width};
use ennead_isa::op::{BranchFn, ComputeFn, Fill, FloatFn, Quad};
use ennead_isa::{Inst, Kind, Op, Replicate};

use crate::config::{Config, DivSqrt, FpRegisters};

/// What the run loop does for a micro-op.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// One cycle in the execute stage.
    Compute(ComputeFn),
    /// Upper product.
    MulHigh(ComputeFn),
    /// Division; the flag says whether the divisor is signed.
    Div(ComputeFn, bool),
    /// `sltiu x0, x0, imm`: a region marker, which is a no-op on silicon.
    Region,
    /// Load.
    Load(Width, Fill, Addressing),
    /// Store.
    Store(Width, Addressing),
    /// Load that may sleep.
    EventLoad,
    /// Conditional branch.
    Branch(BranchFn),
    /// Jump to pc + imm.
    Jal,
    /// Jump to register + imm.
    Jalr,
    /// Pipelined floating point with this many stages.
    Float(FloatFn, u8),
    /// Divide or square root in the background.
    DivSqrt(FloatFn, Iterative),
    /// CSR access.
    Csr(CsrUpdate, bool),
    /// `fence` and `fence.i`.
    Fence,
    /// Environment call.
    Ecall,
    /// Breakpoint.
    Ebreak,
    /// Return from trap.
    Mret,
    /// Wait for interrupt.
    Wfi,
    /// Hardware-loop set-up.
    Loop(LoopPart),
    /// No instruction of this core.
    Illegal,
}

/// What an iterative floating-point operation is, for its latency (R23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iterative {
    /// Square root rather than division.
    pub sqrt: bool,
    /// The format.
    pub format: FloatFormat,
    /// Several lanes at once.
    pub packed: bool,
    /// The register on the unit's second operand input, used or not, where the unit's faults are modelled (R31).
    pub second: Option<u8>,
}

/// No register: what [`Uop::alu_rd`] holds where the ALU write port is not used.
pub const NO_REGISTER: u8 = 255;

/// What the rounding-mode field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundingMode {
    /// This mode.
    Fixed(Rounding),
    /// The mode in `frm`.
    Dynamic,
    /// Nothing: an illegal instruction.
    Reserved,
}

impl RoundingMode {
    fn of(field: u8) -> Self {
        match Rounding::from_frm(field) {
            Some(mode) => Self::Fixed(mode),
            None if field == 7 => Self::Dynamic,
            None => Self::Reserved,
        }
    }
}

/// What retired instructions add to a core's counters, in one number: instructions, compressed ones, and
/// multiply-accumulate lanes. A sum holds at least 65,535 instructions of 16 lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally(u64);

impl Tally {
    const FIELD: u32 = 20;
    const MASK: u64 = (1 << Self::FIELD) - 1;

    /// Of one instruction.
    pub fn new(macs: u32, compressed: bool) -> Self {
        Self(u64::from(macs) | u64::from(compressed) << Self::FIELD | 1 << (2 * Self::FIELD))
    }

    /// Multiply-accumulate lanes.
    #[inline(always)]
    pub fn macs(self) -> u64 {
        self.0 & Self::MASK
    }

    /// Compressed instructions.
    #[inline(always)]
    pub fn compressed(self) -> u64 {
        self.0 >> Self::FIELD & Self::MASK
    }

    /// Instructions.
    #[inline(always)]
    pub fn instructions(self) -> u64 {
        self.0 >> (2 * Self::FIELD)
    }
}

impl std::ops::AddAssign for Tally {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl std::ops::Add for Tally {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Mul<u32> for Tally {
    type Output = Self;

    #[inline(always)]
    fn mul(self, times: u32) -> Self {
        Self(self.0 * u64::from(times))
    }
}

impl std::ops::Sub for Tally {
    type Output = Self;

    #[inline(always)]
    fn sub(self, part: Self) -> Self {
        Self(self.0 - part.0)
    }
}

/// A decoded instruction, ready to run.
#[derive(Clone, Copy, Debug)]
pub struct Uop {
    /// What to do.
    pub action: Action,
    /// Unified source and destination registers, as in [`Inst`].
    pub rd: u8,
    /// First source.
    pub rs1: u8,
    /// Second source.
    pub rs2: u8,
    /// Third source.
    pub rs3: u8,
    /// The register written through the ALU port while in the execute stage, or [`NO_REGISTER`] (R4, R19).
    pub alu_rd: u8,
    /// Lane repetition of the second source.
    pub replicate: Replicate,
    /// Rounding mode field.
    pub rounding: RoundingMode,
    /// Bytes of the encoding.
    pub len: u8,
    /// What it adds to the counters when it retires.
    pub tally: Tally,
    /// Immediate.
    pub imm: i32,
    /// Second immediate.
    pub aux: i32,
    /// Registers that a load in the execute stage holds this instruction back for, one bit each; never x0 (R3).
    pub reads: u64,
    /// Registers for whose floating-point result under way this instruction waits, one bit each, x0 included (R19,
    /// R20, R27).
    pub awaits: u64,
    /// The instruction's bits, 16 or 32.
    pub bits: u32,
    /// How four independent ones are computed at once, if they can be.
    pub quad: Option<Quad>,
    /// It adds two registers and the immediate.
    pub adds: bool,
}

impl Uop {
    /// Whether a load or store names a register of a float file of its own.
    #[inline(always)]
    pub fn moves_float(&self) -> bool {
        (self.rd | self.rs3) >= 32
    }
}

/// Turns decoded instructions into micro-ops for one kind of core.
#[derive(Clone, Debug)]
pub struct Lowering {
    addmul: u8,
    others: u8,
    fp16: u8,
    divsqrt: DivSqrt,
    /// The divide unit answers as its RTL does where that is far from right (R31).
    divsqrt_faults: bool,
    /// Comparisons, minima, maxima and sign injections work.
    selects: bool,
    /// Unified number of the first register that holds floats.
    float_file: u8,
}

impl Lowering {
    /// For the cores of `config`.
    pub fn new(config: &Config) -> Self {
        Self {
            addmul: config.fpu.addmul_latency as u8,
            others: config.fpu.others_latency as u8,
            fp16: config.fpu.fp16_latency as u8,
            divsqrt: config.fpu.divsqrt,
            divsqrt_faults: config.fpu.divsqrt_faults
                && config.fpu.divsqrt == DivSqrt::Pulp
                && config.core.fp_registers == FpRegisters::F,
            selects: config.fpu.selects,
            float_file: if config.core.fp_registers == FpRegisters::F {
                32
            } else {
                0
            },
        }
    }

    /// The divide and square-root unit of the core.
    pub fn divsqrt(&self) -> DivSqrt {
        self.divsqrt
    }

    /// The micro-op of `inst` at `pc`; `bits` is its encoding.
    pub fn lower(&self, inst: &Inst, pc: u32, bits: u32) -> Uop {
        let mut uop = Uop {
            action: Action::Illegal,
            rd: inst.rd,
            rs1: inst.rs1,
            rs2: inst.rs2,
            rs3: inst.rs3,
            alu_rd: NO_REGISTER,
            replicate: inst.replicate,
            rounding: RoundingMode::of(inst.rm),
            len: inst.len,
            tally: Tally::new(inst.op.mac_lanes(), inst.len == 2),
            imm: inst.imm,
            aux: i32::from(inst.aux),
            reads: (1u64 << inst.rs1 | 1 << inst.rs2 | 1 << inst.rs3) & !1,
            awaits: 0,
            bits,
            quad: inst.op.quad(),
            adds: matches!(inst.op, Op::Add) && inst.replicate == Replicate::No,
        };
        uop.action = match inst.op.kind() {
            Kind::Compute { unit, eval } => {
                uop.alu_rd = inst.rd;
                match unit {
                    Unit::Alu if inst.op == Op::Sltu && inst.rd == 0 && inst.rs1 == 0 && inst.rs2 == 0 => {
                        Action::Region
                    }
                    Unit::Alu | Unit::Mul => Action::Compute(eval),
                    Unit::MulHigh => Action::MulHigh(eval),
                    Unit::Div => Action::Div(eval, matches!(inst.op, Op::Div | Op::Rem)),
                }
            }
            Kind::AuiPc => {
                uop.alu_rd = inst.rd;
                uop.imm = pc.wrapping_add(inst.imm as u32) as i32;
                uop.rs1 = 0;
                uop.rs2 = 0;
                Action::Compute(|_, b, _, _| b)
            }
            Kind::Load { width, fill, address } => {
                if address == Addressing::PostIncrement {
                    uop.alu_rd = inst.rs1;
                }
                Action::Load(width, fill, address)
            }
            Kind::Store { width, address } => {
                if address == Addressing::PostIncrement {
                    uop.alu_rd = inst.rs1;
                }
                Action::Store(width, address)
            }
            Kind::EventLoad => Action::EventLoad,
            Kind::Branch { taken } => Action::Branch(taken),
            Kind::Jal => {
                uop.alu_rd = inst.rd;
                Action::Jal
            }
            Kind::Jalr => {
                uop.alu_rd = inst.rd;
                Action::Jalr
            }
            Kind::Float {
                unit: FloatUnit::DivSqrt,
                format,
                eval,
            } => Action::DivSqrt(
                eval,
                Iterative {
                    sqrt: inst.op.name().to_ascii_lowercase().contains("sqrt"),
                    format,
                    packed: inst.op.name().to_ascii_lowercase().starts_with("vf"),
                    second: self.divsqrt_faults.then_some(32 + field2(bits) as u8),
                },
            ),
            Kind::Float {
                unit: FloatUnit::AddMul,
                format,
                eval,
            } => {
                let latency = if format == FloatFormat::S {
                    self.addmul
                } else {
                    self.fp16
                };
                Action::Float(eval, latency)
            }
            Kind::Float { .. } if !self.selects && is_selection(inst) => Action::Float(all_ones, self.others),
            Kind::Float { eval, .. } => Action::Float(eval, self.others),
            Kind::Csr { update, immediate } => {
                uop.alu_rd = inst.rd;
                Action::Csr(update, immediate)
            }
            Kind::Fence | Kind::FenceI => Action::Fence,
            Kind::Ecall => Action::Ecall,
            Kind::Ebreak => Action::Ebreak,
            Kind::Mret => Action::Mret,
            Kind::Wfi => Action::Wfi,
            Kind::Loop { part } => Action::Loop(part),
        };
        if matches!(inst.op, Op::ShuffleImmH | Op::ShuffleImmB) {
            uop.reads |= 1 << field2(bits) & !1;
        }
        uop.awaits = self.awaits(inst, &uop);
        uop
    }

    /// R19, R20, R27: what decode compares with the destination of a floating-point operation under way. That is what
    /// its operand multiplexers select rather than what the operation reads, so some dependences are none.
    fn awaits(&self, inst: &Inst, uop: &Uop) -> u64 {
        let bit = |register: u32| 1u64 << register;
        let sources = (1u64 << inst.rs1 | 1 << inst.rs2 | 1 << inst.rs3) & !1;
        let zero = u64::from(selects_zero(inst, uop));
        let port = if uop.alu_rd == NO_REGISTER { 0 } else { 1 << uop.alu_rd };
        match uop.action {
            Action::Float(..) | Action::DivSqrt(..) => {
                // A form without a second operand selects the float register that the field names all the same.
                let lacks_second = self.float_file == 32 && inst.rs2 == 0 && !is_move(inst);
                let field = if lacks_second {
                    bit(u32::from(self.float_file) + field2(uop.bits))
                } else {
                    0
                };
                sources | zero | field
            }
            Action::Load(..) | Action::EventLoad => sources | zero | 1 << uop.rd | port,
            Action::Fence => zero | bit(field1(uop.bits)) | bit(field2(uop.bits)),
            Action::Loop(LoopPart::Setup) if inst.rs1 == 0 => zero | bit(field1(uop.bits)) | bit(field2(uop.bits)),
            Action::Loop(_) => sources | zero | bit(field2(uop.bits)),
            Action::Ebreak => zero | bit(1),
            Action::Mret => zero | bit(2),
            Action::Wfi => zero | bit(5),
            _ => sources | zero | port,
        }
    }

    /// The micro-op of bits that no row of the core's set decodes.
    pub fn illegal(&self, bits: u32) -> Uop {
        Uop {
            action: Action::Illegal,
            rd: 0,
            rs1: 0,
            rs2: 0,
            rs3: 0,
            alu_rd: NO_REGISTER,
            replicate: Replicate::No,
            rounding: RoundingMode::Reserved,
            len: if bits & 3 == 3 { 4 } else { 2 },
            tally: Tally::new(0, bits & 3 != 3),
            imm: 0,
            aux: 0,
            reads: 0,
            awaits: 1 | 1 << field1(bits) | 1 << field2(bits),
            bits,
            quad: None,
            adds: false,
        }
    }
}

/// The first source field of a 32-bit encoding.
fn field1(bits: u32) -> u32 {
    bits >> 15 & 31
}

/// The second source field of a 32-bit encoding.
fn field2(bits: u32) -> u32 {
    bits >> 20 & 31
}

/// Operations that the rounding-mode field tells apart.
fn is_selection(inst: &Inst) -> bool {
    const NAMES: [&str; 6] = ["Fsgnj", "Fmin", "Fmax", "Feq", "Flt", "Fle"];
    NAMES.iter().any(|name| inst.op.name().starts_with(name))
}

/// What a unit answers that does not know which of the operations is meant.
fn all_ones(_: u32, _: u32, _: u32, _: Rounding) -> Flagged {
    Flagged {
        bits: u32::MAX,
        flags: Flags(0),
    }
}

/// Moves between the register files select their only operand twice.
fn is_move(inst: &Inst) -> bool {
    matches!(
        inst.op.kind(),
        Kind::Float {
            unit: FloatUnit::NonComp,
            ..
        }
    ) && inst.op.name().starts_with("Fmv")
}

/// Whether one of the operand multiplexers selects x0 (R27): those of an absent operand do, with these exceptions.
fn selects_zero(inst: &Inst, uop: &Uop) -> bool {
    const BRANCH: u32 = 0x63;
    let sources = [inst.rs1, inst.rs2, inst.rs3];
    match uop.action {
        Action::Branch(_) if uop.len == 4 => {
            let immediate = uop.bits & 0x7f != BRANCH || uop.bits >> 13 & 3 == 1;
            inst.rs1 == 0 || !immediate && inst.rs2 == 0
        }
        Action::Jalr => inst.rs1 == 0,
        Action::Store(..) => inst.rs1 == 0 || inst.rs3 == 0,
        Action::Float(..) => {
            let sum = inst.rs3 != 0
                || ["Fadd", "Fsub", "Vfadd", "Vfsub"]
                    .iter()
                    .any(|s| inst.op.name().starts_with(s));
            !sum || sources[..2].contains(&0)
        }
        Action::Compute(_) if inst.rs3 != 0 => inst.rs1 == 0,
        _ => true,
    }
}
