//! *When* it happens, and on which machine: cores, cluster, SoC and the engines that drive them.

pub mod cluster;
pub mod config;
pub mod core;
pub mod counters;
pub mod elf;
pub mod engine;
pub mod fault;
pub mod machine;
pub mod memory;
pub mod observe;
pub mod order;
pub mod profile;
pub mod program;
pub mod report;
pub mod retire;
pub mod soc;
pub mod stall;
