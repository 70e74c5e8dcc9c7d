//! What one configuration key is: its path, unit, default, allowed values and help, and how it is read and written as
//! text.
//!
//! Nothing here knows a particular key (the table in [`super`] does) or relates two keys to each other (`check` does).
//!
//! Invariant: text that `get` made is accepted by `set` and gives an equal value.

use super::Config;

/// One configuration key.
pub struct Key {
    /// Section and name, for example `l1.banks`.
    pub path: &'static str,
    /// The unit of the number, or what kind of value it is.
    pub unit: &'static str,
    /// Which values it may have.
    pub allowed: Allowed,
    pub(super) help: &'static [&'static str],
    pub(super) get: fn(&Config) -> String,
    pub(super) set: fn(&mut Config, &str) -> Option<()>,
}

/// The values that a key may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Whole numbers from the first to the last.
    Range(u64, u64),
    /// `true` or `false`.
    Bool,
    /// Names, each with what it means.
    Names(&'static [(&'static str, &'static str)]),
    /// The path of a file, or nothing.
    Path,
}

impl Allowed {
    /// The rule in words, as an error message states it.
    pub fn rule(&self) -> String {
        match self {
            Allowed::Range(low, high) => format!("a whole number from {low} to {high}"),
            Allowed::Bool => "true or false".to_owned(),
            Allowed::Names(names) => {
                let names: Vec<_> = names.iter().map(|(name, _)| format!("{name:?}")).collect();
                format!("one of {}", names.join(", "))
            }
            Allowed::Path => "the path of a file".to_owned(),
        }
    }
}

impl Key {
    /// What the key means.
    pub fn help(&self) -> String {
        self.help.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    }

    /// The key's value in a machine, as text that [`Key::set`] accepts.
    pub fn get(&self, config: &Config) -> String {
        (self.get)(config)
    }

    /// The key's value as TOML writes it.
    pub fn toml(&self, config: &Config) -> String {
        match self.allowed {
            Allowed::Range(..) | Allowed::Bool => self.get(config),
            Allowed::Names(_) | Allowed::Path => toml::Value::String(self.get(config)).to_string(),
        }
    }

    /// The value that the key has when nobody sets it.
    pub fn default(&self) -> String {
        self.get(&Config::default())
    }

    /// Gives the key a value; the error is the rule that the value breaks.
    pub fn set(&self, config: &mut Config, text: &str) -> Result<(), String> {
        if let Allowed::Range(low, high) = self.allowed {
            match whole_number(text) {
                Some(number) if (low..=high).contains(&number) => {}
                _ => return Err(self.allowed.rule()),
            }
        }
        (self.set)(config, text).ok_or_else(|| self.allowed.rule())
    }
}

/// A type that a key can have.
pub(super) trait Text: Sized {
    fn parse(text: &str) -> Option<Self>;
    fn text(&self) -> String;
}

macro_rules! number {
    ($($type:ty)*) => {
        $(impl Text for $type {
            fn parse(text: &str) -> Option<Self> {
                whole_number(text)?.try_into().ok()
            }
            fn text(&self) -> String {
                self.to_string()
            }
        })*
    };
}
number!(u32 u64 usize);

impl Text for bool {
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn text(&self) -> String {
        self.to_string()
    }
}

impl Text for String {
    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn text(&self) -> String {
        self.clone()
    }
}

/// Reads `128`, `1_000`, `0x1f`, `64KiB` and `2MiB`.
fn whole_number(text: &str) -> Option<u64> {
    let (digits, scale) = match text {
        _ if text.ends_with("KiB") => (text.trim_end_matches("KiB").trim_end(), 1 << 10),
        _ if text.ends_with("MiB") => (text.trim_end_matches("MiB").trim_end(), 1 << 20),
        _ => (text, 1),
    };
    let digits = digits.replace('_', "");
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if hex.starts_with(|c: char| c.is_ascii_hexdigit()) => u64::from_str_radix(hex, 16).ok()?,
        None if digits.starts_with(|c: char| c.is_ascii_digit()) => digits.parse().ok()?,
        _ => return None,
    };
    number.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_in_every_documented_notation() {
        for (text, number) in [
            ("0", 0),
            ("128", 128),
            ("1_000", 1000),
            ("0x1F", 31),
            ("64KiB", 65536),
            ("2 MiB", 2 << 20),
        ] {
            assert_eq!(whole_number(text), Some(number), "{text}");
        }
        for text in [
            "",
            "-1",
            "+1",
            "1.5",
            "1e3",
            "0x",
            "KiB",
            "1kb",
            "18446744073709551616",
            "99999999999999999MiB",
        ] {
            assert_eq!(whole_number(text), None, "{text}");
        }
    }
}
