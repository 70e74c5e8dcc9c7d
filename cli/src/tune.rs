//! `ennead tune`: the fastest tiles for each step of each layer of a network, found by running it.
//!
//! A step's time depends on its own tiles and hardly on those of others, so one run tries a candidate in every step at
//! once: as many runs as candidates, whatever the number of layers. The runs are independent and go in parallel.
//!
//! Invariant: the choices are the same bytes whatever the number of threads. A run whose results are wrong is an error,
//! never a choice.

use std::fmt::Write as _;

use ennead_sim::observe::Silent;
use rayon::prelude::*;
use serde::Serialize;

use crate::args::{self, Format};
use crate::config;
use crate::failure::{Failure, Status};
use crate::job::{Job, Limits};
use crate::output::{self, emit};
use crate::table::Table;
use crate::target::Target;

/// The array that a network keeps its tiles in: [`Tiles`] for each step (`workloads/network/network.h`).
const SYMBOL: &str = "ennead_tiling";

/// How a step is done; 0 leaves it to the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Tiles {
    /// Lines of the result at a time, at most.
    lines: u32,
    /// Channels at a time, at most.
    channels: u32,
    /// Rows of a register tile, at most.
    rows: u32,
}

const WORDS: u32 = 3;

/// Every combination that is tried; the first is the program's own choice.
fn candidates() -> Vec<Tiles> {
    let mut all = Vec::new();
    for rows in [0, 2] {
        for channels in [0, 32, 16, 8, 4] {
            for lines in [0, 16, 8, 4, 2] {
                all.push(Tiles { lines, channels, rows });
            }
        }
    }
    // Small register tiles of small tiles have never been fastest.
    all.retain(|tiles| tiles.rows == 0 || (tiles.lines == 0 && tiles.channels == 0));
    all
}

/// What was found for a step.
#[derive(Clone, Debug, Serialize)]
struct Choice {
    /// The step, as the program calls it.
    step: String,
    tiles: Tiles,
    /// Cycles with these tiles.
    cycles: u64,
    /// Cycles with the program's own choice.
    automatic: u64,
}

/// What was found for a program.
#[derive(Debug, Serialize)]
struct Tuned {
    program: String,
    config: String,
    /// Runs that were needed.
    runs: usize,
    /// Cycles of the whole run with the program's own choice, and with what was found.
    automatic: u64,
    cycles: u64,
    steps: Vec<Choice>,
}

pub(crate) fn tune(args: &args::Tune) -> Result<Status, Failure> {
    output::log(args.noise);
    let target = Target::open(&args.target, std::path::Path::new(""))?;
    let Some(symbol) = target.image.symbols.find(SYMBOL) else {
        return Err(Failure::BadInput(format!(
            "{}: nothing to tune: the program has no {SYMBOL}; networks have one, for example builtin:resnet8-fp16-train",
            args.target
        )));
    };
    let count = symbol.size / (4 * WORDS);
    let names: Vec<String> = (0..count).map(|step| target.image.region_name(1 + 2 * step)).collect();
    let candidates = candidates();
    let jobs = args.jobs.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
    let pool = pool.map_err(|error| Failure::Output(format!("cannot start threads: {error}; try a smaller --jobs")))?;
    let runs: Vec<Timed> = pool.install(|| {
        let run = |&tiles: &Tiles| time(args, &target, &vec![tiles; count as usize], &names);
        candidates.par_iter().with_max_len(1).map(run).collect::<Result<_, _>>()
    })?;
    let steps: Vec<Choice> = names
        .iter()
        .enumerate()
        .map(|(step, name)| {
            let best = (0..runs.len()).min_by_key(|&run| runs[run].steps[step]).unwrap_or(0);
            Choice {
                step: name.clone(),
                tiles: candidates[best],
                cycles: runs[best].steps[step],
                automatic: runs[0].steps[step],
            }
        })
        .collect();
    let chosen: Vec<Tiles> = steps.iter().map(|choice| choice.tiles).collect();
    let tuned = Tuned {
        program: args.target.clone(),
        config: machine_name(args, &target),
        runs: candidates.len() + 1,
        automatic: runs[0].total,
        cycles: time(args, &target, &chosen, &names)?.total,
        steps,
    };
    if let Some(path) = &args.output {
        output::write_whole(path, tuned.initializer().as_bytes())?;
    }
    match args.format {
        Format::Json => {
            let json = serde_json::to_string_pretty(&tuned).map_err(Failure::bad_input)?;
            emit(&(json + "\n"))?;
        }
        Format::Text => emit(&tuned.text())?,
    }
    Ok(Status::Guest(0))
}

fn machine_name(args: &args::Tune, target: &Target) -> String {
    args.config
        .clone()
        .unwrap_or_else(|| target.default_machine().to_owned())
}

/// The time that a run and each of its steps took.
struct Timed {
    total: u64,
    steps: Vec<u64>,
}

fn time(args: &args::Tune, target: &Target, tiles: &[Tiles], names: &[String]) -> Result<Timed, Failure> {
    let mut target = target.clone();
    for (step, tiles) in tiles.iter().enumerate() {
        for (word, value) in [tiles.lines, tiles.channels, tiles.rows].into_iter().enumerate() {
            let index = WORDS * step as u32 + word as u32;
            let patched = target.image.patch_word(SYMBOL, index, value);
            patched.map_err(|error| Failure::BadInput(format!("{}: {error}", target.name)))?;
        }
    }
    let config = machine_name(args, &target);
    let draft = config::machine(&config, &args.set)?;
    let job = Job::new(target, &config, draft, None, Limits::default())?;
    let finished = job.run(&mut |_| {}, &mut Silent)?;
    if finished.status != Status::Guest(0) {
        return Err(Failure::BadInput(format!(
            "{} on {config} with {:?}: {}{}",
            job.target.name,
            tiles.first(),
            finished.report.outcome.message,
            finished.mismatch.map(|text| format!("; {text}")).unwrap_or_default()
        )));
    }
    let steps = names.iter().map(|name| {
        let regions = finished.report.regions.iter();
        regions
            .filter(|region| region.name == *name)
            .map(|region| region.cycles)
            .max()
            .unwrap_or(0)
    });
    Ok(Timed {
        total: finished.report.cycles,
        steps: steps.collect(),
    })
}

impl Tuned {
    fn text(&self) -> String {
        let mut table = Table::new(["step", "lines", "channels", "rows", "cycles", "before"], 1);
        let limit = |value: u32| if value == 0 { "-".to_owned() } else { value.to_string() };
        for choice in &self.steps {
            table.row([
                choice.step.clone(),
                limit(choice.tiles.lines),
                limit(choice.tiles.channels),
                limit(choice.tiles.rows),
                choice.cycles.to_string(),
                choice.automatic.to_string(),
            ]);
        }
        format!(
            "{}\n{} on {}: {} cycles, {} before; {} runs\n",
            table.render(0),
            self.program,
            self.config,
            self.cycles,
            self.automatic,
            self.runs
        )
    }

    /// The initial value of the array, as C: what `workloads/network/tiling` holds.
    fn initializer(&self) -> String {
        let mut text = format!(
            "/* Written by `ennead tune {}` for {}: lines, channels and rows of register tiles, at most. */\n",
            self.program, self.config
        );
        for Choice { step, tiles, .. } in &self.steps {
            let _ = writeln!(
                text,
                "{{{}, {}, {}}}, /* {step} */",
                tiles.lines, tiles.channels, tiles.rows
            );
        }
        text
    }
}
