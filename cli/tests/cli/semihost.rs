//! Semihosting calls reach console, clocks and the files of one folder, and nothing else.

use ennead_isa::{Set, assemble};
use std::path::Path;

use crate::support::{Elf, READ_WRITE, Segment, ennead, said, scratch};

const DATA: u32 = 0x1c00_c000;
/// Answers of the calls come first in the data.
const ANSWERS: usize = 64;

/// A program of calls; the answer of call n goes to word n of its data.
struct Guest {
    code: Vec<u32>,
    data: Vec<u8>,
    calls: u32,
}

impl Guest {
    fn new() -> Self {
        let mut guest = Self {
            code: Vec::new(),
            data: vec![0; 4 * ANSWERS],
            calls: 0,
        };
        guest.line(&format!("lui s0, {:#x}", DATA >> 12));
        guest
    }

    fn line(&mut self, line: &str) {
        self.code.push(assemble(line, &Set::RV32IMFC).unwrap());
    }

    /// Puts bytes into the data and gives their address.
    fn put(&mut self, bytes: &[u8]) -> u32 {
        let address = DATA + self.data.len() as u32;
        self.data.extend(bytes);
        self.data.resize(self.data.len().next_multiple_of(8), 0);
        address
    }

    /// A call with this parameter.
    fn call(&mut self, number: u32, parameter: u32) -> &mut Self {
        self.line(&format!("lui a1, {:#x}", parameter.wrapping_add(0x800) >> 12));
        self.line(&format!("addi a1, a1, {}", ((parameter << 20) as i32) >> 20));
        for line in [
            &format!("addi a0, zero, {number}"),
            "slli zero, zero, 31",
            "ebreak",
            "srai zero, zero, 7",
        ] {
            self.line(line);
        }
        self.line(&format!("sw a0, {}(s0)", 4 * self.calls));
        self.calls += 1;
        self
    }

    /// A call whose parameter is the address of these words.
    fn block(&mut self, number: u32, words: &[u32]) -> &mut Self {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let address = self.put(&bytes);
        self.call(number, address)
    }

    fn open(&mut self, name: &str, mode: u32) -> &mut Self {
        let address = self.put(name.as_bytes());
        self.block(0x01, &[address, mode, name.len() as u32])
    }

    /// Leaves the answers in the file `answers`, whose handle will be `handle`, and exits with 7.
    fn end(mut self, handle: u32) -> Elf {
        self.open("answers", 4);
        self.block(0x05, &[handle, DATA, 4 * ANSWERS as u32]);
        self.block(0x20, &[0x2_0026, 7]);
        let mut elf = Elf::new(&self.code);
        elf.segments.push(Segment::load(DATA, self.data, READ_WRITE));
        elf
    }
}

fn run(directory: &Path, elf: &Elf, args: &[&str]) -> (i32, String, Vec<u32>) {
    std::fs::write(directory.join("guest.elf"), elf.bytes()).unwrap();
    let files = directory.join("files");
    std::fs::create_dir_all(&files).unwrap();
    let args: Vec<_> = ["run", "guest.elf", "-q", "--max-cycles", "100000"]
        .iter()
        .chain(args)
        .copied()
        .collect();
    let output = ennead(directory, &args);
    let answers = std::fs::read(files.join("answers")).unwrap_or_default();
    let answers = answers
        .chunks(4)
        .map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    (output.status.code().unwrap(), said(&output), answers.collect())
}

const FAILED: u32 = u32::MAX;

#[test]
fn files_of_the_folder_can_be_written_read_sought_renamed_and_removed() {
    let mut guest = Guest::new();
    let text = guest.put(b"one two");
    let buffer = guest.put(&[0; 16]);
    guest
        .open("a.txt", 6)
        .block(0x05, &[1, text, 7])
        .block(0x0c, &[1])
        .block(0x0a, &[1, 4]);
    // Sixteen bytes are asked for and three are there.
    guest
        .block(0x06, &[1, buffer, 16])
        .block(0x09, &[1])
        .block(0x02, &[1])
        .block(0x02, &[1]);
    let (old, new) = (guest.put(b"a.txt"), guest.put(b"b.txt"));
    guest
        .block(0x0f, &[old, 5, new, 5])
        .block(0x0e, &[old, 5])
        .call(0x13, 0);
    // Appends what was read.
    guest
        .open("b.txt", 8)
        .block(0x05, &[1, buffer, 3])
        .block(0x02, &[1])
        .open("b.txt", 0);
    for engine in ["calendar", "lockstep"] {
        let directory = scratch(&format!("semihost_{engine}"));
        let elf = Guest {
            code: guest.code.clone(),
            data: guest.data.clone(),
            calls: guest.calls,
        }
        .end(2);
        let (status, said, answers) = run(&directory, &elf, &["--semihost-dir", "files", "--engine", engine]);
        assert_eq!(status, 7, "{said}");
        let expected = [1, 0, 7, 0, 13, 0, 0, FAILED, 0, FAILED, 2, 1, 0, 0, 1];
        assert_eq!(answers[..expected.len()], expected);
        assert_eq!(std::fs::read(directory.join("files/b.txt")).unwrap(), b"one twotwo");
        assert!(!directory.join("files/a.txt").exists());
    }
}

