//! What the machine's devices do in a cycle, and what follows from it: registers read and written, events, interrupt
//! lines, transfers.
//!
//! Each device's own behaviour is in its file; here they are wired together. How an access gets here, and when, is in
//! [`super::access`].

use crate::cluster::dma::{DmaFault, External, NotMapped, TcdmRequest};
use crate::cluster::{all_cores, event_unit};
use crate::config::Map;
use crate::core::Next;
use crate::fault::{self, Exit, Fault, FaultKind, Outcome};
use crate::machine::access::Path;
use crate::machine::ahead::Followers;
use crate::machine::{Machine, NEVER, Want};
use crate::memory::map::{ClusterDevice, Place, SocDevice};
use crate::memory::{Memory, Which};
use crate::observe::Observer;
use crate::program::Program;
use crate::soc::{Effect, Unmodelled, itc, timer};
use crate::stall::Stall;

impl Machine {
    /// The cycle of their clock in which the timers outside the cluster, or the uDMA, are due.
    pub(super) fn soc_timers_due(&self) -> Option<u64> {
        let [first, second] = &self.timers;
        let due = earliest([
            first.next_due(),
            second.next_due(),
            self.udma.next_due(),
            self.reference_edge_after(self.soc_cycle()),
        ]);
        (due != NEVER).then_some(due)
    }

    /// The first rising edge of the reference clock after `cycle`, if firmware asked for it.
    fn reference_edge_after(&self, cycle: u64) -> Option<u64> {
        let wanted = self.itc.mask() >> itc::line::REFERENCE_CLOCK & 1 != 0;
        wanted.then(|| timer::next_reference_edge(cycle, self.config.soc.frequency_hz))
    }

    /// Delivers the grants of sleeping loads and everything else whose time has come in the devices.
    #[inline]
    pub(super) fn tick_devices<O: Observer>(&mut self, horizon: u64, observer: &mut O) {
        if self.others_next <= self.now {
            self.tick_all_devices(horizon, observer);
            self.devices_changed();
        } else {
            self.tick_dma();
            self.devices_next = self.others_next.min(self.dma.next_due().unwrap_or(NEVER));
        }
    }

    #[inline(never)]
    fn tick_all_devices<O: Observer>(&mut self, horizon: u64, observer: &mut O) {
        let now = self.now;
        if self.icache.is_some() {
            self.tick_icache();
        }
        if self.dma.next_due().is_some_and(|due| due <= now) {
            self.tick_dma();
        }
        if self.event_unit.next_due().is_some_and(|due| due <= now) {
            let mut wakes = std::mem::take(&mut self.wakes);
            wakes.clear();
            self.event_unit.tick(now, &mut wakes);
            for wake in &wakes {
                self.answer_wait(
                    wake.core,
                    wake.value,
                    Stall::EventUnit,
                    wake.interrupted,
                    horizon,
                    observer,
                );
            }
            self.wakes = wakes;
            self.update_lines();
        }
        self.tick_timers();
        if self.bench.next_due().is_some_and(|due| due <= now) {
            let effect = self.bench.tick(now);
            self.carry_out(None, effect);
        }
    }

    /// A device was accessed or did something: looks again at when the first of them is due.
    pub(super) fn devices_changed(&mut self) {
        let soc = if self.two_clocks {
            self.crossing_due()
        } else {
            self.soc_timers_due()
        };
        let due = earliest([
            self.event_unit.next_due(),
            self.bench.next_due(),
            self.cluster_timer.next_due(),
            soc,
            self.icache.as_ref().and_then(|icache| icache.next_due()),
        ]);
        // The bench's background master asks in every cycle.
        self.others_next = if self.stream.is_some() { self.now } else { due };
        self.devices_next = self.others_next.min(self.dma.next_due().unwrap_or(NEVER));
    }

    /// A device other than the DMA does something in `cycle`, if not before.
    pub(super) fn device_due(&mut self, cycle: u64) {
        self.others_next = self.others_next.min(cycle);
        self.devices_next = self.devices_next.min(cycle);
    }

