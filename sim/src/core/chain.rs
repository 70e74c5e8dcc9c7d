//! Chains: straight code through loads and stores to memory that answers in the next cycle, block behind block.
//!
//! From the first grant on a core keeps up only what its own next access depends on: registers, results under way, and when
//! it asks. Where it stands, its counters and the rest of its pipeline are written down when it leaves the chain, for
//! whatever reason; a core on a chain must not be looked at before. Nothing disturbs it there: an interrupt line that
//! changes makes it leave.
//!
//! Invariant: a core that left a chain equals one that was stepped through it.

use ennead_isa::float::Rounding;

use super::block::{Access, Block, BlockId};
use super::course::{Course, Leg, Stop};
use super::loops::Lap;
use super::uop::Tally;
use super::{Core, event};
use crate::observe::Observer;
use crate::program::Program;
use crate::stall::Stall;

/// A core's way through a chain, and the access that it asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    /// The block that the access ends.
    block: BlockId,
    access: Access,
    address: u32,
    /// The cycle in which it asked first.
    asked: u64,
    /// What retired since the chain began and is not written down.
    tally: Tally,
    /// Floating point is on and has the dynamic rounding mode.
    floats: bool,
    rounding: Rounding,
}

/// Where a core is when it sets out on a course.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The block that the first access ends.
    pub block: BlockId,
    /// The page that it lies in.
    pub page: u32,
    /// The first access's address as an instruction.
    pub pc: u32,
    /// The loop that alone decides what follows.
    pub lap: Option<Lap>,
    /// How often that goes back.
    pub laps: u8,
    /// Floating point is on and has the dynamic rounding mode.
    pub floats: bool,
    /// Some hardware loop is active.
    pub in_loop: bool,
}

impl Start {
    /// Whether `course`, which begins there, is the one for the loop that the core is in.
    #[inline(always)]
    pub fn is_of(&self, course: &Course) -> bool {
        self.lap.is_none() || course.lap == self.lap
    }
}

/// What a core on a chain asks memory for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Byte address.
    pub address: u32,
    /// Store rather than load.
    pub write: bool,
    /// It crosses a word boundary.
    pub crosses: bool,
    /// The cycle in which it asks.
    pub cycle: u64,
}

impl Core {
    /// The access that was just posted ends `block`: a chain can begin with it.
    #[inline(always)]
    pub(super) fn begin_chain(&mut self, id: BlockId, block: &Block, asked: u64) {
        let (Some(access), Some(pending)) = (block.link, &self.pending) else {
            return;
        };
        let address = pending.request.address;
        if !access.crosses(address) {
            self.chain = Some(Chain {
                block: id,
                access,
                address,
                asked,
                tally: Tally::default(),
                floats: self.has_floats(),
                rounding: Rounding::from_frm(self.csr.frm).unwrap_or_default(),
            });
        }
    }

    /// What the core asks for, if it is on a chain.
    #[inline(always)]
    pub fn asked(&self) -> Option<Asked> {
        self.chain.as_ref().map(|chain| Asked {
            address: chain.address,
            write: chain.access.is_store(),
            crosses: chain.access.crosses(chain.address),
            cycle: chain.asked,
        })
    }

    /// The data and byte enables of the store that a core on a chain asks for.
    #[inline(always)]
    pub fn stored(&self) -> Option<(u32, u8)> {
        let chain = self.chain.as_ref()?;
        let offset = chain.address & 3;
        let enable = ((1u32 << chain.access.bytes()) - 1) << offset;
        let data = self.registers[chain.access.data()];
        Some((data << (8 * offset), enable as u8))
    }

    /// The access that the core on a chain asks for was granted in cycle `grant` and read `word`: goes on through the next
    /// block to its access. False, and nothing happened, where the chain ends here or its instructions would leave decode
    /// after `horizon`.
    #[inline(always)]
    pub fn ride<O: Observer>(
        &mut self,
        grant: u64,
        word: u32,
        program: &Program,
        horizon: u64,
        observer: &mut O,
    ) -> bool {
        let Some(chain) = &mut self.chain else { return false };
        let Some(id) = chain.access.follow else { return false };
        let Some(block) = program.numbered(id) else {
            return false;
        };
        let Some(access) = &block.link else { return false };
        let asked = grant + chain.access.gap(block);
        if asked > horizon + 1
            || !self.loops.passes(access.pc)
            || block.floats && !chain.floats
            || self.pipeline.results_due(grant)
            || O::ACTIVE && block.waits()
        {
            return false;
        }
        let from = chain.access;
        let held = u64::from(from.holds(&block.head));
        if O::ACTIVE {
            let begin = access.pc.wrapping_sub(u32::from(block.reach));
            observer.straight(self.index, grant + held, begin, &block.uops);
        }
        if from.post_increments() {
            let step = from.step(&self.registers);
            let base = &mut self.registers[from.base()];
            *base = base.wrapping_add(step);
        }
        if !from.is_store() {
            let rd = from.rd();
            self.registers[usize::from(rd & 63)] = from.extract(word, chain.address);
            self.csr.float_written |= rd >= 32;
            self.pipeline.loaded(rd, grant + 1);
        }
        self.registers[0] = 0;
        self.pipeline.hazards.load += held;
        let stalls = &mut self.pipeline.ledger.stalls;
        stalls[Stall::BankConflict as usize] += grant - chain.asked;
        stalls[Stall::LoadUse as usize] += held;
        self.pipeline.pass_floats(&block.passage, grant + held);
        chain.block = id;
        chain.access = *access;
        chain.asked = asked;
        chain.tally += block.tally;
        let rounding = chain.rounding;
        self.pending = None;
        self.events[if access.is_store() { event::STORE } else { event::LOAD }] += 1;
        self.compute(block, rounding);
        if let Some(chain) = &mut self.chain {
            chain.address = access.address(&self.registers);
        }
        true
    }

