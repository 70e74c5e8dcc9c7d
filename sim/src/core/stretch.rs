//! Stretches: the fast way through code in which every instruction is followed by the next one.
//!
//! It decides nothing that [`Core::step`] would not decide in the same way; it only leaves out what cannot matter where
//! nothing disturbs the core and no result is on its way to the ALU port. Whatever it does not know it leaves to `step`.
//!
//! Invariant: a core that went through a stretch equals one that was stepped through it.

use ennead_isa::float::{Flags, Rounding};
use ennead_isa::op::Addressing;

use super::block::{Block, Interaction};
use super::pipeline::Leftover;
use super::uop::{Action, RoundingMode, Tally, Uop};
use super::{Core, event};
use crate::memory::Memory;
use crate::observe::Observer;
use crate::program::Program;
use crate::stall::Stall;

/// Instructions that left decode and are not written down yet.
struct Passed {
    /// The cycle in which the last one did.
    issued: u64,
    tally: Tally,
}

/// How a core goes on.
pub(super) enum Way {
    /// In the same way.
    On,
    /// By [`Core::step`].
    Step,
    /// Not before it is answered.
    Stop,
}

impl Core {
    /// Passes blocks, all instructions of which leave decode through cycle `horizon`. True where the core stops, for what
    /// ends a block.
    pub(super) fn pass_blocks<O: Observer>(&mut self, program: &mut Program, horizon: u64, observer: &mut O) -> bool {
        match self.pipeline.flows_from() {
            Some(t) => self.pass_blocks_from(t, program, horizon, observer),
            None => false,
        }
    }

    /// The same where the next instruction can leave decode in cycle `t` but for its operands.
    #[inline(always)]
    fn pass_blocks_from<O: Observer>(
        &mut self,
        mut t: u64,
        program: &mut Program,
        horizon: u64,
        observer: &mut O,
    ) -> bool {
        loop {
            let pc = self.pc;
            let passing = self.loops.passing_bytes(pc);
            if Program::page_number(pc) != self.page_number || passing == 0 {
                return false;
            }
            let Some(block) = program.block(self.page, pc, passing) else {
                return false;
            };
            let Some(first) = block.uops.first() else {
                return false;
            };
            let at = self.pipeline.operands_ready(first, t);
            if at + u64::from(block.passage.last) > horizon
                || block.floats && !self.has_floats()
                || !self.settings.shared_fpu && matches!(block.ends, Some(Interaction::Operation(_)))
                || block
                    .asks_first
                    .is_some_and(|latency| !self.pipeline.fpu_takes(at + 1, latency))
                || O::ACTIVE && block.waits()
            {
                return false;
            }
            if O::ACTIVE {
                observer.straight(self.index, at, pc, &block.uops);
            }
            t = self.pass(block, at) + 1;
            if block.ends.is_some() {
                self.begin_chain(block, t);
                return true;
            }
        }
    }

