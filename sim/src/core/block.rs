//! Blocks: straight lines of computations, up to and including the next load, store or operation of a shared FPU, whose timing
//! is known before they run.
//!
//! A block knows no values and no state of a core. What an older instruction still under way does to it can only hold
//! its first instruction back; so it is worked out once, on a pipeline at rest, and then moved to the cycle in which its
//! first instruction leaves decode.
//!
//! Blocks are kept by number.
//!
//! Invariant: a core that passes a block equals one that was stepped through it.

use std::marker::PhantomData;
use std::num::NonZeroU32;

use ennead_isa::op::{Addressing, Fill};

use super::fours::Fours;
use super::pipeline::{Needs, Passage, Pipeline};
use super::uop::{Action, NO_REGISTER, RoundingMode, Tally, Uop};
use crate::config::Generation;

/// Instructions of a block at most, so that what a store into code makes unknown again stays little.
pub const LONGEST: usize = 32;

/// What one needs to know of the cores to time a block.
#[derive(Clone, Copy, Debug)]
pub struct BlockRules {
    /// The core.
    pub generation: Generation,
    /// Each core has an FPU of its own.
    pub private_fpu: bool,
}

/// What a core meets the others at: what ends a block.
#[derive(Clone, Copy, Debug)]
pub enum Interaction {
    /// A load or store.
    Access(Access),
    /// An operation of a shared FPU.
    Operation(Operation),
}

impl Interaction {
    /// Its address as an instruction.
    #[inline(always)]
    pub fn pc(&self) -> u32 {
        match self {
            Self::Access(access) => access.pc,
            Self::Operation(operation) => operation.pc,
        }
    }

    /// The register that it writes through the ALU port while it waits for its grant.
    #[inline(always)]
    pub fn alu_rd(&self) -> u8 {
        match self {
            Self::Access(access) => access.alu_rd(),
            Self::Operation(_) => NO_REGISTER,
        }
    }

    /// Whether it holds back a first instruction behind it that needs `head`.
    pub fn holds(&self, head: &Needs) -> bool {
        match self {
            Self::Access(access) => access.holds(head),
            Self::Operation(operation) => operation.holds(head),
        }
    }

    /// Cycles from its grant to the one in which what ends `block` behind it asks for its own, if they are known.
    pub fn gap(&self, block: &Block) -> Option<u16> {
        let held = self.holds(&block.head);
        let waits = match self {
            Self::Access(_) => false,
            // R19.
            Self::Operation(operation) => operation.latency > 0 && block.asks_first == Some(0) && !held,
        };
        (!waits).then_some(u16::from(held) + block.passage.last + 1)
    }
}

/// A pipelined floating-point operation that asks a shared FPU: its result is written when it asks.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its address as an instruction.
    pub pc: u32,
    /// The register that it writes.
    pub rd: u8,
    /// Cycles from its grant to its result: at most one.
    pub latency: u8,
}

impl Operation {
    fn holds(&self, head: &Needs) -> bool {
        self.latency > 0 && head.awaits >> (self.rd & 63) & 1 == 1
    }
}

/// The load or store that ends a block, and what is needed to go on behind it; small, because chains keep copies.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// Registers, a byte each as in `Self::RD` and so on, and the flags above them.
    packed: u64,
    /// The constant part of the offset.
    offset: u32,
    /// Its address as an instruction.
    pub pc: u32,
}

impl Access {
    const RD: u32 = 0;
    const BASE: u32 = 8;
    const INDEX: u32 = 16;
    const DATA: u32 = 24;
    const ALU_RD: u32 = 32;
    const BYTES: u32 = 40;
    const STORE: u64 = 1 << 48;
    const SIGNED: u64 = 1 << 49;
    const ONES: u64 = 1 << 50;
    const POST_INCREMENT: u64 = 1 << 51;
    const LEN: u32 = 56;

