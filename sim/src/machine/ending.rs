//! How a run ends: taking back what cores did ahead of the end, closing the books, and saying what each core was at.
//!
//! Invariant: after the end in cycle E every core is as if nobody had run ahead: the last instruction that left decode
//! did so no later than E, and active + sleep + stalls = E.

use crate::cluster::event_unit::WaitReason;
use crate::core::pipeline::Charge;
use crate::core::{Core, Next, Reply};
use crate::counters::{CoreCounters, Counters, Named, RegionCounters};
use crate::fault::{CoreState, Deadlock, Doing, Fault, FaultKind, Limit, Outcome, Place};
use crate::machine::Machine;
use crate::observe::{Observer, Silent};
use crate::program::Program;
use crate::stall::Stall;

/// Why an engine came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The machine ended by itself: exit or fault.
    Ended,
    /// The limit was reached.
    Limit,
    /// Nothing can ever happen again.
    Idle,
}

/// What a core was told since its last snapshot.
#[derive(Clone, Copy, Debug)]
enum Input {
    /// So many grants along a course.
    Grants(usize),
    Reply(Reply),
    Fpu(u64),
}

/// Answers between two snapshots.
const INTERVAL: usize = 512;

/// What a core was granted along courses, in order.
struct Grants {
    cycles: [u64; INTERVAL],
    count: usize,
    /// The words that memory held at the addresses of the accesses among them.
    words: [u32; INTERVAL],
    accesses: usize,
}

/// Enough to bring a core back to any cycle since its last interaction: a snapshot, and what it was told since.
pub(super) struct Recorder {
    snapshot: Core,
    inputs: Vec<Input>,
    grants: Box<Grants>,
    /// Interrupt lines that changed while the core was ahead, in the order in which it was told.
    lines: Vec<Lines>,
}

/// A core's interrupt lines from some cycle on.
struct Lines {
    from: u64,
    lines: u32,
    /// They changed as the core took an interrupt, of which it may learn later than the lines change: an instruction that
    /// waits in the execute stage keeps it.
    taken: bool,
}

impl Recorder {
    pub(super) fn new(core: &Core) -> Self {
        Self {
            snapshot: core.clone(),
            inputs: Vec::with_capacity(INTERVAL),
            grants: Box::new(Grants {
                cycles: [0; INTERVAL],
                count: 0,
                words: [0; INTERVAL],
                accesses: 0,
            }),
            lines: Vec::new(),
        }
    }

    /// `core` is about to be told `reply`.
    #[inline(always)]
    pub(super) fn reply(&mut self, core: &Core, reply: Reply) {
        self.record(core, Input::Reply(reply));
    }

    /// A core is about to be told what was granted to it in these cycles along a course, for which there is room: `tell` puts the
    /// words that memory holds for the accesses among them where it is told to, and says how many they are.
    #[inline(always)]
    pub(super) fn grants(&mut self, cycles: &[u64], tell: impl FnOnce(&mut [u32]) -> usize) {
        let Grants {
            cycles: all,
            count,
            words,
            accesses,
        } = &mut *self.grants;
        if let Some(own) = all.get_mut(*count..*count + cycles.len()) {
            own.copy_from_slice(cycles);
        }
        *count += cycles.len();
        *accesses += tell(words.get_mut(*accesses..).unwrap_or_default());
        self.inputs.push(Input::Grants(cycles.len()));
    }

    /// `core` is about to be told that an FPU took its operation in `cycle`.
    #[inline(always)]
    pub(super) fn fpu(&mut self, core: &Core, cycle: u64) {
        self.record(core, Input::Fpu(cycle));
    }

    /// Whether so many more answers can be recorded without a look at the core.
    #[inline(always)]
    pub(super) fn has_room(&self, answers: usize) -> bool {
        self.inputs.len() + self.grants.count + answers <= INTERVAL
    }

    #[inline(always)]
    fn record(&mut self, core: &Core, input: Input) {
        if self.inputs.len() == INTERVAL {
            self.restart(core);
        }
        self.inputs.push(input);
    }

    /// The interrupt lines of `core` changed in cycle `now`. A core that ran ahead must not be where a rewind begins.
    pub(super) fn lines(&mut self, core: &Core, now: u64) {
        if core.pipeline.issued > now {
            self.lines.push(Lines {
                from: now,
                lines: core.lines(),
                taken: false,
            });
        } else {
            self.restart(core);
        }
    }

    /// The core took an interrupt by itself, and its lines are `lines` from cycle `from` on.
    pub(super) fn acknowledged(&mut self, from: u64, lines: u32) {
        self.lines.push(Lines {
            from,
            lines,
            taken: true,
        });
    }

    /// The core, which is on a chain, is about to be told more than there is room for.
    #[cold]
    pub(super) fn make_room(&mut self, core: &mut Core) {
        core.write_down_chain();
        self.restart(core);
    }

    /// The core changed other than by an answer, or is about to be told more than there is room for.
    #[cold]
    pub(super) fn restart(&mut self, core: &Core) {
        self.snapshot.clone_from(core);
        self.snapshot.leave_chain();
        self.inputs.clear();
        (self.grants.count, self.grants.accesses) = (0, 0);
        self.lines.clear();
    }
}

