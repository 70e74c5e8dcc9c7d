//! The machine as a GDB target: every hart is a thread, and time passes for all of them together.
//!
//! Invariant: while GDB has the word, no simulated time passes.

use ennead_sim::elf::Image;
use ennead_sim::fault::{FaultKind, Outcome};
use ennead_sim::machine::Machine;
use ennead_sim::machine::debug::{Debugger, Stopped, Watched};
use gdbstub::common::{Signal, Tid};
use gdbstub::stub::MultiThreadStopReason;
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::multithread::{
    MultiThreadBase, MultiThreadResume, MultiThreadResumeOps, MultiThreadSchedulerLocking,
    MultiThreadSchedulerLockingOps, MultiThreadSingleStep, MultiThreadSingleStepOps,
};
use gdbstub::target::ext::base::single_register_access::{SingleRegisterAccess, SingleRegisterAccessOps};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwBreakpoint, HwBreakpointOps, HwWatchpoint, HwWatchpointOps, SwBreakpoint,
    SwBreakpointOps, WatchKind,
};
use gdbstub::target::ext::monitor_cmd::MonitorCmdOps;
use gdbstub::target::ext::target_description_xml_override::{
    TargetDescriptionXmlOverride, TargetDescriptionXmlOverrideOps,
};
use gdbstub::target::ext::thread_extra_info::{ThreadExtraInfo, ThreadExtraInfoOps};
use gdbstub::target::{Target, TargetError, TargetResult};

use super::registers::{File, Number, Registers, Riscv};
use super::show;
use crate::failure::Status;
use crate::job::Job;

/// What a step of GDB's is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum StepUnit {
    /// One instruction of the hart.
    #[default]
    Instruction,
    /// One cycle of all.
    Cycle,
}

/// The machine and what its client asked for.
pub(super) struct Harts {
    pub(super) debugger: Debugger,
    registers: Registers,
    pub(super) image: Image,
    pub(super) unit: StepUnit,
    /// The core of the last stop.
    pub(super) current: usize,
    step: Option<Tid>,
    alone: bool,
    outcome: Option<Outcome>,
    /// The client knows how the run ended.
    told: bool,
    /// A stop that a monitor command brought about.
    pub(super) pending: Option<Stopped>,
}

fn tid(core: usize) -> Tid {
    Tid::MIN.saturating_add(core)
}

fn core_of(tid: Tid) -> usize {
    tid.get() - 1
}

impl Harts {
    pub(super) fn new(debugger: Debugger, job: &Job) -> Self {
        let machine = debugger.machine();
        let current = machine.cores().len() - usize::from(job.config.orchestrator.present);
        Self {
            registers: Registers::new(&job.config),
            image: job.target.image.clone(),
            unit: StepUnit::default(),
            current: if job.config.orchestrator.present { current } else { 0 },
            step: None,
            alone: false,
            outcome: None,
            told: false,
            pending: None,
            debugger,
        }
    }

    /// How the run ended, once it did.
    pub(super) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    pub(super) fn machine(&self) -> &Machine {
        self.debugger.machine()
    }

    /// Runs on as GDB asked for; what it is told, if anything.
    pub(super) fn go_on(&mut self, cycles: u64) -> Option<MultiThreadStopReason<u32>> {
        if let Some(stop) = self.pending.take() {
            return Some(self.reason(stop));
        }
        let stop = match (self.step, self.unit) {
            (Some(tid), StepUnit::Cycle) => Some(self.pass(1).unwrap_or(Stopped::Step(core_of(tid)))),
            _ => self.run(cycles),
        };
        stop.map(|stop| self.reason(stop))
    }

    /// Runs on without GDB.
    pub(super) fn run(&mut self, cycles: u64) -> Option<Stopped> {
        let stop = self.debugger.run(cycles);
        self.after(stop)
    }

    /// Lets cycles pass.
    pub(super) fn pass(&mut self, cycles: u64) -> Option<Stopped> {
        let stop = self.debugger.pass(cycles);
        self.after(stop)
    }

    fn after(&mut self, stop: Option<Stopped>) -> Option<Stopped> {
        let bytes = self.debugger.machine_mut().take_console();
        if !bytes.is_empty() {
            show(bytes);
        }
        if let Some(Stopped::Ended(outcome)) = &stop
            && self.outcome.is_none()
        {
            if !matches!(outcome, Outcome::Exit(_)) {
                let text = outcome.message(&|address| self.image.symbolize(address));
                eprintln!("ennead: {}: {text}", outcome.kind());
            }
            self.outcome = Some(outcome.clone());
        }
        stop
    }

    /// A stop of the hart of the last one.
    pub(super) fn signal(&self, signal: Signal) -> MultiThreadStopReason<u32> {
        let tid = tid(self.current);
        MultiThreadStopReason::SignalWithThread { tid, signal }
    }

