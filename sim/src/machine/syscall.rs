//! System calls, as newlib's RISC-V port (libgloss) makes them: by `ecall` with the number in a7 and arguments in a0, a1
//! and so on, or through `tohost`.
//!
//! An `ecall` reaches the host only as long as the program installed no trap handler; one that has a handler serves its
//! calls itself. Numbers are those of Linux, with the two old ones that libgloss adds; layouts are those of
//! `libgloss/riscv/kernel_stat.h` and of newlib's `fcntl.h`. Time is simulated time. Files are those of semihosting.
//!
//! Invariant: a call takes one cycle, in which everything that it does happens.

use std::io::{self, SeekFrom};

use crate::fault::FaultKind;
use crate::machine::semihost::{self, OpenMode};
use crate::machine::{Machine, Warning};
use crate::soc::Effect;

/// Numbers of the calls.
mod call {
    pub(super) const OPENAT: u32 = 56;
    pub(super) const CLOSE: u32 = 57;
    pub(super) const LSEEK: u32 = 62;
    pub(super) const READ: u32 = 63;
    pub(super) const WRITE: u32 = 64;
    pub(super) const FSTAT: u32 = 80;
    pub(super) const EXIT: u32 = 93;
    pub(super) const EXIT_GROUP: u32 = 94;
    pub(super) const TIMES: u32 = 153;
    pub(super) const GETTIMEOFDAY: u32 = 169;
    pub(super) const GETPID: u32 = 172;
    pub(super) const BRK: u32 = 214;
    pub(super) const CLOCK_GETTIME64: u32 = 403;
    pub(super) const OPEN: u32 = 1024;
    /// The first number that libgloss does not use.
    pub(super) const END: u32 = 3000;
}

/// Answers of calls that failed: minus the error's number.
mod error {
    pub(super) const NO_ENTRY: i32 = -2;
    pub(super) const INPUT_OUTPUT: i32 = -5;
    pub(super) const BAD_FILE: i32 = -9;
    pub(super) const BAD_ADDRESS: i32 = -14;
    pub(super) const INVALID: i32 = -22;
    pub(super) const NOT_SEEKABLE: i32 = -29;
    pub(super) const NO_SUCH_CALL: i32 = -38;
}

/// Files from here on are the host's; those before are standard input, output and error.
const FILES: u32 = 3;
/// Bytes of libgloss's `struct kernel_stat`.
const STAT_SIZE: usize = 128;

/// What became of a call.
pub(super) enum Called {
    /// It was answered.
    Answer(i32),
    /// It ended the run with this code.
    Exit(u32),
    /// No call has this number.
    Unknown,
}

impl Machine {
    /// Whether the instruction that a core waits at is an `ecall`.
    pub(super) fn calls_system(&self, index: usize) -> bool {
        let pc = self.cores[index].last_pc;
        self.memory.code_half(pc) == Some(0x73) && self.memory.code_half(pc.wrapping_add(2)) == Some(0)
    }

    /// The `ecall` of core `index`: its answer, or `None` where it is none of the host's.
    pub(super) fn ecall(&mut self, index: usize) -> Option<u32> {
        let registers = &self.cores[index].registers;
        let [number, a, b, c] = [17, 10, 11, 12].map(|register: usize| registers[register]);
        match self.system_call(index, number, [a, b, c]) {
            Called::Answer(answer) => Some(answer as u32),
            Called::Exit(code) => {
                self.carry_out(Some(index), Effect::Exit(code));
                Some(0)
            }
            Called::Unknown => {
                self.fail(index, FaultKind::UnhandledTrap { cause: 11 });
                None
            }
        }
    }

