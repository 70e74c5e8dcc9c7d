//! The annotated listing: what it says of a program whose cycles follow from the timing rules, and that its tables sum to
//! the report's.

use std::path::Path;

use crate::support::{ennead, said, scratch};
use serde_json::Value;

/// `data/explained.s`, assembled with line information.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/explained.elf");

fn explained(directory: &Path, args: &[&str]) -> (Value, String) {
    let all = ["run", "--format", "json", "--explain", "listing.txt"];
    let output = ennead(directory, &[&all[..], args].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    let listing = std::fs::read_to_string(directory.join("listing.txt")).unwrap();
    (report, listing)
}

/// The rows below `title`, cut into cells; the first is the heading.
fn table(listing: &str, title: &str) -> Vec<Vec<String>> {
    let lines = listing.lines().skip_while(|line| !line.starts_with(title)).skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            line.trim()
                .split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .map(str::to_owned)
                .collect()
        })
        .collect()
}

fn number(cell: &str) -> u64 {
    if cell == "-" {
        return 0;
    }
    cell.replace(' ', "")
        .parse()
        .unwrap_or_else(|error| panic!("{cell:?}: {error}"))
}

#[test]
fn every_instruction_has_its_line_its_count_and_the_cycles_that_the_rules_give() {
    let directory = scratch("explain");
    let (_, listing) = explained(&directory, &[PROGRAM]);
    let rows = table(&listing, "work:");
    let expected = [
        "address|instruction|count|cycles|load_use|multi_cycle|branch|jump",
        "explained.s:17",
        // R2: a divisor of 1 takes 3 + 31 cycles in the execute stage.
        "1c008024|divu a2, a0, a1|3|102|-|99|-|-",
        "explained.s:18",
        "1c008028|lw a3, 0(s0)|3|3|-|-|-|-",
        "explained.s:19",
        // R3: the user of a load waits for a cycle.
        "1c00802c|add a4, a3, a3|3|6|3|-|-|-",
        "explained.s:20",
        "1c008030|addi a0, a0, -1|3|3|-|-|-|-",
        "explained.s:21",
        // R8: a taken branch costs 3; two of three are taken.
        "1c008034|bne a0, zero, 0x1c008024|3|7|-|-|4|-",
        "explained.s:22",
        // R10: a jump to a register that nobody is about to write costs 2.
        "1c008038|jalr zero, 0(ra)|1|2|-|-|-|1",
    ];
    assert_eq!(
        rows.iter().map(|row| row.join("|")).collect::<Vec<_>>(),
        expected,
        "{listing}"
    );
}

#[test]
fn the_tables_sum_to_the_report_and_do_not_depend_on_the_engine() {
    let directory = scratch("explain_sums");
    for target in [PROGRAM, "builtin:relu-fp16-fw"] {
        let (report, listing) = explained(&directory, &[target]);
        let (_, lockstep) = explained(&directory, &[target, "--engine", "lockstep"]);
        assert!(listing == lockstep, "{target}: the engines disagree");

        let cores = table(&listing, "Cores: cycles");
        let (heading, rows) = cores.split_first().unwrap();
        assert_eq!(rows.len(), report["cores"].as_array().unwrap().len());
        for (row, core) in rows.iter().zip(report["cores"].as_array().unwrap()) {
            assert_eq!(row[0], core["name"].as_str().unwrap());
            let mut stalled = 0;
            for (name, cell) in heading.iter().zip(row).skip(1) {
                let counted = match name.as_str() {
                    "cycles" | "active" | "sleep" => &core[name],
                    cause => {
                        stalled += number(cell);
                        &core["stalls"][cause]
                    }
                };
                assert_eq!(
                    number(cell),
                    counted.as_u64().unwrap(),
                    "{target}: {name} of {}",
                    row[0]
                );
            }
            let stalls = core["stalls"].as_object().unwrap().values();
            assert_eq!(stalled, stalls.map(|cycles| cycles.as_u64().unwrap()).sum::<u64>());
        }

        // What no instruction stands for is what a core slept and fetched before its first one.
        let functions = table(&listing, "Functions: cycles");
        let active = |rows: &[Vec<String>], column: usize| rows.iter().map(|row| number(&row[column])).sum::<u64>();
        assert_eq!(active(&functions[1..], 3), active(rows, 2), "{target}");
        for function in functions[1..].iter().filter(|row| row[1].parse::<f64>().unwrap() > 1.1) {
            let entries = table(&listing, &format!("{}: ", function[0]));
            let instructions: Vec<_> = entries[1..].iter().filter(|row| row.len() > 1).cloned().collect();
            assert_eq!(active(&instructions, 2), number(&function[3]), "{}", function[0]);
            assert_eq!(active(&instructions, 3), number(&function[2]), "{}", function[0]);
        }
    }
}

#[test]
fn a_listing_that_cannot_be_written_loses_nothing_else() {
    let directory = scratch("explain_unwritable");
    let output = ennead(
        &directory,
        &["run", PROGRAM, "--explain", "missing/listing.txt", "-o", "out"],
    );
    assert_eq!(output.status.code(), Some(205), "{}", said(&output));
    assert!(said(&output).contains("missing/listing.txt"), "{}", said(&output));
    assert!(directory.join("out/report.json").exists());
}
