//! `ennead gdb` serves a real gdb-multiarch. Where there is none, these tests say so and hold nothing, unless ENNEAD_GDB is
//! `required`, as in `.ci/run`, which installs it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::firmware::firmware;
use crate::support::{ennead, scratch};

const GDB: &str = "gdb-multiarch";

/// The command with a program, waiting for its client.
struct Server {
    child: Child,
    address: String,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Server {
    fn start(elf: &str, config: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ennead"))
            .args(["gdb", elf, "--config", config, "--port", "0", "--max-cycles", "2000000"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let address = line.split_whitespace().nth(3).unwrap().trim_end_matches(';').to_owned();
        Self { child, address, stderr }
    }

    /// The exit code, and what it said on both streams.
    fn end(mut self) -> (i32, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.stderr.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code().unwrap(), out, err)
    }
}

/// What gdb says to these commands; `None` where there is no gdb.
fn debug(name: &str, elf: &str, config: &str, commands: &[&str]) -> Option<(String, (i32, String, String))> {
    if Command::new(GDB).arg("--version").output().is_err() {
        assert_ne!(
            std::env::var("ENNEAD_GDB").as_deref(),
            Ok("required"),
            "{GDB} is not installed"
        );
        eprintln!("skipped: {GDB} is not installed");
        return None;
    }
    let server = Server::start(elf, config);
    let directory = scratch(name);
    let connect = format!("target remote {}", server.address);
    let mut gdb = Command::new(GDB);
    gdb.current_dir(directory).args(["-nx", "-batch", elf]);
    for command in ["set pagination off", "set confirm off", &connect]
        .iter()
        .chain(commands)
    {
        gdb.args(["-ex", command]);
    }
    let output = gdb.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Some((text, server.end()))
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        match text[from..].find(part) {
            Some(at) => from += at + part.len(),
            None => panic!("{part:?} does not come in turn in:\n{text}"),
        }
    }
}

#[test]
fn every_hart_is_a_thread_with_its_registers_and_the_report_is_that_of_a_plain_run() {
    let elf = firmware("pulp-sdk");
    let commands = [
        "info threads",
        "print/x $mhartid",
        "break task",
        "continue",
        "info threads",
        "print $mhartid",
        "x/xw 4",
        "x/xw 0x10000004",
        "print/x $pcmr",
        "thread 9",
        "print $mhartid",
        "thread 1",
        "x/xw 4",
        "monitor cores",
        "delete",
        "continue",
    ];
    let Some((text, (status, stdout, _))) = debug("gdb_threads", &elf, "pulp-open", &commands) else {
        return;
    };
    contains(
        &text,
        &[
            "soc.orchestrator is running",
            "cluster.worker[7] was never started",
            "= 0x3e0",
            "hit Breakpoint 1, ",
            "soc.orchestrator waits in wfi for an interrupt of 0x04000802",
            "(cluster.worker[0] is running)",
            "cluster.worker[7] waits for a value from the dispatch queue",
            "= 0\n",
            // `sum` in L1, as the orchestrator copied it there, by its alias and by its address.
            "0x4 <messages>:\t0x000003e8",
            "0x000003e8",
            "= 0x",
            "= 7\n",
            // The orchestrator's own small data.
            "0x00000000",
            "exited normally",
            // What monitor commands say goes to gdb's other stream.
            "cluster.worker[0] is running, at 0x1c00",
        ],
    );
    assert_eq!(status, 0);
    let plain = ennead(&scratch("gdb_plain"), &["run", &elf, "--config", "pulp-open"]);
    assert_eq!(stdout, String::from_utf8(plain.stdout).unwrap(), "stops cost no time");
}

#[test]
fn all_cores_stop_at_a_breakpoint_that_they_reach_together() {
    let elf = firmware("pulp-runtime");
    let mut commands = vec!["break *worker_main"];
    commands.extend(["continue", "print $mhartid", "monitor cycle"].repeat(8));
    commands.push("continue");
    let Some((text, (status, ..))) = debug("gdb_together", &elf, "pulp-open", &commands) else {
        return;
    };
    let mut harts: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix('$')).collect();
    harts.sort_by_key(|line| line.rsplit(' ').next().unwrap().to_owned());
    let harts: Vec<&str> = harts.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(harts, ["0", "1", "2", "3", "4", "5", "6", "7"], "{text}");
    contains(&text, &["exited normally"]);
    assert_eq!(status, 0);
}

#[test]
fn a_watchpoint_sees_the_dma_and_cores() {
    let elf = firmware("pulp-runtime");
    let commands = [
        "watch *(unsigned *) ((char *) &tile + 4)",
        "continue",
        "print/d *(unsigned *) ((char *) &tile + 4)",
        "delete",
        "watch *(unsigned *) &done",
        "continue",
        "print $mhartid",
        "delete",
        "rwatch *(unsigned *) &done",
        "continue",
        "print/x $mhartid",
    ];
    let Some((text, (.., stderr))) = debug("gdb_watch", &elf, "pulp-open", &commands) else {
        return;
    };
    contains(
        &text,
        &[
            "ardware watchpoint 1",
            "Old value = 0",
            "New value = 7",
            "= 7\n",
            "ardware watchpoint 2",
            "New value = 1",
            "= 0\n",
            "ardware read watchpoint 3",
            "Value = 1",
            "= 0x3e0",
        ],
    );
    assert!(stderr.contains("was written by no core"), "{stderr}");
}

#[test]
fn steps_are_instructions_or_cycles_and_registers_can_be_changed() {
    let elf = firmware("corev-newlib");
    let commands = [
        "break main",
        "continue",
        "monitor cycle",
        "stepi",
        "stepi",
        "monitor cycle",
        "monitor stepi cycles",
        "stepi 3",
        "monitor cycle",
        "monitor stepc 10",
        "maintenance flush register-cache",
        "monitor cycle",
        "monitor until 500",
        "delete",
        "continue",
        "monitor cycle",
        "monitor stepi instructions",
        "set var $fa0 = 2.5",
        "print $fa0",
        "set var $mscratch = 0x1234",
        "print/x $mscratch",
        "set var $lpcount0 = 5",
        "print $lpcount0",
        "set var $lpcount0 = 0",
        "set {int} &stat = 77",
        "print *(int *) &stat",
        "monitor nonsense",
        "kill",
    ];
    let Some((text, _)) = debug("gdb_steps", &elf, "ennead", &commands) else {
        return;
    };
    let cycles: Vec<u64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("cycle ")?.parse().ok())
        .collect();
    // At the stop, after two instructions, three cycles, ten (told twice), and at 500.
    assert_eq!(cycles.len(), 6, "{text}");
    assert!(cycles[1] > cycles[0] && cycles[1] <= cycles[0] + 20, "{text}");
    assert_eq!(cycles[2], cycles[1] + 3, "{text}");
    assert_eq!(cycles[3..], [cycles[2] + 10, cycles[2] + 10, 500], "{text}");
    contains(&text, &["= 2.5", "= 0x1234", "= 5", "= 77", "stepc [N]"]);
}

#[test]
fn faults_and_deadlocks_can_be_looked_at() {
    let elf = firmware("pulp-runtime-hang");
    let commands = ["continue", "info threads", "continue"];
    let Some((text, (status, _, stderr))) = debug("gdb_deadlock", &elf, "pulp-open", &commands) else {
        return;
    };
    contains(
        &text,
        &[
            "received signal",
            "waits in wfi with every interrupt disabled",
            "exited with code 0313",
        ],
    );
    assert_eq!(status, 203, "{stderr}");
    assert!(stderr.contains("deadlock"), "{stderr}");
}
