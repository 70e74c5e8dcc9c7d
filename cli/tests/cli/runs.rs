//! What a run gives: exit codes, report, console, trace, and the same bytes every time.

use std::path::Path;

use crate::support::{CODE, Elf, READ_WRITE, Segment, ennead, said, scratch};
use serde_json::Value;

/// `lui t0, 0x1a104`, `lui t1, 0x80000`, `addi t1, t1, CODE`, `sw t1, 0xa0(t0)`, `j .`: exits with a code below 2048.
fn exit(code: u32) -> [u32; 5] {
    [
        0x1a10_42b7,
        0x8000_0337,
        0x0003_0313 | code << 20,
        0x0a62_a023,
        0x0000_006f,
    ]
}

/// Prints `text` on the orchestrator's console.
fn print(text: &str) -> Vec<u32> {
    let put = |byte: u8| [0x0000_0313 | u32::from(byte) << 20, 0xf862_a023]; // li t1, byte; sw t1, -128(t0)
    let mut code = vec![0x1a11_02b7]; // lui t0, 0x1a110: the console is 0x1a10ff80
    code.extend(text.bytes().flat_map(put));
    code
}

fn write(directory: &Path, name: &str, code: &[u32]) {
    std::fs::write(directory.join(name), Elf::new(code).bytes()).unwrap();
}

