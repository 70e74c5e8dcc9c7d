//! `ennead config`: machines and keys for a person to look at; and the one place that turns `--config` and `--set`
//! into a machine.

use std::fs;
use std::path::Path;

use ennead_sim::config::{Allowed, Config, Draft, KEYS, Key, SHIPPED};
use serde_json::{Value, json};

use crate::args::{self, ConfigCommand, Format};
use crate::failure::{Failure, Status};
use crate::output::{emit, emit_json};
use crate::table::Table;

/// Starts a machine from a shipped name or a file; a shipped name wins over a file of the same name.
pub fn draft(name: &str) -> Result<Draft, Failure> {
    let path = Path::new(name);
    let shipped = SHIPPED.iter().any(|shipped| shipped.name == name);
    if !shipped && (name.ends_with(".toml") || name.contains(std::path::MAIN_SEPARATOR) || path.is_file()) {
        let text = fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?;
        let mut draft = Draft::default();
        draft.toml(name, &text).map_err(Failure::bad_input)?;
        return Ok(draft);
    }
    Draft::shipped(name).map_err(Failure::bad_input)
}

/// The machine that the options ask for.
pub fn machine(name: &str, settings: &[String]) -> Result<Draft, Failure> {
    let mut draft = draft(name)?;
    for assignment in settings {
        draft.assignment(assignment).map_err(Failure::bad_input)?;
    }
    Ok(draft)
}

pub(crate) fn config(args: &args::Config) -> Result<Status, Failure> {
    match &args.command {
        ConfigCommand::List { format } => list(*format)?,
        ConfigCommand::Show { name, set, format } => {
            show(&machine(name, set)?.finish().map_err(Failure::bad_input)?, *format)?;
        }
        ConfigCommand::Explain { key, format } => explain(key.as_deref(), *format)?,
    }
    Ok(Status::Guest(0))
}

/// The shipped machines as JSON.
pub fn machines() -> Value {
    SHIPPED
        .iter()
        .map(|shipped| json!({ "name": shipped.name, "summary": shipped.summary() }))
        .collect()
}

/// Every configuration key as JSON.
pub fn keys() -> Value {
    KEYS.iter().map(description).collect()
}

fn list(format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => {
            let mut table = Table::new(["machine", "what it is"], 2);
            for shipped in SHIPPED {
                table.row([shipped.name.to_owned(), shipped.summary().to_owned()]);
            }
            emit(&table.render(0))
        }
        Format::Json => emit_json(&machines()),
    }
}

fn show(config: &Config, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => emit(&config.to_toml()),
        Format::Json => {
            let mut sections = serde_json::Map::new();
            for key in KEYS {
                let (section, name) = key.path.split_once('.').unwrap_or((key.path, ""));
                sections.entry(section).or_insert_with(|| json!({}))[name] = value(key, &key.get(config));
            }
            emit_json(&sections.into())
        }
    }
}

/// A key's value as JSON.
fn value(key: &Key, text: &str) -> Value {
    match key.allowed {
        Allowed::Range(..) | Allowed::Bool => text.parse().unwrap_or_else(|_| json!(text)),
        Allowed::Names(_) | Allowed::Path => json!(text),
    }
}

fn explain(path: Option<&str>, format: Format) -> Result<(), Failure> {
    let keys: Vec<&Key> = match path {
        None => KEYS.iter().collect(),
        Some(path) => {
            let in_section = |key: &&Key| key.path.split_once('.').is_some_and(|(section, _)| section == path);
            let keys: Vec<_> = KEYS.iter().filter(|key| key.path == path || in_section(key)).collect();
            if keys.is_empty() {
                // The draft knows how to say that a key is unknown, and which one may have been meant.
                Draft::default()
                    .set(path, "")
                    .map_err(|error| Failure::BadInput(error.to_string().replacen("--set: ", "", 1)))?;
            }
            keys
        }
    };
    match format {
        Format::Text => emit(&keys.iter().map(|key| describe(key)).collect::<Vec<_>>().join("\n")),
        Format::Json => emit_json(&keys.iter().map(|key| description(key)).collect()),
    }
}

fn describe(key: &Key) -> String {
    let mut text = format!("{}\n  {}\n", key.path, key.help());
    let default = match key.default() {
        empty if empty.is_empty() => "none".to_owned(),
        default => default,
    };
    text += &format!("  unit {}, default {default}, {}\n", key.unit, key.allowed.rule());
    if let Allowed::Names(names) = key.allowed {
        for (name, meaning) in names {
            text += &format!(
                "    {name}: {}\n",
                meaning.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
            );
        }
    }
    text
}

fn description(key: &Key) -> Value {
    let allowed = match key.allowed {
        Allowed::Range(low, high) => json!({ "minimum": low, "maximum": high }),
        Allowed::Bool => json!([true, false]),
        Allowed::Names(names) => names.iter().map(|(name, _)| *name).collect(),
        Allowed::Path => json!("path"),
    };
    json!({
        "key": key.path,
        "unit": key.unit,
        "default": value(key, &key.default()),
        "allowed": allowed,
        "help": key.help(),
    })
}
