//! Every float row against a slow model that knows instructions by their names and words, and does arithmetic with the
//! reference: operands and lanes are taken from the word and the registers as the manuals say, and put back likewise.
//!
//! Sources: The RISC-V Instruction Set Manual, volume I, chapters F, Zfh and Zfinx; the smallFloat extensions as RI5CY
//! and FPnew have them.
//!
//! Invariant: the model shares nothing with the crate but the layout of formats.

mod common;
mod float_oracle;

use common::covering_sets;
use ennead_isa::float::{BFloat16, Binary16, Binary32, Flagged, Float8, Rounding};
use ennead_isa::set::{Extension, FloatRegisters};
use ennead_isa::table::{ROWS, Row};
use ennead_isa::{Decoder, Kind, Replicate, Set};
use float_oracle as oracle;
use float_oracle::{Random, Reference};

/// Words of each row and set that are tried.
const TRIES: u32 = 200;

/// What the model needs of a format.
struct Format {
    width: u32,
    sign: u32,
    nan: u32,
    half: u32,
    add: Binary,
    sub: Binary,
    mul: Binary,
    div: Binary,
    min: fn(u32, u32) -> Flagged,
    max: fn(u32, u32) -> Flagged,
    eq: fn(u32, u32) -> Flagged,
    lt: fn(u32, u32) -> Flagged,
    le: fn(u32, u32) -> Flagged,
    fma: fn(u32, u32, u32, Rounding) -> Flagged,
    sqrt: fn(u32, Rounding) -> Flagged,
    class: fn(u32) -> u32,
    to_int: fn(u32, u32, bool, Rounding) -> Flagged,
    from_int: fn(i64, Rounding) -> Flagged,
    sum: fn(&[(u32, u32)], Rounding) -> Flagged,
    wide_sum: WideSum,
}

type Binary = fn(u32, u32, Rounding) -> Flagged;
/// The sum of products and an addend in binary32.
type WideSum = fn(&[(u32, u32)], Option<u32>, Rounding) -> Flagged;

macro_rules! format_of {
    ($format:ident) => {
        Format {
            width: <$format as ennead_isa::float::Format>::WIDTH,
            sign: <$format as ennead_isa::float::Format>::SIGN,
            nan: <$format as ennead_isa::float::Format>::CANONICAL_NAN,
            half: (<$format as ennead_isa::float::Format>::BIAS as u32 - 1)
                << <$format as ennead_isa::float::Format>::MANTISSA_BITS,
            add: oracle::add::<$format>,
            sub: oracle::sub::<$format>,
            mul: oracle::mul::<$format>,
            div: oracle::div::<$format>,
            min: oracle::min::<$format>,
            max: oracle::max::<$format>,
            eq: oracle::eq::<$format>,
            lt: oracle::lt::<$format>,
            le: oracle::le::<$format>,
            fma: oracle::fma::<$format>,
            sqrt: oracle::sqrt::<$format>,
            class: oracle::class::<$format>,
            to_int: oracle::to_int::<$format>,
            from_int: oracle::from_int::<$format>,
            sum: |products, rounding| oracle::sum_of_products::<$format, $format>(products, None, rounding),
            wide_sum: oracle::sum_of_products::<$format, Binary32>,
        }
    };
}

fn format(name: &str) -> Format {
    match name {
        "s" => format_of!(Binary32),
        "h" => format_of!(Binary16),
        "ah" => format_of!(BFloat16),
        "b" => format_of!(Float8),
        other => panic!("no format {other}"),
    }
}

