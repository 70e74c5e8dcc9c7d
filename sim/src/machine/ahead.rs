//! Accesses ahead: banks are arbitrated for accesses whose addresses are known before the ones in front of them are answered.
//!
//! While a core follows a course, only the cycles of its grants are kept; what it reads and computes is caught up with later:
//! when the course ends, before anybody writes a word that it has yet to read, and before anybody looks at the core.
//!
//! Invariant: a core that was caught up with is where it would be if each grant had reached it at once.

use crate::core::block::BlockId;
use crate::core::course::{Course, LONGEST, Stop};
use crate::core::{Core, Start};
use crate::machine::Machine;
use crate::machine::ending::Recorder;
use crate::memory::l1::Plain;
use crate::memory::{Memory, Which};
use crate::program::Program;

/// The way of one core along a course.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ahead {
    /// The block at whose access the course begins.
    begins: Option<BlockId>,
    /// The access that it asks for.
    next: u8,
    /// The first one that was granted and not caught up with.
    caught_up: u8,
    /// None if it is on no course.
    count: u8,
    /// The words that it reads, by the lowest bits of their numbers.
    words: u64,
    stops: [Stop; LONGEST],
}

impl Ahead {
    /// Where `core` goes along `course`, which begins at `start`.
    #[inline(always)]
    fn set_out(&mut self, course: &Course, start: &Start, core: &Core, plain: Plain) {
        let looks = start.in_loop && start.lap.is_none();
        let (mut count, mut words) = (0, 0);
        for (stop, leg) in self.stops.iter_mut().zip(&course.legs) {
            let address = leg.address(&core.registers);
            if !plain.holds(address)
                || leg.access.crosses(address)
                || leg.laps > start.laps
                || looks && !core.loops.passes(leg.access.pc)
                || !leg.is_on_the_way(&core.registers)
            {
                break;
            }
            stop.address = address;
            stop.gap = leg.gap;
            stop.store = leg.store;
            words |= u64::from(!leg.store) << (address >> 2 & 63);
            count += 1;
        }
        self.begins = Some(start.block);
        (self.next, self.caught_up, self.count, self.words) = (0, 0, count, words);
    }

    /// There is no course, or it is over.
    #[inline(always)]
    fn end(&mut self) {
        (self.next, self.caught_up, self.count) = (0, 0, 0);
    }

    /// The core asks for the last access of a course that may go on.
    #[inline(always)]
    pub(super) fn is_at_end(&self) -> bool {
        usize::from(self.next) + 1 == LONGEST
    }

    /// The load that the core asks for is granted in cycle `now`: in which cycle it asks for the next access, and at which
    /// address. `None`, and nothing happened, where it is a store, or that is not known or is beyond `horizon`.
    #[inline(always)]
    pub(super) fn granted(&mut self, now: u64, horizon: u64) -> Option<(u64, u32)> {
        let stores = self.stops.get(usize::from(self.next)).is_none_or(|stop| stop.store);
        if stores { None } else { self.passed(now, horizon) }
    }

    /// The same for the access that was done, whether it loads or stores.
    #[inline(always)]
    pub(super) fn passed(&mut self, now: u64, horizon: u64) -> Option<(u64, u32)> {
        let (this, next) = (usize::from(self.next), usize::from(self.next) + 1);
        if next >= usize::from(self.count) {
            return None;
        }
        let stop = self.stops.get(next)?;
        let asked = now + u64::from(stop.gap);
        if asked > horizon + 1 {
            return None;
        }
        let address = stop.address;
        self.stops[this].grant = now;
        self.next = next as u8;
        Some((asked, address))
    }

    /// Whether something was granted that was not caught up with.
    #[inline(always)]
    fn owes(&self) -> bool {
        self.caught_up != self.next
    }

    /// Whether it may have yet to read the word at `address`.
    #[inline(always)]
    fn may_read(&self, address: u32) -> bool {
        self.words >> (address >> 2 & 63) & 1 == 1
    }

