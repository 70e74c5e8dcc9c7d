//! What several tests share: a generator of pseudo-random numbers, and the sets that a core can have.

#![allow(dead_code, reason = "no test uses all of it")]

use ennead_isa::Set;
use ennead_isa::set::{FloatRegisters, Gap, Pulp};
use ennead_isa::table::Row;

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every host.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn word(&mut self) -> u32 {
        self.next() as u32
    }

    /// A word that is a corner case more often than chance would have it.
    pub(crate) fn operand(&mut self) -> u32 {
        const CORNERS: [u32; 16] = [
            0,
            1,
            2,
            31,
            32,
            33,
            0x7f,
            0x80,
            0x7fff,
            0x8000,
            0x7fff_ffff,
            0x8000_0000,
            0x8000_8000,
            0x8080_8080,
            0x7f7f_7f7f,
            u32::MAX,
        ];
        match self.next() % 4 {
            0 => CORNERS[(self.next() % 16) as usize],
            1 => CORNERS[(self.next() % 16) as usize] ^ (1 << (self.next() % 32)),
            _ => self.word(),
        }
    }

    /// A word that `row` matches.
    pub(crate) fn word_of(&mut self, row: &Row) -> u32 {
        let width = u32::MAX >> (32 - 8 * u32::from(row.len));
        (row.bits | (self.word() & !row.mask)) & width
    }
}

/// Every combination of extensions that makes sense.
pub(crate) fn legal_sets() -> Vec<Set> {
    let mut sets = Vec::new();
    for flags in 0..64u32 {
        let flag = |bit: u32| (flags >> bit) & 1 == 1;
        for float_registers in [FloatRegisters::F, FloatRegisters::X] {
            for pulp in [Pulp::None, Pulp::Xpulpv2, Pulp::Xcv] {
                for gap in [Gap::None, Gap::Gap8, Gap::Gap9] {
                    sets.push(Set {
                        c: flag(0),
                        f: flag(1),
                        pulp,
                        float_registers,
                        packed_fp16: flag(2),
                        xfaux: flag(3),
                        float8: flag(4),
                        zfh: flag(5),
                        gap,
                    });
                }
            }
        }
    }
    sets.retain(is_legal);
    sets
}

fn is_legal(set: &Set) -> bool {
    (set.f || !(set.zfh || set.packed_fp16))
        && (set.packed_fp16 || !(set.float8 || set.xfaux))
        && (set.gap == Gap::None || set.pulp == Pulp::Xpulpv2)
}

/// Sets that together decode every row that can be decoded at all.
pub(crate) fn covering_sets() -> Vec<Set> {
    let full = |pulp, gap, float_registers| Set {
        c: true,
        f: true,
        pulp,
        float_registers,
        packed_fp16: true,
        xfaux: true,
        float8: true,
        zfh: false,
        gap,
    };
    vec![
        full(Pulp::Xcv, Gap::None, FloatRegisters::F),
        full(Pulp::Xpulpv2, Gap::Gap8, FloatRegisters::X),
        full(Pulp::Xpulpv2, Gap::Gap9, FloatRegisters::F),
        Set {
            zfh: true,
            ..Set::RV32IMFC
        },
        Set {
            zfh: true,
            float_registers: FloatRegisters::X,
            ..Set::RV32IMFC
        },
    ]
}
