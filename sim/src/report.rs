//! A run as a value that serialises: what a script reads, `schema_version` 1 (described in docs/report.md).
//!
//! It is built from plain inputs and knows neither files nor how a terminal shows it. Host time is not part of it
//! unless somebody adds it.
//!
//! Invariant: equal inputs serialise to equal bytes, on any host.

use serde::{Serialize, Serializer};

use crate::config::Config;
use crate::counters::{Counters, Forwarded, Named, Stalls};
use crate::elf::Image;
use crate::fault::Outcome;
use crate::stall::Stall;

/// The version of the report's keys; it rises when a key changes its meaning or goes away.
pub const SCHEMA_VERSION: u32 = 1;

/// What a report is made of.
pub struct Inputs<'a> {
    /// The machine's name or file.
    pub config_name: &'a str,
    /// The machine.
    pub config: &'a Config,
    /// The program as the user named it.
    pub program_path: &'a str,
    /// The program.
    pub image: &'a Image,
    /// Its parameters that were given a value.
    pub parameters: &'a [(String, u32)],
    /// How the run ended.
    pub outcome: &'a Outcome,
    /// What it counted.
    pub counters: &'a Counters,
    /// What the guest printed.
    pub console: &'a [u8],
    /// Multiply-accumulates that the algorithm needs, where the catalogue knows them.
    pub nominal_macs: Option<u64>,
    /// Whether the results are right, where there is a golden tensor.
    pub golden: Option<Golden>,
}

/// Whether the results equal the golden tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Golden {
    /// They do.
    Pass,
    /// They do not, or the run did not end with exit code 0.
    Fail,
}

/// A whole report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Who made it.
    pub tool: Tool,
    /// The machine.
    pub config: Identity,
    /// The program.
    pub program: Program,
    /// How the run ended.
    pub outcome: OutcomeReport,
    /// Cluster clock cycles from reset to the end.
    pub cycles: u64,
    /// `cycles` / `frequency_hz`, in seconds.
    pub latency_s: f64,
    /// The cluster clock.
    pub frequency_hz: u64,
    /// Instructions retired by all cores.
    pub instret: u64,
    /// Of `cycles` and `instret`: what a fast forward passed without timing; only where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fast_forward: Option<Forwarded>,
    /// Multiply-accumulates.
    pub macs: Macs,
    /// Multiply-accumulates by cycle.
    pub mac_per_clk: MacPerClk,
    /// The check against the golden tensor.
    pub golden: GoldenReport,
    /// Each core's cycles.
    pub cores: Vec<CoreReport>,
    /// The scratchpad.
    pub l1: L1Report,
    /// The DMA's counters.
    #[serde(serialize_with = "map")]
    pub dma: Named,
    /// The instruction caches' counters.
    #[serde(serialize_with = "map")]
    pub icache: Named,
    /// The shared FPUs' counters.
    #[serde(serialize_with = "map")]
    pub fpu: Named,
    /// Marked regions, one entry a region and core.
    pub regions: Vec<RegionReport>,
    /// What the guest printed; bytes that are not UTF-8 are replaced.
    pub console: String,
    /// How long the host took; only where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostReport>,
}

/// Who made a report.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    /// The simulator's version.
    pub version: &'static str,
}

/// A machine's identity.
#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    /// Shipped name or file.
    pub name: String,
    /// SHA-256 over every key and value.
    pub hash: String,
}

/// A program's identity.
#[derive(Clone, Debug, Serialize)]
pub struct Program {
    /// As the user named it.
    pub path: String,
    /// SHA-256 of the file.
    pub hash: String,
    /// Parameters that were given a value.
    #[serde(serialize_with = "map")]
    pub parameters: Vec<(String, u32)>,
}

/// How a run ended.
#[derive(Clone, Debug, Serialize)]
pub struct OutcomeReport {
    /// `exit`, `fault`, `limit` or `deadlock`.
    pub kind: &'static str,
    /// The guest's own code, where it exited.
    pub code: Option<u32>,
    /// One message for a person.
    pub message: String,
    /// The core concerned, where there is one.
    pub core: Option<String>,
    /// Its instruction's address in hexadecimal.
    pub pc: Option<String>,
    /// The address by name.
    pub symbol: Option<String>,
    /// Cluster clock cycle.
    pub cycle: u64,
}

/// Multiply-accumulates.
#[derive(Clone, Debug, Serialize)]
pub struct Macs {
    /// Lanes of retired multiply-accumulate instructions.
    pub executed: u64,
    /// What the algorithm needs, where known.
    pub nominal: Option<u64>,
}

/// Multiply-accumulates by cluster clock cycle.
#[derive(Clone, Debug, Serialize)]
pub struct MacPerClk {
    /// Of the executed ones.
    pub executed: f64,
    /// Of the nominal ones, where known.
    pub nominal: Option<f64>,
}

/// The check against the golden tensor.
#[derive(Clone, Debug, Serialize)]
pub struct GoldenReport {
    /// Null where the program has none.
    pub status: Option<Golden>,
}

/// One core's cycles.
#[derive(Clone, Debug, Serialize)]
pub struct CoreReport {
    /// Its name.
    pub name: String,
    /// Instructions retired.
    pub instret: u64,
    /// Cycles of its own clock: active + sleep + all stalls.
    pub cycles: u64,
    /// Cycles in which an instruction left decode.
    pub active: u64,
    /// Cycles before it was started, or asleep.
    pub sleep: u64,
    /// Multiply-accumulate lanes retired.
    pub macs: u64,
    /// Stalled cycles by cause.
    #[serde(serialize_with = "causes")]
    pub stalls: Stalls,
}

