//! Beats of one side's alignment into beats of the other's.
//!
//! It has no queues: it is offered a beat and told whether there is room, and does what a cycle allows.
//!
//! Invariant: every byte of a burst leaves once, in order, under a byte enable.

use serde::{Deserialize, Serialize};

use super::command::beats;

/// Shifts beats from one side's alignment to the other's.
///
/// A burst whose output starts further into its row than its input, or that has a single input beat, goes straight
/// through; any other holds its first beat for a cycle: lat 5 and 6 of D8 and D9.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Aligner {
    work: Option<Work>,
    /// First cycle in which the next burst's first beat can be taken.
    free: u64,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Work {
    /// Input offset less output offset, in bytes.
    shift: i32,
    straight: bool,
    inputs: u32,
    outputs: u32,
    taken: u32,
    given: u32,
    /// First output address, and bytes from there.
    address: u32,
    bytes: u32,
    /// The last beat taken.
    beat: u64,
    /// `beat` has not been given yet (only without a shift).
    full: bool,
}

impl Work {
    /// The output beat that spans the held beat and the next.
    fn combine(&self, next: u64) -> u64 {
        let pair = u128::from(self.beat) | u128::from(next) << 64;
        let shift = if self.shift < 0 { 8 + self.shift } else { self.shift };
        (pair >> (8 * shift)) as u64
    }

    /// Whether a beat can be taken without giving one.
    fn opens(&self) -> bool {
        !self.straight && (self.taken == 0 || self.shift == 0 && !self.full)
    }

    /// What to give in a cycle in which `input` can be taken and there is room, and whether that takes it.
    fn next(&mut self, input: Option<u64>) -> (Option<u64>, bool) {
        let drained = self.taken == self.inputs;
        let input = if drained { None } else { input };
        let comes = input.is_some();
        let beat = input.unwrap_or(0);
        if self.straight {
            let given = match (self.shift, comes) {
                (0.., true) => beat >> (8 * self.shift),
                (..0, true) if self.taken == 0 => beat << (8 * -self.shift),
                _ => self.combine(beat),
            };
            ((comes || drained).then_some(given), comes)
        } else if self.shift == 0 {
            let given = self.full.then_some(self.beat);
            self.full = comes;
            (given, comes)
        } else if self.taken == 0 {
            (None, comes)
        } else {
            ((comes || drained).then(|| self.combine(beat)), comes)
        }
    }
}

/// A beat on its way out.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Given {
    pub(super) data: u64,
    /// Of its eight bytes.
    pub(super) address: u32,
    /// Which of them count.
    pub(super) enable: u8,
    /// Its burst ends with it.
    pub(super) last: bool,
}

/// What the aligner did in a cycle.
#[derive(Default)]
pub(super) struct Step {
    pub(super) took: bool,
    pub(super) gave: Option<Given>,
}

impl Aligner {
    pub(super) fn works(&self) -> bool {
        self.work.is_some()
    }

    pub(super) fn is_free(&self, now: u64) -> bool {
        !self.works() && self.free <= now
    }

    pub(super) fn start(&mut self, input: u32, output: u32, bytes: u32) {
        let inputs = beats(input, bytes);
        let shift = (input % 8) as i32 - (output % 8) as i32;
        self.work = Some(Work {
            shift,
            straight: shift < 0 || inputs == 1,
            inputs,
            outputs: beats(output, bytes),
            taken: 0,
            given: 0,
            address: output,
            bytes,
            beat: 0,
            full: false,
        });
    }

    /// One cycle: takes `input` if it is there and wanted, and gives a beat if there is `room`.
    #[inline(always)]
    pub(super) fn step(&mut self, now: u64, input: Option<u64>, room: bool) -> Step {
        let Some(work) = &mut self.work else {
            return Step::default();
        };
        if !room && !work.opens() {
            return Step::default();
        }
        let (data, took) = work.next(input);
        if took {
            work.taken += 1;
            work.beat = input.unwrap_or(0);
        }
        let Some(data) = data else {
            return Step { took, gave: None };
        };
        let index = work.given;
        work.given += 1;
        let last = work.given == work.outputs;
        let address = (work.address & !7).wrapping_add(8 * index);
        let gave = Some(Given {
            data,
            address,
            enable: byte_enable(work.address, work.bytes, index),
            last,
        });
        if last {
            self.work = None;
            self.free = now + 2;
        }
        Step { took, gave }
    }
}

/// Bytes of beat `index` of a run that starts at `address` and has `bytes`: bit i is byte i.
pub(super) fn byte_enable(address: u32, bytes: u32, index: u32) -> u8 {
    let first = address % 8;
    let left = first + bytes - 8 * index;
    if index != 0 && left >= 8 {
        return 0xFF;
    }
    let low = if index == 0 { first } else { 0 };
    ((1u32 << left.min(8)) - (1 << low)) as u8
}
