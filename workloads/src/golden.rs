//! Comparison of a program's result with the tensor it should be.
//!
//! Two answers are kept for each result, both made by `golden/generate.py` without our simulator and without our
//! kernels. `exact` performs the roundings that the kernel documents, in its order, and has to be met to the last bit.
//! `reference` is the same sum in float64: it says that `exact` is the right thing to compute, within a tolerance.

use half::{bf16, f16};

/// The type of the elements of a tensor in memory, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// IEEE binary32.
    F32,
    /// IEEE binary16.
    F16,
    /// bfloat16: the upper half of a binary32.
    Bf16,
}

impl Element {
    /// Bytes of one element.
    pub const fn size(self) -> usize {
        match self {
            Element::F32 => 4,
            Element::F16 | Element::Bf16 => 2,
        }
    }

    /// The element in the first [`size`](Self::size) bytes.
    fn decode(self, bytes: &[u8]) -> f64 {
        match self {
            Element::F32 => f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]).into(),
            Element::F16 => f16::from_le_bytes([bytes[0], bytes[1]]).into(),
            Element::Bf16 => bf16::from_le_bytes([bytes[0], bytes[1]]).into(),
        }
    }
}

/// What a program has to leave in memory.
#[derive(Clone, Copy, Debug)]
pub struct Golden {
    /// The symbol where the result begins.
    pub symbol: &'static str,
    /// The type of its elements.
    pub element: Element,
    /// Its extents, slowest first.
    pub shape: &'static [usize],
    /// The result to the last bit, in the element type.
    pub exact: &'static [u8],
    /// The float64 result, stored as binary32: of every [`every`](Self::every)th element.
    pub reference: &'static [u8],
    /// How many elements lie from one with a reference to the next; the first has one.
    pub every: usize,
    /// Error allowed against the reference, relative to it.
    pub rtol: f64,
    /// Error allowed against the reference beside `rtol`.
    pub atol: f64,
}

/// A result that is right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoldenPass {
    /// How many elements were compared.
    pub elements: usize,
    /// The largest distance from the float64 reference.
    pub max_abs_error: f64,
}

/// A result that is wrong.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GoldenMismatch {
    /// The memory that was read has another size than the tensor.
    #[error("{symbol} holds {found} bytes, but the expected tensor {shape:?} has {expected}")]
    Size {
        /// Where the result was looked for.
        symbol: &'static str,
        /// The extents expected.
        shape: &'static [usize],
        /// The bytes expected.
        expected: usize,
        /// The bytes found.
        found: usize,
    },
    /// Some elements differ.
    #[error(
        "{symbol}{index:?} is {found:e} ({found_bits:#x}) and should be {expected:e} ({expected_bits:#x}); {different} \
         of {elements} elements differ from the exact result, {outside} of them by more than the tolerance; largest \
         error {max_abs_error:e}"
    )]
    Elements {
        /// Where the result begins.
        symbol: &'static str,
        /// The first element that differs, one index for each extent.
        index: Vec<usize>,
        /// Its value.
        found: f64,
        /// The bits of its value.
        found_bits: u32,
        /// The value expected there.
        expected: f64,
        /// The bits expected there.
        expected_bits: u32,
        /// How many elements differ from the exact result.
        different: usize,
        /// How many elements differ from the reference by more than the tolerance, or are not numbers.
        outside: usize,
        /// How many elements there are.
        elements: usize,
        /// The largest distance from the reference; infinite where a result is not a number.
        max_abs_error: f64,
    },
}

impl Golden {
    /// Bytes of the result.
    pub fn size(&self) -> usize {
        self.shape.iter().product::<usize>() * self.element.size()
    }

    /// Compares what a program left at [`symbol`](Self::symbol) with what it should be.
    ///
    /// # Errors
    /// The result has another size, differs from the exact one in any bit, or lies outside the tolerance.
    pub fn check(&self, bytes: &[u8]) -> Result<GoldenPass, GoldenMismatch> {
        if bytes.len() != self.size() {
            return Err(GoldenMismatch::Size {
                symbol: self.symbol,
                shape: self.shape,
                expected: self.size(),
                found: bytes.len(),
            });
        }
        let size = self.element.size();
        let mut first = None;
        let (mut different, mut outside) = (0, 0);
        let mut max_abs_error = 0.0_f64;
        let elements = bytes.chunks_exact(size).zip(self.exact.chunks_exact(size));
        for (index, (found, exact)) in elements.enumerate() {
            let mut is_outside = false;
            if let Some(reference) = self.reference(index) {
                let error = (self.element.decode(found) - reference).abs();
                let error = if error.is_nan() { f64::INFINITY } else { error };
                max_abs_error = max_abs_error.max(error);
                is_outside = error > self.atol + self.rtol * reference.abs();
            }
            outside += usize::from(is_outside);
            different += usize::from(found != exact);
            if first.is_none() && (is_outside || found != exact) {
                first = Some((index, found, exact));
            }
        }
        let elements = bytes.len() / size;
        let Some((index, found, exact)) = first else {
            return Ok(GoldenPass {
                elements,
                max_abs_error,
            });
        };
        Err(GoldenMismatch::Elements {
            symbol: self.symbol,
            index: self.position(index),
            found: self.element.decode(found),
            found_bits: bits(found),
            expected: self.element.decode(exact),
            expected_bits: bits(exact),
            different,
            outside,
            elements,
            max_abs_error,
        })
    }

