//! Scripts: what is read and computed along a course, step by step, with no timing left in it.
//!
//! A step is what a micro-op means, with all looked up that does not change; what changes nothing but the time has none. Where
//! a course repeats, its script does.
//!
//! Invariant: a script run through the grants of a course leaves registers, flags and loops as its instructions would.

use ennead_isa::Replicate;
use ennead_isa::float::{Flags, Rounding};
use ennead_isa::op::{ComputeFn, FloatFn};

use super::Core;
use super::block::{Access, Interaction, LONGEST};
use super::fours::{Fours, Run as FoursRun};
use super::uop::{Action, RoundingMode, Uop};
use super::walk::Owed;
use crate::memory::Words;

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    run: Run,
    rd: u8,
    a: u8,
    b: u8,
    c: u8,
    imm: u32,
    aux: u32,
}

/// A floating-point operation.
#[derive(Clone, Copy, Debug)]
struct Floating {
    eval: FloatFn,
    /// Its rounding mode, unless that is the one in `frm`.
    fixed: Option<Rounding>,
    replicate: Replicate,
    /// It was granted; [`Run::Operation`] follows.
    granted: bool,
    /// Fours of multiply-adds begin with it: which of the script's runs.
    fours: Option<u16>,
}

#[derive(Clone, Copy, Debug)]
enum Run {
    /// An access was granted that loads a word, and adds to its base what it increments it by. So many of them follow one another
    /// from here on.
    Load(u8),
    /// The same of those that load a part of a word, and add nothing.
    LoadPart(Access, u8),
    /// Another access was granted.
    Access(Access),
    /// An operation was granted, the result of which is there already.
    Operation,
    /// The sum of two registers and the immediate.
    Add,
    /// A computation.
    Compute(ComputeFn),
    /// The same with a second operand that one lane is repeated in.
    ComputeOfLane(ComputeFn, Replicate),
    /// A floating-point operation.
    Float(Floating),
    /// The second-last (1) or last (2) instruction of a hardware loop's body, or both.
    LoopEnd(u8),
    /// The course repeats.
    Again,
}

impl Step {
    /// The course repeats.
    pub(super) const AGAIN: Self = Self::only(Run::Again);

    const fn only(run: Run) -> Self {
        Self {
            run,
            rd: 0,
            a: 0,
            b: 0,
            c: 0,
            imm: 0,
            aux: 0,
        }
    }

    /// An interaction was granted behind the steps of `script`.
    pub(super) fn take(interaction: &Interaction, script: &mut Vec<Self>) {
        match interaction {
            Interaction::Access(access) => script.push(Self::take_access(access)),
            Interaction::Operation(_) => {
                if let Some(Step {
                    run: Run::Float(float), ..
                }) = script.last_mut()
                {
                    float.granted = true;
                }
                script.push(Self::only(Run::Operation));
            }
        }
    }

    fn take_access(access: &Access) -> Self {
        let run = match (access.loads_word(), access.post_increments()) {
            _ if access.is_store() || access.rd() == 0 => Run::Access(*access),
            (true, _) => Run::Load(1),
            (false, false) => Run::LoadPart(*access, 1),
            (false, true) => Run::Access(*access),
        };
        let (step, none) = ((access.index(), access.offset()), (0, 0));
        let ((b, imm), (c, aux)) = if access.post_increments() {
            (none, step)
        } else {
            (step, none)
        };
        Self {
            run,
            rd: access.rd(),
            a: access.base() as u8,
            b,
            c,
            imm,
            aux,
        }
    }

    /// What a micro-op computes; none where that changes nothing.
    pub(super) fn compute(uop: &Uop) -> Option<Self> {
        let run = match uop.action {
            Action::Compute(_) if uop.rd == 0 => return None,
            Action::Compute(_) if uop.adds => Run::Add,
            Action::Compute(eval) if uop.replicate == Replicate::No => Run::Compute(eval),
            Action::Compute(eval) => Run::ComputeOfLane(eval, uop.replicate),
            Action::Float(eval, _) => {
                let fixed = match uop.rounding {
                    RoundingMode::Fixed(mode) => Some(mode),
                    RoundingMode::Dynamic | RoundingMode::Reserved => None,
                };
                Run::Float(Floating {
                    eval,
                    fixed,
                    replicate: uop.replicate,
                    granted: false,
                    fours: None,
                })
            }
            _ => return None,
        };
        Some(Self {
            run,
            rd: uop.rd,
            a: uop.rs1,
            b: uop.rs2,
            c: uop.rs3,
            imm: uop.imm as u32,
            aux: uop.aux as u32,
        })
    }

