//! Instruction fetch where the memory does not always grant: the prefetch buffer, cycle by cycle (R26).
//!
//! It knows addresses and which half-words begin 4-byte instructions, not what instructions mean. It is used only where
//! instruction memory is not ideal; where it is, [`super::pipeline::Pipeline::flow`] gives the same arrivals (a test
//! holds the two against each other).
//!
//! Words come by way of a recorded grant pattern, or out of a private instruction cache.
//!
//! What is modelled is the prefetch unit of CV32E40P: a controller that asks for words ahead, a request stage that holds
//! an ungranted address, a FIFO of two words that a word may bypass when it is empty, and an aligner that cuts words into
//! instructions.
//!
//! Invariant: words reach the aligner in program order, and no more than two are held or asked for at a time.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::cluster::icache::{Private, PrivateCounters};

/// Words that the FIFO holds, and words held or asked for at a time (R26).
const DEPTH: usize = 2;

/// A recorded pattern of grants for the two memory ports of a single core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantTrace {
    /// Bit 0: instruction grant, bit 1: data grant, bit 2: a data response follows; one entry a cycle.
    grants: Arc<[u8]>,
}

/// Why a grant pattern is none.
#[derive(Debug, thiserror::Error)]
pub enum GrantTraceError {
    /// It cannot be read.
    #[error("cannot read it: {0}")]
    Unreadable(#[from] std::io::Error),
    /// A cycle that is not described by a digit from 0 to 3 and `r` or `-`.
    #[error("byte {0} should be a digit from 0 to 3, or `r` or `-` after one")]
    Malformed(usize),
}

impl GrantTrace {
    /// Parses a pattern, plain or compressed with gzip. Two characters a cycle, from cycle 0 on: a digit (bit 0: the
    /// instruction port is granted, bit 1: the data port is), then `r` or `-` (a data response comes in the next cycle, or
    /// none does; accesses are answered in their order). After its end every request is granted, and answered in the next
    /// cycle.
    ///
    /// # Errors
    /// [`GrantTraceError`] for bytes that are no such pattern.
    pub fn parse(bytes: &[u8]) -> Result<Self, GrantTraceError> {
        let mut unpacked = Vec::new();
        let text = if bytes.starts_with(&[0x1f, 0x8b]) {
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut unpacked)?;
            &unpacked
        } else {
            bytes
        };
        let mut grants = Vec::with_capacity(text.len() / 2);
        for (position, pair) in text.trim_ascii_end().chunks(2).enumerate() {
            match pair {
                [digit @ b'0'..=b'3', answer @ (b'r' | b'-')] => {
                    grants.push((digit - b'0') | if *answer == b'r' { 4 } else { 0 });
                }
                [b'0'..=b'3', ..] => return Err(GrantTraceError::Malformed(2 * position + 1)),
                _ => return Err(GrantTraceError::Malformed(2 * position)),
            }
        }
        Ok(Self { grants: grants.into() })
    }

    /// Whether the instruction port is granted in `cycle`.
    pub fn instruction(&self, cycle: u64) -> bool {
        self.grants.get(cycle as usize).is_none_or(|grant| grant & 1 != 0)
    }

    /// The first cycle from `cycle` on in which the data port is granted (R25).
    pub fn data_from(&self, cycle: u64) -> u64 {
        let rest = self.grants.get(cycle as usize..).unwrap_or_default();
        cycle + rest.iter().position(|grant| grant & 2 != 0).unwrap_or(rest.len()) as u64
    }

    /// The first cycle from `cycle` on that a data response follows (R25); `cycle` itself where none does.
    pub fn response_from(&self, cycle: u64) -> u64 {
        let rest = self.grants.get(cycle as usize..).unwrap_or_default();
        cycle + rest.iter().position(|grant| grant & 4 != 0).unwrap_or(0) as u64
    }
}

/// What the core does to its fetch stage in one cycle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Control {
    /// The fetch goes on at this address; what was fetched is dropped.
    pub redirect: Option<u32>,
    /// The second-last instruction of a hardware loop came into decode: after the next instruction, the fetch goes on at
    /// this address.
    pub loop_back: Option<u32>,
    /// Decode takes an instruction at the end of this cycle, if there is one.
    pub ready: bool,
    /// The core does not fetch (it is going to sleep, or asleep).
    pub idle: bool,
}

/// Where the aligner is in the word that it is offered (the names follow the alignment of the next instruction).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Aligner {
    /// The next instruction begins at the word.
    Aligned,
    /// It begins in the upper half of the word before, which is kept.
    Kept {
        /// It has 4 bytes, so its second half is in the word.
        long: bool,
    },
    /// The word on offer is the one that stood behind a kept 2-byte instruction; the next instruction begins at it.
    AfterKept,
    /// After a redirect to the upper half of the word.
    Upper,
}

