//! The private level of one worker: between the prefetch buffer of its core and the shared level (I2..I5, I8, I9).
//!
//! A cycle has three steps: [`Private::answers`] says whether the word that was asked for is there, then the core's fetch
//! stage makes up its mind, then [`Private::step`] takes its request. Requests to the shared level are picked up with
//! [`Private::take_request`] at the end of a cycle, and what comes back is told before the cycle in which it shows.
//!
//! The next-line prefetch is the RTL's, with what follows from its shared ports: a prefetched line that arrives in the
//! cycle of a fetch request is dropped, and the check whether a line is there already looks into the set of the line that
//! was to be prefetched a cycle earlier.
//!
//! Invariant: at most one request is at the shared level.

use super::Tags;
use crate::config::IcacheConfig;
use serde::{Deserialize, Serialize};

/// What the fetch side does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// Disabled: the next request goes past the tags (I8).
    Bypass,
    /// Disabled, asking the shared level.
    BypassAsk,
    /// Disabled, waiting for it.
    BypassWait,
    /// Emptying one set a cycle; so many are left (I9).
    Flush(u32),
    /// Nothing to look up.
    Idle,
    /// Looks up the request of the cycle before.
    Lookup,
    /// A miss asks the shared level.
    Ask,
    /// A miss waits for its line.
    Wait,
    /// The line that is asked for is being prefetched.
    WaitPrefetch,
    /// The prefetched line came as it was asked for: answered out of a register.
    Conflict,
}

/// What the prefetch side does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Prefetch {
    Off,
    Idle,
    Lookup,
    Ask,
    Wait,
}

/// For whom the port to the shared level is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Port {
    Free,
    Fetch,
    Prefetch,
}

/// The registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Registers {
    state: State,
    prefetch: Prefetch,
    port: Port,
    /// Line of the last request.
    line: u32,
    way: usize,
    /// Line that the prefetch side is about, and the way for it.
    ahead: u32,
    ahead_way: usize,
    /// The set that the prefetch side looked up.
    ahead_set: usize,
    /// `ahead` is new; another line is to be considered once the prefetch side is free.
    ahead_new: bool,
    ahead_later: bool,
    /// The last request was for the line that was being prefetched.
    expected: bool,
    /// A prefetched line came in the cycle before.
    came: bool,
    /// Line of the last request that was presented, taken or not.
    presented: u32,
    /// Request at the shared level that it has not taken.
    asking: Option<u32>,
}

/// Counts of one private level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateCounters {
    /// Words answered out of the private level.
    pub hits: u64,
    /// Words that had to be asked for at the shared level, or were waited for while being prefetched.
    pub misses: u64,
    /// Lines asked for ahead of the program.
    pub prefetches: u64,
}

/// The private level of one worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Private {
    now: Registers,
    tags: Tags,
    line_shift: u32,
    enabled: bool,
    prefetches: bool,
    flush_all: bool,
    flush_line: Option<u32>,
    /// A random way is replaced in this cycle; both sides may choose the same.
    replaces: bool,
    /// The shared level took the request in this cycle.
    granted: bool,
    /// The cycle in which the shared level's answer is there.
    answer_at: Option<u64>,
    /// A request for the shared level that nobody picked up.
    request: Option<u32>,
    counters: PrivateCounters,
}

impl Private {
    /// As configured, empty.
    pub fn new(config: &IcacheConfig) -> Self {
        Self {
            now: Registers {
                state: if config.enabled { State::Idle } else { State::Bypass },
                prefetch: Prefetch::Off,
                port: Port::Free,
                line: 0,
                way: 0,
                ahead: 0,
                ahead_way: 0,
                ahead_set: 0,
                ahead_new: false,
                ahead_later: false,
                expected: false,
                came: false,
                presented: 0,
                asking: None,
            },
            tags: Tags::new(
                (config.private_size / config.line) as usize,
                config.private_ways as usize,
            ),
            line_shift: config.line.trailing_zeros(),
            enabled: config.enabled,
            prefetches: config.prefetch,
            flush_all: false,
            flush_line: None,
            replaces: false,
            granted: false,
            answer_at: None,
            request: None,
            counters: PrivateCounters::default(),
        }
    }

    /// Enables or disables the level and its prefetch.
    pub fn set_up(&mut self, enabled: bool, prefetches: bool) {
        self.enabled = enabled;
        self.prefetches = prefetches;
    }

    /// Empties the level, or the set that holds `address`, as soon as it is idle (I9).
    pub fn flush(&mut self, address: Option<u32>) {
        match address {
            None => self.flush_all = true,
            Some(address) => self.flush_line = Some(address >> self.line_shift),
        }
    }

