//! Cycle for cycle against RTL: every trace in `data/golden` (its README says where they come from and how to read them)
//! is replayed, and the cycle in which each instruction leaves decode must be the one that was measured.
//!
//! Invariant: expectations come from the files alone; nothing here knows a rule of the timing model.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ennead_isa::{Decoder, disassemble};
use ennead_sim::config::{Config, Draft};
use ennead_sim::core::pipeline::Charge;
use ennead_sim::elf::Image;
use ennead_sim::engine::RunOptions;
use ennead_sim::machine::Machine;
use ennead_sim::observe::{Retire, Retired};

/// More cycles than any trace has.
const LIMIT: u64 = 200_000;
/// Divergences that are shown of one series.
const SHOWN: usize = 12;

fn data(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/golden")
        .join(below)
}

fn unpacked(path: &Path) -> Vec<u8> {
    let packed = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&packed[..])
        .read_to_end(&mut bytes)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes
}

/// One row: cycles since the row before of the same hart, and address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    cost: u64,
    pc: u32,
}

/// What was measured, by hart.
fn measured(path: &Path) -> BTreeMap<usize, Vec<Row>> {
    let text = String::from_utf8(unpacked(path)).unwrap();
    let mut harts: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let (hart, rest) = match fields[..] {
            [cost, pc] => (0, [cost, pc]),
            [hart, cost, pc] => (hart.parse().unwrap(), [cost, pc]),
            _ => panic!("{}: {line:?}", path.display()),
        };
        let row = Row {
            cost: rest[0].parse().unwrap(),
            pc: u32::from_str_radix(rest[1], 16).unwrap(),
        };
        harts.entry(hart).or_default().push(row);
    }
    harts
}

/// The machine of a setting of the single-core series.
fn core_config(setting: &str, grants: Option<&Path>) -> Config {
    let (base, rest) = setting.split_at(1);
    let mut keys: Vec<(&str, &str)> = Vec::new();
    let mut latencies = |addmul, others, fp16| {
        keys.extend([
            ("fpu.addmul_latency", addmul),
            ("fpu.others_latency", others),
            ("fpu.fp16_latency", fp16),
        ]);
    };
    let mut name = "cv32e40p";
    match base {
        "a" => latencies(&rest[0..1], &rest[2..3], "0"),
        "h" => latencies(rest, rest, rest),
        _ => {
            latencies(rest, rest, rest);
            name = "ri5cy-vega";
        }
    }
    if base == "h" {
        keys.extend([("core.packed_fp16", "true"), ("fpu.divsqrt", "pulp")]);
    }
    if rest.ends_with("cl") {
        keys.push(("core.cluster_build", "true"));
    }
    let mut draft = Draft::shipped(name).unwrap();
    for (key, value) in keys {
        draft.set(key, value).unwrap();
    }
    if let Some(path) = grants {
        draft.set("core.grant_trace", path.to_str().unwrap()).unwrap();
    }
    draft.finish().unwrap()
}

/// Replays one trace; what the first divergence of each hart is.
fn divergences(trace: &Path, program: &str, config: &Config) -> String {
    let image = Image::parse(&unpacked(&data(&format!("programs/{program}.elf.gz")))).unwrap();
    let mut machine = Machine::new(config, &image).unwrap();
    let mut retired: BTreeMap<usize, Vec<Retired>> = BTreeMap::new();
    let options = RunOptions {
        max_cycles: LIMIT,
        ..RunOptions::default()
    };
    let mut observer = Retire(|row: Retired| retired.entry(row.core).or_default().push(row));
    let outcome = machine.run(&options, &mut observer);
    let decoder = Decoder::new(&config.core.instruction_set());
    let text = |row: &Retired| {
        let inst = decoder.decode(row.bits);
        inst.map_or_else(|| format!("{:#010x}", row.bits), |inst| disassemble(&inst, row.pc))
    };
    let mut report = String::new();
    for (hart, rows) in measured(trace) {
        let ours = retired.get(&hart).map_or(&[][..], |rows| rows);
        let mut before = None;
        for (index, row) in rows.iter().enumerate() {
            let Some(our) = ours.get(index) else {
                let _ = writeln!(
                    report,
                    "hart {hart}: ended after {index} of {} rows: {outcome:?}",
                    rows.len()
                );
                break;
            };
            let cost = our.cycle - before.unwrap_or(our.cycle);
            before = Some(our.cycle);
            if (cost, our.pc) != (row.cost, row.pc) {
                let previous = index.checked_sub(1).map_or(String::new(), |i| text(&ours[i]));
                let cause = match our.waited_for {
                    None => "no wait".to_owned(),
                    Some(Charge::Sleep) => "sleep".to_owned(),
                    Some(Charge::Stall(stall)) => stall.meaning().to_owned(),
                };
                let _ = writeln!(
                    report,
                    "hart {hart} row {index}: after `{previous}` measured {} cycles to {:#010x}, ours {cost} to {:#010x} \
                     `{}`; ours waited for: {cause}",
                    row.cost,
                    row.pc,
                    our.pc,
                    text(our),
                );
                break;
            }
        }
    }
    report
}

/// Replays every trace of a series; how many there are, and with how many rows, is what docs/accuracy.md says.
fn replay(series: &str, counts: (usize, usize), config_of: impl Fn(&str, &Path) -> Config) {
    let directory = data(series);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| !path.to_str().unwrap().ends_with(".gnt.gz"))
        .collect();
    paths.sort();
    let rows = |path: &PathBuf| measured(path).values().map(Vec::len).sum::<usize>();
    assert_eq!(
        (paths.len(), paths.iter().map(rows).sum()),
        counts,
        "traces and rows of {series}"
    );
    let mut report = String::new();
    let mut failed = 0;
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(".gz");
        let (program, setting) = name.split_once('.').unwrap();
        let found = divergences(path, program, &config_of(setting, path));
        if !found.is_empty() {
            failed += 1;
            if failed <= SHOWN {
                let _ = write!(report, "{series}/{name}: {found}");
            }
        }
    }
    assert!(
        failed == 0,
        "{failed} of {} traces of {series} differ:\n{report}",
        paths.len()
    );
}

#[test]
fn single_cores_match_every_instruction() {
    replay("core", (218, 237_158), |setting, _| core_config(setting, None));
}

#[test]
fn withheld_grants_match_every_instruction() {
    replay("stalls", (48, 41_935), |setting, path| {
        core_config(setting, Some(&path.with_extension("gnt.gz")))
    });
}

#[test]
fn clusters_match_every_instruction() {
    replay("cluster", (7, 31_428), |setting, _| {
        Draft::shipped(&format!("golden-{setting}")).unwrap().finish().unwrap()
    });
}
