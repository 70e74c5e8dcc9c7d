//! Compact retire traces as rows of bytes, which the Python half gives to NumPy.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;

use ennead_sim::retire::{Reader, Record};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::InputError;

/// Bytes of a row: `index` and `cycle` (8 each), `core` (2), `pc` and `insn` (4 each), little-endian.
const ROW: usize = 26;

/// A trace that is being read.
#[pyclass(module = "ennead._ennead")]
pub(crate) struct RetireReader {
    path: PathBuf,
    reader: Reader<BufReader<File>>,
    /// Instructions so far, by core.
    indices: Vec<u64>,
    error: Option<io::Error>,
}

impl RetireReader {
    fn add(&mut self, rows: &mut Vec<u8>, record: &Record) {
        let index = &mut self.indices[record.core];
        rows.extend(index.to_le_bytes());
        *index += 1;
        rows.extend(record.cycle.to_le_bytes());
        rows.extend((record.core as u16).to_le_bytes());
        rows.extend(record.pc.to_le_bytes());
        rows.extend(record.bits.to_le_bytes());
    }

    fn refuse(&self, error: &io::Error) -> PyErr {
        refuse(&self.path, error)
    }
}

fn refuse(path: &std::path::Path, error: &io::Error) -> PyErr {
    let text = format!("{}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => InputError::new_err(text),
        _ => PyOSError::new_err(text),
    }
}

#[pymethods]
impl RetireReader {
    #[new]
    fn new(path: PathBuf) -> PyResult<Self> {
        let open = || Reader::new(BufReader::with_capacity(1 << 18, File::open(&path)?));
        let reader = open().map_err(|error| refuse(&path, &error))?;
        Ok(Self {
            indices: vec![0; reader.cores()],
            path,
            reader,
            error: None,
        })
    }

    /// The next rows, at most `count` of them; none at the end. What cannot be read is told after what could.
    fn rows<'py>(&mut self, py: Python<'py>, count: usize) -> PyResult<Bound<'py, PyBytes>> {
        if let Some(error) = self.error.take() {
            return Err(self.refuse(&error));
        }
        let rows = py.detach(|| {
            let mut rows = Vec::new();
            while rows.len() < count.saturating_mul(ROW) {
                match self.reader.next() {
                    Some(Ok(record)) => self.add(&mut rows, &record),
                    Some(Err(error)) => {
                        self.error = Some(error);
                        break;
                    }
                    None => break,
                }
            }
            rows
        });
        match self.error.take_if(|_| rows.is_empty()) {
            Some(error) => Err(self.refuse(&error)),
            None => Ok(PyBytes::new(py, &rows)),
        }
    }
}
