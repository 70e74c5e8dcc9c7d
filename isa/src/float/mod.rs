//! Exact binary floating point: binary32, binary16, bfloat16 and FP8 (E5M2), every rounding mode, every flag.

/// A rounding mode, with the encoding of `frm`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rounding {
    /// To nearest, ties to even.
    #[default]
    Rne = 0,
    /// Towards zero.
    Rtz = 1,
    /// Down.
    Rdn = 2,
    /// Up.
    Rup = 3,
    /// To nearest, ties away from zero.
    Rmm = 4,
}

/// Exception flags with the encoding of `fflags`: NV 16, DZ 8, OF 4, UF 2, NX 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u8);

/// A result and the flags that it raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flagged {
    /// The destination register's 32 bits.
    pub bits: u32,
    /// The flags raised.
    pub flags: Flags,
}
