//! Operand formats: which bits of a word are which operand, and how the operands are written.
//!
//! A [`Format`] is data that decoder, disassembler and assembler all read, so they cannot drift apart. It says nothing
//! of what an instruction does.
//!
//! Invariant: every identifier of `syntax` that is not a field's name is literal text, and a field without a name never
//! appears in text.

use crate::op::Replicate;

/// The operand of an [`Inst`](crate::Inst) that a field fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Destination, or loop number.
    Rd,
    /// First source, `a`.
    Rs1,
    /// Second source, a part of `b`.
    Rs2,
    /// Third source, `c`.
    Rs3,
    /// The immediate, a part of `b`.
    Imm,
    /// The second immediate.
    Aux,
    /// The rounding mode.
    Rm,
}

/// The register file that a field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Integer.
    X,
    /// Float: on cores with floats in integer registers, integer too.
    F,
}

/// A run of bits: `width` bits of the word from `from` are the immediate's bits from `to`.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// Lowest bit in the word.
    pub from: u8,
    /// Number of bits.
    pub width: u8,
    /// Lowest bit in the immediate.
    pub to: u8,
}

/// How an immediate is repeated in the lanes of a packed operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// It is not.
    No,
    /// In both halves.
    Half,
    /// In all four bytes.
    Byte,
}

/// How an immediate is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// As a decimal number.
    Decimal,
    /// As the address that it leads to from the instruction's own.
    Target,
    /// As its upper 20 bits, in hexadecimal (`lui`).
    Upper,
    /// As the number or name of a CSR.
    Csr,
    /// As a set of the letters `iorw` (`fence`).
    Order,
    /// As the register-like name `x0` or `x1` of a hardware loop (legacy assemblers write loop numbers so).
    LoopRegister,
}

/// An immediate.
#[derive(Clone, Copy, Debug)]
pub struct Immediate {
    /// Name in `syntax`.
    pub name: &'static str,
    /// Where it goes.
    pub slot: Slot,
    /// Its bits.
    pub runs: &'static [Run],
    /// Whether its top bit is a sign.
    pub signed: bool,
    /// Its repetition in lanes.
    pub spread: Spread,
    /// The lowest bit of the slot that it fills (two short immediates share the slot of a bit-field instruction).
    pub low: u8,
    /// How it is written.
    pub show: Show,
    /// Whether zero makes the word a reserved encoding.
    pub nonzero: bool,
}

/// One operand.
#[derive(Clone, Copy, Debug)]
pub enum Field {
    /// A register by its 5-bit number, or (`short`) one of the eight from register 8 by a 3-bit number.
    Register {
        /// Name in `syntax`; empty for a second use of bits that another field names.
        name: &'static str,
        /// Where it goes.
        slot: Slot,
        /// Lowest bit in the word.
        at: u8,
        /// Register file.
        class: Class,
        /// Whether the number has three bits.
        short: bool,
        /// Whether register 0 makes the word a reserved encoding.
        nonzero: bool,
    },
    /// An immediate.
    Immediate(Immediate),
    /// The rounding-mode field; modes 5 and 6 are reserved.
    Rounding,
    /// A value that the encoding implies.
    Fixed(Slot, i16),
    /// Repetition of `rs2`'s lane 0.
    Repeat(Replicate),
}

/// An operand format.
#[derive(Debug)]
pub struct Format {
    /// The operands as text; `[...]` is left out when the rounding mode in it is dynamic.
    pub syntax: &'static str,
    /// The operands as bits.
    pub fields: &'static [Field],
}

