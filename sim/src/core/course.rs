//! Courses: the accesses that a core will ask for one after another, where the registers tell all their addresses before the
//! first of them is answered.
//!
//! A course begins at the access that ends a block and goes on from there, through branches whose outcome the registers tell
//! as well, and from the end of a hardware loop's body to its start. It holds no values: what the loads read, and what is
//! computed between them, is for whoever needs it.
//!
//! Invariant: as long as nothing disturbs the core, branches go as the guards say and the loop does not end, each access asks
//! for its grant [`Leg::gap`] cycles after the one before it got its own, at [`Leg::address`].

use std::num::NonZeroU8;

use ennead_isa::op::BranchFn;

use super::block::{Access, Block, BlockId, Line};
use super::loops::Lap;
use super::uop::{Action, Tally, Uop};

/// Accesses of a course at most.
pub const LONGEST: usize = 16;

/// An access of a course.
#[derive(Clone, Copy, Debug)]
pub struct Leg {
    address: Sum,
    /// It stores.
    pub store: bool,
    /// Cycles from the grant of the access before it.
    pub gap: u16,
    /// How many more times the loop has to go back for this access to be on the way, and for the core to be past the end of
    /// the body if the access is close to it.
    pub laps: u8,
    /// The register that it loads a word into, if it does nothing else.
    pub loads: Option<NonZeroU8>,
    /// More happens on the way from the access before it: the block computes something, or the end of the loop's body is passed.
    pub busy: bool,
    /// Which of the last two instructions of the loop's body lie on the way, from the access before it on: the second-last (1),
    /// the last (2).
    pub steps: u8,
    /// What the access before it reads holds the block back.
    pub held: bool,
    /// The block that it ends.
    pub block: BlockId,
    /// The access.
    pub access: Access,
    /// What the course adds up to, when it asks.
    pub sums: Sums,
    guard: Option<Guard>,
}

/// What instructions on a course add to counters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    /// Instructions.
    pub tally: Tally,
    /// Cycles in which nobody waits for a bank.
    pub cycles: u32,
    /// Instructions that a load holds back, each for a cycle.
    pub held: u32,
    /// Stores asked for.
    pub stores: u32,
    /// Loads into registers of the float file.
    pub floats: u32,
    /// Branches.
    pub branches: u32,
    /// Those that are taken.
    pub taken: u32,
    /// Cycles in which decode waits for the targets of those.
    pub bubbles: u32,
}

impl Leg {
    /// Its address; `registers` are those when the first access of the course asks for its grant.
    #[inline(always)]
    pub fn address(&self, registers: &[u32; 64]) -> u32 {
        self.address.of(registers)
    }

    /// Whether the branch on the way goes there, if there is one; `registers` are those when the first access of the course asks
    /// for its grant.
    #[inline(always)]
    pub fn is_on_the_way(&self, registers: &[u32; 64]) -> bool {
        self.guard
            .as_ref()
            .is_none_or(|guard| (guard.branch)(guard.a.of(registers), guard.b.of(registers)) == guard.taken)
    }
}

/// An access of a course that a core follows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stop {
    /// Byte address.
    pub address: u32,
    /// Cycles from the grant of the access before it.
    pub gap: u16,
    /// It stores.
    pub store: bool,
    /// The cycle of its own, once it has it.
    pub grant: u64,
}

/// A branch, and how it goes.
#[derive(Clone, Copy, Debug)]
struct Guard {
    branch: BranchFn,
    a: Sum,
    b: Sum,
    taken: bool,
}

/// The accesses of a course.
#[derive(Clone, Debug)]
pub struct Course {
    /// In order; the first is the one that it begins at.
    pub legs: Box<[Leg]>,
    /// Floats are computed with or moved on the way.
    pub floats: bool,
    /// The hardware loop in which it was worked out.
    pub lap: Option<Lap>,
    /// There are branches on the way.
    pub branches: bool,
}

/// The sum of two registers, either of which may be x0, and a constant.
#[derive(Clone, Copy, Debug)]
struct Sum {
    registers: [u8; 2],
    offset: u32,
}

impl Sum {
    #[inline(always)]
    fn of(&self, registers: &[u32; 64]) -> u32 {
        let [a, b] = self.registers.map(|number| registers[usize::from(number & 63)]);
        a.wrapping_add(b).wrapping_add(self.offset)
    }

    fn plus(self, other: Self) -> Option<Self> {
        let registers = match (self.registers, other.registers) {
            (both, [0, 0]) => both,
            ([0, 0], both) => both,
            ([one, 0], [another, 0]) => [one, another],
            _ => return None,
        };
        Some(Self {
            registers,
            offset: self.offset.wrapping_add(other.offset),
        })
    }

