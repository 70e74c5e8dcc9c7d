//! The instruction caches of the cluster: a private level for each worker ([`Private`]) and one that all share
//! ([`Shared`]), cycle by cycle (rules I1..I9).
//!
//! They hold tags only: what an instruction is comes from memory, so a program that changes code behind the caches' back
//! sees the new code at once. The prefetch buffers in front of the private levels are part of the cores
//! ([`crate::core::fetch`]).
//!
//! Invariant: a private level has at most one request at the shared level, and every request is answered once.

use serde::{Deserialize, Serialize};

mod private;
mod shared;

pub use private::{Private, PrivateCounters};
pub use shared::{Event, Shared, SharedCounters};

/// Tags of one set-associative memory with random replacement (I5).
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tags {
    /// Line numbers by set and way.
    lines: Vec<Option<u32>>,
    ways: usize,
    /// Shift register that names the way to replace.
    random: u8,
}

impl Tags {
    fn new(lines: usize, ways: usize) -> Self {
        Self {
            lines: vec![None; lines],
            ways,
            random: 0,
        }
    }

    fn sets(&self) -> usize {
        self.lines.len() / self.ways
    }

    /// The ways of a set.
    fn set(&self, set: usize) -> &[Option<u32>] {
        &self.lines[set * self.ways..(set + 1) * self.ways]
    }

    fn fill(&mut self, set: usize, way: usize, line: u32) {
        self.lines[set * self.ways + way] = Some(line);
    }

    fn clear_set(&mut self, set: usize) {
        self.lines[set * self.ways..(set + 1) * self.ways].fill(None);
    }

    /// The way that the shift register names.
    fn random_way(&self) -> usize {
        usize::from(self.random) & (self.ways - 1)
    }

    /// Steps the shift register: eight bits, shifted left; the new bit is the complement of bits 7, 3, 2 and 1
    /// exclusive-ored.
    fn shift_random(&mut self) {
        let taps = self.random & 0b1000_1110;
        self.random = self.random << 1 | u8::from(taps.count_ones().is_multiple_of(2));
    }
}
