//! Courses: the interactions that a core will have one after another, where the registers tell all their addresses before the
//! first of them is answered.
//!
//! A course begins at the interaction that ends a block and goes on from there, through branches whose outcome the registers
//! tell as well, and from the end of a hardware loop's body to its start. Where it comes back to where it began, and the
//! registers then tell as much as they did, it repeats: one course is then all of a loop's iterations. It holds no values: what
//! the loads read, and what is computed between them, is its script's, for whoever needs it.
//!
//! Invariant: as long as nothing disturbs the core and a [`Walk`] along the course goes on, each interaction asks for its grant
//! so many cycles after the one before it got its own as its leg says, and at the address that the walk tells.

use ennead_isa::op::BranchFn;

use super::block::{Access, Block, BlockId, Interaction, Line, Number};
use super::loops::Lap;
use super::script::{ScriptFours, Step};
use super::uop::{Action, Tally, Uop};
use crate::memory::l1::Plain;

/// Interactions of a course at most, not counting repetitions.
pub const LONGEST: usize = 96;

/// What can be granted to a core before it is caught up with.
pub const MOST_OWED: usize = 2 * LONGEST;

/// Places for legs and for grants, so that no number of one is beyond them.
const LEGS: usize = LONGEST.next_power_of_two();
const GRANTS: usize = MOST_OWED.next_power_of_two();

/// Cycles from one grant of a course to the next request at most.
pub const LONGEST_GAP: u64 = 64;

/// Iterations of a loop that are one repetition, if there is room for them.
const ITERATIONS: usize = 4;

/// Sums of registers that a course depends on at most.
const SUMS: usize = 16;

/// The values of those sums.
pub type SumValues = [u32; SUMS];

/// The number of a course.
pub type CourseId = Number<Course>;

/// An interaction of a course: what it takes to ask for it.
#[derive(Clone, Copy, Debug)]
pub struct Leg {
    /// The constant part of its address; of an operation, how many others follow it at once.
    offset: u32,
    /// Cycles from the grant of the one before it.
    gap: u16,
    /// [`Self::SUM`] is the number of the sum of registers in its address, the rest its kind.
    kind: u8,
    /// The number of the leg behind the next store from here on.
    stop: u8,
}

impl Leg {
    const SUM: u8 = SUMS as u8 - 1;
    const OPERATION: u8 = 1 << 4;
    /// An operation asked for in the cycle after the grant before it, which has no sum.
    const AT_ONCE: u8 = Self::OPERATION | 1;
    const STORE: u8 = 1 << 5;
    /// From here on the bits of the address that must be zero for the access to be aligned.
    const ALIGNED: u32 = 6;

    const NONE: Self = Self {
        offset: 0,
        gap: 0,
        kind: 0,
        stop: 0,
    };

    /// The leg of an interaction at this sum and constant.
    fn new(interaction: &Interaction, gap: u16, (sum, offset): (u8, u32)) -> Self {
        let kind = match interaction {
            Interaction::Operation(_) if gap == 1 => Self::AT_ONCE,
            Interaction::Operation(_) => Self::OPERATION,
            Interaction::Access(access) => {
                let store = if access.is_store() { Self::STORE } else { 0 };
                sum & Self::SUM | store | (access.bytes() as u8).wrapping_sub(1) << Self::ALIGNED
            }
        };
        Self {
            offset,
            gap,
            kind,
            stop: u8::MAX,
        }
    }

    /// The number of the sum of registers in its address.
    #[inline(always)]
    fn sum(self) -> usize {
        usize::from(self.kind & Self::SUM)
    }

    #[inline(always)]
    fn is_operation(self) -> bool {
        self.kind & Self::OPERATION != 0
    }

    #[inline(always)]
    fn is_store(self) -> bool {
        self.kind & Self::STORE != 0
    }

    /// The bits of an address that must be zero for the access to be aligned.
    #[inline(always)]
    fn aligned(self) -> u32 {
        (self.kind >> Self::ALIGNED).into()
    }
}

