//! Packed floats: Xfvec and Xfaux (the smallFloat extensions as RI5CY and CV32E40P decode them, and for what their
//! decoders lack, as the PULP assembler writes it).
//!
//! One line gives an instruction in all formats: the field below the repeat bit is 10 for `.h`, 01 for `.ah`, 11 for
//! `.b`. What rounds does so as `frm` says.

use super::{Row, reserved, rows};

/// Name, the seven highest bits, operands (`rounding`, `accumulating`, `plain` or `compare`), operations on `.h`,
/// `.ah`, `.b`: each as it is, and `.r` with lane 0 of `rs2` in every lane.
macro_rules! binary {
    ([$set:ident] $($name:literal $high:literal $operands:ident $h:ident $ah:ident $b:ident;)*) => {
        &[$(
            binary!(@ [$set Xf16], $name ".h", $high "010", $operands One, $h),
            binary!(@ [$set Xf16], $name ".r.h", $high "110", $operands Half, $h),
            binary!(@ [$set Xf16alt], $name ".ah", $high "001", $operands One, $ah),
            binary!(@ [$set Xf16alt], $name ".r.ah", $high "101", $operands Half, $ah),
            binary!(@ [$set Xf8], $name ".b", $high "011", $operands One, $b),
            binary!(@ [$set Xf8], $name ".r.b", $high "111", $operands Byte, $b),
        )*]
    };
    (@ $needs:tt, $name:literal $format:literal,
       $high:literal $funct3:literal, $operands:ident $repeat:ident, $op:ident) => {
        $crate::table::encode(
            &$crate::table::needs!($needs),
            concat!($name, $format),
            concat!($high, " ..... ..... ", $funct3, " ..... 0110011"),
            &binary!($operands $repeat),
            Some($crate::table::Op::$op),
        )
    };
    (rounding One) => { $crate::table::format::FFF_DYN };
    (rounding Half) => { $crate::table::format::FFF_DYN_H };
    (rounding Byte) => { $crate::table::format::FFF_DYN_B };
    (accumulating One) => { $crate::table::format::FFFA_DYN };
    (accumulating Half) => { $crate::table::format::FFFA_DYN_H };
    (accumulating Byte) => { $crate::table::format::FFFA_DYN_B };
    (plain One) => { $crate::table::format::FFF };
    (plain Half) => { $crate::table::format::FFF_H };
    (plain Byte) => { $crate::table::format::FFF_B };
    (compare One) => { $crate::table::format::XFF };
    (compare Half) => { $crate::table::format::XFF_H };
    (compare Byte) => { $crate::table::format::XFF_B };
}

pub(super) const BINARY: &[Row] = binary! { [Xfvec]
    "vfadd"   "1000001" rounding     VfaddH   VfaddAh   VfaddB;
    "vfsub"   "1000010" rounding     VfsubH   VfsubAh   VfsubB;
    "vfmul"   "1000011" rounding     VfmulH   VfmulAh   VfmulB;
    "vfdiv"   "1000100" rounding     VfdivH   VfdivAh   VfdivB;
    "vfmin"   "1000101" plain        VfminH   VfminAh   VfminB;
    "vfmax"   "1000110" plain        VfmaxH   VfmaxAh   VfmaxB;
    "vfmac"   "1001000" accumulating VfmacH   VfmacAh   VfmacB;
    "vfmre"   "1001001" accumulating VfmreH   VfmreAh   VfmreB;
    "vfsgnj"  "1001101" plain        VfsgnjH  VfsgnjAh  VfsgnjB;
    "vfsgnjn" "1001110" plain        VfsgnjnH VfsgnjnAh VfsgnjnB;
    "vfsgnjx" "1001111" plain        VfsgnjxH VfsgnjxAh VfsgnjxB;
    "vfeq"    "1010000" compare      VfeqH    VfeqAh    VfeqB;
    "vfne"    "1010001" compare      VfneH    VfneAh    VfneB;
    "vflt"    "1010010" compare      VfltH    VfltAh    VfltB;
    "vfge"    "1010011" compare      VfgeH    VfgeAh    VfgeB;
    "vfle"    "1010100" compare      VfleH    VfleAh    VfleB;
    "vfgt"    "1010101" compare      VfgtH    VfgtAh    VfgtB;
};

pub(super) const AUXILIARY: &[Row] = binary! { [Xfaux]
    "vfdotp"  "1001010" rounding     VfdotpH  VfdotpAh  VfdotpB;
    "vfavg"   "1010110" rounding     VfavgH   VfavgAh   VfavgB;
};

/// Name around the format, `rs2`, repeat bit, operands, operations on `.h`, `.ah`, `.b`.
macro_rules! unary {
    ($($head:literal $tail:literal $high:literal $rs2:literal $repeat:literal $operands:ident
       $h:ident $ah:ident $b:ident;)*) => {
        &[$(
            unary!(@ Xf16, $head "h" $tail, $high $rs2 $repeat "10", $operands, $h),
            unary!(@ Xf16alt, $head "ah" $tail, $high $rs2 $repeat "01", $operands, $ah),
            unary!(@ Xf8, $head "b" $tail, $high $rs2 $repeat "11", $operands, $b),
        )*]
    };
    (@ $extension:ident, $head:literal $format:literal $tail:literal,
       $high:literal $rs2:literal $repeat:literal $bits:literal, $operands:ident, $op:ident) => {
        $crate::table::encode(
            &[$crate::set::Extension::Xfvec, $crate::set::Extension::$extension],
            concat!($head, $format, $tail),
            concat!($high, " ", $rs2, " ..... ", $repeat, $bits, " ..... 0110011"),
            &$crate::table::format::$operands,
            Some($crate::table::Op::$op),
        )
    };
}

