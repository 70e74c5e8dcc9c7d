//! What surrounds the float arithmetic in instructions: lanes, boxing, operand order, rounding-mode fields, flags. The
//! arithmetic itself has tests of its own.

mod common;

use common::{Random, covering_sets};
use ennead_isa::float::{Flagged, Flags, Rounding};
use ennead_isa::set::FloatRegisters;
use ennead_isa::table::ROWS;
use ennead_isa::{Decoder, Inst, Kind, Replicate, Set, assemble};

const PACKED: Set = Set {
    packed_fp16: true,
    xfaux: true,
    float8: true,
    ..Set::RV32IMFC
};

fn decode(text: &str, set: &Set) -> Inst {
    let word = assemble(text, set).unwrap_or_else(|error| panic!("{error}"));
    Decoder::new(set).decode(word).unwrap()
}

fn execute(inst: &Inst, [a, b, c]: [u32; 3], rounding: Rounding) -> Flagged {
    let b = match inst.replicate {
        Replicate::No => b,
        Replicate::Half => (b & 0xffff) * 0x1_0001,
        Replicate::Byte => (b & 0xff) * 0x0101_0101,
    };
    match inst.op.kind() {
        Kind::Float { eval, .. } => eval(a, b, c, rounding),
        other => panic!("{other:?}"),
    }
}

/// The result of an instruction on `a` (rs1), `b` (rs2) and `c` (rs3 or rd), to nearest even.
fn run(text: &str, set: &Set, operands: [u32; 3]) -> u32 {
    execute(&decode(text, set), operands, Rounding::Rne).bits
}

#[test]
fn packed_results_seen_on_another_simulator_come_out_here() {
    let packed = |text: &str, operands| run(text, &PACKED, operands);
    assert_eq!(
        packed("vfmac.h fa0, fa1, fa2", [0x4000_4000, 0x4200_4200, 0x3c00_3c00]),
        0x4700_4700
    );
    assert_eq!(
        packed("vfmre.h fa0, fa1, fa2", [0x4000_4000, 0x4200_4200, 0x3c00_3c00]),
        0x4500_4500
    );
    assert_eq!(
        packed("vfcpka.h.s fa0, fa1, fa2", [0x3f80_0000, 0x4000_0000, 0]),
        0x4000_3c00
    );
    assert_eq!(packed("vfcvt.x.h a0, fa1", [0xc100_4300, 0, 0]), 0xfffe_0004);
    assert_eq!(packed("vfclass.h a0, fa1", [0x8000_3c00, 0, 0]), 0x8842);
    assert_eq!(
        packed("vfdotpex.s.h fa0, fa1, fa2", [0x4000_3c00, 0x4400_4200, 0x3f80_0000]),
        0x4140_0000
    );
    assert_eq!(
        packed("vfeq.h a0, fa1, fa2", [0x3c00_4000, 0x3c00_4200, 0]),
        0x0001_0000
    );
    assert_eq!(
        packed("vfne.h a0, fa1, fa2", [0x3c00_4000, 0x3c00_4200, 0]),
        0x0000_0001
    );
    assert_eq!(packed("vfge.h a0, fa1, fa2", [0x7e00_3c00, 0x3c00_7e00, 0]), 0);
    assert_eq!(packed("vfgt.h a0, fa1, fa2", [0x7e00_3c00, 0x3c00_7e00, 0]), 0);
}

#[test]
fn packed_operations_round_as_frm_says_and_join_the_flags_of_their_lanes() {
    // 1 + 2^-12 lies between 1 and the next binary16.
    let inst = decode("vfadd.h fa0, fa1, fa2", &PACKED);
    let sum = |rounding| execute(&inst, [0x3c00_3c00, 0x0c00_0c00, 0], rounding);
    assert_eq!(sum(Rounding::Rtz), Flagged::new(0x3c00_3c00, Flags::INEXACT));
    assert_eq!(sum(Rounding::Rup), Flagged::new(0x3c01_3c01, Flags::INEXACT));
    // One lane overflows, the other is exact.
    let one = execute(&inst, [0x7bff_3c00, 0x7bff_3c00, 0], Rounding::Rne);
    assert_eq!(one, Flagged::new(0x7c00_4000, Flags::OVERFLOW | Flags::INEXACT));
}

