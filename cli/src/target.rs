//! What `TARGET` names: an ELF file, or a bundled program.

use std::fs;
use std::path::{Path, PathBuf};

use ennead_sim::elf::Image;
use ennead_workloads::Workload;

use crate::failure::Failure;

const BUILTIN: &str = "builtin:";

/// A checked program.
#[derive(Clone, Debug)]
pub struct Target {
    /// As the user named it.
    pub name: String,
    /// Its file, if it is not bundled.
    path: PathBuf,
    /// The program.
    pub image: Image,
    /// Its entry in the catalogue, if it is bundled.
    pub workload: Option<&'static Workload>,
    /// The parameters that were given a value.
    pub parameters: Vec<(String, u32)>,
}

impl Target {
    /// Finds and checks a program; a relative path starts at `base`.
    pub fn open(name: &str, base: &Path) -> Result<Self, Failure> {
        let refuse = |error: &dyn std::fmt::Display| Failure::BadInput(format!("{name}: {error}"));
        let path = base.join(name);
        let (image, workload) = match name.strip_prefix(BUILTIN) {
            Some(builtin) => {
                let workload = ennead_workloads::find(builtin).ok_or_else(|| unknown(builtin))?;
                (Image::parse(workload.elf), Some(workload))
            }
            None => {
                let bytes = fs::read(&path).map_err(|error| Failure::unreadable(&path, &error))?;
                (Image::parse(&bytes), None)
            }
        };
        let image = image.map_err(|error| refuse(&error))?;
        Ok(Self {
            name: name.to_owned(),
            path,
            image,
            workload,
            parameters: Vec::new(),
        })
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if the file cannot be read any more.
    pub fn bytes(&self) -> Result<Vec<u8>, Failure> {
        match self.workload {
            Some(workload) => Ok(workload.elf.to_vec()),
            None => fs::read(&self.path).map_err(|error| Failure::unreadable(&self.path, &error)),
        }
    }

    /// The machine that the program runs on if nobody chooses one.
    pub fn default_machine(&self) -> &'static str {
        self.workload.map_or("ennead", |workload| workload.config)
    }

    /// Gives a parameter a value: `NAME=VALUE`.
    pub fn assign(&mut self, assignment: &str) -> Result<(), Failure> {
        let Some((name, value)) = assignment.split_once('=') else {
            let text = format!("--param {assignment}: not an assignment; write NAME=VALUE");
            return Err(Failure::BadInput(text));
        };
        self.set(name.trim(), value.trim())
    }

    /// Gives a parameter a value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        let refuse = |rule: String| Failure::BadInput(format!("parameter {name} = {value}: {rule}"));
        let number = number(value).ok_or_else(|| refuse("must be a whole number of 32 bits".to_owned()))?;
        let symbol = match self.workload {
            None => name,
            Some(workload) => {
                let Some(parameter) = workload.parameters.iter().find(|parameter| parameter.name == name) else {
                    let known: Vec<_> = workload.parameters.iter().map(|parameter| parameter.name).collect();
                    return Err(refuse(match known.as_slice() {
                        [] => format!("{} has no parameters", workload.name),
                        _ => format!("{} has only these parameters: {}", workload.name, known.join(", ")),
                    }));
                };
                let (min, max) = (parameter.min, parameter.max);
                if !(min..=max).contains(&number) {
                    return Err(refuse(format!("must be a whole number from {min} to {max}")));
                }
                parameter.symbol
            }
        };
        self.image.patch(symbol, number).map_err(refuse)?;
        self.parameters.retain(|(other, _)| other != name);
        self.parameters.push((name.to_owned(), number));
        self.parameters.sort();
        Ok(())
    }
}

/// A 32-bit number, decimal or hexadecimal; a negative one as its two's complement.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(hex) if !hex.starts_with('+') => u32::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => text
            .parse()
            .ok()
            .or_else(|| text.parse::<i32>().ok().map(|number| number as u32)),
    }
}

fn unknown(name: &str) -> Failure {
    let names = ennead_workloads::all().iter().map(|workload| workload.name);
    let near = ennead_sim::config::nearest(name, names).map(|near| format!("; did you mean builtin:{near}?"));
    Failure::BadInput(format!(
        "no program is named {BUILTIN}{name}{}; `ennead list` shows them",
        near.unwrap_or_default()
    ))
}
