//! One core: its registers, and the loop that runs it from one interaction to the next.
//!
//! A core runs ahead through instructions that touch nobody else, and stops where it needs the rest of the machine: a
//! memory access, a shared FPU, an interrupt, or an instruction beyond the horizon that the engine gave it. It never
//! looks at other cores, memories' ports or devices; it posts a [`Request`] and is told the answer.
//!
//! Invariant: what a core does up to cycle t depends on its own state and on the answers it got, not on how far the
//! horizon was.

pub mod block;
mod chain;
pub mod chart;
pub mod course;
pub mod csr;
mod debug;
pub mod fetch;
mod fours;
mod functional;
pub mod loops;
pub mod pipeline;
mod region;
mod script;
mod stretch;
pub mod timing;
pub mod uop;
pub mod walk;

use ennead_isa::float::{Flagged, Rounding};
use ennead_isa::op::{Addressing, CsrUpdate, Fill, Width};
use serde::{Deserialize, Serialize};

use crate::cluster::icache::Private;
use crate::config::{Config, DivSqrt, Generation, Sharing};
use crate::core::chain::Chain;
pub use crate::core::chain::{Asked, Start};
use crate::core::csr::{Csr, Events, View, Written};
use crate::core::fetch::{Control, Fetch, GrantTrace};
use crate::core::loops::{Loops, Step};
use crate::core::pipeline::{Charge, Flow, Leftover, Pipeline};
pub use crate::core::region::Region;
use crate::core::stretch::Way;
use crate::core::uop::{Action, NO_REGISTER, RoundingMode, Uop};
use crate::fault::FaultKind;
use crate::memory::Memory;
use crate::observe::{Observer, Retired};
use crate::program::Program;
use crate::stall::Stall;

/// One access of at most a word that does not cross a word boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Byte address of the first enabled byte.
    pub address: u32,
    /// Enabled bytes of the word.
    pub byte_enable: u8,
    /// Store rather than load.
    pub write: bool,
    /// Data in their lanes.
    pub data: u32,
    /// Bytes of the whole instruction's access.
    pub width: u8,
    /// An event load (`p.elw`, `cv.elw`).
    pub event: bool,
}

/// What a core needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// Nothing: it was not started, or was stopped.
    Stopped,
    /// An instruction leaves decode in this cycle, beyond the horizon.
    Issue(u64),
    /// Nothing before the next instruction comes out of the instruction cache.
    Fetch,
    /// A memory access asks for its grant in this cycle.
    Request(u64),
    /// A floating-point operation asks for a shared FPU in this cycle.
    Fpu(u64),
    /// A memory access was taken and its answer is outstanding; the engine will give it.
    Waiting,
    /// `wfi`: asleep until an enabled interrupt line rises; the cycle is when sleep begins.
    Asleep(u64),
    /// A semihosting call, or a system call that no handler is there for, is in the execute stage in this cycle.
    Host(u64),
    /// It did something that the machine cannot do, in this cycle.
    Faulted(u64),
}

/// What the engine answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Cycle of the grant.
    pub cycle: u64,
    /// The word read.
    pub data: u32,
    /// What cycles between request and grant are charged to.
    pub wait: Charge,
    /// The wait of an event load was cut short by an interrupt (E7).
    pub interrupted: bool,
    /// Cycles from the grant to the response (R25); 1 wherever memory answers in the next cycle.
    pub latency: u32,
}

impl Reply {
    /// That of a bank which granted the access in `cycle` and holds `data`.
    #[inline(always)]
    pub fn of_bank(cycle: u64, data: u32) -> Self {
        Self {
            cycle,
            data,
            wait: Charge::Stall(Stall::BankConflict),
            interrupted: false,
            latency: 1,
        }
    }
}

/// A number of the events that counters show (the legacy numbering).
mod event {
    pub(super) const LOAD_STALL: usize = 2;
    pub(super) const JUMP_STALL: usize = 3;
    pub(super) const FETCH_MISS: usize = 4;
    pub(super) const LOAD: usize = 5;
    pub(super) const STORE: usize = 6;
    pub(super) const JUMP: usize = 7;
    pub(super) const BRANCH: usize = 8;
    pub(super) const TAKEN: usize = 9;
    pub(super) const COMPRESSED: usize = 10;
    pub(super) const EVENT_LOAD: usize = 11;
}

/// An access, or an operation for a shared FPU, that waits for its grant.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Pending {
    request: Request,
    /// The cycle in which it asked first.
    start: u64,
    /// The first half of an access that crosses a word boundary, once that was granted.
    half: Option<Half>,
}

/// The first half of an access that crosses a word boundary.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Half {
    /// The whole access's address.
    address: u32,
    /// What the first half read.
    data: u32,
}

impl Pending {
    #[inline(always)]
    fn crosses(&self) -> bool {
        let address = self.half.map_or(self.request.address, |half| half.address);
        (address & 3) + u32::from(self.request.width) > 4
    }

    /// What the access read, in the low bits, now that its last word came.
    #[inline(always)]
    fn read(&self, word: u32) -> u32 {
        match self.half {
            Some(Half { address, data }) => data >> (8 * (address & 3)) | word << (8 * (4 - (address & 3))),
            None => word >> (8 * (self.request.address & 3)),
        }
    }
}

/// What all cores of a machine have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    generation: Generation,
    cluster_build: bool,
    shared_fpu: bool,
    shared_divider: bool,
    divsqrt: DivSqrt,
}

impl Settings {
    /// Of the cores of `config`.
    pub fn new(config: &Config) -> Self {
        Self {
            generation: config.core.generation,
            cluster_build: config.core.cluster_build,
            shared_fpu: config.fpu.sharing != Sharing::Private,
            shared_divider: config.fpu.divsqrt_shared,
            divsqrt: config.fpu.divsqrt,
        }
    }
}

/// One core.
#[derive(Clone, Serialize, Deserialize)]
pub struct Core {
    /// Index in the machine.
    pub index: usize,
    /// Unified registers: 0..=31 integer, 32..=63 floating point.
    #[serde(with = "serde_big_array::BigArray")]
    pub registers: [u32; 64],
    /// Address of the next instruction.
    pub pc: u32,
    /// Address of the instruction that left decode last.
    pub last_pc: u32,
    /// What it needs next.
    pub next: Next,
    /// Why it is [`Next::Faulted`].
    pub fault: Option<FaultKind>,
    /// Control and status registers.
    pub csr: Csr,
    /// Timing.
    pub pipeline: Pipeline,
    /// Hardware loops.
    pub loops: Loops,
    /// Instructions retired (without those that trap).
    pub instret: u64,
    /// Multiply-accumulate lanes retired.
    pub macs: u64,
    /// Regions, by first entry.
    pub regions: Vec<Region>,
    /// An interrupt that was taken: the cycle and the line.
    pub acknowledged: Option<(u64, u32)>,
    events: Events,
    settings: Settings,
    pending: Option<Pending>,
    #[serde(skip)]
    chain: Option<Chain>,
    #[serde(skip)]
    page: u32,
    #[serde(skip)]
    page_number: u32,
    /// Interrupt lines at the pins, and those of them that rose in the last cycle in which any did.
    lines: u32,
    rising: u32,
    risen_at: u64,
    /// The last cycle of which the lines are known: no later one may be shown in `mip`.
    pub lines_known: u64,
    /// The fetch stage, where instruction memory is not ideal (R26).
    fetch: Option<Box<Fetch>>,
    /// The next instruction came into decode as the last one left it.
    followed: bool,
    /// Nothing from outside can get between two instructions: no interrupt could be taken, and code always comes at once.
    undisturbed: bool,
    /// Cycles that the operation that asks for a shared divide unit takes there; 0 where it is none.
    divides: u64,
    /// Decode is empty and waits for the instruction cache.
    filling: Option<Filling>,
    /// Cycles in which the clock stood still: asleep after `wfi`.
    unclocked: u64,
}

