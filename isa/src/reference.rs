//! The instruction reference page, written from the rows.
//!
//! Invariant: of an instruction the page says nothing that its row or its operation does not say. What the timing
//! classes mean is summed up at the top; the rules are the simulator's.

use std::fmt::Write;

use crate::op::{FloatUnit, Kind, Unit};
use crate::table::format::{Class, Field, Piece};
use crate::table::{ROWS, Row};

const INTRODUCTION: &str = "\
# Instructions

Written by `cargo run -p ennead-isa --example reference > docs/instructions.md`; a test keeps it current.

- A pattern shows the word from its highest bit. `0` and `1` are fixed, `.` is an operand bit or does not matter. Of two
  patterns that match a word, the one with more fixed bits counts.
- `rd`, `rs1`, `rs2`, `rs3` are integer registers, `frd`, `frs1`, `frs2`, `frs3` float registers; on a core with
  floats in integer registers both are integer registers.
- `[i]` is lane `i`, lane 0 the lowest; `rs2[0]` as an operand stands for lane 0 in every lane. `.l` and `.h` after a
  register are its lower and upper half. `half` is 2^(shift-1), and 0 when the shift is 0.
- A bit field is named by its length less one and its lowest bit: `len` and `pos`, or bits 9 to 5 and 4 to 0 of `rs2`.
- `s` and `u` after an operator mean signed and unsigned. Integer results and sums wrap at 32 bits.
- The timing class says what the instruction waits for and occupies. Cycles follow from it by the rules of
  [the core's timing](timing-core.md), with the latencies of the core's configuration:

| timing class | rules | alone, and in short |
|---|---|---|
| ALU, multiplier | R1, R4, R7 | 1 cycle; the next instruction can use the result |
| multiplier, upper half | R2 | 5 cycles |
| divider | R2 | 3 to 35 cycles, as the divisor says |
| load, store | R3 to R6, R25 | 1 cycle, 2 where misaligned, and what the grant waits; a user of loaded data 1 later |
| branch | R8, R11 | 1 cycle, 3 if taken |
| jump | R9 to R11 | 2 cycles; to a register that was just written 1 or 2 more |
| hardware loop | R14 | 1 cycle; going round costs nothing |
| CSR | R15, R21 | 1 cycle, 4 where it flushes the pipeline; after the FPU is idle |
| system | R16, R17 | 4 to 6 cycles |
| event load | R18 | 4 cycles, and what the grant waits |
| float add and multiply | R19, R20 | `fpu.addmul_latency`, for narrow formats `fpu.fp16_latency` |
| float compare and move, float conversion | R19, R20, R27 | `fpu.others_latency` |
| float divide and square root | R23 | in the background: 3 to 19 cycles, as `fpu.divsqrt` and the operands say |
";

/// The page in Markdown.
pub fn page() -> String {
    let mut groups: Vec<(String, Vec<&Row>)> = Vec::new();
    for row in &ROWS {
        let names: Vec<String> = row.extensions.iter().map(ToString::to_string).collect();
        let title = names.join(" + ");
        match groups.iter_mut().find(|(existing, _)| *existing == title) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((title, vec![row])),
        }
    }
    let mut page = INTRODUCTION.to_owned();
    for (title, rows) in groups {
        let _ = writeln!(
            page,
            "\n## {title}\n\n| instruction | pattern | meaning | timing class |\n|---|---|---|---|"
        );
        for row in rows {
            let meaning = cell(&row.meaning());
            let remark = match (row.op.is_some(), row.alias, row.note) {
                (false, _, note) => cell(note),
                (true, true, _) => format!("{meaning} (another name)"),
                (true, false, "") => meaning,
                (true, false, note) => format!("{meaning}; {}", cell(note)),
            };
            let class = row.op.map_or("", |op| timing_class(op.kind()));
            let _ = writeln!(
                page,
                "| `{}` | `{}` | {remark} | {class} |",
                cell(&written(row)),
                row.pattern
            );
        }
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// The instruction as it is written, with the register files in the operands' names.
fn written(row: &Row) -> String {
    let mut text = row.mnemonic.to_owned();
    for (i, piece) in row.format.pieces().enumerate() {
        if i == 0 {
            text.push(' ');
        }
        match piece {
            Piece::Operand(field) => {
                if matches!(field, Field::Register { class: Class::F, .. }) {
                    text.push('f');
                }
                text += field.name().unwrap_or_default();
            }
            Piece::Text(literal) => text += literal,
            Piece::Open => text.push('['),
            Piece::Close => text.push(']'),
        }
    }
    text
}

/// What decides about an instruction's cycles; the numbers are the core's.
fn timing_class(kind: Kind) -> &'static str {
    match kind {
        Kind::Compute { unit: Unit::Alu, .. } | Kind::AuiPc => "ALU",
        Kind::Compute { unit: Unit::Mul, .. } => "multiplier",
        Kind::Compute {
            unit: Unit::MulHigh, ..
        } => "multiplier, upper half",
        Kind::Compute { unit: Unit::Div, .. } => "divider",
        Kind::Load { .. } => "load",
        Kind::Store { .. } => "store",
        Kind::Branch { .. } => "branch",
        Kind::Jal | Kind::Jalr => "jump",
        Kind::Csr { .. } => "CSR",
        Kind::Fence | Kind::FenceI | Kind::Ecall | Kind::Ebreak | Kind::Mret | Kind::Wfi => "system",
        Kind::Loop { .. } => "hardware loop",
        Kind::EventLoad => "event load",
        Kind::Float {
            unit: FloatUnit::AddMul,
            ..
        } => "float add and multiply",
        Kind::Float {
            unit: FloatUnit::NonComp,
            ..
        } => "float compare and move",
        Kind::Float {
            unit: FloatUnit::Conv, ..
        } => "float conversion",
        Kind::Float {
            unit: FloatUnit::DivSqrt,
            ..
        } => "float divide and square root",
    }
}
