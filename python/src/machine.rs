//! A machine under a script's control.

use ennead_cli::job::Job;
use ennead_sim::fault::Outcome;
use ennead_sim::machine::{self, Forward, Goal, Pause, Watch};
use ennead_sim::observe::Silent;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::{InputError, Request, raise};

/// Cycles of a watched run between two looks at signals: well below a second.
const SLICE: u64 = 1 << 16;

/// A machine with a program in it.
#[pyclass(module = "ennead._ennead")]
pub(crate) struct Machine {
    job: Job,
    machine: machine::Machine,
}

/// What a finished run has to say: JSON, exit code, console, mismatch, warnings.
type Finished<'py> = (String, u8, Bound<'py, PyBytes>, Option<String>, Vec<String>);

/// Why a watched run stopped, in front of which breakpoint on which core, and the markers of the last cycle.
type Stopped = (&'static str, Option<(String, u32)>, Vec<Marker>);

/// A region marker: core, region, whether it begins, cycle.
type Marker = (String, String, bool, u64);

fn refuse(error: impl std::fmt::Display) -> PyErr {
    InputError::new_err(error.to_string())
}

#[pymethods]
impl Machine {
    #[new]
    fn new(py: Python, request: Request) -> PyResult<Self> {
        let job = request.job(py)?;
        let machine = job.machine().map_err(raise)?;
        Ok(Self { job, machine })
    }

    /// Runs to the end at full speed.
    fn finish(&mut self, py: Python, console: Option<Py<PyAny>>) -> PyResult<()> {
        loop {
            let ended = py.detach(|| self.job.slice(&mut self.machine, &mut Silent).is_some());
            hand_out(&mut self.machine, py, console.as_ref())?;
            if ended {
                return Ok(());
            }
            py.check_signals()?;
        }
    }

    /// Runs through cycle `until` or to what is watched. It stops for `ended`, `cycle`, `instructions`, `breakpoint` or
    /// `regions`.
    fn run(
        &mut self,
        py: Python,
        until: u64,
        breakpoints: Vec<u32>,
        regions: bool,
        instructions: Option<(u64, Option<usize>)>,
        console: Option<Py<PyAny>>,
    ) -> PyResult<Stopped> {
        let watch = Watch {
            breakpoints: breakpoints.into_iter().collect(),
            regions,
            instructions,
        };
        let limit = self.job.max_cycles();
        let until = until.min(limit);
        loop {
            let slice = (self.machine.cycles() + SLICE).min(until);
            let pause = py.detach(|| self.machine.run_watched(slice, &watch));
            hand_out(&mut self.machine, py, console.as_ref())?;
            match pause {
                Pause::Ended(_) => return Ok(("ended", None, Vec::new())),
                Pause::Instructions => return Ok(("instructions", None, Vec::new())),
                Pause::Breakpoint { core, pc } => {
                    return Ok(("breakpoint", Some((self.machine.core_name(core), pc)), Vec::new()));
                }
                Pause::Regions(markers) => {
                    let markers = markers.iter().map(|marker| {
                        let core = self.machine.core_name(marker.core);
                        (core, self.job.region_name(marker.id), marker.begins, marker.cycle)
                    });
                    return Ok(("regions", None, markers.collect()));
                }
                Pause::Cycle if slice >= limit => {
                    self.machine.end_at_limit(limit);
                    return Ok(("ended", None, Vec::new()));
                }
                Pause::Cycle if slice >= until => return Ok(("cycle", None, Vec::new())),
                Pause::Cycle => py.check_signals()?,
            }
        }
    }

    /// Goes to a cycle or to an address without timing. It stops for `ended`, `cycle` or `breakpoint`.
    fn fast_forward(
        &mut self,
        py: Python,
        cycle: Option<u64>,
        address: Option<u32>,
        console: Option<Py<PyAny>>,
    ) -> PyResult<(&'static str, Option<(String, u32)>)> {
        let goal = match (cycle, address) {
            (_, Some(address)) => Goal::Address(address),
            (cycle, None) => Goal::Cycle(cycle.unwrap_or(0)),
        };
        let limit = self.job.max_cycles();
        let mut problem = None;
        let forward = py.detach(|| {
            self.machine.fast_forward(goal, limit, &mut |machine| {
                let looked = Python::attach(|py| {
                    hand_out(machine, py, console.as_ref())?;
                    py.check_signals()
                });
                problem = looked.err();
                problem.is_none()
            })
        });
        let forward = forward.map_err(refuse)?;
        hand_out(&mut self.machine, py, console.as_ref())?;
        match (problem, forward, goal) {
            (Some(error), ..) => Err(error),
            (None, Forward::Ended(_), _) => Ok(("ended", None)),
            (None, _, Goal::Cycle(_)) => Ok(("cycle", None)),
            (None, _, Goal::Address(pc)) => {
                let cores = self.machine.cores();
                let arrived = cores.iter().position(|core| core.pc == pc).unwrap_or(0);
                Ok(("breakpoint", Some((self.machine.core_name(arrived), pc))))
            }
        }
    }

    /// A place that the command's `--fast-forward` takes, as a cycle or an address.
    fn goal(&self, place: &str) -> PyResult<(Option<u64>, Option<u32>)> {
        Ok(match self.job.goal(place).map_err(raise)? {
            Goal::Cycle(cycle) => (Some(cycle), None),
            Goal::Address(address) => (None, Some(address)),
        })
    }

    /// What a run that has ended has to say.
    fn finished<'py>(&self, py: Python<'py>) -> Option<Finished<'py>> {
        let outcome = self.machine.outcome()?;
        let finished = self.job.finish(&self.machine, outcome);
        Some((
            finished.report.to_json(),
            finished.status.code(),
            PyBytes::new(py, &finished.console),
            finished.mismatch,
            finished.warnings,
        ))
    }

    /// The report as it would be if the run had reached its limit now.
    fn so_far(&self) -> String {
        let now = Outcome::Limit(ennead_sim::fault::Limit {
            max_cycles: self.machine.cycles(),
            cores: Vec::new(),
        });
        let outcome = self.machine.outcome().unwrap_or(&now);
        self.job.finish(&self.machine, outcome).report.to_json()
    }

    /// A checkpoint.
    fn save<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.job
            .save(&self.machine)
            .map(|bytes| PyBytes::new(py, &bytes))
            .map_err(raise)
    }

    /// The last cycle that is over.
    #[getter]
    fn cycle(&self) -> u64 {
        self.machine.cycles()
    }

    #[getter]
    fn ended(&self) -> bool {
        self.machine.ended()
    }

    /// Everything that the guest printed.
    #[getter]
    fn console<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.machine.console())
    }

    /// The cores' names, workers first.
    fn cores(&self) -> Vec<String> {
        (0..self.machine.cores().len())
            .map(|index| self.machine.core_name(index))
            .collect()
    }

    /// Instructions retired by all cores or by one.
    fn instructions(&self, core: Option<usize>) -> u64 {
        self.machine.instructions(core)
    }

    /// Address of the next instruction, address of the last one that left decode.
    fn pcs(&self, core: usize) -> (u32, u32) {
        let core = &self.machine.cores()[core];
        (core.pc, core.last_pc)
    }

    fn registers<'py>(&self, py: Python<'py>, core: usize) -> Bound<'py, PyBytes> {
        let registers = self.machine.cores()[core].registers;
        let bytes: Vec<u8> = registers.iter().flat_map(|value| value.to_le_bytes()).collect();
        PyBytes::new(py, &bytes)
    }

    fn set_register(&mut self, core: usize, register: usize, value: u32) -> PyResult<()> {
        self.machine.set_register(core, register, value).map_err(refuse)
    }

    fn set_pc(&mut self, core: usize, pc: u32) -> PyResult<bool> {
        self.machine.set_pc(core, pc).map_err(refuse)
    }

    fn read<'py>(&self, py: Python<'py>, address: u32, size: usize) -> PyResult<Bound<'py, PyBytes>> {
        self.machine.check_memory(address, size).map_err(refuse)?;
        PyBytes::new_with(py, size, |bytes| {
            self.machine.read_memory(address, bytes).map_err(refuse)
        })
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> PyResult<()> {
        self.machine.write_memory(address, bytes).map_err(refuse)
    }

    /// Address and size of a symbol.
    fn symbol(&self, name: &str) -> Option<(u32, u32)> {
        let symbol = self.job.target.image.symbols.find(name)?;
        Some((symbol.address, symbol.size))
    }

    /// The name of an address.
    fn symbolize(&self, address: u32) -> Option<String> {
        self.job.target.image.symbolize(address)
    }
}

/// Hands new guest output to the script.
fn hand_out(machine: &mut machine::Machine, py: Python, console: Option<&Py<PyAny>>) -> PyResult<()> {
    let bytes = machine.take_console();
    if let Some(console) = console
        && !bytes.is_empty()
    {
        console.call1(py, (PyBytes::new(py, bytes),))?;
    }
    Ok(())
}
