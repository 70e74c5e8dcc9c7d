//! GDB's `monitor` commands: what its protocol has no words for, which is time.

use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, outputln};

use super::target::{Harts, StepUnit};

const HELP: &str = "\
cycle                       the cycle in which the machine stands
cores                       what every core does or waits for
stepi cycles|instructions   what GDB's stepi is: a cycle of all cores, or an instruction of one (at first)
until CYCLE                 the next continue stops before the instructions of this cycle
stepc [N]                   let N cycles pass (1 if left out), breakpoints or not; then: maintenance flush register-cache";

impl MonitorCmd for Harts {
    fn handle_monitor_cmd(&mut self, command: &[u8], mut out: ConsoleOutput<'_>) -> Result<(), Self::Error> {
        let text = String::from_utf8_lossy(command);
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        match words.as_slice() {
            ["cycle"] => outputln!(out, "cycle {}", self.debugger.cycle()),
            ["cores"] => {
                for core in 0..self.machine().cores().len() {
                    let state = self.debugger.state(core);
                    let at = state
                        .pc
                        .map_or(String::new(), |pc| format!(", at 0x{pc:08x}{}", self.symbol(pc)));
                    outputln!(out, "{} {}{at}", state.core, state.doing.text());
                }
            }
            ["stepi", "cycles" | "cycle"] => self.unit = StepUnit::Cycle,
            ["stepi", "instructions" | "instruction"] => self.unit = StepUnit::Instruction,
            ["until", cycle] => match cycle.parse::<u64>() {
                Ok(cycle) if cycle > self.debugger.cycle() => self.debugger.stop_at(cycle),
                Ok(_) => outputln!(out, "it is cycle {} already", self.debugger.cycle()),
                Err(_) => outputln!(out, "until {cycle}: CYCLE is a whole number"),
            },
            ["stepc"] => self.step_cycles(1, out),
            ["stepc", count] => match count.parse() {
                Ok(count) => self.step_cycles(count, out),
                Err(_) => outputln!(out, "stepc {count}: N is a whole number"),
            },
            _ => outputln!(out, "{HELP}"),
        }
        Ok(())
    }
}

impl Harts {
    fn step_cycles(&mut self, count: u64, mut out: ConsoleOutput<'_>) {
        if count > 0 {
            // What ended the run in these cycles is told when GDB runs it on.
            self.pending = self.pass(count);
        }
        outputln!(out, "cycle {}", self.debugger.cycle());
    }
}
