//! The bytes of an ELF file, checked and turned into an [`Image`]: what to place where, where to start, and what the
//! program asks of the machine.
//!
//! This is the only user of goblin. It opens no file and places nothing in a memory; the machine does that.
//!
//! Invariant: the segments of an image lie inside 32-bit address space, none overwrites another's bytes, and the entry
//! is in an executable one.

mod lines;
mod needs;
mod symbols;

pub use lines::{Line, Lines};
pub use needs::{Mismatch, Need, Requirement};
pub use symbols::{Symbol, Symbols};

use std::collections::BTreeMap;
use std::ops::Range;

use goblin::container::{Container, Ctx, Endian};
use goblin::elf::Elf;
use goblin::elf::header::{EM_RISCV, ET_CORE, ET_DYN, ET_EXEC, ET_REL, Header};
use goblin::elf::program_header::{PF_R, PF_W, PF_X, PT_DYNAMIC, PT_INTERP, PT_LOAD, ProgramHeader};
use goblin::elf::section_header::{SHF_EXECINSTR, SHT_NOBITS, SHT_SYMTAB, SectionHeader};
use sha2::{Digest, Sha256};

use crate::config::Config;

/// A checked program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where the orchestrator starts.
    pub entry: u32,
    /// The file's processor flags (`e_flags`).
    pub flags: u32,
    /// What to place in memory, ordered by load address.
    pub segments: Vec<Segment>,
    /// The sections, for whoever wants to look.
    pub sections: Vec<Section>,
    /// Names of addresses.
    pub symbols: Symbols,
    /// What the program asks of the machine.
    pub requirements: Vec<Requirement>,
    /// Names of marked regions by their identifier.
    pub regions: BTreeMap<u32, String>,
    /// SHA-256 of the file in hexadecimal.
    pub hash: String,
}

/// One loadable segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Its number in the program header table.
    pub index: usize,
    /// Where its bytes are placed (`p_paddr`).
    pub paddr: u32,
    /// Where the program was linked to find it (`p_vaddr`).
    pub vaddr: u32,
    /// The bytes from the file.
    pub bytes: Vec<u8>,
    /// Bytes in memory; those behind `bytes` are zero.
    pub memsz: u32,
    /// Whether it may be read.
    pub read: bool,
    /// Whether it may be written.
    pub write: bool,
    /// Whether it may be executed.
    pub execute: bool,
}

impl Segment {
    /// Load addresses, in 64 bits so that a segment may end where address space does.
    pub fn placed(&self) -> Range<u64> {
        u64::from(self.paddr)..u64::from(self.paddr) + u64::from(self.memsz)
    }

    /// Linked addresses.
    pub fn linked(&self) -> Range<u64> {
        u64::from(self.vaddr)..u64::from(self.vaddr) + u64::from(self.memsz)
    }

    /// Load addresses of the bytes from the file.
    fn filled(&self) -> Range<u64> {
        u64::from(self.paddr)..u64::from(self.paddr) + self.bytes.len() as u64
    }
}

/// One section header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: String,
    /// Its linked address, or 0.
    pub address: u32,
    /// Bytes.
    pub size: u32,
    /// Whether it holds code.
    pub execute: bool,
}

/// A stretch of memory that a machine can place segments in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryRegion {
    /// Its name for messages, for example `L2`.
    pub name: &'static str,
    /// First address.
    pub start: u32,
    /// Bytes.
    pub size: u32,
    /// The configuration key of its size.
    pub key: &'static str,
}

