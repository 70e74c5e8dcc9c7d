//! The command `ennead`. Everything that it does is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    ennead_cli::main()
}
