//! What a debugger or a script does to a machine between cycles: run to a place, read and write registers and memory.
//!
//! It goes by cycles of the whole machine: a core is stopped in front of an instruction when the cycle before the one in
//! which that instruction would leave decode is over. Nobody runs ahead meanwhile, and no cycle differs from an
//! unwatched run's.
//!
//! Invariant: a machine that is only looked at ends with the same bytes as one that is not.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::dma::Transfer;
use crate::core::Next;
use crate::engine::calendar;
use crate::fault::Outcome;
use crate::machine::{Machine, Stop};
use crate::memory::Which;
use crate::observe::{Observer, Retired, Silent};

/// Where a watched run stops.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// In front of the instructions at these addresses, on any core.
    pub breakpoints: BTreeSet<u32>,
    /// After a region began or ended on any core.
    pub regions: bool,
    /// When so many instructions have retired since reset, on all cores together or on one.
    pub instructions: Option<(u64, Option<usize>)>,
}

impl Watch {
    fn is_empty(&self) -> bool {
        self.breakpoints.is_empty() && !self.regions && self.instructions.is_none()
    }
}

/// The begin or end of a region on one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// The core's index.
    pub core: usize,
    /// The region's number.
    pub id: u32,
    /// Whether it began, rather than ended.
    pub begins: bool,
    /// The cycle in which the marker left decode.
    pub cycle: u64,
}

/// Why a watched run stopped.
#[derive(Clone, Debug)]
pub enum Pause {
    /// It is over.
    Ended(Outcome),
    /// The last cycle that was asked for is over.
    Cycle,
    /// A core is in front of a breakpoint.
    Breakpoint {
        /// The core's index.
        core: usize,
        /// The address.
        pc: u32,
    },
    /// Regions began or ended in the last cycle.
    Regions(Vec<Marker>),
    /// As many instructions have retired as were asked for.
    Instructions,
}

/// Collects region markers.
struct Markers {
    wanted: bool,
    seen: Vec<Marker>,
}

impl Markers {
    /// The marker that an instruction is: `sltiu x0, x0, n`.
    fn of(retired: &Retired) -> Option<Marker> {
        const SLTIU_X0_X0: u32 = 0x0000_3013;
        let marker = retired.bits >> 20;
        (retired.bits & 0xf_ffff == SLTIU_X0_X0).then_some(Marker {
            core: retired.core,
            id: marker & 1023,
            begins: marker & 1024 == 0,
            cycle: retired.cycle,
        })
    }
}

impl Observer for Markers {
    const ACTIVE: bool = true;

    fn retire(&mut self, retired: Retired) {
        if self.wanted {
            self.seen.extend(Self::of(&retired));
        }
    }
}

/// Why a register or a stretch of memory cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchPlace {
    /// No such core.
    #[error("there is no core {index}: the machine has cores 0 to {last}, workers first")]
    Core {
        /// What was asked for.
        index: usize,
        /// The last that there is.
        last: usize,
    },
    /// No memory there.
    #[error("no memory holds all of 0x{address:08x}..0x{end:08x}; L1 and L2 can be read and written, devices cannot")]
    Memory {
        /// First byte.
        address: u32,
        /// One past the last.
        end: u64,
    },
    /// A misaligned program counter.
    #[error("pc = 0x{0:08x}: must be even")]
    Odd(u32),
}

impl Machine {
    /// Runs through cycle `until` or to what `watch` names, whichever is first.
    ///
    /// A core that stands in front of a breakpoint when the run begins goes past it.
    pub fn run_watched(&mut self, until: u64, watch: &Watch) -> Pause {
        if let Some(outcome) = self.outcome() {
            return Pause::Ended(outcome.clone());
        }
        if watch.is_empty() {
            return match calendar::run(self, until, &mut Silent) {
                Stop::Limit => {
                    self.pass(until);
                    Pause::Cycle
                }
                stop => self.over(stop, until),
            };
        }
        let mut markers = Markers {
            wanted: watch.regions,
            seen: Vec::new(),
        };
        let mut standing: BTreeMap<usize, u64> = self
            .at_breakpoint(watch)
            .map(|(core, _)| (core, self.cores[core].instret))
            .collect();
        loop {
            if watch
                .instructions
                .is_some_and(|(target, core)| self.instructions(core) >= target)
            {
                return Pause::Instructions;
            }
            let Some(now) = self.next_due() else {
                return self.over(Stop::Idle, until);
            };
            if now > until {
                self.pass(until);
                return Pause::Cycle;
            }
            let due = self.take_due(now);
            self.cycle(now, due, now, &mut markers);
            if self.ended() {
                return self.over(Stop::Ended, until);
            }
            if !markers.seen.is_empty() {
                return Pause::Regions(markers.seen);
            }
            if !watch.breakpoints.is_empty() {
                standing.retain(|core, instret| self.cores[*core].instret == *instret);
                let hit = self.at_breakpoint(watch).find(|(core, _)| !standing.contains_key(core));
                if let Some((core, pc)) = hit {
                    return Pause::Breakpoint { core, pc };
                }
            }
        }
    }

