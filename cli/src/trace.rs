//! The retire trace as CSV.
//!
//! A disk that fills up loses the trace and not the run: the first error is kept and told at the end.
//!
//! Invariant: `index` counts the instructions of each core from 0.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use ennead_sim::observe::Retired;

use crate::failure::Failure;

const HEADER: &str = "index,cycle,core,pc,insn\n";

/// A trace file that is being written.
pub(crate) struct RetireTrace {
    path: PathBuf,
    file: BufWriter<File>,
    /// Instructions so far, by core.
    indices: Vec<u64>,
    error: Option<io::Error>,
}

impl RetireTrace {
    /// The file that `--trace` names: `retire:FILE`, or `retire` for `retire.csv` in the output directory.
    pub(crate) fn path(option: &str, output: Option<&Path>) -> Result<PathBuf, Failure> {
        match (option.split_once(':'), output) {
            (Some(("retire", file)), _) if !file.is_empty() => Ok(file.into()),
            (None, Some(directory)) if option == "retire" => Ok(directory.join("retire.csv")),
            _ => Err(Failure::BadInput(format!(
                "--trace {option}: write retire:FILE, or retire together with -o DIR; no other trace exists"
            ))),
        }
    }

    /// Opens the file.
    pub(crate) fn create(path: PathBuf) -> Result<Self, Failure> {
        let create = || {
            let mut file = BufWriter::with_capacity(1 << 18, File::create(&path)?);
            file.write_all(HEADER.as_bytes())?;
            Ok(file)
        };
        match create() {
            Ok(file) => Ok(Self {
                path,
                file,
                indices: Vec::new(),
                error: None,
            }),
            Err(error) => Err(Failure::unwritable(&path, &error)),
        }
    }

    /// Writes one row.
    pub(crate) fn retire(&mut self, retired: Retired) {
        let Retired {
            core, cycle, pc, bits, ..
        } = retired;
        if self.error.is_some() {
            return;
        }
        if self.indices.len() <= core {
            self.indices.resize(core + 1, 0);
        }
        let index = self.indices[core];
        self.indices[core] += 1;
        // The low two bits tell the length of an instruction.
        let written = match bits & 3 {
            3 => writeln!(self.file, "{index},{cycle},{core},0x{pc:08x},0x{bits:08x}"),
            _ => writeln!(self.file, "{index},{cycle},{core},0x{pc:08x},0x{:04x}", bits & 0xffff),
        };
        self.error = written.err();
    }

    /// Closes the file, and says if anything was lost.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.file.flush();
        match self.error.map_or(flushed, Err) {
            Ok(()) => Ok(()),
            Err(error) => Err(Failure::Output(format!(
                "the trace {} is incomplete: {error}; free some space or trace a shorter run",
                self.path.display()
            ))),
        }
    }
}
