//! Fast forward: the way to a place by what instructions do, without asking when they could; from there the machine goes
//! on exactly.
//!
//! The schedule is as plain as it can be: a core passes an instruction a cycle, up to [`TURN`] of them before the next
//! core has its turn, and reaches memory in that order. Everything else (devices, events, DMA, interrupts, traps) happens
//! in its own cycle as ever, in the order of cycles. So each core sees its own instructions in order, and everybody sees
//! one order of all accesses: programs that synchronise do what they would have done, at other times. Banks and FPUs
//! never make anybody wait, and instructions come as from an ideal memory.
//!
//! Nobody is ahead of the hand-over: who comes there first waits for the others. Where caches are modelled they are empty
//! then, and the pipelines hold nothing.
//!
//! Invariant: the state at the hand-over depends on the config, the image and the goal alone.

use crate::cluster::icache::Private;
use crate::core::Next;
use crate::counters::Forwarded;
use crate::fault::Outcome;
use crate::machine::instructions::Icache;
use crate::machine::{CoreSet, Machine, Stop};
use crate::observe::Silent;

/// Instructions of one core before the next one has its turn.
const TURN: u64 = 256;
/// Cycles visited between two looks at whoever watches the progress.
const SLICE: u32 = 1 << 12;

/// Where a machine goes on exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// After this cycle.
    Cycle(u64),
    /// In front of the instruction at this address, on the first core that comes there.
    Address(u32),
}

/// How a fast forward ended.
#[derive(Clone, Debug)]
pub enum Forward {
    /// At its goal.
    Arrived,
    /// Before it, because the run is over.
    Ended(Outcome),
    /// Before it, because the caller wanted so.
    Stopped,
}

/// A machine that replays a recorded pattern by cycle cannot skip any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("core.grant_trace replays a recorded pattern, cycle by cycle: there is no fast forward")]
pub struct Replays;

impl Machine {
    /// Goes to `goal`, at most through cycle `limit`; `progress` is called from time to time and says whether to go on.
    ///
    /// # Errors
    /// [`Replays`] where `core.grant_trace` is set.
    pub fn fast_forward(
        &mut self,
        goal: Goal,
        limit: u64,
        progress: &mut dyn FnMut(&mut Self) -> bool,
    ) -> Result<Forward, Replays> {
        if let Some(outcome) = self.outcome() {
            return Ok(Forward::Ended(outcome.clone()));
        }
        if self.grants.is_some() {
            return Err(Replays);
        }
        let (cycles, instret) = (self.cycles(), self.instructions(None));
        self.detach_caches();
        let forward = self.forward(goal, limit, progress);
        self.attach_caches();
        for (recorder, core) in self.recorders.iter_mut().zip(&self.cores) {
            recorder.restart(core);
        }
        if matches!(forward, Forward::Ended(_)) {
            self.forwarded.cycles += self.end.unwrap_or(cycles) - cycles;
        } else {
            self.forwarded.cycles += self.cycles() - cycles;
        }
        self.forwarded.instret += self.instructions(None) - instret;
        Ok(forward)
    }

    /// What was passed without timing so far.
    pub fn forwarded(&self) -> Forwarded {
        self.forwarded
    }

