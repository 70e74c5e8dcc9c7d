//! When an instruction may leave decode: the pipeline's hazards, ports and redirects.
//!
//! The model keeps times, not stages. Of the instruction that left decode last it knows the cycle (`issued`) and the
//! last cycle that it spends in the execute stage (`ex_end`); of the last load and of the floating-point operation under
//! way, the register and the first cycle in which a reader may leave decode; of the next instruction its arrival in
//! decode (`arrival`). `t` is the cycle in which an instruction leaves decode, as in the rules; it is in the execute
//! stage from t + 1 to e.
//!
//! Nothing here knows what an instruction means or where its data are, and nothing here fetches: with a memory that
//! always grants, arrivals follow from the redirects alone ([`Pipeline::flow`]); otherwise [`super::fetch`] finds them.
//! The rules R1..R33 are those of `docs/timing-core.md`.
//!
//! Invariant: `issued` < the next `t`, and every cycle between them is charged to exactly one cause.

use crate::config::Generation;
use crate::core::uop::{Action, NO_REGISTER, Uop};
use crate::stall::Stall;
use serde::{Deserialize, Serialize};

/// No return on the ALU port is due.
const NEVER: u64 = u64::MAX;

/// Words that the older core's fetch holds before it stops asking for more.
const FETCHED_WORDS: u64 = 3;

/// Which kind of floating-point operation the dispatcher saw last (R19): the RTL's latency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum FpCode {
    /// Result in the request's cycle.
    SameCycle,
    /// Result in the next cycle, on the load port.
    NextCycle,
    /// Later, on the ALU port.
    Later,
}

impl FpCode {
    fn of(latency: u8) -> Self {
        match latency {
            0 => FpCode::SameCycle,
            1 => FpCode::NextCycle,
            _ => FpCode::Later,
        }
    }
}

/// Cycles by cause; a core and each region sum them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Cycles in which an instruction left decode.
    pub active: u64,
    /// Cycles asleep.
    pub sleep: u64,
    /// Stalled cycles by cause.
    pub stalls: [u64; Stall::COUNT],
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            active: 0,
            sleep: 0,
            stalls: [0; Stall::COUNT],
        }
    }
}

/// How often hazards held an instruction back in its first cycle in decode: what the hardware's counters show, however long
/// the wait was. Nothing is counted for an instruction that waits for the execute stage first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hazards {
    /// By a load under way (R3, R4).
    pub load: u64,
    /// By the producer of the register that a jump goes to (R10).
    pub jump: u64,
}

/// What a wait is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Charge {
    /// A stall.
    Stall(Stall),
    /// Sleep.
    Sleep,
}

/// The times that decide when the next instruction leaves decode.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pipeline {
    /// Cycle in which the last instruction left decode.
    pub issued: u64,
    /// First cycle of the next instruction in decode.
    pub arrival: u64,
    /// What the wait for the arrival is charged to up to `expected`; what comes after is the instruction memory's.
    arrival_charge: Stall,
    expected: u64,
    /// Last cycle of the last instruction in the execute stage.
    pub ex_end: u64,
    ex_natural: u64,
    ex_charge: Stall,
    ex_wait: Charge,
    /// The register that the instruction in the execute stage writes through the ALU port.
    ex_alu_rd: u8,
    /// Cycle of the last memory response (R25).
    response: u64,
    /// The last load's register, and the first cycle in which who needs it may leave decode (R3, R4).
    load_rd: u8,
    load_bit: u64,
    load_ready: u64,
    /// The same of the load before, which may be in the write-back stage while another is in the execute stage.
    load_rd_before: u8,
    load_ready_before: u64,
    /// Destination of the last floating-point operation, and the cycle in which its result returns (R19, R23).
    fp_rd: u8,
    fp_bit: u64,
    fp_until: u64,
    fp_code: FpCode,
    /// The same of the operation before: its result may return while this one is in the execute stage.
    fp_rd_before: u8,
    fp_until_before: u64,
    /// The cycle in which a result returns on the ALU port, where one is under way.
    alu_return: u64,
    /// The last cycle in which an instruction left decode after it had waited there, and for how long it had.
    waited: (u64, u64),
    /// Where the fetch was redirected last: the cycle, and the number of the target's word. Kept for the older core (R32).
    fetched_from: (u64, u32),
    /// The core is of the older generation: it never parks a result, its fetch joins the halves of an instruction, a jump to
    /// a register does not look at floating-point results under way, and an empty decode stage does.
    older: bool,
    /// The first cause that the wait before the last instruction was charged to.
    pub waited_for: Option<Charge>,
    /// Instructions that a load, and jumps whose register's producer, held back in their first cycle in decode.
    pub hazards: Hazards,
    /// One of them held back the last instruction that waited.
    pub met_hazard: bool,
    /// Of a wait: the cycles in decode for an operand, and what those are charged to.
    held: (u64, Charge),
    /// What the cycles so far were spent on.
    pub ledger: Ledger,
}

