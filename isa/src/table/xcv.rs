//! XCV: the CORE-V family of CV32E40P v1 and later (CV32E40P user manual, "CORE-V instruction set extensions").
//!
//! Loop ends are exclusive and loop offsets count words.

use super::{Row, rows, simd};

pub(super) const MEMORY: &[Row] = rows! { [Xcv]
    "cv.lb"  "....... ..... ..... 000 ..... 0001011" CV_LOAD_P   LbPost
    "cv.lb"  "0000000 ..... ..... 011 ..... 0101011" CV_LOAD_XP  LbPost
    "cv.lb"  "0000100 ..... ..... 011 ..... 0101011" LOAD_X      Lb
    "cv.lbu" "....... ..... ..... 100 ..... 0001011" CV_LOAD_P   LbuPost
    "cv.lbu" "0001000 ..... ..... 011 ..... 0101011" CV_LOAD_XP  LbuPost
    "cv.lbu" "0001100 ..... ..... 011 ..... 0101011" LOAD_X      Lbu
    "cv.lh"  "....... ..... ..... 001 ..... 0001011" CV_LOAD_P   LhPost
    "cv.lh"  "0000001 ..... ..... 011 ..... 0101011" CV_LOAD_XP  LhPost
    "cv.lh"  "0000101 ..... ..... 011 ..... 0101011" LOAD_X      Lh
    "cv.lhu" "....... ..... ..... 101 ..... 0001011" CV_LOAD_P   LhuPost
    "cv.lhu" "0001001 ..... ..... 011 ..... 0101011" CV_LOAD_XP  LhuPost
    "cv.lhu" "0001101 ..... ..... 011 ..... 0101011" LOAD_X      Lhu
    "cv.lw"  "....... ..... ..... 010 ..... 0001011" CV_LOAD_P   LwPost
    "cv.lw"  "0000010 ..... ..... 011 ..... 0101011" CV_LOAD_XP  LwPost
    "cv.lw"  "0000110 ..... ..... 011 ..... 0101011" LOAD_X      Lw
    "cv.sb"  "....... ..... ..... 000 ..... 0101011" CV_STORE_P  SbPost
    "cv.sb"  "0010100 ..... ..... 011 ..... 0101011" STORE_X     Sb
    "cv.sb"  "0010000 ..... ..... 011 ..... 0101011" CV_STORE_XP SbPost
    "cv.sh"  "....... ..... ..... 001 ..... 0101011" CV_STORE_P  ShPost
    "cv.sh"  "0010101 ..... ..... 011 ..... 0101011" STORE_X     Sh
    "cv.sh"  "0010001 ..... ..... 011 ..... 0101011" CV_STORE_XP ShPost
    "cv.sw"  "....... ..... ..... 010 ..... 0101011" CV_STORE_P  SwPost
    "cv.sw"  "0010110 ..... ..... 011 ..... 0101011" STORE_X     Sw
    "cv.sw"  "0010010 ..... ..... 011 ..... 0101011" CV_STORE_XP SwPost
};

