//! One run: a program on a machine, checked before the first cycle, with its report at the end.
//!
//! `run` and `sweep` differ in where jobs come from and where results go; what a job is, is here.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ennead_sim::config::{Config, Draft};
use ennead_sim::engine::Engine;
use ennead_sim::engine::RunOptions;
use ennead_sim::fault::Outcome;
use ennead_sim::machine::{Forward, Goal, Machine};
use ennead_sim::observe::Observer;
use ennead_sim::report::{Golden, HostReport, Inputs, Report};
use ennead_workloads::Golden as Expected;

use crate::failure::{Failure, Status};
use crate::files::Folder;
use crate::list::nominal;
use crate::output;
use crate::target::Target;
use sha2::{Digest, Sha256};

/// Cycles between two looks at the guest's console.
const SLICE: u64 = 1 << 18;

/// A run that can begin.
pub struct Job {
    /// The program.
    pub target: Target,
    /// The machine's name or file.
    pub config_name: String,
    /// The machine.
    pub config: Config,
    /// How it is driven.
    pub limits: Limits,
    /// Files that the program may reach.
    files: Option<Folder>,
    /// The machine is saved after this cycle, to this file.
    checkpoint: Option<(u64, PathBuf)>,
    /// What the run goes on from instead of reset.
    restored: Option<Vec<u8>>,
    /// Where timing begins, and what the user calls it.
    forward: Option<(Goal, String)>,
}

/// How a run is driven.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Which engine drives.
    pub engine: Engine,
    /// The last cycle that may happen.
    pub max_cycles: Option<u64>,
    /// Whether what the model does not have is a fault instead of a warning.
    pub strict: bool,
}

/// A run that has ended.
pub struct Finished {
    /// What it counted.
    pub report: Report,
    /// How it ended, as an exit code.
    pub status: Status,
    /// What the guest printed.
    pub console: Vec<u8>,
    /// Why the results are not those of the golden tensor.
    pub mismatch: Option<String>,
    /// What the guest did that the model does not have.
    pub warnings: Vec<String>,
}

impl Job {
    /// Brings a program and a machine together; `isa` is a value of `core.isa`.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if the machine cannot be, or cannot run the program.
    pub fn new(
        mut target: Target,
        config_name: &str,
        mut draft: Draft,
        isa: Option<&str>,
        limits: Limits,
    ) -> Result<Self, Failure> {
        if let Some(isa) = isa {
            target.image.override_isa(isa);
            draft.set("core.isa", isa).map_err(Failure::bad_input)?;
        }
        let config = draft.finish().map_err(Failure::bad_input)?;
        let refuse = |error| Failure::BadInput(format!("{} on {config_name}: {error}", target.name));
        target.image.check_machine(&config).map_err(refuse)?;
        Ok(Self {
            target,
            config_name: config_name.to_owned(),
            config,
            limits,
            files: None,
            checkpoint: None,
            restored: None,
            forward: None,
        })
    }

    /// Lets the program read and write files of a directory through semihosting calls.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if it is no directory.
    pub fn share(&mut self, directory: &Path) -> Result<(), Failure> {
        self.files = Some(Folder::new(directory)?);
        Ok(())
    }

    /// Saves the machine after `cycle` to a file, on the way.
    pub fn save_after(&mut self, cycle: u64, path: PathBuf) {
        self.checkpoint = Some((cycle, path));
    }

    /// Goes on from a checkpoint.
    pub fn restore(&mut self, checkpoint: Vec<u8>) {
        self.restored = Some(checkpoint);
    }

    /// Whether everything that is observed begins at reset: the run neither goes on from a checkpoint nor begins with a
    /// fast forward.
    pub fn begins_at_reset(&self) -> bool {
        self.restored.is_none() && self.forward.is_none()
    }

    /// Goes to `place`, a symbol or a cycle, without timing, before it runs.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if it is neither, or the machine cannot.
    pub fn fast_forward(&mut self, place: &str) -> Result<(), Failure> {
        self.forward = Some((self.goal(place)?, place.to_owned()));
        Ok(())
    }

