//! A machine while it is put together from a TOML file and single assignments.
//!
//! It remembers which keys were set by somebody, so that a default may follow another key; it never opens a file.
//!
//! Invariant: [`Draft::finish`] returns only configs that [`Config::check`] accepts.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::{Config, KEYS, SHIPPED, Sharing};

/// Why there is no such machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("{origin}: not valid TOML: {message}")]
    Syntax {
        /// File and line.
        origin: String,
        /// What the parser says.
        message: String,
    },
    /// Nobody knows this key.
    #[error("{origin}: unknown key `{key}`{}; `ennead config explain` lists every key", suggest(.suggestion))]
    UnknownKey {
        /// File and line, or the command-line option.
        origin: String,
        /// The key.
        key: String,
        /// A known key that looks like it.
        suggestion: Option<String>,
    },
    /// The key does not take this value, or not together with others.
    #[error("{origin}: {key} = {value}: {rule}")]
    Value {
        /// File and line, the command-line option, or `machine` for a rule between keys.
        origin: String,
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// The rule that it breaks.
        rule: String,
    },
    /// No shipped machine has this name.
    #[error("no machine is named `{name}`{}; `ennead config list` shows the names, a path ends in .toml", suggest(.suggestion))]
    UnknownMachine {
        /// The name.
        name: String,
        /// A known name that looks like it.
        suggestion: Option<String>,
    },
    /// An assignment without `=`.
    #[error("{origin}: `{text}` is not an assignment; write key=value, for example l1.banks=32")]
    Assignment {
        /// The command-line option.
        origin: String,
        /// What was written.
        text: String,
    },
}

fn suggest(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map(|name| format!("; did you mean `{name}`?"))
        .unwrap_or_default()
}

/// The candidate that looks most like `name`, if any does (Jaro-Winkler above 0.8).
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<String> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate.to_owned())
}

/// A machine in the making.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    config: Config,
    /// Where each key that somebody set was set.
    set: BTreeMap<&'static str, String>,
}

impl Draft {
    /// A shipped machine to start from.
    pub fn shipped(name: &str) -> Result<Self, ConfigError> {
        let Some(shipped) = SHIPPED.iter().find(|shipped| shipped.name == name) else {
            let suggestion = nearest(name, SHIPPED.iter().map(|shipped| shipped.name));
            return Err(ConfigError::UnknownMachine {
                name: name.to_owned(),
                suggestion,
            });
        };
        let mut draft = Self::default();
        draft.toml(&format!("configs/{name}.toml"), shipped.toml)?;
        Ok(draft)
    }

