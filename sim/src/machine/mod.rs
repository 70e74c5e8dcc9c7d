//! A machine: cores, memories and devices wired together, and what one cycle of them is.
//!
//! It is driven by an engine, which decides which cycles to visit; what happens in a cycle is here, once for both
//! engines. It prints nothing, and reads no file but the grant pattern that a configuration may name.
//!
//! Invariant: the state after cycle c depends on the config, the image and c, not on the engine.

mod access;
mod ahead;
mod calendar;
mod checkpoint;
mod crossing;
pub mod debug;
mod devices;
mod ending;
mod forward;
mod host;
mod inspect;
mod instructions;
mod round;
mod semihost;
mod syscall;

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use ennead_isa::Decoder;

use crate::cluster::control::{ClusterControl, IcacheControl};
use crate::cluster::dma::{Completion, Dma, DmaTiming};
use crate::cluster::event_unit::{EventUnit, Wake};
use crate::cluster::fpu::FpuPool;
use crate::config::{Config, ConfigError, Map, Sharing};
use crate::core::block::BlockRules;
use crate::core::course::LONGEST_GAP;
use crate::core::fetch::{GrantTrace, GrantTraceError};
use crate::core::uop::Lowering;
use crate::core::{Asked, Core, Next, Reply};
use crate::counters::Forwarded;
use crate::elf::{ElfError, Image, MemoryRegion};
use crate::fault::Outcome;
use crate::memory::l1::{Arbiter, Masters, Plain, Requests};
use crate::memory::map::base;
use crate::memory::{Memory, Which};
use crate::observe::{Observer, Silent};
use crate::program::Program;
use crate::soc::bench::Bench;
use crate::soc::clock::Clocks;
use crate::soc::control::SocControl;
use crate::soc::event_unit::SocEventUnit;
use crate::soc::fll::Flls;
use crate::soc::gpio::Gpio;
use crate::soc::itc::Itc;
use crate::soc::stdout::Stdout;
use crate::soc::timer::Timer;
use crate::soc::udma::Udma;

use access::Path;
use ahead::Ahead;
use ending::Recorder;
use host::Host;
use semihost::Semihost;

pub use checkpoint::{CheckpointError, FORMAT as CHECKPOINT_FORMAT};
pub use ending::Stop;
pub use forward::{Forward, Goal, Replays};
pub use inspect::{Marker, NoSuchPlace, Pause, Watch};
pub use semihost::{HostFile, HostFiles, OpenMode};

use calendar::Calendar;
pub use calendar::CoreSet;
use crossing::Crossing;
use round::Lookout;

/// The orchestrator's hart number in the PULP-open machine: cluster 31, core 0.
const ORCHESTRATOR_HART: u32 = 0x3e0;
/// A cycle that never comes.
const NEVER: u64 = u64::MAX;
/// Workers of a machine at most.
const MAX_WORKERS: usize = 64;

/// What a worker asks for in the cycle in which it is due, where that is arbitrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Want(u16);

impl Want {
    /// Nothing.
    const NOTHING: Self = Self(u16::MAX);
    /// An FPU.
    const FPU: Self = Self(u16::MAX - 1);

    #[inline(always)]
    fn bank(bank: usize) -> Self {
        Self(bank as u16)
    }

    /// The bank that it asks for.
    #[inline(always)]
    fn of_bank(self) -> Option<usize> {
        (self.0 < Self::FPU.0).then_some(usize::from(self.0))
    }
}

/// What each core asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Wants(#[serde(with = "serde_big_array::BigArray")] [Want; 2 * MAX_WORKERS]);

impl Wants {
    #[inline(always)]
    fn of(&self, core: usize) -> Want {
        self.0[core % (2 * MAX_WORKERS)]
    }

    #[inline(always)]
    fn set(&mut self, core: usize, want: Want) {
        self.0[core % (2 * MAX_WORKERS)] = want;
    }
}

/// DMA-side masters of the L1.
const DMA_PORTS: usize = 4;
/// Control ports of the DMA on the bus: the cluster's and the orchestrator's.
const BUS_PORTS: usize = 2;

