//! A trace for the Perfetto viewer: tracks of every core, its functions and regions, the DMA's transfers, and arrows from
//! the last core at a barrier to those that it releases.
//!
//! One nanosecond of the viewer is one cluster clock cycle. The messages are the parts of `perfetto_trace.proto` that are
//! used here, under their field numbers.
//!
//! Invariant: on every track, slices begin and end in order and never overlap.

use std::collections::HashMap;
use std::io::{self, Write};

use ennead_sim::cluster::dma::Transfer;
use ennead_sim::core::pipeline::Charge;
use ennead_sim::soc::clock::Clocks;
use ennead_sim::stall::Stall;
use prost::Message;

use super::functions::{Function, Functions};
use super::{Sink, Step, cause, close};
use crate::job::Job;

#[derive(Clone, PartialEq, Message)]
struct File {
    #[prost(message, repeated, tag = "1")]
    packet: Vec<Packet>,
}

#[derive(Clone, PartialEq, Message)]
struct Packet {
    #[prost(uint64, optional, tag = "8")]
    timestamp: Option<u64>,
    #[prost(uint32, tag = "10")]
    sequence: u32,
    #[prost(message, optional, tag = "11")]
    event: Option<Event>,
    #[prost(message, optional, tag = "12")]
    interned: Option<Interned>,
    #[prost(uint32, tag = "13")]
    flags: u32,
    #[prost(message, optional, tag = "60")]
    track: Option<Track>,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(message, repeated, tag = "4")]
    notes: Vec<Note>,
    #[prost(int32, tag = "9")]
    kind: i32,
    #[prost(uint64, optional, tag = "10")]
    name: Option<u64>,
    #[prost(uint64, tag = "11")]
    track: u64,
    #[prost(fixed64, repeated, packed = "false", tag = "47")]
    flows: Vec<u64>,
    #[prost(fixed64, repeated, packed = "false", tag = "48")]
    ends_flows: Vec<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct Note {
    #[prost(string, tag = "10")]
    name: String,
    #[prost(uint64, optional, tag = "3")]
    number: Option<u64>,
    #[prost(string, optional, tag = "6")]
    text: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Interned {
    #[prost(message, repeated, tag = "2")]
    names: Vec<Name>,
}

#[derive(Clone, PartialEq, Message)]
struct Name {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(string, tag = "2")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Track {
    #[prost(uint64, tag = "1")]
    id: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, optional, tag = "3")]
    process: Option<Process>,
    #[prost(uint64, optional, tag = "5")]
    parent: Option<u64>,
    #[prost(int32, tag = "11")]
    ordering: i32,
    #[prost(int32, optional, tag = "12")]
    rank: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct Process {
    #[prost(int32, tag = "1")]
    pid: i32,
    #[prost(string, tag = "6")]
    name: String,
}

/// Values of `TrackEvent.Type`.
mod kind {
    pub(super) const BEGIN: i32 = 1;
    pub(super) const END: i32 = 2;
    pub(super) const INSTANT: i32 = 3;
}

/// Values of `TracePacket.SequenceFlags`.
mod flag {
    pub(super) const CLEARED: u32 = 1;
    pub(super) const NEEDS_STATE: u32 = 2;
}

/// `TrackDescriptor.ChildTracksOrdering.EXPLICIT`.
const EXPLICIT: i32 = 3;
/// The one packet sequence.
const SEQUENCE: u32 = 1;
const MACHINE: u64 = 1;

/// The tracks of a core, as offsets from its first.
mod lane {
    pub(super) const HEAD: u64 = 0;
    pub(super) const STATE: u64 = 1;
    pub(super) const FUNCTION: u64 = 2;
    pub(super) const REGION: u64 = 3;
    pub(super) const COUNT: u64 = 4;
}

#[derive(Clone, Default)]
struct Core {
    /// A `running` slice is open; the cycle after its last instruction.
    running: Option<u64>,
    function: Option<(Function, u64)>,
    /// Open regions, the innermost last.
    regions: Vec<u32>,
    /// The cycle of the last event load.
    event_load: u64,
    /// The cycle after the last instruction that was shown.
    end: u64,
}

/// The last core at a barrier, and whom it released: core and cycle.
struct Barrier {
    core: usize,
    cycle: u64,
    released: Vec<(usize, u64)>,
}

/// A trace that is being written.
pub(super) struct Perfetto<W> {
    file: W,
    buffer: Vec<u8>,
    functions: Functions,
    region_names: HashMap<u32, String>,
    names: HashMap<String, u64>,
    cores: Vec<Core>,
    /// The first cycle that is shown at all: transfers before it are not.
    first: Option<u64>,
    barrier: Option<Barrier>,
    flows: u64,
    /// Transfers under way, by lane.
    transfers: Vec<Option<Transfer>>,
    lanes: usize,
    cleared: bool,
    clocks: Clocks,
    workers: usize,
}

impl<W: Write> Perfetto<W> {
    pub(super) fn new(file: W, cores: &[String], functions: Functions, job: &Job) -> io::Result<Self> {
        let mut trace = Self {
            file,
            buffer: Vec::new(),
            functions,
            region_names: HashMap::new(),
            names: HashMap::new(),
            cores: vec![Core::default(); cores.len()],
            first: None,
            barrier: None,
            flows: 0,
            transfers: Vec::new(),
            lanes: 0,
            cleared: false,
            clocks: Clocks::new(job.config.cluster.frequency_hz, job.config.soc.frequency_hz),
            workers: job.config.cluster.workers,
        };
        for (id, name) in &job.target.image.regions {
            trace.region_names.insert(*id, name.clone());
        }
        let name = format!("{} on {} (1 ns = 1 cycle)", job.target.name, job.config_name);
        trace.track(MACHINE, &name, None, 0)?;
        for (index, name) in cores.iter().enumerate() {
            let head = Self::lane(index, lane::HEAD);
            trace.track(head, name, Some(MACHINE), index as i32)?;
            for (part, name) in [
                (lane::STATE, "state"),
                (lane::FUNCTION, "function"),
                (lane::REGION, "region"),
            ] {
                trace.track(head + part, name, Some(head), part as i32)?;
            }
        }
        trace.track(trace.dma(), "cluster.dma", Some(MACHINE), cores.len() as i32)?;
        Ok(trace)
    }

    /// A track of a core.
    fn lane(core: usize, part: u64) -> u64 {
        16 + core as u64 * lane::COUNT + part
    }

    fn dma(&self) -> u64 {
        Self::lane(self.cores.len(), lane::HEAD)
    }

    fn packet(&mut self, mut packet: Packet) -> io::Result<()> {
        packet.sequence = SEQUENCE;
        packet.flags = if self.cleared { flag::NEEDS_STATE } else { flag::CLEARED };
        self.cleared = true;
        self.buffer.clear();
        let file = File { packet: vec![packet] };
        file.encode(&mut self.buffer).map_err(io::Error::other)?;
        self.file.write_all(&self.buffer)
    }

    fn track(&mut self, id: u64, name: &str, parent: Option<u64>, rank: i32) -> io::Result<()> {
        let track = Track {
            id,
            name: name.to_owned(),
            process: parent.is_none().then(|| Process {
                pid: 1,
                name: name.to_owned(),
            }),
            parent,
            ordering: EXPLICIT,
            rank: Some(rank),
        };
        self.packet(Packet {
            track: Some(track),
            ..Packet::default()
        })
    }

    fn event(&mut self, cycle: u64, name: Option<&str>, mut event: Event) -> io::Result<()> {
        let mut interned = None;
        if let Some(name) = name {
            let next = self.names.len() as u64 + 1;
            event.name = Some(match self.names.get(name) {
                Some(id) => *id,
                None => {
                    self.names.insert(name.to_owned(), next);
                    interned = Some(Interned {
                        names: vec![Name {
                            id: next,
                            name: name.to_owned(),
                        }],
                    });
                    next
                }
            });
        }
        self.packet(Packet {
            timestamp: Some(cycle),
            event: Some(event),
            interned,
            ..Packet::default()
        })
    }

    /// The cluster's cycle that goes with a cycle of the clock of a track's core.
    fn cluster_cycle(&self, cycle: u64, track: u64) -> u64 {
        let outside = Self::lane(self.workers, lane::HEAD)..self.dma();
        if outside.contains(&track) {
            self.clocks.cluster_from(cycle)
        } else {
            cycle
        }
    }

    fn begin(&mut self, cycle: u64, track: u64, name: &str) -> io::Result<()> {
        let cycle = self.cluster_cycle(cycle, track);
        let event = Event {
            kind: kind::BEGIN,
            track,
            ..Event::default()
        };
        self.event(cycle, Some(name), event)
    }

    fn end(&mut self, cycle: u64, track: u64) -> io::Result<()> {
        let cycle = self.cluster_cycle(cycle, track);
        let event = Event {
            kind: kind::END,
            track,
            ..Event::default()
        };
        self.event(cycle, None, event)
    }

    fn stop_running(&mut self, core: usize) -> io::Result<()> {
        match self.cores[core].running.take() {
            Some(end) => self.end(end, Self::lane(core, lane::STATE)),
            None => Ok(()),
        }
    }

    fn stop_function(&mut self, core: usize) -> io::Result<()> {
        match self.cores[core].function.take() {
            Some((_, end)) => self.end(end, Self::lane(core, lane::FUNCTION)),
            None => Ok(()),
        }
    }

    /// A core went on in `cycle` after waiting at a barrier: who let it?
    fn released(&mut self, core: usize, cycle: u64) -> io::Result<()> {
        let own = self.cores[core].event_load;
        let others = self.cores.iter().enumerate();
        let last = others.filter(|(_, other)| (own..cycle).contains(&other.event_load));
        let Some((last, arrived)) = last
            .map(|(index, other)| (index, other.event_load))
            .max_by_key(|(_, at)| *at)
        else {
            return Ok(());
        };
        if last == core || arrived == own {
            return Ok(());
        }
        match &mut self.barrier {
            Some(barrier) if (barrier.core, barrier.cycle) == (last, arrived) => barrier.released.push((core, cycle)),
            _ => {
                self.draw_barrier()?;
                self.barrier = Some(Barrier {
                    core: last,
                    cycle: arrived,
                    released: vec![(core, cycle)],
                });
            }
        }
        Ok(())
    }

    fn draw_barrier(&mut self) -> io::Result<()> {
        let Some(barrier) = self.barrier.take() else {
            return Ok(());
        };
        let first = self.flows + 1;
        self.flows += barrier.released.len() as u64;
        let event = Event {
            kind: kind::INSTANT,
            track: Self::lane(barrier.core, lane::STATE),
            flows: (first..=self.flows).collect(),
            ..Event::default()
        };
        self.event(barrier.cycle, Some("last at the barrier"), event)?;
        for (flow, (core, cycle)) in (first..).zip(barrier.released) {
            let event = Event {
                kind: kind::INSTANT,
                track: Self::lane(core, lane::STATE),
                ends_flows: vec![flow],
                ..Event::default()
            };
            self.event(cycle, Some("released"), event)?;
        }
        Ok(())
    }

    fn region_name(&self, id: u32) -> String {
        self.region_names
            .get(&id)
            .cloned()
            .unwrap_or_else(|| format!("region {id}"))
    }
}

impl<W: Write> Sink for Perfetto<W> {
    fn step(&mut self, step: &Step) -> io::Result<()> {
        let (core, cycle) = (step.retired.core, step.retired.cycle);
        let shown = self.cluster_cycle(cycle, Self::lane(core, lane::HEAD));
        self.first.get_or_insert(shown);
        let state = Self::lane(core, lane::STATE);
        let contiguous = step.since == self.cores[core].end;
        if step.waited() > 0 || !contiguous {
            self.stop_running(core)?;
        }
        let mut at = step.since;
        for (charge, cycles) in step.waits {
            self.begin(at, state, cause(*charge))?;
            at += cycles;
            self.end(at, state)?;
            if *charge == Charge::Stall(Stall::Barrier) {
                self.released(core, at)?;
            }
        }
        if self.cores[core].running.is_none() {
            self.begin(cycle, state, "running")?;
        }
        self.cores[core].running = Some(cycle + 1);

        let function = self.functions.at(step.retired.pc);
        match self.cores[core].function {
            Some((other, _)) if other == function && contiguous => {}
            _ => {
                self.stop_function(core)?;
                let name = self.functions.name(function).to_owned();
                let from = if contiguous { step.since } else { cycle };
                self.begin(from, Self::lane(core, lane::FUNCTION), &name)?;
            }
        }
        self.cores[core].function = Some((function, cycle + 1));

        if let Some((id, begins)) = step.marker() {
            let track = Self::lane(core, lane::REGION);
            if begins {
                let name = self.region_name(id);
                self.begin(cycle, track, &name)?;
                self.cores[core].regions.push(id);
            } else if self.cores[core].regions.contains(&id) {
                // Slices nest: whatever began inside it ends with it.
                while let Some(inner) = self.cores[core].regions.pop() {
                    self.end(cycle, track)?;
                    if inner == id {
                        break;
                    }
                }
            }
        }
        if step.is_event_load() {
            self.cores[core].event_load = cycle;
        }
        self.cores[core].end = cycle + 1;
        Ok(())
    }

    fn transfers(&mut self, transfers: &[Transfer]) -> io::Result<()> {
        for transfer in transfers {
            if self.first.is_none_or(|first| transfer.cycle < first) && !transfer.done {
                continue;
            }
            let same = |other: &Option<Transfer>| {
                other.is_some_and(|other| {
                    (other.id, other.port, other.bytes, other.to_l1)
                        == (transfer.id, transfer.port, transfer.bytes, transfer.to_l1)
                })
            };
            if transfer.done {
                if let Some(lane) = self.transfers.iter().position(same) {
                    self.transfers[lane] = None;
                    self.end(transfer.cycle, self.dma() + 1 + lane as u64)?;
                }
                continue;
            }
            let free = self.transfers.iter().position(Option::is_none);
            let lane = free.unwrap_or_else(|| {
                self.transfers.push(None);
                self.transfers.len() - 1
            });
            let track = self.dma() + 1 + lane as u64;
            if lane >= self.lanes {
                self.lanes = lane + 1;
                self.track(track, &format!("transfers {lane}"), Some(self.dma()), lane as i32)?;
            }
            self.transfers[lane] = Some(*transfer);
            let number = |name: &str, number: u64| Note {
                name: name.to_owned(),
                number: Some(number),
                text: None,
            };
            let event = Event {
                kind: kind::BEGIN,
                track,
                notes: vec![
                    number("bytes", transfer.bytes.into()),
                    number("transfer ID", transfer.id.into()),
                    number("control port", transfer.port as u64),
                ],
                ..Event::default()
            };
            let name = if transfer.to_l1 { "L2 to L1" } else { "L1 to L2" };
            self.event(transfer.cycle, Some(name), event)?;
        }
        Ok(())
    }

    fn finish(&mut self, cycles: u64) -> io::Result<()> {
        self.draw_barrier()?;
        for core in 0..self.cores.len() {
            self.stop_running(core)?;
            self.stop_function(core)?;
            for _ in 0..std::mem::take(&mut self.cores[core].regions).len() {
                self.end(self.cores[core].end, Self::lane(core, lane::REGION))?;
            }
        }
        for lane in 0..self.transfers.len() {
            if self.transfers[lane].take().is_some() {
                self.end(cycles, self.dma() + 1 + lane as u64)?;
            }
        }
        close(&mut self.file)
    }
}