    /// Those of the last two instructions of a loop's body.
    pub(super) fn loop_end(steps: u8) -> Self {
        Self::only(Run::LoopEnd(steps))
    }

    /// The sum of its base, index and offset.
    #[inline(always)]
    fn sum(&self, registers: &[u32; 64]) -> u32 {
        registers[at(self.a)]
            .wrapping_add(registers[at(self.b)])
            .wrapping_add(self.imm)
    }

    /// What a load of a word leaves in its base.
    #[inline(always)]
    fn moved(&self, registers: &[u32; 64]) -> u32 {
        registers[at(self.a)]
            .wrapping_add(registers[at(self.c)])
            .wrapping_add(self.aux)
    }

    /// Computes a floating-point operation.
    #[inline(always)]
    fn float(&self, float: &Floating, dynamic: Rounding, registers: &mut [u32; 64]) -> Flags {
        let [a, b, c] = [self.a, self.b, self.c].map(|number| registers[at(number)]);
        let rounding = float.fixed.unwrap_or(dynamic);
        let result = (float.eval)(a, float.replicate.of(b).wrapping_add(self.imm), c, rounding);
        registers[at(self.rd)] = result.bits;
        registers[0] = 0;
        result.flags
    }

    /// Counts the loads of one kind that follow one another.
    pub(super) fn count_loads(script: &mut [Self]) {
        for whole in [true, false] {
            let mut behind = 0u8;
            for step in script.iter_mut().rev() {
                let run = match (whole, &mut step.run) {
                    (true, Run::Load(run)) | (false, Run::LoadPart(_, run)) => run,
                    _ => {
                        behind = 0;
                        continue;
                    }
                };
                *run = behind.saturating_add(1);
                behind = *run;
            }
        }
    }

    /// Whether the floating-point operation, if it is one, was granted.
    fn is_granted(&self) -> Option<bool> {
        match &self.run {
            Run::Float(float) => Some(float.granted),
            _ => None,
        }
    }
}

/// Runs of fours of a script.
#[derive(Clone, Debug)]
pub(super) struct ScriptFours(Box<[FoursRun]>);

impl ScriptFours {
    /// Finds the fours among `floats`, floating-point operations with their places in `script`, and marks where they begin.
    pub(super) fn find(script: &mut [Step], floats: &[(usize, Uop)]) -> Self {
        let mut found = Vec::new();
        let follows = |(one, _): &(usize, Uop), (next, _): &(usize, Uop)| {
            let granted = script[*one].is_granted();
            // Where they are granted, the step that takes up the grant lies between them.
            next - one == if granted == Some(true) { 2 } else { 1 } && granted == script[*next].is_granted()
        };
        let runs: Vec<&[(usize, Uop)]> = floats.chunk_by(follows).flat_map(|run| run.chunks(LONGEST)).collect();
        for run in runs {
            let uops: Vec<Uop> = run.iter().map(|(_, uop)| *uop).collect();
            let fours = Fours::find(&uops);
            for (number, (place, _)) in run.iter().enumerate() {
                if let Some(fours) = fours.run(number)
                    && let Run::Float(float) = &mut script[*place].run
                {
                    float.fours = Some(found.len() as u16);
                    found.push(fours.clone());
                }
            }
        }
        Self(found.into())
    }
}

/// Grants that a script is run through, and where the words go that its accesses find.
struct Taken<'a> {
    left: usize,
    reads: std::slice::IterMut<'a, u32>,
}