/// What became of the instruction flow after an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// On to the next instruction.
    Sequential,
    /// The fetch was redirected in cycle `at`.
    Redirect {
        /// Cycle of the redirect.
        at: u64,
        /// Where to.
        target: u32,
        /// What the bubble is charged to.
        charge: Stall,
    },
    /// Nothing is handed to decode before cycle `from` (flushes).
    Hold {
        /// First cycle in which an instruction can be handed over.
        from: u64,
        /// What the gap is charged to.
        charge: Stall,
    },
}

/// An instruction that decode still holds though it is empty: it left or was killed, and its bits stay (R28).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Leftover {
    /// Registers that it reads.
    reads: u64,
    /// Registers that it awaits from the FPU.
    awaits: u64,
    /// The register that it jumps to.
    jalr: Option<u8>,
    /// It accesses a CSR.
    csr: bool,
}

impl Leftover {
    /// What matters of an instruction that stays behind.
    pub fn of(uop: &Uop) -> Self {
        Self {
            reads: uop.reads,
            awaits: uop.awaits,
            jalr: matches!(uop.action, Action::Jalr).then_some(uop.rs1),
            csr: matches!(uop.action, Action::Csr(..)),
        }
    }
}

/// What decides when an instruction leaves decode, as in [`Uop`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// Registers that it reads.
    pub reads: u64,
    /// Registers that it awaits from the FPU.
    pub awaits: u64,
    /// The register that it writes through the ALU port.
    pub alu_rd: u8,
}

impl Needs {
    /// Those of `uop`.
    pub fn of(uop: &Uop) -> Self {
        Self {
            reads: uop.reads,
            awaits: uop.awaits,
            alu_rd: uop.alu_rd,
        }
    }
}

/// What a straight line of instructions does to a pipeline, if nothing older holds any but the first of them back: cycles
/// count from the one in which the first leaves decode.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passage {
    /// When the last instruction leaves decode.
    pub last: u16,
    /// Cycles of them in which an instruction waits for a floating-point result.
    pub waits: u16,
    /// Branches, and those of them that are taken.
    pub branches: u8,
    /// See [`Self::branches`].
    pub taken: u8,
    /// Cycles of them in which decode waits for the target of a branch.
    pub bubbles: u16,
    /// The last instruction's register on the ALU port.
    alu_rd: u8,
    /// The last floating-point operation's kind.
    code: Option<FpCode>,
    /// Register and time of the last two floating-point results that return later than the request.
    results: [Option<(u8, u16)>; 2],
}

/// When a passage begins on the pipeline at rest that it is worked out on.
const BEGIN: u64 = 16;

impl Passage {
    /// A passage through a new pipeline.
    pub fn begin(pipeline: &mut Pipeline) -> Self {
        pipeline.fp_code = FpCode::SameCycle;
        pipeline.issued = BEGIN - 1;
        Self::default()
    }

    /// When `uop` leaves decode as the next instruction.
    pub fn leaves(&self, pipeline: &Pipeline, uop: &Uop) -> u64 {
        pipeline.operands_ready(uop, pipeline.issued + 1)
    }

