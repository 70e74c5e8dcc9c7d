//! Interactions ahead: banks and FPUs are arbitrated for what workers will ask before what is in front of it was answered.
//!
//! While a core follows a course, only the cycles of its grants are kept; what it reads and computes is caught up with later:
//! when the course ends, before anybody writes a word that it has yet to read, and before anybody looks at the core.
//!
//! Invariant: a core that was caught up with is where it would be if each grant had reached it at once.

use crate::core::course::CourseId;
use crate::core::walk::{Ask, MOST_OWED, Walk};
use crate::core::{Core, Start};
use crate::machine::ending::Recorder;
use crate::machine::{MAX_WORKERS, Machine, NEVER, Want};
use crate::memory::{Memory, Which};
use crate::observe::Silent;
use crate::program::Program;

/// The way of one core along a course, if it is on one.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead {
    pub(super) course: Option<CourseId>,
    pub(super) walk: Walk,
}

impl Ahead {
    /// There is no course, or it is over.
    #[inline(always)]
    fn end(&mut self) {
        self.course = None;
        self.walk.end();
    }

    /// Tells a core all that was granted to it, and writes that down.
    #[inline(always)]
    fn catch_up(&mut self, core: &mut Core, recorder: &mut Recorder, memory: &Memory, program: &Program) {
        if self.walk.owes() {
            self.pay(core, recorder, memory, program);
        }
        self.write_down(core, program);
    }

    /// Tells a core all that was granted to it, so that its registers are what they should be.
    #[inline(never)]
    fn pay(&mut self, core: &mut Core, recorder: &mut Recorder, memory: &Memory, program: &Program) {
        // Before it is told, a core is nowhere that a run which ends now would not have come to.
        if !recorder.has_room(MOST_OWED) {
            self.write_down(core, program);
            recorder.make_room(core);
        }
        let Some(course) = self.course.and_then(|id| program.course(id)) else {
            return;
        };
        let owed = self.walk.pay(course);
        recorder.grants(owed.grants(), |reads| {
            core.go_along(&owed, memory.words(Which::L1), reads)
        });
    }