fn convert(from: &str, to: &str, a: u32, rounding: Rounding) -> Flagged {
    fn from_any<To: Reference>(from: &str, a: u32, rounding: Rounding) -> Flagged
    where
        rustc_apfloat::ieee::Quad:
            rustc_apfloat::FloatConvert<To::Bounded> + rustc_apfloat::FloatConvert<To::Unbounded>,
    {
        match from {
            "s" => oracle::convert::<Binary32, To>(a, rounding),
            "h" => oracle::convert::<Binary16, To>(a, rounding),
            "ah" => oracle::convert::<BFloat16, To>(a, rounding),
            "b" => oracle::convert::<Float8, To>(a, rounding),
            other => panic!("no format {other}"),
        }
    }
    match to {
        "s" => from_any::<Binary32>(from, a, rounding),
        "h" => from_any::<Binary16>(from, a, rounding),
        "ah" => from_any::<BFloat16>(from, a, rounding),
        "b" => from_any::<Float8>(from, a, rounding),
        other => panic!("no format {other}"),
    }
}

/// How a narrow number sits in a register.
#[derive(Clone, Copy, PartialEq)]
enum Boxing {
    /// Its low bits are read, ones are written above it.
    Unchecked,
    /// Without ones above it it is read as a NaN.
    Checked,
    /// Its sign is written above it.
    Extended,
}

impl Boxing {
    fn of(row: &Row) -> Self {
        let needs = |extension| row.extensions.contains(&extension);
        match () {
            () if needs(Extension::Zfh) => Boxing::Checked,
            () if needs(Extension::Zhinx) => Boxing::Extended,
            () => Boxing::Unchecked,
        }
    }

    fn read(self, register: u32, format: &Format) -> u32 {
        let above = above(format.width);
        if self == Boxing::Checked && register & above != above {
            return format.nan;
        }
        register & !above
    }

    fn write(self, bits: u32, format: &Format) -> u32 {
        match self {
            Boxing::Extended if bits & format.sign == 0 => bits,
            _ => bits | above(format.width),
        }
    }
}

fn above(width: u32) -> u32 {
    if width == 32 { 0 } else { u32::MAX << width }
}

fn sign_extended(value: u32, width: u32) -> u32 {
    ((value << (32 - width)) as i32 >> (32 - width)) as u32
}

/// One instruction, and what it finds.
struct Machine<'a> {
    word: u32,
    x: &'a [u32; 64],
    /// Added to the number of a float register.
    file: usize,
    /// The rounding mode, if the instruction rounds.
    rounding: Rounding,
    boxing: Boxing,
}

