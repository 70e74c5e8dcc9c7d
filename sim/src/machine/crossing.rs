//! The orchestrator's side of a machine with two clocks: which of its cycles happen in a cycle of the cluster, and what
//! passes between the two.
//!
//! The machine counts cycles of the cluster. Where the SoC has a clock of its own the orchestrator, the timers and the
//! uDMA count cycles of that one, of which none, one or several happen in a cycle of the cluster: at its end, in order.
//! Nothing here runs where the clocks are equal: then the orchestrator is a core like the others.
//!
//! Invariant: no cycle of the SoC happens before the cycle of the cluster whose edge is not before its own.

use serde::{Deserialize, Serialize};

use crate::core::Next;
use crate::machine::access::Target;
use crate::machine::{Machine, NEVER};
use crate::memory::map::Place;
use crate::observe::Observer;

/// Where the SoC is, and what is under way between it and the cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Crossing {
    /// The SoC's cycle in which what reaches the orchestrator now does so.
    now: u64,
    /// The SoC's cycle to which its devices have come.
    devices: u64,
    /// The SoC's cycle in which the orchestrator needs something.
    next: Option<u64>,
    /// The cluster's cycle in which the orchestrator's access asks for the cluster peripheral that it is for.
    arrives: Option<u64>,
}

impl Machine {
    /// Whether a core has another clock than the cluster.
    #[inline(always)]
    pub(super) fn is_apart(&self, index: usize) -> bool {
        self.two_clocks && index >= self.workers
    }

    /// The cycle of a core's own clock.
    #[inline(always)]
    pub(super) fn own_cycle(&self, index: usize) -> u64 {
        if self.is_apart(index) {
            self.crossing.now
        } else {
            self.now
        }
    }

    /// The last cycle of a core's own clock that happens by the cluster's `cycle`.
    pub(super) fn own_cycle_by(&self, index: usize, cycle: u64) -> u64 {
        if self.is_apart(index) {
            self.clocks.soc_by(cycle)
        } else {
            cycle
        }
    }

    /// The first cycle of a core's own clock that is not before the cluster's `cycle`.
    pub(super) fn own_cycle_from(&self, index: usize, cycle: u64) -> u64 {
        if self.is_apart(index) {
            self.clocks.soc_from(cycle)
        } else {
            cycle
        }
    }

    /// The cluster's cycle in which a core's own `cycle` happens.
    #[inline(always)]
    pub(super) fn cluster_cycle(&self, index: usize, cycle: u64) -> u64 {
        if self.is_apart(index) {
            self.clocks.cluster_from(cycle)
        } else {
            cycle
        }
    }

    /// The cycle of the clock of the devices outside the cluster.
    pub(super) fn soc_cycle(&self) -> u64 {
        if self.two_clocks {
            self.crossing.devices
        } else {
            self.now
        }
    }

    /// A cycle of the cluster begins.
    pub(super) fn begin_crossing(&mut self) {
        self.crossing.now = self.clocks.soc_from(self.now);
        self.crossing.devices = self.clocks.soc_by(self.now - 1);
        if self.crossing.arrives.is_some_and(|cycle| cycle <= self.now)
            && let Some(target) = self.paths[self.workers].queues
        {
            self.ports.ask(target, self.workers);
        }
    }

    /// Remembers when the orchestrator needs something next.
    pub(super) fn schedule_orchestrator(&mut self) {
        let queues = self.paths[self.workers].queues.is_some();
        self.crossing.next = self.own_due(self.workers).filter(|_| !queues);
        let due = self
            .crossing
            .next
            .map_or(NEVER, |cycle| self.clocks.cluster_from(cycle));
        self.device_due(due);
    }

    /// The cycle of the cluster in which anything happens in the SoC, where that has a clock of its own.
    pub(super) fn crossing_due(&self) -> Option<u64> {
        let own = [self.crossing.next, self.soc_timers_due()].into_iter().flatten().min();
        let own = own.map(|cycle| self.clocks.cluster_from(cycle));
        own.into_iter().chain(self.crossing.arrives).min()
    }

    /// The cycles of the SoC that happen in this cycle of the cluster. The orchestrator may run ahead as others do.
    pub(super) fn serve_soc<O: Observer>(&mut self, horizon: u64, observer: &mut O) {
        let orchestrator = self.workers;
        let last = self.clocks.soc_by(self.now);
        let ahead = self.clocks.soc_by(horizon);
        // A target may just have put the orchestrator's access off.
        let mut changed = self.crossing.arrives.is_some();
        loop {
            let devices = self.soc_timers_due();
            let waits = matches!(self.cores[orchestrator].next, Next::Issue(cycle) if cycle > ahead);
            let core = self.crossing.next.filter(|_| !waits);
            let first = [devices, core].into_iter().flatten().min();
            let Some(cycle) = first.filter(|cycle| *cycle <= last) else {
                break;
            };
            changed = true;
            self.crossing.devices = self.crossing.devices.max(cycle);
            self.crossing.now = self.crossing.devices;
            if devices.is_some_and(|due| due <= cycle) {
                self.tick_soc_timers(cycle);
            }
            if core.is_some_and(|due| due <= cycle) {
                self.crossing.next = None;
                self.serve_core(orchestrator, horizon, observer);
            }
        }
        if changed {
            self.devices_changed();
        }
    }

    /// The orchestrator's access to `found` sets out.
    pub(super) fn set_out(&mut self, found: Place) {
        let orchestrator = self.workers;
        let own = self.crossing.now;
        let wait = &self.config.orchestrator;
        let at = match found {
            Place::L2(_) => own + u64::from(wait.l2_wait),
            Place::Soc(..) => own + u64::from(wait.peripheral_wait),
            Place::Cluster(device, _) => {
                let way = wait.cluster_wait - self.crossbar_wait(orchestrator, device);
                self.paths[orchestrator].queues = Some(Target::Cluster(device));
                self.crossing.arrives = Some(self.now + u64::from(way));
                return;
            }
            _ => self.clocks.soc_from(self.now + u64::from(wait.cluster_wait)).max(own),
        };
        self.paths[orchestrator].retry(at);
        self.schedule_orchestrator();
    }

    /// A core's access is looked at again in the cluster's `cycle`, or at its own clock's next edge.
    pub(super) fn look_again(&mut self, index: usize, cycle: u64) {
        let own = self.own_cycle_from(index, cycle);
        self.paths[index].retry(own);
        if self.is_apart(index) {
            return self.schedule_orchestrator();
        }
        self.calendar.insert(cycle, index);
    }

    /// The same for one that waits for its turn at a shared target.
    pub(super) fn queue_again(&mut self, index: usize, cycle: u64) {
        if self.is_apart(index) {
            self.crossing.arrives = Some(cycle);
        } else {
            self.look_again(index, cycle);
        }
    }

    /// A shared target took a core's access.
    pub(super) fn taken(&mut self, index: usize) {
        self.paths[index].queues = None;
        if self.is_apart(index) {
            self.crossing.arrives = None;
        }
    }
}
