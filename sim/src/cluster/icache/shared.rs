//! The level that all workers share: banks with a tree of arbiters in front, and refills from L2 behind (I5..I8).
//!
//! A bank looks up one line a cycle. A miss holds it for three cycles and then waits for its line without it; a second
//! request for a line under way holds it until that line is there.
//!
//! Invariant: refills come back in the order in which they were asked for.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

use super::Tags;
use crate::config::IcacheConfig;
use crate::memory::l1::{levels, tree};
use crate::soc::clock::Clocks;

/// What happened to a worker's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// It is taken in this cycle.
    Granted(usize),
    /// Its line is there; the private level has it in the next cycle.
    Answered(usize),
}

/// What a bank does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Emptying one set a cycle; so many are left.
    Flush(u32),
    Ready,
    /// The request in the bank missed: asks L2.
    Ask,
    /// Writes a line that came and hands it on; then `Ready`, or `Ask` where a miss was interrupted.
    Fill {
        asks: bool,
    },
    /// The request in the bank is for a line that is under way.
    Hold,
    /// Writes a line that came while the bank is held, and hands it on.
    FillHeld,
    /// Looks the held request up again, and answers it.
    LookAgain,
    Release,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Request {
    core: usize,
    line: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Refill {
    request: Request,
    way: usize,
    /// First cycle in which the bank can write it.
    ready: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Bank {
    state: State,
    tags: Tags,
    pointer: u32,
    /// The request that was taken in the cycle before.
    looked_up: Option<Request>,
    refills: VecDeque<Refill>,
    flush_all: bool,
    flush_line: Option<u32>,
}

/// Counts of the shared level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedCounters {
    /// Lines answered out of the level.
    pub hits: u64,
    /// Lines that were fetched from L2, those that bypass the level included.
    pub refills: u64,
    /// Requests that waited for a line that somebody else had asked for.
    pub merged: u64,
    /// Requests refused, one a cycle and worker.
    pub refusals: u64,
}

/// The shared level.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shared {
    banks: Vec<Bank>,
    /// The line that each worker asks for.
    waiting: Vec<Option<u32>>,
    enabled: bool,
    latency: u64,
    clocks: Clocks,
    beats: u64,
    outstanding: usize,
    /// First cycle in which the next address, or the next beat, can pass the port to L2.
    next_address: u64,
    next_beat: u64,
    /// The bank that asked L2 last.
    last_bank: usize,
    counters: SharedCounters,
}

impl Shared {
    /// As configured for `workers` cores, empty.
    pub fn new(config: &IcacheConfig, workers: usize, clocks: Clocks) -> Self {
        let banks = config.shared_banks as usize;
        let lines = (config.shared_size / config.line) as usize / banks;
        let bank = Bank {
            state: State::Ready,
            tags: Tags::new(lines, config.shared_ways as usize),
            pointer: 0,
            looked_up: None,
            refills: VecDeque::new(),
            flush_all: false,
            flush_line: None,
        };
        Self {
            banks: vec![bank; banks],
            waiting: vec![None; workers],
            enabled: config.enabled,
            latency: config.refill_latency.into(),
            clocks,
            beats: u64::from(config.line / 8),
            outstanding: config.refills as usize,
            next_address: 0,
            next_beat: 0,
            last_bank: 0,
            counters: SharedCounters::default(),
        }
    }

    /// Enables the level, which empties it first, or disables it.
    pub fn set_up(&mut self, enabled: bool) {
        if enabled && !self.enabled {
            self.banks.iter_mut().for_each(|bank| bank.flush_all = true);
        }
        self.enabled = enabled;
    }

    /// Empties the level, or the set that holds `address`, as soon as nothing is under way.
    pub fn flush(&mut self, address: Option<u32>) {
        match address {
            None => self.banks.iter_mut().for_each(|bank| bank.flush_all = true),
            Some(address) => {
                let line = address / (8 * self.beats as u32);
                let count = self.banks.len();
                self.banks[line as usize % count].flush_line = Some(line);
            }
        }
    }

    /// A worker's private level asks for a line; it can be taken from the next cycle on.
    pub fn ask(&mut self, core: usize, line: u32) {
        self.waiting[core] = Some(line);
    }

    /// What was counted.
    pub fn counters(&self) -> SharedCounters {
        self.counters
    }

    /// The next cycle after `now` in which anything can happen.
    pub fn next_due(&self, now: u64) -> Option<u64> {
        let busy = |bank: &Bank| {
            bank.flush_all
                || bank.flush_line.is_some()
                || match bank.state {
                    State::Ready => bank.looked_up.is_some(),
                    State::Hold => false,
                    _ => true,
                }
        };
        if self.waiting.iter().any(Option::is_some) || self.banks.iter().any(busy) {
            return Some(now + 1);
        }
        let ready = self.banks.iter().filter_map(|bank| bank.refills.front());
        ready.map(|refill| refill.ready.max(now + 1)).min()
    }

    /// Cycle `now`: what happens to whom is added to `events`.
    pub fn tick(&mut self, now: u64, events: &mut Vec<Event>) {
        let (count, last) = (self.banks.len(), self.last_bank);
        for turn in 1..=count {
            let index = (last + turn) % count;
            self.tick_bank(now, index, events);
        }
    }

