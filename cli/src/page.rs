//! `ennead report`: one run or one sweep as a single page that needs no network.
//!
//! The numbers are those of the report; the pictures are those of `ennead plot`.
//!
//! Invariant: the bytes of a page follow from its input alone, and nothing in it loads anything.

use std::fmt::Write;

use serde_json::Value;

use crate::args::{self, Kind};
use crate::failure::{Failure, Status};
use crate::output;
use crate::plot;
use crate::table::grouped;

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;color:#222;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem;border-bottom:1px solid #ddd}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}\
th,td{padding:.2rem .8rem;text-align:right;white-space:nowrap;border-bottom:1px solid #eee}\
th:first-child,td:first-child{text-align:left}thead th{border-bottom:2px solid #222}\
figure{margin:1rem 0}svg{max-width:100%;height:auto}pre{background:#f6f6f6;padding:1rem;overflow:auto}\
.wide{overflow-x:auto}@media print{body{margin:0;max-width:none}h2{break-after:avoid}figure,table{break-inside:avoid}}";

pub(crate) fn report(args: &args::Report) -> Result<Status, Failure> {
    let input = plot::read(&args.run)?;
    output::write_whole(&args.output, render(&input).as_bytes())?;
    Ok(Status::Guest(0))
}

/// The page of a report or of the results of a sweep.
pub(crate) fn render(input: &Value) -> String {
    let (title, body) = match input["points"].as_array() {
        Some(points) => (format!("Sweep of {} points", points.len()), sweep(input, points)),
        None => (plot::title(input), run(input)),
    };
    let title = escape(&title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         </head>\n<body>\n<h1>{title}</h1>\n{body}<p>ennead {}</p>\n</body>\n</html>\n",
        escape(input["tool"]["version"].as_str().unwrap_or("?")),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A value as a person reads it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) => match number.as_u64() {
            Some(whole) => grouped(whole),
            None => format!("{:.3}", number.as_f64().unwrap_or(0.0)),
        },
        Value::String(text) => escape(text),
        other => escape(&other.to_string()),
    }
}

fn table(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut html = "<div class=\"wide\"><table>\n<thead><tr>".to_owned();
    for heading in headings {
        let _ = write!(html, "<th>{}</th>", escape(heading));
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in rows {
        html += "<tr>";
        for cell in row {
            let _ = write!(html, "<td>{cell}</td>");
        }
        html += "</tr>\n";
    }
    html + "</tbody>\n</table></div>\n"
}

/// A picture with its heading; what cannot be drawn of this input is left out.
fn figure(heading: &str, kind: Kind, input: &Value) -> String {
    let drawn = plot::draw(kind, std::slice::from_ref(input), None, None);
    let Some(svg) = drawn.ok().and_then(|picture| picture.svg().ok()) else {
        return String::new();
    };
    let heading = escape(heading);
    let svg = svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{heading}\" "), 1);
    format!("<h2>{heading}</h2>\n<figure>{svg}</figure>\n")
}

fn run(report: &Value) -> String {
    let at = |pointer: &str| shown(report.pointer(pointer).unwrap_or(&Value::Null));
    let facts = [
        ("program", at("/program/path")),
        ("machine", at("/config/name")),
        ("outcome", at("/outcome/message")),
        ("golden tensor", at("/golden/status")),
        ("cycles", at("/cycles")),
        ("latency in seconds", report["latency_s"].to_string()),
        ("clock in Hz", at("/frequency_hz")),
        ("instructions", at("/instret")),
        ("MACs executed", at("/macs/executed")),
        ("MACs nominal", at("/macs/nominal")),
        ("MAC/clk executed", at("/mac_per_clk/executed")),
        ("MAC/clk nominal", at("/mac_per_clk/nominal")),
    ];
    let mut html = table(
        &["", ""],
        facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]),
    );
    html += &figure("Where each core's cycles went", Kind::Stalls, report);
    html += &cores("/cores", "core", report);
    html += &figure("Regions", Kind::Layers, report);
    html += &cores("/regions", "region", report);
    html += &figure("L1 banks", Kind::Banks, report);
    html += &figure("Roofline", Kind::Roofline, report);
    for (heading, key) in [("DMA", "dma"), ("Instruction caches", "icache"), ("Shared FPUs", "fpu")] {
        let counters = report[key].as_object().filter(|counters| !counters.is_empty());
        if let Some(counters) = counters {
            let _ = writeln!(html, "<h2>{heading}</h2>");
            let rows = counters.iter().map(|(name, count)| vec![escape(name), shown(count)]);
            html += &table(&["counter", "count"], rows);
        }
    }
    if let Some(console) = report["console"].as_str().filter(|console| !console.is_empty()) {
        let _ = writeln!(html, "<h2>Guest output</h2>\n<pre>{}</pre>", escape(console));
    }
    html
}

/// The cycles of every core or region, with the causes that any of them has.
fn cores(pointer: &str, what: &str, report: &Value) -> String {
    let rows = report
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if rows.is_empty() {
        return String::new();
    }
    let mut causes: Vec<&str> = Vec::new();
    for (cause, cycles) in rows.iter().filter_map(|row| row["stalls"].as_object()).flatten() {
        if cycles.as_u64() > Some(0) && !causes.contains(&cause.as_str()) {
            causes.push(cause);
        }
    }
    let mut headings = vec![what];
    if what == "region" {
        headings.push("core");
    }
    headings.extend(["cycles", "instret", "MACs", "active"]);
    headings.extend(&causes);
    headings.push("sleep");
    let cells = |row: &Value| {
        let mut cells = vec![shown(&row["name"])];
        if what == "region" {
            cells.push(shown(&row["core"]));
        }
        cells.extend(["cycles", "instret", "macs", "active"].map(|key| shown(&row[key])));
        cells.extend(causes.iter().map(|cause| shown(&row["stalls"][*cause])));
        cells.push(shown(&row["sleep"]));
        cells
    };
    table(&headings, rows.iter().map(cells))
}

fn sweep(results: &Value, points: &[Value]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in points
        .iter()
        .filter_map(|point| point["settings"].as_object())
        .flatten()
    {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut html = figure("MAC/clk", Kind::Lines, results);
    html += &figure("Pareto front", Kind::Pareto, results);
    html += "<h2>Points</h2>\n";
    let mut headings = names.clone();
    headings.extend(["outcome", "golden", "cycles", "MAC/clk", "error"]);
    html += &table(
        &headings,
        points.iter().map(|point| {
            let mut cells: Vec<_> = names.iter().map(|name| shown(&point["settings"][*name])).collect();
            let report = &point["report"];
            let at = |pointer: &str| shown(report.pointer(pointer).unwrap_or(&Value::Null));
            cells.extend(["/outcome/kind", "/golden/status", "/cycles", "/mac_per_clk/executed"].map(at));
            cells.push(shown(&point["error"]));
            cells
        }),
    );
    html
}
