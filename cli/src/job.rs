//! One run: a program on a machine, checked before the first cycle, with its report at the end.
//!
//! `run` and `sweep` differ in where jobs come from and where results go; what a job is, is here.

use ennead_sim::config::{Config, Draft};
use ennead_sim::report::{Golden, HostReport, Inputs, Report};
use ennead_sim::fault::Outcome;

use crate::args::Isa;
use crate::failure::{Failure, Status};
use crate::list::nominal;
use crate::target::Target;
use crate::trace::RetireTrace;

/// A run that can begin.
pub(crate) struct Job {
    pub(crate) target: Target,
    /// The machine's name or file.
    pub(crate) config_name: String,
    pub(crate) config: Config,
    pub(crate) max_cycles: Option<u64>,
}

/// A run that has ended.
pub(crate) struct Finished {
    pub(crate) report: Report,
    pub(crate) status: Status,
    pub(crate) console: Vec<u8>,
    /// Why the results are not those of the golden tensor.
    pub(crate) mismatch: Option<String>,
}

impl Job {
    /// Brings a program and a machine together.
    pub(crate) fn new(
        mut target: Target,
        config_name: &str,
        mut draft: Draft,
        isa: Option<Isa>,
        max_cycles: Option<u64>,
    ) -> Result<Self, Failure> {
        if let Some(isa) = isa {
            target.image.override_isa(isa.name());
            draft.set("core.isa", isa.name()).map_err(Failure::bad_input)?;
        }
        let config = draft.finish().map_err(Failure::bad_input)?;
        let refuse = |error| Failure::BadInput(format!("{} on {config_name}: {error}", target.name));
        target.image.check_machine(&config).map_err(refuse)?;
        Ok(Self { target, config_name: config_name.to_owned(), config, max_cycles })
    }

    /// Runs it; `console` sees guest output as it appears.
    pub(crate) fn run(
        &self,
        _console: &mut dyn FnMut(&[u8]),
        _trace: Option<&mut RetireTrace>,
    ) -> Result<Finished, Failure> {
        Err(Failure::BadInput("no engine yet".into()))
    }
}
