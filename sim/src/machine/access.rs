//! What a core's access reaches, how long its grant is withheld, and what it does there.
//!
//! Rules P1..P3 (paths), C1..C5 (banks, by way of the arbiter) and E1..E9 (event unit) meet here; each device's own
//! behaviour is in its file.

use crate::cluster::Access;
use crate::cluster::event_unit::WaitReason;
use crate::config::Map;
use crate::core::pipeline::Charge;
use crate::core::{Next, Reply, Request};
use crate::fault::{self, FaultKind};
use crate::machine::{Machine, Warning};
use crate::memory::Which;
use crate::memory::map::{ClusterDevice, From, Place, place};
use crate::observe::Observer;
use crate::soc::bench::Bench;
use crate::soc::{Effect, Unmodelled};
use crate::stall::Stall;
use serde::{Deserialize, Serialize};

/// An access on its way.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Path {
    /// Where it goes, once known.
    place: Option<Place>,
    /// The cycle in which it is looked at next.
    at: u64,
    /// What its wait is charged to.
    pub(super) charge: Option<Charge>,
    /// What was read where the effect comes before the grant.
    answered: Option<u32>,
}

impl Path {
    /// The cycle of the next try or of the grant, where the access was looked at before.
    #[inline(always)]
    pub(super) fn granted_at(&self) -> Option<u64> {
        self.place.map(|_| self.at)
    }

    /// Tries again in `cycle`.
    #[inline(always)]
    pub(super) fn retry(&mut self, cycle: u64) {
        self.at = cycle;
    }
}

/// When each shared target takes its next request: one a cycle (P3).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Ports {
    peripherals: [u64; 6],
    outside: u64,
}

impl Machine {
    /// The bank of a worker's plain L1 access, which needs no further routing; `None` for everything else.
    #[inline(always)]
    pub(super) fn plain_bank(&self, index: usize) -> Option<usize> {
        let request = self.cores[index].request()?;
        let offset = request.address.wrapping_sub(self.memory.base(Which::L1));
        (offset < self.plain_bytes && index < self.workers).then(|| self.bank(offset))
    }

    /// A core asks for its access: routes it, or carries it out if its time has come.
    #[inline(always)]
    pub(super) fn ask<O: Observer>(&mut self, index: usize, horizon: u64, observer: &mut O) {
        let Some(request) = self.cores[index].request().copied() else {
            return;
        };
        let found = match self.paths[index].place {
            Some(found) => found,
            None => {
                let from = if index < self.workers {
                    From::Worker
                } else {
                    From::Orchestrator
                };
                let Some(found) = place(self.config.machine.map, &self.memory, from, request.address) else {
                    let access = if request.write {
                        fault::Access::Store
                    } else {
                        fault::Access::Load
                    };
                    let kind = FaultKind::Unmapped {
                        access,
                        address: request.address,
                        width: request.width,
                    };
                    return self.fail(index, kind);
                };
                self.paths[index] = Path {
                    place: Some(found),
                    at: self.now,
                    charge: None,
                    answered: None,
                };
                if (!matches!(found, Place::L1(_)) || self.grants.is_some())
                    && let Some(wait) = self.withheld(index, found, &request)
                {
                    self.paths[index].at = self.now + wait;
                    if wait > 0 {
                        return self.calendar.insert(self.now + wait, index);
                    }
                }
                found
            }
        };
        match found {
            Place::L1(offset) | Place::TestAndSet(offset) if index < self.workers => {
                let bank = self.bank(offset);
                self.bank_requests.ask(bank, index);
            }
            Place::L1(offset) => {
                let data = self.memory_access(index, Which::L1, offset, &request);
                self.answer(index, data, Stall::L2, horizon, observer);
            }
            Place::L2(offset) => {
                let data = self.memory_access(index, Which::L2, offset, &request);
                self.answer(index, data, Stall::L2, horizon, observer);
            }
            Place::EventUnit(offset) if index < self.workers => {
                self.ask_event_unit(index, offset, &request, horizon, observer);
                self.devices_changed();
            }
            Place::Dma(offset) if index < self.workers => {
                self.ask_dma(index, index, offset, &request, horizon, observer);
                self.devices_changed();
            }
            Place::Cluster(ClusterDevice::Dma, offset) => {
                self.ask_dma(index, self.workers, offset, &request, horizon, observer);
                self.devices_changed();
            }
            _ => {
                self.ask_device(index, found, &request, horizon, observer);
                self.devices_changed();
            }
        }
    }