/// How the fetch stage fills an empty decode stage.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Filling {
    /// The fetch goes on elsewhere: the cycle and the address.
    redirect: Option<(u64, u32)>,
    /// First cycle in which an instruction can be handed over.
    from: u64,
    left: Leftover,
}

impl Core {
    /// A core that is not started. Cores from index `cluster.workers` on are outside the cluster.
    pub fn new(index: usize, config: &Config, hart: u32, boot: u32) -> Self {
        let mut settings = Settings::new(config);
        if index >= config.cluster.workers {
            settings.cluster_build = false;
            settings.shared_fpu = false;
            settings.shared_divider = false;
        }
        Self {
            index,
            registers: [0; 64],
            pc: boot,
            last_pc: boot,
            next: Next::Stopped,
            fault: None,
            csr: Csr::new(config, hart, boot),
            pipeline: Pipeline::new(config.core.generation),
            loops: Loops::new(config.core.isa, config.core.generation),
            instret: 0,
            macs: 0,
            regions: Vec::new(),
            acknowledged: None,
            events: [0; 32],
            settings,
            pending: None,
            chain: None,
            page: 0,
            page_number: u32::MAX,
            lines: 0,
            rising: 0,
            risen_at: 0,
            lines_known: 0,
            fetch: None,
            followed: true,
            undisturbed: true,
            divides: 0,
            filling: None,
            unclocked: 0,
        }
    }

    /// Brings [`Core::undisturbed`] up to date, after anything that it depends on changed.
    fn look_around(&mut self) {
        self.undisturbed = self.lines == 0 && !self.interruptible() && self.fetch.is_none();
    }

    /// Whether nothing from outside can get between two instructions, so that the core may run ahead without a look at it.
    #[inline(always)]
    pub fn undisturbed(&self) -> bool {
        self.undisturbed
    }

    /// Replays the instruction grants of a recorded pattern from reset on (R26).
    pub fn replay(&mut self, grants: GrantTrace) {
        self.fetch = Some(Box::new(Fetch::replay(grants, self.pipeline.issued + 1)));
        self.look_around();
    }

    /// Lets instructions come out of a private cache from reset on.
    pub fn fetch_from(&mut self, cache: Private) {
        self.fetch = Some(Box::new(Fetch::cached(cache, self.pipeline.issued + 1)));
        self.look_around();
    }

    /// Lets instructions come without a fetch stage, as from an ideal memory; `now` is the cycle to come.
    pub fn fetch_ideally(&mut self, now: u64) {
        if self.fetch.take().is_none() {
            return;
        }
        self.followed = true;
        if self.filling.take().is_some() && self.next == Next::Fetch {
            self.pipeline.fetched(now.max(self.pipeline.issued + 1));
            self.next = self.next_arrival();
        }
        self.look_around();
    }

    /// Lets instructions come out of an empty private cache, the next one as from a jump in cycle `now`, the cycle to come.
    pub fn fetch_anew(&mut self, cache: Private, now: u64) {
        let mut fetch = Fetch::cached(cache, now);
        self.followed = false;
        match self.next {
            // A core that starts says where.
            Next::Stopped | Next::Faulted(_) => {}
            Next::Issue(_) | Next::Fetch | Next::Host(_) => {
                self.filling = Some(Filling {
                    redirect: Some((now, self.pc)),
                    from: now + 1,
                    left: Leftover::default(),
                });
                if matches!(self.next, Next::Issue(_)) {
                    self.next = Next::Fetch;
                }
            }
            // The instruction in the execute stage is to say where it goes on.
            Next::Request(_) | Next::Fpu(_) | Next::Waiting | Next::Asleep(_) => fetch.adrift = true,
        }
        self.fetch = Some(Box::new(fetch));
        self.look_around();
    }

    /// The fetch stage, where instruction memory is not ideal.
    pub fn fetch(&self) -> Option<&Fetch> {
        self.fetch.as_deref()
    }

    /// The same, to tell its cache something.
    pub fn fetch_mut(&mut self) -> Option<&mut Fetch> {
        self.fetch.as_deref_mut()
    }

    /// Starts at `boot`; the fetch-enable signal rises in cycle `now`.
    pub fn start(&mut self, now: u64, boot: u32, memory: &Memory) {
        self.pc = boot;
        if let Some(fetch) = &mut self.fetch {
            fetch.cycle = now + 1;
        }
        let flow = self.pipeline.start(now, boot);
        self.arrive(flow, &Leftover::default(), memory);
        self.next = self.next_arrival();
    }

    /// The pending access.
    pub fn request(&self) -> Option<&Request> {
        self.pending.as_ref().map(|pending| &pending.request)
    }

    /// Whether an access is pending: it was not granted yet, or crosses a word boundary and needs another grant.
    #[inline(always)]
    pub fn asks(&self) -> bool {
        self.pending.is_some()
    }

    /// The interrupt lines at the core's pins from cycle `now` on.
    pub fn set_lines(&mut self, now: u64, lines: u32) {
        self.leave_chain();
        let rising = lines & !self.lines;
        if rising != 0 {
            self.rising = if now == self.risen_at {
                self.rising | rising
            } else {
                rising
            };
            self.risen_at = now;
        }
        self.lines = lines;
        self.look_around();
    }

    /// The interrupt lines as they are at the pins.
    pub fn lines(&self) -> u32 {
        self.lines
    }

    /// The lines changed in cycle `now`: a core that waits in decode looks at them in the next cycle. True if it did not
    /// mean to look before some later one.
    pub fn look_at_lines(&mut self, now: u64) -> bool {
        let waits = matches!(self.next, Next::Issue(t) if t > now + 1) && self.interruptible();
        if waits {
            self.next = Next::Issue(now + 1);
        }
        waits
    }

    /// Whether the `ebreak` at `pc` is a semihosting call, behind `slli x0, x0, 31`, or the `ecall` one that no handler of
    /// the program's waits for.
    fn calls_host(&self, uop: &Uop, memory: &Memory) -> bool {
        let word = |pc: u32| Some(memory.code_half(pc)? | memory.code_half(pc.wrapping_add(2))? << 16);
        match uop.action {
            Action::Ecall => !self.csr.vector_set,
            _ => word(self.pc.wrapping_sub(4)) == Some(0x01f0_1013),
        }
    }

    /// The call was answered.
    pub fn host_answered(&mut self, answer: u32) {
        self.write(10, answer);
        self.next = self.next_arrival();
    }

