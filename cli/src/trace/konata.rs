//! A pipeline log in the format of the viewers Kanata and Konata, version 4.
//!
//! Stages are `D`, in decode or on the way there, and `X`, the first cycle in the execute stage. What held an
//! instruction back is told in its label. Waits are drawn from [`LONGEST`] cycles before their end at most, so that the
//! log can be written while the machine runs.
//!
//! Invariant: cycles never run backwards in the log.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use super::{Sink, Step, cause, close};

/// Cycles of a wait that are drawn.
const LONGEST: u64 = 256;

/// What happens to an instruction.
enum Change {
    /// It appears: number on its core, core, text, more about it.
    Appears(u64, usize, String, String),
    Executes,
    /// It leaves; its number on its core.
    Retires(u64),
}

/// A log that is being written.
pub(super) struct Konata<W> {
    file: W,
    cores: Vec<String>,
    /// What happens to which instruction, by cycle; more may come.
    pending: BTreeMap<u64, Vec<(u64, Change)>>,
    /// Numbers in the log, which rise with the cycle of the first stage.
    numbers: HashMap<u64, u64>,
    /// The cycle that the log is at.
    at: Option<u64>,
    instructions: u64,
    numbers_given: u64,
    retired: Vec<u64>,
}

impl<W: Write> Konata<W> {
    pub(super) fn new(mut file: W, cores: &[String]) -> io::Result<Self> {
        writeln!(file, "Kanata\t0004")?;
        Ok(Self {
            file,
            cores: cores.to_vec(),
            pending: BTreeMap::new(),
            numbers: HashMap::new(),
            at: None,
            instructions: 0,
            numbers_given: 0,
            retired: vec![0; cores.len()],
        })
    }

    fn put(&mut self, cycle: u64, instruction: u64, change: Change) {
        self.pending.entry(cycle).or_default().push((instruction, change));
    }

    /// Writes the lines of all cycles before `cycle`.
    fn write_before(&mut self, cycle: u64) -> io::Result<()> {
        while let Some(entry) = self.pending.first_entry()
            && *entry.key() < cycle
        {
            let (now, changes) = entry.remove_entry();
            match self.at {
                None => writeln!(self.file, "C=\t{now}")?,
                Some(before) => writeln!(self.file, "C\t{}", now - before)?,
            }
            self.at = Some(now);
            for (instruction, change) in changes {
                let next = self.numbers_given;
                let id = *self.numbers.entry(instruction).or_insert(next);
                match change {
                    Change::Appears(number, core, text, more) => {
                        self.numbers_given += 1;
                        writeln!(self.file, "I\t{id}\t{number}\t{core}")?;
                        writeln!(self.file, "L\t{id}\t0\t{text}")?;
                        writeln!(self.file, "L\t{id}\t1\t{more}")?;
                        writeln!(self.file, "S\t{id}\t0\tD")?;
                    }
                    Change::Executes => writeln!(self.file, "S\t{id}\t0\tX")?,
                    Change::Retires(number) => {
                        self.numbers.remove(&instruction);
                        writeln!(self.file, "R\t{id}\t{number}\t0")?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl<W: Write> Sink for Konata<W> {
    fn step(&mut self, step: &Step) -> io::Result<()> {
        let (core, cycle, pc) = (step.retired.core, step.retired.cycle, step.retired.pc);
        let id = self.instructions;
        self.instructions += 1;
        let number = self.retired[core];
        self.retired[core] += 1;
        let from = step.since.max(cycle.saturating_sub(LONGEST));
        let text = step
            .inst
            .map_or_else(|| "illegal".to_owned(), |inst| ennead_isa::disassemble(&inst, pc));
        let mut more = self.cores[core].clone();
        for (charge, cycles) in step.waits {
            more += &format!(", {cycles} cycles of {}", cause(*charge));
        }
        self.put(
            from,
            id,
            Change::Appears(number, core, format!("{pc:08x}: {text}"), more),
        );
        self.put(cycle + 1, id, Change::Executes);
        self.put(cycle + 2, id, Change::Retires(number));
        self.write_before(cycle.saturating_sub(LONGEST))
    }

    fn finish(&mut self, _: u64) -> io::Result<()> {
        self.write_before(u64::MAX)?;
        close(&mut self.file)
    }
}