    /// The goal of a fast forward to `place`, a symbol or a cycle.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if it is neither.
    pub fn goal(&self, place: &str) -> Result<Goal, Failure> {
        if let Ok(cycle) = place.parse() {
            return Ok(Goal::Cycle(cycle));
        }
        let refuse = || {
            Failure::BadInput(format!(
                "--fast-forward {place}: the program has no such symbol; write a function's name or a cycle"
            ))
        };
        let symbol = self.target.image.symbols.find(place).ok_or_else(refuse)?;
        Ok(Goal::Address(symbol.address))
    }

    /// The hash by which a checkpoint knows the program and its parameters.
    fn program_hash(&self) -> String {
        let parts = format!("{} {:?}", self.target.image.hash, self.target.parameters);
        Sha256::digest(parts).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The machine as bytes from which the same run can go on.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if the run is over, or holds something outside the machine.
    pub fn save(&self, machine: &Machine) -> Result<Vec<u8>, Failure> {
        machine
            .save(&self.program_hash())
            .map_err(|error| Failure::BadInput(format!("checkpoint: {error}")))
    }

    /// The cores' names, workers first.
    pub fn core_names(&self) -> Vec<String> {
        let workers = (0..self.config.cluster.workers).map(|index| format!("cluster.worker[{index}]"));
        let orchestrator = self.config.orchestrator.present.then(|| "soc.orchestrator".to_owned());
        workers.chain(orchestrator).collect()
    }

    /// The name of a region: what the program calls it, or its number.
    pub fn region_name(&self, id: u32) -> String {
        self.target.image.region_name(id)
    }

    /// The machine with the program in it, before its first cycle.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if the machine cannot hold the program.
    pub fn machine(&self) -> Result<Machine, Failure> {
        let refuse = |error| Failure::BadInput(format!("{} on {}: {error}", self.target.name, self.config_name));
        let mut machine = Machine::new(&self.config, &self.target.image).map_err(refuse)?;
        machine.set_strict(self.limits.strict);
        if let Some(folder) = &self.files {
            machine.set_host_files(Box::new(folder.clone()));
        }
        if let Some(checkpoint) = &self.restored {
            let refuse = |error| Failure::BadInput(format!("checkpoint: {error}"));
            machine.restore(checkpoint, &self.program_hash()).map_err(refuse)?;
        }
        Ok(machine)
    }

    /// Runs it, watched by `observer`; `console` sees guest output as it appears.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if the machine cannot hold the program.
    pub fn run<O: Observer>(&self, console: &mut dyn FnMut(&[u8]), observer: &mut O) -> Result<Finished, Failure> {
        let mut machine = self.machine()?;
        let started = Instant::now();
        let outcome = self.drive(&mut machine, observer, console)?;
        let seconds = started.elapsed().as_secs_f64();
        let mut finished = self.finish(&machine, &outcome);
        finished.report.host = Some(HostReport {
            seconds,
            mips: finished.report.instret as f64 / 1e6 / seconds.max(1e-9),
        });
        Ok(finished)
    }

    /// The last cycle that may happen.
    pub fn max_cycles(&self) -> u64 {
        self.limits
            .max_cycles
            .map_or(RunOptions::LIMIT, |cycles| cycles.min(RunOptions::LIMIT))
    }

    /// What a run of this job that ended so has to say.
    pub fn finish(&self, machine: &Machine, outcome: &Outcome) -> Finished {
        let expected = self.target.workload.and_then(|workload| workload.golden.as_ref());
        let ended = matches!(outcome, Outcome::Exit(_));
        // A run that did not come to its end says so by its outcome.
        let mismatch = expected
            .filter(|_| ended)
            .and_then(|expected| self.compare(expected, machine).err());
        let golden = expected.map(|_| {
            if ended && mismatch.is_none() {
                Golden::Pass
            } else {
                Golden::Fail
            }
        });
        let report = Report::new(&Inputs {
            config_name: &self.config_name,
            config: &self.config,
            program_path: &self.target.name,
            image: &self.target.image,
            parameters: &self.target.parameters,
            outcome,
            counters: &machine.counters(),
            console: machine.console(),
            nominal_macs: self.target.workload.and_then(nominal),
            golden,
        });
        let status = match outcome {
            Outcome::Exit(exit) if exit.code == 0 && golden == Some(Golden::Fail) => Status::Golden,
            Outcome::Exit(exit) => Status::Guest(exit.code),
            Outcome::Fault(_) => Status::Fault,
            Outcome::Limit(_) => Status::Limit,
            Outcome::Deadlock(_) => Status::Deadlock,
        };
        let warnings = machine.warnings().iter().map(|warning| {
            let symbol = self
                .target
                .image
                .symbolize(warning.pc)
                .map(|name| format!(" ({name})"))
                .unwrap_or_default();
            format!("{} at pc 0x{:08x}{symbol}", warning.what, warning.pc)
        });
        Finished {
            status,
            console: machine.console().to_vec(),
            mismatch,
            warnings: warnings.collect(),
            report,
        }
    }

    /// Runs in slices, so that guest output is seen while the guest runs.
    fn drive<O: Observer>(
        &self,
        machine: &mut Machine,
        observer: &mut O,
        console: &mut dyn FnMut(&[u8]),
    ) -> Result<Outcome, Failure> {
        let mut checkpoint = self.checkpoint.as_ref();
        if let Some((goal, place)) = &self.forward {
            let mut show = |machine: &mut Machine| {
                let bytes = machine.take_console();
                if !bytes.is_empty() {
                    console(bytes);
                }
                true
            };
            let forward = machine
                .fast_forward(*goal, self.max_cycles(), &mut show)
                .map_err(|error| Failure::BadInput(format!("--fast-forward {place}: {error}")))?;
            show(machine);
            if let Forward::Ended(outcome) = forward {
                tracing::warn!(
                    "--fast-forward {place}: the run ended before it came there, so all of it is without timing"
                );
                return Ok(outcome);
            }
        }
        if O::TRANSFERS {
            machine.watch_transfers();
        }
        loop {
            let outcome = match checkpoint {
                Some((cycle, path)) if machine.cycles() >= *cycle => {
                    output::write_whole(path, &self.save(machine)?)?;
                    checkpoint = None;
                    None
                }
                Some((cycle, _)) if *cycle < self.max_cycles() => {
                    machine.run_until(self.limits.engine, *cycle, observer)
                }
                _ => self.slice(machine, observer),
            };
            if O::TRANSFERS {
                observer.transfers(machine.take_transfers());
            }
            let bytes = machine.take_console();
            if !bytes.is_empty() {
                console(bytes);
            }
            if let Some(outcome) = outcome {
                if let Some((cycle, path)) = checkpoint {
                    let text = format!(
                        "{}: not written, because the run ended before cycle {cycle}",
                        path.display()
                    );
                    tracing::warn!("{text}");
                }
                return Ok(outcome);
            }
        }
    }

    /// Runs for a while (well below a second of host time); `None` while the run is not over.
    pub fn slice<O: Observer>(&self, machine: &mut Machine, observer: &mut O) -> Option<Outcome> {
        let (engine, max_cycles) = (self.limits.engine, self.max_cycles());
        let until = (machine.now() | (SLICE - 1)) + 1;
        if until < max_cycles {
            machine.run_until(engine, until, observer)
        } else {
            Some(machine.run(&RunOptions { engine, max_cycles }, observer))
        }
    }

    /// Compares what the program left in memory with what it should have.
    fn compare(&self, expected: &Expected, machine: &Machine) -> Result<(), String> {
        let Some(symbol) = self.target.image.symbols.find(expected.symbol) else {
            return Err(format!("the program has no symbol {}", expected.symbol));
        };
        let mut bytes = vec![0; expected.size()];
        let read = machine.memory().dump(symbol.address, &mut bytes);
        bytes.truncate(read);
        expected
            .check(&bytes)
            .map(drop)
            .map_err(|mismatch| mismatch.to_string())
    }
}
