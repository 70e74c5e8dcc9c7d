//! Pictures and pages: drawn from runs and sweeps, with the same bytes every time, and loading nothing.

use std::fs;

use crate::support::{ennead, said, scratch};

const SWEEP: &str = "target = 'builtin:relu-fp32-fw'\n[axes]\nl1.banks = [4, 8]\nparam.workers = [1, 4]\n";

#[test]
fn every_picture_and_page_is_drawn_and_drawn_the_same_again() {
    let directory = scratch("pictures");
    fs::write(directory.join("spec.toml"), SWEEP).unwrap();
    for args in [
        &["run", "builtin:linear-fp16-fw", "-q", "-o", "run"][..],
        &["run", "builtin:linear-fp32-fw", "-q", "-o", "other"],
        &["sweep", "spec.toml", "-o", "sweep", "-q"],
    ] {
        assert!(ennead(&directory, args).status.success());
    }
    for (args, words) in [
        (
            &["plot", "stalls", "run"][..],
            &["cluster.worker[7]", "barrier", "sleep"][..],
        ),
        (&["plot", "layers", "run"], &["compute", "dma-in"]),
        (
            &["plot", "banks", "run", "other/report.json"],
            &["builtin:linear-fp32-fw on ennead", "15\n"],
        ),
        (
            &["plot", "roofline", "run", "other"],
            &["DMA, 8 bytes a cycle", "MAC/clk"],
        ),
        (
            &["plot", "lines", "sweep", "--y", "cycles"],
            &["l1.banks=8", "workers at work"],
        ),
        (
            &["plot", "lines", "sweep", "--x", "l1.banks", "--y", "speedup"],
            &["param.workers=4", "speed-up"],
        ),
        (&["plot", "pareto", "sweep", "--y", "/dma/busy_cycles"], &["Pareto"]),
        (
            &["report", "run"],
            &["<!doctype html>", "aria-label", "bank_conflict", "compute"],
        ),
        (&["report", "sweep"], &["4 points", "param.workers"]),
    ] {
        let write = |name: &str| {
            let args: Vec<_> = args.iter().copied().chain(["-o", name]).collect();
            let output = ennead(&directory, &args);
            assert!(output.status.success(), "{args:?}: {}", said(&output));
            fs::read(directory.join(name)).unwrap()
        };
        let text = String::from_utf8(write("a.svg")).unwrap();
        for word in words {
            assert!(text.contains(word), "{args:?} lacks {word}");
        }
        assert!(text.as_bytes() == write("b.svg"), "{args:?}");
        if args[0] == "report" {
            let loads = ["<script", "href=", "src=", "url(", "@import"];
            assert!(
                loads.iter().all(|word| !text.contains(word)),
                "{args:?} loads something"
            );
        } else {
            assert!(write("a.png").starts_with(b"\x89PNG\r\n\x1a\n"), "{args:?}");
        }
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let directory = scratch("no_pictures");
    fs::write(directory.join("text"), "hello").unwrap();
    fs::write(directory.join("other.json"), "{}").unwrap();
    assert!(
        ennead(&directory, &["run", "builtin:hello", "-q", "-o", "hello"])
            .status
            .success()
    );
    for (args, part) in [
        (&["plot", "stalls", "none", "-o", "a.svg"][..], "cannot read none"),
        (&["plot", "stalls", "text", "-o", "a.svg"], "not JSON"),
        (&["plot", "stalls", "other.json", "-o", "a.svg"], "schema_version"),
        (&["plot", "stalls", "hello", "-o", "a.gif"], ".svg or .png"),
        (&["plot", "layers", "hello", "-o", "a.svg"], "no marked regions"),
        (&["plot", "roofline", "hello", "-o", "a.svg"], "needs both"),
        (&["plot", "lines", "hello", "-o", "a.svg"], "results.json"),
        (&["plot", "stalls", "hello", "hello", "-o", "a.svg"], "one input"),
        (&["report", "none"], "cannot read none"),
    ] {
        let output = ennead(&directory, args);
        assert_eq!(output.status.code(), Some(200), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(part), "{args:?}: {}", said(&output));
    }
}
