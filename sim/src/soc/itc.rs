//! The orchestrator's interrupt controller (ITC): 32 lines, a mask, and the queue of SoC events behind line 26.
//!
//! Not the workers' interrupts: those come from the cluster's event unit.
//!
//! Invariant: the highest-numbered line that is pending and enabled is the one that the core sees.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// Lines with a fixed meaning.
pub mod line {
    /// A DMA command of a port on the bus is complete.
    pub const CLUSTER_DMA: u32 = 8;
    /// The same for a command of the orchestrator's port that asks for an interrupt.
    pub const CLUSTER_DMA_IRQ: u32 = 9;
    /// Timer 0, low and high counter; timer 1 follows at + 2.
    pub const TIMER_0_LOW: u32 = 10;
    /// Timer 1, low counter.
    pub const TIMER_1_LOW: u32 = 12;
    /// The reference clock rose. Pending only if it is enabled when that happens.
    pub const REFERENCE_CLOCK: u32 = 14;
    /// The queue of SoC events is not empty.
    pub const SOC_EVENT: u32 = 26;
}

/// Entries of the queue of SoC events.
const QUEUE: usize = 8;

/// The controller.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Itc {
    mask: u32,
    pending: u32,
    acknowledged: u32,
    events: VecDeque<u32>,
}

impl Itc {
    /// The interrupt that the orchestrator sees now.
    pub fn irq(&self) -> Option<u32> {
        (self.pending & self.mask).checked_ilog2()
    }

    /// The lines that may interrupt, one bit each.
    pub fn mask(&self) -> u32 {
        self.mask
    }

    /// A device pulses `line`.
    pub fn raise(&mut self, line: u32) {
        self.pending |= 1 << line;
    }

    /// A SoC event that reaches the orchestrator; a full queue (8 entries) drops it.
    pub fn raise_event(&mut self, event: u8) {
        if self.events.len() < QUEUE {
            self.events.push_back(event.into());
            self.raise(line::SOC_EVENT);
        }
    }

    /// The core takes the interrupt `line`.
    pub fn acknowledge(&mut self, line: u32) {
        self.pending &= !(1 << line);
        self.acknowledged |= 1 << line;
    }

    /// Reads the register at `offset`; reading the event queue (0x24) takes its oldest event.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn read(&mut self, offset: u32) -> Result<u32, Unmodelled> {
        Ok(match offset {
            0x00 => self.mask,
            0x0C => self.pending,
            0x18 => self.acknowledged,
            0x04 | 0x08 | 0x10 | 0x14 | 0x1C | 0x20 => 0,
            0x24 => {
                let event = self.events.pop_front().unwrap_or(0);
                if !self.events.is_empty() {
                    self.raise(line::SOC_EVENT);
                }
                event
            }
            _ => return Err(Unmodelled::read("interrupt controller", offset)),
        })
    }

    /// Writes the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn write(&mut self, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        match offset {
            0x00 => self.mask = value,
            0x04 => self.mask |= value,
            0x08 => self.mask &= !value,
            0x0C => self.pending = value,
            0x10 => self.pending |= value,
            0x14 => self.pending &= !value,
            0x18 => self.acknowledged = value,
            0x1C => self.acknowledged |= value,
            0x20 => self.acknowledged &= !value,
            0x24 => {}
            _ => return Err(Unmodelled::write("interrupt controller", offset, value)),
        }
        Ok(Effect::Interrupts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_enabled_pending_line_wins() {
        let mut itc = Itc::default();
        itc.write(0x04, 0x0400_0802).unwrap();
        itc.raise(11);
        itc.raise(31);
        itc.write(0x10, 0x2).unwrap();
        assert_eq!(itc.irq(), Some(11));
        itc.acknowledge(11);
        assert_eq!(itc.irq(), Some(1));
        itc.write(0x08, u32::MAX).unwrap();
        assert_eq!(itc.irq(), None);
    }

    #[test]
    fn soc_events_keep_line_26_pending_until_the_queue_is_read_empty() {
        let mut itc = Itc::default();
        itc.write(0x04, 1 << 26).unwrap();
        itc.raise_event(37);
        itc.raise_event(38);
        itc.acknowledge(26);
        assert_eq!((itc.read(0x24), itc.irq()), (Ok(37), Some(26)));
        itc.acknowledge(26);
        assert_eq!((itc.read(0x24), itc.irq()), (Ok(38), None));
    }
}
