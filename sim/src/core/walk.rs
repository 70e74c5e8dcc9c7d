//! Walks: how far along its course a core was granted what it asks for, ahead of what it reads and computes.
//!
//! A walk knows cycles and addresses and no values: the core is told of its grants when somebody needs to know more. Walks of
//! whole rounds that repeat are gone through at once.
//!
//! Invariant: told of all that it is owed, the core asks for what the walk asks for, since the same cycle.

use super::block::{BlockId, Interaction};
use super::course::{Course, LONGEST, Leg, Passing, SUMS, SumValues, Sums};
use super::loops::Lap;
use super::script::{ScriptFours, Step};
use crate::memory::l1::Plain;

/// What can be granted to a core before it is caught up with.
pub const MOST_OWED: usize = 2 * LONGEST;

/// Places for legs and for grants, so that no number of one is beyond them.
const LEGS: usize = LONGEST.next_power_of_two();
const GRANTS: usize = MOST_OWED.next_power_of_two();

/// The next interaction of a core on a course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// An access, at this byte address.
    Access(u32),
    /// An operation of a shared FPU.
    Operation,
}

/// One core's way along a course: which interaction it asks for, and what was granted before and not caught up with.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The cycle in which it asked first, where that is for an operation.
    asked: u64,
    /// The words that it reads, by the lowest bits of their numbers.
    words: u64,
    /// The leg that it asks for, or asked for when `run_from` grants were owed.
    at: u8,
    /// The first leg that it may not come to without further thought: a store before it has to be done.
    limit: u8,
    /// The first leg in this repetition that it may not come to.
    reach: u8,
    /// Legs before the course repeats.
    round: u8,
    /// The first leg that was granted and not told to the core, and how many were.
    behind: u8,
    owed: u8,
    /// While it asks for operations that follow each other at once, its grants are all there is of them: how many were owed when
    /// it asked for the one at `at`, and how many will be when it asks for the last of them.
    run_from: u8,
    run_to: u8,
    /// The leg up to which all was written down, and how many the core was told of since.
    written: u8,
    told: u32,
    /// Cycles that operations waited for their grants: those that are owed, and those that the core was told of since.
    contention: u32,
    told_contention: u32,
    /// The cycle of the last grant that the core was told of.
    granted: u64,
    /// How often the loop goes back yet.
    laps: u32,
    /// How often it set out on a course, or told the core what was granted.
    stint: u64,
    sums: [u32; SUMS],
    legs: [Leg; LEGS],
    grants: [u64; GRANTS],
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            asked: 0,
            words: 0,
            at: 0,
            limit: 0,
            reach: 0,
            round: 0,
            behind: 0,
            owed: 0,
            run_from: 0,
            run_to: 0,
            written: 0,
            told: 0,
            contention: 0,
            told_contention: 0,
            granted: 0,
            laps: 0,
            stint: 0,
            sums: [0; SUMS],
            legs: [Leg::NONE; LEGS],
            grants: [0; GRANTS],
        }
    }
}

/// What was granted along a course and not told to the core.
pub struct Owed<'a> {
    pub(super) grants: &'a [u64],
    /// What is read and computed from the first of them on.
    pub(super) steps: &'a [Step],
    /// The whole of it, from where the course begins.
    pub(super) script: &'a [Step],
    pub(super) fours: &'a ScriptFours,
    pub(super) lap: Option<Lap>,
}

impl Owed<'_> {
    /// The cycles of the grants.
    #[inline(always)]
    pub fn grants(&self) -> &[u64] {
        self.grants
    }
}

/// The way along a course that a core was told of and that is not written down.
pub struct Passed<'a> {
    /// What the core asked for where the way begins.
    pub(super) from: &'a Passing,
    /// What it asks for now.
    pub(super) to: &'a Passing,
    /// The block that led there, and the cycles from the last grant.
    pub(super) entered: (Option<BlockId>, u16),
    /// What was granted last, and the cycle of that.
    pub(super) last: Interaction,
    pub(super) granted: u64,
    /// How many interactions were granted.
    pub(super) count: u32,
    /// What all of them add up to.
    pub(super) sums: Sums,
    /// Cycles that operations waited for their grants.
    pub(super) contention: u32,
}

