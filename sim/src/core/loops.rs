//! Hardware loops: two sets of start, end and count, and what the controller does with them (R14).
//!
//! Two conventions live here, and nowhere else: the older one (end is the address of the last instruction, jumps back
//! without cost) and that of CV32E40P (end is the address after the last instruction; the controller arms the jump on
//! the second-last instruction, and does so only once it has seen the body).

use crate::config::{Generation, IsaFamily};
use serde::{Deserialize, Serialize};

/// The registers of one loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HardwareLoop {
    /// Address of the first instruction.
    pub start: u32,
    /// End address, in the core's convention.
    pub end: u32,
    /// Iterations left.
    pub count: u32,
}

/// Where an instruction in a loop body leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing special.
    Plain,
    /// This instruction is followed by `.0`, without cost.
    Back(u32),
    /// This instruction is followed by `.0`, after a jump launched as it enters decode.
    Jump(u32),
}

/// A body that a core of the newer generation repeats, and nothing but which the controller looks at meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lap {
    /// Address of the first instruction.
    pub start: u32,
    /// Address of the last one.
    pub last: u32,
    /// The controller looks at the second-last one as well.
    pub arms: bool,
}

impl Lap {
    /// Whether the controller has to look at what begins at `pc`.
    pub fn is_near_end(&self, pc: u32) -> bool {
        if self.arms {
            self.last.wrapping_add(3).wrapping_sub(pc) < 8
        } else {
            pc == self.last
        }
    }

    /// Whether `pc` is in the body.
    pub fn holds(&self, pc: u32) -> bool {
        self.start <= pc && pc <= self.last
    }
}

/// Both loops of a core and the controller's state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Loops {
    family: IsaFamily,
    /// RI5CY misses the end of a body of one instruction, which it had fetched before the loop was set.
    misses_single: bool,
    /// The registers.
    pub set: [HardwareLoop; 2],
    /// A loop may yet go back or count: the run loop looks here only then.
    pub active: bool,
    /// CV32E40P: the controller is in its loop state, where the second-last instruction arms the jump.
    in_body: bool,
    /// CV32E40P: target of the armed jump.
    armed: Option<u32>,
    /// Where code surely changes nothing as long as the state is what it is: from an address on, and for how many bytes.
    quiet: (u32, u32),
}

impl Loops {
    /// No loop is set.
    pub fn new(family: IsaFamily, generation: Generation) -> Self {
        let misses_single = generation == Generation::Ri5cy;
        Self {
            family,
            misses_single,
            set: [HardwareLoop::default(); 2],
            active: false,
            in_body: false,
            armed: None,
            quiet: (0, 0),
        }
    }

    /// Sets part 0 (start), 1 (end) or 2 (count) of loop `number`.
    pub fn set_part(&mut self, number: usize, part: usize, value: u32) {
        let mask = if self.family == IsaFamily::Xcv { !3 } else { !1 };
        let registers = &mut self.set[number & 1];
        match part {
            0 => registers.start = value & mask,
            1 => registers.end = value & mask,
            _ => registers.count = value,
        }
        self.quiet = (0, 0);
        self.look_around();
    }

    /// Brings [`Loops::active`] up to date. The older convention leaves a count of 1 alone.
    fn look_around(&mut self) {
        let least = match self.family {
            IsaFamily::Xpulpv2 => 2,
            IsaFamily::Xcv => 1,
        };
        self.active = self.set.iter().any(|l| l.count >= least) || self.in_body;
    }

    /// As the CSRs show them.
    pub fn view(&self) -> [u32; 6] {
        let [a, b] = self.set;
        [a.start, a.end, a.count, b.start, b.end, b.count]
    }

    /// The pipeline was flushed: the controller is back in its plain state.
    pub fn flushed(&mut self) {
        self.in_body = false;
        self.armed = None;
        self.quiet = (0, 0);
    }

    /// R29, CV32E40P: while the controller is in its loop state it looks at neither branches and jumps nor at `fence`, `mret`
    /// and `wfi`.
    pub fn in_body(&self) -> bool {
        self.in_body
    }

    /// Where the instruction after the one that was looked at last leads, if its zero-cost jump is armed.
    pub fn armed(&self) -> Option<u32> {
        self.armed
    }

    /// How many bytes of code from `pc` on surely change nothing: [`Loops::step`] need not look at what begins in them.
    #[inline(always)]
    pub fn passing_bytes(&mut self, pc: u32) -> u32 {
        let (from, length) = self.quiet;
        let inside = pc.wrapping_sub(from);
        if inside < length {
            return length - inside;
        }
        self.look_ahead(pc)
    }

