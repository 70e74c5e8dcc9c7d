//! The instruction side of a machine with caches: the cores' fetch stages, their private levels and the shared level,
//! put together in every cycle in which any of them has something to do.
//!
//! In a cycle the shared level comes first: what it grants and answers was decided by requests of earlier cycles. The
//! fetch stages come last, when it is known which cores take an instruction.

use crate::cluster::icache::{Event, Private, Shared};
use crate::config::{Config, Icache as Model, IcacheConfig};
use crate::core::Core;
use crate::counters::Named;
use crate::machine::Machine;
use crate::soc::clock::Clocks;
use serde::{Deserialize, Serialize};

/// The shared level, and when it or a fetch stage has something to do.
#[derive(Serialize, Deserialize)]
pub(super) struct Icache {
    shared: Shared,
    events: Vec<Event>,
    due: Option<u64>,
    /// Look at every fetch stage, even at those that would not change.
    every: bool,
}

impl Icache {
    /// The caches of `config`, if it has any; the workers among `cores` get their private levels.
    pub(super) fn new(config: &Config, cores: &mut [Core], clocks: Clocks) -> Option<Self> {
        let workers = config.cluster.workers;
        let icache = Self::empty(&config.icache, workers, clocks)?;
        for core in &mut cores[..workers] {
            core.fetch_from(Private::new(&config.icache));
        }
        Some(icache)
    }

    /// The shared level, if there is one.
    pub(super) fn empty(config: &IcacheConfig, workers: usize, clocks: Clocks) -> Option<Self> {
        if config.model == Model::Ideal {
            return None;
        }
        Some(Self {
            shared: Shared::new(config, workers, clocks),
            events: Vec::new(),
            due: Some(1),
            every: false,
        })
    }

    /// The cycle in which something happens by itself.
    pub(super) fn next_due(&self) -> Option<u64> {
        self.due
    }
}

impl Machine {
    /// Whether cores must not run ahead because what they fetch depends on others.
    pub fn fetches_cycle_by_cycle(&self) -> bool {
        self.icache.is_some()
    }

    /// Looks at every fetch stage from now on, even at those that would not change.
    pub fn look_at_every_fetch(&mut self) {
        if let Some(icache) = &mut self.icache {
            icache.every = true;
        }
    }

    /// The shared level's cycle.
    pub(super) fn tick_icache(&mut self) {
        let now = self.now;
        let Some(icache) = &mut self.icache else { return };
        icache.events.clear();
        icache.shared.tick(now, &mut icache.events);
        for event in &icache.events {
            let (Event::Granted(index) | Event::Answered(index)) = *event;
            let Some(cache) = self.cores[index].fetch_mut().and_then(|fetch| fetch.cache()) else {
                continue;
            };
            match event {
                Event::Granted(_) => cache.granted(),
                Event::Answered(_) => cache.answered(now + 1),
            }
        }
    }

    /// The fetch stages' cycle, after everything else in it.
    pub(super) fn fetch_cycle(&mut self) {
        let now = self.now;
        let Some(mut icache) = self.icache.take() else { return };
        let mut busy = false;
        for index in 0..self.workers {
            let core = &mut self.cores[index];
            if icache.every
                && let Some(fetch) = core.fetch_mut()
            {
                fetch.still = false;
            }
            let needs = core.fetch_cycle(now, &self.program, &self.memory);
            if let Some(fetch) = core.fetch_mut() {
                busy |= !fetch.still;
                if let Some(line) = fetch.take_request() {
                    icache.shared.ask(index, line);
                }
            }
            if needs {
                self.schedule(index);
            }
        }
        let next = busy.then_some(now + 1);
        icache.due = next.or_else(|| icache.shared.next_due(now));
        self.icache = Some(icache);
        self.devices_changed();
    }

    /// Firmware enabled or disabled the caches, or their prefetch.
    pub(super) fn set_up_icache(&mut self) {
        let (enabled, prefetch) = (self.icache_control.enabled(), self.icache_control.prefetch());
        let Some(icache) = &mut self.icache else { return };
        icache.shared.set_up(enabled);
        for (index, core) in self.cores[..self.workers].iter_mut().enumerate() {
            if let Some(cache) = core.fetch_mut().and_then(|fetch| fetch.cache()) {
                cache.set_up(enabled, prefetch >> (index % 32) & 1 == 1);
            }
        }
    }

    /// Firmware flushes the caches, or the sets that hold an address.
    pub(super) fn flush_icache(&mut self, address: Option<u32>) {
        let Some(icache) = &mut self.icache else { return };
        icache.shared.flush(address);
        for core in &mut self.cores[..self.workers] {
            if let Some(cache) = core.fetch_mut().and_then(|fetch| fetch.cache()) {
                cache.flush(address);
            }
        }
    }

    /// What the caches counted, all private levels together.
    pub(super) fn icache_counters(&self) -> Named {
        let Some(icache) = &self.icache else { return Vec::new() };
        let private = self.cores.iter().filter_map(|core| core.fetch()?.counters());
        let (mut hits, mut misses, mut prefetches) = (0, 0, 0);
        for counters in private {
            hits += counters.hits;
            misses += counters.misses;
            prefetches += counters.prefetches;
        }
        let shared = icache.shared.counters();
        [
            ("private_hits", hits),
            ("private_misses", misses),
            ("prefetches", prefetches),
            ("shared_hits", shared.hits),
            ("shared_merged", shared.merged),
            ("shared_refusals", shared.refusals),
            ("refills", shared.refills),
        ]
        .map(|(name, count)| (name.to_owned(), count))
        .to_vec()
    }
}
