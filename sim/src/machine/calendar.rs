//! Which cores are due in which cycle: a ring for the near future, a list for the rest.
//!
//! Invariant: every core that needs anything is in the calendar exactly once.

use serde::{Deserialize, Serialize};

use crate::core::course::LONGEST_GAP;
use crate::memory::l1::MAX_BANKS;

/// Cycles that the ring covers.
pub(super) const SLOTS: u64 = 64;

// What a course asks for next is always near.
const _: () = assert!(LONGEST_GAP <= SLOTS);

/// A set of cores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreSet([u64; 2]);

impl CoreSet {
    /// Puts a core in.
    #[inline(always)]
    pub fn insert(&mut self, core: usize) {
        self.0[core / 64 % 2] |= 1 << (core % 64);
    }

    /// Takes a core out.
    pub(crate) fn remove(&mut self, core: usize) {
        self.0[core / 64 % 2] &= !(1 << (core % 64));
    }

    #[inline(always)]
    fn is_empty(self) -> bool {
        self.0[0] | self.0[1] == 0
    }

    /// Does something for each core, in order.
    #[inline(always)]
    pub(super) fn drain(self, mut each: impl FnMut(usize)) {
        for (mut word, first) in self.0.into_iter().zip([0, 64]) {
            while word != 0 {
                let core = word.trailing_zeros() as usize;
                word &= word - 1;
                each(first + core);
            }
        }
    }

    /// Takes the first core out.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<usize> {
        for (word, first) in self.0.iter_mut().zip([0, 64]) {
            if *word != 0 {
                let core = first + word.trailing_zeros() as usize;
                *word &= *word - 1;
                return Some(core);
            }
        }
        None
    }
}

impl FromIterator<usize> for CoreSet {
    fn from_iter<I: IntoIterator<Item = usize>>(cores: I) -> Self {
        let mut set = Self::default();
        cores.into_iter().for_each(|core| set.insert(core));
        set
    }
}

/// The cores that are due in a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Due {
    /// All of them.
    pub(super) cores: CoreSet,
    /// Those of the workers that ask for FPUs.
    pub(super) fpus: u64,
    /// The banks that workers ask for.
    banks: [u64; MAX_BANKS / 64],
    /// Several ask for one of them, or one is locked.
    pub(super) contested: bool,
    /// There may be some that ask for neither, or are no workers.
    others: bool,
}

impl Due {
    #[inline(always)]
    fn insert_at_bank(&mut self, worker: usize, bank: usize) {
        self.cores.0[0] |= 1 << worker;
        let banks = &mut self.banks[bank / 64 % (MAX_BANKS / 64)];
        self.contested |= *banks >> (bank % 64) & 1 == 1;
        *banks |= 1 << (bank % 64);
    }

    #[inline(always)]
    fn insert_at_fpu(&mut self, worker: usize) {
        self.cores.0[0] |= 1 << worker;
        self.fpus |= 1 << worker;
    }

    /// All of them, if they are workers that ask for banks and FPUs.
    #[inline(always)]
    pub(super) fn meeting(&self) -> Option<u64> {
        let CoreSet([workers, _]) = self.cores;
        (!self.others).then_some(workers)
    }
}

/// In how many cycles workers are due that ask for banks and FPUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dues(Vec<(u64, usize)>);

impl Dues {
    /// Who is due, in the order in which they are.
    pub(super) fn workers(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().map(|(_, worker)| *worker)
    }
}

/// Which cores are due in which cycle: a ring for the near future, a list for the rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Calendar {
    #[serde(with = "serde_big_array::BigArray")]
    ring: [Due; SLOTS as usize],
    /// One bit for each slot of the ring that is not empty.
    occupied: u64,
    base: u64,
    far: Vec<(u64, usize)>,
}

impl Calendar {
    /// Nobody is due.
    pub(super) fn new() -> Self {
        Self {
            ring: [Due::default(); SLOTS as usize],
            occupied: 0,
            base: 0,
            far: Vec::new(),
        }
    }

    /// Core `core` is due in `cycle`.
    #[inline(always)]
    pub(super) fn insert(&mut self, cycle: u64, core: usize) {
        if let Some(due) = self.near(cycle, core) {
            due.cores.insert(core);
            due.others = true;
        }
    }

    /// Worker `core` asks in `cycle` for a bank.
    #[inline(always)]
    pub(super) fn insert_at_bank(&mut self, cycle: u64, core: usize, bank: usize) {
        if let Some(due) = self.near(cycle, core) {
            due.insert_at_bank(core, bank);
        }
    }

    /// The same in a cycle after the one that is gone through, [`SLOTS`] behind it at most.
    #[inline(always)]
    pub(super) fn insert_soon_at_bank(&mut self, cycle: u64, core: usize, bank: usize) {
        self.in_slot(cycle).insert_at_bank(core, bank);
    }

    /// Worker `core` asks in `cycle` for an FPU.
    #[inline(always)]
    pub(super) fn insert_at_fpu(&mut self, cycle: u64, core: usize) {
        if let Some(due) = self.near(cycle, core) {
            due.insert_at_fpu(core);
        }
    }

    /// The same in a cycle after the one that is gone through, [`SLOTS`] behind it at most.
    #[inline(always)]
    pub(super) fn insert_soon_at_fpu(&mut self, cycle: u64, core: usize) {
        self.in_slot(cycle).insert_at_fpu(core);
    }