    /// The body that the instruction at `pc`, in decode, is in, and how many more times it goes back; if nothing but that decides
    /// what follows.
    pub fn lap(&self, pc: u32) -> Option<(Lap, u32)> {
        let arms = self.family == IsaFamily::Xcv;
        if arms && !self.in_body || self.misses_single {
            return None;
        }
        for (this, other) in [(0, 1), (1, 0)] {
            let HardwareLoop { start, end, count } = self.set[this];
            let others = self.set[other].end;
            let last = if arms { end.wrapping_sub(4) } else { end };
            let lap = Lap { start, last, arms };
            let alone = if arms {
                let armed = match self.armed {
                    None => pc != last,
                    Some(target) => target == start && pc == last,
                };
                armed && last.wrapping_sub(start) >= 8 && !(start < others && others <= end.saturating_add(8))
            } else {
                !lap.holds(others)
            };
            if count > 1 && lap.holds(pc) && alone {
                return Some((lap, count - 1));
            }
        }
        None
    }

    /// Whether it is known already that the instruction at `pc` changes nothing, as nothing before it does.
    #[inline(always)]
    pub fn passes(&self, pc: u32) -> bool {
        pc.wrapping_sub(self.quiet.0) < self.quiet.1
    }

    /// Finds out what [`Loops::passing_bytes`] answers, and remembers it.
    #[inline(never)]
    fn look_ahead(&mut self, pc: u32) -> u32 {
        if !self.active {
            self.quiet = (0, u32::MAX);
            return u32::MAX - pc;
        }
        let [a, b] = &self.set;
        // An end behind `pc` wraps to a number that no code reaches.
        let passing = match self.family {
            IsaFamily::Xpulpv2 => a.end.wrapping_sub(pc).min(b.end.wrapping_sub(pc)),
            IsaFamily::Xcv if self.in_body && self.armed.is_none() => {
                let before = |l: &HardwareLoop| match l.end.wrapping_sub(pc) {
                    0 => u32::MAX,
                    distance => distance.saturating_sub(8),
                };
                before(a).min(before(b))
            }
            IsaFamily::Xcv => 0,
        };
        self.quiet = (pc, passing);
        passing
    }

    /// Looks at those of the last two instructions of the body of `lap` that `steps` names, the second-last (1) and the last
    /// (2): what [`Loops::step`] does with each of them as long as [`Loops::lap`] gives that body and says that it goes back.
    #[inline(always)]
    pub fn pass_end(&mut self, lap: Lap, steps: u8) {
        self.quiet = (0, 0);
        if lap.arms && steps & 1 != 0 {
            self.armed = Some(lap.start);
        }
        if steps & 2 != 0 {
            self.armed = None;
            let ends = if lap.arms { lap.last.wrapping_add(4) } else { lap.last };
            for registers in self
                .set
                .iter_mut()
                .filter(|l| (l.start, l.end) == (lap.start, ends) && l.count > 1)
            {
                registers.count -= 1;
            }
            self.look_around();
        }
    }

    /// Looks at the instruction at `pc` in decode, which is none that the controller handles before it looks at loops
    /// (jumps, traps and flushes outside the loop state).
    pub fn step(&mut self, pc: u32) -> Step {
        self.quiet = (0, 0);
        match self.family {
            IsaFamily::Xpulpv2 => self.step_legacy(pc),
            IsaFamily::Xcv => self.step_corev(pc),
        }
    }

    fn step_legacy(&mut self, pc: u32) -> Step {
        for registers in &mut self.set {
            if registers.end == pc && registers.count > 1 && !(self.misses_single && registers.start == pc) {
                registers.count -= 1;
                let start = registers.start;
                self.look_around();
                return Step::Back(start);
            }
        }
        Step::Plain
    }

    fn step_corev(&mut self, pc: u32) -> Step {
        let back = self.armed.take();
        let in_body = |l: &HardwareLoop| l.start <= pc && l.end >= pc.wrapping_add(4) && l.count > 1;
        let body = self.set.iter().any(in_body);
        let last = |l: &HardwareLoop| l.end == pc.wrapping_add(4);
        let second_last = |l: &HardwareLoop| l.end == pc.wrapping_add(8);
        let mut step = back.map_or(Step::Plain, Step::Back);
        if self.in_body {
            for number in [1, 0] {
                if second_last(&self.set[number]) {
                    if self.set[number].count > 1 {
                        self.armed = Some(self.set[number].start);
                        self.in_body = true;
                    } else {
                        self.in_body = body;
                    }
                }
            }
            for registers in self.set.iter_mut().filter(|l| last(l)) {
                registers.count = registers.count.saturating_sub(1);
            }
        } else {
            if body {
                self.in_body = !self.set.iter().any(second_last);
            }
            for registers in self.set.iter_mut().filter(|l| last(l)) {
                match registers.count {
                    0 => {}
                    1 => registers.count = 0,
                    _ if body => {
                        step = Step::Jump(registers.start);
                        registers.count -= 1;
                    }
                    _ => {}
                }
            }
        }
        self.look_around();
        step
    }

    /// A flushing instruction at `pc` ended a body (R14): where it leads, if back to the start.
    pub fn flushing_end(&mut self, pc: u32) -> Option<u32> {
        if self.family == IsaFamily::Xpulpv2 {
            return None;
        }
        let mut target = None;
        for registers in self.set.iter_mut().filter(|l| l.end == pc.wrapping_add(4)) {
            registers.count = registers.count.wrapping_sub(1);
            if registers.count != 0 {
                target = Some(registers.start);
            }
        }
        target
    }
}
