//! The cluster's control registers and those of its instruction cache: what starts a worker, and where.
//!
//! They hold no time and start nobody: a write answers with the [`Effect`] that the machine carries out. Register
//! offsets are those that PULP firmware uses (cluster control at 0x10200000, cache control at 0x10201400).
//!
//! Invariant: a worker runs exactly while its fetch-enable bit is set.

use serde::{Deserialize, Serialize};

use super::{all_cores, core_mask, mask_register};
use crate::soc::{Effect, Unmodelled};

/// Boot addresses, fetch enable, clock gate and end of computation of one cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClusterControl {
    all: u64,
    fetch_enable: u64,
    boot_addresses: Vec<u32>,
    halt_mask: u64,
    clock_gate: u32,
    config: u32,
    end_of_computation: u32,
}

impl ClusterControl {
    /// Registers for `workers` cores (1..=64) that will start at `boot_address` unless firmware says otherwise.
    pub fn new(workers: usize, boot_address: u32) -> Self {
        Self {
            all: all_cores(workers),
            fetch_enable: 0,
            boot_addresses: vec![boot_address; workers],
            halt_mask: 0,
            clock_gate: 0,
            config: 0,
            end_of_computation: 0,
        }
    }

    /// Which workers run, one bit each.
    pub fn fetch_enable(&self) -> u64 {
        self.fetch_enable
    }

    /// Where worker `core` starts when its fetch-enable bit rises.
    pub fn boot_address(&self, core: usize) -> u32 {
        self.boot_addresses[core]
    }

    /// Whether firmware said that the cluster is done (offset 0, bit 0).
    pub fn end_of_computation(&self) -> bool {
        self.end_of_computation & 1 != 0
    }

    fn boot_index(&self, offset: u32) -> Option<usize> {
        let index = offset.checked_sub(0x40)? as usize / 4;
        (offset.is_multiple_of(4) && index < self.boot_addresses.len()).then_some(index)
    }

    /// Reads the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn read(&self, offset: u32) -> Result<u32, Unmodelled> {
        Ok(match offset {
            0x00 => self.end_of_computation,
            0x08 => mask_register(self.fetch_enable, self.all),
            0x10 => 0,
            0x18 => self.config,
            0x20 => self.clock_gate,
            0x28 => 0,
            0x38 => mask_register(self.halt_mask, self.all),
            _ => match self.boot_index(offset) {
                Some(core) => self.boot_addresses[core],
                None => return Err(Unmodelled::read("cluster control", offset)),
            },
        })
    }

    /// Writes the register at `offset`; fetch enable answers with the workers that start and stop.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn write(&mut self, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        match offset {
            0x00 => {
                self.end_of_computation = value;
                return Ok(Effect::EndOfComputation);
            }
            0x08 => {
                let enabled = core_mask(value, self.all);
                let before = std::mem::replace(&mut self.fetch_enable, enabled);
                let (started, stopped) = (enabled & !before, before & !enabled);
                if started | stopped != 0 {
                    return Ok(Effect::FetchEnable { started, stopped });
                }
            }
            0x10 | 0x28 => {}
            0x18 => self.config = value,
            0x20 => self.clock_gate = value,
            0x38 => self.halt_mask = core_mask(value, self.all),
            _ => match self.boot_index(offset) {
                Some(core) => self.boot_addresses[core] = value,
                None => return Err(Unmodelled::write("cluster control", offset, value)),
            },
        }
        Ok(Effect::None)
    }
}

/// The control registers of an instruction cache: enable, flush, prefetch.
///
/// The hardware's reset leaves both levels disabled (I8) and prefetch off (I1).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct IcacheControl {
    enable: u32,
    prefetch: u32,
}

impl IcacheControl {
    /// As after a reset that leaves the cache, and the prefetch of all cores, switched on or off.
    pub fn new(enabled: bool, prefetch: bool) -> Self {
        let all = |on: bool| if on { u32::MAX } else { 0 };
        Self {
            enable: all(enabled),
            prefetch: all(prefetch),
        }
    }

    /// Whether the cache is enabled: firmware wrote anything but 0 to offset 0.
    pub fn enabled(&self) -> bool {
        self.enable != 0
    }

    /// Cores whose private level prefetches the next line, one bit each.
    pub fn prefetch(&self) -> u32 {
        self.prefetch
    }

    /// Reads the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn read(&self, offset: u32) -> Result<u32, Unmodelled> {
        match offset {
            0x00 => Ok(self.enable),
            0x04 | 0x08 | 0x0C => Ok(0),
            0x1C => Ok(self.prefetch),
            _ => Err(Unmodelled::read("icache control", offset)),
        }
    }

    /// Writes the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn write(&mut self, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        match offset {
            0x00 => {
                self.enable = value;
                Ok(Effect::IcacheSetup)
            }
            0x04 | 0x08 => Ok(Effect::IcacheFlush),
            0x0C => Ok(Effect::IcacheFlushLine(value)),
            0x1C => {
                self.prefetch = value;
                Ok(Effect::IcacheSetup)
            }
            _ => Err(Unmodelled::write("icache control", offset, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetch_enable_reports_only_edges() {
        let mut control = ClusterControl::new(8, 0);
        assert_eq!(
            control.write(0x08, 0xFF),
            Ok(Effect::FetchEnable {
                started: 0xFF,
                stopped: 0
            })
        );
        assert_eq!(control.write(0x08, 0xFF), Ok(Effect::None));
        assert_eq!(
            control.write(0x08, 0xFFFF_FF01),
            Ok(Effect::FetchEnable {
                started: 0,
                stopped: 0xFE
            })
        );
        assert_eq!(control.read(0x08), Ok(1));
    }

    #[test]
    fn boot_addresses_are_one_word_a_worker() {
        let mut control = ClusterControl::new(4, 0x1C00_8080);
        control.write(0x4C, 0x1C00_1000).unwrap();
        assert_eq!(
            (control.boot_address(3), control.boot_address(2)),
            (0x1C00_1000, 0x1C00_8080)
        );
        assert!(control.write(0x50, 0).is_err());
    }

    #[test]
    fn all_ones_starts_all_of_64_workers() {
        let mut control = ClusterControl::new(64, 0);
        assert_eq!(
            control.write(0x08, u32::MAX),
            Ok(Effect::FetchEnable {
                started: u64::MAX,
                stopped: 0
            })
        );
        assert_eq!(control.read(0x08), Ok(u32::MAX));
    }
}
