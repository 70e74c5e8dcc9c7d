//! From a word to an [`Inst`].
//!
//! A [`Decoder`] is a lookup over the rows that one [`Set`] decodes. It holds no operand knowledge of its own: fields
//! are read as the row's format says.
//!
//! Invariant: of the rows that match a word, the one with the most fixed bits decides, also when its format then finds
//! the operands reserved.
//!
//! ```
//! use ennead_isa::{Decoder, Op, Set};
//!
//! let decoder = Decoder::new(&Set::RV32IMFC);
//! let inst = decoder.decode(0x0085_0513).unwrap(); // addi a0, a0, 8
//! assert_eq!((inst.op, inst.rd, inst.rs1, inst.imm), (Op::Add, 10, 10, 8));
//! assert!(decoder.decode(0).is_none());
//! ```

use crate::op::{Inst, Replicate};
use crate::set::{FloatRegisters, Set};
use crate::table::format::{Class, Field, Slot};
use crate::table::{ROWS, Row};

/// The register number of the first of the eight registers that a 3-bit field names.
const FIRST_SHORT: u8 = 8;
/// Added to the number of a register of a float file of its own.
pub(crate) const FLOAT_FILE: u8 = 32;
/// Bits 6 to 2, 14 to 12 and 31 to 25 of a 32-bit word tell nearly all rows apart.
const WIDE_KEY: u32 = 0xfe00_707c;
/// Bits 1 to 0, 15 to 10 and 6 to 5 of a 16-bit word.
const SHORT_KEY: u32 = 0xfc63;

/// Decodes the words of one instruction set.
#[derive(Clone, Debug)]
pub struct Decoder {
    wide: Index,
    short: Index,
    float_file: u8,
}

impl Decoder {
    /// A decoder for the cores that `set` describes.
    pub fn new(set: &Set) -> Decoder {
        let mut rows: Vec<u16> = (0..ROWS.len() as u16)
            .filter(|&i| ROWS[usize::from(i)].decodes_in(set))
            .collect();
        rows.sort_by_key(|&i| std::cmp::Reverse(ROWS[usize::from(i)].mask.count_ones()));
        let of_length = |len: u8| rows.iter().copied().filter(move |&i| ROWS[usize::from(i)].len == len);
        Decoder {
            wide: Index::new(WIDE_KEY, of_length(4)),
            short: Index::new(SHORT_KEY, of_length(2)),
            float_file: float_file(set),
        }
    }

    /// The instruction at the low end of `bits`, or nothing where the set has none. A compressed instruction is known
    /// by its low 16 bits; whatever is above them does not matter.
    pub fn decode(&self, bits: u32) -> Option<Inst> {
        let number = if bits & 3 == 3 {
            self.wide.find(bits)
        } else {
            self.short.find(bits & 0xffff)
        }?;
        read(number, &ROWS[usize::from(number)], bits, self.float_file)
    }
}

/// What is added to the number of a float register: floats have a file of their own, or they do not.
pub(crate) fn float_file(set: &Set) -> u8 {
    match set.float_registers {
        FloatRegisters::F => FLOAT_FILE,
        FloatRegisters::X => 0,
    }
}

/// The operands of `bits` as `row` says, or nothing when they are reserved.
fn read(number: u16, row: &Row, bits: u32, float_file: u8) -> Option<Inst> {
    let mut inst = Inst {
        op: row.op?,
        rd: 0,
        rs1: 0,
        rs2: 0,
        rs3: 0,
        replicate: Replicate::No,
        rm: 0,
        len: row.len,
        imm: 0,
        aux: 0,
        row: number,
    };
    for field in row.format.fields {
        match *field {
            Field::Register {
                slot,
                at,
                class,
                short,
                nonzero,
                ..
            } => {
                let low = (bits >> at) as u8;
                let number = if short { FIRST_SHORT + (low & 7) } else { low & 31 };
                if nonzero && number == 0 {
                    return None;
                }
                let file = if class == Class::F { float_file } else { 0 };
                set_slot(&mut inst, slot, i32::from(number + file));
            }
            Field::Immediate(ref immediate) => {
                let value = immediate.decode(bits);
                if immediate.nonzero && value == 0 {
                    return None;
                }
                set_slot(&mut inst, immediate.slot, value);
            }
            Field::Rounding => match (bits >> 12) as u8 & 7 {
                5 | 6 => return None,
                mode => inst.rm = mode,
            },
            Field::Fixed(slot, value) => set_slot(&mut inst, slot, i32::from(value)),
            Field::Repeat(replicate) => inst.replicate = replicate,
        }
    }
    Some(inst)
}

/// Fills `slot`; two immediates may share one.
fn set_slot(inst: &mut Inst, slot: Slot, value: i32) {
    match slot {
        Slot::Rd => inst.rd = value as u8,
        Slot::Rs1 => inst.rs1 = value as u8,
        Slot::Rs2 => inst.rs2 = value as u8,
        Slot::Rs3 => inst.rs3 = value as u8,
        Slot::Imm => inst.imm |= value,
        Slot::Aux => inst.aux |= value as i16,
        Slot::Rm => inst.rm = value as u8,
    }
}

/// Rows by the bits of a key; within a key the row with the most fixed bits first.
#[derive(Clone, Debug)]
struct Index {
    key: u32,
    /// Where the entries of each key begin, and at the end where the last ones end.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    mask: u32,
    bits: u32,
    row: u16,
}

impl Index {
    /// `rows` come in the order in which they are to be tried.
    fn new(key: u32, rows: impl Iterator<Item = u16> + Clone) -> Index {
        let mut starts = vec![0u32; (1 << key.count_ones()) + 1];
        for number in rows.clone() {
            for_each_key(key, &ROWS[usize::from(number)], |slot| starts[slot + 1] += 1);
        }
        for slot in 1..starts.len() {
            starts[slot] += starts[slot - 1];
        }
        let mut next = starts.clone();
        let mut entries = vec![Entry::default(); starts[starts.len() - 1] as usize];
        for number in rows {
            let row = &ROWS[usize::from(number)];
            for_each_key(key, row, |slot| {
                entries[next[slot] as usize] = Entry {
                    mask: row.mask,
                    bits: row.bits,
                    row: number,
                };
                next[slot] += 1;
            });
        }
        Index { key, starts, entries }
    }

    fn find(&self, bits: u32) -> Option<u16> {
        let slot = extract(bits, self.key);
        let entries = &self.entries[self.starts[slot] as usize..self.starts[slot + 1] as usize];
        entries
            .iter()
            .find(|entry| bits & entry.mask == entry.bits)
            .map(|entry| entry.row)
    }
}

/// Calls `visit` with every key that a word of `row` can have.
fn for_each_key(key: u32, row: &Row, mut visit: impl FnMut(usize)) {
    let fixed = extract(row.bits, key);
    let free = extract(!row.mask, key);
    let mut choice = 0usize;
    loop {
        visit(fixed | choice);
        choice = choice.wrapping_sub(free) & free;
        if choice == 0 {
            return;
        }
    }
}

/// The bits of `word` that `mask` selects, moved together.
fn extract(word: u32, mask: u32) -> usize {
    let (mut result, mut at, mut mask) = (0, 0, mask);
    while mask != 0 {
        let low = mask.trailing_zeros();
        let run = (mask >> low).trailing_ones();
        result |= ((word >> low) & ((1 << run) - 1)) << at;
        at += run;
        mask &= !(((1u32 << run) - 1) << low);
    }
    result as usize
}
