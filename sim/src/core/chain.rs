//! Chains: straight code through interactions, block behind block: loads and stores to memory that answers in the next cycle,
//! and operations of shared FPUs.
//!
//! From the first grant on a core keeps up only what its own next interaction depends on: registers, results under way, and
//! when it asks. Where it stands, its counters and the rest of its pipeline are written down when it leaves the chain, for
//! whatever reason; a core on a chain must not be looked at before. Nothing disturbs it there: an interrupt line that
//! changes makes it leave.
//!
//! Invariant: a core that left a chain equals one that was stepped through it.

use ennead_isa::float::Rounding;

use super::block::{Block, Interaction};
use super::course::{Course, Passing};
use super::loops::Lap;
use super::uop::Tally;
use super::walk::{Owed, Passed};
use super::{Core, event};
use crate::memory::Words;
use crate::observe::Observer;
use crate::program::Program;
use crate::stall::Stall;

/// A core's way through a chain, and the interaction that it asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    interaction: Interaction,
    /// The address of an access.
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
    /// The first interaction's address as an instruction.
    pub pc: u32,
    /// The page that it lies in.
    pub page: u32,
    /// The cycle in which it asked first.
    pub asked: u64,
    /// The loop that alone decides what follows.
    pub lap: Option<Lap>,
    /// How often that goes back.
    pub laps: u32,
    /// Floating point is on and has the dynamic rounding mode.
    pub floats: bool,
    /// Some hardware loop is active.
    pub in_loop: bool,
}

impl Start {
    /// Whether `course`, which begins there, is one for the loop that the core is in.
    #[inline(always)]
    pub fn is_of(&self, course: &Course) -> bool {
        self.lap.is_none() || course.lap == self.lap
    }

