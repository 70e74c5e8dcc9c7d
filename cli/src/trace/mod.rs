//! Traces of a run: what the options ask for, and handing every instruction to each of them.
//!
//! What a trace looks like is in the files beside this one; each is a [`Sink`], or [`Rows`] where it asks for nothing but
//! which instructions left decode when. Tracing never changes a cycle.
//!
//! Invariant: a disk that fills up loses the trace and not the run: the first error is kept and told at the end.

mod functions;
mod konata;
mod packed;
mod perfetto;
mod retire;
mod stacks;
mod window;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use ennead_isa::{Decoder, Inst, Kind};
use ennead_sim::cluster::dma::Transfer;
use ennead_sim::core::pipeline::{Charge, Ledger};
use ennead_sim::observe::Retired;
use ennead_sim::retire::{Record, Writer};
use ennead_sim::stall::Stall;

use crate::args;
use crate::failure::Failure;
use crate::job::Job;
use functions::Functions;
use window::Window;

/// Buffered bytes of a trace file.
const BUFFER: usize = 1 << 18;

/// An instruction that left decode, and the wait before it.
struct Step<'a> {
    retired: Retired,
    /// The first cycle after the one in which the core's instruction before it left decode.
    since: u64,
    /// What it is; none where it is illegal, or no trace asks.
    inst: Option<Inst>,
    /// What the cycles of the wait were spent on, the first cause first; empty where no trace asks.
    waits: &'a [(Charge, u64)],
}

/// What a wait is called.
fn cause(charge: Charge) -> &'static str {
    match charge {
        Charge::Stall(stall) => stall.key(),
        Charge::Sleep => "sleep",
    }
}

impl Step<'_> {
    /// Cycles that it waited.
    fn waited(&self) -> u64 {
        self.retired.cycle - self.since
    }

    fn is_event_load(&self) -> bool {
        self.inst.is_some_and(|inst| matches!(inst.op.kind(), Kind::EventLoad))
    }

    /// The region marker that it is: number, and whether it begins.
    fn marker(&self) -> Option<(u32, bool)> {
        marker(self.retired.bits)
    }
}

/// The region marker that an instruction is: number, and whether it begins.
fn marker(bits: u32) -> Option<(u32, bool)> {
    let number = bits >> 20;
    (bits & 0xf_ffff == 0x3013).then_some((number & 1023, number & 1024 == 0))
}

/// One trace that is being written.
trait Sink {
    /// An instruction left decode.
    fn step(&mut self, step: &Step) -> io::Result<()>;

    /// DMA transfers were given or done.
    fn transfers(&mut self, _: &[Transfer]) -> io::Result<()> {
        Ok(())
    }

    /// The run ended after this cycle.
    fn finish(&mut self, cycles: u64) -> io::Result<()>;
}

/// One trace that is being written and shows nothing but instructions.
trait Rows {
    /// Instructions left decode, in the machine's order.
    fn rows(&mut self, _: &[Record]) -> io::Result<()>;

    /// The run ended.
    fn finish(&mut self) -> io::Result<()>;
}

/// A file with its sink.
struct Trace<T: ?Sized> {
    path: PathBuf,
    sink: Box<T>,
    error: Option<io::Error>,
}

impl<T: ?Sized> Trace<T> {
    fn tell(&mut self, tell: impl FnOnce(&mut T) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = tell(&mut self.sink).err();
        }
    }

    /// What was lost of it, if anything.
    fn end(mut self, finish: impl FnOnce(&mut T) -> io::Result<()>) -> Option<Failure> {
        self.tell(finish);
        let error = self.error?;
        Some(Failure::Output(format!(
            "the trace {} is incomplete: {error}; free some space or trace a shorter run",
            self.path.display()
        )))
    }
}

/// All traces of a run.
pub(crate) struct Traces {
    window: Window,
    decoder: Decoder,
    /// The cycle after each core's last instruction, and what its cycles had been spent on by then. None before the
    /// first instruction of a run that did not begin at reset.
    since: Vec<Option<u64>>,
    spent: Vec<Ledger>,
    /// The wait before the instruction that is told next.
    waits: Vec<(Charge, u64)>,
    /// Those that ask what instructions are and what they waited for.
    explained: Vec<Trace<dyn Sink>>,
    rows: Vec<Trace<dyn Rows>>,
    /// The part of some records that the window shows.
    shown: Vec<Record>,
}

/// The kinds, with the file that each gets in an output directory.
const KINDS: &[(&str, &str)] = &[
    ("retire", "retire.csv"),
    ("retire-bin", "retire.bin"),
    ("perfetto", "trace.perfetto"),
    ("konata", "trace.kanata"),
    ("folded", "stacks.folded"),
    ("flamegraph", "flamegraph.svg"),
];

/// The kinds by name.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(name, _)| *name)
}

impl Traces {
    /// Creates the files that the options name.
    pub(crate) fn open(
        job: &Job,
        options: &[String],
        window: &args::Window,
        output: Option<&Path>,
    ) -> Result<Self, Failure> {
        let cores = job.core_names();
        let functions = || Functions::new(&job.target.image);
        let mut traces = Self {
            window: Window::new(window, job)?,
            decoder: Decoder::new(&job.config.core.instruction_set()),
            since: vec![job.begins_at_reset().then_some(1); cores.len()],
            spent: vec![Ledger::default(); cores.len()],
            waits: Vec::new(),
            explained: Vec::new(),
            rows: Vec::new(),
            shown: Vec::new(),
        };
        for option in options {
            let (kind, path) = place(option, output)?;
            let file = File::create(&path).map_err(|error| Failure::unwritable(&path, &error))?;
            let file = BufWriter::with_capacity(BUFFER, file);
            let unwritable = |error| Failure::unwritable(&path, &error);
            let stacks = |file, shape| stacks::Stacks::new(file, &cores, functions(), shape);
            match kind {
                "retire" => traces.show(&path, retire::Retire::new(file, cores.len()).map_err(unwritable)?),
                "retire-bin" => traces.show(&path, Writer::new(file, cores.len()).map_err(unwritable)?),
                "perfetto" => {
                    let sink = perfetto::Perfetto::new(file, &cores, functions(), job);
                    traces.explain(&path, sink.map_err(unwritable)?);
                }
                "konata" => traces.explain(&path, konata::Konata::new(file, &cores).map_err(unwritable)?),
                "folded" => traces.explain(&path, stacks(file, stacks::Shape::Folded)),
                _ => traces.explain(&path, stacks(file, stacks::Shape::Flames)),
            }
        }
        Ok(traces)
    }

