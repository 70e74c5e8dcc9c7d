//! The compact retire trace: which core let which instruction leave decode in which cycle, in one to a few bytes each.
//!
//! [`Writer`] and [`Reader`] keep the same state, so that a record says only what the reader cannot foresee. A file begins
//! with the eight bytes of [`MAGIC`] and a byte with the number of cores. A record begins with a byte:
//!
//! | bits | meaning |
//! |---|---|
//! | 0 | the address is not the one behind the core's instruction before; the difference follows |
//! | 1 | the encoding is not the one last seen at an address with these bits 12:1; it follows |
//! | 2 | the core is not the one after the core of the record before (0 after the last one); its number follows |
//! | 7:3 | cycles since the core's instruction before; 31 means 31 and what follows |
//!
//! What follows comes in this order: the core (one byte); the rest of the cycles (variable length); the difference of
//! addresses in half-words (variable length, zigzag: 0, -1, 1, -2, ..); the encoding (two bytes if it is compressed, else
//! four, little-endian). A number of variable length has seven bits a byte, the least significant first, and bit 7 set in
//! all bytes but the last. Before a core's first instruction, its address was 0 and its cycle 0; encodings were 0.
//!
//! The end is a record of its own: the bytes 4 and 255 (no core has that number), and the number of records before it (variable
//! length). A file that has none was cut short.
//!
//! Invariant: what a [`Writer`] was told, a [`Reader`] of its bytes tells; a file that lacks anything is refused.
//!
//! ```
//! use ennead_sim::retire::{Reader, Record, Writer};
//! let row = Record { core: 0, cycle: 7, pc: 0x1c00_0000, bits: 0x13 };
//! let mut writer = Writer::new(Vec::new(), 1)?;
//! writer.write(&row)?;
//! let bytes = writer.finish()?;
//! let rows: Vec<Record> = Reader::new(&bytes[..])?.collect::<Result<_, _>>()?;
//! assert_eq!(rows, [row]);
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io::{self, BufRead, Write};

/// The first bytes of a file; the last digit is the version of the format.
pub const MAGIC: [u8; 8] = *b"ENNRET\n1";

/// Encodings that are remembered, by address.
const REMEMBERED: usize = 1 << 12;
/// Bytes of a record at most: the first one, a core, two numbers of variable length and an encoding.
const LONGEST: usize = 1 + 1 + 10 + 10 + 4;
/// Records that are written at once.
const AT_ONCE: usize = 64;
/// The largest distance in cycles that the first byte holds.
const MANY: u64 = 31;

const ELSEWHERE: u8 = 1;
const NEW_ENCODING: u8 = 2;
const OTHER_CORE: u8 = 4;

/// The core that the end names.
const END: u8 = u8::MAX;

/// An instruction that left decode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Index of the core: workers first, then the orchestrator.
    pub core: usize,
    /// Cycle in which it left decode.
    pub cycle: u64,
    /// Its address.
    pub pc: u32,
    /// Its bits; a compressed one in the low half.
    pub bits: u32,
}

/// What both sides know before a record.
struct State {
    /// Each core's last cycle, and the address behind its last instruction.
    cores: Vec<(u64, u32)>,
    next_core: usize,
    encodings: Box<[u32; REMEMBERED]>,
}

impl State {
    fn new(cores: usize) -> Self {
        Self {
            cores: vec![(0, 0); cores],
            next_core: 0,
            encodings: Box::new([0; REMEMBERED]),
        }
    }

    fn slot(pc: u32) -> usize {
        (pc >> 1) as usize % REMEMBERED
    }

    /// Writes the bytes of `record`, and says how many.
    #[inline(always)]
    fn encode(&mut self, record: &Record, bytes: &mut [u8; LONGEST]) -> usize {
        let Record { core, cycle, pc, bits } = *record;
        let (before, expected) = self.cores[core];
        let waited = cycle.wrapping_sub(before);
        let other_core = core != self.next_core;
        let new_encoding = self.encodings[Self::slot(pc)] != bits;
        let mut end = 1 + usize::from(other_core);
        bytes[0] = ((waited.min(MANY) as u8) << 3) | (u8::from(other_core) * OTHER_CORE);
        bytes[1] = core as u8;
        if waited >= MANY || pc != expected || new_encoding {
            bytes[0] |= (u8::from(pc != expected) * ELSEWHERE) | (u8::from(new_encoding) * NEW_ENCODING);
            if waited >= MANY {
                put(bytes, &mut end, waited - MANY);
            }
            if pc != expected {
                let distance = i64::from(pc.wrapping_sub(expected) as i32) >> 1;
                put(bytes, &mut end, (distance << 1 ^ distance >> 63) as u64);
            }
            if new_encoding {
                let len = length(bits) as usize;
                bytes[end..end + len].copy_from_slice(&bits.to_le_bytes()[..len]);
                end += len;
                self.encodings[Self::slot(pc)] = bits;
            }
        }
        self.passed(record);
        end
    }

