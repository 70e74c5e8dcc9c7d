//! What every instruction *means*: encodings, text, operands and results.
//!
//! This crate knows nothing of time, memory systems, files or machines. A word of code becomes an [`Inst`] through
//! one table row ([`table`]); the row names an operation ([`Op`]), and an operation has one line of meaning that
//! maps operand values to a result.

pub mod asm;
pub mod decode;
pub mod disasm;
pub mod float;
mod names;
pub mod op;
pub mod reference;
pub mod set;
pub mod table;

pub use asm::{AsmError, assemble};
pub use decode::Decoder;
pub use disasm::disassemble;
pub use op::{Inst, Kind, Op, Replicate};
pub use set::Set;
