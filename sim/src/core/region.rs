//! Regions: stretches of a program between two markers, and what each cost a core.
//!
//! A marker is the instruction `sltiu x0, x0, imm`, which does nothing on silicon; it costs nothing here either.
//!
//! Invariant: what a region cost is the difference of the core's counters at its two markers, summed over its visits.

use serde::{Deserialize, Serialize};

use super::Core;
use super::pipeline::Ledger;

/// What one region cost this core so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Region {
    /// The marker's number.
    pub id: u32,
    /// Visits that ended.
    pub visits: u64,
    /// Instructions.
    pub instret: u64,
    /// Multiply-accumulate lanes.
    pub macs: u64,
    /// Cycles by cause.
    pub ledger: Ledger,
    open: Option<Box<Open>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Open {
    instret: u64,
    macs: u64,
    ledger: Ledger,
}

impl Core {
    /// Passes the marker with the immediate `marker`: the region's number, and whether it ends.
    pub(super) fn mark(&mut self, marker: u32) {
        let (id, ends) = (marker & 1023, marker & 1024 != 0);
        let position = self.regions.iter().position(|region| region.id == id);
        let index = position.unwrap_or_else(|| {
            self.regions.push(Region {
                id,
                ..Region::default()
            });
            self.regions.len() - 1
        });
        let ledger = self.pipeline.ledger.clone();
        let region = &mut self.regions[index];
        if !ends {
            region.open = Some(Box::new(Open {
                instret: self.instret,
                macs: self.macs,
                ledger,
            }));
        } else if let Some(open) = region.open.take() {
            region.visits += 1;
            region.instret += self.instret - open.instret;
            region.macs += self.macs - open.macs;
            region.ledger.active += ledger.active - open.ledger.active;
            region.ledger.sleep += ledger.sleep - open.ledger.sleep;
            for (sum, (now, then)) in region
                .ledger
                .stalls
                .iter_mut()
                .zip(ledger.stalls.iter().zip(open.ledger.stalls))
            {
                *sum += now - then;
            }
        }
    }
}