    /// It leaves in cycle `at`.
    pub fn pass(&mut self, pipeline: &mut Pipeline, uop: &Uop, at: u64) {
        self.waits += (at - pipeline.issued - 1) as u16;
        pipeline.issued = at;
        pipeline.ex_alu_rd = uop.alu_rd;
    }

    /// What left in cycle `at` is a floating-point operation of a private FPU that writes `rd`.
    pub fn computes(&mut self, rd: u8, at: u64, latency: u8) {
        self.code = Some(FpCode::of(latency));
        if latency > 0 {
            self.results = [
                Some((rd, (at + 1 + u64::from(latency) - BEGIN) as u16)),
                self.results[0],
            ];
        }
    }

    /// The instruction that left last is a branch; if it is taken, `bubble` cycles go by before the next comes into decode.
    pub fn branch(&mut self, pipeline: &mut Pipeline, bubble: Option<u16>) {
        self.branches += 1;
        self.taken += u8::from(bubble.is_some());
        let bubble = bubble.unwrap_or_default();
        self.bubbles += bubble;
        pipeline.issued += u64::from(bubble);
    }

    /// What the whole did to the pipeline.
    pub fn end(mut self, pipeline: &Pipeline) -> Self {
        self.last = pipeline.issued.saturating_sub(BEGIN) as u16;
        self.alu_rd = pipeline.ex_alu_rd;
        self
    }
}

/// A register number that no instruction writes; unlike [`NO_REGISTER`], so that the two never meet.
const NOTHING: u8 = NO_REGISTER - 1;

impl Pipeline {
    /// A core of this generation that has not started.
    pub fn new(generation: Generation) -> Self {
        Self {
            issued: 0,
            arrival: 0,
            arrival_charge: Stall::Fetch,
            expected: 0,
            ex_end: 0,
            ex_natural: 0,
            ex_charge: Stall::MultiCycle,
            ex_wait: Charge::Sleep,
            ex_alu_rd: NOTHING,
            response: 0,
            load_rd: NOTHING,
            load_bit: 0,
            load_ready: 0,
            load_rd_before: NOTHING,
            load_ready_before: 0,
            fp_rd: NOTHING,
            fp_bit: 0,
            fp_until: 0,
            fp_code: FpCode::SameCycle,
            fp_rd_before: NOTHING,
            fp_until_before: 0,
            alu_return: NEVER,
            waited: (0, 0),
            fetched_from: (0, 0),
            older: generation == Generation::Ri5cy,
            waited_for: None,
            hazards: Hazards::default(),
            met_hazard: false,
            held: (0, Charge::Sleep),
            ledger: Ledger::default(),
        }
    }

    /// The core is of the older generation.
    pub fn older(&self) -> bool {
        self.older
    }

    /// Starts the core: asleep up to and including cycle `now`, the fetch redirected to `boot` in the next cycle.
    pub fn start(&mut self, now: u64, boot: u32) -> Flow {
        self.asleep_until(now);
        self.ex_end = now;
        self.ex_natural = now;
        Flow::Redirect {
            at: now + 1,
            target: boot,
            charge: Stall::Fetch,
        }
    }

    /// Nothing left decode up to and including `cycle`, because the core slept.
    pub fn asleep_until(&mut self, cycle: u64) {
        self.ledger.sleep += cycle - self.issued;
        self.issued = cycle;
    }

    /// The earliest cycle in which `uop` can leave decode, given what is known now (R1, R3, R4, R19, R20).
    #[inline(always)]
    pub fn earliest(&self, uop: &Uop) -> u64 {
        self.operands_ready(uop, self.arrival.max(self.ex_end))
    }

    /// The first cycle from `t` on in which neither an operand nor the destination keeps `uop` in decode (R3, R4, R19,
    /// R20).
    #[inline(always)]
    pub fn operands_ready(&self, uop: &Uop, mut t: u64) -> u64 {
        if self.load_ready > t && self.awaits_load(uop) {
            t = self.load_ready;
        }
        if self.fp_until > t && self.awaited(uop) {
            t = self.fp_until;
        }
        t
    }