/// What it takes to catch up with the interaction of a leg.
#[derive(Clone, Copy, Debug)]
pub struct Passing {
    /// The interaction.
    pub interaction: Interaction,
    /// The block that leads there from the one before; none where the course begins.
    pub block: Option<BlockId>,
    /// Where the script takes up its grant.
    pub step: u16,
    /// What the course adds up to, when it asks.
    pub sums: Sums,
    /// How many more times the loop has to go back for it to be on the way, and for the core to be past the end of the body
    /// if the interaction is close to it.
    laps: u8,
}

/// What instructions on a course add to counters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    /// Instructions.
    pub tally: Tally,
    /// Cycles in which nobody waits for a bank or an FPU.
    pub cycles: u32,
    /// Instructions that a load holds back, each for a cycle.
    pub held: u32,
    /// Cycles in which an instruction waits for a floating-point result.
    pub latency: u32,
    /// Stores granted.
    pub stores: u32,
    /// Operations granted.
    pub operations: u32,
    /// Loads and blocks that write registers of the float file.
    pub floats: u32,
    /// Branches.
    pub branches: u32,
    /// Those that are taken.
    pub taken: u32,
    /// Cycles in which decode waits for the targets of those.
    pub bubbles: u32,
}

impl Sums {
    /// What is added from here to `to`, which lies `laps` repetitions of a course later that adds up to `whole`.
    #[inline(always)]
    pub fn until(&self, to: &Self, laps: u32, whole: &Self) -> Self {
        let field = |part: fn(&Self) -> u32| part(to) + laps * part(whole) - part(self);
        Self {
            tally: to.tally + whole.tally * laps - self.tally,
            cycles: field(|sums| sums.cycles),
            held: field(|sums| sums.held),
            latency: field(|sums| sums.latency),
            stores: field(|sums| sums.stores),
            operations: field(|sums| sums.operations),
            floats: field(|sums| sums.floats),
            branches: field(|sums| sums.branches),
            taken: field(|sums| sums.taken),
            bubbles: field(|sums| sums.bubbles),
        }
    }
}

/// A branch, and how it has to go for the course to go on.
#[derive(Clone, Copy, Debug)]
struct Guard {
    /// The leg behind it.
    leg: u8,
    branch: BranchFn,
    /// What it compares: the number of a sum, and a constant.
    a: (u8, u32),
    b: (u8, u32),
    taken: bool,
}

/// What a sum is when its course repeats: one of the sums before, another one a number of times, and a constant.
#[derive(Clone, Copy, Debug)]
struct Renewal {
    from: u8,
    other: u8,
    times: u32,
    offset: u32,
    /// The bits in which it must not change, or accesses would not be aligned.
    keeps: u32,
}

/// The interactions of a course.
#[derive(Clone, Debug)]
pub struct Course {
    /// In order; the first is the one that it begins at. If the course repeats, the last is the first again.
    legs: Box<[Leg]>,
    passings: Box<[Passing]>,
    /// What is read and computed on the way.
    script: Box<[Step]>,
    fours: ScriptFours,
    /// The sums of registers that addresses and guards are made of.
    sums: Box<[Terms]>,
    /// If the course repeats, what the sums are then.
    renewals: Option<Box<[Renewal]>>,
    guards: Box<[Guard]>,
    /// The most that a leg has as its [`Passing::laps`].
    most_laps: u8,
    /// Floats are computed with or moved on the way.
    pub floats: bool,
    /// The hardware loop in which it was worked out.
    pub lap: Option<Lap>,
    /// How often that goes back before the course repeats.
    backs: u8,
    /// There are branches on the way.
    pub branches: bool,
}

impl Course {
    /// Whether it leads anywhere.
    pub fn goes_on(&self) -> bool {
        self.legs.len() > 1
    }

    /// Legs before the course repeats, or ends.
    #[inline(always)]
    fn round(&self) -> usize {
        self.legs.len() - usize::from(self.renewals.is_some())
    }

