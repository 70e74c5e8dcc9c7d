//! A machine under a debugger: stopped in the middle of a cycle, between what arrives in it and what leaves decode in it.
//!
//! There every core is before its next instruction, and accesses of earlier ones are done. The debugger holds cores back
//! one by one; time passes for all of them together. Nothing of this is on the way of an ordinary run.
//!
//! Invariant: cycles, counters, registers and memory at the end are those of a run without a debugger, unless the person
//! changed something.

use std::collections::{BTreeSet, VecDeque};

use crate::core::{Core, Next, Request};
use crate::engine::Engine;
use crate::fault::{CoreState, Outcome};
use crate::machine::{Machine, Stop};
use crate::memory::Which;
use crate::memory::map::{From, Place, place};
use crate::observe::Silent;

/// Which accesses a watchpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Loads by cores.
    pub reads: bool,
    /// Stores by cores, and whatever else changes the memory: the DMA, the host.
    pub writes: bool,
}

#[derive(Clone, Debug)]
struct Watchpoint {
    address: u32,
    size: u32,
    watched: Watched,
    /// Where in memory it lies, if it does.
    cell: Option<(Which, u32)>,
    /// What is there.
    value: Vec<u8>,
}

/// An access that a watchpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchHit {
    /// The core; `None` for the DMA and the host.
    pub core: Option<usize>,
    /// The watchpoint's address.
    pub address: u32,
    /// It was a store.
    pub write: bool,
    /// The watchpoint's accesses.
    pub watched: Watched,
}

/// Why the debugger stopped the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// A core is before the instruction of a breakpoint.
    Breakpoint(usize),
    /// An access was made.
    Watchpoint(WatchHit),
    /// The core made its step.
    Step(usize),
    /// The cycle has come in which it was to stop.
    Cycle,
    /// The run is over.
    Ended(Outcome),
}

/// A step under way.
#[derive(Clone, Copy, Debug)]
struct Step {
    core: usize,
    issued: u64,
    pc: u32,
    alone: bool,
}

/// A machine and what its debugger wants to be told.
pub struct Debugger {
    machine: Machine,
    engine: Engine,
    max_cycles: u64,
    breakpoints: BTreeSet<u32>,
    /// Breakpoints that were taken away since the machine last ran: clients do so to get a core off one.
    lifted: BTreeSet<u32>,
    watchpoints: Vec<Watchpoint>,
    hits: VecDeque<WatchHit>,
    until: Option<u64>,
    step: Option<Step>,
    /// The core whose step ended while its access was under way.
    in_flight: Option<usize>,
}

impl Debugger {
    /// Takes a machine between two cycles; where nothing is watched it runs with `engine`, at most through cycle
    /// `max_cycles`.
    pub fn new(mut machine: Machine, engine: Engine, max_cycles: u64) -> Self {
        machine.before_issue(machine.now);
        Self {
            machine,
            engine,
            max_cycles,
            breakpoints: BTreeSet::new(),
            lifted: BTreeSet::new(),
            watchpoints: Vec::new(),
            hits: VecDeque::new(),
            until: None,
            step: None,
            in_flight: None,
        }
    }