/// Why a file is not a program for this machine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// No ELF file at all.
    #[error("not an ELF file: it starts with {found}, not 7f 45 4c 46; build the program with a RISC-V linker")]
    NotElf {
        /// The first bytes.
        found: String,
    },
    /// A table or segment lies outside the file.
    #[error(
        "truncated or damaged file: {what} is at bytes {start}..{end}, but the file has {len} bytes; build or copy it again"
    )]
    OutOfFile {
        /// What lies outside.
        what: String,
        /// First byte.
        start: u64,
        /// One past the last.
        end: u64,
        /// Bytes in the file.
        len: usize,
    },
    /// Another kind of program.
    #[error("{what}; {advice}")]
    WrongKind {
        /// What it is and what is expected.
        what: String,
        /// What to do.
        advice: &'static str,
    },
    /// A field has an impossible value.
    #[error("damaged file: {what}; build or copy it again")]
    Damaged {
        /// Which and why.
        what: String,
    },
    /// Two segments in one place.
    #[error("segments {} and {} overlap at 0x{:08x}..0x{:08x}; give their sections separate load addresses in the linker script", .pair.0, .pair.1, .range.start, .range.end)]
    Overlap {
        /// Their numbers.
        pair: (usize, usize),
        /// The load addresses that both want.
        range: Range<u64>,
    },
    /// The program starts outside of itself.
    #[error("the entry 0x{entry:08x} is not in an executable segment; check ENTRY() in the linker script")]
    Entry {
        /// The entry.
        entry: u32,
    },
    /// A segment does not fit the machine.
    #[error("segment {index} (0x{:08x}..0x{:08x}) {problem}", .range.start, .range.end)]
    DoesNotFit {
        /// Its number.
        index: usize,
        /// Its load addresses.
        range: Range<u64>,
        /// What is missing and what to do.
        problem: String,
    },
}

const REBUILD: &str = "build it for 32-bit little-endian RISC-V, statically linked";

impl Image {
    /// Checks a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, ElfError> {
        let header = header(bytes)?;
        let ctx = Ctx::new(Container::Little, Endian::Little);
        let table = |what: &str, offset: u64, count: u16, entry: u16, expected: u16| {
            if count != 0 && entry != expected {
                return Err(damaged(format!(
                    "{what} entries have {entry} bytes instead of {expected}"
                )));
            }
            range(bytes, what, offset, u64::from(count) * u64::from(expected))
        };
        let damage = |error: goblin::error::Error| damaged(error.to_string());

        table(
            "the program header table",
            header.e_phoff,
            header.e_phnum,
            header.e_phentsize,
            32,
        )?;
        let programs =
            ProgramHeader::parse(bytes, header.e_phoff as usize, header.e_phnum.into(), ctx).map_err(damage)?;
        if programs
            .iter()
            .any(|program| matches!(program.p_type, PT_DYNAMIC | PT_INTERP))
        {
            return Err(wrong(
                "the program is dynamically linked",
                "link it with -static: there is no loader here",
            ));
        }
        let segments = segments(bytes, &programs)?;
        let entry = header.e_entry as u32;
        let inside = |range: Range<u64>| range.contains(&u64::from(entry));
        let executable = |s: &Segment| s.execute && (inside(s.linked()) || inside(s.placed()));
        if !entry.is_multiple_of(2) || !segments.iter().any(executable) {
            return Err(ElfError::Entry { entry });
        }

        let count = if header.e_shoff == 0 { 0 } else { header.e_shnum };
        table(
            "the section header table",
            header.e_shoff,
            count,
            header.e_shentsize,
            40,
        )?;
        let headers = if count == 0 {
            Vec::new()
        } else {
            SectionHeader::parse(bytes, header.e_shoff as usize, count.into(), ctx).map_err(damage)?
        };
        let sections = Sections::new(bytes, headers, header.e_shstrndx.into())?;
        let needs = needs::read(&sections, header.e_flags)?;

