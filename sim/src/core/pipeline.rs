//! When an instruction may leave decode: the pipeline's hazards, ports and redirects.
//!
//! The model keeps times, not stages. Of the instruction that left decode last it knows the cycle (`issued`) and the
//! last cycle that it spends in the execute stage (`ex_end`); of each register that a load or a floating-point
//! operation still has to write, the first cycle in which a reader may leave decode (`ready`); of the next instruction
//! its arrival in decode (`arrival`). `t` is the cycle in which an instruction leaves decode, as in the rules; it is in
//! the execute stage from t + 1 to e.
//!
//! Nothing here knows what an instruction means or where its data are. The rules R1..R26 are those of
//! `docs/timing-core.md`.
//!
//! Invariant: `issued` < the next `t`, and every cycle between them is charged to exactly one cause.

use crate::config::Generation;
use crate::core::uop::{Action, NO_REGISTER, Uop};
use crate::stall::Stall;

/// No return on the ALU port is due.
const NEVER: u64 = u64::MAX;

/// Which kind of floating-point operation the dispatcher saw last (R19): the RTL's latency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// What a wait is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// A stall.
    Stall(Stall),
    /// Sleep.
    Sleep,
}

/// The times that decide when the next instruction leaves decode.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// Cycle in which the last instruction left decode.
    pub issued: u64,
    /// First cycle of the next instruction in decode.
    pub arrival: u64,
    arrival_charge: Stall,
    /// Last cycle of the last instruction in the execute stage.
    pub ex_end: u64,
    ex_natural: u64,
    ex_charge: Stall,
    ex_wait: Charge,
    /// Cycle of the last memory response (R25).
    response: u64,
    /// Registers whose result is (or was) under way, one bit each.
    busy: u64,
    busy_fp: u64,
    ready: [u64; 64],
    load_rd: u8,
    ex_alu_rd: u8,
    fp_until: u64,
    fp_code: FpCode,
    alu_return: u64,
    alu_return_rd: u8,
    /// The newer core parks a result that returns at a bad time; the older one never does.
    parks: bool,
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
        /// The target is a 4-byte instruction at a half-word address (R11).
        split_target: bool,
        /// The jump waits for the register that it writes itself (R10).
        self_blocked: bool,
        /// What the bubble is charged to.
        charge: Stall,
    },
    /// Nothing is handed to decode before the given cycle (flushes).
    Hold {
        /// First cycle of the next instruction in decode.
        arrival: u64,
        /// What the gap is charged to.
        charge: Stall,
    },
}

impl Pipeline {
    /// A core of this generation that has not started.
    pub fn new(generation: Generation) -> Self {
        Self {
            issued: 0,
            arrival: 0,
            arrival_charge: Stall::Fetch,
            ex_end: 0,
            ex_natural: 0,
            ex_charge: Stall::MultiCycle,
            ex_wait: Charge::Sleep,
            response: 0,
            busy: 0,
            busy_fp: 0,
            ready: [0; 64],
            load_rd: NO_REGISTER,
            ex_alu_rd: NO_REGISTER,
            fp_until: 0,
            fp_code: FpCode::SameCycle,
            alu_return: NEVER,
            alu_return_rd: 0,
            parks: generation == Generation::Cv32e40p,
            ledger: Ledger::default(),
        }
    }

    /// Starts the core: asleep up to and including cycle `now`, first instruction in decode in `arrival`.
    pub fn start(&mut self, now: u64, arrival: u64) {
        self.ledger.sleep += now - self.issued;
        self.issued = now;
        self.ex_end = now;
        self.ex_natural = now;
        self.arrival = arrival;
        self.arrival_charge = Stall::Fetch;
    }

    /// The earliest cycle in which `uop` can leave decode, given what is known now.
    #[inline(always)]
    pub fn earliest(&self, uop: &Uop) -> u64 {
        let t = self.arrival.max(self.ex_end);
        let t = if self.busy & (uop.reads | self.writes(uop)) != 0 {
            self.operands(uop, t)
        } else {
            t
        };
        if self.load_rd == uop.alu_rd {
            self.load_waw(t)
        } else {
            t
        }
    }

    #[inline(always)]
    fn writes(&self, uop: &Uop) -> u64 {
        1 << uop.rd
    }

