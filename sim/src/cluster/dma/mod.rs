//! The cluster's DMA (mchan): control ports, transfer IDs, and two engines that move blocks between L1 and everything
//! outside. Timing rules D1..D13.
//!
//! It does not know where an address goes: L1 is reached through [`Dma::request`] and [`Dma::granted`], which the L1's
//! owner arbitrates like any other master's, and the outside through [`External`].
//!
//! Each cycle, in this order: [`Dma::tick`], then port accesses and L1 grants in any order. An idle DMA has no due cycle.
//!
//! Invariant: a command's running bit is set from when an engine takes it to the cycle of its event, and its ID is in
//! use until software gives it back.

mod aligner;
mod command;
mod engine;
mod splitter;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use command::{Burst, Command, Rows, bit};
use engine::{COMPLETION, Ended, Rx, Tx};
use splitter::{Queued, Taken};

use super::event_unit::line;
use super::{Access, all_cores};
use crate::soc::clock::Clocks;
use crate::soc::itc;

/// Transfer IDs (D2).
const IDS: u32 = 16;
/// 2D descriptors of each kind that can wait (D3).
const DESCRIPTORS: u32 = 4;

/// Cycles from taking a command without bytes to its pulse. Our choice: nobody measured it.
const EMPTY: u64 = 6;

/// Sizes and latencies, in bytes, bursts and cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DmaTiming {
    /// Longest external burst: a power of two, at least 8 (D6).
    pub burst_bytes: u32,
    /// Bursts in flight in each direction, at least 1 (D7).
    pub outstanding: u32,
    /// From a read's address to its first beat (R).
    pub read_latency: u32,
    /// From a write's last beat to its response (W).
    pub write_latency: u32,
    /// The clocks on both sides of the external port; latencies are in cycles of the SoC's.
    pub clocks: Clocks,
}

/// What is outside the cluster, as the DMA sees it: beats of eight bytes, at once. The DMA adds the time.
pub trait External {
    /// The beat at `address`, a multiple of 8, of which only the bytes of `enable` (bit 0 the lowest) matter.
    ///
    /// # Errors
    /// [`NotMapped`] if any of these bytes is nowhere.
    fn read(&mut self, address: u32, enable: u8) -> Result<u64, NotMapped>;

    /// Stores the bytes of `enable` (bit 0 the lowest) of a beat at `address`, a multiple of 8.
    ///
    /// # Errors
    /// [`NotMapped`] if any of these bytes is nowhere.
    fn write(&mut self, address: u32, enable: u8, beat: u64) -> Result<(), NotMapped>;
}

/// Nothing answers at the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotMapped;

/// A request at one of the four L1 ports, to be made again every cycle until it is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcdmRequest {
    /// Word-aligned address.
    pub address: u32,
    /// Store or load.
    pub write: bool,
    /// The word to store.
    pub data: u32,
    /// Bytes of the word to store, bit 0 the lowest.
    pub byte_enable: u8,
}

/// Why a transfer cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DmaFault {
    /// An external address that nothing answers.
    #[error("the DMA {} {address:#010x}, where nothing is mapped", if *.write { "wrote" } else { "read" })]
    Unmapped {
        /// The byte address.
        address: u32,
        /// Whether it was a write.
        write: bool,
    },
}

/// Who gave a command and what happens at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Job {
    port: u16,
    id: u16,
    control: u32,
}

/// A transfer's end, in the cycle of its pulse (D13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The control port that gave the command.
    pub port: usize,
    /// Its transfer ID.
    pub id: u32,
    /// Raise the event line.
    pub event: bool,
    /// Raise the interrupt line.
    pub interrupt: bool,
    /// Raise them to all workers.
    pub broadcast: bool,
}

impl Completion {
    /// The event-unit lines to raise, each with its cores, on a cluster of `workers`.
    ///
    /// The port after the workers' own is the cluster's on the bus: it raises line 22 to all workers, besides what it
    /// broadcasts. The one after that is the orchestrator's.
    pub fn lines(&self, workers: usize) -> impl Iterator<Item = (u64, u32)> {
        let all = all_cores(workers);
        let of_bus = self.port >= workers;
        let cores = if self.broadcast {
            all
        } else if of_bus {
            0
        } else {
            1 << self.port
        };
        [
            (self.event, cores, line::DMA_EVENT),
            (self.interrupt, cores, line::DMA_IRQ),
            (
                self.port == workers && (self.event || self.interrupt),
                all,
                line::DMA_EXTERNAL,
            ),
        ]
        .into_iter()
        .filter(|&(raised, cores, _)| raised && cores != 0)
        .map(|(_, cores, line)| (cores, line))
    }

