//! Integer meanings against the slow model, and operands against the words of the manuals.

mod common;
mod model;

use common::{Random, covering_sets};
use ennead_isa::op::{Addressing, Fill, LoopPart, Unit, Width};
use ennead_isa::set::FloatRegisters;
use ennead_isa::table::{self, ROWS, Row};
use ennead_isa::{Decoder, Inst, Kind, Replicate, Set, assemble};
use model::scattered;

/// The integer file and the float file, by unified number.
fn registers(random: &mut Random) -> [u32; 64] {
    let mut x = [0; 64];
    x[1..].fill_with(|| random.operand());
    x
}

/// Decodes a word of `row`, unless the word belongs to a specialisation of it or is reserved.
fn decode_as(decoder: &Decoder, row: &Row, word: u32) -> Option<Inst> {
    decoder
        .decode(word)
        .filter(|inst| std::ptr::eq(table::row(inst.row), row))
}

/// The operands `a`, `b`, `c` as the contract of `ennead_isa::op` defines them.
fn operands(inst: &Inst, x: &[u32; 64]) -> (u32, u32, u32) {
    let second = x[usize::from(inst.rs2)];
    let repeated = match inst.replicate {
        Replicate::No => second,
        Replicate::Half => (second & 0xffff) * 0x1_0001,
        Replicate::Byte => (second & 0xff) * 0x0101_0101,
    };
    (
        x[usize::from(inst.rs1)],
        repeated.wrapping_add(inst.imm as u32),
        x[usize::from(inst.rs3)],
    )
}

/// How often each row was tried. A row that a test means to hold and never tries would hold nothing.
struct Tried(Vec<u32>);

impl Tried {
    fn new() -> Tried {
        Tried(vec![0; ROWS.len()])
    }

    fn count(&mut self, inst: &Inst) {
        self.0[usize::from(inst.row)] += 1;
    }

    /// Every row that any core decodes and whose kind is `held` was tried so often.
    fn all(&self, least: u32, held: impl Fn(Kind) -> bool) -> usize {
        let rows = ROWS.iter().zip(&self.0);
        let held = rows.filter(|(row, _)| !row.alias && row.op.is_some_and(|op| held(op.kind())));
        held.inspect(|(row, tried)| assert!(**tried >= least, "{} was tried {tried} times", row.mnemonic))
            .count()
    }
}

#[test]
fn every_computing_row_agrees_with_the_slow_model() {
    let mut random = Random(5);
    let mut tried = Tried::new();
    for set in covering_sets() {
        let decoder = Decoder::new(&set);
        for row in ROWS.iter().filter(|row| row.decodes_in(&set)) {
            let Some(Kind::Compute { eval, .. }) = row.op.map(|op| op.kind()) else {
                continue;
            };
            for _ in 0..2_000 {
                let word = random.word_of(row);
                let x = registers(&mut random);
                let Some(inst) = decode_as(&decoder, row, word) else {
                    continue;
                };
                tried.count(&inst);
                let (a, b, c) = operands(&inst, &x);
                let result = eval(a, b, c, inst.aux as u32);
                let expected = model::compute(row.mnemonic, word, &x);
                assert_eq!(
                    Some(result),
                    expected,
                    "{} {word:#010x}: a {a:#x}, b {b:#x}, c {c:#x}, aux {}",
                    row.mnemonic,
                    inst.aux
                );
                let rd = match row.mnemonic {
                    "c.addi4spn" => 8 + ((word >> 2) & 7),
                    "c.addi16sp" => 2,
                    "c.nop" => 0,
                    "c.srli" | "c.srai" | "c.andi" | "c.sub" | "c.xor" | "c.or" | "c.and" => 8 + ((word >> 7) & 7),
                    _ => (word >> 7) & 31,
                };
                assert_eq!(u32::from(inst.rd), rd, "{}", row.mnemonic);
            }
        }
    }
    assert!(tried.all(500, |kind| matches!(kind, Kind::Compute { .. })) > 500);
}