/// Where words come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Source {
    /// A private cache. A word is asked for only when none is outstanding, or in the cycle of the answer (I2).
    Cache(Box<Private>),
    /// A memory that grants as recorded and answers in the next cycle.
    // Last, because the numbers of variants that are not saved count on one side only.
    #[serde(skip)]
    Grants(GrantTrace),
}

/// The fetch stage of one core.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fetch {
    source: Source,
    /// The next cycle to happen.
    pub cycle: u64,
    /// A cycle in which decode asks for nothing would change nothing.
    pub still: bool,
    /// It does not know where the program is, and idles until it is told.
    pub adrift: bool,
    queue: Queue,
}

/// The prefetch buffer and what is on its way to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Queue {
    /// Address of the last word asked for, or of the one to ask for next where that one was not accepted (`waits`).
    address: u32,
    waits: bool,
    /// Words accepted by the request stage and not answered.
    outstanding: usize,
    /// Answers to drop.
    drop: usize,
    /// Answers to drop once the last instruction of a hardware loop came.
    drop_later: Option<usize>,
    /// The address that the request stage holds until it is granted.
    held: Option<u32>,
    /// Address of the word that is answered in this cycle.
    answer: Option<u32>,
    /// Address of the word that the cache has still to answer.
    awaited: Option<u32>,
    fifo: [u32; DEPTH],
    fifo_len: usize,
    aligner: Aligner,
}

impl Fetch {
    /// Nothing fetched yet; words come as a recorded pattern says. `cycle` is the first cycle to happen.
    pub fn replay(grants: GrantTrace, cycle: u64) -> Self {
        Self::new(Source::Grants(grants), cycle)
    }

    /// Nothing fetched yet; words come out of a private cache.
    pub fn cached(cache: Private, cycle: u64) -> Self {
        Self::new(Source::Cache(Box::new(cache)), cycle)
    }

    fn new(source: Source, cycle: u64) -> Self {
        Self {
            source,
            cycle,
            still: false,
            adrift: false,
            queue: Queue {
                address: 0,
                waits: false,
                outstanding: 0,
                drop: 0,
                drop_later: None,
                held: None,
                answer: None,
                awaited: None,
                fifo: [0; DEPTH],
                fifo_len: 0,
                aligner: Aligner::Aligned,
            },
        }
    }

    /// The private cache, where words come out of one. What is done to it shows from the next cycle on.
    pub fn cache(&mut self) -> Option<&mut Private> {
        match &mut self.source {
            Source::Cache(cache) => {
                self.still = false;
                Some(cache)
            }
            Source::Grants(_) => None,
        }
    }

    /// The line that the private cache asks the shared level for since this cycle.
    pub fn take_request(&mut self) -> Option<u32> {
        match &mut self.source {
            Source::Cache(cache) => cache.take_request(),
            Source::Grants(_) => None,
        }
    }

    /// Whether words come out of a private cache.
    pub fn is_cached(&self) -> bool {
        matches!(self.source, Source::Cache(_))
    }

    /// What the private cache counted.
    pub fn counters(&self) -> Option<PrivateCounters> {
        match &self.source {
            Source::Cache(cache) => Some(cache.counters()),
            Source::Grants(_) => None,
        }
    }

    /// One cycle; true if an instruction is in decode from the next cycle on. `word` reads instruction memory.
    pub fn step(&mut self, control: &Control, word: impl Fn(u32) -> u32) -> bool {
        let cycle = self.cycle;
        let mut busy = true;
        let delivered = match &mut self.source {
            Source::Grants(grants) => self.queue.step(control, word, false, |address| {
                if address.is_some() && grants.instruction(cycle) {
                    Granted::Answered
                } else {
                    Granted::No
                }
            }),
            Source::Cache(cache) => {
                let before = self.queue.clone();
                if cache.answers(cycle) {
                    self.queue.answer = self.queue.awaited.take();
                }
                let delivered = self.queue.step(control, word, true, |address| {
                    let (taken, changed) = cache.step(cycle, address);
                    busy = changed;
                    if taken { Granted::Later } else { Granted::No }
                });
                busy |= self.queue != before;
                delivered
            }
        };
        // A redirect to where the fetch is already going leaves it as it is, and does not come again.
        self.still = !busy && control.redirect.is_none() && control.loop_back.is_none();
        self.cycle += 1;
        delivered
    }
}

/// What became of the address at the memory's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Granted {
    No,
    /// Granted; the answer comes in the next cycle.
    Answered,
    /// Granted; the answer comes when it comes.
    Later,
}

