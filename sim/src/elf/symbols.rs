//! Names of addresses.
//!
//! Only what a person would look for: no mapping symbols, no section and file names.
//!
//! Invariant: ordered by address; of several names for one address the best comes last.

use goblin::elf::sym::{STB_GLOBAL, STT_FILE, STT_FUNC, STT_NOTYPE, STT_OBJECT, STT_SECTION, Sym};

/// One named address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The name.
    pub name: String,
    /// The linked address.
    pub address: u32,
    /// Bytes, or 0 where the file does not say.
    pub size: u32,
    /// Whether it is a function.
    pub function: bool,
}

/// The symbols of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols(Vec<Symbol>);

impl Symbols {
    pub(super) fn new<'a>(entries: impl Iterator<Item = (&'a Sym, String)>) -> Self {
        let mut symbols: Vec<_> = entries
            .filter(|(entry, name)| {
                let kind = entry.st_type();
                !name.is_empty()
                    && !name.starts_with('$')
                    && entry.st_shndx != 0
                    && kind != STT_SECTION
                    && kind != STT_FILE
            })
            .map(|(entry, name)| {
                let rank = match entry.st_type() {
                    STT_FUNC => 3,
                    STT_OBJECT => 2,
                    STT_NOTYPE if !name.starts_with(".L") => 1,
                    _ => 0,
                };
                let function = entry.st_type() == STT_FUNC;
                let symbol = Symbol {
                    name,
                    address: entry.st_value as u32,
                    size: entry.st_size as u32,
                    function,
                };
                ((symbol.address, rank, entry.st_bind() == STB_GLOBAL), symbol)
            })
            .collect();
        symbols.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| y.name.cmp(&x.name)));
        Self(symbols.into_iter().map(|(_, symbol)| symbol).collect())
    }

    /// All of them, ordered by address.
    pub fn all(&self) -> &[Symbol] {
        &self.0
    }

    /// The symbol of this name; a function or object before a bare label.
    pub fn find(&self, name: &str) -> Option<&Symbol> {
        self.0
            .iter()
            .filter(|symbol| symbol.name == name)
            .max_by_key(|symbol| (symbol.function, symbol.size))
    }

    /// What an address belongs to: the innermost symbol with a size that covers it, else the nearest label below it.
    pub fn at(&self, address: u32) -> Option<&Symbol> {
        let below = &self.0[..self.0.partition_point(|symbol| symbol.address <= address)];
        let covers = |symbol: &&Symbol| address - symbol.address < symbol.size;
        let label = |symbol: &&Symbol| symbol.size == 0 && !symbol.name.starts_with(".L");
        below
            .iter()
            .rev()
            .find(covers)
            .or_else(|| below.iter().rev().find(label))
    }

    /// The name of an address, as [`Symbols::at`] finds it.
    pub fn name(&self, address: u32) -> Option<String> {
        let symbol = self.at(address)?;
        Some(match address - symbol.address {
            0 => symbol.name.clone(),
            offset => format!("{}+0x{offset:x}", symbol.name),
        })
    }
}