impl Taken<'_> {
    /// Takes the next grant; false if there is none.
    #[inline(always)]
    fn next(&mut self) -> bool {
        let granted = self.left > 0;
        self.left -= usize::from(granted);
        granted
    }

    /// An access found `word`.
    #[inline(always)]
    fn read(&mut self, word: u32) {
        if let Some(read) = self.reads.next() {
            *read = word;
        }
    }

    /// Runs the first `run` of the steps, loads, as far as they were granted; `load` gives the word that one finds. The steps
    /// behind them, if all were granted.
    #[inline(always)]
    fn in_a_row<'s>(&mut self, steps: &'s [Step], run: u8, mut load: impl FnMut(&Step) -> u32) -> Option<&'s [Step]> {
        let (loads, behind) = steps.split_at(usize::from(run).min(steps.len()));
        let granted = loads.len().min(self.left);
        self.left -= granted;
        for (step, read) in loads[..granted].iter().zip(self.reads.by_ref()) {
            *read = load(step);
        }
        (granted == loads.len()).then_some(behind)
    }
}

/// A register's number, so that no file of 64 is left.
#[inline(always)]
fn at(register: u8) -> usize {
    usize::from(register & 63)
}

impl Core {
    /// Runs the script of a course through what was granted; `words` is the L1, and what accesses find there goes to `reads`:
    /// how many words those are. `dynamic` is the rounding mode in `frm`.
    #[inline(always)]
    pub(super) fn follow_script(
        &mut self,
        owed: &Owed<'_>,
        words: Words<'_>,
        reads: &mut [u32],
        dynamic: Rounding,
    ) -> usize {
        let room = reads.len();
        let mut taken = Taken {
            left: owed.grants.len(),
            reads: reads.iter_mut(),
        };
        let mut steps = owed.steps;
        let mut flags = Flags::NONE;
        while let [step, behind @ ..] = steps {
            let registers = &mut self.registers;
            let (a, b) = (registers[at(step.a)], registers[at(step.b)]);
            match step.run {
                Run::Load(run) => {
                    let all = taken.in_a_row(steps, run, |load| {
                        let word = words.at(load.sum(registers));
                        registers[at(load.a)] = load.moved(registers);
                        registers[at(load.rd)] = word;
                        word
                    });
                    let Some(behind) = all else { break };
                    steps = behind;
                    continue;
                }
                Run::LoadPart(_, run) => {
                    let all = taken.in_a_row(steps, run, |load| {
                        let address = load.sum(registers);
                        let word = words.at(address);
                        if let Run::LoadPart(access, _) = &load.run {
                            registers[at(load.rd)] = access.extract(word, address);
                        }
                        word
                    });
                    let Some(behind) = all else { break };
                    steps = behind;
                    continue;
                }
                Run::Access(access) => {
                    if !taken.next() {
                        break;
                    }
                    let address = access.address(registers);
                    let word = words.at(address);
                    access.take(registers, address, word);
                    taken.read(word);
                }
                Run::Operation => {
                    if !taken.next() {
                        break;
                    }
                }
                Run::Add => registers[at(step.rd)] = a.wrapping_add(b).wrapping_add(step.imm),
                Run::Compute(eval) => {
                    let c = registers[at(step.c)];
                    registers[at(step.rd)] = eval(a, b.wrapping_add(step.imm), c, step.aux);
                }
                Run::ComputeOfLane(eval, replicate) => {
                    let (b, c) = (replicate.of(b), registers[at(step.c)]);
                    registers[at(step.rd)] = eval(a, b.wrapping_add(step.imm), c, step.aux);
                }
                Run::Float(float) => {
                    if let Some(number) = float.fours
                        && let Some(fours) = owed.fours.0.get(usize::from(number))
                        && fours.rounds_by(dynamic)
                    {
                        let most = if float.granted { taken.left / 4 } else { usize::MAX };
                        let (done, raised) = fours.run(most, registers, Flags(self.csr.fflags));
                        flags |= raised;
                        if done > 0 {
                            let mut passed = done;
                            if float.granted {
                                passed += done;
                                taken.left -= done;
                            }
                            steps = steps.get(passed..).unwrap_or_default();
                            continue;
                        }
                    }
                    flags |= step.float(&float, dynamic, &mut self.registers);
                    if float.granted {
                        if !taken.next() {
                            break;
                        }
                        steps = behind.get(1..).unwrap_or_default();
                        continue;
                    }
                }
                Run::LoopEnd(steps) => {
                    if let Some(lap) = owed.lap {
                        self.loops.pass_end(lap, steps);
                    }
                }
                Run::Again => {
                    steps = owed.script;
                    continue;
                }
            }
            steps = behind;
        }
        self.csr.fflags |= flags.0;
        room - taken.reads.len()
    }
}