    /// How many of the first legs, the first again among them, a walk may come to in a repetition that begins with these sums,
    /// the loop going back `laps` more times.
    fn reach(&self, sums: &[u32; SUMS], laps: u32) -> usize {
        let mut reach = self.legs.len();
        let sum = |(number, offset): (u8, u32)| sums[usize::from(number) % SUMS].wrapping_add(offset);
        if let Some(guard) = self
            .guards
            .iter()
            .find(|guard| (guard.branch)(sum(guard.a), sum(guard.b)) != guard.taken)
        {
            reach = guard.leg.into();
        }
        if self.lap.is_some() && u32::from(self.most_laps) > laps {
            let far = |passing: &Passing| u32::from(passing.laps) > laps;
            reach = self.passings.iter().take(reach).position(far).unwrap_or(reach);
        }
        self.short_of_run(reach)
    }

    /// The last one up to `reach` of the legs that are not in the middle of a run of operations, and may be the first that is not
    /// come to.
    fn short_of_run(&self, reach: usize) -> usize {
        let runs_on = |leg: &usize| self.legs.get(*leg).is_some_and(|leg| leg.kind == Leg::AT_ONCE);
        let mut legs = (0..=reach).rev();
        legs.find(|leg| !runs_on(leg)).unwrap_or(0)
    }

    /// What these sums are when the course repeats; none if accesses would not be aligned any more.
    #[inline(always)]
    fn renewed(&self, sums: &[u32; SUMS]) -> Option<[u32; SUMS]> {
        let mut renewed = *sums;
        let mut moved = 0;
        let sum = |number: u8| sums[usize::from(number) % SUMS];
        for (value, renewal) in renewed.iter_mut().zip(self.renewals.as_deref().unwrap_or_default()) {
            let other = sum(renewal.other).wrapping_mul(renewal.times);
            let new = sum(renewal.from).wrapping_add(other).wrapping_add(renewal.offset);
            moved |= (*value ^ new) & renewal.keeps;
            *value = new;
        }
        (moved == 0).then_some(renewed)
    }
}

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

    /// Whether it asks for an operation.
    #[inline(always)]
    pub fn asks_to_operate(&self) -> bool {
        self.leg(self.at).is_operation()
    }

    /// The same for an interaction that was done, whatever it is, on `course`; the walk may go on where that repeats.
    #[inline(always)]
    pub fn passed(&mut self, course: &Course, now: u64, horizon: u64, plain: Plain) -> Option<(u64, Ask)> {
        self.settle();
        let next = self.at + 1;
        if next >= self.reach {
            return None;
        }
        let operation = self.leg(self.at).is_operation();
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
        let waits = if self.leg(self.at).is_operation() {
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

/// What addresses and guards are made of: a register, and another one a number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Terms {
    register: u8,
    other: u8,
    times: u32,
}

impl Terms {
    const NONE: Self = Self::of(0);

    const fn of(register: u8) -> Self {
        Self {
            register,
            other: 0,
            times: 0,
        }
    }

    #[inline(always)]
    fn sum(self, registers: &[u32; 64]) -> u32 {
        let [register, other] = [self.register, self.other].map(|number| registers[usize::from(number & 63)]);
        register.wrapping_add(other.wrapping_mul(self.times))
    }

    /// The terms of a sum of two, if they are as simple.
    fn plus(self, more: Self) -> Option<Self> {
        let mut terms: Vec<(u8, u32)> = Vec::new();
        for (register, times) in [
            (self.register, 1),
            (self.other, self.times),
            (more.register, 1),
            (more.other, more.times),
        ] {
            match terms.iter_mut().find(|(known, _)| *known == register) {
                _ if register == 0 => {}
                Some((_, sum)) => *sum = sum.checked_add(times)?,
                None => terms.push((register, times)),
            }
        }
        terms.sort_by_key(|(_, times)| *times);
        match terms[..] {
            [] => Some(Self::NONE),
            [(register, 1)] => Some(Self::of(register)),
            [(other, times)] => Some(Self {
                register: 0,
                other,
                times,
            }),
            [(register, 1), (other, times)] => Some(Self { register, other, times }),
            _ => None,
        }
    }
}

/// A sum of registers and a constant.
#[derive(Clone, Copy, Debug)]
struct Sum {
    terms: Terms,
    offset: u32,
}

impl Sum {
    fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            terms: self.terms.plus(other.terms)?,
            offset: self.offset.wrapping_add(other.offset),
        })
    }

    fn constant(offset: u32) -> Self {
        Self {
            terms: Terms::NONE,
            offset,
        }
    }

    /// So many times the sum, if it is of one register.
    fn times(self, times: u32) -> Option<Self> {
        let Terms { register, other: 0, .. } = self.terms else {
            return (times == 1).then_some(self);
        };
        let terms = match times {
            1 => self.terms,
            _ if register == 0 || times == 0 => Terms::NONE,
            _ => Terms {
                register: 0,
                other: register,
                times,
            },
        };
        Some(Self {
            terms,
            offset: self.offset.wrapping_mul(times),
        })
    }
}

