//! FPUs and divide units that cores share: which of the cores that ask in one cycle are served (C7, F1).
//!
//! It computes nothing and knows no pipeline: an FPU takes one operation a cycle, a divide unit one until it has the
//! result, and the rest is the core's timing.
//!
//! Invariant: in one cycle a unit serves at most one core.

use crate::config::{FpuConfig, Sharing};
use crate::memory::l1::{levels, tree};
use serde::{Deserialize, Serialize};

/// The allocator in front of the FPUs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FpuPool {
    sharing: Sharing,
    cores: u32,
    /// Levels of the tree over all cores.
    levels: u32,
    pointers: Vec<u32>,
    /// Every FPU is wired to two cores: which of the FPUs have the upper of theirs as the next winner, one bit each.
    pairs: Option<u64>,
    /// Which cores each unit is wired to, where that is fixed.
    wired: Vec<Wired>,
    dividers: Vec<Divider>,
    grants: u64,
    refusals: u64,
    divisions: u64,
    divider_refusals: u64,
}

/// The cores that an FPU is wired to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Wired {
    cores: u64,
    count: u32,
    /// Levels of the tree over them.
    levels: u32,
}

impl Wired {
    /// Those of FPU `unit` of `units`, among `cores` cores.
    fn new(unit: usize, units: usize, cores: usize) -> Self {
        let wired = (unit..cores).step_by(units);
        let count = wired.len();
        Self {
            cores: wired.fold(0, |mask, core| mask | 1 << core),
            count: count as u32,
            levels: levels(count.max(1)),
        }
    }
}

/// A divide and square-root unit.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Divider {
    pointer: u32,
    /// First cycle in which it takes the next operation.
    free: u64,
}

/// Moves a pointer on that counts grants modulo `count`.
#[inline(always)]
fn advance(pointer: &mut u32, count: u32) {
    *pointer += 1;
    if *pointer == count {
        *pointer = 0;
    }
}

/// Of the bits of `mask` in order, every `step`-th from number `first` on.
fn every(mut mask: u64, first: usize, step: usize) -> u64 {
    let (mut number, mut every) = (0, 0);
    while mask != 0 {
        let lowest = mask & mask.wrapping_neg();
        mask ^= lowest;
        if number == first {
            every |= lowest;
        }
        number = if number + 1 == step { 0 } else { number + 1 };
    }
    every
}

/// What [`FpuPool::grant_static`] does where each of `units` FPUs is wired to two cores; bits of `upper` are the pointers.
#[inline(always)]
fn grant_pairs(upper: &mut u64, asking: u64, units: usize) -> u64 {
    let (first, second) = (asking & ((1 << units) - 1), asking >> units);
    let second_wins = second & (*upper | !first);
    let first_wins = first & !second_wins;
    *upper ^= first | second;
    first_wins | second_wins << units
}

impl FpuPool {
    /// As configured, for `cores` cores.
    pub fn new(config: &FpuConfig, cores: usize) -> Self {
        let units = config.count.max(1);
        Self {
            sharing: config.sharing,
            cores: cores as u32,
            levels: levels(cores),
            pointers: vec![0; units],
            pairs: (config.sharing == Sharing::Static && cores == 2 * units).then_some(0),
            wired: (0..units).map(|unit| Wired::new(unit, units, cores)).collect(),
            dividers: vec![Divider::default(); if config.divsqrt_shared { config.divsqrt_count } else { 0 }],
            grants: 0,
            refusals: 0,
            divisions: 0,
            divider_refusals: 0,
        }
    }

    /// Serves the cores that ask in this cycle; returns those that are granted.
    #[inline(always)]
    pub fn grant(&mut self, asking: u64) -> u64 {
        let granted = match (&mut self.pairs, self.sharing) {
            (Some(upper), _) => grant_pairs(upper, asking, self.pointers.len()),
            (None, Sharing::Pooled) => self.grant_pooled(asking),
            (None, Sharing::Private | Sharing::Static) => self.grant_static(asking),
        };
        self.grants += u64::from(granted.count_ones());
        self.refusals += u64::from((asking & !granted).count_ones());
        granted
    }

    /// The k-th of the cores that ask asks the k-th FPU, modulo their number; an FPU has the tree of C3 over all cores.
    fn grant_pooled(&mut self, asking: u64) -> u64 {
        let units = self.pointers.len();
        if let Some(taken) = self.pointers.get_mut(..asking.count_ones() as usize) {
            taken.iter_mut().for_each(|pointer| advance(pointer, self.cores));
            return asking;
        }
        let mut granted = 0;
        for (unit, pointer) in self.pointers.iter_mut().enumerate() {
            let mut mask = every(asking, unit, units);
            if !mask.is_power_of_two() {
                mask = 1 << tree(mask.into(), *pointer, self.levels);
            }
            granted |= mask;
            advance(pointer, self.cores);
        }
        granted
    }

    /// Core i asks FPU i modulo their number; an FPU has the tree of C3 over the cores that it is wired to.
    #[inline(always)]
    fn grant_static(&mut self, asking: u64) -> u64 {
        let units = self.pointers.len();
        let mut granted = 0;
        for (unit, (pointer, wired)) in self.pointers.iter_mut().zip(&self.wired).enumerate() {
            let mut mask = asking & wired.cores;
            if mask == 0 {
                continue;
            }
            if mask == wired.cores && wired.count.is_power_of_two() {
                // Where all ask, the tree goes as the pointer says.
                mask = 1 << (unit + *pointer as usize * units);
            } else if !mask.is_power_of_two() {
                let local = (0..wired.count).fold(0u64, |local, place| {
                    local | (mask >> (unit + place as usize * units) & 1) << place
                });
                let winner = tree(local.into(), *pointer, wired.levels);
                mask = 1 << (unit + winner as usize * units);
            }
            granted |= mask;
            advance(pointer, wired.count);
        }
        granted
    }

