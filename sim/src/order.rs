//! The machine's order for what cores that run ahead tell: a recorder of instructions that costs an unwatched run's
//! pace little.
//!
//! The order is that in which a machine goes through its cycles when nobody runs ahead: cycle by cycle; within one, the
//! instructions that had come into decode before, core by core, and then those that leave decode behind what was granted
//! in that very cycle, grant by grant; the orchestrator last where it has a clock of its own. What a core tells ahead of
//! the machine waits here until the machine comes there. So nothing of it is left where the run ends before.
//!
//! Invariant: what is given away is the same whatever the engine, and whoever ran ahead.

use std::collections::VecDeque;

use crate::config::Config;
use crate::engine::calendar::AHEAD;
use crate::machine::CoreSet;
use crate::observe::{Observer, Retired};
use crate::retire::Record;
use crate::soc::clock::Clocks;

/// Turns that can be waited for: more than anybody runs ahead.
const TURNS: u64 = 4096;
const _: () = assert!(2 * AHEAD + 4 <= TURNS);

/// Records that are given away at once.
const BATCH: usize = 512;

/// Gives every instruction that left decode to a sink, in the machine's order and many at once.
pub struct InOrder<S> {
    sink: S,
    clocks: Clocks,
    /// The core that has a clock of its own, if any.
    apart: Option<usize>,
    /// The cycle in which the cores that were due did what they could by themselves.
    served: u64,
    /// The first turn that has not come.
    turn: u64,
    /// The cores that wait for each turn, which is one of the workers' or the orchestrator's in each cycle.
    turns: Box<[CoreSet]>,
    /// What each core has told ahead, with its turn.
    ahead: Vec<VecDeque<(u64, Record)>>,
    waiting: usize,
    batch: Vec<Record>,
}

impl<S: FnMut(&[Record])> InOrder<S> {
    /// For the machine of `config`.
    pub fn new(config: &Config, sink: S) -> Self {
        let clocks = Clocks::new(config.cluster.frequency_hz, config.soc.frequency_hz);
        let workers = config.cluster.workers;
        let cores = workers + usize::from(config.orchestrator.present);
        Self {
            sink,
            clocks,
            apart: (!clocks.are_equal()).then_some(workers),
            served: 0,
            turn: 0,
            turns: vec![CoreSet::default(); TURNS as usize].into_boxed_slice(),
            ahead: vec![VecDeque::new(); cores],
            waiting: 0,
            batch: Vec::with_capacity(BATCH),
        }
    }

    /// The run ended after the cluster's cycle `cycle`: gives away what is left of it.
    pub fn end(&mut self, cycle: u64) {
        self.come_to(2 * cycle + 2);
        self.give();
    }

    /// All turns before `turn` have come.
    #[inline(always)]
    fn come_to(&mut self, turn: u64) {
        while self.turn < turn {
            if self.waiting == 0 {
                self.turn = turn;
                return;
            }
            let mut cores = std::mem::take(&mut self.turns[(self.turn % TURNS) as usize]);
            while let Some(core) = cores.pop() {
                self.take_turn(core);
            }
            self.turn += 1;
        }
    }

    /// It is a core's turn. Several of the orchestrator's cycles may be in one of the cluster's.
    #[inline(always)]
    fn take_turn(&mut self, core: usize) {
        while let Some((turn, record)) = self.ahead[core].front()
            && *turn == self.turn
        {
            let record = *record;
            self.ahead[core].pop_front();
            self.waiting -= 1;
            self.put(record);
        }
    }

    #[inline(always)]
    fn put(&mut self, record: Record) {
        self.batch.push(record);
        if self.batch.len() == BATCH {
            self.give();
        }
    }

    fn give(&mut self) {
        (self.sink)(&self.batch);
        self.batch.clear();
    }
}

impl<S: FnMut(&[Record])> Observer for InOrder<S> {
    const ACTIVE: bool = true;

    const AHEAD: bool = true;

    #[inline(always)]
    fn retire(&mut self, retired: Retired) {
        let Retired {
            core, cycle, pc, bits, ..
        } = retired;
        let record = Record { core, cycle, pc, bits };
        let turn = if self.apart == Some(core) {
            2 * self.clocks.cluster_from(cycle) + 1
        } else if cycle <= self.served {
            return self.put(record);
        } else {
            2 * cycle
        };
        self.ahead[core].push_back((turn, record));
        self.turns[(turn % TURNS) as usize].insert(core);
        self.waiting += 1;
    }

    fn took_back(&mut self, core: usize, cycle: u64) {
        while self.ahead[core]
            .pop_back_if(|(_, record)| record.cycle > cycle)
            .is_some()
        {
            self.waiting -= 1;
        }
    }

    #[inline(always)]
    fn begins(&mut self, cycle: u64) {
        self.come_to(2 * cycle);
    }

    #[inline(always)]
    fn served(&mut self, cycle: u64) {
        self.served = cycle;
        self.come_to(2 * cycle + 1);
    }
}
