//! Scalar floats: F, Zfh, Zhinx and the small floats Xf16, Xf16alt and Xf8 (The RISC-V Instruction Set Manual, volume
//! I, "F" and "Zfh"; the smallFloat extensions as RI5CY and CV32E40P decode them).
//!
//! One line gives an instruction in all formats. The two format bits are 00 for `.s`, 10 for `.h` and `.ah`, 11 for
//! `.b`; `.ah` is told from `.h` by a function or rounding field with its highest bit set, so it always rounds as
//! `frm` says.

use super::{Row, rows};

/// Name around the format, the five highest bits, `rs2`, function or rounding field, opcode, operands; operations on
/// `.s`, `.h` (unchecked), `.h` (Zfh), `.h` (Zhinx), `.b`; field, operands and operation of `.ah`.
macro_rules! formats {
    ($($head:literal $tail:literal $high:literal $rs2:literal $funct3:literal $opcode:literal $operands:ident
       $s:ident $h:ident $zfh:ident $zhinx:ident $b:ident | $alt:literal $alt_operands:ident $ah:ident;)*) => {
        &[$(
            formats!(@ F, $head "s" $tail, $high "00" $rs2 $funct3 $opcode, $operands $s),
            formats!(@ Xf16, $head "h" $tail, $high "10" $rs2 $funct3 $opcode, $operands $h),
            formats!(@ Zfh, $head "h" $tail, $high "10" $rs2 $funct3 $opcode, $operands $zfh),
            formats!(@ Zhinx, $head "h" $tail, $high "10" $rs2 $funct3 $opcode, $operands $zhinx),
            formats!(@ Xf16alt, $head "ah" $tail, $high "10" $rs2 $alt $opcode, $alt_operands $ah),
            formats!(@ Xf8, $head "b" $tail, $high "11" $rs2 $funct3 $opcode, $operands $b),
        )*]
    };
    (@ $extension:ident, $head:literal $format:literal $tail:literal,
       $high:literal $bits:literal $rs2:literal $funct3:literal $opcode:literal, $operands:ident $op:ident) => {
        $crate::table::encode(
            &[$crate::set::Extension::$extension],
            concat!($head, $format, $tail),
            concat!($high, $bits, " ", $rs2, " ..... ", $funct3, " ..... ", $opcode),
            &$crate::table::format::$operands,
            Some($crate::table::Op::$op),
        )
    };
}

