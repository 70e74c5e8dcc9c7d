//! The retire trace in the compact format of [`ennead_sim::retire`].

use std::io::{self, Write};

use ennead_sim::retire::{Record, Writer};

use super::{Sink, Step};

impl<W: Write> Sink for Writer<W> {
    fn step(&mut self, step: &Step) -> io::Result<()> {
        let retired = &step.retired;
        self.write(&Record {
            core: retired.core,
            cycle: retired.cycle,
            pc: retired.pc,
            bits: retired.bits,
        })
    }

    fn finish(&mut self, _: u64) -> io::Result<()> {
        self.end()
    }
}