/// A course in the making: what is known of the registers on the way.
pub struct Chart {
    legs: Vec<Leg>,
    passings: Vec<Passing>,
    script: Vec<Step>,
    /// The floating-point operations in the script, with their places.
    floating: Vec<(usize, Uop)>,
    sums: Vec<Terms>,
    renewals: Option<Box<[Renewal]>>,
    guards: Vec<Guard>,
    floats: bool,
    /// Legs until it came back to the first, if it did.
    iteration: usize,
    lap: Option<Lap>,
    laps: u8,
    backs: u8,
    /// What each integer register holds, where that is a sum of what the registers held at the beginning.
    known: [Option<Sum>; 32],
}

/// The way from one interaction to the next.
pub struct Way {
    /// The code as a block.
    pub line: Line,
    /// The micro-ops on the way, with their addresses.
    pub uops: Vec<(u32, Uop)>,
    /// A branch, what it compares, and whether it has to be taken.
    guard: Option<(BranchFn, Sum, Sum, bool)>,
    steps: u8,
    back: bool,
}

impl Chart {
    /// One for a core in the body of this loop.
    pub fn new(lap: Option<Lap>) -> Self {
        let held = |number| Sum {
            terms: Terms::of(number),
            offset: 0,
        };
        Self {
            legs: Vec::new(),
            passings: Vec::new(),
            script: Vec::new(),
            floating: Vec::new(),
            sums: Vec::new(),
            renewals: None,
            guards: Vec::new(),
            floats: false,
            iteration: 0,
            lap,
            laps: 0,
            backs: 0,
            known: std::array::from_fn(|number| Some(held(number as u8))),
        }
    }

    /// Begins at an interaction; false where the course ends there.
    pub fn begin(&mut self, interaction: Interaction) -> bool {
        self.leg(
            Passing {
                interaction,
                block: None,
                step: 0,
                sums: Sums::default(),
                laps: self.laps_at(interaction.pc()),
            },
            0,
        )
    }

    /// The interaction that the course has come to.
    pub fn last(&self) -> Option<Interaction> {
        self.passings.last().map(|passing| passing.interaction)
    }

    /// Finds the way on from `last`, in code of which `at` tells the micro-ops; `line` is an empty one.
    pub fn way(&mut self, last: Interaction, line: Line, at: impl Fn(u32) -> Option<Uop>) -> Option<Way> {
        self.pass_interaction(&last);
        let mut way = Way {
            line,
            uops: Vec::new(),
            guard: None,
            steps: 0,
            back: false,
        };
        let mut pc = self.behind(last.pc(), at(last.pc())?.len, &mut way)?;
        loop {
            let uop = at(pc)?;
            let mut next = pc;
            match uop.action {
                Action::Branch(branch) if self.lap.is_none() && way.guard.is_none() => {
                    let taken = uop.imm < 0;
                    let b = self.held(uop.rs2)?.plus(Sum::constant(uop.aux as u32))?;
                    way.guard = Some((branch, self.held(uop.rs1)?, b, taken));
                    let target = pc.wrapping_add(uop.imm as u32);
                    // R8, R11.
                    let split = target & 2 != 0 && at(target)?.len == 4;
                    let bubble = taken.then_some(2 + u16::from(split));
                    if !way.line.pass_branch(&uop, bubble) {
                        return None;
                    }
                    if taken {
                        next = target;
                    }
                }
                _ if way.line.pass(pc, &uop) => {}
                _ => return None,
            }
            way.uops.push((pc, uop));
            if way.line.ended() {
                return Some(way);
            }
            self.pass(&uop);
            pc = if next == pc {
                self.behind(pc, uop.len, &mut way)?
            } else {
                next
            };
        }
    }

