//! Which function an address belongs to, as traces name it.
//!
//! Invariant: one address has one function, and asking again costs a look into a table.

use std::collections::HashMap;

use ennead_sim::elf::Image;

/// An index into the names of functions.
pub(super) type Function = usize;

/// The functions of a program.
pub(super) struct Functions {
    /// Start, end (0 where the file does not say), name.
    symbols: Vec<(u32, u32, String)>,
    known: HashMap<u32, Function>,
    names: Vec<String>,
}

impl Functions {
    pub(super) fn new(image: &Image) -> Self {
        let symbols = image
            .symbols
            .all()
            .iter()
            .filter(|symbol| symbol.function || symbol.size == 0);
        let symbols = symbols.filter(|symbol| !symbol.name.starts_with(".L"));
        Self {
            symbols: symbols
                .map(|symbol| {
                    let end = symbol.address.saturating_add(symbol.size);
                    (
                        symbol.address,
                        if symbol.size == 0 { 0 } else { end },
                        symbol.name.clone(),
                    )
                })
                .collect(),
            known: HashMap::new(),
            names: Vec::new(),
        }
    }

    /// The function at an address: the innermost that covers it, else the nearest label below it, else the address.
    pub(super) fn at(&mut self, pc: u32) -> Function {
        if let Some(function) = self.known.get(&pc) {
            return *function;
        }
        let below = &self.symbols[..self.symbols.partition_point(|symbol| symbol.0 <= pc)];
        let covers = below.iter().rev().find(|symbol| pc < symbol.1);
        let label = || below.iter().rev().find(|symbol| symbol.1 == 0);
        let name = covers
            .or_else(label)
            .map_or_else(|| format!("0x{pc:08x}"), |symbol| symbol.2.clone());
        let function = self.names.iter().position(|other| *other == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        self.known.insert(pc, function);
        function
    }

    /// Its name.
    pub(super) fn name(&self, function: Function) -> &str {
        &self.names[function]
    }
}
