//! Points of a sweep as text that can travel to another process or machine and back.

use std::path::Path;

use ennead_cli::sweep::{self, Done, Point, Results, Spec, Store};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::{InputError, raise};

fn parse(point: &str) -> PyResult<Point> {
    serde_json::from_str(point).map_err(|error| InputError::new_err(format!("not a point: {error}")))
}

fn texts(spec: Result<Spec, ennead_cli::failure::Failure>) -> PyResult<Vec<String>> {
    let points = spec.and_then(|spec| spec.points()).map_err(raise)?;
    let text = |point: &Point| serde_json::to_string(point).expect("a point has only strings as keys");
    Ok(points.iter().map(text).collect())
}

/// The points of a specification in a file.
#[pyfunction]
fn points_of_file(path: &str) -> PyResult<Vec<String>> {
    texts(Spec::open(Path::new(path)))
}

/// The points of a specification that is JSON text.
#[pyfunction]
fn points_of_json(text: &str) -> PyResult<Vec<String>> {
    let value = serde_json::from_str(text).map_err(|error| InputError::new_err(error.to_string()))?;
    texts(Spec::from_value("sweep", value))
}

/// What sets a point apart, as JSON.
#[pyfunction]
fn point_settings(point: &str) -> PyResult<String> {
    let own: serde_json::Map<_, _> = parse(point)?.own().iter().cloned().collect();
    Ok(serde_json::Value::Object(own).to_string())
}

/// The name under which a point is kept, or else what is wrong with it (the text of a failed point).
#[pyfunction]
fn identify(py: Python, point: &str, base: &str) -> PyResult<(Option<String>, Option<String>)> {
    let point = parse(point)?;
    Ok(py.detach(|| match sweep::job(&point, Path::new(base)) {
        Ok(job) => (Some(sweep::identity(&job)), None),
        Err(failure) => (None, Some(Done::refused(&failure).to_json())),
    }))
}

/// Runs a point; relative paths start at `base`.
#[pyfunction]
fn run_point(py: Python, point: &str, base: &str) -> PyResult<String> {
    let point = parse(point)?;
    Ok(py.detach(|| {
        let done = match sweep::job(&point, Path::new(base)) {
            Ok(job) => Done::run(&job),
            Err(failure) => Done::refused(&failure),
        };
        done.to_json()
    }))
}

/// A kept point, if there is one.
#[pyfunction]
fn kept(directory: &str, identity: &str) -> PyResult<Option<String>> {
    let store = Store::open(Path::new(directory)).map_err(raise)?;
    Ok(store.kept(identity).map(|done| done.to_json()))
}

/// Keeps a point.
#[pyfunction]
fn keep(directory: &str, identity: &str, done: &str) -> PyResult<()> {
    let store = Store::open(Path::new(directory)).map_err(raise)?;
    store.keep(identity, &finished(done)?).map_err(raise)
}

fn finished(done: &str) -> PyResult<Done> {
    Done::parse(done.as_bytes()).ok_or_else(|| InputError::new_err("the result of a point is damaged"))
}

/// All results: the CSV file's bytes, the JSON file's text, and a table for a person.
#[pyfunction]
fn results<'py>(
    py: Python<'py>,
    points: Vec<String>,
    done: Vec<String>,
) -> PyResult<(Bound<'py, PyBytes>, String, String)> {
    let points = points.iter().map(|point| parse(point)).collect::<PyResult<Vec<_>>>()?;
    let done = done.iter().map(|done| finished(done)).collect::<PyResult<Vec<_>>>()?;
    let results = Results::new(&points, &done);
    let csv = results.csv().map_err(raise)?;
    Ok((PyBytes::new(py, &csv), results.json(), results.text()))
}

/// Adds the functions to the module.
pub(crate) fn register(module: &Bound<PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(points_of_file, module)?)?;
    module.add_function(wrap_pyfunction!(points_of_json, module)?)?;
    module.add_function(wrap_pyfunction!(point_settings, module)?)?;
    module.add_function(wrap_pyfunction!(identify, module)?)?;
    module.add_function(wrap_pyfunction!(run_point, module)?)?;
    module.add_function(wrap_pyfunction!(kept, module)?)?;
    module.add_function(wrap_pyfunction!(keep, module)?)?;
    module.add_function(wrap_pyfunction!(results, module)?)
}
