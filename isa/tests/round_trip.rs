//! Word to instruction to text and back.

mod common;

use common::{Random, covering_sets};
use ennead_isa::table::ROWS;
use ennead_isa::{AsmError, Decoder, Set, assemble, disassemble};

#[test]
fn every_row_survives_decode_disassemble_assemble() {
    let mut random = Random(3);
    let mut seen = vec![false; ROWS.len()];
    for set in covering_sets() {
        let decoder = Decoder::new(&set);
        for (number, row) in ROWS.iter().enumerate().filter(|(_, row)| row.decodes_in(&set)) {
            for _ in 0..300 {
                let word = random.word_of(row);
                let Some(inst) = decoder.decode(word) else { continue };
                if usize::from(inst.row) != number {
                    continue; // a specialisation of this row
                }
                let text = disassemble(&inst, 0);
                let back = assemble(&text, &set).unwrap_or_else(|error| panic!("{word:#010x}: {text}: {error}"));
                assert_eq!(decoder.decode(back), Some(inst), "{word:#010x}: {text}: {back:#010x}");
                seen[number] = true;
            }
        }
    }
    let missed: Vec<&str> = (0..ROWS.len())
        .filter(|&i| !seen[i] && !ROWS[i].alias && ROWS[i].op.is_some())
        .map(|i| ROWS[i].mnemonic)
        .collect();
    assert!(missed.is_empty(), "never decoded: {missed:?}");
}

#[test]
fn an_alias_assembles_to_words_that_decode() {
    let mut random = Random(4);
    for set in covering_sets() {
        let decoder = Decoder::new(&set);
        for row in ROWS.iter().filter(|row| row.alias && row.is_in(&set)) {
            for _ in 0..20 {
                let inst = decoder
                    .decode(random.word_of(row))
                    .expect("another row decodes the words of an alias");
                assert_eq!(Some(inst.op), row.op, "{}", row.mnemonic);
            }
        }
    }
}

#[test]
fn words_are_written_as_standard_assemblers_write_them() {
    let set = common::covering_sets()[0];
    let decoder = Decoder::new(&set);
    // Words from the published encodings of the RISC-V manual's examples and from LLVM 19's assembler.
    let cases = [
        (0x0000_0013, "addi zero, zero, 0"),
        (0xfff5_8513, "addi a0, a1, -1"),
        (0x1234_5537, "lui a0, 0x12345"),
        (0x00b5_2223, "sw a1, 4(a0)"),
        (0xfeb5_0ee3, "beq a0, a1, 0xffc"),
        (0x0080_00ef, "jal ra, 0x1008"),
        (0x3005_1573, "csrrw a0, mstatus, a0"),
        (0x0ff0_000f, "fence iorw, iorw"),
        (0x00c5_f553, "fadd.s fa0, fa1, fa2"),
        (0x00c5_9553, "fadd.s fa0, fa1, fa2, rtz"),
        (0xc005_1553, "fcvt.w.s a0, fa0, rtz"),
        (0x4502, "c.lwsp a0, 0(sp)"),
        (0x0045_250b, "cv.lw a0, (a0), 4"),
    ];
    for (word, text) in cases {
        assert_eq!(
            disassemble(&decoder.decode(word).unwrap(), 0x1000),
            text,
            "{word:#010x}"
        );
    }
}

#[test]
fn wrong_lines_are_refused_with_a_reason() {
    let set = Set::RV32IMFC;
    let say = |text: &str| assemble(text, &set).unwrap_err().to_string();
    assert_eq!(
        assemble("frobnicate a0", &set),
        Err(AsmError::UnknownMnemonic("frobnicate".to_owned()))
    );
    assert!(say("cv.min a0, a1, a2").contains("needs XCV"));
    assert!(say("dret").contains("debug mode"));
    assert!(say("addi a0, a1, 2048").contains("`2048` does not fit"));
    assert!(say("addi a0, a1").contains("expected `,`"));
    assert!(say("addi a0, a1, 1, 2").contains("`,2` is left over"));
    assert!(say("fadd.s a0, fa1, fa2").contains("wrong register file"));
    assert!(say("c.lwsp zero, 0(sp)").contains("reserved"));
    assert!(say("c.lw a0, 1(a1)").contains("does not fit"));
}