    fn show(&mut self, path: &Path, rows: impl Rows + 'static) {
        self.rows.push(Trace {
            path: path.to_owned(),
            sink: Box::new(rows),
            error: None,
        });
    }

    fn explain(&mut self, path: &Path, sink: impl Sink + 'static) {
        self.explained.push(Trace {
            path: path.to_owned(),
            sink: Box::new(sink),
            error: None,
        });
    }

    /// Whether nothing was asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.explained.is_empty()
    }

    /// Whether all that was asked for shows nothing but instructions, so that [`Traces::rows`] is enough.
    pub(crate) fn are_rows(&self) -> bool {
        self.explained.is_empty()
    }

    /// Ends every trace of a run that ended after `cycles`, and says what was lost.
    pub(crate) fn finish(self, cycles: u64) -> Vec<Failure> {
        let rows = self
            .rows
            .into_iter()
            .filter_map(|trace| trace.end(|sink| sink.finish()));
        let explained = self.explained.into_iter();
        let explained = explained.filter_map(|trace| trace.end(|sink| sink.finish(cycles)));
        rows.chain(explained).collect()
    }

    /// Instructions left decode, in the machine's order.
    pub(crate) fn rows(&mut self, records: &[Record]) {
        let shown = if self.window.is_open() {
            records
        } else {
            self.shown.clear();
            let admitted = records.iter().filter(|record| self.window.admits(record));
            self.shown.extend(admitted);
            &self.shown
        };
        for trace in &mut self.rows {
            trace.tell(|sink| sink.rows(shown));
        }
    }

    /// An instruction left decode, and the books of its core with it.
    pub(crate) fn books(&mut self, retired: &Retired, ledger: &Ledger) {
        if self.is_empty() {
            return;
        }
        let Retired {
            core, cycle, pc, bits, ..
        } = *retired;
        let record = Record { core, cycle, pc, bits };
        if self.are_rows() {
            return self.rows(&[record]);
        }
        let before = self.since[core].replace(cycle + 1);
        let since = before.unwrap_or(cycle);
        self.waits.clear();
        if since < cycle {
            self.waits.extend(waits(&self.spent[core], ledger));
            if let Some(first) = self.waits.iter().position(|wait| retired.waited_for == Some(wait.0)) {
                self.waits[..=first].rotate_right(1);
            }
        }
        if since < cycle || before.is_none() {
            self.spent[core].clone_from(ledger);
        }
        if !self.window.admits(&record) {
            return;
        }
        let step = Step {
            retired: *retired,
            since,
            inst: self.decoder.decode(bits),
            waits: &self.waits,
        };
        self.rows
            .iter_mut()
            .for_each(|trace| trace.tell(|sink| sink.rows(&[record])));
        self.explained
            .iter_mut()
            .for_each(|trace| trace.tell(|sink| sink.step(&step)));
    }

    /// DMA transfers were given or done.
    pub(crate) fn transfers(&mut self, mut transfers: Vec<Transfer>) {
        transfers.retain(|transfer| transfer.done || self.window.shows(transfer.cycle));
        if !transfers.is_empty() {
            self.explained
                .iter_mut()
                .for_each(|trace| trace.tell(|sink| sink.transfers(&transfers)));
        }
    }
}

/// What was spent between two looks at a core's books, besides instructions.
fn waits(before: &Ledger, now: &Ledger) -> impl Iterator<Item = (Charge, u64)> {
    let stalls = Stall::ALL.iter().map(|stall| {
        let index = *stall as usize;
        (Charge::Stall(*stall), now.stalls[index] - before.stalls[index])
    });
    let sleep = (Charge::Sleep, now.sleep - before.sleep);
    stalls.chain([sleep]).filter(|(_, cycles)| *cycles > 0)
}

/// The kind and the file that an option names.
fn place<'a>(option: &'a str, output: Option<&Path>) -> Result<(&'a str, PathBuf), Failure> {
    let (kind, file) = option.split_once(':').unwrap_or((option, ""));
    let known = KINDS.iter().find(|(name, _)| *name == kind);
    match (known, file, output) {
        (Some(_), file, _) if !file.is_empty() => Ok((kind, file.into())),
        (Some((_, name)), _, Some(directory)) if !option.contains(':') => Ok((kind, directory.join(name))),
        (Some(_), ..) => Err(Failure::BadInput(format!(
            "--trace {option}: write {kind}:FILE, or {kind} together with -o DIR"
        ))),
        (None, ..) => {
            let kinds: Vec<_> = kinds().collect();
            Err(Failure::BadInput(format!(
                "--trace {option}: no such trace; write KIND:FILE, for example retire:FILE, with one of {}",
                kinds.join(", ")
            )))
        }
    }
}

/// Ends a file.
fn close(file: &mut impl Write) -> io::Result<()> {
    file.flush()
}