/// Why a machine cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The configuration is impossible.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The program does not fit.
    #[error(transparent)]
    Elf(#[from] ElfError),
    /// The grant pattern cannot be used.
    #[error("core.grant_trace = {path:?}: {error}")]
    GrantTrace {
        /// The file.
        path: String,
        /// Why not.
        error: GrantTraceError,
    },
}

/// A whole machine.
pub struct Machine {
    config: Config,
    /// Workers in order, then the orchestrator where there is one.
    cores: Vec<Core>,
    workers: usize,
    program: Program,
    memory: Memory,
    arbiter: Arbiter,
    fpu: FpuPool,
    event_unit: EventUnit,
    dma: Dma,
    /// Transfers that end in this cycle.
    completions: Vec<Completion>,
    /// Cores whose load of a transfer ID waits until somebody gives one back.
    waiting_for_id: Vec<usize>,
    control: ClusterControl,
    icache_control: IcacheControl,
    /// The shared instruction cache, where caches are modelled.
    icache: Option<instructions::Icache>,
    soc_control: SocControl,
    stdout: Stdout,
    flls: Flls,
    gpio: Gpio,
    itc: Itc,
    soc_events: SocEventUnit,
    timers: [Timer; 2],
    cluster_timer: Timer,
    udma: Udma,
    bench: Bench,
    /// When the single core's memory ports grant, where that is replayed (R25, R26).
    grants: Option<GrantTrace>,
    /// The first cycle in which that pattern can say that the next access's response follows.
    answers_from: u64,
    /// The address that the bench's background master reads in every cycle.
    stream: Option<u32>,
    paths: Vec<Path>,
    recorders: Vec<Recorder>,
    /// Who asks for the shared targets, and whose turn it is (P3, P4).
    ports: access::Ports,
    clocks: Clocks,
    /// The orchestrator and the SoC's devices have another clock than the cluster.
    two_clocks: bool,
    crossing: Crossing,
    wakes: Vec<Wake>,
    /// Who asks for which bank in this cycle.
    bank_requests: Requests,
    /// What workers reach without routing.
    plain: Plain,
    /// Workers' ways along courses, and who was granted something that was not caught up with, one bit each.
    ahead: Box<[Ahead; MAX_WORKERS]>,
    owing: u64,
    /// Looks for what workers do again and again.
    lookout: Lookout,
    /// The bank that each worker's plain L1 access asks for, or the FPU.
    wants: Wants,
    /// Which cores are due when.
    calendar: Calendar,
    now: u64,
    outcome: Option<Outcome>,
    /// Where the program calls the host, if it does.
    host: Option<Host>,
    semihost: Semihost,
    /// Where the heap begins, and where it ends for now.
    first_break: u32,
    program_break: u32,
    console: Vec<u8>,
    /// The first cycle in which a device does something by itself, or [`NEVER`].
    devices_next: u64,
    /// The same of the devices other than the DMA, which is often the only one that is due.
    others_next: u64,
    /// Console bytes that were handed out already.
    shown: usize,
    warnings: Vec<Warning>,
    warned: BTreeSet<u32>,
    strict: bool,
    /// A bank that a test-and-set writes in the given cycle (E9).
    locked_bank: Option<(usize, u64)>,
    forwarded: Forwarded,
    end: Option<u64>,
}

/// An access to a register that the model does not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The address.
    pub address: u32,
    /// The instruction.
    pub pc: u32,
    /// What it was.
    pub what: String,
}

