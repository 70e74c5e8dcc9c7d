//! Finished points on disk, by what they are made of.
//!
//! A point is known by the hash of the tool's version, the program, its parameters, the machine and the limit. Only
//! points that ran are kept: one whose input is bad is told again.
//!
//! Invariant: a kept point appears whole or not at all, and reading it back gives the bytes that were written.

use std::fs;
use std::path::{Path, PathBuf};

use ennead_sim::observe::Silent;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::failure::{Failure, Status};
use crate::job::Job;
use crate::output;

/// A point that has been run, now or before, or could not be.
pub struct Done {
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
    /// Whether the point did what it should.
    pub fn is_ok(&self) -> bool {
        self.error.is_none()
    }

    /// Whether it was kept from before.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Runs a job.
    pub fn run(job: &Job) -> Self {
        let finished = match job.run(&mut |_| {}, &mut Silent) {
            Ok(finished) => finished,
            Err(failure) => return Self::refused(&failure),
        };
        let error = match finished.status {
            Status::Guest(0) => None,
            _ => Some(
                finished
                    .mismatch
                    .unwrap_or_else(|| finished.report.outcome.message.clone()),
            ),
        };
        let mut report = serde_json::to_value(&finished.report).expect("a report has only strings as keys");
        if let Some(report) = report.as_object_mut() {
            report.shift_remove("host");
        }
        Self {
            report: Some(report),
            error,
            exit_code: finished.status.code(),
            kept: false,
            unsaved: None,
        }
    }

    /// A point that cannot be run.
    pub fn refused(failure: &Failure) -> Self {
        Self {
            report: None,
            error: Some(failure.to_string()),
            exit_code: failure.status().code(),
            kept: false,
            unsaved: None,
        }
    }

    /// As text that [`Done::parse`] takes.
    pub fn to_json(&self) -> String {
        json!({ "exit_code": self.exit_code, "error": self.error, "report": self.report }).to_string()
    }

    /// What [`Done::to_json`] gave; none where the text is damaged.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut value: Value = serde_json::from_slice(text).ok()?;
        let exit_code = value["exit_code"].as_u64()?.try_into().ok()?;
        let error = value["error"].as_str().map(str::to_owned);
        let report = value.get_mut("report")?.take();
        Some(Self {
            report: (!report.is_null()).then_some(report),
            error,
            exit_code,
            kept: false,
            unsaved: None,
        })
    }
}

/// The directory of finished points.
pub struct Store {
    points: PathBuf,
}

impl Store {
    /// Opens the directory of a sweep, creating it where needed.
    ///
    /// # Errors
    /// [`Failure::Output`] if it cannot be created.
    pub fn open(directory: &Path) -> Result<Self, Failure> {
        let points = directory.join("points");
        output::directory(&points)?;
        Ok(Self { points })
    }

    fn path(&self, identity: &str) -> PathBuf {
        self.points.join(format!("{identity}.json"))
    }

    /// A kept point; none where there is none or it is damaged.
    pub fn kept(&self, identity: &str) -> Option<Done> {
        let mut done = Done::parse(&fs::read(self.path(identity)).ok()?)?;
        done.report.as_ref().filter(|report| report.is_object())?;
        done.kept = true;
        Some(done)
    }

    /// Keeps a point that has run; one whose input is bad is not kept.
    ///
    /// # Errors
    /// [`Failure::Output`] if it cannot be written.
    pub fn keep(&self, identity: &str, done: &Done) -> Result<(), Failure> {
        match done.report {
            Some(_) => output::write_whole(&self.path(identity), done.to_json().as_bytes()),
            None => Ok(()),
        }
    }

    /// The kept result of a job, or else the one of running it.
    pub(super) fn or_run(&self, fresh: bool, job: impl FnOnce() -> Result<Job, Failure>) -> Done {
        let job = match job() {
            Ok(job) => job,
            Err(failure) => return Done::refused(&failure),
        };
        let identity = identity(&job);
        if !fresh && let Some(done) = self.kept(&identity) {
            return done;
        }
        let mut done = Done::run(&job);
        done.unsaved = self.keep(&identity, &done).err();
        done
    }
}

/// What a job is made of, as the name under which its result is kept.
pub fn identity(job: &Job) -> String {
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
