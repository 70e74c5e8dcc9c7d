//! The instruction table: one row an encoding.
//!
//! A row gives the mnemonic, the word as a person holds it against the manual, the operand format, the operation and
//! the extensions that a core needs. Decoder, disassembler, assembler and the reference page all read these rows;
//! nothing about an encoding is written down anywhere else. Rows say nothing of time.
//!
//! Invariant: a pattern is as wide as its instruction (checked when this crate is compiled), and a row of a legal set
//! is hidden by no other row of that set.

pub mod format;
mod integer;
mod operation;
mod packed;
mod scalar;

mod base;
mod compressed;
mod float;
mod gap;
mod simd;
mod vector;
mod xcv;
mod xpulp;

use crate::op::Kind;
use crate::set::{Extension, Set};
use format::{Class, Field, Format, Show, Slot, Spread};

pub use operation::Op;

/// One encoding.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its name in assembly text.
    pub mnemonic: &'static str,
    /// The word from its highest bit: `0` and `1` as they are, `.` for operand bits and bits that do not matter.
    pub pattern: &'static str,
    /// The fixed bits of `pattern`.
    pub mask: u32,
    /// What they are.
    pub bits: u32,
    /// Bytes of the encoding: 2 or 4.
    pub len: u8,
    /// All of them are needed.
    pub extensions: &'static [Extension],
    /// Its operands.
    pub format: &'static Format,
    /// What it does; nothing for a reserved encoding that has a name but is illegal on every machine here.
    pub op: Option<Op>,
    /// A second name of words that another row decodes: only assembled.
    pub alias: bool,
    /// What else there is to say.
    pub note: &'static str,
}

impl Row {
    /// Whether a core with `set` decodes words through this row.
    pub fn decodes_in(&self, set: &Set) -> bool {
        !self.alias && self.op.is_some() && self.is_in(set)
    }

    /// Whether `set` has the extensions of this row.
    pub fn is_in(&self, set: &Set) -> bool {
        self.extensions.iter().all(|&extension| set.has(extension))
    }

    /// What the instruction does, in terms of its operands as they are written.
    pub fn meaning(&self) -> String {
        let Some(op) = self.op else {
            return "reserved".to_owned();
        };
        let is_branch = matches!(op.kind(), Kind::Branch { .. });
        let is_repeated = self.format.fields.iter().any(|field| match field {
            Field::Repeat(_) => true,
            Field::Immediate(immediate) => immediate.spread != Spread::No,
            _ => false,
        });
        let a = self.operands(&[Slot::Rs1]);
        let b = self.operands(&[Slot::Rs2, if is_branch { Slot::Aux } else { Slot::Imm }]);
        let b = if b == "rs2" && is_repeated {
            "rs2[0]".to_owned()
        } else {
            b
        };
        let b = if b == "frs2" && is_repeated {
            "frs2[0]".to_owned()
        } else {
            b
        };
        let whole = match (self.operands(&[Slot::Rd]).as_str(), op.text().strip_prefix("rd")) {
            ("0", Some(_)) => op
                .text()
                .split_once("; ")
                .map_or("nothing", |(_, rest)| rest)
                .to_owned(),
            (name, Some(rest)) => format!("{name}{rest}"),
            (_, None) => op.text().to_owned(),
        };
        let lane = if is_repeated { b.clone() } else { format!("{b}[i]") };
        whole
            .replace("{b}[i]", &lane)
            .replace("{a}", &a)
            .replace("{b}", &b)
            .replace("{c}", &self.operands(&[Slot::Rs3]))
            .replace("{x}", &self.operands(&[Slot::Aux]))
            .replace("{i}", &self.operands(&[Slot::Imm]))
            .replace(" 0 + ", " ")
            .replace(" + 0", "")
    }

    /// The operands that fill `slots`, as they are written; `0` if there is none.
    fn operands(&self, slots: &[Slot]) -> String {
        let names: Vec<String> = self
            .format
            .fields
            .iter()
            .filter_map(|field| match field {
                Field::Register {
                    name: "",
                    slot: Slot::Rs3,
                    class: Class::F,
                    ..
                } if slots.contains(&Slot::Rs3) => Some("frd".to_owned()),
                Field::Register { name: "", slot, .. } if slots.contains(slot) => Some("rd".to_owned()),
                Field::Register {
                    name,
                    slot,
                    class: Class::F,
                    ..
                } if slots.contains(slot) => Some(format!("f{name}")),
                Field::Register { name, slot, .. } if slots.contains(slot) => Some((*name).to_owned()),
                Field::Immediate(immediate) if slots.contains(&immediate.slot) => Some(match immediate.show {
                    Show::Upper => "(imm << 12)".to_owned(),
                    _ => immediate.name.to_owned(),
                }),
                Field::Fixed(Slot::Aux, value) if slots.contains(&Slot::Aux) => Some(value.to_string()),
                Field::Fixed(slot, 1) if slots.contains(slot) => Some("ra".to_owned()),
                Field::Fixed(slot, 2) if slots.contains(slot) => Some("sp".to_owned()),
                _ => None,
            })
            .collect();
        match names.as_slice() {
            [] => "0".to_owned(),
            [name] => name.clone(),
            _ => format!("({})", names.join(", ")),
        }
    }

