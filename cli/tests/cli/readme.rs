//! The outputs in README.md are those of this version. `ENNEAD_BLESS=1 cargo test -p ennead-cli readme` rewrites
//! them.

use std::fs;
use std::path::Path;

use crate::support::{ennead, scratch};

const FENCE: &str = "```";

/// The text behind `command` in its fenced block is what `args` print.
#[track_caller]
fn shows(directory: &Path, command: &str, args: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(&path).unwrap();
    let command = format!("$ {command}\n");
    let (head, rest) = text.split_once(&command).expect("the page has the command");
    let (old, tail) = rest.split_once(FENCE).expect("the block has an end");
    let output = ennead(directory, args);
    assert_eq!(output.stderr, b"", "{}", crate::support::said(&output));
    let new = String::from_utf8(output.stdout).unwrap();
    if std::env::var_os("ENNEAD_BLESS").is_some() {
        fs::write(&path, format!("{head}{command}{new}{FENCE}{tail}")).unwrap();
    } else {
        assert_eq!(old, new, "README.md is out of date; rewrite it with ENNEAD_BLESS=1");
    }
}

#[test]
fn the_outputs_on_the_first_page_are_current() {
    let directory = scratch("readme");
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let (_, spec) = text.split_once("```toml\n").expect("the page has a sweep");
    fs::write(directory.join("banks.toml"), spec.split_once(FENCE).unwrap().0).unwrap();
    shows(
        &directory,
        "cargo run --release -- run builtin:matmul-fp16",
        &["run", "builtin:matmul-fp16"],
    );
    shows(
        &directory,
        "ennead sweep banks.toml -o banks",
        &["sweep", "banks.toml", "-o", "banks"],
    );
}
