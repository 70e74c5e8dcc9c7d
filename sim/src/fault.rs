//! How a run ended, and what went wrong if something did: what, where (core, pc), when (cycle), and what to do.
//!
//! A machine fills these in from what it has at hand, which is numbers; symbols are added when the text is made (the
//! caller passes a function from address to `symbol+offset`). Nothing here prints or exits.
//!
//! Invariant: every variant has a text that names the cause and a text that says what to do.

use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The guest ended the run through an exit device.
    Exit(Exit),
    /// The guest did something that the machine cannot do.
    Fault(Fault),
    /// The cycle limit was reached first.
    Limit(Limit),
    /// No core can ever run again.
    Deadlock(Deadlock),
}

/// The guest's own end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The guest's code, unshortened.
    pub code: u32,
    /// The core that stored it.
    pub at: Place,
}

/// Where and when something happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The core's name as in its counters.
    pub core: String,
    /// Address of the instruction.
    pub pc: u32,
    /// Cluster clock cycle.
    pub cycle: u64,
}

/// Something that the guest did and the machine cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What it was.
    pub kind: FaultKind,
    /// Where and when.
    pub at: Place,
}

/// What an access was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// Instruction fetch.
    Fetch,
    /// Load.
    Load,
    /// Store.
    Store,
}

impl Access {
    fn verb(self) -> &'static str {
        match self {
            Access::Fetch => "instruction fetch from",
            Access::Load => "load from",
            Access::Store => "store to",
        }
    }
}

/// The kinds of guest faults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// No instruction of the core's configuration has this encoding, and no handler took the trap.
    IllegalInstruction {
        /// The encoding; a compressed one is in the low half.
        word: u32,
        /// Its bytes: 2 or 4.
        len: u8,
    },
    /// It is an instruction of the core, but floating point is off in `mstatus.FS`, and no handler took the trap.
    FloatOff {
        /// The encoding; a compressed one is in the low half.
        word: u32,
        /// Its bytes: 2 or 4.
        len: u8,
    },
    /// Nothing answers at the address.
    Unmapped {
        /// Load, store or fetch.
        access: Access,
        /// The address.
        address: u32,
        /// Bytes.
        width: u8,
    },
    /// The device at the address has no hardware for this alignment or width.
    Misaligned {
        /// Load, store or fetch.
        access: Access,
        /// The address.
        address: u32,
        /// Bytes.
        width: u8,
        /// Who answers there, for example `event unit`.
        device: String,
    },
    /// A trap in the trap handler: the vector itself cannot be executed.
    DoubleTrap {
        /// `mcause` of the trap that could not be taken.
        cause: u32,
        /// The address that the core would have gone to.
        vector: u32,
    },
    /// A trap that no handler is there for (`ecall`, `ebreak` with no vector set).
    UnhandledTrap {
        /// `mcause`.
        cause: u32,
    },
    /// A device was given something that it does not do.
    Device {
        /// Who answers there, for example `dma`.
        device: String,
        /// The address.
        address: u32,
        /// What it was and what the device expects.
        problem: String,
    },
    /// Code left the documented constraints of the hardware (only where a run asked for strict checks).
    Strict {
        /// The rule's name and text.
        rule: String,
    },
}

impl FaultKind {
    /// What went wrong, without place and time.
    pub fn what(&self) -> String {
        match self {
            FaultKind::IllegalInstruction { word, len: 2 } => format!("illegal instruction 0x{word:04x} (16 bits)"),
            FaultKind::IllegalInstruction { word, .. } => format!("illegal instruction 0x{word:08x}"),
            FaultKind::FloatOff { word, len } => format!(
                "{}, a floating-point instruction while mstatus.FS is off",
                FaultKind::IllegalInstruction { word: *word, len: *len }.what()
            ),
            FaultKind::Unmapped { access, address, width } => {
                format!(
                    "{} 0x{address:08x} ({width} bytes), where nothing is mapped",
                    access.verb()
                )
            }
            FaultKind::Misaligned {
                access,
                address,
                width,
                device,
            } => {
                format!(
                    "{} 0x{address:08x} ({width} bytes), which {device} cannot do at that alignment",
                    access.verb()
                )
            }
            FaultKind::DoubleTrap { cause, vector } => format!(
                "trap ({}) whose handler at 0x{vector:08x} traps at once (double trap)",
                trap_cause(*cause)
            ),
            FaultKind::UnhandledTrap { cause } => format!("trap ({}) with no handler installed", trap_cause(*cause)),
            FaultKind::Device {
                device,
                address,
                problem,
            } => format!("{device} at 0x{address:08x}: {problem}"),
            FaultKind::Strict { rule } => format!("code outside the hardware's constraints: {rule}"),
        }
    }

