//! The retire trace in the compact format of [`ennead_sim::retire`].

use std::io::{self, Write};

use ennead_sim::retire::{Record, Writer};

use super::Rows;

impl<W: Write> Rows for Writer<W> {
    fn rows(&mut self, records: &[Record]) -> io::Result<()> {
        self.write_all(records)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.end()
    }
}
