//! From an [`Inst`] to text, as the row's format writes it. Knows no pseudo-instructions.
//!
//! Invariant: [`assemble`](crate::assemble) gives back the word, except for bits that the row's pattern and format
//! leave without a meaning.
//!
//! ```
//! use ennead_isa::{Decoder, Set, disassemble};
//!
//! let inst = Decoder::new(&Set::RV32IMFC).decode(0x0085_0513).unwrap();
//! assert_eq!(disassemble(&inst, 0), "addi a0, a0, 8");
//! ```

use crate::decode::FLOAT_FILE;
use crate::names;
use crate::op::Inst;
use crate::table;
use crate::table::format::{Field, Immediate, Piece, Show, Slot};

/// The text of an instruction at address `pc`; branch targets are absolute.
pub fn disassemble(inst: &Inst, pc: u32) -> String {
    let row = table::row(inst.row);
    let mut text = row.mnemonic.to_owned();
    let mut separator = " ";
    let mut hidden = false;
    for piece in row.format.pieces() {
        match piece {
            Piece::Open => hidden = names::ROUNDING[usize::from(inst.rm & 7)] == "dyn",
            Piece::Close => hidden = false,
            _ if hidden => {}
            Piece::Text(literal) => {
                text += separator;
                text += literal;
                separator = "";
            }
            Piece::Operand(field) => {
                text += separator;
                text += &operand(inst, field, pc);
                separator = "";
            }
        }
    }
    text
}

fn operand(inst: &Inst, field: &Field, pc: u32) -> String {
    match *field {
        Field::Register { slot, .. } => register(slot_value(inst, slot) as u8).to_owned(),
        Field::Immediate(ref immediate) => number(immediate, slot_value(inst, immediate.slot), pc),
        Field::Rounding => names::ROUNDING[usize::from(inst.rm & 7)].to_owned(),
        Field::Fixed(..) | Field::Repeat(_) => String::new(),
    }
}

fn slot_value(inst: &Inst, slot: Slot) -> i32 {
    match slot {
        Slot::Rd => i32::from(inst.rd),
        Slot::Rs1 => i32::from(inst.rs1),
        Slot::Rs2 => i32::from(inst.rs2),
        Slot::Rs3 => i32::from(inst.rs3),
        Slot::Imm => inst.imm,
        Slot::Aux => i32::from(inst.aux),
        Slot::Rm => i32::from(inst.rm),
    }
}

/// The ABI name of a unified register number.
pub fn register(number: u8) -> &'static str {
    match number.checked_sub(FLOAT_FILE) {
        Some(float) => names::FLOAT[usize::from(float & 31)],
        None => names::INTEGER[usize::from(number)],
    }
}

fn number(immediate: &Immediate, slot: i32, pc: u32) -> String {
    let value = immediate.text_value(slot);
    match immediate.show {
        Show::Decimal => value.to_string(),
        Show::Target => format!("{:#x}", pc.wrapping_add(value as u32)),
        Show::Upper => format!("{:#x}", value as u32 >> 12),
        Show::Csr => match names::CSR.iter().find(|&&(number, _)| i32::from(number) == value) {
            Some((_, name)) => (*name).to_owned(),
            None => format!("{value:#x}"),
        },
        Show::Order => match value {
            0 => "0".to_owned(),
            _ => "iorw"
                .chars()
                .enumerate()
                .filter(|(i, _)| value & (8 >> i) != 0)
                .map(|(_, c)| c)
                .collect(),
        },
        Show::LoopRegister => format!("x{value}"),
    }
}