    /// The shared level takes the request in this cycle.
    pub fn granted(&mut self) {
        self.granted = true;
    }

    /// The shared level's answer is there in `cycle`.
    pub fn answered(&mut self, cycle: u64) {
        self.answer_at = Some(cycle);
    }

    /// The line that the shared level is asked for since this cycle.
    pub fn take_request(&mut self) -> Option<u32> {
        self.request.take()
    }

    /// What was counted.
    pub fn counters(&self) -> PrivateCounters {
        self.counters
    }

    fn set_of(&self, line: u32) -> usize {
        line as usize & (self.tags.sets() - 1)
    }

    fn hit(&self) -> bool {
        self.tags.set(self.set_of(self.now.line)).contains(&Some(self.now.line))
    }

    /// The shared level's answer to `port` is there in `cycle`.
    fn returns(&self, port: Port, cycle: u64) -> bool {
        self.now.port == port && self.answer_at == Some(cycle)
    }

    /// Whether the word that was asked for is there in `cycle`.
    pub fn answers(&self, cycle: u64) -> bool {
        match self.now.state {
            State::Lookup => self.hit(),
            State::Conflict => true,
            State::WaitPrefetch => self.returns(Port::Prefetch, cycle),
            State::Wait | State::BypassWait => self.returns(Port::Fetch, cycle),
            _ => false,
        }
    }

    /// Cycle `cycle`; `request` is the address that the core asks for. Says whether it is taken, and whether the next
    /// cycle may differ from this one though nothing comes from outside.
    pub fn step(&mut self, cycle: u64, request: Option<u32>) -> (bool, bool) {
        let before = self.now;
        let asked = request.map(|address| address >> self.line_shift);
        let answered = self.answers(cycle);
        let came = self.returns(Port::Prefetch, cycle);
        let mut next = before;
        if let Some(line) = asked {
            next.presented = line;
        }
        let elsewhere = next.presented != before.ahead;

        let ahead = self.prefetch_side(&mut next, came, elsewhere);
        let (taken, uses_tags) = self.fetch_side(&mut next, cycle, asked, came, elsewhere, &ahead);
        self.ask(&mut next, cycle, ahead.asks);

        if came && before.prefetch == Prefetch::Wait && !uses_tags {
            self.tags
                .fill(self.set_of(before.ahead), before.ahead_way, before.ahead);
        }
        if self.prefetches {
            if asked.is_some() {
                next.expected = !elsewhere && (ahead.busy && !ahead.found || came);
            }
            next.came = came;
            next.ahead_later |= asked.is_some() && ahead.busy;
            next.ahead_new = false;
            if let Some(line) = asked.filter(|_| !ahead.busy) {
                next.ahead = line.wrapping_add(1);
                next.ahead_new = true;
            } else if before.ahead_later && answered && !ahead.busy {
                next.ahead = before.line.wrapping_add(1);
                next.ahead_new = true;
                next.ahead_later = false;
            }
        } else {
            (next.ahead, next.ahead_new, next.ahead_later) = (0, false, false);
            (next.expected, next.came) = (false, false);
        }
        if self.answer_at == Some(cycle) {
            self.answer_at = None;
        }
        if std::mem::take(&mut self.replaces) {
            self.tags.shift_random();
        }
        self.granted = false;
        self.now = next;
        let pending = self.answer_at.is_some() || request.is_some() && !taken;
        (taken, pending || next != before)
    }

    fn prefetch_side(&mut self, next: &mut Registers, came: bool, elsewhere: bool) -> Ahead {
        let now = self.now;
        let mut ahead = Ahead::default();
        match now.prefetch {
            Prefetch::Off if self.prefetches && self.enabled => next.prefetch = Prefetch::Idle,
            Prefetch::Off => {}
            Prefetch::Idle => {
                if now.ahead_new {
                    next.ahead_set = self.set_of(now.ahead);
                }
                if !self.enabled || !self.prefetches {
                    next.prefetch = Prefetch::Off;
                } else if now.ahead_new && elsewhere {
                    next.prefetch = Prefetch::Lookup;
                }
            }
            Prefetch::Lookup => {
                ahead.busy = true;
                let sets = self.tags.sets() as u32;
                let set = self.tags.set(now.ahead_set);
                ahead.found = set.iter().flatten().any(|line| line / sets == now.ahead / sets);
                if ahead.found {
                    next.prefetch = Prefetch::Idle;
                } else {
                    ahead.asks = true;
                    next.ahead_way = self.victim(now.ahead_set);
                    next.prefetch = Prefetch::Ask;
                    self.counters.prefetches += 1;
                }
            }
            Prefetch::Ask => {
                ahead.busy = true;
                ahead.asks = true;
            }
            Prefetch::Wait => {
                ahead.busy = !came;
                if came {
                    next.prefetch = Prefetch::Idle;
                }
            }
        }
        ahead
    }