    /// An access to one of the DMA's control ports.
    fn ask_dma<O: Observer>(
        &mut self,
        index: usize,
        port: usize,
        offset: u32,
        request: &Request,
        horizon: u64,
        observer: &mut O,
    ) {
        let now = self.now;
        let access = if request.write {
            self.dma.store(now, port, offset, request.data)
        } else {
            self.dma.load(now, port, offset)
        };
        if let Access::Granted(data) = access {
            if request.write && offset & !3 == 4 {
                for waiter in std::mem::take(&mut self.waiting_for_id) {
                    self.cores[waiter].next = Next::Request(now + 1);
                    self.paths[waiter].retry(now + 1);
                    self.calendar.insert(now + 1, waiter);
                }
            }
            let wait = if index < self.workers && port == index {
                Stall::DmaWait
            } else {
                Stall::Peripheral
            };
            return self.answer(index, data, wait, horizon, observer);
        }
        self.paths[index].charge = Some(Charge::Stall(Stall::DmaWait));
        // With every transfer ID in use nothing but a store that gives one back can help.
        if self.dma.status() >> 16 == 0xffff && !request.write && offset & !3 == 0 {
            self.cores[index].next = Next::Waiting;
            self.waiting_for_id.push(index);
            return;
        }
        self.paths[index].retry(now + 1);
        self.calendar.insert(now + 1, index);
    }

    /// Cycles for which the grant is withheld on the way to a place, banks and sleeping loads apart (P1, P3).
    fn withheld(&mut self, index: usize, found: Place, request: &Request) -> Option<u64> {
        if self.config.machine.map == Map::Bench {
            let delay = match found {
                Place::Bench(Bench::EVENT) if !request.write => u64::from(self.bench.event_delay()),
                _ => 0,
            };
            let from = self.now + delay;
            return Some(self.grants.as_ref().map_or(from, |grants| grants.data_from(from)) - self.now);
        }
        let now = self.now;
        let queue = |port: &mut u64, wait: u32| {
            let start = now.max(*port);
            *port = start + 1;
            start - now + u64::from(wait)
        };
        if index >= self.workers {
            let wait = &self.config.orchestrator;
            return Some(u64::from(match found {
                Place::L2(_) => wait.l2_wait,
                Place::Soc(..) => wait.peripheral_wait,
                Place::Cluster(ClusterDevice::EventUnit, _) => wait.cluster_wait - self.event_unit_return(index),
                _ => wait.cluster_wait,
            }));
        }
        let latency = if request.write {
            self.config.l2.write_latency
        } else {
            self.config.l2.read_latency
        };
        let cluster = &self.config.cluster;
        match found {
            Place::L2(_) => Some(queue(&mut self.ports.outside, cluster.external_wait + latency)),
            Place::Soc(..) => {
                let beyond = self.config.orchestrator.peripheral_wait;
                Some(queue(&mut self.ports.outside, cluster.external_wait + latency + beyond))
            }
            Place::Cluster(device, _) => {
                let event_unit = device == ClusterDevice::EventUnit;
                let wait = if event_unit {
                    cluster.event_unit_wait - self.event_unit_return(index)
                } else {
                    cluster.peripheral_wait
                };
                Some(queue(&mut self.ports.peripherals[device as usize], wait))
            }
            _ => None,
        }
    }

    /// The event unit's bus port acts two cycles before its grant reaches the core (E3).
    fn event_unit_return(&self, index: usize) -> u32 {
        let wait = if index < self.workers {
            self.config.cluster.event_unit_wait
        } else {
            self.config.orchestrator.cluster_wait
        };
        wait.min(2)
    }

    fn memory_access(&mut self, index: usize, which: Which, offset: u32, request: &Request) -> u32 {
        if request.write {
            self.store(Some(index), which, offset, request.data, request.byte_enable);
            return 0;
        }
        self.memory.read(which, offset)
    }

    /// Writes memory for a core or for the DMA, lets decoded code know, and the host if a core wrote the word that it
    /// watches.
    #[inline(always)]
    pub(super) fn store(&mut self, core: Option<usize>, which: Which, offset: u32, data: u32, byte_enable: u8) {
        self.memory.write(which, offset, data, byte_enable);
        if self.program.written(which, offset, &self.memory)
            && let Some(index) = core
        {
            self.host_called(index);
        }
    }

    /// The core's access is granted in this cycle.
    pub(super) fn answer<O: Observer>(&mut self, index: usize, data: u32, wait: Stall, horizon: u64, observer: &mut O) {
        self.answer_wait(index, data, wait, false, horizon, observer);
    }

    /// The same for an access that slept; `interrupted` says that an interrupt cut the wait short.
    pub(super) fn answer_wait<O: Observer>(
        &mut self,
        index: usize,
        data: u32,
        wait: Stall,
        interrupted: bool,
        horizon: u64,
        observer: &mut O,
    ) {
        let charge = self.paths[index].charge.unwrap_or(Charge::Stall(wait));
        self.paths[index] = Path::default();
        self.complete(
            index,
            Reply {
                cycle: self.now,
                data,
                wait: charge,
                interrupted,
            },
            horizon,
            observer,
        );
    }

