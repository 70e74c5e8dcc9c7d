//! What is generated from the definitions of the command line: man pages, shell completions, and the version.

use std::io;
use std::sync::LazyLock;

use clap::{CommandFactory, ValueEnum};

use crate::args::{self, Args, EngineArg, Isa};
use crate::failure::{Failure, Status};
use crate::output;
use crate::trace;

/// What `--version` says: version, commit and what this build can do.
pub(crate) fn version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let names = |names: Vec<String>| names.join(" ");
        format!(
            "{}\ncommit {}\nfeatures engines: {}; instructions: {}; traces: {}; checkpoint format {}",
            env!("CARGO_PKG_VERSION"),
            env!("ENNEAD_COMMIT"),
            names(values::<EngineArg>()),
            names(values::<Isa>()),
            names(trace::kinds().map(str::to_owned).collect()),
            ennead_sim::machine::CHECKPOINT_FORMAT,
        )
    });
    &TEXT
}

fn values<T: ValueEnum>() -> Vec<String> {
    let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect()
}

/// Writes a man page for the command and for each of its commands.
pub(crate) fn manual(args: &args::Manual) -> Result<Status, Failure> {
    output::directory(&args.output)?;
    clap_mangen::generate_to(Args::command(), &args.output)
        .map_err(|error| Failure::unwritable(&args.output, &error))?;
    Ok(Status::Guest(0))
}

/// Writes the completions of a shell to standard output.
pub(crate) fn completions(args: &args::Completions) -> Result<Status, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "ennead", &mut text);
    let text = String::from_utf8(text)
        .map_err(|error| Failure::unwritable("completions".as_ref(), &io::Error::other(error)))?;
    output::emit(&text)?;
    Ok(Status::Guest(0))
}
