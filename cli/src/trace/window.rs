//! Which part of a run the traces show.
//!
//! Invariant: an instruction is shown iff it passes every kind of limit that was given.

use ennead_sim::retire::Record;

use super::marker;
use crate::args;
use crate::failure::Failure;
use crate::job::Job;

/// The limits that were given.
pub(super) struct Window {
    cycles: (u64, u64),
    /// One flag a core.
    cores: Vec<bool>,
    /// Addresses from the first to before the second; empty for all.
    code: Vec<(u32, u32)>,
    /// Numbers of regions; empty for all.
    regions: Vec<u32>,
    /// Which of `regions` each core is in, one bit each.
    inside: Vec<u64>,
}

impl Window {
    pub(super) fn new(args: &args::Window, job: &Job) -> Result<Self, Failure> {
        let names = job.core_names();
        let mut cores = vec![args.trace_core.is_empty(); names.len()];
        for wanted in &args.trace_core {
            let found = names.iter().position(|name| name == wanted);
            let index = found.or_else(|| wanted.parse().ok().filter(|index| *index < names.len()));
            let Some(index) = index else {
                let text = format!("--trace-core {wanted}: the machine has only {}", names.join(", "));
                return Err(Failure::BadInput(text));
            };
            cores[index] = true;
        }
        let symbols = args.trace_symbol.iter().map(|name| {
            let symbol = job.target.image.symbols.find(name).filter(|symbol| symbol.size > 0);
            let refuse = || Failure::BadInput(format!("--trace-symbol {name}: the program has no such function"));
            symbol
                .map(|symbol| (symbol.address, symbol.address.saturating_add(symbol.size)))
                .ok_or_else(refuse)
        });
        let regions = args.trace_region.iter().map(|name| {
            let named = job.target.image.regions.iter().find(|(_, other)| *other == name);
            let number = named
                .map(|(id, _)| *id)
                .or_else(|| name.parse().ok().filter(|id| *id < 1024));
            let refuse = || {
                let known: Vec<_> = job.target.image.regions.values().map(String::as_str).collect();
                Failure::BadInput(format!(
                    "--trace-region {name}: give a number below 1024, or a name that the program gives: {}",
                    if known.is_empty() {
                        "none".to_owned()
                    } else {
                        known.join(", ")
                    }
                ))
            };
            number.ok_or_else(refuse)
        });
        let regions: Vec<u32> = regions.collect::<Result<_, _>>()?;
        if regions.len() > 64 {
            return Err(Failure::BadInput("--trace-region: at most 64 of them".to_owned()));
        }
        Ok(Self {
            cycles: args.trace_cycles.as_deref().map_or(Ok((0, u64::MAX)), range)?,
            inside: vec![0; cores.len()],
            cores,
            code: symbols.collect::<Result<_, _>>()?,
            regions,
        })
    }

    /// Whether nothing was limited.
    pub(super) fn is_open(&self) -> bool {
        self.cycles == (0, u64::MAX)
            && self.cores.iter().all(|shown| *shown)
            && self.code.is_empty()
            && self.regions.is_empty()
    }

    /// Whether an instruction is shown; asked once for every instruction, in order. A region's markers belong to it.
    pub(super) fn admits(&mut self, record: &Record) -> bool {
        let Record { core, cycle, pc, bits } = *record;
        let mut inside = true;
        if !self.regions.is_empty() {
            let before = self.inside[core];
            if let Some((id, begins)) = marker(bits)
                && let Some(at) = self.regions.iter().position(|other| *other == id)
            {
                match begins {
                    true => self.inside[core] |= 1 << at,
                    false => self.inside[core] &= !(1 << at),
                }
            }
            inside = before | self.inside[core] != 0;
        }
        inside
            && self.shows(cycle)
            && self.cores[core]
            && (self.code.is_empty() || self.code.iter().any(|(from, to)| (*from..*to).contains(&pc)))
    }

    /// Whether anything of a cycle is shown.
    pub(super) fn shows(&self, cycle: u64) -> bool {
        (self.cycles.0..=self.cycles.1).contains(&cycle)
    }
}

/// `FROM..TO`, with either end left out.
fn range(text: &str) -> Result<(u64, u64), Failure> {
    let parse = || {
        let (from, to) = text.split_once("..")?;
        let number = |text: &str, default| match text.trim() {
            "" => Some(default),
            text => text.parse().ok(),
        };
        Some((number(from, 0)?, number(to, u64::MAX)?))
    };
    parse().filter(|(from, to)| from <= to).ok_or_else(|| {
        Failure::BadInput(format!(
            "--trace-cycles {text}: write FROM..TO, for example 1000..2000, or leave one end out"
        ))
    })
}