    fn forward(&mut self, goal: Goal, limit: u64, progress: &mut dyn FnMut(&mut Self) -> bool) -> Forward {
        let address = match goal {
            Goal::Address(address) => Some(address),
            Goal::Cycle(_) => None,
        };
        let mut last = match goal {
            Goal::Cycle(cycle) => limit.min(cycle),
            Goal::Address(_) => limit,
        };
        // Cores in front of the goal, where there are any.
        let mut arrived = CoreSet::default();
        let mut found = false;
        let mut stopped = false;
        let mut visited = 0u32;
        loop {
            let next = self.next_due();
            let now = match next.filter(|now| *now <= last) {
                Some(now) => now,
                None if found || stopped => break,
                None if next.is_none() => return self.over_functionally(Stop::Idle, limit),
                None if goal == Goal::Cycle(last) => break,
                None => return self.over_functionally(Stop::Limit, limit),
            };
            let due = self.take_due(now);
            self.now = now;
            let others = self.turns(now, due, last, address.filter(|_| !stopped), &mut arrived);
            if !found && arrived != CoreSet::default() {
                found = true;
                last = last.min(self.furthest());
            }
            // What an access lets a core do next is left to its next turn.
            self.cycle(now, others, 0, &mut Silent);
            if self.ended() {
                return self.over_functionally(Stop::Ended, limit);
            }
            visited = (visited + 1) % SLICE;
            if visited == 0 && !found && !stopped && !progress(self) {
                stopped = true;
                last = last.min(self.furthest());
            }
        }
        self.pass(last);
        while let Some(index) = arrived.pop() {
            let from = self.own_cycle_from(index, self.now);
            let core = &mut self.cores[index];
            if let Next::Issue(_) = core.next {
                core.pipeline.fetched(from);
                core.next = Next::Issue(from);
                self.calendar.cancel(index);
                self.schedule(index);
            }
        }
        if stopped { Forward::Stopped } else { Forward::Arrived }
    }

    /// Gives the cores of `due` that have an instruction in decode their turns, and puts those in front of `goal` into
    /// `arrived` instead; the others are given back. A core with a clock of its own is always among the former.
    fn turns(&mut self, now: u64, mut due: CoreSet, last: u64, goal: Option<u32>, arrived: &mut CoreSet) -> CoreSet {
        let mut others = CoreSet::default();
        if self.two_clocks {
            due.insert(self.workers);
        }
        let horizon = last.min(now + TURN - 1);
        while let Some(index) = due.pop() {
            let (from, until) = (self.own_cycle_from(index, self.now), self.own_cycle_by(index, horizon));
            // Several of its cycles may happen in one of the cluster's.
            let by = self.own_cycle_by(index, now);
            let mut issues = false;
            while let Next::Issue(at) = self.cores[index].next
                && at <= by
            {
                issues = true;
                let core = &mut self.cores[index];
                if goal == Some(core.pc) {
                    arrived.insert(index);
                    break;
                }
                if core.skip(&mut self.program, &mut self.memory, from, until, goal) {
                    self.schedule(index);
                } else if self.is_apart(index) {
                    self.advance_by(index, at, at, &mut Silent);
                } else {
                    self.advance(index, at, &mut Silent);
                }
                if !self.is_apart(index) {
                    break;
                }
            }
            if !issues {
                others.insert(index);
            }
        }
        others
    }

    /// The last cycle that is over for some core; all of them can come there.
    fn furthest(&self) -> u64 {
        self.last_activity().max(self.now)
    }

    /// The run is over. Cores that had their turn already are not taken back: the end comes after all of them.
    fn over_functionally(&mut self, stop: Stop, limit: u64) -> Forward {
        let end = match stop {
            Stop::Limit => limit,
            Stop::Ended | Stop::Idle => self.last_activity(),
        };
        self.end_after(end, stop, limit);
        let outcome = self.outcome().cloned();
        Forward::Ended(outcome.expect("a run that is over has an outcome"))
    }

    fn detach_caches(&mut self) {
        if self.icache.take().is_none() {
            return;
        }
        for index in 0..self.workers {
            self.cores[index].fetch_ideally(self.now);
            self.calendar.cancel(index);
            self.schedule(index);
        }
        self.devices_changed();
    }

    fn attach_caches(&mut self) {
        let mut config = self.config.icache.clone();
        config.enabled = self.icache_control.enabled();
        self.icache = Icache::empty(&config, self.workers, self.clocks);
        if self.icache.is_none() {
            return;
        }
        for index in 0..self.workers {
            config.prefetch = self.icache_control.prefetch() >> (index % 32) & 1 == 1;
            self.cores[index].fetch_anew(Private::new(&config), self.now);
            self.calendar.cancel(index);
            self.schedule(index);
        }
        self.devices_changed();
    }
}
