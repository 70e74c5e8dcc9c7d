//! The decoder against the rows themselves, searched one by one.

mod common;

use common::{Random, covering_sets, legal_sets};
use ennead_isa::set::{Extension, FloatRegisters, Pulp};
use ennead_isa::table::{ROWS, Row};
use ennead_isa::{Decoder, Inst, Set, disassemble};

fn matches(row: &Row, word: u32) -> bool {
    let is_wide = word & 3 == 3;
    is_wide == (row.len == 4) && word & row.mask == row.bits
}

/// The rows of one set, and its decoder.
struct Pair {
    rows: Vec<usize>,
    decoder: Decoder,
}

impl Pair {
    fn new(set: &Set) -> Pair {
        Pair {
            rows: (0..ROWS.len()).filter(|&i| ROWS[i].decodes_in(set)).collect(),
            decoder: Decoder::new(set),
        }
    }

    /// The number of the row that decides over `word`: the one with the most fixed bits, which must be the only one.
    fn deciding_row(&self, word: u32) -> Option<usize> {
        let fixed = |i: usize| ROWS[i].mask.count_ones();
        let all = || self.rows.iter().copied().filter(|&i| matches(&ROWS[i], word));
        let best = all().max_by_key(|&i| fixed(i))?;
        let rivals: Vec<&str> = all()
            .filter(|&i| fixed(i) == fixed(best))
            .map(|i| ROWS[i].mnemonic)
            .collect();
        assert_eq!(rivals.len(), 1, "{word:#010x} is all of {rivals:?}");
        Some(best)
    }

    fn check(&self, word: u32) -> Option<Inst> {
        let inst = self.decoder.decode(word);
        match (self.deciding_row(word), inst) {
            (None, None) => {}
            (Some(row), None) => assert!(
                has_reserved_operands(&ROWS[row], word),
                "{word:#010x} is {}",
                ROWS[row].mnemonic
            ),
            (row, Some(inst)) => assert_eq!(row, Some(usize::from(inst.row)), "{word:#010x}"),
        }
        inst
    }
}

/// Reserved operands, as the manual lists them: zero operands of compressed instructions, rounding modes 5 and 6.
fn has_reserved_operands(row: &Row, word: u32) -> bool {
    let rd = (word >> 7) & 31;
    let immediate = |bits: u32| word & bits == 0;
    match row.mnemonic {
        "c.addi4spn" => immediate(0x1fe0),
        "c.addi16sp" | "c.lui" => immediate(0x107c),
        "c.lwsp" | "c.jr" => rd == 0,
        _ => row.len == 4 && row.mask & 0x7000 == 0 && matches!((word >> 12) & 7, 5 | 6),
    }
}

#[test]
fn rows_of_a_legal_set_overlap_only_as_specialisations() {
    let overlapping = |a: &Row, b: &Row| a.len == b.len && (a.bits ^ b.bits) & a.mask & b.mask == 0;
    let decodable: Vec<&Row> = ROWS.iter().filter(|row| !row.alias && row.op.is_some()).collect();
    let pairs: Vec<(&Row, &Row)> = decodable
        .iter()
        .enumerate()
        .flat_map(|(i, a)| decodable[i + 1..].iter().map(move |b| (*a, *b)))
        .filter(|(a, b)| overlapping(a, b))
        .collect();
    for set in legal_sets() {
        for (a, b) in pairs.iter().filter(|(a, b)| a.is_in(&set) && b.is_in(&set)) {
            let (special, general) = if a.mask.count_ones() > b.mask.count_ones() {
                (a, b)
            } else {
                (b, a)
            };
            let nested = special.mask & general.mask == general.mask && special.mask != general.mask;
            let stated = special.len == 2
                || special.extensions.contains(&Extension::Xf16alt)
                || (special.mnemonic == "fcvt.s.h" && general.mnemonic == "fcvt.s.h");
            assert!(nested && stated, "{} and {} overlap in {set:?}", a.mnemonic, b.mnemonic);
        }
    }
}

