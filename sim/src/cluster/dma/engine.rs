//! The two engines that move data: external memory to L1 ([`Rx`]) and back ([`Tx`]), cycle by cycle (D4..D9, D12).
//!
//! Both are the same chain: a [`Splitter`] turns commands into bursts, one side of the chain delivers 8-byte beats, an
//! [`Aligner`] shifts them to the other side's alignment, and the other side takes them. The formulas of D8 and D9 are
//! what comes out when nobody is in the way; queues of the depths below make the rest.
//!
//! Invariant: beats of a direction never overtake each other.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::command::{Burst, Command};
use super::{DmaFault, External, Job, TcdmRequest};

/// Beats that wait between the external port and the aligner, either way.
const EXTERNAL_QUEUE: usize = 4;
/// Cycles from an external read beat to the first cycle in which the aligner can take it; one more for a burst's first.
const READ_STAGES: u64 = 3;
/// Cycles from the aligner to the external write port.
const WRITE_STAGES: u64 = 3;
/// Rows that wait between the aligner and L1, either way.
const L1_QUEUE: usize = 2;
/// Cycles from the last access (L1 write grant, or write response) to the event pulse.
const COMPLETION: u64 = 3;
/// Cycles from the choice of a transaction ID to the address on the external port.
const ADDRESS_STAGES: u64 = 2;

/// Cycles from a write response to the next address with its transaction ID. Fitted to 2D writes with W = 30.
const TAG_REUSE: u64 = 3;
/// Write bursts whose addresses wait for the burst before.
const ADDRESS_QUEUE: usize = 2;

/// A command on its way, with who gave it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Queued {
    pub(super) command: Command,
    pub(super) job: Job,
    /// Cycle of its last word's grant.
    pub(super) given: u64,
    /// Its 2D descriptors still occupy the queue of their kind.
    pub(super) holds_descriptors: bool,
}

impl Queued {
    /// First cycle in which an idle engine can take it (D7: first address 3 cycles later).
    fn ready(&self) -> u64 {
        self.given + if self.command.is_2d() { 3 } else { 4 }
    }
}

/// What the splitter did in a cycle that others must know.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    /// The command that was taken: its port answers again from the next cycle (D3).
    pub(super) job: Option<Job>,
    /// The tag that a burst took.
    tag: Option<usize>,
    /// External row descriptors given back.
    pub(super) external_rows: u32,
    /// L1 row descriptors given back.
    pub(super) l1_rows: u32,
}

/// Commands into bursts: one command at a time, one burst a cycle, two cycles at a row's end (D7).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Splitter {
    limit: u32,
    queue: VecDeque<Queued>,
    current: Option<(Queued, u32)>,
    next_cut: u64,
    /// When the next command's descriptors are read, once known.
    descriptors_at: Option<u64>,
    held: Option<(Burst, Job, u64)>,
    addresses: VecDeque<(Burst, Job, usize, u64)>,
}

/// Transaction IDs on the external port: the first cycle in which each is free.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tags(Vec<u64>);

impl Tags {
    fn new(count: u32) -> Self {
        Self(vec![0; count as usize])
    }

    /// The lowest free one.
    fn free(&self, now: u64) -> Option<usize> {
        self.0.iter().position(|&from| from <= now)
    }

    fn take(&mut self, tag: usize) {
        self.0[tag] = u64::MAX;
    }

    fn give_back(&mut self, tag: usize, from: u64) {
        self.0[tag] = from;
    }
}

impl Splitter {
    fn new(limit: u32) -> Self {
        Self {
            limit,
            queue: VecDeque::new(),
            current: None,
            next_cut: 0,
            descriptors_at: Some(0),
            held: None,
            addresses: VecDeque::new(),
        }
    }

    pub(super) fn push(&mut self, queued: Queued) {
        self.queue.push_back(queued);
    }

    /// Whether a cycle can pass without a change here, and if not, in which cycle the next is.
    fn next_due(&self, now: u64) -> Option<u64> {
        if self.current.is_some() || self.held.is_some() || !self.addresses.is_empty() {
            return Some(now + 1);
        }
        let head = self.queue.front()?;
        let due = if head.holds_descriptors {
            head.given + 2
        } else {
            head.ready()
        };
        Some(due.max(now + 1))
    }

