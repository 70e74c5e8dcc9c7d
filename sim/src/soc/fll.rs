//! The three frequency-locked loops: clock sources of SoC, peripherals and cluster, as registers.
//!
//! They lock at once, and what firmware programs changes no clock: the machine's frequencies are configuration. Both are
//! choices of ours; on silicon a lock takes reference-clock cycles.
//!
//! Invariant: status always shows the multiplier that was programmed.

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// Reset value of configuration 1: 1525 x 32768 Hz = 49.97 MHz.
const CONFIG_1: u32 = 0x454C_05F5;
/// Reset value of configuration 2.
const CONFIG_2: u32 = 0x0200_4109;

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Loop {
    config_1: u32,
    config_2: u32,
    integrator: u32,
}

/// The loops, 16 bytes each: SoC, peripherals, cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flls {
    loops: [Loop; 3],
}

impl Default for Flls {
    fn default() -> Self {
        Self {
            loops: [Loop {
                config_1: CONFIG_1,
                config_2: CONFIG_2,
                integrator: 0,
            }; 3],
        }
    }
}

impl Flls {
    /// Reads the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] beyond the three loops.
    pub fn read(&self, offset: u32) -> Result<u32, Unmodelled> {
        let fll = self
            .loops
            .get(offset as usize / 16)
            .ok_or(Unmodelled::read("FLL", offset))?;
        Ok(match offset % 16 {
            0x0 => fll.config_1 & 0xFFFF,
            0x4 => fll.config_1,
            0x8 => fll.config_2,
            0xC => fll.integrator,
            _ => return Err(Unmodelled::read("FLL", offset)),
        })
    }

    /// Writes the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] beyond the three loops.
    pub fn write(&mut self, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        let unmodelled = Unmodelled::write("FLL", offset, value);
        let fll = self.loops.get_mut(offset as usize / 16).ok_or(unmodelled)?;
        match offset % 16 {
            0x0 => {}
            0x4 => fll.config_1 = value,
            0x8 => fll.config_2 = value,
            0xC => fll.integrator = value,
            _ => return Err(unmodelled),
        }
        Ok(Effect::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_values_are_those_that_firmware_finds() {
        let mut flls = Flls::default();
        for base in [0x00, 0x10, 0x20] {
            assert_eq!(flls.read(base + 4), Ok(0x454C_05F5));
            assert_eq!(flls.read(base + 8), Ok(0x0200_4109));
        }
        flls.write(0x24, 0xCD4C_17D4).unwrap();
        assert_eq!((flls.read(0x20), flls.read(0x10)), (Ok(0x17D4), Ok(0x05F5)));
        assert!(flls.read(0x30).is_err());
    }
}
