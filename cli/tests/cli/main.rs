//! What the command promises to people and scripts, held by running it.

mod bad_input;
mod book;
mod checkpoints;
mod explain;
mod firmware;
mod gdb;
mod host;
mod manual;
mod pictures;
mod readme;
mod results;
mod runs;
mod semihost;
mod support;
mod sweeps;
mod tune;