    /// Whether a floating-point result under way could still hold an instruction back that leaves decode after an access was
    /// granted in cycle `grant`.
    #[inline(always)]
    pub fn results_due(&self, grant: u64) -> bool {
        self.fp_until > grant
    }

    #[inline(always)]
    fn awaits_load(&self, uop: &Uop) -> bool {
        self.load_bit & uop.reads != 0 || self.load_rd == uop.alu_rd
    }

    /// Counts what holds `uop` back in its first cycle in decode, after it waited.
    fn count_hazards(&mut self, uop: &Uop) {
        let first = self.arrival.max(self.issued + 1);
        let jumps = matches!(uop.action, Action::Jalr);
        let load = self.load_ready > first && self.awaits_load(uop);
        let jump = jumps && self.jalr_redirect(uop) > first;
        self.hazards.load += u64::from(load);
        self.hazards.jump += u64::from(jump);
        self.met_hazard = load || jump;
    }

    #[inline(always)]
    fn awaited(&self, uop: &Uop) -> bool {
        self.fp_bit & uop.awaits != 0 && !(self.older && matches!(uop.action, Action::Jalr))
    }

    /// R25: the first cycle from `t` on in which nothing keeps an instruction in decode: behind a response that is late, an
    /// empty execute stage does.
    #[inline(always)]
    pub fn after_bubble(&self, t: u64) -> u64 {
        if t > self.ex_end { t.max(self.response) } else { t }
    }

    /// R21: a CSR access waits until the FPU is idle.
    #[inline(always)]
    pub fn after_fpu(&self, t: u64) -> u64 {
        if self.fp_until >= t { self.fp_until + 1 } else { t }
    }

    /// R10: the first cycle in which a `jalr` in decode can redirect: not while its register's producer is in the
    /// execute or write-back stage.
    #[inline(always)]
    pub fn jalr_redirect(&self, uop: &Uop) -> u64 {
        let mut at = self.arrival;
        if self.ex_alu_rd == uop.rs1 && uop.rs1 != 0 {
            at = at.max(self.ex_end + 1);
        }
        if self.load_rd == uop.rs1 && uop.rs1 != 0 {
            at = at.max(self.load_ready + 1);
        }
        if self.load_rd_before == uop.rs1 && uop.rs1 != 0 {
            at = at.max(self.load_ready_before + 1);
        }
        for (rd, until) in [(self.fp_rd, self.fp_until), (self.fp_rd_before, self.fp_until_before)] {
            // The older core looks at the write port alone.
            if rd == uop.rs1 && (!self.older || at == until) {
                at = at.max(until + 1);
            }
        }
        at
    }

    /// The first cycle from `c` on in which an empty decode stage takes an instruction: it looks at the stages behind it
    /// as if what it holds were valid (R13, R28).
    pub fn takes(&self, mut c: u64, left: &Leftover) -> u64 {
        loop {
            let next = self.keeps_until(c, left);
            if next == c {
                return c;
            }
            c = next;
        }
    }

    /// Cycle `c` if decode takes an instruction then, else a later one before which it does not.
    #[inline(always)]
    fn keeps_until(&self, c: u64, left: &Leftover) -> u64 {
        let mut c = c.max(self.ex_end);
        if c > self.ex_end {
            c = c.max(self.response);
        }
        if self.load_bit & left.reads != 0 {
            c = c.max(self.load_ready);
        }
        if self.older && self.fp_bit & left.awaits != 0 {
            c = c.max(self.fp_until);
        }
        if let Some(register) = left.jalr
            && register != 0
        {
            if self.ex_alu_rd == register {
                c = c.max(self.ex_end + 1);
            }
            if self.load_rd == register {
                c = c.max(self.load_ready + 1);
            }
            if self.fp_rd == register && self.fp_until == c {
                c += 1;
            }
        }
        if left.csr { self.after_fpu(c) } else { c }
    }

