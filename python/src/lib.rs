//! The compiled half of the Python package `ennead`: thin wrappers around what the command `ennead` does.
//!
//! It holds no idea of its own: names, shapes and documentation that a user sees are in the Python half beside it. It
//! never holds the interpreter while a machine runs, and looks for signals between slices of a run.
//!
//! Invariant: a run from Python and one from the command give the same bytes.

mod config;
mod machine;
mod retire;
mod sweep;

use std::path::Path;

use ennead_cli::failure::Failure;
use ennead_cli::job::{Job, Limits};
use ennead_cli::target::Target;
use ennead_sim::engine::Engine;
use pyo3::create_exception;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use config::Draft;

create_exception!(
    ennead,
    InputError,
    PyValueError,
    "A program, machine, parameter or specification that cannot be used; the message is the command's."
);

/// A failure of the tool as an exception.
fn raise(failure: Failure) -> PyErr {
    match failure {
        Failure::BadInput(text) => InputError::new_err(text),
        other => PyOSError::new_err(other.to_string()),
    }
}

/// What a caller asks of a run, as the command's options have it.
#[derive(FromPyObject)]
struct Request {
    target: String,
    config: Option<Py<Draft>>,
    config_name: Option<String>,
    params: Vec<(String, String)>,
    isa: Option<String>,
    engine: String,
    max_cycles: Option<u64>,
    strict: bool,
    semihost_dir: Option<String>,
    restore: Option<Vec<u8>>,
}

impl Request {
    /// The job, checked as the command checks it.
    fn job(&self, py: Python) -> PyResult<Job> {
        let mut target = Target::open(&self.target, Path::new("")).map_err(raise)?;
        for (name, value) in &self.params {
            target.set(name, value).map_err(raise)?;
        }
        let name = self
            .config_name
            .clone()
            .unwrap_or_else(|| target.default_machine().to_owned());
        let draft = match &self.config {
            Some(config) => config.borrow(py).draft(),
            None => ennead_cli::config::draft(&name).map_err(raise)?,
        };
        if let Some(isa) = &self.isa
            && !["xpulpv2", "xcv"].contains(&isa.as_str())
        {
            return Err(InputError::new_err(format!(
                "isa = {isa:?}: must be \"xpulpv2\" or \"xcv\""
            )));
        }
        let limits = Limits {
            engine: match self.engine.as_str() {
                "calendar" => Engine::Calendar,
                "lockstep" => Engine::Lockstep,
                other => {
                    let text = format!("engine = {other:?}: must be \"calendar\" or \"lockstep\"");
                    return Err(InputError::new_err(text));
                }
            },
            max_cycles: self.max_cycles,
            strict: self.strict,
        };
        let mut job = Job::new(target, &name, draft, self.isa.as_deref(), limits).map_err(raise)?;
        if let Some(directory) = &self.semihost_dir {
            job.share(Path::new(directory)).map_err(raise)?;
        }
        if let Some(checkpoint) = &self.restore {
            job.restore(checkpoint.clone());
        }
        Ok(job)
    }
}

fn json(texts: &[String]) -> PyResult<Vec<serde_json::Value>> {
    let parse = |text: &String| serde_json::from_str(text).map_err(|error| InputError::new_err(error.to_string()));
    texts.iter().map(parse).collect()
}

/// A picture of reports or of the results of a sweep, as SVG or PNG.
#[pyfunction]
fn picture<'py>(
    py: Python<'py>,
    kind: &str,
    inputs: Vec<String>,
    x: Option<&str>,
    y: Option<&str>,
    png: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let inputs = json(&inputs)?;
    let bytes = py
        .detach(|| ennead_cli::picture(kind, &inputs, (x, y), png))
        .map_err(raise)?;
    Ok(PyBytes::new(py, &bytes))
}

/// A report or the results of a sweep as a page.
#[pyfunction]
fn page(input: String) -> PyResult<String> {
    Ok(ennead_cli::page(&json(&[input])?[0]))
}

/// Runs the command line `words` (the first is the command's own name); gives the exit code.
#[pyfunction]
fn main(py: Python, words: Vec<String>) -> u8 {
    py.detach(|| ennead_cli::run_words(words.into_iter().map(Into::into)))
}

/// The bundled programs as JSON.
#[pyfunction]
fn programs() -> String {
    ennead_cli::programs().to_string()
}

#[pymodule]
fn _ennead(module: &Bound<PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("InputError", py.get_type::<InputError>())?;
    module.add_class::<Draft>()?;
    module.add_class::<machine::Machine>()?;
    module.add_class::<retire::RetireReader>()?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(programs, module)?)?;
    module.add_function(wrap_pyfunction!(picture, module)?)?;
    module.add_function(wrap_pyfunction!(page, module)?)?;
    module.add_function(wrap_pyfunction!(config::keys, module)?)?;
    module.add_function(wrap_pyfunction!(config::machines, module)?)?;
    sweep::register(module)
}
