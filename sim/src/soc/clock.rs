//! The two clocks: the cluster's, in whose cycles the machine counts, and that of everything else.
//!
//! It knows no agent; it says which cycle of the one clock goes with which of the other. Both have an edge at time 0, and
//! all is done in whole numbers, so that every host gets the same answer.
//!
//! Invariant: what one side does in a cycle is seen by the other at its next edge, or in the same cycle where the edges
//! coincide; and with equal clocks every answer is the question.

/// Both clocks, as their frequencies' ratio in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Clocks {
    cluster: u64,
    soc: u64,
}

impl Clocks {
    /// Of these frequencies in Hz, at least 1.
    pub fn new(cluster_hz: u64, soc_hz: u64) -> Self {
        let divisor = greatest_common_divisor(cluster_hz, soc_hz);
        Self {
            cluster: cluster_hz / divisor,
            soc: soc_hz / divisor,
        }
    }

    /// Whether the two are one.
    pub fn are_equal(&self) -> bool {
        self.cluster == self.soc
    }

    /// The last cycle of the SoC whose edge is not behind that of the cluster's `cycle`.
    pub fn soc_by(&self, cycle: u64) -> u64 {
        if self.are_equal() {
            return cycle;
        }
        match cycle.checked_mul(self.soc) {
            Some(product) => product / self.cluster,
            None => clamp(u128::from(cycle) * u128::from(self.soc) / u128::from(self.cluster)),
        }
    }

    /// The first cycle of the SoC whose edge is not before that of the cluster's `cycle`.
    pub fn soc_from(&self, cycle: u64) -> u64 {
        if self.are_equal() {
            return cycle;
        }
        times(cycle, self.soc, self.cluster)
    }

    /// The first cycle of the cluster whose edge is not before that of the SoC's `cycle`.
    pub fn cluster_from(&self, cycle: u64) -> u64 {
        if self.are_equal() {
            return cycle;
        }
        times(cycle, self.cluster, self.soc)
    }

    /// The cycle of the cluster in which an answer is there for which the SoC takes `wait` of its cycles, if the cluster
    /// asks in `cycle`.
    pub fn answered(&self, cycle: u64, wait: u64) -> u64 {
        self.cluster_from(self.soc_from(cycle).saturating_add(wait))
    }
}

/// `cycle` times `numerator / denominator`, rounded up.
fn times(cycle: u64, numerator: u64, denominator: u64) -> u64 {
    match cycle.checked_mul(numerator) {
        Some(product) => product.div_ceil(denominator),
        None => clamp((u128::from(cycle) * u128::from(numerator)).div_ceil(denominator.into())),
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn clamp(cycle: u128) -> u64 {
    u64::try_from(cycle).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_clock_of_half_the_speed_has_every_other_edge() {
        let clocks = Clocks::new(100, 50);
        assert_eq!([0, 1, 2, 3].map(|cycle| clocks.soc_by(cycle)), [0, 0, 1, 1]);
        assert_eq!([0, 1, 2, 3].map(|cycle| clocks.soc_from(cycle)), [0, 1, 1, 2]);
        assert_eq!([0, 1, 2, 3].map(|cycle| clocks.cluster_from(cycle)), [0, 2, 4, 6]);
        // Asked in cycle 3, seen by the SoC at its edge 2, answered at its edge 7, which is cycle 14.
        assert_eq!(clocks.answered(3, 5), 14);
    }

    proptest! {
        #[test]
        fn edges_are_the_nearest_on_their_side_of_each_other(
            cluster in 1u64..2_000,
            soc in 1u64..2_000,
            cycle in 0u64..1_000_000_000,
        ) {
            let clocks = Clocks::new(cluster, soc);
            // Edge n of a clock of f Hz is at n / f.
            let before = |soc_cycle: u64, cycle: u64| soc_cycle * cluster < cycle * soc;
            let (by, from, there) = (clocks.soc_by(cycle), clocks.soc_from(cycle), clocks.cluster_from(cycle));
            prop_assert!(by * cluster <= cycle * soc && before(cycle, by + 1) || (by + 1) * cluster > cycle * soc);
            prop_assert!(!before(from, cycle) && (from == 0 || before(from - 1, cycle)));
            prop_assert!(cycle * cluster <= there * soc && (there == 0 || cycle * cluster > (there - 1) * soc));
            prop_assert!(clocks.answered(cycle, 1) > cycle || soc > cluster);
            prop_assert!(clocks.answered(cycle, 0) >= cycle);
            if cluster == soc {
                prop_assert_eq!([by, from, there, clocks.answered(cycle, 7)], [cycle, cycle, cycle, cycle + 7]);
            }
        }

        #[test]
        fn no_cycle_is_too_late(cluster in 1u64..10_000_000_000, soc in 1u64..10_000_000_000, cycle in any::<u64>()) {
            let clocks = Clocks::new(cluster, soc);
            prop_assert!(clocks.soc_by(cycle) <= clocks.soc_from(cycle));
            prop_assert!(clocks.answered(cycle, u64::MAX) == u64::MAX || soc > cluster);
        }
    }
}