    /// Applies the text of a TOML file; `origin` names the file in messages.
    pub fn toml(&mut self, origin: &str, text: &str) -> Result<(), ConfigError> {
        let line = |at: usize| format!("{origin}:{}", text[..at.min(text.len())].matches('\n').count() + 1);
        let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            origin: error.span().map_or_else(|| origin.to_owned(), |span| line(span.start)),
            message: error.message().to_owned(),
        })?;
        for (section, entries) in table.get_ref() {
            let here = line(section.span().start);
            let DeValue::Table(entries) = entries.get_ref() else {
                return Err(unknown(here, section.get_ref()));
            };
            for (name, value) in entries {
                let path = format!("{}.{}", section.get_ref(), name.get_ref());
                let here = line(name.span().start);
                let text = match value.get_ref() {
                    DeValue::String(text) => text.to_string(),
                    DeValue::Integer(number) => number.to_string(),
                    DeValue::Boolean(flag) => flag.to_string(),
                    DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                        let key = Config::key(&path).ok_or_else(|| unknown(here.clone(), &path))?;
                        return Err(ConfigError::Value {
                            origin: here,
                            key: path,
                            value: text[value.span()].trim().to_owned(),
                            rule: format!("must be {}", key.allowed.rule()),
                        });
                    }
                };
                self.assign(here, &path, &text)?;
            }
        }
        Ok(())
    }

    /// Applies `key=value`.
    pub fn assignment(&mut self, text: &str) -> Result<(), ConfigError> {
        match text.split_once('=') {
            Some((key, value)) => self.set(key.trim(), value.trim()),
            None => Err(ConfigError::Assignment {
                origin: "--set".to_owned(),
                text: text.to_owned(),
            }),
        }
    }

    /// Gives one key a value.
    pub fn set(&mut self, path: &str, value: &str) -> Result<(), ConfigError> {
        self.assign("--set".to_owned(), path, value)
    }

    fn assign(&mut self, origin: String, path: &str, value: &str) -> Result<(), ConfigError> {
        let key = Config::key(path).ok_or_else(|| unknown(origin.clone(), path))?;
        key.set(&mut self.config, value).map_err(|rule| ConfigError::Value {
            origin: origin.clone(),
            key: path.to_owned(),
            value: value.to_owned(),
            rule: format!("must be {rule}"),
        })?;
        self.set.insert(key.path, origin);
        Ok(())
    }

    /// The value that a key has so far.
    pub fn get(&self, path: &str) -> Option<String> {
        Config::key(path).map(|key| key.get(&self.config))
    }

    /// The machine, checked as a whole.
    pub fn finish(mut self) -> Result<Config, ConfigError> {
        if self.config.fpu.sharing == Sharing::Private && !self.set.contains_key("fpu.count") {
            self.config.fpu.count = self.config.cluster.workers;
        }
        if !self.set.contains_key("soc.frequency_hz") {
            self.config.soc.frequency_hz = self.config.cluster.frequency_hz;
        }
        self.config.check().map_err(|error| match error {
            ConfigError::Value { key, value, rule, .. } => {
                let origin = self
                    .set
                    .get(key.as_str())
                    .cloned()
                    .unwrap_or_else(|| "machine".to_owned());
                ConfigError::Value {
                    origin,
                    key,
                    value,
                    rule,
                }
            }
            other => other,
        })?;
        Ok(self.config)
    }
}

fn unknown(origin: String, path: &str) -> ConfigError {
    let sections = KEYS
        .iter()
        .filter_map(|key| key.path.split_once('.'))
        .map(|(section, _)| section);
    let suggestion = nearest(path, KEYS.iter().map(|key| key.path))
        .or_else(|| {
            KEYS.iter()
                .map(|key| key.path)
                .find(|key| key.rsplit('.').next() == Some(path))
                .map(str::to_owned)
        })
        .or_else(|| nearest(path, sections));
    ConfigError::UnknownKey {
        origin,
        key: path.to_owned(),
        suggestion,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(toml: &str) -> String {
        let mut draft = Draft::default();
        draft
            .toml("my.toml", toml)
            .and_then(|()| draft.finish())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn an_error_names_file_line_key_value_and_rule() {
        let text = error_of("[cluster]\nworkers = 8\n\n[l1]\nbanks = 500\n");
        for part in ["my.toml:5", "l1.banks", "500", "1 to 256"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn an_unknown_key_suggests_the_nearest_one() {
        for (toml, suggestion) in [
            ("[l1]\nbank = 4\n", "`l1.banks`"),
            ("[clutser]\nworkers = 4\n", "`cluster.workers`"),
            ("workers = 4\n", "`cluster.workers`"),
        ] {
            let text = error_of(toml);
            assert!(text.contains("unknown key") && text.contains(suggestion), "{text}");
        }
    }

    #[test]
    fn values_of_the_wrong_type_are_refused_with_the_rule() {
        for (toml, part) in [
            ("[l1]\nbanks = 4.0\n", "a whole number"),
            ("[l1]\nbanks = [4]\n", "a whole number"),
            ("[l1]\nbanks = -1\n", "a whole number"),
            ("[core]\npacked_fp16 = 1\n", "true or false"),
            ("[core]\nisa = true\n", "\"xpulpv2\", \"xcv\""),
            ("[l1.banks]\nx = 1\n", "a whole number"),
            ("[l1\n", "not valid TOML"),
        ] {
            let text = error_of(toml);
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn private_units_follow_the_workers_unless_somebody_counts_them() {
        let mut draft = Draft::default();
        draft.set("cluster.workers", "3").unwrap();
        assert_eq!(draft.clone().finish().unwrap().fpu.count, 3);
        draft.set("fpu.count", "8").unwrap();
        let text = draft.finish().unwrap_err().to_string();
        assert!(
            text.contains("--set: fpu.count = 8") && text.contains("cluster.workers (3)"),
            "{text}"
        );
    }
}
