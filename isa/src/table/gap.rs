//! What the GAP processors add to Xpulpv2 (the PULP assembler's `gap8` and `gap9` variants). The two use different
//! words for the same operations, so a core has one of them at most.

use super::{Row, reserved, rows};

pub(super) const GAP8: &[Row] = rows! { [Gap8]
    "pv.pack.h.h"       "1101000 ..... ..... 110 ..... 1010111" R     PackHigh
    "pv.pack.l.h"       "1101000 ..... ..... 100 ..... 1010111" R     PackLow
    "pv.cplxmul.s"      "0101010 ..... ..... 000 ..... 1010111" R     CplxMul
    "pv.cplxmul.sc.s"   "0101010 ..... ..... 100 ..... 1010111" SC_H  CplxMul
    "pv.cplxmul.sci.s"  "010101. ..... ..... 110 ..... 1010111" SCI_H CplxMul
    "pv.cplxmul.s.div2" "0101010 ..... ..... 010 ..... 1010111" DIV2  CplxMul
    "pv.cplxmul.s.div4" "0101011 ..... ..... 010 ..... 1010111" DIV4  CplxMul
    "pv.subrotmj.h"      "0110110 ..... ..... 000 ..... 1010111" R    SubRotMj
    "pv.subrotmj.h.div2" "0110110 ..... ..... 010 ..... 1010111" DIV2 SubRotMj
    "pv.subrotmj.h.div4" "0110111 ..... ..... 010 ..... 1010111" DIV4 SubRotMj
    "pv.add.b.div2"     "0000000 ..... ..... 011 ..... 1010111" DIV2  AddDivB
    "pv.add.h.div2"     "0000000 ..... ..... 010 ..... 1010111" DIV2  AddDivH
    "pv.add.b.div4"     "0000001 ..... ..... 011 ..... 1010111" DIV4  AddDivB
    "pv.add.h.div4"     "0000001 ..... ..... 010 ..... 1010111" DIV4  AddDivH
    "pv.sub.b.div2"     "0000100 ..... ..... 011 ..... 1010111" DIV2  SubDivB
    "pv.sub.h.div2"     "0000100 ..... ..... 010 ..... 1010111" DIV2  SubDivH
    "pv.sub.b.div4"     "0000101 ..... ..... 011 ..... 1010111" DIV4  SubDivB
    "pv.sub.h.div4"     "0000101 ..... ..... 010 ..... 1010111" DIV4  SubDivH
    "pv.cplxconj.h"     "0101110 00000 ..... 000 ..... 1010111" R1    CplxConj
};

pub(super) const GAP8_RESERVED: &[Row] = reserved! { [Gap8]
    "pv.vitop.max"      "0110010 ..... ..... 001 ..... 1010111" R "illegal: its hidden flags are not described"
    "pv.vitop.sel"      "0110010 ..... ..... 000 ..... 1010111" R "illegal: its hidden flags are not described"
};

pub(super) const GAP9: &[Row] = rows! { [Gap9]
    "pv.cplxmul.h.r"      "0101010 ..... ..... 000 ..... 1010111" ACCUMULATE CplxMulR
    "pv.cplxmul.h.r.div2" "0101010 ..... ..... 010 ..... 1010111" ACC_DIV2   CplxMulR
    "pv.cplxmul.h.r.div4" "0101010 ..... ..... 100 ..... 1010111" ACC_DIV4   CplxMulR
    "pv.cplxmul.h.r.div8" "0101010 ..... ..... 110 ..... 1010111" ACC_DIV8   CplxMulR
    "pv.cplxmul.h.i"      "0101011 ..... ..... 000 ..... 1010111" ACCUMULATE CplxMulI
    "pv.cplxmul.h.i.div2" "0101011 ..... ..... 010 ..... 1010111" ACC_DIV2   CplxMulI
    "pv.cplxmul.h.i.div4" "0101011 ..... ..... 100 ..... 1010111" ACC_DIV4   CplxMulI
    "pv.cplxmul.h.i.div8" "0101011 ..... ..... 110 ..... 1010111" ACC_DIV8   CplxMulI
    "pv.subrotmj.h"       "0110110 ..... ..... 000 ..... 1010111" R          SubRotMj
    "pv.subrotmj.h.div2"  "0110110 ..... ..... 010 ..... 1010111" DIV2       SubRotMj
    "pv.subrotmj.h.div4"  "0110110 ..... ..... 100 ..... 1010111" DIV4       SubRotMj
    "pv.subrotmj.h.div8"  "0110110 ..... ..... 110 ..... 1010111" DIV8       SubRotMj
    "pv.cplxconj.h"       "0101110 00000 ..... 000 ..... 1010111" R1         CplxConj
    "pv.add.h.div2"       "0111010 ..... ..... 010 ..... 1010111" DIV2       AddDivH
    "pv.add.h.div4"       "0111010 ..... ..... 100 ..... 1010111" DIV4       AddDivH
    "pv.add.h.div8"       "0111010 ..... ..... 110 ..... 1010111" DIV8       AddDivH
    "pv.sub.h.div2"       "0110010 ..... ..... 010 ..... 1010111" DIV2       SubDivH
    "pv.sub.h.div4"       "0110010 ..... ..... 100 ..... 1010111" DIV4       SubDivH
    "pv.sub.h.div8"       "0110010 ..... ..... 110 ..... 1010111" DIV8       SubDivH
    "pv.pack.h.h"         "1101001 ..... ..... 000 ..... 1010111" R          PackHigh
    "p.bitrev"            "11000.. ..... ..... 101 ..... 0110011" P_BITREV   Bitrev
};
