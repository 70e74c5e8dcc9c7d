//! The results of a sweep as CSV, JSON and text.
//!
//! Invariant: one row a point, in the order of the specification; every row has every column.

use ennead_sim::report::SCHEMA_VERSION;
use serde::Serialize;
use serde_json::{Map, Value};

use super::plain;
use super::spec::Point;
use super::store::Done;
use crate::failure::Failure;
use crate::table::Table;

/// A column that comes from a point's report: its heading, and where the value is.
const COLUMNS: &[(&str, &str)] = &[
    ("program", "/program/path"),
    ("machine", "/config/name"),
    ("outcome", "/outcome/kind"),
    ("code", "/outcome/code"),
    ("golden", "/golden/status"),
    ("cycles", "/cycles"),
    ("latency_s", "/latency_s"),
    ("frequency_hz", "/frequency_hz"),
    ("instret", "/instret"),
    ("macs_executed", "/macs/executed"),
    ("macs_nominal", "/macs/nominal"),
    ("mac_per_clk_executed", "/mac_per_clk/executed"),
    ("mac_per_clk_nominal", "/mac_per_clk/nominal"),
];

/// The JSON file, which holds the reports by reference: they are large.
#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: Tool,
    points: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Tool {
    version: &'static str,
}

#[derive(Serialize)]
struct Row<'a> {
    settings: Map<String, Value>,
    status: &'static str,
    exit_code: u8,
    error: Option<&'a str>,
    report: Option<&'a Value>,
}

/// All points with what became of them.
pub struct Results<'a> {
    points: &'a [Point],
    done: &'a [Done],
    /// Every name that sets points apart, in order of first appearance.
    names: Vec<&'a str>,
}

impl<'a> Results<'a> {
    /// These points, with what became of each in the same order.
    pub fn new(points: &'a [Point], done: &'a [Done]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in points.iter().flat_map(Point::own) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        Self { points, done, names }
    }

    fn rows(&self) -> impl Iterator<Item = (&Point, &Done)> {
        self.points.iter().zip(self.done)
    }

    /// The value that a point has of a name, as text.
    fn setting(point: &Point, name: &str) -> String {
        point.text(name).unwrap_or_default()
    }

    fn column(done: &Done, pointer: &str) -> String {
        match done.report.as_ref().and_then(|report| report.pointer(pointer)) {
            None | Some(Value::Null) => String::new(),
            Some(value) => plain(value),
        }
    }

    /// As CSV.
    ///
    /// # Errors
    /// [`Failure::Output`] if a value cannot be written as CSV.
    pub fn csv(&self) -> Result<Vec<u8>, Failure> {
        let refuse = |error: csv::Error| Failure::Output(format!("cannot write CSV: {error}"));
        let mut writer = csv::Writer::from_writer(Vec::new());
        let headings = COLUMNS.iter().map(|(heading, _)| *heading);
        let names = self.names.iter().map(|name| format!("set:{name}"));
        writer
            .write_record(
                names
                    .chain(headings.map(str::to_owned))
                    .chain(["exit_code", "error"].map(str::to_owned)),
            )
            .map_err(refuse)?;
        for (point, done) in self.rows() {
            let settings = self.names.iter().map(|name| Self::setting(point, name));
            let columns = COLUMNS.iter().map(|(_, pointer)| Self::column(done, pointer));
            let end = [done.exit_code.to_string(), done.error.clone().unwrap_or_default()];
            writer
                .write_record(settings.chain(columns).chain(end))
                .map_err(refuse)?;
        }
        writer
            .into_inner()
            .map_err(|error| Failure::Output(format!("cannot write CSV: {error}")))
    }

    /// As JSON.
    pub fn json(&self) -> String {
        let points = self.rows().map(|(point, done)| Row {
            settings: point.own().iter().cloned().collect(),
            status: if done.is_ok() { "ok" } else { "failed" },
            exit_code: done.exit_code,
            error: done.error.as_deref(),
            report: done.report.as_ref(),
        });
        let document = Document {
            schema_version: SCHEMA_VERSION,
            tool: Tool {
                version: env!("CARGO_PKG_VERSION"),
            },
            points: points.collect(),
        };
        let text = serde_json::to_string_pretty(&document).expect("all keys are strings");
        text + "\n"
    }

    /// As a table for a person.
    pub fn text(&self) -> String {
        let headings = self
            .names
            .iter()
            .copied()
            .chain(["result", "golden", "cycles", "MAC/clk"]);
        let mut table = Table::new(headings, self.names.len() + 2);
        let mut errors = String::new();
        for (point, done) in self.rows() {
            let mut row: Vec<_> = self.names.iter().map(|name| Self::setting(point, name)).collect();
            let outcome = Self::column(done, "/outcome/kind");
            row.push(match &outcome {
                _ if outcome.is_empty() => "not run".to_owned(),
                _ if outcome == "exit" => format!("exit {}", Self::column(done, "/outcome/code")),
                _ => outcome,
            });
            row.push(Self::column(done, "/golden/status"));
            row.push(Self::column(done, "/cycles"));
            let rate = done
                .report
                .as_ref()
                .and_then(|report| report.pointer("/mac_per_clk/executed")?.as_f64());
            row.push(rate.map(|rate| format!("{rate:.3}")).unwrap_or_default());
            if let Some(error) = &done.error {
                let what: Vec<_> = point
                    .own()
                    .iter()
                    .map(|(name, value)| format!("{name}={}", plain(value)))
                    .collect();
                errors += &format!("failed: {}: {error}\n", what.join(" "));
            }
            table.row(row);
        }
        table.render(0) + &errors
    }
}
