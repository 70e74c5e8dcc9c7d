//! The oracle: every core and device is looked at in every cycle, and nobody runs ahead.
//!
//! Short, obvious and slow; the calendar engine must end with the same cycles, counters, registers and memory.

use crate::machine::{Machine, Stop};
use crate::observe::Observer;

/// Runs to the end or to the limit.
pub fn run<O: Observer>(machine: &mut Machine, limit: u64, observer: &mut O) -> Stop {
    for now in machine.now()..=limit {
        if machine.next_due().is_none() {
            return Stop::Idle;
        }
        machine.take_due(now);
        machine.look_at_every_fetch();
        let due = machine.due_now(now);
        observer.begins(now);
        machine.cycle(now, due, now, observer);
        if machine.ended() {
            return Stop::Ended;
        }
    }
    Stop::Limit
}