#[test]
fn branches_and_jumps_take_their_offsets_as_the_manual_lays_them_out() {
    const B: [u32; 12] = [12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 11];
    let mut random = Random(6);
    let mut tried = Tried::new();
    for set in covering_sets() {
        let decoder = Decoder::new(&set);
        for row in ROWS.iter().filter(|row| row.decodes_in(&set)) {
            for _ in 0..500 {
                let word = random.word_of(row);
                let x = registers(&mut random);
                let Some(inst) = decode_as(&decoder, row, word) else {
                    continue;
                };
                tried.count(&inst);
                let (a, ..) = operands(&inst, &x);
                let extend = |value: u32, width: u32| ((value << (32 - width)) as i32) >> (32 - width);
                match row.op.unwrap().kind() {
                    Kind::Branch { taken } => {
                        let offset = if row.len == 4 {
                            let high = scattered(word, 31, &B[..7]);
                            extend(high | scattered(word, 11, &[4, 3, 2, 1, 11]), 13)
                        } else {
                            extend(
                                scattered(word, 12, &[8, 4, 3]) | scattered(word, 6, &[7, 6, 2, 1, 5]),
                                9,
                            )
                        };
                        assert_eq!(inst.imm, offset, "{}", row.mnemonic);
                        let b = x[usize::from(inst.rs2)].wrapping_add(inst.aux as u32);
                        let rs2 = x[(word >> 20) as usize & 31];
                        let simm5 = extend((word >> 20) & 31, 5);
                        let expected = match row.mnemonic.rsplit('.').next().unwrap() {
                            "beq" => a == rs2,
                            "bne" => a != rs2,
                            "blt" => (a as i32) < rs2 as i32,
                            "bge" => a as i32 >= rs2 as i32,
                            "bltu" => a < rs2,
                            "bgeu" => a >= rs2,
                            "beqz" => a == 0,
                            "bnez" => a != 0,
                            "beqimm" => a as i32 == simm5,
                            "bneimm" => a as i32 != simm5,
                            other => panic!("{other}"),
                        };
                        assert_eq!(taken(a, b), expected, "{} {word:#010x}", row.mnemonic);
                    }
                    Kind::Jal => {
                        let offset = if row.len == 4 {
                            let low: Vec<u32> = [20].into_iter().chain((1..=10).rev()).chain([11]).collect();
                            extend(scattered(word, 31, &low) | (word & 0xf_f000), 21)
                        } else {
                            extend(scattered(word, 12, &[11, 4, 9, 8, 10, 6, 7, 3, 2, 1, 5]), 12)
                        };
                        assert_eq!(inst.imm, offset, "{}", row.mnemonic);
                    }
                    Kind::Jalr => {
                        let offset = if row.len == 4 { word as i32 >> 20 } else { 0 };
                        assert_eq!(inst.imm, offset, "{}", row.mnemonic);
                        let base = if row.len == 4 { word >> 15 } else { word >> 7 };
                        assert_eq!(u32::from(inst.rs1), base & 31);
                        let link = match row.mnemonic {
                            "c.jr" => 0,
                            "c.jalr" => 1,
                            _ => (word >> 7) & 31,
                        };
                        assert_eq!(u32::from(inst.rd), link);
                    }
                    _ => {}
                }
            }
        }
    }
    tried.all(100, |kind| matches!(kind, Kind::Branch { .. } | Kind::Jal | Kind::Jalr));
}

