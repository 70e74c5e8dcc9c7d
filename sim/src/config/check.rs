//! The rules between keys: which machines cannot exist.
//!
//! The range of a single key is in the table of keys, not here.
//!
//! Invariant: every refusal names one key, its value and the rule.

use super::{Config, ConfigError, GapExtras, Icache, IsaFamily, Map, Sharing};

/// How many times as fast as the other one clock may be.
const FASTEST: u64 = 1000;

impl Config {
    /// Refuses machines that cannot exist: the key, its value and the rule.
    pub fn check(&self) -> Result<(), ConfigError> {
        for key in super::KEYS {
            key.set(&mut self.clone(), &key.get(self))
                .map_err(|rule| refuse(self, key.path, format!("must be {rule}")))?;
        }
        let Config {
            machine,
            cluster,
            soc,
            core,
            fpu,
            l1,
            l2,
            icache,
            dma,
            orchestrator,
            ..
        } = self;
        let must = |holds: bool, key: &str, rule: String| if holds { Ok(()) } else { Err(refuse(self, key, rule)) };

        must(
            l1.banks.is_power_of_two(),
            "l1.banks",
            "must be a power of two, because words are interleaved over the banks by address bits".into(),
        )?;
        must(
            (l1.size as usize).is_multiple_of(l1.banks * 4),
            "l1.size",
            format!(
                "must be a multiple of l1.banks * 4 bytes ({}), so that every bank has whole words",
                l1.banks * 4
            ),
        )?;
        must(
            l1.size.is_power_of_two(),
            "l1.size",
            "must be a power of two, because the scratchpad's address decoder masks address bits".into(),
        )?;
        must(
            l2.size.is_multiple_of(4),
            "l2.size",
            "must be a multiple of 4 bytes, so that the last word is whole".into(),
        )?;
        match fpu.sharing {
            Sharing::Private => must(
                fpu.count == cluster.workers,
                "fpu.count",
                format!(
                    "must equal cluster.workers ({}) where fpu.sharing = private; leave it out to follow the workers",
                    cluster.workers
                ),
            )?,
            Sharing::Pooled | Sharing::Static => must(
                fpu.count <= cluster.workers,
                "fpu.count",
                format!(
                    "must not be more than cluster.workers ({}): no core could use the rest",
                    cluster.workers
                ),
            )?,
        }
        must(
            fpu.divsqrt_shared || fpu.divsqrt_count == 1,
            "fpu.divsqrt_count",
            "counts shared units: set fpu.divsqrt_shared = true".into(),
        )?;
        must(
            fpu.divsqrt_count <= cluster.workers,
            "fpu.divsqrt_count",
            format!(
                "must not be more than cluster.workers ({}): no core could use the rest",
                cluster.workers
            ),
        )?;
        let (slow, fast) = (
            soc.frequency_hz.min(cluster.frequency_hz),
            soc.frequency_hz.max(cluster.frequency_hz),
        );
        must(
            fast <= slow.saturating_mul(FASTEST),
            "soc.frequency_hz",
            format!(
                "must be within a factor of {FASTEST} of cluster.frequency_hz ({})",
                cluster.frequency_hz
            ),
        )?;
        must(
            dma.burst_bytes.is_power_of_two(),
            "dma.burst_bytes",
            "must be a power of two, because a burst never crosses a boundary of its own size".into(),
        )?;
        must(
            core.grant_trace.is_empty() || (cluster.workers == 1 && !orchestrator.present),
            "core.grant_trace",
            "is for a single core: set cluster.workers = 1 and orchestrator.present = false".into(),
        )?;
        must(
            core.response_latency == 1 || (machine.map == Map::Bench && cluster.workers == 1 && !orchestrator.present),
            "core.response_latency",
            "is for a single core on the bench: elsewhere each memory has a latency of its own".into(),
        )?;
        must(
            core.gap == GapExtras::None || core.isa == IsaFamily::Xpulpv2,
            "core.gap",
            "needs the legacy encodings: set core.isa = xpulpv2".into(),
        )?;
        must(
            core.packed_fp16 || !core.packed_fp8,
            "core.packed_fp8",
            "needs packed FP16: set core.packed_fp16 = true".into(),
        )?;
        for (key, value) in [
            ("icache.line", icache.line),
            ("icache.private_size", icache.private_size),
            ("icache.private_ways", icache.private_ways),
            ("icache.shared_size", icache.shared_size),
            ("icache.shared_ways", icache.shared_ways),
            ("icache.shared_banks", icache.shared_banks),
        ] {
            let rule = "must be a power of two, because sets, ways and banks are chosen by bits";
            must(value.is_power_of_two(), key, rule.into())?;
        }
        let private = icache.line * icache.private_ways;
        must(
            icache.private_size >= private,
            "icache.private_size",
            format!("must hold a line in each way: at least icache.line * icache.private_ways ({private})"),
        )?;
        let shared = icache.line * icache.shared_ways * icache.shared_banks;
        must(
            icache.shared_size >= shared,
            "icache.shared_size",
            format!(
                "must hold a line in each way of each bank: at least icache.line * icache.shared_ways * \
                 icache.shared_banks ({shared})"
            ),
        )?;
        must(
            icache.model == Icache::Ideal || core.grant_trace.is_empty(),
            "core.grant_trace",
            "replays instruction grants, so it needs icache.model = ideal".into(),
        )?;
        match machine.map {
            Map::PulpOpen => {
                must(
                    !l1.traffic_master,
                    "l1.traffic_master",
                    "is a device of machine.map = bench".into(),
                )?;
                must(
                    orchestrator.present,
                    "orchestrator.present",
                    "must be true where machine.map = pulp-open: nobody else starts the workers".into(),
                )
            }
            Map::Bench => {
                must(
                    soc.frequency_hz == cluster.frequency_hz,
                    "soc.frequency_hz",
                    format!(
                        "must equal cluster.frequency_hz ({}) where machine.map = bench: that map has one clock; leave it \
                         out to follow the cluster",
                        cluster.frequency_hz
                    ),
                )?;
                must(
                    !orchestrator.present,
                    "orchestrator.present",
                    "must be false where machine.map = bench: that map has no place for it".into(),
                )?;
                let rule =
                    |next: &str| format!("must be at most 65536 where machine.map = bench: {next} would overlap it");
                must(l2.size <= 0x1_0000, "l2.size", rule("L1 at 0x1c010000"))?;
                must(l1.size <= 0x1_0000, "l1.size", rule("the event units at 0x1c020000"))
            }
        }
    }
}

