//! `ennead run`.

use std::io::{self, Write};
use std::path::Path;

use ennead_isa::Decoder;
use ennead_sim::cluster::dma::Transfer;
use ennead_sim::core::pipeline::Ledger;
use ennead_sim::engine::Engine;
use ennead_sim::observe::{Observer, Retired, Silent};
use ennead_sim::order::InOrder;
use ennead_sim::profile::Profile;
use ennead_sim::retire::Record;

use crate::args::{self, EngineArg, Format, Isa};
use crate::config;
use crate::explain;
use crate::failure::{Failure, Status};
use crate::job::{Job, Limits};
use crate::output::{self, emit};
use crate::target::Target;
use crate::text;
use crate::trace::Traces;

pub(crate) fn run(args: &args::Run) -> Result<Status, Failure> {
    output::log(args.noise);
    let mut job = job(&args.program)?;
    if let Some(option) = &args.checkpoint {
        let place = option
            .split_once(':')
            .and_then(|(cycle, file)| Some((cycle.parse().ok()?, file)));
        let Some((cycle, file)) = place.filter(|(cycle, file)| *cycle > 0 && !file.is_empty()) else {
            let text = format!("--checkpoint {option}: write CYCLE:FILE, for example 100000:machine.ckpt");
            return Err(Failure::BadInput(text));
        };
        job.save_after(cycle, file.into());
    }
    if let Some(path) = &args.restore {
        job.restore(std::fs::read(path).map_err(|error| Failure::unreadable(path, &error))?);
    }
    if let Some(place) = &args.fast_forward {
        job.fast_forward(place)?;
    }
    if let Some(directory) = &args.output {
        output::directory(directory)?;
    }
    let traces = Traces::open(&job, &args.trace, &args.window, args.output.as_deref())?;
    tracing::info!(
        program = job.target.name,
        machine = job.config_name,
        hash = job.config.hash(),
        "starting"
    );

    // Read before the run, because the program may be built anew meanwhile.
    let elf = args.explain.as_ref().map(|_| job.target.bytes()).transpose()?;
    let mut watchers = Watchers {
        traces,
        profile: args.explain.as_ref().map(|_| Profile::default()),
    };
    let mut console = Console {
        format: args.format,
        quiet: args.noise.quiet,
        broken: false,
    };
    let mut show = |bytes: &[u8]| console.show(bytes);
    let mut finished = if !watchers.watch() {
        job.run(&mut show, &mut Silent)?
    } else if watchers.want_rows() {
        let mut rows = InOrder::new(&job.config, |records: &[Record]| watchers.traces.rows(records));
        let finished = job.run(&mut show, &mut rows)?;
        rows.end(finished.report.cycles);
        finished
    } else {
        job.run(&mut show, &mut watchers)?
    };
    let Watchers { traces, profile } = watchers;
    if !args.host_time {
        finished.report.host = None;
    }

    // Whatever cannot be written must not take the rest with it: the first failure is told at the end.
    let mut failures = Vec::new();
    failures.extend(traces.finish(finished.report.cycles));
    let json = finished.report.to_json();
    if let Some(directory) = &args.output {
        failures.extend(output::write_whole(&directory.join("report.json"), json.as_bytes()).err());
        failures.extend(output::write_whole(&directory.join("console.txt"), &finished.console).err());
    }
    if let (Some(path), Some(mut profile), Some(elf)) = (&args.explain, profile, elf) {
        profile.close(finished.report.cores.iter().map(|core| (core.sleep, &core.stalls)));
        let listing = explain::render(&explain::Inputs {
            report: &finished.report,
            image: &job.target.image,
            elf: &elf,
            decoder: &Decoder::new(&job.config.core.instruction_set()),
            profile: &profile,
        });
        failures.extend(output::write_whole(path, listing.as_bytes()).err());
    }
    failures.extend(
        match args.format {
            Format::Json => emit(&json),
            Format::Text if args.noise.quiet => Ok(()),
            Format::Text => emit(&text::render(&finished.report)),
        }
        .err(),
    );
    for warning in finished.warnings.iter().filter(|_| !args.noise.quiet) {
        eprintln!("ennead: warning: {warning}");
    }
    if finished.report.outcome.kind != "exit" {
        eprintln!(
            "ennead: {}: {}",
            finished.report.outcome.kind, finished.report.outcome.message
        );
    }
    if let Some(mismatch) = &finished.mismatch {
        eprintln!("ennead: golden check failed: {mismatch}");
    }
    match (finished.status, failures.into_iter().next()) {
        (Status::Guest(0), Some(failure)) => Err(failure),
        (status, failure) => {
            if let Some(failure) = failure
                && failure != Failure::ClosedPipe
            {
                eprintln!("ennead: error: {failure}");
            }
            Ok(status)
        }
    }
}

/// The run that the options ask for.
pub(crate) fn job(args: &args::Program) -> Result<Job, Failure> {
    let mut target = Target::open(&args.target, Path::new(""))?;
    for assignment in &args.param {
        target.assign(assignment)?;
    }
    let name = args
        .config
        .clone()
        .unwrap_or_else(|| target.default_machine().to_owned());
    let engine = match args.engine {
        EngineArg::Calendar => Engine::Calendar,
        EngineArg::Lockstep => Engine::Lockstep,
    };
    let limits = Limits {
        engine,
        max_cycles: args.max_cycles,
        strict: args.strict,
    };
    let mut job = Job::new(
        target,
        &name,
        config::machine(&name, &args.set)?,
        args.isa.map(Isa::name),
        limits,
    )?;
    if let Some(directory) = &args.semihost_dir {
        job.share(directory)?;
    }
    Ok(job)
}

/// Who watches the run.
struct Watchers {
    traces: Traces,
    profile: Option<Profile>,
}

impl Watchers {
    fn watch(&self) -> bool {
        !self.traces.is_empty() || self.profile.is_some()
    }

    /// Nothing is watched but which instructions left decode when.
    fn want_rows(&self) -> bool {
        self.traces.are_rows() && self.profile.is_none()
    }
}

impl Observer for Watchers {
    const ACTIVE: bool = true;

    const TRANSFERS: bool = true;

    fn retire(&mut self, _: Retired) {}

    fn transfers(&mut self, transfers: Vec<Transfer>) {
        self.traces.transfers(transfers);
    }

    fn books(&mut self, retired: &Retired, ledger: &Ledger) {
        self.traces.books(retired, ledger);
        if let Some(profile) = &mut self.profile {
            profile.books(retired, ledger);
        }
    }
}

/// Where guest output goes while the guest runs.
struct Console {
    format: Format,
    quiet: bool,
    /// Nobody listens any more.
    broken: bool,
}

impl Console {
    fn show(&mut self, bytes: &[u8]) {
        if self.broken {
            return;
        }
        let shown = match self.format {
            Format::Text => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes).and_then(|()| stdout.flush())
            }
            Format::Json if self.quiet => Ok(()),
            Format::Json => io::stderr().write_all(bytes),
        };
        self.broken = shown.is_err();
    }
}