pub(super) const SCALAR: &[Row] = rows! { [Xcv]
    "cv.abs"       "0101000 00000 ..... 011 ..... 0101011" R1         Abs
    "cv.exths"     "0110000 00000 ..... 011 ..... 0101011" R1         Exths
    "cv.exthz"     "0110001 00000 ..... 011 ..... 0101011" R1         Exthz
    "cv.extbs"     "0110010 00000 ..... 011 ..... 0101011" R1         Extbs
    "cv.extbz"     "0110011 00000 ..... 011 ..... 0101011" R1         Extbz
    "cv.sle"       "0101001 ..... ..... 011 ..... 0101011" R          Sle
    "cv.sleu"      "0101010 ..... ..... 011 ..... 0101011" R          Sleu
    "cv.min"       "0101011 ..... ..... 011 ..... 0101011" R          Min
    "cv.minu"      "0101100 ..... ..... 011 ..... 0101011" R          Minu
    "cv.max"       "0101101 ..... ..... 011 ..... 0101011" R          Max
    "cv.maxu"      "0101110 ..... ..... 011 ..... 0101011" R          Maxu
    "cv.clip"      "0111000 ..... ..... 011 ..... 0101011" SHIFT      Clip
    "cv.clipu"     "0111001 ..... ..... 011 ..... 0101011" SHIFT      Clipu
    "cv.clipr"     "0111010 ..... ..... 011 ..... 0101011" R          ClipR
    "cv.clipur"    "0111011 ..... ..... 011 ..... 0101011" R          ClipuR
    "cv.addn"      "00..... ..... ..... 010 ..... 1011011" ROUND      Addn
    "cv.addun"     "01..... ..... ..... 010 ..... 1011011" ROUND      Addun
    "cv.addunr"    "1000001 ..... ..... 011 ..... 0101011" ACCUMULATE Addunr
    "cv.addrn"     "10..... ..... ..... 010 ..... 1011011" ROUND      Addrn
    "cv.addurn"    "11..... ..... ..... 010 ..... 1011011" ROUND      Addurn
    "cv.addnr"     "1000000 ..... ..... 011 ..... 0101011" ACCUMULATE Addnr
    "cv.addrnr"    "1000010 ..... ..... 011 ..... 0101011" ACCUMULATE Addrnr
    "cv.addurnr"   "1000011 ..... ..... 011 ..... 0101011" ACCUMULATE Addurnr
    "cv.subn"      "00..... ..... ..... 011 ..... 1011011" ROUND      Subn
    "cv.subun"     "01..... ..... ..... 011 ..... 1011011" ROUND      Subun
    "cv.subrn"     "10..... ..... ..... 011 ..... 1011011" ROUND      Subrn
    "cv.suburn"    "11..... ..... ..... 011 ..... 1011011" ROUND      Suburn
    "cv.subnr"     "1000100 ..... ..... 011 ..... 0101011" ACCUMULATE Subnr
    "cv.subunr"    "1000101 ..... ..... 011 ..... 0101011" ACCUMULATE Subunr
    "cv.subrnr"    "1000110 ..... ..... 011 ..... 0101011" ACCUMULATE Subrnr
    "cv.suburnr"   "1000111 ..... ..... 011 ..... 0101011" ACCUMULATE Suburnr
    "cv.extractr"  "0011000 ..... ..... 011 ..... 0101011" R          Extract
    "cv.extractur" "0011001 ..... ..... 011 ..... 0101011" R          Extractu
    "cv.insertr"   "0011010 ..... ..... 011 ..... 0101011" ACCUMULATE Insert
    "cv.bclrr"     "0011100 ..... ..... 011 ..... 0101011" R          Bclr
    "cv.bsetr"     "0011101 ..... ..... 011 ..... 0101011" R          Bset
    "cv.ror"       "0100000 ..... ..... 011 ..... 0101011" R          Ror
    "cv.ff1"       "0100001 00000 ..... 011 ..... 0101011" R1         Ff1
    "cv.fl1"       "0100010 00000 ..... 011 ..... 0101011" R1         Fl1
    "cv.clb"       "0100011 00000 ..... 011 ..... 0101011" R1         Clb
    "cv.cnt"       "0100100 00000 ..... 011 ..... 0101011" R1         Cnt
    "cv.extract"   "00..... ..... ..... 000 ..... 1011011" BITS       Extract
    "cv.extractu"  "01..... ..... ..... 000 ..... 1011011" BITS       Extractu
    "cv.insert"    "10..... ..... ..... 000 ..... 1011011" ACC_BITS   Insert
    "cv.bclr"      "00..... ..... ..... 001 ..... 1011011" BITS       Bclr
    "cv.bset"      "01..... ..... ..... 001 ..... 1011011" BITS       Bset
    "cv.bitrev"    "11000.. ..... ..... 001 ..... 1011011" BITREV     Bitrev
};

