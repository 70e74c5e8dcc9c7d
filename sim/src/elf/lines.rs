//! Source lines of addresses, from the DWARF information of an ELF file.
//!
//! It is not part of an [`Image`](super::Image), because only who wants to show lines needs it, and it reads no source.
//!
//! Invariant: a file without DWARF, or with damaged DWARF, is a file without lines and never an error.

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian};
use goblin::container::{Container, Ctx, Endian};
use goblin::elf::section_header::SectionHeader;

use super::{Sections, header};

/// One line of a source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file's path as the compiler knew it.
    pub file: String,
    /// The line, counted from 1.
    pub number: u32,
}

impl Line {
    /// The file's name without its folders.
    pub fn name(&self) -> &str {
        self.file.rsplit(['/', '\\']).next().unwrap_or(&self.file)
    }
}

/// The source lines of a program.
pub struct Lines<'a>(Option<Context<EndianSlice<'a, LittleEndian>>>);

impl<'a> Lines<'a> {
    /// Of the bytes of an ELF file.
    pub fn read(bytes: &'a [u8]) -> Self {
        Self(context(bytes))
    }

    /// The line that the instruction at `address` was made from: where code was inlined, the innermost.
    pub fn find(&self, address: u32) -> Option<Line> {
        let location = self.0.as_ref()?.find_location(address.into()).ok()??;
        Some(Line {
            file: location.file?.to_owned(),
            number: location.line.filter(|number| *number > 0)?,
        })
    }
}

fn context(bytes: &[u8]) -> Option<Context<EndianSlice<'_, LittleEndian>>> {
    let header = header(bytes).ok()?;
    let ctx = Ctx::new(Container::Little, Endian::Little);
    let headers = SectionHeader::parse(bytes, header.e_shoff as usize, header.e_shnum.into(), ctx).ok()?;
    let sections = Sections::new(bytes, headers, header.e_shstrndx.into()).ok()?;
    sections.data(".debug_line").ok()??;
    let dwarf = Dwarf::load(|id| {
        let data = sections.data(id.name())?.unwrap_or_default();
        Ok::<_, super::ElfError>(EndianSlice::new(data, LittleEndian))
    });
    Context::from_dwarf(dwarf.ok()?).ok()
}
