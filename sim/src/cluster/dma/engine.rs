//! The two engines that move data: external memory to L1 ([`Rx`]) and back ([`Tx`]), cycle by cycle (D4..D9, D12).
//!
//! Both are the same chain: a [`Splitter`] turns commands into bursts, one side of the chain delivers 8-byte beats, an
//! [`Aligner`] shifts them to the other side's alignment, and the other side takes them. The formulas of D8 and D9 are
//! what comes out when nobody is in the way; queues of the depths below make the rest.
//!
//! Invariant: beats of a direction never overtake each other.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::aligner::{Aligner, Given, byte_enable};
use super::command::Burst;
use super::splitter::{Queued, Splitter, Taken};
use super::{DmaFault, External, Job, NotMapped, TcdmRequest};
use crate::soc::clock::Clocks;

/// External read beats that wait at the port, and behind it for the aligner. Both were fitted to 2D reads with R = 30.
const READ_SLICE: usize = 2;
const READ_QUEUE: usize = 2;
/// Cycles from when a beat leaves the port to the first in which the aligner can take it.
const READ_STAGES: u64 = 2;
/// Cycles from the aligner to the external write port.
const WRITE_STAGES: u64 = 3;
/// Rows that wait between the aligner and L1, either way.
const L1_QUEUE: usize = 2;
/// Cycles from the last access (L1 write grant, or write response) to the event pulse.
pub(super) const COMPLETION: u64 = 3;
/// Cycles from a write response to the next address with its transaction ID. Fitted to 2D writes with W = 30.
const TAG_REUSE: u64 = 3;
/// Write bursts whose addresses wait for the burst before.
const ADDRESS_QUEUE: usize = 2;

/// Places in a [`Queue`].
const PLACES: usize = 4;

/// Up to four things in order: the beats that wait between the external port and the aligner, either way, and rows of
/// L1 under way.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Queue<T> {
    items: [T; PLACES],
    /// Where the first is; the others follow around the ring.
    first: usize,
    len: usize,
}

impl<T: Copy> Queue<T> {
    fn place(&self, index: usize) -> usize {
        (self.first + index) % PLACES
    }

    fn push(&mut self, item: T) {
        debug_assert!(!self.is_full());
        self.items[self.place(self.len)] = item;
        self.len += 1;
    }

    fn pop(&mut self) {
        self.first = self.place(1);
        self.len -= 1;
    }

    fn get(&self, index: usize) -> Option<&T> {
        (index < self.len).then(|| &self.items[self.place(index)])
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        let place = self.place(index);
        (index < self.len).then(|| &mut self.items[place])
    }

    fn front(&self) -> Option<&T> {
        self.get(0)
    }

    fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn is_full(&self) -> bool {
        self.len == PLACES
    }
}

/// A job whose last access was in this cycle, and the cycle of its pulse.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) at: u64,
    pub(super) job: Job,
}

/// Transaction IDs on the external port. They come back in the order in which they were taken, so the cycles from which
/// those not in use are free are all there is to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tags(VecDeque<u64>);

impl Tags {
    fn new(count: u32) -> Self {
        Self((0..count).map(|_| 0).collect())
    }

    fn take(&mut self, now: u64) -> bool {
        let free = self.0.front().is_some_and(|&from| from <= now);
        if free {
            self.0.pop_front();
        }
        free
    }

    fn give_back(&mut self, from: u64) {
        self.0.push_back(from);
    }
}

/// Rows of L1 under way. Both ports of a direction go through them in order, each by itself.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Rows<T> {
    queue: Queue<T>,
    /// How many of the rows each port is done with; it asks for the next.
    done: [usize; 2],
}

impl<T: Copy> Rows<T> {
    /// The row that port `lane` asks for.
    fn asked(&self, lane: usize) -> Option<&T> {
        self.queue.get(self.done[lane])
    }

    /// The ports that ask, one bit each.
    fn asking(&self) -> u8 {
        let asks = |lane: usize| u8::from(self.done[lane] < self.queue.len);
        asks(0) | asks(1) << 1
    }

    /// Rows with which both ports are done.
    fn complete(&self) -> usize {
        self.done[0].min(self.done[1])
    }

    /// The first row, with which both ports are done, goes.
    fn pop(&mut self) {
        self.queue.pop();
        self.done = self.done.map(|done| done - 1);
    }
}

/// A row that has to be written to L1.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct WriteRow {
    address: u32,
    /// Bytes to write.
    enable: u8,
    data: u64,
    ends: Option<Job>,
}

