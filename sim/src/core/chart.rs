//! Charts: how a course is worked out from the code behind an interaction.
//!
//! On the way it is known of each integer register whether it is a sum of what registers held where the course begins, and of
//! which. The course ends where an address or the outcome of a branch is no such sum.
//!
//! Invariant: a course leads where the core would go, for all values that the registers may have and its guards hold for.

use ennead_isa::op::BranchFn;

use super::block::{Access, Block, BlockId, Interaction, Line};
use super::course::{Course, Guard, LONGEST, LONGEST_GAP, Leg, Passing, Renewal, SUMS, Sums, Terms};
use super::loops::Lap;
use super::script::{ScriptFours, Step};
use super::uop::{Action, Uop};

/// Iterations of a loop that are one repetition, if there is room for them.
const ITERATIONS: usize = 4;

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
