//! Checkpoints: a run that goes on in another process ends with the same bytes, and what cannot be used is refused.

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
