//! How fast the simulator is: what the benches run.

mod chain;
mod elf;
mod team;

pub use chain::{CHAINS, Chain, Ending};
pub use team::{TEAMS, Team};

use std::io::{self, Write};

use ennead_isa::Set;
use ennead_sim::config::{Config, Draft};
use ennead_sim::elf::Image;
use ennead_sim::engine::{Engine, RunOptions};
use ennead_sim::fault::Outcome;
use ennead_sim::machine::Machine;
use ennead_sim::observe::{Observer, Silent};
use ennead_sim::order::InOrder;
use ennead_sim::retire::{Record, Writer};

/// Criterion's group of [`rates`] and of [`HOST`].
pub const GROUP: &str = "rates";

/// The bench of [`host_steps`].
pub const HOST: &str = "host";

/// Steps of one measurement of [`HOST`].
pub const HOST_STEPS: u64 = 1 << 20;

/// What the criterion benches measure, by name.
pub fn rates() -> Vec<(String, Job)> {
    let chains = CHAINS
        .iter()
        .map(|chain| (format!("chain-{}", chain.name), Job::chain(chain)));
    let teams = TEAMS.iter().map(|team| (team.name.to_owned(), Job::team(team)));
    let bundled = ["matmul-fp16", "matmul-fp32", "matmul-fp16-pulp"].map(|name| (name.to_owned(), Job::bundled(name)));
    chains.chain(teams).chain(bundled).collect()
}

/// So many steps on the host, each of which needs the result of the one before: a multiplication, a shift, an exclusive or.
pub fn host_steps(steps: u64) -> u64 {
    (0..steps).fold(std::hint::black_box(1), |value: u64, step| {
        let value = (value ^ step).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        value ^ value >> 32
    })
}

/// A program and the machine that it runs on.
#[derive(Debug)]
pub struct Job {
    config: Config,
    image: Image,
    elf: Vec<u8>,
}

impl Job {
    /// The bundled program of this name, on its own machine.
    ///
    /// # Panics
    /// If there is no such program; benches name those that there are.
    pub fn bundled(name: &str) -> Self {
        let workload = ennead_workloads::find(name).expect("a bundled program");
        Self::on(workload.config, workload.elf)
    }

    /// The bundled program of this name, on a shipped machine.
    ///
    /// # Panics
    /// If there is no such program or machine; benches name those that there are.
    pub fn bundled_on(name: &str, machine: &str) -> Self {
        Self::on(machine, ennead_workloads::find(name).expect("a bundled program").elf)
    }

    /// A team's loop on the machine that it is for.
    ///
    /// # Panics
    /// Never: the teams assemble, and fit the machine.
    pub fn team(team: &Team) -> Self {
        let config = Draft::shipped(team::MACHINE).and_then(Draft::finish);
        Self::on(
            team::MACHINE,
            &team.elf(&config.expect("a shipped machine").core.instruction_set()),
        )
    }

    fn on(machine: &str, elf: &[u8]) -> Self {
        let config = Draft::shipped(machine).and_then(Draft::finish);
        Self {
            config: config.expect("a shipped machine"),
            image: Image::parse(elf).expect("a good ELF file"),
            elf: elf.to_vec(),
        }
    }

    /// A chain of dependent instructions on one core with a private FPU of the default machine's latencies.
    ///
    /// # Panics
    /// Never: the chains assemble, and fit the machine.
    pub fn chain(chain: &Chain) -> Self {
        let mut draft = Draft::shipped("cv32e40p").expect("a shipped machine");
        for key in [
            "core.packed_fp16=true",
            "fpu.divsqrt=pulp",
            "fpu.addmul_latency=1",
            "fpu.fp16_latency=1",
        ] {
            draft.assignment(key).expect("a key of the machine");
        }
        let config = draft.finish().expect("a possible machine");
        let elf = chain.elf(&config.core.instruction_set(), Ending::Register);
        Self {
            config,
            image: Image::parse(&elf).expect("a good ELF file"),
            elf,
        }
    }

    /// The ELF file.
    pub fn elf(&self) -> &[u8] {
        &self.elf
    }

    /// A machine with the program loaded.
    ///
    /// # Panics
    /// Never: the programs fit their machines.
    pub fn machine(&self) -> Machine {
        Machine::new(&self.config, &self.image).expect("the program fits")
    }

    /// The instructions that its cores have.
    pub fn instruction_set(&self) -> Set {
        self.config.core.instruction_set()
    }

    /// Runs to the end; gives the instructions retired by all cores.
    ///
    /// # Panics
    /// If the program does not end with exit code 0: then its time says nothing.
    pub fn run(&self, machine: &mut Machine) -> u64 {
        self.run_with(machine, Engine::default())
    }

    /// [`Job::run`] with this engine.
    ///
    /// # Panics
    /// As there.
    pub fn run_with(&self, machine: &mut Machine, engine: Engine) -> u64 {
        Self::watched(machine, engine, &mut Silent)
    }

    /// [`Job::run`] that writes the compact retire trace to `file`.
    ///
    /// # Errors
    /// What the file says.
    ///
    /// # Panics
    /// As there.
    pub fn trace(&self, machine: &mut Machine, file: impl Write) -> io::Result<u64> {
        let mut writer = Writer::new(file, machine.cores().len())?;
        let mut written = Ok(());
        let mut rows = InOrder::new(&self.config, |records: &[Record]| {
            if written.is_ok() {
                written = writer.write_all(records);
            }
        });
        let instructions = Self::watched(machine, Engine::default(), &mut rows);
        rows.end(machine.counters().cycles);
        written?;
        writer.end()?;
        Ok(instructions)
    }

    fn watched<O: Observer>(machine: &mut Machine, engine: Engine, observer: &mut O) -> u64 {
        let options = RunOptions {
            engine,
            ..RunOptions::default()
        };
        let outcome = machine.run(&options, observer);
        assert!(matches!(&outcome, Outcome::Exit(exit) if exit.code == 0), "{outcome:?}");
        machine.counters().instret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ennead_sim::retire::Reader;

    #[test]
    fn a_traced_run_writes_every_instruction() {
        let job = Job::bundled("hello");
        let mut bytes = Vec::new();
        let instructions = job.trace(&mut job.machine(), &mut bytes).unwrap();
        let records: Vec<Record> = Reader::new(&bytes[..]).unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(records.len() as u64, instructions);
        assert_eq!(instructions, job.run(&mut job.machine()));
    }
}
