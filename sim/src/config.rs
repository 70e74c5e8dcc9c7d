//! The machine as plain data: every size, count and latency, and nothing that runs.
//!
//! A [`Config`] is what a TOML file holds. It is not a machine (that is `machine::Machine`) and reads no file.
//!
//! Invariant: a config that `Config::check` accepts can be built, and two equal configs build equal machines.

use serde::{Deserialize, Serialize};

/// A whole machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub machine: MachineConfig,
    pub cluster: ClusterConfig,
    pub core: CoreConfig,
    pub fpu: FpuConfig,
    pub l1: L1Config,
    pub l2: L2Config,
    pub icache: IcacheConfig,
    pub dma: DmaConfig,
    pub orchestrator: OrchestratorConfig,
}

/// Which memory map the machine has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Map {
    /// The PULP-open memory map and devices.
    #[default]
    PulpOpen,
    /// The bare bench of the golden programs: code at 0x1C000000, data at 0x1C010000, event units at 0x1C020000,
    /// exit, console and interrupt lines at 0x20000000.
    Bench,
}

/// What the machine is as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MachineConfig {
    pub map: Map,
}

/// The worker cores and their paths.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterConfig {
    /// Worker cores, 1..=64.
    pub workers: usize,
    /// Cluster clock in Hz.
    pub frequency_hz: u64,
    /// Cycles that a worker's access to a plain cluster peripheral waits for its grant (P1: 3).
    pub peripheral_wait: u32,
    /// The same for the event unit's registers through the peripheral crossbar (P1: 4).
    pub event_unit_wait: u32,
    /// The same for L2 and everything outside, beyond the L2's own latency (P1: 4).
    pub external_wait: u32,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self { workers: 8, frequency_hz: 370_000_000, peripheral_wait: 3, event_unit_wait: 4, external_wait: 4 }
    }
}

/// DSP extension and its encoding family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IsaFamily {
    /// Legacy PULP encodings.
    Xpulpv2,
    /// CORE-V encodings.
    #[default]
    Xcv,
}

/// Which register file holds floats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FpRegisters {
    /// A file of their own.
    #[default]
    F,
    /// The integer registers.
    X,
}

/// Which core's pipeline rules hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// CV32E40P v2 (rules R1..R26).
    #[default]
    Cv32e40p,
    /// RI5CY of the Vega generation (timing-core section 5).
    Ri5cy,
}

/// Every core, workers and orchestrator alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CoreConfig {
    pub generation: Generation,
    pub isa: IsaFamily,
    pub fp_registers: FpRegisters,
    /// Scalar and packed FP16 and bfloat16.
    pub packed_fp16: bool,
    /// `cv.elw` sleeps and `wfi` does nothing.
    pub cluster_build: bool,
    /// A grant pattern to replay on the memory ports (single core only): path of a file with two characters a cycle.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub grant_trace: String,
}

impl Default for CoreConfig {
    fn default() -> Self {
        Self {
            generation: Generation::Cv32e40p,
            isa: IsaFamily::Xcv,
            fp_registers: FpRegisters::F,
            packed_fp16: true,
            cluster_build: true,
            grant_trace: String::new(),
        }
    }
}

/// How cores share FPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sharing {
    /// One for each core.
    #[default]
    Private,
    /// Any core to any FPU (C7).
    Pooled,
    /// Core i always to FPU i mod count.
    Static,
}

/// The iterative divide and square-root unit (R23).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DivSqrt {
    /// binary32 only, early out by operand.
    Thead,
    /// All formats, fixed iterations.
    #[default]
    Pulp,
}

/// The floating-point units of the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FpuConfig {
    pub count: usize,
    pub sharing: Sharing,
    /// Pipeline stages of add, multiply and fused multiply-add in binary32, 0..=3.
    pub addmul_latency: u32,
    /// Pipeline stages of compares, conversions and moves, 0..=3.
    pub others_latency: u32,
    /// Pipeline stages of 16-bit formats, 0..=3.
    pub fp16_latency: u32,
    pub divsqrt: DivSqrt,
    /// One divide and square-root unit for all cores (F1) instead of one each.
    pub divsqrt_shared: bool,
}

impl Default for FpuConfig {
    fn default() -> Self {
        Self {
            count: 8,
            sharing: Sharing::Private,
            addmul_latency: 1,
            others_latency: 1,
            fp16_latency: 1,
            divsqrt: DivSqrt::Pulp,
            divsqrt_shared: false,
        }
    }
}

/// How masters reach the L1 banks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interconnect {
    /// Fair round-robin tree per bank (C4).
    #[default]
    Logarithmic,
    /// The older low-latency crossbar with its DMA multiplexer (C5).
    Crossbar,
}

/// The shared scratchpad.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct L1Config {
    /// Bytes.
    pub size: u32,
    pub banks: usize,
    pub interconnect: Interconnect,
}

impl Default for L1Config {
    fn default() -> Self {
        Self { size: 128 * 1024, banks: 16, interconnect: Interconnect::Logarithmic }
    }
}

/// The large memory outside the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct L2Config {
    /// Bytes, from 0x1C000000.
    pub size: u32,
    /// Cluster cycles from a read's address to its first beat at the cluster's port (`R` of rules D and P).
    pub read_latency: u32,
    /// Cluster cycles from a write's last beat to its response (`W`).
    pub write_latency: u32,
}

impl Default for L2Config {
    fn default() -> Self {
        Self { size: 1536 * 1024, read_latency: 8, write_latency: 8 }
    }
}

/// How instructions reach the workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IcacheKind {
    /// Every fetch is granted at once.
    #[default]
    Ideal,
    /// A private level a core and a shared level (I1..I9).
    Hierarchical,
}

/// The instruction side of the workers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IcacheConfig {
    pub kind: IcacheKind,
}

/// The DMA between L2 and L1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DmaConfig {
    /// Longest external burst in bytes (D6: 256).
    pub burst_bytes: u32,
    /// Read bursts in flight (D7: 8).
    pub outstanding: u32,
}

impl Default for DmaConfig {
    fn default() -> Self {
        Self { burst_bytes: 256, outstanding: 8 }
    }
}

/// The ninth core, outside the cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrchestratorConfig {
    pub present: bool,
    /// Its own clock in Hz.
    pub frequency_hz: u64,
    /// Cycles that its L2 access waits for the grant.
    pub l2_wait: u32,
    /// The same for SoC peripherals.
    pub peripheral_wait: u32,
    /// The same for anything in the cluster.
    pub cluster_wait: u32,
}

impl Default for OrchestratorConfig {
    fn default() -> Self {
        Self { present: true, frequency_hz: 370_000_000, l2_wait: 0, peripheral_wait: 8, cluster_wait: 14 }
    }
}