#[test]
fn accesses_take_address_width_and_data_as_the_manuals_say() {
    let mut random = Random(7);
    let mut tried = Tried::new();
    for set in covering_sets() {
        let decoder = Decoder::new(&set);
        for row in ROWS.iter().filter(|row| row.decodes_in(&set)) {
            for _ in 0..500 {
                let word = random.word_of(row);
                let x = registers(&mut random);
                let Some(inst) = decode_as(&decoder, row, word) else {
                    continue;
                };
                let kind = row.op.unwrap().kind();
                let (width, address, is_store) = match kind {
                    Kind::Load { width, address, .. } => (width, address, false),
                    Kind::Store { width, address } => (width, address, true),
                    _ => continue,
                };
                tried.count(&inst);
                let register = |low: u32| x[(word >> low) as usize & 31];
                let stem = row.mnemonic.rsplit('.').next().unwrap();
                let (base, offset) = match (row.len, stem) {
                    (2, "lwsp" | "flwsp") => (x[2], scattered(word, 12, &[5]) | scattered(word, 6, &[4, 3, 2, 7, 6])),
                    (2, "swsp" | "fswsp") => (x[2], scattered(word, 12, &[5, 4, 3, 2, 7, 6])),
                    (2, _) => (
                        x[8 + ((word >> 7) & 7) as usize],
                        scattered(word, 12, &[5, 4, 3]) | scattered(word, 6, &[2, 6]),
                    ),
                    _ if row.mask >> 25 == 0x7f && is_store => (register(15), register(7)),
                    _ if row.mask >> 25 == 0x7f => (register(15), register(20)),
                    _ if is_store => (register(15), ((word as i32 >> 25 << 5) as u32) | ((word >> 7) & 31)),
                    _ => (register(15), (word as i32 >> 20) as u32),
                };
                let (a, b, _) = operands(&inst, &x);
                assert_eq!((a, b), (base, offset), "{} {word:#010x}", row.mnemonic);
                let is_post = match row.mnemonic.split('.').next().unwrap() {
                    "p" => row.format.syntax.contains('!'),
                    "cv" => row.format.syntax.contains("(rs1),"),
                    _ => false,
                };
                assert_eq!(address == Addressing::PostIncrement, is_post, "{}", row.mnemonic);
                let letter = stem.trim_start_matches(['f', 'l', 's']).chars().next().unwrap();
                let expected = match letter {
                    'b' => Width::Byte,
                    'h' => Width::Half,
                    'w' => Width::Word,
                    other => panic!("{other}"),
                };
                assert_eq!(width, expected, "{}", row.mnemonic);
                let in_float_file = stem.starts_with('f') && set.float_registers == FloatRegisters::F;
                let file = if in_float_file { 32 } else { 0 };
                if let Kind::Load { fill, .. } = kind {
                    let rd = match row.len {
                        2 if !stem.ends_with("sp") => 8 + ((word >> 2) & 7),
                        _ => (word >> 7) & 31,
                    };
                    assert_eq!(u32::from(inst.rd), rd + file, "{}", row.mnemonic);
                    let expected = match (stem.starts_with('f'), stem.ends_with('u'), width) {
                        (_, _, Width::Word) => continue,
                        (true, ..) => Fill::Ones,
                        (_, true, _) => Fill::Zero,
                        _ => Fill::Sign,
                    };
                    assert_eq!(fill, expected, "{}", row.mnemonic);
                } else {
                    let data = match row.len {
                        4 => (word >> 20) & 31,
                        _ if stem.ends_with("sp") => (word >> 2) & 31,
                        _ => 8 + ((word >> 2) & 7),
                    };
                    assert_eq!(u32::from(inst.rs3), data + file, "{}", row.mnemonic);
                }
            }
        }
    }
    tried.all(100, |kind| matches!(kind, Kind::Load { .. } | Kind::Store { .. }));
}

#[test]
fn loop_instructions_scale_their_offsets_and_name_their_loop() {
    let mut random = Random(8);
    let mut tried = Tried::new();
    for set in covering_sets() {
        let decoder = Decoder::new(&set);
        for row in ROWS.iter().filter(|row| row.decodes_in(&set)) {
            let Some(Kind::Loop { part }) = row.op.map(|op| op.kind()) else {
                continue;
            };
            let (family, stem) = row.mnemonic.split_once('.').unwrap();
            let unit = if family == "lp" { 2 } else { 4 };
            for _ in 0..500 {
                let word = random.word_of(row);
                let inst = decoder.decode(word).unwrap();
                tried.count(&inst);
                let (long, short) = ((word >> 20) as i32, ((word >> 15) & 31) as i32);
                let register = short as u8;
                let expected = match stem {
                    "start" => (LoopPart::StartRegister, register, 0, 0),
                    "starti" => (LoopPart::StartOffset, 0, long * unit, 0),
                    "end" => (LoopPart::EndRegister, register, 0, 0),
                    "endi" => (LoopPart::EndOffset, 0, long * unit, 0),
                    "count" => (LoopPart::Count, register, 0, 0),
                    "counti" => (LoopPart::Count, 0, 0, long),
                    "setup" => (LoopPart::Setup, register, long * unit, 0),
                    "setupi" => (LoopPart::Setup, 0, short * unit, long),
                    other => panic!("{other}"),
                };
                assert_eq!(
                    (part, inst.rs1, inst.imm, i32::from(inst.aux)),
                    expected,
                    "{}",
                    row.mnemonic
                );
                assert_eq!(u32::from(inst.rd), (word >> 7) & 1);
            }
        }
    }
    tried.all(100, |kind| matches!(kind, Kind::Loop { .. }));
}

#[test]
fn event_loads_and_upper_immediates_take_theirs_from_the_word() {
    let mut random = Random(9);
    let mut tried = Tried::new();
    for set in covering_sets() {
        let decoder = Decoder::new(&set);
        for row in ROWS.iter().filter(|row| row.decodes_in(&set)) {
            let kind = row.op.unwrap().kind();
            if !matches!(kind, Kind::EventLoad | Kind::AuiPc) {
                continue;
            }
            for _ in 0..200 {
                let word = random.word_of(row);
                let inst = decoder.decode(word).unwrap();
                tried.count(&inst);
                assert_eq!(u32::from(inst.rd), (word >> 7) & 31, "{}", row.mnemonic);
                let (base, immediate) = match kind {
                    Kind::AuiPc => (inst.rs1, (word & 0xffff_f000) as i32),
                    _ => (((word >> 15) & 31) as u8, word as i32 >> 20),
                };
                assert_eq!((inst.rs1, inst.imm), (base, immediate), "{}", row.mnemonic);
            }
        }
    }
    tried.all(200, |kind| matches!(kind, Kind::EventLoad | Kind::AuiPc));
}

