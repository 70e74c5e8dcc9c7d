//! The peripheral DMA (uDMA) as far as a console needs it: clock gates and the transmit side of UART 0.
//!
//! The UART's bytes lie in L2, which the device does not know: a write that starts a transfer answers with
//! [`Effect::UartTransmit`], and the machine prints those bytes. Receiving never completes: nobody sends.
//!
//! Invariant: the UART is busy for as long as its bits take on the wire, counted in cycles of the SoC clock, and each
//! transmission ends with an event of its own.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// SoC event of a finished UART 0 reception; of a finished transmission it is one more.
pub const UART_EVENT: u8 = 0;

/// A channel's configuration: start a transfer, or one is under way.
const ENABLE: u32 = 1 << 4;
/// The same: stop all transfers, or one more waits.
const CLEAR: u32 = 1 << 5;

/// Clock gates, event routing and UART 0.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Udma {
    clock_gates: u32,
    event_select: u32,
    receive: [u32; 2],
    transmit: [u32; 2],
    setup: u32,
    irq_enable: u32,
    /// The cycles in which the transmissions under way end, in order.
    ends: VecDeque<u64>,
    receiving: bool,
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
        let left = self.ends.iter().filter(|end| now < **end).count();
        let busy = left > 0;
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
                0x18 => (u32::from(busy) * ENABLE) | (u32::from(left > 1) * CLEAR),
                0x08 => u32::from(self.receiving) * ENABLE,
                0x20 => u32::from(busy),
                0x24 => self.setup,
                0x2C => self.irq_enable,
                // No error, and no byte that was received.
                0x28 | 0x30 | 0x34 => 0,
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
                0x08 if value & CLEAR != 0 => self.receiving = false,
                0x08 => self.receiving |= value & ENABLE != 0,
                0x20 | 0x28 | 0x30 | 0x34 => {}
                0x2C => self.irq_enable = value,
                0x10 => self.transmit[0] = value,
                0x14 => self.transmit[1] = value & 0x1_FFFF,
                0x18 if value & CLEAR != 0 => self.ends.clear(),
                0x18 if value & ENABLE != 0 => {
                    let [address, bytes] = self.transmit;
                    let start = self.ends.back().map_or(now, |end| *end.max(&now));
                    self.ends.push_back(start + self.byte_cycles() * u64::from(bytes));
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
        self.ends.front().copied()
    }

    /// Does what is due in cycle `now`; returns the SoC event of a transmission that ended.
    pub fn tick(&mut self, now: u64) -> Option<u8> {
        self.next_due().filter(|end| *end <= now)?;
        self.ends.pop_front();
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

    #[test]
    fn each_transmission_ends_with_an_event_and_a_reception_never_does() {
        let mut udma = Udma::default();
        udma.write(0, 0xA4, 0x0306).unwrap();
        for (cycle, bytes) in [(0, 2), (1, 1)] {
            udma.write(cycle, 0x94, bytes).unwrap();
            udma.write(cycle, 0x98, 0x10).unwrap();
        }
        // Ten bits a byte, a cycle a bit: 20 cycles, then 10.
        assert_eq!((udma.read(2, 0x98), udma.next_due()), (Ok(0x30), Some(20)));
        assert_eq!(
            (udma.tick(20), udma.read(20, 0x98), udma.next_due()),
            (Some(1), Ok(0x10), Some(30))
        );
        assert_eq!(
            (udma.tick(30), udma.read(30, 0x98), udma.next_due()),
            (Some(1), Ok(0), None)
        );
        udma.write(40, 0x88, 0x10).unwrap();
        assert_eq!((udma.read(1_000_000, 0x88), udma.next_due()), (Ok(0x10), None));
        udma.write(1_000_001, 0x88, 0x20).unwrap();
        assert_eq!(udma.read(1_000_002, 0x88), Ok(0));
        assert_eq!([0xA8, 0xB0, 0xB4].map(|offset| udma.read(0, offset)), [Ok(0); 3]);
    }
}
