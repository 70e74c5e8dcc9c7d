//! Programs in the style of each runtime run unmodified: from the runtime's start-up sequence to its exit, with the right
//! output and code. They are built by `tests/firmware/build.sh`.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{ennead, reported, said, scratch};

pub(crate) fn firmware(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/firmware/elf", &format!("{name}.elf")]
        .iter()
        .collect();
    path.to_str().unwrap().to_owned()
}

#[track_caller]
fn run(name: &str, args: &[&str]) -> (Value, i32, String) {
    let directory = scratch(&format!("firmware_{name}_{}", args.concat().replace('/', "")));
    let path = firmware(name);
    let args: Vec<_> = ["run", &path, "--format", "json", "--max-cycles", "2000000"]
        .iter()
        .chain(args)
        .copied()
        .collect();
    reported(&directory, &args)
}

const COREV: &str = "mac 142 dot 11\nno file\nfailures 0\n";

#[test]
fn a_program_of_each_runtime_ends_with_its_output_and_code() {
    for (name, config, console, code) in [
        ("pulp-runtime", "pulp-open", "Hello\nfailures 0\n", 0),
        ("pulp-runtime-uart", "pulp-open", "Hello\nfailures 0\n", 0),
        // The four instructions behind the one that starts the counters, and the one that stops them.
        ("pulp-rt", "pulp-open", "Start\ninstructions 5 loads 1\n", 5),
        ("corev-newlib", "ennead", COREV, 0),
        ("corev-newlib", "cv32e40p", COREV, 0),
        ("corev-htif", "ennead", COREV, 0),
        ("corev-htif", "cv32e40p", COREV, 0),
    ] {
        for engine in ["calendar", "lockstep"] {
            let (report, status, stderr) = run(name, &["--config", config, "--engine", engine]);
            assert_eq!(report["console"], console, "{name} on {config}: {stderr}");
            assert_eq!(status, code, "{name} on {config}: {stderr}");
        }
    }
}

#[test]
fn an_sdk_program_counts_what_the_report_counts() {
    let (report, status, stderr) = run("pulp-sdk", &["--config", "pulp-open"]);
    let console = report["console"].as_str().unwrap();
    assert_eq!(status, 0, "{stderr}{console}");
    let lines: Vec<&str> = console.lines().collect();
    let [hello, done, counters, failures] = lines[..] else {
        panic!("{console}")
    };
    assert_eq!(
        [hello, done, failures],
        ["Hello from the orchestrator", "task done", "failures 0"]
    );
    let numbers: Vec<u64> = counters.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [cycles, instructions, loads, stores, short, long] = numbers[..] else {
        panic!("{counters}")
    };
    let region = |name: &str, key: &str| {
        let regions = report["regions"].as_array().unwrap();
        let found = regions.iter().find(|region| region["name"] == name);
        found.unwrap_or_else(|| panic!("{name}"))[key].as_u64().unwrap()
    };
    // A region is from its first marker to its last; the counters run from the instruction before to the one behind.
    assert_eq!(cycles, region("region 7", "cycles") + 2);
    assert_eq!(instructions, region("region 7", "instret") + 2);
    assert_eq!([loads, stores], [64, 64]);
    // The same instructions surround both loops.
    assert_eq!(
        long - short,
        region("region 9", "cycles") - region("region 8", "cycles")
    );
    assert!(long - short >= 100);
    let lockstep = run("pulp-sdk", &["--config", "pulp-open", "--engine", "lockstep"]);
    assert_eq!(lockstep.0, report);
}

#[test]
fn files_need_a_folder() {
    let folder = scratch("firmware_files");
    let (report, status, stderr) = run("corev-newlib", &["--semihost-dir", folder.to_str().unwrap()]);
    assert_eq!(
        (report["console"].as_str(), status),
        (Some("mac 142 dot 11\na file\nfailures 0\n"), 0),
        "{stderr}"
    );
    assert_eq!(std::fs::read(folder.join("out.txt")).unwrap(), b"abcdef");
    assert_eq!(
        stderr.matches("system call 17 does not exist here").count(),
        1,
        "{stderr}"
    );
}

#[test]
fn a_register_without_a_model_is_told_once_or_is_a_fault() {
    let (_, status, stderr) = run("pulp-rt", &["--config", "pulp-open"]);
    assert_eq!(status, 5);
    assert_eq!(stderr.matches("warning").count(), 1, "{stderr}");
    for part in ["advanced timer", "0x1234", "0x1a105008", "(main+0x"] {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    let (report, status, stderr) = run("pulp-rt", &["--config", "pulp-open", "--strict"]);
    assert_eq!(
        (status, report["outcome"]["kind"].as_str()),
        (201, Some("fault")),
        "{stderr}"
    );
    assert!(stderr.contains("0x1a105008"), "{stderr}");
}

#[test]
fn firmware_that_hangs_is_told_what_each_core_waits_for() {
    let (report, status, stderr) = run("pulp-runtime-hang", &["--config", "pulp-open"]);
    assert_eq!(
        (status, report["outcome"]["kind"].as_str()),
        (203, Some("deadlock")),
        "{stderr}"
    );
    assert!(
        stderr.contains("soc.orchestrator waits in wfi with every interrupt disabled, at pc 0x1c00"),
        "{stderr}"
    );
    let worker = "cluster.worker[7] waits for events";
    assert!(stderr.contains(worker), "{stderr}");
    assert!(stderr.contains("(worker+0x"), "{stderr}");
}

#[test]
fn a_program_that_needs_more_l2_is_told_which_part_how_much_and_the_key() {
    let directory = scratch("firmware_l2");
    let path = firmware("pulp-runtime");
    let output = ennead(
        &directory,
        &["run", &path, "--config", "pulp-open", "--set", "l2.size=0x8000"],
    );
    let text = said(&output);
    assert_eq!(output.status.code(), Some(200), "{text}");
    // The program ends at 0x1c0090f0, and sizes are whole pages.
    for part in [
        "segment 0 (0x1c008000..0x1c00",
        "L2 0x1c000000..0x1c008000",
        "--set l2.size=0xa000",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (report, status, _) = run("pulp-runtime", &["--config", "pulp-open", "--set", "l2.size=0xa000"]);
    assert_eq!((report["console"].as_str(), status), (Some("Hello\nfailures 0\n"), 0));
}
