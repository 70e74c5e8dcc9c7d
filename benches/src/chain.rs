//! Chains: loops in which every instruction needs the result of the one before it, so that nothing but the operation
//! itself is measured.
//!
//! They are no programs that anybody would run. The numbers stay ordinary for ever: no overflow, no subnormals, and a
//! product that is not exact in nearly every step.

use ennead_isa::{Set, assemble};

use crate::elf;

/// One chain.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// Its name in the benches.
    pub name: &'static str,
    /// Sets up the operands.
    start: &'static [&'static str],
    /// The chain, which the body of the loop repeats.
    links: &'static [&'static str],
}

/// How a chain's program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By the bench machine's exit register.
    Register,
    /// By Linux's system call, for simulators of whole processes.
    SystemCall,
}

/// An integer chain, and chains of fused multiply-adds in binary32 and packed binary16.
pub const CHAINS: [Chain; 3] = [
    Chain {
        name: "integer",
        start: &["addi a0, zero, 1", "addi a1, zero, 77"],
        links: &["add a0, a0, a1", "xor a0, a0, a1", "mul a0, a0, a1", "srli a0, a0, 1"],
    },
    Chain {
        name: "fma-fp32",
        // x = 0.7 x + 0.3: from 3.0 towards 1.0, and then about it.
        start: &[
            "lui a0, 0x40400",
            "fmv.w.x fa0, a0",
            "lui a0, 0x3f333",
            "addi a0, a0, 819",
            "fmv.w.x fa1, a0",
            "lui a0, 0x3e99a",
            "addi a0, a0, -1638",
            "fmv.w.x fa2, a0",
        ],
        links: &["fmadd.s fa0, fa0, fa1, fa2"],
    },
    Chain {
        name: "fma-fp16x2",
        // Both lanes: from 1.0 up by 0.7 * 0.3 and down again.
        start: &[
            "lui a0, 0x3c004",
            "addi a0, a0, -1024",
            "fmv.w.x fa0, a0",
            "lui a0, 0x399a4",
            "addi a0, a0, -1638",
            "fmv.w.x fa1, a0",
            "lui a0, 0x34cd3",
            "addi a0, a0, 1229",
            "fmv.w.x fa2, a0",
            "lui a0, 0xb4cdb",
            "addi a0, a0, 1229",
            "fmv.w.x fa3, a0",
        ],
        links: &["vfmac.h fa0, fa1, fa2", "vfmac.h fa0, fa1, fa3"],
    },
];

/// Instructions in the body, without those of the loop.
const BODY: usize = 64;
/// Iterations, in units of 4096.
const ITERATIONS: u32 = 4;
/// Where the program lies: in L2, as far from a page's beginning as in the file, which loaders that map files ask for.
const BASE: u32 = 0x1c00_0000 + elf::HEADERS;

impl Chain {
    /// Instructions that a run retires at least: those of the chain.
    pub fn instructions(&self) -> u64 {
        u64::from(ITERATIONS << 12) * BODY as u64
    }

    /// The program as an ELF file.
    ///
    /// # Panics
    /// If `set` does not have the chain's instructions.
    pub fn elf(&self, set: &Set, ending: Ending) -> Vec<u8> {
        let word = |line: &str| assemble(line, set).expect("the core has the instruction");
        // Floating point on; the trip count.
        let on: &[&str] = match ending {
            Ending::Register => &["lui t0, 0x2", "csrrs zero, mstatus, t0"],
            Ending::SystemCall => &[],
        };
        let count = format!("lui t0, {ITERATIONS}");
        let mut code: Vec<u32> = on.iter().chain(self.start).map(|line| word(line)).collect();
        code.push(word(&count));
        code.extend(self.links.iter().cycle().take(BODY).map(|line| word(line)));
        code.push(word("addi t0, t0, -1"));
        let back = (4 * (BODY as u32 + 1)).wrapping_neg();
        code.push(word(&format!("bne t0, zero, {back:#x}")));
        code.extend(match ending {
            Ending::Register => ["lui t1, 0x20000", "sw zero, 0(t1)", "jal zero, 0"].map(word),
            Ending::SystemCall => ["addi a0, zero, 0", "addi a7, zero, 93", "ecall"].map(word),
        });

        elf::file(BASE, &code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Job;

    #[test]
    fn chains_run_to_their_end_and_their_numbers_stay_ordinary() {
        for chain in &CHAINS {
            let job = Job::chain(chain);
            let mut machine = job.machine();
            let instructions = job.run(&mut machine);
            assert!(instructions >= chain.instructions(), "{}", chain.name);
            let value = machine.cores()[0].registers[32 + 10];
            match chain.name {
                "integer" => {}
                "fma-fp32" => assert!((f32::from_bits(value) - 1.0).abs() < 1e-6, "{value:#x}"),
                // 1.0 and at most what rounding makes of 1.21 - 0.21.
                _ => assert!(
                    [value & 0xffff, value >> 16]
                        .iter()
                        .all(|lane| lane.abs_diff(0x3c00) < 8),
                    "{value:#x}"
                ),
            }
        }
    }
}
