//! Man pages, completions and the version are made from the definitions of the command line.

use crate::support::{ennead, said, scratch};

#[test]
fn there_is_a_man_page_for_every_command_and_it_has_its_options() {
    let directory = scratch("manual");
    assert!(ennead(&directory, &["manual", "-o", "man"]).status.success());
    for (page, part) in [
        ("ennead.1", "sweep"),
        ("ennead-run.1", "max\\-cycles"),
        ("ennead-plot.1", "pareto"),
    ] {
        let text = std::fs::read_to_string(directory.join("man").join(page)).unwrap();
        assert!(text.starts_with(".ie") || text.contains(".TH"), "{page}");
        assert!(text.contains(part), "{page} lacks {part}");
    }
}

#[test]
fn completions_know_every_command() {
    let directory = scratch("completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = ennead(&directory, &["completions", shell]);
        assert!(output.status.success(), "{shell}");
        for command in ["run", "sweep", "inspect", "report"] {
            assert!(said(&output).contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn the_version_says_version_commit_and_features() {
    let output = ennead(&scratch("version"), &["--version"]);
    let text = said(&output);
    assert!(
        text.starts_with(&format!("ennead {}\ncommit ", env!("CARGO_PKG_VERSION"))),
        "{text}"
    );
    assert!(text.contains("features engines: calendar lockstep"), "{text}");
}
