//! Prints the instruction reference page.

fn main() {
    print!("{}", ennead_isa::reference::page());
}