impl Walk {
    /// Sets out along `course`, `asked` being the cycle in which the core asks for its first interaction; `laps` is how often
    /// the loop goes back. False where the course leads nowhere.
    #[inline(always)]
    pub fn set_out(&mut self, course: &Course, registers: &[u32; 64], asked: u64, laps: u32) -> bool {
        for (value, terms) in self.sums.iter_mut().zip(&course.sums) {
            *value = terms.sum(registers);
        }
        (self.at, self.behind, self.owed, self.written, self.told) = (0, 0, 0, 0, 0);
        (self.contention, self.told_contention) = (0, 0);
        (self.laps, self.asked, self.words) = (laps, asked, 0);
        self.stint += 1;
        self.round = course.round() as u8;
        self.reach = course.reach(&self.sums, laps) as u8;
        let sums = &self.sums;
        for (number, (own, leg)) in self
            .legs
            .iter_mut()
            .zip(&course.legs)
            .take(self.reach.into())
            .enumerate()
        {
            *own = *leg;
            if sums[leg.sum()].wrapping_add(leg.offset) & leg.aligned() != 0 {
                // It is an access, and so not in the middle of a run.
                self.reach = number as u8;
                break;
            }
        }
        self.access(self.address(self.legs[0]));
        self.look_ahead();
        self.goes_on()
    }

    /// Goes no further than to the last interaction before one that does not pass, by its address as an instruction.
    pub fn keep_to(&mut self, course: &Course, passes: impl Fn(u32) -> bool) {
        let reach = course.passings.iter().take(self.reach.into());
        let passed = reach.take_while(|passing| passes(passing.interaction.pc()));
        self.reach = course.short_of_run(passed.count()) as u8;
        self.look_ahead();
    }

    /// Brings [`Self::limit`] up to date, and the run of operations.
    #[inline(always)]
    fn look_ahead(&mut self) {
        let leg = self.leg(self.at);
        self.limit = leg.stop.min(self.reach).min(self.round);
        self.begin_run(leg);
        // It came back to the first leg, from which it may not go on.
        if self.limit <= self.at {
            self.run_to = self.run_from;
        }
    }

    /// It asks for what `leg` does, which may be an operation.
    #[inline(always)]
    fn begin_run(&mut self, leg: Leg) {
        (self.run_from, self.run_to) = (self.owed, self.owed.wrapping_add(leg.offset as u8));
    }

    /// Operations that were granted in a run until now.
    #[inline(always)]
    fn run(&self) -> u8 {
        self.owed.wrapping_sub(self.run_from)
    }

    /// Brings up to date what depends on the operations that were granted in a run.
    #[inline(always)]
    pub fn settle(&mut self) {
        let count = self.run();
        if count != 0 && self.asks_to_operate() {
            let last = self.grants[usize::from(self.owed - 1) % GRANTS];
            self.contention += (last + 1 - self.asked) as u32 - u32::from(count);
            self.asked = last + 1;
            self.at += count;
            self.run_from = self.owed;
        }
    }

    #[inline(always)]
    fn leg(&self, number: u8) -> Leg {
        self.legs[usize::from(number) % LEGS]
    }

    /// There is no course, or it is over.
    #[inline(always)]
    pub fn end(&mut self) {
        (self.reach, self.limit, self.owed, self.told) = (0, 0, 0, 0);
        (self.run_from, self.run_to) = (0, 0);
    }

    #[inline(always)]
    fn address(&self, leg: Leg) -> u32 {
        self.sums[leg.sum()].wrapping_add(leg.offset)
    }

    /// It asks for an access at `address`.
    #[inline(always)]
    fn access(&mut self, address: u32) {
        self.words |= 1 << (address >> 9 & 63);
    }

    /// The operation that it asks for is granted in cycle `now`, and in the next it asks for another one: goes on to that. False,
    /// and nothing happened, if that is not known.
    #[inline(always)]
    pub fn operates_on(&mut self, now: u64) -> bool {
        let goes_on = self.owed < self.run_to;
        if goes_on {
            self.grants[usize::from(self.owed) % GRANTS] = now;
            self.owed += 1;
        }
        goes_on
    }

