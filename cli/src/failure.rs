//! What can go wrong in the tool itself, and every exit code that it has.
//!
//! How a guest's run ended is not a failure of the tool; it is a [`Status`] too, because it decides the exit code.
//!
//! Invariant: exit code 1 comes only from a guest.

use std::fmt;

/// Why a command did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A file, program, machine or specification that cannot be used.
    BadInput(String),
    /// Something could not be written.
    Output(String),
    /// Whoever read our standard output has gone.
    ClosedPipe,
}

impl Failure {
    /// A file that cannot be read.
    pub fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::BadInput(format!("cannot read {}: {error}", path.display()))
    }

    /// A file that cannot be written.
    pub fn unwritable(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Output(format!("cannot write {}: {error}", path.display()))
    }

    /// Bad input, from any error.
    pub fn bad_input(error: impl fmt::Display) -> Self {
        Self::BadInput(error.to_string())
    }

    /// The exit code that it leads to.
    pub fn status(&self) -> Status {
        match self {
            Failure::BadInput(_) => Status::BadInput,
            Failure::Output(_) => Status::Output,
            Failure::ClosedPipe => Status::Guest(0),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Failure::BadInput(text) | Failure::Output(text) => f.write_str(text),
            Failure::ClosedPipe => f.write_str("standard output was closed"),
        }
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As the guest says; 0 for commands without a guest.
    Guest(u32),
    /// A file, program, machine or specification cannot be used.
    BadInput,
    /// The guest did something that the machine cannot do.
    Fault,
    /// The cycle limit was reached.
    Limit,
    /// No core could ever run again.
    Deadlock,
    /// The results are not those of the golden tensor.
    Golden,
    /// Something could not be written.
    Output,
    /// A sweep has points that failed.
    Points,
}

impl Status {
    /// What `--help` says.
    pub const HELP: &str = "\
Exit codes:
  0..=127  the guest's own (larger ones become 127; the report has the true one)
  2        usage: an option that does not exist, or without its value
  200      bad input: a program, machine or sweep specification that cannot be used
  201      guest fault: illegal instruction, unmapped or misaligned access, double trap
  202      the cycle limit was reached
  203      deadlock: every core waits and nothing can wake one
  204      the results differ from the golden tensor
  205      something could not be written (the run itself is complete)
  206      a sweep finished, but some of its points failed";

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Status::Guest(code) => code.min(127) as u8,
            Status::BadInput => 200,
            Status::Fault => 201,
            Status::Limit => 202,
            Status::Deadlock => 203,
            Status::Golden => 204,
            Status::Output => 205,
            Status::Points => 206,
        }
    }
}
