//! The devices inside the cluster: event unit, DMA and control registers.
//!
//! Each is a plain state machine that is told the cycle; none knows an engine, a core or the memory map. Calls come in
//! nondecreasing cycles, and within a cycle in the order of core indices.

pub mod control;
pub mod dma;
pub mod event_unit;
pub mod fpu;
pub mod icache;

/// The answer of a port to a request made in this cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Granted in this cycle; the value read (0 for a store) is there in the next.
    Granted(u32),
    /// Not granted in this cycle: the request stays and is made again in the next.
    Refused,
    /// Not granted, and the core sleeps: a later [`event_unit::Wake`] is its grant. Never make the request again.
    Waiting,
}

/// The mask with a bit for each of `workers` cores.
pub(crate) fn all_cores(workers: usize) -> u64 {
    assert!(
        (1..=64).contains(&workers),
        "a cluster has 1 to 64 workers, not {workers}"
    );
    u64::MAX >> (64 - workers)
}

/// What a 32-bit core mask that firmware wrote means for up to 64 cores.
///
/// Bit i is core i. Registers have 32 bits and so can name cores 0..=31 only; on a larger cluster the value 0xFFFF_FFFF
/// stands for every core (our choice: the hardware has at most 16 cores).
pub(crate) fn core_mask(value: u32, all: u64) -> u64 {
    if value == u32::MAX { all } else { u64::from(value) & all }
}

/// The inverse of [`core_mask`], as a register shows it.
pub(crate) fn mask_register(cores: u64, all: u64) -> u32 {
    if cores == all && all > u64::from(u32::MAX) {
        u32::MAX
    } else {
        cores as u32
    }
}
