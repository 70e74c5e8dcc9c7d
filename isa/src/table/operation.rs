//! The operations: one line each, with its meaning as text and as code.
//!
//! An operation is not an encoding: `add`, `addi`, `c.mv` and `lui` are rows that all name [`Op::Add`]. In a text,
//! `{a}`, `{b}`, `{c}`, `{x}` and `{i}` stand for the operands of [`crate::op`] (`{x}` for `aux`, `{i}` for an
//! immediate that is not a part of `b`); a row puts its own operand names there.
//!
//! Invariant: an `eval` is a pure function of its arguments.

use crate::float::{BFloat16, Binary16, Float8};
use crate::op::{
    Addressing, BranchFn, ComputeFn, CsrUpdate, Fill, FloatFn, FloatFormat, FloatUnit, Kind, LoopPart, Quad, Unit,
    Width,
};

use super::integer::*;
use super::scalar::{Checked, Extended, Single, Unchecked};
use super::{packed, scalar};

macro_rules! operations {
    (
        compute { $($name:ident $unit:ident $text:literal $eval:expr;)* }
        lanes { $($half:ident $byte:ident $sign:ident $lane_text:literal $lane:expr;)* }
        dots { $($dot_h:ident $dot_b:ident $sum_h:ident $sum_b:ident $left:ident $right:ident $dot_text:literal;)* }
        control { $($other:ident $other_text:literal $kind:expr;)* }
        scalar { $($s:ident $h:ident $zfh:ident $zhinx:ident $ah:ident $b:ident
                   $unit_s:ident $scalar:ident $scalar_text:literal;)* }
        packed { $($vh:ident $vah:ident $vb:ident $unit_v:ident $packed:ident $packed_text:literal;)* }
        single { $($float:ident $unit_f:ident $format:ident $float_eval:expr, $float_text:literal;)* }
    ) => {
        /// What an instruction does, whatever its encoding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Op {
            $(#[doc = concat!("`", $text, "`")] $name,)*
            $(
                #[doc = concat!("16-bit lanes: `", $lane_text, "`")] $half,
                #[doc = concat!("8-bit lanes: `", $lane_text, "`")] $byte,
            )*
            $(
                #[doc = concat!("two 16-bit lanes: `rd = ", $dot_text, "`")] $dot_h,
                #[doc = concat!("four 8-bit lanes: `rd = ", $dot_text, "`")] $dot_b,
                #[doc = concat!("two 16-bit lanes: `rd = {c} + ", $dot_text, "`")] $sum_h,
                #[doc = concat!("four 8-bit lanes: `rd = {c} + ", $dot_text, "`")] $sum_b,
            )*
            $(#[doc = concat!("`", $other_text, "`")] $other,)*
            $(
                #[doc = concat!("binary32: `", $scalar_text, "`")] $s,
                #[doc = concat!("binary16, unchecked: `", $scalar_text, "`")] $h,
                #[doc = concat!("binary16 in a float file, boxing checked: `", $scalar_text, "`")] $zfh,
                #[doc = concat!("binary16 in an integer register, sign-extended: `", $scalar_text, "`")] $zhinx,
                #[doc = concat!("bfloat16, unchecked: `", $scalar_text, "`")] $ah,
                #[doc = concat!("FP8, unchecked: `", $scalar_text, "`")] $b,
            )*
            $(
                #[doc = concat!("binary16 lanes: `", $packed_text, "`")] $vh,
                #[doc = concat!("bfloat16 lanes: `", $packed_text, "`")] $vah,
                #[doc = concat!("FP8 lanes: `", $packed_text, "`")] $vb,
            )*
            $(#[doc = concat!("`", $float_text, "`")] $float,)*
        }

        /// Name, text and kind of every operation, in the order of [`Op`].
        static OPERATIONS: &[(Op, &str, &str, Kind)] = &[
            $((Op::$name, stringify!($name), $text, compute(Unit::$unit, $eval)),)*
            $(
                (Op::$half, stringify!($half), concat!("16-bit lanes: ", $lane_text),
                    compute(Unit::Alu, |a, b, _, _| lanes::<16, $sign>(a, b, $lane))),
                (Op::$byte, stringify!($byte), concat!("8-bit lanes: ", $lane_text),
                    compute(Unit::Alu, |a, b, _, _| lanes::<8, $sign>(a, b, $lane))),
            )*
            $(
                (Op::$dot_h, stringify!($dot_h), concat!("two 16-bit lanes: rd = ", $dot_text),
                    compute(Unit::Mul, |a, b, _, _| dot::<16, $left, $right>(a, b))),
                (Op::$dot_b, stringify!($dot_b), concat!("four 8-bit lanes: rd = ", $dot_text),
                    compute(Unit::Mul, |a, b, _, _| dot::<8, $left, $right>(a, b))),
                (Op::$sum_h, stringify!($sum_h), concat!("two 16-bit lanes: rd = {c} + ", $dot_text),
                    compute(Unit::Mul, |a, b, c, _| c.wrapping_add(dot::<16, $left, $right>(a, b)))),
                (Op::$sum_b, stringify!($sum_b), concat!("four 8-bit lanes: rd = {c} + ", $dot_text),
                    compute(Unit::Mul, |a, b, c, _| c.wrapping_add(dot::<8, $left, $right>(a, b)))),
            )*
            $((Op::$other, stringify!($other), $other_text, $kind),)*
            $(
                (Op::$s, stringify!($s), $scalar_text,
                    float(FloatUnit::$unit_s, FloatFormat::S, scalar::$scalar::<Single>)),
                (Op::$h, stringify!($h), $scalar_text,
                    float(FloatUnit::$unit_s, FloatFormat::H, scalar::$scalar::<Unchecked<Binary16>>)),
                (Op::$zfh, stringify!($zfh), $scalar_text,
                    float(FloatUnit::$unit_s, FloatFormat::H, scalar::$scalar::<Checked<Binary16>>)),
                (Op::$zhinx, stringify!($zhinx), $scalar_text,
                    float(FloatUnit::$unit_s, FloatFormat::H, scalar::$scalar::<Extended<Binary16>>)),
                (Op::$ah, stringify!($ah), $scalar_text,
                    float(FloatUnit::$unit_s, FloatFormat::Ah, scalar::$scalar::<Unchecked<BFloat16>>)),
                (Op::$b, stringify!($b), $scalar_text,
                    float(FloatUnit::$unit_s, FloatFormat::B, scalar::$scalar::<Unchecked<Float8>>)),
            )*
            $(
                (Op::$vh, stringify!($vh), $packed_text,
                    float(FloatUnit::$unit_v, FloatFormat::H, packed::$packed::<Binary16>)),
                (Op::$vah, stringify!($vah), $packed_text,
                    float(FloatUnit::$unit_v, FloatFormat::Ah, packed::$packed::<BFloat16>)),
                (Op::$vb, stringify!($vb), $packed_text,
                    float(FloatUnit::$unit_v, FloatFormat::B, packed::$packed::<Float8>)),
            )*
            $((Op::$float, stringify!($float), $float_text,
                float(FloatUnit::$unit_f, FloatFormat::$format, $float_eval)),)*
        ];

        impl Op {
            /// How many multiply-accumulates one execution counts as: its lanes. Plain products count as none.
            pub const fn mac_lanes(self) -> u32 {
                match self {
                    $(Op::$dot_h | Op::$sum_h => 2,)*
                    $(Op::$dot_b | Op::$sum_b => 4,)*
                    Op::Mac | Op::Msu => 1,
                    Op::Macsn | Op::Machhsn | Op::Macun | Op::Machhun => 1,
                    Op::Macsrn | Op::Machhsrn | Op::Macurn | Op::Machhurn => 1,
                    Op::FmaddS | Op::FmaddH | Op::FmaddZfh | Op::FmaddZhinx | Op::FmaddAh | Op::FmaddB => 1,
                    Op::FmsubS | Op::FmsubH | Op::FmsubZfh | Op::FmsubZhinx | Op::FmsubAh | Op::FmsubB => 1,
                    Op::FnmsubS | Op::FnmsubH | Op::FnmsubZfh | Op::FnmsubZhinx | Op::FnmsubAh | Op::FnmsubB => 1,
                    Op::FnmaddS | Op::FnmaddH | Op::FnmaddZfh | Op::FnmaddZhinx | Op::FnmaddAh | Op::FnmaddB => 1,
                    Op::FmacexSH | Op::FmacexSAh | Op::FmacexSB => 1,
                    Op::VfmacH | Op::VfmacAh | Op::VfmreH | Op::VfmreAh => 2,
                    Op::VfdotpH | Op::VfdotpAh | Op::VfdotpexSH | Op::VfdotpexSAh | Op::VfndotpexSH => 2,
                    Op::VfmacB | Op::VfmreB | Op::VfdotpB | Op::VfdotpexSB => 4,
                    _ => 0,
                }
            }

            /// How four independent executions are computed at once, for the operations that kernels repeat most.
            pub const fn quad(self) -> Option<Quad> {
                match self {
                    Op::FmaddS => Some(Quad::FmaddS),
                    Op::VfmacH => Some(Quad::VfmacH),
                    _ => None,
                }
            }
        }
    };
}

const fn compute(unit: Unit, eval: ComputeFn) -> Kind {
    Kind::Compute { unit, eval }
}

const fn branch(taken: BranchFn) -> Kind {
    Kind::Branch { taken }
}

const fn load(width: Width, fill: Fill) -> Kind {
    Kind::Load {
        width,
        fill,
        address: Addressing::Offset,
    }
}

const fn load_post(width: Width, fill: Fill) -> Kind {
    Kind::Load {
        width,
        fill,
        address: Addressing::PostIncrement,
    }
}

const fn store(width: Width, address: Addressing) -> Kind {
    Kind::Store { width, address }
}

const fn float(unit: FloatUnit, format: FloatFormat, eval: FloatFn) -> Kind {
    Kind::Float { unit, format, eval }
}

const fn csr(update: CsrUpdate, immediate: bool) -> Kind {
    Kind::Csr { update, immediate }
}

operations! {
    compute {
        // RV32I and C
        Add    Alu "rd = {a} + {b}"                       |a, b, _, _| a.wrapping_add(b);
        Sub    Alu "rd = {a} - {b}"                       |a, b, _, _| a.wrapping_sub(b);
        Sll    Alu "rd = {a} << {b}[4:0]"                 |a, b, _, _| a << (b & 31);
        Srl    Alu "rd = {a} >>u {b}[4:0]"                |a, b, _, _| a >> (b & 31);
        Sra    Alu "rd = {a} >>s {b}[4:0]"                |a, b, _, _| sra(a, b & 31);
        Slt    Alu "rd = {a} <s {b}"                      |a, b, _, _| u32::from((a as i32) < b as i32);
        Sltu   Alu "rd = {a} <u {b}"                      |a, b, _, _| u32::from(a < b);
        Xor    Alu "rd = {a} ^ {b}"                       |a, b, _, _| a ^ b;
        Or     Alu "rd = {a} | {b}"                       |a, b, _, _| a | b;
        And    Alu "rd = {a} & {b}"                       |a, b, _, _| a & b;
        // M
        Mul    Mul     "rd = {a} * {b}, low 32 bits"      |a, b, _, _| a.wrapping_mul(b);
        Mulh   MulHigh "rd = ({a} s* {b}) >> 32"          |a, b, _, _| ((sx(a) * sx(b)) >> 32) as u32;
        Mulhsu MulHigh "rd = (signed {a} * unsigned {b}) >> 32" |a, b, _, _| ((sx(a) * i64::from(b)) >> 32) as u32;
        Mulhu  MulHigh "rd = ({a} u* {b}) >> 32"          |a, b, _, _| ((u64::from(a) * u64::from(b)) >> 32) as u32;
        Div    Div "rd = {a} /s {b}; -1 when {b} is 0"    |a, b, _, _| div(a, b);
        Divu   Div "rd = {a} /u {b}; 2^32-1 when {b} is 0" |a, b, _, _| a.checked_div(b).unwrap_or(u32::MAX);
        Rem    Div "rd = {a} rem_s {b}; {a} when {b} is 0" |a, b, _, _| rem(a, b);
        Remu   Div "rd = {a} rem_u {b}; {a} when {b} is 0" |a, b, _, _| a.checked_rem(b).unwrap_or(a);
        // PULP scalar
        Abs    Alu "rd = |{a}|; 0x80000000 stays"         |a, _, _, _| (a as i32).wrapping_abs() as u32;
        Sle    Alu "rd = {a} <=s {b}"                     |a, b, _, _| u32::from(a as i32 <= b as i32);
        Sleu   Alu "rd = {a} <=u {b}"                     |a, b, _, _| u32::from(a <= b);
        Min    Alu "rd = signed minimum of {a}, {b}"      |a, b, _, _| (a as i32).min(b as i32) as u32;
        Minu   Alu "rd = unsigned minimum of {a}, {b}"    |a, b, _, _| a.min(b);
        Max    Alu "rd = signed maximum of {a}, {b}"      |a, b, _, _| (a as i32).max(b as i32) as u32;
        Maxu   Alu "rd = unsigned maximum of {a}, {b}"    |a, b, _, _| a.max(b);
        Ror    Alu "rd = {a} rotated right by {b}[4:0]"   |a, b, _, _| a.rotate_right(b & 31);
        Ff1    Alu "rd = number of the lowest set bit of {a}; 32 when {a} is 0"  |a, _, _, _| a.trailing_zeros();
        Fl1    Alu "rd = number of the highest set bit of {a}; 32 when {a} is 0"
            |a, _, _, _| a.checked_ilog2().unwrap_or(32);
        Clb    Alu "rd = leading bits of {a} that repeat its sign; 0 when {a} is 0" |a, _, _, _| clb(a);
        Cnt    Alu "rd = number of set bits of {a}"       |a, _, _, _| a.count_ones();
        Exths  Alu "rd = sext({a}[15:0])"                 |a, _, _, _| i32::from(a as i16) as u32;
        Exthz  Alu "rd = zext({a}[15:0])"                 |a, _, _, _| a & 0xffff;
        Extbs  Alu "rd = sext({a}[7:0])"                  |a, _, _, _| i32::from(a as i8) as u32;
        Extbz  Alu "rd = zext({a}[7:0])"                  |a, _, _, _| a & 0xff;
        Clip   Alu "rd = {a} clipped to -m-1..=m, m = 2^({b}-1)-1; m = 0 when {b} is 0"
            |a, b, _, _| clip(a, clip_bound(b));
        Clipu  Alu "rd = {a} clipped to 0..=m, m = 2^({b}-1)-1; m = 0 when {b} is 0"
            |a, b, _, _| clipu(a, clip_bound(b));
        ClipR  Alu "rd = {a} clipped to -m-1..=m, m = {b}[30:0]" |a, b, _, _| clip(a, b & 0x7fff_ffff);
        ClipuR Alu "rd = {a} clipped to 0..=m, m = {b}[30:0]"    |a, b, _, _| clipu(a, b & 0x7fff_ffff);
        // A bit field is named by b = length-1 in [9:5], position in [4:0].
        Extract  Alu "rd = sext(the bits of {a} that {b} names, up to bit 31)" |a, b, _, _| extract(a, b);
        Extractu Alu "rd = zext(the bits of {a} that {b} names, up to bit 31)"
            |a, b, _, _| (a >> (b & 31)) & (field(b) >> (b & 31));
        Insert   Alu "rd = {c} with the bits that {b} names from the low bits of {a}"
            |a, b, c, _| (c & !field(b)) | ((a << (b & 31)) & field(b));
        Bset     Alu "rd = {a} with the bits that {b} names set"     |a, b, _, _| a | field(b);
        Bclr     Alu "rd = {a} with the bits that {b} names cleared" |a, b, _, _| a & !field(b);
        Bitrev   Alu "rd = groups of radix+1 bits of {a} << shift, from the top, in reversed order; radix 3 is 0"
            |a, b, _, _| bitrev(a, b);
        // PULP multiplies; h is the upper half of a register, l the lower; half = 2^(shift-1), 0 when shift is 0.
        Mac      Mul "rd = {c} + {a} * {b}"               |a, b, c, _| c.wrapping_add(a.wrapping_mul(b));
        Msu      Mul "rd = {c} - {a} * {b}"               |a, b, c, _| c.wrapping_sub(a.wrapping_mul(b));
        Mulsn    Mul "rd = ({a}.l s* {b}.l) >>s {x}"              |a, b, _, x| sra(mul_ll(a, b), x);
        Mulhhsn  Mul "rd = ({a}.h s* {b}.h) >>s {x}"              |a, b, _, x| sra(mul_hh(a, b), x);
        Mulun    Mul "rd = ({a}.l u* {b}.l) >>u {x}"              |a, b, _, x| mulu_ll(a, b) >> x;
        Mulhhun  Mul "rd = ({a}.h u* {b}.h) >>u {x}"              |a, b, _, x| mulu_hh(a, b) >> x;
        Mulsrn   Mul "rd = ({a}.l s* {b}.l + half) >>s {x}"       |a, b, _, x| sra(rounded(mul_ll(a, b), x), x);
        Mulhhsrn Mul "rd = ({a}.h s* {b}.h + half) >>s {x}"       |a, b, _, x| sra(rounded(mul_hh(a, b), x), x);
        Mulurn   Mul "rd = ({a}.l u* {b}.l + half) >>u {x}"       |a, b, _, x| rounded(mulu_ll(a, b), x) >> x;
        Mulhhurn Mul "rd = ({a}.h u* {b}.h + half) >>u {x}"       |a, b, _, x| rounded(mulu_hh(a, b), x) >> x;
        Macsn    Mul "rd = ({c} + {a}.l s* {b}.l) >>s {x}"        |a, b, c, x| sra(c.wrapping_add(mul_ll(a, b)), x);
        Machhsn  Mul "rd = ({c} + {a}.h s* {b}.h) >>s {x}"        |a, b, c, x| sra(c.wrapping_add(mul_hh(a, b)), x);
        Macun    Mul "rd = ({c} + {a}.l u* {b}.l) >>u {x}"        |a, b, c, x| c.wrapping_add(mulu_ll(a, b)) >> x;
        Machhun  Mul "rd = ({c} + {a}.h u* {b}.h) >>u {x}"        |a, b, c, x| c.wrapping_add(mulu_hh(a, b)) >> x;
        Macsrn   Mul "rd = ({c} + {a}.l s* {b}.l + half) >>s {x}"
            |a, b, c, x| sra(rounded(c.wrapping_add(mul_ll(a, b)), x), x);
        Machhsrn Mul "rd = ({c} + {a}.h s* {b}.h + half) >>s {x}"
            |a, b, c, x| sra(rounded(c.wrapping_add(mul_hh(a, b)), x), x);
        Macurn   Mul "rd = ({c} + {a}.l u* {b}.l + half) >>u {x}"
            |a, b, c, x| rounded(c.wrapping_add(mulu_ll(a, b)), x) >> x;
        Machhurn Mul "rd = ({c} + {a}.h u* {b}.h + half) >>u {x}"
            |a, b, c, x| rounded(c.wrapping_add(mulu_hh(a, b)), x) >> x;
        // PULP add or subtract, then shift
        Addn   Alu "rd = ({a} + {b}) >>s {x}"             |a, b, _, x| sra(a.wrapping_add(b), x);
        Addun  Alu "rd = ({a} + {b}) >>u {x}"             |a, b, _, x| a.wrapping_add(b) >> x;
        Addrn  Alu "rd = ({a} + {b} + half) >>s {x}"      |a, b, _, x| sra(rounded(a.wrapping_add(b), x), x);
        Addurn Alu "rd = ({a} + {b} + half) >>u {x}"      |a, b, _, x| rounded(a.wrapping_add(b), x) >> x;
        Subn   Alu "rd = ({a} - {b}) >>s {x}"             |a, b, _, x| sra(a.wrapping_sub(b), x);
        Subun  Alu "rd = ({a} - {b}) >>u {x}"             |a, b, _, x| a.wrapping_sub(b) >> x;
        Subrn  Alu "rd = ({a} - {b} + half) >>s {x}"      |a, b, _, x| sra(rounded(a.wrapping_sub(b), x), x);
        Suburn Alu "rd = ({a} - {b} + half) >>u {x}"      |a, b, _, x| rounded(a.wrapping_sub(b), x) >> x;
        Addnr   Alu "rd = ({c} + {a}) >>s {b}[4:0]"        |a, b, c, _| sra(c.wrapping_add(a), b & 31);
        Addunr  Alu "rd = ({c} + {a}) >>u {b}[4:0]"        |a, b, c, _| c.wrapping_add(a) >> (b & 31);
        Addrnr  Alu "rd = ({c} + {a} + half) >>s {b}[4:0]" |a, b, c, _| sra(rounded(c.wrapping_add(a), b & 31), b & 31);
        Addurnr Alu "rd = ({c} + {a} + half) >>u {b}[4:0]" |a, b, c, _| rounded(c.wrapping_add(a), b & 31) >> (b & 31);
        Subnr   Alu "rd = ({c} - {a}) >>s {b}[4:0]"        |a, b, c, _| sra(c.wrapping_sub(a), b & 31);
        Subunr  Alu "rd = ({c} - {a}) >>u {b}[4:0]"        |a, b, c, _| c.wrapping_sub(a) >> (b & 31);
        Subrnr  Alu "rd = ({c} - {a} + half) >>s {b}[4:0]" |a, b, c, _| sra(rounded(c.wrapping_sub(a), b & 31), b & 31);
        Suburnr Alu "rd = ({c} - {a} + half) >>u {b}[4:0]" |a, b, c, _| rounded(c.wrapping_sub(a), b & 31) >> (b & 31);
        // PULP lanes: [0] is the lowest
        ExtractH  Alu "rd = sext({a}[{b}]), 16-bit lanes"  |a, b, _, _| i32::from((a >> (16 * (b & 1))) as i16) as u32;
        ExtractB  Alu "rd = sext({a}[{b}]), 8-bit lanes"   |a, b, _, _| i32::from((a >> (8 * (b & 3))) as i8) as u32;
        ExtractuH Alu "rd = zext({a}[{b}]), 16-bit lanes"  |a, b, _, _| (a >> (16 * (b & 1))) & 0xffff;
        ExtractuB Alu "rd = zext({a}[{b}]), 8-bit lanes"   |a, b, _, _| (a >> (8 * (b & 3))) & 0xff;
        InsertH   Alu "rd = {c} with lane {b} = {a}[0], 16-bit lanes"
            |a, b, c, _| insert_lane(c, a, 0xffff, 16 * (b & 1));
        InsertB   Alu "rd = {c} with lane {b} = {a}[0], 8-bit lanes"  |a, b, c, _| insert_lane(c, a, 0xff, 8 * (b & 3));
        ShuffleH  Alu "rd[i] = {a}[{b}[i] mod 2], 16-bit lanes"       |a, b, _, _| join_h(half(a, b), half(a, b >> 16));
        ShuffleB  Alu "rd[i] = {a}[{b}[i] mod 4], 8-bit lanes"        |a, b, _, _| bytes(|i| byte(a, b >> (8 * i)));
        ShuffleImmH Alu "rd[i] = {a}[bit i of {b}], 16-bit lanes"     |a, b, _, _| join_h(half(a, b), half(a, b >> 1));
        ShuffleImmB Alu "rd[i] = {a}[bits 2i+1..2i of {b}] for i < 3, rd[3] = {a}[{x}], 8-bit lanes"
            |a, b, _, x| bytes(|i| byte(a, if i < 3 { b >> (2 * i) } else { x }));
        Shuffle2H Alu "rd[i] = (bit 1 of {b}[i] ? {a} : {c})[{b}[i] mod 2], 16-bit lanes"
            |a, b, c, _| {
                let source = |selector: u32| if selector & 2 != 0 { a } else { c };
                join_h(half(source(b), b), half(source(b >> 16), b >> 16))
            };
        Shuffle2B Alu "rd[i] = (bit 2 of {b}[i] ? {a} : {c})[{b}[i] mod 4], 8-bit lanes"
            |a, b, c, _| bytes(|i| byte(if (b >> (8 * i)) & 4 != 0 { a } else { c }, b >> (8 * i)));
        PackLow   Alu "rd = {a}[15:0] above {b}[15:0]"     |a, b, _, _| join_h(b, a);
        PackHigh  Alu "rd = {a}[31:16] above {b}[31:16]"   |a, b, _, _| join_h(b >> 16, a >> 16);
        PackHiB   Alu "rd = {a}[7:0] above {b}[7:0] above {c}[15:0]"
            |a, b, c, _| (a << 24) | ((b & 0xff) << 16) | (c & 0xffff);
        PackLoB   Alu "rd = {c}[31:16] above {a}[7:0] above {b}[7:0]"
            |a, b, c, _| (c & 0xffff_0000) | ((a & 0xff) << 8) | (b & 0xff);
        // PULP complex: the real part is the lower half
        CplxMulR  Mul "rd = {c} with the lower half = Re({a} * {b}) >>s (15 + {x})"
            |a, b, c, x| join_h(complex_re(a, b, x), c >> 16);
        CplxMulI  Mul "rd = {c} with the upper half = Im({a} * {b}) >>s (15 + {x})"
            |a, b, c, x| join_h(c, complex_im(a, b, x));
        CplxMul   Mul "rd = ({a} * {b}) >>s (15 + {x}), both parts"
            |a, b, _, x| join_h(complex_re(a, b, x), complex_im(a, b, x));
        CplxConj  Alu "rd = conjugate of {a}"              |a, _, _, _| join_h(a, (a >> 16).wrapping_neg());
        SubRotMj  Alu "rd = (({a} - {b}) * -j) >>s {x}"
            |a, b, _, x| join_h(shift_h((a >> 16).wrapping_sub(b >> 16), x), shift_h(b.wrapping_sub(a), x));
        AddDivH   Alu "16-bit lanes: rd[i] = ({a}[i] + {b}[i], wrapped) >>s {x}"
            |a, b, _, x| lanes::<16, SIGNED>(a, b, |l, r, _| i32::from((l + r) as i16) >> x);
        SubDivH   Alu "16-bit lanes: rd[i] = ({a}[i] - {b}[i], wrapped) >>s {x}"
            |a, b, _, x| lanes::<16, SIGNED>(a, b, |l, r, _| i32::from((l - r) as i16) >> x);
        AddDivB   Alu "8-bit lanes: rd[i] = ({a}[i] + {b}[i], wrapped) >>s {x}"
            |a, b, _, x| lanes::<8, SIGNED>(a, b, |l, r, _| i32::from((l + r) as i8) >> x);
        SubDivB   Alu "8-bit lanes: rd[i] = ({a}[i] - {b}[i], wrapped) >>s {x}"
            |a, b, _, x| lanes::<8, SIGNED>(a, b, |l, r, _| i32::from((l - r) as i8) >> x);
    }
    // l and r are the lanes of a and b, extended as the line says; w is the lane's width; the result is cut to the
    // lane.
    lanes {
        VAddH   VAddB   SIGNED   "rd[i] = {a}[i] + {b}[i]"                    |l, r, _| l + r;
        VSubH   VSubB   SIGNED   "rd[i] = {a}[i] - {b}[i]"                    |l, r, _| l - r;
        VAvgH   VAvgB   SIGNED   "rd[i] = ({a}[i] + {b}[i], wrapped) >>s 1"
            |l, r, w| ((l + r) << (32 - w)) >> (33 - w);
        VAvguH  VAvguB  UNSIGNED "rd[i] = ({a}[i] + {b}[i], wrapped) >>u 1"   |l, r, w| ((l + r) & ((1 << w) - 1)) >> 1;
        VMinH   VMinB   SIGNED   "rd[i] = signed minimum of {a}[i], {b}[i]"   |l, r, _| l.min(r);
        VMinuH  VMinuB  UNSIGNED "rd[i] = unsigned minimum of {a}[i], {b}[i]" |l, r, _| l.min(r);
        VMaxH   VMaxB   SIGNED   "rd[i] = signed maximum of {a}[i], {b}[i]"   |l, r, _| l.max(r);
        VMaxuH  VMaxuB  UNSIGNED "rd[i] = unsigned maximum of {a}[i], {b}[i]" |l, r, _| l.max(r);
        VSrlH   VSrlB   UNSIGNED "rd[i] = {a}[i] >>u ({b}[i] mod width)"      |l, r, w| l >> (r & (w as i32 - 1));
        VSraH   VSraB   SIGNED   "rd[i] = {a}[i] >>s ({b}[i] mod width)"      |l, r, w| l >> (r & (w as i32 - 1));
        VSllH   VSllB   UNSIGNED "rd[i] = {a}[i] << ({b}[i] mod width)"       |l, r, w| l << (r & (w as i32 - 1));
        VAbsH   VAbsB   SIGNED   "rd[i] = |{a}[i]|; the lowest value stays"   |l, _, _| l.abs();
        VCmpeqH  VCmpeqB  SIGNED   "rd[i] = {a}[i] == {b}[i] ? -1 : 0"        |l, r, _| -i32::from(l == r);
        VCmpneH  VCmpneB  SIGNED   "rd[i] = {a}[i] != {b}[i] ? -1 : 0"        |l, r, _| -i32::from(l != r);
        VCmpgtH  VCmpgtB  SIGNED   "rd[i] = {a}[i] >s {b}[i] ? -1 : 0"        |l, r, _| -i32::from(l > r);
        VCmpgeH  VCmpgeB  SIGNED   "rd[i] = {a}[i] >=s {b}[i] ? -1 : 0"       |l, r, _| -i32::from(l >= r);
        VCmpltH  VCmpltB  SIGNED   "rd[i] = {a}[i] <s {b}[i] ? -1 : 0"        |l, r, _| -i32::from(l < r);
        VCmpleH  VCmpleB  SIGNED   "rd[i] = {a}[i] <=s {b}[i] ? -1 : 0"       |l, r, _| -i32::from(l <= r);
        VCmpgtuH VCmpgtuB UNSIGNED "rd[i] = {a}[i] >u {b}[i] ? -1 : 0"        |l, r, _| -i32::from(l > r);
        VCmpgeuH VCmpgeuB UNSIGNED "rd[i] = {a}[i] >=u {b}[i] ? -1 : 0"       |l, r, _| -i32::from(l >= r);
        VCmpltuH VCmpltuB UNSIGNED "rd[i] = {a}[i] <u {b}[i] ? -1 : 0"        |l, r, _| -i32::from(l < r);
        VCmpleuH VCmpleuB UNSIGNED "rd[i] = {a}[i] <=u {b}[i] ? -1 : 0"       |l, r, _| -i32::from(l <= r);
    }
    dots {
        VDotupH  VDotupB  VSdotupH  VSdotupB  UNSIGNED UNSIGNED "sum of {a}[i] u* {b}[i]";
        VDotuspH VDotuspB VSdotuspH VSdotuspB UNSIGNED SIGNED   "sum of unsigned {a}[i] * signed {b}[i]";
        VDotspH  VDotspB  VSdotspH  VSdotspB  SIGNED   SIGNED   "sum of {a}[i] s* {b}[i]";
    }
    control {
        AuiPc   "rd = pc + {i}"                             Kind::AuiPc;
        Jal     "rd = address of the next instruction; pc = {i}" Kind::Jal;
        Jalr    "rd = address of the next instruction; pc = ({a} + {i}) & ~1" Kind::Jalr;
        Beq     "if {a} == {b}: pc = {i}"                   branch(|a, b| a == b);
        Bne     "if {a} != {b}: pc = {i}"                   branch(|a, b| a != b);
        Blt     "if {a} <s {b}: pc = {i}"                   branch(|a, b| (a as i32) < b as i32);
        Bge     "if {a} >=s {b}: pc = {i}"                  branch(|a, b| a as i32 >= b as i32);
        Bltu    "if {a} <u {b}: pc = {i}"                   branch(|a, b| a < b);
        Bgeu    "if {a} >=u {b}: pc = {i}"                  branch(|a, b| a >= b);
        Lb      "rd = sext(byte at {a} + {b})"              load(Width::Byte, Fill::Sign);
        Lbu     "rd = zext(byte at {a} + {b})"              load(Width::Byte, Fill::Zero);
        Lh      "rd = sext(half-word at {a} + {b})"         load(Width::Half, Fill::Sign);
        Lhu     "rd = zext(half-word at {a} + {b})"         load(Width::Half, Fill::Zero);
        Lw      "rd = word at {a} + {b}"                    load(Width::Word, Fill::Zero);
        LbBoxed "rd = byte at {a} + {b}, ones above"        load(Width::Byte, Fill::Ones);
        LhBoxed "rd = half-word at {a} + {b}, ones above"   load(Width::Half, Fill::Ones);
        LbPost  "rd = sext(byte at {a}); {a} += {b}"        load_post(Width::Byte, Fill::Sign);
        LbuPost "rd = zext(byte at {a}); {a} += {b}"        load_post(Width::Byte, Fill::Zero);
        LhPost  "rd = sext(half-word at {a}); {a} += {b}"   load_post(Width::Half, Fill::Sign);
        LhuPost "rd = zext(half-word at {a}); {a} += {b}"   load_post(Width::Half, Fill::Zero);
        LwPost  "rd = word at {a}; {a} += {b}"              load_post(Width::Word, Fill::Zero);
        Sb      "byte at {a} + {b} = {c}[7:0]"              store(Width::Byte, Addressing::Offset);
        Sh      "half-word at {a} + {b} = {c}[15:0]"        store(Width::Half, Addressing::Offset);
        Sw      "word at {a} + {b} = {c}"                   store(Width::Word, Addressing::Offset);
        SbPost  "byte at {a} = {c}[7:0]; {a} += {b}"        store(Width::Byte, Addressing::PostIncrement);
        ShPost  "half-word at {a} = {c}[15:0]; {a} += {b}"  store(Width::Half, Addressing::PostIncrement);
        SwPost  "word at {a} = {c}; {a} += {b}"             store(Width::Word, Addressing::PostIncrement);
        Elw     "rd = word at {a} + {i}, once the event unit grants it" Kind::EventLoad;
        Csrrw   "rd = {i}; {i} = {a}"                       csr(CsrUpdate::Write, false);
        Csrrs   "rd = {i}; {i} |= {a}"                      csr(CsrUpdate::Set, false);
        Csrrc   "rd = {i}; {i} &= ~{a}"                     csr(CsrUpdate::Clear, false);
        Csrrwi  "rd = {i}; {i} = {x}"                       csr(CsrUpdate::Write, true);
        Csrrsi  "rd = {i}; {i} |= {x}"                      csr(CsrUpdate::Set, true);
        Csrrci  "rd = {i}; {i} &= ~{x}"                     csr(CsrUpdate::Clear, true);
        Fence   "earlier memory accesses before later ones" Kind::Fence;
        FenceI  "earlier stores before later instruction fetches" Kind::FenceI;
        Ecall   "environment call"                          Kind::Ecall;
        Ebreak  "breakpoint"                                Kind::Ebreak;
        Mret    "return from a machine-mode trap"           Kind::Mret;
        Wfi     "wait for an interrupt"                     Kind::Wfi;
        LoopStartOffset   "start of loop = {i}"             Kind::Loop { part: LoopPart::StartOffset };
        LoopStartRegister "start of loop = {a}"             Kind::Loop { part: LoopPart::StartRegister };
        LoopEndOffset     "end of loop = {i}"               Kind::Loop { part: LoopPart::EndOffset };
        LoopEndRegister   "end of loop = {a}"               Kind::Loop { part: LoopPart::EndRegister };
        LoopCount         "count of loop = {a} + {x}"       Kind::Loop { part: LoopPart::Count };
        LoopSetup         "start of loop = pc + 4; end = {i}; count = {a} + {x}" Kind::Loop { part: LoopPart::Setup };
    }
    // Operations on .s, .h (FPnew: unchecked), .h (Zfh: boxing checked), .h (Zhinx: sign-extended), .ah, .b
    scalar {
        FmaddS      FmaddH      FmaddZfh    FmaddZhinx  FmaddAh     FmaddB
            AddMul  fmadd         "rd = {a} * {b} + {c}, one rounding";
        FmsubS      FmsubH      FmsubZfh    FmsubZhinx  FmsubAh     FmsubB
            AddMul  fmsub         "rd = {a} * {b} - {c}, one rounding";
        FnmsubS     FnmsubH     FnmsubZfh   FnmsubZhinx FnmsubAh    FnmsubB
            AddMul  fnmsub        "rd = -({a} * {b}) + {c}, one rounding";
        FnmaddS     FnmaddH     FnmaddZfh   FnmaddZhinx FnmaddAh    FnmaddB
            AddMul  fnmadd        "rd = -({a} * {b}) - {c}, one rounding";
        FaddS       FaddH       FaddZfh     FaddZhinx   FaddAh      FaddB
            AddMul  add           "rd = {a} + {b}";
        FsubS       FsubH       FsubZfh     FsubZhinx   FsubAh      FsubB
            AddMul  sub           "rd = {a} - {b}";
        FmulS       FmulH       FmulZfh     FmulZhinx   FmulAh      FmulB
            AddMul  mul           "rd = {a} * {b}";
        FdivS       FdivH       FdivZfh     FdivZhinx   FdivAh      FdivB
            DivSqrt div           "rd = {a} / {b}";
        FsqrtS      FsqrtH      FsqrtZfh    FsqrtZhinx  FsqrtAh     FsqrtB
            DivSqrt sqrt          "rd = square root of {a}";
        FsgnjS      FsgnjH      FsgnjZfh    FsgnjZhinx  FsgnjAh     FsgnjB
            NonComp sgnj          "rd = {a} with the sign of {b}";
        FsgnjnS     FsgnjnH     FsgnjnZfh   FsgnjnZhinx FsgnjnAh    FsgnjnB
            NonComp sgnjn         "rd = {a} with the opposite sign of {b}";
        FsgnjxS     FsgnjxH     FsgnjxZfh   FsgnjxZhinx FsgnjxAh    FsgnjxB
            NonComp sgnjx         "rd = {a}, negated if {b} is negative";
        FminS       FminH       FminZfh     FminZhinx   FminAh      FminB
            NonComp min           "rd = smaller of {a}, {b}; a number wins over a NaN";
        FmaxS       FmaxH       FmaxZfh     FmaxZhinx   FmaxAh      FmaxB
            NonComp max           "rd = larger of {a}, {b}; a number wins over a NaN";
        FeqS        FeqH        FeqZfh      FeqZhinx    FeqAh       FeqB
            NonComp eq            "rd = {a} == {b}; quiet";
        FltS        FltH        FltZfh      FltZhinx    FltAh       FltB
            NonComp lt            "rd = {a} < {b}; signalling";
        FleS        FleH        FleZfh      FleZhinx    FleAh       FleB
            NonComp le            "rd = {a} <= {b}; signalling";
        FcvtWS      FcvtWH      FcvtWZfh    FcvtWZhinx  FcvtWAh     FcvtWB
            Conv    to_signed     "rd = {a} as a signed integer, saturated";
        FcvtWuS     FcvtWuH     FcvtWuZfh   FcvtWuZhinx FcvtWuAh    FcvtWuB
            Conv    to_unsigned   "rd = {a} as an unsigned integer, saturated";
        FcvtSW      FcvtHW      FcvtZfhW    FcvtZhinxW  FcvtAhW     FcvtBW
            Conv    from_signed   "rd = signed integer {a} as a float";
        FcvtSWu     FcvtHWu     FcvtZfhWu   FcvtZhinxWu FcvtAhWu    FcvtBWu
            Conv    from_unsigned "rd = unsigned integer {a} as a float";
        FclassS     FclassH     FclassZfh   FclassZhinx FclassAh    FclassB
            NonComp classify      "rd = class of {a}, one bit of ten";
    }
    // Operations on .h, .ah, .b
    packed {
        VfaddH    VfaddAh   VfaddB    AddMul  add           "rd[i] = {a}[i] + {b}[i]";
        VfsubH    VfsubAh   VfsubB    AddMul  sub           "rd[i] = {a}[i] - {b}[i]";
        VfmulH    VfmulAh   VfmulB    AddMul  mul           "rd[i] = {a}[i] * {b}[i]";
        VfdivH    VfdivAh   VfdivB    DivSqrt div           "rd[i] = {a}[i] / {b}[i]";
        VfminH    VfminAh   VfminB    NonComp min "rd[i] = smaller of {a}[i], {b}[i]; a number wins over a NaN";
        VfmaxH    VfmaxAh   VfmaxB    NonComp max "rd[i] = larger of {a}[i], {b}[i]; a number wins over a NaN";
        VfmacH    VfmacAh   VfmacB    AddMul  mac           "rd[i] = {a}[i] * {b}[i] + {c}[i], one rounding";
        VfmreH    VfmreAh   VfmreB    AddMul  mre           "rd[i] = {a}[i] * {b}[i] - {c}[i], one rounding";
        VfsgnjH   VfsgnjAh  VfsgnjB   NonComp sgnj          "rd[i] = {a}[i] with the sign of {b}[i]";
        VfsgnjnH  VfsgnjnAh VfsgnjnB  NonComp sgnjn         "rd[i] = {a}[i] with the opposite sign of {b}[i]";
        VfsgnjxH  VfsgnjxAh VfsgnjxB  NonComp sgnjx         "rd[i] = {a}[i], negated if {b}[i] is negative";
        VfeqH     VfeqAh    VfeqB     NonComp eq            "rd[i] = {a}[i] == {b}[i] as 1 or 0; quiet";
        VfneH     VfneAh    VfneB     NonComp ne            "rd[i] = {a}[i] != {b}[i] as 1 or 0; 1 with a NaN; quiet";
        VfltH     VfltAh    VfltB     NonComp lt            "rd[i] = {a}[i] < {b}[i] as 1 or 0; signalling";
        VfgeH     VfgeAh    VfgeB     NonComp ge            "rd[i] = {a}[i] >= {b}[i] as 1 or 0; signalling";
        VfleH     VfleAh    VfleB     NonComp le            "rd[i] = {a}[i] <= {b}[i] as 1 or 0; signalling";
        VfgtH     VfgtAh    VfgtB     NonComp gt            "rd[i] = {a}[i] > {b}[i] as 1 or 0; signalling";
        VfsqrtH   VfsqrtAh  VfsqrtB   DivSqrt sqrt          "rd[i] = square root of {a}[i]";
        VfclassH  VfclassAh VfclassB  NonComp classify      "byte i of rd = class of {a}[i], two bits of eight";
        VfcvtXH   VfcvtXAh  VfcvtXB   Conv    to_signed     "rd[i] = {a}[i] as a signed integer, saturated";
        VfcvtXuH  VfcvtXuAh VfcvtXuB  Conv    to_unsigned   "rd[i] = {a}[i] as an unsigned integer, saturated";
        VfcvtHX   VfcvtAhX  VfcvtBX   Conv    from_signed   "rd[i] = signed integer {a}[i] as a float";
        VfcvtHXu  VfcvtAhXu VfcvtBXu  Conv    from_unsigned "rd[i] = unsigned integer {a}[i] as a float";
        VfdotpH   VfdotpAh  VfdotpB   AddMul  dot           "rd = sum of {a}[i] * {b}[i], one rounding";
        VfavgH    VfavgAh   VfavgB    AddMul  average       "rd[i] = ({a}[i] + {b}[i]) / 2, one rounding";
    }
    single {
        Fmv         NonComp S   scalar::copy, "rd = the bits of {a}";
        FmvXH       NonComp H   scalar::move_out::<Binary16>, "rd = sext({a}[15:0])";
        FmvXB       NonComp B   scalar::move_out::<Float8>, "rd = sext({a}[7:0])";
        FmvHX       NonComp H   scalar::move_in::<Binary16>, "rd = {a}[15:0], ones above";
        FmvBX       NonComp B   scalar::move_in::<Float8>, "rd = {a}[7:0], ones above";
        FcvtSH      Conv    S   scalar::convert::<Unchecked<Binary16>, Single>, "rd = binary16 {a} as binary32";
        FcvtHS      Conv    H   scalar::convert::<Single, Unchecked<Binary16>>, "rd = binary32 {a} as binary16";
        FcvtSZfh    Conv    S   scalar::convert::<Checked<Binary16>, Single>, "rd = binary16 {a} as binary32";
        FcvtZfhS    Conv    H   scalar::convert::<Single, Checked<Binary16>>, "rd = binary32 {a} as binary16";
        FcvtSZhinx  Conv    S   scalar::convert::<Extended<Binary16>, Single>, "rd = binary16 {a} as binary32";
        FcvtZhinxS  Conv    H   scalar::convert::<Single, Extended<Binary16>>, "rd = binary32 {a} as binary16";
        FcvtSAh     Conv    S   scalar::convert::<Unchecked<BFloat16>, Single>, "rd = bfloat16 {a} as binary32";
        FcvtAhS     Conv    Ah  scalar::convert::<Single, Unchecked<BFloat16>>, "rd = binary32 {a} as bfloat16";
        FcvtSB      Conv    S   scalar::convert::<Unchecked<Float8>, Single>, "rd = FP8 {a} as binary32";
        FcvtBS      Conv    B   scalar::convert::<Single, Unchecked<Float8>>, "rd = binary32 {a} as FP8";
        FcvtHAh     Conv    H   scalar::convert::<Unchecked<BFloat16>, Unchecked<Binary16>>,
            "rd = bfloat16 {a} as binary16";
        FcvtAhH     Conv    Ah  scalar::convert::<Unchecked<Binary16>, Unchecked<BFloat16>>,
            "rd = binary16 {a} as bfloat16";
        FcvtHB      Conv    H   scalar::convert::<Unchecked<Float8>, Unchecked<Binary16>>, "rd = FP8 {a} as binary16";
        FcvtBH      Conv    B   scalar::convert::<Unchecked<Binary16>, Unchecked<Float8>>, "rd = binary16 {a} as FP8";
        FcvtAhB     Conv    Ah  scalar::convert::<Unchecked<Float8>, Unchecked<BFloat16>>, "rd = FP8 {a} as bfloat16";
        FcvtBAh     Conv    B   scalar::convert::<Unchecked<BFloat16>, Unchecked<Float8>>, "rd = bfloat16 {a} as FP8";
        FmulexSH    AddMul  H   scalar::expand_mul::<Binary16>, "rd = {a} * {b} as binary32";
        FmulexSAh   AddMul  Ah  scalar::expand_mul::<BFloat16>, "rd = {a} * {b} as binary32";
        FmulexSB    AddMul  B   scalar::expand_mul::<Float8>, "rd = {a} * {b} as binary32";
        FmacexSH    AddMul  H   scalar::expand_mac::<Binary16>, "rd = {c} + {a} * {b} as binary32, one rounding";
        FmacexSAh   AddMul  Ah  scalar::expand_mac::<BFloat16>, "rd = {c} + {a} * {b} as binary32, one rounding";
        FmacexSB    AddMul  B   scalar::expand_mac::<Float8>, "rd = {c} + {a} * {b} as binary32, one rounding";
        VfcvtHAh    Conv    H   packed::convert::<BFloat16, Binary16>, "rd[i] = bfloat16 {a}[i] as binary16";
        VfcvtAhH    Conv    Ah  packed::convert::<Binary16, BFloat16>, "rd[i] = binary16 {a}[i] as bfloat16";
        VfcvtHB     Conv    H   packed::convert::<Float8, Binary16>, "rd[i] = FP8 {a}[i] as binary16";
        VfcvtBH     Conv    B   packed::convert::<Binary16, Float8>, "rd[i] = binary16 {a}[i] as FP8; upper lanes 0";
        VfcvtAhB    Conv    Ah  packed::convert::<Float8, BFloat16>, "rd[i] = FP8 {a}[i] as bfloat16";
        VfcvtBAh    Conv    B   packed::convert::<BFloat16, Float8>, "rd[i] = bfloat16 {a}[i] as FP8; upper lanes 0";
        VfcpkaHS    Conv    H   packed::cast::<Binary16, 0>, "rd = binary32 {a}, {b} as binary16 in lanes 0, 1";
        VfcpkaAhS   Conv    Ah  packed::cast::<BFloat16, 0>, "rd = binary32 {a}, {b} as bfloat16 in lanes 0, 1";
        VfcpkaBS    Conv    B   packed::cast::<Float8, 0>, "rd = {c} with binary32 {a}, {b} as FP8 in lanes 0, 1";
        VfcpkbBS    Conv    B   packed::cast::<Float8, 2>, "rd = {c} with binary32 {a}, {b} as FP8 in lanes 2, 3";
        VfdotpexSH  AddMul  H   packed::expand_dot::<Binary16>,
            "rd = {c} + sum of {a}[i] * {b}[i] as binary32, one rounding";
        VfdotpexSAh AddMul  Ah  packed::expand_dot::<BFloat16>,
            "rd = {c} + sum of {a}[i] * {b}[i] as binary32, one rounding";
        VfdotpexSB  AddMul  B   packed::expand_dot::<Float8>,
            "rd = {c} + sum of {a}[i] * {b}[i] as binary32, one rounding";
        VfndotpexSH AddMul  H   packed::expand_dot_negated::<Binary16>,
            "rd = {c} - sum of {a}[i] * {b}[i] as binary32, one rounding";
    }
}

impl Op {
    /// How many operations there are.
    pub const COUNT: usize = OPERATIONS.len();

    /// Every operation.
    pub fn all() -> impl Iterator<Item = Op> {
        OPERATIONS.iter().map(|&(op, ..)| op)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        OPERATIONS[self as usize].1
    }

    /// Its meaning, with operands as `{a}` and so on.
    pub fn text(self) -> &'static str {
        OPERATIONS[self as usize].2
    }

    /// What an engine has to do for it.
    #[inline]
    pub fn kind(self) -> Kind {
        OPERATIONS[self as usize].3
    }
}
