//! Where the cycles went, by call stack: folded stacks, or the flame graph of them.
//!
//! Every cycle of a core up to its last instruction belongs to one stack: the wait before an instruction to the function
//! of that instruction with the cause as innermost frame, the cycle in which it leaves decode to the function itself.
//! Calls are `jal` and `jalr` that link through x1 or x5, returns are `jalr` to such a register (The RISC-V Instruction
//! Set Manual, Volume I, "Unconditional Jumps", on return-address stacks); a jump into another function replaces the
//! innermost frame.
//!
//! Invariant: the weights of a core add up to the cycles that the window shows of it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use ennead_isa::Kind;

use super::functions::{Function, Functions};
use super::{Sink, Step, cause, close};

/// Frames of a stack at most; what is called below them counts for the innermost of them.
const DEEPEST: usize = 64;

/// What is written at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One line a stack.
    Folded,
    /// An SVG picture.
    Flames,
}

#[derive(Clone, Default)]
struct Stack {
    frames: Vec<Function>,
    /// The last instruction was a call.
    called: bool,
    /// The last instruction was a return.
    returned: bool,
}

/// Stacks that are being counted.
pub(super) struct Stacks<W> {
    file: W,
    shape: Shape,
    cores: Vec<String>,
    functions: Functions,
    stacks: Vec<Stack>,
    /// Cycles by core, stack and cause.
    cycles: BTreeMap<(usize, Vec<Function>, Option<&'static str>), u64>,
}

impl<W: Write> Stacks<W> {
    pub(super) fn new(file: W, cores: &[String], functions: Functions, shape: Shape) -> Self {
        Self {
            file,
            shape,
            stacks: vec![Stack::default(); cores.len()],
            cores: cores.to_vec(),
            functions,
            cycles: BTreeMap::new(),
        }
    }

    fn lines(&self) -> Vec<String> {
        let line = |((core, frames, cause), cycles): (&(usize, Vec<Function>, Option<&str>), &u64)| {
            let mut line = self.cores[*core].clone();
            for frame in frames {
                line.push(';');
                // Frames are set apart by semicolons, and the weight by a space.
                line += &self.functions.name(*frame).replace([';', ' '], "_");
            }
            if let Some(cause) = cause {
                line += &format!(";[{cause}]");
            }
            format!("{line} {cycles}")
        };
        self.cycles.iter().map(line).collect()
    }
}

impl<W: Write> Sink for Stacks<W> {
    fn step(&mut self, step: &Step) -> io::Result<()> {
        let core = step.retired.core;
        let function = self.functions.at(step.retired.pc);
        let stack = &mut self.stacks[core];
        if stack.returned {
            stack.frames.pop();
        }
        if (stack.called || stack.frames.is_empty()) && stack.frames.len() < DEEPEST {
            stack.frames.push(function);
        } else if let Some(top) = stack.frames.last_mut() {
            *top = function;
        }
        let links = |register: u8| register == 1 || register == 5;
        (stack.called, stack.returned) = match step.inst.map(|inst| (inst, inst.op.kind())) {
            Some((inst, Kind::Jal)) => (links(inst.rd), false),
            Some((inst, Kind::Jalr)) => (links(inst.rd), !links(inst.rd) && links(inst.rs1)),
            _ => (false, false),
        };
        let frames = stack.frames.clone();
        for (charge, cycles) in step.waits {
            let entry = (core, frames.clone(), Some(cause(*charge)));
            *self.cycles.entry(entry).or_default() += cycles;
        }
        *self.cycles.entry((core, frames, None)).or_default() += 1;
        Ok(())
    }

    fn finish(&mut self, _: u64) -> io::Result<()> {
        let lines = self.lines();
        match self.shape {
            Shape::Folded => {
                for line in lines {
                    writeln!(self.file, "{line}")?;
                }
            }
            Shape::Flames if lines.is_empty() => {
                return Err(io::Error::other("the window shows no instruction"));
            }
            Shape::Flames => {
                let mut options = inferno::flamegraph::Options::default();
                options.title = "Where the cycles went".to_owned();
                options.count_name = "cycles".to_owned();
                options.deterministic = true;
                inferno::flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut self.file)
                    .map_err(io::Error::other)?;
            }
        }
        close(&mut self.file)
    }
}