impl Machine {
    /// Builds the machine and loads the program.
    ///
    /// # Errors
    /// [`BuildError`] if the configuration is impossible or the program does not fit into its memories.
    pub fn new(config: &Config, image: &Image) -> Result<Self, BuildError> {
        config.check()?;
        let (l1_base, l2_base) = match config.machine.map {
            Map::PulpOpen => (base::L1, base::L2),
            Map::Bench => (base::BENCH_L1, base::L2),
        };
        let mut memory = Memory::new((l1_base, config.l1.size), (l2_base, config.l2.size));
        image.check_fits(&[
            MemoryRegion {
                name: "L1",
                start: l1_base,
                size: config.l1.size,
                key: "l1.size",
            },
            MemoryRegion {
                name: "L2",
                start: l2_base,
                size: config.l2.size,
                key: "l2.size",
            },
        ])?;
        for segment in &image.segments {
            memory.load(segment.paddr, &segment.bytes);
        }
        let workers = config.cluster.workers;
        let boot = image.entry;
        let mut cores: Vec<Core> = (0..workers).map(|i| Core::new(i, config, i as u32, boot)).collect();
        if config.orchestrator.present {
            cores.push(Core::new(workers, config, ORCHESTRATOR_HART, boot));
        }
        let sizes = [memory.size(Which::L1), memory.size(Which::L2)];
        let program = Program::new(
            Decoder::new(&config.core.instruction_set()),
            Lowering::new(config),
            BlockRules {
                generation: config.core.generation,
                private_fpu: config.fpu.sharing == Sharing::Private,
            },
            sizes,
        );
        let others = if config.machine.map == Map::Bench {
            usize::from(config.l1.traffic_master)
        } else {
            DMA_PORTS
        };
        let count = cores.len();
        let clocks = Clocks::new(config.cluster.frequency_hz, config.soc.frequency_hz);
        let heap = Self::heap(image, (l2_base, config.l2.size));
        let mut machine = Self {
            arbiter: Arbiter::new(config.l1.interconnect, config.l1.banks, workers, others),
            fpu: FpuPool::new(&config.fpu, workers),
            event_unit: EventUnit::new(workers),
            dma: Dma::new(
                workers + BUS_PORTS,
                DmaTiming {
                    burst_bytes: config.dma.burst_bytes,
                    outstanding: config.dma.outstanding,
                    read_latency: config.l2.read_latency,
                    write_latency: config.l2.write_latency,
                    clocks,
                },
            ),
            completions: Vec::new(),
            waiting_for_id: Vec::new(),
            control: ClusterControl::new(workers, boot),
            icache_control: IcacheControl::new(config.icache.enabled, config.icache.prefetch),
            icache: instructions::Icache::new(config, &mut cores, clocks),
            soc_control: SocControl::new(boot),
            stdout: Stdout::default(),
            flls: Flls::default(),
            gpio: Gpio::default(),
            itc: Itc::default(),
            soc_events: SocEventUnit::default(),
            timers: [(); 2].map(|()| Timer::new(config.soc.frequency_hz)),
            cluster_timer: Timer::new(config.cluster.frequency_hz),
            udma: Udma::default(),
            bench: Bench::default(),
            grants: None,
            answers_from: 0,
            stream: None,
            paths: vec![Path::default(); count],
            recorders: Vec::new(),
            ports: access::Ports::default(),
            clocks,
            two_clocks: !clocks.are_equal(),
            crossing: Crossing::default(),
            wakes: Vec::new(),
            bank_requests: Requests::new(config.l1.banks),
            plain: Plain {
                base: l1_base,
                bytes: if config.core.response_latency > 1 {
                    0
                } else {
                    config.l1.size
                },
                bank_mask: config.l1.banks as u32 - 1,
            },
            ahead: Box::new(std::array::from_fn(|_| Ahead::default())),
            owing: 0,
            lookout: Lookout::default(),
            wants: Wants([Want::NOTHING; 2 * MAX_WORKERS]),
            calendar: Calendar::new(),
            now: 1,
            outcome: None,
            host: None,
            semihost: Semihost::default(),
            first_break: heap,
            program_break: heap,
            console: Vec::new(),
            devices_next: NEVER,
            others_next: NEVER,
            shown: 0,
            warnings: Vec::new(),
            warned: BTreeSet::new(),
            strict: false,
            locked_bank: None,
            forwarded: Forwarded::default(),
            end: None,
            config: config.clone(),
            workers,
            cores,
            program,
            memory,
        };
        machine.connect_host(image);
        machine.replay_grants()?;
        machine.reset(boot);
        machine.recorders = machine.cores.iter().map(Recorder::new).collect();
        Ok(machine)
    }