pub(super) const UNARY: &[Row] = unary! {
    "vfsqrt."   ""    "1000111" "00000" "0" FF_DYN VfsqrtH   VfsqrtAh   VfsqrtB;
    "vfmv.x."   ""    "1001100" "00000" "0" XF     Fmv       Fmv        Fmv;
    "vfmv."     ".x"  "1001100" "00000" "1" FX     Fmv       Fmv        Fmv;
    "vfclass."  ""    "1001100" "00001" "0" XF     VfclassH  VfclassAh  VfclassB;
    "vfcvt.x."  ""    "1001100" "00010" "0" XF_DYN VfcvtXH   VfcvtXAh   VfcvtXB;
    "vfcvt.xu." ""    "1001100" "00010" "1" XF_DYN VfcvtXuH  VfcvtXuAh  VfcvtXuB;
    "vfcvt."    ".x"  "1001100" "00011" "0" FX_DYN VfcvtHX   VfcvtAhX   VfcvtBX;
    "vfcvt."    ".xu" "1001100" "00011" "1" FX_DYN VfcvtHXu  VfcvtAhXu  VfcvtBXu;
};

pub(super) const H: &[Row] = rows! { [Xfvec Xf16]
    "vfcpka.h.s"  "1011000 ..... ..... 010 ..... 0110011" FFF_DYN VfcpkaHS
};

pub(super) const AH: &[Row] = rows! { [Xfvec Xf16alt]
    "vfcpka.ah.s" "1011000 ..... ..... 001 ..... 0110011" FFF_DYN VfcpkaAhS
};

pub(super) const B: &[Row] = rows! { [Xfvec Xf8]
    "vfcpka.b.s"  "1011000 ..... ..... 011 ..... 0110011" FFFA_DYN VfcpkaBS
    "vfcpkb.b.s"  "1011000 ..... ..... 111 ..... 0110011" FFFA_DYN VfcpkbBS
};

pub(super) const H_AH: &[Row] = rows! { [Xfvec Xf16 Xf16alt]
    "vfcvt.h.ah"  "1001100 00101 ..... 010 ..... 0110011" FF_DYN VfcvtHAh
    "vfcvt.ah.h"  "1001100 00110 ..... 001 ..... 0110011" FF_DYN VfcvtAhH
};

pub(super) const H_B: &[Row] = rows! { [Xfvec Xf16 Xf8]
    "vfcvt.h.b"   "1001100 00111 ..... 010 ..... 0110011" FF_DYN VfcvtHB
    "vfcvt.b.h"   "1001100 00110 ..... 011 ..... 0110011" FF_DYN VfcvtBH
};

pub(super) const AH_B: &[Row] = rows! { [Xfvec Xf16alt Xf8]
    "vfcvt.ah.b"  "1001100 00111 ..... 001 ..... 0110011" FF_DYN VfcvtAhB
    "vfcvt.b.ah"  "1001100 00101 ..... 011 ..... 0110011" FF_DYN VfcvtBAh
};

pub(super) const H_EXPANDING: &[Row] = rows! { [Xfaux Xf16]
    "vfdotpex.s.h"    "1001011 ..... ..... 000 ..... 0110011" FFFA_DYN   VfdotpexSH
    "vfdotpex.s.r.h"  "1001011 ..... ..... 100 ..... 0110011" FFFA_DYN_H VfdotpexSH
    "vfndotpex.s.h"   "1011101 ..... ..... 000 ..... 0110011" FFFA_DYN   VfndotpexSH
    "vfndotpex.s.r.h" "1011101 ..... ..... 100 ..... 0110011" FFFA_DYN_H VfndotpexSH
};

pub(super) const AH_EXPANDING: &[Row] = rows! { [Xfaux Xf16alt]
    "vfdotpex.s.ah"   "1001011 ..... ..... 001 ..... 0110011" FFFA_DYN   VfdotpexSAh
    "vfdotpex.s.r.ah" "1001011 ..... ..... 101 ..... 0110011" FFFA_DYN_H VfdotpexSAh
};

pub(super) const B_EXPANDING: &[Row] = rows! { [Xfaux Xf8]
    "vfdotpex.s.b"    "1001011 ..... ..... 011 ..... 0110011" FFFA_DYN   VfdotpexSB
    "vfdotpex.s.r.b"  "1001011 ..... ..... 111 ..... 0110011" FFFA_DYN_B VfdotpexSB
};

pub(super) const RESERVED: &[Row] = reserved! { [Xfvec]
    "vfcpkb.h.s"  "1011000 ..... ..... 110 ..... 0110011" FFFA_DYN "illegal: a 32-bit register has no lanes 2 and 3"
    "vfcpkb.ah.s" "1011000 ..... ..... 101 ..... 0110011" FFFA_DYN "illegal: a 32-bit register has no lanes 2 and 3"
    "vfcpkc.b.s"  "1011001 ..... ..... 011 ..... 0110011" FFFA_DYN "illegal: a 32-bit register has no lanes 4 and 5"
    "vfcpkd.b.s"  "1011001 ..... ..... 111 ..... 0110011" FFFA_DYN "illegal: a 32-bit register has no lanes 6 and 7"
};
