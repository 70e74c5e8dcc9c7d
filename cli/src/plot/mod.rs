//! `ennead plot`: pictures of runs and sweeps, as SVG or PNG.
//!
//! Invariant: the bytes of a picture follow from its inputs alone.

mod picture;
mod run;
mod sweep;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::args::{self, Kind};
use crate::failure::{Failure, Status};
use crate::output;

pub(crate) use picture::Picture;
pub(crate) use run::title;

pub(crate) fn plot(args: &args::Plot) -> Result<Status, Failure> {
    let inputs = args
        .inputs
        .iter()
        .map(|path| read(path))
        .collect::<Result<Vec<_>, _>>()?;
    let picture = draw(args.kind, &inputs, args.x.as_deref(), args.y.as_deref())?;
    output::write_whole(&args.output, &encode(&picture, &args.output)?)?;
    Ok(Status::Guest(0))
}

/// Draws a kind of picture from reports, or from the results of a sweep.
pub(crate) fn draw(kind: Kind, inputs: &[Value], x: Option<&str>, y: Option<&str>) -> Result<Picture, Failure> {
    let (first, single) = match inputs {
        [one] => (one, true),
        [first, ..] => (first, false),
        [] => return Err(Failure::BadInput("give a report.json or a results.json".to_owned())),
    };
    let reports = || {
        let flat = inputs.iter().flat_map(|input| match input["points"].as_array() {
            Some(points) => points.iter().map(|point| point["report"].clone()).collect(),
            None => vec![input.clone()],
        });
        flat.filter(Value::is_object).collect::<Vec<_>>()
    };
    let drawn = match kind {
        Kind::Banks => run::banks(&reports()),
        Kind::Roofline => run::roofline(&reports()),
        _ if !single => Err("this picture takes one input".to_owned()),
        Kind::Stalls | Kind::Layers if first["cores"].is_null() => Err("not a report: give a report.json".to_owned()),
        Kind::Stalls => run::stalls(first),
        Kind::Layers => run::layers(first),
        Kind::Lines => sweep::lines(first, x, y),
        Kind::Pareto => sweep::pareto(first, x, y),
    };
    drawn.map_err(Failure::BadInput)
}

/// A report or the results of a sweep: a file, or the directory that holds it.
pub(crate) fn read(path: &Path) -> Result<Value, Failure> {
    let inside = |name: &str| path.join(name);
    let path: PathBuf = match path.is_dir() {
        true if inside("report.json").is_file() => inside("report.json"),
        true => inside("results.json"),
        false => path.to_owned(),
    };
    let text = fs::read(&path).map_err(|error| Failure::unreadable(&path, &error))?;
    let value: Value = serde_json::from_slice(&text)
        .map_err(|error| Failure::BadInput(format!("{}: not JSON: {error}", path.display())))?;
    let version = u64::from(ennead_sim::report::SCHEMA_VERSION);
    if value["schema_version"].as_u64() != Some(version) {
        return Err(Failure::BadInput(format!(
            "{}: not a report or sweep of schema_version {version}",
            path.display()
        )));
    }
    Ok(value)
}

/// The bytes of a picture in the format that a file's name asks for.
fn encode(picture: &Picture, path: &Path) -> Result<Vec<u8>, Failure> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("svg") => bytes(picture, false),
        Some("png") => bytes(picture, true),
        _ => {
            let text = format!("{}: the name of a picture ends in .svg or .png", path.display());
            Err(Failure::BadInput(text))
        }
    }
}

/// The bytes of a picture as PNG or SVG.
pub(crate) fn bytes(picture: &Picture, png: bool) -> Result<Vec<u8>, Failure> {
    let bytes = if png {
        picture.png()
    } else {
        picture.svg().map(String::into_bytes)
    };
    bytes.map_err(|error| Failure::Output(format!("cannot draw: {error}")))
}