    /// That of `uop` at `pc`, if it is a load or store.
    fn of(uop: &Uop, pc: u32) -> Option<Self> {
        let (flag, width, fill, addressing) = match uop.action {
            Action::Load(width, fill, addressing) => (0, width, fill, addressing),
            Action::Store(width, addressing) => (Self::STORE, width, Fill::Zero, addressing),
            _ => return None,
        };
        let field = |value: u8, at: u32| u64::from(value) << at;
        let flag_if = |condition: bool, flag: u64| if condition { flag } else { 0 };
        Some(Self {
            packed: flag
                | field(uop.rd, Self::RD)
                | field(uop.rs1, Self::BASE)
                | field(uop.rs2, Self::INDEX)
                | field(uop.rs3, Self::DATA)
                | field(uop.alu_rd, Self::ALU_RD)
                | field(width as u8, Self::BYTES)
                | field(uop.len, Self::LEN)
                | flag_if(fill == Fill::Sign, Self::SIGNED)
                | flag_if(fill == Fill::Ones, Self::ONES)
                | flag_if(addressing == Addressing::PostIncrement, Self::POST_INCREMENT),
            offset: uop.imm as u32,
            pc,
        })
    }

    #[inline(always)]
    fn field(&self, at: u32) -> u8 {
        (self.packed >> at) as u8
    }

    /// The register that a load writes.
    #[inline(always)]
    pub fn rd(&self) -> u8 {
        self.field(Self::RD)
    }

    /// The register of the base.
    #[inline(always)]
    pub fn base(&self) -> usize {
        usize::from(self.field(Self::BASE) & 63)
    }

    /// The register that a store stores.
    #[inline(always)]
    pub fn data(&self) -> usize {
        usize::from(self.field(Self::DATA) & 63)
    }

    /// The register that it writes through the ALU port.
    #[inline(always)]
    pub fn alu_rd(&self) -> u8 {
        self.field(Self::ALU_RD)
    }

    /// Its bytes.
    #[inline(always)]
    pub fn bytes(&self) -> u32 {
        u32::from(self.field(Self::BYTES))
    }

    /// A store rather than a load.
    #[inline(always)]
    pub fn is_store(&self) -> bool {
        self.packed & Self::STORE != 0
    }

    /// Its address is the base's value before the offset is added to it.
    #[inline(always)]
    pub fn post_increments(&self) -> bool {
        self.packed & Self::POST_INCREMENT != 0
    }

    /// The register of the index.
    #[inline(always)]
    pub fn index(&self) -> u8 {
        self.field(Self::INDEX)
    }

    /// The address of the instruction behind it.
    #[inline(always)]
    pub fn next(&self) -> u32 {
        self.pc.wrapping_add(self.field(Self::LEN).into())
    }

    /// The constant part of the offset.
    #[inline(always)]
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// Whether it loads a whole word.
    pub fn loads_word(&self) -> bool {
        self.bytes() == 4 && !self.is_store()
    }

    /// What a store stores at `address`: that, the data in their lanes and the byte enables.
    #[inline(always)]
    pub fn stored(&self, registers: &[u32; 64], address: u32) -> (u32, u32, u8) {
        let offset = address & 3;
        let enable = ((1u32 << self.bytes()) - 1) << offset;
        (address, registers[self.data()] << (8 * offset), enable as u8)
    }

    /// Writes what it writes, having read `word` at `address`.
    #[inline(always)]
    pub fn take(&self, registers: &mut [u32; 64], address: u32, word: u32) {
        if self.post_increments() {
            let step = self.step(registers);
            let base = &mut registers[self.base()];
            *base = base.wrapping_add(step);
        }
        if !self.is_store() {
            registers[usize::from(self.rd() & 63)] = self.extract(word, address);
        }
        registers[0] = 0;
    }

    /// What is added to the base.
    #[inline(always)]
    pub fn step(&self, registers: &[u32; 64]) -> u32 {
        registers[usize::from(self.index() & 63)].wrapping_add(self.offset)
    }