impl WriteRow {
    /// Whether port `lane` has bytes of it to write.
    fn is_for(&self, lane: usize) -> bool {
        self.enable >> (4 * lane) & 0xF != 0
    }
}

impl Rows<WriteRow> {
    fn push(&mut self, row: WriteRow) {
        self.queue.push(row);
        (0..2).for_each(|lane| self.pass(lane));
    }

    /// Port `lane` passes rows that are not for it.
    fn pass(&mut self, lane: usize) {
        while self.asked(lane).is_some_and(|row| !row.is_for(lane)) {
            self.done[lane] += 1;
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Reading {
    address: u32,
    bytes: u32,
    beats: u32,
    received: u32,
    first_beat: u64,
}

/// External memory to L1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Rx {
    splitter: Splitter,
    tags: Tags,
    latency: u64,
    clocks: Clocks,
    reading: VecDeque<Reading>,
    /// Beats at the port, each with whether its burst ends with it: then its ID comes back as it goes on.
    port: Queue<(u64, bool)>,
    /// Beats behind it, with the first cycle in which the aligner can take them.
    beats: Queue<(u64, u64)>,
    /// A first beat has reached an aligner with nothing to do: it is looked at for a cycle.
    opening: bool,
    next_beat: u64,
    aligning: VecDeque<(Burst, Job)>,
    aligner: Aligner,
    rows: Rows<WriteRow>,
    due: Option<u64>,
}

impl Rx {
    pub(super) fn new(limit: u32, outstanding: u32, latency: u32, clocks: Clocks) -> Self {
        Self {
            splitter: Splitter::new(limit),
            tags: Tags::new(outstanding),
            latency: latency.into(),
            clocks,
            reading: VecDeque::new(),
            port: Queue::default(),
            beats: Queue::default(),
            opening: false,
            next_beat: 0,
            aligning: VecDeque::new(),
            aligner: Aligner::default(),
            rows: Rows::default(),
            due: None,
        }
    }

    /// A command is given; all has been done by cycle `ticked`.
    pub(super) fn push(&mut self, ticked: u64, queued: Queued) {
        self.splitter.push(queued);
        self.due = self.find_due(ticked);
    }

    /// The next cycle in which something changes; none if there is nothing to do.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.due
    }

    /// The cycle after `now`, unless all that is under way is addresses whose first beat is still to come.
    fn find_due(&self, now: u64) -> Option<u64> {
        let moves = !(self.rows.queue.is_empty() && self.port.is_empty() && self.beats.is_empty());
        if moves || self.aligner.works() {
            return Some(now + 1);
        }
        let beat = self.reading.front().map(|_| self.next_beat.max(now + 1));
        [beat, self.splitter.next_due(now)].into_iter().flatten().min()
    }

    pub(super) fn tick(&mut self, now: u64, external: &mut impl External) -> Result<Option<Taken>, DmaFault> {
        let room = self.port.len < READ_SLICE;
        self.align(now);
        self.let_through(now);
        if room && self.next_beat <= now {
            self.receive(now, external)?;
        }
        let taken = self.splitter.tick(now, || self.tags.take(now));
        if let Some((burst, job)) = self.splitter.next_address(now) {
            let first_beat = self.clocks.answered(now, self.latency);
            self.reading.push_back(Reading {
                address: burst.external,
                bytes: burst.bytes,
                beats: burst.external_beats(),
                received: 0,
                first_beat,
            });
            if self.reading.len() == 1 {
                self.next_beat = self.next_beat.max(first_beat);
            }
            self.aligning.push_back((burst, job));
        }
        self.due = self.find_due(now);
        Ok(taken)
    }

    /// A beat that came in an earlier cycle goes on from the port.
    fn let_through(&mut self, now: u64) {
        if self.beats.len < READ_QUEUE
            && let Some(&(beat, last)) = self.port.front()
        {
            self.port.pop();
            self.beats.push((beat, now + READ_STAGES));
            if last {
                self.tags.give_back(now);
            }
        }
    }

    fn receive(&mut self, now: u64, external: &mut impl External) -> Result<(), DmaFault> {
        let Some(reading) = self.reading.front_mut() else {
            return Ok(());
        };
        let address = (reading.address & !7).wrapping_add(8 * reading.received);
        let enable = byte_enable(reading.address, reading.bytes, reading.received);
        let beat = external.read(address, enable).map_err(|NotMapped| DmaFault::Unmapped {
            address: address + enable.trailing_zeros(),
            write: false,
        })?;
        reading.received += 1;
        let last = reading.received == reading.beats;
        self.port.push((beat, last));
        self.next_beat = self.clocks.answered(now, 1).max(now + 1);
        if last {
            self.reading.pop_front();
            if let Some(next) = self.reading.front() {
                self.next_beat = next.first_beat.max(self.next_beat);
            }
        }
        Ok(())
    }

    fn align(&mut self, now: u64) {
        let arrived = self.beats.front().filter(|(_, from)| *from <= now);
        let arrived_now = arrived.is_some_and(|(_, from)| *from == now);
        let input = arrived.map(|&(beat, _)| beat);
        if self.aligner.is_free(now) {
            if !self.opening && arrived_now {
                self.opening = true;
                return;
            }
            if input.is_none() {
                return;
            }
            let (burst, _) = self.aligning[0];
            self.aligner.start(burst.external, burst.l1, burst.bytes);
        }
        let step = self.aligner.step(now, input, self.rows.queue.len < L1_QUEUE);
        if step.took {
            self.opening = false;
            self.beats.pop();
        }
        let Some(Given {
            data,
            address,
            enable,
            last,
        }) = step.gave
        else {
            return;
        };
        let mut ends = None;
        if last && let Some((burst, job)) = self.aligning.pop_front() {
            ends = burst.last.then_some(job);
        }
        self.rows.push(WriteRow {
            address,
            enable,
            data,
            ends,
        });
    }

    /// The L1 ports that write and ask, one bit each, the even words' first.
    pub(super) fn asking(&self) -> u8 {
        self.rows.asking()
    }

    /// What port `lane` asks for.
    #[inline(always)]
    pub(super) fn request(&self, lane: usize) -> Option<TcdmRequest> {
        self.rows.asked(lane).map(|row| TcdmRequest {
            address: row.address.wrapping_add(4 * lane as u32),
            write: true,
            data: (row.data >> (32 * lane)) as u32,
            byte_enable: row.enable >> (4 * lane) & 0xF,
        })
    }

    /// L1 granted port `lane`.
    pub(super) fn granted(&mut self, lane: usize) {
        self.rows.done[lane] += 1;
        self.rows.pass(lane);
    }

    /// Takes a row that is written; returns the job that it ends.
    pub(super) fn take_written(&mut self) -> Option<Option<Job>> {
        if self.rows.complete() == 0 {
            return None;
        }
        let ends = self.rows.queue.front()?.ends;
        self.rows.pop();
        Some(ends)
    }
}

/// A row that is being read from L1.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct ReadRow {
    address: u32,
    data: u64,
    /// First cycle in which the aligner can take each half; 0 while not granted.
    from: [u64; 2],
}

