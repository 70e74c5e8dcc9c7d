//! Who gets an L1 bank: arbitration of the masters that ask for it in one cycle (C1..C5).
//!
//! It moves no data and counts what it grants and refuses. Masters are numbered: workers first, then the DMA's ports.
//!
//! Invariant: of the masters that ask for a bank in a cycle exactly one is granted.

use crate::config::Interconnect;
use crate::counters::BankCounters;
use serde::{Deserialize, Serialize};

/// Which masters ask, one bit each.
pub type Masters = u128;

/// The binary tree of both designs (C3): from the most significant pointer bit down, the upper half if it asks and
/// (the pointer bit is 1 or the lower half does not ask), else the lower half.
pub fn tree(asking: Masters, pointer: u32, levels: u32) -> u32 {
    let (lower, upper) = (asking as u64, (asking >> 64) as u64);
    let in_upper = levels > 6 && upper != 0 && (pointer >> 6 & 1 == 1 || lower == 0);
    let (mut index, mut asking) = if in_upper { (64, upper) } else { (0, lower) };
    for level in (0..levels.min(6)).rev() {
        let half = 1u32 << level;
        let upper = asking >> half;
        let lower = asking & ((1 << half) - 1);
        if upper != 0 && (pointer >> level & 1 == 1 || lower == 0) {
            index += half;
            asking = upper;
        } else {
            asking = lower;
        }
    }
    index
}

/// Grants one of the masters that ask, of which there is at least one, and moves the pointer (C4, P4): after a grant it is
/// the lowest master above it that asked in this cycle, else the lowest that asked.
#[inline(always)]
pub fn fair(pointer: &mut u32, asking: Masters, levels: u32) -> u32 {
    let (lower, upper) = (asking as u64, (asking >> 64) as u64);
    let (first, rest) = (lower.trailing_zeros(), lower & lower.wrapping_sub(1));
    let second = rest.trailing_zeros();
    if upper == 0 && rest.is_power_of_two() {
        // Of two, the halves part at the highest bit in which their numbers differ.
        let upper_wins = *pointer >> (first ^ second).ilog2() & 1 == 1;
        *pointer = if (first..second).contains(pointer) {
            second
        } else {
            first
        };
        return if upper_wins { second } else { first };
    }
    let winner = tree(asking, *pointer, levels);
    let above = asking & !1 << *pointer;
    *pointer = if above != 0 { above } else { asking }.trailing_zeros();
    winner
}

/// Tree levels for `masters` leaves.
pub fn levels(masters: usize) -> u32 {
    masters.next_power_of_two().trailing_zeros()
}

/// Banks of an L1 at most.
pub const MAX_BANKS: usize = 256;

/// The L1 as far as it is for workers to reach without routing.
#[derive(Clone, Copy, Debug)]
pub struct Plain {
    /// Address of the first byte.
    pub base: u32,
    /// Bytes: none where grants are replayed or responses are late.
    pub bytes: u32,
    /// Which bank a word lies in: this mask over word numbers.
    pub bank_mask: u32,
}

impl Plain {
    /// Whether it holds the byte at an address.
    #[inline(always)]
    pub fn holds(&self, address: u32) -> bool {
        address.wrapping_sub(self.base) < self.bytes
    }

    /// The bank of an address.
    #[inline(always)]
    pub fn bank_of(&self, address: u32) -> Option<usize> {
        self.holds(address).then(|| self.bank(address.wrapping_sub(self.base)))
    }

    /// The bank of a byte offset in L1.
    #[inline(always)]
    pub fn bank(&self, offset: u32) -> usize {
        (offset >> 2 & self.bank_mask) as usize
    }
}

/// Which masters ask for which banks in one cycle.
#[derive(Clone, Debug)]
pub struct Requests {
    /// The banks that somebody asks for, and those that several do, one bit each.
    touched: [u64; MAX_BANKS / 64],
    contested: [u64; MAX_BANKS / 64],
    /// Who asked first for a touched bank.
    first: [u8; MAX_BANKS],
    /// All who ask for a contested bank.
    all: Box<[Masters; MAX_BANKS]>,
    words: usize,
}

impl Requests {
    /// Nobody asks for any of `banks` banks.
    pub fn new(banks: usize) -> Self {
        Self {
            touched: [0; MAX_BANKS / 64],
            contested: [0; MAX_BANKS / 64],
            first: [0; MAX_BANKS],
            all: Box::new([0; MAX_BANKS]),
            words: banks.div_ceil(64),
        }
    }

