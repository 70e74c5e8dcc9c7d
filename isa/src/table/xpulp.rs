//! Xpulpv2: the legacy PULP family of RI5CY (RI5CY user manual), as the PULP GCC emits it.
//!
//! Loop ends are inclusive and loop offsets count half-words.

use super::{Row, rows, simd};

pub(super) const MEMORY: &[Row] = rows! { [Xpulpv2]
    "p.lb"  "....... ..... ..... 000 ..... 0001011" LOAD_P   LbPost
    "p.lb"  "0000000 ..... ..... 111 ..... 0000011" LOAD_X   Lb
    "p.lb"  "0000000 ..... ..... 111 ..... 0001011" LOAD_XP  LbPost
    "p.lbu" "....... ..... ..... 100 ..... 0001011" LOAD_P   LbuPost
    "p.lbu" "0100000 ..... ..... 111 ..... 0000011" LOAD_X   Lbu
    "p.lbu" "0100000 ..... ..... 111 ..... 0001011" LOAD_XP  LbuPost
    "p.lh"  "....... ..... ..... 001 ..... 0001011" LOAD_P   LhPost
    "p.lh"  "0001000 ..... ..... 111 ..... 0000011" LOAD_X   Lh
    "p.lh"  "0001000 ..... ..... 111 ..... 0001011" LOAD_XP  LhPost
    "p.lhu" "....... ..... ..... 101 ..... 0001011" LOAD_P   LhuPost
    "p.lhu" "0101000 ..... ..... 111 ..... 0000011" LOAD_X   Lhu
    "p.lhu" "0101000 ..... ..... 111 ..... 0001011" LOAD_XP  LhuPost
    "p.lw"  "....... ..... ..... 010 ..... 0001011" LOAD_P   LwPost
    "p.lw"  "0010000 ..... ..... 111 ..... 0000011" LOAD_X   Lw
    "p.lw"  "0010000 ..... ..... 111 ..... 0001011" LOAD_XP  LwPost
    "p.sb"  "....... ..... ..... 000 ..... 0101011" STORE_P  SbPost
    "p.sb"  "0000000 ..... ..... 100 ..... 0100011" STORE_X  Sb
    "p.sb"  "0000000 ..... ..... 100 ..... 0101011" STORE_XP SbPost
    "p.sh"  "....... ..... ..... 001 ..... 0101011" STORE_P  ShPost
    "p.sh"  "0000000 ..... ..... 101 ..... 0100011" STORE_X  Sh
    "p.sh"  "0000000 ..... ..... 101 ..... 0101011" STORE_XP ShPost
    "p.sw"  "....... ..... ..... 010 ..... 0101011" STORE_P  SwPost
    "p.sw"  "0000000 ..... ..... 110 ..... 0100011" STORE_X  Sw
    "p.sw"  "0000000 ..... ..... 110 ..... 0101011" STORE_XP SwPost
};