    /// Whether an interrupt could be taken if a line rose: such a core must not run ahead.
    pub fn interruptible(&self) -> bool {
        self.csr.interrupts_enabled() && self.csr.enabled_lines() != 0
    }

    /// Wakes a sleeping core if an enabled line is high (R16): the controller's first fetch is in the next cycle, and
    /// takes the interrupt itself where interrupts are enabled.
    pub fn wake(&mut self, now: u64, memory: &Memory) -> bool {
        let Next::Asleep(since) = self.next else { return false };
        let pending = self.lines & self.csr.enabled_lines();
        if pending == 0 {
            return false;
        }
        let first_fetch = now.max(since) + 1;
        self.unclocked += now.saturating_sub(since);
        self.pipeline.asleep_until(first_fetch - 1);
        self.fetch_idles(since, first_fetch, memory);
        let flow = if self.csr.interrupts_enabled() {
            let line = interrupt_priority(pending);
            self.pc = self.csr.trap(line, true, self.pc);
            self.look_around();
            self.acknowledged = Some((first_fetch, line));
            Flow::Redirect {
                at: first_fetch,
                target: self.pc,
                charge: Stall::System,
            }
        } else {
            Flow::Hold {
                from: first_fetch,
                charge: Stall::System,
            }
        };
        self.arrive(flow, &Leftover::default(), memory);
        self.next = self.next_arrival();
        true
    }

    /// Runs until something else is needed, or until an instruction would leave decode after `horizon`.
    pub fn advance<O: Observer>(&mut self, program: &mut Program, memory: &Memory, horizon: u64, observer: &mut O) {
        loop {
            // The oracle, which gives no time ahead, goes step by step.
            if (!O::ACTIVE || O::AHEAD) && self.undisturbed && horizon > self.lines_known {
                if self.pass_blocks(program, horizon, observer) {
                    return;
                }
                match self.stretch(program, memory, horizon, observer) {
                    Way::On => continue,
                    Way::Stop => return,
                    Way::Step => {}
                }
            }
            if !self.step(program, memory, horizon, observer) {
                return;
            }
        }
    }

    /// Finds the page of the next instruction anew, after the core came from elsewhere.
    pub fn relocate(&mut self, program: &mut Program, memory: &Memory) {
        self.page_number = u32::MAX;
        self.locate(program, memory);
    }

    /// Makes sure that the page of the next instruction is decoded; false where no memory is.
    #[inline(always)]
    fn locate(&mut self, program: &mut Program, memory: &Memory) -> bool {
        let number = Program::page_number(self.pc);
        if number != self.page_number {
            let Some(page) = program.page(self.pc, memory) else {
                return false;
            };
            self.page = page;
            self.page_number = number;
        }
        true
    }

    /// One instruction; false where the core stops.
    #[inline(always)]
    fn step<O: Observer>(&mut self, program: &mut Program, memory: &Memory, horizon: u64, observer: &mut O) -> bool {
        if self.fetch.is_some() && self.filling.is_some() {
            self.next = Next::Fetch;
            return false;
        }
        if !self.locate(program, memory) {
            let kind = FaultKind::Unmapped {
                access: crate::fault::Access::Fetch,
                address: self.pc,
                width: 4,
            };
            self.fail(kind, self.pipeline.arrival);
            return false;
        }
        let program = &*program;
        let uop = program.at(self.page, self.pc);
        let mut t = self.pipeline.earliest(uop);
        let mut redirect_at = self.pipeline.arrival;
        match uop.action {
            Action::Csr(..) => t = self.pipeline.after_fpu(t),
            Action::Jalr => {
                redirect_at = self.pipeline.jalr_redirect(uop);
                t = t.max(redirect_at);
            }
            _ => {}
        }
        t = self.pipeline.after_bubble(t);
        if self.lines != 0
            && let Some((at, pending)) = self.interrupt()
            && at <= t
        {
            if at <= horizon {
                self.take_interrupt(uop, at, pending, redirect_at, memory);
            }
            self.next = if at <= horizon {
                self.next_arrival()
            } else {
                Next::Issue(at)
            };
            return false;
        }
        let shows_lines = matches!(uop.action, Action::Csr(..)) && uop.imm as u32 & 0xfff == csr::number::MIP;
        if t > horizon || shows_lines && t > self.lines_known {
            self.next = Next::Issue(t);
            return false;
        }
        self.pipeline.issue(uop, t);
        if self.fetch.is_some() {
            self.fetch_while_in_decode(uop, t, true, redirect_at, memory);
        }
        self.last_pc = self.pc;
        self.instret += 1;
        self.macs += uop.tally.macs();
        self.events[event::COMPRESSED] += uop.tally.compressed();
        if O::AHEAD {
            observer.straight(self.index, t, self.pc, std::slice::from_ref(uop));
        } else if O::ACTIVE {
            let retired = Retired {
                core: self.index,
                cycle: t,
                pc: self.pc,
                bits: uop.bits,
                waited_for: self.pipeline.waited_for,
                held: self.pipeline.held(),
            };
            observer.retire(retired);
            observer.books(&retired, &self.pipeline.ledger);
        }
        self.execute(uop, t, redirect_at, program, memory)
    }

    #[inline(always)]
    fn operands(&self, uop: &Uop) -> (u32, u32, u32) {
        let a = self.registers[(uop.rs1 & 63) as usize];
        let lanes = self.registers[(uop.rs2 & 63) as usize];
        let b = uop.replicate.of(lanes);
        (
            a,
            b.wrapping_add(uop.imm as u32),
            self.registers[(uop.rs3 & 63) as usize],
        )
    }

    #[inline(always)]
    fn write(&mut self, register: u8, value: u32) {
        self.registers[(register & 63) as usize] = value;
        self.registers[0] = 0;
    }

    /// Writes the result of a floating-point operation, and raises its flags.
    #[inline(always)]
    fn write_float(&mut self, register: u8, result: Flagged) {
        self.write(register, result.bits);
        self.csr.fflags |= result.flags.0;
        self.csr.float_written = true;
    }