impl Machine {
    /// Ends the run as an engine left it.
    pub(crate) fn end(&mut self, stop: Stop, max_cycles: u64) {
        let end = match stop {
            Stop::Ended => self.now - 1,
            Stop::Limit => max_cycles,
            Stop::Idle => self.last_activity(),
        };
        self.end_after(end, stop, max_cycles);
    }

    /// Ends the run after cycle `end`.
    pub(super) fn end_after(&mut self, end: u64, stop: Stop, max_cycles: u64) {
        self.drain_console();
        for index in 0..self.cores.len() {
            self.rewind(index, end);
        }
        if self.outcome.is_none() {
            let cores = (0..self.cores.len()).map(|index| self.state(index)).collect();
            self.outcome = Some(match stop {
                Stop::Idle => Outcome::Deadlock(Deadlock { cycle: end, cores }),
                _ => Outcome::Limit(Limit { max_cycles, cores }),
            });
        }
        for index in 0..self.cores.len() {
            let waiting = self.waits(index);
            let end = self.own_cycle_by(index, end);
            self.cores[index].pipeline.close(end, waiting);
        }
        self.end = Some(end);
    }

    /// The last cycle in which anything happened.
    pub(super) fn last_activity(&self) -> u64 {
        let issued = |core: &Core| self.cluster_cycle(core.index, core.pipeline.issued);
        self.cores.iter().map(issued).max().unwrap_or(0).max(self.now - 1)
    }

    /// Core `by` stops workers in this cycle: takes back what they did ahead of it. Those whose turn in the cycle is still
    /// to come do not have it.
    #[cold]
    pub(super) fn take_back<O: Observer>(&mut self, stopped: u64, by: usize, observer: &mut O) {
        // An access that its target's port grants at once has its turn after every core.
        let last_of_all = by >= self.workers || self.config.cluster.peripheral_wait == 0;
        for core in (0..self.workers).filter(|core| stopped >> core & 1 == 1 && *core != by) {
            let through = self.now - u64::from(core > by && !last_of_all);
            self.leave_chain(core);
            self.rewind(core, through);
            observer.took_back(core, through);
        }
    }

    /// Brings a core that ran ahead of the end back to it, by running it again from its snapshot.
    fn rewind(&mut self, index: usize, end: u64) {
        let end = self.own_cycle_by(index, end);
        if self.cores[index].pipeline.issued <= end {
            return;
        }
        let recorder = &self.recorders[index];
        let mut core = recorder.snapshot.clone();
        core.lines_known = end;
        let (program, memory) = (&mut self.program, &self.memory);
        let mut lines = recorder.lines.iter().peekable();
        let mut lines_until = |core: &mut Core, cycle: u64| {
            let mut taken = core.acknowledged.take().is_some();
            let comes = |change: &Lines, taken| if change.taken { taken } else { change.from <= cycle };
            while let Some(change) = lines.next_if(|change| comes(change, taken)) {
                taken &= !change.taken;
                core.set_lines(change.from, change.lines);
            }
        };
        // A core that may be interrupted stops at places where it did not end.
        let mut run_on = |core: &mut Core, program: &mut Program, until: u64| {
            while let Next::Issue(cycle) = core.next
                && cycle <= end
            {
                lines_until(core, cycle);
                core.advance(program, memory, end, &mut Silent);
            }
            lines_until(core, until);
        };
        // Whether the core asked for what it was to be told.
        let mut tell = |core: &mut Core, cycle: u64, told: &mut dyn FnMut(&mut Core, &Program)| {
            run_on(core, program, cycle);
            let asked = !matches!(core.next, Next::Issue(_));
            if asked {
                told(core, program);
                if core.request().is_none() {
                    core.advance(program, memory, end, &mut Silent);
                }
            }
            asked
        };
        let grants = &recorder.grants;
        let (mut cycles, mut words) = (grants.cycles.iter(), grants.words.iter());
        for input in &recorder.inputs {
            let asked = match *input {
                Input::Grants(count) => cycles.by_ref().take(count).all(|&cycle| {
                    tell(&mut core, cycle, &mut |core, program| {
                        if let Next::Fpu(_) = core.next {
                            core.fpu_granted(cycle, program, memory);
                        } else if let Some(&word) = words.next() {
                            core.complete(Reply::of_bank(cycle, word), program, memory);
                        }
                    })
                }),
                Input::Reply(reply) => tell(&mut core, reply.cycle, &mut |core, program| {
                    core.complete(reply, program, memory);
                }),
                Input::Fpu(cycle) => tell(&mut core, cycle, &mut |core, program| {
                    core.fpu_granted(cycle, program, memory);
                }),
            };
            if !asked {
                break;
            }
        }
        run_on(&mut core, program, end);
        self.cores[index] = core;
    }

