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
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Parser;
use ennead_benches::{CHAINS, Ending, Job, TEAMS};
use ennead_sim::engine::Engine;

/// Bundled programs that are measured, and on which machines: matrix multiplies, a convolution's three steps, a fully
/// connected layer.
const PROGRAMS: [(&str, &str); 10] = [
    ("matmul-fp16", "ennead"),
    ("matmul-fp32", "ennead"),
    ("conv2d-fp16-fw", "ennead"),
    ("conv2d-fp16-wg", "ennead"),
    ("conv2d-fp32-fw", "ennead"),
    ("linear-fp16-fw", "ennead"),
    ("matmul-fp16-pulp", "vega"),
    ("matmul-fp32-pulp", "vega"),
    ("matmul-fp16-pulp", GVSOC_MACHINE),
    ("matmul-fp32-pulp", GVSOC_MACHINE),
];

/// The machine that GVSoC has as well.
const GVSOC_MACHINE: &str = "pulp-open";

/// How GVSoC is started where it is installed and nobody says otherwise.
const GVSOC: &str = "gvsoc --target=pulp-open run --binary={}";

/// A whole run of GVSoC has to take so many times its start, or the difference says nothing.
const MEASURABLE: f64 = 1.3;

/// After so long another simulator is taken for one that does not end.
const LIMIT: Duration = Duration::from_secs(120);

/// How often each is run.
const RUNS: usize = 20;