#[test]
fn a_lane_gives_what_the_scalar_instruction_gives() {
    let same = [
        "add", "sub", "mul", "div", "min", "max", "sgnj", "sgnjn", "sgnjx", "sqrt", "eq", "lt", "le",
    ];
    let pairs = same.iter().map(|name| (format!("vf{name}"), format!("f{name}")));
    let fused = [("vfmac", "fmadd"), ("vfmre", "fmsub")].map(|(packed, scalar)| (packed.to_owned(), scalar.to_owned()));
    let mut random = Random(10);
    for (packed, scalar) in pairs.chain(fused) {
        for (format, width) in [("h", 16), ("ah", 16), ("b", 8)] {
            let rd = if ["eq", "lt", "le"].iter().any(|name| scalar.ends_with(name)) {
                "a0"
            } else {
                "fa0"
            };
            let sources = if scalar == "fsqrt" { "fa1" } else { "fa1, fa2" };
            let addend = if scalar.ends_with("add") && scalar != "fadd" || scalar == "fmsub" {
                ", fa3"
            } else {
                ""
            };
            let scalar = decode(&format!("{scalar}.{format} {rd}, {sources}{addend}"), &PACKED);
            let whole = decode(&format!("{packed}.{format} {rd}, {sources}"), &PACKED);
            let repeated = (sources != "fa1").then(|| decode(&format!("{packed}.r.{format} {rd}, {sources}"), &PACKED));
            for _ in 0..5_000 {
                let [a, b, c] = [random.operand(), random.operand(), random.operand()];
                let rounding = Rounding::ALL[(random.next() % 5) as usize];
                for inst in [Some(whole), repeated].into_iter().flatten() {
                    let result = execute(&inst, [a, b, c], rounding);
                    let mut flags = Flags::NONE;
                    for shift in (0..32).step_by(width) {
                        let lane_b = if inst.replicate == Replicate::No { b >> shift } else { b };
                        let lane = execute(&scalar, [a >> shift, lane_b, c >> shift], rounding);
                        let mask = u32::MAX >> (32 - width);
                        assert_eq!(
                            (result.bits >> shift) & mask,
                            lane.bits & mask,
                            "{packed}.{format} {a:x} {b:x} {c:x}"
                        );
                        flags |= lane.flags;
                    }
                    assert_eq!(result.flags, flags, "{packed}.{format} {a:x} {b:x} {c:x}");
                }
            }
        }
    }
}

#[test]
fn the_compares_that_only_lanes_have_follow_from_the_others() {
    let mut random = Random(11);
    let names = ["vfge", "vfle", "vfgt", "vflt", "vfne", "vfeq"];
    let insts = names.map(|name| (name, decode(&format!("{name}.h a0, fa1, fa2"), &PACKED)));
    let on = |name: &str, a, b| {
        let (_, inst) = insts.iter().find(|(known, _)| *known == name).unwrap();
        execute(inst, [a, b, 0], Rounding::Rne)
    };
    for _ in 0..2_000 {
        let (a, b) = (random.operand(), random.operand());
        assert_eq!(on("vfge", a, b), on("vfle", b, a));
        assert_eq!(on("vfgt", a, b), on("vflt", b, a));
        let (ne, eq) = (on("vfne", a, b), on("vfeq", a, b));
        assert_eq!((ne.bits, ne.flags), (eq.bits ^ 0x0001_0001, eq.flags));
    }
    // A NaN is not equal to itself; only a signalling one raises a flag.
    assert_eq!(on("vfne", 0x7e00_7e00, 0x7e00_7e00), Flagged::exact(0x0001_0001));
    assert_eq!(on("vfne", 0x7c01_0000, 0), Flagged::new(0x0001_0000, Flags::INVALID));
}

#[test]
fn fused_operations_negate_what_their_names_say() {
    // 2 * 3 and 4 in each format, and 10, 2, -2, -10 as results.
    let formats = [
        (
            "s",
            [0x4000_0000, 0x4040_0000, 0x4080_0000],
            [0x4120_0000, 0x4000_0000, 0xc000_0000, 0xc120_0000],
        ),
        (
            "h",
            [0x4000, 0x4200, 0x4400],
            [0xffff_4900, 0xffff_4000, 0xffff_c000, 0xffff_c900],
        ),
        (
            "ah",
            [0x4000, 0x4040, 0x4080],
            [0xffff_4120, 0xffff_4000, 0xffff_c000, 0xffff_c120],
        ),
        (
            "b",
            [0x40, 0x42, 0x44],
            [0xffff_ff49, 0xffff_ff40, 0xffff_ffc0, 0xffff_ffc9],
        ),
    ];
    for (format, operands, results) in formats {
        for (name, expected) in ["fmadd", "fmsub", "fnmsub", "fnmadd"].iter().zip(results) {
            assert_eq!(
                run(&format!("{name}.{format} fa0, fa1, fa2, fa3"), &PACKED, operands),
                expected,
                "{name}.{format}"
            );
        }
    }
}

