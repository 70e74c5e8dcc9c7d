//! C: 16-bit forms of operations that have 32-bit forms too (The RISC-V Instruction Set Manual, volume I, "C").
//!
//! Words that the manual reserves for a zero operand are reserved by the operand's format.

use super::{Row, rows};

pub(super) const C: &[Row] = rows! { [C]
    "c.addi4spn" "000 ........ ... 00"       C_ADDI4SPN Add
    "c.lw"       "010 ... ... .. ... 00"     C_LW       Lw
    "c.sw"       "110 ... ... .. ... 00"     C_SW       Sw
    "c.nop"      "000 . 00000 ..... 01"      NONE       Add
    "c.addi"     "000 . ..... ..... 01"      C_ADDI     Add
    "c.jal"      "001 ........... 01"        C_JAL      Jal
    "c.li"       "010 . ..... ..... 01"      C_LI       Add
    "c.addi16sp" "011 . 00010 ..... 01"      C_ADDI16SP Add
    "c.lui"      "011 . ..... ..... 01"      C_LUI      Add
    "c.srli"     "100 0 00 ... ..... 01"     C_SHIFT    Srl
    "c.srai"     "100 0 01 ... ..... 01"     C_SHIFT    Sra
    "c.andi"     "100 . 10 ... ..... 01"     C_ANDI     And
    "c.sub"      "100 0 11 ... 00 ... 01"    C_ALU      Sub
    "c.xor"      "100 0 11 ... 01 ... 01"    C_ALU      Xor
    "c.or"       "100 0 11 ... 10 ... 01"    C_ALU      Or
    "c.and"      "100 0 11 ... 11 ... 01"    C_ALU      And
    "c.j"        "101 ........... 01"        C_J        Jal
    "c.beqz"     "110 ... ... ..... 01"      C_BRANCH   Beq
    "c.bnez"     "111 ... ... ..... 01"      C_BRANCH   Bne
    "c.slli"     "000 0 ..... ..... 10"      C_SLLI     Sll
    "c.lwsp"     "010 . ..... ..... 10"      C_LWSP     Lw
    "c.jr"       "100 0 ..... 00000 10"      C_JR       Jalr
    "c.mv"       "100 0 ..... ..... 10"      C_MV       Add
    "c.ebreak"   "100 1 00000 00000 10"      NONE       Ebreak
    "c.jalr"     "100 1 ..... 00000 10"      C_JALR     Jalr
    "c.add"      "100 1 ..... ..... 10"      C_ADD      Add
    "c.swsp"     "110 ...... ..... 10"       C_SWSP     Sw
};

pub(super) const FLOAT: &[Row] = rows! { [C FloatMemory]
    "c.flw"      "011 ... ... .. ... 00"     C_FLW      Lw
    "c.fsw"      "111 ... ... .. ... 00"     C_FSW      Sw
    "c.flwsp"    "011 . ..... ..... 10"      C_FLWSP    Lw
    "c.fswsp"    "111 ...... ..... 10"       C_FSWSP    Sw
};
