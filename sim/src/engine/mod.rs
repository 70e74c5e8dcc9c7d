//! The two engines that drive a machine: `lockstep` visits every cycle, `calendar` only those in which something
//! happens. Both call the same [`Machine::cycle`].

pub mod calendar;
pub mod lockstep;

use crate::machine::Machine;
use crate::observe::Observer;

/// Which engine drives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The fast one.
    #[default]
    Calendar,
    /// The oracle.
    Lockstep,
}

/// Why an engine came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The machine ended by itself: exit or fault.
    Ended,
    /// The limit was reached.
    Limit,
    /// Nothing can ever happen again.
    Idle,
}

impl Engine {
    /// Runs `machine` to its end or through cycle `limit`.
    pub fn run<O: Observer>(self, machine: &mut Machine, limit: u64, observer: &mut O) -> Stop {
        match self {
            Engine::Calendar => calendar::run(machine, limit, observer),
            Engine::Lockstep => lockstep::run(machine, limit, observer),
        }
    }
}
