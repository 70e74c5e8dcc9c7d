//! The machine as plain data: every size, count and latency, and nothing that runs.
//!
//! A [`Config`] is what a TOML file holds. It is not a machine (that is `machine::Machine`) and reads no file. Each key
//! is defined once, in the table below: the struct field, its documentation, default, unit, allowed values, the text of
//! `ennead config explain` and the check of `--set` all come from that one place.
//!
//! Invariant: a config that [`Config::check`] accepts can be built, and two equal configs build equal machines.
//!
//! ```
//! use ennead_sim::config::Draft;
//! let mut draft = Draft::shipped("vega").unwrap();
//! draft.set("cluster.workers", "4").unwrap();
//! assert_eq!(draft.finish().unwrap().cluster.workers, 4);
//! ```

mod check;
mod draft;
mod key;
mod shipped;

pub use draft::{ConfigError, Draft, nearest};
pub use key::{Allowed, Key};
pub use shipped::{SHIPPED, Shipped};

use ennead_isa::set::{FloatRegisters, Gap, Pulp, Set};
use key::Text;
use sha2::{Digest, Sha256};

/// Defines an enumeration whose variants have names in TOML.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])+
        $Name:ident { $( $(#[doc = $meaning:literal])+ $Variant:ident $text:literal, )+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $Name { $( $(#[doc = $meaning])+ $Variant, )+ }

        impl $Name {
            const NAMES: &[(&str, &str)] = &[$(($text, concat!($($meaning),+)),)+];
        }

        impl Text for $Name {
            fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$Variant),)+ _ => None }
            }
            fn text(&self) -> String {
                match self { $(Self::$Variant => $text.to_owned(),)+ }
            }
        }
    };
}

