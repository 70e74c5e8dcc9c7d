//! SoC control: the exit register, the orchestrator's boot address and a few that only keep what is written.
//!
//! Base 0x1A104000. Registers beyond these keep what is written and read it back: firmware configures pads and clocks
//! there that have no meaning for a simulation.
//!
//! Invariant: bit 31 written to the exit register ends the run, whatever else happened.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// The APB SoC control registers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SocControl {
    registers: BTreeMap<u32, u32>,
}

impl SocControl {
    /// Offset of the orchestrator's boot address.
    pub const BOOT_ADDRESS: u32 = 0x04;
    /// Offset of the exit register: bit 31 set ends the run with the code in bits 30:0.
    pub const EXIT: u32 = 0xA0;

    /// Registers as reset leaves them, with `boot_address` for the orchestrator.
    pub fn new(boot_address: u32) -> Self {
        Self {
            registers: BTreeMap::from([(Self::BOOT_ADDRESS, boot_address)]),
        }
    }

    /// Where the orchestrator starts.
    pub fn boot_address(&self) -> u32 {
        self.registers[&Self::BOOT_ADDRESS]
    }

    /// Reads the register at `offset`; one that was never written reads 0.
    ///
    /// # Errors
    /// [`Unmodelled`] outside the 4 KiB window or off a word boundary.
    pub fn read(&self, offset: u32) -> Result<u32, Unmodelled> {
        if offset >= 0x1000 || !offset.is_multiple_of(4) {
            return Err(Unmodelled::read("SoC control", offset));
        }
        Ok(self.registers.get(&offset).copied().unwrap_or(0))
    }

    /// Writes the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] outside the 4 KiB window or off a word boundary.
    pub fn write(&mut self, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        if offset >= 0x1000 || !offset.is_multiple_of(4) {
            return Err(Unmodelled::write("SoC control", offset, value));
        }
        self.registers.insert(offset, value);
        Ok(match offset {
            Self::EXIT if value >> 31 != 0 => Effect::Exit(value & 0x7FFF_FFFF),
            _ => Effect::None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bit_31_ends_the_run() {
        let mut control = SocControl::new(0x1C00_8080);
        assert_eq!(control.write(SocControl::EXIT, 5), Ok(Effect::None));
        assert_eq!(control.read(SocControl::EXIT), Ok(5));
        assert_eq!(control.write(SocControl::EXIT, 0x8000_0003), Ok(Effect::Exit(3)));
    }
}