    /// Runs what [`Core::pass_blocks`] cannot pass: instructions near the end of a hardware loop, branches, and jumps to
    /// immediate addresses, and what lies between them.
    #[inline(never)]
    pub(super) fn stretch<O: Observer>(
        &mut self,
        program: &Program,
        memory: &Memory,
        horizon: u64,
        observer: &mut O,
    ) -> Way {
        let Some(mut t) = self.pipeline.flows_from() else {
            return Way::Step;
        };
        if Program::page_number(self.pc) != self.page_number {
            return Way::Step;
        }
        let (mut pc, mut arrival) = (self.pc, self.pipeline.arrival);
        let passing = self.loops.passing_bytes(pc);
        let (page, rest) = program.rest(self.page, pc);
        let near_loop_end = passing == 0;
        let mut bytes = passing.clamp(1, rest) as i32;
        let mut passed = Passed {
            issued: self.pipeline.issued,
            tally: Tally::default(),
        };
        while bytes > 0 {
            let uop = &page[Program::slot(pc)];
            let at = self.pipeline.operands_ready(uop, t);
            if at > horizon {
                break;
            }
            match uop.action {
                Action::Compute(eval) => {
                    self.leave(&mut passed, uop, at, pc, observer);
                    let (a, b, c) = self.operands(uop);
                    self.write(uop.rd, eval(a, b, c, uop.aux as u32));
                }
                Action::Float(eval, latency @ 0..=1)
                    if !self.settings.shared_fpu && self.pipeline.fpu_takes(at + 1, latency) =>
                {
                    let Some(rounding) = self.rounding(uop) else { break };
                    self.leave(&mut passed, uop, at, pc, observer);
                    let (a, b, c) = self.operands(uop);
                    let result = eval(a, b, c, rounding);
                    self.write_float(uop.rd, result);
                    self.pipeline.fp_accepted(uop.rd, at + 1, u64::from(latency));
                }
                Action::Load(..) | Action::Store(..) if !self.lacks_float(uop) => {
                    self.leave(&mut passed, uop, at, pc, observer);
                    self.write_down(&passed, pc, pc);
                    // Where a hardware loop jumps behind it, it does so from when the access came into decode (R14).
                    self.pipeline.fetched(arrival);
                    self.post_access(uop, at + 1);
                    return Way::Stop;
                }
                Action::Branch(taken) if !self.loops.active => {
                    let a = self.registers[(uop.rs1 & 63) as usize];
                    let b = self.registers[(uop.rs2 & 63) as usize].wrapping_add(uop.aux as u32);
                    let taken = taken(a, b);
                    let waits = self.pipeline.busy_at(at + 2);
                    if taken && (waits || self.division_behind(pc, uop, program, memory).is_some()) {
                        break;
                    }
                    self.leave(&mut passed, uop, at, pc, observer);
                    self.events[event::BRANCH] += 1;
                    if taken {
                        self.events[event::TAKEN] += 1;
                        self.write_down(&passed, pc, pc);
                        let target = pc.wrapping_add(uop.imm as u32);
                        self.redirect(target, at + 1, Stall::Branch, &Leftover::default(), memory);
                    } else {
                        self.write_down(&passed, pc, pc.wrapping_add(u32::from(uop.len)));
                    }
                    return Way::On;
                }
                Action::Jal if !self.loops.active && at == t => {
                    self.leave(&mut passed, uop, at, pc, observer);
                    self.events[event::JUMP] += 1;
                    self.write(uop.rd, pc.wrapping_add(u32::from(uop.len)));
                    self.write_down(&passed, pc, pc);
                    let target = pc.wrapping_add(uop.imm as u32);
                    self.redirect(target, arrival, Stall::Jump, &Leftover::of(uop), memory);
                    return Way::On;
                }
                _ => break,
            }
            if near_loop_end {
                self.write_down(&passed, pc, pc);
                let step = self.loops.step(pc);
                self.go_on(uop, step, arrival, memory);
                return Way::On;
            }
            t = at + 1;
            arrival = t;
            self.last_pc = pc;
            pc = pc.wrapping_add(u32::from(uop.len));
            bytes -= i32::from(uop.len);
        }
        if passed.tally == Tally::default() {
            return Way::Step;
        }
        self.write_down(&passed, self.last_pc, pc);
        if bytes > 0 { Way::Step } else { Way::On }
    }

    /// Whether floating point is on and has a rounding mode.
    #[inline(always)]
    pub(super) fn has_floats(&self) -> bool {
        !self.csr.float_off() && self.csr.frm <= Rounding::Rmm as u8
    }