impl ReadRow {
    fn is_there(&self, now: u64) -> bool {
        self.from.iter().all(|&from| from != 0 && from <= now)
    }
}

/// L1 to external memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tx {
    splitter: Splitter,
    tags: Tags,
    latency: u64,
    clocks: Clocks,
    /// Bursts whose rows are still to be read, and how many of the first's have been asked for.
    fetching: VecDeque<Burst>,
    fetched: u32,
    rows: Rows<ReadRow>,
    aligning: VecDeque<Burst>,
    aligner: Aligner,
    /// Beats, with the first cycle in which they can be sent.
    beats: Queue<(Given, u64)>,
    /// For each burst whose address waits for the burst before it, the job that it ends.
    addressing: VecDeque<Option<Job>>,
    /// The same for the burst whose address is out.
    writing: Option<Option<Job>>,
    /// First cycle in which the next address, or the next beat, can be sent.
    next_write: u64,
    due: Option<u64>,
}

impl Tx {
    pub(super) fn new(limit: u32, outstanding: u32, latency: u32, clocks: Clocks) -> Self {
        Self {
            splitter: Splitter::new(limit),
            tags: Tags::new(outstanding),
            latency: latency.into(),
            clocks,
            fetching: VecDeque::new(),
            fetched: 0,
            rows: Rows::default(),
            aligning: VecDeque::new(),
            aligner: Aligner::default(),
            beats: Queue::default(),
            addressing: VecDeque::new(),
            writing: None,
            next_write: 0,
            due: None,
        }
    }

    /// A command is given; all has been done by cycle `ticked`.
    pub(super) fn push(&mut self, ticked: u64, queued: Queued) {
        self.splitter.push(queued);
        self.due = self.find_due(ticked);
    }