fn report(directory: &Path, args: &[&str]) -> (Value, i32, String) {
    let args: Vec<_> = ["run"]
        .iter()
        .chain(args)
        .chain(&["--format", "json"])
        .copied()
        .collect();
    let output = ennead(directory, &args);
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    (
        value,
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn the_guests_code_is_passed_through_and_large_ones_are_in_the_report() {
    let directory = scratch("exit_codes");
    for (code, status) in [(0, 0), (1, 1), (42, 42), (127, 127), (128, 127), (2000, 127)] {
        write(&directory, "exit.elf", &exit(code));
        let (report, got, _) = report(&directory, &["exit.elf"]);
        assert_eq!(got, status);
        assert_eq!(
            (&report["outcome"]["kind"], &report["outcome"]["code"]),
            (&"exit".into(), &code.into())
        );
        assert_eq!(report["outcome"]["symbol"], "_start+0xc");
    }
}

#[test]
fn faults_limits_and_deadlocks_have_their_codes_a_message_and_partial_statistics() {
    let directory = scratch("ends");
    /// Name, code, options, exit code, outcome, parts of the message.
    type Case<'a> = (&'a str, &'a [u32], &'a [&'a str], i32, &'a str, &'a [&'a str]);
    let cases: &[Case] = &[
        (
            "illegal",
            &[0x13, 0xffff_ffff],
            &[],
            201,
            "fault",
            &["illegal instruction 0xffffffff", "_start+0x4"],
        ),
        (
            "unmapped",
            &[0x4000_02b7, 0x0002_a303],
            &[],
            201,
            "fault",
            &["load from 0x40000000", "_start+0x4"],
        ),
        (
            "store",
            &[0x4000_02b7, 0x0002_8023],
            &[],
            201,
            "fault",
            &["store to 0x40000000 (1 bytes)"],
        ),
        (
            "jump",
            &[0x4000_02b7, 0x0002_8067],
            &[],
            201,
            "fault",
            &["instruction fetch", "0x40000000"],
        ),
        (
            "spin",
            &[0x6f],
            &["--max-cycles", "5000"],
            202,
            "limit",
            &["5000 cycles", "_start", "never started"],
        ),
        (
            "asleep",
            &[0x1050_0073, 0xffdf_f06f],
            &["--set", "core.cluster_build=false"],
            203,
            "deadlock",
            &["wfi", "soc.orchestrator", "never started"],
        ),
    ];
    for (name, code, args, status, kind, parts) in cases {
        let file = format!("{name}.elf");
        write(&directory, &file, code);
        let args: Vec<_> = [file.as_str(), "--max-cycles", "100000"][..if args.is_empty() { 3 } else { 1 }]
            .iter()
            .chain(*args)
            .copied()
            .collect();
        let (report, got, stderr) = report(&directory, &args);
        assert_eq!(
            (got, report["outcome"]["kind"].as_str()),
            (*status, Some(*kind)),
            "{name}: {stderr}"
        );
        for part in *parts {
            assert!(stderr.contains(part), "{name}: {part:?} is missing in {stderr:?}");
            assert!(
                report["outcome"]["message"].as_str().unwrap().contains(part),
                "{name}: {part:?}"
            );
        }
        assert!(!stderr.contains("panicked"), "{stderr}");
        assert_eq!(report["cores"].as_array().unwrap().len(), 9, "{name}");
        add_up(&report);
    }
}

/// Every core's cycles add up.
#[track_caller]
fn add_up(report: &Value) {
    for core in report["cores"]
        .as_array()
        .unwrap()
        .iter()
        .chain(report["regions"].as_array().unwrap())
    {
        let stalls: u64 = core["stalls"]
            .as_object()
            .unwrap()
            .values()
            .map(|cycles| cycles.as_u64().unwrap())
            .sum();
        let sum = core["active"].as_u64().unwrap() + core["sleep"].as_u64().unwrap() + stalls;
        assert_eq!(sum, core["cycles"].as_u64().unwrap(), "{core:#}");
    }
}

#[test]
fn every_bundled_program_runs_on_its_machine_and_its_cycles_add_up() {
    let directory = scratch("builtins");
    let list = ennead(&directory, &["list", "--format", "json"]);
    for workload in serde_json::from_slice::<Vec<Value>>(&list.stdout).unwrap() {
        let target = workload["target"].as_str().unwrap();
        let (report, status, stderr) = report(&directory, &[target]);
        assert_eq!(status, 0, "{target}: {stderr}");
        assert_eq!(report["outcome"]["code"], 0, "{target}");
        let golden = if workload["golden"] == true {
            "pass".into()
        } else {
            Value::Null
        };
        assert_eq!(report["golden"]["status"], golden, "{target}");
        assert_eq!(report["macs"]["nominal"], workload["nominal_macs"], "{target}");
        assert_eq!(report["config"]["name"], workload["config"], "{target}");
        let (cycles, frequency) = (
            report["cycles"].as_f64().unwrap(),
            report["frequency_hz"].as_f64().unwrap(),
        );
        assert_eq!(report["latency_s"].as_f64().unwrap(), cycles / frequency);
        add_up(&report);
    }
}

#[test]
fn a_report_has_the_same_bytes_again_with_either_engine_and_when_traced() {
    let directory = scratch("same_bytes");
    let run = |args: &[&str]| {
        let args: Vec<_> = ["run", "builtin:matmul-fp16", "--format", "json"]
            .iter()
            .chain(args)
            .copied()
            .collect();
        ennead(&directory, &args).stdout
    };
    let first = run(&[]);
    assert!(!first.is_empty());
    assert!(first == run(&[]));
    assert!(first == run(&["--engine", "lockstep"]), "the engines differ");
    assert!(
        first == run(&["--trace", "retire:t.csv", "--trace", "retire-bin:t.bin", "-o", "out"]),
        "observing changed the run"
    );
    assert!(first == std::fs::read(directory.join("out/report.json")).unwrap());
    // Beside another trace all is told cycle by cycle, which the order of the rows must not show.
    let rows = |name: &str, args: &[&str]| {
        let files = ["csv", "bin"].map(|kind| format!("{name}.{kind}"));
        let options = [format!("retire:{}", files[0]), format!("retire-bin:{}", files[1])];
        let args: Vec<_> = ["--trace", &options[0], "--trace", &options[1]]
            .iter()
            .chain(args)
            .copied()
            .collect();
        run(&args);
        files.map(|file| std::fs::read(directory.join(file)).unwrap())
    };
    let whole = rows("t", &[]);
    assert!(
        whole == rows("l", &["--engine", "lockstep"]),
        "the engines' traces differ"
    );
    assert!(
        whole == rows("p", &["--trace", "folded:p.folded"]),
        "beside another trace"
    );
    let part = rows("c", &["--max-cycles", "50000"]);
    assert!(
        part == rows("d", &["--max-cycles", "50000", "--engine", "lockstep"]),
        "cut short"
    );
    assert!(part[0].len() > 1000 && whole[0].starts_with(&part[0]));

    let report: Value = serde_json::from_slice(&first).unwrap();
    let trace = std::fs::read_to_string(directory.join("t.csv")).unwrap();
    let mut lines = trace.lines();
    assert_eq!(lines.next(), Some("index,cycle,core,pc,insn"));
    let packed = std::fs::read(directory.join("t.bin")).unwrap();
    let mut records = ennead_sim::retire::Reader::new(&packed[..]).unwrap();
    let mut next = [0u64; 9];
    for line in lines {
        let fields: Vec<_> = line.split(',').collect();
        let core: usize = fields[2].parse().unwrap();
        let record = records.next().expect("as many records as rows").unwrap();
        let (row, pc, bits) = (format!("{},{}", record.cycle, record.core), record.pc, record.bits);
        assert_eq!(fields[1..3].join(","), row, "{line}");
        assert_eq!(fields[3], format!("0x{pc:08x}"), "{line}");
        assert_eq!(u32::from_str_radix(&fields[4][2..], 16), Ok(bits), "{line}");
        assert_eq!(fields[0].parse(), Ok(next[core]), "{line}");
        next[core] += 1;
        assert!(fields[3].len() == 10 && fields[3].starts_with("0x1c"), "{line}");
        assert!(fields[4].len() == 10 || fields[4].len() == 6, "{line}");
    }
    assert!(records.next().is_none());
    assert!(packed.len() * 8 < trace.len(), "{} bytes", packed.len());
    for (core, count) in next.iter().enumerate() {
        assert_eq!(report["cores"][core]["instret"], *count, "core {core}");
    }
}

#[test]
fn guest_output_is_on_stdout_before_the_text_report_and_on_stderr_beside_json() {
    let directory = scratch("console");
    let code: Vec<u32> = print("Hi\nyou\n").into_iter().chain(exit(3)).collect();
    write(&directory, "print.elf", &code);
    let text = ennead(&directory, &["run", "print.elf", "-o", "out"]);
    assert!(
        String::from_utf8_lossy(&text.stdout).starts_with("Hi\nyou\nprogram "),
        "{}",
        said(&text)
    );
    assert_eq!(text.status.code(), Some(3));
    assert_eq!(std::fs::read(directory.join("out/console.txt")).unwrap(), b"Hi\nyou\n");
    let quiet = ennead(&directory, &["run", "print.elf", "-q"]);
    assert_eq!((quiet.stdout, quiet.stderr), (b"Hi\nyou\n".to_vec(), vec![]));
    let (report, _, stderr) = report(&directory, &["print.elf"]);
    assert_eq!(
        (report["console"].as_str(), stderr.as_str()),
        (Some("Hi\nyou\n"), "Hi\nyou\n")
    );
}

#[test]
fn isa_on_the_command_line_overrides_the_file_and_sets_the_machine() {
    let directory = scratch("isa");
    // p.mac t1, t1, t1 of Xpulpv2; CORE-V has nothing at this word.
    let code: Vec<u32> = [0x4263_0333].into_iter().chain(exit(0)).collect();
    std::fs::write(
        directory.join("mac.elf"),
        Elf::new(&code).attributes("rv32imc_xcvmac").bytes(),
    )
    .unwrap();
    let (_, status, stderr) = report(&directory, &["mac.elf"]);
    assert_eq!(status, 201, "{stderr}");
    assert!(stderr.contains("illegal instruction 0x42630333"), "{stderr}");
    let (_, status, stderr) = report(&directory, &["mac.elf", "--isa", "xpulpv2"]);
    assert_eq!(status, 0, "{stderr}");
}

#[test]
fn segments_are_placed_at_load_addresses_and_their_tails_are_zero() {
    let directory = scratch("load");
    // lui t0, 0x1c010; lw t1, 0(t0); lw t2, 4(t0); add t1, t1, t2; then exit with t1.
    let mut code = vec![0x1c01_02b7, 0x0002_a303, 0x0042_a383, 0x0073_0333];
    code.extend([0x1a10_42b7, 0x8000_03b7, 0x0073_0333, 0x0a62_a023, 0x0000_006f]);
    let mut elf = Elf::new(&code);
    elf.segments.push(Segment {
        vaddr: 0x4000_0000,
        memsz: 64,
        ..Segment::load(0x1c01_0000, vec![55, 0, 0, 0], READ_WRITE)
    });
    elf.symbols.push(("number", 0x4000_0000, 4));
    std::fs::write(directory.join("load.elf"), elf.bytes()).unwrap();
    assert_eq!(report(&directory, &["load.elf"]).1, 55);
    let (report, status, _) = report(&directory, &["load.elf", "--param", "number=66"]);
    assert_eq!(status, 66);
    assert_eq!(report["program"]["parameters"]["number"], 66);
    let shown = said(&ennead(&directory, &["inspect", "load.elf"]));
    for part in [
        "0x1c010000",
        "0x40000000",
        "lw t1, 0(t0)",
        "<_start>",
        &format!("{CODE:x}:"),
    ] {
        assert!(shown.contains(part), "{part:?} is missing in {shown}");
    }
}

#[test]
fn eight_workers_are_more_than_six_times_as_fast_as_one_and_fp16_is_faster_than_fp32() {
    let directory = scratch("speed_up");
    let cycles = |args: &[&str]| report(&directory, args).0["cycles"].as_f64().unwrap();
    let one = cycles(&["builtin:matmul-fp16", "--param", "workers=1"]);
    let eight = cycles(&["builtin:matmul-fp16", "--param", "workers=8"]);
    assert!(one > 6.0 * eight, "{one} {eight}");
    assert!(cycles(&["builtin:matmul-fp32"]) > eight);
}