    /// Whether what decode holds while it is empty could matter in cycle `c` or later.
    #[inline(always)]
    pub fn busy_at(&self, c: u64) -> bool {
        self.fp_until >= c || self.response > c
    }

    /// Whether the result of a floating-point operation returns in `cycle`.
    pub fn returns_in(&self, cycle: u64) -> bool {
        self.fp_until == cycle
    }

    /// The first cycle in which the next instruction may leave decode if nothing is under way that could meet it on the
    /// ALU port or keep it in the execute stage.
    #[inline(always)]
    pub fn flows_from(&self) -> Option<u64> {
        let t = self.arrival.max(self.ex_end);
        (self.alu_return == NEVER && self.response <= self.ex_end + 1).then_some(t)
    }

    /// Charges the wait of an instruction that leaves decode in cycle `t`; the last before it did so in cycle `issued`.
    #[inline(always)]
    pub fn waited(&mut self, issued: u64, uop: &Uop, t: u64) {
        self.issued = issued;
        self.charge(uop, t);
    }

    /// A one-cycle instruction, which writes `alu_rd` through the ALU port, went through the execute stage.
    #[inline(always)]
    pub fn flowed(&mut self, alu_rd: u8) {
        self.ex_alu_rd = alu_rd;
    }

    /// `count` instructions left decode and were in the execute stage for a cycle each; the last left in cycle `issued`,
    /// and the waits between them are charged.
    #[inline(always)]
    pub fn flowed_until(&mut self, issued: u64, count: u64) {
        self.ledger.active += count;
        self.issued = issued;
        self.waited_for = None;
        self.ex_natural = issued + 1;
        self.ex_end = issued + 1;
        self.sequential();
    }

    /// `count` instructions pass, the first of which leaves decode in cycle `at`. Returns the cycle in which the last does.
    #[inline(always)]
    pub fn pass(&mut self, passage: &Passage, at: u64, count: u64) -> u64 {
        self.ex_alu_rd = passage.alu_rd;
        self.pass_floats(passage, at);
        let last = at + u64::from(passage.last);
        self.flowed_until(last, count);
        last
    }

    /// What passing instructions, the first of which leaves decode in cycle `at`, leave behind of floating-point results.
    #[inline(always)]
    pub fn pass_floats(&mut self, passage: &Passage, at: u64) {
        self.ledger.stalls[Stall::FpuLatency as usize] += u64::from(passage.waits);
        self.left_floats(passage, at);
    }

    /// The same where the waits for them are charged.
    #[inline(always)]
    pub fn left_floats(&mut self, passage: &Passage, at: u64) {
        if let Some(code) = passage.code {
            self.fp_code = code;
            if let Some((rd, until)) = passage.results[0] {
                (self.fp_rd_before, self.fp_until_before) = match passage.results[1] {
                    Some((rd, until)) => (rd, at + u64::from(until)),
                    None => (self.fp_rd, self.fp_until),
                };
                self.fp_rd = rd;
                self.fp_bit = 1 << rd;
                self.fp_until = at + u64::from(until);
            }
        }
    }

    /// `count` instructions pass, one a cycle from cycle `start` on, and leave nothing under way; the next is at `pc`.
    pub fn skip(&mut self, start: u64, count: u64, pc: u32) {
        if start > self.issued + 1 {
            self.settle(start, Charge::Stall(Stall::LoadUse));
        }
        let generation = if self.older {
            Generation::Ri5cy
        } else {
            Generation::Cv32e40p
        };
        let last = start + count - 1;
        *self = Self {
            ledger: std::mem::take(&mut self.ledger),
            fetched_from: (last, pc >> 2),
            ..Self::new(generation)
        };
        self.flowed_until(last, count);
    }

    /// Lets an instruction leave decode in cycle `t`, and charges the cycles since the last one.
    #[inline(always)]
    pub fn issue(&mut self, uop: &Uop, t: u64) {
        if t > self.issued + 1 {
            self.charge(uop, t);
        } else {
            self.waited_for = None;
            self.met_hazard = false;
        }
        self.ledger.active += 1;
        self.issued = t;
    }

