//! From text to a word: the inverse of [`disassemble`](crate::disassemble), for tests and small experiments.
//!
//! One instruction at a time, no labels, no pseudo-instructions; a branch target is an address with the instruction at
//! address 0.
//!
//! ```
//! use ennead_isa::{Set, assemble};
//!
//! assert_eq!(assemble("addi a0, a0, 8", &Set::RV32IMFC), Ok(0x0085_0513));
//! assert!(assemble("addi a0, a0, 4096", &Set::RV32IMFC).is_err());
//! ```

use crate::decode::{FLOAT_FILE, float_file};
use crate::names;
use crate::set::Set;
use crate::table::format::{Class, Field, Format, Immediate, Piece, Show};
use crate::table::{ROWS, Row};

/// Why a line is not an instruction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AsmError {
    /// No row has this name.
    #[error("there is no instruction `{0}`")]
    UnknownMnemonic(String),
    /// Rows have it, but none that this core decodes.
    #[error("`{mnemonic}` needs {needs}, which this instruction set does not have")]
    NotInSet {
        /// The name.
        mnemonic: String,
        /// The extensions of its first row.
        needs: String,
    },
    /// The name belongs to a reserved encoding.
    #[error("`{mnemonic}` is {why}")]
    Reserved {
        /// The name.
        mnemonic: String,
        /// The row's note.
        why: String,
    },
    /// The operands fit no form of the instruction.
    #[error("`{mnemonic}` is written `{mnemonic} {forms}`: {problem}")]
    Operands {
        /// The name.
        mnemonic: String,
        /// The forms, with `or` between them.
        forms: String,
        /// What is wrong with the operands for the last of the forms.
        problem: String,
    },
}

/// The word of one line of assembly text: 32 bits, or 16 for a compressed instruction.
pub fn assemble(text: &str, set: &Set) -> Result<u32, AsmError> {
    let text = text.trim();
    let (mnemonic, operands) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let operands: String = operands.split_whitespace().collect();
    let named: Vec<&Row> = ROWS.iter().filter(|row| row.mnemonic == mnemonic).collect();
    let usable: Vec<&Row> = named.iter().copied().filter(|row| row.is_in(set)).collect();
    let mnemonic = mnemonic.to_owned();
    let Some(first) = named.first() else {
        return Err(AsmError::UnknownMnemonic(mnemonic));
    };
    let Some(last) = usable.last() else {
        let needs = first
            .extensions
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" + ");
        return Err(AsmError::NotInSet { mnemonic, needs });
    };
    if last.op.is_none() {
        return Err(AsmError::Reserved {
            mnemonic,
            why: last.note.to_owned(),
        });
    }
    let mut problem = String::new();
    for row in &usable {
        match encode(row.format, &operands, float_file(set)) {
            Ok(bits) => return Ok(row.bits | bits),
            Err(reason) => problem = reason,
        }
    }
    let forms = usable
        .iter()
        .map(|row| row.format.syntax)
        .collect::<Vec<_>>()
        .join(" or ");
    Err(AsmError::Operands {
        mnemonic,
        forms,
        problem,
    })
}

/// The operand bits of `text`, which has no blanks.
fn encode(format: &'static Format, text: &str, float_file: u8) -> Result<u32, String> {
    let mut rest = text;
    let mut bits = 0;
    let mut skipping = false;
    for piece in format.pieces() {
        match piece {
            Piece::Open => skipping = rest.is_empty(),
            Piece::Close => skipping = false,
            Piece::Operand(Field::Rounding) if skipping => bits |= 7 << 12,
            _ if skipping => {}
            Piece::Text(" ") => {}
            Piece::Text(literal) => {
                rest = rest
                    .strip_prefix(literal)
                    .ok_or_else(|| format!("expected `{literal}` before `{rest}`"))?;
            }
            Piece::Operand(field) => {
                let end = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                    .unwrap_or(rest.len());
                let (token, after) = rest.split_at(end);
                bits |= operand(field, token, float_file)?;
                rest = after;
            }
        }
    }
    if rest.is_empty() {
        Ok(bits)
    } else {
        Err(format!("`{rest}` is left over"))
    }
}

fn operand(field: &Field, token: &str, float_file: u8) -> Result<u32, String> {
    match *field {
        Field::Register {
            at,
            class,
            short,
            nonzero,
            ..
        } => {
            let number = register(token).ok_or_else(|| format!("`{token}` is not a register"))?;
            let file = if class == Class::F { float_file } else { 0 };
            let number = match number.checked_sub(file) {
                Some(number) if number < 32 => u32::from(number),
                _ => return Err(format!("`{token}` is of the wrong register file")),
            };
            match number {
                8..=15 if short => Ok((number - 8) << at),
                _ if short => Err(format!(
                    "`{token}` is not one of the eight registers that this form can name"
                )),
                0 if nonzero => Err(format!("`{token}` is reserved here")),
                _ => Ok(number << at),
            }
        }
        Field::Immediate(ref immediate) => {
            let value = number(immediate, token).ok_or_else(|| format!("`{token}` is not a number"))?;
            immediate.encode(value).ok_or_else(|| format!("`{token}` does not fit"))
        }
        Field::Rounding => match names::ROUNDING
            .iter()
            .position(|name| *name == token && !name.is_empty())
        {
            Some(mode) => Ok((mode as u32) << 12),
            None => Err(format!("`{token}` is not a rounding mode")),
        },
        Field::Fixed(..) | Field::Repeat(_) => Ok(0),
    }
}

/// The unified number of a register: by ABI name, or `x` or `f` and a number.
fn register(token: &str) -> Option<u8> {
    let numbered = |prefix: char| -> Option<u8> {
        let number = token.strip_prefix(prefix)?.parse().ok()?;
        (number < 32).then_some(number)
    };
    let named = |names: &[&str]| names.iter().position(|name| *name == token).map(|number| number as u8);
    named(&names::INTEGER)
        .or_else(|| named(&names::FLOAT).map(|number| number + FLOAT_FILE))
        .or_else(|| numbered('x'))
        .or_else(|| numbered('f').map(|number| number + FLOAT_FILE))
        .or((token == "fp").then_some(8))
}

/// The value of an immediate that is written as `token`.
fn number(immediate: &Immediate, token: &str) -> Option<i32> {
    match immediate.show {
        Show::Decimal => integer(token).and_then(|value| i32::try_from(value).ok()),
        Show::Target => integer(token).map(|value| value as i32),
        Show::Upper => {
            let value = integer(token).filter(|value| (0..1 << 20).contains(value))?;
            Some((value << 12) as i32)
        }
        Show::Csr => match names::CSR.iter().find(|&&(_, name)| name == token) {
            Some(&(number, _)) => Some(i32::from(number)),
            None => integer(token).and_then(|value| i32::try_from(value).ok()),
        },
        Show::Order if token == "0" => Some(0),
        Show::Order => token
            .chars()
            .try_fold(0, |set, c| "iorw".find(c).map(|i| set | (8 >> i))),
        Show::LoopRegister => token.strip_prefix('x')?.parse().ok(),
    }
}

/// A decimal or hexadecimal number of up to 32 bits.
fn integer(token: &str) -> Option<i64> {
    let (negative, digits) = match token.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, token),
    };
    let magnitude = match digits.strip_prefix("0x") {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    };
    let magnitude = i64::from(magnitude.ok()?);
    Some(if negative { -magnitude } else { magnitude })
}
