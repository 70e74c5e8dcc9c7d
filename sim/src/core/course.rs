//! Courses: the interactions that a core will have one after another, where the registers tell all their addresses before the
//! first of them is answered.
//!
//! A course begins at the interaction that ends a block and goes on from there, through branches whose outcome the registers
//! tell as well, and from the end of a hardware loop's body to its start. Where it comes back to where it began, and the
//! registers then tell as much as they did, it repeats: one course is then all of a loop's iterations. It holds no values: what
//! the loads read, and what is computed between them, is its script's, for whoever needs it. How one is made is
//! [`super::chart`]'s, and how a core goes along it [`super::walk`]'s.
//!
//! Invariant: as long as nothing disturbs the core, each interaction asks for its grant so many cycles after the one before it got
//! its own as its leg says, and at the address that the sums of registers and its leg tell.

use ennead_isa::op::BranchFn;

use super::block::{BlockId, Interaction, Number};
use super::loops::Lap;
use super::script::{ScriptFours, Step};
use super::uop::Tally;

/// Interactions of a course at most, not counting repetitions.
pub const LONGEST: usize = 96;

/// Cycles from one grant of a course to the next request at most.
pub const LONGEST_GAP: u64 = 64;

/// Sums of registers that a course depends on at most.
pub(super) const SUMS: usize = 16;

/// The values of those sums.
pub type SumValues = [u32; SUMS];

/// The number of a course.
pub type CourseId = Number<Course>;

/// An interaction of a course: what it takes to ask for it.
#[derive(Clone, Copy, Debug)]
pub struct Leg {
    /// The constant part of its address; of an operation, how many others follow it at once.
    pub(super) offset: u32,
    /// Cycles from the grant of the one before it.
    pub(super) gap: u16,
    /// [`Self::SUM`] is the number of the sum of registers in its address, the rest its kind.
    pub(super) kind: u8,
    /// The number of the leg behind the next store from here on.
    pub(super) stop: u8,
}

impl Leg {
    pub(super) const SUM: u8 = SUMS as u8 - 1;
    pub(super) const OPERATION: u8 = 1 << 4;
    /// An operation asked for in the cycle after the grant before it, which has no sum.
    pub(super) const AT_ONCE: u8 = Self::OPERATION | 1;
    pub(super) const STORE: u8 = 1 << 5;
    /// From here on the bits of the address that must be zero for the access to be aligned.
    pub(super) const ALIGNED: u32 = 6;

    pub(super) const NONE: Self = Self {
        offset: 0,
        gap: 0,
        kind: 0,
        stop: 0,
    };

    /// The leg of an interaction at this sum and constant.
    pub(super) fn new(interaction: &Interaction, gap: u16, (sum, offset): (u8, u32)) -> Self {
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
    pub(super) fn sum(self) -> usize {
        usize::from(self.kind & Self::SUM)
    }

    #[inline(always)]
    pub(super) fn is_operation(self) -> bool {
        self.kind & Self::OPERATION != 0
    }

    #[inline(always)]
    pub(super) fn is_store(self) -> bool {
        self.kind & Self::STORE != 0
    }

    /// The bits of an address that must be zero for the access to be aligned.
    #[inline(always)]
    pub(super) fn aligned(self) -> u32 {
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
    pub(super) laps: u8,
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
pub(super) struct Guard {
    /// The leg behind it.
    pub(super) leg: u8,
    pub(super) branch: BranchFn,
    /// What it compares: the number of a sum, and a constant.
    pub(super) a: (u8, u32),
    pub(super) b: (u8, u32),
    pub(super) taken: bool,
}

/// What a sum is when its course repeats: one of the sums before, another one a number of times, and a constant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Renewal {
    pub(super) from: u8,
    pub(super) other: u8,
    pub(super) times: u32,
    pub(super) offset: u32,
    /// The bits in which it must not change, or accesses would not be aligned.
    pub(super) keeps: u32,
}

/// The interactions of a course.
#[derive(Clone, Debug)]
pub struct Course {
    /// In order; the first is the one that it begins at. If the course repeats, the last is the first again.
    pub(super) legs: Box<[Leg]>,
    pub(super) passings: Box<[Passing]>,
    /// What is read and computed on the way.
    pub(super) script: Box<[Step]>,
    pub(super) fours: ScriptFours,
    /// The sums of registers that addresses and guards are made of.
    pub(super) sums: Box<[Terms]>,
    /// If the course repeats, what the sums are then.
    pub(super) renewals: Option<Box<[Renewal]>>,
    pub(super) guards: Box<[Guard]>,
    /// The most that a leg has as its [`Passing::laps`].
    pub(super) most_laps: u8,
    /// Floats are computed with or moved on the way.
    pub floats: bool,
    /// The hardware loop in which it was worked out.
    pub lap: Option<Lap>,
    /// How often that goes back before the course repeats.
    pub(super) backs: u8,
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
    pub(super) fn round(&self) -> usize {
        self.legs.len() - usize::from(self.renewals.is_some())
    }

    /// How many of the first legs, the first again among them, a walk may come to in a repetition that begins with these sums,
    /// the loop going back `laps` more times.
    pub(super) fn reach(&self, sums: &[u32; SUMS], laps: u32) -> usize {
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
    pub(super) fn short_of_run(&self, reach: usize) -> usize {
        let runs_on = |leg: &usize| self.legs.get(*leg).is_some_and(|leg| leg.kind == Leg::AT_ONCE);
        let mut legs = (0..=reach).rev();
        legs.find(|leg| !runs_on(leg)).unwrap_or(0)
    }

    /// What these sums are when the course repeats; none if accesses would not be aligned any more.
    #[inline(always)]
    pub(super) fn renewed(&self, sums: &[u32; SUMS]) -> Option<[u32; SUMS]> {
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

/// What addresses and guards are made of: a register, and another one a number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) register: u8,
    pub(super) other: u8,
    pub(super) times: u32,
}

impl Terms {
    pub(super) const NONE: Self = Self::of(0);

    pub(super) const fn of(register: u8) -> Self {
        Self {
            register,
            other: 0,
            times: 0,
        }
    }

    #[inline(always)]
    pub(super) fn sum(self, registers: &[u32; 64]) -> u32 {
        let [register, other] = [self.register, self.other].map(|number| registers[usize::from(number & 63)]);
        register.wrapping_add(other.wrapping_mul(self.times))
    }

    /// The terms of a sum of two, if they are as simple.
    pub(super) fn plus(self, more: Self) -> Option<Self> {
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
