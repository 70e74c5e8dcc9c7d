//! The command `ennead`. This file maps results to exit codes and nothing else.

mod args;
mod config;
mod failure;
mod files;
mod inspect;
mod job;
mod list;
mod output;
mod run;
mod sweep;
mod table;
mod target;
mod text;
mod trace;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use failure::Failure;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.command {
        Command::Run(run) => run::run(run),
        Command::List(list) => list::list(list),
        Command::Inspect(inspect) => inspect::inspect(inspect),
        Command::Config(config) => config::config(config),
        Command::Sweep(sweep) => sweep::sweep(sweep),
    };
    let status = done.unwrap_or_else(|failure| {
        if failure != Failure::ClosedPipe {
            eprintln!("ennead: error: {failure}");
        }
        failure.status()
    });
    ExitCode::from(status.code())
}
