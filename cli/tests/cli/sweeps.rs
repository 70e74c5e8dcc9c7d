//! What a sweep promises: the same bytes for any number of threads, points that are kept, failures that stay alone.

use std::fs;

use crate::support::{ennead, said, scratch};
use serde_json::Value;

const SPEC: &str = "
target = 'builtin:hello'
[axes]
config = ['ennead', 'pulp-open']
l1.banks = [8, 12, 16]
[[points]]
target = 'builtin:matmul-fp16'
param.workers = 2
[[points]]
target = 'missing.elf'
[[points]]
max_cycles = 100
";

#[test]
fn failures_are_recorded_and_results_do_not_depend_on_threads_or_on_kept_points() {
    let directory = scratch("sweep");
    fs::write(directory.join("s.toml"), SPEC).unwrap();
    let sweep = |output: &str, args: &[&str]| {
        let args: Vec<_> = ["sweep", "s.toml", "-o", output].iter().chain(args).copied().collect();
        let output = ennead(&directory, &args);
        assert_eq!(output.status.code(), Some(206), "{}", said(&output));
        assert!(!said(&output).contains("panicked"));
        said(&output)
    };
    let files = |output: &str| {
        ["results.json", "results.csv"].map(|file| fs::read_to_string(directory.join(output).join(file)).unwrap())
    };
    let text = sweep("one", &["-j", "1"]);
    assert!(text.contains("9 points, 0 kept from before, 4 failed"), "{text}");
    sweep("two", &["-j", "2"]);
    assert!(files("one") == files("two"), "results depend on the number of threads");

    // A point that was lost or damaged is run again, the others are kept.
    let mut kept: Vec<_> = fs::read_dir(directory.join("one/points"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    kept.sort();
    assert_eq!(kept.len(), 6);
    fs::remove_file(&kept[0]).unwrap();
    fs::write(&kept[1], "{").unwrap();
    let text = sweep("one", &[]);
    assert!(text.contains("9 points, 4 kept from before, 4 failed"), "{text}");
    assert!(files("one") == files("two"), "kept points differ from run ones");

    let [json, csv] = files("one");
    let results: Value = serde_json::from_str(&json).unwrap();
    let points = results["points"].as_array().unwrap();
    let parts = [
        "",
        "l1.banks = 12",
        "",
        "",
        "l1.banks = 12",
        "",
        "",
        "cannot read missing.elf",
        "100 cycles",
    ];
    for (point, part) in points.iter().zip(parts) {
        let error = point["error"].as_str().unwrap_or_default();
        assert!(error.contains(part) && error.is_empty() == part.is_empty(), "{point:#}");
    }
    assert_eq!(points[8]["report"]["outcome"]["kind"], "limit");
    assert_eq!(points[3]["settings"]["config"], "pulp-open");

    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(&reader.headers().unwrap()[1], "set:l1.banks");
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 9);
    assert_eq!((&rows[5][0], &rows[5][1]), ("pulp-open", "16"));
}

#[test]
fn a_point_of_a_sweep_gives_the_report_of_a_run() {
    let directory = scratch("sweep_point");
    fs::write(
        directory.join("s.toml"),
        "target = 'builtin:hello'\nset.l1.banks = 32\n",
    )
    .unwrap();
    let output = ennead(&directory, &["sweep", "s.toml", "--format", "json"]);
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();
    let run = ennead(
        &directory,
        &["run", "builtin:hello", "--set", "l1.banks=32", "--format", "json"],
    );
    assert_eq!(
        results["points"][0]["report"],
        serde_json::from_slice::<Value>(&run.stdout).unwrap()
    );
    assert!(directory.join("s/results.csv").is_file());
}
