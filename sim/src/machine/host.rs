//! The host's end of HTIF, by which bare test programs end a run and print: what happens at a store to `tohost`.
//!
//! It is no device: it has no address of its own, takes no time, and is there only where the program has the symbol
//! `tohost` (a double word, of which the low word counts; the same for `fromhost`). An odd value ends the run with
//! code `value >> 1`. An even one is the address of four double words: a system call's number and its first three
//! arguments. The answer goes into the first of them, and 1 into `fromhost`.
//!
//! Invariant: a program without the symbol runs as if this file were not there.

use crate::elf::Image;
use crate::fault::{Fault, FaultKind, Outcome};
use crate::machine::Machine;
use crate::machine::syscall::Called;
use crate::memory::Memory;
use crate::soc::Effect;

/// Where a program and the host leave words for each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    tohost: u32,
    fromhost: Option<u32>,
}

impl Host {
    /// The words of a program that has them in memory.
    pub(super) fn of(image: &Image, memory: &Memory) -> Option<Self> {
        let word = |name: &str| {
            let symbol = image.symbols.find(name)?;
            memory.locate(symbol.address).map(|_| symbol.address)
        };
        Some(Self {
            tohost: word("tohost")?,
            fromhost: word("fromhost"),
        })
    }
}

impl Machine {
    /// Lets stores to `tohost` be noticed.
    pub(super) fn connect_host(&mut self, image: &Image) {
        self.host = Host::of(image, &self.memory);
        if let Some(host) = self.host
            && let Some((which, offset)) = self.memory.locate(host.tohost)
        {
            self.program.watch(which, offset);
        }
    }

    /// Core `index` stored to `tohost`.
    #[cold]
    #[inline(never)]
    pub(super) fn host_called(&mut self, index: usize) {
        let Some(host) = self.host else { return };
        match self.host_word(host.tohost) {
            None | Some(0) => {}
            Some(value) if value & 1 == 1 => self.carry_out(Some(index), Effect::Exit(value >> 1)),
            Some(block) => {
                self.host_answer(host.tohost, 0);
                self.call_through_memory(index, host, block);
            }
        }
    }

    fn call_through_memory(&mut self, index: usize, host: Host, block: u32) {
        let words = [0, 8, 16, 24].map(|offset| self.host_word(block.wrapping_add(offset)));
        let [Some(number), Some(a), Some(b), Some(c)] = words else {
            let problem = format!("0x{block:08x} was stored, where no system call's four double words are in memory");
            return self.host_fault(index, host, problem);
        };
        let answer = match self.system_call(index, number, [a, b, c]) {
            Called::Exit(code) => return self.carry_out(Some(index), Effect::Exit(code)),
            Called::Answer(answer) => answer,
            Called::Unknown => {
                let problem = format!("the number {number} is no system call's");
                return self.host_fault(index, host, problem);
            }
        };
        self.host_answer(block, answer as u32);
        self.host_answer(block.wrapping_add(4), (answer >> 31) as u32);
        if let Some(fromhost) = host.fromhost {
            self.host_answer(fromhost, 1);
        }
    }

    fn host_fault(&mut self, index: usize, host: Host, problem: String) {
        let kind = FaultKind::Device {
            device: "tohost".to_owned(),
            address: host.tohost,
            problem,
        };
        let at = self.place_of(index);
        self.outcome = Some(Outcome::Fault(Fault { kind, at }));
    }

    /// Bytes of memory, if all of them are in memory.
    pub(super) fn guest_bytes(&self, address: u32, size: u32) -> Option<Vec<u8>> {
        let memory = self.config.l1.size + self.config.l2.size;
        let mut bytes = vec![0; size.min(memory) as usize];
        (self.memory.dump(address, &mut bytes) == size as usize).then_some(bytes)
    }

    /// Writes bytes to memory for the host, as far as memory is there.
    pub(super) fn poke(&mut self, address: u32, bytes: &[u8]) {
        self.catch_up_with_all();
        for (at, byte) in (address..).zip(bytes) {
            let Some((which, offset)) = self.memory.locate(at) else {
                return;
            };
            let lane = at & 3;
            self.memory
                .write(which, offset, u32::from(*byte) << (8 * lane), 1 << lane);
            self.program.written(which, offset, &self.memory);
        }
    }

    pub(super) fn host_word(&self, address: u32) -> Option<u32> {
        let (which, offset) = self.memory.locate(address)?;
        Some(self.memory.read(which, offset))
    }

    fn host_answer(&mut self, address: u32, value: u32) {
        self.poke(address, &value.to_le_bytes());
    }
}