impl Machine<'_> {
    fn field(&self, low: u32) -> usize {
        (self.word >> low) as usize & 31
    }

    fn integer(&self) -> u32 {
        self.x[self.field(15)]
    }

    fn float(&self, low: u32) -> u32 {
        self.x[self.file + self.field(low)]
    }

    fn scalar(&self, low: u32, format: &Format) -> u32 {
        self.boxing.read(self.float(low), format)
    }

    /// The value written to `rd`, and the flags.
    fn run(&self, name: &str) -> Flagged {
        let parts: Vec<&str> = name.split('.').collect();
        match name.strip_prefix('v') {
            Some(_) => self.packed(&parts),
            None => self.single(&parts),
        }
    }

    fn single(&self, parts: &[&str]) -> Flagged {
        let round = self.rounding;
        let boxed =
            |result: Flagged, format: &Format| Flagged::new(self.boxing.write(result.bits, format), result.flags);
        if let ["fmv", to, from] = parts {
            return Flagged::exact(match (*to, *from) {
                ("x", "w") => self.float(15),
                ("w", "x") => self.integer(),
                ("x", narrow) => sign_extended(self.float(15), format(narrow).width),
                (narrow, _) => self.integer() | above(format(narrow).width),
            });
        }
        if let ["fcvt", to, from] = parts {
            let signed = |name: &str| name == "w";
            return match (*to, *from) {
                ("w" | "wu", from) => {
                    let from = format(from);
                    (from.to_int)(self.scalar(15, &from), 32, signed(to), round)
                }
                (to, "w" | "wu") => {
                    let value = self.integer();
                    let value = if signed(from) {
                        i64::from(value as i32)
                    } else {
                        i64::from(value)
                    };
                    boxed((format(to).from_int)(value, round), &format(to))
                }
                (to, from) => boxed(convert(from, to, self.scalar(15, &format(from)), round), &format(to)),
            };
        }
        if let [stem @ ("fmulex" | "fmacex"), "s", narrow] = parts {
            let narrow = format(narrow);
            let product = [(self.scalar(15, &narrow), self.scalar(20, &narrow))];
            let addend = (*stem == "fmacex").then(|| self.float(7));
            return (narrow.wide_sum)(&product, addend, round);
        }
        let [stem, name] = parts else { panic!("{parts:?}") };
        let f = format(name);
        let (a, b) = (self.scalar(15, &f), self.scalar(20, &f));
        let negated = |bits: u32| bits ^ f.sign;
        let with_sign = |sign: u32| Flagged::exact(a & !f.sign | sign & f.sign);
        match *stem {
            "feq" => return (f.eq)(a, b),
            "flt" => return (f.lt)(a, b),
            "fle" => return (f.le)(a, b),
            "fclass" => return Flagged::exact((f.class)(a)),
            _ => {}
        }
        let result = match *stem {
            "fadd" => (f.add)(a, b, round),
            "fsub" => (f.sub)(a, b, round),
            "fmul" => (f.mul)(a, b, round),
            "fdiv" => (f.div)(a, b, round),
            "fsqrt" => (f.sqrt)(a, round),
            "fmin" => (f.min)(a, b),
            "fmax" => (f.max)(a, b),
            "fsgnj" => with_sign(b),
            "fsgnjn" => with_sign(!b),
            "fsgnjx" => with_sign(a ^ b),
            "fmadd" => (f.fma)(a, b, self.scalar(27, &f), round),
            "fmsub" => (f.fma)(a, b, negated(self.scalar(27, &f)), round),
            "fnmsub" => (f.fma)(negated(a), b, self.scalar(27, &f), round),
            "fnmadd" => (f.fma)(negated(a), b, negated(self.scalar(27, &f)), round),
            other => panic!("the model does not know {other}"),
        };
        boxed(result, &f)
    }

    fn packed(&self, parts: &[&str]) -> Flagged {
        let round = self.rounding;
        let lane = |register: u32, f: &Format, i: u32| register >> (i * f.width) & !above(f.width);
        let repeats = parts.contains(&"r");
        let second = |f: &Format, i: u32| lane(self.float(20), f, if repeats { 0 } else { i });
        let join = |f: &Format, of: &dyn Fn(u32) -> Flagged| {
            let mut all = Flagged::exact(0);
            for i in 0..32 / f.width {
                let result = of(i);
                all.bits |= (result.bits & !above(f.width)) << (i * f.width);
                all.flags |= result.flags;
            }
            all
        };
        match parts {
            ["vfmv", "x", _] => return Flagged::exact(self.float(15)),
            ["vfmv", _, "x"] => return Flagged::exact(self.integer()),
            ["vfclass", name] => {
                let f = format(name);
                let block = |class: u32| {
                    let kinds = [0x081, 0x042, 0x024, 0x018, 0x100, 0x200];
                    let kind = kinds.iter().position(|kind| kind & class != 0).unwrap();
                    1 << kind | if class & 0xf != 0 { 0x80 } else { 0x40 }
                };
                let classes = (0..32 / f.width).map(|i| block((f.class)(lane(self.float(15), &f, i))) << (8 * i));
                return Flagged::exact(classes.sum());
            }
            ["vfcvt", to @ ("x" | "xu"), name] => {
                let f = format(name);
                return join(&f, &|i| {
                    (f.to_int)(lane(self.float(15), &f, i), f.width, *to == "x", round)
                });
            }
            ["vfcvt", name, from @ ("x" | "xu")] => {
                let f = format(name);
                return join(&f, &|i| {
                    let value = lane(self.integer(), &f, i);
                    let signed = i64::from(sign_extended(value, f.width) as i32);
                    (f.from_int)(if *from == "x" { signed } else { i64::from(value) }, round)
                });
            }
            ["vfcvt", to, from] => {
                let source = format(from);
                return join(&format(to), &|i| match (i + 1) * source.width <= 32 {
                    true => convert(from, to, lane(self.float(15), &source, i), round),
                    false => Flagged::exact(0),
                });
            }
            [stem @ ("vfcpka" | "vfcpkb"), name, "s"] => {
                let f = format(name);
                let first = if *stem == "vfcpka" { 0 } else { 2 };
                return join(&f, &|i| match i.checked_sub(first) {
                    Some(0) => convert("s", name, self.float(15), round),
                    Some(1) => convert("s", name, self.float(20), round),
                    _ => Flagged::exact(lane(self.float(7), &f, i)),
                });
            }
            _ => {}
        }
        let (stem, f) = (parts[0], format(parts[parts.len() - 1]));
        let products = |sign: u32| -> Vec<(u32, u32)> {
            let lanes = 0..32 / f.width;
            lanes
                .map(|i| (lane(self.float(15), &f, i) ^ sign, second(&f, i)))
                .collect()
        };
        match stem {
            "vfdotp" => {
                let sum = (f.sum)(&products(0), round);
                return Flagged::new(sum.bits | above(f.width), sum.flags);
            }
            "vfdotpex" => return (f.wide_sum)(&products(0), Some(self.float(7)), round),
            "vfndotpex" => return (f.wide_sum)(&products(f.sign), Some(self.float(7)), round),
            _ => {}
        }
        join(&f, &|i| {
            let (a, b, c) = (lane(self.float(15), &f, i), second(&f, i), lane(self.float(7), &f, i));
            let with_sign = |sign: u32| Flagged::exact(a & !f.sign | sign & f.sign);
            match stem {
                "vfadd" => (f.add)(a, b, round),
                "vfsub" => (f.sub)(a, b, round),
                "vfmul" => (f.mul)(a, b, round),
                "vfdiv" => (f.div)(a, b, round),
                "vfsqrt" => (f.sqrt)(a, round),
                "vfmin" => (f.min)(a, b),
                "vfmax" => (f.max)(a, b),
                "vfmac" => (f.fma)(a, b, c, round),
                "vfmre" => (f.fma)(a, b, c ^ f.sign, round),
                "vfavg" => (f.sum)(&[(a, f.half), (b, f.half)], round),
                "vfsgnj" => with_sign(b),
                "vfsgnjn" => with_sign(!b),
                "vfsgnjx" => with_sign(a ^ b),
                "vfeq" => (f.eq)(a, b),
                "vfne" => {
                    let equal = (f.eq)(a, b);
                    Flagged::new(1 - equal.bits, equal.flags)
                }
                "vflt" => (f.lt)(a, b),
                "vfle" => (f.le)(a, b),
                "vfgt" => (f.lt)(b, a),
                "vfge" => (f.le)(b, a),
                other => panic!("the model does not know {other}"),
            }
        })
    }
}