    /// The interaction that it asks for, a load or, if that is told, an operation, is granted in cycle `now`: in which cycle it asks
    /// for the next one, and for what. `None`, and nothing happened, where it is a store, the course ends or repeats, or that
    /// cycle is beyond `horizon`.
    #[inline(always)]
    pub fn granted(&mut self, operation: bool, now: u64, horizon: u64, plain: Plain) -> Option<(u64, Ask)> {
        let next = self.at + 1 + if operation { self.run() } else { 0 };
        if next >= self.limit {
            return None;
        }
        let leg = self.leg(next);
        self.enter(leg, next, self.address(leg), operation, now, horizon, plain)
    }

    /// The same for an interaction that was done, whatever it is, on `course`; the walk may go on where that repeats.
    #[inline(always)]
    pub fn passed(&mut self, course: &Course, now: u64, horizon: u64, plain: Plain) -> Option<(u64, Ask)> {
        self.settle();
        let next = self.at + 1;
        if next >= self.reach {
            return None;
        }
        let operation = self.asks_to_operate();
        let leg = self.leg(next);
        let asked = if next == self.round {
            let sums = course.renewed(&self.sums)?;
            let address = sums[leg.sum()].wrapping_add(leg.offset);
            let asked = self.enter(leg, 0, address, operation, now, horizon, plain)?;
            self.sums = sums;
            self.laps = self.laps.saturating_sub(course.backs.into());
            self.reach = course.reach(&self.sums, self.laps) as u8;
            asked
        } else {
            self.enter(leg, next, self.address(leg), operation, now, horizon, plain)?
        };
        self.look_ahead();
        Some(asked)
    }

    /// Goes on from what was granted, an operation or not, to `leg`, number `number` of the course, at `address`.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn enter(
        &mut self,
        leg: Leg,
        number: u8,
        address: u32,
        operation: bool,
        now: u64,
        horizon: u64,
        plain: Plain,
    ) -> Option<(u64, Ask)> {
        let asked = now + u64::from(leg.gap);
        let operates = leg.is_operation();
        if asked > horizon.saturating_add(1) || !operates && !plain.holds(address) {
            return None;
        }
        if operation {
            self.contention += (now - self.asked) as u32 - u32::from(self.run());
        }
        self.grants[usize::from(self.owed) % GRANTS] = now;
        self.owed += 1;
        self.at = number;
        let ask = if operates {
            self.asked = asked;
            self.begin_run(leg);
            Ask::Operation
        } else {
            self.access(address);
            Ask::Access(address)
        };
        Some((asked, ask))
    }

    /// Whether it asks for an operation.
    #[inline(always)]
    pub fn asks_to_operate(&self) -> bool {
        self.leg(self.at).is_operation()
    }

    /// Whether it asks for a store.
    #[inline(always)]
    pub fn asks_to_store(&self) -> bool {
        self.reach != 0 && self.leg(self.at).is_store()
    }

    /// Whether what is owed leaves no room for a whole repetition.
    #[inline(always)]
    pub fn owes_much(&self) -> bool {
        usize::from(self.owed) > MOST_OWED - LONGEST
    }

    /// Whether it asks for the interaction that the course begins at.
    #[inline(always)]
    pub fn begins(&self) -> bool {
        self.at == 0
    }

    /// Whether the course goes on behind the interaction that it asks for.
    #[inline(always)]
    pub fn goes_on(&self) -> bool {
        self.at + 1 < self.reach
    }

    /// Whether something was granted that was not caught up with.
    #[inline(always)]
    pub fn owes(&self) -> bool {
        self.owed != 0
    }

    /// Whether it may have yet to read the word at `address`.
    #[inline(always)]
    pub fn may_read(&self, address: u32) -> bool {
        self.words >> (address >> 9 & 63) & 1 == 1
    }

    /// What was granted on `course` and not told to the core until now, when it is.
    #[inline(always)]
    pub fn pay<'a>(&'a mut self, course: &'a Course) -> Owed<'a> {
        self.settle();
        let (from, owed) = (usize::from(self.behind), usize::from(self.owed));
        (self.behind, self.owed, self.words) = (self.at, 0, 0);
        (self.run_from, self.run_to) = (0, self.run_to.saturating_sub(owed as u8));
        self.stint += 1;
        self.access(self.address(self.leg(self.at)));
        self.told += owed as u32;
        self.told_contention += std::mem::take(&mut self.contention);
        let grants = self.grants.get(..owed).unwrap_or_default();
        self.granted = grants.last().copied().unwrap_or(self.granted);
        let first = course.passings.get(from).map_or(0, |passing| passing.step.into());
        Owed {
            grants,
            steps: course.script.get(first..).unwrap_or_default(),
            script: &course.script,
            fours: &course.fours,
            lap: course.lap,
        }
    }

    /// The way along `course` that the core was told of and that was not written down until now, when it is.
    #[inline(always)]
    pub fn write_down<'a>(&mut self, course: &'a Course) -> Option<Passed<'a>> {
        let count = std::mem::take(&mut self.told);
        let round = course.round();
        let legs = usize::from(self.written) + count as usize;
        let (at, laps) = (legs % round, legs / round);
        let entered = if at == 0 { round } else { at };
        let passing = |number: usize| course.passings.get(number);
        let (from, to) = (passing(self.written.into())?, passing(at)?);
        self.written = at as u8;
        Some(Passed {
            from,
            to,
            entered: (passing(entered)?.block, course.legs.get(entered)?.gap),
            last: passing(entered - 1)?.interaction,
            granted: self.granted,
            count,
            sums: from.sums.until(&to.sums, laps as u32, &course.passings.last()?.sums),
            contention: std::mem::take(&mut self.told_contention),
        })
    }

    /// Whether the core was told of something that was not written down.
    #[inline(always)]
    pub fn has_passed(&self) -> bool {
        self.told != 0
    }

    /// The store that a core with these registers asks for: its address, data and byte enables.
    #[inline(always)]
    pub fn stored(&self, course: &Course, registers: &[u32; 64]) -> Option<(u32, u32, u8)> {
        match &course.passings.get(usize::from(self.at))?.interaction {
            Interaction::Access(access) => Some(access.stored(registers, access.address(registers))),
            Interaction::Operation(_) => None,
        }
    }
}