    /// The machine.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The machine, to take its console.
    pub fn machine_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }

    /// The machine, when debugging is over.
    pub fn into_machine(self) -> Machine {
        self.machine
    }

    /// The cycle in which the machine stands, before its instructions.
    pub fn cycle(&self) -> u64 {
        self.machine.now
    }

    /// Stops before the instruction at `address`, whoever executes it.
    pub fn add_breakpoint(&mut self, address: u32) {
        self.breakpoints.insert(address);
        self.lifted.remove(&address);
    }

    /// Stops there no more; false if it did not.
    pub fn remove_breakpoint(&mut self, address: u32) -> bool {
        self.lifted.insert(address);
        self.breakpoints.remove(&address)
    }

    /// Stops behind accesses to `size` bytes from `address` on: as the orchestrator sees them, where a worker's alias lies
    /// at the same address.
    pub fn add_watchpoint(&mut self, address: u32, size: u32, watched: Watched) {
        let cell = self.machine.memory.locate(address).or_else(|| {
            let from = if self.machine.cores.len() > self.machine.workers {
                From::Orchestrator
            } else {
                From::Worker
            };
            self.machine.cell(from, address)
        });
        let mut watchpoint = Watchpoint {
            address,
            size: size.max(1),
            watched,
            cell,
            value: Vec::new(),
        };
        watchpoint.value = self.machine.contents(&watchpoint);
        self.watchpoints.push(watchpoint);
    }

    /// Takes a watchpoint away; false if there is none like it.
    pub fn remove_watchpoint(&mut self, address: u32, size: u32, watched: Watched) -> bool {
        let same = |w: &Watchpoint| (w.address, w.size, w.watched) == (address, size.max(1), watched);
        let found = self.watchpoints.iter().position(same);
        found.map(|index| self.watchpoints.remove(index)).is_some()
    }

    /// Stops before the instructions of `cycle`, once.
    pub fn stop_at(&mut self, cycle: u64) {
        self.until = Some(cycle);
    }

    /// Begins a step of a core by one instruction; [`Debugger::run`] makes it. A client steps a core `alone` to get it off
    /// a breakpoint: then the breakpoints that it lifted for that still hold the other cores.
    pub fn begin_step(&mut self, core: usize, alone: bool) {
        let state = &self.machine.cores[core];
        self.step = Some(Step {
            core,
            issued: state.pipeline.issued,
            pc: state.pc,
            alone,
        });
    }

    /// Runs until something is there to be told, or for `cycles` cycles: then `None`.
    pub fn run(&mut self, cycles: u64) -> Option<Stopped> {
        if let Some(outcome) = self.machine.outcome().filter(|_| self.machine.end.is_some()) {
            return Some(Stopped::Ended(outcome.clone()));
        }
        if let Some(hit) = self.hits.pop_front() {
            return self.stopped(Stopped::Watchpoint(hit));
        }
        self.in_flight = None;
        if self.step.is_none() {
            self.lifted.clear();
        }
        let last = self.machine.now.saturating_add(cycles);
        loop {
            if let Some(stop) = self.look() {
                return self.stopped(stop);
            }
            if self.machine.now >= last {
                return None;
            }
            let watches = !self.breakpoints.is_empty() || !self.watchpoints.is_empty();
            if !watches && self.step.is_none() && self.until.is_none() {
                return self.run_freely(last).and_then(|stop| self.stopped(stop));
            }
            if let Some(stop) = self.next_cycle() {
                return self.stopped(stop);
            }
        }
    }

    /// Lets `cycles` cycles pass, whatever is in the way.
    pub fn pass(&mut self, cycles: u64) -> Option<Stopped> {
        if let Some(outcome) = self.machine.outcome().filter(|_| self.machine.end.is_some()) {
            return Some(Stopped::Ended(outcome.clone()));
        }
        let last = self.machine.now.saturating_add(cycles);
        self.in_flight = None;
        let ended = self.run_freely(last);
        for watchpoint in &mut self.watchpoints {
            watchpoint.value = self.machine.contents(watchpoint);
        }
        ended
    }

    fn stopped(&mut self, stop: Stopped) -> Option<Stopped> {
        self.step = None;
        if stop == Stopped::Cycle {
            self.until = None;
        }
        Some(stop)
    }

    /// What is to be told before the instructions of this cycle.
    fn look(&mut self) -> Option<Stopped> {
        let Some(step) = self.step else {
            return self
                .breakpoint(None, false)
                .map(Stopped::Breakpoint)
                .or_else(|| self.stop_cycle());
        };
        let others = self.breakpoint(Some(step.core), step.alone);
        if !self.machine.cores[step.core].moved(&step) {
            self.machine.issue(step.core);
        }
        let core = &self.machine.cores[step.core];
        // A core that waits for an answer does not keep the others from their breakpoints.
        if core.moved(&step) && (core.rests() || others.is_some() && step.alone) {
            self.in_flight = (!core.rests()).then_some(step.core);
            return Some(Stopped::Step(step.core));
        }
        match others {
            Some(core) if !step.alone => Some(Stopped::Breakpoint(core)),
            _ => self.stop_cycle(),
        }
    }

    fn stop_cycle(&self) -> Option<Stopped> {
        self.until
            .is_some_and(|cycle| self.machine.now >= cycle)
            .then_some(Stopped::Cycle)
    }

    /// A core, other than one that is stepped, before the instruction of a breakpoint.
    fn breakpoint(&self, stepped: Option<usize>, lifted: bool) -> Option<usize> {
        let at = |pc: &u32| self.breakpoints.contains(pc) || lifted && self.lifted.contains(pc);
        let held =
            |core: &&Core| self.machine.is_ready(core, self.machine.now) && Some(core.index) != stepped && at(&core.pc);
        self.machine.cores.iter().find(held).map(|core| core.index)
    }

    /// Without anything to look for.
    fn run_freely(&mut self, last: u64) -> Option<Stopped> {
        self.machine.issue_rest();
        if self.machine.ended() {
            return Some(self.end(Stop::Ended));
        }
        let until = (last - 1).min(self.max_cycles);
        if let Some(outcome) = self.machine.run_until(self.engine, until, &mut Silent) {
            return Some(Stopped::Ended(outcome));
        }
        if until == self.max_cycles {
            return Some(self.end(Stop::Limit));
        }
        self.machine.before_issue(last);
        self.over()
    }

    /// The instructions of this cycle, and what arrives in the next one in which anything happens.
    fn next_cycle(&mut self) -> Option<Stopped> {
        if !self.machine.issue_next() {
            return None;
        }
        if self.machine.ended() {
            return Some(self.end(Stop::Ended));
        }
        let Some(next) = self.machine.next_due() else {
            return Some(self.end(Stop::Idle));
        };
        let wanted = self.until.filter(|until| *until >= self.machine.now);
        let next = wanted.map_or(next, |until| next.min(until));
        if next > self.max_cycles {
            return Some(self.end(Stop::Limit));
        }
        let requests: Vec<Option<Request>> = if self.watchpoints.is_empty() {
            Vec::new()
        } else {
            self.machine.cores.iter().map(|core| core.request().copied()).collect()
        };
        self.machine.before_issue(next);
        self.find_hits(&requests);
        if let Some(over) = self.over() {
            return Some(over);
        }
        self.hits.pop_front().map(Stopped::Watchpoint)
    }

    /// The end, if this cycle brought it.
    fn over(&mut self) -> Option<Stopped> {
        if !self.machine.ended() {
            return None;
        }
        self.machine.issue_rest();
        Some(self.end(Stop::Ended))
    }

    fn end(&mut self, stop: Stop) -> Stopped {
        self.machine.end(stop, self.max_cycles);
        let outcome = self.machine.outcome().cloned();
        Stopped::Ended(outcome.expect("a run that ended has an outcome"))
    }

    /// Finds the accesses of this cycle that watchpoints are for, from what the cores asked for before it.
    fn find_hits(&mut self, requests: &[Option<Request>]) {
        for watchpoint in &mut self.watchpoints {
            let value = self.machine.contents(watchpoint);
            let changed = value != watchpoint.value;
            watchpoint.value = value;
            let done = requests.iter().enumerate().filter_map(|(index, request)| {
                let request = request.filter(|request| self.machine.cores[index].request() != Some(request))?;
                self.machine
                    .touches(index, &request, watchpoint)
                    .then_some((index, request.write))
            });
            let (address, watched) = (watchpoint.address, watchpoint.watched);
            let hit = |core: Option<usize>, write: bool| WatchHit {
                core,
                address,
                write,
                watched,
            };
            let before = self.hits.len();
            self.hits.extend(
                done.filter(|(_, write)| if *write { watched.writes } else { watched.reads })
                    .map(|(index, write)| hit(Some(index), write)),
            );
            let by_core = self.hits.iter().skip(before).any(|hit| hit.write);
            if changed && watched.writes && !by_core {
                self.hits.push_back(hit(None, true));
            }
        }
    }

    /// Copies memory as a core sees it; returns how many bytes are memory. Devices are left alone: reading one may change it.
    pub fn read(&self, core: usize, address: u32, bytes: &mut [u8]) -> usize {
        let from = self.machine.from(core);
        for (i, byte) in bytes.iter_mut().enumerate() {
            let Some((which, offset)) = self.machine.cell(from, address.wrapping_add(i as u32)) else {
                return i;
            };
            *byte = (self.machine.memory.read(which, offset) >> (8 * (offset & 3))) as u8;
        }
        bytes.len()
    }

    /// Writes memory as a core sees it; returns how many bytes are memory.
    pub fn write(&mut self, core: usize, address: u32, bytes: &[u8]) -> usize {
        let from = self.machine.from(core);
        for (i, byte) in bytes.iter().enumerate() {
            let Some((which, offset)) = self.machine.cell(from, address.wrapping_add(i as u32)) else {
                return i;
            };
            let lane = offset & 3;
            self.machine
                .memory
                .write(which, offset, u32::from(*byte) << (8 * lane), 1 << lane);
            self.machine.program.written(which, offset, &self.machine.memory);
        }
        for watchpoint in &mut self.watchpoints {
            watchpoint.value = self.machine.contents(watchpoint);
        }
        bytes.len()
    }

    /// The address of a core's next instruction.
    pub fn pc(&self, core: usize) -> u32 {
        let state = &self.machine.cores[core];
        if self.in_flight == Some(core) {
            return state.goes_on_at(&self.machine.program);
        }
        state.pc
    }

    /// Changes a core; `change` says whether it could.
    pub fn change(&mut self, core: usize, change: impl FnOnce(&mut Core, u64) -> bool) -> bool {
        let machine = &mut self.machine;
        let now = machine.own_cycle_by(core, machine.now);
        let changed = machine.end.is_none() && change(&mut machine.cores[core], now);
        if changed {
            machine.recorders[core].restart(&machine.cores[core]);
        }
        changed
    }

    /// What a core is doing, in words.
    pub fn state(&self, core: usize) -> CoreState {
        self.machine.state(core)
    }
}

