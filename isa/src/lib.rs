//! What every instruction *means*: encodings, text, operands and results.
//!
//! This crate knows nothing of time, memory systems, files or machines. A word of code becomes an [`Inst`] through
//! one table row ([`table`]); the row names an operation ([`Op`]), and an operation has one line of meaning that
//! maps operand values to a result.

pub mod decode;
pub mod float;
pub mod op;
pub mod set;
pub mod table;

pub use decode::Decoder;
pub use op::{Inst, Kind, Op, Replicate};
pub use set::Set;