/// Measures how fast Ennead is on this host.
#[derive(Parser)]
struct Arguments {
    /// Write the page here instead of to the standard output.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// GVSoC's command line, `{}` being the ELF file; it is started in a directory of its own, and timed on the programs for
    /// the machine pulp-open. Without it the environment variable ENNEAD_GVSOC is taken, and without that, where there is a
    /// `gvsoc` on the path, `gvsoc --target=pulp-open run --binary={}`.
    #[arg(long, value_name = "COMMAND")]
    gvsoc: Option<String>,
    /// Run this program once and print nothing: what callgrind is put to.
    #[arg(long, value_name = "NAME", hide = true)]
    once: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(name) = &arguments.once {
        let jobs = jobs();
        let Some((_, _, job)) = jobs.iter().find(|(label, _, _)| label == name) else {
            eprintln!("performance: there is no {name}");
            return ExitCode::FAILURE;
        };
        job.run(&mut job.machine());
        return ExitCode::SUCCESS;
    }
    let page = page(Gvsoc::find(arguments.gvsoc).as_ref());
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

/// The programs with their machines, and loops on eight workers of the machine that GVSoC has as well; first [`HELLO`].
fn jobs() -> Vec<(String, &'static str, Job)> {
    let hello = (HELLO.to_owned(), GVSOC_MACHINE, Job::bundled_on(HELLO, GVSOC_MACHINE));
    let programs =
        PROGRAMS.map(|(name, machine)| (format!("{name} {machine}"), machine, Job::bundled_on(name, machine)));
    let teams = TEAMS
        .iter()
        .map(|team| (format!("{} {GVSOC_MACHINE}", team.name), GVSOC_MACHINE, Job::team(team)));
    std::iter::once(hello).chain(programs).chain(teams).collect()
}

/// The program that does next to nothing: what it takes is the start.
const HELLO: &str = "hello";

/// The whole page.
fn page(gvsoc: Option<&Gvsoc>) -> String {
    let mut text = String::from(
        "# How fast Ennead is\n\n\
         Written by `cargo run --release -p ennead-benches --bin performance -- --write docs/performance.md`. Figures are \
         the best of 20 runs on one host core, half of them before the other engine and GVSoC and half after, counters on, \
         without building the machine; MIPS are retired instructions of all cores together. `tile-int8`, `dot-fp32` and `dot-fp16` are inner loops on all eight workers: 2 x 2 tiles of \
         bytes, and two loads for each multiply-add. [testing.md](testing.md#speed) tells how speed is kept.\n\n\
         GVSoC is timed on the same ELF files in the same run where it is installed, as a whole process, the best of 3 \
         runs, less the best of 3 of `hello` in between. `--gvsoc COMMAND` or the environment variable `ENNEAD_GVSOC` says how it is \
         started, `{}` being the ELF file; otherwise it is `gvsoc --target=pulp-open run --binary={}`.\n\n",
    );
    let _ = writeln!(text, "Host: {}.\n", host());
    text.push_str(
        "| program | machine | instructions | MIPS | lockstep engine, MIPS | host instructions for one (callgrind) | GVSoC, \
         MIPS | times GVSoC |\n|---|---|---:|---:|---:|---:|---:|---:|\n",
    );
    let empty = host_instructions(HELLO);
    for (label, machine, job) in &jobs()[1..] {
        eprintln!("{label}");
        let (instructions, before) = best(job, Engine::Calendar, RUNS / 2);
        let (_, slow) = best(job, Engine::Lockstep, RUNS / 4);
        let gvsoc = gvsoc
            .filter(|_| *machine == GVSOC_MACHINE)
            .and_then(|gvsoc| gvsoc.mips(job.elf(), instructions));
        // A busy moment of the host is over by then.
        let (_, after) = best(job, Engine::Calendar, RUNS / 2);
        let rate = mips(instructions, before.min(after));
        let host = host_instructions(label).zip(empty).map(|(all, empty)| all - empty);
        let _ = writeln!(
            text,
            "| `{}` | `{machine}` | {instructions} | {rate:.1} | {:.1} | {} | {} | {} |",
            label.split(' ').next().unwrap_or(label),
            mips(instructions, slow),
            cell(host.map(|count| count / instructions as f64), 0),
            cell(gvsoc, 1),
            cell(gvsoc.map(|gvsoc| rate / gvsoc), 1),
        );
    }
    if gvsoc.is_none() {
        text.push_str("\nGVSoC is not installed on this host, so it was not measured.\n");
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
            .then(|| process_times("qemu-riscv32 {}", [&elf]).ok())
            .flatten();
        let _ = writeln!(
            text,
            "| {} | {rate:.1} | {:.2} | {} |",
            chain.name,
            integers / rate,
            cell(qemu.map(|[time]| mips(instructions, time)), 0)
        );
    }
    let start = Instant::now();
    let machine = Job::bundled(HELLO).machine();
    let built = start.elapsed();
    drop(machine);
    let (program, _) = PROGRAMS[0];
    let _ = writeln!(
        text,
        "\nWith the compact retire trace of `{program}` written to a file on the way: {} MIPS.",
        cell(traced_mips(&Job::bundled(program)).ok(), 1)
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

/// GVSoC as the user has it.
struct Gvsoc {
    command: String,
}

impl Gvsoc {
    /// That of the command line, of the environment, or of the path; none where it does not run, which is told.
    fn find(given: Option<String>) -> Option<Self> {
        let given = given.or_else(|| std::env::var("ENNEAD_GVSOC").ok());
        let command = given.clone().unwrap_or_else(|| GVSOC.to_owned());
        match process_times(&command, [Job::bundled(HELLO).elf()]) {
            Ok(_) => Some(Self { command }),
            Err(error) => {
                eprintln!("performance: GVSoC is left out: {error}");
                if given.is_none() {
                    eprintln!("performance: say how yours is started with --gvsoc or ENNEAD_GVSOC");
                }
                None
            }
        }
    }

    /// What it reaches on a program, without its start; none where it does not end well or the start is nearly all of the
    /// time, which is told.
    fn mips(&self, elf: &[u8], instructions: u64) -> Option<f64> {
        match process_times(&self.command, [Job::bundled(HELLO).elf(), elf]) {
            Ok([start, all]) if all < start.mul_f64(MEASURABLE) => {
                eprintln!("performance: GVSoC takes {start:.1?} to start and {all:.1?} in all: nothing to measure");
                None
            }
            Ok([start, all]) => Some(mips(instructions, all - start)),
            Err(error) => {
                eprintln!("performance: GVSoC fails: {error}");
                None
            }
        }
    }
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

/// The host instructions of one run under callgrind; none without valgrind.
fn host_instructions(label: &str) -> Option<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["--once", label])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("Collected"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// How long another program takes for each of these, as a whole process, the best of three turns; or why it does not run.
fn process_times<const N: usize>(command: &str, elfs: [&[u8]; N]) -> Result<[Duration; N], String> {
    let directory = std::env::temp_dir().join(format!("ennead-performance-{}", std::process::id()));
    let times = times_in(&directory, command, elfs);
    let _ = std::fs::remove_dir_all(&directory);
    times
}

fn times_in<const N: usize>(directory: &Path, command: &str, elfs: [&[u8]; N]) -> Result<[Duration; N], String> {
    let path = directory.join("program.elf");
    let mut shortest = [Duration::MAX; N];
    for _ in 0..3 {
        for (shortest, elf) in shortest.iter_mut().zip(elfs) {
            std::fs::create_dir_all(directory)
                .and_then(|()| std::fs::write(&path, elf))
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            make_executable(&path);
            *shortest = one_time(command, &path, directory)?.min(*shortest);
        }
    }
    Ok(shortest)
}

fn one_time(command: &str, elf: &Path, directory: &Path) -> Result<Duration, String> {
    let words: Vec<String> = command
        .split_whitespace()
        .map(|word| word.replace("{}", &elf.to_string_lossy()))
        .collect();
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let start = Instant::now();
    let mut command = Command::new(program);
    in_its_own_group(&mut command);
    let mut child = command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start {program}: {error}"))?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(start.elapsed()),
            Ok(Some(status)) => return Err(format!("`{}` ends with {status}", words.join(" "))),
            Ok(None) if start.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(1)),
            Ok(None) => {
                kill_group(&mut child);
                return Err(format!(
                    "`{}` does not end within {} s",
                    words.join(" "),
                    LIMIT.as_secs()
                ));
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// A script's own children are to end with it.
#[cfg(unix)]
fn in_its_own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn in_its_own_group(_: &mut Command) {}

fn kill_group(child: &mut Child) {
    let _ = Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", child.id())])
        .status();
    let _ = child.kill();
    let _ = child.wait();
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