pub(super) const SCALAR: &[Row] = rows! { [Xpulpv2]
    "p.abs"       "0000010 00000 ..... 000 ..... 0110011" R1         Abs
    "p.slet"      "0000010 ..... ..... 010 ..... 0110011" R          Sle
    "p.sletu"     "0000010 ..... ..... 011 ..... 0110011" R          Sleu
    "p.min"       "0000010 ..... ..... 100 ..... 0110011" R          Min
    "p.minu"      "0000010 ..... ..... 101 ..... 0110011" R          Minu
    "p.max"       "0000010 ..... ..... 110 ..... 0110011" R          Max
    "p.maxu"      "0000010 ..... ..... 111 ..... 0110011" R          Maxu
    "p.ror"       "0000100 ..... ..... 101 ..... 0110011" R          Ror
    "p.ff1"       "0001000 00000 ..... 000 ..... 0110011" R1         Ff1
    "p.fl1"       "0001000 00000 ..... 001 ..... 0110011" R1         Fl1
    "p.clb"       "0001000 00000 ..... 010 ..... 0110011" R1         Clb
    "p.cnt"       "0001000 00000 ..... 011 ..... 0110011" R1         Cnt
    "p.exths"     "0001000 00000 ..... 100 ..... 0110011" R1         Exths
    "p.exthz"     "0001000 00000 ..... 101 ..... 0110011" R1         Exthz
    "p.extbs"     "0001000 00000 ..... 110 ..... 0110011" R1         Extbs
    "p.extbz"     "0001000 00000 ..... 111 ..... 0110011" R1         Extbz
    "p.clip"      "0001010 ..... ..... 001 ..... 0110011" SHIFT      Clip
    "p.clipr"     "0001010 ..... ..... 101 ..... 0110011" R          ClipR
    "p.clipu"     "0001010 ..... ..... 010 ..... 0110011" SHIFT      Clipu
    "p.clipur"    "0001010 ..... ..... 110 ..... 0110011" R          ClipuR
    "p.extract"   "11..... ..... ..... 000 ..... 0110011" BITS       Extract
    "p.extractr"  "1000000 ..... ..... 000 ..... 0110011" R          Extract
    "p.extractu"  "11..... ..... ..... 001 ..... 0110011" BITS       Extractu
    "p.extractur" "1000000 ..... ..... 001 ..... 0110011" R          Extractu
    "p.insert"    "11..... ..... ..... 010 ..... 0110011" ACC_BITS   Insert
    "p.insertr"   "1000000 ..... ..... 010 ..... 0110011" ACCUMULATE Insert
    "p.bset"      "11..... ..... ..... 100 ..... 0110011" BITS       Bset
    "p.bsetr"     "1000000 ..... ..... 100 ..... 0110011" R          Bset
    "p.bclr"      "11..... ..... ..... 011 ..... 0110011" BITS       Bclr
    "p.bclrr"     "1000000 ..... ..... 011 ..... 0110011" R          Bclr
    "p.addn"      "00..... ..... ..... 010 ..... 1011011" ROUND      Addn
    "p.addnr"     "0100000 ..... ..... 010 ..... 1011011" ACCUMULATE Addnr
    "p.addun"     "10..... ..... ..... 010 ..... 1011011" ROUND      Addun
    "p.addunr"    "1100000 ..... ..... 010 ..... 1011011" ACCUMULATE Addunr
    "p.addrn"     "00..... ..... ..... 110 ..... 1011011" ROUND      Addrn
    "p.addrnr"    "0100000 ..... ..... 110 ..... 1011011" ACCUMULATE Addrnr
    "p.addurn"    "10..... ..... ..... 110 ..... 1011011" ROUND      Addurn
    "p.addurnr"   "1100000 ..... ..... 110 ..... 1011011" ACCUMULATE Addurnr
    "p.subn"      "00..... ..... ..... 011 ..... 1011011" ROUND      Subn
    "p.subnr"     "0100000 ..... ..... 011 ..... 1011011" ACCUMULATE Subnr
    "p.subun"     "10..... ..... ..... 011 ..... 1011011" ROUND      Subun
    "p.subunr"    "1100000 ..... ..... 011 ..... 1011011" ACCUMULATE Subunr
    "p.subrn"     "00..... ..... ..... 111 ..... 1011011" ROUND      Subrn
    "p.subrnr"    "0100000 ..... ..... 111 ..... 1011011" ACCUMULATE Subrnr
    "p.suburn"    "10..... ..... ..... 111 ..... 1011011" ROUND      Suburn
    "p.suburnr"   "1100000 ..... ..... 111 ..... 1011011" ACCUMULATE Suburnr
};

