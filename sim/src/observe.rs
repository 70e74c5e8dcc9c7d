//! Who may watch a run: the run loop is generic over an [`Observer`], and the silent one compiles away.
//!
//! Invariant: observing never changes a cycle.

use crate::cluster::dma::Transfer;
use crate::core::pipeline::{Charge, Ledger};
use crate::core::uop::Uop;
use crate::stall::Stall;

/// An instruction that left decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retired {
    /// Index of the core: workers first, then the orchestrator.
    pub core: usize,
    /// Cycle of its core's clock in which it left decode.
    pub cycle: u64,
    /// Its address.
    pub pc: u32,
    /// Its bits; a compressed one in the low half.
    pub bits: u32,
    /// What held it back first, if it did not leave decode in the cycle after the instruction before it.
    pub waited_for: Option<Charge>,
    /// Of that wait: the cycles that it stood in decode for an operand.
    pub held: Option<(Stall, u64)>,
}

/// Watches a run.
pub trait Observer {
    /// Whether anything is watched at all; a constant, so that an unobserved loop carries no trace of it.
    const ACTIVE: bool;

    /// Whether cores may tell of themselves ahead of the machine: each in order, but not in the order of them all, and of
    /// instructions that the run's end takes back; [`crate::order::InOrder`] puts them in order. They tell of nothing but
    /// instructions then, and only by [`Observer::straight`].
    const AHEAD: bool = false;

    /// Whether DMA transfers are watched.
    const TRANSFERS: bool = false;

    /// Cycle `cycle` of the cluster begins; all before it are over.
    #[inline(always)]
    fn begins(&mut self, _cycle: u64) {}

    /// The cores that were due in `cycle` did what they could by themselves; what is granted in it follows.
    #[inline(always)]
    fn served(&mut self, _cycle: u64) {}

    /// What core `core` told of cycles after `cycle` did not happen.
    #[inline(always)]
    fn took_back(&mut self, _core: usize, _cycle: u64) {}

    /// An instruction left decode.
    fn retire(&mut self, retired: Retired);

    /// Instructions that follow each other from `pc` on leave decode, the first in cycle `cycle` of the core's clock, each in
    /// the cycle after the one before it.
    #[inline(always)]
    fn straight(&mut self, _core: usize, _cycle: u64, _pc: u32, _uops: &[Uop]) {}

    /// The books of its core, this instruction's cycle included and what comes after it not.
    #[inline(always)]
    fn books(&mut self, _retired: &Retired, _ledger: &Ledger) {}

    /// DMA transfers that were given or done; told from time to time, in order among themselves.
    fn transfers(&mut self, _: Vec<Transfer>) {}
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    const ACTIVE: bool = false;

    #[inline(always)]
    fn retire(&mut self, _: Retired) {}
}

/// Calls a closure for every instruction.
#[derive(Debug)]
pub struct Retire<F>(pub F);

impl<F: FnMut(Retired)> Observer for Retire<F> {
    const ACTIVE: bool = true;

    fn retire(&mut self, retired: Retired) {
        (self.0)(retired);
    }
}