#[test]
fn a_binary16_that_is_not_boxed_is_a_nan_only_to_zfh() {
    let zfh = Set {
        zfh: true,
        ..Set::RV32IMFC
    };
    let zhinx = Set {
        zfh: true,
        float_registers: FloatRegisters::X,
        ..Set::RV32IMFC
    };
    let add = "fadd.h fa0, fa1, fa2";
    let (one, two) = (0x3c00, 0x4000);
    let boxed = 0xffff_0000;
    assert_eq!(run(add, &zfh, [boxed | one, boxed | one, 0]), boxed | two);
    assert_eq!(run(add, &zfh, [one, boxed | one, 0]), boxed | 0x7e00);
    assert_eq!(
        run("fsgnj.h fa0, fa1, fa2", &zfh, [one, boxed | one, 0]),
        boxed | 0x7e00
    );
    assert_eq!(run("fclass.h a0, fa1", &zfh, [one, 0, 0]), 1 << 9);
    assert_eq!(run("fmv.x.h a0, fa1", &zfh, [0xbc00, 0, 0]), 0xffff_bc00);
    assert_eq!(run("fmv.h.x fa0, a1", &zfh, [0x1234_3c00, 0, 0]), 0xffff_3c00);
    assert_eq!(run(add, &PACKED, [one, one, 0]), boxed | two);
    let x_add = "fadd.h a0, a1, a2";
    assert_eq!(run(x_add, &zhinx, [one, one, 0]), two);
    assert_eq!(run(x_add, &zhinx, [0x1234_0000 | one, 0xbc00 | 0x5678_0000, 0]), 0);
    assert_eq!(run("fsub.h a0, a1, a2", &zhinx, [0, one, 0]), 0xffff_bc00);
}

#[test]
fn casts_and_conversions_put_their_lanes_where_the_manual_says() {
    let packed = |text: &str, operands| run(text, &PACKED, operands);
    let (one, two) = (0x3f80_0000, 0x4000_0000);
    assert_eq!(packed("vfcpka.b.s fa0, fa1, fa2", [one, two, 0x1122_3344]), 0x1122_403c);
    assert_eq!(packed("vfcpkb.b.s fa0, fa1, fa2", [one, two, 0x1122_3344]), 0x403c_3344);
    assert_eq!(packed("vfcpka.ah.s fa0, fa1, fa2", [one, two, 0]), 0x4000_3f80);
    assert_eq!(packed("vfcvt.h.b fa0, fa1", [0x4042_3c40, 0, 0]), 0x3c00_4000);
    assert_eq!(packed("vfcvt.b.h fa0, fa1", [0x4000_3c00, 0, 0]), 0x0000_403c);
    assert_eq!(packed("vfcvt.ah.h fa0, fa1", [0x4000_bc00, 0, 0]), 0x4000_bf80);
    assert_eq!(packed("vfcvt.h.x fa0, a1", [0xfffe_0003, 0, 0]), 0xc000_4200);
    assert_eq!(packed("vfcvt.h.xu fa0, a1", [0x0001_0003, 0, 0]), 0x3c00_4200);
    assert_eq!(packed("fcvt.s.h fa0, fa1", [0x3c00, 0, 0]), one);
    assert_eq!(packed("fcvt.s.ah fa0, fa1", [0x3f80, 0, 0]), one);
    assert_eq!(packed("fcvt.ah.h fa0, fa1", [0x3c00, 0, 0]), 0xffff_3f80);
    assert_eq!(packed("fcvt.h.ah fa0, fa1", [0x3f80, 0, 0]), 0xffff_3c00);
    assert_eq!(packed("vfmv.x.h a0, fa1", [0x1234_5678, 0, 0]), 0x1234_5678);
}

