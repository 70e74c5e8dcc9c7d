//! `ennead inspect`: what is in an ELF file.

use ennead_isa::Decoder;
use ennead_sim::config::{Config, Draft};
use ennead_sim::elf::{Image, Need, Segment};
use serde_json::{Value, json};

use crate::args::{self, Format};
use crate::failure::{Failure, Status};
use crate::output::{emit, emit_json};
use crate::table::Table;
use crate::target::Target;

pub(crate) fn inspect(args: &args::Inspect) -> Result<Status, Failure> {
    let mut target = Target::open(&args.target, std::path::Path::new(""))?;
    if let Some(isa) = args.isa {
        target.image.override_isa(isa.name());
    }
    let image = &target.image;
    let lines = if args.no_disassembly {
        None
    } else {
        Some(listing(image, args.symbol.as_deref())?)
    };
    match args.format {
        Format::Text => {
            // Whoever asks for one function wants nothing else.
            let head = if args.symbol.is_some() {
                String::new()
            } else {
                headers(&target.name, image)
            };
            let listing = lines.map(|lines| lines.iter().map(Line::text).collect::<String>());
            emit(&(head + &listing.unwrap_or_default()))?;
        }
        Format::Json => {
            let mut value = summary(&target.name, image);
            if let Some(lines) = lines {
                value["disassembly"] = lines.iter().map(Line::value).collect();
            }
            emit_json(&value)?;
        }
    }
    Ok(Status::Guest(0))
}

fn headers(name: &str, image: &Image) -> String {
    let mut text = format!(
        "{name}\n  ELF32, little-endian, RISC-V, static program; entry 0x{:08x}{}; e_flags 0x{:x}\n  {} symbols\n",
        image.entry,
        image
            .symbolize(image.entry)
            .map(|symbol| format!(" ({symbol})"))
            .unwrap_or_default(),
        image.flags,
        image.symbols.all().len()
    );
    text += "\nWhat it asks of the machine\n";
    if image.requirements.is_empty() {
        text += "  nothing: no attributes, no note and no chip section (--isa says how to decode DSP instructions)\n";
    }
    for requirement in &image.requirements {
        let need = match &requirement.need {
            Need::Setting { key, value } => format!("{key} = {value}"),
            Need::Extension(name) => format!("extension {name}, which no core here has"),
        };
        text += &format!("  {need}  ({})\n", requirement.source);
    }
    let mut table = Table::new(
        [
            "segment",
            "access",
            "load address",
            "linked address",
            "bytes in file",
            "bytes",
        ],
        4,
    );
    for segment in &image.segments {
        table.row([
            segment.index.to_string(),
            access(segment),
            format!("0x{:08x}", segment.paddr),
            format!("0x{:08x}", segment.vaddr),
            segment.bytes.len().to_string(),
            segment.memsz.to_string(),
        ]);
    }
    text += &format!("\n{}", table.render(2));
    let mut table = Table::new(["section", "address", "bytes"], 2);
    for section in &image.sections {
        table.row([
            section.name.clone(),
            format!("0x{:08x}", section.address),
            section.size.to_string(),
        ]);
    }
    if !table.is_empty() {
        text += &format!("\n{}", table.render(2));
    }
    if !image.regions.is_empty() {
        text += "\nRegions\n";
        text += &image
            .regions
            .iter()
            .map(|(id, name)| format!("  {id}  {name}\n"))
            .collect::<String>();
    }
    text
}

fn access(segment: &Segment) -> String {
    [(segment.read, 'r'), (segment.write, 'w'), (segment.execute, 'x')]
        .map(|(may, letter)| if may { letter } else { '-' })
        .iter()
        .collect()
}

fn summary(name: &str, image: &Image) -> Value {
    let hex = |address: u32| format!("0x{address:08x}");
    let requirements = image.requirements.iter().map(|requirement| match &requirement.need {
        Need::Setting { key, value } => json!({ "key": key, "value": value, "source": requirement.source }),
        Need::Extension(name) => json!({ "extension": name, "source": requirement.source }),
    });
    let segments = image.segments.iter().map(|segment| {
        json!({
            "index": segment.index,
            "access": access(segment),
            "paddr": hex(segment.paddr),
            "vaddr": hex(segment.vaddr),
            "filesz": segment.bytes.len(),
            "memsz": segment.memsz,
        })
    });
    let sections = image
        .sections
        .iter()
        .map(|section| json!({ "name": section.name, "address": hex(section.address), "size": section.size }));
    json!({
        "path": name,
        "hash": image.hash,
        "entry": hex(image.entry),
        "flags": image.flags,
        "symbols": image.symbols.all().len(),
        "requirements": requirements.collect::<Vec<_>>(),
        "segments": segments.collect::<Vec<_>>(),
        "sections": sections.collect::<Vec<_>>(),
        "regions": image.regions.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect::<Vec<_>>(),
    })
}