impl Queue {
    /// One cycle; `port` is told the address that is asked for.
    fn step(
        &mut self,
        control: &Control,
        word: impl Fn(u32) -> u32,
        one_outstanding: bool,
        port: impl FnOnce(Option<u32>) -> Granted,
    ) -> bool {
        let redirected = control.redirect.is_some();
        let looped = control.loop_back.is_some() && !redirected;
        let answered = self.answer.is_some();
        let (mut delivered, mut consumed) = (false, false);
        if control.ready
            && !redirected
            && self.drop == 0
            && let Some(address) = if self.fifo_len > 0 {
                Some(self.fifo[0])
            } else {
                self.answer
            }
        {
            (delivered, consumed) = self.align(word(address));
        }
        if let Some(target) = control.redirect {
            self.aligner = if target & 2 != 0 {
                Aligner::Upper
            } else {
                Aligner::Aligned
            };
        }
        let answer = self.request(control, one_outstanding, port);
        let outstanding = self.outstanding - usize::from(answered) + usize::from(answer.accepted);
        // A loop's last instruction must survive the jump back. If it has not come yet, what was asked for after it is
        // dropped once it has.
        let last_to_come = looped && self.fifo_len == 0 && !answered;
        let dropping = self.drop > 0;
        if redirected || looped && !last_to_come {
            self.drop = self.outstanding - usize::from(answered);
        } else if answered && let Some(later) = self.drop_later {
            self.drop = later;
        } else if answered && dropping {
            self.drop -= 1;
        }
        if redirected || answered && !last_to_come {
            self.drop_later = None;
        }
        if last_to_come {
            self.drop_later = Some(self.outstanding.saturating_sub(1));
        }
        self.shift(consumed, !dropping, redirected, looped);
        self.outstanding = outstanding;
        self.answer = answer.address;
        delivered
    }

    /// Cuts the word on offer: whether an instruction is handed over, and whether the word is used up.
    fn align(&mut self, word: u32) -> (bool, bool) {
        let long = |half: u32| half & 3 == 3;
        let (next, delivered, consumed) = match self.aligner {
            Aligner::Aligned | Aligner::AfterKept if long(word) => (Aligner::Aligned, true, true),
            Aligner::Aligned | Aligner::AfterKept | Aligner::Kept { long: true } => {
                (Aligner::Kept { long: long(word >> 16) }, true, true)
            }
            Aligner::Kept { long: false } => (Aligner::AfterKept, true, false),
            Aligner::Upper if long(word >> 16) => (Aligner::Kept { long: true }, false, true),
            Aligner::Upper => (Aligner::Aligned, true, true),
        };
        self.aligner = next;
        (delivered, consumed)
    }

    /// Asks for the next word where there is room for it.
    fn request(
        &mut self,
        control: &Control,
        one_outstanding: bool,
        port: impl FnOnce(Option<u32>) -> Granted,
    ) -> Asked {
        let elsewhere = control
            .redirect
            .map(|target| target & !3)
            .or(control.loop_back.filter(|_| !self.waits));
        let address = elsewhere.unwrap_or(if self.waits {
            self.address
        } else {
            self.address.wrapping_add(4)
        });
        let jumps = control.redirect.is_some() || control.loop_back.is_some();
        let held_words = if jumps { 0 } else { self.fifo_len };
        let bus_free = !one_outstanding || self.outstanding == 0 || self.answer.is_some();
        let wanted = !control.idle && bus_free && held_words + self.outstanding < DEPTH;
        let accepted = wanted && self.held.is_none();
        self.waits = (self.waits || jumps) && !accepted;
        if jumps || accepted {
            self.address = address;
        }
        let asked = self.held.or(wanted.then_some(address));
        let granted = port(asked);
        self.held = if granted == Granted::No { asked } else { None };
        if granted == Granted::Later {
            self.awaited = asked;
        }
        Asked {
            accepted,
            address: asked.filter(|_| granted == Granted::Answered),
        }
    }

    /// Moves words into and out of the FIFO.
    fn shift(&mut self, consumed: bool, wanted: bool, redirected: bool, looped: bool) {
        let held = self.fifo_len > 0;
        let popped = held && consumed;
        if redirected || looped && popped {
            self.fifo_len = 0;
        } else if looped && held {
            self.fifo_len = 1;
        } else {
            if let Some(address) = self.answer
                && wanted
                && (held || !consumed)
            {
                self.fifo[self.fifo_len.min(DEPTH - 1)] = address;
                self.fifo_len += 1;
            }
            if popped {
                self.fifo[0] = self.fifo[1];
                self.fifo_len -= 1;
            }
        }
    }
}

/// What became of the request stage in a cycle.
struct Asked {
    /// It took a new request.
    accepted: bool,
    /// The address that was granted.
    address: Option<u32>,
}