    /// Workers ask for FPUs in the cycle after the one that is gone through.
    #[inline(always)]
    pub(super) fn insert_at_fpus_next(&mut self, workers: u64) {
        if workers != 0 {
            let due = self.in_slot(self.base);
            due.cores.0[0] |= workers;
            due.fpus |= workers;
        }
    }

    /// Who asks for banks in `cycle`, which is near, may be refused whether or not others ask for the same.
    #[cold]
    pub(super) fn contest(&mut self, cycle: u64) {
        self.ring[(cycle % SLOTS) as usize].contested = true;
    }

    /// Who is due in `cycle`, or in the first one that is still to come, if that is near: `core` will be. Otherwise it is put in
    /// where it is far.
    #[inline(always)]
    fn near(&mut self, cycle: u64, core: usize) -> Option<&mut Due> {
        let cycle = if cycle.wrapping_sub(self.base) < SLOTS {
            cycle
        } else {
            self.otherwise(cycle, core)?
        };
        Some(self.in_slot(cycle))
    }

    /// Who is due in `cycle`, which is near; somebody will be.
    #[inline(always)]
    fn in_slot(&mut self, cycle: u64) -> &mut Due {
        debug_assert!(cycle.wrapping_sub(self.base) < SLOTS);
        let slot = cycle % SLOTS;
        self.occupied |= 1 << slot;
        &mut self.ring[slot as usize]
    }

    /// A core is due in a cycle that is over, so that it is in the next, or in one that is far.
    #[cold]
    #[inline(never)]
    fn otherwise(&mut self, cycle: u64, core: usize) -> Option<u64> {
        if cycle < self.base {
            return Some(self.base);
        }
        self.far.push((cycle, core));
        None
    }

    /// Core `core` is not due any more.
    #[cold]
    pub(super) fn cancel(&mut self, core: usize) {
        for slot in 0..SLOTS {
            let due = &mut self.ring[slot as usize];
            due.cores.remove(core);
            due.fpus &= !u64::try_from(1u128 << core).unwrap_or_default();
            if due.cores.is_empty() {
                *due = Due::default();
                self.occupied &= !(1 << slot);
            }
        }
        self.far.retain(|(_, other)| *other != core);
    }

    /// The first cycle in which a core is due.
    #[inline(always)]
    pub(super) fn next(&self) -> Option<u64> {
        if self.occupied != 0 {
            let ahead = self.occupied.rotate_right((self.base % SLOTS) as u32).trailing_zeros();
            return Some(self.base + u64::from(ahead));
        }
        self.far.iter().map(|(cycle, _)| *cycle).min()
    }

    /// The cores that are due in `cycle`, the first cycle in which anything happens.
    #[inline(always)]
    pub(super) fn due_in(&mut self, cycle: u64) -> &Due {
        self.base = cycle;
        if !self.far.is_empty() {
            self.fetch_near();
        }
        &self.ring[(cycle % SLOTS) as usize]
    }

    /// Who is due from the cycle after the one that was gone through on, if all of them are workers that ask for banks and FPUs, and
    /// soon.
    pub(super) fn dues(&self) -> Option<Dues> {
        let mut dues = Vec::new();
        for ahead in 0..SLOTS {
            let due = &self.ring[((self.base + ahead) % SLOTS) as usize];
            let mut workers = due.meeting()?;
            while workers != 0 {
                dues.push((ahead, workers.trailing_zeros() as usize));
                workers &= workers - 1;
            }
        }
        self.far.is_empty().then_some(Dues(dues))
    }

    /// All who are due, workers that ask for banks and FPUs, are so many cycles later: for the bank that `bank` says, or an FPU.
    pub(super) fn postpone(&mut self, cycles: u64, mut bank: impl FnMut(usize) -> Option<usize>) {
        let Some(Dues(dues)) = self.dues() else { return };
        self.ring = [Due::default(); SLOTS as usize];
        self.occupied = 0;
        self.base += cycles;
        for (ahead, worker) in dues {
            let cycle = self.base + ahead;
            match bank(worker) {
                Some(bank) => self.insert_at_bank(cycle, worker, bank),
                None => self.insert_at_fpu(cycle, worker),
            }
        }
    }

    /// Takes the cores that are due in `cycle`, the first cycle in which anything happens.
    #[inline(always)]
    pub(super) fn take(&mut self, cycle: u64) -> CoreSet {
        let due = self.due_in(cycle).cores;
        self.passed(cycle);
        due
    }

    /// Those that are due in `cycle` were looked at.
    #[inline(always)]
    pub(super) fn passed(&mut self, cycle: u64) {
        let slot = cycle % SLOTS;
        self.ring[slot as usize] = Due::default();
        self.occupied &= !(1 << slot);
        // What falls due in this cycle from now on is looked at in the next.
        self.base = cycle + 1;
    }

    #[cold]
    fn fetch_near(&mut self) {
        let (near, far): (Vec<_>, Vec<_>) = self.far.iter().partition(|(cycle, _)| cycle - self.base < SLOTS);
        self.far = far;
        for (cycle, core) in near {
            self.insert(cycle, core);
        }
    }
}
