//! What a core's access reaches, how long its grant is withheld, and what it does there.
//!
//! Rules P1..P3 (paths), C1..C5 (banks, by way of the arbiter) and E1..E9 (event unit) meet here; each device's own
//! behaviour is in its file.

use crate::cluster::Access;
use crate::cluster::dma::{DmaFault, External, NotMapped};
use crate::cluster::event_unit::WaitReason;
use crate::config::Map;
use crate::core::pipeline::Charge;
use crate::core::{Next, Reply, Request};
use crate::fault::{self, Exit, Fault, FaultKind, Outcome};
use crate::machine::{DMA_PORTS, Machine, Warning};
use crate::memory::{Memory, Which};
use crate::memory::map::{ClusterDevice, From, Place, SocDevice, place};
use crate::observe::Observer;
use crate::program::Program;
use crate::soc::bench::Bench;
use crate::soc::{Effect, Unmodelled};
use crate::stall::Stall;

/// An access on its way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Path {
    /// Where it goes, once known.
    place: Option<Place>,
    /// The cycle in which it is looked at next.
    at: u64,
    /// What its wait is charged to.
    pub(super) charge: Option<Charge>,
}

impl Path {
    /// The cycle of the next try or of the grant, where the access was looked at before.
    #[inline(always)]
    pub fn granted_at(&self) -> Option<u64> {
        self.place.map(|_| self.at)
    }

    /// Tries again in `cycle`.
    #[inline(always)]
    pub fn retry(&mut self, cycle: u64) {
        self.at = cycle;
    }
}

/// When each shared target takes its next request: one a cycle (P3).
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    peripherals: [u64; 5],
    outside: u64,
}

