//! The SoC event unit: which of 256 peripheral events reach the orchestrator, the cluster and the peripherals.
//!
//! Not the cluster's event unit. A mask bit of 1 stops the event; reset stops all.
//!
//! Invariant: an event goes nowhere unless firmware opened its mask bit.

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// First event that the software trigger register raises, one per bit (usual numbering, not exercised by firmware).
pub const SOFTWARE_EVENT: u8 = 160;

/// Where an event goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// Into the orchestrator's queue ([`super::itc::Itc::raise_event`]).
    pub orchestrator: bool,
    /// Into the cluster's queue.
    pub cluster: bool,
}

/// The masks: eight words each for orchestrator, cluster, peripherals and errors, from offset 4.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SocEventUnit {
    masks: [u32; 32],
    timer_select: [u32; 2],
    triggered: u32,
}

impl Default for SocEventUnit {
    fn default() -> Self {
        Self {
            masks: [u32::MAX; 32],
            timer_select: [0; 2],
            triggered: 0,
        }
    }
}

impl SocEventUnit {
    /// Where `event` goes.
    pub fn route(&self, event: u8) -> Route {
        let (word, bit) = (usize::from(event / 32), event % 32);
        let open = |group: usize| self.masks[8 * group + word] >> bit & 1 == 0;
        Route {
            orchestrator: open(0),
            cluster: open(1),
        }
    }

    /// Takes the events that software triggered since the last call.
    pub fn take_triggered(&mut self) -> impl Iterator<Item = u8> + use<> {
        let triggered = std::mem::take(&mut self.triggered);
        (0..8)
            .filter(move |bit| triggered >> bit & 1 != 0)
            .map(|bit| SOFTWARE_EVENT + bit)
    }

    /// Reads the register at `offset`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn read(&self, offset: u32) -> Result<u32, Unmodelled> {
        Ok(match offset {
            0x00 => 0,
            0x04..=0x83 if offset.is_multiple_of(4) => self.masks[offset as usize / 4 - 1],
            0x84 => self.timer_select[0],
            0x88 => self.timer_select[1],
            _ => return Err(Unmodelled::read("SoC event unit", offset)),
        })
    }

    /// Writes the register at `offset`; after [`Effect::SocEvents`] there are triggered events to take.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn write(&mut self, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        match offset {
            0x00 => {
                self.triggered |= value & 0xFF;
                return Ok(Effect::SocEvents);
            }
            0x04..=0x83 if offset.is_multiple_of(4) => self.masks[offset as usize / 4 - 1] = value,
            0x84 => self.timer_select[0] = value,
            0x88 => self.timer_select[1] = value,
            _ => return Err(Unmodelled::write("SoC event unit", offset, value)),
        }
        Ok(Effect::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleared_mask_bit_lets_an_event_through() {
        let mut unit = SocEventUnit::default();
        assert_eq!(unit.route(37), Route::default());
        unit.write(0x08, !(1 << 5)).unwrap();
        assert_eq!(
            unit.route(37),
            Route {
                orchestrator: true,
                cluster: false
            }
        );
        unit.write(0x24, !1).unwrap();
        assert_eq!(
            unit.route(0),
            Route {
                orchestrator: false,
                cluster: true
            }
        );
    }

    #[test]
    fn software_triggers_are_taken_once() {
        let mut unit = SocEventUnit::default();
        assert_eq!(unit.write(0, 0b101), Ok(Effect::SocEvents));
        assert_eq!(unit.take_triggered().collect::<Vec<_>>(), [160, 162]);
        assert_eq!(unit.take_triggered().count(), 0);
    }
}
