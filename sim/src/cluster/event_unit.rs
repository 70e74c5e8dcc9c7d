//! The event unit: masks and buffers of 32 event lines per core, barriers, mutexes, the dispatch queue, and the sleep and
//! wake-up of cores that wait for them. Timing rules C6 and E1..E7.
//!
//! Not an interrupt controller of the orchestrator, and no owner of clocks: it says when a waiting core is granted, the
//! engine knows what that costs the core (R18).
//!
//! An event asserted in cycle s is in the buffers at s + 1, which is when a waiter is granted; an interrupt line follows
//! a cycle later. Everything else reduces to when a unit asserts its line: a barrier one cycle after the last arrival, a
//! mutex in the cycle of the request or of the unlock, the dispatch queue in the first cycle in which it holds the
//! value and somebody asks.
//!
//! Invariant: what a cycle's accesses and events do shows in the next cycle, so the order of calls within a cycle
//! decides nothing except who wins a barrier's write port.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Access, all_cores, core_mask, mask_register};
use crate::soc::Unmodelled;

/// Event lines with a fixed meaning.
pub mod line {
    /// DMA completion, as an event (D13).
    pub const DMA_EVENT: u32 = 8;
    /// DMA completion, as an interrupt (D13).
    pub const DMA_IRQ: u32 = 9;
    /// Cluster timer, low counter.
    pub const TIMER_LO: u32 = 10;
    /// Cluster timer, high counter.
    pub const TIMER_HI: u32 = 11;
    /// A barrier is complete.
    pub const BARRIER: u32 = 16;
    /// A mutex was given to this core.
    pub const MUTEX: u32 = 17;
    /// The dispatch queue has a value for this core.
    pub const DISPATCH: u32 = 18;
    /// A DMA command of the peripheral-bus port is complete.
    pub const DMA_EXTERNAL: u32 = 22;
    /// The queue of SoC events is not empty.
    pub const SOC_EVENT: u32 = 27;
}

const BARRIERS: usize = 16;
const MUTEXES: usize = 16;
const SW_EVENTS: u32 = 8;
const QUEUE: usize = 8;

/// A waiting core's grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// The worker.
    pub core: usize,
    /// What its load reads.
    pub value: u32,
    /// The wait was cut short by an interrupt (E7): the value is 0 and the load is to be made again after the handler.
    pub interrupted: bool,
}

/// What a core that got no grant waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitReason {
    /// Any event of this mask, as it stands now; 0 is never satisfied.
    Event {
        /// Enabled lines.
        mask: u32,
    },
    /// The barrier with this number.
    Barrier(u8),
    /// The mutex with this number.
    Mutex(u8),
    /// A value from the dispatch queue.
    Dispatch,
    /// Nothing: the offset is not decoded, and such an access is never granted (P5).
    Undecoded(u32),
}

impl WaitReason {
    /// Whether a DMA completion can end the wait.
    pub fn is_dma(self) -> bool {
        let lines = 1 << line::DMA_EVENT | 1 << line::DMA_IRQ | 1 << line::DMA_EXTERNAL;
        matches!(self, Self::Event { mask } if mask & lines != 0)
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event { mask: 0 } => write!(f, "an event, but its event mask is 0"),
            Self::Event { mask } => write!(f, "an event of mask {mask:#x}"),
            Self::Barrier(n) => write!(f, "barrier {n}"),
            Self::Mutex(n) => write!(f, "mutex {n}"),
            Self::Dispatch => write!(f, "a value from the dispatch queue"),
            Self::Undecoded(offset) => write!(f, "the event-unit offset {offset:#x}, which nothing answers (P5)"),
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Wait {
    Event,
    Barrier(u8),
    Mutex(u8),
    Dispatch,
    Undecoded(u32),
}

/// A load that sleeps: what it waits for, its offset, and whether its grant clears the events that it returns.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Sleeper {
    wait: Wait,
    offset: u32,
    clear: bool,
}

/// A register whose write shows in the next cycle.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Staged {
    now: u32,
    next: u32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Core {
    event_mask: Staged,
    irq_mask: Staged,
    buffer: u32,
    /// Lines asserted in the current cycle.
    asserted: u32,
    /// Buffer bits that a store of the current cycle clears.
    cleared: u32,
    /// Cores that this core's trigger-and-wait loads reach.
    sw_targets: u32,
    irq: Option<u32>,
    sleeper: Option<Sleeper>,
    /// The cycle in which the port takes no request (E1).
    refuses_at: Option<u64>,
    /// Offset of a barrier load that an interrupt cut short: its arrival counts already.
    cut: Option<u32>,
}

impl Core {
    fn pending(&self) -> u32 {
        self.buffer & self.event_mask.now
    }

