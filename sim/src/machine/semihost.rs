//! Semihosting: the calls by which a program reaches a console, files and clocks of the host through a marked `ebreak`.
//!
//! The mark and the register use are those of "RISC-V Semihosting" 0.4 (`slli x0, x0, 31`; `ebreak`; `srai x0, x0, 7`;
//! number in a0, parameter in a1, answer in a0), of which PULP firmware leaves the third instruction out; the calls are
//! those of Arm's "Semihosting for AArch32 and AArch64". Time is simulated time, so that a run is the same every time. Files are what
//! the caller of the simulator provides, and nothing without.
//!
//! Invariant: a call takes one cycle, in which everything that it does happens.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use crate::core::csr::number as csr;
use crate::machine::{Machine, Warning};
use crate::observe::Observer;
use crate::soc::Effect;

/// Numbers of the calls.
mod call {
    pub(super) const OPEN: u32 = 0x01;
    pub(super) const CLOSE: u32 = 0x02;
    pub(super) const WRITEC: u32 = 0x03;
    pub(super) const WRITE0: u32 = 0x04;
    pub(super) const WRITE: u32 = 0x05;
    pub(super) const READ: u32 = 0x06;
    pub(super) const READC: u32 = 0x07;
    pub(super) const ISERROR: u32 = 0x08;
    pub(super) const ISTTY: u32 = 0x09;
    pub(super) const SEEK: u32 = 0x0a;
    pub(super) const FLEN: u32 = 0x0c;
    pub(super) const REMOVE: u32 = 0x0e;
    pub(super) const RENAME: u32 = 0x0f;
    pub(super) const CLOCK: u32 = 0x10;
    pub(super) const TIME: u32 = 0x11;
    pub(super) const ERRNO: u32 = 0x13;
    pub(super) const GET_CMDLINE: u32 = 0x15;
    pub(super) const HEAPINFO: u32 = 0x16;
    pub(super) const EXIT: u32 = 0x18;
    pub(super) const EXIT_EXTENDED: u32 = 0x20;
    pub(super) const ELAPSED: u32 = 0x30;
    pub(super) const TICKFREQ: u32 = 0x31;
    /// GVSoC's own: traces on and off, then the event counters of the calling core.
    pub(super) const TRACE: u32 = 0x100;
    pub(super) const COUNTERS_SELECT: u32 = 0x101;
    pub(super) const COUNTERS_RESET: u32 = 0x102;
    pub(super) const COUNTERS_START: u32 = 0x103;
    pub(super) const COUNTERS_STOP: u32 = 0x104;
    pub(super) const COUNTERS_READ: u32 = 0x105;
}

/// The reason of an ordinary exit (`ADP_Stopped_ApplicationExit`).
const APPLICATION_EXIT: u32 = 0x2_0026;
/// What the file `:semihosting-features` holds: its mark, then that exits have codes and that standard error is told from
/// standard output.
const FEATURES: &[u8] = b"SHFB\x03";
/// The answer of a call that failed.
const FAILED: u32 = u32::MAX;

/// How a file is opened, as C's `fopen` means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenMode {
    /// It may be read.
    pub read: bool,
    /// It may be written.
    pub write: bool,
    /// It is created if it is not there.
    pub create: bool,
    /// It is emptied.
    pub truncate: bool,
    /// Every write goes to its end.
    pub append: bool,
}

impl OpenMode {
    /// Mode 0..=11 of the call: r, r+, w, w+, a, a+, each as text and as binary.
    fn new(mode: u32) -> Option<Self> {
        let update = mode & 2 != 0;
        let (kind, fresh) = (mode / 4, mode / 4 != 0);
        (mode < 12).then_some(Self {
            read: kind == 0 || update,
            write: fresh || update,
            create: fresh,
            truncate: kind == 1,
            append: kind == 2,
        })
    }
}

/// An open file of the host.
pub trait HostFile: Read + Write + Seek + Send + Sync {}

impl<T: Read + Write + Seek + Send + Sync> HostFile for T {}

/// The files that a program may reach. Names come from the program: whoever implements this decides what they may mean.
pub trait HostFiles: Send + Sync {
    /// Opens a file.
    ///
    /// # Errors
    /// Whatever the host says.
    fn open(&mut self, name: &str, mode: OpenMode) -> io::Result<Box<dyn HostFile>>;

    /// Removes a file.
    ///
    /// # Errors
    /// Whatever the host says.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Gives a file another name.
    ///
    /// # Errors
    /// Whatever the host says.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;
}

/// What a handle stands for.
enum Handle {
    /// Standard input, which has ended.
    Input,
    /// Standard output or standard error.
    Output,
    File(Box<dyn HostFile>),
}

/// The state between calls.
#[derive(Default)]
pub(super) struct Semihost {
    files: Option<Box<dyn HostFiles>>,
    /// Handle n + 1 is at n.
    handles: Vec<Option<Handle>>,
    pub(super) errno: i32,
}

