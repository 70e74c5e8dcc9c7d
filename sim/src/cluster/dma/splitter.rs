//! Commands into bursts, and when: one command at a time, one burst a cycle (D3, D7).
//!
//! Where a command is cut is [`Command::burst`]'s business; whether a burst may go on is the engine's.
//!
//! Invariant: commands are taken in the order in which they were given.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Job;
use super::command::{Burst, Command};

/// Cycles from the choice of a transaction ID to the address on the external port.
const ADDRESS_STAGES: u64 = 2;

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
    addresses: VecDeque<(Burst, Job, u64)>,
}

impl Splitter {
    pub(super) fn new(limit: u32) -> Self {
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

    /// Bursts between the choice of an ID and the external port.
    pub(super) fn addresses(&self) -> usize {
        self.addresses.len()
    }

    /// Whether a cycle can pass without a change here, and if not, in which cycle the next is.
    pub(super) fn next_due(&self, now: u64) -> Option<u64> {
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

    /// One cycle; a burst goes on towards the external port only if it `may`.
    pub(super) fn tick(&mut self, now: u64, may: impl FnOnce() -> bool) -> Option<Taken> {
        if self.current.is_none() && self.held.is_none() && self.queue.is_empty() {
            return None;
        }
        let mut taken = Taken::default();
        if let Some((burst, job, since)) = self.held {
            if since < now && may() {
                self.addresses.push_back((burst, job, now + ADDRESS_STAGES));
                self.held = None;
            } else if self.current.is_some() && !self.queue.front().is_some_and(|head| head.holds_descriptors) {
                return None;
            }
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
        Some(taken)
    }

    /// The burst whose address is on the external port by cycle `now`.
    pub(super) fn next_address(&mut self, now: u64) -> Option<(Burst, Job)> {
        let &(burst, job, at) = self.addresses.front()?;
        (at <= now).then(|| {
            self.addresses.pop_front();
            (burst, job)
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
