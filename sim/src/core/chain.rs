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
        let from = chain.access;
        let (store, rd) = (from.is_store(), from.rd());
        let held = !store && (block.head.reads >> (rd & 63) & 1 == 1 || rd == block.head.alu_rd);
        let ready = grant + u64::from(held);
        let (at, stall) = self.pipeline.floats_ready(&block.head, ready);
        let asked = at + u64::from(block.passage.last) + 1;
        if asked > horizon + 1
            || !self.loops.passes(access.pc)
            || block.floats && !chain.floats
            || block.answers_at_once && !self.pipeline.fpu_takes(at + 1, 0)
            || O::ACTIVE && block.waits()
        {
            return false;
        }
        if O::ACTIVE {
            let begin = access.pc.wrapping_sub(u32::from(block.reach));
            observer.straight(self.index, at, begin, &block.uops);
        }
        if from.post_increments() {
            let step = from.step(&self.registers);
            let base = &mut self.registers[from.base()];
            *base = base.wrapping_add(step);
        }
        if !store {
            self.registers[usize::from(rd & 63)] = from.extract(word, chain.address);
            self.csr.float_written |= rd >= 32;
            self.pipeline.loaded(rd, grant + 1);
        }
        self.registers[0] = 0;
        self.pipeline.hazards.load += u64::from(held);
        let stalls = &mut self.pipeline.ledger.stalls;
        stalls[Stall::BankConflict as usize] += grant - chain.asked;
        stalls[stall as usize] += at - grant;
        self.pipeline.pass_floats(&block.passage, at);
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
        if let Some(chain) = &self.chain
            && chain.access.follow.is_none()
            && let Some(block) = program.numbered(chain.block)
            && let Some(last) = block.uops.last()
        {
            let next = chain.access.pc.wrapping_add(u32::from(last.len));
            if Program::page_number(next) == self.page_number {
                program.link(chain.block, self.page, next);
            }
        }
    }
}
