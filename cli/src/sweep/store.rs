//! Finished points on disk, by what they are made of.
//!
//! A point is known by the hash of the tool's version, the program, its parameters, the machine and the limit. Only
//! points that ran are kept: one whose input is bad is told again.
//!
//! Invariant: a kept point appears whole or not at all, and reading it back gives the bytes that were written.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::failure::{Failure, Status};
use crate::job::Job;
use crate::output;

/// A point that has been run, now or before, or could not be.
pub(super) struct Done {
    /// The report; none where the run could not begin.
    pub(super) report: Option<Value>,
    /// Why the point failed, if it did.
    pub(super) error: Option<String>,
    /// The exit code that `ennead run` would have had.
    pub(super) exit_code: u8,
    /// Whether it was kept from before.
    pub(super) kept: bool,
    /// Why it could not be kept.
    pub(super) unsaved: Option<Failure>,
}

impl Done {
    pub(super) fn is_ok(&self) -> bool {
        self.error.is_none()
    }
}

/// The directory of finished points.
pub(super) struct Store {
    points: PathBuf,
}

impl Store {
    /// Opens the directory of a sweep, creating it where needed.
    pub(super) fn open(directory: &Path) -> Result<Self, Failure> {
        let points = directory.join("points");
        output::directory(&points)?;
        Ok(Self { points })
    }

    /// The kept result of a job, or else the one of running it.
    pub(super) fn or_run(&self, fresh: bool, job: impl FnOnce() -> Result<Job, Failure>) -> Done {
        let job = match job() {
            Ok(job) => job,
            Err(failure) => return refused(&failure),
        };
        let path = self.points.join(format!("{}.json", identity(&job)));
        if !fresh && let Some(done) = read(&path) {
            return done;
        }
        let finished = match job.run(&mut |_| {}, None) {
            Ok(finished) => finished,
            Err(failure) => return refused(&failure),
        };
        let error = match finished.status {
            Status::Guest(0) => None,
            _ => Some(
                finished
                    .mismatch
                    .unwrap_or_else(|| finished.report.outcome.message.clone()),
            ),
        };
        let exit_code = finished.status.code();
        let mut report = serde_json::to_value(&finished.report).expect("a report has only strings as keys");
        if let Some(report) = report.as_object_mut() {
            report.shift_remove("host");
        }
        let kept = json!({ "exit_code": exit_code, "error": error, "report": report });
        let unsaved = output::write_whole(&path, kept.to_string().as_bytes()).err();
        Done {
            report: Some(report),
            error,
            exit_code,
            kept: false,
            unsaved,
        }
    }
}

fn refused(failure: &Failure) -> Done {
    let exit_code = failure.status().code();
    Done {
        report: None,
        error: Some(failure.to_string()),
        exit_code,
        kept: false,
        unsaved: None,
    }
}

/// A kept point; none where there is none or it is damaged.
fn read(path: &Path) -> Option<Done> {
    let mut value: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let report = value.get_mut("report").filter(|report| report.is_object())?.take();
    let exit_code = value["exit_code"].as_u64()?.try_into().ok()?;
    let error = value["error"].as_str().map(str::to_owned);
    Some(Done {
        report: Some(report),
        error,
        exit_code,
        kept: true,
        unsaved: None,
    })
}

/// What a job is made of.
fn identity(job: &Job) -> String {
    let mut hash = Sha256::new();
    let target = &job.target;
    for part in [
        env!("CARGO_PKG_VERSION"),
        &target.name,
        &target.image.hash,
        &format!("{:?}", target.parameters),
        &job.config_name,
        &job.config.hash(),
        &format!("{:?}", job.limits.max_cycles),
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