/// A part of a format's syntax.
#[derive(Clone, Copy, Debug)]
pub enum Piece {
    /// An operand.
    Operand(&'static Field),
    /// Text as it is.
    Text(&'static str),
    /// The begin of what a dynamic rounding mode leaves out.
    Open,
    /// Its end.
    Close,
}

impl Format {
    /// The syntax in parts, from left to right.
    pub fn pieces(&'static self) -> impl Iterator<Item = Piece> {
        let mut rest = self.syntax;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let len = match first {
                c if c.is_ascii_alphanumeric() => rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len()),
                _ => 1,
            };
            let (token, after) = rest.split_at(len);
            rest = after;
            Some(
                match (token, self.fields.iter().find(|field| field.name() == Some(token))) {
                    (_, Some(field)) => Piece::Operand(field),
                    ("[", None) => Piece::Open,
                    ("]", None) => Piece::Close,
                    (text, None) => Piece::Text(text),
                },
            )
        })
    }
}

impl Field {
    /// The name in `syntax`.
    pub fn name(&self) -> Option<&'static str> {
        match *self {
            Field::Register { name, .. } => Some(name),
            Field::Immediate(ref immediate) => Some(immediate.name),
            Field::Rounding => Some("rm"),
            Field::Fixed(..) | Field::Repeat(_) => None,
        }
    }
}

impl Immediate {
    /// The bits of the slot that this immediate can fill, as read from `word`.
    pub fn decode(&self, word: u32) -> i32 {
        let mut value = 0u32;
        let mut top = 0;
        for run in self.runs {
            value |= ((word >> run.from) & ((1 << run.width) - 1)) << run.to;
            top = top.max(run.to + run.width);
        }
        if self.signed {
            value = (((value << (32 - top)) as i32) >> (32 - top)) as u32;
        }
        let value = match self.spread {
            Spread::No => value,
            Spread::Half => (value & 0xffff) * 0x0001_0001,
            Spread::Byte => (value & 0xff) * 0x0101_0101,
        };
        (value << self.low) as i32
    }

    /// The number that is written for the value of the slot.
    pub fn text_value(&self, slot: i32) -> i32 {
        match (self.spread, self.signed) {
            (Spread::Half, true) => i32::from(slot as i16),
            (Spread::Half, false) => i32::from(slot as u16),
            (Spread::Byte, true) => i32::from(slot as i8),
            (Spread::Byte, false) => i32::from(slot as u8),
            (Spread::No, true) => slot,
            (Spread::No, false) => ((slot as u32 >> self.low) & self.span()) as i32,
        }
    }

    /// The bits of a word that write `value`, or nothing when it does not fit.
    pub fn encode(&self, value: i32) -> Option<u32> {
        let mut word = 0;
        for run in self.runs {
            word |= ((value as u32 >> run.to) & ((1 << run.width) - 1)) << run.from;
        }
        (self.text_value(self.decode(word)) == value && !(self.nonzero && value == 0)).then_some(word)
    }

    fn span(&self) -> u32 {
        self.runs
            .iter()
            .fold(0, |span, run| span | (((1 << run.width) - 1) << run.to))
    }
}

const fn register(name: &'static str, slot: Slot, at: u8, class: Class) -> Field {
    Field::Register {
        name,
        slot,
        at,
        class,
        short: false,
        nonzero: false,
    }
}

const fn short(name: &'static str, slot: Slot, at: u8, class: Class) -> Field {
    Field::Register {
        name,
        slot,
        at,
        class,
        short: true,
        nonzero: false,
    }
}

const fn nonzero_register(name: &'static str, slot: Slot, at: u8) -> Field {
    Field::Register {
        name,
        slot,
        at,
        class: Class::X,
        short: false,
        nonzero: true,
    }
}

const fn run(from: u8, width: u8, to: u8) -> Run {
    Run { from, width, to }
}

const fn immediate(name: &'static str, slot: Slot, signed: bool, show: Show, runs: &'static [Run]) -> Immediate {
    Immediate {
        name,
        slot,
        runs,
        signed,
        spread: Spread::No,
        low: 0,
        show,
        nonzero: false,
    }
}

const fn signed(runs: &'static [Run]) -> Field {
    Field::Immediate(immediate("imm", Slot::Imm, true, Show::Decimal, runs))
}