/// Where a walk is at the beginning of a cycle, as far as it may be there again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pose {
    at: u8,
    /// Cycles for which an operation has been asked for, or is not yet, modulo two to the 64th.
    waits: u64,
    stint: u64,
}

/// What a walk that goes round was granted in whole rounds.
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    count: u32,
    /// The cycles of the grants.
    grants: [u64; LONGEST],
    len: u8,
    contention: u32,
    /// What one of them adds to the sums.
    step: [u32; SUMS],
}

impl Rounds {
    /// How many they are.
    pub fn count(&self) -> u32 {
        self.count
    }
}

impl Walk {
    /// Where it is, settled, at the beginning of cycle `now`.
    pub fn pose(&self, now: u64) -> Pose {
        let waits = if self.asks_to_operate() {
            now.wrapping_sub(self.asked)
        } else {
            0
        };
        Pose {
            at: self.at,
            waits,
            stint: self.stint,
        }
    }

    /// The sums of which addresses are made.
    pub fn sums(&self) -> SumValues {
        self.sums
    }

    /// What is owed, if that is all that was granted since it had the sums `before`, whole rounds of `course` without stores, each of
    /// which adds the same to them.
    pub fn rounds(&self, course: &Course, before: &SumValues) -> Option<Rounds> {
        let (owed, round) = (usize::from(self.owed), course.round());
        let whole = course.renewals.is_some() && self.behind == self.at && owed != 0 && owed.is_multiple_of(round);
        if !whole
            || usize::from(self.reach) != course.legs.len()
            || course.legs.first().is_none_or(|leg| leg.stop != u8::MAX)
        {
            return None;
        }
        let count = (owed / round) as u32;
        let step = difference(&course.renewed(&self.sums)?, &self.sums);
        let mut grants = [0; LONGEST];
        grants.get_mut(..owed)?.copy_from_slice(&self.grants[..owed]);
        let steady = difference(&self.sums, before) == step.map(|step| step.wrapping_mul(count));
        steady.then_some(Rounds {
            count,
            grants,
            len: owed as u8,
            contention: self.contention,
            step,
        })
    }