    /// Reads the grant pattern that the configuration names, if any.
    fn replay_grants(&mut self) -> Result<(), BuildError> {
        let path = &self.config.core.grant_trace;
        if path.is_empty() {
            return Ok(());
        }
        let bytes = std::fs::read(path).map_err(GrantTraceError::from);
        let grants = bytes
            .and_then(|bytes| GrantTrace::parse(&bytes))
            .map_err(|error| BuildError::GrantTrace {
                path: path.clone(),
                error,
            })?;
        self.cores[0].replay(grants.clone());
        self.grants = Some(grants);
        self.plain.bytes = 0;
        Ok(())
    }

    /// Releases reset: the orchestrator starts, or every worker where there is none.
    fn reset(&mut self, boot: u32) {
        let first = if self.config.orchestrator.present {
            self.workers
        } else {
            0
        };
        for index in first..self.cores.len() {
            self.cores[index].start(1, boot, &self.memory);
            self.schedule(index);
        }
        self.devices_changed();
    }

    /// The cycle that an engine visits next at the earliest.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// How the run ended, once it did.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether the run is over.
    pub fn ended(&self) -> bool {
        self.outcome.is_some()
    }

    /// The first cycle in which anything happens.
    #[inline(always)]
    pub fn next_due(&self) -> Option<u64> {
        let cores = self.calendar.next().unwrap_or(NEVER);
        let cycle = cores.min(self.devices_next);
        (cycle != NEVER).then(|| cycle.max(self.now))
    }

    /// Takes the cores that are due in cycle `now` from the calendar.
    #[inline(always)]
    pub fn take_due(&mut self, now: u64) -> CoreSet {
        self.calendar.take(now)
    }

    /// The cores that need something in cycle `now`, found by looking at each.
    pub fn due_now(&self, now: u64) -> CoreSet {
        let due = |index: &usize| self.due(*index).is_some_and(|cycle| cycle <= now);
        (0..self.cores.len()).filter(due).collect()
    }

    #[inline(always)]
    fn due(&self, index: usize) -> Option<u64> {
        self.own_due(index).map(|cycle| self.cluster_cycle(index, cycle))
    }

    /// The cycle of its own clock in which a core needs something.
    #[inline(always)]
    fn own_due(&self, index: usize) -> Option<u64> {
        match self.cores[index].next {
            Next::Issue(cycle) | Next::Fpu(cycle) | Next::Asleep(cycle) => Some(cycle),
            Next::Request(cycle) => Some(self.paths[index].granted_at().unwrap_or(cycle)),
            Next::Faulted(cycle) | Next::Host(cycle) => Some(cycle),
            Next::Stopped | Next::Waiting | Next::Fetch => None,
        }
    }

    /// Puts a core into the calendar for what it needs next.
    #[inline(always)]
    pub(super) fn schedule(&mut self, index: usize) {
        if self.is_apart(index) {
            return self.schedule_orchestrator();
        }
        match self.cores[index].next {
            Next::Request(cycle) => {
                if let Some(bank) = self.plain_bank(index) {
                    return self.ask_for_bank(index, cycle, bank);
                }
            }
            Next::Fpu(cycle) => return self.ask_for_fpu(index, cycle),
            _ => {}
        }
        self.wants.set(index, Want::NOTHING);
        self.cores[index].leave_chain();
        if let Some(cycle) = self.due(index) {
            self.calendar.insert(cycle, index);
        }
    }

    /// Worker `index` asks for a bank in `cycle`.
    #[inline(always)]
    fn ask_for_bank(&mut self, index: usize, cycle: u64, bank: usize) {
        self.wants.set(index, Want::bank(bank));
        self.calendar.insert_at_bank(cycle, index, bank);
    }

    /// Worker `index` asks for an FPU in `cycle`.
    #[inline(always)]
    fn ask_for_fpu(&mut self, index: usize, cycle: u64) {
        self.wants.set(index, Want::FPU);
        self.calendar.insert_at_fpu(cycle, index);
    }