/// Registers that hold numbers of all formats, narrow ones boxed or packed.
fn registers(random: &mut Random) -> [u32; 64] {
    let mut x = [0; 64];
    for register in &mut x[1..] {
        let halves = |random: &mut Random, low: u32, high: u32| match random.below(3) {
            0 => low | 0xffff_0000,
            _ => low | high << 16,
        };
        *register = match random.below(5) {
            0 => random.bits() as u32 >> random.below(32),
            1 => random.operand::<Binary32>(),
            2 => {
                let (low, high) = (random.operand::<Binary16>(), random.operand::<Binary16>());
                halves(random, low, high)
            }
            3 => {
                let (low, high) = (random.operand::<BFloat16>(), random.operand::<BFloat16>());
                halves(random, low, high)
            }
            _ => (0..4).fold(0, |word, _| word << 8 | random.operand::<Float8>()),
        };
    }
    x
}

/// The rounding mode in force: the word's where it has one, else that of `frm`.
fn rounding(row: &Row, word: u32, frm: Rounding) -> Rounding {
    let format = row.mnemonic.split('.').find(|part| *part == "ah");
    let has_field = !row.mnemonic.starts_with('v') && format.is_none() && row.mask & 0x7000 == 0;
    // From bfloat16 to others the field is a rounding mode too.
    let has_field = has_field || ["fcvt.h.ah", "fcvt.b.ah"].contains(&row.mnemonic);
    match (word >> 12) & 7 {
        mode @ 0..=4 if has_field => Rounding::ALL[mode as usize],
        _ => frm,
    }
}

