//! Code as the cores run it: pages of micro-ops, decoded when they are first reached.
//!
//! It is not memory (the bytes stay there) and not an ELF. One program serves all cores, because all cores of a machine
//! decode alike.
//!
//! Invariant: a decoded slot equals what decoding the memory under it now would give; whoever writes memory calls
//! [`Program::written`], which for the same price notices stores to one watched word.

use std::collections::HashMap;

use ennead_isa::Decoder;

use crate::core::block::{Access, Block, BlockId, BlockRules, Kept, Line};
use crate::core::chart::{Chart, Way};
use crate::core::course::{Course, CourseId};
use crate::core::loops::Lap;
use crate::core::uop::{Lowering, Uop};
use crate::memory::{Memory, Which};

const PAGE_BITS: u32 = 10;
const PAGE_BYTES: u32 = 1 << PAGE_BITS;
/// Places where an instruction can begin in a page.
pub const SLOTS: usize = PAGE_BYTES as usize / 2;

/// A course is worked out when it was asked for so often: not for what all workers do once.
const OFTEN: u8 = 16;

/// No decoded page.
const NONE: u32 = u32::MAX;
/// No decoded page, but the watched word lies there.
const WATCHED: u32 = u32::MAX - 1;

/// A page: its micro-ops, and of the blocks and courses that begin in it those that are known, or were.
struct Page {
    uops: Box<[Uop; SLOTS]>,
    blocks: Box<[Option<BlockId>; SLOTS]>,
    courses: Box<[Option<CourseId>; SLOTS]>,
    /// How often a course was asked for that is not known, up to [`OFTEN`].
    asked: Box<[u8; SLOTS]>,
    /// The slots that blocks cover, one bit each.
    covered: [u64; SLOTS / 64],
}

/// Decoded code.
pub struct Program {
    decoder: Decoder,
    lowering: Lowering,
    rules: BlockRules,
    pages: Vec<Page>,
    blocks: Kept<Block>,
    courses: Kept<Course>,
    /// Blocks that courses lead along, by the addresses of their instructions.
    ways: HashMap<Box<[u32]>, BlockId>,
    /// Page number within a memory to index in `pages`, for L1 and L2.
    tables: [Vec<u32>; 2],
    watched: Option<(Which, u32)>,
}

impl Program {
    /// For memories of these sizes in bytes (L1, L2).
    pub fn new(decoder: Decoder, lowering: Lowering, rules: BlockRules, sizes: [u32; 2]) -> Self {
        let tables = sizes.map(|size| vec![NONE; size.div_ceil(PAGE_BYTES) as usize]);
        Self {
            decoder,
            lowering,
            rules,
            pages: Vec::new(),
            blocks: Kept::default(),
            courses: Kept::default(),
            ways: HashMap::new(),
            tables,
            watched: None,
        }
    }

    /// Lets [`Program::written`] notice stores to the word at `offset` of a memory; costs other stores nothing.
    pub fn watch(&mut self, which: Which, offset: u32) {
        let entry = &mut self.tables[which as usize][(offset >> PAGE_BITS) as usize];
        if *entry == NONE {
            *entry = WATCHED;
        }
        self.watched = Some((which, offset & !3));
    }

    /// How micro-ops are made.
    pub fn lowering(&self) -> &Lowering {
        &self.lowering
    }

    /// The page that holds `pc`, decoded; `None` where no memory is.
    pub fn page(&mut self, pc: u32, memory: &Memory) -> Option<u32> {
        let (which, offset) = memory.locate(pc)?;
        let number = (offset >> PAGE_BITS) as usize;
        let found = self.tables[which as usize][number];
        if found < WATCHED {
            return Some(found);
        }
        let base = pc & !(PAGE_BYTES - 1);
        let uops: Vec<Uop> = (0..SLOTS as u32)
            .map(|slot| self.decode(base + 2 * slot, memory))
            .collect();
        let index = self.pages.len() as u32;
        self.pages.push(Page {
            uops: uops.into_boxed_slice().try_into().expect("a page has SLOTS slots"),
            blocks: Box::new([None; SLOTS]),
            courses: Box::new([None; SLOTS]),
            asked: Box::new([0; SLOTS]),
            covered: [0; SLOTS / 64],
        });
        self.tables[which as usize][number] = index;
        Some(index)
    }

