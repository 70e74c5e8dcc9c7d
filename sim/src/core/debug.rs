//! A core as a debugger sees and changes it, between two cycles.
//!
//! It has no time of its own: looking changes nothing, and a changed register is there from the next instruction on.
//!
//! Invariant: a core that was only looked at runs on as if nobody had.

use crate::core::csr::{self, Access, View, Written};
use crate::core::loops::Step;
use crate::core::{Core, Next};
use crate::program::Program;

impl Core {
    /// Whether it is between two instructions, so that its registers show all that came before [`Core::pc`].
    pub fn rests(&self) -> bool {
        self.pending.is_none() && !matches!(self.next, Next::Host(_))
    }

    /// Where it goes on: behind an access that is under way, else at [`Core::pc`].
    pub(crate) fn goes_on_at(&self, program: &Program) -> u32 {
        if self.pending.is_none() {
            return self.pc;
        }
        let len = u32::from(program.at(self.page, self.pc).len);
        match self.loops.active.then(|| self.loops.clone().step(self.pc)) {
            Some(Step::Back(start) | Step::Jump(start)) => start,
            _ => self.pc.wrapping_add(len),
        }
    }

    /// What a CSR holds in cycle `now`; `None` where the core has none of this number.
    pub fn csr_value(&self, number: u32, now: u64) -> Option<u32> {
        let events = self.view_events(now, self.instret);
        match self.csr.read(number, &self.view(&events)) {
            Access::Value(value) => Some(value),
            Access::Missing => None,
        }
    }

    /// Writes a CSR as an instruction in cycle `now` would; false where it cannot be written.
    pub fn set_csr(&mut self, number: u32, value: u32, now: u64) -> bool {
        if !self.csr.allows(number, true) {
            return false;
        }
        let events = self.view_events(now, self.instret);
        let view = self.view(&events);
        match self.csr.write(number, value, &view) {
            Written::Done => {}
            Written::Loop(part, value) => self.loops.set_part(part / 3, part % 3, value),
            Written::ReadOnly => return false,
        }
        true
    }

    /// Sets a register of the unified file (0..=31 integer, 32..=63 floating point).
    pub fn set_register(&mut self, register: u8, value: u32) {
        self.write(register, value);
    }

    /// Lets a core that is between two instructions go on at `pc`; false for one that is not.
    pub fn set_pc(&mut self, pc: u32) -> bool {
        let may = self.rests() && matches!(self.next, Next::Issue(_) | Next::Asleep(_));
        if may {
            self.pc = pc & !1;
        }
        may
    }

    fn view<'a>(&self, events: &'a csr::Events) -> View<'a> {
        View {
            events,
            loops: self.loops.view(),
            pending: self.lines,
        }
    }
}