    /// Charges the cycles after `issued` and before `t` to what held the next instruction back.
    #[cold]
    #[inline(never)]
    pub fn charge(&mut self, uop: &Uop, t: u64) {
        self.count_hazards(uop);
        let csr = matches!(uop.action, Action::Csr(..));
        let waits_for_fpu = self.fp_until + u64::from(csr) >= t && (csr || self.awaited(uop));
        let operand = match uop.action {
            Action::Jalr if self.jalr_redirect(uop) >= t => Stall::Jump,
            _ if waits_for_fpu => Stall::FpuLatency,
            _ => Stall::LoadUse,
        };
        self.settle(t, Charge::Stall(operand));
    }

    /// Charges the cycles after the last instruction up to and including `end` to what the core was waiting for.
    pub fn close(&mut self, end: u64, waiting: Charge) {
        self.settle(end + 1, waiting);
        self.issued = self.issued.max(end);
    }

    /// How long the last instruction stood in decode for an operand, and which kind of stall that was.
    pub fn held(&self) -> Option<(Stall, u64)> {
        match (self.waited_for, self.held) {
            (Some(_), (cycles @ 1.., Charge::Stall(stall))) => Some((stall, cycles)),
            _ => None,
        }
    }

    /// Charges the cycles after `issued` and before `t`, those that nothing else explains to `rest`.
    fn settle(&mut self, t: u64, rest: Charge) {
        let mut floor = self.issued + 1;
        self.waited_for = None;
        if t > self.arrival {
            self.waited = (t, t - self.arrival);
        }
        let explained = floor
            .max(self.ex_end)
            .max(self.ex_natural)
            .max(self.arrival)
            .max(self.expected);
        self.held = (t.saturating_sub(explained), rest);
        for (until, charge) in [
            (self.ex_natural, Charge::Stall(self.ex_charge)),
            (self.ex_end, self.ex_wait),
            (self.expected, Charge::Stall(self.arrival_charge)),
            (self.arrival, Charge::Stall(Stall::Fetch)),
            (t, rest),
        ] {
            let until = until.min(t);
            if until > floor {
                match charge {
                    Charge::Stall(stall) => self.ledger.stalls[stall as usize] += until - floor,
                    Charge::Sleep => self.ledger.sleep += until - floor,
                }
                self.waited_for.get_or_insert(charge);
                floor = until;
            }
        }
    }

    /// Puts the instruction into the execute stage up to `natural` by its own nature and up to `end` by waiting.
    /// `next_jalr` says whether the instruction behind it in decode jumps to a register, and to which.
    #[inline(always)]
    pub fn execute(
        &mut self,
        uop: &Uop,
        natural: u64,
        end: u64,
        charge: Stall,
        wait: Charge,
        next_jalr: impl FnOnce() -> Option<u8>,
    ) {
        self.ex_natural = natural;
        self.ex_end = end;
        self.ex_charge = charge;
        self.ex_wait = wait;
        self.ex_alu_rd = uop.alu_rd;
        if self.response > end && !matches!(uop.action, Action::Branch(_)) {
            self.ex_end = self.response;
            self.ex_wait = Charge::Stall(Stall::L2);
        }
        if self.alu_return <= self.ex_end {
            self.return_on_alu_port(uop, end, next_jalr());
        }
    }