    /// Goes along a course to the access of the last of `legs`, for which the core asks then; those of the others were granted as
    /// `stops` say, and `read` tells what they read.
    #[inline(always)]
    pub fn go_along(
        &mut self,
        legs: &[Leg],
        stops: &[Stop],
        lap: Option<Lap>,
        mut read: impl FnMut(&Stop) -> u32,
        program: &Program,
    ) {
        let (Some(chain), [first, .., last], Some((end, granted))) = (&self.chain, legs, stops.split_last()) else {
            return;
        };
        let (asked, rounding) = (chain.asked, chain.rounding);
        for ((leg, behind), stop) in legs.iter().zip(&legs[1..]).zip(granted) {
            let word = read(stop);
            match leg.loads {
                Some(rd) => self.registers[usize::from(rd.get() & 63)] = word,
                None => self.take(&leg.access, stop.address, word),
            }
            if behind.busy {
                self.pass_leg(behind, stop.grant, lap, rounding, program);
            }
        }
        let mut loads = legs.iter().zip(granted).rev().filter(|(_, stop)| !stop.store);
        for (leg, stop) in [loads.next(), loads.next()].into_iter().rev().flatten() {
            self.pipeline.loaded(leg.access.rd(), stop.grant + 1);
        }
        let (from, to) = (&first.sums, &last.sums);
        let asks = granted.last().map_or(asked, |stop| stop.grant + u64::from(end.gap));
        let held = u64::from(to.held - from.held);
        self.csr.float_written |= to.floats != from.floats;
        self.pipeline.hazards.load += held;
        let stalls = &mut self.pipeline.ledger.stalls;
        stalls[Stall::BankConflict as usize] += asks - asked - u64::from(to.cycles - from.cycles);
        stalls[Stall::LoadUse as usize] += held;
        stalls[Stall::Branch as usize] += u64::from(to.bubbles - from.bubbles);
        self.events[event::BRANCH] += u64::from(to.branches - from.branches);
        self.events[event::TAKEN] += u64::from(to.taken - from.taken);
        let stores = u64::from(to.stores - from.stores);
        self.events[event::LOAD] += granted.len() as u64 - stores;
        self.events[event::STORE] += stores;
        self.pending = None;
        debug_assert_eq!(last.access.address(&self.registers), end.address);
        if let Some(chain) = &mut self.chain {
            chain.block = last.block;
            chain.access = last.access;
            chain.address = end.address;
            chain.asked = asks;
            chain.tally += to.tally - from.tally;
        }
    }

    /// Writes to registers what an access writes that is no plain load.
    #[inline(never)]
    fn take(&mut self, access: &Access, address: u32, word: u32) {
        if access.post_increments() {
            let step = access.step(&self.registers);
            let base = &mut self.registers[access.base()];
            *base = base.wrapping_add(step);
        }
        if !access.is_store() {
            self.registers[usize::from(access.rd() & 63)] = access.extract(word, address);
        }
        self.registers[0] = 0;
    }

    /// Goes on from an access that was granted in cycle `grant` to that of `leg`, the next one.
    #[inline(never)]
    fn pass_leg(&mut self, leg: &Leg, grant: u64, lap: Option<Lap>, rounding: Rounding, program: &Program) {
        if let Some(block) = program.numbered(leg.block) {
            self.compute(block, rounding);
            self.pipeline.pass_floats(&block.passage, grant + u64::from(leg.held));
        }
        if leg.steps != 0 {
            self.near_loop_end(leg.steps, lap);
        }
    }

    /// Goes through those of the last two instructions of the body that are named as in [`Leg::steps`].
    fn near_loop_end(&mut self, steps: u8, lap: Option<Lap>) {
        let Some(lap) = lap else { return };
        if steps & 1 != 0 {
            self.loops.step(lap.last.wrapping_sub(4));
        }
        if steps & 2 != 0 {
            self.loops.step(lap.last);
        }
    }

    /// Where a course can begin: at the access of a block that the core on a chain asks for.
    #[inline(always)]
    pub fn sets_out(&self) -> Option<Start> {
        let chain = self.chain.as_ref()?;
        let (block, pc) = (chain.block, chain.access.pc);
        let lap = if self.loops.active { self.loops.lap(pc) } else { None };
        (!self.pipeline.results_due(chain.asked)).then(|| Start {
            block,
            page: self.page,
            pc,
            lap: lap.map(|(lap, _)| lap),
            laps: lap.map_or(0, |(_, laps)| laps.min(u8::MAX.into()) as u8),
            floats: chain.floats,
            in_loop: self.loops.active,
        })
    }

    /// Leaves the chain that the core is on, if any: it waits for its access like any other core.
    pub fn leave_chain(&mut self) {
        let Some(chain) = self.chain.take() else { return };
        if self.pending.is_some() {
            return;
        }
        let Chain {
            access,
            address,
            asked,
            tally,
            ..
        } = chain;
        self.count(tally);
        self.pipeline.flowed_until(asked - 1, tally.instructions());
        self.pipeline.flowed(access.alu_rd());
        self.last_pc = access.pc;
        self.pc = access.pc;
        let data = access.is_store().then(|| self.registers[access.data()]);
        self.post(asked, address, access.bytes(), data, false);
    }

    /// Makes sure that the block behind the access of the chain is linked to it, if there is one.
    #[cold]
    #[inline(never)]
    pub fn link_chain(&self, program: &mut Program) {
        if let Some(chain) = &self.chain {
            program.link(chain.block, self.page);
        }
    }
}