pub(super) const FORMATS: &[Row] = formats! {
    "fmadd."   ""    "....." "....." "..." "1000011" FFFF_RM FmaddS  FmaddH  FmaddZfh  FmaddZhinx  FmaddB
        | "101" FFFF_DYN FmaddAh;
    "fmsub."   ""    "....." "....." "..." "1000111" FFFF_RM FmsubS  FmsubH  FmsubZfh  FmsubZhinx  FmsubB
        | "101" FFFF_DYN FmsubAh;
    "fnmsub."  ""    "....." "....." "..." "1001011" FFFF_RM FnmsubS FnmsubH FnmsubZfh FnmsubZhinx FnmsubB
        | "101" FFFF_DYN FnmsubAh;
    "fnmadd."  ""    "....." "....." "..." "1001111" FFFF_RM FnmaddS FnmaddH FnmaddZfh FnmaddZhinx FnmaddB
        | "101" FFFF_DYN FnmaddAh;
    "fadd."    ""    "00000" "....." "..." "1010011" FFF_RM  FaddS   FaddH   FaddZfh   FaddZhinx   FaddB
        | "101" FFF_DYN FaddAh;
    "fsub."    ""    "00001" "....." "..." "1010011" FFF_RM  FsubS   FsubH   FsubZfh   FsubZhinx   FsubB
        | "101" FFF_DYN FsubAh;
    "fmul."    ""    "00010" "....." "..." "1010011" FFF_RM  FmulS   FmulH   FmulZfh   FmulZhinx   FmulB
        | "101" FFF_DYN FmulAh;
    "fdiv."    ""    "00011" "....." "..." "1010011" FFF_RM  FdivS   FdivH   FdivZfh   FdivZhinx   FdivB
        | "101" FFF_DYN FdivAh;
    "fsqrt."   ""    "01011" "00000" "..." "1010011" FF_RM   FsqrtS  FsqrtH  FsqrtZfh  FsqrtZhinx  FsqrtB
        | "101" FF_DYN FsqrtAh;
    "fsgnj."   ""    "00100" "....." "000" "1010011" FFF     FsgnjS  FsgnjH  FsgnjZfh  FsgnjZhinx  FsgnjB
        | "100" FFF FsgnjAh;
    "fsgnjn."  ""    "00100" "....." "001" "1010011" FFF     FsgnjnS FsgnjnH FsgnjnZfh FsgnjnZhinx FsgnjnB
        | "101" FFF FsgnjnAh;
    "fsgnjx."  ""    "00100" "....." "010" "1010011" FFF     FsgnjxS FsgnjxH FsgnjxZfh FsgnjxZhinx FsgnjxB
        | "110" FFF FsgnjxAh;
    "fmin."    ""    "00101" "....." "000" "1010011" FFF     FminS   FminH   FminZfh   FminZhinx   FminB
        | "100" FFF FminAh;
    "fmax."    ""    "00101" "....." "001" "1010011" FFF     FmaxS   FmaxH   FmaxZfh   FmaxZhinx   FmaxB
        | "101" FFF FmaxAh;
    "feq."     ""    "10100" "....." "010" "1010011" XFF     FeqS    FeqH    FeqZfh    FeqZhinx    FeqB
        | "110" XFF FeqAh;
    "flt."     ""    "10100" "....." "001" "1010011" XFF     FltS    FltH    FltZfh    FltZhinx    FltB
        | "101" XFF FltAh;
    "fle."     ""    "10100" "....." "000" "1010011" XFF     FleS    FleH    FleZfh    FleZhinx    FleB
        | "100" XFF FleAh;
    "fcvt.w."  ""    "11000" "00000" "..." "1010011" XF_RM   FcvtWS  FcvtWH  FcvtWZfh  FcvtWZhinx  FcvtWB
        | "101" XF_DYN FcvtWAh;
    "fcvt.wu." ""    "11000" "00001" "..." "1010011" XF_RM   FcvtWuS FcvtWuH FcvtWuZfh FcvtWuZhinx FcvtWuB
        | "101" XF_DYN FcvtWuAh;
    "fcvt."    ".w"  "11010" "00000" "..." "1010011" FX_RM   FcvtSW  FcvtHW  FcvtZfhW  FcvtZhinxW  FcvtBW
        | "101" FX_DYN FcvtAhW;
    "fcvt."    ".wu" "11010" "00001" "..." "1010011" FX_RM   FcvtSWu FcvtHWu FcvtZfhWu FcvtZhinxWu FcvtBWu
        | "101" FX_DYN FcvtAhWu;
    "fclass."  ""    "11100" "00000" "001" "1010011" XF      FclassS FclassH FclassZfh FclassZhinx FclassB
        | "101" XF FclassAh;
};

pub(super) const F_MEMORY: &[Row] = rows! { [FloatMemory]
    "flw" "....... ..... ..... 010 ..... 0000111" FLOAD  Lw
    "fsw" "....... ..... ..... 010 ..... 0100111" FSTORE Sw
};

pub(super) const F_MOVES: &[Row] = rows! { [F FloatMove]
    "fmv.x.w" "1110000 00000 ..... 000 ..... 1010011" XF Fmv
    "fmv.w.x" "1111000 00000 ..... 000 ..... 1010011" FX Fmv
};

pub(super) const ZFH: &[Row] = rows! { [Zfh]
    "flh"      "....... ..... ..... 001 ..... 0000111" FLOAD  LhBoxed
    "fsh"      "....... ..... ..... 001 ..... 0100111" FSTORE Sh
    "fmv.x.h"  "1110010 00000 ..... 000 ..... 1010011" XF     FmvXH
    "fmv.h.x"  "1111010 00000 ..... 000 ..... 1010011" FX     FmvHX
    "fcvt.s.h" "0100000 00010 ..... ... ..... 1010011" FF_RM  FcvtSZfh
    "fcvt.h.s" "0100010 00000 ..... ... ..... 1010011" FF_RM  FcvtZfhS
};

pub(super) const ZHINX: &[Row] = rows! { [Zhinx]
    "fcvt.s.h" "0100000 00010 ..... ... ..... 1010011" FF_RM  FcvtSZhinx
    "fcvt.h.s" "0100010 00000 ..... ... ..... 1010011" FF_RM  FcvtZhinxS
};

pub(super) const XF16_MEMORY: &[Row] = rows! { [Xf16 FloatMemory]
    "flh"      "....... ..... ..... 001 ..... 0000111" FLOAD  LhBoxed
    "fsh"      "....... ..... ..... 001 ..... 0100111" FSTORE Sh
};