    /// Serves the cores that ask for a divide unit in cycle `now`: the k-th of them asks the k-th free unit, modulo their
    /// number, and each unit has the tree of C3 with a counter that advances with each grant (F1). The unit takes the next
    /// operation in the cycle after the result, which comes `latency` cycles after the grant.
    pub fn divide(&mut self, now: u64, asking: u64, latency: impl Fn(usize) -> u64) -> u64 {
        let free = || (0..self.dividers.len()).filter(|unit| self.dividers[*unit].free <= now);
        let units: Vec<usize> = free().collect();
        let cores: Vec<u32> = (0..self.cores).filter(|core| asking >> core & 1 == 1).collect();
        let mut granted = 0u64;
        for (turn, unit) in units.iter().enumerate() {
            let wired = cores.iter().skip(turn).step_by(units.len());
            let mask = wired.fold(0u64, |mask, core| mask | 1 << core);
            if mask == 0 {
                continue;
            }
            let divider = &mut self.dividers[*unit];
            let winner = tree(mask.into(), divider.pointer, levels(self.cores as usize));
            divider.pointer = (divider.pointer + 1) % self.cores;
            divider.free = now + latency(winner as usize) + 1;
            granted |= 1 << winner;
        }
        self.divisions += u64::from(granted.count_ones());
        self.divider_refusals += u64::from((asking & !granted).count_ones());
        granted
    }

    /// Whether the same requests are answered as they were from `before` on.
    pub fn goes_on_like(&self, before: &Self) -> bool {
        self.dividers.is_empty() && self.pointers == before.pointers && self.pairs == before.pairs
    }

    /// What was done since `before` is done so many more times.
    pub fn repeat(&mut self, before: &Self, times: u64) {
        self.grants += times * (self.grants - before.grants);
        self.refusals += times * (self.refusals - before.refusals);
    }

    /// Operations granted and requests refused.
    pub fn counters(&self) -> Vec<(String, u64)> {
        let mut counters = vec![("grants", self.grants), ("refusals", self.refusals)];
        if !self.dividers.is_empty() {
            counters.extend([
                ("divisions", self.divisions),
                ("divider_refusals", self.divider_refusals),
            ]);
        }
        counters
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// The cores that a shared divide unit serves, and when, as recorded on its RTL (F1): all of `asking` ask from cycle 0
    /// on, for `each` operations each or for as long as the record goes.
    #[test]
    fn a_shared_divide_unit_serves_in_the_recorded_order() {
        let text = include_str!("../../tests/data/blocks/divsqrt.txt");
        let mut checked = 0;
        for mode in text.split("mode ").skip(1) {
            let recorded: Vec<(u64, u32)> = mode
                .lines()
                .filter(|line| line.ends_with(" grant"))
                .map(|line| {
                    let (cycle, rest) = line.split_once(" core").unwrap();
                    (cycle.parse().unwrap(), rest.trim_end_matches(" grant").parse().unwrap())
                })
                .collect();
            let config = FpuConfig {
                divsqrt_shared: true,
                ..Config::default().fpu
            };
            let mut pool = FpuPool::new(&config, 8);
            let mut left = [0usize; 8];
            recorded.iter().for_each(|(_, core)| left[*core as usize] += 1);
            let mut served = Vec::new();
            for now in 0..400 {
                let asking = (0..8)
                    .filter(|core| left[*core] > 0)
                    .fold(0, |mask, core| mask | 1 << core);
                let granted = pool.divide(now, asking, |_| 13);
                if granted != 0 {
                    let core = granted.trailing_zeros();
                    left[core as usize] -= 1;
                    served.push((now, core));
                }
            }
            assert_eq!(served, recorded, "mode {mode}");
            checked += served.len();
        }
        assert_eq!(checked, 35);
    }

    #[test]
    fn pairs_of_cores_are_served_as_by_any_other_tree() {
        let config = FpuConfig {
            sharing: Sharing::Static,
            count: 4,
            ..Config::default().fpu
        };
        let mut pool = FpuPool::new(&config, 8);
        let mut trees = FpuPool {
            pairs: None,
            ..pool.clone()
        };
        // Every set of cores, in an order that mixes them.
        for step in 0..1 << 12 {
            let asking = (step * 0x9d + (step >> 5)) & 0xff;
            assert_eq!(pool.grant(asking), trees.grant(asking), "{asking:b} in step {step}");
        }
        assert_eq!(pool.counters(), trees.counters());
    }

    #[test]
    fn several_divide_units_work_at_once() {
        let config = FpuConfig {
            divsqrt_shared: true,
            divsqrt_count: 2,
            ..Config::default().fpu
        };
        let mut pool = FpuPool::new(&config, 4);
        assert_eq!(pool.divide(0, 0b1111, |_| 13).count_ones(), 2);
        assert_eq!(pool.divide(1, 0b1111, |_| 13), 0);
        assert_eq!(pool.divide(14, 0b1111, |_| 13).count_ones(), 2);
    }
}