pub(super) const MULTIPLY: &[Row] = rows! { [Xpulpv2]
    "p.mac"      "0100001 ..... ..... 000 ..... 0110011" ACCUMULATE Mac
    "p.msu"      "0100001 ..... ..... 001 ..... 0110011" ACCUMULATE Msu
    "p.mulsn"    "10..... ..... ..... 000 ..... 1011011" ROUND      Mulsn
    "p.mulhhsn"  "11..... ..... ..... 000 ..... 1011011" ROUND      Mulhhsn
    "p.mulsrn"   "10..... ..... ..... 100 ..... 1011011" ROUND      Mulsrn
    "p.mulhhsrn" "11..... ..... ..... 100 ..... 1011011" ROUND      Mulhhsrn
    "p.mulun"    "00..... ..... ..... 000 ..... 1011011" ROUND      Mulun
    "p.mulhhun"  "01..... ..... ..... 000 ..... 1011011" ROUND      Mulhhun
    "p.mulurn"   "00..... ..... ..... 100 ..... 1011011" ROUND      Mulurn
    "p.mulhhurn" "01..... ..... ..... 100 ..... 1011011" ROUND      Mulhhurn
    "p.macsn"    "10..... ..... ..... 001 ..... 1011011" ACC_ROUND  Macsn
    "p.machhsn"  "11..... ..... ..... 001 ..... 1011011" ACC_ROUND  Machhsn
    "p.macsrn"   "10..... ..... ..... 101 ..... 1011011" ACC_ROUND  Macsrn
    "p.machhsrn" "11..... ..... ..... 101 ..... 1011011" ACC_ROUND  Machhsrn
    "p.macun"    "00..... ..... ..... 001 ..... 1011011" ACC_ROUND  Macun
    "p.machhun"  "01..... ..... ..... 001 ..... 1011011" ACC_ROUND  Machhun
    "p.macurn"   "00..... ..... ..... 101 ..... 1011011" ACC_ROUND  Macurn
    "p.machhurn" "01..... ..... ..... 101 ..... 1011011" ACC_ROUND  Machhurn
};

pub(super) const LOOPS: &[Row] = rows! { [Xpulpv2]
    "lp.starti" "....... ..... 00000 000 ..... 1111011" LP_TARGET LoopStartOffset
    "lp.endi"   "....... ..... 00000 001 ..... 1111011" LP_TARGET LoopEndOffset; "the end is the last of the body"
    "lp.count"  "0000000 00000 ..... 010 ..... 1111011" LP_COUNT  LoopCount
    "lp.counti" "....... ..... 00000 011 ..... 1111011" LP_COUNTI LoopCount
    "lp.setup"  "....... ..... ..... 100 ..... 1111011" LP_SETUP  LoopSetup; "the end is the last of the body"
    "lp.setupi" "....... ..... ..... 101 ..... 1111011" LP_SETUPI LoopSetup; "the end is the last of the body"
};

pub(super) const CONTROL: &[Row] = rows! { [Xpulpv2]
    "p.beqimm" "....... ..... ..... 010 ..... 1100011" BIMM Beq
    "p.bneimm" "....... ..... ..... 011 ..... 1100011" BIMM Bne
    "p.elw"    "....... ..... ..... 110 ..... 0000011" LOAD Elw
};