    /// Encodings apart, which are as `record` has them.
    #[inline(always)]
    fn passed(&mut self, record: &Record) {
        self.cores[record.core] = (record.cycle, record.pc.wrapping_add(length(record.bits)));
        self.next_core = if record.core + 1 == self.cores.len() {
            0
        } else {
            record.core + 1
        };
    }
}

/// Bytes of an instruction: the low two bits tell.
#[inline(always)]
fn length(bits: u32) -> u32 {
    if bits & 3 == 3 { 4 } else { 2 }
}

/// Writes a trace.
pub struct Writer<W> {
    file: W,
    state: State,
    count: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a trace of at most 255 cores.
    ///
    /// # Errors
    /// What the file says.
    pub fn new(mut file: W, cores: usize) -> io::Result<Self> {
        let count = u8::try_from(cores).map_err(|_| invalid("a retire trace has at most 255 cores"))?;
        file.write_all(&MAGIC)?;
        file.write_all(&[count])?;
        Ok(Self {
            file,
            state: State::new(cores),
            count: 0,
        })
    }

    /// Adds an instruction; those of one core come in the order of their cycles.
    ///
    /// # Errors
    /// What the file says.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        self.write_all(std::slice::from_ref(record))
    }

    /// Adds instructions, in the same way.
    ///
    /// # Errors
    /// What the file says.
    pub fn write_all(&mut self, records: &[Record]) -> io::Result<()> {
        let mut bytes = [0u8; AT_ONCE * LONGEST];
        for records in records.chunks(AT_ONCE) {
            let mut end = 0;
            for record in records {
                if let Some(space) = bytes[end..].first_chunk_mut() {
                    end += self.state.encode(record, space);
                }
            }
            self.count += records.len() as u64;
            self.file.write_all(&bytes[..end])?;
        }
        Ok(())
    }

    /// Ends the trace and gives the file back.
    ///
    /// # Errors
    /// What the file says.
    pub fn finish(mut self) -> io::Result<W> {
        self.end()?;
        Ok(self.file)
    }

    /// Ends the trace; nothing may be added after that.
    ///
    /// # Errors
    /// What the file says.
    pub fn end(&mut self) -> io::Result<()> {
        let mut bytes = [0u8; LONGEST];
        bytes[..2].copy_from_slice(&[OTHER_CORE, END]);
        let mut end = 2;
        put(&mut bytes, &mut end, self.count);
        self.file.write_all(&bytes[..end])?;
        self.file.flush()
    }
}

fn put(bytes: &mut [u8; LONGEST], end: &mut usize, mut number: u64) {
    while number >= 0x80 {
        bytes[*end] = number as u8 | 0x80;
        *end += 1;
        number >>= 7;
    }
    bytes[*end] = number as u8;
    *end += 1;
}

/// Reads a trace, record by record; an error is the last item.
pub struct Reader<R> {
    file: R,
    state: State,
    count: u64,
    ended: bool,
}

