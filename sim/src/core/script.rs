//! Scripts: what is read and computed along a course, step by step, with no timing left in it.
//!
//! A step is what a micro-op means, with all looked up that does not change; what changes nothing but the time has none. Where
//! a course repeats, its script does.
//!
//! Invariant: a script run through the grants of a course leaves registers, flags and loops as its instructions would.

use ennead_isa::Replicate;
use ennead_isa::float::{Flags, Rounding};
use ennead_isa::op::{ComputeFn, FloatFn};

use super::Core;
use super::block::{Access, BlockId, Interaction};
use super::chain::Granted;
use super::course::Owed;
use super::uop::{Action, RoundingMode, Uop};
use crate::memory::Words;
use crate::program::Program;

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    run: Run,
    rd: u8,
    a: u8,
    b: u8,
    c: u8,
    imm: u32,
    aux: u32,
}

#[derive(Clone, Copy, Debug)]
enum Run {
    /// An access was granted that loads a word and does nothing else.
    Load,
    /// The same, and adds to the base.
    LoadPost,
    /// Another access was granted.
    Access(Access),
    /// An operation was granted, the result of which is there already.
    Operation,
    /// The sum of two registers and the immediate.
    Add,
    /// A computation.
    Compute(ComputeFn),
    /// The same with a second operand that one lane is repeated in.
    ComputeOfLane(ComputeFn, Replicate),
    /// A floating-point operation.
    Float(FloatFn, Option<Rounding>, Replicate),
    /// The same, and it was granted; [`Run::Operation`] follows.
    Granted(FloatFn, Option<Rounding>, Replicate),
    /// Fours of multiply-adds begin with this computation of a block; they follow, each of them by such a step and as four.
    Fours(BlockId, u8),
    /// The second-last (1) or last (2) instruction of a hardware loop's body, or both.
    LoopEnd(u8),
    /// The course repeats.
    Again,
}

impl Step {
    /// The course repeats.
    pub(super) const AGAIN: Self = Self::only(Run::Again);

    const fn only(run: Run) -> Self {
        Self {
            run,
            rd: 0,
            a: 0,
            b: 0,
            c: 0,
            imm: 0,
            aux: 0,
        }
    }

    /// An interaction was granted behind the steps of `script`.
    pub(super) fn take(interaction: &Interaction, script: &mut Vec<Self>) {
        match interaction {
            Interaction::Access(access) => script.push(Self::take_access(access)),
            Interaction::Operation(_) => {
                if let Some(step) = script.last_mut()
                    && let Run::Float(eval, fixed, replicate) = step.run
                {
                    step.run = Run::Granted(eval, fixed, replicate);
                }
                script.push(Self::only(Run::Operation));
            }
        }
    }

    fn take_access(access: &Access) -> Self {
        let run = match access.loads_word() {
            true if access.rd() == 0 => Run::Access(*access),
            true if access.post_increments() => Run::LoadPost,
            true => Run::Load,
            false => Run::Access(*access),
        };
        Self {
            run,
            rd: access.rd(),
            a: access.base() as u8,
            b: access.index(),
            c: 0,
            imm: access.offset(),
            aux: 0,
        }
    }

    /// What a micro-op computes; none where that changes nothing.
    pub(super) fn compute(uop: &Uop) -> Option<Self> {
        let run = match uop.action {
            Action::Compute(_) if uop.rd == 0 => return None,
            Action::Compute(_) if uop.adds => Run::Add,
            Action::Compute(eval) if uop.replicate == Replicate::No => Run::Compute(eval),
            Action::Compute(eval) => Run::ComputeOfLane(eval, uop.replicate),
            Action::Float(eval, _) => {
                let fixed = match uop.rounding {
                    RoundingMode::Fixed(mode) => Some(mode),
                    RoundingMode::Dynamic | RoundingMode::Reserved => None,
                };
                Run::Float(eval, fixed, uop.replicate)
            }
            _ => return None,
        };
        Some(Self {
            run,
            rd: uop.rd,
            a: uop.rs1,
            b: uop.rs2,
            c: uop.rs3,
            imm: uop.imm as u32,
            aux: uop.aux as u32,
        })
    }