    /// The DMA's cycle: its bursts outside, its events, and its requests to the banks.
    fn tick_dma(&mut self) {
        let mut outside = Outside {
            memory: &mut self.memory,
            program: &mut self.program,
            followers: Followers {
                ahead: &mut self.ahead[..],
                cores: &mut self.cores,
                recorders: &mut self.recorders,
            },
        };
        if let Err(DmaFault::Unmapped { address, write }) = self.dma.tick(self.now, &mut outside, &mut self.completions)
        {
            let problem = format!(
                "a transfer {} it, where nothing is mapped",
                if write { "wrote to" } else { "read" }
            );
            return self.dma_fault(address, problem);
        }
        if !self.completions.is_empty() {
            self.dma_completed();
        }
        let mut asking = self.dma.asking();
        while asking != 0 {
            let port = asking.trailing_zeros() as usize;
            asking &= asking - 1;
            let Some(TcdmRequest { address, .. }) = self.dma.request(port) else {
                continue;
            };
            let Some(offset) = self.l1_offset(address) else {
                return self.dma_fault(address, "a transfer's L1 address lies outside L1".to_owned());
            };
            let bank = self.bank(offset);
            self.bank_requests.ask(bank, self.workers + port);
        }
    }

    /// Raises the lines of the transfers that ended in this cycle.
    #[cold]
    fn dma_completed(&mut self) {
        let mut outside_event = false;
        for completion in self.completions.drain(..) {
            for (cores, line) in completion.lines(self.workers) {
                self.event_unit.raise(self.now, cores, line);
            }
            for line in completion.orchestrator_lines(self.workers) {
                self.itc.raise(line);
                outside_event = true;
            }
        }
        if outside_event {
            self.update_lines();
        }
        self.devices_changed();
    }

    /// Where in L1 an address of the cluster's view lies.
    #[inline(always)]
    fn l1_offset(&self, address: u32) -> Option<u32> {
        let offset = address.wrapping_sub(self.memory.base(Which::L1));
        let size = self.memory.size(Which::L1);
        [offset, address].into_iter().find(|offset| *offset < size)
    }

    /// A port of the DMA won its bank.
    pub(super) fn dma_granted(&mut self, port: usize) {
        let Some(request) = self.dma.request(port) else { return };
        let Some(offset) = self.l1_offset(request.address) else {
            return;
        };
        let mut data = 0;
        if request.write {
            self.store(None, Which::L1, offset, request.data, request.byte_enable);
        } else {
            data = self.memory.read(Which::L1, offset);
        }
        self.dma.granted(self.now, port, data);
    }

    fn dma_fault(&mut self, address: u32, problem: String) {
        let kind = FaultKind::Device {
            device: "dma".to_owned(),
            address,
            problem,
        };
        let at = fault::Place {
            core: "cluster.dma".to_owned(),
            pc: 0,
            cycle: self.now,
        };
        self.outcome = Some(Outcome::Fault(Fault { kind, at }));
    }

    pub(super) fn read_device(&mut self, found: Place) -> Result<u32, Unmodelled> {
        match found {
            Place::Cluster(ClusterDevice::Control, offset) => self.control.read(offset),
            Place::Cluster(ClusterDevice::Icache, offset) => self.icache_control.read(offset),
            Place::Cluster(ClusterDevice::EventUnit, offset) => self.event_unit.bus_load(self.now, offset),
            Place::Cluster(ClusterDevice::Timer, offset) => self.cluster_timer.read(self.now, offset),
            Place::Soc(device, offset) => self.read_soc(device, offset),
            Place::Bench(offset) => self.bench.read(offset),
            other => Err(Unmodelled::Read {
                device: name(other),
                offset: offset(other),
            }),
        }
    }

    fn read_soc(&mut self, device: SocDevice, offset: u32) -> Result<u32, Unmodelled> {
        let now = self.soc_cycle();
        match device {
            SocDevice::Fll => self.flls.read(offset),
            SocDevice::Gpio => self.gpio.read(offset),
            SocDevice::Udma => self.udma.read(now, offset),
            SocDevice::Control => self.soc_control.read(offset),
            SocDevice::EventUnit => self.soc_events.read(offset),
            SocDevice::InterruptController => self.itc.read(offset),
            SocDevice::Timer => self.timers[(offset >> 11) as usize & 1].read(now, offset & 0x7ff),
            SocDevice::Stdout => self.stdout.read(offset),
            SocDevice::Icache => Ok(0),
            SocDevice::AdvancedTimer | SocDevice::PowerManagement | SocDevice::RealTimeClock | SocDevice::DebugUnit => {
                Err(Unmodelled::Read {
                    device: name(Place::Soc(device, offset)),
                    offset,
                })
            }
        }
    }

