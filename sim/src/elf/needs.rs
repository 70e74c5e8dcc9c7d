//! What a program asks of the machine, and whether a machine has it.
//!
//! Four places of an ELF file say something: our own note, the RISC-V attributes, the section that the PULP compiler
//! leaves, and the float ABI in the header's flags. Where the note speaks of a key, it is believed alone.
//!
//! Invariant: every requirement names its source, and a mismatch names need, machine and fix.

use std::collections::BTreeMap;

use super::{ElfError, Image, Sections, damaged, text};
use crate::config::{Config, ConfigError, Draft, SHIPPED};

/// One thing that a program asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// What.
    pub need: Need,
    /// Which part of the file says so.
    pub source: String,
}

/// What a program can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// A configuration key with this value.
    Setting {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// An extension that no core of this simulator has.
    Extension(String),
}

/// A program and a machine that do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the program does not belong on this machine: {}; {fix}", .problems.join("; "))]
pub struct Mismatch {
    /// Each need with its source, beside what the machine has.
    pub problems: Vec<String>,
    /// What to do.
    pub fix: String,
}

impl Image {
    /// Takes the DSP encoding family from a person instead of from the file: every extension that the file asks for is
    /// then that person's concern.
    pub fn override_isa(&mut self, isa: &str) {
        self.requirements.retain(|requirement| match &requirement.need {
            Need::Setting { key, .. } => *key != "core.isa",
            Need::Extension(_) => false,
        });
        let need = Need::Setting {
            key: "core.isa",
            value: isa.to_owned(),
        };
        self.requirements.push(Requirement {
            need,
            source: "--isa".to_owned(),
        });
    }

    /// Refuses a machine that lacks what the program asks for.
    pub fn check_machine(&self, config: &Config) -> Result<(), Mismatch> {
        let unmet: Vec<_> = self
            .requirements
            .iter()
            .filter(|requirement| !requirement.need.is_met(config))
            .collect();
        if unmet.is_empty() {
            return Ok(());
        }
        let problems = unmet
            .iter()
            .map(|Requirement { need, source }| match need {
                Need::Setting { key, value } => {
                    let has = Config::key(key).map(|key| key.get(config)).unwrap_or_default();
                    format!("it needs {key} = {value} ({source}), the machine has {has}")
                }
                Need::Extension(name) => format!("it needs extension {name} ({source}), which no core here has"),
            })
            .collect();
        Err(Mismatch {
            problems,
            fix: self.fix(config, &unmet),
        })
    }

    fn fix(&self, config: &Config, unmet: &[&Requirement]) -> String {
        let mut settings = Vec::new();
        for requirement in unmet {
            match &requirement.need {
                Need::Extension(_) => {
                    return "compile it with -march=rv32imfc and only DSP extensions of this core".to_owned();
                }
                Need::Setting { key, value } => settings.push(format!("--set {key}={value}")),
            }
        }
        settings.dedup();
        let serves = |name: &str| {
            Draft::shipped(name).and_then(Draft::finish).is_ok_and(|other| {
                other.machine.map == config.machine.map && self.requirements.iter().all(|r| r.need.is_met(&other))
            })
        };
        let settings = settings.join(" ");
        match SHIPPED.iter().find(|shipped| serves(shipped.name)) {
            Some(shipped) => format!("run it with `--config {}`, or with `{settings}`", shipped.name),
            None => format!("run it with `{settings}`"),
        }
    }
}

impl Need {
    fn is_met(&self, config: &Config) -> bool {
        match self {
            Need::Extension(_) => false,
            // Packed FP16 brings the scalar instructions with it.
            Need::Setting { key: "core.zfh", .. } if config.core.packed_fp16 => true,
            Need::Setting { key, value } => {
                let mut wanted = config.clone();
                Config::key(key).is_some_and(|key| key.set(&mut wanted, value).is_ok()) && wanted == *config
            }
        }
    }
}

/// What the sections of a file say.
#[derive(Default)]
pub(super) struct Needs {
    pub(super) requirements: Vec<Requirement>,
    pub(super) regions: BTreeMap<u32, String>,
}

const NOTE: &str = ".note.ennead";
const ATTRIBUTES: &str = ".riscv.attributes";
const CHIP: &str = ".Pulp_Chip.Info";