    fn constant(offset: u32) -> Self {
        Self {
            registers: [0, 0],
            offset,
        }
    }
}

/// A course in the making: what is known of the registers on the way.
pub struct Chart {
    legs: Vec<Leg>,
    floats: bool,
    lap: Option<Lap>,
    laps: u8,
    branches: bool,
    /// What each integer register holds, where that is a sum of what the registers held at the beginning.
    known: [Option<Sum>; 32],
}

/// The way from one access to the next.
pub struct Way {
    /// Code that is not a straight line, to be kept as a block.
    pub line: Line,
    /// The micro-ops on the way, with their addresses.
    pub uops: Vec<(u32, Uop)>,
    guard: Option<Guard>,
    steps: u8,
    back: bool,
}

impl Chart {
    /// One for a core in the body of this loop.
    pub fn new(lap: Option<Lap>) -> Self {
        let held = |number| Sum {
            registers: [number, 0],
            offset: 0,
        };
        Self {
            legs: Vec::new(),
            floats: false,
            lap,
            laps: 0,
            branches: false,
            known: std::array::from_fn(|number| Some(held(number as u8))),
        }
    }

    /// Begins at the access of `block`; false where the course ends there.
    pub fn begin(&mut self, id: BlockId, block: &Block) -> bool {
        self.leg(id, block, 0, false, None, 0)
    }

    /// The block at whose access the course has come.
    pub fn last(&self) -> Option<BlockId> {
        self.legs.last().map(|leg| leg.block)
    }

    /// Finds the way on, in code of which `at` tells the micro-ops; `line` is an empty one.
    pub fn way(&mut self, line: Line, at: impl Fn(u32) -> Option<Uop>) -> Option<Way> {
        let last = self.legs.last()?.access;
        self.pass_access(&last);
        let mut way = Way {
            line,
            uops: Vec::new(),
            guard: None,
            steps: 0,
            back: false,
        };
        let mut pc = self.behind(last.pc, at(last.pc)?.len, &mut way)?;
        loop {
            let uop = at(pc)?;
            let mut next = pc;
            match uop.action {
                Action::Branch(branch) if self.lap.is_none() && way.guard.is_none() => {
                    let taken = uop.imm < 0;
                    let b = self.held(uop.rs2)?.plus(Sum::constant(uop.aux as u32))?;
                    way.guard = Some(Guard {
                        branch,
                        a: self.held(uop.rs1)?,
                        b,
                        taken,
                    });
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
            if matches!(uop.action, Action::Load(..) | Action::Store(..)) {
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

    /// Goes that way, which was kept as block `id`; false where the course ends before or at its access.
    pub fn go(&mut self, way: &Way, id: BlockId, block: &Block) -> bool {
        let Some(last) = self.legs.last() else { return false };
        let (gap, held) = (last.access.gap(block), last.access.holds(&block.head));
        self.laps += u8::from(way.back);
        self.floats |= block.floats;
        self.branches |= way.guard.is_some();
        self.leg(id, block, gap as u16, held, way.guard, way.steps)
    }

    /// Adds a leg; false where the course ends before or at its access.
    fn leg(&mut self, id: BlockId, block: &Block, gap: u16, held: bool, guard: Option<Guard>, steps: u8) -> bool {
        let Some(access) = block.link else { return false };
        let Some(address) = self.address(&access) else {
            return false;
        };
        let near_end = self.lap.is_some_and(|lap| lap.is_near_end(access.pc));
        let mut sums = Sums::default();
        if let Some(last) = self.legs.last() {
            sums = last.sums;
            sums.tally += block.tally;
            sums.cycles += u32::from(gap);
            sums.held += u32::from(held);
            sums.stores += u32::from(access.is_store());
            sums.floats += u32::from(!last.access.is_store() && last.access.rd() >= 32);
            sums.branches += u32::from(block.passage.branches);
            sums.taken += u32::from(block.passage.taken);
            sums.bubbles += u32::from(block.passage.bubbles);
        }
        self.legs.push(Leg {
            address,
            store: access.is_store(),
            gap,
            laps: self.laps + u8::from(near_end),
            loads: access.plain_load(),
            busy: block.count > 0 || steps != 0,
            steps,
            held,
            block: id,
            access,
            sums,
            guard,
        });
        self.legs.len() < LONGEST
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

    /// Whether nothing but straight code lies on `way`.
    pub fn is_straight(way: &Way) -> bool {
        way.guard.is_none() && !way.back
    }

    /// The course.
    pub fn finish(self) -> Course {
        Course {
            legs: self.legs.into(),
            floats: self.floats,
            lap: self.lap,
            branches: self.branches,
        }
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

    fn pass_access(&mut self, access: &Access) {
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