#[test]
fn expanding_operations_compute_in_binary32() {
    let packed = |text: &str, operands| run(text, &PACKED, operands);
    // 65504 * 65504 has no binary16, but a binary32 that rounds once.
    assert_eq!(
        packed("fmulex.s.h fa0, fa1, fa2", [0x7bff, 0x7bff, 0]),
        (65504f32 * 65504f32).to_bits()
    );
    assert_eq!(
        packed("fmacex.s.h fa0, fa1, fa2", [0x4000, 0x4200, 0x3f80_0000]),
        0x40e0_0000
    );
    assert_eq!(
        packed("fmacex.s.ah fa0, fa1, fa2", [0x4000, 0x4040, 0x3f80_0000]),
        0x40e0_0000
    );
    assert_eq!(
        packed("vfndotpex.s.h fa0, fa1, fa2", [0x4000_3c00, 0x4400_4200, 0x4140_0000]),
        0x3f80_0000
    );
    assert_eq!(
        packed("vfdotpex.s.r.h fa0, fa1, fa2", [0x4000_3c00, 0x4400_4200, 0]),
        0x4110_0000
    );
    assert_eq!(
        packed("vfdotpex.s.b fa0, fa1, fa2", [0x3c3c_3c3c, 0x4040_4040, 0]),
        0x4100_0000
    );
    assert_eq!(
        packed("vfavg.h fa0, fa1, fa2", [0x7bff_3c00, 0x7bff_4200, 0]),
        0x7bff_4000
    );
    assert_eq!(
        packed("vfavg.b fa0, fa1, fa2", [0x3c3c_3c3c, 0x4242_4242, 0]),
        0x4040_4040
    );
}

#[test]
fn the_rounding_field_is_dynamic_fixed_or_absent() {
    let field = |text: &str| decode(text, &PACKED).rm;
    assert_eq!(field("fadd.s fa0, fa1, fa2"), 7);
    assert_eq!(field("fadd.s fa0, fa1, fa2, rup"), 3);
    assert_eq!(field("fadd.ah fa0, fa1, fa2"), 7);
    assert_eq!(field("vfadd.h fa0, fa1, fa2"), 7);
    assert_eq!(field("vfmin.h fa0, fa1, fa2"), 0);
    assert_eq!(field("fsgnjx.s fa0, fa1, fa2"), 0);
    assert_eq!(field("feq.h a0, fa1, fa2"), 0);
    let decoder = Decoder::new(&PACKED);
    let add = assemble("fadd.h fa0, fa1, fa2, rne", &PACKED).unwrap();
    let name = |rm: u32| {
        decoder
            .decode(add | rm << 12)
            .map(|inst| ennead_isa::table::row(inst.row).mnemonic)
    };
    assert_eq!(name(4), Some("fadd.h"));
    assert_eq!(name(5), Some("fadd.ah"));
    assert_eq!(name(6), None);
    assert_eq!(name(7), Some("fadd.h"));
}

#[test]
fn float_registers_are_the_upper_half_of_the_unified_numbers_or_the_integer_registers() {
    let inst = decode("fmadd.s ft0, fa1, fa2, fs1", &PACKED);
    assert_eq!([inst.rd, inst.rs1, inst.rs2, inst.rs3], [32, 43, 44, 41]);
    let inst = decode("vfmac.h fa0, fa1, fa2", &PACKED);
    assert_eq!([inst.rd, inst.rs1, inst.rs2, inst.rs3], [42, 43, 44, 42]);
    let inst = decode("vfeq.h a0, fa1, fa2", &PACKED);
    assert_eq!([inst.rd, inst.rs1, inst.rs2, inst.rs3], [10, 43, 44, 0]);
    let shared = Set {
        float_registers: FloatRegisters::X,
        ..PACKED
    };
    let inst = decode("vfmac.h a0, a1, a2", &shared);
    assert_eq!([inst.rd, inst.rs1, inst.rs2, inst.rs3], [10, 11, 12, 10]);
}

#[test]
fn multiply_accumulates_are_counted_by_lane() {
    for row in ROWS.iter().filter(|row| row.op.is_some()) {
        let (name, last) = (row.mnemonic, row.mnemonic.rsplit('.').next().unwrap());
        let lanes = if last == "b" { 4 } else { 2 };
        let stem = name
            .trim_start_matches("p.")
            .trim_start_matches("pv.")
            .trim_start_matches("cv.");
        let expected = if stem.starts_with("vfmac") || stem.starts_with("vfmre") || stem.contains("dot") {
            lanes
        } else {
            let fused = ["fmadd", "fmsub", "fnmadd", "fnmsub", "fmacex", "mac", "msu"];
            u32::from(fused.iter().any(|prefix| stem.starts_with(prefix)))
        };
        assert_eq!(row.op.unwrap().mac_lanes(), expected, "{name}");
    }
}

#[test]
fn every_float_operation_belongs_to_a_row() {
    let sets = covering_sets();
    for op in ennead_isa::Op::all() {
        let mut rows = ROWS.iter().filter(|row| row.op == Some(op));
        assert!(
            rows.any(|row| sets.iter().any(|set| row.decodes_in(set))),
            "no row names {}",
            op.name()
        );
    }
}