    /// The next cycle in which something may change; none if there is nothing to do.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.due
    }

    fn find_due(&self, now: u64) -> Option<u64> {
        let moves = !self.addressing.is_empty() || self.writing.is_some();
        if moves {
            Some(now + 1)
        } else {
            self.splitter.next_due(now)
        }
    }

    /// Returns what the splitter did, and the job that this cycle's last beat ends with the cycle of its event.
    pub(super) fn tick(
        &mut self,
        now: u64,
        external: &mut impl External,
    ) -> Result<(Option<Taken>, Option<Ended>), DmaFault> {
        // Rows come in order: that many are there if the last of them is.
        let there = self.rows.queue.get(L1_QUEUE - 1).is_some_and(|row| row.is_there(now));
        let fetches = !there && !self.rows.queue.is_full();
        let room = !self.beats.is_full();
        self.align(now, room);
        let ended = self.send(now, external)?;
        let waiting = self.splitter.addresses() + self.addressing.len();
        let taken = self.splitter.tick(now, || waiting < ADDRESS_QUEUE);
        if let Some((burst, job)) = self.splitter.next_address(now) {
            self.fetching.push_back(burst);
            self.aligning.push_back(burst);
            self.addressing.push_back(burst.last.then_some(job));
        }
        if self.writing.is_none() && !self.addressing.is_empty() && self.next_write <= now && self.tags.take(now) {
            self.writing = self.addressing.pop_front();
            self.next_write = self.clocks.answered(now, 1).max(now + 1);
        }
        if fetches {
            self.fetch();
        }
        self.due = self.find_due(now);
        Ok((taken, ended))
    }

    /// Asks for the next row, unless two rows are still to be granted.
    fn fetch(&mut self) {
        let Some(burst) = self.fetching.front() else { return };
        if self.rows.queue.len - self.rows.complete() >= L1_QUEUE {
            return;
        }
        let address = (burst.l1 & !7).wrapping_add(8 * self.fetched);
        self.rows.queue.push(ReadRow {
            address,
            ..ReadRow::default()
        });
        self.fetched += 1;
        if self.fetched == burst.l1_beats() {
            self.fetched = 0;
            self.fetching.pop_front();
        }
    }

    fn align(&mut self, now: u64, room: bool) {
        let first = self.rows.queue.front();
        let input = first.filter(|row| row.is_there(now)).map(|row| row.data);
        if self.aligner.is_free(now) {
            if input.is_none() {
                return;
            }
            let burst = self.aligning[0];
            self.aligner.start(burst.l1, burst.external, burst.bytes);
        }
        let step = self.aligner.step(now, input, room);
        if step.took {
            self.rows.pop();
        }
        if let Some(given) = step.gave {
            if given.last {
                self.aligning.pop_front();
            }
            self.beats.push((given, now + WRITE_STAGES));
        }
    }

    fn send(&mut self, now: u64, external: &mut impl External) -> Result<Option<Ended>, DmaFault> {
        if self.writing.is_none() || self.next_write > now {
            return Ok(None);
        }
        let Some(&(
            Given {
                data,
                address,
                enable,
                last,
            },
            from,
        )) = self.beats.front()
        else {
            return Ok(None);
        };
        if from > now {
            return Ok(None);
        }
        self.beats.pop();
        let written = external.write(address, enable, data);
        written.map_err(|NotMapped| DmaFault::Unmapped {
            address: address + enable.trailing_zeros(),
            write: true,
        })?;
        self.next_write = self.clocks.answered(now, 1).max(now + 1);
        if !last {
            return Ok(None);
        }
        let response = self.clocks.answered(now, self.latency);
        self.tags.give_back(response + TAG_REUSE);
        Ok(self.writing.take().flatten().map(|job| Ended {
            at: response + COMPLETION,
            job,
        }))
    }

    /// The L1 ports that read and ask, one bit each, the even words' first.
    pub(super) fn asking(&self) -> u8 {
        self.rows.asking()
    }

    /// What port `lane` asks for.
    #[inline(always)]
    pub(super) fn request(&self, lane: usize) -> Option<TcdmRequest> {
        self.rows.asked(lane).map(|row| TcdmRequest {
            address: row.address.wrapping_add(4 * lane as u32),
            write: false,
            data: 0,
            byte_enable: 0xF,
        })
    }

    /// L1 granted port `lane` with this word.
    pub(super) fn granted(&mut self, now: u64, lane: usize, data: u32) {
        if let Some(row) = self.rows.queue.get_mut(self.rows.done[lane]) {
            row.data |= u64::from(data) << (32 * lane);
            row.from[lane] = now + 2;
            self.rows.done[lane] += 1;
        }
    }
}