pub(super) fn read(sections: &Sections, flags: u32) -> Result<Needs, ElfError> {
    let mut needs = Needs::default();
    if let Some(data) = sections.data(NOTE)? {
        needs.note(data)?;
    }
    if let Some(data) = sections.data(ATTRIBUTES)?
        && let Some(arch) = arch(data)?
    {
        needs.extensions(&arch)?;
    }
    if let Some(data) = sections.data(CHIP)? {
        let printable = data.split(|byte| !(b' '..=b'~').contains(byte));
        let says = printable.max_by_key(|run| run.len()).unwrap_or_default();
        let source = format!("section {CHIP}: {}", String::from_utf8_lossy(says));
        needs.ask("core.isa", "xpulpv2", &source);
        // Programs of chips before GAP9 can have a float file, which the section does not say.
        if !sections.code().any(loads_floats) {
            needs.ask("core.fp_registers", "x", &source);
        }
    }
    match flags & 6 {
        0 => {}
        2 => needs.ask("core.fp_registers", "f", "e_flags: single-float ABI"),
        _ => needs.lack("d", "e_flags: double-float or quad-float ABI"),
    }
    Ok(needs)
}

/// Whether code loads or stores floats: `flw` or `fsw`, found by stepping through it.
fn loads_floats(code: &[u8]) -> bool {
    let mut halves = code.chunks_exact(2).map(|half| u16::from_le_bytes([half[0], half[1]]));
    while let Some(half) = halves.next() {
        if half & 3 != 3 {
            continue;
        }
        halves.next();
        if matches!(half & 0x707F, 0x2007 | 0x2027) {
            return true;
        }
    }
    false
}

impl Needs {
    /// Adds a requirement, unless the note has already spoken of its key or it is known.
    fn ask(&mut self, key: &'static str, value: &str, source: &str) {
        let settled = self.requirements.iter().any(|requirement| match &requirement.need {
            Need::Setting { key: k, value: v } => *k == key && (v == value || requirement.source.contains(NOTE)),
            Need::Extension(_) => false,
        });
        if !settled {
            let need = Need::Setting {
                key,
                value: value.to_owned(),
            };
            self.requirements.push(Requirement {
                need,
                source: source.to_owned(),
            });
        }
    }

    fn lack(&mut self, extension: &str, source: &str) {
        let need = Need::Extension(extension.to_owned());
        self.requirements.push(Requirement {
            need,
            source: source.to_owned(),
        });
    }

    /// Our own note section: type 1 holds assignments, type 2 the name of a region.
    fn note(&mut self, mut data: &[u8]) -> Result<(), ElfError> {
        let short = || damaged(format!("section {NOTE} ends in the middle of a note"));
        let mut first = None;
        while !data.is_empty() {
            let mut word = || take(&mut data, 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize);
            let (name, size, kind) = (
                word().ok_or_else(short)?,
                word().ok_or_else(short)?,
                word().ok_or_else(short)?,
            );
            let mut field = |size: usize| {
                let field = take(&mut data, size)?;
                let padding = (size.next_multiple_of(4) - size).min(data.len());
                take(&mut data, padding)?;
                Some(field)
            };
            let (name, descriptor) = (field(name).ok_or_else(short)?, field(size).ok_or_else(short)?);
            if text(name, 0) != "Ennead" {
                continue;
            }
            match kind {
                1 => {
                    let settings = text(descriptor, 0);
                    // The linker concatenates the notes of all objects, which may repeat each other but not disagree.
                    if *first.get_or_insert_with(|| settings.clone()) != settings {
                        return Err(damaged(format!("section {NOTE} asks for two different machines")));
                    }
                    self.settings(&settings)?;
                }
                2 if descriptor.len() >= 4 => {
                    let id = u32::from_le_bytes([descriptor[0], descriptor[1], descriptor[2], descriptor[3]]);
                    self.regions.insert(id, text(descriptor, 4));
                }
                _ => return Err(damaged(format!("section {NOTE} has a note of unknown type {kind}"))),
            }
        }
        Ok(())
    }

    fn settings(&mut self, settings: &str) -> Result<(), ElfError> {
        for assignment in settings.split_ascii_whitespace() {
            let bad = |error: ConfigError| damaged(format!("section {NOTE}: {error}"));
            Draft::default().assignment(assignment).map_err(bad)?;
            if let Some((key, value)) = assignment.split_once('=')
                && let Some(key) = Config::key(key)
            {
                self.ask(key.path, value, &format!("section {NOTE}"));
            }
        }
        Ok(())
    }