    /// Runs a block, the first instruction of which leaves decode in cycle `at`. Returns the cycle in which the last one
    /// does; what ends the block is asked for.
    #[inline(always)]
    fn pass(&mut self, block: &Block, at: u64) -> u64 {
        if at > self.pipeline.issued + 1 {
            self.pipeline.charge(&block.uops[0], at);
        }
        self.compute(block, Rounding::from_frm(self.csr.frm).unwrap_or_default());
        self.count(block.tally);
        let issued = self.pipeline.pass(&block.passage, at, block.tally.instructions());
        self.last_pc = self.pc.wrapping_add(u32::from(block.reach));
        self.pc = self.last_pc;
        match (&block.ends, block.uops.last()) {
            (Some(Interaction::Access(_)), Some(access)) => self.post_access(access, issued + 1),
            (Some(Interaction::Operation(_)), _) => {
                self.ask_fpu(issued + 1);
            }
            (None, Some(last)) => self.pc = self.pc.wrapping_add(u32::from(last.len)),
            _ => {}
        }
        issued
    }

    /// What retired instructions add to the counters.
    #[inline(always)]
    pub(super) fn count(&mut self, tally: Tally) {
        self.instret += tally.instructions();
        self.macs += tally.macs();
        self.events[event::COMPRESSED] += tally.compressed();
    }

    /// Computes what the instructions of a block compute, `dynamic` being the rounding mode in `frm`.
    #[inline(always)]
    pub(super) fn compute(&mut self, block: &Block, dynamic: Rounding) {
        let mut flags = Flags::NONE;
        let computations = &block.uops[..usize::from(block.count)];
        let mut next = 0;
        while let Some(uop) = computations.get(next) {
            if let Some(run) = block.fours.run(next)
                && run.rounds_by(dynamic)
            {
                let raised = Flags(self.csr.fflags);
                let (done, known) = run.run(usize::MAX, &mut self.registers, raised);
                flags |= known;
                next += done;
                if done > 0 {
                    continue;
                }
            }
            let (a, b, c) = self.operands(uop);
            let value = match uop.action {
                Action::Compute(eval) => eval(a, b, c, uop.aux as u32),
                Action::Float(eval, _) => {
                    let rounding = match uop.rounding {
                        RoundingMode::Fixed(mode) => mode,
                        _ => dynamic,
                    };
                    let result = eval(a, b, c, rounding);
                    flags |= result.flags;
                    result.bits
                }
                _ => break,
            };
            self.write(uop.rd, value);
            next += 1;
        }
        self.csr.fflags |= flags.0;
        self.csr.float_written |= block.computes_floats;
    }

    /// The load or store `uop` is in the execute stage from cycle `start` on.
    #[inline(always)]
    fn post_access(&mut self, uop: &Uop, start: u64) {
        let (a, b, c) = self.operands(uop);
        let offset = |addressing| if addressing == Addressing::PostIncrement { 0 } else { b };
        match uop.action {
            Action::Load(width, _, addressing) => {
                self.events[event::LOAD] += 1;
                self.post(start, a.wrapping_add(offset(addressing)), width as u32, None, false);
            }
            Action::Store(width, addressing) => {
                self.events[event::STORE] += 1;
                self.post(start, a.wrapping_add(offset(addressing)), width as u32, Some(c), false);
            }
            _ => {}
        }
    }

    /// `uop` at `pc` leaves decode in cycle `at`.
    #[inline(always)]
    fn leave<O: Observer>(&mut self, passed: &mut Passed, uop: &Uop, at: u64, pc: u32, observer: &mut O) {
        if O::ACTIVE {
            observer.straight(self.index, at, pc, std::slice::from_ref(uop));
        }
        if at > passed.issued + 1 {
            self.pipeline.waited(passed.issued, uop, at);
        }
        passed.issued = at;
        passed.tally += uop.tally;
        self.pipeline.flowed(uop.alu_rd);
    }

    /// Writes down what passed: the last instruction was at `last`, the next is at `next`.
    #[inline(always)]
    fn write_down(&mut self, passed: &Passed, last: u32, next: u32) {
        self.count(passed.tally);
        self.last_pc = last;
        self.pc = next;
        self.pipeline.flowed_until(passed.issued, passed.tally.instructions());
    }
}
