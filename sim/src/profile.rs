//! What each instruction of a program cost each core: how often it left decode, and the cycles that it stood for.
//!
//! It is an [`Observer`] and knows neither names nor source lines.
//!
//! A cycle belongs to one instruction of its core. The cycle in which an instruction leaves decode is its own, and so are
//! those in which it waited there for an operand, or for instruction memory. Every other stalled cycle is that of the
//! instruction behind which the core waited: the access that met a conflict, the division, the jump, the event load.
//!
//! Invariant: over all instructions of a core, and what was before its first, every cause sums to the core's counter.

use std::collections::HashMap;

use crate::core::pipeline::Ledger;
use crate::counters::Stalls;
use crate::observe::{Observer, Retired};
use crate::stall::Stall;

/// What some instructions cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How often one left decode; each took that cycle.
    pub active: u64,
    /// Cycles asleep.
    pub sleep: u64,
    /// Stalled cycles by cause.
    pub stalls: Stalls,
}

impl Cost {
    /// All cycles.
    pub fn cycles(&self) -> u64 {
        self.awake() + self.sleep
    }

    /// Cycles not asleep.
    pub fn awake(&self) -> u64 {
        self.active + self.stalls.iter().sum::<u64>()
    }

    /// Adds another cost.
    pub fn add(&mut self, other: &Self) {
        self.active += other.active;
        self.sleep += other.sleep;
        for (sum, cycles) in self.stalls.iter_mut().zip(other.stalls) {
            *sum += cycles;
        }
    }
}

/// What the instruction at one address cost one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its address.
    pub pc: u32,
    /// Its bits when it last left decode.
    pub bits: u32,
    /// What it cost.
    pub cost: Cost,
}

/// What each instruction cost one core.
#[derive(Clone, Debug, Default)]
pub struct CoreProfile {
    /// Cycles before its first instruction left decode, or all where none did.
    pub before: Cost,
    entries: Vec<Entry>,
    at: HashMap<u32, usize>,
    last: Option<usize>,
    /// The books at the last instruction.
    booked: Cost,
}

impl CoreProfile {
    /// The instructions that left decode, ordered by address.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = self.entries.clone();
        entries.sort_by_key(|entry| entry.pc);
        entries
    }

    /// Everything together.
    pub fn total(&self) -> Cost {
        let mut total = self.before;
        self.entries.iter().for_each(|entry| total.add(&entry.cost));
        total
    }

    /// What was booked since the last instruction.
    fn since(&mut self, sleep: u64, stalls: &Stalls) -> Cost {
        let mut spent = Cost {
            active: 0,
            sleep: sleep - self.booked.sleep,
            stalls: *stalls,
        };
        for (cycles, before) in spent.stalls.iter_mut().zip(self.booked.stalls) {
            *cycles -= before;
        }
        self.booked.sleep = sleep;
        self.booked.stalls = *stalls;
        spent
    }

    fn last(&mut self) -> &mut Cost {
        match self.last {
            Some(last) => &mut self.entries[last].cost,
            None => &mut self.before,
        }
    }

    fn retire(&mut self, retired: &Retired, ledger: &Ledger) {
        let mut spent = self.since(ledger.sleep, &ledger.stalls);
        let mut own = Cost {
            active: 1,
            ..Cost::default()
        };
        let fetch = Stall::Fetch as usize;
        own.stalls[fetch] = std::mem::take(&mut spent.stalls[fetch]);
        if let Some((stall, cycles)) = retired.held {
            own.stalls[stall as usize] += cycles;
            spent.stalls[stall as usize] -= cycles;
        }
        self.last().add(&spent);
        let next = self.entries.len();
        let index = *self.at.entry(retired.pc).or_insert(next);
        if index == next {
            self.entries.push(Entry {
                pc: retired.pc,
                bits: 0,
                cost: Cost::default(),
            });
        }
        let entry = &mut self.entries[index];
        entry.bits = retired.bits;
        entry.cost.add(&own);
        self.last = Some(index);
    }
}

/// What each instruction cost each core.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    cores: Vec<CoreProfile>,
}

impl Profile {
    /// By core: workers first.
    pub fn cores(&self) -> &[CoreProfile] {
        &self.cores
    }

    /// The run is over, and these are the cycles that each core slept and stalled: what came after the last instructions
    /// is theirs.
    pub fn close<'a>(&mut self, cores: impl Iterator<Item = (u64, &'a Stalls)>) {
        for (index, (sleep, stalls)) in cores.enumerate() {
            let core = self.core(index);
            let spent = core.since(sleep, stalls);
            core.last().add(&spent);
        }
    }

    fn core(&mut self, index: usize) -> &mut CoreProfile {
        if self.cores.len() <= index {
            self.cores.resize_with(index + 1, CoreProfile::default);
        }
        &mut self.cores[index]
    }
}

impl Observer for Profile {
    const ACTIVE: bool = true;

    fn retire(&mut self, _: Retired) {}

    fn books(&mut self, retired: &Retired, ledger: &Ledger) {
        self.core(retired.core).retire(retired, ledger);
    }
}