    /// What the architecture string means for this machine.
    fn extensions(&mut self, arch: &str) -> Result<(), ElfError> {
        let source = format!("section {ATTRIBUTES}: {arch}");
        let Some(names) = extensions(arch) else {
            return Err(damaged(format!(
                "section {ATTRIBUTES} has an architecture that cannot be read: {arch:?}"
            )));
        };
        for name in names {
            match name.as_str() {
                "rv64" | "rv128" => self.lack(&name, &source),
                "i" | "e" | "m" | "c" | "zicsr" | "zifencei" | "zmmul" | "zca" | "zcf" | "zicntr" | "zihpm" => {}
                // Toolchains name atomics for whatever is compiled with their usual `rv32imac`; bare-metal code for one
                // hart at a time has none. One that is reached after all is an illegal instruction.
                "a" | "zaamo" | "zalrsc" => {}
                "f" => self.ask("core.fp_registers", "f", &source),
                "zfinx" => self.ask("core.fp_registers", "x", &source),
                "zfh" | "zfhmin" => {
                    self.ask("core.fp_registers", "f", &source);
                    self.ask("core.zfh", "true", &source);
                }
                "zhinx" | "zhinxmin" => {
                    self.ask("core.fp_registers", "x", &source);
                    self.ask("core.zfh", "true", &source);
                }
                _ if name.starts_with("xcv") => self.ask("core.isa", "xcv", &source),
                // `xcorev` is what CORE-V compilers called the older encodings before they had XCV's.
                _ if name.starts_with("xpulp") || name == "xcorev" => self.ask("core.isa", "xpulpv2", &source),
                _ => self.lack(&name, &source),
            }
        }
        Ok(())
    }
}

fn take<'a>(data: &mut &'a [u8], size: usize) -> Option<&'a [u8]> {
    let (head, tail) = data.split_at_checked(size)?;
    *data = tail;
    Some(head)
}

/// `Tag_RISCV_arch` of an attributes section (RISC-V ELF psABI, "Attributes").
fn arch(data: &[u8]) -> Result<Option<String>, ElfError> {
    const FILE: u64 = 1;
    const ARCH: u64 = 5;
    let short = || damaged(format!("section {ATTRIBUTES} ends in the middle of an attribute"));
    let mut data = match data {
        [b'A', rest @ ..] => rest,
        [] => return Ok(None),
        [version, ..] => {
            return Err(damaged(format!(
                "section {ATTRIBUTES} has version {version:#x} instead of 0x41"
            )));
        }
    };
    let length = |data: &mut &[u8]| -> Option<usize> {
        let bytes = take(data, 4)?;
        Some(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize)
    };
    while !data.is_empty() {
        let size = length(&mut data)
            .and_then(|size| size.checked_sub(4))
            .ok_or_else(short)?;
        let mut vendor = take(&mut data, size).ok_or_else(short)?;
        let name = string(&mut vendor).ok_or_else(short)?;
        while name == "riscv" && !vendor.is_empty() {
            let before = vendor.len();
            let tag = uleb(&mut vendor).ok_or_else(short)?;
            let size = length(&mut vendor).ok_or_else(short)?;
            let size = size.checked_sub(before - vendor.len()).ok_or_else(short)?;
            let mut attributes = take(&mut vendor, size).ok_or_else(short)?;
            while tag == FILE && !attributes.is_empty() {
                match uleb(&mut attributes).ok_or_else(short)? {
                    ARCH => return string(&mut attributes).map(Some).ok_or_else(short),
                    tag if tag % 2 == 1 => drop(string(&mut attributes).ok_or_else(short)?),
                    _ => drop(uleb(&mut attributes).ok_or_else(short)?),
                }
            }
        }
    }
    Ok(None)
}

fn string(data: &mut &[u8]) -> Option<String> {
    let end = data.iter().position(|byte| *byte == 0)?;
    let text = take(data, end + 1)?;
    Some(String::from_utf8_lossy(&text[..end]).into_owned())
}

