//! `ennead sweep`: every point of a specification, in parallel, each kept when it is done.
//!
//! Invariant: the result files hold the same bytes whatever the number of threads, and whether points were run now or
//! kept from before.

mod results;
mod spec;
mod store;

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use serde_json::Value;

use crate::args::{self, Format};
use crate::config;
use crate::failure::{Failure, Status};
use crate::job::{Job, Limits};
use crate::output::{self, emit};
use crate::target::Target;

pub use results::Results;
pub use spec::{Point, Spec};
pub use store::{Done, Store, identity};

pub(crate) fn sweep(args: &args::Sweep) -> Result<Status, Failure> {
    output::log(args.noise);
    let spec = Spec::open(&args.spec)?;
    let points = spec.points()?;
    let directory = directory(args);
    let store = Store::open(&directory)?;
    let base = args.spec.parent().unwrap_or(Path::new(""));

    let bar = if args.noise.quiet {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(points.len() as u64)
    };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} points, {eta} left{msg}");
    bar.set_style(style.map_err(|error| Failure::Output(error.to_string()))?);
    let run = |point: &Point| {
        let done = store.or_run(args.fresh, || job(point, base));
        bar.inc(1);
        done
    };
    let jobs = args.jobs.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
    let pool = pool.map_err(|error| Failure::Output(format!("cannot start threads: {error}; try a smaller --jobs")))?;
    let done: Vec<Done> = pool.install(|| points.par_iter().with_max_len(1).map(run).collect());
    bar.finish_and_clear();

    let results = Results::new(&points, &done);
    output::write_whole(&directory.join("results.json"), results.json().as_bytes())?;
    output::write_whole(&directory.join("results.csv"), &results.csv()?)?;
    let failed = done.iter().filter(|done| !done.is_ok()).count();
    match args.format {
        Format::Json => emit(&results.json())?,
        Format::Text if args.noise.quiet => {}
        Format::Text => {
            let kept = done.iter().filter(|done| done.kept).count();
            let summary = format!("{} points, {kept} kept from before, {failed} failed", done.len());
            emit(&format!(
                "{}\n{summary}; results.csv and results.json are in {}\n",
                results.text(),
                directory.display()
            ))?;
        }
    }
    for failure in done.iter().filter_map(|done| done.unsaved.as_ref()).take(1) {
        eprintln!("ennead: warning: finished points are not kept: {failure}");
    }
    Ok(if failed == 0 { Status::Guest(0) } else { Status::Points })
}

fn directory(args: &args::Sweep) -> PathBuf {
    let name = || args.spec.file_stem().map_or_else(|| "sweep".into(), PathBuf::from);
    args.output.clone().unwrap_or_else(name)
}

/// The run that a point describes; relative paths start at `base`.
///
/// # Errors
/// [`Failure::BadInput`] if there can be no such run.
pub fn job(point: &Point, base: &Path) -> Result<Job, Failure> {
    let Some(target) = point.text("target") else {
        return Err(Failure::BadInput(
            "the point has no target: give one, for example builtin:matmul-fp16".to_owned(),
        ));
    };
    let mut target = Target::open(&target, base)?;
    let name = point
        .text("config")
        .unwrap_or_else(|| target.default_machine().to_owned());
    let path = base.join(&name);
    let mut draft = match path.to_str() {
        Some(path) if name.ends_with(".toml") => config::draft(path)?,
        _ => config::draft(&name)?,
    };
    for (key, value) in point.settings() {
        draft.set(key, &value).map_err(Failure::bad_input)?;
    }
    for (parameter, value) in point.parameters() {
        target.set(parameter, &value)?;
    }
    let isa = match point.text("isa").as_deref() {
        None => None,
        Some(isa @ ("xcv" | "xpulpv2")) => Some(isa.to_owned()),
        Some(other) => {
            return Err(Failure::BadInput(format!(
                "isa = {other}: must be \"xpulpv2\" or \"xcv\""
            )));
        }
    };
    let max_cycles = match point.get("max_cycles") {
        None => None,
        Some(value) => match value.as_u64() {
            Some(cycles) => Some(cycles),
            None => {
                return Err(Failure::BadInput(format!(
                    "max_cycles = {value}: must be a whole number"
                )));
            }
        },
    };
    Job::new(
        target,
        &name,
        draft,
        isa.as_deref(),
        Limits {
            max_cycles,
            ..Limits::default()
        },
    )
}

/// A value as `--set` would take it.
pub(crate) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
