//! The two engines that drive a machine: `lockstep` visits every cycle, `calendar` only those in which something
//! happens. Both call the same [`Machine::cycle`].

pub mod calendar;
pub mod lockstep;

use crate::fault::Outcome;
use crate::machine::{Machine, Stop};
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

/// What a run is asked to keep to.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// Which engine drives.
    pub engine: Engine,
    /// The last cycle that may happen.
    pub max_cycles: u64,
}

impl RunOptions {
    /// The limit of a run that was given none, so that every run ends: 27 seconds of a 370 MHz machine.
    pub const LIMIT: u64 = 10_000_000_000;
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            engine: Engine::Calendar,
            max_cycles: Self::LIMIT,
        }
    }
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

impl Machine {
    /// Runs to the end: exit, fault, limit or deadlock.
    pub fn run<O: Observer>(&mut self, options: &RunOptions, observer: &mut O) -> Outcome {
        if !self.ended() {
            let stop = options.engine.run(self, options.max_cycles, observer);
            self.end(stop, options.max_cycles);
        }
        self.outcome().cloned().expect("a run that came back has an outcome")
    }

    /// Runs at most through cycle `until`; `None` while the run is not over.
    pub fn run_until<O: Observer>(&mut self, engine: Engine, until: u64, observer: &mut O) -> Option<Outcome> {
        match engine.run(self, until, observer) {
            Stop::Limit => {
                self.pass(until);
                None
            }
            stop => {
                self.end(stop, until);
                self.outcome().cloned()
            }
        }
    }
}