#[test]
fn no_name_leads_out_of_the_folder_and_without_a_folder_there_are_no_files() {
    let directory = scratch("semihost_out");
    std::fs::write(directory.join("secret"), "x").unwrap();
    std::fs::create_dir_all(directory.join("files/sub")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../secret", directory.join("files/link")).unwrap();
    let absolute = directory.join("secret").canonicalize().unwrap();
    let mut guest = Guest::new();
    for name in [
        "../secret",
        absolute.to_str().unwrap(),
        "sub/../../secret",
        "link",
        "sub/none",
        // Folders are no files.
        "sub",
        "",
    ] {
        guest.open(name, 0);
    }
    guest.open("../new", 4).open("sub/new", 4);
    let elf = Guest {
        code: guest.code.clone(),
        data: guest.data.clone(),
        calls: guest.calls,
    }
    .end(2);
    let (status, said, answers) = run(&directory, &elf, &["--semihost-dir", "files"]);
    assert_eq!(status, 7, "{said}");
    assert_eq!(answers[..8], [FAILED; 8]);
    assert_eq!(answers[8], 1);
    assert!(!directory.join("new").exists() && directory.join("files/sub/new").exists());

    let (status, said, answers) = run(&scratch("semihost_none"), &guest.end(1), &[]);
    assert_eq!((status, answers), (7, vec![]), "{said}");
}

#[test]
fn the_console_takes_text_and_the_clocks_are_those_of_the_machine() {
    let directory = scratch("semihost_console");
    let mut guest = Guest::new();
    let (text, byte, ticks) = (guest.put(b"Hi, \0"), guest.put(b"!"), guest.put(&[0; 8]));
    let line = guest.put(b"you");
    guest
        .call(0x04, text)
        .open(":tt", 4)
        .block(0x05, &[1, line, 3])
        .call(0x03, byte)
        .block(0x09, &[1]);
    guest
        .call(0x31, 0)
        .call(0x10, 0)
        .call(0x11, 0)
        .call(0x30, ticks)
        .call(0x77, 0);
    let (status, said, answers) = run(&directory, &guest.end(2), &["--semihost-dir", "files"]);
    assert_eq!(status, 7, "{said}");
    assert!(said.starts_with("Hi, you!"), "{said:?}");
    // 370 MHz, and not yet a hundredth of a second.
    assert_eq!(answers[4..10], [1, 370_000_000, 0, 0, 0, FAILED]);
}

#[test]
fn event_counters_are_those_of_the_older_core() {
    let directory = scratch("semihost_counters");
    let program = || {
        let mut guest = Guest::new();
        // Instructions; counters run after reset. A call is seven, its `ebreak` the fifth.
        guest.block(0x101, &[1 << 1]);
        guest.call(0x104, 0).call(0x102, 0).call(0x103, 0).call(0x104, 0);
        guest.block(0x105, &[1]).block(0x105, &[1]).block(0x105, &[0]);
        guest.call(0x100, 0);
        guest
    };
    let (status, said, answers) = run(
        &directory,
        &program().end(1),
        &["--semihost-dir", "files", "--config", "pulp-open"],
    );
    assert_eq!(status, 7, "{said}");
    // The six behind the one that starts, and the one that stops.
    assert_eq!(answers[..9], [0, 0, 0, 0, 0, 7, 7, 0, 0], "{said}");
    let (status, said, answers) = run(&directory, &program().end(1), &["--semihost-dir", "files"]);
    assert_eq!(status, 7, "{said}");
    assert_eq!(answers[..5], [FAILED; 5], "{said}");
    assert_eq!(answers[5..9], [0; 4], "{said}");
}

#[test]
fn an_exit_has_the_code_of_its_reason_and_a_plain_breakpoint_is_none() {
    let directory = scratch("semihost_exit");
    for (parameter, code) in [(0x2_0026, 0), (0x2_0023, 1)] {
        let mut guest = Guest::new();
        guest.call(0x18, parameter);
        assert_eq!(run(&directory, &Elf::new(&guest.code), &[]).0, code);
    }
    // PULP firmware leaves the second mark out.
    let code = [
        "addi a0, zero, 24",
        "slli zero, zero, 31",
        "ebreak",
        "addi zero, zero, 0",
    ];
    let code = code.map(|line| assemble(line, &Set::RV32IMFC).unwrap());
    assert_eq!(run(&directory, &Elf::new(&code), &[]).0, 1);
    // The first one is missing.
    let code =
        ["addi zero, zero, 0", "ebreak", "srai zero, zero, 7"].map(|line| assemble(line, &Set::RV32IMFC).unwrap());
    let (status, said, _) = run(&directory, &Elf::new(&code), &[]);
    assert_eq!(status, 201);
    assert!(said.contains("breakpoint"), "{said}");
    // A folder that is none.
    let (status, said, _) = run(&directory, &Elf::new(&code), &["--semihost-dir", "guest.elf"]);
    assert_eq!(status, 200, "{said}");
}