    /// Catches up with a core.
    #[inline(always)]
    fn catch_up(&mut self, core: &mut Core, recorder: &mut Recorder, memory: &Memory, program: &Program) {
        if !self.owes() {
            return;
        }
        let (from, next) = (usize::from(self.caught_up), usize::from(self.next));
        self.caught_up = self.next;
        let Some(course) = self.begins.and_then(|id| program.course(id)) else {
            return;
        };
        let (Some(legs), Some(stops)) = (course.legs.get(from..=next), self.stops.get(from..=next)) else {
            return;
        };
        let base = memory.base(Which::L1);
        let read = |stop: &Stop| {
            let word = memory.read(Which::L1, stop.address.wrapping_sub(base));
            recorder.load(stop.grant, word);
            word
        };
        core.go_along(legs, stops, course.lap, read, program);
    }
}

/// All that it takes to catch up with the workers.
pub(super) struct Followers<'a> {
    pub(super) ahead: &'a mut [Ahead],
    pub(super) cores: &'a mut [Core],
    pub(super) recorders: &'a mut [Recorder],
}

impl Followers<'_> {
    /// Catches up with all of them, and ends their courses: code may change.
    #[cold]
    pub(super) fn catch_up(&mut self, memory: &Memory, program: &Program) {
        for ((ahead, core), recorder) in self.ahead.iter_mut().zip(&mut *self.cores).zip(&mut *self.recorders) {
            ahead.catch_up(core, recorder, memory, program);
            ahead.end();
        }
    }
}

impl Machine {
    /// A core on a chain asks for its access: sets out on the course that begins there, if there is one.
    #[inline(never)]
    pub(super) fn set_out_on_course(&mut self, index: usize) {
        if !self.recorders[index].has_room(LONGEST) {
            return;
        }
        let Some(start) = self.cores[index].sets_out() else {
            return;
        };
        if self
            .program
            .course(start.block)
            .is_none_or(|course| !start.is_of(course))
        {
            self.chart(&start);
        }
        let core = &mut self.cores[index];
        if start.in_loop {
            core.loops.passing_bytes(start.pc);
        }
        if let Some(course) = self.program.course(start.block)
            && course.legs.len() > 1
            && (start.floats || !course.floats)
            && !(course.branches && start.in_loop)
        {
            self.ahead[index].set_out(course, &start, core, self.plain);
        }
    }

    /// Works out the course that begins at `start`. Nobody may be on the one that it replaces.
    #[cold]
    fn chart(&mut self, start: &Start) {
        self.catch_up_with_all();
        self.program.chart(start.block, start.page, start.lap);
    }

    /// A core asks for the last access of its course: goes on with the one that begins there.
    #[inline(never)]
    pub(super) fn renew_course(&mut self, index: usize) {
        self.end_course(index);
        self.set_out_on_course(index);
    }

    /// The course of a core is over.
    #[inline(always)]
    pub(super) fn end_course(&mut self, index: usize) {
        self.catch_up(index);
        self.ahead[index].end();
    }

    /// Catches up with a core.
    #[inline(always)]
    pub(super) fn catch_up(&mut self, index: usize) {
        let (core, recorder) = (&mut self.cores[index], &mut self.recorders[index]);
        self.owing &= !(1 << index);
        self.ahead[index].catch_up(core, recorder, &self.memory, &self.program);
    }

    /// Catches up with every core that may have yet to read the word at `address`, which is about to be written.
    #[inline(always)]
    pub(super) fn catch_up_with_readers(&mut self, address: u32) {
        let mut owing = self.owing;
        while owing != 0 {
            let index = owing.trailing_zeros() as usize;
            owing &= owing - 1;
            if self.ahead[index].may_read(address) {
                self.catch_up(index);
            }
        }
    }

    /// Catches up with all cores, and ends their courses.
    #[cold]
    pub(super) fn catch_up_with_all(&mut self) {
        let mut followers = Followers {
            ahead: &mut self.ahead,
            cores: &mut self.cores,
            recorders: &mut self.recorders,
        };
        followers.catch_up(&self.memory, &self.program);
    }
}
