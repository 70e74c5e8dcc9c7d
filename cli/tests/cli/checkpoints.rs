//! Checkpoints and fast forward: a run that goes on in another process ends with the same bytes, one that began without
//! timing is exact from its hand-over, and what cannot be used is refused.

use crate::support::{ennead, said, scratch};

#[test]
fn a_restored_run_ends_with_the_bytes_of_one_that_ran_on() {
    let directory = scratch("checkpoints");
    for (program, machine, icache, cycles) in [
        (
            "builtin:linear-fp16-fw",
            "ennead",
            "ideal",
            &[1, 500, 1999, 4321, 8000][..],
        ),
        ("builtin:relu-fp32-fw-pulp", "vega", "ideal", &[777, 3000]),
        ("builtin:hello", "pulp-open", "ideal", &[40]),
        ("builtin:linear-fp16-fw", "ennead", "hierarchical", &[900, 2500, 6001]),
    ] {
        let icache = format!("icache.model={icache}");
        let run = |extra: &[&str]| {
            let args: Vec<_> = [
                "run", program, "--config", machine, "--set", &icache, "--format", "json", "-q",
            ]
            .iter()
            .chain(extra)
            .copied()
            .collect();
            let output = ennead(&directory, &args);
            assert_eq!(output.status.code(), Some(0), "{program} {extra:?}: {}", said(&output));
            output.stdout
        };
        let whole = run(&[]);
        for cycle in cycles {
            let place = format!("{cycle}:machine.ckpt");
            assert!(
                whole == run(&["--checkpoint", &place]),
                "{program}: saving at {cycle} changed the run"
            );
            let bytes = std::fs::read(directory.join("machine.ckpt")).unwrap();
            assert!(
                whole == run(&["--restore", "machine.ckpt"]),
                "{program}: restored after {cycle}"
            );
            assert!(
                whole == run(&["--restore", "machine.ckpt", "--engine", "lockstep"]),
                "{program}, {cycle}"
            );
            // Restoring and saving again at once gives the same state.
            run(&["--restore", "machine.ckpt", "--checkpoint", &place]);
            assert!(
                bytes == std::fs::read(directory.join("machine.ckpt")).unwrap(),
                "{program}, {cycle}"
            );
        }
    }
}

/// Seven of nine cores wait for the team while the orchestrator goes to `main`, and all meet at barriers after it.
#[test]
fn after_a_fast_forward_the_run_is_exact_and_the_same_every_time() {
    let directory = scratch("fast_forward");
    for (program, settings) in [
        ("builtin:linear-fp16-fw", "icache.model=ideal"),
        ("builtin:linear-fp16-fw", "icache.model=hierarchical"),
        ("builtin:relu-fp32-fw-pulp", "fpu.sharing=static"),
        ("builtin:linear-fp16-fw", "soc.frequency_hz=250000000"),
        ("builtin:linear-fp16-fw", "soc.frequency_hz=1000000000"),
    ] {
        let run = |extra: &[&str]| {
            let args = ["run", program, "--set", settings, "--format", "json", "-q"];
            let args: Vec<_> = args.iter().chain(extra).copied().collect();
            let output = ennead(&directory, &args);
            assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
            output.stdout
        };
        let report = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        let exact = report(&run(&[]));
        assert!(exact.get("fast_forward").is_none());
        for place in ["main", "ennead_run_team", "1", "2500"] {
            let forward = ["--fast-forward", place];
            let whole = run(&forward);
            let passed = report(&whole);
            assert_eq!(passed["golden"]["status"], "pass", "{program} {place}");
            assert_eq!(passed["console"], exact["console"]);
            assert!(
                passed["fast_forward"]["cycles"].as_u64() >= place.parse().ok(),
                "{program} {place}"
            );
            for core in passed["cores"].as_array().unwrap() {
                let stalls = core["stalls"].as_object().unwrap().values();
                let booked: u64 = [&core["active"], &core["sleep"]]
                    .into_iter()
                    .chain(stalls)
                    .map(|c| c.as_u64().unwrap())
                    .sum();
                assert_eq!(core["cycles"], booked, "{program} {place}: {core}");
            }
            let with = |extra: &[&str]| run(&[&forward[..], extra].concat());
            assert!(whole == with(&["--engine", "lockstep"]), "{program} {place}");
            assert!(
                whole == with(&["--trace", "retire:t.csv", "--explain", "hot.txt"]),
                "{program} {place}"
            );
            assert!(whole == with(&["--checkpoint", "3000:late.ckpt"]), "{program} {place}");
            assert!(whole == run(&["--restore", "late.ckpt"]), "{program} {place}");
        }
        // The trace begins at the hand-over.
        let passed = report(&run(&["--fast-forward", "main", "--trace", "retire:t.csv"]));
        let trace = std::fs::read_to_string(directory.join("t.csv")).unwrap();
        // The orchestrator's cycles may be those of another clock.
        let worker = trace.lines().skip(1).find(|row| row.split(',').nth(2) != Some("8"));
        let first: u64 = worker.and_then(|row| row.split(',').nth(1)?.parse().ok()).unwrap();
        assert!(first > passed["fast_forward"]["cycles"].as_u64().unwrap());
        let rows = trace.lines().count() as u64 - 1;
        assert_eq!(
            rows + passed["fast_forward"]["instret"].as_u64().unwrap(),
            passed["instret"].as_u64().unwrap()
        );
    }
}