    /// The micro-op of what memory holds at `pc` now.
    pub fn decode(&self, pc: u32, memory: &Memory) -> Uop {
        let low = memory.code_half(pc).unwrap_or(0);
        let bits = if low & 3 == 3 {
            low | memory.code_half(pc.wrapping_add(2)).unwrap_or(0) << 16
        } else {
            low
        };
        match self.decoder.decode(bits) {
            Some(inst) => self.lowering.lower(&inst, pc, bits),
            None => self.lowering.illegal(bits),
        }
    }

    /// The micro-op at `pc`, which lies in page `page`.
    #[inline(always)]
    pub fn at(&self, page: u32, pc: u32) -> &Uop {
        &self.pages[page as usize].uops[Self::slot(pc)]
    }

    /// A whole page, and how many bytes of it lie from `pc` on.
    #[inline(always)]
    pub fn rest(&self, page: u32, pc: u32) -> (&[Uop; SLOTS], u32) {
        (&self.pages[page as usize].uops, PAGE_BYTES - (pc & (PAGE_BYTES - 1)))
    }

    /// The block that begins at `pc` in page `page`, all of its instructions before `limit` bytes.
    #[inline(always)]
    pub fn block(&mut self, page: u32, pc: u32, limit: u32) -> Option<&Block> {
        let known = self.pages[page as usize].blocks[Self::slot(pc)];
        let id = match known.and_then(|id| self.blocks.get(id)) {
            Some(block) if u32::from(block.reach) < limit => known?,
            _ => self.new_block(page, pc, limit)?,
        };
        self.blocks.get(id)
    }

    #[cold]
    #[inline(never)]
    fn new_block(&mut self, page: u32, pc: u32, limit: u32) -> Option<BlockId> {
        let Page {
            uops, blocks, covered, ..
        } = &mut self.pages[page as usize];
        let slot = Self::slot(pc);
        let block = Block::new(pc, &uops[slot..], limit, self.rules);
        for slot in slot..=slot + usize::from(block.reach / 2) {
            covered[slot / 64] |= 1 << (slot % 64);
        }
        let id = self.blocks.keep(block)?;
        blocks[slot] = Some(id);
        Some(id)
    }

    /// The block of a number, unless code changed since.
    #[inline(always)]
    pub fn numbered(&self, id: BlockId) -> Option<&Block> {
        self.blocks.get(id)
    }

    /// The block behind `access`, which lies in page `page`, if it is known and lies there as well.
    #[inline(always)]
    pub fn behind(&self, page: u32, access: &Access) -> Option<&Block> {
        let next = access.next();
        let known = self.pages[page as usize].blocks[Self::slot(next)];
        let id = known.filter(|_| Self::page_number(next) == Self::page_number(access.pc))?;
        self.blocks.get(id)
    }

    /// The course that begins at the interaction at `pc` in page `page`, where that was worked out.
    #[inline(always)]
    pub fn course_at(&self, page: u32, pc: u32) -> Option<(CourseId, &Course)> {
        let id = self.pages[page as usize].courses[Self::slot(pc)]?;
        self.courses.get(id).map(|course| (id, course))
    }

    /// The course of a number, unless code changed since.
    #[inline(always)]
    pub fn course(&self, id: CourseId) -> Option<&Course> {
        self.courses.get(id)
    }

    /// Whether the course that begins at the interaction at `pc` in page `page`, and is not known, was asked for often.
    pub fn asks_often(&mut self, page: u32, pc: u32) -> bool {
        let asked = &mut self.pages[page as usize].asked[Self::slot(pc)];
        *asked = OFTEN.min(*asked + 1);
        *asked == OFTEN
    }