    /// Goes that way, which was kept as block `id`; false where the course ends before or at its interaction.
    pub fn go(&mut self, way: &Way, id: BlockId, block: &Block) -> bool {
        let (Some(&last), Some(interaction)) = (self.passings.last(), block.ends) else {
            return false;
        };
        let gap = last.interaction.gap(block);
        let Some(gap) = gap.filter(|gap| u64::from(*gap) <= LONGEST_GAP) else {
            return false;
        };
        let held = u32::from(last.interaction.holds(&block.head));
        let mut sums = last.sums;
        sums.tally += block.tally;
        sums.cycles += u32::from(gap);
        sums.latency += u32::from(block.passage.waits);
        sums.floats += u32::from(block.computes_floats);
        match &last.interaction {
            Interaction::Access(access) if access.is_store() => sums.stores += 1,
            Interaction::Access(access) => {
                sums.held += held;
                sums.floats += u32::from(access.rd() >= 32);
            }
            Interaction::Operation(_) => {
                sums.latency += held;
                sums.operations += 1;
            }
        }
        sums.branches += u32::from(block.passage.branches);
        sums.taken += u32::from(block.passage.taken);
        sums.bubbles += u32::from(block.passage.bubbles);
        if let Some((branch, a, b, taken)) = way.guard {
            let (Some(a), Some(b)) = (self.number(a), self.number(b)) else {
                return false;
            };
            let leg = self.legs.len() as u8;
            self.guards.push(Guard {
                leg,
                branch,
                a,
                b,
                taken,
            });
        }
        self.laps += u8::from(way.back);
        self.floats |= block.floats;
        Step::take(&last.interaction, &mut self.script);
        for uop in &block.uops {
            if matches!(uop.action, Action::Float(..)) {
                self.floating.push((self.script.len(), *uop));
            }
            self.script.extend(Step::compute(uop));
        }
        if way.steps != 0 {
            self.script.push(Step::loop_end(way.steps));
        }
        self.leg(
            Passing {
                interaction,
                block: Some(id),
                step: self.script.len() as u16,
                sums,
                laps: self.laps_at(interaction.pc()),
            },
            gap,
        )
    }

    fn laps_at(&self, pc: u32) -> u8 {
        self.laps + u8::from(self.lap.is_some_and(|lap| lap.is_near_end(pc)))
    }

    /// Adds a leg; false where the course ends before or at its interaction.
    fn leg(&mut self, passing: Passing, gap: u16) -> bool {
        let sum = match &passing.interaction {
            Interaction::Access(access) => self.address(access),
            Interaction::Operation(operation) => {
                if !self.legs.is_empty() {
                    self.hold(operation.rd, None);
                }
                Some(Sum::constant(0))
            }
        };
        let Some(sum) = sum.and_then(|sum| self.number(sum)) else {
            return false;
        };
        let pc = passing.interaction.pc();
        let again = self.passings.first().is_some_and(|first| first.interaction.pc() == pc);
        self.legs.push(Leg::new(&passing.interaction, gap, sum));
        self.passings.push(passing);
        let passed = self.legs.len() - 1;
        if again && self.iteration == 0 {
            self.iteration = passed;
        }
        let last = again && passed + self.iteration >= LONGEST.min((ITERATIONS + 1) * self.iteration);
        !(last && self.repeat()) && self.legs.len() < LONGEST
    }

    /// The course came to where it began: lets it repeat, if all sums that it is made of are such sums again.
    fn repeat(&mut self) -> bool {
        let known = self.sums.len();
        let mut renewals = Vec::new();
        while let Some(terms) = self.sums.get(renewals.len()).copied() {
            let Some(renewal) = self.renewal(terms, renewals.len()) else {
                self.sums.truncate(known);
                return false;
            };
            renewals.push(renewal);
        }
        if let [first, .., last] = &mut self.legs[..] {
            *last = Leg {
                gap: last.gap,
                ..*first
            };
        }
        self.backs = self.laps;
        self.script.push(Step::AGAIN);
        self.renewals = Some(renewals.into());
        true
    }