pub(super) const XF16: &[Row] = rows! { [Xf16]
    "fcvt.s.h" "0100000 00010 ..... 000 ..... 1010011" FF     FcvtSH
    "fcvt.s.h" "0100000 00010 ..... ... ..... 1010011" FF_RM_SHOWN FcvtSH; "newer assemblers write a rounding mode"
    "fcvt.h.s" "0100010 00000 ..... ... ..... 1010011" FF_RM  FcvtHS
};

pub(super) const XF16_MOVES: &[Row] = rows! { [Xf16 FloatMove]
    "fmv.x.h"  "1110010 00000 ..... 000 ..... 1010011" XF     FmvXH
    "fmv.h.x"  "1111010 00000 ..... 000 ..... 1010011" FX     FmvHX
};

pub(super) const XF16ALT: &[Row] = rows! { [Xf16alt]
    "fcvt.s.ah" "0100000 00110 ..... 000 ..... 1010011" FF     FcvtSAh
    "fcvt.ah.s" "0100010 00000 ..... 101 ..... 1010011" FF_DYN FcvtAhS
};

pub(super) const XF16_XF16ALT: &[Row] = rows! { [Xf16 Xf16alt]
    "fcvt.h.ah" "0100010 00110 ..... ... ..... 1010011" FF_RM  FcvtHAh
    "fcvt.ah.h" "0100010 00010 ..... 101 ..... 1010011" FF_DYN FcvtAhH
};

pub(super) const XF16ALT_MOVES: &[Row] = rows! { [Xf16alt FloatMove]
    "fmv.x.ah"  "1110010 00000 ..... 100 ..... 1010011" XF     FmvXH
    "fmv.ah.x"  "1111010 00000 ..... 100 ..... 1010011" FX     FmvHX
};

pub(super) const XF8_MEMORY: &[Row] = rows! { [Xf8 FloatMemory]
    "flb"      "....... ..... ..... 000 ..... 0000111" FLOAD  LbBoxed
    "fsb"      "....... ..... ..... 000 ..... 0100111" FSTORE Sb
};

pub(super) const XF8: &[Row] = rows! { [Xf8]
    "fcvt.s.b"  "0100000 00011 ..... 000 ..... 1010011" FF     FcvtSB
    "fcvt.b.s"  "0100011 00000 ..... ... ..... 1010011" FF_RM  FcvtBS
};

pub(super) const XF16_XF8: &[Row] = rows! { [Xf16 Xf8]
    "fcvt.h.b"  "0100010 00011 ..... 000 ..... 1010011" FF     FcvtHB
    "fcvt.b.h"  "0100011 00010 ..... ... ..... 1010011" FF_RM  FcvtBH
};

pub(super) const XF16ALT_XF8: &[Row] = rows! { [Xf16alt Xf8]
    "fcvt.ah.b" "0100010 00011 ..... 101 ..... 1010011" FF     FcvtAhB
    "fcvt.b.ah" "0100011 00110 ..... ... ..... 1010011" FF_RM  FcvtBAh
};

pub(super) const XF8_MOVES: &[Row] = rows! { [Xf8 FloatMove]
    "fmv.x.b"  "1110011 00000 ..... 000 ..... 1010011" XF     FmvXB
    "fmv.b.x"  "1111011 00000 ..... 000 ..... 1010011" FX     FmvBX
};

pub(super) const XF16_EXPANDING: &[Row] = rows! { [Xf16]
    "fmulex.s.h" "0100110 ..... ..... ... ..... 1010011" FFF_RM  FmulexSH
    "fmacex.s.h" "0101010 ..... ..... ... ..... 1010011" FFFA_RM FmacexSH
};

pub(super) const XF16ALT_EXPANDING: &[Row] = rows! { [Xf16alt]
    "fmulex.s.ah" "0100110 ..... ..... 101 ..... 1010011" FFF_DYN  FmulexSAh
    "fmacex.s.ah" "0101010 ..... ..... 101 ..... 1010011" FFFA_DYN FmacexSAh
};

pub(super) const XF8_EXPANDING: &[Row] = rows! { [Xf8]
    "fmulex.s.b" "0100111 ..... ..... ... ..... 1010011" FFF_RM  FmulexSB
    "fmacex.s.b" "0101011 ..... ..... ... ..... 1010011" FFFA_RM FmacexSB
};