    fn irq_source(&self) -> Option<u32> {
        (self.buffer & self.irq_mask.now).checked_ilog2()
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Barrier {
    mask: u64,
    targets: u64,
    status: u64,
    arrived: u64,
    written_at: Option<u64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Mutex {
    owner: Option<usize>,
    waiting: u64,
    message: u32,
}

/// A value of the dispatch queue, and the cores that have not read it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Dispatched {
    value: u32,
    unread: u64,
}

/// The dispatch queue: a ring that never refuses a value and overwrites the oldest, as the hardware's does. Firmware
/// relies on that: the core that pushes is itself in the team and does not read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Dispatch {
    team: u64,
    ring: [Dispatched; QUEUE],
    write: usize,
    /// Where each core reads next.
    read: Vec<usize>,
    /// Cores that ask and have not been signalled.
    asking: u64,
    /// What is pushed in the current cycle.
    pushed: Option<Dispatched>,
}

/// The event unit of one cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventUnit {
    all: u64,
    cores: Vec<Core>,
    barriers: Vec<Barrier>,
    mutexes: Vec<Mutex>,
    dispatch: Dispatch,
    soc_events: VecDeque<u32>,
    /// Cores with assertions, clears or staged writes of the current cycle.
    touched: u64,
    /// Barriers with arrivals or writes of the current cycle.
    barriers_touched: u32,
    /// Cores whose interrupt line changes in the next cycle.
    irq_stale: u64,
    sleeping: u64,
    due: Option<u64>,
    #[serde(skip)]
    wakes: Vec<Wake>,
}

fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}

impl EventUnit {
    /// An event unit for `workers` cores, 1..=64, as reset leaves it: every mask and buffer 0.
    pub fn new(workers: usize) -> Self {
        let all = all_cores(workers);
        Self {
            all,
            cores: vec![Core::default(); workers],
            barriers: vec![Barrier::default(); BARRIERS],
            mutexes: vec![Mutex::default(); MUTEXES],
            dispatch: Dispatch {
                team: all,
                read: vec![0; workers],
                ..Dispatch::default()
            },
            soc_events: VecDeque::new(),
            touched: 0,
            barriers_touched: 0,
            irq_stale: 0,
            sleeping: 0,
            due: None,
            wakes: Vec::new(),
        }
    }

    /// The next cycle in which a wake-up or an inner change happens without another call.
    pub fn next_due(&self) -> Option<u64> {
        self.due
    }

    /// Does what is due by cycle `now` and appends the grants of that cycle, in the order of core indices.
    ///
    /// To be called in every due cycle before that cycle's port accesses.
    pub fn tick(&mut self, now: u64, wakes: &mut Vec<Wake>) {
        self.advance(now);
        wakes.append(&mut self.wakes);
    }

    /// Asserts `line` to `cores` in cycle `now`: a waiter is granted at `now + 1` (E2).
    pub fn raise(&mut self, now: u64, cores: u64, line: u32) {
        self.advance(now);
        self.assert_line(now, cores, line);
    }

    /// Puts a SoC event into the queue that firmware reads at bus offset 0x700; all cores get line 27.
    ///
    /// A full queue (8 entries) drops it.
    pub fn raise_soc_event(&mut self, now: u64, event: u32) {
        self.advance(now);
        if self.soc_events.len() < QUEUE {
            self.soc_events.push_back(event & 0xFF);
            self.assert_line(now, self.all, line::SOC_EVENT);
        }
    }

    /// The interrupt that `core` sees in this cycle: the highest enabled pending line (E7).
    pub fn irq(&self, core: usize) -> Option<u32> {
        self.cores[core].irq
    }

    /// `core` takes the interrupt `line` in cycle `now`: its buffer bit clears, the interrupt line follows at `now + 2`.
    pub fn acknowledge(&mut self, now: u64, core: usize, line: u32) {
        self.advance(now);
        self.cores[core].cleared |= 1 << line;
        self.touch(now, core);
    }

