//! FPUs that cores share: which of the cores that ask in one cycle are served (C7).
//!
//! It computes nothing and knows no pipeline: an FPU takes one operation a cycle, and the rest is the core's timing.
//!
//! Invariant: in one cycle an FPU serves at most one core.

use crate::config::{FpuConfig, Sharing};
use crate::memory::l1::{levels, single, tree};
use serde::{Deserialize, Serialize};

/// The allocator in front of the FPUs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FpuPool {
    sharing: Sharing,
    cores: u32,
    pointers: Vec<u32>,
    /// The cores that ask each unit in this cycle.
    asking: Vec<u128>,
    grants: u64,
    refusals: u64,
}

impl FpuPool {
    /// As configured, for `cores` cores.
    pub fn new(config: &FpuConfig, cores: usize) -> Self {
        Self {
            sharing: config.sharing,
            cores: cores as u32,
            pointers: vec![0; config.count.max(1)],
            asking: vec![0; config.count.max(1)],
            grants: 0,
            refusals: 0,
        }
    }

    /// Serves the cores that ask in this cycle; returns those that are granted.
    pub fn grant(&mut self, asking: u128) -> u128 {
        let units = self.pointers.len();
        let mut rest = asking;
        let mut position = 0;
        while rest != 0 {
            let core = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let unit = if self.sharing == Sharing::Pooled {
                position % units
            } else {
                core % units
            };
            self.asking[unit] |= 1 << core;
            position += 1;
        }
        let mut granted = 0u128;
        for unit in 0..units {
            let mask = std::mem::take(&mut self.asking[unit]);
            if mask != 0 {
                granted |= 1 << self.serve(unit, mask);
            }
        }
        self.grants += u64::from(granted.count_ones());
        self.refusals += u64::from((asking & !granted).count_ones());
        granted
    }

    /// The tree of C3 with a counter that advances with each grant, over the cores that the unit is wired to.
    fn serve(&mut self, unit: usize, mask: u128) -> u32 {
        let units = self.pointers.len() as u32;
        let pointer = &mut self.pointers[unit];
        if self.sharing == Sharing::Pooled {
            let winner = single(mask).unwrap_or_else(|| tree(mask, *pointer, levels(self.cores as usize)));
            *pointer += 1;
            if *pointer == self.cores {
                *pointer = 0;
            }
            return winner;
        }
        let wired = (self.cores - unit as u32).div_ceil(units);
        let local = (0..wired)
            .filter(|i| mask >> (unit as u32 + i * units) & 1 == 1)
            .fold(0, |m, i| m | 1 << i);
        let winner = tree(local, *pointer, levels(wired as usize));
        *pointer = (*pointer + 1) % wired;
        unit as u32 + winner * units
    }

    /// Operations granted and requests refused.
    pub fn counters(&self) -> Vec<(String, u64)> {
        vec![
            ("grants".to_owned(), self.grants),
            ("refusals".to_owned(), self.refusals),
        ]
    }
}