/// Defines the sections of [`Config`], their defaults and the table of keys.
macro_rules! sections {
    ($(
        $(#[doc = $section_doc:literal])+
        $section:ident: $Section:ident {
            $( $(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr, $unit:literal, $allowed:expr; )+
        }
    )+) => {
        /// A whole machine.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Config { $( $(#[doc = $section_doc])+ pub $section: $Section, )+ }

        $(
            $(#[doc = $section_doc])+
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $Section { $( $(#[doc = $doc])+ pub $field: $type, )+ }

            impl Default for $Section {
                fn default() -> Self {
                    Self { $($field: $default,)+ }
                }
            }
        )+

        /// Every key, in the order of a TOML file.
        pub static KEYS: &[Key] = &[$($(
            Key {
                path: concat!(stringify!($section), ".", stringify!($field)),
                unit: $unit,
                allowed: $allowed,
                help: &[$($doc),+],
                get: |config| config.$section.$field.text(),
                set: |config, text| Text::parse(text).map(|value| config.$section.$field = value),
            },
        )+)+];
    };
}

choice! {
    /// Which memory map the machine has.
    Map {
        /// The PULP-open memory map and devices.
        PulpOpen "pulp-open",
        /// The bare bench of the golden programs: program memory at 0x1C000000, L1 at 0x1C010000, event units at
        /// 0x1C020000, exit, console and interrupt lines at 0x20000000.
        Bench "bench",
    }
}

choice! {
    /// DSP extension and its encoding family.
    IsaFamily {
        /// Legacy PULP encodings.
        Xpulpv2 "xpulpv2",
        /// CORE-V encodings.
        Xcv "xcv",
    }
}

choice! {
    /// Instructions that GreenWaves' chips have beyond the legacy PULP encodings.
    GapExtras {
        /// None.
        None "none",
        /// GAP8's.
        Gap8 "gap8",
        /// GAP9's.
        Gap9 "gap9",
    }
}

choice! {
    /// Which register file holds floats.
    FpRegisters {
        /// A file of their own.
        F "f",
        /// The integer registers.
        X "x",
    }
}

choice! {
    /// Which core's pipeline rules hold.
    Generation {
        /// CV32E40P v2 (rules R1..R26).
        Cv32e40p "cv32e40p",
        /// RI5CY of the Vega generation (R1..R13, R19 and R23 with its own CSR and hardware-loop costs).
        Ri5cy "ri5cy",
    }
}

choice! {
    /// How cores share floating-point units.
    Sharing {
        /// One for each core.
        Private "private",
        /// Any core to any unit (C7).
        Pooled "pooled",
        /// Core i always to unit i mod count.
        Static "static",
    }
}

choice! {
    /// The iterative divide and square-root unit (R23).
    DivSqrt {
        /// binary32 only, early out by operand.
        Thead "thead",
        /// All formats, fixed iterations.
        Pulp "pulp",
    }
}

choice! {
    /// How masters reach the L1 banks.
    Interconnect {
        /// Fair round-robin tree for each bank (C4).
        Logarithmic "logarithmic",
        /// The older low-latency crossbar with its DMA multiplexer (C5).
        Crossbar "crossbar",
    }
}

choice! {
    /// How instructions reach the workers.
    Icache {
        /// Every fetch is granted at once and answered in the next cycle.
        Ideal "ideal",
        /// A private level for each worker and one that they share (I1..I9).
        Hierarchical "hierarchical",
    }
}

/// The longest wait that a path may have, in cycles.
const LONGEST_WAIT: u64 = 10_000;

sections! {
    /// What the machine is as a whole.
    machine: MachineConfig {
        /// Which memory map and devices firmware finds.
        map: Map = Map::PulpOpen, "name", Allowed::Names(Map::NAMES);
    }

    /// The worker cores and their paths.
    cluster: ClusterConfig {
        /// Worker cores.
        workers: usize = 8, "cores", Allowed::Range(1, 64);
        /// Cluster clock.
        frequency_hz: u64 = 370_000_000, "Hz", Allowed::Range(1, 10_000_000_000);
        /// Cycles that a worker's access to a plain cluster peripheral waits for its grant (P1: 3).
        peripheral_wait: u32 = 3, "cluster cycles", Allowed::Range(0, LONGEST_WAIT);
        /// Cycles that a worker's access to the event unit's registers through the peripheral crossbar waits for its
        /// grant (P1: 4).
        event_unit_wait: u32 = 4, "cluster cycles", Allowed::Range(0, LONGEST_WAIT);
        /// Cycles that a worker's access to L2 and everything else outside the cluster waits for its grant, beyond the
        /// latency of L2 itself (P1: 4).
        external_wait: u32 = 4, "cluster cycles", Allowed::Range(0, LONGEST_WAIT);
        /// Accesses of all workers that may be under way outside the cluster at once. A worker has one at most (P2), and
        /// no limit below one for each of eight showed (P3).
        external_outstanding: u32 = 64, "accesses", Allowed::Range(1, 64);
    }

    /// Everything outside the cluster: L2, the orchestrator, its devices and timers.
    soc: SocConfig {
        /// Clock of everything outside the cluster; the two clocks' edges coincide at reset. It follows
        /// `cluster.frequency_hz` unless it is set.
        frequency_hz: u64 = 370_000_000, "Hz", Allowed::Range(1, 10_000_000_000);
    }

    /// Every core, workers and orchestrator alike.
    core: CoreConfig {
        /// Which core's pipeline rules hold.
        generation: Generation = Generation::Cv32e40p, "name", Allowed::Names(Generation::NAMES);
        /// DSP extension and its encoding family.
        isa: IsaFamily = IsaFamily::Xcv, "name", Allowed::Names(IsaFamily::NAMES);
        /// Which register file holds floats.
        fp_registers: FpRegisters = FpRegisters::F, "name", Allowed::Names(FpRegisters::NAMES);
        /// Whether the core has scalar and packed FP16 and bfloat16.
        packed_fp16: bool = true, "bool", Allowed::Bool;
        /// Whether, with packed FP16, the core has the packed averages, dot products and expanding operations that the
        /// open cores' decoders leave out.
        xfaux: bool = true, "bool", Allowed::Bool;
        /// Whether the core has scalar FP16 with the standard's boxing rules (Zfh, or Zhinx with floats in x-registers).
        /// Where the core has packed FP16, that one's unchecked boxing holds.
        zfh: bool = false, "bool", Allowed::Bool;
        /// Whether, with packed FP16, the core has scalar and packed FP8 (E5M2).
        packed_fp8: bool = false, "bool", Allowed::Bool;
        /// Instructions that GreenWaves' chips have beyond the legacy PULP encodings.
        gap: GapExtras = GapExtras::None, "name", Allowed::Names(GapExtras::NAMES);
        /// Whether floating-point instructions of a CV32E40P with float registers are illegal until software sets
        /// `mstatus.FS`, as in the hardware. Without it a program runs that was only ever run where FS is ignored.
        fs_traps: bool = false, "bool", Allowed::Bool;
        /// Event counters `mhpmcounter3` and up of a CV32E40P; the hardware's own default is 1.
        event_counters: usize = 1, "counters", Allowed::Range(0, 29);
        /// Whether `cv.elw` sleeps and `wfi` does nothing, as in a core built for a cluster.
        cluster_build: bool = true, "bool", Allowed::Bool;
        /// Cycles from the grant of a data access to its response, on a single core's bench.
        response_latency: u32 = 1, "cycles", Allowed::Range(1, 64);
        /// A grant pattern to replay on the memory ports of a single core: a file with two characters a cycle.
        grant_trace: String = String::new(), "path", Allowed::Path;
    }

    /// The floating-point units of the cluster.
    fpu: FpuConfig {
        /// Units in the cluster. Where they are private it follows `cluster.workers` unless it is set.
        count: usize = 8, "units", Allowed::Range(1, 64);
        /// How cores share the units.
        sharing: Sharing = Sharing::Private, "name", Allowed::Names(Sharing::NAMES);
        /// Pipeline stages of add, multiply and fused multiply-add in binary32.
        addmul_latency: u32 = 1, "stages", Allowed::Range(0, 3);
        /// Pipeline stages of compares, conversions and moves.
        others_latency: u32 = 1, "stages", Allowed::Range(0, 3);
        /// Pipeline stages of 16-bit formats.
        fp16_latency: u32 = 1, "stages", Allowed::Range(0, 3);
        /// The iterative divide and square-root unit.
        divsqrt: DivSqrt = DivSqrt::Pulp, "name", Allowed::Names(DivSqrt::NAMES);
        /// Whether the `pulp` unit answers as its RTL does where that is far from right: a root is NaN while the register
        /// in the unused operand field (`ft0`) holds one, and overflow gives infinity in every rounding mode.
        divsqrt_faults: bool = false, "bool", Allowed::Bool;
        /// Whether the workers share the divide and square-root units (F1) rather than having one each.
        divsqrt_shared: bool = false, "bool", Allowed::Bool;
        /// Divide and square-root units, where they are shared (F1: 1).
        divsqrt_count: usize = 1, "units", Allowed::Range(1, 64);
        /// Whether scalar comparisons, minima, maxima and sign injections work. Where they do not they give all ones, as
        /// in the recorded runs of the older core.
        selects: bool = true, "bool", Allowed::Bool;
    }

    /// The shared scratchpad.
    l1: L1Config {
        /// Bytes of all banks together.
        size: u32 = 128 * 1024, "bytes", Allowed::Range(1024, 1 << 20);
        /// Banks; consecutive words are in consecutive banks.
        banks: usize = 16, "banks", Allowed::Range(1, 256);
        /// How masters reach the banks.
        interconnect: Interconnect = Interconnect::Logarithmic, "name", Allowed::Names(Interconnect::NAMES);
        /// One more master after the workers that reads one address back to back while a store to 0x20000100 of the
        /// bench tells it to; on the crossbar it sits on the DMA's channel.
        traffic_master: bool = false, "bool", Allowed::Bool;
    }

    /// The large memory outside the cluster.
    l2: L2Config {
        /// Bytes from 0x1C000000.
        size: u32 = 1536 * 1024, "bytes", Allowed::Range(4096, 64 << 20);
        /// Cycles from a read's address to its first beat at the cluster's port (`R` of rules D and P).
        read_latency: u32 = 8, "SoC cycles", Allowed::Range(0, LONGEST_WAIT);
        /// Cycles from a write's last beat to its response at the cluster's port (`W` of rules D and P).
        write_latency: u32 = 8, "SoC cycles", Allowed::Range(0, LONGEST_WAIT);
    }

    /// The instruction caches of the workers.
    icache: IcacheConfig {
        /// How instructions reach the workers.
        model: Icache = Icache::Ideal, "name", Allowed::Names(Icache::NAMES);
        /// Whether the caches are enabled from reset on. The hardware's are not (I8): firmware enables them.
        enabled: bool = false, "bool", Allowed::Bool;
        /// Whether the private levels prefetch the next line from reset on; firmware may switch it for each core (I4).
        prefetch: bool = false, "bool", Allowed::Bool;
        /// Bytes of a line, in both levels (I1: 16).
        line: u32 = 16, "bytes", Allowed::Range(8, 64);
        /// Bytes of each worker's private level (I1: 512).
        private_size: u32 = 512, "bytes", Allowed::Range(32, 64 << 10);
        /// Ways of the private level (I1: 4).
        private_ways: u32 = 4, "ways", Allowed::Range(1, 16);
        /// Bytes of the shared level, all banks together (I1: 4096).
        shared_size: u32 = 4096, "bytes", Allowed::Range(64, 1 << 20);
        /// Ways of the shared level (I1: 4).
        shared_ways: u32 = 4, "ways", Allowed::Range(1, 16);
        /// Banks of the shared level; consecutive lines are in consecutive banks (I1: 2).
        shared_banks: u32 = 2, "banks", Allowed::Range(1, 16);
        /// Refills that a bank of the shared level has under way at most (I7: 4).
        refills: u32 = 4, "lines", Allowed::Range(1, 16);
        /// Cycles from a refill's address to its first beat at the cluster's port (`R` of rules I).
        refill_latency: u32 = 8, "SoC cycles", Allowed::Range(1, LONGEST_WAIT);
    }

    /// The DMA between L2 and L1.
    dma: DmaConfig {
        /// Longest external burst (D6: 256).
        burst_bytes: u32 = 256, "bytes", Allowed::Range(8, 2048);
        /// Read bursts in flight (D7: 8).
        outstanding: u32 = 8, "bursts", Allowed::Range(1, 64);
    }

    /// The ninth core, outside the cluster.
    orchestrator: OrchestratorConfig {
        /// Whether there is one; without it the workers start by themselves.
        present: bool = true, "bool", Allowed::Bool;
        /// Cycles that its access to L2 waits for its grant.
        l2_wait: u32 = 0, "SoC cycles", Allowed::Range(0, LONGEST_WAIT);
        /// Cycles that its access to a SoC peripheral waits for its grant.
        peripheral_wait: u32 = 8, "SoC cycles", Allowed::Range(0, LONGEST_WAIT);
        /// Cycles that its access to anything in the cluster waits for its grant.
        cluster_wait: u32 = 14, "cluster cycles", Allowed::Range(0, LONGEST_WAIT);
    }
}

impl CoreConfig {
    /// What the core decodes.
    pub fn instruction_set(&self) -> Set {
        Set {
            pulp: match self.isa {
                IsaFamily::Xpulpv2 => Pulp::Xpulpv2,
                IsaFamily::Xcv => Pulp::Xcv,
            },
            float_registers: match self.fp_registers {
                FpRegisters::F => FloatRegisters::F,
                FpRegisters::X => FloatRegisters::X,
            },
            packed_fp16: self.packed_fp16,
            xfaux: self.packed_fp16 && self.xfaux,
            float8: self.packed_fp16 && self.packed_fp8,
            zfh: self.zfh,
            gap: match self.gap {
                GapExtras::None => Gap::None,
                GapExtras::Gap8 => Gap::Gap8,
                GapExtras::Gap9 => Gap::Gap9,
            },
            ..Set::RV32IMFC
        }
    }
}

impl Config {
    /// The key of this path.
    pub fn key(path: &str) -> Option<&'static Key> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// The effective machine as a TOML file that [`Draft::toml`] reads back, with unit and allowed values beside each
    /// key.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let mut open = "";
        for key in KEYS {
            let (section, name) = key.path.split_once('.').expect("a key has a section");
            if section != open {
                let gap = if open.is_empty() { "" } else { "\n" };
                text += &format!("{gap}[{section}]\n");
                open = section;
            }
            let about = match key.allowed {
                Allowed::Range(low, high) => format!("{}, {low}..={high}", key.unit),
                Allowed::Names(names) => names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" | "),
                Allowed::Bool | Allowed::Path => key.unit.to_owned(),
            };
            text += &format!("{name} = {} # {about}\n", key.toml(self));
        }
        text
    }

    /// SHA-256 over every key and value, in hexadecimal: equal machines have equal hashes.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for key in KEYS {
            hash.update(format!("{}={}\n", key.path, key.toml(self)));
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_help_and_a_default_that_it_allows() {
        for key in KEYS {
            assert!(key.help().ends_with('.'), "{}: {:?}", key.path, key.help());
            assert!(!key.unit.is_empty(), "{}", key.path);
            let mut config = Config::default();
            key.set(&mut config, &key.default())
                .unwrap_or_else(|rule| panic!("{}: {rule}", key.path));
            assert_eq!(config, Config::default(), "{}", key.path);
        }
    }

    #[test]
    fn key_paths_are_unique() {
        let paths: std::collections::BTreeSet<_> = KEYS.iter().map(|key| key.path).collect();
        assert_eq!(paths.len(), KEYS.len());
    }

    #[test]
    fn printed_toml_reads_back_as_the_same_machine() {
        for shipped in SHIPPED {
            let config = Draft::shipped(shipped.name).unwrap().finish().unwrap();
            let mut draft = Draft::default();
            draft.toml("printed", &config.to_toml()).unwrap();
            assert_eq!(draft.finish().unwrap(), config, "{}", shipped.name);
        }
    }

    #[test]
    fn the_hash_depends_on_every_key() {
        let default = Config::default();
        for key in KEYS {
            let other = match key.allowed {
                Allowed::Range(low, high) => {
                    if key.default() == low.to_string() {
                        high.to_string()
                    } else {
                        low.to_string()
                    }
                }
                Allowed::Bool => (key.default() != "true").to_string(),
                Allowed::Names(names) => names
                    .iter()
                    .map(|(name, _)| (*name).to_owned())
                    .find(|name| *name != key.default())
                    .unwrap(),
                Allowed::Path => "other".to_owned(),
            };
            let mut config = default.clone();
            key.set(&mut config, &other).unwrap();
            assert_ne!(config.hash(), default.hash(), "{}", key.path);
        }
    }
}