    const fn alias(self) -> Row {
        Row { alias: true, ..self }
    }

    const fn note(self, note: &'static str) -> Row {
        Row { note, ..self }
    }
}

/// The row of a decoded instruction.
pub fn row(number: u16) -> &'static Row {
    &ROWS[usize::from(number)]
}

/// Makes a row; a malformed pattern does not compile.
const fn encode(
    extensions: &'static [Extension],
    mnemonic: &'static str,
    pattern: &'static str,
    format: &'static Format,
    op: Option<Op>,
) -> Row {
    let bytes = pattern.as_bytes();
    let (mut mask, mut bits, mut width, mut i) = (0u32, 0u32, 0, 0);
    while i < bytes.len() {
        let (fixed, value) = match bytes[i] {
            b'0' => (1, 0),
            b'1' => (1, 1),
            b'.' => (0, 0),
            b' ' => {
                i += 1;
                continue;
            }
            _ => panic!("a pattern is made of 0, 1, . and blanks"),
        };
        mask = (mask << 1) | fixed;
        bits = (bits << 1) | value;
        width += 1;
        i += 1;
    }
    let wide = bits & 3 == 3 && mask & 3 == 3;
    assert!(
        width == if wide { 32 } else { 16 },
        "a pattern is as wide as its instruction"
    );
    Row {
        mnemonic,
        pattern,
        mask,
        bits,
        len: width / 8,
        extensions,
        format,
        op,
        alias: false,
        note: "",
    }
}

/// The extensions of a group of rows.
macro_rules! needs {
    ([$($extension:ident)+]) => { [$($crate::set::Extension::$extension),+] };
}

/// Rows of one extension (or several): mnemonic, pattern, format, operation, and where needed `alias` or a note.
macro_rules! rows {
    ($needs:tt
     $($mnemonic:literal $pattern:literal $format:ident $op:ident $(: $alias:ident)? $(; $note:literal)?)*) => {
        &[$(
            $crate::table::encode(
                &$crate::table::needs!($needs),
                $mnemonic,
                $pattern,
                &$crate::table::format::$format,
                Some($crate::table::Op::$op),
            )$(.$alias())?$(.note($note))?
        ),*]
    };
}

/// Rows that have a name but mean nothing on any machine here: mnemonic, pattern, format, why.
macro_rules! reserved {
    ($needs:tt $($mnemonic:literal $pattern:literal $format:ident $why:literal)*) => {
        &[$(
            $crate::table::encode(
                &$crate::table::needs!($needs),
                $mnemonic,
                $pattern,
                &$crate::table::format::$format,
                None,
            ).note($why)
        ),*]
    };
}

use {needs, reserved, rows};

const PARTS: &[&[Row]] = &[
    base::RV32I,
    base::RESERVED,
    base::M,
    base::ZICSR,
    base::ZIFENCEI,
    compressed::C,
    compressed::FLOAT,
    float::F_MEMORY,
    float::F_MOVES,
    float::FORMATS,
    float::ZFH,
    float::ZHINX,
    float::XF16_MEMORY,
    float::XF16,
    float::XF16_MOVES,
    float::XF16ALT,
    float::XF16_XF16ALT,
    float::XF16ALT_MOVES,
    float::XF8_MEMORY,
    float::XF8,
    float::XF16_XF8,
    float::XF16ALT_XF8,
    float::XF8_MOVES,
    float::XF16_EXPANDING,
    float::XF16ALT_EXPANDING,
    float::XF8_EXPANDING,
    vector::BINARY,
    vector::AUXILIARY,
    vector::UNARY,
    vector::H,
    vector::AH,
    vector::B,
    vector::H_AH,
    vector::H_B,
    vector::AH_B,
    vector::H_EXPANDING,
    vector::AH_EXPANDING,
    vector::B_EXPANDING,
    vector::RESERVED,
    xpulp::MEMORY,
    xpulp::SCALAR,
    xpulp::MULTIPLY,
    xpulp::LOOPS,
    xpulp::CONTROL,
    xpulp::LANES,
    xpulp::SIMD,
    xpulp::ALIASES,
    gap::GAP8,
    gap::GAP8_RESERVED,
    gap::GAP9,
    xcv::MEMORY,
    xcv::SCALAR,
    xcv::MULTIPLY,
    xcv::LOOPS,
    xcv::CONTROL,
    xcv::LANES,
    xcv::SIMD,
    xcv::ALIASES,
];

const COUNT: usize = {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
};

/// Every row of every extension; which of them a core has is for [`Row::decodes_in`].
pub static ROWS: [Row; COUNT] = {
    let mut rows = [PARTS[0][0]; COUNT];
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut i = 0;
        while i < PARTS[part].len() {
            rows[count] = PARTS[part][i];
            count += 1;
            i += 1;
        }
        part += 1;
    }
    rows
};
