//! Writing results: standard output, files that appear whole or not at all, and the log.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::args::Noise;
use crate::failure::Failure;

/// Writes to standard output.
pub(crate) fn emit(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Output(format!("cannot write to standard output: {error}")),
        })
}

/// Writes a value as indented JSON to standard output.
pub(crate) fn emit_json(value: &serde_json::Value) -> Result<(), Failure> {
    emit(&format!("{value:#}\n"))
}

/// Writes a file that appears whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = Path::new(&part);
    fs::write(part, bytes)
        .and_then(|()| fs::rename(part, path))
        .map_err(|error| {
            let _ = fs::remove_file(part);
            Failure::unwritable(path, &error)
        })
}

/// Creates a directory and those above it.
pub(crate) fn directory(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| Failure::unwritable(path, &error))
}

/// Sends the log to stderr.
pub(crate) fn log(noise: Noise) {
    let level = match noise {
        Noise { quiet: true, .. } => "error",
        Noise { verbose: 0, .. } => "warn",
        Noise { verbose: 1, .. } => "info",
        Noise { .. } => "debug",
    };
    // Another log cannot have been set up before, and a missing log is no reason to stop.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(level)
        .with_writer(io::stderr)
        .without_time()
        .try_init();
}
