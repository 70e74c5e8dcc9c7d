//! The memory map: which address reaches what, from where.
//!
//! It knows addresses only: no contents, no latencies.
//!
//! Invariant: an address leads to one place for each kind of master; what is not listed is unmapped.

use crate::config::Map;
use crate::memory::{Memory, Which};
use serde::{Deserialize, Serialize};

/// What an address reaches. Offsets are bytes from the start of the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// The scratchpad.
    L1(u32),
    /// The scratchpad's test-and-set window.
    TestAndSet(u32),
    /// The memory outside.
    L2(u32),
    /// A core's own event-unit port.
    EventUnit(u32),
    /// A core's own DMA port.
    Dma(u32),
    /// A device in the cluster, by way of the peripheral crossbar.
    Cluster(ClusterDevice, u32),
    /// A device outside.
    Soc(SocDevice, u32),
    /// The bench's devices.
    Bench(u32),
}

/// Devices on the cluster's peripheral crossbar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClusterDevice {
    /// Boot addresses, fetch enable, clock gate.
    Control,
    /// Timer.
    Timer,
    /// Event unit.
    EventUnit,
    /// Instruction cache control.
    Icache,
    /// DMA, the port for the cluster's own cores.
    Dma,
    /// DMA, the port for the orchestrator.
    DmaSoc,
    /// The place of an accelerator; there is none.
    Accelerator,
}

/// Devices outside the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SocDevice {
    /// Clock generators.
    Fll,
    /// General-purpose input and output.
    Gpio,
    /// uDMA.
    Udma,
    /// SoC control, with the exit register.
    Control,
    /// SoC event unit.
    EventUnit,
    /// Instruction cache control of the orchestrator.
    Icache,
    /// Interrupt controller.
    InterruptController,
    /// Timers of the orchestrator.
    Timer,
    /// Console.
    Stdout,
    /// Advanced timers; no model.
    AdvancedTimer,
    /// Power management; no model.
    PowerManagement,
    /// Real-time clock; no model.
    RealTimeClock,
    /// Debug unit and its ROM; no model.
    DebugUnit,
}

/// Where the memories lie.
pub mod base {
    #![allow(missing_docs)]
    pub const L1: u32 = 0x1000_0000;
    pub const L2: u32 = 0x1c00_0000;
    pub const BENCH_L1: u32 = 0x1c01_0000;
    pub const BENCH_EVENT_UNIT: u32 = 0x1c02_0000;
    pub const BENCH: u32 = 0x2000_0000;
    pub const TEST_AND_SET: u32 = 0x1010_0000;
    pub const CLUSTER: u32 = 0x1020_0000;
    /// The orchestrator sees the start of L2 at 0.
    pub const ORCHESTRATOR_ALIAS: u32 = 0x8000;
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// A core of the cluster.
    Worker,
    /// The orchestrator.
    Orchestrator,
}

/// What `address` reaches.
#[inline(always)]
pub fn place(map: Map, memory: &Memory, from: From, address: u32) -> Option<Place> {
    if map == Map::Bench {
        return bench(memory, address);
    }
    let offset = address.wrapping_sub(base::L1);
    if offset < memory.size(Which::L1) {
        return Some(Place::L1(offset));
    }
    let offset = address.wrapping_sub(base::L2);
    if offset < memory.size(Which::L2) {
        return Some(Place::L2(offset));
    }
    elsewhere(memory, from, address)
}

#[inline(never)]
fn elsewhere(memory: &Memory, from: From, address: u32) -> Option<Place> {
    if address < 0x0100_0000 {
        if from == From::Orchestrator {
            let inside = address < base::ORCHESTRATOR_ALIAS.min(memory.size(Which::L2));
            return inside.then_some(Place::L2(address));
        }
        if address < memory.size(Which::L1) && address < 0x10_0000 {
            return Some(Place::L1(address));
        }
        return if address < 0x40_0000 {
            cluster(memory, base::L1 + address)
        } else {
            None
        };
    }
    match address >> 20 {
        0x100..0x140 => cluster(memory, address),
        0x1a1 => soc(address),
        _ => None,
    }
}

fn cluster(memory: &Memory, address: u32) -> Option<Place> {
    let offset = address.wrapping_sub(base::TEST_AND_SET);
    if offset < memory.size(Which::L1) {
        return Some(Place::TestAndSet(offset));
    }
    let offset = address.wrapping_sub(base::CLUSTER);
    let (device, start) = match offset {
        0..0x400 => (ClusterDevice::Control, 0),
        0x400..0x800 => (ClusterDevice::Timer, 0x400),
        0x800..0x1000 => (ClusterDevice::EventUnit, 0x800),
        0x1000..0x1400 => (ClusterDevice::Accelerator, 0x1000),
        0x1400..0x1800 => (ClusterDevice::Icache, 0x1400),
        0x1800..0x1c00 => (ClusterDevice::Dma, 0x1800),
        0x1c00..0x2000 => (ClusterDevice::DmaSoc, 0x1c00),
        0x4000..0x4400 => return Some(Place::EventUnit(offset - 0x4000)),
        0x4400..0x4800 => return Some(Place::Dma(offset - 0x4400)),
        _ => return None,
    };
    Some(Place::Cluster(device, offset - start))
}

fn soc(address: u32) -> Option<Place> {
    let offset = address & 0xf_ffff;
    let (device, start) = match offset {
        0..0x1000 => (SocDevice::Fll, 0),
        0x1000..0x2000 => (SocDevice::Gpio, 0x1000),
        0x2000..0x4000 => (SocDevice::Udma, 0x2000),
        0x4000..0x5000 => (SocDevice::Control, 0x4000),
        0x5000..0x6000 => (SocDevice::AdvancedTimer, 0x5000),
        0x6000..0x7000 => (SocDevice::EventUnit, 0x6000),
        0x7000..0x8000 => (SocDevice::PowerManagement, 0x7000),
        0x8000..0x8800 => (SocDevice::RealTimeClock, 0x8000),
        0x8800..0x9000 => (SocDevice::Icache, 0x8800),
        0x9800..0xa000 => (SocDevice::InterruptController, 0x9800),
        0xb000..0xc000 => (SocDevice::Timer, 0xb000),
        0xf000..0x1_0000 => (SocDevice::Stdout, 0xf000),
        // Where PULPissimo has it, and where PULP has it.
        0x1_0000..0x2_0000 => (SocDevice::DebugUnit, 0x1_0000),
        0x9_0000..0xa_0000 => (SocDevice::DebugUnit, 0x9_0000),
        _ => return None,
    };
    Some(Place::Soc(device, offset - start))
}

fn bench(memory: &Memory, address: u32) -> Option<Place> {
    if let Some((which, offset)) = memory.locate(address) {
        return Some(if which == Which::L1 {
            Place::L1(offset)
        } else {
            Place::L2(offset)
        });
    }
    let offset = address.wrapping_sub(base::BENCH_EVENT_UNIT);
    if offset < 0x400 {
        return Some(Place::EventUnit(offset));
    }
    let offset = address.wrapping_sub(base::BENCH);
    (offset < 0x1000).then_some(Place::Bench(offset))
}
