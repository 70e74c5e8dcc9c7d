//! The retire trace as CSV: one row an instruction.
//!
//! Invariant: `index` counts the instructions of each core from 0, as far as the window shows them.

use std::io::{self, Write};

use ennead_sim::retire::Record;

use super::{Rows, close};

const HEADER: &str = "index,cycle,core,pc,insn\n";

/// A trace file that is being written.
pub(super) struct Retire<W> {
    file: W,
    /// Instructions so far, by core.
    indices: Vec<u64>,
}

impl<W: Write> Retire<W> {
    pub(super) fn new(mut file: W, cores: usize) -> io::Result<Self> {
        file.write_all(HEADER.as_bytes())?;
        Ok(Self {
            file,
            indices: vec![0; cores],
        })
    }
}

impl<W: Write> Rows for Retire<W> {
    fn rows(&mut self, records: &[Record]) -> io::Result<()> {
        for Record { core, cycle, pc, bits } in records {
            let index = self.indices[*core];
            self.indices[*core] += 1;
            // The low two bits tell the length of an instruction.
            match bits & 3 {
                3 => writeln!(self.file, "{index},{cycle},{core},0x{pc:08x},0x{bits:08x}")?,
                _ => writeln!(self.file, "{index},{cycle},{core},0x{pc:08x},0x{:04x}", bits & 0xffff)?,
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        close(&mut self.file)
    }
}