    /// What `core` waits for, if it sleeps.
    pub fn waiting_for(&self, core: usize) -> Option<WaitReason> {
        let core = &self.cores[core];
        Some(match core.sleeper?.wait {
            Wait::Event => WaitReason::Event {
                mask: core.event_mask.next,
            },
            Wait::Barrier(n) => WaitReason::Barrier(n),
            Wait::Mutex(n) => WaitReason::Mutex(n),
            Wait::Dispatch => WaitReason::Dispatch,
            Wait::Undecoded(offset) => WaitReason::Undecoded(offset),
        })
    }

    /// The same as a sentence with the state of what is waited for, for a deadlock report.
    pub fn describe_wait(&self, core: usize) -> Option<String> {
        let reason = self.waiting_for(core)?;
        let enabled = self.cores[core].event_mask.next;
        let disabled = |line: u32, name: &str| match enabled >> line & 1 {
            0 => format!("; its event mask {enabled:#x} does not enable {name} events (bit {line})"),
            _ => String::new(),
        };
        Some(match reason {
            WaitReason::Barrier(n) => {
                let barrier = &self.barriers[usize::from(n)];
                let (status, mask) = (barrier.status | barrier.arrived, barrier.mask);
                format!(
                    "{reason} (arrived {status:#x} of {mask:#x}{})",
                    disabled(line::BARRIER, "barrier")
                )
            }
            WaitReason::Mutex(n) => {
                let owner = match self.mutexes[usize::from(n)].owner {
                    Some(owner) => format!("held by core {owner}"),
                    None => "free".to_owned(),
                };
                format!("{reason} ({owner}{})", disabled(line::MUTEX, "mutex"))
            }
            WaitReason::Dispatch => {
                format!(
                    "{reason} (team {:#x}{})",
                    self.dispatch.team,
                    disabled(line::DISPATCH, "dispatch")
                )
            }
            WaitReason::Event { .. } | WaitReason::Undecoded(_) => reason.to_string(),
        })
    }

    /// `core` loads from its direct port in cycle `now`.
    pub fn load(&mut self, now: u64, core: usize, offset: u32) -> Access {
        self.advance(now);
        if self.cores[core].refuses_at == Some(now) {
            return Access::Refused;
        }
        let offset = offset & !3;
        match offset {
            0x38 | 0x3C => self.sleep(now, core, Wait::Event, offset, offset == 0x3C),
            0x00..=0x37 => Access::Granted(self.core_register(core, offset)),
            0x80 => self.pop(now, core, offset),
            0x84 => Access::Granted(mask_register(self.dispatch.team, self.all)),
            0xC0..=0xFF => self.lock(now, core, offset),
            0x100..=0x11F => Access::Granted(0),
            0x140..=0x15F | 0x180..=0x19F => {
                let targets = self.targets(self.cores[core].sw_targets);
                self.assert_line(now, targets, offset % 0x20 / 4);
                self.sleep(now, core, Wait::Event, offset, offset >= 0x180)
            }
            0x200..=0x3FF => self.barrier_load(now, core, offset),
            _ => self.hang(core, offset),
        }
    }

    /// `core` stores to its direct port in cycle `now`.
    pub fn store(&mut self, now: u64, core: usize, offset: u32, value: u32) -> Access {
        self.advance(now);
        if self.cores[core].refuses_at == Some(now) {
            return Access::Refused;
        }
        let offset = offset & !3;
        match offset {
            0x00..=0x3F => self.write_core_register(now, core, offset, value),
            0x80 => return self.push(now, value),
            0x84 => self.dispatch.team = core_mask(value, self.all),
            0xC0..=0xFF => self.unlock(now, offset, value),
            0x100..=0x11F => self.assert_line(now, self.targets(value), offset % 0x20 / 4),
            0x140..=0x15F | 0x180..=0x19F => {}
            0x200..=0x3FF => {
                let barrier = &mut self.barriers[barrier_index(offset)];
                if barrier.written_at == Some(now) {
                    return Access::Refused;
                }
                barrier.written_at = Some(now);
                self.write_barrier(now, offset, value);
            }
            _ => return self.hang(core, offset),
        }
        Access::Granted(0)
    }