    #[inline(always)]
    fn execute(&mut self, uop: &Uop, t: u64, redirect_at: u64, program: &Program, memory: &Memory) -> bool {
        let (a, b, c) = self.operands(uop);
        let s = t + 1;
        match uop.action {
            Action::Compute(eval) => {
                self.write(uop.rd, eval(a, b, c, uop.aux as u32));
                self.retire_plain(uop, s, redirect_at, program, memory)
            }
            Action::MulHigh(eval) => {
                self.write(uop.rd, eval(a, b, c, uop.aux as u32));
                self.retire_plain(uop, t + timing::MUL_HIGH, redirect_at, program, memory)
            }
            Action::Div(eval, signed) => {
                self.write(uop.rd, eval(a, b, c, uop.aux as u32));
                self.retire_plain(uop, t + timing::division(b, signed), redirect_at, program, memory)
            }
            Action::Region => {
                self.mark(uop.imm as u32);
                self.retire_plain(uop, s, redirect_at, program, memory)
            }
            Action::Load(..) | Action::Store(..) if self.lacks_float(uop) => {
                self.illegal(uop, self.illegal_delay(), memory)
            }
            Action::Load(width, _, addressing) => {
                self.events[event::LOAD] += 1;
                let address = if addressing == Addressing::PostIncrement {
                    a
                } else {
                    a.wrapping_add(b)
                };
                self.post(s, address, width as u32, None, false)
            }
            Action::Store(width, addressing) => {
                self.events[event::STORE] += 1;
                let address = if addressing == Addressing::PostIncrement {
                    a
                } else {
                    a.wrapping_add(b)
                };
                self.post(s, address, width as u32, Some(c), false)
            }
            Action::EventLoad => self.post(s, a.wrapping_add(b), Width::Word as u32, None, true),
            Action::Float(eval, latency) => {
                let Some(rounding) = self.rounding(uop) else {
                    return self.illegal(uop, self.illegal_delay(), memory);
                };
                let result = eval(a, b, c, rounding);
                self.write_float(uop.rd, result);
                let request = self.pipeline.fp_request(s, latency);
                if self.settings.shared_fpu {
                    return self.ask_fpu(request);
                }
                let request = self.pipeline.requested_again(request, u64::from(latency), 0);
                self.pipeline.execute(
                    uop,
                    s,
                    request,
                    Stall::FpuLatency,
                    Charge::Stall(Stall::FpuLatency),
                    || None,
                );
                self.pipeline
                    .fp_accepted(uop.rd, self.pipeline.ex_end, u64::from(latency));
                self.follow(uop, redirect_at, memory)
            }
            Action::DivSqrt(eval, op) => {
                let Some(rounding) = self.rounding(uop) else {
                    return self.illegal(uop, self.illegal_delay(), memory);
                };
                let mut result = eval(a, b, c, rounding);
                if let Some(second) = op.second {
                    result.bits = timing::faulty(op, result, self.registers[usize::from(second & 63)]);
                }
                self.write_float(uop.rd, result);
                let latency = timing::iterative(self.settings.divsqrt, op, a, b);
                let request = self.pipeline.fp_request(s, 3) + latency.occupies;
                if self.settings.shared_divider {
                    self.divides = latency.latency + timing::SHARED_DIVIDER;
                    return self.ask_fpu(request);
                }
                let request = self
                    .pipeline
                    .requested_again(request, latency.latency - 1, latency.occupies);
                self.pipeline.execute(
                    uop,
                    s,
                    request,
                    Stall::FpuLatency,
                    Charge::Stall(Stall::FpuLatency),
                    || None,
                );
                self.pipeline.fp_accepted(uop.rd, request, latency.latency - 1);
                self.follow(uop, redirect_at, memory)
            }
            Action::Branch(taken) => {
                self.events[event::BRANCH] += 1;
                self.pipeline
                    .execute(uop, s, s, Stall::MultiCycle, Charge::Sleep, || None);
                let compare = self.registers[(uop.rs2 & 63) as usize].wrapping_add(uop.aux as u32);
                if !taken(a, compare) {
                    return self.follow(uop, redirect_at, memory);
                }
                if self.loops.active {
                    let step = self.loops.step(self.pc);
                    if self.loops.in_body() {
                        return self.go_on(uop, step, redirect_at, memory);
                    }
                }
                self.events[event::TAKEN] += 1;
                let left = if self.pipeline.busy_at(t + 2) || self.fetch.is_some() {
                    self.behind_branch(uop, program, memory)
                } else {
                    Leftover::default()
                };
                let killed = self.division_behind(self.pc, uop, program, memory);
                let target = self.pc.wrapping_add(uop.imm as u32);
                self.redirect(target, s, Stall::Branch, &left, memory);
                if let Some(cycles) = killed {
                    self.pipeline.repeat_division(cycles);
                }
                true
            }
            Action::Jal | Action::Jalr => {
                self.count_jump(uop);
                let link = self.pc.wrapping_add(u32::from(uop.len));
                let target = if matches!(uop.action, Action::Jal) {
                    self.pc.wrapping_add(uop.imm as u32)
                } else {
                    a.wrapping_add(uop.imm as u32) & !1
                };
                self.write(uop.rd, link);
                let early = if self.fetch.is_some() {
                    self.followed
                } else {
                    redirect_at < t
                };
                let jalr = || jalr_behind_jump(uop, early, program, memory, target);
                self.pipeline.execute(uop, s, s, Stall::MultiCycle, Charge::Sleep, jalr);
                if self.loops.in_body() {
                    return self.follow(uop, redirect_at, memory);
                }
                self.redirect(target, redirect_at, Stall::Jump, &Leftover::of(uop), memory)
            }
            Action::Csr(update, immediate) => self.access_csr(uop, a, update, immediate, redirect_at, program, memory),
            Action::Fence | Action::Mret | Action::Wfi if self.loops.in_body() => {
                self.retire_plain(uop, s, redirect_at, program, memory)
            }
            Action::Fence => {
                self.pipeline.execute(uop, s, s, Stall::System, Charge::Sleep, || None);
                self.loops.flushed();
                self.page_number = u32::MAX;
                let at = self.pipeline.flush_begins() + timing::FENCE;
                let next = self.pc.wrapping_add(u32::from(uop.len));
                self.redirect(next, at, Stall::System, &Leftover::default(), memory)
            }
            Action::Mret => {
                self.pipeline.execute(uop, s, s, Stall::System, Charge::Sleep, || None);
                self.loops.flushed();
                let target = self.csr.leave_trap();
                let at = self.pipeline.ex_end + timing::MRET;
                self.redirect(target, at, Stall::System, &Leftover::default(), memory);
                self.runs_ahead()
            }
            Action::Wfi => {
                if self.settings.cluster_build {
                    return self.retire_plain(uop, s, redirect_at, program, memory);
                }
                self.pipeline.execute(uop, s, s, Stall::System, Charge::Sleep, || None);
                self.loops.flushed();
                self.pc = self.pc.wrapping_add(u32::from(uop.len));
                self.next = Next::Asleep(self.pipeline.ex_end + 3);
                false
            }
            Action::Ebreak | Action::Ecall if self.calls_host(uop, memory) => {
                self.retire_plain(uop, s, redirect_at, program, memory);
                self.next = Next::Host(s);
                false
            }
            Action::Ecall => self.trap(uop, 11, timing::TRAP, memory),
            Action::Ebreak => self.trap(uop, 3, timing::TRAP, memory),
            Action::Illegal => self.illegal(uop, self.illegal_delay(), memory),
            Action::Loop(part) => {
                let step = if self.loops.active {
                    self.loops.step(self.pc)
                } else {
                    Step::Plain
                };
                self.set_loop(uop, part, a);
                self.pipeline
                    .execute(uop, s, s, Stall::MultiCycle, Charge::Sleep, || None);
                self.go_on(uop, step, redirect_at, memory)
            }
        }
    }

    /// Ends an instruction that stays in the execute stage up to `end`.
    #[inline(always)]
    fn retire_plain(&mut self, uop: &Uop, end: u64, redirect_at: u64, program: &Program, memory: &Memory) -> bool {
        let next = self.pc.wrapping_add(u32::from(uop.len));
        let followed = self.followed;
        let jalr = || next_jalr(followed, program, memory, next);
        self.pipeline
            .execute(uop, end, end, Stall::MultiCycle, Charge::Sleep, jalr);
        self.follow(uop, redirect_at, memory)
    }