#[test]
fn csr_instructions_carry_number_operand_and_zimm() {
    let decoder = Decoder::new(&covering_sets()[0]);
    let mut random = Random(9);
    for row in ROWS.iter().filter(|row| row.mnemonic.starts_with("csr")) {
        for _ in 0..100 {
            let word = random.word_of(row);
            let inst = decoder.decode(word).unwrap();
            let field = (word >> 15) & 31;
            assert_eq!((inst.imm as u32, u32::from(inst.rd)), (word >> 20, (word >> 7) & 31));
            let immediate = row.mnemonic.ends_with('i');
            let (rs1, aux) = if immediate { (0, field) } else { (field, 0) };
            assert_eq!((u32::from(inst.rs1), inst.aux as u32), (rs1, aux));
        }
    }
}

/// Runs one line of text with values in `t0`, `t1` and `t2`.
fn run(text: &str, [t0, t1, t2]: [u32; 3]) -> u32 {
    let name = text.split(' ').next().unwrap();
    let has = |set: &&Set| ROWS.iter().any(|row| row.mnemonic == name && row.decodes_in(set));
    let sets = covering_sets();
    let set = sets.iter().find(has).unwrap();
    let inst = Decoder::new(set).decode(assemble(text, set).unwrap()).unwrap();
    let mut x = [0; 64];
    x[5..8].copy_from_slice(&[t0, t1, t2]);
    let (a, b, c) = operands(&inst, &x);
    match inst.op.kind() {
        Kind::Compute { eval, .. } => eval(a, b, c, inst.aux as u32),
        other => panic!("{other:?}"),
    }
}

#[test]
fn values_seen_on_another_simulator_come_out_here() {
    assert_eq!(run("p.clip t0, t1, 8", [0, 200, 0]), 127);
    assert_eq!(run("p.clipu t0, t1, 8", [0, -5i32 as u32, 0]), 0);
    assert_eq!(run("p.clip t0, t1, 0", [0, -3i32 as u32, 0]), u32::MAX);
    assert_eq!(run("p.ff1 t0, t1", [0, 0, 0]), 32);
    assert_eq!(run("p.fl1 t0, t1", [0, 0, 0]), 32);
    assert_eq!(run("p.clb t0, t1", [0, 0, 0]), 0);
    assert_eq!(run("p.clb t0, t1", [0, 1, 0]), 30);
    assert_eq!(run("p.clb t0, t1", [0, u32::MAX, 0]), 31);
    assert_eq!(run("p.extract t0, t1, 7, 8", [0, 0x1234_f678, 0]), 0xffff_fff6);
    assert_eq!(
        run("pv.shuffle2.h t0, t1, t2", [0xaaaa_bbbb, 0xcccc_dddd, 0x0002_0001]),
        0xdddd_aaaa
    );
}

#[test]
fn the_examples_of_the_manual_come_out_here() {
    let reversed = |radix| run(&format!("cv.bitrev t0, t1, {radix}, 4"), [0, 0xc64a_5933, 0]);
    assert_eq!(reversed(0), 0x0cc9_a526);
    assert_eq!(reversed(1), 0x0cc6_5a19);
    assert_eq!(reversed(2), 0x216b_244b);
    assert_eq!(reversed(3), reversed(0), "3 is as 0");
}

#[test]
fn a_divider_a_multiplier_and_the_alu_serve_what_the_hardware_gives_them() {
    for row in ROWS {
        let Some(Kind::Compute { unit, .. }) = row.op.map(|op| op.kind()) else {
            continue;
        };
        let expected = match row.mnemonic {
            "mulh" | "mulhsu" | "mulhu" | "p.mulh" | "p.mulhsu" | "p.mulhu" => Unit::MulHigh,
            "div" | "divu" | "rem" | "remu" | "p.div" | "p.divu" | "p.rem" | "p.remu" => Unit::Div,
            _ if ["mul", "mac", "msu", "dot", "cplxmul"]
                .iter()
                .any(|part| row.mnemonic.contains(part)) =>
            {
                Unit::Mul
            }
            _ => Unit::Alu,
        };
        assert_eq!(unit, expected, "{}", row.mnemonic);
    }
}