    /// Writes down what a core was told.
    #[inline(never)]
    fn write_down(&mut self, core: &mut Core, program: &Program) {
        if self.walk.has_passed()
            && let Some(course) = self.course.and_then(|id| program.course(id))
            && let Some(passed) = self.walk.write_down(course)
        {
            core.stand(&passed, program);
        }
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
    /// What a worker asks for is granted in this cycle: does it and lets the worker ask for what comes next on its course. False,
    /// and nothing happened, if that is not known.
    #[inline(always)]
    pub(super) fn go_ahead(&mut self, index: usize, horizon: u64) -> bool {
        self.go_ahead_at_once(index, horizon) || self.go_further(index, horizon)
    }

    /// The same where nobody else may see it: the worker loads or computes, and its course just goes on.
    #[inline(always)]
    fn go_ahead_at_once(&mut self, index: usize, horizon: u64) -> bool {
        let walk = &mut self.ahead[index % MAX_WORKERS].walk;
        let operation = walk.asks_to_operate();
        let Some((asked, ask)) = walk.granted(operation, self.now, horizon, self.plain) else {
            return false;
        };
        self.ask_ahead(index, asked, ask);
        true
    }

    /// The same where the run does not end before the next request, and it is known whether the worker asks for an operation of
    /// an FPU; it is put into `soon` if it asks for another one in the next cycle.
    #[inline(always)]
    pub(super) fn go_straight_ahead(&mut self, index: usize, operation: bool, soon: &mut u64) -> bool {
        let walk = &mut self.ahead[index % MAX_WORKERS].walk;
        if operation && walk.operates_on(self.now) {
            *soon |= 1 << index;
            return true;
        }
        let Some((asked, ask)) = walk.granted(operation, self.now, NEVER, self.plain) else {
            return false;
        };
        if ask == Ask::Operation && asked == self.now + 1 {
            self.wants.set(index, Want::FPU);
            *soon |= 1 << index;
        } else {
            self.ask_ahead(index, asked, ask);
        }
        true
    }

    /// The same where the worker stores, its course repeats or ends, or it is on none.
    #[inline(never)]
    pub(super) fn go_further(&mut self, index: usize, horizon: u64) -> bool {
        if horizon <= self.now {
            return false;
        }
        if !self.ahead[index % MAX_WORKERS].walk.asks_to_store() {
            if self.ahead[index % MAX_WORKERS].walk.owes_much() {
                self.pay(index);
            }
            if self.pass_ahead(index, horizon) {
                return true;
            }
            self.end_course(index);
            self.set_out_on_course(index);
        }
        if self.ahead[index % MAX_WORKERS].walk.asks_to_store() {
            return self.store_ahead(index, horizon);
        }
        self.go_ahead_at_once(index, horizon)
    }

    /// A worker on a course asks for a store, which is granted in this cycle.
    fn store_ahead(&mut self, index: usize, horizon: u64) -> bool {
        self.pay(index);
        let Ahead { course, walk } = &self.ahead[index % MAX_WORKERS];
        let course = course.and_then(|id| self.program.course(id));
        let Some((address, data, byte_enable)) =
            course.and_then(|course| walk.stored(course, &self.cores[index].registers))
        else {
            return false;
        };
        let offset = address.wrapping_sub(self.plain.base);
        self.store(Some(index), Which::L1, offset, data, byte_enable);
        if !self.pass_ahead(index, horizon) {
            self.ride_on(index, 0, horizon, &mut Silent);
        }
        true
    }

    /// What a worker on a course asks for was done: lets it ask for what comes next. False, and nothing happened, if that is not
    /// known.
    fn pass_ahead(&mut self, index: usize, horizon: u64) -> bool {
        let Ahead { course, walk } = &mut self.ahead[index % MAX_WORKERS];
        let Some(course) = course.and_then(|id| self.program.course(id)) else {
            return false;
        };
        let Some((asked, ask)) = walk.passed(course, self.now, horizon, self.plain) else {
            return false;
        };
        if walk.begins() && self.owing.trailing_zeros() as usize == index {
            self.lookout.begins();
        }
        self.ask_ahead(index, asked, ask);
        true
    }

    /// A worker on a course asks for its next interaction in cycle `asked`.
    #[inline(always)]
    fn ask_ahead(&mut self, index: usize, asked: u64, ask: Ask) {
        match ask {
            Ask::Access(address) => {
                let bank = self.plain.bank(address.wrapping_sub(self.plain.base));
                self.wants.set(index, Want::bank(bank));
                self.calendar.insert_soon_at_bank(asked, index, bank);
            }
            Ask::Operation => {
                self.wants.set(index, Want::FPU);
                self.calendar.insert_soon_at_fpu(asked, index);
            }
        }
    }

    /// A core on a chain asks for its interaction: sets out on the course that begins there, if there is one.
    #[inline(never)]
    pub(super) fn set_out_on_course(&mut self, index: usize) {
        let Some(start) = self.cores[index].sets_out() else {
            return;
        };
        if self
            .program
            .course_at(start.page, start.pc)
            .is_none_or(|(_, course)| !start.is_of(course))
        {
            if !self.program.asks_often(start.page, start.pc) {
                return;
            }
            self.chart(&start);
        }
        let (core, recorder) = (&mut self.cores[index], &mut self.recorders[index]);
        if !recorder.has_room(MOST_OWED) {
            recorder.make_room(core);
        }
        let Ahead { course, walk } = &mut self.ahead[index % MAX_WORKERS];
        if let Some((id, charted)) = self.program.course_at(start.page, start.pc)
            && start.allows(charted)
            && walk.set_out(charted, &core.registers, start.asked, start.laps)
        {
            // Loops of which none alone decides look at more than the ends of their bodies.
            if start.in_loop && start.lap.is_none() {
                core.loops.passing_bytes(start.pc);
                walk.keep_to(charted, |pc| core.loops.passes(pc));
            }
            *course = Some(id);
            self.owing |= 1 << index;
        } else {
            walk.end();
        }
    }

    /// Works out the course that begins at `start`. Nobody may be on the one that it replaces.
    #[cold]
    fn chart(&mut self, start: &Start) {
        self.catch_up_with_all();
        self.program.chart(start.page, start.pc, start.lap);
    }

    /// The course of a core is over.
    #[inline(always)]
    pub(super) fn end_course(&mut self, index: usize) {
        self.catch_up(index);
        self.ahead[index % MAX_WORKERS].end();
        self.owing &= !(1 << index);
    }

    /// Catches up with a core.
    #[inline(always)]
    pub(super) fn catch_up(&mut self, index: usize) {
        let (core, recorder) = (&mut self.cores[index], &mut self.recorders[index]);
        self.ahead[index % MAX_WORKERS].catch_up(core, recorder, &self.memory, &self.program);
    }

    /// Tells a core all that was granted to it, so that its registers are what they should be.
    #[inline(always)]
    pub(super) fn pay(&mut self, index: usize) {
        let ahead = &mut self.ahead[index % MAX_WORKERS];
        if ahead.walk.owes() {
            let (core, recorder) = (&mut self.cores[index], &mut self.recorders[index]);
            ahead.pay(core, recorder, &self.memory, &self.program);
        }
    }

    /// Tells every core what was granted to it that may have yet to read the word at `address`, which is about to be written.
    #[inline(always)]
    pub(super) fn tell_readers(&mut self, address: u32) {
        let mut owing = self.owing;
        while owing != 0 {
            let index = owing.trailing_zeros() as usize;
            owing &= owing - 1;
            if self.ahead[index % MAX_WORKERS].walk.may_read(address) {
                self.pay(index);
            }
        }
    }

    /// Catches up with all cores, and ends their courses.
    #[cold]
    pub(super) fn catch_up_with_all(&mut self) {
        let mut followers = Followers {
            ahead: &mut self.ahead[..],
            cores: &mut self.cores,
            recorders: &mut self.recorders,
        };
        followers.catch_up(&self.memory, &self.program);
    }
}