fn check(set: &Set, row: &Row, decoder: &Decoder, random: &mut Random) -> u32 {
    let mut checked = 0;
    for _ in 0..TRIES {
        let word = row.bits | random.bits() as u32 & !row.mask;
        let Some(inst) = decoder.decode(word) else { continue };
        if !std::ptr::eq(ennead_isa::table::row(inst.row), row) {
            continue;
        }
        let x = registers(random);
        let frm = random.rounding();
        let machine = Machine {
            word,
            x: &x,
            file: if set.float_registers == FloatRegisters::F {
                32
            } else {
                0
            },
            rounding: rounding(row, word, frm),
            boxing: Boxing::of(row),
        };
        let expected = machine.run(row.mnemonic);
        let Kind::Float { eval, .. } = inst.op.kind() else {
            panic!("{} computes no float", row.mnemonic)
        };
        let second = x[usize::from(inst.rs2)];
        let second = match inst.replicate {
            Replicate::No => second,
            Replicate::Half => (second & 0xffff) * 0x1_0001,
            Replicate::Byte => (second & 0xff) * 0x0101_0101,
        };
        let mode = if inst.rm == 7 {
            frm
        } else {
            Rounding::ALL[usize::from(inst.rm)]
        };
        let (a, c) = (x[usize::from(inst.rs1)], x[usize::from(inst.rs3)]);
        let result = eval(a, second, c, mode);
        assert_eq!(
            result, expected,
            "{} {word:#010x}: {a:#x}, {second:#x}, {c:#x} {mode:?}: {result:x?}, not {expected:x?}",
            row.mnemonic
        );
        let file = if writes_float(row.mnemonic) { machine.file } else { 0 };
        assert_eq!(usize::from(inst.rd), machine.field(7) + file, "{}", row.mnemonic);
        checked += 1;
    }
    checked
}

/// Whether the destination is a float register.
fn writes_float(name: &str) -> bool {
    let parts: Vec<&str> = name.trim_start_matches('v').split('.').collect();
    match parts[0] {
        "feq" | "fne" | "flt" | "fle" | "fgt" | "fge" | "fclass" => false,
        "fmv" => parts[1] != "x",
        "fcvt" => !["w", "wu", "x", "xu"].contains(&parts[1]),
        _ => true,
    }
}

#[test]
fn every_float_row_agrees_with_the_slow_model() {
    let mut random = Random(30);
    let mut checked = vec![0; ROWS.len()];
    for set in covering_sets() {
        let decoder = Decoder::new(&set);
        for (number, row) in ROWS.iter().enumerate().filter(|(_, row)| row.decodes_in(&set)) {
            if matches!(row.op.map(|op| op.kind()), Some(Kind::Float { .. })) {
                checked[number] += check(&set, row, &decoder, &mut random);
            }
        }
    }
    let floats = |row: &Row| !row.alias && matches!(row.op.map(|op| op.kind()), Some(Kind::Float { .. }));
    for (row, checked) in ROWS.iter().zip(&checked).filter(|(row, _)| floats(row)) {
        assert!(*checked >= TRIES / 4, "{} was tried {checked} times", row.mnemonic);
    }
}
