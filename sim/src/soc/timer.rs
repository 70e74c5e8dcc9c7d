//! The timer of PULP chips (timer_v2): two 32-bit counters, or one of 64 bits, with compare values.
//!
//! One model for the orchestrator's timers and the cluster's. It counts no cycles: a counter is a value and the tick at
//! which it had it, so a running timer costs nothing until its compare value is due.
//!
//! Invariant: between two calls a counter passes its compare value only in a cycle that [`Timer::next_due`] named; that
//! cycle is found anew whenever a counter is touched.

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// Frequency of the reference clock in Hz.
pub const REFERENCE_HZ: u64 = 32_768;

/// The first cycle after `now`, of a clock of `frequency_hz`, in which the reference clock has risen once more.
pub fn next_reference_edge(now: u64, frequency_hz: u64) -> u64 {
    let edges = u128::from(now) * u128::from(REFERENCE_HZ) / u128::from(frequency_hz);
    let cycle = ((edges + 1) * u128::from(frequency_hz)).div_ceil(REFERENCE_HZ.into());
    u64::try_from(cycle).unwrap_or(u64::MAX)
}

/// Bits of a configuration register. Bits 0, 1, 2, 4 and 7 are exercised by firmware; the others follow the usual
/// layout of this timer.
mod cfg {
    pub(super) const ENABLE: u32 = 1 << 0;
    pub(super) const RESET: u32 = 1 << 1;
    pub(super) const INTERRUPT: u32 = 1 << 2;
    pub(super) const CLEAR_ON_COMPARE: u32 = 1 << 4;
    pub(super) const ONE_SHOT: u32 = 1 << 5;
    pub(super) const PRESCALE: u32 = 1 << 6;
    pub(super) const REFERENCE_CLOCK: u32 = 1 << 7;
    pub(super) const PRESCALER_SHIFT: u32 = 8;
    pub(super) const WIDE: u32 = 1 << 31;
}

/// Which of a timer's two interrupt lines pulse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimerLines {
    /// The low counter's, or that of the 64-bit counter.
    pub low: bool,
    /// The high counter's.
    pub high: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Counter {
    config: u32,
    value: u64,
    /// Source tick (before the prescaler) at which it had that value.
    since: u64,
    compare: u64,
    /// Largest value.
    limit: u64,
}

impl Counter {
    fn new() -> Self {
        Self {
            config: 0,
            value: 0,
            since: 0,
            compare: 0,
            limit: u32::MAX.into(),
        }
    }

    fn divider(&self) -> u64 {
        if self.config & cfg::PRESCALE == 0 {
            return 1;
        }
        u64::from(self.config >> cfg::PRESCALER_SHIFT & 0xFF) + 1
    }

    fn runs(&self) -> bool {
        self.config & cfg::ENABLE != 0
    }

    fn wraps_after(&self) -> u64 {
        if self.config & cfg::CLEAR_ON_COMPARE != 0 {
            self.compare
        } else {
            self.limit
        }
    }

    /// Steps from the present value until the compare value is next reached, at least 1.
    fn steps_to_compare(&self) -> Option<u64> {
        let wrap = self.wraps_after();
        if self.value < self.compare {
            Some(self.compare - self.value)
        } else if self.value > wrap {
            // Past a compare value that clears: first to the end, then up from 0.
            (self.limit - self.value).checked_add(1)?.checked_add(self.compare)
        } else {
            (wrap - self.value).checked_add(1)?.checked_add(self.compare)
        }
    }

    fn advance(&mut self, tick: u64) {
        if !self.runs() {
            self.since = tick;
            return;
        }
        let mut steps = (tick - self.since) / self.divider();
        self.since += steps * self.divider();
        let wrap = self.wraps_after();
        if self.value > wrap {
            let to_end = self.limit - self.value;
            if steps <= to_end {
                self.value += steps;
                return;
            }
            steps -= to_end + 1;
            self.value = 0;
        }
        let modulus = u128::from(wrap) + 1;
        self.value = ((u128::from(self.value) + u128::from(steps)) % modulus) as u64;
    }

    /// Tick at which the compare value is next reached, if an interrupt or a stop follows.
    fn due(&self) -> Option<u64> {
        if !self.runs() || self.config & (cfg::INTERRUPT | cfg::ONE_SHOT) == 0 {
            return None;
        }
        self.since
            .checked_add(self.steps_to_compare()?.checked_mul(self.divider())?)
    }
}

/// A timer with its two counters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Timer {
    frequency_hz: u64,
    low: Counter,
    high: Counter,
    /// What [`Timer::find_due`] finds.
    due: Option<u64>,
}

