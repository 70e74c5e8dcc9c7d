//! Which instructions a core decodes.
//!
//! A [`Set`] is plain data; it is not a list of rows. Every table row names the extensions that it needs, and
//! [`Set::has`] is the one place that says which of them a core provides.
//!
//! Invariant: for every set, no two rows that it provides claim the same word, unless one of them is a stated
//! specialisation of the other (the tests enumerate all sets).

use std::fmt;

/// The PULP instruction family of a core. The two families reuse each other's words, so a core has at most one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pulp {
    /// Neither.
    #[default]
    None,
    /// The legacy family of RI5CY, as the PULP GCC emits it.
    Xpulpv2,
    /// The CORE-V family of CV32E40P v1 and later.
    Xcv,
}

/// Where floats live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FloatRegisters {
    /// In a file of their own.
    #[default]
    F,
    /// In the integer registers (Zfinx, or RI5CY's shared file).
    X,
}

/// The extras of a GAP processor on top of Xpulpv2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gap {
    /// None of them.
    #[default]
    None,
    /// GAP8's encodings.
    Gap8,
    /// GAP9's encodings.
    Gap9,
}

/// What one core decodes. RV32IM, Zicsr and Zifencei are always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Set {
    /// Compressed instructions (C, and with F in its own file the compressed float loads and stores).
    pub c: bool,
    /// Single precision (F, or Zfinx where floats live in the integer registers).
    pub f: bool,
    /// The PULP family.
    pub pulp: Pulp,
    /// Where floats live.
    pub float_registers: FloatRegisters,
    /// Xf16, Xf16alt and Xfvec: scalar and packed binary16 and bfloat16. Needs `f`.
    pub packed_fp16: bool,
    /// Xfaux: packed averages, dot products and the expanding operations, which the open cores' decoders leave out.
    /// Needs `packed_fp16`.
    pub xfaux: bool,
    /// Xf8: scalar and packed FP8. Needs `packed_fp16`.
    pub float8: bool,
    /// Zfh (or Zhinx): scalar binary16 with the standard's boxing rules. Where `packed_fp16` is set too, its unchecked
    /// boxing holds for the encodings that both share.
    pub zfh: bool,
    /// The GAP extras. They need `pulp` to be Xpulpv2.
    pub gap: Gap,
}

impl Set {
    /// RV32IMFC with a float file and nothing else: what public test suites expect.
    pub const RV32IMFC: Set = Set {
        c: true,
        f: true,
        pulp: Pulp::None,
        float_registers: FloatRegisters::F,
        packed_fp16: false,
        xfaux: false,
        float8: false,
        zfh: false,
        gap: Gap::None,
    };

    /// Whether a core with this set provides `extension`.
    pub const fn has(&self, extension: Extension) -> bool {
        let own_file = matches!(self.float_registers, FloatRegisters::F);
        let packed = self.f && self.packed_fp16;
        match extension {
            Extension::I | Extension::M | Extension::Zicsr | Extension::Zifencei => true,
            Extension::C => self.c,
            Extension::F => self.f,
            Extension::FloatMemory => self.f && (own_file || matches!(self.pulp, Pulp::Xpulpv2)),
            Extension::FloatMove => self.f && (own_file || !matches!(self.pulp, Pulp::None)),
            Extension::Zfh => self.f && self.zfh && own_file && !self.packed_fp16,
            Extension::Zhinx => self.f && self.zfh && !own_file && !self.packed_fp16,
            Extension::Xf16 | Extension::Xf16alt | Extension::Xfvec => packed,
            Extension::Xfaux => packed && self.xfaux,
            Extension::Xf8 => packed && self.float8,
            Extension::Xpulpv2 => matches!(self.pulp, Pulp::Xpulpv2),
            Extension::Xcv => matches!(self.pulp, Pulp::Xcv),
            Extension::Gap8 => matches!((self.pulp, self.gap), (Pulp::Xpulpv2, Gap::Gap8)),
            Extension::Gap9 => matches!((self.pulp, self.gap), (Pulp::Xpulpv2, Gap::Gap9)),
        }
    }
}

/// What a row asks of a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extension {
    /// Base integer instructions and the machine-mode instructions that go with them.
    I,
    /// Multiply and divide.
    M,
    /// Compressed.
    C,
    /// Access to control and status registers.
    Zicsr,
    /// Instruction-fetch fence.
    Zifencei,
    /// Single precision, in either register style.
    F,
    /// Loads and stores of floats: with a float file, and on RI5CY-like cores without one, where they are loads and
    /// stores of the shared registers (so GVSoC has them; Zfinx drops them).
    FloatMemory,
    /// Moves between integers and floats: with a float file, and on RI5CY-like cores without one, whose decoder keeps
    /// them (Zfinx and Zhinx drop them).
    FloatMove,
    /// Scalar binary16 with NaN-boxing checks.
    Zfh,
    /// Scalar binary16 in integer registers: the low half is read, the result is sign-extended.
    Zhinx,
    /// Scalar binary16 as FPnew does it: the low half is read unchecked, the result is extended with ones.
    Xf16,
    /// The same for bfloat16.
    Xf16alt,
    /// The same for FP8 (E5M2).
    Xf8,
    /// Packed floats.
    Xfvec,
    /// Expanding multiplies, dot products and averages.
    Xfaux,
    /// The legacy PULP family.
    Xpulpv2,
    /// The CORE-V family.
    Xcv,
    /// GAP8's extras.
    Gap8,
    /// GAP9's extras.
    Gap9,
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Extension::I => "RV32I",
            Extension::M => "M",
            Extension::C => "C",
            Extension::Zicsr => "Zicsr",
            Extension::Zifencei => "Zifencei",
            Extension::F => "F",
            Extension::FloatMemory => "float memory",
            Extension::FloatMove => "float moves",
            Extension::Zfh => "Zfh",
            Extension::Zhinx => "Zhinx",
            Extension::Xf16 => "Xf16",
            Extension::Xf16alt => "Xf16alt",
            Extension::Xf8 => "Xf8",
            Extension::Xfvec => "Xfvec",
            Extension::Xfaux => "Xfaux",
            Extension::Xpulpv2 => "Xpulpv2",
            Extension::Xcv => "XCV",
            Extension::Gap8 => "GAP8",
            Extension::Gap9 => "GAP9",
        })
    }
}
