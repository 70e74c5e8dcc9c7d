//! `ennead`: the command line.

fn main() {}