impl Core {
    fn moved(&self, step: &Step) -> bool {
        self.pipeline.issued != step.issued || self.pc != step.pc
    }
}

impl Machine {
    /// What happens in cycle `now` before instructions leave decode: devices, grants and answers. After it a core is ready
    /// for its next instruction exactly if that leaves decode in this cycle.
    fn before_issue(&mut self, now: u64) {
        self.take_due(now);
        let ready: Vec<usize> = self.ready(now).collect();
        let due = (0..self.cores.len()).filter(|index| self.due(*index).is_some_and(|cycle| cycle <= now));
        let due = due.filter(|index| !ready.contains(index)).collect();
        self.serve(now, due, now - 1, &mut Silent);
        let ready: Vec<usize> = self.ready(now).collect();
        for index in ready {
            self.advance(index, now - 1, &mut Silent);
        }
    }

    /// Cores whose next instruction is in decode in cycle `now`.
    fn ready(&self, now: u64) -> impl Iterator<Item = usize> {
        let ready = move |core: &&Core| self.is_ready(core, now);
        self.cores.iter().filter(ready).map(|core| core.index)
    }

    /// Whether a core's next instruction is in decode in cycle `now`.
    fn is_ready(&self, core: &Core, now: u64) -> bool {
        matches!(core.next, Next::Issue(cycle) if cycle <= self.own_cycle_by(core.index, now))
    }