    /// Lets a core run on from where it is.
    #[inline(always)]
    fn advance<O: Observer>(&mut self, index: usize, horizon: u64, observer: &mut O) {
        let core = &mut self.cores[index];
        let undisturbed = core.undisturbed();
        let horizon = if !undisturbed && core.interruptible() {
            self.now.min(horizon)
        } else {
            horizon
        };
        if self.is_apart(index) {
            let (known, horizon) = (self.clocks.soc_by(self.now), self.clocks.soc_by(horizon));
            return self.advance_by(index, known, horizon, observer);
        }
        self.advance_by(index, self.now, horizon, observer);
    }

    /// The same in cycles of the core's own clock: lines are known up to `known`.
    #[inline(always)]
    fn advance_by<O: Observer>(&mut self, index: usize, known: u64, horizon: u64, observer: &mut O) {
        let core = &mut self.cores[index];
        let undisturbed = core.undisturbed();
        core.lines_known = known;
        core.advance(&mut self.program, &self.memory, horizon, observer);
        if !undisturbed && let Some((cycle, line)) = core.acknowledged.take() {
            self.acknowledge(index, cycle, line);
        }
        // A core that did not run ahead is at its fault in this very cycle.
        if matches!(self.cores[index].next, Next::Faulted(cycle) if cycle <= known) {
            return self.core_faulted(index);
        }
        self.schedule(index);
    }

    /// Answers a core's access and lets it run on.
    #[inline(always)]
    fn complete<O: Observer>(&mut self, index: usize, mut reply: Reply, horizon: u64, observer: &mut O) {
        if self.plain.bytes == 0 {
            reply.latency = self.response_latency();
        }
        let core = &mut self.cores[index];
        if !core.asks() {
            // It was stopped in this very cycle.
            return;
        }
        self.recorders[index].reply(core, reply);
        core.complete(reply, &self.program, &self.memory);
        if core.asks() {
            self.schedule(index);
        } else {
            self.advance(index, horizon, observer);
        }
    }

    /// A core on a chain won its bank: does its access and lets it run on.
    #[inline(always)]
    fn serve_chained<O: Observer>(&mut self, index: usize, asked: Asked, horizon: u64, observer: &mut O) {
        let offset = asked.address.wrapping_sub(self.memory.base(Which::L1));
        let mut data = 0;
        if !asked.write {
            data = self.memory.read(Which::L1, offset);
        } else if let Some((_, data, byte_enable)) = self.cores[index].stored() {
            self.store(Some(index), Which::L1, offset, data, byte_enable);
        }
        self.ride_on(index, data, horizon, observer);
    }

    /// The access that a core on a chain asks for was done and read `data`: lets it run on.
    #[inline(always)]
    fn ride_on<O: Observer>(&mut self, index: usize, data: u32, horizon: u64, observer: &mut O) {
        self.end_course(index);
        let reply = Reply::of_bank(self.now, data);
        let core = &mut self.cores[index];
        let recorder = &mut self.recorders[index];
        if !recorder.has_room(1) || !core.ride(self.now, data, &self.program, horizon, observer) {
            core.leave_chain();
            return self.complete(index, reply, horizon, observer);
        }
        recorder.reply(core, reply);
        let Some(asked) = core.asked() else { return };
        match self.plain.bank_of(asked.address) {
            Some(bank) if !asked.crosses => {
                self.ask_for_bank(index, asked.cycle, bank);
            }
            _ => {
                self.cores[index].leave_chain();
                self.schedule(index);
            }
        }
    }

    /// Lets every core leave the chain that it is on, so that it can be looked at.
    pub(crate) fn leave_chains(&mut self) {
        (0..self.cores.len()).for_each(|index| self.leave_chain(index));
    }

    /// Lets a core leave the chain that it is on, if any.
    fn leave_chain(&mut self, index: usize) {
        if index < self.workers {
            self.end_course(index);
        }
        self.cores[index].leave_chain();
    }

    /// R25: cycles from a grant in this cycle to its response.
    #[cold]
    fn response_latency(&mut self) -> u32 {
        let mut latency = self.config.core.response_latency;
        if let Some(grants) = &self.grants {
            let follows = grants.response_from(self.now.max(self.answers_from));
            self.answers_from = follows + 1;
            latency += (follows - self.now) as u32;
        }
        latency
    }

