//! The machine's order for what cores tell ahead of it: an observer of instructions that lets cores run ahead.
//!
//! The order is that in which a machine goes through its cycles when nobody runs ahead: cycle by cycle; within one, the
//! instructions that had come into decode before, core by core, and then those that leave decode behind what was granted
//! in that very cycle, grant by grant; the orchestrator last where it has a clock of its own. What a core tells ahead of
//! the machine waits here until the machine comes there. So nothing of it is left where the run ends before.
//!
//! Invariant: what is given away is the same whatever the engine, and whoever ran ahead.

use std::collections::VecDeque;

use crate::config::Config;
use crate::core::uop::Uop;
use crate::engine::calendar::AHEAD;
use crate::machine::CoreSet;
use crate::observe::{Observer, Retired};
use crate::retire::Record;
use crate::soc::clock::Clocks;

/// Cycles that can be waited for: more than anybody runs ahead.
const CYCLES: usize = 2048;
const _: () = assert!(AHEAD as usize + 2 <= CYCLES);

/// Records that are given away at once.
const BATCH: usize = 512;

/// Gives every instruction that left decode to a sink, in the machine's order and many at once.
pub struct InOrder<S> {
    sink: S,
    /// The cycle in which the cores that were due did what they could by themselves.
    served: u64,
    /// The first cycle that has not come, and the last one that a core waits for.
    next: u64,
    last: u64,
    /// The cores that wait for each cycle, and by core what leaves decode then.
    waiting: Box<[CoreSet; CYCLES]>,
    ahead: Box<[[Told; CYCLES]]>,
    apart: Option<Apart>,
    batch: Vec<Record>,
}

/// The address and the bits of an instruction.
#[derive(Clone, Copy, Default)]
struct Told {
    pc: u32,
    bits: u32,
}

/// The orchestrator, where it has a clock of its own: each of its cycles belongs to one of the cluster's, after all that
/// the workers do in it.
struct Apart {
    core: usize,
    clocks: Clocks,
    /// What it told, with the cluster's cycle.
    told: VecDeque<(u64, Record)>,
}

impl Apart {
    #[cold]
    fn tell(&mut self, cycle: u64, mut pc: u32, uops: &[Uop]) {
        for (cycle, uop) in (cycle..).zip(uops) {
            let record = Record {
                core: self.core,
                cycle,
                pc,
                bits: uop.bits,
            };
            self.told.push_back((self.clocks.cluster_from(cycle), record));
            pc = pc.wrapping_add(u32::from(uop.len));
        }
    }
}

impl<S: FnMut(&[Record])> InOrder<S> {
    /// For the machine of `config`.
    pub fn new(config: &Config, sink: S) -> Self {
        let clocks = Clocks::new(config.cluster.frequency_hz, config.soc.frequency_hz);
        let workers = config.cluster.workers;
        let cores = workers + usize::from(config.orchestrator.present);
        Self {
            sink,
            served: 0,
            next: 0,
            last: 0,
            waiting: Box::new([CoreSet::default(); CYCLES]),
            ahead: vec![[Told::default(); CYCLES]; cores].into_boxed_slice(),
            apart: (!clocks.are_equal()).then(|| Apart {
                core: workers,
                clocks,
                told: VecDeque::new(),
            }),
            batch: Vec::with_capacity(BATCH),
        }
    }

    /// The run ended after the cluster's cycle `cycle`: gives away what is left of it.
    pub fn end(&mut self, cycle: u64) {
        self.come_to(cycle + 1);
        self.give_apart(cycle + 1);
        self.give();
    }

    /// What the cores told of cycles before `cycle` has its turn.
    #[inline(always)]
    fn come_to(&mut self, cycle: u64) {
        while self.next < cycle {
            if self.last < self.next {
                self.next = cycle;
                return self.give_apart(cycle - 1);
            }
            let now = self.next;
            self.give_apart(now);
            let slot = now as usize % CYCLES;
            let mut cores = std::mem::take(&mut self.waiting[slot]);
            while let Some(core) = cores.pop() {
                let Told { pc, bits } = self.ahead[core][slot];
                self.put(Record {
                    core,
                    cycle: now,
                    pc,
                    bits,
                });
            }
            self.next += 1;
        }
    }

    /// What the orchestrator told of the cluster's cycles before `cycle` has its turn.
    #[inline(always)]
    fn give_apart(&mut self, cycle: u64) {
        while let Some(apart) = &mut self.apart
            && let Some((_, record)) = apart.told.pop_front_if(|(turn, _)| *turn < cycle)
        {
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

    #[inline(never)]
    fn give(&mut self) {
        (self.sink)(&self.batch);
        self.batch.clear();
    }
}

impl<S: FnMut(&[Record])> Observer for InOrder<S> {
    const ACTIVE: bool = true;

    const AHEAD: bool = true;

    fn retire(&mut self, _: Retired) {}

    #[inline(always)]
    fn straight(&mut self, core: usize, mut cycle: u64, mut pc: u32, mut uops: &[Uop]) {
        if let Some(apart) = self.apart.as_mut().filter(|apart| apart.core == core) {
            return apart.tell(cycle, pc, uops);
        }
        if cycle <= self.served
            && let Some((first, rest)) = uops.split_first()
        {
            let bits = first.bits;
            self.put(Record { core, cycle, pc, bits });
            cycle += 1;
            pc = pc.wrapping_add(u32::from(first.len));
            uops = rest;
        }
        self.last = self.last.max((cycle + uops.len() as u64).saturating_sub(1));
        let ahead = &mut self.ahead[core];
        for uop in uops {
            let slot = cycle as usize % CYCLES;
            ahead[slot] = Told { pc, bits: uop.bits };
            self.waiting[slot].insert(core);
            cycle += 1;
            pc = pc.wrapping_add(u32::from(uop.len));
        }
    }

    fn took_back(&mut self, core: usize, cycle: u64) {
        for late in (cycle + 1).max(self.next)..=self.last {
            self.waiting[late as usize % CYCLES].remove(core);
        }
    }

    #[inline(always)]
    fn begins(&mut self, cycle: u64) {
        self.come_to(cycle);
    }

    #[inline(always)]
    fn served(&mut self, cycle: u64) {
        self.served = cycle;
        self.come_to(cycle + 1);
    }
}