    /// What a person can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            FaultKind::IllegalInstruction { .. } => {
                "check that the program was compiled for this core (`ennead inspect` shows what it asks for; core.isa, \
                 core.fp_registers and core.packed_fp16 say what the core has)"
            }
            FaultKind::FloatOff { .. } => {
                "switch floating point on at the start of the program (li t0, 0x2000; csrs mstatus, t0), as the hardware \
                 needs it, or set core.fs_traps = false"
            }
            FaultKind::Unmapped {
                access: Access::Fetch, ..
            } => "the core jumped out of its program: look at the return address and at function pointers",
            FaultKind::Unmapped { .. } => {
                "check the pointer against the memory map in docs/machine.md, and l1.size and l2.size against the linker \
                 script"
            }
            FaultKind::Misaligned { .. } => "use an aligned access of the register's own width",
            FaultKind::DoubleTrap { .. } | FaultKind::UnhandledTrap { .. } => {
                "point mtvec at a trap handler, or remove the cause of the trap"
            }
            FaultKind::Device { .. } => "check the command against the register description in docs/machine.md",
            FaultKind::Strict { .. } => "rewrite the code, or run without --strict",
        }
    }
}

/// The name of an `mcause` value (privileged specification, table of machine cause values).
pub fn trap_cause(cause: u32) -> String {
    let name = match cause {
        0 => "instruction address misaligned",
        1 => "instruction access fault",
        2 => "illegal instruction",
        3 => "breakpoint",
        4 => "load address misaligned",
        5 => "load access fault",
        6 => "store address misaligned",
        7 => "store access fault",
        11 => "environment call",
        _ if cause >> 31 == 1 => return format!("interrupt {}", cause & 0x7fff_ffff),
        _ => return format!("cause {cause}"),
    };
    name.to_owned()
}

/// The cycle limit was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The limit, in cluster clock cycles.
    pub max_cycles: u64,
    /// Where each core was.
    pub cores: Vec<CoreState>,
}

/// Every core sleeps and nothing is left that could wake one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// The cycle from which on nothing can happen.
    pub cycle: u64,
    /// What each core waits for.
    pub cores: Vec<CoreState>,
}

/// What one core was doing when the run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreState {
    /// The core's name as in its counters.
    pub core: String,
    /// Address of the instruction that it is at; none before it was started.
    pub pc: Option<u32>,
    /// Whether it runs, and if not, what it waits for.
    pub doing: Doing,
}

/// Whether a core runs, and if not, what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It executes.
    Running,
    /// Its fetch enable was never set.
    NotStarted,
    /// It was stopped by its fetch enable, or by an exit of its own.
    Stopped,
    /// `wfi` with this set of enabled interrupt lines.
    Interrupt {
        /// One bit a line.
        enabled: u32,
    },
    /// Event-unit lines.
    Events {
        /// One bit a line.
        mask: u32,
    },
    /// Anything else that it waits for, in words, for example `barrier 0 (arrived 0x1 of 0x3)`.
    Other(String),
}

impl Doing {
    /// The state in words.
    pub fn text(&self) -> String {
        match self {
            Doing::Running => "is running".to_owned(),
            Doing::NotStarted => "was never started (its fetch enable is 0)".to_owned(),
            Doing::Stopped => "was stopped".to_owned(),
            Doing::Interrupt { enabled: 0 } => "waits in wfi with every interrupt disabled".to_owned(),
            Doing::Interrupt { enabled } => format!("waits in wfi for an interrupt of 0x{enabled:08x}"),
            Doing::Events { mask: 0 } => "waits for events with an empty event mask".to_owned(),
            Doing::Events { mask } => format!("waits for {}", event_lines(*mask)),
            Doing::Other(what) => format!("waits for {what}"),
        }
    }
}

