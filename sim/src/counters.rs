//! What a run counted: plain numbers, in the order in which a report shows them.
//!
//! It is not a report (that is [`crate::report::Report`], which also knows the clock, the program and the outcome) and
//! it counts nothing by itself: a machine fills it in when it is asked.
//!
//! Invariant: of every core and of every region, active + sleep + the sum of all stalls = cycles.

use crate::stall::Stall;
use serde::{Deserialize, Serialize};

/// Stalled cycles by cause, indexed by `Stall as usize`.
pub type Stalls = [u64; Stall::COUNT];

/// An ordered list of named counters; the order is part of the report's bytes.
pub type Named = Vec<(String, u64)>;

/// Everything that a machine counted from reset to now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Cluster clock cycles from reset.
    pub cycles: u64,
    /// The workers in order, then the orchestrator where there is one.
    pub cores: Vec<CoreCounters>,
    /// The L1 banks in order.
    pub banks: Vec<BankCounters>,
    /// The DMA: bytes each way, busy cycles, and whatever else it names.
    pub dma: Named,
    /// The instruction caches: hits, misses, refills.
    pub icache: Named,
    /// The shared floating-point units: grants, contended requests.
    pub fpu: Named,
    /// Marked regions, ordered by identifier, then by core.
    pub regions: Vec<RegionCounters>,
    /// Of cycles and instructions: those that a fast forward passed without timing.
    pub forwarded: Forwarded,
}

/// Cycles and instructions that a fast forward passed without timing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forwarded {
    /// Cycles.
    pub cycles: u64,
    /// Instructions, of all cores.
    pub instret: u64,
}

/// What one core did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoreCounters {
    /// The core's name, for example `cluster.worker[3]` or `soc.orchestrator`.
    pub name: String,
    /// Instructions retired.
    pub instret: u64,
    /// Cycles of the core's own clock from reset.
    pub cycles: u64,
    /// Cycles in which an instruction left decode.
    pub active: u64,
    /// Cycles with the core's clock gated: not started yet, or asleep until an event.
    pub sleep: u64,
    /// Cycles in which no instruction left decode, by cause.
    pub stalls: Stalls,
    /// Multiply-accumulate lanes retired.
    pub macs: u64,
}

/// What one L1 bank served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankCounters {
    /// Requests granted.
    pub accesses: u64,
    /// Requests refused, one a cycle for every master that asked in vain.
    pub conflicts: u64,
}

/// What one core did between the begin and end markers of one region, all visits together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionCounters {
    /// The number in the marker instruction; firmware may give it a name in its note section.
    pub id: u32,
    /// Index into [`Counters::cores`].
    pub core: usize,
    /// How often the region was entered.
    pub visits: u64,
    /// Instructions retired.
    pub instret: u64,
    /// Cycles of the core's own clock.
    pub cycles: u64,
    /// Cycles in which an instruction left decode.
    pub active: u64,
    /// Cycles asleep.
    pub sleep: u64,
    /// Cycles in which no instruction left decode, by cause.
    pub stalls: Stalls,
    /// Multiply-accumulate lanes retired.
    pub macs: u64,
}

impl Counters {
    /// Instructions retired by all cores.
    pub fn instret(&self) -> u64 {
        self.cores.iter().map(|core| core.instret).sum()
    }

    /// Multiply-accumulate lanes retired by all cores.
    pub fn macs(&self) -> u64 {
        self.cores.iter().map(|core| core.macs).sum()
    }
}