    /// A system call of core `index`.
    pub(super) fn system_call(&mut self, index: usize, number: u32, [a, b, c]: [u32; 3]) -> Called {
        let frequency = u128::from(self.config.cluster.frequency_hz);
        let nanoseconds = u128::from(self.now - 1) * 1_000_000_000 / frequency;
        Called::Answer(match number {
            call::EXIT | call::EXIT_GROUP => return Called::Exit(a),
            call::WRITE => self.write_file(a, b, c),
            call::READ => self.read_file(a, b, c),
            call::OPENAT => self.open_file(b, c),
            call::OPEN => self.open_file(a, b),
            call::CLOSE => match a {
                0..FILES => 0,
                _ if self.semihost.close(a - FILES + 1) => 0,
                _ => error::BAD_FILE,
            },
            call::LSEEK => self.seek_file(a, b as i32, c),
            call::FSTAT => self.stat_file(a, b),
            call::GETTIMEOFDAY => self.put_time(a, nanoseconds, 1000),
            call::CLOCK_GETTIME64 => self.put_time(b, nanoseconds, 1),
            call::TIMES => {
                // Clock ticks are microseconds, as libgloss's CLOCKS_PER_SEC says.
                let ticks = (nanoseconds / 1000) as u32;
                let block: Vec<u8> = [ticks, 0, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
                self.put(a, &block).map_or_else(|error| error, |()| ticks as i32)
            }
            call::GETPID => 1,
            call::BRK => self.set_break(index, a) as i32,
            _ if number < call::END => {
                if self.warned.insert(number) {
                    self.warnings.push(Warning {
                        address: self.cores[index].last_pc,
                        pc: self.cores[index].last_pc,
                        what: format!("system call {number} does not exist here; it was answered with -38 (ENOSYS)"),
                    });
                }
                error::NO_SUCH_CALL
            }
            _ => return Called::Unknown,
        })
    }

    fn write_file(&mut self, file: u32, address: u32, size: u32) -> i32 {
        let Some(bytes) = self.guest_bytes(address, size) else {
            return error::BAD_ADDRESS;
        };
        match file {
            0 => return error::BAD_FILE,
            1 | 2 => self.console.extend(bytes),
            _ => match self.semihost.file(file - FILES + 1) {
                None => return error::BAD_FILE,
                Some(file) => {
                    if let Err(error) = file.write_all(&bytes) {
                        return number(&error);
                    }
                }
            },
        }
        size as i32
    }

    fn read_file(&mut self, file: u32, address: u32, size: u32) -> i32 {
        let Some(mut bytes) = self.guest_bytes(address, size) else {
            return error::BAD_ADDRESS;
        };
        let read = match file {
            // Standard input has ended.
            0 => Ok(0),
            1 | 2 => return error::BAD_FILE,
            _ => match self.semihost.file(file - FILES + 1) {
                None => return error::BAD_FILE,
                Some(file) => file.read(&mut bytes),
            },
        };
        match read {
            Ok(count) => {
                self.poke(address, &bytes[..count]);
                count as i32
            }
            Err(error) => number(&error),
        }
    }

    fn open_file(&mut self, name: u32, flags: u32) -> i32 {
        let Ok(name) = String::from_utf8(self.guest_text(name)) else {
            return error::INVALID;
        };
        let Some(mode) = open_mode(flags) else {
            return error::INVALID;
        };
        match self.semihost.open_as(&name, mode) {
            Ok(handle) => (handle + FILES - 1) as i32,
            Err(error) => number(&error),
        }
    }

    fn seek_file(&mut self, file: u32, offset: i32, whence: u32) -> i32 {
        if file < FILES {
            return error::NOT_SEEKABLE;
        }
        let Some(file) = self.semihost.file(file - FILES + 1) else {
            return error::BAD_FILE;
        };
        let to = match (whence, u64::try_from(offset)) {
            (0, Ok(offset)) => SeekFrom::Start(offset),
            (1, _) => SeekFrom::Current(offset.into()),
            (2, _) => SeekFrom::End(offset.into()),
            _ => return error::INVALID,
        };
        match file.seek(to) {
            Ok(at) => i32::try_from(at).unwrap_or(error::INVALID),
            Err(error) => number(&error),
        }
    }

    /// Mode, links, size, block size and blocks; the rest is zero.
    fn stat_file(&mut self, file: u32, address: u32) -> i32 {
        let (mode, size, block) = if file < FILES {
            (0o020_666_u32, 0u64, 1024u32)
        } else {
            match self.semihost.file(file - FILES + 1).map(semihost::length) {
                None => return error::BAD_FILE,
                Some(Err(error)) => return number(&error),
                Some(Ok(size)) => (0o100_666, size.into(), 4096),
            }
        };
        let mut stat = [0; STAT_SIZE];
        stat[16..20].copy_from_slice(&mode.to_le_bytes());
        stat[20..24].copy_from_slice(&1u32.to_le_bytes());
        stat[48..56].copy_from_slice(&size.to_le_bytes());
        stat[56..60].copy_from_slice(&block.to_le_bytes());
        stat[64..72].copy_from_slice(&size.div_ceil(512).to_le_bytes());
        self.put(address, &stat).map_or_else(|error| error, |()| 0)
    }

    /// Seconds and a fraction in `unit` nanoseconds, 64 bits each.
    fn put_time(&mut self, address: u32, nanoseconds: u128, unit: u128) -> i32 {
        let seconds = (nanoseconds / 1_000_000_000) as u64;
        let fraction = (nanoseconds % 1_000_000_000 / unit) as u64;
        let mut time = [0; 16];
        time[..8].copy_from_slice(&seconds.to_le_bytes());
        time[8..].copy_from_slice(&fraction.to_le_bytes());
        self.put(address, &time).map_or_else(|error| error, |()| 0)
    }

    fn put(&mut self, address: u32, bytes: &[u8]) -> Result<(), i32> {
        if self.guest_bytes(address, bytes.len() as u32).is_none() {
            return Err(error::BAD_ADDRESS);
        }
        self.poke(address, bytes);
        Ok(())
    }

    /// Moves the end of the heap, which begins behind the program and may go up to the end of the memory that it is in, or
    /// to the caller's stack where that is in the way; an end that cannot be is refused by the answer.
    fn set_break(&mut self, index: usize, wanted: u32) -> u32 {
        let (first, now) = (self.first_break, self.program_break);
        let Some((which, _)) = self.memory.locate(first) else {
            return now;
        };
        let end = self.memory.base(which) + self.memory.size(which);
        let stack = self.cores[index].registers[2];
        let limit = if (first..end).contains(&stack) { stack } else { end };
        if (first..=limit).contains(&wanted) {
            self.program_break = wanted;
        }
        self.program_break
    }

    /// Where the heap begins: at the program's symbol `_end` or `end`, else behind what it loads into L2.
    pub(super) fn heap(image: &crate::elf::Image, l2: (u32, u32)) -> u32 {
        let symbol = ["_end", "end"].iter().find_map(|name| image.symbols.find(name));
        symbol.map_or_else(
            || {
                let in_l2 = |address: &u32| address.wrapping_sub(l2.0) <= l2.1;
                let ends = image
                    .segments
                    .iter()
                    .map(|segment| segment.paddr + segment.bytes.len() as u32);
                ends.filter(in_l2).max().unwrap_or(l2.0).next_multiple_of(16)
            },
            |symbol| symbol.address,
        )
    }
}

/// newlib's `fcntl.h`.
fn open_mode(flags: u32) -> Option<OpenMode> {
    let (read, write) = match flags & 3 {
        0 => (true, false),
        1 => (false, true),
        2 => (true, true),
        _ => return None,
    };
    Some(OpenMode {
        read,
        write,
        create: flags & 0x200 != 0,
        truncate: flags & 0x400 != 0,
        append: flags & 8 != 0,
    })
}

fn number(error: &io::Error) -> i32 {
    match error.kind() {
        io::ErrorKind::NotFound => error::NO_ENTRY,
        io::ErrorKind::InvalidInput => error::INVALID,
        _ => error.raw_os_error().map_or(
            match error.kind() {
                io::ErrorKind::PermissionDenied => -13,
                io::ErrorKind::IsADirectory => -21,
                _ => error::INPUT_OUTPUT,
            },
            |number| -number,
        ),
    }
}
