//! Data responses that come late (R25): one program on a CV32E40P's bench, and the cycles that its RTL took for every
//! instruction, for three latencies of memory and three of the FPU.

mod support;

use ennead_sim::elf::Image;
use ennead_sim::engine::RunOptions;
use ennead_sim::machine::Machine;
use ennead_sim::observe::{Retire, Retired};
use support::{BASE, config, elf};

/// Where data are, a second base, floats in memory and in registers, and an access that starts the run from rest.
const SETUP: &str = "
    csrrsi x0, 0x340, 0
    lui x5, 2
    csrrs x0, 0x300, x5
    lui x8, 0x1c010
    addi x9, x8, 64
    addi x18, x8, 128
    addi x12, x0, 7
    addi x11, x0, 3
    lui x13, 0x3fc00
    fmv.w.x f2, x13
    lui x13, 0x40490
    fmv.w.x f3, x13
    sw x13, 0(x18)
    addi x13, x0, 5
    addi x0, x0, 0
    addi x0, x0, 0
    addi x0, x0, 0
    addi x0, x0, 0
    csrrs x0, 0x340, x0
";

const LINES: [&str; 52] = [
    "lw x10, 0(x8)",
    "addi x11, x12, 1",
    "add x13, x10, x11",
    "sw x13, 4(x8)",
    "lw x14, 1(x8)",
    "mul x15, x14, x14",
    "lw x10, 8(x8)",
    "lw x11, 12(x8)",
    "lw x12, 16(x8)",
    "add x13, x12, x11",
    "beq x0, x0, 8",
    "addi x0, x0, 0",
    "sw x13, 20(x8)",
    "bne x0, x0, 8",
    "add x13, x13, x13",
    "cv.lw x10, (x9), 4",
    "cv.lw x10, (x9), 4",
    "add x11, x10, x9",
    "fadd.s f1, f2, f3",
    "flw f4, 0(x18)",
    "fadd.s f5, f4, f1",
    "fmul.s f6, f5, f5",
    "lw x10, 0(x8)",
    "fmul.s f7, f2, f3",
    "fsub.s f7, f7, f3",
    "fdiv.s f8, f2, f3",
    "lw x11, 0(x8)",
    "fadd.s f9, f2, f2",
    "lw x11, 4(x8)",
    "fdiv.s f10, f2, f3",
    "mulh x12, x11, x11",
    "sh x12, 3(x8)",
    "cv.lw x10, (x9), 4",
    "div x10, x11, x13",
    "lw x11, 8(x8)",
    "csrrs x10, 0x340, x0",
    "sw x10, 8(x8)",
    "csrrs x10, 0x300, x0",
    "lw x12, 0(x8)",
    "fence rw, rw",
    "auipc x5, 0",
    "addi x5, x5, 20",
    "sw x5, 24(x8)",
    "lw x6, 24(x8)",
    "jalr x0, 0(x6)",
    "lw x10, 0(x8)",
    "addi x0, x0, 0",
    "feq.s x11, f2, f3",
    "lw x12, 4(x8)",
    "fmadd.s f11, f2, f3, f4",
    "addi x13, x13, 1",
    "addi x0, x0, 0",
];

/// FPU stages of add and multiply, of the others, cycles from a grant to the response, and the cycles from one instruction
/// to the next as the RTL was measured.
const MEASURED: [(&str, &str, u32, &str); 9] = [
    (
        "0",
        "0",
        1,
        "1 1 1 1 3 1 1 1 2 1 3 1 1 1 1 2 1 1 2 1 1 1 1 1 1 1 18 1 1 5 2 2 35 1 1 1 4 1 4 1 1 1 3 2 1 1 1 1 1",
    ),
    (
        "0",
        "0",
        2,
        "1 2 1 1 5 1 1 2 3 1 3 1 1 1 1 3 1 1 3 1 1 1 2 1 1 1 18 1 20 5 3 3 35 1 2 1 5 1 5 1 1 1 4 2 1 2 1 1 2",
    ),
    (
        "0",
        "0",
        5,
        "1 5 1 1 11 1 1 5 6 1 3 1 1 4 1 6 1 1 6 1 1 1 5 1 1 1 18 1 20 5 6 6 35 1 5 1 8 1 8 1 1 1 7 2 1 5 1 1 5",
    ),
    (
        "1",
        "1",
        1,
        "1 1 1 1 3 1 1 1 2 1 3 1 1 1 1 2 1 1 2 2 1 1 2 1 2 1 18 1 1 5 2 2 35 1 1 1 4 1 4 1 1 1 3 2 1 1 1 1 1",
    ),
    (
        "1",
        "1",
        2,
        "1 2 1 1 5 1 1 2 3 1 3 1 1 1 1 3 1 1 3 2 1 1 3 1 2 1 18 1 20 5 3 3 35 1 2 1 5 1 5 1 1 1 4 2 1 2 1 1 2",
    ),
    (
        "1",
        "1",
        5,
        "1 5 1 1 11 1 1 5 6 1 3 1 1 4 1 6 1 1 6 2 1 1 6 1 2 1 18 1 20 5 6 6 35 1 5 1 8 1 8 1 1 1 7 2 1 5 1 1 5",
    ),
    (
        "2",
        "2",
        1,
        "1 1 1 1 3 1 1 1 2 1 3 1 1 1 1 2 1 1 2 3 1 1 4 1 3 1 18 1 2 5 2 2 35 1 1 1 4 1 4 1 1 1 3 2 1 1 1 1 2",
    ),
    (
        "2",
        "2",
        2,
        "1 2 1 1 5 1 1 2 3 1 3 1 1 1 1 3 1 1 3 3 1 1 4 1 3 1 18 1 2 5 3 3 35 1 2 1 5 1 5 1 1 1 4 2 1 2 1 1 2",
    ),
    (
        "2",
        "2",
        5,
        "1 5 1 1 11 1 1 5 6 1 3 1 1 4 1 6 1 1 6 3 1 1 7 1 3 1 18 1 21 5 6 6 35 1 5 1 8 1 8 1 1 1 7 2 1 5 1 1 5",
    ),
];

#[test]
fn every_instruction_waits_for_late_responses_as_long_as_the_rtl() {
    for (addmul, others, response, costs) in MEASURED {
        let keys = [
            format!("fpu.addmul_latency={addmul}"),
            format!("fpu.others_latency={others}"),
            format!("core.response_latency={response}"),
        ];
        let config = config("cv32e40p", &keys.each_ref().map(String::as_str));
        let lines = LINES.join("\n");
        let end = "lui x31, 0x20000\nsw x0, 0(x31)\njal x0, 0\n";
        let (bytes, labels) = support::program(
            &format!("{SETUP}first:\n{lines}\n{end}"),
            BASE,
            &config.core.instruction_set(),
        );
        let image = Image::parse(&elf(BASE, &[(BASE, &bytes)])).unwrap();
        let mut machine = Machine::new(&config, &image).unwrap();
        let mut cycles = Vec::new();
        machine.run(
            &RunOptions::default(),
            &mut Retire(|row: Retired| {
                if row.pc >= labels["first"] {
                    cycles.push(row.cycle);
                }
            }),
        );
        let expected: Vec<u64> = costs.split(' ').map(|cost| cost.parse().unwrap()).collect();
        let ours: Vec<u64> = cycles.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(
            ours[..expected.len()],
            expected,
            "FPU {addmul} and {others}, response after {response}"
        );
    }
}