    fn reason(&mut self, stop: Stopped) -> MultiThreadStopReason<u32> {
        match stop {
            Stopped::Breakpoint(core) => {
                self.current = core;
                MultiThreadStopReason::SwBreak(tid(core))
            }
            Stopped::Step(core) => {
                self.current = core;
                self.signal(Signal::SIGTRAP)
            }
            Stopped::Cycle => self.signal(Signal::SIGTRAP),
            Stopped::Watchpoint(hit) => {
                match hit.core {
                    Some(core) => self.current = core,
                    None => eprintln!(
                        "ennead: cycle {}: 0x{:08x} was written by no core: by the DMA or the host",
                        self.debugger.cycle(),
                        hit.address
                    ),
                }
                MultiThreadStopReason::Watch {
                    tid: tid(self.current),
                    kind: watch_kind(hit.watched),
                    addr: hit.address,
                }
            }
            Stopped::Ended(outcome) => self.end(&outcome),
        }
    }

    /// A run that did not exit can be looked at before it is over for GDB, too.
    fn end(&mut self, outcome: &Outcome) -> MultiThreadStopReason<u32> {
        let code = match outcome {
            Outcome::Exit(exit) => Status::Guest(exit.code).code(),
            Outcome::Fault(_) => Status::Fault.code(),
            Outcome::Limit(_) => Status::Limit.code(),
            Outcome::Deadlock(_) => Status::Deadlock.code(),
        };
        if std::mem::replace(&mut self.told, true) {
            return MultiThreadStopReason::Exited(code);
        }
        match outcome {
            Outcome::Exit(_) => MultiThreadStopReason::Exited(code),
            Outcome::Fault(fault) => {
                let names = 0..self.machine().cores().len();
                let core = names
                    .into_iter()
                    .find(|core| self.debugger.state(*core).core == fault.at.core);
                self.current = core.unwrap_or(self.current);
                self.signal(match fault.kind {
                    FaultKind::IllegalInstruction { .. } | FaultKind::FloatOff { .. } | FaultKind::Strict { .. } => {
                        Signal::SIGILL
                    }
                    FaultKind::Unmapped { .. } => Signal::SIGSEGV,
                    FaultKind::Misaligned { .. } | FaultKind::Device { .. } => Signal::SIGBUS,
                    FaultKind::DoubleTrap { .. } | FaultKind::UnhandledTrap { .. } => Signal::SIGTRAP,
                })
            }
            Outcome::Limit(_) => self.signal(Signal::SIGXCPU),
            Outcome::Deadlock(_) => self.signal(Signal::SIGSTOP),
        }
    }

    /// The symbol of an address, in brackets, if it has one.
    pub(super) fn symbol(&self, address: u32) -> String {
        self.image
            .symbolize(address)
            .map(|name| format!(" ({name})"))
            .unwrap_or_default()
    }
}

impl Target for Harts {
    type Arch = Riscv;
    type Error = &'static str;

    fn base_ops(&mut self) -> BaseOps<'_, Riscv, Self::Error> {
        BaseOps::MultiThread(self)
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    fn support_monitor_cmd(&mut self) -> Option<MonitorCmdOps<'_, Self>> {
        Some(self)
    }

    fn support_target_description_xml_override(&mut self) -> Option<TargetDescriptionXmlOverrideOps<'_, Self>> {
        Some(self)
    }
}

impl TargetDescriptionXmlOverride for Harts {
    fn target_description_xml(
        &self,
        annex: &[u8],
        offset: u64,
        length: usize,
        buffer: &mut [u8],
    ) -> TargetResult<usize, Self> {
        if annex != b"target.xml" {
            return Err(TargetError::NonFatal);
        }
        let rest = self.registers.xml.as_bytes();
        let rest = rest.get(offset as usize..).unwrap_or_default();
        let size = rest.len().min(length).min(buffer.len());
        buffer[..size].copy_from_slice(&rest[..size]);
        Ok(size)
    }
}

impl MultiThreadBase for Harts {
    fn read_registers(&mut self, file: &mut File, tid: Tid) -> TargetResult<(), Self> {
        let core = core_of(tid);
        let (pc, now) = (self.debugger.pc(core), self.debugger.cycle());
        let state = &self.debugger.machine().cores()[core];
        file.0 = (0..self.registers.count())
            .filter_map(|number| self.registers.read(number, state, pc, now))
            .collect();
        Ok(())
    }

    fn write_registers(&mut self, file: &File, tid: Tid) -> TargetResult<(), Self> {
        let mut now = File::default();
        self.read_registers(&mut now, tid)?;
        let changed = file
            .0
            .iter()
            .zip(&now.0)
            .enumerate()
            .filter(|(_, (new, old))| new != old);
        for (number, (value, _)) in changed {
            self.write_register(tid, Number(number), &value.to_le_bytes())?;
        }
        Ok(())
    }