pub(super) const LANES: &[Row] = rows! { [Xpulpv2]
    "pv.abs.h"           "0111000 00000 ..... 000 ..... 1010111" R1         VAbsH
    "pv.abs.b"           "0111000 00000 ..... 001 ..... 1010111" R1         VAbsB
    "pv.extract.h"       "011110. ..... ..... 110 ..... 1010111" LANE       ExtractH
    "pv.extract.b"       "011110. ..... ..... 111 ..... 1010111" LANE       ExtractB
    "pv.extractu.h"      "100100. ..... ..... 110 ..... 1010111" LANE       ExtractuH
    "pv.extractu.b"      "100100. ..... ..... 111 ..... 1010111" LANE       ExtractuB
    "pv.insert.h"        "101100. ..... ..... 110 ..... 1010111" ACC_LANE   InsertH
    "pv.insert.b"        "101100. ..... ..... 111 ..... 1010111" ACC_LANE   InsertB
    "pv.shuffle.h"       "1100000 ..... ..... 000 ..... 1010111" R          ShuffleH
    "pv.shuffle.sci.h"   "110000. ..... ..... 110 ..... 1010111" LANE       ShuffleImmH
    "pv.shuffle.b"       "1100000 ..... ..... 001 ..... 1010111" R          ShuffleB
    "pv.shufflei0.sci.b" "110000. ..... ..... 111 ..... 1010111" SHUFFLE_I0 ShuffleImmB
    "pv.shufflei1.sci.b" "111010. ..... ..... 111 ..... 1010111" SHUFFLE_I1 ShuffleImmB
    "pv.shufflei2.sci.b" "111100. ..... ..... 111 ..... 1010111" SHUFFLE_I2 ShuffleImmB
    "pv.shufflei3.sci.b" "111110. ..... ..... 111 ..... 1010111" SHUFFLE_I3 ShuffleImmB
    "pv.shuffle2.h"      "1100100 ..... ..... 000 ..... 1010111" ACCUMULATE Shuffle2H
    "pv.shuffle2.b"      "1100100 ..... ..... 001 ..... 1010111" ACCUMULATE Shuffle2B
    "pv.pack.h"          "1101000 ..... ..... 000 ..... 1010111" R          PackLow
    "pv.packhi.b"        "1101100 ..... ..... 001 ..... 1010111" ACCUMULATE PackHiB
    "pv.packlo.b"        "1110000 ..... ..... 001 ..... 1010111" ACCUMULATE PackLoB
};

pub(super) const SIMD: &[Row] = simd::families! { [Xpulpv2] "pv." "1010111"
    "add"     "000000" VAddH     VAddB     signed;
    "sub"     "000010" VSubH     VSubB     signed;
    "avg"     "000100" VAvgH     VAvgB     signed;
    "avgu"    "000110" VAvguH    VAvguB    unsigned;
    "min"     "001000" VMinH     VMinB     signed;
    "minu"    "001010" VMinuH    VMinuB    unsigned;
    "max"     "001100" VMaxH     VMaxB     signed;
    "maxu"    "001110" VMaxuH    VMaxuB    unsigned;
    "srl"     "010000" VSrlH     VSrlB     unsigned;
    "sra"     "010010" VSraH     VSraB     unsigned;
    "sll"     "010100" VSllH     VSllB     unsigned;
    "or"      "010110" Or        Or        signed;
    "xor"     "011000" Xor       Xor       signed;
    "and"     "011010" And       And       signed;
    "dotsp"   "100110" VDotspH   VDotspB   signed;
    "dotup"   "100000" VDotupH   VDotupB   unsigned;
    "dotusp"  "100010" VDotuspH  VDotuspB  signed;
    "sdotsp"  "101110" VSdotspH  VSdotspB  acc_signed;
    "sdotup"  "101000" VSdotupH  VSdotupB  acc_unsigned;
    "sdotusp" "101010" VSdotuspH VSdotuspB acc_signed;
    "cmpeq"   "000001" VCmpeqH   VCmpeqB   signed;
    "cmpne"   "000011" VCmpneH   VCmpneB   signed;
    "cmpgt"   "000101" VCmpgtH   VCmpgtB   signed;
    "cmpge"   "000111" VCmpgeH   VCmpgeB   signed;
    "cmplt"   "001001" VCmpltH   VCmpltB   signed;
    "cmple"   "001011" VCmpleH   VCmpleB   signed;
    "cmpgtu"  "001101" VCmpgtuH  VCmpgtuB  unsigned;
    "cmpgeu"  "001111" VCmpgeuH  VCmpgeuB  unsigned;
    "cmpltu"  "010001" VCmpltuH  VCmpltuB  unsigned;
    "cmpleu"  "010011" VCmpleuH  VCmpleuB  unsigned;
};

