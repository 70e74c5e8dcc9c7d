//! The peripheral DMA (uDMA) as far as a console needs it: clock gates and the transmit side of UART 0.
//!
//! The UART's bytes lie in L2, which the device does not know: a write that starts a transfer answers with
//! [`Effect::UartTransmit`], and the machine prints those bytes. Receiving never completes: nobody sends.
//!
//! Invariant: the UART is busy for as long as its bits take on the wire, counted in cycles of the SoC clock.

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// SoC event of a finished UART 0 reception; of a finished transmission it is one more.
pub const UART_EVENT: u8 = 0;

const ENABLE: u32 = 1 << 4;
const CLEAR: u32 = 1 << 5;

/// Clock gates, event routing and UART 0.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Udma {
    clock_gates: u32,
    event_select: u32,
    receive: [u32; 2],
    transmit: [u32; 2],
    setup: u32,
    busy_until: Option<u64>,
}

impl Udma {
    /// Offset of UART 0.
    const UART: u32 = 0x80;

    /// Cycles that a byte takes: start, data, parity and stop bits, each of the divider's length.
    fn byte_cycles(&self) -> u64 {
        let parity = self.setup & 1;
        let data = 5 + (self.setup >> 1 & 3);
        let stop = 1 + (self.setup >> 3 & 1);
        u64::from(1 + data + parity + stop) * u64::from((self.setup >> 16) + 1)
    }

    /// Reads the register at `offset` in cycle `now`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register, which is every other peripheral of the uDMA.
    pub fn read(&self, now: u64, offset: u32) -> Result<u32, Unmodelled> {
        let busy = self.busy_until.is_some_and(|until| now < until);
        Ok(match offset {
            0x00 => self.clock_gates,
            0x04 => self.event_select,
            _ => match offset.wrapping_sub(Self::UART) {
                0x00 => self.receive[0],
                0x04 => self.receive[1],
                0x10 => self.transmit[0],
                0x14 => {
                    if busy {
                        self.transmit[1]
                    } else {
                        0
                    }
                }
                0x18 => u32::from(busy) << 4,
                0x08 => 0,
                0x20 => u32::from(busy),
                0x24 => self.setup,
                _ => return Err(Unmodelled::read("uDMA", offset)),
            },
        })
    }

    /// Writes the register at `offset` in cycle `now`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn write(&mut self, now: u64, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        match offset {
            0x00 => self.clock_gates = value,
            0x04 => self.event_select = value,
            _ => match offset.wrapping_sub(Self::UART) {
                0x00 => self.receive[0] = value,
                0x04 => self.receive[1] = value,
                0x08 | 0x20 => {}
                0x10 => self.transmit[0] = value,
                0x14 => self.transmit[1] = value & 0x1_FFFF,
                0x18 if value & CLEAR != 0 => self.busy_until = None,
                0x18 if value & ENABLE != 0 => {
                    let [address, bytes] = self.transmit;
                    let start = self.busy_until.map_or(now, |until| until.max(now));
                    self.busy_until = Some(start + self.byte_cycles() * u64::from(bytes));
                    return Ok(Effect::UartTransmit { address, bytes });
                }
                0x18 => {}
                0x24 => self.setup = value,
                _ => return Err(Unmodelled::write("uDMA", offset, value)),
            },
        }
        Ok(Effect::None)
    }

    /// The cycle in which the transmission under way ends.
    pub fn next_due(&self) -> Option<u64> {
        self.busy_until
    }

    /// Does what is due in cycle `now`; returns the SoC event of a transmission that ended.
    pub fn tick(&mut self, now: u64) -> Option<u8> {
        self.busy_until.filter(|&until| until <= now)?;
        self.busy_until = None;
        Some(UART_EVENT + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uart_is_busy_for_as_long_as_its_bits_take() {
        let mut udma = Udma::default();
        udma.write(0, 0x00, 1).unwrap();
        udma.write(0, 0xA4, 433 << 16 | 0x0306).unwrap();
        udma.write(0, 0x90, 0x1C00_9000).unwrap();
        udma.write(0, 0x94, 3).unwrap();
        let effect = udma.write(100, 0x98, 0x10).unwrap();
        assert_eq!(
            effect,
            Effect::UartTransmit {
                address: 0x1C00_9000,
                bytes: 3
            }
        );
        let end = 100 + 3 * 10 * 434;
        assert_eq!((udma.read(end - 1, 0xA0), udma.read(end, 0xA0)), (Ok(1), Ok(0)));
        assert_eq!(
            (udma.next_due(), udma.tick(end), udma.next_due()),
            (Some(end), Some(1), None)
        );
    }
}