    fn write_soc(&mut self, device: SocDevice, offset: u32, value: u32) -> Result<Effect, Unmodelled> {
        let now = self.soc_cycle();
        match device {
            SocDevice::Fll => self.flls.write(offset, value),
            SocDevice::Gpio => self.gpio.write(offset, value),
            SocDevice::Udma => self.udma.write(now, offset, value),
            SocDevice::Control => self.soc_control.write(offset, value),
            SocDevice::EventUnit => self.soc_events.write(offset, value),
            SocDevice::InterruptController => self.itc.write(offset, value),
            SocDevice::Timer => self.timers[(offset >> 11) as usize & 1].write(now, offset & 0x7ff, value),
            SocDevice::Stdout => self.stdout.write(offset, value),
            // The orchestrator fetches without a cache model.
            SocDevice::Icache => Ok(Effect::None),
            SocDevice::AdvancedTimer | SocDevice::PowerManagement | SocDevice::RealTimeClock | SocDevice::DebugUnit => {
                Err(Unmodelled::Write {
                    device: name(Place::Soc(device, offset)),
                    offset,
                    value,
                })
            }
        }
    }

    pub(super) fn write_device(&mut self, found: Place, value: u32) -> Result<Effect, Unmodelled> {
        match found {
            Place::Cluster(ClusterDevice::Control, offset) => self.control.write(offset, value),
            Place::Cluster(ClusterDevice::Icache, offset) => self.icache_control.write(offset, value),
            Place::Cluster(ClusterDevice::EventUnit, offset) => self
                .event_unit
                .bus_store(self.now, offset, value)
                .map(|()| Effect::None),
            Place::Cluster(ClusterDevice::Timer, offset) => self.cluster_timer.write(self.now, offset, value),
            Place::Soc(device, offset) => self.write_soc(device, offset, value),
            Place::Bench(offset) => self.bench.write(self.now, offset, value),
            other => Err(Unmodelled::Write {
                device: name(other),
                offset: offset(other),
                value,
            }),
        }
    }

    /// Does what a device asked for.
    pub(super) fn carry_out(&mut self, index: Option<usize>, effect: Effect) {
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
            Effect::Interrupts => self.update_lines(),
            Effect::SocEvents => {
                let triggered: Vec<u8> = self.soc_events.take_triggered().collect();
                triggered.into_iter().for_each(|event| self.soc_event(event));
            }
            Effect::UartTransmit { address, bytes } => {
                let mut text = vec![0; bytes as usize];
                let sent = self.memory.dump(address, &mut text);
                self.console.extend(&text[..sent]);
            }
            Effect::FetchEnable { started, stopped } => {
                for core in 0..self.workers {
                    if started >> core & 1 == 1 {
                        let boot = self.control.boot_address(core);
                        self.cores[core].start(self.now, boot, &self.memory);
                        self.schedule(core);
                        self.recorders[core].restart(&self.cores[core]);
                    }
                    if stopped >> core & 1 == 1 {
                        self.leave_chain(core);
                        self.cores[core].stop(self.now);
                        self.wants.set(core, Want::NOTHING);
                        self.paths[core] = Path::default();
                        self.calendar.cancel(core);
                        self.recorders[core].restart(&self.cores[core]);
                    }
                }
            }
            Effect::Stream(address) => self.stream = address,
            Effect::IcacheSetup => self.set_up_icache(),
            Effect::IcacheFlush => self.flush_icache(None),
            Effect::IcacheFlushLine(address) => self.flush_icache(Some(address)),
            Effect::EndOfComputation => {}
        }
    }

    /// A core took the interrupt of `line` in `cycle`.
    pub(super) fn acknowledge(&mut self, index: usize, cycle: u64, line: u32) {
        if self.config.machine.map == Map::Bench {
            self.bench.acknowledge();
            let lines = self.bench.irq_lines();
            self.cores[index].set_lines(cycle + 1, lines);
            self.recorders[index].acknowledged(cycle + 1, lines);
        } else if index < self.workers {
            self.event_unit.acknowledge(self.now, index, line);
        } else {
            self.itc.acknowledge(line);
            self.update_lines();
        }
        self.devices_changed();
    }

    /// A SoC event goes where the SoC event unit sends it.
    fn soc_event(&mut self, event: u8) {
        let route = self.soc_events.route(event);
        if route.orchestrator {
            self.itc.raise_event(event);
            self.update_lines();
        }
        if route.cluster {
            self.event_unit.raise_soc_event(self.now, event.into());
        }
    }

    /// Puts the interrupt controllers' lines on the cores' pins.
    fn update_lines(&mut self) {
        let line = |irq: Option<u32>| irq.map_or(0, |line| 1 << line);
        for index in 0..self.cores.len() {
            let lines = if self.config.machine.map == Map::Bench {
                self.bench.irq_lines()
            } else if index < self.workers {
                line(self.event_unit.irq(index))
            } else {
                line(self.itc.irq())
            };
            if self.cores[index].lines() != lines {
                self.set_lines(index, lines);
            }
        }
    }

    fn set_lines(&mut self, index: usize, lines: u32) {
        let now = self.own_cycle(index);
        self.leave_chain(index);
        self.cores[index].set_lines(now, lines);
        if matches!(self.cores[index].next, Next::Asleep(since) if since <= now) {
            self.try_wake(index);
        }
        if self.cores[index].look_at_lines(now) {
            self.calendar.cancel(index);
            self.schedule(index);
        }
        self.recorders[index].lines(&self.cores[index], now);
    }

    /// Timers, and the uDMA where all have one clock: what falls due in this cycle.
    fn tick_timers(&mut self) {
        let now = self.now;
        if self.cluster_timer.next_due().is_some_and(|due| due <= now) {
            let lines = self.cluster_timer.tick(now);
            let all = all_cores(self.workers);
            for (pulses, line) in [
                (lines.low, event_unit::line::TIMER_LO),
                (lines.high, event_unit::line::TIMER_HI),
            ] {
                if pulses {
                    self.event_unit.raise(now, all, line);
                }
            }
        }
        if !self.two_clocks {
            self.tick_soc_timers(now);
        }
    }

    /// The timers outside the cluster and the uDMA: what falls due by cycle `now` of their clock.
    pub(super) fn tick_soc_timers(&mut self, now: u64) {
        let due = |cycle: Option<u64>| cycle.is_some_and(|cycle| cycle <= now);
        for (timer, low) in [(0, itc::line::TIMER_0_LOW), (1, itc::line::TIMER_1_LOW)] {
            if due(self.timers[timer].next_due()) {
                let lines = self.timers[timer].tick(now);
                for (pulses, line) in [(lines.low, low), (lines.high, low + 1)] {
                    if pulses {
                        self.itc.raise(line);
                    }
                }
                self.update_lines();
            }
        }
        if self.reference_edge_after(now - 1) == Some(now) {
            self.itc.raise(itc::line::REFERENCE_CLOCK);
            self.update_lines();
        }
        if due(self.udma.next_due())
            && let Some(event) = self.udma.tick(now)
        {
            self.soc_event(event);
        }
    }

    /// Hands over what the console still holds.
    pub(super) fn drain_console(&mut self) {
        let rest = self.stdout.drain();
        self.console.extend(rest);
        let rest = self.bench.take();
        self.console.extend(rest);
    }
}