    /// Does what a worker that won its bank asked for, which nothing routed elsewhere.
    #[inline(always)]
    pub(super) fn plain_access(&mut self, index: usize) -> u32 {
        let Some(request) = self.cores[index].request() else {
            return 0;
        };
        let offset = request.address.wrapping_sub(self.memory.base(Which::L1));
        if !request.write {
            return self.memory.read(Which::L1, offset);
        }
        let (data, byte_enable) = (request.data, request.byte_enable);
        self.store(Some(index), Which::L1, offset, data, byte_enable);
        0
    }

    /// Does in L1 what a worker that won its bank asked for by way of its path.
    pub(super) fn routed_access(&mut self, index: usize) -> u32 {
        let Some(request) = self.cores[index].request().copied() else {
            return 0;
        };
        let mut data = 0;
        match self.paths[index].place.take() {
            Some(Place::L1(offset)) => data = self.memory_access(index, Which::L1, offset, &request),
            Some(Place::TestAndSet(offset)) => {
                data = self.memory_access(index, Which::L1, offset, &request);
                if !request.write {
                    self.store(Some(index), Which::L1, offset, u32::MAX, request.byte_enable);
                    self.locked_bank = Some((self.bank(offset), self.now + 1));
                }
            }
            _ => {}
        }
        data
    }

    fn ask_event_unit<O: Observer>(
        &mut self,
        index: usize,
        offset: u32,
        request: &Request,
        horizon: u64,
        observer: &mut O,
    ) {
        let access = if request.write {
            self.event_unit.store(self.now, index, offset, request.data)
        } else {
            self.event_unit.load(self.now, index, offset)
        };
        match access {
            Access::Granted(data) => self.answer(index, data, Stall::EventUnit, horizon, observer),
            Access::Refused => {
                self.paths[index].retry(self.now + 1);
                self.calendar.insert(self.now + 1, index);
            }
            Access::Waiting => {
                self.paths[index].charge = Some(charge(self.event_unit.waiting_for(index)));
                self.cores[index].next = Next::Waiting;
            }
        }
    }

    fn ask_device<O: Observer>(
        &mut self,
        index: usize,
        found: Place,
        request: &Request,
        horizon: u64,
        observer: &mut O,
    ) {
        if let Some(value) = self.paths[index].answered {
            return self.answer(index, value, Stall::EventUnit, horizon, observer);
        }
        let wait = match found {
            Place::Soc(..) => Stall::L2,
            Place::Cluster(ClusterDevice::EventUnit, _) | Place::EventUnit(_) => Stall::EventUnit,
            Place::Bench(Bench::EVENT) => Stall::EventUnit,
            _ => Stall::Peripheral,
        };
        let result = if request.write {
            self.write_device(found, request.data).map(|effect| (0, effect))
        } else {
            self.read_device(found).map(|value| (value, Effect::None))
        };
        let (value, effect) = result.unwrap_or_else(|unmodelled| {
            self.unmodelled(index, request.address, &unmodelled);
            (0, Effect::None)
        });
        if self.cores[index].next == Next::Faulted(self.now) {
            return;
        }
        self.carry_out(Some(index), effect);
        if matches!(found, Place::Cluster(ClusterDevice::EventUnit, _)) && self.event_unit_return(index) > 0 {
            self.paths[index].answered = Some(value);
            let grant = self.now + u64::from(self.event_unit_return(index));
            self.paths[index].retry(grant);
            return self.calendar.insert(grant, index);
        }
        let horizon = if self.outcome.is_some() { self.now } else { horizon };
        self.answer(index, value, wait, horizon, observer);
    }

    /// A register that the model does not have: a warning once, or a fault in a strict run.
    fn unmodelled(&mut self, index: usize, address: u32, what: &Unmodelled) {
        let what = format!("{what} (address 0x{address:08x})");
        if self.strict {
            return self.fail(index, FaultKind::Strict { rule: what });
        }
        if self.warned.insert(address) {
            self.warnings.push(Warning {
                address,
                pc: self.cores[index].last_pc,
                what,
            });
        }
    }
}

fn charge(reason: Option<WaitReason>) -> Charge {
    match reason {
        Some(WaitReason::Barrier(_)) => Charge::Stall(Stall::Barrier),
        Some(WaitReason::Mutex(_)) => Charge::Stall(Stall::Mutex),
        Some(reason) if reason.is_dma() => Charge::Stall(Stall::DmaWait),
        _ => Charge::Sleep,
    }
}