        Ok(Self {
            entry,
            flags: header.e_flags,
            segments,
            symbols: sections.symbols(ctx)?,
            requirements: needs.requirements,
            regions: needs.regions,
            sections: sections.summary(),
            hash: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// Refuses a program that does not fit in a machine's memories.
    pub fn check_fits(&self, regions: &[MemoryRegion]) -> Result<(), ElfError> {
        for segment in &self.segments {
            let range = segment.placed();
            let refuse = |problem: String| {
                Err(ElfError::DoesNotFit {
                    index: segment.index,
                    range: segment.placed(),
                    problem,
                })
            };
            let home = regions.iter().find(|region| {
                (u64::from(region.start)..u64::from(region.start) + u64::from(region.size)).contains(&range.start)
            });
            let Some(home) = home else {
                let list: Vec<_> = regions
                    .iter()
                    .map(|r| {
                        format!(
                            "{} 0x{:08x}..0x{:08x}",
                            r.name,
                            r.start,
                            u64::from(r.start) + u64::from(r.size)
                        )
                    })
                    .collect();
                return refuse(format!(
                    "is loaded where this machine has no memory ({}); check the load addresses in the linker script{}",
                    list.join(", "),
                    self.grow(regions, &range)
                ));
            };
            let end = u64::from(home.start) + u64::from(home.size);
            if range.end > end {
                return refuse(format!(
                    "needs {} bytes more than {} has ({} bytes from 0x{:08x}){}",
                    range.end - end,
                    home.name,
                    home.size,
                    home.start,
                    self.grow(regions, &range)
                ));
            }
        }
        Ok(())
    }

    /// The setting that would make room for a range and for all other segments there, if the memory right below it can
    /// grow.
    fn grow(&self, regions: &[MemoryRegion], range: &Range<u64>) -> String {
        let below = regions
            .iter()
            .filter(|region| u64::from(region.start) <= range.start)
            .max_by_key(|region| region.start);
        let Some(region) = below else { return String::new() };
        let key = region.key;
        let above = regions.iter().map(|other| u64::from(other.start));
        let above = above.filter(|start| *start > region.start.into()).min();
        let here = self.segments.iter().map(Segment::placed);
        let here =
            here.filter(|range| range.start >= region.start.into() && above.is_none_or(|next| range.start < next));
        let size = here.map(|range| range.end).max().unwrap_or(range.end) - u64::from(region.start);
        let size = if key == "l1.size" {
            size.next_power_of_two()
        } else {
            size.next_multiple_of(4096)
        };
        if Config::key(key).is_some_and(|key| key.set(&mut Config::default(), &size.to_string()).is_ok()) {
            format!("; `--set {key}=0x{size:x}` makes room for it")
        } else {
            String::new()
        }
    }

    /// Changes the initial value of the 32-bit variable of this name.
    pub fn patch(&mut self, symbol: &str, value: u32) -> Result<(), String> {
        self.patch_word(symbol, 0, value)
    }

    /// Sets word number `index` of the array at a symbol, before the program is loaded.
    ///
    /// # Errors
    /// There is no such symbol, or the word is not in a segment of the program.
    pub fn patch_word(&mut self, symbol: &str, index: u32, value: u32) -> Result<(), String> {
        let address = match self.symbols.find(symbol) {
            Some(found) => found.address.wrapping_add(4 * index),
            None => return Err(format!("the program has no symbol {symbol}")),
        };
        let end = u64::from(address) + 4;
        let inside =
            |segment: &&mut Segment| segment.linked().contains(&u64::from(address)) && end <= segment.linked().end;
        let Some(segment) = self.segments.iter_mut().find(inside) else {
            return Err(format!(
                "symbol {symbol} (0x{address:08x}) is not a 32-bit variable of the program"
            ));
        };
        let offset = (address - segment.vaddr) as usize;
        if segment.bytes.len() < offset + 4 {
            segment.bytes.resize(offset + 4, 0);
        }
        segment.bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
        Ok(())
    }

    /// The name of an address: `symbol+0x10`, or `symbol` at its first byte.
    pub fn symbolize(&self, address: u32) -> Option<String> {
        self.symbols.name(address)
    }

    /// The name of a region: what the program calls it, or its number.
    pub fn region_name(&self, id: u32) -> String {
        self.regions.get(&id).cloned().unwrap_or_else(|| format!("region {id}"))
    }
}

/// Checks the file header.
fn header(bytes: &[u8]) -> Result<Header, ElfError> {
    if !bytes.starts_with(b"\x7fELF") {
        let found = match bytes {
            [] => "nothing (the file is empty)".to_owned(),
            _ => bytes
                .iter()
                .take(4)
                .map(|byte| format!("{byte:02x}"))
                .collect::<Vec<_>>()
                .join(" "),
        };
        return Err(ElfError::NotElf { found });
    }
    range(bytes, "the file header", 0, 16)?;
    match bytes[4] {
        1 => {}
        2 => return Err(wrong("a 64-bit ELF file (ELFCLASS64)", REBUILD)),
        class => return Err(damaged(format!("the class byte is {class}, not 1 (ELFCLASS32)"))),
    }
    match bytes[5] {
        1 => {}
        2 => return Err(wrong("a big-endian ELF file (ELFDATA2MSB)", REBUILD)),
        data => {
            return Err(damaged(format!(
                "the data encoding byte is {data}, not 1 (ELFDATA2LSB)"
            )));
        }
    }
    range(bytes, "the file header", 0, 52)?;
    let header = Elf::parse_header(bytes).map_err(|error| damaged(error.to_string()))?;
    if bytes[6] != 1 || header.e_version != 1 {
        return Err(damaged(format!(
            "the ELF version is {}/{}, not 1",
            bytes[6], header.e_version
        )));
    }
    if header.e_machine != EM_RISCV {
        let name = goblin::elf::header::machine_to_str(header.e_machine);
        return Err(wrong(
            format!("a program for machine {} ({name}), not RISC-V (243)", header.e_machine),
            REBUILD,
        ));
    }
    match header.e_type {
        ET_EXEC => Ok(header),
        ET_DYN => Err(wrong(
            "a position-independent program or shared object (ET_DYN)",
            "link it with -static -no-pie: there is no loader here",
        )),
        ET_REL => Err(wrong("an object file (ET_REL)", "link it into a program first")),
        ET_CORE => Err(wrong("a core dump (ET_CORE)", "give the program itself")),
        other => Err(damaged(format!("the file type is {other}, not 2 (ET_EXEC)"))),
    }
}

/// Checks the loadable segments, and orders them by load address.
fn segments(bytes: &[u8], programs: &[ProgramHeader]) -> Result<Vec<Segment>, ElfError> {
    let mut segments = Vec::new();
    for (index, program) in programs.iter().enumerate() {
        if program.p_type != PT_LOAD || program.p_memsz == 0 {
            continue;
        }
        if program.p_filesz > program.p_memsz {
            return Err(damaged(format!(
                "segment {index} has more bytes in the file ({}) than in memory ({})",
                program.p_filesz, program.p_memsz
            )));
        }
        let data = range(bytes, &format!("segment {index}"), program.p_offset, program.p_filesz)?;
        for (what, start) in [("load", program.p_paddr), ("linked", program.p_vaddr)] {
            if start + program.p_memsz > 1 << 32 {
                return Err(damaged(format!(
                    "segment {index} ends behind the 32-bit address space ({what} address 0x{start:08x}, {} bytes)",
                    program.p_memsz
                )));
            }
        }
        segments.push(Segment {
            index,
            paddr: program.p_paddr as u32,
            vaddr: program.p_vaddr as u32,
            bytes: data.to_vec(),
            memsz: program.p_memsz as u32,
            read: program.p_flags & PF_R != 0,
            write: program.p_flags & PF_W != 0,
            execute: program.p_flags & PF_X != 0,
        });
    }
    if segments.is_empty() {
        return Err(wrong(
            "the file has no loadable segment",
            "link the program with sections that are allocated",
        ));
    }
    segments.sort_by_key(|segment| segment.paddr);
    for (at, segment) in segments.iter().enumerate() {
        for other in &segments[at + 1..] {
            // Two zero tails may share their place: the result does not depend on an order.
            let overlap = [
                common(&segment.filled(), &other.placed()),
                common(&segment.placed(), &other.filled()),
            ]
            .into_iter()
            .flatten()
            .next();
            if let Some(range) = overlap {
                return Err(ElfError::Overlap {
                    pair: (segment.index, other.index),
                    range,
                });
            }
        }
    }
    Ok(segments)
}

/// The addresses that two ranges share.
fn common(a: &Range<u64>, b: &Range<u64>) -> Option<Range<u64>> {
    let range = a.start.max(b.start)..a.end.min(b.end);
    (range.start < range.end).then_some(range)
}

/// The section headers with their names, and the bytes that they describe.
struct Sections<'a> {
    bytes: &'a [u8],
    headers: Vec<SectionHeader>,
    names: Vec<String>,
}

impl<'a> Sections<'a> {
    fn new(bytes: &'a [u8], headers: Vec<SectionHeader>, strings: usize) -> Result<Self, ElfError> {
        let names = match headers.get(strings) {
            Some(table) if table.sh_type != SHT_NOBITS => {
                let table = range(bytes, "the section name table", table.sh_offset, table.sh_size)?;
                headers.iter().map(|header| text(table, header.sh_name)).collect()
            }
            _ => vec![String::new(); headers.len()],
        };
        Ok(Self { bytes, headers, names })
    }

