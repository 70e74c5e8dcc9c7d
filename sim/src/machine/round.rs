//! Rounds: where all workers that are due go round loops, and stand to each other as they did some rounds ago, what they did since is
//! what they do next, and is not gone through again.
//!
//! Only what was granted is repeated; what is read and computed is not. Banks may all be the same number further on, as long as
//! nobody waited for one.
//!
//! Invariant: the machine is where it would be if [`Machine::meet`] had gone through the same cycles.

use crate::cluster::fpu::FpuPool;
use crate::core::course::{CourseId, LONGEST, SumValues};
use crate::core::walk::{Pose, Rounds};
use crate::machine::calendar::{Dues, SLOTS};
use crate::machine::{MAX_WORKERS, Machine, Want};

/// Rounds of the first worker in which all may come to stand as they did.
const TRIES: u32 = 4;
/// Rounds of the first worker for which nobody looks, at most, once looking has been in vain.
const LONGEST_REST: u32 = 256;
/// Periods that it takes to be worth it, and that are repeated at once at most.
const FEWEST: u64 = 3;
const MOST: u64 = 1 << 12;

/// What was seen of the workers at the beginning of a cycle.
struct Sight {
    cycle: u64,
    dues: Dues,
    fpu: FpuPool,
    conflicts: u64,
    stances: [Option<Stance>; MAX_WORKERS],
}

/// How a worker that is due stands.
#[derive(Clone, Copy)]
struct Stance {
    course: CourseId,
    pose: Pose,
    sums: SumValues,
}

/// Looks for rounds that repeat.
#[derive(Default)]
pub(super) struct Lookout {
    /// The first worker that is on a course began a round.
    begun: bool,
    sight: Option<Box<Sight>>,
    tries: u32,
    /// Rounds for which to rest, now and after the next time that it was in vain.
    rest: u32,
    patience: u32,
}

impl Lookout {
    /// A worker begins a round.
    #[inline(always)]
    pub(super) fn begins(&mut self) {
        self.begun = true;
    }

    fn in_vain(&mut self) {
        self.sight = None;
        self.patience = (2 * self.patience + 1).min(LONGEST_REST);
        self.rest = self.patience;
    }
}

/// What a worker did in a period.
struct Turn {
    worker: usize,
    course: CourseId,
    rounds: Rounds,
}

impl Machine {
    /// Whoever is first on a course may have begun a round: if all do again what they did since they stood to each other as they
    /// do now, goes on as often as they certainly do, up to cycle `limit`.
    #[inline(always)]
    pub(super) fn look_out(&mut self, limit: u64) {
        if std::mem::take(&mut self.lookout.begun) {
            self.repeat(limit);
        }
    }

    #[inline(never)]
    fn repeat(&mut self, limit: u64) {
        let lookout = &mut self.lookout;
        if lookout.rest > 0 {
            lookout.rest -= 1;
            return;
        }
        let Some(before) = self.lookout.sight.take() else {
            (0..self.workers).for_each(|index| self.pay(index));
            self.lookout.tries = TRIES;
            self.lookout.sight = self.see().map(Box::new);
            if self.lookout.sight.is_none() {
                self.lookout.in_vain();
            }
            return;
        };
        let workers = self.ahead.iter_mut().take(self.workers);
        workers.for_each(|ahead| ahead.walk.settle());
        if self.repeat_since(&before, limit) {
            self.lookout.patience = 0;
            return;
        }
        self.lookout.tries -= 1;
        if self.lookout.tries == 0 {
            self.lookout.in_vain();
        } else {
            self.lookout.sight = Some(before);
        }
    }

    /// What there is to see at the beginning of this cycle, if all who are due are workers on courses.
    fn see(&self) -> Option<Sight> {
        let dues = self.calendar.dues()?;
        let mut stances = [None; MAX_WORKERS];
        for index in dues.workers() {
            let ahead = self.ahead.get(index)?;
            *stances.get_mut(index)? = Some(Stance {
                course: ahead.course?,
                pose: ahead.walk.pose(self.now),
                sums: ahead.walk.sums(),
            });
        }
        Some(Sight {
            cycle: self.now,
            dues,
            fpu: self.fpu.clone(),
            conflicts: self.arbiter.conflicts(),
            stances,
        })
    }