    /// Fours that begin with `uop`, computation `number` of a block.
    pub(super) fn fours(id: BlockId, number: usize, uop: &Uop) -> Self {
        Self {
            rd: uop.rd,
            ..Self::only(Run::Fours(id, number as u8))
        }
    }

    /// Those of the last two instructions of a loop's body.
    pub(super) fn loop_end(steps: u8) -> Self {
        Self::only(Run::LoopEnd(steps))
    }
}

impl Step {
    #[inline(always)]
    fn float(&self, eval: FloatFn, rounding: Rounding, replicate: Replicate, registers: &mut [u32; 64]) -> Flags {
        let [a, b, c] = [self.a, self.b, self.c].map(|number| registers[at(number)]);
        let result = eval(a, replicate.of(b).wrapping_add(self.imm), c, rounding);
        registers[at(self.rd)] = result.bits;
        registers[0] = 0;
        result.flags
    }
}

/// A register's number, so that no file of 64 is left.
#[inline(always)]
fn at(register: u8) -> usize {
    usize::from(register & 63)
}

impl Core {
    /// Runs the script of a course through what was granted; `words` is the L1, and `told` is told each grant. `dynamic` is
    /// the rounding mode in `frm`.
    #[inline(always)]
    pub(super) fn follow_script(
        &mut self,
        owed: &Owed<'_>,
        words: Words<'_>,
        mut told: impl FnMut(Granted),
        dynamic: Rounding,
        program: &Program,
    ) {
        let mut grants = owed.grants.iter();
        let mut steps = owed.steps.iter();
        let mut flags = Flags::NONE;
        while let Some(step) = steps.next() {
            let registers = &mut self.registers;
            let (a, b) = (registers[at(step.a)], registers[at(step.b)]);
            match step.run {
                Run::Load => {
                    let Some(grant) = grants.next() else { break };
                    let word = words.at(a.wrapping_add(b).wrapping_add(step.imm));
                    registers[at(step.rd)] = word;
                    told(Granted::Access(*grant, word));
                }
                Run::LoadPost => {
                    let Some(grant) = grants.next() else { break };
                    let word = words.at(a);
                    registers[at(step.a)] = a.wrapping_add(b).wrapping_add(step.imm);
                    registers[at(step.rd)] = word;
                    told(Granted::Access(*grant, word));
                }
                Run::Access(access) => {
                    let Some(grant) = grants.next() else { break };
                    let address = access.address(registers);
                    let word = words.at(address);
                    access.take(registers, address, word);
                    told(Granted::Access(*grant, word));
                }
                Run::Operation => {
                    let Some(grant) = grants.next() else { break };
                    told(Granted::Operation(*grant));
                }
                Run::Add => registers[at(step.rd)] = a.wrapping_add(b).wrapping_add(step.imm),
                Run::Compute(eval) => {
                    let c = registers[at(step.c)];
                    registers[at(step.rd)] = eval(a, b.wrapping_add(step.imm), c, step.aux);
                }
                Run::ComputeOfLane(eval, replicate) => {
                    let (b, c) = (replicate.of(b), registers[at(step.c)]);
                    registers[at(step.rd)] = eval(a, b.wrapping_add(step.imm), c, step.aux);
                }
                Run::Float(eval, fixed, replicate) => {
                    flags |= step.float(eval, fixed.unwrap_or(dynamic), replicate, registers);
                }
                Run::Granted(eval, fixed, replicate) => {
                    flags |= step.float(eval, fixed.unwrap_or(dynamic), replicate, registers);
                    let Some(grant) = grants.next() else { break };
                    told(Granted::Operation(*grant));
                    steps.next();
                }
                Run::Fours(id, number) => {
                    if let Some(quads) = program.numbered(id).and_then(|block| block.quads.as_ref())
                        && quads.round_by(dynamic)
                    {
                        let (done, raised) = self.pass_fours(quads, number.into(), step.rd);
                        flags |= raised;
                        if done > 0 {
                            steps.nth(done + done / 4 - 2);
                        }
                    }
                }
                Run::LoopEnd(steps) => {
                    if let Some(lap) = owed.lap {
                        self.loops.pass_end(lap, steps);
                    }
                }
                Run::Again => steps = owed.script.iter(),
            }
        }
        self.csr.fflags |= flags.0;
    }
}