    /// The lines of the orchestrator's interrupt controller to raise: the cluster's port on the bus has one for both kinds
    /// (as GVSoC), the orchestrator's port one for each (as the RTL).
    pub fn orchestrator_lines(&self, workers: usize) -> impl Iterator<Item = u32> {
        let (of_cluster, of_orchestrator) = (self.port == workers, self.port > workers);
        [
            (of_cluster && (self.event || self.interrupt), itc::line::CLUSTER_DMA),
            (of_orchestrator && self.event, itc::line::CLUSTER_DMA),
            (of_orchestrator && self.interrupt, itc::line::CLUSTER_DMA_IRQ),
        ]
        .into_iter()
        .filter_map(|(raised, line)| raised.then_some(line))
    }
}

/// What the DMA has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DmaCounters {
    /// Commands completed.
    pub transfers: u64,
    /// Bytes of the commands completed that filled L1.
    pub bytes_to_l1: u64,
    /// Bytes of the commands completed that emptied L1.
    pub bytes_from_l1: u64,
    /// Cycles in which at least one command was under way.
    pub busy_cycles: u64,
    /// L1 words read or written.
    pub l1_accesses: u64,
    /// Cycles in which an L1 request was not granted, summed over the four ports.
    pub l1_stalls: u64,
}

/// Why a port that was refused does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// All 16 transfer IDs are in use and nobody has given one back (D2).
    NoFreeId,
    /// Its last command has not been taken (D3).
    CommandWaiting,
    /// All 2D descriptors of a kind are in use (D3).
    NoFreeDescriptor,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Port {
    words: Vec<u32>,
    id: u32,
    /// The port answers from this cycle on; `None` until its last command has been taken.
    answers_from: Option<u64>,
}

/// A command was given, or is done: for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The cycle of the store of its last word, or the one of its end.
    pub cycle: u64,
    /// Its transfer ID.
    pub id: u32,
    /// The control port that gave it: a core's index, the number of workers for the cluster's port on the bus, one more
    /// for the orchestrator's.
    pub port: usize,
    /// Bytes.
    pub bytes: u32,
    /// Into L1 rather than out of it.
    pub to_l1: bool,
    /// It is done, rather than given.
    pub done: bool,
}

/// The DMA of one cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dma {
    ports: Vec<Port>,
    allocated: u32,
    /// Commands taken and not completed, per ID.
    running: [u32; IDS as usize],
    id_given_at: Option<u64>,
    external_rows: u32,
    l1_rows: u32,
    /// Commands given and not completed.
    open: u32,
    rx: Rx,
    tx: Tx,
    /// Jobs to end, with the cycles of their pulses, in order.
    events: VecDeque<(u64, Job)>,
    /// IDs whose running bits show from the next cycle on.
    starting: Vec<u16>,
    /// The L1 ports that ask in the cycle of the last tick and have not been granted, one bit each.
    asking: u8,
    counters: DmaCounters,
    busy_since: u64,
    ticked: u64,
    due: Option<u64>,
    /// Commands given and done, where somebody watches.
    #[serde(skip)]
    log: Option<Vec<Transfer>>,
}

impl Dma {
    /// An idle DMA with `ports` control ports: one for each worker, then those of the peripheral bus.
    pub fn new(ports: usize, timing: DmaTiming) -> Self {
        let DmaTiming {
            burst_bytes,
            outstanding,
            read_latency,
            write_latency,
            clocks,
        } = timing;
        Self {
            ports: vec![
                Port {
                    answers_from: Some(0),
                    ..Port::default()
                };
                ports
            ],
            allocated: 0,
            running: [0; IDS as usize],
            id_given_at: None,
            external_rows: 0,
            l1_rows: 0,
            open: 0,
            rx: Rx::new(burst_bytes, outstanding, read_latency, clocks),
            tx: Tx::new(burst_bytes, outstanding, write_latency, clocks),
            events: VecDeque::new(),
            starting: Vec::new(),
            asking: 0,
            counters: DmaCounters::default(),
            busy_since: 0,
            ticked: 0,
            due: None,
            log: None,
        }
    }

    /// Notes commands that are given and done from now on.
    pub fn watch(&mut self) {
        self.log.get_or_insert_default();
    }

