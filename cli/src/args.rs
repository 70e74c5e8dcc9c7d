//! The command line: every option with its help, and nothing that acts.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

/// A cycle-accurate simulator of a RISC-V microcontroller: 8 workers, 1 orchestrator, shared banked memory.
#[derive(Debug, Parser)]
#[command(name = "ennead", version, long_version = crate::manual::version(), after_help = crate::failure::Status::HELP, max_term_width = 120)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a program and report its cycles, MAC/clk, latency and where every core's time went
    Run(Box<Run>),
    /// List the bundled programs
    List(List),
    /// Show what is in an ELF file: segments, what it asks of the machine, disassembly
    Inspect(Inspect),
    /// Show machines and configuration keys
    Config(Config),
    /// Run every point of a sweep, in parallel; finished points are kept and not run again
    Sweep(Sweep),
    /// Find the fastest tiles for each step of a network's layers, by running it with many
    Tune(Tune),
    /// Draw a picture of runs or of a sweep, as SVG or PNG
    Plot(Plot),
    /// Write one run or one sweep as a page with pictures and tables that needs no network
    Report(Report),
    /// Debug a program with GDB: every core is a thread, and simulated time stands still while it is stopped
    Gdb(Gdb),
    /// Write man pages
    Manual(Manual),
    /// Print the completions of a shell
    Completions(Completions),
}

/// How results are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Tables for a person.
    #[default]
    Text,
    /// One JSON value for a script.
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isa {
    Xpulpv2,
    Xcv,
}

impl Isa {
    /// The value of `core.isa`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Isa::Xpulpv2 => "xpulpv2",
            Isa::Xcv => "xcv",
        }
    }
}

/// A program, the machine that it runs on, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Program {
    /// An ELF file, or builtin:NAME (see `ennead list`)
    pub(crate) target: String,
    /// A shipped machine (see `ennead config list`) or a TOML file [default: ennead, or what a bundled program is for]
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) config: Option<String>,
    /// Give a configuration key a value, for example l1.banks=32 (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Run with this DSP encoding family, whatever the ELF says that it needs; sets core.isa
    #[arg(long, value_enum)]
    pub(crate) isa: Option<Isa>,
    /// Give a parameter of the program a value: the initial value of the 32-bit variable of that name (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) param: Vec<String>,
    /// Stop after this many cluster clock cycles [default: 10000000000]
    #[arg(long, value_name = "N")]
    pub(crate) max_cycles: Option<u64>,
    /// Which engine drives the machine; both give the same result
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: EngineArg,
    /// Make accesses to registers that the model does not have a fault instead of a warning
    #[arg(long)]
    pub(crate) strict: bool,
    /// Let the program read and write files of this directory through semihosting calls; without it there are none
    #[arg(long, value_name = "DIR")]
    pub(crate) semihost_dir: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) program: Program,
    /// How the report is shown; with json, guest output goes to stderr and the report is the last thing on stdout
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Write report.json, console.txt and a trace that names no file of its own to this directory
    #[arg(short = 'o', long = "output", value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Save the running machine after this cluster clock cycle, and run on
    #[arg(long, value_name = "CYCLE:FILE")]
    pub(crate) checkpoint: Option<String>,
    /// Go on from a saved machine instead of reset; target, machine and parameters are to be the same
    #[arg(long, value_name = "FILE")]
    pub(crate) restore: Option<PathBuf>,
    /// Go to this place by what instructions do, without timing, and run exactly from there: in front of a function's
    /// first instruction on the first core that comes there, or after a cycle
    #[arg(long, value_name = "SYMBOL|CYCLE")]
    pub(crate) fast_forward: Option<String>,
    /// Write a trace, as KIND:FILE or as KIND together with -o (repeatable): retire (CSV), retire-bin (compact),
    /// perfetto (for ui.perfetto.dev), konata (pipeline log), folded (stacks), flamegraph (SVG)
    #[arg(long, value_name = "KIND:FILE")]
    pub(crate) trace: Vec<String>,
    #[command(flatten)]
    pub(crate) window: Window,
    /// Write an annotated listing: each instruction of the hot functions with its count, cycles and stalls by cause
    #[arg(long, value_name = "FILE")]
    pub(crate) explain: Option<PathBuf>,
    /// Add the host's time to the report (which then differs from run to run)
    #[arg(long)]
    pub(crate) host_time: bool,
    #[command(flatten)]
    pub(crate) noise: Noise,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gdb {
    #[command(flatten)]
    pub(crate) program: Program,
    /// Wait for GDB on this TCP port of this host only; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 3333)]
    pub(crate) port: u16,
    /// Wait on this address instead, for a GDB on another host; whoever can reach it controls the run
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "port")]
    pub(crate) listen: Option<String>,
    #[command(flatten)]
    pub(crate) noise: Noise,
}