    /// Works out the course that begins at the interaction at `pc`, which lies in page `page`, for a core in the body of a loop.
    #[cold]
    #[inline(never)]
    pub fn chart(&mut self, page: u32, pc: u32, lap: Option<Lap>) {
        let mut chart = Chart::new(lap);
        let number = Self::page_number(pc);
        let mut first = Line::new(self.rules);
        first.pass(pc, self.at(page, pc));
        let first = first.finish();
        let mut goes_on = first.ends.is_some_and(|interaction| chart.begin(interaction));
        while goes_on && let Some(last) = chart.last() {
            let uops = &self.pages[page as usize].uops;
            let at = |pc: u32| (Self::page_number(pc) == number).then(|| uops[Self::slot(pc)]);
            let Some(way) = chart.way(last, Line::new(self.rules), at) else {
                break;
            };
            let Some(id) = self.keep_way(page, &way) else { break };
            goes_on = self.blocks.get(id).is_some_and(|block| chart.go(&way, id, block));
        }
        let slot = Self::slot(pc);
        let Page { courses, covered, .. } = &mut self.pages[page as usize];
        covered[slot / 64] |= 1 << (slot % 64);
        let course = chart.finish();
        courses[slot] = match courses[slot].filter(|id| self.courses.get(*id).is_some()) {
            Some(id) => self.courses.replace(id, course),
            None => self.courses.keep(course),
        };
    }

    /// Keeps what lies on a way as a block.
    fn keep_way(&mut self, page: u32, way: &Way) -> Option<BlockId> {
        let pcs: Box<[u32]> = way.uops.iter().map(|(pc, _)| *pc).collect();
        if let Some(known) = self.ways.get(&pcs)
            && self.blocks.get(*known).is_some()
        {
            return Some(*known);
        }
        let covered = &mut self.pages[page as usize].covered;
        for slot in pcs.iter().map(|pc| Self::slot(*pc)) {
            covered[slot / 64] |= 1 << (slot % 64);
        }
        let id = self.blocks.keep(way.line.clone().finish())?;
        self.ways.insert(pcs, id);
        Some(id)
    }

    /// Where in its page the instruction at `pc` is.
    #[inline(always)]
    pub fn slot(pc: u32) -> usize {
        (pc as usize >> 1) & (SLOTS - 1)
    }

    /// The number by which a page is recognised: equal for addresses of one page.
    #[inline(always)]
    pub fn page_number(pc: u32) -> u32 {
        pc >> PAGE_BITS
    }

    /// The word at `offset` of a memory changed: decodes again what had been decoded there. True if it is the watched
    /// word.
    #[inline(always)]
    pub fn written(&mut self, which: Which, offset: u32, memory: &Memory) -> bool {
        if !self.is_near_code(which, offset) {
            return false;
        }
        self.decode_again(which, offset, memory);
        self.watched == Some((which, offset & !3))
    }

    /// Whether a store to the word at `offset` of a memory might change decoded code, or be to the watched word.
    #[inline(always)]
    pub fn is_near_code(&self, which: Which, offset: u32) -> bool {
        let table = &self.tables[which as usize];
        // An instruction may begin in the half-word before the word.
        let first = (offset & !3).saturating_sub(2);
        table[(offset >> PAGE_BITS) as usize] != NONE || table[(first >> PAGE_BITS) as usize] != NONE
    }

    #[cold]
    #[inline(never)]
    fn decode_again(&mut self, which: Which, offset: u32, memory: &Memory) {
        let first = (offset & !3).saturating_sub(2);
        for offset in [first, first + 2, first + 4]
            .into_iter()
            .filter(|offset| *offset < memory.size(which))
        {
            let page = self.tables[which as usize][(offset >> PAGE_BITS) as usize];
            if page < WATCHED {
                let uop = self.decode(memory.base(which) + offset, memory);
                let slot = Self::slot(offset);
                let page = &mut self.pages[page as usize];
                page.uops[slot] = uop;
                if page.covered[slot / 64] >> (slot % 64) & 1 == 1 {
                    self.blocks.clear();
                    self.courses.clear();
                    self.ways.clear();
                }
            }
        }
    }
}