    /// Takes what was noted since the last call.
    pub fn take_log(&mut self) -> Vec<Transfer> {
        self.log.as_mut().map(std::mem::take).unwrap_or_default()
    }

    #[inline]
    fn log(&mut self, cycle: u64, job: Job, done: bool) {
        if let Some(log) = &mut self.log {
            log.push(Transfer {
                cycle,
                id: job.id.into(),
                port: job.port.into(),
                bytes: job.control & bit::LENGTH,
                to_l1: job.control & bit::TO_L1 != 0,
                done,
            });
        }
    }

    /// What has been done before cycle `now`.
    pub fn counters(&self, now: u64) -> DmaCounters {
        let running = if self.open > 0 { now - self.busy_since } else { 0 };
        DmaCounters {
            busy_cycles: self.counters.busy_cycles + running,
            ..self.counters
        }
    }

    /// Whether a command is under way.
    pub fn is_busy(&self) -> bool {
        self.open > 0
    }

    /// A control port loads in cycle `now`: offset 0 gives a transfer ID, offset 4 the status (D1, D2).
    pub fn load(&mut self, now: u64, port: usize, offset: u32) -> Access {
        if self.refusal(now, port, offset, None).is_some() {
            return Access::Refused;
        }
        Access::Granted(match offset & !3 {
            0 => {
                let id = (!self.allocated).trailing_zeros();
                self.allocated |= 1 << id;
                self.id_given_at = Some(now);
                self.ports[port].id = id;
                id
            }
            4 => self.status(),
            _ => 0,
        })
    }

    /// A control port stores in cycle `now`: offset 0 takes command words, offset 4 gives IDs back (D1, D2).
    pub fn store(&mut self, now: u64, port: usize, offset: u32, value: u32) -> Access {
        if self.refusal(now, port, offset, Some(value)).is_some() {
            return Access::Refused;
        }
        match offset & !3 {
            0 => self.take_word(now, port, value),
            4 => self.allocated &= !value,
            _ => {}
        }
        Access::Granted(0)
    }

    /// Bits 15:0 running IDs, 31:16 IDs in use.
    pub fn status(&self) -> u32 {
        let running = (0..IDS)
            .filter(|&id| self.running[id as usize] > 0)
            .fold(0, |mask, id| mask | 1 << id);
        self.allocated << 16 | running
    }

    /// Why the access that a port makes in cycle `now` is not granted, if it is not.
    pub fn refusal(&self, now: u64, port: usize, offset: u32, store: Option<u32>) -> Option<Refusal> {
        let port = &self.ports[port];
        if port.answers_from.is_none_or(|from| now < from) {
            return Some(Refusal::CommandWaiting);
        }
        match store {
            None if offset & !3 == 0 => {
                let none = self.allocated == (1 << IDS) - 1 || self.id_given_at == Some(now);
                none.then_some(Refusal::NoFreeId)
            }
            Some(control) if offset & !3 == 0 && port.words.is_empty() => {
                let full = control & bit::EXTERNAL_2D != 0 && self.external_rows >= DESCRIPTORS
                    || control & bit::L1_2D != 0 && self.l1_rows >= DESCRIPTORS;
                full.then_some(Refusal::NoFreeDescriptor)
            }
            _ => None,
        }
    }

    fn take_word(&mut self, now: u64, index: usize, value: u32) {
        let port = &mut self.ports[index];
        if port.words.is_empty() {
            self.external_rows += u32::from(value & bit::EXTERNAL_2D != 0);
            self.l1_rows += u32::from(value & bit::L1_2D != 0);
        }
        port.words.push(value);
        if port.words.len() < Command::words(port.words[0]) {
            return;
        }
        let command = Command::from_words(&port.words);
        port.words.clear();
        port.answers_from = None;
        let job = Job {
            port: index as u16,
            id: port.id as u16,
            control: command.control,
        };
        self.log(now, job, false);
        let queued = Queued {
            command,
            job,
            given: now,
            holds_descriptors: command.is_2d(),
        };
        if self.open == 0 {
            self.busy_since = now;
            self.ticked = now;
        }
        self.open += 1;
        if command.to_l1() {
            self.rx.push(self.ticked, queued);
        } else {
            self.tx.push(self.ticked, queued);
        }
        self.due = self.find_due();
    }

    /// The next cycle that [`Dma::tick`] must see.
    pub fn next_due(&self) -> Option<u64> {
        self.due
    }