impl<R: BufRead> Reader<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// What the file says, or [`io::ErrorKind::InvalidData`] for a file that is no such trace.
    pub fn new(mut file: R) -> io::Result<Self> {
        let not_one = || invalid("not a compact retire trace of version 1");
        let mut head = [0; MAGIC.len() + 1];
        file.read_exact(&mut head).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => not_one(),
            _ => error,
        })?;
        if head[..MAGIC.len()] != MAGIC {
            return Err(not_one());
        }
        Ok(Self {
            file,
            state: State::new(head[MAGIC.len()].into()),
            count: 0,
            ended: false,
        })
    }

    /// How many cores the machine has.
    pub fn cores(&self) -> usize {
        self.state.cores.len()
    }

    fn byte(&mut self) -> io::Result<u8> {
        let byte = *self.file.fill_buf()?.first().ok_or_else(|| {
            let text = format!("the retire trace was cut short after {} records", self.count);
            io::Error::new(io::ErrorKind::UnexpectedEof, text)
        })?;
        self.file.consume(1);
        Ok(byte)
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(invalid("a number has more than 64 bits"))
    }

    /// The next record; `None` for the end.
    fn record(&mut self) -> io::Result<Option<Record>> {
        let first = self.byte()?;
        let core = if first & OTHER_CORE != 0 {
            match self.byte()? {
                END if self.number()? == self.count => return Ok(None),
                END => return Err(invalid("a retire trace lacks records: write it anew")),
                core => usize::from(core),
            }
        } else {
            self.state.next_core
        };
        let Some(&(before, expected)) = self.state.cores.get(core) else {
            return Err(invalid("a record names a core that the machine does not have"));
        };
        let mut waited = u64::from(first >> 3);
        if waited == MANY {
            waited = waited.wrapping_add(self.number()?);
        }
        let mut pc = expected;
        if first & ELSEWHERE != 0 {
            let zigzag = self.number()?;
            let distance = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
            pc = pc.wrapping_add((distance as u32) << 1);
        }
        let slot = State::slot(pc);
        let mut bits = self.state.encodings[slot];
        if first & NEW_ENCODING != 0 {
            let low = u32::from(self.byte()?);
            bits = low | u32::from(self.byte()?) << 8;
            if low & 3 == 3 {
                bits |= u32::from(self.byte()?) << 16 | u32::from(self.byte()?) << 24;
            }
            self.state.encodings[slot] = bits;
        }
        let record = Record {
            core,
            cycle: before.wrapping_add(waited),
            pc,
            bits,
        };
        self.state.passed(&record);
        self.count += 1;
        Ok(Some(record))
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = io::Result<Record>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let record = self.record().transpose();
        self.ended = !matches!(record, Some(Ok(_)));
        record
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(cores: usize, rows: &[Record]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), cores).unwrap();
        rows.iter().for_each(|row| writer.write(row).unwrap());
        writer.finish().unwrap()
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            steps in prop::collection::vec(
                (0usize..9, prop_oneof![0u64..40, any::<u32>().prop_map(u64::from)], any::<u32>(), 0u32..8, any::<u32>()),
                0..200,
            ),
        ) {
            let mut cycles = [0u64; 9];
            let rows: Vec<Record> = steps.into_iter().map(|(core, wait, pc, near, bits)| {
                cycles[core] += wait;
                let pc = if near < 5 { 0x1c00_0000 + 4 * near } else { pc & !1 };
                let bits = if bits & 3 == 3 { bits } else { bits & 0xffff };
                Record { core, cycle: cycles[core], pc, bits }
            }).collect();
            let bytes = written(9, &rows);
            let read: Vec<Record> = Reader::new(&bytes[..]).unwrap().collect::<Result<_, _>>().unwrap();
            prop_assert_eq!(read, rows);
        }
    }

    #[test]
    fn straight_code_takes_a_byte_an_instruction_and_core() {
        let row = |cycle: u64, core| Record {
            core,
            cycle,
            pc: 0x1c00_0000 + 4 * (cycle as u32 % 8),
            bits: 0x13,
        };
        let rows: Vec<Record> = (0..80).flat_map(|cycle| [row(cycle, 0), row(cycle, 1)]).collect();
        // Head; every instruction; each first encoding; each way back, or there, by two cores; and the end.
        let bytes = written(2, &rows);
        assert!(bytes.len() <= 9 + 160 + 8 * 4 + 2 * 10 + 8 + 4, "{}", bytes.len());
    }

    #[test]
    fn bytes_that_are_no_trace_are_refused() {
        assert!(Reader::new(&b"index,cycle,core,pc,insn\n"[..]).is_err());
        assert!(Reader::new(&b"ENN"[..]).is_err());
        let unknown = [&MAGIC[..], &[1, OTHER_CORE, 7]].concat();
        assert!(Reader::new(&unknown[..]).unwrap().next().unwrap().is_err());
    }
    #[test]
    fn a_trace_that_was_cut_anywhere_tells_what_is_left_of_it_and_then_that_it_was_cut() {
        let row = |cycle: u64| Record {
            core: 0,
            cycle: 99 * cycle,
            pc: 0x1c00_0000 + 4 * cycle as u32,
            bits: 0x13,
        };
        let rows: Vec<Record> = (1..40).map(row).collect();
        let bytes = written(1, &rows);
        for len in MAGIC.len() + 1..bytes.len() {
            let mut read: Vec<_> = Reader::new(&bytes[..len]).unwrap().collect();
            let error = read.pop().unwrap().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{len}");
            let whole: Vec<Record> = read.into_iter().map(Result::unwrap).collect();
            assert_eq!(whole, rows[..whole.len()], "{len}");
            let text = format!("the retire trace was cut short after {} records", whole.len());
            assert_eq!(error.to_string(), text);
        }
        let fewer = [&written(1, &rows[..3])[..9], &bytes[bytes.len() - 3..]].concat();
        let error = Reader::new(&fewer[..]).unwrap().next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "a retire trace lacks records: write it anew");
    }
}
