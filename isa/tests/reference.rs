//! The reference page is what the rows say.

use ennead_isa::reference;
use ennead_isa::table::ROWS;

#[test]
fn the_reference_page_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/instructions.md");
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == reference::page(),
        "docs/instructions.md is not what the table says; write it with \
         `cargo run -p ennead-isa --example reference > docs/instructions.md`"
    );
}

#[test]
fn every_row_is_on_the_page_without_a_placeholder() {
    let page = reference::page();
    let lines = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(lines, ROWS.len());
    for row in &ROWS {
        assert!(page.contains(row.pattern), "{}", row.mnemonic);
        let meaning = row.meaning();
        assert!(
            !meaning.contains('{') && !meaning.is_empty(),
            "{}: {meaning}",
            row.mnemonic
        );
    }
}
