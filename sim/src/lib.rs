//! *When* it happens, and on which machine: cores, cluster, SoC and the engines that drive them.

pub mod cluster;
pub mod config;
pub mod counters;
pub mod elf;
pub mod fault;
pub mod report;
pub mod soc;
pub mod stall;