    /// What sum `number`, of `terms`, is by what is known now.
    fn renewal(&mut self, terms: Terms, number: usize) -> Option<Renewal> {
        let other = self.held(terms.other)?.times(terms.times)?;
        let Sum { terms, offset } = self.held(terms.register)?.plus(other)?;
        let single = |register| Sum {
            terms: Terms::of(register),
            offset: 0,
        };
        let (from, _) = self.number(single(terms.register))?;
        let (other, _) = self.number(single(terms.other))?;
        let addresses = self.legs.iter().filter(|leg| leg.sum() == number);
        Some(Renewal {
            from,
            other,
            times: terms.times,
            offset,
            keeps: addresses.fold(0, |bits, leg| bits | leg.aligned()),
        })
    }

    /// What follows the instruction of `len` bytes at `pc`, which is no branch.
    fn behind(&self, pc: u32, len: u8, way: &mut Way) -> Option<u32> {
        let next = pc.wrapping_add(u32::from(len));
        let Some(lap) = self.lap else { return Some(next) };
        if !lap.is_near_end(pc) {
            return lap.holds(next).then_some(next);
        }
        if way.back || lap.arms && len != 4 {
            return None;
        }
        match lap.last.wrapping_sub(pc) {
            0 => {
                way.steps |= 2;
                way.back = true;
                Some(lap.start)
            }
            4 => {
                way.steps |= 1;
                Some(next)
            }
            _ => None,
        }
    }

    /// The course.
    pub fn finish(mut self) -> Course {
        let (mut stop, mut run) = (u8::MAX, 0);
        for (number, leg) in self.legs.iter_mut().enumerate().rev() {
            if leg.is_store() {
                stop = number as u8 + 1;
            }
            leg.stop = stop;
            if leg.is_operation() {
                leg.offset = run;
            }
            run = if leg.kind == Leg::AT_ONCE { run + 1 } else { 0 };
        }
        Step::count_loads(&mut self.script);
        Course {
            fours: ScriptFours::find(&mut self.script, &self.floating),
            most_laps: self
                .passings
                .iter()
                .map(|passing| passing.laps)
                .max()
                .unwrap_or_default(),
            branches: !self.guards.is_empty(),
            legs: self.legs.into(),
            passings: self.passings.into(),
            script: self.script.into(),
            sums: self.sums.into(),
            renewals: self.renewals,
            guards: self.guards.into(),
            floats: self.floats,
            lap: self.lap,
            backs: self.backs,
        }
    }

    /// The number of the sum's registers, and its constant.
    fn number(&mut self, sum: Sum) -> Option<(u8, u32)> {
        let known = self.sums.iter().position(|terms| *terms == sum.terms);
        let number = known.unwrap_or_else(|| {
            self.sums.push(sum.terms);
            self.sums.len() - 1
        });
        (number < SUMS).then_some((number as u8, sum.offset))
    }

    fn held(&self, register: u8) -> Option<Sum> {
        *self.known.get(usize::from(register))?
    }

    fn hold(&mut self, register: u8, sum: Option<Sum>) {
        if let Some(known) = self.known.get_mut(usize::from(register))
            && register != 0
        {
            *known = sum;
        }
    }

    fn step(&self, access: &Access) -> Option<Sum> {
        self.held(access.index())?.plus(Sum::constant(access.offset()))
    }

    fn address(&self, access: &Access) -> Option<Sum> {
        let base = self.held(access.base() as u8)?;
        if access.post_increments() {
            Some(base)
        } else {
            base.plus(self.step(access)?)
        }
    }

    fn pass_interaction(&mut self, interaction: &Interaction) {
        let Interaction::Access(access) = interaction else {
            return;
        };
        if access.post_increments() {
            let base = access.base() as u8;
            let sum = self.held(base).and_then(|held| held.plus(self.step(access)?));
            self.hold(base, sum);
        }
        if !access.is_store() {
            self.hold(access.rd(), None);
        }
    }

    fn pass(&mut self, uop: &Uop) {
        let sum = match uop.action {
            Action::Compute(_) if uop.adds => self.held(uop.rs1).and_then(|held| {
                let other = self.held(uop.rs2)?.plus(Sum::constant(uop.imm as u32))?;
                held.plus(other)
            }),
            _ => None,
        };
        self.hold(uop.rd, sum);
    }
}
