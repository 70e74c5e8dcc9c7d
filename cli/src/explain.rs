//! The annotated listing of a run: what every instruction of the hot functions cost, by cause, with source lines where the
//! file has them.
//!
//! It only shows what a [`Profile`] holds. Counts are exact, so every table sums to the report's.

use std::collections::BTreeMap;

use ennead_isa::{Decoder, disassemble};
use ennead_sim::elf::{Image, Line, Lines};
use ennead_sim::profile::{Cost, Entry, Profile};
use ennead_sim::report::Report;
use ennead_sim::stall::Stall;

use crate::table::{Table, grouped};

/// A function is listed if at least one in so many awake cycles is its.
const LISTED: u64 = 100;
const NO_SYMBOL: &str = "(no symbol)";

/// What a listing is made of.
pub(crate) struct Inputs<'a> {
    pub(crate) report: &'a Report,
    pub(crate) image: &'a Image,
    /// The bytes of the program's file.
    pub(crate) elf: &'a [u8],
    /// Decodes as the machine's cores do.
    pub(crate) decoder: &'a Decoder,
    pub(crate) profile: &'a Profile,
}

/// One function, all cores together.
#[derive(Default)]
struct Function {
    name: String,
    entries: BTreeMap<u32, Entry>,
    cost: Cost,
}

/// The whole listing.
pub(crate) fn render(inputs: &Inputs) -> String {
    let report = inputs.report;
    let lines = Lines::read(inputs.elf);
    let functions = functions(inputs);
    let awake: u64 = functions.iter().map(|function| function.cost.awake()).sum();
    let mut text = format!(
        "{} on {}: {} cycles, {}\n\
         How to read this: docs/command-line.md, \"Where the cycles went\".\n\n\
         Cores: cycles\n{}",
        report.program.path,
        report.config.name,
        grouped(report.cycles),
        match report.outcome.code {
            Some(code) => format!("exit {code}"),
            None => report.outcome.kind.to_owned(),
        },
        cores(inputs)
    );
    text += &format!(
        "\nFunctions: cycles of all cores together\n{}",
        summary(&functions, awake)
    );
    for function in &functions {
        if function.cost.awake() * LISTED >= awake && awake > 0 {
            text += &listing(function, awake, &lines, inputs.decoder);
        }
    }
    text
}

/// Hot ones first.
fn functions(inputs: &Inputs) -> Vec<Function> {
    let mut by_start: BTreeMap<Option<u32>, Function> = BTreeMap::new();
    for entry in inputs.profile.cores().iter().flat_map(|core| core.entries()) {
        let symbol = inputs.image.symbols.at(entry.pc);
        let function = by_start
            .entry(symbol.map(|symbol| symbol.address))
            .or_insert_with(|| Function {
                name: symbol.map_or(NO_SYMBOL, |symbol| &symbol.name).to_owned(),
                ..Function::default()
            });
        function.cost.add(&entry.cost);
        function
            .entries
            .entry(entry.pc)
            .and_modify(|sum| sum.cost.add(&entry.cost))
            .or_insert(entry);
    }
    let mut functions: Vec<_> = by_start.into_values().collect();
    // Stable: of equals the lower address comes first.
    functions.sort_by_key(|function| std::cmp::Reverse(function.cost.awake()));
    functions
}

/// The causes of which there is a cycle.
fn occurring<'a>(costs: impl Iterator<Item = &'a Cost> + Clone) -> Vec<Stall> {
    let occurs = |stall: &&Stall| costs.clone().any(|cost| cost.stalls[**stall as usize] > 0);
    Stall::ALL.iter().filter(occurs).copied().collect()
}

fn headings(causes: &[Stall], sleep: bool) -> impl Iterator<Item = &'static str> {
    let causes = causes.iter().map(|cause| cause.key());
    causes.chain(sleep.then_some("sleep"))
}

fn cells(cost: &Cost, causes: &[Stall], sleep: bool) -> impl Iterator<Item = String> {
    let causes = causes.iter().map(|cause| count(cost.stalls[*cause as usize]));
    causes.chain(sleep.then(|| count(cost.sleep)))
}

fn count(number: u64) -> String {
    if number == 0 { "-".to_owned() } else { grouped(number) }
}

fn share(part: u64, whole: u64) -> String {
    format!("{:.1}", part as f64 * 100.0 / whole.max(1) as f64)
}

fn cores(inputs: &Inputs) -> String {
    let totals: Vec<Cost> = inputs.profile.cores().iter().map(|core| core.total()).collect();
    let causes = occurring(totals.iter());
    let mut table = Table::new(
        ["core", "cycles", "active"].into_iter().chain(headings(&causes, true)),
        1,
    );
    for (core, total) in inputs.report.cores.iter().zip(&totals) {
        let mut row = vec![core.name.clone(), grouped(total.cycles()), count(total.active)];
        row.extend(cells(total, &causes, true));
        table.row(row);
    }
    table.render(2)
}

fn summary(functions: &[Function], awake: u64) -> String {
    let causes = occurring(functions.iter().map(|function| &function.cost));
    let first = ["function", "% awake", "cycles", "active"];
    let mut table = Table::new(first.into_iter().chain(headings(&causes, true)), 1);
    for function in functions {
        let cost = &function.cost;
        let mut row = vec![
            function.name.clone(),
            share(cost.awake(), awake),
            grouped(cost.cycles()),
            count(cost.active),
        ];
        row.extend(cells(cost, &causes, true));
        table.row(row);
    }
    table.render(2)
}

fn listing(function: &Function, awake: u64, lines: &Lines, decoder: &Decoder) -> String {
    let causes = occurring(function.entries.values().map(|entry| &entry.cost));
    let sleep = function.cost.sleep > 0;
    let mut table = Table::new(
        ["address", "instruction", "count", "cycles"]
            .into_iter()
            .chain(headings(&causes, sleep)),
        2,
    );
    for entry in function.entries.values() {
        let text = match decoder.decode(entry.bits) {
            Some(inst) => disassemble(&inst, entry.pc),
            None => format!("0x{:08x}", entry.bits),
        };
        let mut row = vec![
            format!("{:8x}", entry.pc),
            text,
            grouped(entry.cost.active),
            grouped(entry.cost.cycles()),
        ];
        row.extend(cells(&entry.cost, &causes, sleep));
        table.row(row);
    }
    let table = table.render(2);
    let mut rows = table.lines();
    let mut text = format!(
        "\n{}: {} % of awake cycles",
        function.name,
        share(function.cost.awake(), awake)
    );
    let places: Vec<Option<Line>> = function.entries.keys().map(|pc| lines.find(*pc)).collect();
    if let Some(place) = places.iter().flatten().next() {
        text += &format!(", {}", place.file);
    }
    text += &format!("\n{}\n", rows.next().unwrap_or_default());
    let mut before = None;
    for (row, place) in rows.zip(&places) {
        if let Some(place) = place.as_ref().filter(|place| before != Some(*place)) {
            text += &format!(" {}:{}\n", place.name(), place.number);
        }
        before = place.as_ref();
        text += row;
        text.push('\n');
    }
    text
}