    /// R19: a result that returns on the ALU port has priority over the instruction in the execute stage, unless it is
    /// parked. An access asks for its grant up to cycle `asks_until`.
    #[cold]
    #[inline(never)]
    fn return_on_alu_port(&mut self, uop: &Uop, asks_until: u64, next_jalr: Option<u8>) {
        let start = self.issued + 1;
        let access = matches!(uop.action, Action::Load(..) | Action::Store(..));
        // The second half of a misaligned access does not write the base; only the older core gets to see that.
        let second_half = self.older && access && self.ex_natural > start;
        let writes = uop.alu_rd != NO_REGISTER && !second_half;
        while self.alu_return <= self.ex_end {
            let now = self.alu_return;
            let parked = !self.older
                && now >= start
                && (access && (writes && now <= asks_until || self.ex_natural > start)
                    || writes && self.response == now
                    || matches!(uop.action, Action::MulHigh(_)) && now > start
                    || writes && next_jalr.is_some_and(|rs1| rs1 != self.fp_rd));
            if parked {
                self.alu_return += 1;
                self.fp_until = self.alu_return;
                continue;
            }
            if writes && now == self.ex_end {
                self.ex_natural = self.ex_end;
                self.ex_end += 1;
                self.ex_wait = Charge::Stall(Stall::WriteBack);
            }
            self.alu_return = NEVER;
        }
    }

    /// The load or store in the execute stage was granted in its last cycle there; `load` is the register that it
    /// writes (R3, R4, R25).
    #[inline(always)]
    pub fn accessed(&mut self, load: Option<u8>) {
        self.answered(load, self.ex_end + 1);
    }

    /// The same where the answer comes in cycle `response`.
    #[inline(always)]
    pub fn answered(&mut self, load: Option<u8>, response: u64) {
        self.response = response;
        if let Some(rd) = load {
            self.loaded(rd, response);
        }
    }

    /// R25: the first half of a misaligned access was granted in cycle `grant` and is answered `latency` cycles later. Gives
    /// the cycle in which the second half asks for its grant.
    pub fn first_half(&mut self, grant: u64, latency: u64) -> u64 {
        let leaves = grant.max(self.response);
        self.response = (grant + latency).max(leaves + 1);
        if self.older { self.response } else { leaves + 1 }
    }

    /// R25: when an access that enters the execute stage in `start` asks for its grant: the older core has one access under
    /// way at a time.
    #[inline(always)]
    pub fn asks_from(&self, start: u64) -> u64 {
        if self.older { start.max(self.response) } else { start }
    }

    /// Cycle of the last memory response (R25).
    pub fn response(&self) -> u64 {
        self.response
    }

    /// R25: behind a late response the dispatcher does not know that the operation in the execute stage cannot leave it. One
    /// that returns on the ALU port is requested in cycle `request`, and again after each return until the response has come;
    /// gives the cycle of the last request. Each is taken `occupies` cycles late.
    #[inline(always)]
    pub fn requested_again(&self, mut request: u64, latency: u64, occupies: u64) -> u64 {
        if latency > 1 {
            while request < self.response {
                request += latency + 1 + occupies;
            }
        }
        request
    }

    /// A load of register `rd` is answered in cycle `response`.
    #[inline(always)]
    pub fn loaded(&mut self, rd: u8, response: u64) {
        (self.load_rd_before, self.load_ready_before) = (self.load_rd, self.load_ready);
        self.load_rd = rd;
        self.load_bit = (1u64 << (rd & 63)) & !1;
        self.load_ready = response;
    }

    /// When a floating-point operation that enters the execute stage in `start` reaches the FPU (R19).
    #[inline(always)]
    pub fn fp_request(&self, start: u64, latency: u8) -> u64 {
        if self.fp_until < start {
            return start;
        }
        let waits = match FpCode::of(latency) {
            FpCode::NextCycle => self.fp_code == FpCode::Later,
            FpCode::SameCycle | FpCode::Later => true,
        };
        if waits { self.fp_until + 1 } else { start }
    }

    /// Whether the FPU takes an operation of at most one stage in cycle `start` (R19).
    #[inline(always)]
    pub fn fpu_takes(&self, start: u64, latency: u8) -> bool {
        self.fp_until < start || latency == 1 && self.fp_code != FpCode::Later
    }

