//! The stdout device: one byte register per core, gathered into lines.
//!
//! Not a UART: bytes take no time. Each core has its own buffer so that lines of different cores do not mix; a line is
//! handed on at its newline, or when it has [`Stdout::LINE`] bytes.
//!
//! Invariant: every byte written is handed on exactly once, in order per core.

use serde::{Deserialize, Serialize};

use super::{Effect, Unmodelled};

/// The console of all cores.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stdout {
    /// Unfinished lines, indexed by the register's word pair: core + 16 * cluster.
    lines: Vec<Vec<u8>>,
    ready: Vec<u8>,
}

impl Stdout {
    /// Bytes after which a line is handed on without a newline.
    pub const LINE: usize = 1023;

    /// Reads as 0.
    ///
    /// # Errors
    /// None: the whole window is decoded.
    pub fn read(&self, _offset: u32) -> Result<u32, Unmodelled> {
        Ok(0)
    }

    /// Writes a byte at `offset` = core * 8 + cluster * 128.
    ///
    /// # Errors
    /// [`Unmodelled`] outside the 4 KiB window.
    pub fn write(&mut self, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        if offset >= 0x1000 {
            return Err(Unmodelled::write("stdout", offset, value));
        }
        let index = offset as usize / 8;
        if self.lines.len() <= index {
            self.lines.resize_with(index + 1, Vec::new);
        }
        let line = &mut self.lines[index];
        line.push(value as u8);
        if value as u8 == b'\n' || line.len() >= Self::LINE {
            self.ready.append(line);
            return Ok(Effect::Output);
        }
        Ok(Effect::None)
    }

    /// Takes the bytes of finished lines, in the order in which they were finished.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ready)
    }

    /// Takes everything, unfinished lines last in the order of cores: for the end of a run.
    pub fn drain(&mut self) -> Vec<u8> {
        for line in &mut self.lines {
            self.ready.append(line);
        }
        self.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(stdout: &mut Stdout, offset: u32, text: &str) {
        for byte in text.bytes() {
            stdout.write(offset, byte.into()).unwrap();
        }
    }

    #[test]
    fn lines_of_different_cores_do_not_mix() {
        let mut stdout = Stdout::default();
        for (a, b) in "one\n".bytes().zip("two\n".bytes()) {
            stdout.write(0, a.into()).unwrap();
            stdout.write(8, b.into()).unwrap();
        }
        assert_eq!(stdout.take(), b"one\ntwo\n");
    }

    #[test]
    fn unfinished_lines_come_out_at_the_end() {
        let mut stdout = Stdout::default();
        put(&mut stdout, 0xF80, "orchestrator");
        put(&mut stdout, 0x00, "worker ");
        assert!(stdout.take().is_empty());
        assert_eq!(stdout.drain(), b"worker orchestrator");
        assert!(stdout.drain().is_empty());
    }

    #[test]
    fn a_long_line_is_handed_on_at_1023_bytes() {
        let mut stdout = Stdout::default();
        put(&mut stdout, 0, &"x".repeat(1024));
        assert_eq!(stdout.take().len(), 1023);
    }
}