impl Machine {
    /// A core asks for its access: routes it, or carries it out if its time has come.
    #[inline(always)]
    pub(super) fn ask<O: Observer>(&mut self, index: usize, horizon: u64, observer: &mut O) {
        let Some(request) = self.cores[index].request().copied() else { return };
        let found = match self.paths[index].place {
            Some(found) => found,
            None => {
                let from = if index < self.workers { From::Worker } else { From::Orchestrator };
                let Some(found) = place(self.config.machine.map, &self.memory, from, request.address) else {
                    let access = if request.write { fault::Access::Store } else { fault::Access::Load };
                    let kind = FaultKind::Unmapped { access, address: request.address, width: request.width };
                    return self.fail(index, kind);
                };
                self.paths[index] = Path { place: Some(found), at: self.now, charge: None };
                if !matches!(found, Place::L1(_))
                    && let Some(wait) = self.withheld(index, found, &request) {
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
                if self.bank_requests[bank] == 0 {
                    self.touched.push(bank as u16);
                }
                self.bank_requests[bank] |= 1 << index;
            }
            Place::L1(offset) => {
                let data = self.memory_access(Which::L1, offset, &request);
                self.answer(index, data, Stall::L2, horizon, observer);
            }
            Place::L2(offset) => {
                let data = self.memory_access(Which::L2, offset, &request);
                self.answer(index, data, Stall::L2, horizon, observer);
            }
            Place::EventUnit(offset) if index < self.workers => {
                self.ask_event_unit(index, offset, &request, horizon, observer);
            }
            Place::Dma(offset) if index < self.workers => {
                self.ask_dma(index, index, offset, &request, horizon, observer);
            }
            Place::Cluster(ClusterDevice::Dma, offset) => {
                self.ask_dma(index, self.workers, offset, &request, horizon, observer);
            }
            _ => self.ask_device(index, found, &request, horizon, observer),
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
            let wait = if index < self.workers && port == index { Stall::DmaWait } else { Stall::Peripheral };
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

    /// The DMA's cycle: its bursts outside, its events, and its requests to the banks.
    fn tick_dma(&mut self) {
        let now = self.now;
        let mut completions = std::mem::take(&mut self.completions);
        completions.clear();
        let mut outside = Outside { memory: &mut self.memory, program: &mut self.program };
        if let Err(DmaFault::Unmapped { address, write }) = self.dma.tick(now, &mut outside, &mut completions) {
            let problem = format!("a transfer {} it, where nothing is mapped", if write { "wrote to" } else { "read" });
            return self.dma_fault(address, problem);
        }
        for completion in &completions {
            for (cores, line) in completion.lines(self.workers) {
                self.event_unit.raise(now, cores, line);
            }
        }
        self.completions = completions;
        self.dma_requests = self.dma.requests(now);
        for port in 0..DMA_PORTS {
            let Some(request) = self.dma_requests[port] else { continue };
            let Some(offset) = self.l1_offset(request.address) else {
                return self.dma_fault(request.address, "a transfer's L1 address lies outside L1".to_owned());
            };
            let bank = self.bank(offset);
            if self.bank_requests[bank] == 0 {
                self.touched.push(bank as u16);
            }
            self.bank_requests[bank] |= 1 << (self.workers + port);
        }
    }

    /// Where in L1 an address of the cluster's view lies.
    fn l1_offset(&self, address: u32) -> Option<u32> {
        let offset = address.wrapping_sub(self.memory.base(Which::L1));
        let size = self.memory.size(Which::L1);
        [offset, address].into_iter().find(|offset| *offset < size)
    }

    /// A port of the DMA won its bank.
    pub(super) fn dma_granted(&mut self, port: usize) {
        let Some(request) = self.dma_requests[port] else { return };
        let Some(offset) = self.l1_offset(request.address) else { return };
        let mut data = 0;
        if request.write {
            self.store(Which::L1, offset, request.data, request.byte_enable);
        } else {
            data = self.memory.read(Which::L1, offset);
        }
        self.dma.granted(self.now, port, data);
    }

    fn dma_fault(&mut self, address: u32, problem: String) {
        let kind = FaultKind::Device { device: "dma".to_owned(), address, problem };
        let at = fault::Place { core: "cluster.dma".to_owned(), pc: 0, cycle: self.now };
        self.outcome = Some(Outcome::Fault(Fault { kind, at }));
    }

    /// Cycles for which the grant is withheld on the way to a place, banks and sleeping loads apart (P1, P3).
    fn withheld(&mut self, index: usize, found: Place, request: &Request) -> Option<u64> {
        if self.config.machine.map == Map::Bench {
            return match found {
                Place::Bench(Bench::EVENT) if !request.write => Some(u64::from(self.bench.event_delay())),
                _ => None,
            };
        }
        let now = self.now;
        let mut queue = |port: &mut u64, wait: u32| {
            let start = now.max(*port);
            *port = start + 1;
            start - now + u64::from(wait)
        };
        if index >= self.workers {
            let wait = &self.config.orchestrator;
            return Some(u64::from(match found {
                Place::L2(_) => wait.l2_wait,
                Place::Soc(..) => wait.peripheral_wait,
                _ => wait.cluster_wait,
            }));
        }
        let latency = if request.write { self.config.l2.write_latency } else { self.config.l2.read_latency };
        let cluster = &self.config.cluster;
        match found {
            Place::L2(_) => Some(queue(&mut self.ports.outside, cluster.external_wait + latency)),
            Place::Soc(..) => {
                let beyond = self.config.orchestrator.peripheral_wait;
                Some(queue(&mut self.ports.outside, cluster.external_wait + latency + beyond))
            }
            Place::Cluster(device, _) => {
                let event_unit = device == ClusterDevice::EventUnit;
                let wait = if event_unit { cluster.event_unit_wait } else { cluster.peripheral_wait };
                Some(queue(&mut self.ports.peripherals[device as usize], wait))
            }
            _ => None,
        }
    }

    fn memory_access(&mut self, which: Which, offset: u32, request: &Request) -> u32 {
        if request.write {
            self.store(which, offset, request.data, request.byte_enable);
            return 0;
        }
        self.memory.read(which, offset)
    }

    /// Writes memory and lets decoded code know.
    #[inline(always)]
    pub(super) fn store(&mut self, which: Which, offset: u32, data: u32, byte_enable: u8) {
        self.memory.write(which, offset, data, byte_enable);
        self.program.written(which, offset, &self.memory);
    }

    /// The core's access is granted in this cycle.
    fn answer<O: Observer>(&mut self, index: usize, data: u32, wait: Stall, horizon: u64, observer: &mut O) {
        let charge = self.paths[index].charge.unwrap_or(Charge::Stall(wait));
        self.paths[index] = Path::default();
        self.complete(index, Reply { cycle: self.now, data, wait: charge }, horizon, observer);
    }

    /// A core won its bank.
    #[inline(always)]
    pub(super) fn l1_granted<O: Observer>(&mut self, index: usize, horizon: u64, observer: &mut O) {
        let Some(request) = self.cores[index].request().copied() else { return };
        let mut data = 0;
        match self.paths[index].place {
            Some(Place::L1(offset)) => {
                if request.write {
                    self.store(Which::L1, offset, request.data, request.byte_enable);
                } else {
                    data = self.memory.read(Which::L1, offset);
                }
            }
            Some(Place::TestAndSet(offset)) => {
                data = self.memory_access(Which::L1, offset, &request);
                if !request.write {
                    self.store(Which::L1, offset, u32::MAX, request.byte_enable);
                    self.locked_bank = Some((self.bank(offset), self.now + 1));
                }
            }
            _ => {}
        }
        self.paths[index].place = None;
        let wait = Charge::Stall(Stall::BankConflict);
        self.complete(index, Reply { cycle: self.now, data, wait }, horizon, observer);
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

    /// Delivers the grants of sleeping loads and everything else whose time has come in the devices.
    pub(super) fn tick_devices<O: Observer>(&mut self, horizon: u64, observer: &mut O) {
        let now = self.now;
        if self.dma.next_due().is_some_and(|due| due <= now) {
            self.tick_dma();
        }
        if self.event_unit.next_due().is_some_and(|due| due <= now) {
            let mut wakes = std::mem::take(&mut self.wakes);
            wakes.clear();
            self.event_unit.tick(now, &mut wakes);
            for wake in &wakes {
                self.answer(wake.core, wake.value, Stall::EventUnit, horizon, observer);
            }
            self.wakes = wakes;
        }
        if self.bench.next_due().is_some_and(|due| due <= now) {
            let effect = self.bench.tick(now);
            self.carry_out(None, effect);
        }
    }

    /// The first cycle in which a device does something by itself.
    #[inline(always)]
    pub(super) fn devices_due(&self) -> Option<u64> {
        let earliest = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, None) => a,
            (None, b) => b,
        };
        let due = earliest(self.event_unit.next_due(), earliest(self.dma.next_due(), self.bench.next_due()));
        if self.stream.is_some() { Some(self.now) } else { due }
    }

    fn ask_device<O: Observer>(
        &mut self,
        index: usize,
        found: Place,
        request: &Request,
        horizon: u64,
        observer: &mut O,
    ) {
        let wait = match found {
            Place::Soc(..) => Stall::L2,
            Place::Cluster(ClusterDevice::EventUnit, _) | Place::EventUnit(_) => Stall::EventUnit,
            Place::Bench(Bench::EVENT) => Stall::EventUnit,
            _ => Stall::Peripheral,
        };
        let result = if request.write {
            self.write_device(index, found, request.data).map(|effect| (0, effect))
        } else {
            self.read_device(index, found).map(|value| (value, Effect::None))
        };
        let (value, effect) = result.unwrap_or_else(|unmodelled| {
            self.unmodelled(index, request.address, &unmodelled);
            (0, Effect::None)
        });
        if self.cores[index].next == Next::Faulted(self.now) {
            return;
        }
        self.carry_out(Some(index), effect);
        let horizon = if self.outcome.is_some() { self.now } else { horizon };
        self.answer(index, value, wait, horizon, observer);
    }

    fn read_device(&mut self, index: usize, found: Place) -> Result<u32, Unmodelled> {
        match found {
            Place::Cluster(ClusterDevice::Control, offset) => self.control.read(offset),
            Place::Cluster(ClusterDevice::Icache, offset) => self.icache_control.read(offset),
            Place::Cluster(ClusterDevice::EventUnit, offset) => self.event_unit.bus_load(self.now, offset),
            Place::Soc(SocDevice::Control, offset) => self.soc_control.read(offset),
            Place::Soc(SocDevice::Stdout, offset) => self.stdout.read(offset),
            Place::Bench(offset) => self.bench.read(offset),
            other => {
                let _ = index;
                Err(Unmodelled::Read { device: name(other), offset: offset(other) })
            }
        }
    }

    fn write_device(&mut self, index: usize, found: Place, value: u32) -> Result<Effect, Unmodelled> {
        match found {
            Place::Cluster(ClusterDevice::Control, offset) => self.control.write(offset, value),
            Place::Cluster(ClusterDevice::Icache, offset) => self.icache_control.write(offset, value),
            Place::Cluster(ClusterDevice::EventUnit, offset) => {
                self.event_unit.bus_store(self.now, offset, value).map(|()| Effect::None)
            }
            Place::Soc(SocDevice::Control, offset) => self.soc_control.write(offset, value),
            Place::Soc(SocDevice::Stdout, offset) => self.stdout.write(offset, value),
            Place::Bench(offset) => self.bench.write(self.now, offset, value),
            other => {
                let _ = index;
                Err(Unmodelled::Write { device: name(other), offset: offset(other), value })
            }
        }
    }

    /// Does what a device asked for.
    fn carry_out(&mut self, index: Option<usize>, effect: Effect) {
        match effect {
            Effect::None => {}
            Effect::Exit(code) => {
                self.drain_console();
                let at = self.place_of(index.unwrap_or(0));
                self.outcome = Some(Outcome::Exit(Exit { code, at }));
            }
            Effect::Output => {
                let mut bytes = self.stdout.take();
                bytes.extend(self.bench.take());
                self.console.extend(bytes);
            }
            Effect::Interrupts => {
                let lines = self.bench.irq_lines();
                for core in 0..self.cores.len() {
                    self.set_lines(core, lines);
                }
            }
            Effect::FetchEnable { started, stopped } => {
                for core in 0..self.workers {
                    if started >> core & 1 == 1 {
                        let boot = self.control.boot_address(core);
                        self.cores[core].start(self.now, boot);
                        self.schedule(core);
                        self.recorders[core].restart(&self.cores[core]);
                    }
                    if stopped >> core & 1 == 1 {
                        self.cores[core].stop(self.now);
                    }
                }
            }
            Effect::Stream(address) => self.stream = address,
            Effect::EndOfComputation | Effect::IcacheSetup | Effect::IcacheFlush | Effect::IcacheFlushLine(_) => {}
            Effect::SocEvents | Effect::UartTransmit { .. } => {}
        }
    }

    /// A core took the interrupt of `line` in `cycle`.
    pub(super) fn acknowledge(&mut self, index: usize, cycle: u64, line: u32) {
        if self.config.machine.map == Map::Bench {
            self.bench.acknowledge();
            self.cores[index].set_lines(cycle + 1, self.bench.irq_lines());
        } else if index < self.workers {
            self.event_unit.acknowledge(self.now, index, line);
        }
    }

    fn set_lines(&mut self, index: usize, lines: u32) {
        self.cores[index].set_lines(self.now, lines);
        if matches!(self.cores[index].next, Next::Asleep(since) if since <= self.now) {
            self.try_wake(index);
        }
        self.recorders[index].restart(&self.cores[index]);
    }

    /// Hands over what the console still holds.
    pub(super) fn drain_console(&mut self) {
        let rest = self.stdout.drain();
        self.console.extend(rest);
        let rest = self.bench.take();
        self.console.extend(rest);
    }

    /// A register that the model does not have: a warning once, or a fault in a strict run.
    fn unmodelled(&mut self, index: usize, address: u32, what: &Unmodelled) {
        if self.strict {
            let rule = format!("{what} (address 0x{address:08x})");
            return self.fail(index, FaultKind::Strict { rule });
        }
        if self.warned.insert(address) {
            self.warnings.push(Warning { address, pc: self.cores[index].last_pc, what: what.to_string() });
        }
    }
}

/// The memories as the DMA sees them from its external port.
struct Outside<'a> {
    memory: &'a mut Memory,
    program: &'a mut Program,
}

impl External for Outside<'_> {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), NotMapped> {
        if self.memory.dump(address, bytes) == bytes.len() { Ok(()) } else { Err(NotMapped) }
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), NotMapped> {
        for (at, byte) in (address..).zip(bytes) {
            let (which, offset) = self.memory.locate(at).ok_or(NotMapped)?;
            let lane = at & 3;
            self.memory.write(which, offset, u32::from(*byte) << (8 * lane), 1 << lane);
            self.program.written(which, offset, self.memory);
        }
        Ok(())
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

fn name(found: Place) -> &'static str {
    match found {
        Place::L1(_) | Place::TestAndSet(_) => "l1",
        Place::L2(_) => "l2",
        Place::EventUnit(_) => "event unit",
        Place::Dma(_) => "dma",
        Place::Cluster(device, _) => match device {
            ClusterDevice::Control => "cluster control",
            ClusterDevice::Timer => "cluster timer",
            ClusterDevice::EventUnit => "event unit",
            ClusterDevice::Icache => "instruction cache control",
            ClusterDevice::Dma => "dma",
        },
        Place::Soc(device, _) => match device {
            SocDevice::Fll => "fll",
            SocDevice::Gpio => "gpio",
            SocDevice::Udma => "udma",
            SocDevice::Control => "soc control",
            SocDevice::EventUnit => "soc event unit",
            SocDevice::Icache => "orchestrator instruction cache control",
            SocDevice::InterruptController => "interrupt controller",
            SocDevice::Timer => "timer",
            SocDevice::Stdout => "stdout",
        },
        Place::Bench(_) => "bench",
    }
}

fn offset(found: Place) -> u32 {
    match found {
        Place::L1(offset)
        | Place::TestAndSet(offset)
        | Place::L2(offset)
        | Place::EventUnit(offset)
        | Place::Dma(offset)
        | Place::Cluster(_, offset)
        | Place::Soc(_, offset)
        | Place::Bench(offset) => offset,
    }
}
