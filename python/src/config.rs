//! Machines while they are put together.

use ennead_sim::config;
use pyo3::prelude::*;

use crate::raise;

/// A machine in the making.
#[pyclass(module = "ennead._ennead", skip_from_py_object)]
#[derive(Clone)]
pub(crate) struct Draft(config::Draft);

impl Draft {
    pub(crate) fn draft(&self) -> config::Draft {
        self.0.clone()
    }

    fn finished(&self) -> PyResult<config::Config> {
        let refuse = |error| raise(ennead_cli::failure::Failure::bad_input(error));
        self.0.clone().finish().map_err(refuse)
    }
}

#[pymethods]
impl Draft {
    #[new]
    fn new(name: &str) -> PyResult<Self> {
        ennead_cli::config::draft(name).map(Self).map_err(raise)
    }

    fn copy(&self) -> Self {
        self.clone()
    }

    fn get(&self, path: &str) -> Option<String> {
        self.0.get(path)
    }

    fn set(&mut self, path: &str, value: &str) -> PyResult<()> {
        let refuse = |error| raise(ennead_cli::failure::Failure::bad_input(error));
        self.0.set(path, value).map_err(refuse)
    }

    fn to_toml(&self) -> PyResult<String> {
        self.finished().map(|config| config.to_toml())
    }

    fn hash(&self) -> PyResult<String> {
        self.finished().map(|config| config.hash())
    }
}

/// Every configuration key as JSON.
#[pyfunction]
pub(crate) fn keys() -> String {
    ennead_cli::config::keys().to_string()
}

/// The shipped machines as JSON.
#[pyfunction]
pub(crate) fn machines() -> String {
    ennead_cli::config::machines().to_string()
}