    /// Everything that happens in cycle `now`: devices first, then the cores in `due`. Cores may run ahead through
    /// instructions that leave decode up to and including `horizon`.
    pub fn cycle<O: Observer>(&mut self, now: u64, due: CoreSet, horizon: u64, observer: &mut O) {
        self.serve(now, due, horizon, observer);
        self.close_cycle();
    }

    /// Goes through cycles in which nobody but workers that ask for banks or FPUs is due, the last of them some cycles before
    /// `limit`: what [`Machine::cycle`] does in them. Instructions are fetched from an ideal memory, and nobody watches.
    pub fn meet(&mut self, limit: u64, ahead: u64) {
        // Whatever courses ask for next, they do so no later than `limit`.
        let last = limit.saturating_sub(LONGEST_GAP);
        while let Some(now) = self.calendar.next()
            && now <= last
            && now < self.devices_next
            && let due = self.calendar.due_in(now)
            && let Some(workers) = due.meeting()
        {
            let (fpus, contested) = (due.fpus, due.contested);
            self.calendar.passed(now);
            self.now = now;
            let horizon = (now + ahead).min(limit);
            // Those whose course does not just go on, and who asks for FPUs in the next cycle.
            let (mut late, mut soon) = (0, 0);
            let mut rest = workers & !fpus;
            if contested {
                rest = self.contend(rest);
            }
            while rest != 0 {
                let index = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                if !contested {
                    self.arbiter.grant_only(self.wants.of(index).0.into(), index);
                }
                if !self.go_straight_ahead(index, false, &mut soon) {
                    late |= 1 << index;
                }
            }
            if late != 0 {
                self.meet_late(late, horizon);
            }
            if fpus != 0 {
                let granted = self.grant_fpus(fpus);
                soon |= fpus & !granted;
                let mut rest = granted;
                while rest != 0 {
                    let index = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    if !self.go_straight_ahead(index, true, &mut soon) {
                        late |= 1 << index;
                        self.operate_late(index, horizon);
                    }
                }
            }
            self.calendar.insert_at_fpus_next(soon);
            self.now += 1;
            if late != 0 {
                if self.outcome.is_some() {
                    return;
                }
                self.look_out(limit);
            }
        }
    }

    /// Arbitrates banks that workers ask for, of which some are contested: who got theirs. The others ask again.
    #[inline(never)]
    fn contend(&mut self, mut asking: u64) -> u64 {
        while asking != 0 {
            let index = asking.trailing_zeros() as usize;
            asking &= asking - 1;
            self.bank_requests.ask(self.wants.of(index).0.into(), index);
        }
        let mut winners = 0;
        for word in 0..self.bank_requests.words() {
            let banks = self.bank_requests.take(word);
            self.arbitrate(word, banks, |_, winner| winners |= 1 << winner);
        }
        winners
    }

    /// Serves workers that got their banks, in the order of the banks: others may see what they do.
    #[inline(never)]
    fn meet_late(&mut self, mut late: u64, horizon: u64) {
        while late != 0 {
            let (mut index, mut rest) = (late.trailing_zeros() as usize, late & (late - 1));
            while rest != 0 {
                let other = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                if self.wants.of(other).0 < self.wants.of(index).0 {
                    index = other;
                }
            }
            late &= !(1 << index);
            if !self.go_further(index, horizon) {
                self.serve_worker(index, horizon, &mut Silent);
            }
        }
    }

    /// All of it but the fetch stages.
    #[inline(always)]
    fn serve<O: Observer>(&mut self, now: u64, mut due: CoreSet, horizon: u64, observer: &mut O) {
        self.now = now;
        if self.two_clocks {
            due.remove(self.workers);
            self.begin_crossing();
        }
        // A store that starts or stops the background master shows in the next cycle.
        let stream = self.stream;
        if self.devices_next <= now {
            self.tick_devices(horizon, observer);
        }
        let mut fpu = 0u64;
        due.drain(|index| {
            let want = self.wants.of(index);
            if let Some(bank) = want.of_bank() {
                self.bank_requests.ask(bank, index);
            } else if want == Want::FPU {
                fpu |= 1 << index;
            } else {
                self.serve_core(index, horizon, observer);
            }
        });
        observer.served(now);
        self.serve_ports(horizon, observer);
        if let Some(address) = stream {
            self.ask_stream(address);
        }
        self.serve_banks(horizon, observer);
        if fpu != 0 {
            self.serve_fpus(fpu, horizon, observer);
        }
        if self.two_clocks {
            self.serve_soc(horizon, observer);
        }
    }