    /// One cycle; a burst goes on towards the external port only if it is given a `tag`.
    fn tick(&mut self, now: u64, tag: Option<usize>) -> Taken {
        let mut taken = Taken::default();
        if let Some((burst, job, since)) = self.held
            && since < now
            && let Some(tag) = tag
        {
            self.addresses.push_back((burst, job, tag, now + ADDRESS_STAGES));
            self.held = None;
            taken.tag = Some(tag);
        }
        let takes = self.current.is_none()
            && self.next_cut <= now
            && self.queue.front().is_some_and(|head| head.ready() <= now);
        if let Some(head) = self.queue.front_mut()
            && head.holds_descriptors
            && (takes || head.given + 2 <= now && self.descriptors_at.is_some_and(|at| at <= now))
        {
            head.holds_descriptors = false;
            taken.external_rows += u32::from(head.command.external_rows.is_some());
            taken.l1_rows += u32::from(head.command.l1_rows.is_some());
        }
        if takes {
            let head = self.queue.pop_front().expect("a head was just seen");
            taken.job = Some(head.job);
            if head.command.length() == 0 {
                self.next_cut = now + 2;
            } else {
                self.descriptors_at = None;
                self.current = Some((head, 0));
            }
        }
        if let Some((queued, position)) = &mut self.current
            && self.held.is_none()
            && self.next_cut <= now
        {
            let burst = queued.command.burst(*position, self.limit);
            *position += burst.bytes;
            self.held = Some((burst, queued.job, now));
            self.next_cut = now + if burst.row_end || burst.last { 2 } else { 1 };
            if self.descriptors_at.is_none() {
                self.descriptors_at = descriptors_read(&queued.command, *position, self.limit, now);
            }
            if burst.last {
                self.current = None;
            }
        }
        taken
    }

    /// The burst whose address is on the external port by cycle `now`.
    fn next_address(&mut self, now: u64) -> Option<(Burst, Job, usize)> {
        let &(burst, job, tag, at) = self.addresses.front()?;
        (at <= now).then(|| {
            self.addresses.pop_front();
            (burst, job, tag)
        })
    }
}

/// When the row descriptors of the command after this one are read: four cycles after the last burst but two was cut.
///
/// Measured for rows of one burst (five 2D commands from as many cores, D3); taken over for all others.
fn descriptors_read(command: &Command, position: u32, limit: u32, now: u64) -> Option<u64> {
    let mut position = position;
    let mut left = 0;
    while position < command.length() {
        position += command.burst(position, limit).bytes;
        left += 1;
        if left > 2 {
            return None;
        }
    }
    Some(now + 4 - 2 * (2 - left))
}

/// Shifts beats from one side's alignment to the other's.
///
/// A burst whose output starts further into its row than its input, or that has a single input beat, goes straight
/// through; any other holds its first beat for a cycle: lat 5 and 6 of D8 and D9.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Aligner {
    work: Option<Work>,
    /// First cycle in which the next burst's first beat can be taken.
    free: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Work {
    /// Input offset less output offset, in bytes.
    shift: i32,
    inputs: u32,
    outputs: u32,
    taken: u32,
    given: u32,
    /// The last beat taken.
    beat: u64,
    /// `beat` has not been given yet (only without a shift).
    full: bool,
}

impl Work {
    fn new(input_offset: u32, output_offset: u32, inputs: u32, outputs: u32) -> Self {
        let shift = input_offset as i32 - output_offset as i32;
        Self {
            shift,
            inputs,
            outputs,
            taken: 0,
            given: 0,
            beat: 0,
            full: false,
        }
    }

    fn is_straight(&self) -> bool {
        self.shift < 0 || self.inputs == 1
    }

    /// The output beat that spans the held beat and the next.
    fn combine(&self, next: u64) -> u64 {
        let pair = u128::from(self.beat) | u128::from(next) << 64;
        let shift = if self.shift < 0 { 8 + self.shift } else { self.shift };
        (pair >> (8 * shift)) as u64
    }
}

/// What the aligner did in a cycle.
struct Step {
    took: bool,
    gave: Option<u64>,
}

impl Aligner {
    fn is_free(&self, now: u64) -> bool {
        self.work.is_none() && self.free <= now
    }

