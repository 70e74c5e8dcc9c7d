//! The functional path: what instructions do, a cycle each, without asking when they could.
//!
//! It passes what concerns nobody else: computations, jumps, hardware loops, and loads and stores that reach L1 or L2. All
//! of it means what it means in [`Core::step`], to which everything else is left: devices, CSRs, traps, sleep, region
//! markers, accesses that cross a word, stores near decoded code.
//!
//! Invariant: registers, memory and counts of instructions are those of a core that was stepped through the same
//! instructions with the same answers; the pipeline is one in which nothing is under way.

use ennead_isa::op::{Addressing, LoopPart};

use super::loops::Step;
use super::uop::{Action, Tally, Uop};
use super::{Core, Next, event, extend, timing};
use crate::memory::Memory;
use crate::program::Program;

impl Core {
    /// Passes instructions that leave decode from cycle `now` on, through cycle `horizon` and up to the one at `goal`, at
    /// most 65,535 of them. False if there was none.
    pub fn skip(
        &mut self,
        program: &mut Program,
        memory: &mut Memory,
        now: u64,
        horizon: u64,
        goal: Option<u32>,
    ) -> bool {
        if self.lines != 0 && self.interrupt().is_some() {
            return false;
        }
        let start = self.pipeline.arrival.max(self.pipeline.ex_end).max(now);
        let most = (horizon + 1).saturating_sub(start).min(u64::from(u16::MAX));
        let mut tally = Tally::default();
        while tally.instructions() < most && goal != Some(self.pc) && self.locate(program, memory) {
            let pc = self.pc;
            let uop = program.at(self.page, pc);
            if !self.do_plain(uop, program, memory) {
                break;
            }
            tally += uop.tally;
            self.last_pc = pc;
        }
        if tally == Tally::default() {
            return false;
        }
        self.count(tally);
        self.followed = true;
        self.pipeline.skip(start, tally.instructions(), self.pc);
        self.next = Next::Issue(self.pipeline.arrival);
        true
    }

    /// Does all of one instruction; false, and nothing done, if it is none that this path knows.
    #[inline(always)]
    fn do_plain(&mut self, uop: &Uop, program: &Program, memory: &mut Memory) -> bool {
        let (a, b, c) = self.operands(uop);
        match uop.action {
            Action::Compute(eval) | Action::MulHigh(eval) | Action::Div(eval, _) => {
                self.write(uop.rd, eval(a, b, c, uop.aux as u32));
            }
            Action::Load(width, fill, addressing) => {
                let post = addressing == Addressing::PostIncrement;
                let address = if post { a } else { a.wrapping_add(b) };
                let Some((which, offset)) = memory.locate(address) else {
                    return false;
                };
                if (address & 3) + width as u32 > 4 || self.lacks_float(uop) {
                    return false;
                }
                self.events[event::LOAD] += 1;
                if post {
                    self.post_increment(uop);
                }
                let raw = memory.read(which, offset) >> (8 * (address & 3));
                self.write(uop.rd, extend(raw, width, fill));
                self.csr.float_written |= uop.rd >= 32;
            }
            Action::Store(width, addressing) => {
                let post = addressing == Addressing::PostIncrement;
                let address = if post { a } else { a.wrapping_add(b) };
                let Some((which, offset)) = memory.locate(address) else {
                    return false;
                };
                let (lane, bytes) = (address & 3, width as u32);
                if lane + bytes > 4 || self.lacks_float(uop) || program.is_near_code(which, offset) {
                    return false;
                }
                self.events[event::STORE] += 1;
                memory.write(which, offset, c << (8 * lane), (((1u32 << bytes) - 1) << lane) as u8);
                if post {
                    self.post_increment(uop);
                }
            }
            Action::Float(eval, _) => {
                let Some(rounding) = self.rounding(uop) else {
                    return false;
                };
                let result = eval(a, b, c, rounding);
                self.write_float(uop.rd, result);
            }
            Action::DivSqrt(eval, op) => {
                let Some(rounding) = self.rounding(uop) else {
                    return false;
                };
                let mut result = eval(a, b, c, rounding);
                if let Some(second) = op.second {
                    result.bits = timing::faulty(op, result, self.registers[usize::from(second & 63)]);
                }
                self.write_float(uop.rd, result);
            }
            Action::Branch(taken) => {
                self.events[event::BRANCH] += 1;
                let compare = self.registers[usize::from(uop.rs2 & 63)].wrapping_add(uop.aux as u32);
                if taken(a, compare) {
                    if self.loops.active {
                        let step = self.loops.step(self.pc);
                        if self.loops.in_body() {
                            self.take_step(uop, step);
                            return true;
                        }
                    }
                    self.events[event::TAKEN] += 1;
                    self.pc = self.pc.wrapping_add(uop.imm as u32);
                    return true;
                }
            }
            Action::Jal | Action::Jalr => {
                self.events[event::JUMP] += 1;
                let link = self.pc.wrapping_add(u32::from(uop.len));
                let target = match uop.action {
                    Action::Jal => self.pc.wrapping_add(uop.imm as u32),
                    _ => a.wrapping_add(uop.imm as u32) & !1,
                };
                self.write(uop.rd, link);
                if !self.loops.in_body() {
                    self.pc = target;
                    return true;
                }
            }
            Action::Loop(part) => {
                let step = if self.loops.active {
                    self.loops.step(self.pc)
                } else {
                    Step::Plain
                };
                self.set_loop(uop, part, a);
                self.take_step(uop, step);
                return true;
            }
            _ => return false,
        }
        let step = if self.loops.active && self.loops.passing_bytes(self.pc) == 0 {
            self.loops.step(self.pc)
        } else {
            Step::Plain
        };
        self.take_step(uop, step);
        true
    }

    /// Goes on to where the hardware loops lead.
    #[inline(always)]
    fn take_step(&mut self, uop: &Uop, step: Step) {
        self.pc = match step {
            Step::Plain => self.pc.wrapping_add(u32::from(uop.len)),
            Step::Back(start) | Step::Jump(start) => start,
        };
    }

    /// Sets up a hardware loop; `a` is what the instruction's register holds.
    pub(super) fn set_loop(&mut self, uop: &Uop, part: LoopPart, a: u32) {
        let number = usize::from(uop.rd);
        let offset = self.pc.wrapping_add(uop.imm as u32);
        let count = a.wrapping_add(uop.aux as u32);
        match part {
            LoopPart::StartOffset => self.loops.set_part(number, 0, offset),
            LoopPart::StartRegister => self.loops.set_part(number, 0, a),
            LoopPart::EndOffset => self.loops.set_part(number, 1, offset),
            LoopPart::EndRegister => self.loops.set_part(number, 1, a),
            LoopPart::Count => self.loops.set_part(number, 2, count),
            LoopPart::Setup => {
                self.loops.set_part(number, 0, self.pc.wrapping_add(4));
                self.loops.set_part(number, 1, offset);
                self.loops.set_part(number, 2, count);
            }
        }
    }
}