    /// Somebody loads from the peripheral-bus port (base 0x10200800); `now` is the cycle in which the request reaches
    /// the event unit, two after the core's request (E3, P1).
    ///
    /// The bus port shows the first 16 cores and never sleeps: its wait registers read as the masked buffer.
    ///
    /// # Errors
    /// [`Unmodelled`] where nothing answers; the hardware would never grant (P5).
    pub fn bus_load(&mut self, now: u64, offset: u32) -> Result<u32, Unmodelled> {
        self.advance(now);
        let offset = offset & !3;
        match offset {
            0x000..=0x3FF if self.block(offset).is_some() => {
                let (core, register) = self.block(offset).unwrap_or_default();
                Ok(self.core_register(core, register))
            }
            0x400..=0x5FF if offset & 0x1F < 0x10 => Ok(self.barrier_register(offset)),
            0x600..=0x61F => Ok(0),
            0x700 => Ok(match self.soc_events.pop_front() {
                Some(event) => {
                    if !self.soc_events.is_empty() {
                        self.assert_line(now, self.all, line::SOC_EVENT);
                    }
                    1 << 31 | event
                }
                None => 0,
            }),
            _ => Err(Unmodelled::read("event unit", offset)),
        }
    }

    /// Somebody stores to the peripheral-bus port; see [`EventUnit::bus_load`].
    ///
    /// # Errors
    /// [`Unmodelled`] where nothing answers.
    pub fn bus_store(&mut self, now: u64, offset: u32, value: u32) -> Result<(), Unmodelled> {
        self.advance(now);
        let offset = offset & !3;
        match offset {
            0x000..=0x3FF if self.block(offset).is_some() => {
                let (core, register) = self.block(offset).unwrap_or_default();
                self.write_core_register(now, core, register, value);
            }
            0x400..=0x5FF => self.write_barrier(now, offset, value),
            0x600..=0x61F => self.assert_line(now, self.targets(value), offset % 0x20 / 4),
            _ => return Err(Unmodelled::write("event unit", offset, value)),
        }
        Ok(())
    }

    fn block(&self, offset: u32) -> Option<(usize, u32)> {
        let core = offset as usize / 0x40;
        (core < self.cores.len()).then_some((core, offset % 0x40))
    }

    fn core_register(&self, core: usize, offset: u32) -> u32 {
        let core = &self.cores[core];
        match offset {
            0x00 => core.event_mask.now,
            0x0C => core.irq_mask.now,
            0x18 => u32::from(core.sleeper.is_none()),
            0x1C => core.buffer,
            0x20 | 0x38 | 0x3C => core.pending(),
            0x24 => core.buffer & core.irq_mask.now,
            0x2C => core.sw_targets,
            _ => 0,
        }
    }

    fn write_core_register(&mut self, now: u64, index: usize, offset: u32, value: u32) {
        let core = &mut self.cores[index];
        match offset {
            0x00 => core.event_mask.next = value,
            0x04 => core.event_mask.next &= !value,
            0x08 => core.event_mask.next |= value,
            0x0C => core.irq_mask.next = value,
            0x10 => core.irq_mask.next &= !value,
            0x14 => core.irq_mask.next |= value,
            0x28 => core.cleared |= value,
            0x2C => core.sw_targets = value,
            0x30 => core.sw_targets &= !value,
            0x34 => core.sw_targets |= value,
            _ => return,
        }
        self.touch(now, index);
    }

    /// Cores that a software trigger with this value reaches: 0 means all.
    fn targets(&self, value: u32) -> u64 {
        if value == 0 {
            self.all
        } else {
            core_mask(value, self.all)
        }
    }

    fn barrier_load(&mut self, now: u64, core: usize, offset: u32) -> Access {
        let index = barrier_index(offset);
        match offset % 0x20 {
            0x14 => {
                self.arrive(now, index, 1 << core);
                Access::Granted(0)
            }
            0x18 | 0x1C => {
                if self.cores[core].cut == Some(offset) {
                    self.cores[core].cut = None;
                } else {
                    self.arrive(now, index, 1 << core);
                }
                self.sleep(now, core, Wait::Barrier(index as u8), offset, offset % 0x20 == 0x1C)
            }
            _ => Access::Granted(self.barrier_register(offset)),
        }
    }

    fn barrier_register(&self, offset: u32) -> u32 {
        let barrier = &self.barriers[barrier_index(offset)];
        match offset % 0x20 {
            0x00 => mask_register(barrier.mask, self.all),
            0x04 => barrier.status as u32,
            0x08 => self
                .barriers
                .iter()
                .fold(0, |summary, barrier| summary | barrier.status) as u32,
            0x0C => mask_register(barrier.targets, self.all),
            _ => 0,
        }
    }

    fn write_barrier(&mut self, now: u64, offset: u32, value: u32) {
        let index = barrier_index(offset);
        let cores = core_mask(value, self.all);
        match offset % 0x20 {
            0x00 => self.barriers[index].mask = cores,
            0x0C => self.barriers[index].targets = cores,
            0x10 => self.barriers[index].arrived |= cores,
            _ => return,
        }
        self.barriers_touched |= 1 << index;
        self.schedule(now + 1);
    }