    fn support_single_register_access(&mut self) -> Option<SingleRegisterAccessOps<'_, Tid, Self>> {
        Some(self)
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8], tid: Tid) -> TargetResult<usize, Self> {
        match self.debugger.read(core_of(tid), start, data) {
            0 => Err(TargetError::NonFatal),
            count => Ok(count),
        }
    }

    fn write_addrs(&mut self, start: u32, data: &[u8], tid: Tid) -> TargetResult<(), Self> {
        if self.debugger.write(core_of(tid), start, data) == data.len() {
            Ok(())
        } else {
            Err(TargetError::NonFatal)
        }
    }

    fn list_active_threads(&mut self, active: &mut dyn FnMut(Tid)) -> Result<(), Self::Error> {
        // The first is the one that the client looks at first.
        let count = self.machine().cores().len();
        active(tid(self.current));
        (0..count)
            .filter(|core| *core != self.current)
            .for_each(|core| active(tid(core)));
        Ok(())
    }

    fn support_resume(&mut self) -> Option<MultiThreadResumeOps<'_, Self>> {
        Some(self)
    }

    fn support_thread_extra_info(&mut self) -> Option<ThreadExtraInfoOps<'_, Self>> {
        Some(self)
    }
}

impl SingleRegisterAccess<Tid> for Harts {
    fn read_register(&mut self, tid: Tid, number: Number, buffer: &mut [u8]) -> TargetResult<usize, Self> {
        let core = core_of(tid);
        let (pc, now) = (self.debugger.pc(core), self.debugger.cycle());
        let state = &self.debugger.machine().cores()[core];
        let value = self
            .registers
            .read(number.0, state, pc, now)
            .ok_or(TargetError::NonFatal)?;
        let bytes = value.to_le_bytes();
        buffer
            .get_mut(..4)
            .ok_or(TargetError::NonFatal)?
            .copy_from_slice(&bytes);
        Ok(4)
    }

    fn write_register(&mut self, tid: Tid, number: Number, value: &[u8]) -> TargetResult<(), Self> {
        let word = value
            .try_into()
            .map(u32::from_le_bytes)
            .map_err(|_| TargetError::NonFatal)?;
        let registers = &self.registers;
        let written = self
            .debugger
            .change(core_of(tid), |core, now| registers.write(number.0, word, core, now));
        if written { Ok(()) } else { Err(TargetError::NonFatal) }
    }
}

impl ThreadExtraInfo for Harts {
    fn thread_extra_info(&self, tid: Tid, buffer: &mut [u8]) -> Result<usize, Self::Error> {
        let state = self.debugger.state(core_of(tid));
        let text = format!("{} {}", state.core, state.doing.text());
        let size = text.len().min(buffer.len());
        buffer[..size].copy_from_slice(&text.as_bytes()[..size]);
        Ok(size)
    }
}

impl MultiThreadResume for Harts {
    fn resume(&mut self) -> Result<(), Self::Error> {
        if let (Some(tid), StepUnit::Instruction) = (self.step, self.unit) {
            self.debugger.begin_step(core_of(tid), self.alone);
        }
        Ok(())
    }

    fn clear_resume_actions(&mut self) -> Result<(), Self::Error> {
        (self.step, self.alone) = (None, false);
        Ok(())
    }

    fn set_resume_action_continue(&mut self, _: Tid, _: Option<Signal>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<MultiThreadSingleStepOps<'_, Self>> {
        Some(self)
    }

    fn support_scheduler_locking(&mut self) -> Option<MultiThreadSchedulerLockingOps<'_, Self>> {
        Some(self)
    }
}

impl MultiThreadSingleStep for Harts {
    fn set_resume_action_step(&mut self, tid: Tid, _: Option<Signal>) -> Result<(), Self::Error> {
        self.step = Some(tid);
        Ok(())
    }
}

impl MultiThreadSchedulerLocking for Harts {
    fn set_resume_action_scheduler_lock(&mut self) -> Result<(), Self::Error> {
        self.alone = true;
        Ok(())
    }
}

impl Breakpoints for Harts {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_watchpoint(&mut self) -> Option<HwWatchpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Harts {
    fn add_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        self.debugger.add_breakpoint(address);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        Ok(self.debugger.remove_breakpoint(address))
    }
}

/// No code is changed for a breakpoint, so both kinds are the same.
impl HwBreakpoint for Harts {
    fn add_hw_breakpoint(&mut self, address: u32, kind: usize) -> TargetResult<bool, Self> {
        self.add_sw_breakpoint(address, kind)
    }

    fn remove_hw_breakpoint(&mut self, address: u32, kind: usize) -> TargetResult<bool, Self> {
        self.remove_sw_breakpoint(address, kind)
    }
}

impl HwWatchpoint for Harts {
    fn add_hw_watchpoint(&mut self, address: u32, size: u32, kind: WatchKind) -> TargetResult<bool, Self> {
        self.debugger.add_watchpoint(address, size, watched(kind));
        Ok(true)
    }

    fn remove_hw_watchpoint(&mut self, address: u32, size: u32, kind: WatchKind) -> TargetResult<bool, Self> {
        Ok(self.debugger.remove_watchpoint(address, size, watched(kind)))
    }
}

fn watched(kind: WatchKind) -> Watched {
    Watched {
        reads: kind != WatchKind::Write,
        writes: kind != WatchKind::Read,
    }
}

fn watch_kind(watched: Watched) -> WatchKind {
    match (watched.reads, watched.writes) {
        (true, true) => WatchKind::ReadWrite,
        (true, false) => WatchKind::Read,
        _ => WatchKind::Write,
    }
}
