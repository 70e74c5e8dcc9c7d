//! The devices outside the cluster, as PULP firmware sees them: registers, and the effects of writing them.
//!
//! Each is a plain state machine that is told the cycle of its own clock; none knows an engine, a core or the memory
//! map. What the rest of the machine must do after a write is its [`Effect`]; a device with a `next_due` has to be asked
//! for it again after every write, and ticked in that cycle before its registers are accessed.

pub mod bench;
pub mod clock;
pub mod control;
pub mod event_unit;
pub mod fll;
pub mod gpio;
pub mod itc;
pub mod stdout;
pub mod timer;
pub mod udma;

use thiserror::Error;

/// What the machine must do because a device register was written or a device's time came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    /// Nothing beyond the device itself.
    #[default]
    None,
    /// End the run with this exit code.
    Exit(u32),
    /// Console bytes are there to be taken.
    Output,
    /// Interrupt lines may have changed: look at them again.
    Interrupts,
    /// Workers, one bit each, that start at their boot addresses and that stop.
    FetchEnable {
        /// Bits that rose.
        started: u64,
        /// Bits that fell.
        stopped: u64,
    },
    /// The cluster said that its work is done.
    EndOfComputation,
    /// Look again at whether the instruction cache is enabled and which cores prefetch.
    IcacheSetup,
    /// Empty the instruction cache.
    IcacheFlush,
    /// Empty the cache sets that hold this address.
    IcacheFlushLine(u32),
    /// Software triggered SoC events: take and route them.
    SocEvents,
    /// Print `bytes` bytes of memory from `address`.
    UartTransmit {
        /// First byte.
        address: u32,
        /// How many.
        bytes: u32,
    },
    /// The bench's background master reads this address every cycle from now on, or stops.
    Stream(Option<u32>),
}

/// An access to a register that the model does not have.
///
/// A warning for most runs (reads give 0, writes are dropped), a fault under `--strict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unmodelled {
    /// A load.
    #[error("{device} has no register to read at offset {offset:#x}")]
    Read {
        /// Name of the device.
        device: &'static str,
        /// Bytes from the device's base.
        offset: u32,
    },
    /// A store.
    #[error("{device} has no register to write {value:#x} to at offset {offset:#x}")]
    Write {
        /// Name of the device.
        device: &'static str,
        /// Bytes from the device's base.
        offset: u32,
        /// The value stored.
        value: u32,
    },
}

impl Unmodelled {
    pub(crate) const fn read(device: &'static str, offset: u32) -> Self {
        Self::Read { device, offset }
    }

    pub(crate) const fn write(device: &'static str, offset: u32, value: u32) -> Self {
        Self::Write { device, offset, value }
    }
}
