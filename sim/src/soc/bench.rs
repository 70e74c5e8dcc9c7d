//! The golden bench's devices at 0x20000000: exit, console byte, interrupt lines after a delay, an event load and a
//! background master.
//!
//! Not PULP hardware: this is what surrounded the cores when the golden traces were recorded.
//!
//! Invariant: at most one change of the interrupt lines is under way.

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// The bench's registers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bench {
    output: Vec<u8>,
    lines: u32,
    irq_delay: u32,
    change: Option<(u64, u32)>,
    event_delay: u32,
}

impl Bench {
    /// A store here ends the run with the value as exit code.
    pub const EXIT: u32 = 0x00;
    /// A store here prints a byte.
    pub const CONSOLE: u32 = 0x04;
    /// A store here sets all interrupt lines after the delay.
    pub const IRQ_LINES: u32 = 0x10;
    /// Delay in cycles for the next store to [`Bench::IRQ_LINES`].
    pub const IRQ_DELAY: u32 = 0x14;
    /// An event load from here has its grant withheld for the event delay.
    pub const EVENT: u32 = 0x20;
    /// Cycles that the next event load waits for its grant.
    pub const EVENT_DELAY: u32 = 0x24;
    /// A store here of address | 1 starts the background master on that address, of 0 stops it.
    pub const STREAM: u32 = 0x100;

    /// A core took an interrupt: all lines fall.
    pub fn acknowledge(&mut self) {
        self.lines = 0;
    }

    /// The interrupt lines as they are now, one bit each.
    pub fn irq_lines(&self) -> u32 {
        self.lines
    }

    /// Takes the console bytes.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Cycles for which an event load from [`Bench::EVENT`] has its grant withheld (N of R18).
    pub fn event_delay(&self) -> u32 {
        self.event_delay
    }

    /// Reads the register at `offset`; the bench answers 0 everywhere.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn read(&self, offset: u32) -> Result<u32, Unmodelled> {
        match offset {
            Self::EXIT | Self::CONSOLE | Self::EVENT | Self::STREAM => Ok(0),
            Self::IRQ_LINES => Ok(self.lines),
            Self::IRQ_DELAY => Ok(self.irq_delay),
            Self::EVENT_DELAY => Ok(self.event_delay),
            _ => Err(Unmodelled::read("bench", offset)),
        }
    }

    /// Writes the register at `offset` in cycle `now`, the cycle of the store's grant.
    ///
    /// Interrupt lines with a delay of d change in cycle `now + d - 1`, so that a store that leaves decode in cycle t
    /// raises them at t + d (golden runs `sys.*`: the handler then leaves decode at t + d + 3, R17).
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn write(&mut self, now: u64, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        Ok(match offset {
            Self::EXIT => Effect::Exit(value),
            Self::CONSOLE => {
                self.output.push(value as u8);
                Effect::Output
            }
            Self::IRQ_LINES => {
                let delay = std::mem::take(&mut self.irq_delay);
                self.change = Some((now + u64::from(delay.saturating_sub(1)).max(1), value));
                Effect::None
            }
            Self::IRQ_DELAY => {
                self.irq_delay = value;
                Effect::None
            }
            Self::EVENT => Effect::None,
            Self::EVENT_DELAY => {
                self.event_delay = value;
                Effect::None
            }
            Self::STREAM => Effect::Stream((value & 1 != 0).then_some(value & !1)),
            _ => return Err(Unmodelled::write("bench", offset, value)),
        })
    }

    /// The next cycle in which the interrupt lines change.
    pub fn next_due(&self) -> Option<u64> {
        self.change.map(|(due, _)| due)
    }

    /// Carries out what is due in cycle `now`.
    pub fn tick(&mut self, now: u64) -> Effect {
        match self.change {
            Some((due, lines)) if due <= now => {
                self.change = None;
                self.lines = lines;
                Effect::Interrupts
            }
            _ => Effect::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interrupt_lines_rise_after_the_delay_that_was_written_before() {
        let mut bench = Bench::default();
        bench.write(100, Bench::IRQ_DELAY, 12).unwrap();
        assert_eq!(bench.write(101, Bench::IRQ_LINES, 0x1_0000), Ok(Effect::None));
        assert_eq!(bench.next_due(), Some(112));
        assert_eq!((bench.tick(111), bench.irq_lines()), (Effect::None, 0));
        assert_eq!((bench.tick(112), bench.irq_lines()), (Effect::Interrupts, 0x1_0000));
        bench.write(120, Bench::IRQ_DELAY, 0).unwrap();
        assert_eq!(bench.write(121, Bench::IRQ_LINES, 0), Ok(Effect::None));
        assert_eq!((bench.tick(122), bench.irq_lines()), (Effect::Interrupts, 0));
        assert_eq!(bench.next_due(), None);
    }
}