    /// Goes on to the next instruction, by way of the hardware loops.
    #[inline(always)]
    fn follow(&mut self, uop: &Uop, redirect_at: u64, memory: &Memory) -> bool {
        if self.loops.active && self.loops.passing_bytes(self.pc) == 0 {
            let step = self.loops.step(self.pc);
            return self.go_on(uop, step, redirect_at, memory);
        }
        self.pc = self.pc.wrapping_add(u32::from(uop.len));
        self.pipeline.sequential();
        if self.fetch.is_some() {
            self.fetch_next(Flow::Sequential, &Leftover::of(uop), memory);
        }
        true
    }

    /// Goes on to where the hardware loops lead.
    fn go_on(&mut self, uop: &Uop, step: Step, redirect_at: u64, memory: &Memory) -> bool {
        let left = Leftover::of(uop);
        let flow = match step {
            Step::Plain => {
                self.pc = self.pc.wrapping_add(u32::from(uop.len));
                Flow::Sequential
            }
            Step::Back(start) if self.settings.generation == Generation::Ri5cy => {
                let at = self.pipeline.loop_back(self.pc, start);
                self.pc = start;
                match start & 2 {
                    0 => Flow::Sequential,
                    _ => Flow::Redirect {
                        at,
                        target: start,
                        charge: Stall::Fetch,
                    },
                }
            }
            Step::Back(start) => {
                self.pc = start;
                Flow::Sequential
            }
            Step::Jump(start) => return self.redirect(start, redirect_at, Stall::Jump, &left, memory),
        };
        self.arrive(flow, &left, memory);
        if matches!(flow, Flow::Redirect { .. })
            && self.settings.generation == Generation::Ri5cy
            && let Some(cycles) = self.division(uop)
        {
            self.pipeline.repeat_division(cycles);
        }
        true
    }

    fn redirect(&mut self, target: u32, at: u64, charge: Stall, left: &Leftover, memory: &Memory) -> bool {
        self.pc = target;
        self.arrive(Flow::Redirect { at, target, charge }, left, memory);
        true
    }

    /// Works out when the next instruction arrives in decode.
    #[inline(always)]
    fn arrive(&mut self, flow: Flow, left: &Leftover, memory: &Memory) {
        // R11: a 4-byte instruction at a half-word address.
        let halves = self.pc & 2 != 0 && matches!(flow, Flow::Redirect { .. });
        let split = halves && memory.code_half(self.pc).is_some_and(|half| half & 3 == 3);
        self.pipeline.flow(flow, split, left);
        if self.fetch.is_some() {
            self.fetch_next(flow, left, memory);
        }
    }

    /// R33: how long the division takes that stands behind a taken branch at `pc` of the older core, if one does.
    #[inline(always)]
    fn division_behind(&self, pc: u32, branch: &Uop, program: &Program, memory: &Memory) -> Option<u64> {
        if self.settings.generation != Generation::Ri5cy {
            return None;
        }
        let next = pc.wrapping_add(u32::from(branch.len));
        let decoded;
        let uop = if Program::page_number(next) == self.page_number {
            program.at(self.page, next)
        } else {
            decoded = program.decode(next, memory);
            &decoded
        };
        self.division(uop)
    }

    /// How long `uop` takes if it is a division.
    fn division(&self, uop: &Uop) -> Option<u64> {
        match uop.action {
            Action::Div(_, signed) => Some(timing::division(self.registers[usize::from(uop.rs2 & 63)], signed)),
            _ => None,
        }
    }

    /// What decode holds while the target of a taken branch is fetched: the instruction behind the branch, which was
    /// killed, unless that one had not arrived (R28).
    #[cold]
    fn behind_branch(&self, branch: &Uop, program: &Program, memory: &Memory) -> Leftover {
        let next = self.pc.wrapping_add(u32::from(branch.len));
        if self.followed {
            Leftover::of(&program.decode(next, memory))
        } else {
            Leftover::of(branch)
        }
    }

    /// What an instruction at `pc` does to the fetch stage while it is in decode: jumps redirect it from there, and loops
    /// go back (R9, R10, R14). `loops` is their state before it.
    fn in_decode(&self, uop: &Uop, pc: u32, loops: &Loops) -> InDecode {
        let in_body = loops.in_body();
        let halts = match uop.action {
            Action::Fence | Action::Mret => !in_body,
            Action::Wfi => !in_body && !self.settings.cluster_build,
            Action::Ecall | Action::Ebreak | Action::Illegal | Action::EventLoad => true,
            Action::Csr(update, immediate) => self.csr_halts(uop, update, immediate),
            Action::Float(..) | Action::DivSqrt(..) => self.rounding(uop).is_none(),
            Action::Load(..) | Action::Store(..) => self.lacks_float(uop),
            _ => false,
        };
        let mut loop_back = None;
        let jump = match uop.action {
            Action::Jal if !in_body => Some(pc.wrapping_add(uop.imm as u32)),
            Action::Jalr if !in_body => Some(self.registers[(uop.rs1 & 63) as usize].wrapping_add(uop.imm as u32) & !1),
            _ if loops.active && !halts => {
                let mut ahead = loops.clone();
                let step = ahead.step(pc);
                loop_back = ahead.armed();
                if let Step::Jump(start) = step {
                    Some(start)
                } else {
                    None
                }
            }
            _ => None,
        };
        InDecode { halts, jump, loop_back }
    }

    /// Lets the fetch stage run while an instruction is in decode, through cycle `until`; `leaves` says that it leaves
    /// decode then.
    #[cold]
    fn fetch_while_in_decode(&mut self, uop: &Uop, until: u64, leaves: bool, redirect_at: u64, memory: &Memory) {
        let InDecode { halts, jump, loop_back } = self.in_decode(uop, self.pc, &self.loops);
        let arrival = self.pipeline.arrival;
        let Some(fetch) = &mut self.fetch else { return };
        if fetch.is_cached() {
            // Every cycle before has happened, or would have changed nothing.
            if !leaves {
                return;
            }
            fetch.cycle = until;
        }
        while fetch.cycle <= until {
            let control = Control {
                redirect: jump.filter(|_| fetch.cycle == redirect_at),
                loop_back: loop_back.filter(|_| fetch.cycle == arrival),
                ready: leaves && fetch.cycle == until && !halts,
                idle: false,
            };
            self.followed = fetch.step(&control, |address| memory.code_word(address));
        }
    }