impl Timer {
    /// A stopped timer whose cycles are those of a clock of `frequency_hz`.
    pub fn new(frequency_hz: u64) -> Self {
        Self {
            frequency_hz,
            low: Counter::new(),
            high: Counter::new(),
            due: None,
        }
    }

    fn is_wide(&self) -> bool {
        self.low.config & cfg::WIDE != 0
    }

    fn tick_at(&self, config: u32, now: u64) -> u64 {
        if config & cfg::REFERENCE_CLOCK == 0 {
            return now;
        }
        (u128::from(now) * u128::from(REFERENCE_HZ) / u128::from(self.frequency_hz)) as u64
    }

    /// First cycle of source tick `tick`.
    fn cycle_of(&self, config: u32, tick: u64) -> u64 {
        if config & cfg::REFERENCE_CLOCK == 0 {
            return tick;
        }
        let cycle = (u128::from(tick) * u128::from(self.frequency_hz)).div_ceil(REFERENCE_HZ.into());
        u64::try_from(cycle).unwrap_or(u64::MAX)
    }

    fn advance(&mut self, now: u64) {
        let low = self.tick_at(self.low.config, now);
        self.low.advance(low);
        if !self.is_wide() {
            let high = self.tick_at(self.high.config, now);
            self.high.advance(high);
        }
    }

    /// Reads the register at `offset` in cycle `now`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn read(&mut self, now: u64, offset: u32) -> Result<u32, Unmodelled> {
        self.advance(now);
        self.due = self.find_due();
        let wide = self.is_wide();
        Ok(match offset {
            0x00 => self.low.config,
            0x04 => self.high.config,
            0x08 => self.low.value as u32,
            0x0C if wide => (self.low.value >> 32) as u32,
            0x0C => self.high.value as u32,
            0x10 => self.low.compare as u32,
            0x14 if wide => (self.low.compare >> 32) as u32,
            0x14 => self.high.compare as u32,
            0x18..=0x27 if offset.is_multiple_of(4) => 0,
            _ => return Err(Unmodelled::read("timer", offset)),
        })
    }

    /// Writes the register at `offset` in cycle `now`.
    ///
    /// # Errors
    /// [`Unmodelled`] where there is no register.
    pub fn write(&mut self, now: u64, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        self.advance(now);
        let written = self.set(now, offset, value);
        self.due = self.find_due();
        written.map(|()| Effect::None)
    }

    fn set(&mut self, now: u64, offset: u32, value: u32) -> Result<(), Unmodelled> {
        let wide = self.is_wide();
        match offset {
            0x00 => self.configure(now, value),
            0x04 => {
                Self::set_config(&mut self.high, value & !cfg::WIDE);
                self.high.since = self.tick_at(value, now);
            }
            0x08 => replace_half(&mut self.low.value, false, value),
            0x0C if wide => replace_half(&mut self.low.value, true, value),
            0x0C => self.high.value = value.into(),
            0x10 => replace_half(&mut self.low.compare, false, value),
            0x14 if wide => replace_half(&mut self.low.compare, true, value),
            0x14 => self.high.compare = value.into(),
            0x18 => self.low.config |= value & cfg::ENABLE,
            0x1C => self.high.config |= value & cfg::ENABLE,
            0x20 if value & 1 != 0 => self.low.value = 0,
            0x24 if value & 1 != 0 => self.high.value = 0,
            0x20 | 0x24 => {}
            _ => return Err(Unmodelled::write("timer", offset, value)),
        }
        Ok(())
    }

    /// The low counter's configuration; bit 31 joins the counters or parts them.
    fn configure(&mut self, now: u64, value: u32) {
        let becomes_wide = value & cfg::WIDE != 0;
        match (self.is_wide(), becomes_wide) {
            (false, true) => {
                self.low.value |= self.high.value << 32;
                self.low.compare |= self.high.compare << 32;
                self.low.limit = u64::MAX;
            }
            (true, false) => {
                self.high.value = self.low.value >> 32;
                self.high.compare = self.low.compare >> 32;
                self.low.value &= u64::from(u32::MAX);
                self.low.compare &= u64::from(u32::MAX);
                self.low.limit = u32::MAX.into();
            }
            _ => {}
        }
        Self::set_config(&mut self.low, value);
        self.low.since = self.tick_at(value, now);
    }

    fn set_config(counter: &mut Counter, value: u32) {
        counter.config = value & !cfg::RESET;
        if value & cfg::RESET != 0 {
            counter.value = 0;
        }
    }

    /// The next cycle in which a counter reaches its compare value with consequences.
    #[inline(always)]
    pub fn next_due(&self) -> Option<u64> {
        self.due
    }

    fn find_due(&self) -> Option<u64> {
        let low = self.low.due().map(|tick| self.cycle_of(self.low.config, tick));
        let high = self
            .high
            .due()
            .filter(|_| !self.is_wide())
            .map(|tick| self.cycle_of(self.high.config, tick));
        low.into_iter().chain(high).min()
    }

    /// Does what is due in cycle `now` and returns the interrupt lines that pulse.
    pub fn tick(&mut self, now: u64) -> TimerLines {
        let reached = |timer: &Self, counter: &Counter| {
            counter
                .due()
                .is_some_and(|tick| timer.cycle_of(counter.config, tick) <= now)
        };
        let low = reached(self, &self.low);
        let high = !self.is_wide() && reached(self, &self.high);
        self.advance(now);
        let pulse = |counter: &mut Counter, reached: bool| {
            if reached && counter.config & cfg::ONE_SHOT != 0 {
                counter.config &= !cfg::ENABLE;
            }
            reached && counter.config & cfg::INTERRUPT != 0
        };
        let lines = TimerLines {
            low: pulse(&mut self.low, low),
            high: pulse(&mut self.high, high),
        };
        self.due = self.find_due();
        lines
    }
}