    /// Nothing is due through cycle `until`: as if every cycle had been visited.
    pub(crate) fn pass(&mut self, until: u64) {
        self.now = self.now.max(until + 1);
    }

    fn over(&mut self, stop: Stop, until: u64) -> Pause {
        self.end(stop, until);
        let outcome = self.outcome().cloned();
        Pause::Ended(outcome.expect("a run that is over has an outcome"))
    }

    /// Ends the run as one that reached its limit in cycle `limit`, if it is not over.
    pub fn end_at_limit(&mut self, limit: u64) -> Outcome {
        if !self.ended() {
            self.end(Stop::Limit, limit);
        }
        self.outcome().cloned().expect("a run that is over has an outcome")
    }

    /// The first core in front of a breakpoint whose instruction has not begun.
    fn at_breakpoint<'a>(&'a self, watch: &'a Watch) -> impl Iterator<Item = (usize, u32)> + 'a {
        self.cores
            .iter()
            .filter(|core| matches!(core.next, Next::Issue(_)) && watch.breakpoints.contains(&core.pc))
            .map(|core| (core.index, core.pc))
    }

    /// Instructions retired so far, by all cores or by one.
    pub fn instructions(&self, core: Option<usize>) -> u64 {
        match core {
            Some(core) => self.cores.get(core).map_or(0, |core| core.instret),
            None => self.cores.iter().map(|core| core.instret).sum(),
        }
    }

    /// Notes the DMA's transfers from now on.
    pub fn watch_transfers(&mut self) {
        self.dma.watch();
    }

    /// Takes the transfers that were given or done since the last call.
    pub fn take_transfers(&mut self) -> Vec<Transfer> {
        self.dma.take_log()
    }

    /// The last cycle that is over.
    pub fn cycles(&self) -> u64 {
        self.now - 1
    }

    fn check_core(&self, index: usize) -> Result<(), NoSuchPlace> {
        match index < self.cores.len() {
            true => Ok(()),
            false => Err(NoSuchPlace::Core {
                index,
                last: self.cores.len() - 1,
            }),
        }
    }

    /// Writes a register: 1..=31 integer, 32..=63 floating point; writes to register 0 are lost.
    ///
    /// # Errors
    /// [`NoSuchPlace::Core`].
    pub fn set_register(&mut self, core: usize, register: usize, value: u32) -> Result<(), NoSuchPlace> {
        self.check_core(core)?;
        if (1..64).contains(&register) {
            self.cores[core].registers[register] = value;
            self.recorders[core].restart(&self.cores[core]);
        }
        Ok(())
    }

    /// Makes a core that has an instruction in decode go on at `pc` instead; true if it has.
    ///
    /// # Errors
    /// [`NoSuchPlace`] if there is no such core, or the address is odd.
    pub fn set_pc(&mut self, core: usize, pc: u32) -> Result<bool, NoSuchPlace> {
        self.check_core(core)?;
        if pc & 1 != 0 {
            return Err(NoSuchPlace::Odd(pc));
        }
        if !matches!(self.cores[core].next, Next::Issue(_)) {
            return Ok(false);
        }
        self.cores[core].pc = pc;
        self.recorders[core].restart(&self.cores[core]);
        Ok(true)
    }

    /// The bytes from `address` on.
    ///
    /// # Errors
    /// [`NoSuchPlace::Memory`].
    pub fn read_memory(&self, address: u32, bytes: &mut [u8]) -> Result<(), NoSuchPlace> {
        self.check_memory(address, bytes.len())?;
        self.memory.dump(address, bytes);
        Ok(())
    }

    /// Writes bytes from `address` on, all or none; code that lies there is decoded again.
    ///
    /// # Errors
    /// [`NoSuchPlace::Memory`].
    pub fn write_memory(&mut self, address: u32, bytes: &[u8]) -> Result<(), NoSuchPlace> {
        self.check_memory(address, bytes.len())?;
        self.memory.load(address, bytes);
        let words = address & !3..=address.wrapping_add(bytes.len() as u32).saturating_sub(1);
        for word in words.step_by(4) {
            if let Some((which, offset)) = self.memory.locate(word) {
                self.program.written(which, offset, &self.memory);
            }
        }
        Ok(())
    }

    /// Whether memory holds all of `len` bytes from `address` on.
    ///
    /// # Errors
    /// [`NoSuchPlace::Memory`] if not.
    pub fn check_memory(&self, address: u32, len: usize) -> Result<(), NoSuchPlace> {
        let end = u64::from(address) + len as u64;
        let inside = |which: Which| {
            let base = u64::from(self.memory.base(which));
            base <= u64::from(address) && end <= base + u64::from(self.memory.size(which))
        };
        match inside(Which::L1) || inside(Which::L2) {
            true => Ok(()),
            false => Err(NoSuchPlace::Memory { address, end }),
        }
    }
}