    /// Lets the fetch stage run until it hands over the next instruction.
    #[cold]
    fn fetch_next(&mut self, flow: Flow, left: &Leftover, memory: &Memory) {
        let issued = self.pipeline.issued;
        let Some(fetch) = &mut self.fetch else { return };
        let adrift = std::mem::take(&mut fetch.adrift);
        let (mut redirect, mut from) = match flow {
            Flow::Redirect { at, target, .. } if at > issued => (Some((at, target)), at + 1),
            Flow::Sequential | Flow::Redirect { .. } if self.followed => return self.pipeline.fetched(issued + 1),
            Flow::Sequential | Flow::Redirect { .. } => (None, issued + 1),
            Flow::Hold { from, .. } => (None, from),
        };
        if adrift && redirect.is_none() {
            let at = self.pipeline.ex_end.max(issued + 1);
            redirect = Some((at, self.pc));
            from = from.max(at + 1);
        }
        if fetch.is_cached() {
            fetch.still = false;
            let left = *left;
            self.filling = Some(Filling { redirect, from, left });
            return;
        }
        loop {
            let c = fetch.cycle;
            let control = Control {
                redirect: redirect.filter(|(at, _)| *at == c).map(|(_, target)| target),
                ready: c >= from && self.pipeline.takes(c, left) == c,
                ..Control::default()
            };
            if fetch.step(&control, |address| memory.code_word(address)) {
                return self.pipeline.fetched(fetch.cycle);
            }
        }
    }

    /// What the core needs once the next instruction is on its way to decode.
    fn next_arrival(&self) -> Next {
        if self.filling.is_some() {
            Next::Fetch
        } else {
            Next::Issue(self.pipeline.arrival)
        }
    }

    /// Cycle `now` of the fetch stage of a core with an instruction cache, after everything else that happens in that
    /// cycle. True if the core needs something else than before.
    pub fn fetch_cycle(&mut self, now: u64, program: &Program, memory: &Memory) -> bool {
        if self.fetch.as_ref().is_none_or(|fetch| fetch.still || fetch.cycle > now) {
            return false;
        }
        let mut settled = true;
        let mut control = Control::default();
        let adrift = self.fetch.as_ref().is_some_and(|fetch| fetch.adrift);
        match (self.filling, self.next) {
            (_, Next::Stopped | Next::Faulted(_)) => control.idle = true,
            _ if adrift => control.idle = true,
            (_, Next::Asleep(since)) => {
                control.idle = now + 1 >= since;
                settled = control.idle;
            }
            (Some(filling), _) => {
                control.redirect = filling.redirect.filter(|(at, _)| *at == now).map(|(_, target)| target);
                control.ready = now >= filling.from && self.pipeline.takes(now, &filling.left) == now;
                settled = control.ready && filling.redirect.is_none_or(|(at, _)| at <= now);
            }
            (None, _) if self.pending.is_some() => {
                if self.followed {
                    (control, settled) = self.decode_behind_pending(now, program, memory);
                }
            }
            (None, _) => {
                let uop = program.decode(self.pc, memory);
                let inside = self.in_decode(&uop, self.pc, &self.loops);
                let redirect_at = match uop.action {
                    Action::Jalr => self.pipeline.jalr_redirect(&uop),
                    _ => self.pipeline.arrival,
                };
                control.redirect = inside.jump.filter(|_| now == redirect_at);
                control.loop_back = inside.loop_back.filter(|_| now == self.pipeline.arrival);
                settled = false;
            }
        }
        let Some(fetch) = &mut self.fetch else { return false };
        fetch.cycle = now;
        let delivered = fetch.step(&control, |address| memory.code_word(address));
        fetch.still &= settled;
        if delivered {
            self.filling = None;
            self.pipeline.fetched(now + 1);
            if self.next == Next::Fetch {
                self.next = Next::Issue(now + 1);
                return true;
            }
        }
        false
    }

    /// What the instruction in decode does to the fetch stage in cycle `now` while the one before it waits in the execute
    /// stage, and whether it will do nothing later.
    fn decode_behind_pending(&self, now: u64, program: &Program, memory: &Memory) -> (Control, bool) {
        let before = program.at(self.page, self.pc);
        let mut loops = self.loops.clone();
        let step = if loops.active { loops.step(self.pc) } else { Step::Plain };
        let pc = match step {
            Step::Plain => self.pc.wrapping_add(u32::from(before.len)),
            Step::Back(start) | Step::Jump(start) => start,
        };
        let uop = program.decode(pc, memory);
        let inside = self.in_decode(&uop, pc, &loops);
        let arrival = self.pipeline.issued + 1;
        let redirect_at = match uop.action {
            // The register is still to be written.
            Action::Jalr if uop.rs1 != 0 && (before.rd == uop.rs1 || before.alu_rd == uop.rs1) => u64::MAX,
            Action::Jalr => self.pipeline.jalr_redirect(&uop).max(arrival),
            _ => arrival,
        };
        let control = Control {
            redirect: inside.jump.filter(|_| now == redirect_at),
            loop_back: inside.loop_back.filter(|_| now == arrival),
            ..Control::default()
        };
        (control, now >= arrival && (inside.jump.is_none() || now >= redirect_at))
    }

    /// Lets the fetch stage idle while the core sleeps; `asleep` is the first cycle of sleep, `end` the cycle in which
    /// it fetches again (R16).
    fn fetch_idles(&mut self, asleep: u64, end: u64, memory: &Memory) {
        let Some(fetch) = &mut self.fetch else { return };
        if fetch.is_cached() {
            fetch.cycle = fetch.cycle.max(end - 1);
        }
        while fetch.cycle < end {
            let control = Control {
                idle: fetch.cycle + 1 >= asleep,
                ..Control::default()
            };
            fetch.step(&control, |address| memory.code_word(address));
        }
    }

    /// Whether the instruction names a float register while floating point is off.
    #[inline(always)]
    fn lacks_float(&self, uop: &Uop) -> bool {
        self.csr.float_off() && uop.moves_float()
    }

    /// The rounding mode that holds; `None` where there is none, or floating point is off (an illegal instruction).
    #[inline(always)]
    fn rounding(&self, uop: &Uop) -> Option<Rounding> {
        if self.csr.float_off() {
            return None;
        }
        match uop.rounding {
            RoundingMode::Fixed(mode) => Some(mode),
            RoundingMode::Dynamic => Rounding::from_frm(self.csr.frm),
            RoundingMode::Reserved => None,
        }
    }

    /// Posts a memory access; the core stops until it is answered.
    #[inline(always)]
    fn post(&mut self, start: u64, address: u32, bytes: u32, store: Option<u32>, event: bool) -> bool {
        let offset = address & 3;
        let mask = ((1u32 << bytes) - 1) << offset;
        let request = Request {
            address,
            byte_enable: (mask & 15) as u8,
            write: store.is_some(),
            data: store.unwrap_or(0) << (8 * offset),
            width: bytes as u8,
            event,
        };
        let start = self.pipeline.asks_from(start);
        self.pending = Some(Pending {
            request,
            start,
            half: None,
        });
        self.next = Next::Request(start);
        false
    }