    /// Whether the core can go along that course.
    #[inline(always)]
    pub fn allows(&self, course: &Course) -> bool {
        course.goes_on() && (self.floats || !course.floats) && !(course.branches && self.in_loop)
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
    /// The interaction that the core was just made to wait for ends `block`: a chain can begin with it.
    #[inline(always)]
    pub(super) fn begin_chain(&mut self, block: &Block, asked: u64) {
        let (Some(interaction), Some(pending)) = (block.ends, &self.pending) else {
            return;
        };
        let address = pending.request.address;
        if matches!(&interaction, Interaction::Access(access) if access.crosses(address)) {
            return;
        }
        self.chain = Some(Chain {
            interaction,
            address,
            asked,
            tally: Tally::default(),
            floats: self.has_floats(),
            rounding: Rounding::from_frm(self.csr.frm).unwrap_or_default(),
        });
    }

    /// What the core asks memory for, if it is on a chain.
    #[inline(always)]
    pub fn asked(&self) -> Option<Asked> {
        let chain = self.chain.as_ref()?;
        let Interaction::Access(access) = &chain.interaction else {
            return None;
        };
        Some(Asked {
            address: chain.address,
            write: access.is_store(),
            crosses: access.crosses(chain.address),
            cycle: chain.asked,
        })
    }

    /// The store that a core on a chain asks for: its address, data and byte enables.
    #[inline(always)]
    pub fn stored(&self) -> Option<(u32, u32, u8)> {
        let chain = self.chain.as_ref()?;
        match &chain.interaction {
            Interaction::Access(access) => Some(access.stored(&self.registers, chain.address)),
            Interaction::Operation(_) => None,
        }
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
        let Interaction::Access(from) = chain.interaction else {
            return false;
        };
        let Some(block) = program.behind(self.page, &from) else {
            return false;
        };
        let Some(Interaction::Access(access)) = &block.ends else {
            return false;
        };
        let held = u64::from(from.holds(&block.head));
        let asked = grant + held + u64::from(block.passage.last) + 1;
        if asked > horizon + 1
            || !self.loops.passes(access.pc)
            || block.floats && !chain.floats
            || self.pipeline.results_due(grant)
            || O::ACTIVE && block.waits()
        {
            return false;
        }
        if O::ACTIVE {
            let begin = access.pc.wrapping_sub(u32::from(block.reach));
            observer.straight(self.index, grant + held, begin, &block.uops);
        }
        from.take(&mut self.registers, chain.address, word);
        if !from.is_store() {
            let rd = from.rd();
            self.csr.float_written |= rd >= 32;
            self.pipeline.loaded(rd, grant + 1);
        }
        self.pipeline.hazards.load += held;
        let stalls = &mut self.pipeline.ledger.stalls;
        stalls[Stall::BankConflict as usize] += grant - chain.asked;
        stalls[Stall::LoadUse as usize] += held;
        self.pipeline.pass_floats(&block.passage, grant + held);
        chain.interaction = Interaction::Access(*access);
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

    /// Tells the core what was granted along a course; `words` is the L1. The words that the accesses found go to `reads`, and
    /// how many they are is returned. Nothing is written down: the core must not be looked at before [`Core::stand`].
    #[inline(always)]
    pub fn go_along(&mut self, owed: &Owed<'_>, words: Words<'_>, reads: &mut [u32]) -> usize {
        match &self.chain {
            Some(chain) => self.follow_script(owed, words, reads, chain.rounding),
            None => 0,
        }
    }

    /// Writes down the way along a course that the core was told of, and what it asks for there.
    #[inline(always)]
    pub fn stand(&mut self, passed: &Passed<'_>, program: &Program) {
        let Some(chain) = &mut self.chain else { return };
        let Passed {
            from,
            to,
            entered: (block, gap),
            granted,
            sums,
            ..
        } = passed;
        let asked = chain.asked;
        let asks = granted + u64::from(*gap);
        chain.interaction = to.interaction;
        chain.asked = asks;
        chain.tally += sums.tally;
        if let Interaction::Access(access) = &to.interaction {
            chain.address = access.address(&self.registers);
        }
        self.pending = None;
        // Of what is older nothing is under way any more.
        match &passed.last {
            Interaction::Access(access) if !access.is_store() => self.pipeline.loaded(access.rd(), granted + 1),
            Interaction::Access(_) => {}
            Interaction::Operation(operation) => {
                let latency = u64::from(operation.latency);
                self.pipeline.fp_accepted(operation.rd, *granted, latency);
            }
        }
        if let Some(block) = block.and_then(|id| program.numbered(id)) {
            let last = u64::from(block.passage.last);
            self.pipeline.left_floats(&block.passage, asks - 1 - last);
        }
        self.csr.float_written |= sums.floats != 0;
        let held = u64::from(sums.held);
        self.pipeline.hazards.load += held;
        let contention = u64::from(passed.contention);
        let stalls = &mut self.pipeline.ledger.stalls;
        stalls[Stall::BankConflict as usize] += asks - asked - u64::from(sums.cycles) - contention;
        stalls[Stall::FpuContention as usize] += contention;
        stalls[Stall::FpuLatency as usize] += u64::from(sums.latency);
        stalls[Stall::LoadUse as usize] += held;
        stalls[Stall::Branch as usize] += u64::from(sums.bubbles);
        self.events[event::BRANCH] += u64::from(sums.branches);
        self.events[event::TAKEN] += u64::from(sums.taken);
        // An access counts when it asks.
        let asks_for = |passing: &Passing| match &passing.interaction {
            Interaction::Access(access) => [u64::from(!access.is_store()), u64::from(access.is_store())],
            Interaction::Operation(_) => [0, 0],
        };
        let ([first_load, first_store], [last_load, last_store]) = (asks_for(from), asks_for(to));
        let stores = u64::from(sums.stores);
        let loads = u64::from(passed.count) - stores - u64::from(sums.operations);
        self.events[event::LOAD] += loads + last_load - first_load;
        self.events[event::STORE] += stores + last_store - first_store;
    }

    /// Where a course can begin: at the interaction that the core on a chain asks for.
    #[inline(always)]
    pub fn sets_out(&self) -> Option<Start> {
        let chain = self.chain.as_ref()?;
        let pc = chain.interaction.pc();
        let lap = if self.loops.active { self.loops.lap(pc) } else { None };
        (!self.pipeline.results_due(chain.asked)).then(|| Start {
            pc,
            page: self.page,
            asked: chain.asked,
            lap: lap.map(|(lap, _)| lap),
            laps: lap.map_or(0, |(_, laps)| laps),
            floats: chain.floats,
            in_loop: self.loops.active,
        })
    }

    /// Leaves the chain that the core is on, if any: it waits for its interaction like any other core.
    pub fn leave_chain(&mut self) {
        let Some(chain) = self.chain.take() else { return };
        if self.pending.is_some() {
            return;
        }
        let Chain {
            interaction,
            address,
            asked,
            tally,
            ..
        } = chain;
        self.count(tally);
        self.pipeline.flowed_until(asked - 1, tally.instructions());
        self.pipeline.flowed(interaction.alu_rd());
        self.last_pc = interaction.pc();
        self.pc = interaction.pc();
        match interaction {
            Interaction::Access(access) => {
                let data = access.is_store().then(|| self.registers[access.data()]);
                self.post(asked, address, access.bytes(), data, false);
            }
            Interaction::Operation(_) => {
                self.ask_fpu(asked);
            }
        }
    }

    /// Writes down all that a core on a chain is to write down when it leaves it, and stays there.
    #[cold]
    pub fn write_down_chain(&mut self) {
        let chain = self.chain;
        self.leave_chain();
        self.chain = chain.map(|chain| Chain {
            tally: Tally::default(),
            ..chain
        });
    }
}