    /// One cycle: takes `input` if it is there and wanted, and gives a beat if `room`.
    fn step(&mut self, now: u64, input: Option<u64>, room: bool) -> Step {
        let mut step = Step {
            took: false,
            gave: None,
        };
        let Some(work) = &mut self.work else { return step };
        let input = input.filter(|_| work.taken < work.inputs);
        let drained = work.taken == work.inputs;
        if work.is_straight() {
            if room && (input.is_some() || drained) {
                step.gave = Some(match (work.shift, input) {
                    (0.., Some(beat)) => beat >> (8 * work.shift),
                    (..0, Some(beat)) if work.taken == 0 => beat << (8 * -work.shift),
                    _ => work.combine(input.unwrap_or(0)),
                });
                step.took = input.is_some();
            }
        } else if work.shift == 0 {
            if work.full && room {
                step.gave = Some(work.beat);
                work.full = false;
            }
            step.took = input.is_some() && !work.full;
            work.full |= step.took;
        } else if work.taken == 0 {
            step.took = input.is_some();
        } else if room && (input.is_some() || drained) {
            step.gave = Some(work.combine(input.unwrap_or(0)));
            step.took = input.is_some();
        }
        if step.took {
            work.taken += 1;
            work.beat = input.unwrap_or(0);
        }
        if step.gave.is_some() {
            work.given += 1;
            if work.given == work.outputs {
                self.work = None;
                self.free = now + 2;
            }
        }
        step
    }
}

/// Bytes of beat `index` of a run that starts at `address` and has `bytes`: bit i is byte i.
fn byte_enable(address: u32, bytes: u32, index: u32) -> u8 {
    let first = address % 8;
    let low = if index == 0 { first } else { 0 };
    let high = (first + bytes - 8 * index).min(8);
    (((1u32 << high) - 1) & !((1u32 << low) - 1)) as u8
}

/// A row that has to be written to L1.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct WriteRow {
    address: u32,
    data: u64,
    enable: u8,
    pending: [bool; 2],
    since: u64,
    ends: Option<Job>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Reading {
    burst: Burst,
    tag: usize,
    first_beat: u64,
    received: u32,
}

/// External memory to L1.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Rx {
    pub(super) splitter: Splitter,
    tags: Tags,
    latency: u64,
    reading: VecDeque<Reading>,
    /// Beats, with the first cycle in which the aligner can take them.
    beats: VecDeque<(u64, u64)>,
    next_beat: u64,
    aligning: VecDeque<(Burst, Job)>,
    aligner: Aligner,
    rows: VecDeque<WriteRow>,
}

impl Rx {
    pub(super) fn new(limit: u32, outstanding: u32, latency: u32) -> Self {
        Self {
            splitter: Splitter::new(limit),
            tags: Tags::new(outstanding),
            latency: latency.into(),
            reading: VecDeque::new(),
            beats: VecDeque::new(),
            next_beat: 0,
            aligning: VecDeque::new(),
            aligner: Aligner::default(),
            rows: VecDeque::new(),
        }
    }

    pub(super) fn is_moving(&self) -> bool {
        !self.aligning.is_empty() || !self.rows.is_empty()
    }

    pub(super) fn next_due(&self, now: u64) -> Option<u64> {
        if self.is_moving() {
            Some(now + 1)
        } else {
            self.splitter.next_due(now)
        }
    }

    pub(super) fn tick(&mut self, now: u64, external: &mut impl External) -> Result<Taken, DmaFault> {
        let accepts = self.beats.len() < EXTERNAL_QUEUE;
        self.align(now);
        if accepts {
            self.receive(now, external)?;
        }
        let taken = self.splitter.tick(now, self.tags.free(now));
        if let Some(tag) = taken.tag {
            self.tags.take(tag);
        }
        if let Some((burst, job, tag)) = self.splitter.next_address(now) {
            self.reading.push_back(Reading {
                burst,
                tag,
                first_beat: now + self.latency,
                received: 0,
            });
            self.aligning.push_back((burst, job));
        }
        Ok(taken)
    }

    fn receive(&mut self, now: u64, external: &mut impl External) -> Result<(), DmaFault> {
        let Some(reading) = self.reading.front_mut() else {
            return Ok(());
        };
        if now < reading.first_beat.max(self.next_beat) {
            return Ok(());
        }
        let Burst {
            external: address,
            bytes,
            ..
        } = reading.burst;
        let enable = byte_enable(address, bytes, reading.received);
        let (low, count) = (enable.trailing_zeros(), enable.count_ones());
        let beat_address = (address & !7).wrapping_add(8 * reading.received);
        let mut beat = [0; 8];
        external
            .read(beat_address + low, &mut beat[low as usize..(low + count) as usize])
            .map_err(|_| DmaFault::Unmapped {
                address: beat_address + low,
                write: false,
            })?;
        let first = u64::from(reading.received == 0);
        self.beats
            .push_back((u64::from_le_bytes(beat), now + READ_STAGES + first));
        reading.received += 1;
        self.next_beat = now + 1;
        if reading.received == reading.burst.external_beats() {
            self.tags.give_back(reading.tag, now + 1);
            self.reading.pop_front();
        }
        Ok(())
    }