impl Semihost {
    /// Whether a call left anything that is outside the machine.
    pub(super) fn has_files(&self) -> bool {
        self.handles.iter().any(Option::is_some)
    }

    fn keep(&mut self, handle: Handle) -> u32 {
        let free = self.handles.iter().position(Option::is_none);
        let index = free.unwrap_or_else(|| {
            self.handles.push(None);
            self.handles.len() - 1
        });
        self.handles[index] = Some(handle);
        index as u32 + 1
    }

    fn get(&mut self, handle: u32) -> Option<&mut Handle> {
        self.handles.get_mut(handle.checked_sub(1)? as usize)?.as_mut()
    }

    fn files(&mut self) -> io::Result<&mut Box<dyn HostFiles>> {
        self.files
            .as_mut()
            .ok_or_else(|| io::ErrorKind::PermissionDenied.into())
    }

    fn open(&mut self, name: &str, mode: u32) -> io::Result<u32> {
        let Some(how) = OpenMode::new(mode) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let handle = match name {
            ":tt" if mode < 4 => Handle::Input,
            ":tt" => Handle::Output,
            ":semihosting-features" if !how.write => Handle::File(Box::new(Cursor::new(FEATURES.to_vec()))),
            _ => return self.open_as(name, how),
        };
        Ok(self.keep(handle))
    }

    /// Opens a file of the host.
    pub(super) fn open_as(&mut self, name: &str, how: OpenMode) -> io::Result<u32> {
        let file = self.files()?.open(name, how)?;
        Ok(self.keep(Handle::File(file)))
    }

    /// The file that a handle stands for.
    pub(super) fn file(&mut self, handle: u32) -> Option<&mut Box<dyn HostFile>> {
        match self.get(handle)? {
            Handle::File(file) => Some(file),
            _ => None,
        }
    }

    /// Closes a handle; false if it stands for nothing.
    pub(super) fn close(&mut self, handle: u32) -> bool {
        let slot = handle.checked_sub(1).and_then(|i| self.handles.get_mut(i as usize));
        slot.is_some_and(|slot| slot.take().is_some())
    }

    /// Keeps the error of a call, and gives its answer.
    fn answer(&mut self, result: io::Result<u32>) -> u32 {
        result.unwrap_or_else(|error| {
            self.errno = number(&error);
            FAILED
        })
    }
}

/// The error's number: the host's own, or that of POSIX for an error that arose here.
fn number(error: &io::Error) -> i32 {
    error.raw_os_error().unwrap_or(match error.kind() {
        io::ErrorKind::NotFound => 2,
        io::ErrorKind::PermissionDenied => 13,
        io::ErrorKind::IsADirectory => 21,
        io::ErrorKind::InvalidInput => 22,
        _ => 5,
    })
}

impl Machine {
    /// Gives the program files of the host.
    pub fn set_host_files(&mut self, files: Box<dyn HostFiles>) {
        self.semihost.files = Some(files);
    }

    /// Core `index` made a call in this cycle, or a system call by `ecall`.
    #[cold]
    pub(super) fn semihost<O: Observer>(&mut self, index: usize, horizon: u64, observer: &mut O) {
        let answer = if self.calls_system(index) {
            let Some(answer) = self.ecall(index) else { return };
            answer
        } else {
            let [number, parameter] = [10, 11].map(|register| self.cores[index].registers[register]);
            self.semihost_call(index, number, parameter)
        };
        self.cores[index].host_answered(answer);
        self.recorders[index].restart(&self.cores[index]);
        if self.outcome.is_none() {
            self.advance(index, horizon, observer);
        }
    }

