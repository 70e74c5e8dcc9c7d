//! What the command `ennead` does, as a library: for the command itself, and for the Python package, which runs the same
//! jobs and writes the same bytes.
//!
//! It is not a stable interface for others: that is the command line, the report and the Python package.
//!
//! Invariant: errors are mapped to exit codes here and nowhere else.

mod args;
pub mod config;
mod explain;
pub mod failure;
mod files;
mod gdb;
mod inspect;
pub mod job;
mod list;
mod manual;
mod output;
mod page;
mod plot;
mod run;
pub mod sweep;
mod table;
pub mod target;
mod text;
mod trace;
mod tune;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use args::{Args, Command};
use failure::Failure;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    ExitCode::from(run(Args::parse()))
}

/// Runs a command line, whose first word is the command's own name, and gives the exit code.
pub fn run_words(words: impl IntoIterator<Item = std::ffi::OsString>) -> u8 {
    match Args::try_parse_from(words) {
        Ok(args) => run(args),
        Err(error) => {
            // Help and errors have nowhere else to go if their stream is closed.
            let _ = error.print();
            error.exit_code() as u8
        }
    }
}

/// The bundled programs as JSON, as `ennead list --format json` shows them.
pub fn programs() -> serde_json::Value {
    list::programs()
}

/// A picture of reports or of the results of a sweep, as `ennead plot` draws it.
///
/// # Errors
/// [`Failure::BadInput`] if there is no such picture of these inputs.
pub fn picture(
    kind: &str,
    inputs: &[serde_json::Value],
    axes: (Option<&str>, Option<&str>),
    png: bool,
) -> Result<Vec<u8>, Failure> {
    let kind = <args::Kind as ValueEnum>::from_str(kind, false).map_err(|_| {
        let known = args::Kind::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value);
        let names: Vec<String> = known.map(|value| value.get_name().to_owned()).collect();
        Failure::BadInput(format!("kind = {kind:?}: must be one of {}", names.join(", ")))
    })?;
    plot::bytes(&plot::draw(kind, inputs, axes.0, axes.1)?, png)
}

/// A report or the results of a sweep as a page, as `ennead report` writes it.
pub fn page(input: &serde_json::Value) -> String {
    page::render(input)
}

fn run(args: Args) -> u8 {
    let done = match &args.command {
        Command::Run(run) => run::run(run),
        Command::List(list) => list::list(list),
        Command::Inspect(inspect) => inspect::inspect(inspect),
        Command::Config(config) => config::config(config),
        Command::Sweep(sweep) => sweep::sweep(sweep),
        Command::Tune(tune) => tune::tune(tune),
        Command::Plot(plot) => plot::plot(plot),
        Command::Report(report) => page::report(report),
        Command::Manual(manual) => manual::manual(manual),
        Command::Completions(completions) => manual::completions(completions),
        Command::Gdb(gdb) => gdb::gdb(gdb),
    };
    let status = done.unwrap_or_else(|failure| {
        if failure != Failure::ClosedPipe {
            eprintln!("ennead: error: {failure}");
        }
        failure.status()
    });
    status.code()
}