const fn unsigned(runs: &'static [Run]) -> Field {
    Field::Immediate(immediate("imm", Slot::Imm, false, Show::Decimal, runs))
}

const fn target(runs: &'static [Run]) -> Field {
    Field::Immediate(immediate("target", Slot::Imm, true, Show::Target, runs))
}

const fn forward(runs: &'static [Run]) -> Field {
    Field::Immediate(immediate("target", Slot::Imm, false, Show::Target, runs))
}

const fn upper(runs: &'static [Run]) -> Field {
    Field::Immediate(immediate("imm", Slot::Imm, true, Show::Upper, runs))
}

const fn nonzero(field: Field) -> Field {
    match field {
        Field::Immediate(immediate) => Field::Immediate(Immediate {
            nonzero: true,
            ..immediate
        }),
        other => other,
    }
}

const fn lanes(signed: bool, spread: Spread) -> Field {
    Field::Immediate(Immediate {
        spread,
        ..immediate("imm", Slot::Imm, signed, Show::Decimal, IMM6)
    })
}

const IMM6: &[Run] = &[run(20, 5, 1), run(25, 1, 0)];

const RD: Field = register("rd", Slot::Rd, 7, Class::X);
const RS1: Field = register("rs1", Slot::Rs1, 15, Class::X);
const RS2: Field = register("rs2", Slot::Rs2, 20, Class::X);
/// `rd` read as the accumulator.
const ACC: Field = register("", Slot::Rs3, 7, Class::X);
/// The data of a store.
const DATA: Field = register("rs2", Slot::Rs3, 20, Class::X);
/// The index register of a store, in the place of `rd`.
const INDEX: Field = register("rs3", Slot::Rs2, 7, Class::X);
const FD: Field = register("rd", Slot::Rd, 7, Class::F);
const F1: Field = register("rs1", Slot::Rs1, 15, Class::F);
const F2: Field = register("rs2", Slot::Rs2, 20, Class::F);
const F3: Field = register("rs3", Slot::Rs3, 27, Class::F);
const FACC: Field = register("", Slot::Rs3, 7, Class::F);
const FDATA: Field = register("rs2", Slot::Rs3, 20, Class::F);
const DYNAMIC: Field = Field::Fixed(Slot::Rm, 7);
const REP_H: Field = Field::Repeat(Replicate::Half);
const REP_B: Field = Field::Repeat(Replicate::Byte);

const S12: Field = signed(&[run(20, 12, 0)]);
const STORE12: Field = signed(&[run(25, 7, 5), run(7, 5, 0)]);
const B13: Field = target(&[run(31, 1, 12), run(7, 1, 11), run(25, 6, 5), run(8, 4, 1)]);
const J21: Field = target(&[run(31, 1, 20), run(12, 8, 12), run(20, 1, 11), run(21, 10, 1)]);
const SHIFT5: Field = unsigned(&[run(20, 5, 0)]);
const ROUND5: Field = Field::Immediate(immediate("shift", Slot::Aux, false, Show::Decimal, &[run(25, 5, 0)]));
const COMPARE5: Field = Field::Immediate(immediate("imm", Slot::Aux, true, Show::Decimal, &[run(20, 5, 0)]));
const WIDTH5: Field = Field::Immediate(Immediate {
    low: 5,
    ..immediate("len", Slot::Imm, false, Show::Decimal, &[run(25, 5, 0)])
});
const POSITION5: Field = Field::Immediate(immediate("pos", Slot::Imm, false, Show::Decimal, &[run(20, 5, 0)]));
const RADIX2: Field = Field::Immediate(Immediate {
    low: 5,
    ..immediate("radix", Slot::Imm, false, Show::Decimal, &[run(25, 2, 0)])
});
const DROPPED5: Field = Field::Immediate(immediate("shift", Slot::Imm, false, Show::Decimal, &[run(20, 5, 0)]));
const CSR12: Field = Field::Immediate(immediate("csr", Slot::Imm, false, Show::Csr, &[run(20, 12, 0)]));
const ZIMM5: Field = Field::Immediate(immediate("zimm", Slot::Aux, false, Show::Decimal, &[run(15, 5, 0)]));
const LOOP: Field = Field::Immediate(immediate("loop", Slot::Rd, false, Show::Decimal, &[run(7, 1, 0)]));
const LOOP_X: Field = Field::Immediate(immediate("loop", Slot::Rd, false, Show::LoopRegister, &[run(7, 1, 0)]));
const COUNT12: Field = Field::Immediate(immediate("count", Slot::Aux, false, Show::Decimal, &[run(20, 12, 0)]));

