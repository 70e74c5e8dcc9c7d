//! The tables in docs/ are what the code says. `ENNEAD_BLESS=1 cargo test -p ennead-sim --test docs` rewrites them.

use std::fs;
use std::path::Path;

use ennead_sim::config::{Allowed, KEYS};
use ennead_sim::stall::Stall;

#[track_caller]
fn holds(page: &str, mark: &str, table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    let text = fs::read_to_string(&path).unwrap();
    let begin = format!("<!-- {mark} -->\n");
    let (head, rest) = text.split_once(&begin).expect("the page has the mark");
    let (old, tail) = rest.split_once("<!-- end -->").expect("the table has an end");
    if std::env::var_os("ENNEAD_BLESS").is_some() {
        fs::write(&path, format!("{head}{begin}{table}<!-- end -->{tail}")).unwrap();
    } else {
        assert_eq!(old, table, "docs/{page} is out of date; rewrite it with ENNEAD_BLESS=1");
    }
}

#[test]
fn the_table_of_configuration_keys_is_current() {
    let mut table = String::new();
    let mut open = "";
    for key in KEYS {
        let (section, _) = key.path.split_once('.').unwrap();
        if section != open {
            table +=
                &format!("\n## {section}\n\n| key | default | unit | allowed | meaning |\n|---|---|---|---|---|\n");
            open = section;
        }
        let allowed = match key.allowed {
            Allowed::Range(low, high) => format!("{low} to {high}"),
            Allowed::Bool => "true, false".to_owned(),
            Allowed::Names(names) => names
                .iter()
                .map(|(name, _)| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", "),
            Allowed::Path => "a file".to_owned(),
        };
        table += &format!(
            "| `{}` | {} | {} | {allowed} | {} |\n",
            key.path,
            key.default(),
            key.unit,
            key.help()
        );
    }
    holds("configuration.md", "keys", &(table + "\n"));
}

#[test]
fn the_table_of_stall_causes_is_current() {
    let mut table = "\n| cause | meaning |\n|---|---|\n".to_owned();
    for cause in Stall::ALL {
        table += &format!("| `{}` | {} |\n", cause.key(), cause.meaning());
    }
    holds("report.md", "causes", &(table + "\n"));
}