    /// The instruction that a core lets leave decode in this cycle.
    fn issue(&mut self, index: usize) {
        if !self.is_ready(&self.cores[index], self.now) {
            return;
        }
        if let Next::Issue(cycle) = self.cores[index].next
            && self.is_apart(index)
        {
            return self.advance_by(index, cycle, cycle, &mut Silent);
        }
        self.advance(index, self.now, &mut Silent);
    }

    /// All instructions that leave decode in this cycle and were not let go yet; then the next cycle has come.
    fn issue_rest(&mut self) {
        while !self.issue_next() {}
    }

    /// The same for the next instruction of each core. A core with a faster clock than the cluster's may have another one
    /// in this cycle: false then.
    fn issue_next(&mut self) -> bool {
        (0..self.cores.len()).for_each(|index| self.issue(index));
        // Each core has one place in the calendar, whatever it asked for on the way here.
        for index in 0..self.cores.len() {
            self.calendar.cancel(index);
            self.schedule(index);
        }
        if self.two_clocks {
            self.serve_soc(self.now - 1, &mut Silent);
            if self.is_ready(&self.cores[self.workers], self.now) {
                return false;
            }
        }
        self.close_cycle();
        true
    }

    fn from(&self, core: usize) -> From {
        if core < self.workers {
            From::Worker
        } else {
            From::Orchestrator
        }
    }

    /// Where in memory an address lies.
    fn cell(&self, from: From, address: u32) -> Option<(Which, u32)> {
        match place(self.config.machine.map, &self.memory, from, address)? {
            Place::L1(offset) | Place::TestAndSet(offset) => Some((Which::L1, offset)),
            Place::L2(offset) => Some((Which::L2, offset)),
            _ => None,
        }
    }

    fn contents(&self, watchpoint: &Watchpoint) -> Vec<u8> {
        let Some((which, offset)) = watchpoint.cell else {
            return Vec::new();
        };
        let mut bytes = vec![0; watchpoint.size as usize];
        self.memory.dump(self.memory.base(which) + offset, &mut bytes);
        bytes
    }

    fn touches(&self, core: usize, request: &Request, watchpoint: &Watchpoint) -> bool {
        let (start, watched) = match (self.cell(self.from(core), request.address), watchpoint.cell) {
            (Some((which, offset)), Some((watched, at))) if which == watched => (offset, at),
            (None, None) => (request.address, watchpoint.address),
            _ => return false,
        };
        let end = start + request.byte_enable.count_ones();
        start < watched + watchpoint.size && watched < end
    }
}