/// What of a run the traces show; without any of these, all of it.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Window {
    /// Trace only these cluster clock cycles, both included: FROM..TO, FROM.. or ..TO
    #[arg(long, value_name = "FROM..TO", requires = "trace")]
    pub(crate) trace_cycles: Option<String>,
    /// Trace only this core: its name, for example cluster.worker[3], or its index (repeatable)
    #[arg(long, value_name = "CORE", requires = "trace")]
    pub(crate) trace_core: Vec<String>,
    /// Trace only the instructions of this function (repeatable)
    #[arg(long, value_name = "NAME", requires = "trace")]
    pub(crate) trace_symbol: Vec<String>,
    /// Trace a core only between the markers of this region: its name or number (repeatable)
    #[arg(long, value_name = "NAME", requires = "trace")]
    pub(crate) trace_region: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineArg {
    /// Cores run ahead to their next interaction (fast)
    #[default]
    Calendar,
    /// Everything is looked at in every cycle (slow, with the same result)
    Lockstep,
}

/// How much is said besides results.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Noise {
    /// Say nothing but errors, guest output and what was asked for in JSON
    #[arg(short, long, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say what is being done, on stderr (twice: in detail)
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// How the list is shown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    /// An ELF file, or builtin:NAME
    pub(crate) target: String,
    /// Disassemble this DSP extension, whatever the ELF says
    #[arg(long, value_enum)]
    pub(crate) isa: Option<Isa>,
    /// Leave the disassembly out
    #[arg(long, conflicts_with = "symbol")]
    pub(crate) no_disassembly: bool,
    /// Disassemble only this function
    #[arg(long, value_name = "NAME")]
    pub(crate) symbol: Option<String>,
    /// How the result is shown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// List the shipped machines
    List {
        /// How the list is shown
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Print the effective machine as TOML; fails where `run` would
    Show {
        /// A shipped machine or a TOML file
        #[arg(value_name = "NAME|FILE", default_value = "ennead")]
        name: String,
        /// Give a key a value (repeatable)
        #[arg(long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// How the machine is shown; text is TOML
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Explain one key, one section, or all of them: unit, default, allowed values
    Explain {
        /// For example l1.banks, or l1
        key: Option<String>,
        /// How the keys are shown
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Tune {
    /// A network: builtin:NAME, or an ELF file with an array `ennead_tiling`
    pub(crate) target: String,
    /// A shipped machine or a TOML file [default: ennead, or what a bundled program is for]
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) config: Option<String>,
    /// Give a configuration key a value (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Write the choices here, as C for workloads/network/tiling
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Runs at once [default: one for each host core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// How the choices are shown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) noise: Noise,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sweep {
    /// The specification (see docs/sweep.md)
    pub(crate) spec: PathBuf,
    /// Where results and finished points are kept [default: the specification's name without .toml]
    #[arg(short = 'o', long = "output", value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Points that run at once [default: one for each host core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Run every point again, also those that are kept
    #[arg(long)]
    pub(crate) fresh: bool,
    /// How the results are shown on stdout; files always hold CSV and JSON
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) noise: Noise,
}

/// What a picture shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Of a run: where each core's cycles went.
    Stalls,
    /// Of a run: where the cycles of each region (each layer of a network) went.
    Layers,
    /// Of runs: conflicts for each access, by bank.
    Banks,
    /// Of runs: MAC/clk against MACs for each byte that the DMA moved.
    Roofline,
    /// Of a sweep: a result against a setting.
    Lines,
    /// Of a sweep: the points that no other point beats.
    Pareto,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Plot {
    /// What the picture shows
    #[arg(value_enum)]
    pub(crate) kind: Kind,
    /// A report.json, the results.json of a sweep, or the directory that holds it
    #[arg(required = true, value_name = "RUN|SWEEP")]
    pub(crate) inputs: Vec<PathBuf>,
    /// Where to write it; the name ends in .svg or .png
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Of a sweep: the setting or result along the horizontal axis [default: the last number of the sweep; for pareto
    /// the first]
    #[arg(long, value_name = "NAME")]
    pub(crate) x: Option<String>,
    /// Of a sweep: the result along the vertical axis: mac_per_clk, cycles, latency_s, instret, speedup (lines only), or
    /// a JSON pointer into the report [default: mac_per_clk]
    #[arg(long, value_name = "NAME")]
    pub(crate) y: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Report {
    /// A report.json, the results.json of a sweep, or the directory that holds it
    #[arg(value_name = "RUN|SWEEP")]
    pub(crate) run: PathBuf,
    /// Where to write the page
    #[arg(short = 'o', long = "output", value_name = "FILE", default_value = "report.html")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Manual {
    /// The directory for the pages
    #[arg(short = 'o', long = "output", value_name = "DIR", default_value = "man")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