/// The memories as the DMA sees them from its external port.
struct Outside<'a> {
    memory: &'a mut Memory,
    program: &'a mut Program,
    followers: Followers<'a>,
}

impl External for Outside<'_> {
    fn read(&mut self, address: u32, enable: u8) -> Result<u64, NotMapped> {
        let word = |half: u32| {
            if enable >> (4 * half) & 0xF == 0 {
                return Ok(0);
            }
            let (which, offset) = self.memory.locate(address + 4 * half).ok_or(NotMapped)?;
            Ok(u64::from(self.memory.read(which, offset)))
        };
        Ok(word(0)? | word(1)? << 32)
    }

    fn write(&mut self, address: u32, enable: u8, beat: u64) -> Result<(), NotMapped> {
        for half in [0, 1] {
            let byte_enable = enable >> (4 * half) & 0xF;
            if byte_enable == 0 {
                continue;
            }
            let (which, offset) = self.memory.locate(address + 4 * half).ok_or(NotMapped)?;
            let data = (beat >> (32 * half)) as u32;
            if which == Which::L1 || self.program.is_near_code(which, offset) {
                self.followers.catch_up(self.memory, self.program);
            }
            self.memory.write(which, offset, data, byte_enable);
            self.program.written(which, offset, self.memory);
        }
        Ok(())
    }
}

/// The first of these cycles, or [`NEVER`].
#[inline(always)]
fn earliest<const N: usize>(cycles: [Option<u64>; N]) -> u64 {
    cycles
        .iter()
        .fold(NEVER, |first, cycle| first.min(cycle.unwrap_or(NEVER)))
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
            ClusterDevice::Dma | ClusterDevice::DmaSoc => "dma",
            ClusterDevice::Accelerator => "accelerator",
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
            SocDevice::AdvancedTimer => "advanced timer",
            SocDevice::PowerManagement => "power management",
            SocDevice::RealTimeClock => "real-time clock",
            SocDevice::DebugUnit => "debug unit",
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
