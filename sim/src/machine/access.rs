//! What a core's access reaches, how long its grant is withheld, and what it does there.
//!
//! Rules P1..P4 (paths), C1..C5 (banks, by way of the arbiter) and E1..E9 (event unit) meet here; each device's own
//! behaviour is in its file.

use crate::cluster::Access;
use crate::cluster::event_unit::WaitReason;
use crate::config::Map;
use crate::core::pipeline::Charge;
use crate::core::{Next, Reply, Request};
use crate::fault::{self, FaultKind};
use crate::machine::{Machine, Warning};
use crate::memory::Which;
use crate::memory::l1::{Masters, fair, levels};
use crate::memory::map::{ClusterDevice, From, Place, place};
use crate::observe::Observer;
use crate::soc::bench::Bench;
use crate::soc::{Effect, Unmodelled};
use crate::stall::Stall;
use serde::{Deserialize, Serialize};

/// Cycles from an access's turn to its address at the cluster's port (P1).
const ADDRESS: u32 = 2;

/// An access on its way.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Path {
    /// Where it goes, once known.
    place: Option<Place>,
    /// The cycle in which it is looked at next.
    at: u64,
    /// It waits for its turn at this shared target (P3, P4).
    pub(super) queues: Option<Target>,
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

/// A target that the workers share: one of the cluster's peripherals, or the way out of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Target {
    /// Behind the peripheral crossbar.
    Cluster(ClusterDevice),
    /// L2 and everything else.
    Outside,
}

impl Target {
    const COUNT: usize = 8;

    fn index(self) -> usize {
        match self {
            Target::Cluster(device) => device as usize,
            Target::Outside => Self::COUNT - 1,
        }
    }
}

/// Who asks for the shared targets in one cycle, and whose turn it is at each: each takes one request a cycle (P3), in the
/// order of C4 over the workers and the master from outside (P4).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Ports {
    asking: [Masters; Target::COUNT],
    pointers: [u32; Target::COUNT],
    /// Last cycles of the accesses under way outside the cluster.
    outside: Vec<u64>,
    someone_asks: bool,
}

impl Ports {
    /// A core asks for a target in this cycle.
    pub(super) fn ask(&mut self, target: Target, master: usize) {
        self.asking[target.index()] |= 1 << master;
        self.someone_asks = true;
    }
}

