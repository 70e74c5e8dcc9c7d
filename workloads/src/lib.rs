//! The bundled programs and their right answers.
//!
//! A [`Workload`] is an ELF built from the C sources of this crate, what it computes, and the tensor that it has to
//! leave in memory. How a program is simulated is not known here: whoever runs one reads back the bytes at
//! [`Golden::symbol`] and gives them to [`Golden::check`].
//!
//! Invariant: every ELF is what `workloads/build.sh` builds, and every expected tensor is what
//! `workloads/golden/generate.py` writes.

mod catalogue;
mod golden;

pub use catalogue::{Parameter, Workload, all, find};
pub use golden::{Element, Golden, GoldenMismatch, GoldenPass};