    fn arrive(&mut self, now: u64, index: usize, cores: u64) {
        self.barriers[index].arrived |= cores;
        self.barriers_touched |= 1 << index;
        self.schedule(now + 1);
    }

    fn lock(&mut self, now: u64, core: usize, offset: u32) -> Access {
        let index = (offset - 0xC0) as usize / 4;
        let mutex = &mut self.mutexes[index];
        if mutex.owner != Some(core) {
            mutex.waiting |= 1 << core;
            self.schedule(now + 1);
        }
        self.sleep(now, core, Wait::Mutex(index as u8), offset, false)
    }

    fn unlock(&mut self, now: u64, offset: u32, value: u32) {
        let mutex = &mut self.mutexes[(offset - 0xC0) as usize / 4];
        mutex.message = value;
        mutex.owner = None;
        self.schedule(now + 1);
    }

    fn push(&mut self, now: u64, value: u32) -> Access {
        let dispatch = &mut self.dispatch;
        if dispatch.pushed.is_some() {
            return Access::Refused;
        }
        dispatch.pushed = Some(Dispatched {
            value,
            unread: dispatch.team,
        });
        self.schedule(now + 1);
        Access::Granted(0)
    }

    fn pop(&mut self, now: u64, core: usize, offset: u32) -> Access {
        self.dispatch.asking |= 1 << core;
        self.schedule(now + 1);
        self.sleep(now, core, Wait::Dispatch, offset, false)
    }

    fn hang(&mut self, core: usize, offset: u32) -> Access {
        self.cores[core].sleeper = Some(Sleeper {
            wait: Wait::Undecoded(offset),
            offset,
            clear: false,
        });
        self.sleeping |= 1 << core;
        Access::Waiting
    }

    fn sleep(&mut self, now: u64, core: usize, wait: Wait, offset: u32, clear: bool) -> Access {
        let sleeper = Sleeper { wait, offset, clear };
        if let Some(value) = self.grant(now, core, sleeper) {
            return Access::Granted(value);
        }
        self.cores[core].sleeper = Some(sleeper);
        self.sleeping |= 1 << core;
        if self.cores[core].irq.is_some() {
            self.schedule(now + 1);
        }
        Access::Waiting
    }

    /// The value with which `core` is granted in cycle `now`, if what it waits for has come.
    ///
    /// Any enabled event ends a wait for an event or a barrier, and all of them are returned together (E1); a mutex or a
    /// dispatched value is only had by its own line.
    fn grant(&mut self, now: u64, core: usize, sleeper: Sleeper) -> Option<u32> {
        let state = &mut self.cores[core];
        let pending = state.pending();
        let own = match sleeper.wait {
            Wait::Event | Wait::Barrier(_) => pending,
            Wait::Mutex(_) => pending & 1 << line::MUTEX,
            Wait::Dispatch => pending & 1 << line::DISPATCH,
            Wait::Undecoded(_) => 0,
        };
        if own == 0 {
            return None;
        }
        let value = match sleeper.wait {
            Wait::Mutex(index) => self.mutexes[usize::from(index)].message,
            Wait::Dispatch => self.dispatch.take(core),
            _ => pending,
        };
        if sleeper.clear {
            state.buffer &= !pending;
            state.refuses_at = Some(now + 1);
        } else if !matches!(sleeper.wait, Wait::Event | Wait::Barrier(_)) {
            state.buffer &= !own;
        }
        if state.irq_source() != state.irq {
            self.irq_stale |= 1 << core;
            self.schedule(now + 1);
        }
        Some(value)
    }

    fn assert_line(&mut self, now: u64, cores: u64, line: u32) {
        for core in bits(cores & self.all) {
            self.cores[core].asserted |= 1 << line;
        }
        self.touched |= cores & self.all;
        self.schedule(now + 1);
    }

    fn touch(&mut self, now: u64, core: usize) {
        self.touched |= 1 << core;
        self.schedule(now + 1);
    }

    fn schedule(&mut self, cycle: u64) {
        self.due = Some(self.due.map_or(cycle, |due| due.min(cycle)));
    }

    fn advance(&mut self, now: u64) {
        while let Some(due) = self.due.filter(|&due| due <= now) {
            self.due = None;
            self.step(due);
        }
    }