    /// A master asks for a bank.
    #[inline(always)]
    pub fn ask(&mut self, bank: usize, master: usize) {
        let bank = bank % MAX_BANKS;
        let (word, bit) = (bank / 64, 1u64 << (bank % 64));
        if self.touched[word] & bit == 0 {
            self.touched[word] |= bit;
            self.first[bank] = master as u8;
        } else {
            self.contest(bank, master);
        }
    }

    #[inline(never)]
    fn contest(&mut self, bank: usize, master: usize) {
        self.contested[bank / 64] |= 1 << (bank % 64);
        self.all[bank] |= 1 << self.first[bank] | 1 << master;
    }

    /// How many words of [`Requests::take`] there are.
    #[inline(always)]
    pub fn words(&self) -> usize {
        self.words
    }

    /// Takes the banks from `64 * word` on that somebody asks for, and those that several do, one bit each.
    #[inline(always)]
    pub fn take(&mut self, word: usize) -> (u64, u64) {
        let word = word % (MAX_BANKS / 64);
        (
            std::mem::take(&mut self.touched[word]),
            std::mem::take(&mut self.contested[word]),
        )
    }

    /// The only master that asks for a bank that was touched and not contested.
    #[inline(always)]
    pub fn only(&self, bank: usize) -> usize {
        usize::from(self.first[bank % MAX_BANKS])
    }

    /// Takes the masters that ask for a contested bank.
    #[inline(always)]
    pub fn several(&mut self, bank: usize) -> Masters {
        std::mem::take(&mut self.all[bank % MAX_BANKS])
    }
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Bank {
    pointer: u32,
    /// C5: the other channel had the last grant.
    toggle: bool,
    dma_pointer: u32,
    counters: BankCounters,
}

impl Bank {
    /// C4.
    #[inline(never)]
    fn logarithmic(&mut self, asking: Masters, levels: u32) -> u32 {
        fair(&mut self.pointer, asking, levels)
    }

    /// C5: a counter over the cores that advances with each of their grants, then a multiplexer with the DMA's channel
    /// that turns with every grant of the bank.
    #[inline(never)]
    fn crossbar(&mut self, asking: Masters, workers: u32, levels: u32) -> u32 {
        let cores = asking & ((1 << workers) - 1);
        let dma = asking >> workers;
        let dma_wins = dma != 0 && (cores == 0 || self.toggle);
        self.toggle = !self.toggle;
        if dma_wins {
            let winner = tree(dma, self.dma_pointer, 2);
            self.dma_pointer = (self.dma_pointer + 1) & 3;
            return workers + winner;
        }
        let winner = tree(cores, self.pointer, levels);
        self.pointer = (self.pointer + 1) % workers;
        winner
    }
}

/// The arbiters of all banks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Arbiter {
    kind: Interconnect,
    workers: u32,
    levels: u32,
    count: usize,
    #[serde(with = "serde_big_array::BigArray")]
    banks: [Bank; MAX_BANKS],
}

impl Arbiter {
    /// `banks` banks for `workers` cores and `others` DMA ports.
    pub fn new(kind: Interconnect, banks: usize, workers: usize, others: usize) -> Self {
        let masters = match kind {
            Interconnect::Logarithmic => workers + others,
            Interconnect::Crossbar => workers,
        };
        Self {
            kind,
            workers: workers as u32,
            levels: levels(masters),
            count: banks,
            banks: [Bank::default(); MAX_BANKS],
        }
    }

    /// Grants `bank` to the only master that asks for it.
    #[inline(always)]
    pub fn grant_only(&mut self, bank: usize, only: usize) {
        let bank = &mut self.banks[bank % MAX_BANKS];
        bank.counters.accesses += 1;
        match self.kind {
            Interconnect::Logarithmic => bank.pointer = only as u32,
            Interconnect::Crossbar => {
                bank.crossbar(1 << only, self.workers, self.levels);
            }
        }
    }

    /// Grants `bank` to one of the masters that ask for it.
    pub fn grant(&mut self, bank: usize, asking: Masters) -> usize {
        let bank = &mut self.banks[bank];
        bank.counters.accesses += 1;
        bank.counters.conflicts += u64::from(asking.count_ones()) - 1;
        let winner = match self.kind {
            Interconnect::Logarithmic => bank.logarithmic(asking, self.levels),
            Interconnect::Crossbar => bank.crossbar(asking, self.workers, self.levels),
        };
        winner as usize
    }

    /// Refusals so far.
    pub fn conflicts(&self) -> u64 {
        self.banks
            .iter()
            .take(self.count)
            .map(|bank| bank.counters.conflicts)
            .sum()
    }

    /// What each bank granted and refused.
    pub fn counters(&self) -> Vec<BankCounters> {
        self.banks.iter().take(self.count).map(|bank| bank.counters).collect()
    }
}
