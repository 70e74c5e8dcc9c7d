//! Teams: the inner loops of matrix products on all eight workers of the machine `pulp-open`, whose loads all meet in L1.
//!
//! They compute nothing of use. They start, end and report as firmware of that machine does, so that other simulators of it
//! run them as well.

use ennead_isa::{Set, assemble};

use crate::elf;

/// One loop.
#[derive(Clone, Copy, Debug)]
pub struct Team {
    /// Its name in the benches.
    pub name: &'static str,
    /// What the body of the loop repeats: `s0` and `s1` are pointers.
    links: &'static [&'static str],
}

/// A 2 x 2 tile of bytes, and two loads for each multiply-add in binary32 and packed binary16.
pub const TEAMS: [Team; 3] = [
    Team {
        name: "tile-int8",
        links: &[
            "p.lw a0, 4(s0!)",
            "p.lw a1, 4(s1!)",
            "p.lw a2, 4(s0!)",
            "p.lw a3, 4(s1!)",
            "pv.sdotsp.b a4, a0, a1",
            "pv.sdotsp.b a5, a0, a3",
            "pv.sdotsp.b a6, a2, a1",
            "pv.sdotsp.b a7, a2, a3",
        ],
    },
    Team {
        name: "dot-fp32",
        links: &["p.lw a0, 4(s0!)", "p.lw a1, 4(s1!)", "fmadd.s a2, a0, a1, a2"],
    },
    Team {
        name: "dot-fp16",
        links: &["p.lw a0, 4(s0!)", "p.lw a1, 4(s1!)", "vfmac.h a2, a0, a1"],
    },
];

/// The machine that they are for.
pub(crate) const MACHINE: &str = "pulp-open";

const WORKERS: u32 = 8;
/// How often the body repeats the links.
const REPEATS: usize = 8;
/// Iterations, in units of 4096.
const ITERATIONS: u32 = 4;
/// Where the program lies in L2: where firmware of this machine begins.
const BASE: u32 = 0x1c00_8080;

impl Team {
    /// Instructions that a run retires at least: those of the loops.
    pub fn instructions(&self) -> u64 {
        u64::from(WORKERS * (ITERATIONS << 12)) * (REPEATS * self.links.len()) as u64
    }

    /// The program as an ELF file.
    ///
    /// # Panics
    /// If `set` does not have its instructions.
    pub fn elf(&self, set: &Set) -> Vec<u8> {
        let orchestrator = orchestrator();
        let mut lines = vec![
            "csrrs s3, mhartid, zero".to_owned(),
            "srli t0, s3, 5".to_owned(),
            "andi s3, s3, 31".to_owned(),
            "addi t1, zero, 31".to_owned(),
            format!("bne t0, t1, {}", 4 * (orchestrator.len() + 1)),
        ];
        lines.extend(orchestrator);
        lines.extend(self.worker());
        let word = |line: &String| assemble(line, set).unwrap_or_else(|error| panic!("{line}: {error}"));
        elf::file(BASE, &lines.iter().map(word).collect::<Vec<_>>())
    }

    /// What a worker does, its number being in `s3`.
    fn worker(&self) -> Vec<String> {
        // Operands, 520 bytes from those of the next worker: all ones in binary16.
        let start = [
            "lui s2, 0x10001",
            "slli t0, s3, 9",
            "add s2, s2, t0",
            "slli t0, s3, 3",
            "add s2, s2, t0",
            "lui t0, 0x3c004",
            "addi t0, t0, -1024",
        ];
        let mut lines: Vec<String> = start.map(str::to_owned).into();
        lines.extend((0..32).map(|word| format!("sw t0, {}(s2)", 4 * word)));
        lines.push(format!("lui t2, {ITERATIONS}"));
        let body = self.links.len() * REPEATS + 3;
        lines.extend(["addi s0, s2, 0", "addi s1, s2, 64"].map(str::to_owned));
        lines.extend(
            self.links
                .iter()
                .cycle()
                .take(self.links.len() * REPEATS)
                .map(|&link| link.to_owned()),
        );
        lines.push("addi t2, t2, -1".to_owned());
        lines.push(format!("bne t2, zero, -{}", 4 * body));
        // Its word says that it is done; worker 0 waits for all and ends the run.
        let end = [
            "lui t0, 0x10002",
            "slli t1, s3, 2",
            "add t1, t1, t0",
            "addi t3, zero, 1",
            "sw t3, 0(t1)",
        ];
        lines.extend(end.map(str::to_owned));
        let mut last = Vec::new();
        for worker in 0..WORKERS {
            last.push(format!("lw t3, {}(t0)", 4 * worker));
            last.push("beq t3, zero, -4".to_owned());
        }
        last.extend(["lui t0, 0x1a104", "lui t1, 0x80000", "sw t1, 160(t0)"].map(str::to_owned));
        lines.push(format!("bne s3, zero, {}", 4 * (last.len() + 1)));
        lines.extend(last);
        lines.extend(["wfi", "jal zero, -4"].map(str::to_owned));
        lines
    }
}

/// What the orchestrator does: the workers' words are cleared, the workers start where it did, and it sleeps.
fn orchestrator() -> Vec<String> {
    let mut lines = vec!["lui t1, 0x10002".to_owned()];
    lines.extend((0..WORKERS).map(|worker| format!("sw zero, {}(t1)", 4 * worker)));
    // Instruction caches.
    lines.extend(["lui t1, 0x10201", "addi t0, zero, -1", "sw t0, 1024(t1)"].map(str::to_owned));
    // Boot addresses, fetch enable.
    lines.push("lui t1, 0x10200".to_owned());
    lines.push(format!("lui t0, {:#x}", BASE >> 12));
    lines.push(format!("addi t0, t0, {}", BASE & 0xfff));
    lines.extend((0..WORKERS).map(|worker| format!("sw t0, {}(t1)", 64 + 4 * worker)));
    lines.push(format!("addi t0, zero, {}", (1 << WORKERS) - 1));
    lines.extend(["sw t0, 8(t1)", "wfi", "jal zero, -4"].map(str::to_owned));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Job;

    #[test]
    fn teams_run_to_their_end_on_all_workers() {
        for team in &TEAMS {
            let job = Job::team(team);
            let mut machine = job.machine();
            let instructions = job.run(&mut machine);
            let least = team.instructions();
            // Four more instructions for each body of 24 or 64, and some for the beginning and the end.
            assert!(
                (least..least * 5 / 4).contains(&instructions),
                "{}: {instructions}",
                team.name
            );
        }
    }
}