    /// The way for a new line: the highest that is empty, else a random one.
    fn victim(&mut self, set: usize) -> usize {
        match self.tags.set(set).iter().rposition(Option::is_none) {
            Some(way) => way,
            None => {
                self.replaces = true;
                self.tags.random_way()
            }
        }
    }

    /// Whether the request is taken, and whether the fetch side uses the tags' first port.
    fn fetch_side(
        &mut self,
        next: &mut Registers,
        cycle: u64,
        asked: Option<u32>,
        came: bool,
        elsewhere: bool,
        ahead: &Ahead,
    ) -> (bool, bool) {
        let now = self.now;
        match now.state {
            State::Bypass => {
                (self.flush_all, self.flush_line) = (false, None);
                if self.enabled {
                    next.state = State::Flush(self.tags.sets() as u32);
                } else if let Some(line) = asked {
                    (next.line, next.state) = (line, State::BypassAsk);
                    self.counters.misses += 1;
                    return (true, false);
                }
            }
            State::BypassWait if self.returns(Port::Fetch, cycle) => next.state = State::Bypass,
            State::Flush(left) => {
                self.tags.clear_set(left as usize - 1);
                next.state = if left > 1 { State::Flush(left - 1) } else { State::Idle };
                return (false, true);
            }
            State::Idle => {
                if !self.enabled {
                    next.state = State::Bypass;
                } else if std::mem::take(&mut self.flush_all) {
                    next.state = State::Flush(self.tags.sets() as u32);
                } else if let Some(line) = self.flush_line.take() {
                    self.tags.clear_set(self.set_of(line));
                    return (false, true);
                } else if let Some(line) = asked {
                    next.line = line;
                    next.state = State::Lookup;
                    if self.prefetches && !elsewhere && !ahead.found {
                        if came {
                            next.state = State::Conflict;
                        } else if ahead.busy {
                            next.state = State::WaitPrefetch;
                        }
                    }
                    self.counters.misses += u64::from(next.state == State::WaitPrefetch);
                    self.counters.hits += u64::from(next.state == State::Conflict);
                    return (true, true);
                }
            }
            State::Lookup if self.hit() => {
                self.counters.hits += 1;
                if let Some(line) = asked {
                    next.line = line;
                    return (true, true);
                }
                next.state = State::Idle;
            }
            State::Lookup => {
                self.counters.misses += 1;
                if now.expected {
                    next.state = if came || now.came {
                        State::Conflict
                    } else {
                        State::WaitPrefetch
                    };
                } else {
                    next.way = self.victim(self.set_of(now.line));
                    next.state = State::Ask;
                }
            }
            State::Wait if self.returns(Port::Fetch, cycle) => {
                self.tags.fill(self.set_of(now.line), now.way, now.line);
                next.state = State::Idle;
                return (false, true);
            }
            State::WaitPrefetch if came => next.state = State::Idle,
            State::Conflict => next.state = State::Idle,
            State::BypassWait | State::BypassAsk | State::Ask | State::Wait | State::WaitPrefetch => {}
        }
        (false, false)
    }

    /// The port to the shared level: the fetch side first.
    fn ask(&mut self, next: &mut Registers, cycle: u64, prefetch_asks: bool) {
        let now = self.now;
        let fetch_asks = match now.state {
            State::Lookup => next.state == State::Ask,
            State::Ask | State::BypassAsk => true,
            _ => false,
        };
        let (port, asks, line) = match now.port {
            Port::Free if fetch_asks => (Port::Fetch, true, now.line),
            Port::Free if prefetch_asks => (Port::Prefetch, true, now.ahead),
            Port::Free => return,
            Port::Fetch => (Port::Fetch, fetch_asks, now.line),
            Port::Prefetch => (Port::Prefetch, prefetch_asks, now.ahead),
        };
        next.port = if self.returns(port, cycle) { Port::Free } else { port };
        if !asks {
            return;
        }
        if now.asking.is_none() {
            next.asking = Some(line);
            self.request = Some(line);
        }
        if self.granted {
            next.asking = None;
            match port {
                Port::Prefetch => next.prefetch = Prefetch::Wait,
                _ if now.state == State::BypassAsk => next.state = State::BypassWait,
                _ => next.state = State::Wait,
            }
        }
    }
}

/// What the prefetch side tells the fetch side in a cycle.
#[derive(Clone, Copy, Debug, Default)]
struct Ahead {
    /// It is about a line.
    busy: bool,
    /// That line is there already.
    found: bool,
    /// It asks the shared level.
    asks: bool,
}
