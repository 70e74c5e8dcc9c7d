//! What a simulated instruction costs the host: instructions counted under callgrind, which no other load on the host
//! touches.
//!
//! `data/host_cost.csv` is the baseline; a change that costs more fails, one that costs less is written down with
//! `ENNEAD_BLESS=1 cargo test -p ennead-sim --test host_cost`. Without valgrind nothing is checked, and the test says so.
//!
//! Invariant: only what the engine does counts, and only once a program goes on in the same way: neither the building of the
//! machine, nor what is done once for each piece of code.

mod support;

use std::path::PathBuf;
use std::process::Command;

use ennead_sim::engine::RunOptions;
use ennead_sim::fault::Outcome;
use ennead_sim::machine::Machine;
use ennead_sim::observe::Silent;
use support::{config, team};

/// A cost may be so many times the baseline's: another compiler of the same series is within it.
const TOLERANCE: f64 = 1.15;

/// How often a worker repeats its instructions, in a short run and in a long one: what the long one takes more counts.
const ITERATIONS: [u32; 2] = [100, 600];

/// What is measured, on how many workers; the first two are compared.
const MEASURED: &[(&str, usize)] = &[("fp32", 8), ("fp32", 64), ("fp16", 8), ("integer", 8)];

/// What the workers repeat.
const PROGRAMS: &[(&str, &str)] = &[
    (
        "fp32",
        "
        flw fa0, 0(s2)
        flw fa1, 4(s2)
        fmadd.s fa2, fa0, fa1, fa2
        flw fa3, 8(s2)
        fmadd.s fa4, fa0, fa3, fa4
        fsw fa4, 12(s2)
        ",
    ),
    (
        "fp16",
        "
        flw fa0, 0(s2)
        flw fa1, 4(s2)
        vfmac.h fa2, fa0, fa1
        flw fa3, 8(s2)
        vfmac.h fa4, fa0, fa3
        fsw fa4, 12(s2)
        ",
    ),
    (
        "integer",
        "
        lw a0, 0(s2)
        lw a1, 4(s2)
        cv.mac a2, a0, a1
        lw a3, 8(s2)
        cv.sdotsp.h a4, a0, a3
        sw a4, 12(s2)
        xor a5, a4, a2
        slli a5, a5, 3
        ",
    ),
];

/// Runs a program; gives the instructions that all cores retired.
fn run(program: &str, workers: usize, iterations: u32) -> u64 {
    let (_, repeated) = PROGRAMS.iter().find(|(name, _)| *name == program).expect("a program");
    let settings = [
        format!("cluster.workers={workers}"),
        format!("l1.banks={}", 2 * workers),
    ];
    let config = config("ennead", &settings.each_ref().map(String::as_str));
    let body = format!(
        "
        li s2, 0x10000000
        slli t1, s0, 4
        add s2, s2, t1
        li s3, {iterations}
        again:
        {repeated}
        addi s3, s3, -1
        bne s3, zero, @again
        "
    );
    let mut machine = Machine::new(&config, &team::image(&config, &body)).expect("a possible machine");
    let outcome = counted_by_callgrind(&mut machine);
    assert!(matches!(outcome, Outcome::Exit(_)), "{}", outcome.message(&|_| None));
    machine.counters().instret()
}

#[inline(never)]
fn counted_by_callgrind(machine: &mut Machine) -> Outcome {
    machine.run(&RunOptions::default(), &mut Silent)
}

const JOB: &str = "ENNEAD_HOST_COST_JOB";

#[test]
#[ignore = "what callgrind is put to"]
fn one_run() {
    let job = std::env::var(JOB).expect("the tests below start this one");
    let fields: Vec<&str> = job.split(',').collect();
    run(fields[0], fields[1].parse().unwrap(), fields[2].parse().unwrap());
}

/// Host instructions of a run; none without valgrind.
fn host_instructions(program: &str, workers: usize, iterations: u32) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=*counted_by_callgrind*")
        .arg(std::env::current_exe().ok()?)
        .args(["one_run", "--exact", "--ignored", "--test-threads=1"])
        .env(JOB, format!("{program},{workers},{iterations}"))
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    let line = text.lines().find(|line| line.contains("Collected")).expect(&text);
    line.rsplit(' ').next()?.parse().ok()
}

/// Host instructions that a simulated one costs; none without valgrind.
fn cost(program: &str, workers: usize) -> Option<f64> {
    let [short, long] = ITERATIONS.map(|iterations| {
        let host = host_instructions(program, workers, iterations)?;
        Some((host, run(program, workers, iterations)))
    });
    let (short, long) = (short?, long?);
    Some((long.0 - short.0) as f64 / (long.1 - short.1) as f64)
}

#[test]
fn a_simulated_instruction_costs_no_more_than_the_baseline_and_less_than_twice_as_much_with_64_workers() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/host_cost.csv");
    let mut text = String::from("program,workers,host instructions for a simulated one\n");
    let mut costs = Vec::new();
    for (program, workers) in MEASURED {
        let Some(cost) = cost(program, *workers) else {
            eprintln!("no valgrind: nothing is checked");
            return;
        };
        text += &format!("{program},{workers},{cost:.0}\n");
        costs.push((*program, *workers, cost));
    }
    eprint!("{text}");
    let (eight, many) = (costs[0].2, costs[1].2);
    assert!(many < 2.0 * eight, "{eight:.0} with 8 workers, {many:.0} with 64");
    if std::env::var_os("ENNEAD_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let baseline = std::fs::read_to_string(&path).unwrap();
    for ((program, workers, cost), row) in costs.into_iter().zip(baseline.lines().skip(1)) {
        let (name, known) = row.rsplit_once(',').unwrap();
        assert_eq!(
            name,
            format!("{program},{workers}"),
            "the baseline is of other programs"
        );
        let known: f64 = known.parse().unwrap();
        assert!(
            cost <= known * TOLERANCE,
            "{name}: {cost:.0} host instructions for a simulated one, the baseline is {known}"
        );
    }
}
