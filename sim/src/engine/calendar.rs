//! The fast engine: cores run ahead to their next interaction, and only cycles in which somebody is due are visited.

use crate::machine::{Machine, Stop};
use crate::observe::Observer;

/// How far a core runs ahead at most, so that one that spins comes back.
pub(crate) const AHEAD: u64 = 1024;

/// Runs to the end or to the limit.
pub fn run<O: Observer>(machine: &mut Machine, limit: u64, observer: &mut O) -> Stop {
    // A watched run keeps to the order of cycles, so that an observer never sees what did not happen, unless it says that
    // it may. So does one whose cores fetch from shared caches: what they fetch next may depend on what others fetched.
    let ahead = if O::ACTIVE && !O::AHEAD || machine.fetches_cycle_by_cycle() {
        0
    } else {
        AHEAD
    };
    let stop = loop {
        if !O::ACTIVE && ahead > 0 {
            machine.meet(limit, ahead);
            if machine.ended() {
                break Stop::Ended;
            }
        }
        let Some(now) = machine.next_due() else {
            break Stop::Idle;
        };
        if now > limit {
            break Stop::Limit;
        }
        let due = machine.take_due(now);
        observer.begins(now);
        machine.cycle(now, due, (now + ahead).min(limit), observer);
        if machine.ended() {
            break Stop::Ended;
        }
    };
    machine.leave_chains();
    stop
}
