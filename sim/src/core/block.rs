//! Blocks: straight lines of computations, up to and including the next load or store, whose timing is known before they
//! run.
//!
//! A block knows no values and no state of a core. What an older instruction still under way does to it can only hold
//! its first instruction back; so it is worked out once, on a pipeline at rest, and then moved to the cycle in which its
//! first instruction leaves decode.
//!
//! Blocks are kept by number; the one that begins behind a block's access is linked to it.
//!
//! Invariant: a core that passes a block equals one that was stepped through it.

use ennead_isa::Replicate;
use ennead_isa::float::Rounding;
use ennead_isa::op::{Addressing, Fill, Quad, Width};
use serde::{Deserialize, Serialize};

use super::pipeline::{Passage, Pipeline};
use super::uop::{Action, RoundingMode, Tally, Uop};
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

/// The load or store that ends a block, and what is needed to go on behind it.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    /// A store rather than a load.
    pub store: bool,
    /// Its size.
    pub width: Width,
    /// What a load loads is a signed number.
    pub signed: bool,
    /// The address is the base's value before the offset is added to it.
    pub post_increment: bool,
    /// The register that a load writes.
    pub rd: u8,
    /// The register of the base.
    pub base: u8,
    /// The register of the offset.
    pub index: u8,
    /// The register that a store stores.
    pub data: u8,
    /// The register that it writes through the ALU port.
    pub alu_rd: u8,
    /// The constant part of the offset.
    pub offset: u32,
    /// Its address.
    pub pc: u32,
    /// The block behind it, where that is known.
    pub follow: Option<BlockId>,
}

impl Access {
    /// That of `uop` at `pc`, if it is a load or store that a chain can end.
    fn of(uop: &Uop, pc: u32) -> Option<Self> {
        let (store, width, signed, addressing) = match uop.action {
            Action::Load(width, fill, addressing) if fill != Fill::Ones => {
                (false, width, fill == Fill::Sign, addressing)
            }
            Action::Store(width, addressing) => (true, width, false, addressing),
            _ => return None,
        };
        (uop.replicate == Replicate::No).then_some(Self {
            store,
            width,
            signed,
            post_increment: addressing == Addressing::PostIncrement,
            rd: uop.rd,
            base: uop.rs1,
            index: uop.rs2,
            data: uop.rs3,
            alu_rd: uop.alu_rd,
            offset: uop.imm as u32,
            pc,
            follow: None,
        })
    }

    /// What a load writes of the word that it read at `address`.
    #[inline(always)]
    pub fn extract(&self, word: u32, address: u32) -> u32 {
        let shift = 32 - 8 * self.width as u32;
        let upper = (word >> (8 * (address & 3))) << (shift & 31);
        if self.signed {
            (upper as i32 >> (shift & 31)) as u32
        } else {
            upper >> (shift & 31)
        }
    }

    /// Whether it crosses a word boundary at `address`.
    #[inline(always)]
    pub fn crosses(&self, address: u32) -> bool {
        (address & 3) + self.width as u32 > 4
    }
}

/// A straight line of instructions.
#[derive(Clone, Debug)]
pub struct Block {
    /// All of them.
    pub uops: Box<[Uop]>,
    /// Computations and pipelined floating-point operations.
    pub count: u8,
    /// A load or store follows them and ends the block.
    pub access: bool,
    /// The same, where a chain can go on behind it.
    pub link: Option<Access>,
    /// The first instruction's address.
    pub pc: u32,
    /// It computes with floats or moves them.
    pub floats: bool,
    /// It computes with them.
    pub computes_floats: bool,
    /// The first instruction is a floating-point operation that answers in the cycle in which it is asked.
    pub answers_at_once: bool,
    /// Bytes from the first instruction to the last one's beginning.
    pub reach: u16,
    /// Where four of an operation stand together none of which reads what another writes: what computes them at once, and
    /// the number of the first, one bit each.
    pub quads: Option<(Quad, u32)>,
    /// What it adds to the counters.
    pub tally: Tally,
    /// What it does to the pipeline.
    pub passage: Passage,
}