fn uleb(data: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let byte = take(data, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The names in an architecture string, without versions (`rv32i2p1_m2p0_xcvmac1p0` -> i, m, xcvmac).
fn extensions(arch: &str) -> Option<Vec<String>> {
    let arch = arch.to_ascii_lowercase();
    let (base, rest) = match () {
        _ if arch.starts_with("rv32") => (None, &arch[4..]),
        _ if arch.starts_with("rv64") => (Some("rv64"), &arch[4..]),
        _ if arch.starts_with("rv128") => (Some("rv128"), &arch[5..]),
        _ => return None,
    };
    let mut names: Vec<String> = base.into_iter().map(str::to_owned).collect();
    for chunk in rest.split('_') {
        let mut letters = chunk;
        while let Some(letter) = letters.chars().next() {
            match letter {
                'z' | 's' | 'x' => {
                    names.push(without_version(letters).to_owned());
                    break;
                }
                'g' => names.extend(["i", "m", "a", "f", "d"].map(str::to_owned)),
                'a'..='z' => names.push(letter.to_string()),
                _ => return None,
            }
            letters = &letters[1..];
            let digits = letters.trim_start_matches(|c: char| c.is_ascii_digit());
            if digits.len() < letters.len() {
                letters = match digits.strip_prefix('p') {
                    Some(minor) if minor.starts_with(|c: char| c.is_ascii_digit()) => {
                        minor.trim_start_matches(|c: char| c.is_ascii_digit())
                    }
                    _ => digits,
                };
            }
        }
    }
    Some(names)
}

/// Removes a trailing `1p0`; a bare number stays, because names may end in one (`xpulpv2`).
fn without_version(name: &str) -> &str {
    let digit = |c: char| c.is_ascii_digit();
    let major = name
        .trim_end_matches(digit)
        .strip_suffix('p')
        .filter(|rest| rest.ends_with(digit));
    match major {
        Some(major) if name.ends_with(digit) => major.trim_end_matches(digit),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_architecture_string_is_split_in_every_usual_spelling() {
        for (arch, names) in [
            ("rv32imc", "i m c"),
            (
                "rv32i2p1_m2p0_f2p2_c2p0_zicsr2p0_zmmul1p0_xcvalu1p0",
                "i m f c zicsr zmmul xcvalu",
            ),
            ("rv32i2p0m2p0c2p0", "i m c"),
            ("RV32IMFC_Xcvmac", "i m f c xcvmac"),
            ("rv32imcxpulpv2", "i m c xpulpv2"),
            ("rv32gc", "i m a f d c"),
            ("rv64imac", "rv64 i m a c"),
            ("rv32e1p9_zfinx1p0", "e zfinx"),
        ] {
            assert_eq!(extensions(arch).unwrap().join(" "), names, "{arch}");
        }
        for arch in ["", "x86", "rv33i", "rv32-"] {
            assert_eq!(extensions(arch), None, "{arch}");
        }
    }

    #[test]
    fn extensions_become_settings_or_are_refused() {
        for (arch, expected) in [
            ("rv32imc_zicsr_zifencei", ""),
            ("rv32imfc", "core.fp_registers=f"),
            ("rv32imc_zfinx", "core.fp_registers=x"),
            ("rv32imc_xcvmac_xcvsimd", "core.isa=xcv"),
            ("rv32imfcxpulpv2", "core.fp_registers=f core.isa=xpulpv2"),
            ("rv32imfc_zfh", "core.fp_registers=f core.zfh=true"),
            ("rv32imac_zba", "!zba"),
            (
                "rv32i2p0_m2p0_a2p0_c2p0_zfinx2p0_xcorev2p0",
                "core.fp_registers=x core.isa=xpulpv2",
            ),
            ("rv64ic", "!rv64"),
        ] {
            let mut needs = Needs::default();
            needs.extensions(arch).unwrap();
            let got: Vec<_> = needs
                .requirements
                .iter()
                .map(|requirement| match &requirement.need {
                    Need::Setting { key, value } => format!("{key}={value}"),
                    Need::Extension(name) => format!("!{name}"),
                })
                .collect();
            assert_eq!(got.join(" "), expected, "{arch}");
        }
    }

    #[test]
    fn a_damaged_attributes_section_is_an_error_and_never_a_panic() {
        let mut good = b"A".to_vec();
        let arch_attribute = b"\x05rv32imfc_xcvmac1p0\0";
        let file = 1 + 4 + 2 + arch_attribute.len();
        good.extend((4 + 6 + file as u32).to_le_bytes());
        good.extend(b"riscv\0\x01");
        good.extend((file as u32).to_le_bytes());
        good.extend(b"\x04\x10");
        good.extend(arch_attribute);
        assert_eq!(arch(&good).unwrap().as_deref(), Some("rv32imfc_xcvmac1p0"));
        for length in 1..good.len() {
            let _ = arch(&good[..length]);
            for byte in 0..=255 {
                let mut bad = good.clone();
                bad[length] = byte;
                let _ = arch(&bad);
            }
        }
        assert!(arch(&good[..good.len() - 1]).is_err());
    }
}
