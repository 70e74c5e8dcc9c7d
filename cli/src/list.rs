//! `ennead list`: the bundled programs.

use ennead_workloads::Workload;
use serde_json::{Value, json};

use crate::args::{self, Format};
use crate::failure::{Failure, Status};
use crate::output::{emit, emit_json};
use crate::table::{Table, grouped};

pub(crate) fn list(args: &args::List) -> Result<Status, Failure> {
    match args.format {
        Format::Text => emit(&text(ennead_workloads::all()))?,
        Format::Json => emit_json(&programs())?,
    }
    Ok(Status::Guest(0))
}

/// The bundled programs as JSON.
pub(crate) fn programs() -> Value {
    ennead_workloads::all().iter().map(value).collect()
}

fn text(workloads: &[Workload]) -> String {
    let mut table = Table::new(
        [
            "program",
            "machine",
            "what it is",
            "shapes",
            "parameters",
            "nominal MACs",
        ],
        5,
    );
    for workload in workloads {
        let parameters = workload
            .parameters
            .iter()
            .map(|p| format!("{}={} ({}..{})", p.name, p.default, p.min, p.max));
        table.row([
            format!("builtin:{}", workload.name),
            workload.config.to_owned(),
            workload.summary.to_owned(),
            workload.shapes.to_owned(),
            parameters.collect::<Vec<_>>().join(", "),
            nominal(workload).map_or_else(|| "-".to_owned(), grouped),
        ]);
    }
    table.render(0)
}

/// What the algorithm needs, where it multiplies at all.
pub(crate) fn nominal(workload: &Workload) -> Option<u64> {
    (workload.nominal_macs > 0).then_some(workload.nominal_macs)
}

fn value(workload: &Workload) -> Value {
    let parameters: Vec<_> = workload
        .parameters
        .iter()
        .map(|p| json!({ "name": p.name, "summary": p.summary, "default": p.default, "minimum": p.min, "maximum": p.max }))
        .collect();
    json!({
        "name": workload.name,
        "target": format!("builtin:{}", workload.name),
        "summary": workload.summary,
        "shapes": workload.shapes,
        "nominal_macs": nominal(workload),
        "config": workload.config,
        "golden": workload.golden.is_some(),
        "parameters": parameters,
    })
}