    /// The bytes of the first section with this name.
    fn data(&self, name: &str) -> Result<Option<&'a [u8]>, ElfError> {
        let Some(index) = self.names.iter().position(|other| other == name) else {
            return Ok(None);
        };
        let header = &self.headers[index];
        if header.sh_type == SHT_NOBITS {
            return Ok(Some(&[]));
        }
        range(self.bytes, &format!("section {name}"), header.sh_offset, header.sh_size).map(Some)
    }

    /// The bytes of every section that holds code.
    fn code(&self) -> impl Iterator<Item = &'a [u8]> {
        let code =
            |header: &&SectionHeader| header.sh_type != SHT_NOBITS && header.sh_flags & u64::from(SHF_EXECINSTR) != 0;
        let bytes = self.bytes;
        self.headers
            .iter()
            .filter(code)
            .filter_map(move |header| range(bytes, "a code section", header.sh_offset, header.sh_size).ok())
    }

    fn symbols(&self, ctx: Ctx) -> Result<Symbols, ElfError> {
        let Some(table) = self.headers.iter().find(|header| header.sh_type == SHT_SYMTAB) else {
            return Ok(Symbols::default());
        };
        range(self.bytes, "the symbol table", table.sh_offset, table.sh_size)?;
        let Some(strings) = self.headers.get(table.sh_link as usize) else {
            return Err(damaged(format!(
                "the symbol table's names are in section {}, which does not exist",
                table.sh_link
            )));
        };
        let strings = range(self.bytes, "the symbol names", strings.sh_offset, strings.sh_size)?;
        let count = table.sh_size as usize / 16;
        let entries = goblin::elf::sym::Sym::parse(self.bytes, table.sh_offset as usize, count, ctx)
            .map_err(|error| damaged(error.to_string()))?;
        Ok(Symbols::new(
            entries.iter().map(|entry| (entry, text(strings, entry.st_name))),
        ))
    }

    fn summary(&self) -> Vec<Section> {
        let named = self.headers.iter().zip(&self.names).skip(1);
        named
            .map(|(header, name)| Section {
                name: name.clone(),
                address: header.sh_addr as u32,
                size: header.sh_size as u32,
                execute: header.is_alloc() && header.is_executable(),
            })
            .collect()
    }
}

/// The NUL-terminated text at an offset of a string table; empty outside of it.
fn text(table: &[u8], offset: usize) -> String {
    let tail = table.get(offset..).unwrap_or_default();
    let end = tail.iter().position(|byte| *byte == 0).unwrap_or(tail.len());
    String::from_utf8_lossy(&tail[..end]).into_owned()
}

/// Bytes of the file, or what lies outside of it.
fn range<'a>(bytes: &'a [u8], what: &str, offset: u64, size: u64) -> Result<&'a [u8], ElfError> {
    let end = offset.saturating_add(size);
    let inside = usize::try_from(offset).ok().zip(usize::try_from(end).ok());
    inside
        .and_then(|(start, end)| bytes.get(start..end))
        .ok_or_else(|| ElfError::OutOfFile {
            what: what.to_owned(),
            start: offset,
            end,
            len: bytes.len(),
        })
}

fn wrong(what: impl Into<String>, advice: &'static str) -> ElfError {
    ElfError::WrongKind {
        what: what.into(),
        advice,
    }
}

fn damaged(what: String) -> ElfError {
    ElfError::Damaged { what }
}
