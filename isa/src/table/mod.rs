//! The instruction table: one row an encoding.