    /// What a core that is due needs, where that is no shared FPU.
    #[inline(always)]
    fn serve_core<O: Observer>(&mut self, index: usize, horizon: u64, observer: &mut O) {
        match self.cores[index].next {
            Next::Issue(_) => self.advance(index, horizon, observer),
            Next::Request(_) => self.ask(index, horizon, observer),
            Next::Asleep(_) => self.try_wake(index),
            Next::Faulted(_) => self.core_faulted(index),
            Next::Host(_) => self.semihost(index, horizon, observer),
            Next::Stopped | Next::Waiting | Next::Fetch | Next::Fpu(_) => {}
        }
    }

    /// The fetch stages, and the next cycle has come.
    #[inline(always)]
    fn close_cycle(&mut self) {
        if self.icache.is_some() {
            self.fetch_cycle();
        }
        self.now += 1;
    }

    fn serve_fpus<O: Observer>(&mut self, asking: u64, horizon: u64, observer: &mut O) {
        let granted = self.grant_fpus(asking);
        self.calendar.insert_at_fpus_next(asking & !granted);
        let mut rest = granted;
        while rest != 0 {
            let index = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            if O::ACTIVE || !self.go_ahead(index, horizon) {
                self.operate(index, horizon, observer);
            }
        }
    }

    /// Serves cores that ask for an FPU: which of them are granted.
    #[inline(always)]
    fn grant_fpus(&mut self, asking: u64) -> u64 {
        if self.config.fpu.divsqrt_shared {
            self.serve_dividers(asking)
        } else {
            self.fpu.grant(asking)
        }
    }

    /// A worker whose course does not just go on was granted an FPU.
    #[inline(never)]
    fn operate_late(&mut self, index: usize, horizon: u64) {
        if !self.go_further(index, horizon) {
            self.operate(index, horizon, &mut Silent);
        }
    }

    /// Lets a core run on that was granted an FPU.
    fn operate<O: Observer>(&mut self, index: usize, horizon: u64, observer: &mut O) {
        self.leave_chain(index);
        let core = &mut self.cores[index];
        self.recorders[index].fpu(core, self.now);
        core.fpu_granted(self.now, &self.program, &self.memory);
        self.advance(index, horizon, observer);
    }

    /// Serves cores of which some ask for a shared divide unit.
    #[cold]
    fn serve_dividers(&mut self, asking: u64) -> u64 {
        let divides = |index: &usize| asking >> index & 1 == 1 && self.cores[*index].divides() != 0;
        let dividing = (0..self.workers)
            .filter(divides)
            .fold(0, |mask, index| mask | 1 << index);
        let cores = &self.cores;
        let divided = self.fpu.divide(self.now, dividing, |core| cores[core].divides());
        divided | self.fpu.grant(asking & !dividing)
    }

    fn try_wake(&mut self, index: usize) {
        let now = self.own_cycle(index);
        if self.cores[index].wake(now, &self.memory) {
            if let Some((cycle, line)) = self.cores[index].acknowledged.take() {
                self.acknowledge(index, cycle, line);
            }
            self.schedule(index);
            self.recorders[index].restart(&self.cores[index]);
        }
    }

    /// Arbitrates the banks that somebody asks for in this cycle, and serves who gets them.
    #[inline(always)]
    fn serve_banks<O: Observer>(&mut self, horizon: u64, observer: &mut O) {
        for word in 0..self.bank_requests.words() {
            let banks = self.bank_requests.take(word);
            self.arbitrate(word, banks, |machine, winner| {
                machine.serve_winner(winner, horizon, observer)
            });
        }
    }