    /// R3, R19, R20, R23: operands and destinations that are still under way.
    #[cold]
    #[inline(never)]
    fn operands(&self, uop: &Uop, mut t: u64) -> u64 {
        let mut waiting = self.busy & uop.reads;
        while waiting != 0 {
            let register = waiting.trailing_zeros() as usize;
            t = t.max(self.ready[register]);
            waiting &= waiting - 1;
        }
        let fp = matches!(uop.action, Action::Float(..) | Action::DivSqrt(..));
        if !fp {
            let written = self.busy_fp & self.destinations(uop);
            let mut waiting = written;
            while waiting != 0 {
                let register = waiting.trailing_zeros() as usize;
                t = t.max(self.ready[register]);
                waiting &= waiting - 1;
            }
        }
        t
    }

    fn destinations(&self, uop: &Uop) -> u64 {
        let rd = match uop.action {
            Action::Store(..) | Action::Branch(_) | Action::Loop(_) => 0,
            _ => 1u64 << uop.rd,
        };
        let port = if uop.alu_rd == NO_REGISTER {
            0
        } else {
            1u64 << uop.alu_rd
        };
        (rd | port) & !1
    }

    /// R4: the ALU port writes the register that the load in the execute stage is about to write, x0 included.
    #[inline(always)]
    fn load_waw(&self, t: u64) -> u64 {
        if self.load_rd == NO_REGISTER {
            t
        } else {
            t.max(self.ex_end + 1)
        }
    }

    /// R21: a CSR access waits until the FPU is idle.
    pub fn after_fpu(&self, t: u64) -> u64 {
        if self.fp_until >= t { self.fp_until + 1 } else { t }
    }

    /// R10: the first cycle in which a `jalr` in decode can redirect: not while its register's producer is in the
    /// execute or write-back stage.
    pub fn jalr_redirect(&self, uop: &Uop) -> u64 {
        let mut at = self.arrival;
        if uop.rs1 != 0 {
            if self.ex_alu_rd == uop.rs1 {
                at = at.max(self.ex_end + 1);
            }
            if self.busy & (1 << uop.rs1) != 0 {
                at = at.max(self.ready[uop.rs1 as usize] + 1);
            }
        }
        at
    }

    /// Lets an instruction leave decode in cycle `t`, and charges the cycles since the last one.
    #[inline(always)]
    pub fn issue(&mut self, uop: &Uop, t: u64) {
        if t > self.issued + 1 {
            self.charge(uop, t);
        }
        self.ledger.active += 1;
        self.issued = t;
        self.busy &= !uop.reads;
        self.busy_fp &= self.busy;
        self.load_rd = NO_REGISTER;
    }

    /// Charges the cycles after `issued` and before `t` to what held the next instruction back.
    #[cold]
    #[inline(never)]
    fn charge(&mut self, uop: &Uop, t: u64) {
        let mut floor = self.issued + 1;
        let arrival_charge = Charge::Stall(self.arrival_charge);
        self.charge_until(&mut floor, t, self.ex_natural, Charge::Stall(self.ex_charge));
        self.charge_until(&mut floor, t, self.ex_end, self.ex_wait);
        self.charge_until(&mut floor, t, self.arrival, arrival_charge);
        let fp = (uop.reads | self.destinations(uop)) & self.busy & self.busy_fp != 0
            || matches!(uop.action, Action::Csr(..)) && self.fp_until + 1 >= t;
        let operand = match uop.action {
            Action::Jalr if self.jalr_redirect(uop) >= t => Stall::Jump,
            _ if fp => Stall::FpuLatency,
            _ => Stall::LoadUse,
        };
        self.charge_until(&mut floor, t, t, Charge::Stall(operand));
    }

    fn charge_until(&mut self, floor: &mut u64, t: u64, until: u64, charge: Charge) {
        let until = until.min(t);
        if until > *floor {
            match charge {
                Charge::Stall(stall) => self.ledger.stalls[stall as usize] += until - *floor,
                Charge::Sleep => self.ledger.sleep += until - *floor,
            }
            *floor = until;
        }
    }

    /// Charges the cycles after the last instruction up to and including `end` to what the core was waiting for.
    pub fn close(&mut self, end: u64, waiting: Charge) {
        let mut floor = self.issued + 1;
        let t = end + 1;
        let natural = Charge::Stall(self.ex_charge);
        let arrival = Charge::Stall(self.arrival_charge);
        self.charge_until(&mut floor, t, self.ex_natural, natural);
        self.charge_until(&mut floor, t, self.ex_end, self.ex_wait);
        self.charge_until(&mut floor, t, self.arrival, arrival);
        self.charge_until(&mut floor, t, t, waiting);
        self.issued = self.issued.max(end);
    }

