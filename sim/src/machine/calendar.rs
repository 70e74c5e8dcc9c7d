//! Which cores are due in which cycle: a ring for the near future, a list for the rest.
//!
//! Invariant: every core that needs anything is in the calendar exactly once.

/// Cycles that the ring covers.
const SLOTS: u64 = 64;

/// Which cores are due in which cycle: a ring for the near future, a list for the rest.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    ring: [u128; SLOTS as usize],
    /// One bit for each slot of the ring that is not empty.
    occupied: u64,
    base: u64,
    far: Vec<(u64, usize)>,
}

impl Calendar {
    /// Nobody is due.
    pub(super) fn new() -> Self {
        Self {
            ring: [0; SLOTS as usize],
            occupied: 0,
            base: 0,
            far: Vec::new(),
        }
    }

    /// Core `core` is due in `cycle`.
    #[inline(always)]
    pub(super) fn insert(&mut self, cycle: u64, core: usize) {
        let cycle = cycle.max(self.base);
        if cycle - self.base < SLOTS {
            let slot = cycle % SLOTS;
            self.ring[slot as usize] |= 1 << core;
            self.occupied |= 1 << slot;
        } else {
            self.far.push((cycle, core));
        }
    }

    /// Core `core` is not due any more.
    #[cold]
    pub(super) fn cancel(&mut self, core: usize) {
        for slot in 0..SLOTS {
            self.ring[slot as usize] &= !(1 << core);
            if self.ring[slot as usize] == 0 {
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

    /// Takes the cores that are due in `cycle`, the first cycle in which anything happens.
    #[inline(always)]
    pub(super) fn take(&mut self, cycle: u64) -> u128 {
        self.base = cycle;
        if !self.far.is_empty() {
            self.fetch_near();
        }
        let slot = cycle % SLOTS;
        self.occupied &= !(1 << slot);
        // What falls due in this cycle from now on is looked at in the next.
        self.base = cycle + 1;
        std::mem::take(&mut self.ring[slot as usize])
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
