//! General-purpose pins: the registers of 64 pads (GPIO v3), 32 in each of two banks.
//!
//! Nothing is wired to the pads: one that drives reads what it drives, any other reads 0. So nothing outside ever changes
//! a pin, and no pin interrupts. Base 0x1A101000.
//!
//! Invariant: every register but the pads' levels reads what was written.

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// The registers of 32 pads: direction (1 = driving), enable, output, interrupt enable, two words of interrupt types, four
/// words of pad configuration.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Bank {
    direction: u32,
    enable: u32,
    output: u32,
    interrupt_enable: u32,
    interrupt_type: [u32; 2],
    configuration: [u32; 4],
}

/// The pads.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Gpio {
    banks: [Bank; 2],
}

/// Bytes of a bank's registers.
const BANK: u32 = 0x38;

impl Gpio {
    /// Reads the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn read(&self, offset: u32) -> Result<u32, Unmodelled> {
        let bank = self
            .banks
            .get((offset / BANK) as usize)
            .ok_or(Unmodelled::read("GPIO", offset))?;
        Ok(match offset % BANK {
            0x00 => bank.direction,
            0x04 => bank.enable,
            0x08 => bank.output & bank.direction,
            0x0C => bank.output,
            0x10 | 0x14 | 0x24 => 0,
            0x18 => bank.interrupt_enable,
            0x1C => bank.interrupt_type[0],
            0x20 => bank.interrupt_type[1],
            register @ 0x28..BANK if register.is_multiple_of(4) => bank.configuration[(register - 0x28) as usize / 4],
            _ => return Err(Unmodelled::read("GPIO", offset)),
        })
    }

    /// Writes the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn write(&mut self, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        let unmodelled = Unmodelled::write("GPIO", offset, value);
        let bank = self.banks.get_mut((offset / BANK) as usize).ok_or(unmodelled)?;
        match offset % BANK {
            0x00 => bank.direction = value,
            0x04 => bank.enable = value,
            0x08 | 0x24 => {}
            0x0C => bank.output = value,
            0x10 => bank.output |= value,
            0x14 => bank.output &= !value,
            0x18 => bank.interrupt_enable = value,
            0x1C => bank.interrupt_type[0] = value,
            0x20 => bank.interrupt_type[1] = value,
            register @ 0x28..BANK if register.is_multiple_of(4) => {
                bank.configuration[(register - 0x28) as usize / 4] = value;
            }
            _ => return Err(unmodelled),
        }
        Ok(Effect::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pad_that_drives_reads_what_it_drives() {
        for bank in [0, 0x38] {
            let mut gpio = Gpio::default();
            gpio.write(bank, 0xFF).unwrap();
            gpio.write(bank + 0x0C, 0x0F0F).unwrap();
            gpio.write(bank + 0x10, 0x80).unwrap();
            gpio.write(bank + 0x14, 0x01).unwrap();
            assert_eq!((gpio.read(bank + 0x0C), gpio.read(bank + 0x08)), (Ok(0x0F8E), Ok(0x8E)));
        }
    }

    #[test]
    fn registers_keep_what_is_written_and_only_those_of_two_banks_exist() {
        let mut gpio = Gpio::default();
        for offset in [0x00, 0x04, 0x18, 0x1C, 0x20, 0x28, 0x34, 0x38, 0x6C] {
            gpio.write(offset, 0xA5A5_0000 | offset).unwrap();
        }
        for offset in [0x00, 0x04, 0x18, 0x1C, 0x20, 0x28, 0x34, 0x38, 0x6C] {
            assert_eq!(gpio.read(offset), Ok(0xA5A5_0000 | offset), "{offset:#x}");
        }
        assert!(gpio.read(0x70).is_err() && gpio.write(0x70, 1).is_err() && gpio.read(0x02).is_err());
    }
}