/// One instruction, with the symbols that begin at it.
struct Line {
    labels: Vec<String>,
    pc: u32,
    bits: u32,
    len: u32,
    text: String,
}

impl Line {
    fn text(&self) -> String {
        let labels: String = self
            .labels
            .iter()
            .map(|label| format!("\n0x{:08x} <{label}>:\n", self.pc))
            .collect();
        let bits = if self.len == 2 {
            format!("    {:04x}", self.bits)
        } else {
            format!("{:08x}", self.bits)
        };
        format!("{labels}  {:8x}:  {bits}  {}\n", self.pc, self.text)
    }

    fn value(&self) -> Value {
        json!({ "pc": format!("0x{:08x}", self.pc), "insn": format!("0x{:0width$x}", self.bits, width = 2 * self.len as usize),
            "text": self.text, "labels": self.labels })
    }
}

/// The machine that would run this program: the default with what the program asks for.
fn wanted(image: &Image) -> Config {
    let mut draft = Draft::default();
    for requirement in &image.requirements {
        if let Need::Setting { key, value } = &requirement.need {
            // A program may ask for a value that no machine has; it is then decoded as the default.
            let _ = draft.set(key, value);
        }
    }
    draft.finish().unwrap_or_default()
}

fn listing(image: &Image, symbol: Option<&str>) -> Result<Vec<Line>, Failure> {
    let decoder = Decoder::new(&wanted(image).core.instruction_set());
    let ranges: Vec<_> = match symbol {
        Some(name) => {
            let Some(found) = image.symbols.find(name) else {
                let near = ennead_sim::config::nearest(name, image.symbols.all().iter().map(|s| s.name.as_str()));
                let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
                return Err(Failure::BadInput(format!("the program has no symbol {name}{near}")));
            };
            let start = u64::from(found.address);
            let next = image
                .symbols
                .all()
                .iter()
                .map(|s| u64::from(s.address))
                .find(|address| *address > start);
            let end = if found.size > 0 {
                start + u64::from(found.size)
            } else {
                next.unwrap_or(u64::MAX)
            };
            std::iter::once(start..end).collect()
        }
        None => image
            .sections
            .iter()
            .filter(|section| section.execute)
            .map(|section| u64::from(section.address)..u64::from(section.address) + u64::from(section.size))
            .collect(),
    };
    let mut lines = Vec::new();
    for segment in image.segments.iter().filter(|segment| segment.execute) {
        let filled = segment.linked().start..segment.linked().start + segment.bytes.len() as u64;
        // A file without section headers is disassembled by its segments.
        let whole = [filled.clone()];
        let ranges = if image.sections.iter().any(|s| s.execute) || symbol.is_some() {
            &ranges[..]
        } else {
            &whole[..]
        };
        for range in ranges {
            let (mut at, end) = (range.start.max(filled.start), range.end.min(filled.end));
            while at + 2 <= end {
                let line = line(
                    image,
                    &decoder,
                    at as u32,
                    &segment.bytes[(at - filled.start) as usize..(end - filled.start) as usize],
                );
                at += u64::from(line.len);
                lines.push(line);
            }
        }
    }
    Ok(lines)
}

/// The instruction at the beginning of `code`, which has at least two bytes.
fn line(image: &Image, decoder: &Decoder, pc: u32, code: &[u8]) -> Line {
    let low = u32::from(u16::from_le_bytes([code[0], code[1]]));
    let bits = match code.get(2..4) {
        Some(high) if low & 3 == 3 => low | u32::from(u16::from_le_bytes([high[0], high[1]])) << 16,
        _ => low,
    };
    let len = if bits & 3 == 3 && code.len() >= 4 { 4 } else { 2 };
    let text = match decoder.decode(bits) {
        Some(inst) if u32::from(inst.len) == len => ennead_isa::disassemble(&inst, pc),
        _ if len == 4 => format!(".word 0x{bits:08x}"),
        _ => format!(".half 0x{bits:04x}"),
    };
    let all = image.symbols.all();
    let first = all.partition_point(|symbol| symbol.address < pc);
    let labels = all[first..]
        .iter()
        .take_while(|symbol| symbol.address == pc)
        .map(|symbol| symbol.name.clone());
    Line {
        labels: labels.collect(),
        pc,
        bits,
        len,
        text,
    }
}