    fn find_due(&self) -> Option<u64> {
        if self.open == 0 {
            return None;
        }
        let next = self.ticked + 1;
        if !self.starting.is_empty() {
            return Some(next);
        }
        let (rx, tx) = (self.rx.next_due(), self.tx.next_due());
        if rx == Some(next) || tx == Some(next) {
            return Some(next);
        }
        let events = self.events.front().map(|&(at, _)| at);
        [rx, tx, events].into_iter().flatten().min()
    }

    /// Does cycle `now`, before its port accesses and L1 grants, and appends the transfers whose events pulse in it.
    ///
    /// # Errors
    /// [`DmaFault`] if a transfer reached an address that nothing answers; the DMA is of no use afterwards.
    pub fn tick(
        &mut self,
        now: u64,
        external: &mut impl External,
        completions: &mut Vec<Completion>,
    ) -> Result<(), DmaFault> {
        if self.open == 0 {
            return Ok(());
        }
        self.ticked = now;
        while let Some(id) = self.starting.pop() {
            self.running[usize::from(id)] += 1;
        }
        self.counters.l1_stalls += u64::from(self.asking.count_ones());
        while let Some(&(at, job)) = self.events.front()
            && at <= now
        {
            self.events.pop_front();
            completions.extend(self.complete(now, job));
        }
        // Rows ask from the cycle after they came from the aligner.
        let writing = self.rx.asking();
        if self.rx.next_due().is_some() {
            let taken = self.rx.tick(now, external)?;
            self.note(now, taken);
        }
        if self.tx.next_due().is_some() {
            let (taken, ended) = self.tx.tick(now, external)?;
            self.note(now, taken);
            if let Some(Ended { at, job }) = ended {
                self.end(at, job);
            }
        }
        self.asking = self.tx.asking() | writing << 2;
        self.due = self.find_due();
        Ok(())
    }

    #[inline(always)]
    fn note(&mut self, now: u64, taken: Option<Taken>) {
        let Some(taken) = taken else { return };
        self.external_rows -= taken.external_rows;
        self.l1_rows -= taken.l1_rows;
        if let Some(job) = taken.job {
            self.ports[usize::from(job.port)].answers_from = Some(now + 1);
            self.starting.push(job.id);
            if job.control & bit::LENGTH == 0 {
                self.end(now + EMPTY, job);
            }
        }
    }

    fn end(&mut self, at: u64, job: Job) {
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
        let index = self.events.partition_point(|&(other, _)| other <= at);
        self.events.insert(index, (at, job));
    }

    /// The last command of an ID that is under way pulses its lines.
    fn complete(&mut self, now: u64, job: Job) -> Option<Completion> {
        self.log(now, job, true);
        let Job { port, id, control } = job;
        let bytes = u64::from(control & bit::LENGTH);
        if control & bit::TO_L1 != 0 {
            self.counters.bytes_to_l1 += bytes;
        } else {
            self.counters.bytes_from_l1 += bytes;
        }
        self.counters.transfers += 1;
        self.open -= 1;
        if self.open == 0 {
            self.counters.busy_cycles += now - self.busy_since;
        }
        let running = &mut self.running[usize::from(id)];
        *running -= 1;
        (*running == 0).then_some(Completion {
            port: port.into(),
            id: id.into(),
            event: control & bit::EVENT != 0,
            interrupt: control & bit::INTERRUPT != 0,
            broadcast: control & bit::BROADCAST != 0,
        })
    }

    /// The L1 ports that ask in the cycle of the last tick and have not been granted, one bit each.
    #[inline(always)]
    pub fn asking(&self) -> u8 {
        self.asking
    }

    /// What L1 port `port` (0..4) asks for, if it does: 0 and 1 read, 2 and 3 write; even ports even words (D5).
    #[inline(always)]
    pub fn request(&self, port: usize) -> Option<TcdmRequest> {
        if self.asking >> port & 1 == 0 {
            None
        } else if port < 2 {
            self.tx.request(port)
        } else {
            self.rx.request(port - 2)
        }
    }

    /// L1 granted what `port` (0..4) asks for in cycle `now`; a read gets `data`.
    #[inline]
    pub fn granted(&mut self, now: u64, port: usize, data: u32) {
        self.asking &= !(1 << port);
        self.counters.l1_accesses += 1;
        if port < 2 {
            self.tx.granted(now, port, data);
            return;
        }
        self.rx.granted(port - 2);
        while let Some(ends) = self.rx.take_written() {
            if let Some(job) = ends {
                self.end(now + COMPLETION, job);
            }
        }
    }
}
