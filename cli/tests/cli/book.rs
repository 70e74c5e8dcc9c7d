//! The book: every command in README.md and in docs/ runs, every link leads somewhere, and every page is in the contents.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Elf, scratch};

const FENCE: &str = "```";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pages, with their names from the root on.
fn pages() -> Vec<(String, String)> {
    let docs = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = docs
        .map(|name| format!("docs/{}", name.to_str().unwrap()))
        .filter(|name| name.ends_with(".md"))
        .chain(["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "python/README.md"].map(str::to_owned))
        .collect();
    names.sort();
    let read = |name: String| (name.clone(), fs::read_to_string(root().join(name)).unwrap());
    names.into_iter().map(read).collect()
}

/// Fenced blocks by language.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once(FENCE) {
        let (language, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once(FENCE).expect("a fence is closed");
        blocks.push((language.trim(), text));
        rest = after;
    }
    blocks
}

/// Commands that are run by `.ci/run`, or need files that are not ours.
const ELSEWHERE: &[&str] = &["cargo ", "scripts/", "workloads/"];

#[test]
fn every_command_in_the_book_runs() {
    let commands = Path::new(env!("CARGO_BIN_EXE_ennead")).parent().unwrap();
    let path = format!("{}:{}", commands.display(), std::env::var("PATH").unwrap());
    let has_compiler = Command::new("clang-19")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    let mut ran = 0;
    for (name, page) in pages() {
        let directory = scratch(&format!("book_{}", name.replace(['/', '.'], "_")));
        // Pages speak of the reader's own program as firmware.elf: here one that exits at once with code 0.
        let exit = [0x1a10_4537, 0x8000_05b7, 0x0ab5_2023, 0x0000_006f];
        fs::write(directory.join("firmware.elf"), Elf::new(&exit).bytes()).unwrap();
        for (language, text) in blocks(&page) {
            if matches!(language, "toml" | "c")
                && let Some(file) = text
                    .lines()
                    .next()
                    .and_then(|line| line.trim_start_matches(['#', '/', ' ']).split_once('.'))
                && [("toml", "toml"), ("c", "c")].contains(&(language, file.1))
            {
                fs::write(directory.join(format!("{}.{}", file.0, file.1)), text).unwrap();
            }
            for command in text
                .lines()
                .filter_map(|line| line.strip_prefix("$ "))
                .filter(|_| language == "console")
            {
                let command = command.split("  #").next().unwrap().trim();
                if ELSEWHERE.iter().any(|part| command.contains(part)) {
                    continue;
                }
                let needs_compiler = ["clang-19", "ld.lld-19"].iter().any(|tool| command.starts_with(tool));
                if !has_compiler && (needs_compiler || command.contains("axpy.elf")) {
                    eprintln!("{name}: not run, because clang-19 is not installed: {command}");
                    continue;
                }
                let output = Command::new("sh")
                    .args(["-c", command])
                    .current_dir(&directory)
                    .env("PATH", &path)
                    .env("RUNTIME", root().join("workloads/runtime").canonicalize().unwrap())
                    .output()
                    .unwrap();
                assert!(
                    output.status.success(),
                    "{name}: {command}\n{}{}",
                    String::from_utf8_lossy(&output.stdout),
                    String::from_utf8_lossy(&output.stderr)
                );
                ran += 1;
            }
        }
    }
    assert!(ran > 30, "only {ran} commands were found");
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[test]
fn every_link_leads_somewhere_and_every_page_is_in_the_contents() {
    let mut linked = BTreeSet::new();
    for (name, page) in pages() {
        let folder = root().join(&name).parent().unwrap().to_owned();
        for link in page.split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            if link.starts_with("http") {
                continue;
            }
            let (file, part) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                root().join(&name)
            } else {
                folder.join(file)
            };
            assert!(target.exists(), "{name}: {link} leads nowhere");
            if !part.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let headings = text.lines().filter(|line| line.starts_with('#'));
                let found = headings
                    .map(|line| anchor(line.trim_start_matches('#')))
                    .any(|anchor| anchor == part);
                assert!(found, "{name}: {link}: no such heading");
            }
            if name == "docs/SUMMARY.md" {
                linked.insert(format!("docs/{file}"));
            }
        }
    }
    for (name, _) in pages() {
        let in_book = name.starts_with("docs/") && name != "docs/SUMMARY.md";
        assert!(!in_book || linked.contains(&name), "{name} is not in docs/SUMMARY.md");
    }
}