pub(super) const ALIASES: &[Row] = rows! { [Xpulpv2]
    "p.lb"        "....... ..... ..... 000 ..... 0000011" LOAD       Lb : alias
    "p.lbu"       "....... ..... ..... 100 ..... 0000011" LOAD       Lbu : alias
    "p.lh"        "....... ..... ..... 001 ..... 0000011" LOAD       Lh : alias
    "p.lhu"       "....... ..... ..... 101 ..... 0000011" LOAD       Lhu : alias
    "p.lw"        "....... ..... ..... 010 ..... 0000011" LOAD       Lw : alias
    "p.sb"        "....... ..... ..... 000 ..... 0100011" STORE      Sb : alias
    "p.sh"        "....... ..... ..... 001 ..... 0100011" STORE      Sh : alias
    "p.sw"        "....... ..... ..... 010 ..... 0100011" STORE      Sw : alias
    "p.clipi"     "0001010 ..... ..... 001 ..... 0110011" SHIFT      Clip : alias
    "p.clipui"    "0001010 ..... ..... 010 ..... 0110011" SHIFT      Clipu : alias
    "p.extracti"  "11..... ..... ..... 000 ..... 0110011" BITS       Extract : alias
    "p.extractui" "11..... ..... ..... 001 ..... 0110011" BITS       Extractu : alias
    "p.inserti"   "11..... ..... ..... 010 ..... 0110011" ACC_BITS   Insert : alias
    "p.bseti"     "11..... ..... ..... 100 ..... 0110011" BITS       Bset : alias
    "p.bclri"     "11..... ..... ..... 011 ..... 0110011" BITS       Bclr : alias
    "p.mul"       "0000001 ..... ..... 000 ..... 0110011" R          Mul : alias
    "p.mulh"      "0000001 ..... ..... 001 ..... 0110011" R          Mulh : alias
    "p.mulhu"     "0000001 ..... ..... 011 ..... 0110011" R          Mulhu : alias
    "p.mulhsu"    "0000001 ..... ..... 010 ..... 0110011" R          Mulhsu : alias
    "p.div"       "0000001 ..... ..... 100 ..... 0110011" R          Div : alias
    "p.divu"      "0000001 ..... ..... 101 ..... 0110011" R          Divu : alias
    "p.rem"       "0000001 ..... ..... 110 ..... 0110011" R          Rem : alias
    "p.remu"      "0000001 ..... ..... 111 ..... 0110011" R          Remu : alias
    "p.muls"      "1000000 ..... ..... 000 ..... 1011011" R          Mulsn : alias
    "p.mulhhs"    "1100000 ..... ..... 000 ..... 1011011" R          Mulhhsn : alias
    "p.mulu"      "0000000 ..... ..... 000 ..... 1011011" R          Mulun : alias
    "p.mulhhu"    "0100000 ..... ..... 000 ..... 1011011" R          Mulhhun : alias
    "p.macs"      "1000000 ..... ..... 001 ..... 1011011" ACCUMULATE Macsn : alias
    "p.machhs"    "1100000 ..... ..... 001 ..... 1011011" ACCUMULATE Machhsn : alias
    "p.macu"      "0000000 ..... ..... 001 ..... 1011011" ACCUMULATE Macun : alias
    "p.machhu"    "0100000 ..... ..... 001 ..... 1011011" ACCUMULATE Machhun : alias
    "p.addni"     "00..... ..... ..... 010 ..... 1011011" ROUND      Addn : alias
    "p.adduni"    "10..... ..... ..... 010 ..... 1011011" ROUND      Addun : alias
    "p.addrni"    "00..... ..... ..... 110 ..... 1011011" ROUND      Addrn : alias
    "p.addurni"   "10..... ..... ..... 110 ..... 1011011" ROUND      Addurn : alias
    "p.subni"     "00..... ..... ..... 011 ..... 1011011" ROUND      Subn : alias
    "p.subuni"    "10..... ..... ..... 011 ..... 1011011" ROUND      Subun : alias
    "p.subrni"    "00..... ..... ..... 111 ..... 1011011" ROUND      Subrn : alias
    "p.suburni"   "10..... ..... ..... 111 ..... 1011011" ROUND      Suburn : alias
};