impl Block {
    /// The block that begins at `pc` with the first of `uops`, micro-ops of successive half-words, all of its instructions
    /// before `limit` bytes. It may be empty.
    pub fn new(pc: u32, uops: &[Uop], limit: u32, rules: BlockRules) -> Self {
        let mut pipeline = Pipeline::new(rules.generation);
        let mut passage = Passage::begin(&mut pipeline);
        let mut passed = Vec::new();
        let mut block = Self {
            uops: Box::default(),
            count: 0,
            access: false,
            link: None,
            pc,
            floats: false,
            computes_floats: false,
            answers_at_once: false,
            reach: 0,
            quads: None,
            tally: Tally::default(),
            passage: Passage::default(),
        };
        let mut slot = 0;
        for index in 0..LONGEST {
            let Some(uop) = uops.get(slot).filter(|_| 2 * (slot as u32) < limit) else {
                break;
            };
            let at = passage.leaves(&pipeline, uop);
            match uop.action {
                Action::Compute(_) => passage.pass(&mut pipeline, uop, at),
                Action::Float(_, latency @ 0..=1)
                    if rules.private_fpu
                        && uop.rounding != RoundingMode::Reserved
                        && pipeline.fpu_takes(at + 1, latency) =>
                {
                    passage.pass(&mut pipeline, uop, at);
                    pipeline.fp_accepted(uop.rd, at + 1, u64::from(latency));
                    block.floats = true;
                    block.computes_floats = true;
                    block.answers_at_once |= index == 0 && latency == 0;
                }
                Action::Load(..) | Action::Store(..) => {
                    passage.pass(&mut pipeline, uop, at);
                    block.access = true;
                    block.link = Access::of(uop, pc.wrapping_add(2 * slot as u32));
                    block.floats |= uop.moves_float();
                }
                _ => break,
            }
            passed.push(*uop);
            block.tally += uop.tally;
            block.reach = 2 * slot as u16;
            if block.access {
                break;
            }
            block.count += 1;
            slot += usize::from(uop.len / 2);
        }
        block.quads = quads(&passed);
        block.uops = passed.into();
        block.passage = passage.end(&pipeline);
        block
    }
}

/// The number of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockId(std::num::NonZeroU32);

/// Blocks by number. A number is given once, so that of a block that was forgotten names none.
#[derive(Clone, Debug)]
pub struct Blocks {
    first: u32,
    list: Vec<Block>,
}

impl Default for Blocks {
    fn default() -> Self {
        Self {
            first: 1,
            list: Vec::new(),
        }
    }
}

impl Blocks {
    /// The block of a number, unless it was forgotten.
    #[inline(always)]
    pub fn get(&self, id: BlockId) -> Option<&Block> {
        self.list.get(id.0.get().wrapping_sub(self.first) as usize)
    }

    /// Keeps a block; there is no number for it only after four billion others.
    pub fn keep(&mut self, block: Block) -> Option<BlockId> {
        let id = self.first.checked_add(self.list.len() as u32)?;
        self.list.push(block);
        std::num::NonZeroU32::new(id).map(BlockId)
    }

    /// The block behind the access of block `id` is `follow`.
    pub fn link(&mut self, id: BlockId, follow: BlockId) {
        let index = id.0.get().wrapping_sub(self.first) as usize;
        if let Some(access) = self.list.get_mut(index).and_then(|block| block.link.as_mut()) {
            access.follow = Some(follow);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.first = self.first.saturating_add(self.list.len() as u32);
        self.list.clear();
    }
}

/// The groups of four in `uops` that can be computed at once, of the first operation that has any.
fn quads(uops: &[Uop]) -> Option<(Quad, u32)> {
    let mut found = None;
    let mut first = 0;
    while let Some(four) = uops.get(first..first + 4) {
        match together(four) {
            Some(quad) if found.is_none_or(|(other, _)| other == quad) => {
                let (_, firsts) = found.get_or_insert((quad, 0));
                *firsts |= 1 << first;
                first += 4;
            }
            _ => first += 1,
        }
    }
    found
}

/// The operation of `four` instructions, where it is one and of one form, rounds alike, and none reads or writes what an earlier one writes.
fn together(four: &[Uop]) -> Option<Quad> {
    let quad = four[0].quad?;
    let rounding = four[0].rounding;
    let nearest = matches!(rounding, RoundingMode::Dynamic | RoundingMode::Fixed(Rounding::Rne));
    let replicate = four[0].replicate;
    let alike = |uop: &Uop| uop.quad == Some(quad) && uop.rounding == rounding && uop.replicate == replicate;
    let independent = |(index, uop): (usize, &Uop)| {
        let names = [uop.rd, uop.rs1, uop.rs2, uop.rs3];
        four[..index].iter().all(|earlier| !names.contains(&earlier.rd))
    };
    (nearest && replicate != Replicate::Byte && four.iter().all(alike) && four.iter().enumerate().all(independent))
        .then_some(quad)
}