/// The scratchpad.
#[derive(Clone, Debug, Serialize)]
pub struct L1Report {
    /// Its banks in order.
    pub banks: Vec<BankReport>,
}

/// One bank.
#[derive(Clone, Debug, Serialize)]
pub struct BankReport {
    /// Requests granted.
    pub accesses: u64,
    /// Requests refused, one a cycle and master.
    pub conflicts: u64,
}

/// What one core did in one region.
#[derive(Clone, Debug, Serialize)]
pub struct RegionReport {
    /// The name that firmware gave it, else `region N`.
    pub name: String,
    /// The number in the marker instruction.
    pub id: u32,
    /// The core's name.
    pub core: String,
    /// How often it was entered.
    pub visits: u64,
    /// Cycles of the core's own clock: active + sleep + all stalls.
    pub cycles: u64,
    /// Cycles in which an instruction left decode.
    pub active: u64,
    /// Cycles asleep.
    pub sleep: u64,
    /// Instructions retired.
    pub instret: u64,
    /// Multiply-accumulate lanes retired.
    pub macs: u64,
    /// `macs` / `cycles`.
    pub mac_per_clk: f64,
    /// Stalled cycles by cause.
    #[serde(serialize_with = "causes")]
    pub stalls: Stalls,
}

/// How long the host took. It differs between runs, so it is only in a report that was asked for it.
#[derive(Clone, Debug, Serialize)]
pub struct HostReport {
    /// Wall-clock seconds of the run itself.
    pub seconds: f64,
    /// Million simulated instructions a second, all cores together.
    pub mips: f64,
}

impl Report {
    /// Puts a report together.
    pub fn new(inputs: &Inputs) -> Self {
        let Inputs {
            config,
            image,
            counters,
            ..
        } = inputs;
        let executed = counters.macs();
        let frequency_hz = config.cluster.frequency_hz;
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool {
                version: env!("CARGO_PKG_VERSION"),
            },
            config: Identity {
                name: inputs.config_name.to_owned(),
                hash: config.hash(),
            },
            program: Program {
                path: inputs.program_path.to_owned(),
                hash: image.hash.clone(),
                parameters: inputs.parameters.to_vec(),
            },
            outcome: OutcomeReport::new(inputs.outcome, image),
            cycles: counters.cycles,
            latency_s: counters.cycles as f64 / frequency_hz as f64,
            frequency_hz,
            instret: counters.instret(),
            fast_forward: (counters.forwarded.cycles > 0).then_some(counters.forwarded),
            macs: Macs {
                executed,
                nominal: inputs.nominal_macs,
            },
            mac_per_clk: MacPerClk {
                executed: ratio(executed, counters.cycles),
                nominal: inputs.nominal_macs.map(|nominal| ratio(nominal, counters.cycles)),
            },
            golden: GoldenReport { status: inputs.golden },
            cores: counters
                .cores
                .iter()
                .map(|core| CoreReport {
                    name: core.name.clone(),
                    instret: core.instret,
                    cycles: core.cycles,
                    active: core.active,
                    sleep: core.sleep,
                    macs: core.macs,
                    stalls: core.stalls,
                })
                .collect(),
            l1: L1Report {
                banks: counters
                    .banks
                    .iter()
                    .map(|bank| BankReport {
                        accesses: bank.accesses,
                        conflicts: bank.conflicts,
                    })
                    .collect(),
            },
            dma: counters.dma.clone(),
            icache: counters.icache.clone(),
            fpu: counters.fpu.clone(),
            regions: counters
                .regions
                .iter()
                .map(|region| RegionReport {
                    name: image.region_name(region.id),
                    id: region.id,
                    core: counters
                        .cores
                        .get(region.core)
                        .map(|core| core.name.clone())
                        .unwrap_or_default(),
                    visits: region.visits,
                    cycles: region.cycles,
                    active: region.active,
                    sleep: region.sleep,
                    instret: region.instret,
                    macs: region.macs,
                    mac_per_clk: ratio(region.macs, region.cycles),
                    stalls: region.stalls,
                })
                .collect(),
            console: String::from_utf8_lossy(inputs.console).into_owned(),
            host: None,
        }
    }

    /// The report as indented JSON with a line break at its end.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report has only strings as keys") + "\n"
    }
}

impl OutcomeReport {
    fn new(outcome: &Outcome, image: &Image) -> Self {
        let symbol = |pc: u32| image.symbolize(pc);
        let (code, place, cycle) = match outcome {
            Outcome::Exit(exit) => (Some(exit.code), Some(&exit.at), exit.at.cycle),
            Outcome::Fault(fault) => (None, Some(&fault.at), fault.at.cycle),
            Outcome::Limit(limit) => (None, None, limit.max_cycles),
            Outcome::Deadlock(deadlock) => (None, None, deadlock.cycle),
        };
        Self {
            kind: outcome.kind(),
            code,
            message: outcome.message(&symbol),
            core: place.map(|place| place.core.clone()),
            pc: place.map(|place| format!("0x{:08x}", place.pc)),
            symbol: place.and_then(|place| symbol(place.pc)),
            cycle,
        }
    }
}

/// A quotient that is 0 where there was no cycle.
fn ratio(count: u64, cycles: u64) -> f64 {
    if cycles == 0 { 0.0 } else { count as f64 / cycles as f64 }
}

fn map<T: Serialize, S: Serializer>(named: &[(String, T)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(named.iter().map(|(name, value)| (name, value)))
}

fn causes<S: Serializer>(stalls: &Stalls, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(Stall::ALL.iter().map(|stall| (stall.key(), stalls[*stall as usize])))
}