    fn waits(&self, index: usize) -> Charge {
        match self.cores[index].next {
            Next::Waiting => self.paths[index].charge.unwrap_or(Charge::Sleep),
            Next::Stopped | Next::Asleep(_) => Charge::Sleep,
            Next::Fpu(_) => Charge::Stall(Stall::FpuContention),
            Next::Request(_) => Charge::Stall(Stall::BankConflict),
            Next::Issue(_) => Charge::Stall(Stall::LoadUse),
            Next::Fetch => Charge::Stall(Stall::Fetch),
            Next::Faulted(_) | Next::Host(_) => Charge::Stall(Stall::System),
        }
    }

    /// A core did something impossible in this cycle.
    pub(super) fn fail(&mut self, index: usize, kind: FaultKind) {
        let now = self.own_cycle(index);
        self.cores[index].fail(kind, now);
        self.core_faulted(index);
    }

    /// A fault's cycle has come.
    pub(super) fn core_faulted(&mut self, index: usize) {
        if self.outcome.is_none()
            && let Some(kind) = self.cores[index].fault.clone()
        {
            self.outcome = Some(Outcome::Fault(Fault {
                kind,
                at: self.place_of(index),
            }));
        }
    }

    /// Where a core is.
    pub(super) fn place_of(&self, index: usize) -> Place {
        let core = &self.cores[index];
        let fetch = matches!(
            &core.fault,
            Some(FaultKind::Unmapped {
                access: crate::fault::Access::Fetch,
                ..
            })
        );
        let pc = if fetch { core.pc } else { core.last_pc };
        Place {
            core: self.core_name(index),
            pc,
            cycle: self.now,
        }
    }

    /// The name of a core.
    pub fn core_name(&self, index: usize) -> String {
        if index < self.workers {
            format!("cluster.worker[{index}]")
        } else {
            "soc.orchestrator".to_owned()
        }
    }

    /// Where a core is, and what it does or waits for.
    pub(super) fn state(&self, index: usize) -> CoreState {
        let core = &self.cores[index];
        let started = index >= self.workers || self.control.fetch_enable() >> index & 1 == 1 || core.instret > 0;
        let doing = match core.next {
            Next::Stopped if !started => Doing::NotStarted,
            Next::Stopped | Next::Faulted(_) => Doing::Stopped,
            Next::Asleep(_) => {
                let controller = if index >= self.workers {
                    self.itc.mask()
                } else {
                    u32::MAX
                };
                Doing::Interrupt {
                    enabled: core.csr.enabled_lines() & controller,
                }
            }
            Next::Waiting => self.doing(index),
            Next::Issue(_) | Next::Fetch | Next::Request(_) | Next::Fpu(_) | Next::Host(_) => Doing::Running,
        };
        CoreState {
            core: self.core_name(index),
            pc: started.then_some(core.last_pc),
            doing,
        }
    }

    fn doing(&self, index: usize) -> Doing {
        match self.event_unit.waiting_for(index) {
            Some(WaitReason::Event { mask }) => Doing::Events { mask },
            None if self.waiting_for_id.contains(&index) => {
                Doing::Other("a DMA transfer ID: all 16 are in use and none is given back".to_owned())
            }
            _ => Doing::Other(
                self.event_unit
                    .describe_wait(index)
                    .unwrap_or_else(|| "an answer".to_owned()),
            ),
        }
    }

    fn dma_counters(&self, cycles: u64) -> Named {
        let counted = self.dma.counters(cycles + 1);
        [
            ("transfers", counted.transfers),
            ("bytes_to_l1", counted.bytes_to_l1),
            ("bytes_from_l1", counted.bytes_from_l1),
            ("busy_cycles", counted.busy_cycles),
            ("l1_accesses", counted.l1_accesses),
            ("l1_stalls", counted.l1_stalls),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .to_vec()
    }

    /// Everything counted up to the end of the run, or up to now.
    pub fn counters(&self) -> Counters {
        let cycles = self.end.unwrap_or(self.now - 1);
        let mut regions: Vec<RegionCounters> = Vec::new();
        for (index, core) in self.cores.iter().enumerate() {
            regions.extend(core.regions.iter().filter(|region| region.visits > 0).map(|region| {
                let ledger = &region.ledger;
                RegionCounters {
                    id: region.id,
                    core: index,
                    visits: region.visits,
                    instret: region.instret,
                    cycles: ledger.active + ledger.sleep + ledger.stalls.iter().sum::<u64>(),
                    active: ledger.active,
                    sleep: ledger.sleep,
                    stalls: ledger.stalls,
                    macs: region.macs,
                }
            }));
        }
        regions.sort_by_key(|region| (region.id, region.core));
        let cores = self.cores.iter().enumerate().map(|(index, core)| {
            let ledger = &core.pipeline.ledger;
            CoreCounters {
                name: self.core_name(index),
                instret: core.instret,
                cycles: self.own_cycle_by(index, cycles),
                active: ledger.active,
                sleep: ledger.sleep,
                stalls: ledger.stalls,
                macs: core.macs,
            }
        });
        Counters {
            cycles,
            cores: cores.collect(),
            banks: self.arbiter.counters(),
            dma: self.dma_counters(cycles),
            icache: self.icache_counters(),
            fpu: self.fpu.counters(),
            regions,
            forwarded: self.forwarded,
        }
    }
}
