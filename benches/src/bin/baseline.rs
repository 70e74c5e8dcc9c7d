//! Runs the criterion benches and compares them with the committed baseline, `benches/baseline.csv`.
//!
//! A time of one host says nothing on another. So the baseline holds, for each bench, the steps that a loop of dependent
//! multiplications on the same host does in the time of one simulated instruction ([`ennead_benches::host_steps`]). That
//! takes out how fast the host's clock runs; what remains of the host is why [`TOLERANCE`] is wide. What is finer than that
//! is held by host instructions under callgrind (`sim/tests/host_cost.rs`).
//!
//! Invariant: every bench has a row, and every row a bench.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Parser;
use ennead_benches::{GROUP, HOST, rates};
use serde_json::Value;

/// A bench may cost so many times the baseline's.
const TOLERANCE: f64 = 1.3;

const HEADING: &str = "bench,host steps for a simulated instruction";

/// Runs the criterion benches and compares them with the committed baseline.
#[derive(Parser)]
struct Arguments {
    /// Write what is measured as the new baseline.
    #[arg(long)]
    bless: bool,
    /// Take the benches' last results, and do not run them again.
    #[arg(long)]
    last: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("baseline: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether no bench is beyond the baseline.
fn run(arguments: &Arguments) -> Result<bool, String> {
    if !arguments.last {
        run_benches()?;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.csv");
    let step = nanoseconds(HOST)?;
    let mut text = format!("{HEADING}\n");
    let mut measured = Vec::new();
    for (name, _) in rates() {
        let steps = nanoseconds(&name)? / step;
        let _ = writeln!(text, "{name},{steps:.2}");
        measured.push((name, steps));
    }
    if arguments.bless {
        std::fs::write(&path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("{} is written", path.display());
        return Ok(true);
    }
    let known = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let known = parse(&known).ok_or_else(|| format!("{} is damaged: write it anew with --bless", path.display()))?;
    if !known
        .iter()
        .map(|row| row.0)
        .eq(measured.iter().map(|row| row.0.as_str()))
    {
        return Err("the baseline is of other benches: write it anew with --bless".to_owned());
    }
    let mut all_well = true;
    println!("{:24} {:>8} {:>8} {:>6}", "bench", "baseline", "now", "times");
    for ((name, now), (_, before)) in measured.iter().zip(known) {
        let times = now / before;
        let well = times <= TOLERANCE;
        all_well &= well;
        println!(
            "{name:24} {before:8.2} {now:8.2} {times:6.2}{}",
            if well { "" } else { "  slower" }
        );
    }
    if !all_well {
        println!("slower than {TOLERANCE} times the baseline; on a host that does other work, run it again");
    }
    Ok(all_well)
}

/// The rows of a baseline; none where it is damaged.
fn parse(text: &str) -> Option<Vec<(&str, f64)>> {
    let rows = text.strip_prefix(HEADING)?.trim_start().lines();
    rows.map(|row| {
        let (name, steps) = row.split_once(',')?;
        Some((name, steps.parse().ok()?))
    })
    .collect()
}

fn run_benches() -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["bench", "-p", env!("CARGO_PKG_NAME"), "--bench", "rates"])
        .env("CARGO_TARGET_DIR", target()?)
        .env("CRITERION_HOME", results()?)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo bench failed: {status}")),
        Err(error) => Err(format!("cannot run cargo: {error}")),
    }
}

/// Cargo's target directory: this program lies in one of its directories.
fn target() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = program.ancestors().nth(2);
    Ok(target.ok_or("this program lies in no target directory")?.to_owned())
}

fn results() -> Result<PathBuf, String> {
    Ok(target()?.join("criterion"))
}

/// The median time of one element of a bench, from criterion's files.
fn nanoseconds(bench: &str) -> Result<f64, String> {
    let directory = results()?.join(GROUP).join(bench).join("new");
    let number = |file: &str, pointer: &str| {
        let path = directory.join(file);
        let text =
            std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let value: Option<Value> = serde_json::from_str(&text).ok();
        let number = value.as_ref().and_then(|value| value.pointer(pointer)?.as_f64());
        number.ok_or_else(|| format!("{} has no number at {pointer}", path.display()))
    };
    Ok(number("estimates.json", "/median/point_estimate")? / number("benchmark.json", "/throughput/Elements")?)
}