fn replace_half(register: &mut u64, high: bool, value: u32) {
    let shift = if high { 32 } else { 0 };
    *register = *register & !(u64::from(u32::MAX) << shift) | u64::from(value) << shift;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_stop_and_reset_count_the_cycles_between() {
        let mut timer = Timer::new(50_000_000);
        timer.write(10, 0x20, 1).unwrap();
        timer.write(20, 0x18, 1).unwrap();
        assert_eq!(timer.read(120, 0x08), Ok(100));
        timer.write(150, 0x00, 0).unwrap();
        assert_eq!(timer.read(1000, 0x08), Ok(130));
        assert_eq!(timer.next_due(), None);
    }

    #[test]
    fn a_compare_value_that_clears_gives_a_periodic_interrupt() {
        let mut timer = Timer::new(50_000_000);
        timer.write(0, 0x10, 99).unwrap();
        timer.write(0, 0x00, 0b1_0111).unwrap();
        let mut pulses = Vec::new();
        while pulses.len() < 4 {
            let due = timer.next_due().unwrap();
            assert_eq!(timer.tick(due), TimerLines { low: true, high: false });
            pulses.push(due);
        }
        assert_eq!(pulses, [99, 199, 299, 399]);
        assert_eq!(timer.read(400, 0x08), Ok(0));
    }

    #[test]
    fn the_reference_clock_counts_32768_a_second() {
        let mut timer = Timer::new(370_000_000);
        timer.write(0, 0x04, 0x83).unwrap();
        assert_eq!(timer.read(185_000_000 - 1, 0x0C), Ok(16_383));
        assert_eq!(timer.read(370_000_000, 0x0C), Ok(32_768));
    }

    #[test]
    fn the_reference_clock_rises_32768_times_a_second() {
        for frequency in [50_000_000, 370_000_000, 32_769] {
            let mut edge = 0;
            for _ in 0..REFERENCE_HZ {
                edge = next_reference_edge(edge, frequency);
            }
            assert_eq!(edge, frequency);
        }
        assert_eq!((next_reference_edge(0, 65_536), next_reference_edge(2, 65_536)), (2, 4));
    }

    #[test]
    fn one_shot_stops_at_the_compare_value() {
        let mut timer = Timer::new(50_000_000);
        timer.write(0, 0x14, 10).unwrap();
        timer.write(0, 0x04, 0b10_0101).unwrap();
        assert_eq!(timer.next_due(), Some(10));
        assert_eq!(timer.tick(10), TimerLines { low: false, high: true });
        assert_eq!((timer.next_due(), timer.read(500, 0x0C)), (None, Ok(10)));
    }

    #[test]
    fn the_counters_join_to_64_bits() {
        let mut timer = Timer::new(50_000_000);
        timer.write(0, 0x08, u32::MAX).unwrap();
        timer.write(0, 0x00, 1 << 31 | 1).unwrap();
        assert_eq!((timer.read(1, 0x08), timer.read(1, 0x0C)), (Ok(0), Ok(1)));
    }

    #[test]
    fn the_prescaler_divides_the_clock() {
        let mut timer = Timer::new(50_000_000);
        timer.write(0, 0x00, 9 << 8 | 0b100_0001).unwrap();
        assert_eq!(
            (timer.read(9, 0x08), timer.read(10, 0x08), timer.read(105, 0x08)),
            (Ok(0), Ok(1), Ok(10))
        );
    }
}