    fn semihost_call(&mut self, index: usize, number: u32, parameter: u32) -> u32 {
        let cycles = self.now - 1;
        let frequency = self.config.cluster.frequency_hz;
        match number {
            call::WRITEC => {
                let byte = self.guest_bytes(parameter, 1);
                self.console.extend(byte.unwrap_or_default());
                return number;
            }
            call::WRITE0 => {
                let text = self.guest_text(parameter);
                self.console.extend(text);
                return number;
            }
            call::READC => return FAILED,
            call::CLOCK => return (u128::from(cycles) * 100 / u128::from(frequency)) as u32,
            call::TIME => return (cycles / frequency) as u32,
            call::ERRNO => return self.semihost.errno as u32,
            call::TICKFREQ => return u32::try_from(frequency).unwrap_or(FAILED),
            call::EXIT => {
                let code = u32::from(parameter != APPLICATION_EXIT);
                self.carry_out(Some(index), Effect::Exit(code));
                return number;
            }
            _ => {}
        }
        // The others have a block of words.
        let word = |machine: &Self, i: u32| machine.host_word(parameter.wrapping_add(4 * i)).unwrap_or(0);
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| word(self, i));
        let result = match number {
            call::OPEN => self.guest_name(a, c).and_then(|name| self.semihost.open(&name, b)),
            call::CLOSE => Ok(if self.semihost.close(a) { 0 } else { FAILED }),
            call::WRITE => Ok(self.semihost_write(a, b, c)),
            call::READ => Ok(self.semihost_read(a, b, c)),
            call::ISERROR => Ok(u32::from((a as i32) < 0)),
            call::ISTTY => Ok(match self.semihost.get(a) {
                Some(Handle::File(_)) => 0,
                Some(_) => 1,
                None => FAILED,
            }),
            call::SEEK => match self.semihost.get(a) {
                Some(Handle::File(file)) => file.seek(SeekFrom::Start(b.into())).map(|_| 0),
                _ => Ok(FAILED),
            },
            call::FLEN => match self.semihost.get(a) {
                Some(Handle::File(file)) => length(file),
                Some(_) => Ok(0),
                None => Ok(FAILED),
            },
            call::REMOVE => self
                .guest_name(a, b)
                .and_then(|name| self.semihost.files()?.remove(&name).map(|()| 0)),
            call::RENAME => self.guest_name(a, b).and_then(|from| {
                let to = self.guest_name(c, d)?;
                self.semihost.files()?.rename(&from, &to).map(|()| 0)
            }),
            call::GET_CMDLINE => {
                self.poke(a, &[0]);
                self.poke(parameter.wrapping_add(4), &[0; 4]);
                Ok(if b == 0 { FAILED } else { 0 })
            }
            call::HEAPINFO => {
                // Zeros: the host knows no better than the program.
                self.poke(a, &[0; 16]);
                Ok(0)
            }
            call::EXIT_EXTENDED => {
                self.carry_out(Some(index), Effect::Exit(if a == APPLICATION_EXIT { b } else { 1 }));
                Ok(0)
            }
            // Traces are the host's choice here.
            call::TRACE => Ok(0),
            call::COUNTERS_SELECT => Ok(self.set_counter(index, csr::PCER, a)),
            call::COUNTERS_RESET => Ok(self.set_counter(index, csr::PCCR_ALL, 0)),
            call::COUNTERS_START => Ok(self.set_counter(index, csr::PCMR, 1)),
            call::COUNTERS_STOP => Ok(self.set_counter(index, csr::PCMR, 0)),
            call::COUNTERS_READ => {
                let counter = csr::PCCR0 + a.min(csr::PCCR30 - csr::PCCR0);
                Ok(self.cores[index].csr_value(counter, self.own_cycle(index)).unwrap_or(0))
            }
            call::ELAPSED => {
                self.poke(parameter, &cycles.to_le_bytes());
                Ok(0)
            }
            _ => {
                if self.warned.insert(number) {
                    self.warnings.push(Warning {
                        address: parameter,
                        pc: self.cores[index].last_pc,
                        what: format!("semihosting call 0x{number:02x} does not exist here"),
                    });
                }
                Ok(FAILED)
            }
        };
        self.semihost.answer(result)
    }

    /// Sets one of the registers of the older core's counters; 0, or -1 on a core that has none.
    fn set_counter(&mut self, index: usize, number: u32, value: u32) -> u32 {
        let now = self.own_cycle(index);
        if self.cores[index].set_csr(number, value, now) {
            0
        } else {
            FAILED
        }
    }

    /// Bytes that were not written.
    fn semihost_write(&mut self, handle: u32, address: u32, size: u32) -> u32 {
        let Some(bytes) = self.guest_bytes(address, size) else {
            return size;
        };
        match self.semihost.get(handle) {
            Some(Handle::Output) => self.console.extend(bytes),
            Some(Handle::File(file)) => {
                if let Err(error) = file.write_all(&bytes) {
                    self.semihost.errno = number(&error);
                    return size;
                }
            }
            _ => return size,
        }
        0
    }

    /// Bytes that were not read.
    fn semihost_read(&mut self, handle: u32, address: u32, size: u32) -> u32 {
        let Some(mut bytes) = self.guest_bytes(address, size) else {
            return size;
        };
        let Some(Handle::File(file)) = self.semihost.get(handle) else {
            return size;
        };
        let mut read = 0;
        while read < bytes.len() {
            match file.read(&mut bytes[read..]) {
                Ok(0) => break,
                Ok(count) => read += count,
                Err(error) => {
                    self.semihost.errno = number(&error);
                    break;
                }
            }
        }
        self.poke(address, &bytes[..read]);
        size - read as u32
    }

    fn guest_name(&self, address: u32, size: u32) -> io::Result<String> {
        self.guest_bytes(address, size)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// A string that ends with a zero byte, or with memory.
    pub(super) fn guest_text(&self, address: u32) -> Vec<u8> {
        (address..)
            .map_while(|at| self.guest_bytes(at, 1))
            .map_while(|byte| (byte[0] != 0).then_some(byte[0]))
            .collect()
    }
}

/// Bytes of a file.
pub(super) fn length(file: &mut Box<dyn HostFile>) -> io::Result<u32> {
    let at = file.stream_position()?;
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(at))?;
    u32::try_from(end).map_err(|_| io::ErrorKind::InvalidData.into())
}