    /// The FPU took an operation in cycle `request`; its result is there `latency` cycles later.
    #[inline(always)]
    pub fn fp_accepted(&mut self, rd: u8, request: u64, latency: u64) {
        self.fp_code = FpCode::of(latency.min(2) as u8);
        if latency == 0 {
            self.ex_alu_rd = rd;
            return;
        }
        (self.fp_rd_before, self.fp_until_before) = (self.fp_rd, self.fp_until);
        self.fp_rd = rd;
        self.fp_bit = 1 << rd;
        self.fp_until = request + latency;
        if self.fp_code == FpCode::Later {
            self.alu_return = self.fp_until;
        }
    }

    /// The next instruction is in decode in the cycle after this one left it.
    #[inline(always)]
    pub fn sequential(&mut self) {
        self.arrival = self.issued + 1;
        self.expected = self.arrival;
    }

    /// Works out when the next instruction arrives in decode, instruction memory always granting (R8..R11, R13): the
    /// target word is there in the cycle after the redirect, and is handed over in a cycle in which decode takes an
    /// instruction: the cycle in which the jump leaves it, or a later one. A 4-byte target at a half-word address
    /// (`split`) takes two such cycles; in the older core, whose fetch joins the halves, it comes a cycle later.
    pub fn flow(&mut self, flow: Flow, split: bool, left: &Leftover) {
        let issued = self.issued;
        let hand_over = |from: u64| if from <= issued { issued } else { self.takes(from, left) };
        let (handed, charge) = match flow {
            Flow::Sequential => return self.sequential(),
            Flow::Redirect { at, charge, .. } => (hand_over(at + 1 + u64::from(split && self.older)), charge),
            Flow::Hold { from, charge } => (hand_over(from), charge),
        };
        let split = split && !self.older;
        let arrival = 1 + if split { hand_over(handed + 1) } else { handed };
        if let Flow::Redirect { at, target, .. } = flow {
            self.fetched_from = (at, target >> 2);
        }
        self.arrival = arrival;
        self.arrival_charge = charge;
        self.expected = self.arrival;
    }

    /// A loop of the older core goes from the instruction at `pc`, which left decode last, back to `start` (R32): the cycle
    /// from which the fetch goes on there. It looks at instructions before decode, so it is ahead by what the one at `pc`
    /// waited for decode, but for a cycle if it then has as many words as it can hold.
    pub fn loop_back(&mut self, pc: u32, start: u32) -> u64 {
        let (at, cycles) = self.waited;
        let waited = if at + 1 == self.arrival { cycles } else { 0 };
        let seen = self.arrival - 1 - waited;
        let (from, word) = self.fetched_from;
        let held = (seen - from).saturating_sub(u64::from((pc >> 2).wrapping_sub(word)));
        let back = seen + u64::from(waited > 0 && held >= FETCHED_WORDS);
        self.fetched_from = (back, start >> 2);
        back
    }

    /// The first cycle of the flush that the trap in decode, which left it last, makes: the older core begins it in the trap's
    /// first cycle in decode, and ends it with what is in the execute stage (R16).
    pub fn flush_begins(&self) -> u64 {
        self.ex_end - u64::from(self.older && self.waited.0 == self.issued)
    }

    /// R33: an empty decode stage sends the division of `cycles` cycles whose bits it still holds into the execute stage once
    /// more: one that was killed behind a taken branch, or one that was the last before a gap.
    pub fn repeat_division(&mut self, cycles: u64) {
        let killed = self.ex_end == self.issued + 1;
        if killed {
            self.ex_end = self.issued + 2 + cycles;
        }
        if self.arrival > self.issued + if killed { 3 } else { 1 } {
            self.arrival = self.ex_end + 1;
            self.expected = self.arrival;
            self.ex_end += cycles;
        }
        self.ex_natural = self.ex_end;
        self.ex_charge = Stall::MultiCycle;
        self.ex_alu_rd = NOTHING;
        if self.alu_return <= self.ex_end {
            self.alu_return = NEVER;
        }
    }

    /// The next instruction arrives in decode only in cycle `arrival`.
    pub fn fetched(&mut self, arrival: u64) {
        self.arrival = arrival;
    }
}