    fn tick_bank(&mut self, now: u64, index: usize, events: &mut Vec<Event>) {
        let count = self.banks.len() as u32;
        let came = self.banks[index]
            .refills
            .front()
            .is_some_and(|refill| refill.ready <= now);
        let bank = &mut self.banks[index];
        let set_of = |bank: &Bank, line: u32| (line / count) as usize & (bank.tags.sets() - 1);
        let under_way = |bank: &Bank| {
            let line = bank.looked_up.map(|request| request.line);
            line.is_some_and(|line| bank.refills.iter().any(|refill| refill.request.line == line))
        };
        let mut open = false;
        match bank.state {
            State::Flush(left) => {
                bank.tags.clear_set(left as usize - 1);
                bank.state = if left > 1 { State::Flush(left - 1) } else { State::Ready };
            }
            State::Ready if !self.enabled && bank.looked_up.is_none() => {
                if came && let Some(refill) = bank.refills.pop_front() {
                    events.push(Event::Answered(refill.request.core));
                }
                open = bank.refills.len() < self.outstanding;
            }
            State::Ready => {
                let hit = bank
                    .looked_up
                    .filter(|request| bank.tags.set(set_of(bank, request.line)).contains(&Some(request.line)));
                if came {
                    if under_way(bank) {
                        bank.state = State::FillHeld;
                    } else {
                        bank.state = State::Fill { asks: false };
                        if let Some(request) = hit {
                            bank.looked_up = None;
                            self.counters.hits += 1;
                            events.push(Event::Answered(request.core));
                        }
                    }
                } else if let Some(request) = hit {
                    bank.looked_up = None;
                    self.counters.hits += 1;
                    events.push(Event::Answered(request.core));
                    open = true;
                } else if bank.looked_up.is_none() {
                    open = true;
                } else if under_way(bank) {
                    bank.state = State::Hold;
                    self.counters.merged += 1;
                } else {
                    bank.state = State::Ask;
                }
                if open && bank.refills.is_empty() {
                    if std::mem::take(&mut bank.flush_all) {
                        bank.state = State::Flush(bank.tags.sets() as u32);
                        open = false;
                    } else if let Some(line) = bank.flush_line.take() {
                        bank.tags.clear_set(set_of(bank, line));
                        open = false;
                    }
                } else if bank.flush_all || bank.flush_line.is_some() {
                    open = false;
                }
            }
            State::Ask if came => bank.state = State::Fill { asks: true },
            State::Ask => {
                if bank.refills.len() < self.outstanding
                    && let Some(request) = bank.looked_up.take()
                {
                    let way = bank.tags.random_way();
                    bank.tags.shift_random();
                    bank.state = State::Ready;
                    self.refill(now + 1, index, request, way);
                }
            }
            State::Fill { asks } => {
                fill(bank, set_of, events);
                bank.state = if asks { State::Ask } else { State::Ready };
            }
            State::Hold if came => bank.state = State::FillHeld,
            State::Hold => {}
            State::FillHeld => {
                fill(bank, set_of, events);
                bank.state = State::LookAgain;
            }
            State::LookAgain => {
                bank.state = if under_way(bank) { State::Hold } else { State::Release };
            }
            State::Release => {
                if let Some(request) = bank.looked_up.take() {
                    self.counters.hits += 1;
                    events.push(Event::Answered(request.core));
                }
                bank.state = State::Ready;
            }
        }
        self.arbitrate(now, index, open, events);
    }

    /// Takes one of the requests for a bank, if it is open.
    fn arbitrate(&mut self, now: u64, index: usize, open: bool, events: &mut Vec<Event>) {
        let count = self.banks.len() as u32;
        let of_bank = |line: &Option<u32>| line.is_some_and(|line| (line % count) as usize == index);
        let asking = self.waiting.iter().enumerate().filter(|(_, line)| of_bank(line));
        let asking = asking.fold(0u128, |mask, (core, _)| mask | 1 << core);
        if asking == 0 {
            return;
        }
        self.counters.refusals += u64::from(asking.count_ones()) - u64::from(open);
        if !open {
            return;
        }
        let levels = levels(self.waiting.len());
        let bank = &mut self.banks[index];
        let core = tree(asking, bank.pointer, levels) as usize;
        bank.pointer = (bank.pointer + 1) & ((1 << levels) - 1);
        let Some(line) = self.waiting[core].take() else { return };
        let request = Request { core, line };
        events.push(Event::Granted(core));
        if self.enabled {
            self.banks[index].looked_up = Some(request);
        } else {
            self.refill(now + 1, index, request, 0);
        }
    }

    /// Asks L2 for a line in `cycle` or when the port is free.
    fn refill(&mut self, cycle: u64, index: usize, request: Request, way: usize) {
        let address = cycle.max(self.next_address);
        self.next_address = address + 1;
        self.next_beat = self.next_beat.max(self.clocks.answered(address, self.latency));
        for _ in 0..self.beats {
            self.next_beat = self.clocks.answered(self.next_beat, 1).max(self.next_beat + 1);
        }
        self.last_bank = index;
        self.counters.refills += 1;
        self.banks[index].refills.push_back(Refill {
            request,
            way,
            ready: self.next_beat,
        });
    }
}

/// Writes the line that came, and hands it on.
fn fill(bank: &mut Bank, set_of: impl Fn(&Bank, u32) -> usize, events: &mut Vec<Event>) {
    if let Some(Refill { request, way, .. }) = bank.refills.pop_front() {
        bank.tags.fill(set_of(bank, request.line), way, request.line);
        events.push(Event::Answered(request.core));
    }
}
