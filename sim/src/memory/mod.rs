//! The memories' contents, and where they lie. No time, no ports.
//!
//! Invariant: every address of the map belongs to at most one memory; contents are words, little-endian.

use serde::{Deserialize, Serialize};

pub mod l1;
pub mod map;

/// Which memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Which {
    /// The cluster's scratchpad.
    L1 = 0,
    /// The memory outside.
    L2 = 1,
}

/// L1 and L2.
#[derive(Clone, Serialize, Deserialize)]
pub struct Memory {
    bases: [u32; 2],
    words: [Vec<u32>; 2],
}

/// The bits that a byte-enable mask selects.
#[inline(always)]
pub fn lanes(byte_enable: u8) -> u32 {
    const MASKS: [u32; 16] = {
        let mut masks = [0; 16];
        let mut i = 0;
        while i < 16 {
            let mut lane = 0;
            while lane < 4 {
                if i >> lane & 1 == 1 {
                    masks[i] |= 0xff << (8 * lane);
                }
                lane += 1;
            }
            i += 1;
        }
        masks
    };
    MASKS[usize::from(byte_enable & 15)]
}

/// The words of a memory, by address.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    base: u32,
    words: &'a [u32],
}

impl Words<'_> {
    /// The word that holds the byte at `address`, which lies in the memory.
    #[inline(always)]
    pub fn at(self, address: u32) -> u32 {
        self.words[(address.wrapping_sub(self.base) >> 2) as usize]
    }
}

impl Memory {
    /// The words of a memory.
    #[inline(always)]
    pub fn words(&self, which: Which) -> Words<'_> {
        Words {
            base: self.bases[which as usize],
            words: &self.words[which as usize],
        }
    }

    /// Zero-filled memories: `(base, size)` of L1 and of L2, in bytes, multiples of 4.
    pub fn new(l1: (u32, u32), l2: (u32, u32)) -> Self {
        Self {
            bases: [l1.0, l2.0],
            words: [l1, l2].map(|(_, size)| vec![0; size as usize / 4]),
        }
    }

    /// Base address of a memory.
    pub fn base(&self, which: Which) -> u32 {
        self.bases[which as usize]
    }

    /// Bytes of a memory.
    pub fn size(&self, which: Which) -> u32 {
        self.words[which as usize].len() as u32 * 4
    }

    /// The memory that holds `address`, and the offset in it.
    #[inline(always)]
    pub fn locate(&self, address: u32) -> Option<(Which, u32)> {
        for which in [Which::L1, Which::L2] {
            let offset = address.wrapping_sub(self.bases[which as usize]);
            if ((offset >> 2) as usize) < self.words[which as usize].len() {
                return Some((which, offset));
            }
        }
        None
    }

    /// The word at an offset inside a memory.
    #[inline(always)]
    pub fn read(&self, which: Which, offset: u32) -> u32 {
        self.words[which as usize][(offset >> 2) as usize]
    }

    /// Writes the enabled bytes of the word at an offset inside a memory.
    #[inline(always)]
    pub fn write(&mut self, which: Which, offset: u32, value: u32, byte_enable: u8) {
        let word = &mut self.words[which as usize][(offset >> 2) as usize];
        let mask = lanes(byte_enable);
        *word = *word & !mask | value & mask;
    }

    /// The half-word at `address`, for instruction decode.
    pub fn code_half(&self, address: u32) -> Option<u32> {
        let (which, offset) = self.locate(address)?;
        Some(self.read(which, offset) >> (8 * (address & 2)) & 0xffff)
    }

    /// The aligned word that holds `address`, for instruction fetch; zero where no memory is.
    pub fn code_word(&self, address: u32) -> u32 {
        self.locate(address)
            .map_or(0, |(which, offset)| self.read(which, offset))
    }

    /// Copies bytes in, for loaders and debuggers; returns how many lay inside memory.
    pub fn load(&mut self, address: u32, bytes: &[u8]) -> usize {
        for (i, byte) in bytes.iter().enumerate() {
            let at = address.wrapping_add(i as u32);
            let Some((which, offset)) = self.locate(at) else {
                return i;
            };
            self.write(which, offset, u32::from(*byte) << (8 * (at & 3)), 1 << (at & 3));
        }
        bytes.len()
    }

    /// Copies bytes out; returns how many lay inside memory.
    pub fn dump(&self, address: u32, bytes: &mut [u8]) -> usize {
        for (i, byte) in bytes.iter_mut().enumerate() {
            let at = address.wrapping_add(i as u32);
            let Some((which, offset)) = self.locate(at) else {
                return i;
            };
            *byte = (self.read(which, offset) >> (8 * (at & 3))) as u8;
        }
        bytes.len()
    }
}