    /// The reference of the element with number `index`, where there is one.
    fn reference(&self, index: usize) -> Option<f64> {
        let at = index / self.every * 4;
        (index.is_multiple_of(self.every)).then(|| Element::F32.decode(&self.reference[at..at + 4]))
    }

    /// The indices of the element with number `linear`.
    fn position(&self, mut linear: usize) -> Vec<usize> {
        let mut position: Vec<usize> = self
            .shape
            .iter()
            .rev()
            .map(|&extent| {
                let index = linear % extent;
                linear /= extent;
                index
            })
            .collect();
        position.reverse();
        position
    }
}

/// A little-endian number of at most four bytes.
fn bits(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXACT: [u8; 12] = [0x00, 0x3c, 0x00, 0xc0, 0x00, 0x38, 0x00, 0x00, 0x00, 0x40, 0x00, 0x42];
    const SMALL: Golden = Golden {
        symbol: "y",
        element: Element::F16,
        shape: &[2, 3],
        exact: &EXACT,
        // 1, -2, 0.5, 0, 2, 3
        reference: &[
            0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40,
        ],
        every: 1,
        rtol: 0.0,
        atol: 0.25,
    };

    #[test]
    fn the_exact_result_passes() {
        assert_eq!(
            SMALL.check(&EXACT),
            Ok(GoldenPass {
                elements: 6,
                max_abs_error: 0.0
            })
        );
    }

    #[test]
    fn a_wrong_element_is_named_with_its_indices_and_values() {
        let mut bytes = EXACT;
        bytes[9] = 0x44; // element 4: 2 becomes 4
        let message = SMALL.check(&bytes).unwrap_err().to_string();
        assert!(
            message.starts_with("y[1, 1] is 4e0 (0x4400) and should be 2e0 (0x4000); 1 of 6 elements"),
            "{message}"
        );
        assert!(
            message.ends_with("1 of them by more than the tolerance; largest error 2e0"),
            "{message}"
        );
    }

    #[test]
    fn a_result_that_is_not_a_number_fails() {
        let mut bytes = EXACT;
        bytes[1] = 0x7e;
        let Err(GoldenMismatch::Elements {
            max_abs_error, outside, ..
        }) = SMALL.check(&bytes)
        else {
            panic!()
        };
        assert_eq!((max_abs_error, outside), (f64::INFINITY, 1));
    }

    #[test]
    fn an_exact_result_outside_the_tolerance_of_the_reference_fails() {
        let strict = Golden {
            reference: &[0; 24],
            ..SMALL
        };
        assert!(strict.check(&EXACT).is_err());
    }

    #[test]
    fn an_element_without_a_reference_still_has_to_be_exact() {
        let sparse = Golden {
            reference: &[0, 0, 0x80, 0x3f, 0, 0, 0, 0x3f, 0, 0, 0, 0x40], // 1, 0.5, 2
            every: 2,
            ..SMALL
        };
        assert!(sparse.check(&EXACT).is_ok());
        let mut bytes = EXACT;
        bytes[2] ^= 1; // element 1 has no reference
        let Err(GoldenMismatch::Elements { index, outside, .. }) = sparse.check(&bytes) else {
            panic!()
        };
        assert_eq!((index, outside), (vec![0, 1], 0));
    }

    #[test]
    fn a_tensor_of_another_size_is_refused() {
        let message = SMALL.check(&EXACT[..10]).unwrap_err().to_string();
        assert_eq!(message, "y holds 10 bytes, but the expected tensor [2, 3] has 12");
    }

    proptest! {
        #[test]
        fn any_flipped_bit_fails_and_points_at_its_element(bit in 0_usize..96) {
            let mut bytes = EXACT;
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Err(GoldenMismatch::Elements { index, different, .. }) = SMALL.check(&bytes) else { panic!() };
            prop_assert_eq!(index, vec![bit / 16 / 3, bit / 16 % 3]);
            prop_assert_eq!(different, 1);
        }
    }
}
