//! What the tests of the command share: a tiny ELF writer, and running the command.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A program in the making; each field may be given a wrong value.
pub(crate) struct Elf {
    pub(crate) class: u8,
    pub(crate) data: u8,
    pub(crate) kind: u16,
    pub(crate) machine: u16,
    pub(crate) flags: u32,
    pub(crate) entry: u32,
    pub(crate) segments: Vec<Segment>,
    /// Sections by name, type and content.
    pub(crate) sections: Vec<(&'static str, u32, Vec<u8>)>,
    /// Symbols by name, address and size.
    pub(crate) symbols: Vec<(&'static str, u32, u32)>,
}

pub(crate) struct Segment {
    pub(crate) kind: u32,
    pub(crate) paddr: u32,
    pub(crate) vaddr: u32,
    pub(crate) bytes: Vec<u8>,
    pub(crate) memsz: u32,
    pub(crate) flags: u32,
}

impl Segment {
    pub(crate) fn load(address: u32, bytes: Vec<u8>, flags: u32) -> Self {
        let memsz = bytes.len() as u32;
        Self {
            kind: 1,
            paddr: address,
            vaddr: address,
            bytes,
            memsz,
            flags,
        }
    }
}

pub(crate) const CODE: u32 = 0x1c00_8000;
pub(crate) const READ_EXECUTE: u32 = 5;
pub(crate) const READ_WRITE: u32 = 6;
const SHT_PROGBITS: u32 = 1;
const SHT_SYMTAB: u32 = 2;
const SHT_STRTAB: u32 = 3;
const SHT_NOTE: u32 = 7;

impl Elf {
    /// A good program of these instructions.
    pub(crate) fn new(code: &[u32]) -> Self {
        let bytes = code.iter().flat_map(|word| word.to_le_bytes()).collect();
        Self {
            class: 1,
            data: 1,
            kind: 2,
            machine: 243,
            flags: 1,
            entry: CODE,
            segments: vec![Segment::load(CODE, bytes, READ_EXECUTE)],
            sections: Vec::new(),
            symbols: vec![("_start", CODE, 4 * code.len() as u32)],
        }
    }

    /// Adds the note that asks for a machine.
    pub(crate) fn note(mut self, kind: u32, descriptor: &[u8]) -> Self {
        let mut note = Vec::new();
        for word in [7, descriptor.len() as u32, kind] {
            note.extend(word.to_le_bytes());
        }
        note.extend(b"Ennead\0\0");
        note.extend(descriptor);
        note.resize(note.len().next_multiple_of(4), 0);
        self.sections.push((".note.ennead", SHT_NOTE, note));
        self
    }

    /// Adds an attributes section with this architecture.
    pub(crate) fn attributes(mut self, arch: &str) -> Self {
        let file = 1 + 4 + 1 + arch.len() + 1;
        let mut data = b"A".to_vec();
        data.extend((4 + 6 + file as u32).to_le_bytes());
        data.extend(b"riscv\0\x01");
        data.extend((file as u32).to_le_bytes());
        data.push(5);
        data.extend(arch.as_bytes());
        data.push(0);
        self.sections.push((".riscv.attributes", 0x7000_0003, data));
        self
    }

    /// The bytes of the file: header, program headers, segments, sections, section headers.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut names = vec![0u8];
        let mut symbols = vec![0u8; 16];
        for (name, address, size) in &self.symbols {
            let at = names.len() as u32;
            names.extend(name.bytes().chain([0]));
            for word in [at, *address, *size] {
                symbols.extend(word.to_le_bytes());
            }
            symbols.extend([0x12, 0, 1, 0]);
        }
        let mut sections = self.sections.clone();
        let strings = sections.len() as u32 + 1;
        sections.push((".strtab", SHT_STRTAB, names));
        sections.push((".symtab", SHT_SYMTAB, symbols));
        let mut section_names = vec![0u8];
        let mut name_offsets = Vec::new();
        for name in sections.iter().map(|(name, ..)| *name).chain([".shstrtab"]) {
            name_offsets.push(section_names.len() as u32);
            section_names.extend(name.bytes().chain([0]));
        }
        sections.push((".shstrtab", SHT_STRTAB, section_names));

        let mut file = vec![0u8; 52 + 32 * self.segments.len()];
        let mut programs = Vec::new();
        for segment in &self.segments {
            let offset = file.len() as u32;
            file.extend(&segment.bytes);
            for word in [
                segment.kind,
                offset,
                segment.vaddr,
                segment.paddr,
                segment.bytes.len() as u32,
                segment.memsz,
                segment.flags,
                4,
            ] {
                programs.extend(word.to_le_bytes());
            }
        }
        let mut headers = vec![0u8; 40];
        for (index, (_, kind, data)) in sections.iter().enumerate() {
            let (link, entry) = if *kind == SHT_SYMTAB { (strings, 16) } else { (0, 0) };
            let offset = file.len() as u32;
            file.extend(data);
            for word in [
                name_offsets[index],
                *kind,
                0,
                0,
                offset,
                data.len() as u32,
                link,
                0,
                1,
                entry,
            ] {
                headers.extend(word.to_le_bytes());
            }
        }
        let section_headers = file.len() as u32;
        file.extend(&headers);
        file[52..52 + programs.len()].copy_from_slice(&programs);

        let mut header = vec![
            0x7f, b'E', b'L', b'F', self.class, self.data, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        header.extend(self.kind.to_le_bytes());
        header.extend(self.machine.to_le_bytes());
        for word in [1, self.entry, 52, section_headers, self.flags] {
            header.extend(word.to_le_bytes());
        }
        let count = sections.len() as u16 + 1;
        for half in [52, 32, self.segments.len() as u16, 40, count, count - 1] {
            header.extend(half.to_le_bytes());
        }
        file[..52].copy_from_slice(&header);
        file
    }
}

#[allow(dead_code)]
pub(crate) const PROGBITS: u32 = SHT_PROGBITS;

/// A directory for one test, empty at its start.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Runs the command in a directory.
pub(crate) fn ennead(directory: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ennead"))
        .args(args)
        .current_dir(directory)
        .output()
        .unwrap()
}

/// Runs the command in a directory: its report, exit code and standard error.
#[track_caller]
pub(crate) fn reported(directory: &Path, args: &[&str]) -> (Value, i32, String) {
    let output = ennead(directory, args);
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    (
        report,
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// Both outputs as one text.
pub(crate) fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
