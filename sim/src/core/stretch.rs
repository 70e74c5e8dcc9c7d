//! Stretches: the fast way through code in which every instruction is followed by the next one.
//!
//! It decides nothing that [`Core::step`] would not decide in the same way; it only leaves out what cannot matter where
//! nothing disturbs the core and no result is on its way to the ALU port. Whatever it does not know it leaves to `step`.
//!
//! Invariant: a core that went through a stretch equals one that was stepped through it.

use ennead_isa::op::Addressing;

use super::pipeline::Leftover;
use super::uop::{Action, Tally, Uop};
use super::{Core, event};
use crate::memory::Memory;
use crate::program::Program;
use crate::stall::Stall;

/// Instructions that left decode and are not written down yet.
struct Passed {
    /// The cycle in which the last one did.
    issued: u64,
    tally: Tally,
}

impl Core {
    /// Runs one-cycle computations, pipelined operations of a private FPU, branches and jumps to immediate addresses as
    /// long as they leave decode through cycle `horizon`. A load or store behind them is posted. False where the core
    /// stops, true where the next instruction is for [`Core::step`].
    #[inline(always)]
    pub(super) fn stretch(&mut self, program: &Program, memory: &Memory, horizon: u64) -> bool {
        'stretch: loop {
            let Some(mut t) = self.pipeline.flows_from() else {
                return true;
            };
            if Program::page_number(self.pc) != self.page_number {
                return true;
            }
            let (mut pc, mut arrival) = (self.pc, self.pipeline.arrival);
            let (page, rest) = program.rest(self.page, pc);
            let passing = self.loops.passing_bytes(pc);
            let near_loop_end = passing == 0;
            let mut bytes = passing.clamp(1, rest) as i32;
            let mut passed = Passed {
                issued: self.pipeline.issued,
                tally: Tally::default(),
            };
            loop {
                let uop = &page[Program::slot(pc)];
                let at = self.pipeline.operands_ready(uop, t);
                if at > horizon {
                    break;
                }
                match uop.action {
                    Action::Compute(eval) => {
                        self.leave(&mut passed, uop, at);
                        let (a, b, c) = self.operands(uop);
                        self.write(uop.rd, eval(a, b, c, uop.aux as u32));
                    }
                    Action::Float(eval, latency @ 0..=1)
                        if !self.settings.shared_fpu && self.pipeline.fpu_takes(at + 1, latency) =>
                    {
                        let Some(rounding) = self.rounding(uop) else { break };
                        self.leave(&mut passed, uop, at);
                        let (a, b, c) = self.operands(uop);
                        let result = eval(a, b, c, rounding);
                        self.write(uop.rd, result.bits);
                        self.csr.fflags |= result.flags.0;
                        self.csr.float_written = true;
                        self.pipeline.fp_accepted(uop.rd, at + 1, u64::from(latency));
                    }
                    Action::Load(width, _, addressing) if !self.lacks_float(uop) => {
                        self.leave(&mut passed, uop, at);
                        self.write_down(&passed, pc, pc);
                        self.events[event::LOAD] += 1;
                        let (a, b, _) = self.operands(uop);
                        let offset = if addressing == Addressing::PostIncrement { 0 } else { b };
                        return self.post(at + 1, a.wrapping_add(offset), width, None, false);
                    }
                    Action::Store(width, addressing) if !self.lacks_float(uop) => {
                        self.leave(&mut passed, uop, at);
                        self.write_down(&passed, pc, pc);
                        self.events[event::STORE] += 1;
                        let (a, b, c) = self.operands(uop);
                        let offset = if addressing == Addressing::PostIncrement { 0 } else { b };
                        return self.post(at + 1, a.wrapping_add(offset), width, Some(c), false);
                    }
                    Action::Branch(taken) if !self.loops.active => {
                        let a = self.registers[(uop.rs1 & 63) as usize];
                        let b = self.registers[(uop.rs2 & 63) as usize].wrapping_add(uop.aux as u32);
                        let taken = taken(a, b);
                        if taken && self.pipeline.busy_at(at + 2) {
                            break;
                        }
                        self.leave(&mut passed, uop, at);
                        self.events[event::BRANCH] += 1;
                        if taken {
                            self.events[event::TAKEN] += 1;
                            let target = pc.wrapping_add(uop.imm as u32);
                            self.write_down(&passed, pc, pc);
                            self.redirect(target, at + 1, Stall::Branch, &Leftover::default(), memory);
                            continue 'stretch;
                        }
                    }
                    Action::Jal if !self.loops.active => {
                        self.leave(&mut passed, uop, at);
                        self.events[event::JUMP] += 1;
                        self.write(uop.rd, pc.wrapping_add(u32::from(uop.len)));
                        self.write_down(&passed, pc, pc);
                        let target = pc.wrapping_add(uop.imm as u32);
                        self.redirect(target, arrival, Stall::Jump, &Leftover::of(uop), memory);
                        continue 'stretch;
                    }
                    _ => break,
                }
                if near_loop_end {
                    self.write_down(&passed, pc, pc);
                    let step = self.loops.step(pc);
                    self.go_on(uop, step, arrival, memory);
                    continue 'stretch;
                }
                t = at + 1;
                arrival = t;
                self.last_pc = pc;
                pc = pc.wrapping_add(u32::from(uop.len));
                bytes -= i32::from(uop.len);
                if bytes <= 0 {
                    break;
                }
            }
            if passed.tally != Tally::default() {
                self.write_down(&passed, self.last_pc, pc);
            }
            return true;
        }
    }

    /// `uop` leaves decode in cycle `at`.
    #[inline(always)]
    fn leave(&mut self, passed: &mut Passed, uop: &Uop, at: u64) {
        if at > passed.issued + 1 {
            self.pipeline.waited(passed.issued, uop, at);
        }
        passed.issued = at;
        passed.tally += uop.tally;
        self.pipeline.flowed(uop);
    }

    /// Writes down what passed: the last instruction was at `last`, the next is at `next`.
    #[inline(always)]
    fn write_down(&mut self, passed: &Passed, last: u32, next: u32) {
        let instructions = passed.tally.instructions();
        self.instret += instructions;
        self.macs += passed.tally.macs();
        self.events[event::COMPRESSED] += passed.tally.compressed();
        self.last_pc = last;
        self.pc = next;
        self.pipeline.flowed_until(passed.issued, instructions);
    }
}