    /// The memory access was granted.
    #[inline(always)]
    pub fn complete(&mut self, reply: Reply, program: &Program, memory: &Memory) {
        let Some(pending) = &self.pending else { return };
        let uop = program.at(self.page, self.pc);
        let crosses = pending.crosses();
        if crosses && pending.half.is_none() {
            let value = self.registers[(uop.rs3 & 63) as usize];
            return self.ask_for_the_rest(reply, value);
        }
        let raw = pending.read(reply.data);
        let pending_start = pending.start;
        let natural = pending_start + u64::from(crosses);
        let end = reply.cycle;
        self.pending = None;
        self.chain = None;
        let next_pc = self.pc.wrapping_add(u32::from(uop.len));
        let followed = self.followed;
        let jalr = || next_jalr(followed, program, memory, next_pc);
        self.pipeline
            .execute(uop, natural, end, Stall::MultiCycle, reply.wait, jalr);
        let loads = matches!(uop.action, Action::Load(..) | Action::EventLoad).then_some(uop.rd);
        let response = (self.pipeline.ex_end + 1).max(end + u64::from(reply.latency));
        self.pipeline.answered(loads, response);
        match uop.action {
            Action::Load(width, fill, addressing) => {
                if addressing == Addressing::PostIncrement {
                    self.post_increment(uop);
                }
                self.write(uop.rd, extend(raw, width, fill));
                self.csr.float_written |= uop.rd >= 32;
            }
            Action::Store(_, Addressing::PostIncrement) => self.post_increment(uop),
            Action::EventLoad => {
                self.write(uop.rd, reply.data);
                self.loops.flushed();
                // An interrupt that cuts the wait short is taken in the next cycle, and the load is made again after it.
                let from = if reply.interrupted {
                    self.pipeline.ex_end
                } else {
                    self.pc = next_pc;
                    (self.pipeline.ex_end + timing::EVENT_LOAD).max(self.pipeline.response())
                };
                let slept = !matches!(reply.wait, Charge::Stall(Stall::EventUnit | Stall::BankConflict));
                let waited = if slept { end - pending_start } else { 0 };
                self.events[event::EVENT_LOAD] += from - self.pipeline.issued - waited;
                let flow = Flow::Hold {
                    from,
                    charge: Stall::EventUnit,
                };
                return self.arrive(flow, &Leftover::default(), memory);
            }
            _ => {}
        }
        let arrival = self.pipeline.arrival;
        self.follow(uop, arrival, memory);
    }

    #[inline(always)]
    fn post_increment(&mut self, uop: &Uop) {
        let (a, b, _) = self.operands(uop);
        self.write(uop.rs1, a.wrapping_add(b));
    }

    /// The first half of an access that crosses a word boundary was granted; `value` is what a store writes.
    #[cold]
    fn ask_for_the_rest(&mut self, reply: Reply, value: u32) {
        let Some(pending) = &mut self.pending else { return };
        let address = pending.request.address;
        let offset = address & 3;
        let mask = ((1u32 << pending.request.width) - 1) << offset >> 4;
        if self.settings.generation == Generation::Ri5cy {
            // It counts accesses on the bus.
            self.events[if pending.request.write {
                event::STORE
            } else {
                event::LOAD
            }] += 1;
        }
        pending.half = Some(Half {
            address,
            data: reply.data,
        });
        pending.request.address = (address & !3).wrapping_add(4);
        pending.request.byte_enable = mask as u8;
        pending.request.data = value >> (8 * (4 - offset));
        let again = self.pipeline.first_half(reply.cycle, u64::from(reply.latency));
        self.next = Next::Request(again);
    }

    fn ask_fpu(&mut self, request: u64) -> bool {
        let none = Request {
            address: 0,
            byte_enable: 0,
            write: false,
            data: 0,
            width: 0,
            event: false,
        };
        self.pending = Some(Pending {
            request: none,
            start: request,
            half: None,
        });
        self.next = Next::Fpu(request);
        false
    }

    /// Cycles from the grant to the result of the operation that asks for a shared divide unit; 0 where it is none.
    pub fn divides(&self) -> u64 {
        self.divides
    }

    /// A shared FPU, or divide unit, took the operation in cycle `grant`.
    pub fn fpu_granted(&mut self, grant: u64, program: &Program, memory: &Memory) {
        let Some(pending) = self.pending.take() else { return };
        let uop = program.at(self.page, self.pc);
        let latency = match uop.action {
            Action::Float(_, latency) => u64::from(latency),
            _ => std::mem::take(&mut self.divides),
        };
        let wait = Charge::Stall(Stall::FpuContention);
        self.pipeline
            .execute(uop, pending.start, grant, Stall::FpuLatency, wait, || None);
        self.pipeline.fp_accepted(uop.rd, grant, latency);
        let arrival = self.pipeline.arrival;
        self.follow(uop, arrival, memory);
    }

    fn view_events(&self, t: u64, instret: u64) -> Events {
        let mut events = self.events;
        events[0] = t - self.unclocked;
        events[1] = instret;
        events[event::LOAD_STALL] = self.pipeline.hazards.load;
        events[event::JUMP_STALL] += self.pipeline.hazards.jump;
        events[event::FETCH_MISS] = self.pipeline.ledger.stalls[Stall::Fetch as usize];
        events
    }

    /// Counts a jump, before it writes its register. One that writes the register that it jumps to holds itself back for a
    /// cycle once it has left (R28). The older core does not count a jump that a hazard held back.
    #[inline(always)]
    fn count_jump(&mut self, uop: &Uop) {
        if matches!(uop.action, Action::Jalr) && uop.rd == uop.rs1 && uop.rd != 0 {
            self.events[event::JUMP_STALL] += 1;
        }
        let counts = self.settings.generation != Generation::Ri5cy || !self.pipeline.met_hazard;
        self.events[event::JUMP] += u64::from(counts);
    }

    #[allow(clippy::too_many_arguments)]
    fn access_csr(
        &mut self,
        uop: &Uop,
        a: u32,
        update: CsrUpdate,
        immediate: bool,
        redirect_at: u64,
        program: &Program,
        memory: &Memory,
    ) -> bool {
        let t = self.pipeline.issued;
        let number = uop.imm as u32 & 0xfff;
        let operand = if immediate { uop.aux as u32 } else { a };
        let writes = csr_writes(uop, update, immediate);
        // The access itself does not count yet.
        let events = self.view_events(t, self.instret - 1);
        let view = View {
            events: &events,
            loops: self.loops.view(),
            pending: self.lines,
        };
        // R30: the access itself ends the flush, so a refused one costs less than other illegal instructions.
        let csr::Access::Value(old) = self.csr.read(number, &view) else {
            return self.illegal(uop, timing::TRAP, memory);
        };
        if writes {
            let value = match update {
                CsrUpdate::Write => operand,
                CsrUpdate::Set => old | operand,
                CsrUpdate::Clear => old & !operand,
            };
            match self.csr.write(number, value, &view) {
                Written::Done => {}
                Written::Loop(index, value) => self.loops.set_part(index / 3, index % 3, value),
                Written::ReadOnly => return self.illegal(uop, timing::TRAP, memory),
            }
        }
        self.write(uop.rd, old);
        if !csr::flushes(self.settings.generation, number, writes) {
            self.retire_plain(uop, t + 1, redirect_at, program, memory);
            return self.runs_ahead();
        }
        let back = self.loops.flushing_end(self.pc);
        self.loops.flushed();
        self.pipeline
            .execute(uop, t + 1, t + 1, Stall::System, Charge::Sleep, || None);
        if let Some(start) = back {
            let at = self.pipeline.ex_end + timing::FENCE;
            self.redirect(start, at, Stall::System, &Leftover::default(), memory);
        } else {
            self.pc = self.pc.wrapping_add(u32::from(uop.len));
            let flow = Flow::Hold {
                from: self.pipeline.ex_end + timing::CSR_FLUSH,
                charge: Stall::System,
            };
            self.arrive(flow, &Leftover::default(), memory);
        }
        self.runs_ahead()
    }