/// The names of the cluster's event lines that a mask selects (PULP-open: 0..7 software, 8 and 9 DMA, 10 and 11 timer,
/// 16 barrier, 17 mutex, 18 dispatch, 22 external DMA, 27 SoC events).
fn event_lines(mask: u32) -> String {
    let mut text = String::new();
    for line in (0..32).filter(|line| mask >> line & 1 == 1) {
        if !text.is_empty() {
            text.push_str(" or ");
        }
        match line {
            0..=7 => write!(text, "software event {line}"),
            8 | 9 => write!(text, "DMA event {line}"),
            10 | 11 => write!(text, "timer event {line}"),
            16 => write!(text, "a barrier"),
            17 => write!(text, "a mutex"),
            18 => write!(text, "a dispatched task"),
            22 => write!(text, "the external DMA event"),
            27 => write!(text, "a SoC event"),
            _ => write!(text, "event {line}"),
        }
        .expect("writing to a string succeeds");
    }
    text
}

impl Outcome {
    /// The report's `outcome.kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Outcome::Exit(_) => "exit",
            Outcome::Fault(_) => "fault",
            Outcome::Limit(_) => "limit",
            Outcome::Deadlock(_) => "deadlock",
        }
    }

    /// One message for a person: what, where, what to do. `symbol` turns an address into `name+offset`.
    pub fn message(&self, symbol: &dyn Fn(u32) -> Option<String>) -> String {
        match self {
            Outcome::Exit(exit) => format!("the guest exited with code {}", exit.code),
            Outcome::Fault(fault) => format!(
                "{} at {} on {}, cycle {}; {}",
                fault.kind.what(),
                place(fault.at.pc, symbol),
                fault.at.core,
                fault.at.cycle,
                fault.kind.advice()
            ),
            Outcome::Limit(limit) => format!(
                "the run did not end within {} cycles; raise --max-cycles if it needs more{}",
                limit.max_cycles,
                states(&limit.cores, symbol)
            ),
            Outcome::Deadlock(deadlock) => format!(
                "since cycle {} every core waits, and nothing is left that could wake one{}",
                deadlock.cycle,
                states(&deadlock.cores, symbol)
            ),
        }
    }
}

/// `pc 0x1c008080 (main+0x10)`.
fn place(pc: u32, symbol: &dyn Fn(u32) -> Option<String>) -> String {
    match symbol(pc) {
        Some(name) => format!("pc 0x{pc:08x} ({name})"),
        None => format!("pc 0x{pc:08x}"),
    }
}

/// One line a core, each opening with a line break.
fn states(cores: &[CoreState], symbol: &dyn Fn(u32) -> Option<String>) -> String {
    let mut text = String::new();
    for state in cores {
        write!(text, "\n  {} {}", state.core, state.doing.text()).expect("writing to a string succeeds");
        if let Some(pc) = state.pc {
            write!(text, ", at {}", place(pc, symbol)).expect("writing to a string succeeds");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(pc: u32) -> Option<String> {
        (pc == 0x1c00_8090).then(|| "main+0x10".to_owned())
    }

    #[test]
    fn a_fault_says_what_where_who_when_and_what_to_do() {
        let at = Place {
            core: "cluster.worker[3]".into(),
            pc: 0x1c00_8090,
            cycle: 77,
        };
        let kind = FaultKind::Unmapped {
            access: Access::Load,
            address: 0x4000_0000,
            width: 4,
        };
        let text = Outcome::Fault(Fault { kind, at }).message(&symbols);
        for part in [
            "load from 0x40000000",
            "0x1c008090 (main+0x10)",
            "cluster.worker[3]",
            "cycle 77",
            "l2.size",
        ] {
            assert!(text.contains(part), "{part:?} is missing in {text:?}");
        }
    }

    #[test]
    fn a_deadlock_names_every_core_and_what_it_waits_for() {
        let cores = vec![
            CoreState {
                core: "w0".into(),
                pc: Some(0x1c00_8090),
                doing: Doing::Other("barrier 2 (arrived 0x1 of 0x3)".into()),
            },
            CoreState {
                core: "w1".into(),
                pc: None,
                doing: Doing::NotStarted,
            },
        ];
        let text = Outcome::Deadlock(Deadlock { cycle: 9, cores }).message(&symbols);
        for part in [
            "cycle 9",
            "w0 waits for barrier 2",
            "arrived 0x1 of 0x3",
            "main+0x10",
            "w1 was never started",
        ] {
            assert!(text.contains(part), "{part:?} is missing in {text:?}");
        }
    }

    #[test]
    fn an_event_mask_is_spelt_out() {
        assert_eq!(
            Doing::Events { mask: 0x0001_0101 }.text(),
            "waits for software event 0 or DMA event 8 or a barrier"
        );
    }
}