macro_rules! formats {
    ($($name:ident $syntax:literal [$($field:expr),*];)*) => {
        $(pub(super) static $name: Format = Format { syntax: $syntax, fields: &[$($field),*] };)*
    };
}

formats! {
    NONE        ""                       [];
    FENCE       "pred, succ"             [
        Field::Immediate(Immediate { low: 4, ..immediate("pred", Slot::Imm, false, Show::Order, &[run(24, 4, 0)]) }),
        Field::Immediate(immediate("succ", Slot::Imm, false, Show::Order, &[run(20, 4, 0)]))];
    R           "rd, rs1, rs2"           [RD, RS1, RS2];
    R1          "rd, rs1"                [RD, RS1];
    I           "rd, rs1, imm"           [RD, RS1, S12];
    SHIFT       "rd, rs1, imm"           [RD, RS1, SHIFT5];
    U           "rd, imm"                [RD, upper(&[run(12, 20, 12)])];
    J           "rd, target"             [RD, J21];
    B           "rs1, rs2, target"       [RS1, RS2, B13];
    BIMM        "rs1, imm, target"       [RS1, COMPARE5, B13];
    LOAD        "rd, imm(rs1)"           [RD, RS1, S12];
    LOAD_X      "rd, rs2(rs1)"           [RD, RS1, RS2];
    LOAD_P      "rd, imm(rs1!)"          [RD, RS1, S12];
    LOAD_XP     "rd, rs2(rs1!)"          [RD, RS1, RS2];
    CV_LOAD_P   "rd, (rs1), imm"         [RD, RS1, S12];
    CV_LOAD_XP  "rd, (rs1), rs2"         [RD, RS1, RS2];
    STORE       "rs2, imm(rs1)"          [DATA, RS1, STORE12];
    STORE_X     "rs2, rs3(rs1)"          [DATA, RS1, INDEX];
    STORE_P     "rs2, imm(rs1!)"         [DATA, RS1, STORE12];
    STORE_XP    "rs2, rs3(rs1!)"         [DATA, RS1, INDEX];
    CV_STORE_P  "rs2, (rs1), imm"        [DATA, RS1, STORE12];
    CV_STORE_XP "rs2, (rs1), rs3"        [DATA, RS1, INDEX];
    CSR         "rd, csr, rs1"           [RD, CSR12, RS1];
    CSRI        "rd, csr, zimm"          [RD, CSR12, ZIMM5];

    ACCUMULATE  "rd, rs1, rs2"           [RD, RS1, RS2, ACC];
    ROUND       "rd, rs1, rs2, shift"    [RD, RS1, RS2, ROUND5];
    ACC_ROUND   "rd, rs1, rs2, shift"    [RD, RS1, RS2, ACC, ROUND5];
    BITS        "rd, rs1, len, pos"      [RD, RS1, WIDTH5, POSITION5];
    ACC_BITS    "rd, rs1, len, pos"      [RD, RS1, WIDTH5, POSITION5, ACC];
    BITREV      "rd, rs1, radix, shift" [RD, RS1, RADIX2, DROPPED5];
    P_BITREV    "rd, rs1, shift, radix" [RD, RS1, RADIX2, DROPPED5];

    LP_TARGET   "loop, target"           [LOOP_X, forward(&[run(20, 12, 1)])];
    LP_COUNT    "loop, rs1"              [LOOP_X, RS1];
    LP_COUNTI   "loop, count"            [LOOP_X, COUNT12];
    LP_SETUP    "loop, rs1, target"      [LOOP_X, RS1, forward(&[run(20, 12, 1)])];
    LP_SETUPI   "loop, count, target"    [LOOP_X, COUNT12, forward(&[run(15, 5, 1)])];
    CV_TARGET   "loop, target"           [LOOP, forward(&[run(20, 12, 2)])];
    CV_REGISTER "loop, rs1"              [LOOP, RS1];
    CV_COUNTI   "loop, count"            [LOOP, COUNT12];
    CV_SETUP    "loop, rs1, target"      [LOOP, RS1, forward(&[run(20, 12, 2)])];
    CV_SETUPI   "loop, count, target"    [LOOP, COUNT12, forward(&[run(15, 5, 2)])];

    SC_H        "rd, rs1, rs2"           [RD, RS1, RS2, REP_H];
    SC_B        "rd, rs1, rs2"           [RD, RS1, RS2, REP_B];
    SCI_H       "rd, rs1, imm"           [RD, RS1, lanes(true, Spread::Half)];
    SCI_B       "rd, rs1, imm"           [RD, RS1, lanes(true, Spread::Byte)];
    SCIU_H      "rd, rs1, imm"           [RD, RS1, lanes(false, Spread::Half)];
    SCIU_B      "rd, rs1, imm"           [RD, RS1, lanes(false, Spread::Byte)];
    ACC_SC_H    "rd, rs1, rs2"           [RD, RS1, RS2, ACC, REP_H];
    ACC_SC_B    "rd, rs1, rs2"           [RD, RS1, RS2, ACC, REP_B];
    ACC_SCI_H   "rd, rs1, imm"           [RD, RS1, ACC, lanes(true, Spread::Half)];
    ACC_SCI_B   "rd, rs1, imm"           [RD, RS1, ACC, lanes(true, Spread::Byte)];
    ACC_SCIU_H  "rd, rs1, imm"           [RD, RS1, ACC, lanes(false, Spread::Half)];
    ACC_SCIU_B  "rd, rs1, imm"           [RD, RS1, ACC, lanes(false, Spread::Byte)];
    LANE        "rd, rs1, imm"           [RD, RS1, unsigned(IMM6)];
    ACC_LANE    "rd, rs1, imm"           [RD, RS1, ACC, unsigned(IMM6)];
    SHUFFLE_I0  "rd, rs1, imm"           [RD, RS1, unsigned(IMM6)];
    SHUFFLE_I1  "rd, rs1, imm"           [RD, RS1, unsigned(IMM6), Field::Fixed(Slot::Aux, 1)];
    SHUFFLE_I2  "rd, rs1, imm"           [RD, RS1, unsigned(IMM6), Field::Fixed(Slot::Aux, 2)];
    SHUFFLE_I3  "rd, rs1, imm"           [RD, RS1, unsigned(IMM6), Field::Fixed(Slot::Aux, 3)];
    DIV2        "rd, rs1, rs2"           [RD, RS1, RS2, Field::Fixed(Slot::Aux, 1)];
    DIV4        "rd, rs1, rs2"           [RD, RS1, RS2, Field::Fixed(Slot::Aux, 2)];
    DIV8        "rd, rs1, rs2"           [RD, RS1, RS2, Field::Fixed(Slot::Aux, 3)];
    ACC_DIV2    "rd, rs1, rs2"           [RD, RS1, RS2, ACC, Field::Fixed(Slot::Aux, 1)];
    ACC_DIV4    "rd, rs1, rs2"           [RD, RS1, RS2, ACC, Field::Fixed(Slot::Aux, 2)];
    ACC_DIV8    "rd, rs1, rs2"           [RD, RS1, RS2, ACC, Field::Fixed(Slot::Aux, 3)];

    C_ADDI4SPN  "rd, sp, imm"  [short("rd", Slot::Rd, 2, Class::X), Field::Fixed(Slot::Rs1, 2),
                                nonzero(unsigned(&[run(11, 2, 4), run(7, 4, 6), run(6, 1, 2), run(5, 1, 3)]))];
    C_LW        "rd, imm(rs1)" [short("rd", Slot::Rd, 2, Class::X), short("rs1", Slot::Rs1, 7, Class::X), C_OFFSET];
    C_FLW       "rd, imm(rs1)" [short("rd", Slot::Rd, 2, Class::F), short("rs1", Slot::Rs1, 7, Class::X), C_OFFSET];
    C_SW        "rs2, imm(rs1)" [short("rs2", Slot::Rs3, 2, Class::X), short("rs1", Slot::Rs1, 7, Class::X), C_OFFSET];
    C_FSW       "rs2, imm(rs1)" [short("rs2", Slot::Rs3, 2, Class::F), short("rs1", Slot::Rs1, 7, Class::X), C_OFFSET];
    C_ADDI      "rd, imm"      [RD, register("", Slot::Rs1, 7, Class::X), C_IMM6];
    C_LI        "rd, imm"      [RD, C_IMM6];
    C_LUI       "rd, imm"      [RD, nonzero(upper(&[run(12, 1, 17), run(2, 5, 12)]))];
    C_ADDI16SP  "sp, imm"      [Field::Fixed(Slot::Rd, 2), Field::Fixed(Slot::Rs1, 2),
                                nonzero(C_IMM10)];
    C_SLLI      "rd, imm"      [RD, register("", Slot::Rs1, 7, Class::X), unsigned(&[run(2, 5, 0)])];
    C_SHIFT     "rd, imm"      [short("rd", Slot::Rd, 7, Class::X), short("", Slot::Rs1, 7, Class::X),
                                unsigned(&[run(2, 5, 0)])];
    C_ANDI      "rd, imm"      [short("rd", Slot::Rd, 7, Class::X), short("", Slot::Rs1, 7, Class::X), C_IMM6];
    C_ALU       "rd, rs2"      [short("rd", Slot::Rd, 7, Class::X), short("", Slot::Rs1, 7, Class::X),
                                short("rs2", Slot::Rs2, 2, Class::X)];
    C_JAL       "target"       [Field::Fixed(Slot::Rd, 1), C_JUMP];
    C_J         "target"       [C_JUMP];
    C_BRANCH    "rs1, target"  [short("rs1", Slot::Rs1, 7, Class::X),
                                target(&[run(12, 1, 8), run(10, 2, 3), run(5, 2, 6), run(3, 2, 1), run(2, 1, 5)])];
    C_LWSP      "rd, imm(sp)"  [nonzero_register("rd", Slot::Rd, 7), Field::Fixed(Slot::Rs1, 2), C_LOAD_SP];
    C_FLWSP     "rd, imm(sp)"  [FD, Field::Fixed(Slot::Rs1, 2), C_LOAD_SP];
    C_SWSP      "rs2, imm(sp)" [register("rs2", Slot::Rs3, 2, Class::X), Field::Fixed(Slot::Rs1, 2), C_STORE_SP];
    C_FSWSP     "rs2, imm(sp)" [register("rs2", Slot::Rs3, 2, Class::F), Field::Fixed(Slot::Rs1, 2), C_STORE_SP];
    C_JR        "rs1"          [nonzero_register("rs1", Slot::Rs1, 7)];
    C_JALR      "rs1"          [Field::Fixed(Slot::Rd, 1), nonzero_register("rs1", Slot::Rs1, 7)];
    C_MV        "rd, rs2"      [RD, nonzero_register("rs2", Slot::Rs2, 2)];
    C_ADD       "rd, rs2"      [RD, register("", Slot::Rs1, 7, Class::X), nonzero_register("rs2", Slot::Rs2, 2)];

    FLOAD       "rd, imm(rs1)"           [FD, RS1, S12];
    FSTORE      "rs2, imm(rs1)"          [FDATA, RS1, STORE12];
    FFFF_RM     "rd, rs1, rs2, rs3[, rm]" [FD, F1, F2, F3, Field::Rounding];
    FFF_RM      "rd, rs1, rs2[, rm]"     [FD, F1, F2, Field::Rounding];
    FFFA_RM     "rd, rs1, rs2[, rm]"     [FD, F1, F2, FACC, Field::Rounding];
    FF_RM_SHOWN "rd, rs1, rm"            [FD, F1, Field::Rounding];
    FF_RM       "rd, rs1[, rm]"          [FD, F1, Field::Rounding];
    XF_RM       "rd, rs1[, rm]"          [RD, F1, Field::Rounding];
    FX_RM       "rd, rs1[, rm]"          [FD, RS1, Field::Rounding];
    FFFF_DYN    "rd, rs1, rs2, rs3"      [FD, F1, F2, F3, DYNAMIC];
    FFF_DYN     "rd, rs1, rs2"           [FD, F1, F2, DYNAMIC];
    FFFA_DYN    "rd, rs1, rs2"           [FD, F1, F2, FACC, DYNAMIC];
    FF_DYN      "rd, rs1"                [FD, F1, DYNAMIC];
    XF_DYN      "rd, rs1"                [RD, F1, DYNAMIC];
    FX_DYN      "rd, rs1"                [FD, RS1, DYNAMIC];
    FFF         "rd, rs1, rs2"           [FD, F1, F2];
    XFF         "rd, rs1, rs2"           [RD, F1, F2];
    FF          "rd, rs1"                [FD, F1];
    XF          "rd, rs1"                [RD, F1];
    FX          "rd, rs1"                [FD, RS1];
    FFF_DYN_H   "rd, rs1, rs2"           [FD, F1, F2, DYNAMIC, REP_H];
    FFF_DYN_B   "rd, rs1, rs2"           [FD, F1, F2, DYNAMIC, REP_B];
    FFFA_DYN_H  "rd, rs1, rs2"           [FD, F1, F2, FACC, DYNAMIC, REP_H];
    FFFA_DYN_B  "rd, rs1, rs2"           [FD, F1, F2, FACC, DYNAMIC, REP_B];
    FFF_H       "rd, rs1, rs2"           [FD, F1, F2, REP_H];
    FFF_B       "rd, rs1, rs2"           [FD, F1, F2, REP_B];
    XFF_H       "rd, rs1, rs2"           [RD, F1, F2, REP_H];
    XFF_B       "rd, rs1, rs2"           [RD, F1, F2, REP_B];
}

const C_IMM10: Field = signed(&[run(12, 1, 9), run(6, 1, 4), run(5, 1, 6), run(3, 2, 7), run(2, 1, 5)]);
const C_IMM6: Field = signed(&[run(12, 1, 5), run(2, 5, 0)]);
const C_OFFSET: Field = unsigned(&[run(10, 3, 3), run(6, 1, 2), run(5, 1, 6)]);
const C_LOAD_SP: Field = unsigned(&[run(12, 1, 5), run(4, 3, 2), run(2, 2, 6)]);
const C_STORE_SP: Field = unsigned(&[run(9, 4, 2), run(7, 2, 6)]);
const C_JUMP: Field = target(&[
    run(12, 1, 11),
    run(11, 1, 4),
    run(9, 2, 8),
    run(8, 1, 10),
    run(7, 1, 6),
    run(6, 1, 7),
    run(3, 3, 1),
    run(2, 1, 5),
]);