#[test]
fn every_16_bit_word_has_one_meaning_or_none() {
    for set in [
        Set::RV32IMFC,
        Set {
            float_registers: FloatRegisters::X,
            ..Set::RV32IMFC
        },
    ] {
        let pair = Pair::new(&set);
        for word in (0..=u32::from(u16::MAX)).filter(|word| word & 3 != 3) {
            let inst = pair.check(word);
            assert_eq!(
                pair.decoder.decode(word | 0xffff_0000),
                inst,
                "the upper half must not matter"
            );
        }
        assert_eq!(pair.decoder.decode(0), None);
    }
}

#[test]
fn no_16_bit_word_decodes_without_c() {
    let decoder = Decoder::new(&Set {
        c: false,
        ..Set::RV32IMFC
    });
    assert!(
        (0..=u32::from(u16::MAX))
            .filter(|word| word & 3 != 3)
            .all(|word| decoder.decode(word).is_none())
    );
}

#[test]
fn sampled_32_bit_words_have_one_meaning_or_none() {
    let mut random = Random(1);
    for set in covering_sets() {
        let pair = Pair::new(&set);
        for _ in 0..200_000 {
            pair.check(random.word() | 3);
        }
        for row in ROWS.iter().filter(|row| row.len == 4) {
            for _ in 0..200 {
                pair.check(random.word_of(row));
            }
        }
    }
}

#[test]
fn millions_of_words_decode_and_print_without_a_panic() {
    let mut random = Random(2);
    for set in covering_sets() {
        let decoder = Decoder::new(&set);
        for _ in 0..1_000_000 {
            let word = random.word();
            if let Some(inst) = decoder.decode(word) {
                assert!(inst.rd < 64 && inst.rs1 < 64 && inst.rs2 < 64 && inst.rs3 < 64 && inst.rm < 8);
                std::hint::black_box(disassemble(&inst, word));
            }
        }
    }
}

#[test]
fn a_set_has_no_rows_of_extensions_that_it_lacks() {
    let word_of = |mnemonic: &str, set: &Set| ennead_isa::assemble(mnemonic, set).unwrap();
    let xcv = Set {
        pulp: Pulp::Xcv,
        ..Set::RV32IMFC
    };
    let xpulpv2 = Set {
        pulp: Pulp::Xpulpv2,
        ..Set::RV32IMFC
    };
    let x_file = Set {
        float_registers: FloatRegisters::X,
        ..Set::RV32IMFC
    };
    let cases = [
        (word_of("cv.min a0, a1, a2", &xcv), Set::RV32IMFC),
        (word_of("cv.min a0, a1, a2", &xcv), xpulpv2),
        (word_of("p.min a0, a1, a2", &xpulpv2), xcv),
        (
            word_of("fadd.s fa0, fa1, fa2", &Set::RV32IMFC),
            Set {
                f: false,
                ..Set::RV32IMFC
            },
        ),
        (word_of("flw fa0, 0(a0)", &Set::RV32IMFC), x_file),
        (word_of("fmv.x.w a0, fa0", &Set::RV32IMFC), x_file),
        (word_of("c.flw fa0, 0(a0)", &Set::RV32IMFC), x_file),
        (
            word_of(
                "fadd.h fa0, fa1, fa2",
                &Set {
                    zfh: true,
                    ..Set::RV32IMFC
                },
            ),
            Set::RV32IMFC,
        ),
        (
            word_of(
                "vfadd.h fa0, fa1, fa2",
                &Set {
                    packed_fp16: true,
                    xfaux: true,
                    ..Set::RV32IMFC
                },
            ),
            Set {
                zfh: true,
                ..Set::RV32IMFC
            },
        ),
        (0x7b20_0073, Set::RV32IMFC), // dret
        (
            0xb000_6033,
            Set {
                packed_fp16: true,
                xfaux: true,
                ..Set::RV32IMFC
            },
        ), // vfcpkb.h.s
    ];
    for (word, set) in cases {
        assert_eq!(Decoder::new(&set).decode(word), None, "{word:#010x} in {set:?}");
    }
}