fn refuse(config: &Config, key: &str, rule: String) -> ConfigError {
    let value = Config::key(key).map(|key| key.get(config)).unwrap_or_default();
    ConfigError::Value {
        origin: "machine".to_owned(),
        key: key.to_owned(),
        value,
        rule,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Draft;

    #[test]
    fn impossible_machines_are_refused_with_key_value_and_rule() {
        for (base, settings, parts) in [
            ("ennead", &["l1.banks=0"][..], &["l1.banks", "0", "1 to 256"][..]),
            ("ennead", &["l1.banks=12"], &["l1.banks = 12", "power of two"]),
            (
                "ennead",
                &["l1.size=100000"],
                &["l1.size = 100000", "multiple of l1.banks * 4"],
            ),
            ("ennead", &["l1.size=98304"], &["l1.size = 98304", "power of two"]),
            ("ennead", &["cluster.workers=0"], &["cluster.workers = 0", "1 to 64"]),
            ("ennead", &["cluster.workers=65"], &["cluster.workers = 65", "1 to 64"]),
            ("ennead", &["fpu.count=4"], &["fpu.count = 4", "cluster.workers (8)"]),
            (
                "vega",
                &["fpu.count=9"],
                &["fpu.count = 9", "more than cluster.workers (8)"],
            ),
            (
                "vega",
                &["cluster.workers=2"],
                &["fpu.count = 4", "more than cluster.workers (2)"],
            ),
            (
                "ennead",
                &["fpu.addmul_latency=4"],
                &["fpu.addmul_latency = 4", "0 to 3"],
            ),
            ("ennead", &["l1.size=2MiB"], &["l1.size = 2MiB", "1048576"]),
            ("ennead", &["l2.size=128MiB"], &["l2.size", "67108864"]),
            (
                "ennead",
                &["core.grant_trace=x.gnt"],
                &["core.grant_trace = x.gnt", "single core"],
            ),
            (
                "ennead",
                &["core.response_latency=2"],
                &["core.response_latency = 2", "single core"],
            ),
            (
                "ennead",
                &["orchestrator.present=false"],
                &["orchestrator.present", "starts the workers"],
            ),
            (
                "golden-mc8",
                &["orchestrator.present=true"],
                &["orchestrator.present", "machine.map = bench"],
            ),
            ("golden-mc8", &["l1.size=128KiB"], &["l1.size = 131072", "0x1c020000"]),
            ("golden-mc8", &["l2.size=128KiB"], &["l2.size = 131072", "0x1c010000"]),
            (
                "vega",
                &["fpu.divsqrt_shared=true", "fpu.divsqrt_count=9"],
                &["fpu.divsqrt_count = 9", "more than cluster.workers (8)"],
            ),
            (
                "ennead",
                &["fpu.divsqrt_count=2"],
                &["fpu.divsqrt_count = 2", "fpu.divsqrt_shared"],
            ),
            ("ennead", &["icache.line=24"], &["icache.line = 24", "power of two"]),
            (
                "ennead",
                &["icache.shared_banks=3"],
                &["icache.shared_banks = 3", "power of two"],
            ),
            (
                "ennead",
                &["icache.private_ways=16", "icache.private_size=128"],
                &["icache.private_size = 128", "icache.private_ways (256)"],
            ),
            (
                "ennead",
                &["icache.shared_size=64"],
                &["icache.shared_size = 64", "icache.shared_banks (128)"],
            ),
            (
                "cv32e40p",
                &["icache.model=hierarchical", "core.grant_trace=x.gnt"],
                &["core.grant_trace = x.gnt", "icache.model = ideal"],
            ),
            (
                "ennead",
                &["soc.frequency_hz=1"],
                &["soc.frequency_hz = 1", "factor of 1000", "370000000"],
            ),
            (
                "golden-mc8",
                &["soc.frequency_hz=1000000"],
                &["soc.frequency_hz = 1000000", "one clock"],
            ),
            (
                "ennead",
                &["dma.burst_bytes=24"],
                &["dma.burst_bytes = 24", "power of two"],
            ),
            (
                "ennead",
                &["l1.traffic_master=true"],
                &["l1.traffic_master = true", "bench"],
            ),
            (
                "ennead",
                &["core.isa=xcv2"],
                &["core.isa = xcv2", "\"xpulpv2\", \"xcv\""],
            ),
        ] {
            let mut draft = Draft::shipped(base).unwrap();
            let refused = settings
                .iter()
                .try_for_each(|text| draft.assignment(text))
                .and_then(|()| draft.finish());
            let text = refused.expect_err(&format!("{settings:?}")).to_string();
            for part in parts {
                assert!(text.contains(part), "{settings:?}: {part:?} is missing in {text:?}");
            }
        }
    }

    #[test]
    fn one_to_64_workers_and_1_to_256_banks_are_machines() {
        for exponent in 0..=8 {
            let mut draft = Draft::shipped("ennead").unwrap();
            draft.set("l1.banks", &(1 << exponent).to_string()).unwrap();
            draft.finish().unwrap();
        }
        for workers in 1..=64 {
            let mut draft = Draft::shipped("ennead").unwrap();
            draft.set("cluster.workers", &workers.to_string()).unwrap();
            draft.finish().unwrap();
        }
    }
}