    /// The address.
    #[inline(always)]
    pub fn address(&self, registers: &[u32; 64]) -> u32 {
        let step = if self.post_increments() {
            0
        } else {
            self.step(registers)
        };
        registers[self.base()].wrapping_add(step)
    }

    /// What a load writes of the word that it read at `address`.
    #[inline(always)]
    pub fn extract(&self, word: u32, address: u32) -> u32 {
        let shift = 32u32.wrapping_sub(8 * self.bytes()) & 31;
        let upper = (word >> (8 * (address & 3))) << shift;
        let value = if self.packed & Self::SIGNED != 0 {
            (upper as i32 >> shift) as u32
        } else {
            upper >> shift
        };
        let above = if self.packed & Self::ONES != 0 {
            !(u32::MAX >> shift)
        } else {
            0
        };
        value | above
    }

    /// Whether it holds back a first instruction behind it that needs `head`.
    #[inline(always)]
    pub fn holds(&self, head: &Needs) -> bool {
        !self.is_store() && (head.reads >> (self.rd() & 63) & 1 == 1 || self.rd() == head.alu_rd)
    }

    /// Whether it crosses a word boundary at `address`.
    #[inline(always)]
    pub fn crosses(&self, address: u32) -> bool {
        (address & 3) + self.bytes() > 4
    }
}

/// A straight line of instructions.
#[derive(Clone, Debug)]
pub struct Block {
    /// All of them.
    pub uops: Box<[Uop]>,
    /// Computations and pipelined floating-point operations.
    pub count: u8,
    /// What ends it: an access, which follows those, or an operation, which is the last of them.
    pub ends: Option<Interaction>,
    /// What the first instruction waits for.
    pub head: Needs,
    /// It computes with floats or moves them.
    pub floats: bool,
    /// It computes with them.
    pub computes_floats: bool,
    /// The first instruction is a floating-point operation of so many stages.
    pub asks_first: Option<u8>,
    /// Bytes from the first instruction to the last one's beginning.
    pub reach: u16,
    /// Where four of an operation stand together that can be computed at once.
    pub fours: Fours,
    /// What it adds to the counters.
    pub tally: Tally,
    /// What it does to the pipeline.
    pub passage: Passage,
}

impl Block {
    /// Whether an instruction in it but the first waits: else each leaves decode in the cycle after the one before it.
    #[inline(always)]
    pub fn waits(&self) -> bool {
        usize::from(self.passage.last) + 1 != self.uops.len()
    }

    /// The block that begins at `pc` with the first of `uops`, micro-ops of successive half-words, all of its instructions
    /// before `limit` bytes. It may be empty.
    pub fn new(pc: u32, uops: &[Uop], limit: u32, rules: BlockRules) -> Self {
        let mut line = Line::new(rules);
        let mut slot = 0;
        while let Some(uop) = uops.get(slot).filter(|_| 2 * (slot as u32) < limit)
            && line.pass(pc.wrapping_add(2 * slot as u32), uop)
        {
            line.block.reach = 2 * slot as u16;
            slot += usize::from(uop.len / 2);
        }
        line.finish()
    }
}

/// A block in the making.
#[derive(Clone)]
pub struct Line {
    rules: BlockRules,
    pipeline: Pipeline,
    passage: Passage,
    passed: Vec<Uop>,
    instructions: usize,
    block: Block,
}

impl Line {
    /// An empty one.
    pub fn new(rules: BlockRules) -> Self {
        let mut pipeline = Pipeline::new(rules.generation);
        let passage = Passage::begin(&mut pipeline);
        Self {
            rules,
            pipeline,
            passage,
            passed: Vec::new(),
            instructions: 0,
            block: Block {
                uops: Box::default(),
                count: 0,
                ends: None,
                head: Needs::default(),
                floats: false,
                computes_floats: false,
                asks_first: None,
                reach: 0,
                fours: Fours::default(),
                tally: Tally::default(),
                passage: Passage::default(),
            },
        }
    }