pub(super) const MULTIPLY: &[Row] = rows! { [Xcv]
    "cv.mac"      "1001000 ..... ..... 011 ..... 0101011" ACCUMULATE Mac
    "cv.msu"      "1001001 ..... ..... 011 ..... 0101011" ACCUMULATE Msu
    "cv.mulsn"    "00..... ..... ..... 100 ..... 1011011" ROUND      Mulsn
    "cv.mulsrn"   "10..... ..... ..... 100 ..... 1011011" ROUND      Mulsrn
    "cv.mulhhsn"  "01..... ..... ..... 100 ..... 1011011" ROUND      Mulhhsn
    "cv.mulhhsrn" "11..... ..... ..... 100 ..... 1011011" ROUND      Mulhhsrn
    "cv.mulun"    "00..... ..... ..... 101 ..... 1011011" ROUND      Mulun
    "cv.mulurn"   "10..... ..... ..... 101 ..... 1011011" ROUND      Mulurn
    "cv.mulhhun"  "01..... ..... ..... 101 ..... 1011011" ROUND      Mulhhun
    "cv.mulhhurn" "11..... ..... ..... 101 ..... 1011011" ROUND      Mulhhurn
    "cv.macsn"    "00..... ..... ..... 110 ..... 1011011" ACC_ROUND  Macsn
    "cv.machhsn"  "01..... ..... ..... 110 ..... 1011011" ACC_ROUND  Machhsn
    "cv.macsrn"   "10..... ..... ..... 110 ..... 1011011" ACC_ROUND  Macsrn
    "cv.machhsrn" "11..... ..... ..... 110 ..... 1011011" ACC_ROUND  Machhsrn
    "cv.macun"    "00..... ..... ..... 111 ..... 1011011" ACC_ROUND  Macun
    "cv.machhun"  "01..... ..... ..... 111 ..... 1011011" ACC_ROUND  Machhun
    "cv.macurn"   "10..... ..... ..... 111 ..... 1011011" ACC_ROUND  Macurn
    "cv.machhurn" "11..... ..... ..... 111 ..... 1011011" ACC_ROUND  Machhurn
};

pub(super) const LOOPS: &[Row] = rows! { [Xcv]
    "cv.start"  "0000000 00000 ..... 100 0001. 0101011" CV_REGISTER LoopStartRegister
    "cv.starti" "....... ..... 00000 100 0000. 0101011" CV_TARGET   LoopStartOffset
    "cv.end"    "0000000 00000 ..... 100 0011. 0101011" CV_REGISTER LoopEndRegister; "the end is just after the body"
    "cv.endi"   "....... ..... 00000 100 0010. 0101011" CV_TARGET   LoopEndOffset; "the end is just after the body"
    "cv.count"  "0000000 00000 ..... 100 0101. 0101011" CV_REGISTER LoopCount
    "cv.counti" "....... ..... 00000 100 0100. 0101011" CV_COUNTI   LoopCount
    "cv.setup"  "....... ..... ..... 100 0111. 0101011" CV_SETUP    LoopSetup; "the end is just after the body"
    "cv.setupi" "....... ..... ..... 100 0110. 0101011" CV_SETUPI   LoopSetup; "the end is just after the body"
};

pub(super) const CONTROL: &[Row] = rows! { [Xcv]
    "cv.elw"    "....... ..... ..... 011 ..... 0001011" LOAD Elw
    "cv.beqimm" "....... ..... ..... 110 ..... 0001011" BIMM Beq
    "cv.bneimm" "....... ..... ..... 111 ..... 0001011" BIMM Bne
};