    /// How many banks further on, under this mask over word numbers, all its accesses are after those rounds, if they are.
    pub fn shift(&self, course: &Course, rounds: &Rounds, bank_mask: u32) -> Option<u32> {
        let shift = |leg: &Leg| {
            let bytes = rounds.step[leg.sum()].wrapping_mul(rounds.count);
            (bytes & 3 == 0).then_some(bytes >> 2 & bank_mask)
        };
        let mut shifts = course.legs.iter().filter(|leg| !leg.is_operation()).map(shift);
        let first = shifts.next().unwrap_or(Some(0));
        if shifts.all(|shift| shift == first) {
            first
        } else {
            None
        }
    }

    /// The cycles and addresses of the accesses in those rounds.
    pub fn accesses<'a>(&'a self, course: &'a Course, rounds: &'a Rounds) -> impl Iterator<Item = (u64, u32)> + 'a {
        let round = course.round();
        let grants = rounds.grants.iter().take(rounds.len.into());
        grants.enumerate().filter_map(move |(number, grant)| {
            let place = usize::from(self.at) + number;
            let leg = course.legs.get(place % round)?;
            let ago = rounds.count - (place / round) as u32;
            let sum = self.sums[leg.sum()].wrapping_sub(rounds.step[leg.sum()].wrapping_mul(ago));
            (!leg.is_operation()).then(|| (*grant, sum.wrapping_add(leg.offset)))
        })
    }

    /// How many more rounds it goes like those, at most `most`.
    pub fn goes_round(&self, course: &Course, rounds: &Rounds, plain: Plain, most: u64) -> u64 {
        let leg_most = |leg: &Leg| {
            let (offset, step) = (
                self.address(*leg).wrapping_sub(plain.base),
                rounds.step[leg.sum()] as i32,
            );
            let room = match step {
                _ if leg.is_operation() => return most,
                _ if offset >= plain.bytes => 0,
                0 => return most,
                1.. => plain.bytes - 1 - offset,
                _ => offset,
            };
            u64::from(room / step.unsigned_abs())
        };
        let most = course.legs.iter().map(leg_most).min().unwrap_or(0).min(most);
        let (mut sums, mut laps) = (self.sums, self.laps);
        for done in 0..=most {
            match course.renewed(&sums) {
                Some(renewed)
                    if course.reach(&sums, laps) == course.legs.len() && difference(&renewed, &sums) == rounds.step =>
                {
                    sums = renewed;
                    laps = laps.saturating_sub(course.backs.into());
                }
                _ => return done.saturating_sub(1),
            }
        }
        most
    }

    /// It was granted those rounds once more, `later` cycles later; what it asks for next is [`Self::went_round`]'s.
    pub fn goes_like(&mut self, rounds: &Rounds, later: u64) {
        let (from, len) = (usize::from(self.owed), usize::from(rounds.len));
        if let Some(own) = self.grants.get_mut(from..from + len) {
            own.iter_mut()
                .zip(&rounds.grants)
                .for_each(|(own, grant)| *own = grant + later);
            self.owed += rounds.len;
            (self.run_from, self.run_to) = (self.owed, self.owed);
            self.contention += rounds.contention;
        }
    }

    /// It went those rounds so many more times, `later` cycles in all.
    pub fn went_round(&mut self, course: &Course, rounds: &Rounds, times: u64, later: u64) {
        let count = rounds.count * times as u32;
        for (sum, step) in self.sums.iter_mut().zip(rounds.step) {
            *sum = sum.wrapping_add(step.wrapping_mul(count));
        }
        self.laps = self.laps.saturating_sub(count * u32::from(course.backs));
        self.asked += later;
        self.reach = course.reach(&self.sums, self.laps) as u8;
        self.words = u64::MAX;
        self.look_ahead();
    }
}

fn difference(sums: &[u32; SUMS], from: &[u32; SUMS]) -> [u32; SUMS] {
    std::array::from_fn(|number| sums[number].wrapping_sub(from[number]))
}