#[test]
fn a_place_that_no_fast_forward_comes_to_is_named() {
    let directory = scratch("no_forward");
    let target = "builtin:linear-fp16-fw";
    let run = |extra: &[&str]| ennead(&directory, &[&["run", target], extra].concat());
    let output = run(&["--fast-forward", "nowhere"]);
    assert_eq!(output.status.code(), Some(200));
    assert!(said(&output).contains("no such symbol"), "{}", said(&output));
    let output = run(&["--fast-forward", "4000000000"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(
        said(&output).contains("the run ended before it came there"),
        "{}",
        said(&output)
    );
    let output = run(&["--fast-forward", "main", "--max-cycles", "20"]);
    assert_eq!(output.status.code(), Some(202), "{}", said(&output));
}

#[test]
fn what_is_no_checkpoint_for_this_run_is_refused() {
    let directory = scratch("refused_checkpoints");
    let save = ["run", "builtin:hello", "-q", "--checkpoint", "40:good.ckpt"];
    assert_eq!(ennead(&directory, &save).status.code(), Some(0));
    let good = std::fs::read(directory.join("good.ckpt")).unwrap();
    let mut format = good.clone();
    format[8] = 99;
    let mut damaged = good.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let mut other = good.clone();
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    let at = good.windows(version.len()).position(|bytes| bytes == version).unwrap();
    other[at] = b'9';
    for (name, bytes) in [("format", format), ("damaged", damaged), ("other", other)] {
        std::fs::write(directory.join(name), bytes).unwrap();
    }
    std::fs::write(directory.join("cut"), &good[..good.len() / 2]).unwrap();
    std::fs::write(directory.join("text"), "hello").unwrap();
    let target = "builtin:hello";
    for (args, part) in [
        (&[target, "--restore", "format"][..], "format 99"),
        (&[target, "--restore", "other"], "use that version"),
        (&[target, "--restore", "damaged"], "damaged"),
        (&[target, "--restore", "cut"], "damaged"),
        (&[target, "--restore", "text"], "not a checkpoint"),
        (&[target, "--restore", "none"], "cannot read none"),
        (
            &[target, "--restore", "good.ckpt", "--set", "l1.banks=8"],
            "another machine",
        ),
        (
            &["builtin:relu-fp32-fw", "--config", "ennead", "--restore", "good.ckpt"],
            "another",
        ),
        (&[target, "--checkpoint", "good.ckpt"], "CYCLE:FILE"),
        (&[target, "--checkpoint", "0:x"], "CYCLE:FILE"),
    ] {
        let args: Vec<_> = ["run"].iter().chain(args).copied().collect();
        let output = ennead(&directory, &args);
        assert_eq!(output.status.code(), Some(200), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(part), "{args:?}: {}", said(&output));
    }
}