    fn align(&mut self, now: u64) {
        let input = self
            .beats
            .front()
            .filter(|(_, from)| *from <= now)
            .map(|(beat, _)| *beat);
        if input.is_some() && self.aligner.is_free(now) {
            let (burst, _) = self.aligning[0];
            let (inputs, outputs) = (burst.external_beats(), burst.l1_beats());
            self.aligner.work = Some(Work::new(burst.external % 8, burst.l1 % 8, inputs, outputs));
        }
        let index = self.aligner.work.map_or(0, |work| work.given);
        let step = self.aligner.step(now, input, self.rows.len() < L1_QUEUE);
        if step.took {
            self.beats.pop_front();
        }
        if let Some(data) = step.gave {
            let (burst, job) = self.aligning[0];
            let enable = byte_enable(burst.l1, burst.bytes, index);
            let ends = self.aligner.work.is_none();
            if ends {
                self.aligning.pop_front();
            }
            self.rows.push_back(WriteRow {
                address: (burst.l1 & !7).wrapping_add(8 * index),
                data,
                enable,
                pending: [enable & 0x0F != 0, enable & 0xF0 != 0],
                since: now,
                ends: (ends && burst.last).then_some(job),
            });
        }
    }

    /// The request of L1 port `lane` (0 = even words).
    pub(super) fn request(&self, now: u64, lane: usize) -> Option<TcdmRequest> {
        let row = self.rows.iter().find(|row| row.pending[lane] && row.since < now)?;
        Some(TcdmRequest {
            address: row.address.wrapping_add(4 * lane as u32),
            write: true,
            data: (row.data >> (32 * lane)) as u32,
            byte_enable: row.enable >> (4 * lane) & 0xF,
        })
    }