    /// The next instruction is `uop`, at `pc`; false where the block cannot hold it, or was ended by an interaction.
    pub fn pass(&mut self, pc: u32, uop: &Uop) -> bool {
        if self.is_full() {
            return false;
        }
        let at = self.passage.leaves(&self.pipeline, uop);
        match uop.action {
            Action::Compute(_) => self.leave(uop, at),
            Action::Float(_, latency @ 0..=1)
                if uop.rounding != RoundingMode::Reserved && self.pipeline.fpu_takes(at + 1, latency) =>
            {
                if self.instructions == 0 {
                    self.block.asks_first = Some(latency);
                }
                self.leave(uop, at);
                self.block.floats = true;
                self.block.computes_floats = true;
                if self.rules.private_fpu {
                    self.passage.computes(uop.rd, at, latency);
                    self.pipeline.fp_accepted(uop.rd, at + 1, u64::from(latency));
                } else {
                    let rd = uop.rd;
                    self.block.ends = Some(Interaction::Operation(Operation { pc, rd, latency }));
                }
            }
            Action::Load(..) | Action::Store(..) => {
                self.leave(uop, at);
                self.block.ends = Access::of(uop, pc).map(Interaction::Access);
                self.block.floats |= uop.moves_float();
                self.passed.push(*uop);
                return true;
            }
            _ => return false,
        }
        self.block.count += 1;
        self.passed.push(*uop);
        true
    }

    /// The next instruction is the branch `uop`; where it is taken, `bubble` cycles go by before the one at its target comes
    /// into decode. False where the block cannot hold it.
    pub fn pass_branch(&mut self, uop: &Uop, bubble: Option<u16>) -> bool {
        if self.is_full() || self.pipeline.older() {
            return false;
        }
        let at = self.passage.leaves(&self.pipeline, uop);
        self.leave(uop, at);
        self.passage.branch(&mut self.pipeline, bubble);
        true
    }

    /// Whether an interaction ended it.
    pub fn ended(&self) -> bool {
        self.block.ends.is_some()
    }

    fn is_full(&self) -> bool {
        self.ended() || self.instructions == LONGEST
    }

    fn leave(&mut self, uop: &Uop, at: u64) {
        if self.instructions == 0 {
            self.block.head = Needs::of(uop);
        }
        self.passage.pass(&mut self.pipeline, uop, at);
        self.block.tally += uop.tally;
        self.instructions += 1;
    }

    /// The block.
    pub fn finish(mut self) -> Block {
        self.block.fours = Fours::find(&self.passed);
        self.block.uops = self.passed.into();
        self.block.passage = self.passage.end(&self.pipeline);
        self.block
    }
}

/// The number of a block.
pub type BlockId = Number<Block>;

/// The number of something that is kept.
#[derive(Debug)]
pub struct Number<T>(NonZeroU32, PhantomData<T>);

impl<T> Clone for Number<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Number<T> {}

impl<T> PartialEq for Number<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Number<T> {}

/// Things by number. A number is given once, so that that of something that was forgotten names nothing.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    first: u32,
    list: Vec<T>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            first: 1,
            list: Vec::new(),
        }
    }
}

impl<T> Kept<T> {
    /// What has a number, unless it was forgotten.
    #[inline(always)]
    pub fn get(&self, number: Number<T>) -> Option<&T> {
        self.list.get(number.0.get().wrapping_sub(self.first) as usize)
    }

    /// Keeps something; there is no number for it only after four billion others.
    pub fn keep(&mut self, thing: T) -> Option<Number<T>> {
        let number = self.first.checked_add(self.list.len() as u32)?;
        self.list.push(thing);
        NonZeroU32::new(number).map(|number| Number(number, PhantomData))
    }

    /// Puts another thing in the place of what has a number, if that was not forgotten; gives its number.
    pub fn replace(&mut self, number: Number<T>, thing: T) -> Option<Number<T>> {
        let place = self.list.get_mut(number.0.get().wrapping_sub(self.first) as usize)?;
        *place = thing;
        Some(number)
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.first = self.first.saturating_add(self.list.len() as u32);
        self.list.clear();
    }
}