impl Machine {
    /// The bank of a worker's plain L1 access, which needs no further routing; `None` for everything else.
    #[inline(always)]
    pub(super) fn plain_bank(&self, index: usize) -> Option<usize> {
        let request = self.cores[index].request()?;
        self.plain.bank_of(request.address).filter(|_| index < self.workers)
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
                    ..Path::default()
                };
                if self.is_apart(index) {
                    return self.set_out(found);
                }
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
        if let Some(target) = self.paths[index].queues {
            return self.ports.ask(target, index);
        }
        self.carry_on(index, found, &request, horizon, observer);
    }

    /// Does what an access is for, now that it is where it goes.
    #[inline(always)]
    fn carry_on<O: Observer>(&mut self, index: usize, found: Place, request: &Request, horizon: u64, observer: &mut O) {
        match found {
            Place::L1(offset) | Place::TestAndSet(offset) if index < self.workers => {
                let bank = self.bank(offset);
                self.bank_requests.ask(bank, index);
            }
            Place::L1(offset) | Place::TestAndSet(offset) => {
                let data = self.memory_access(index, Which::L1, offset, request);
                if matches!(found, Place::TestAndSet(_)) && !request.write {
                    self.store(Some(index), Which::L1, offset, u32::MAX, request.byte_enable);
                }
                self.answer(index, data, Stall::L2, horizon, observer);
            }
            Place::L2(offset) => {
                let data = self.memory_access(index, Which::L2, offset, request);
                self.answer(index, data, Stall::L2, horizon, observer);
            }
            Place::EventUnit(offset) if index < self.workers => {
                self.ask_event_unit(index, offset, request, horizon, observer);
                self.devices_changed();
            }
            Place::Dma(offset) if index < self.workers => {
                self.ask_dma(index, index, offset, request, horizon, observer);
                self.devices_changed();
            }
            Place::Cluster(device @ (ClusterDevice::Dma | ClusterDevice::DmaSoc), offset) => {
                let port = self.workers + usize::from(device == ClusterDevice::DmaSoc);
                self.ask_dma(index, port, offset, request, horizon, observer);
                self.devices_changed();
            }
            _ => {
                self.ask_device(index, found, request, horizon, observer);
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
                    self.cores[waiter].next = Next::Request(self.own_cycle(waiter) + 1);
                    self.look_again(waiter, now + 1);
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
        self.look_again(index, now + 1);
    }

    /// Cycles for which the grant is withheld before the access is looked at again, banks and sleeping loads apart (P1). An
    /// access to a shared target queues there then.
    fn withheld(&mut self, index: usize, found: Place, request: &Request) -> Option<u64> {
        if self.config.machine.map == Map::Bench {
            let delay = match found {
                Place::Bench(Bench::EVENT) if !request.write => u64::from(self.bench.event_delay()),
                _ => 0,
            };
            let from = self.now + delay;
            return Some(self.grants.as_ref().map_or(from, |grants| grants.data_from(from)) - self.now);
        }
        if index >= self.workers {
            let wait = &self.config.orchestrator;
            return Some(u64::from(match found {
                Place::L2(_) => wait.l2_wait,
                Place::Soc(..) => wait.peripheral_wait,
                Place::Cluster(device, _) => {
                    self.paths[index].queues = Some(Target::Cluster(device));
                    wait.cluster_wait - self.crossbar_wait(index, device)
                }
                _ => wait.cluster_wait,
            }));
        }
        self.paths[index].queues = match found {
            Place::L2(_) | Place::Soc(..) => Some(Target::Outside),
            Place::Cluster(device, _) => Some(Target::Cluster(device)),
            _ => return None,
        };
        Some(0)
    }

    /// Cycles from a cluster peripheral's taking an access to the grant (P1); for the orchestrator at most all of its way.
    pub(super) fn crossbar_wait(&self, index: usize, device: ClusterDevice) -> u32 {
        let cluster = &self.config.cluster;
        let wait = if device == ClusterDevice::EventUnit {
            cluster.event_unit_wait
        } else {
            cluster.peripheral_wait
        };
        if index < self.workers {
            wait
        } else {
            wait.min(self.config.orchestrator.cluster_wait)
        }
    }

    /// Lets each shared target take one of the accesses that ask for it in this cycle (P3, P4).
    #[inline(always)]
    pub(super) fn serve_ports<O: Observer>(&mut self, horizon: u64, observer: &mut O) {
        if self.ports.someone_asks {
            self.serve_asking_ports(horizon, observer);
        }
    }

    #[inline(never)]
    fn serve_asking_ports<O: Observer>(&mut self, horizon: u64, observer: &mut O) {
        self.ports.someone_asks = false;
        let levels = levels(self.workers + 1);
        let now = self.now;
        for target in 0..Target::COUNT {
            let mut asking = std::mem::take(&mut self.ports.asking[target]);
            if asking == 0 {
                continue;
            }
            if target != Target::Outside.index() || self.may_go_out() {
                let winner = fair(&mut self.ports.pointers[target], asking, levels) as usize;
                asking &= !(1 << winner);
                self.take(winner, horizon, observer);
            }
            while asking != 0 {
                let index = asking.trailing_zeros() as usize;
                asking &= asking - 1;
                self.queue_again(index, now + 1);
            }
        }
    }

    /// Whether one more access may be under way outside the cluster.
    fn may_go_out(&mut self) -> bool {
        let now = self.now;
        self.ports.outside.retain(|last| *last >= now);
        self.ports.outside.len() < self.config.cluster.external_outstanding as usize
    }

    /// A shared target takes an access: what is left of its way to the grant (P1).
    fn take<O: Observer>(&mut self, index: usize, horizon: u64, observer: &mut O) {
        let (Some(found), Some(request)) = (self.paths[index].place, self.cores[index].request().copied()) else {
            return;
        };
        self.taken(index);
        let wait = match found {
            Place::Cluster(device @ ClusterDevice::EventUnit, _) => {
                u64::from(self.crossbar_wait(index, device) - self.event_unit_return(index))
            }
            Place::Cluster(device, _) => self.crossbar_wait(index, device).into(),
            _ => {
                let latency = if request.write {
                    self.config.l2.write_latency
                } else {
                    self.config.l2.read_latency
                };
                let beyond = match found {
                    Place::Soc(..) => self.config.orchestrator.peripheral_wait,
                    _ => 0,
                };
                // Its address leaves the cluster two cycles after it was taken (P1).
                let there = u64::from(self.config.cluster.external_wait.min(ADDRESS));
                let back = self.clocks.answered(self.now + there, u64::from(latency + beyond));
                self.ports.outside.push(back - there);
                back - self.now + u64::from(self.config.cluster.external_wait) - there
            }
        };
        if wait > 0 || self.is_apart(index) {
            return self.look_again(index, self.now + wait);
        }
        self.carry_on(index, found, &request, horizon, observer);
    }

    /// The event unit's bus port acts two cycles before its grant reaches the core (E3).
    fn event_unit_return(&self, index: usize) -> u32 {
        self.crossbar_wait(index, ClusterDevice::EventUnit).min(2)
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
        let near_code = self.program.is_near_code(which, offset);
        if near_code {
            self.catch_up_with_all();
        } else if which == Which::L1 {
            self.tell_readers(self.plain.base.wrapping_add(offset));
        }
        self.memory.write(which, offset, data, byte_enable);
        if near_code
            && self.program.written(which, offset, &self.memory)
            && let Some(index) = core
        {
            self.leave_chain(index);
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
                cycle: self.own_cycle(index),
                data,
                wait: charge,
                interrupted,
                latency: 1,
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
                    self.calendar.contest(self.now + 1);
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
        if matches!(self.cores[index].next, Next::Faulted(_)) {
            return;
        }
        if let Effect::FetchEnable { stopped, .. } = effect {
            self.take_back(stopped, index, observer);
        }
        self.carry_out(Some(index), effect);
        if matches!(found, Place::Cluster(ClusterDevice::EventUnit, _)) && self.event_unit_return(index) > 0 {
            self.paths[index].answered = Some(value);
            return self.look_again(index, self.now + u64::from(self.event_unit_return(index)));
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