    /// A one-cycle integer instruction: nothing to wait for in the execute stage.
    #[inline(always)]
    pub fn simple(&mut self, uop: &Uop, next_jalr: impl Fn() -> Option<u8>) {
        let s = self.issued + 1;
        self.execute(uop, s, s, Stall::MultiCycle, Charge::Sleep, next_jalr);
        self.arrival = s;
    }

    /// Puts the instruction into the execute stage up to `natural` by its own nature and up to `end` by waiting.
    #[inline(always)]
    pub fn execute(
        &mut self,
        uop: &Uop,
        natural: u64,
        end: u64,
        charge: Stall,
        wait: Charge,
        next_jalr: impl Fn() -> Option<u8>,
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
            self.return_on_alu_port(uop, next_jalr());
        }
    }

    /// R19: a result that returns on the ALU port has priority over the instruction in the execute stage, unless it is
    /// parked.
    #[cold]
    #[inline(never)]
    fn return_on_alu_port(&mut self, uop: &Uop, next_jalr: Option<u8>) {
        let start = self.issued + 1;
        let writes = uop.alu_rd != NO_REGISTER;
        let access = matches!(uop.action, Action::Load(..) | Action::Store(..));
        while self.alu_return <= self.ex_end {
            let now = self.alu_return;
            let parked = self.parks
                && now >= start
                && (access && (writes || self.ex_natural > start)
                    || writes && self.response == now
                    || matches!(uop.action, Action::MulHigh(_)) && now > start
                    || matches!(uop.action, Action::Jalr)
                    || writes && next_jalr.is_some_and(|rs1| rs1 != self.alu_return_rd));
            if parked {
                self.alu_return += 1;
                self.ready[self.alu_return_rd as usize] = self.alu_return;
                self.fp_until = self.alu_return;
                continue;
            }
            let floating = matches!(uop.action, Action::Float(..) | Action::DivSqrt(..));
            if writes && !floating && now == self.ex_end {
                self.ex_natural = self.ex_end;
                self.ex_end += 1;
                self.ex_wait = Charge::Stall(Stall::WriteBack);
            }
            self.alu_return = NEVER;
        }
    }

    /// The load or store in the execute stage was answered: granted in `grant`, response in the next cycle.
    #[inline(always)]
    pub fn responded(&mut self, response: u64) {
        self.response = response;
    }

    /// The load in the execute stage writes `rd` (R3, R4).
    #[inline(always)]
    pub fn loads(&mut self, rd: u8) {
        self.load_rd = rd;
        self.busy |= (1u64 << rd) & !1;
        self.busy_fp &= !(1u64 << rd);
        self.ready[rd as usize] = self.response.max(self.ex_end + 1);
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

    /// The FPU took an operation in cycle `request`; its result is there `latency` cycles later.
    #[inline(always)]
    pub fn fp_accepted(&mut self, rd: u8, request: u64, latency: u64) {
        if latency == 0 {
            self.ex_alu_rd = rd;
            self.busy &= !(1u64 << rd);
            self.fp_code = FpCode::SameCycle;
            return;
        }
        let code = FpCode::of(latency.min(2) as u8);
        let back = request + latency;
        let bit = (1u64 << rd) & !1;
        self.busy |= bit;
        self.busy_fp |= bit;
        self.ready[rd as usize] = back;
        self.fp_until = back;
        self.fp_code = code;
        if code == FpCode::Later {
            self.alu_return = back;
            self.alu_return_rd = rd;
        }
    }

    /// Works out when the next instruction arrives in decode.
    #[inline(always)]
    pub fn flow(&mut self, flow: Flow) {
        match flow {
            Flow::Sequential => self.arrival = self.issued + 1,
            Flow::Redirect {
                at,
                split_target,
                self_blocked,
                charge,
            } => {
                self.redirect(at, split_target, self_blocked, charge);
            }
            Flow::Hold { arrival, charge } => {
                self.arrival = arrival;
                self.arrival_charge = charge;
            }
        }
    }

    /// R8..R11, R13: the target word is there in the cycle after the redirect; it is handed to decode in a cycle in
    /// which decode is ready: the cycle in which the jump leaves it, or a later one in which the execute stage is
    /// ready. A 4-byte target at a half-word address takes two such cycles.
    fn redirect(&mut self, at: u64, split_target: bool, self_blocked: bool, charge: Stall) {
        let left = self.issued;
        let empty_ready = if self_blocked { self.ex_end + 1 } else { self.ex_end };
        let hand_over = |from: u64| if from <= left { left } else { from.max(empty_ready) };
        let mut handed = hand_over(at + 1);
        if split_target {
            handed = hand_over(handed + 1);
        }
        self.arrival = handed + 1;
        self.arrival_charge = charge;
    }
}