    /// The clock edge between cycle `n - 1` and cycle `n`.
    fn step(&mut self, n: u64) {
        for core in bits(std::mem::take(&mut self.irq_stale)) {
            self.cores[core].irq = self.cores[core].irq_source();
        }
        self.serve_mutexes();
        self.serve_dispatch(n);
        for index in bits(std::mem::take(&mut self.touched)) {
            let core = &mut self.cores[index];
            core.event_mask.now = core.event_mask.next;
            core.irq_mask.now = core.irq_mask.next;
            core.buffer = core.buffer & !std::mem::take(&mut core.cleared) | std::mem::take(&mut core.asserted);
            if core.irq_source() != core.irq {
                self.irq_stale |= 1 << index;
                self.schedule(n + 1);
            }
        }
        self.serve_barriers(n);
        for core in bits(self.sleeping) {
            let Some(sleeper) = self.cores[core].sleeper else {
                continue;
            };
            let wake = match self.grant(n, core, sleeper) {
                Some(value) => Wake {
                    core,
                    value,
                    interrupted: false,
                },
                None if self.cores[core].irq.is_some() => {
                    self.cut_short(core, sleeper);
                    Wake {
                        core,
                        value: 0,
                        interrupted: true,
                    }
                }
                None => continue,
            };
            self.cores[core].sleeper = None;
            self.sleeping &= !(1 << core);
            self.wakes.push(wake);
        }
    }

    /// A free mutex goes to the lowest waiting core (E5); its line is asserted in the cycle that just ended.
    fn serve_mutexes(&mut self) {
        for mutex in &mut self.mutexes {
            if mutex.owner.is_none() && mutex.waiting != 0 {
                let core = mutex.waiting.trailing_zeros() as usize;
                mutex.owner = Some(core);
                mutex.waiting &= !(1 << core);
                self.cores[core].asserted |= 1 << line::MUTEX;
                self.touched |= 1 << core;
            }
        }
    }

    /// A core that asked by cycle `n - 1` for a value pushed before that cycle gets its line (E6). It looks at one entry
    /// of the ring in a cycle, and passes those that are not for it.
    fn serve_dispatch(&mut self, n: u64) {
        let dispatch = &mut self.dispatch;
        let mut again = false;
        for core in bits(dispatch.asking) {
            let read = &mut dispatch.read[core];
            if dispatch.ring[*read].unread >> core & 1 != 0 {
                dispatch.asking &= !(1 << core);
                self.cores[core].asserted |= 1 << line::DISPATCH;
                self.touched |= 1 << core;
            } else if *read != dispatch.write {
                *read = (*read + 1) % QUEUE;
                again = true;
            }
        }
        if let Some(pushed) = dispatch.pushed.take() {
            dispatch.ring[dispatch.write] = pushed;
            dispatch.write = (dispatch.write + 1) % QUEUE;
            again = true;
        }
        if again && dispatch.asking != 0 {
            self.schedule(n + 1);
        }
    }

    /// Arrivals show in the status, and a complete barrier asserts its line in cycle `n` (C6).
    fn serve_barriers(&mut self, n: u64) {
        for index in bits(std::mem::take(&mut self.barriers_touched).into()) {
            let barrier = &mut self.barriers[index];
            barrier.status |= std::mem::take(&mut barrier.arrived);
            if barrier.mask != 0 && barrier.status & barrier.mask == barrier.mask {
                barrier.status = 0;
                let targets = barrier.targets;
                self.assert_line(n, targets, line::BARRIER);
            }
        }
    }

    fn cut_short(&mut self, core: usize, sleeper: Sleeper) {
        match sleeper.wait {
            Wait::Barrier(_) => self.cores[core].cut = Some(sleeper.offset),
            Wait::Mutex(index) => self.mutexes[usize::from(index)].waiting &= !(1 << core),
            Wait::Dispatch => self.dispatch.asking &= !(1 << core),
            Wait::Event | Wait::Undecoded(_) => {}
        }
    }
}

impl Dispatch {
    /// The value that `core` was signalled.
    fn take(&mut self, core: usize) -> u32 {
        self.asking &= !(1 << core);
        let read = &mut self.read[core];
        let entry = &mut self.ring[*read];
        entry.unread &= !(1 << core);
        *read = (*read + 1) % QUEUE;
        entry.value
    }
}

fn barrier_index(offset: u32) -> usize {
    (offset as usize % 0x200) / 0x20
}

const _: () = assert!(BARRIERS * 0x20 == 0x200 && SW_EVENTS * 4 == 0x20);