    /// Arbitrates banks of `word`, those that somebody asks for and those that several do, and tells who gets each; all others ask
    /// again.
    #[inline(always)]
    fn arbitrate(&mut self, word: usize, banks: (u64, u64), mut served: impl FnMut(&mut Self, usize)) {
        let (mut banks, mut contested) = banks;
        if self.locked_bank.is_some_and(|(_, cycle)| cycle == self.now) {
            contested = banks;
        }
        while banks != 0 {
            let bit = banks.trailing_zeros();
            let bank = 64 * word + bit as usize;
            banks &= banks - 1;
            let only = self.bank_requests.only(bank);
            if contested >> bit & 1 == 0 {
                self.arbiter.grant_only(bank, only);
                served(self, only);
                continue;
            }
            let asking = self.bank_requests.several(bank) | 1 << only;
            if let Some(winner) = self.decide(bank, asking) {
                served(self, winner);
            }
        }
    }

    /// Finds who gets a bank that several may ask for, or that may be locked; all others ask again.
    #[inline(never)]
    fn decide(&mut self, bank: usize, asking: Masters) -> Option<usize> {
        if self.locked_bank.is_some_and(|locked| locked == (bank, self.now)) {
            self.refuse(asking);
            return None;
        }
        let winner = self.arbiter.grant(bank, asking);
        self.refuse(asking & !(1 << winner));
        Some(winner)
    }

    /// Does the access of a master that got its bank.
    #[inline(always)]
    fn serve_winner<O: Observer>(&mut self, winner: usize, horizon: u64, observer: &mut O) {
        if winner >= self.workers {
            if self.stream.is_none() {
                self.dma_granted(winner - self.workers);
            }
            return;
        }
        // Who watches is told of what a core does as it does it.
        if O::ACTIVE || !self.go_ahead(winner, horizon) {
            self.serve_worker(winner, horizon, observer);
        }
    }

    /// Does the access of a worker that got its bank and lets it run on.
    #[inline(never)]
    fn serve_worker<O: Observer>(&mut self, index: usize, horizon: u64, observer: &mut O) {
        self.catch_up(index);
        if (!O::ACTIVE || O::AHEAD)
            && let Some(asked) = self.cores[index].asked()
        {
            return self.serve_chained(index, asked, horizon, observer);
        }
        let data = if self.wants.of(index) != Want::NOTHING {
            self.plain_access(index)
        } else {
            self.routed_access(index)
        };
        self.complete(index, Reply::of_bank(self.now, data), horizon, observer);
    }

    /// Masters that were refused ask again in the next cycle; the DMA does so by itself.
    fn refuse(&mut self, refused: Masters) {
        let mut losers = refused & ((1 << self.workers) - 1);
        let again = self.now + 1;
        while losers != 0 {
            let index = losers.trailing_zeros() as usize;
            losers &= losers - 1;
            match self.wants.of(index).of_bank() {
                Some(bank) => self.calendar.insert_at_bank(again, index, bank),
                // It goes through the test-and-set window.
                None => self.calendar.insert(again, index),
            }
            self.paths[index].retry(again);
        }
    }

    /// The bench's background master asks for its bank.
    fn ask_stream(&mut self, address: u32) {
        let bank = self.bank(address.wrapping_sub(self.memory.base(Which::L1)));
        self.bank_requests.ask(bank, self.workers);
    }

    #[inline(always)]
    fn bank(&self, offset: u32) -> usize {
        self.plain.bank(offset)
    }

    /// Makes an access to a register that the model does not have a fault.
    pub fn set_strict(&mut self, strict: bool) {
        self.strict = strict;
    }

    /// Warnings so far: accesses to registers that the model does not have.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Takes the console bytes that came since the last call.
    pub fn take_console(&mut self) -> &[u8] {
        let from = std::mem::replace(&mut self.shown, self.console.len());
        &self.console[from..]
    }

    /// Everything that the guest printed.
    pub fn console(&self) -> &[u8] {
        &self.console
    }

    /// The memories, for loaders, golden checks and debuggers.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The cores, workers first.
    pub fn cores(&self) -> &[Core] {
        &self.cores
    }
}