pub(super) const LANES: &[Row] = rows! { [Xcv]
    "cv.abs.h"           "0111000 00000 ..... 000 ..... 1111011" R1         VAbsH
    "cv.abs.b"           "0111000 00000 ..... 001 ..... 1111011" R1         VAbsB
    "cv.extract.h"       "101110. ..... ..... 000 ..... 1111011" LANE       ExtractH
    "cv.extract.b"       "101110. ..... ..... 001 ..... 1111011" LANE       ExtractB
    "cv.extractu.h"      "101110. ..... ..... 010 ..... 1111011" LANE       ExtractuH
    "cv.extractu.b"      "101110. ..... ..... 011 ..... 1111011" LANE       ExtractuB
    "cv.insert.h"        "101110. ..... ..... 100 ..... 1111011" ACC_LANE   InsertH
    "cv.insert.b"        "101110. ..... ..... 101 ..... 1111011" ACC_LANE   InsertB
    "cv.shuffle.h"       "1100000 ..... ..... 000 ..... 1111011" R          ShuffleH
    "cv.shuffle.b"       "1100000 ..... ..... 001 ..... 1111011" R          ShuffleB
    "cv.shuffle.sci.h"   "110000. ..... ..... 110 ..... 1111011" LANE       ShuffleImmH
    "cv.shufflei0.sci.b" "110000. ..... ..... 111 ..... 1111011" SHUFFLE_I0 ShuffleImmB
    "cv.shufflei1.sci.b" "110010. ..... ..... 111 ..... 1111011" SHUFFLE_I1 ShuffleImmB
    "cv.shufflei2.sci.b" "110100. ..... ..... 111 ..... 1111011" SHUFFLE_I2 ShuffleImmB
    "cv.shufflei3.sci.b" "110110. ..... ..... 111 ..... 1111011" SHUFFLE_I3 ShuffleImmB
    "cv.shuffle2.h"      "1110000 ..... ..... 000 ..... 1111011" ACCUMULATE Shuffle2H
    "cv.shuffle2.b"      "1110000 ..... ..... 001 ..... 1111011" ACCUMULATE Shuffle2B
    "cv.pack"            "1111000 ..... ..... 000 ..... 1111011" R          PackLow
    "cv.pack.h"          "1111001 ..... ..... 000 ..... 1111011" R          PackHigh
    "cv.packhi.b"        "1111101 ..... ..... 001 ..... 1111011" ACCUMULATE PackHiB
    "cv.packlo.b"        "1111100 ..... ..... 001 ..... 1111011" ACCUMULATE PackLoB
    "cv.cplxmul.r"       "0101010 ..... ..... 000 ..... 1111011" ACCUMULATE CplxMulR
    "cv.cplxmul.i"       "0101011 ..... ..... 000 ..... 1111011" ACCUMULATE CplxMulI
    "cv.cplxmul.r.div2"  "0101010 ..... ..... 010 ..... 1111011" ACC_DIV2   CplxMulR
    "cv.cplxmul.i.div2"  "0101011 ..... ..... 010 ..... 1111011" ACC_DIV2   CplxMulI
    "cv.cplxmul.r.div4"  "0101010 ..... ..... 100 ..... 1111011" ACC_DIV4   CplxMulR
    "cv.cplxmul.i.div4"  "0101011 ..... ..... 100 ..... 1111011" ACC_DIV4   CplxMulI
    "cv.cplxmul.r.div8"  "0101010 ..... ..... 110 ..... 1111011" ACC_DIV8   CplxMulR
    "cv.cplxmul.i.div8"  "0101011 ..... ..... 110 ..... 1111011" ACC_DIV8   CplxMulI
    "cv.cplxconj"        "0101110 00000 ..... 000 ..... 1111011" R1         CplxConj
    "cv.subrotmj"        "0110010 ..... ..... 000 ..... 1111011" R          SubRotMj
    "cv.subrotmj.div2"   "0110010 ..... ..... 010 ..... 1111011" DIV2       SubRotMj
    "cv.subrotmj.div4"   "0110010 ..... ..... 100 ..... 1111011" DIV4       SubRotMj
    "cv.subrotmj.div8"   "0110010 ..... ..... 110 ..... 1111011" DIV8       SubRotMj
    "cv.add.div2"        "0110110 ..... ..... 010 ..... 1111011" DIV2       AddDivH
    "cv.add.div4"        "0110110 ..... ..... 100 ..... 1111011" DIV4       AddDivH
    "cv.add.div8"        "0110110 ..... ..... 110 ..... 1111011" DIV8       AddDivH
    "cv.sub.div2"        "0111010 ..... ..... 010 ..... 1111011" DIV2       SubDivH
    "cv.sub.div4"        "0111010 ..... ..... 100 ..... 1111011" DIV4       SubDivH
    "cv.sub.div8"        "0111010 ..... ..... 110 ..... 1111011" DIV8       SubDivH
};

pub(super) const SIMD: &[Row] = simd::families! { [Xcv] "cv." "1111011"
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
    "dotup"   "100000" VDotupH   VDotupB   unsigned;
    "dotusp"  "100010" VDotuspH  VDotuspB  signed;
    "dotsp"   "100100" VDotspH   VDotspB   signed;
    "sdotup"  "100110" VSdotupH  VSdotupB  acc_unsigned;
    "sdotusp" "101000" VSdotuspH VSdotuspB acc_signed;
    "sdotsp"  "101010" VSdotspH  VSdotspB  acc_signed;
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

pub(super) const ALIASES: &[Row] = rows! { [Xcv]
    "cv.muls"   "0000000 ..... ..... 100 ..... 1011011" R Mulsn : alias
    "cv.mulhhs" "0100000 ..... ..... 100 ..... 1011011" R Mulhhsn : alias
    "cv.mulu"   "0000000 ..... ..... 101 ..... 1011011" R Mulun : alias
    "cv.mulhhu" "0100000 ..... ..... 101 ..... 1011011" R Mulhhun : alias
    "cv.slet"   "0101001 ..... ..... 011 ..... 0101011" R Sle : alias
    "cv.sletu"  "0101010 ..... ..... 011 ..... 0101011" R Sleu : alias
};