    /// Repeats what was done since `before`, as often as that is certain to be done again; false if it is not.
    fn repeat_since(&mut self, before: &Sight, limit: u64) -> bool {
        let Some((turns, shift, times)) = self.period_since(before, limit) else {
            return false;
        };
        let period = self.now - before.cycle;
        self.grant_again(&turns, shift, times);
        self.fpu.repeat(&before.fpu, times);
        for turn in &turns {
            self.go_round(turn, period, times);
        }
        let (mask, shift) = (self.plain.bank_mask, shift * times as u32);
        let wants = &mut self.wants;
        self.calendar.postpone(period * times, |index| {
            let bank = wants
                .of(index)
                .of_bank()
                .map(|bank| (bank + shift as usize) & mask as usize);
            if let Some(bank) = bank {
                wants.set(index, Want::bank(bank));
            }
            bank
        });
        self.now += period * times;
        true
    }

    /// What each worker did since `before`, how many banks further on all of them are, and how often they do the same again.
    fn period_since(&self, before: &Sight, limit: u64) -> Option<(Vec<Turn>, u32, u64)> {
        let dues = self.calendar.dues()?;
        if dues != before.dues
            || !self.fpu.goes_on_like(&before.fpu)
            || self.arbiter.conflicts() != before.conflicts
            || self.locked_bank.is_some_and(|(_, cycle)| cycle >= before.cycle)
        {
            return None;
        }
        let period = self.now - before.cycle;
        let end = limit.min(self.devices_next);
        let mut times = (end.saturating_sub(self.now + SLOTS) / period).min(MOST);
        let (mut turns, mut shift) = (Vec::new(), None);
        for worker in dues.workers() {
            let (ahead, stance) = (self.ahead.get(worker)?, before.stances.get(worker)?.as_ref()?);
            let (id, walk) = (ahead.course?, &ahead.walk);
            if id != stance.course || walk.pose(self.now) != stance.pose {
                return None;
            }
            let course = self.program.course(id)?;
            let rounds = walk.rounds(course, &stance.sums)?;
            let own = walk.shift(course, &rounds, self.plain.bank_mask)?;
            if *shift.get_or_insert(own) != own {
                return None;
            }
            let most = times * u64::from(rounds.count());
            times = walk.goes_round(course, &rounds, self.plain, most) / u64::from(rounds.count());
            if times < FEWEST {
                return None;
            }
            turns.push(Turn {
                worker,
                course: id,
                rounds,
            });
        }
        Some((turns, shift?, times))
    }

    /// Grants all accesses of those turns again, `shift` banks further on each time.
    fn grant_again(&mut self, turns: &[Turn], shift: u32, times: u64) {
        let mut grants: Vec<(u64, u32, usize)> = Vec::with_capacity(turns.len() * LONGEST);
        for turn in turns {
            let Some(course) = self.program.course(turn.course) else {
                continue;
            };
            let accesses = self.ahead[turn.worker % MAX_WORKERS]
                .walk
                .accesses(course, &turn.rounds);
            grants.extend(accesses.map(|(cycle, address)| {
                let bank = self.plain.bank(address.wrapping_sub(self.plain.base));
                (cycle, bank as u32, turn.worker)
            }));
        }
        grants.sort_unstable();
        for time in 1..=times as u32 {
            for (_, bank, worker) in &grants {
                let bank = bank.wrapping_add(shift.wrapping_mul(time)) & self.plain.bank_mask;
                self.arbiter.grant_only(bank as usize, *worker);
            }
        }
    }

    /// A worker does what it did in the last period some times more.
    fn go_round(&mut self, turn: &Turn, period: u64, times: u64) {
        let index = turn.worker % MAX_WORKERS;
        for time in 1..=times {
            if self.ahead[index].walk.owes_much() {
                self.pay(turn.worker);
            }
            self.ahead[index].walk.goes_like(&turn.rounds, period * time);
        }
        if let Some(course) = self.program.course(turn.course) {
            self.ahead[index]
                .walk
                .went_round(course, &turn.rounds, times, period * times);
        }
        // It may have a whole round before it until it looks at what is owed.
        if self.ahead[index].walk.owes_much() {
            self.pay(turn.worker);
        }
    }
}