    /// L1 granted port `lane`; returns the job that this ends, with the cycle of its event.
    pub(super) fn granted(&mut self, now: u64, lane: usize) -> Option<(u64, Job)> {
        let row = self.rows.iter_mut().find(|row| row.pending[lane])?;
        row.pending[lane] = false;
        let mut ended = None;
        while self.rows.front().is_some_and(|row| row.pending == [false; 2]) {
            ended = self.rows.pop_front().and_then(|row| row.ends);
        }
        ended.map(|job| (now + COMPLETION, job))
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

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct WriteBeat {
    data: u64,
    from: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Writing {
    burst: Burst,
    job: Job,
    tag: usize,
    sent: u32,
}

/// L1 to external memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tx {
    pub(super) splitter: Splitter,
    tags: Tags,
    latency: u64,
    /// Bursts whose rows are still to be read, and how many of the first's have been asked for.
    fetching: VecDeque<Burst>,
    fetched: u32,
    rows: VecDeque<ReadRow>,
    aligning: VecDeque<Burst>,
    aligner: Aligner,
    beats: VecDeque<WriteBeat>,
    /// Bursts whose address waits for the burst before it.
    addressing: VecDeque<(Burst, Job)>,
    writing: Option<Writing>,
    /// First cycle in which the next address, and the next beat, can be sent.
    next_address: u64,
    next_beat: u64,
}

impl Tx {
    pub(super) fn new(limit: u32, outstanding: u32, latency: u32) -> Self {
        Self {
            splitter: Splitter::new(limit),
            tags: Tags::new(outstanding),
            latency: latency.into(),
            fetching: VecDeque::new(),
            fetched: 0,
            rows: VecDeque::new(),
            aligning: VecDeque::new(),
            aligner: Aligner::default(),
            beats: VecDeque::new(),
            addressing: VecDeque::new(),
            writing: None,
            next_address: 0,
            next_beat: 0,
        }
    }

    pub(super) fn is_moving(&self) -> bool {
        !self.addressing.is_empty() || self.writing.is_some()
    }

    pub(super) fn next_due(&self, now: u64) -> Option<u64> {
        if self.is_moving() {
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
    ) -> Result<(Taken, Option<(u64, Job)>), DmaFault> {
        let room_for_row = self.rows.iter().filter(|row| row.is_there(now)).count() < L1_QUEUE;
        let room_for_beat = self.beats.len() < EXTERNAL_QUEUE;
        self.align(now, room_for_beat);
        let ended = self.send(now, external)?;
        let room = self.splitter.addresses.len() + self.addressing.len() < ADDRESS_QUEUE;
        let taken = self.splitter.tick(now, room.then_some(0));
        if let Some((burst, job, _)) = self.splitter.next_address(now) {
            self.fetching.push_back(burst);
            self.aligning.push_back(burst);
            self.addressing.push_back((burst, job));
        }
        if self.writing.is_none()
            && self.next_address <= now
            && let Some(tag) = self.tags.free(now)
            && let Some((burst, job)) = self.addressing.pop_front()
        {
            self.tags.take(tag);
            self.writing = Some(Writing {
                burst,
                job,
                tag,
                sent: 0,
            });
            self.next_beat = now + 1;
        }
        if room_for_row {
            self.fetch();
        }
        Ok((taken, ended))
    }

    /// Asks for the next row, unless both halves of two are still to be granted.
    fn fetch(&mut self) {
        let waiting = self.rows.iter().filter(|row| row.from.contains(&0)).count();
        let Some(burst) = self.fetching.front() else { return };
        if waiting >= L1_QUEUE {
            return;
        }
        let address = (burst.l1 & !7).wrapping_add(8 * self.fetched);
        self.rows.push_back(ReadRow {
            address,
            data: 0,
            from: [0; 2],
        });
        self.fetched += 1;
        if self.fetched == burst.l1_beats() {
            self.fetched = 0;
            self.fetching.pop_front();
        }
    }

    fn align(&mut self, now: u64, room: bool) {
        let input = self.rows.front().filter(|row| row.is_there(now)).map(|row| row.data);
        if input.is_some() && self.aligner.is_free(now) {
            let burst = self.aligning[0];
            let (inputs, outputs) = (burst.l1_beats(), burst.external_beats());
            self.aligner.work = Some(Work::new(burst.l1 % 8, burst.external % 8, inputs, outputs));
        }
        let step = self.aligner.step(now, input, room);
        if step.took {
            self.rows.pop_front();
        }
        if let Some(data) = step.gave {
            self.beats.push_back(WriteBeat {
                data,
                from: now + WRITE_STAGES,
            });
            if self.aligner.work.is_none() {
                self.aligning.pop_front();
            }
        }
    }

    fn send(&mut self, now: u64, external: &mut impl External) -> Result<Option<(u64, Job)>, DmaFault> {
        let Some(writing) = &mut self.writing else {
            return Ok(None);
        };
        if self.next_beat > now || self.beats.front().is_none_or(|beat| beat.from > now) {
            return Ok(None);
        }
        let data = self.beats.pop_front().map_or(0, |beat| beat.data).to_le_bytes();
        let Burst {
            external: address,
            bytes,
            last,
            ..
        } = writing.burst;
        let enable = byte_enable(address, bytes, writing.sent);
        let (low, count) = (enable.trailing_zeros(), enable.count_ones());
        let beat_address = (address & !7).wrapping_add(8 * writing.sent).wrapping_add(low);
        external
            .write(beat_address, &data[low as usize..(low + count) as usize])
            .map_err(|_| DmaFault::Unmapped {
                address: beat_address,
                write: true,
            })?;
        writing.sent += 1;
        self.next_beat = now + 1;
        if writing.sent < writing.burst.external_beats() {
            return Ok(None);
        }
        let response = now + self.latency;
        self.tags.give_back(writing.tag, response + TAG_REUSE);
        self.next_address = now + 1;
        let job = writing.job;
        self.writing = None;
        Ok(last.then_some((response + COMPLETION, job)))
    }

    /// The request of L1 port `lane` (0 = even words).
    pub(super) fn request(&self, lane: usize) -> Option<TcdmRequest> {
        let row = self.rows.iter().find(|row| row.from[lane] == 0)?;
        let address = row.address.wrapping_add(4 * lane as u32);
        Some(TcdmRequest {
            address,
            write: false,
            data: 0,
            byte_enable: 0xF,
        })
    }

    /// L1 granted port `lane` with this word.
    pub(super) fn granted(&mut self, now: u64, lane: usize, data: u32) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.from[lane] == 0) {
            row.data |= u64::from(data) << (32 * lane);
            row.from[lane] = now + 2;
        }
    }
}