    /// Whether the core may run on at once after an instruction that may have enabled interrupts.
    fn runs_ahead(&mut self) -> bool {
        self.look_around();
        if self.interruptible() {
            self.next = self.next_arrival();
            return false;
        }
        true
    }

    /// Whether a CSR access keeps the fetch stage from handing over the next instruction: it flushes, or is refused.
    fn csr_halts(&self, uop: &Uop, update: CsrUpdate, immediate: bool) -> bool {
        let number = uop.imm as u32 & 0xfff;
        let writes = csr_writes(uop, update, immediate);
        csr::flushes(self.settings.generation, number, writes) || !self.csr.allows(number, writes)
    }

    /// R30: an illegal instruction leaves nothing in the execute stage that could end the flush in its first cycle, except
    /// a floating-point result that returns then. In the older core it stays there itself.
    fn illegal_delay(&self) -> u64 {
        if self.settings.generation == Generation::Ri5cy || self.pipeline.returns_in(self.pipeline.issued + 1) {
            timing::TRAP
        } else {
            timing::ILLEGAL
        }
    }

    fn illegal(&mut self, uop: &Uop, delay: u64, memory: &Memory) -> bool {
        if !self.csr.vector_set {
            let (word, len) = (uop.bits, uop.len);
            let float = match uop.action {
                Action::Float(..) | Action::DivSqrt(..) => true,
                Action::Csr(..) => (csr::number::FFLAGS..=csr::number::FCSR).contains(&(uop.imm as u32 & 0xfff)),
                _ => false,
            };
            let kind = if self.csr.float_off() && (float || self.lacks_float(uop)) {
                FaultKind::FloatOff { word, len }
            } else {
                FaultKind::IllegalInstruction { word, len }
            };
            self.fail(kind, self.pipeline.issued);
            return false;
        }
        self.trap(uop, 2, delay, memory)
    }

    /// Takes a synchronous trap; the instruction left decode but does not count as retired.
    fn trap(&mut self, uop: &Uop, cause: u32, delay: u64, memory: &Memory) -> bool {
        self.instret -= 1;
        self.macs -= uop.tally.macs();
        if !self.csr.vector_set {
            self.fail(FaultKind::UnhandledTrap { cause }, self.pipeline.issued);
            return false;
        }
        let target = self.csr.trap(cause, false, self.pc);
        self.look_around();
        if target == self.pc {
            self.fail(FaultKind::DoubleTrap { cause, vector: target }, self.pipeline.issued);
            return false;
        }
        let plain = Uop {
            alu_rd: NO_REGISTER,
            ..*uop
        };
        let s = self.pipeline.issued + 1;
        self.pipeline
            .execute(&plain, s, s, Stall::System, Charge::Sleep, || None);
        self.loops.flushed();
        let at = self.pipeline.flush_begins() + delay;
        self.redirect(target, at, Stall::System, &Leftover::default(), memory)
    }

    /// R17: the cycle in which an interrupt kills the instruction in decode if that has not left it by then, and the
    /// lines that are pending in that cycle. The pins are registered: a line is seen from the cycle after the one in which
    /// it rose.
    #[cold]
    fn interrupt(&self) -> Option<(u64, u32)> {
        if !self.csr.interrupts_enabled() {
            return None;
        }
        let enabled = self.lines & self.csr.enabled_lines();
        let earlier = enabled & !self.rising;
        let arrival = self.pipeline.arrival;
        let (at, pending) = if earlier != 0 && arrival <= self.risen_at {
            (arrival, earlier)
        } else {
            (arrival.max(self.risen_at + 1), enabled)
        };
        (pending != 0).then_some((at, pending))
    }

    /// R17: an interrupt kills the instruction in decode in cycle `at`.
    #[cold]
    fn take_interrupt(&mut self, uop: &Uop, at: u64, pending: u32, redirect_at: u64, memory: &Memory) {
        if self.fetch.is_some() {
            self.fetch_while_in_decode(uop, at - 1, false, redirect_at, memory);
        }
        let line = interrupt_priority(pending);
        self.loops.flushed();
        let target = self.csr.trap(line, true, self.pc);
        self.look_around();
        self.acknowledged = Some((at, line));
        self.redirect(target, at, Stall::System, &Leftover::of(uop), memory);
    }

    /// Stops the core for good, in `cycle`.
    pub fn fail(&mut self, kind: FaultKind, cycle: u64) {
        self.fault = Some(kind);
        self.next = Next::Faulted(cycle);
    }

    /// Its fetch enable fell.
    pub fn stop(&mut self, _now: u64) {
        self.pending = None;
        self.chain = None;
        self.next = Next::Stopped;
    }
}

/// What an instruction in decode does to the fetch stage.
struct InDecode {
    /// Nothing is handed over behind it.
    halts: bool,
    /// Where it jumps to.
    jump: Option<u32>,
    /// Where a hardware loop goes back to after the next instruction.
    loop_back: Option<u32>,
}

/// The register of a `jalr` at `pc`, where one is in decode (R19's parking rule looks at it).
#[cold]
fn next_jalr(in_decode: bool, program: &Program, memory: &Memory, pc: u32) -> Option<u8> {
    let uop = program.decode(pc, memory);
    (in_decode && matches!(uop.action, Action::Jalr)).then_some(uop.rs1)
}

/// The same while a jump is in the execute stage: its target is in decode if the jump had waited there itself, else the
/// jump's own bits are.
#[cold]
fn jalr_behind_jump(jump: &Uop, early: bool, program: &Program, memory: &Memory, target: u32) -> Option<u8> {
    let uop = program.decode(target, memory);
    if early && (target & 2 == 0 || uop.len == 2) {
        return matches!(uop.action, Action::Jalr).then_some(uop.rs1);
    }
    matches!(jump.action, Action::Jalr).then_some(NO_REGISTER)
}

/// Whether a CSR access writes: a set or clear with x0 or zero does not.
fn csr_writes(uop: &Uop, update: CsrUpdate, immediate: bool) -> bool {
    update == CsrUpdate::Write || if immediate { uop.aux != 0 } else { uop.rs1 != 0 }
}

/// The line that is served first: custom lines from the highest number, then external, software, timer.
fn interrupt_priority(pending: u32) -> u32 {
    let custom = pending & 0xffff_0000;
    if custom != 0 {
        return 31 - custom.leading_zeros();
    }
    for line in [11, 3, 7] {
        if pending >> line & 1 == 1 {
            return line;
        }
    }
    31 - pending.leading_zeros()
}

/// What a load writes of the `raw` bits that it read, which begin at the low end. It has no branches, because loads of
/// different kinds alternate.
#[inline(always)]
fn extend(raw: u32, width: Width, fill: Fill) -> u32 {
    let bits = 8 * width as u32;
    let keep = u32::MAX >> (32 - bits);
    let sign = u32::from(fill == Fill::Sign) << (bits - 1);
    let ones = if fill == Fill::Ones { !keep } else { 0 };
    ((raw & keep ^ sign).wrapping_sub(sign)) | ones
}
