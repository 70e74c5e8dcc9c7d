//! Measures how fast the simulator is on this host, and writes what docs/performance.md shows.
//!
//! It is not a criterion bench: it gives one number a program, the best of a few runs, beside other simulators on the
//! same program, and the host instructions that a simulated instruction costs, which no noise touches.
//!
//! Invariant: what it prints comes from runs that it made itself, in this one process and its children.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use ennead_benches::{CHAINS, Ending, Job};
use ennead_sim::engine::Engine;

/// Bundled programs that are measured: matrix multiplies, a convolution's three steps, a fully connected layer.
const PROGRAMS: [&str; 8] = [
    "matmul-fp16",
    "matmul-fp32",
    "conv2d-fp16-fw",
    "conv2d-fp16-wg",
    "conv2d-fp32-fw",
    "linear-fp16-fw",
    "matmul-fp16-pulp",
    "matmul-fp32-pulp",
];

/// How often each is run.
const RUNS: usize = 20;

/// Measures how fast Ennead is on this host.
#[derive(Parser)]
struct Arguments {
    /// Write the page here instead of to the standard output.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Another simulator's command line, `{}` being the ELF file: it is timed on the programs for the `vega` machine, as a
    /// whole process, for example `gvsoc --target=pulp-open --binary {} run`.
    #[arg(long, value_name = "COMMAND")]
    peer: Option<String>,
    /// Run this program once and print nothing: what callgrind is put to.
    #[arg(long, value_name = "NAME", hide = true)]
    once: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(name) = &arguments.once {
        let job = Job::bundled(name);
        job.run(&mut job.machine());
        return ExitCode::SUCCESS;
    }
    let page = page(arguments.peer.as_deref());
    match arguments.write {
        None => print!("{page}"),
        Some(path) => {
            if let Err(error) = std::fs::write(&path, page) {
                eprintln!("performance: cannot write {}: {error}", path.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// The whole page.
fn page(peer: Option<&str>) -> String {
    let mut text = String::from(
        "# How fast Ennead is\n\n\
         Written by `cargo run --release -p ennead-benches --bin performance -- --write docs/performance.md`; with \
         `--peer 'COMMAND {}'` another simulator is timed on the same ELF files in the same run. Figures are the best of \
         20 runs on one host core, counters on, without building the machine; MIPS are retired instructions of all cores \
         together. `cargo bench -p ennead-benches` measures the same with criterion.\n\n",
    );
    let _ = writeln!(text, "Host: {}.\n", host());
    text.push_str(
        "| program | instructions | MIPS | lockstep engine, MIPS | host instructions for one (callgrind) | peer, MIPS |\n\
         |---|---:|---:|---:|---:|---:|\n",
    );
    for name in PROGRAMS {
        eprintln!("{name}");
        let job = Job::bundled(name);
        let (instructions, best) = best(&job, Engine::Calendar, RUNS);
        let (_, slow) = self::best(&job, Engine::Lockstep, RUNS / 4);
        let peer = peer
            .filter(|_| name.ends_with("-pulp"))
            .and_then(|command| process_mips(command, ennead_workloads::find(name)?.elf, instructions));
        let _ = writeln!(
            text,
            "| `{name}` | {instructions} | {:.1} | {:.1} | {} | {} |",
            mips(instructions, best),
            mips(instructions, slow),
            cell(host_instructions(name).map(|count| count / instructions as f64), 0),
            cell(peer, 1),
        );
    }
    text.push_str(
        "\nChains of dependent instructions on one core, which nothing can overlap, beside `qemu-riscv32`, which keeps no \
         time:\n\n\
         | chain | MIPS | times slower than integers | qemu-riscv32, MIPS |\n|---|---:|---:|---:|\n",
    );
    let mut integers = None;
    for chain in &CHAINS {
        let job = Job::chain(chain);
        let (instructions, time) = best(&job, Engine::Calendar, RUNS);
        let rate = mips(instructions, time);
        let integers = *integers.get_or_insert(rate);
        let elf = chain.elf(&job.instruction_set(), Ending::SystemCall);
        let qemu = (!chain.name.contains("fp16"))
            .then(|| process_mips("qemu-riscv32 {}", &elf, instructions))
            .flatten();
        let _ = writeln!(
            text,
            "| {} | {rate:.1} | {:.2} | {} |",
            chain.name,
            integers / rate,
            cell(qemu, 0)
        );
    }
    let start = Instant::now();
    let machine = Job::bundled("hello").machine();
    let built = start.elapsed();
    drop(machine);
    let _ = writeln!(
        text,
        "\nWith the compact retire trace of `{}` written to a file on the way: {} MIPS.",
        PROGRAMS[0],
        cell(traced_mips(&Job::bundled(PROGRAMS[0])).ok(), 1)
    );
    let _ = writeln!(
        text,
        "\nReading an ELF file and building the default machine takes {:.1} ms; all of the above took {} MB of memory at \
         most.",
        built.as_secs_f64() * 1e3,
        cell(peak_memory(), 0)
    );
    text
}

fn mips(instructions: u64, time: Duration) -> f64 {
    instructions as f64 / time.as_secs_f64() / 1e6
}

/// A figure, or a dash where there is none.
fn cell(figure: Option<f64>, digits: usize) -> String {
    figure.map_or("-".to_owned(), |figure| format!("{figure:.digits$}"))
}

/// Instructions of one run, and the shortest of some.
fn best(job: &Job, engine: Engine, runs: usize) -> (u64, Duration) {
    let mut shortest = Duration::MAX;
    let mut instructions = 0;
    for _ in 0..runs {
        let mut machine = job.machine();
        let start = Instant::now();
        instructions = job.run_with(&mut machine, engine);
        shortest = shortest.min(start.elapsed());
    }
    (instructions, shortest)
}

/// What a run reaches that writes its compact retire trace, the best of some.
fn traced_mips(job: &Job) -> io::Result<f64> {
    let path = std::env::temp_dir().join(format!("ennead-performance-{}.retire", std::process::id()));
    let mut best = 0f64;
    for _ in 0..RUNS {
        let file = BufWriter::with_capacity(1 << 18, File::create(&path)?);
        let mut machine = job.machine();
        let start = Instant::now();
        let instructions = job.trace(&mut machine, file)?;
        best = best.max(mips(instructions, start.elapsed()));
    }
    std::fs::remove_file(&path)?;
    Ok(best)
}

/// The host instructions of one run under callgrind, without those of building a machine; none without valgrind.
fn host_instructions(name: &str) -> Option<f64> {
    Some(callgrind(name)? - callgrind("hello")?)
}

fn callgrind(name: &str) -> Option<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["--once", name])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("Collected"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// What another program reaches that runs `elf` as a whole process, the best of three; none where it cannot.
fn process_mips(command: &str, elf: &[u8], instructions: u64) -> Option<f64> {
    let path = std::env::temp_dir().join(format!("ennead-performance-{}.elf", std::process::id()));
    std::fs::write(&path, elf).ok()?;
    let shortest = (0..3).map(|_| process_time(command, &path)).collect::<Option<Vec<_>>>();
    let _ = std::fs::remove_file(&path);
    shortest?.into_iter().min().map(|time| mips(instructions, time))
}

fn process_time(command: &str, elf: &Path) -> Option<Duration> {
    make_executable(elf);
    let mut words = command
        .split_whitespace()
        .map(|word| word.replace("{}", &elf.to_string_lossy()));
    let start = Instant::now();
    let status = Command::new(words.next()?)
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .ok()?;
    status.success().then(|| start.elapsed())
}

#[cfg(unix)]
fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755));
}

#[cfg(not(unix))]
fn make_executable(_: &Path) {}

/// The processor's name, where the system tells.
fn host() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find(|line| line.starts_with("model name"));
    name.and_then(|line| line.split(": ").nth(1))
        .map_or_else(|| std::env::consts::ARCH.to_owned(), str::to_owned)
}

/// The most memory that this process had, in MB.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes / 1024.0)
}
