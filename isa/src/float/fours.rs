//! Fours of multiply-adds in a row, on a file of registers: what blocks of inner loops are made of where they keep
//! their sums apart.
//!
//! A four names its registers once, so that running it gathers operands and scatters results by whole vectors where
//! registers follow each other. Hosts with AVX2, FMA and F16C compute a four in their vectors; all others, and what
//! those do not know, go through [`super::quad`].
//!
//! Invariant: what a run has done is, in every register and flag, what its operations would have done one by one.

use super::{Flags, Four, fma_h, fma_s};

/// Registers, by unified number.
pub type File = [u32; 64];

/// The last register that four in a row can begin with.
const LAST_ROW: u8 = 60;

/// One register of each of four operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Places {
    registers: [u8; 4],
    /// The first of four registers in a row that they are, or no register.
    row: u8,
}

impl Places {
    const SCATTERED: u8 = u8::MAX;

    fn new(registers: [u8; 4]) -> Self {
        let [first, rest @ ..] = registers;
        let in_a_row = rest
            .iter()
            .zip(1..)
            .all(|(next, index)| first.checked_add(index) == Some(*next));
        let row = if in_a_row { first } else { Self::SCATTERED };
        Self { registers, row }
    }

    #[inline(always)]
    fn words(&self) -> std::ops::Range<usize> {
        let first = usize::from(self.row);
        first..first + 4
    }

    #[inline(always)]
    fn gather(&self, file: &File) -> Four {
        self.registers.map(|register| file[usize::from(register & 63)])
    }

    #[inline(always)]
    fn write(&self, file: &mut File, values: Four) {
        if let Some(row) = file.get_mut(self.words()) {
            row.copy_from_slice(&values);
            return;
        }
        for (register, value) in self.registers.into_iter().zip(values) {
            file[usize::from(register & 63)] = value;
        }
    }
}

/// One factor of each of four operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Factors {
    /// Its registers; the row is one among whose registers they are.
    places: Places,
    /// Which bytes of that row, or of the registers where there is none, are its bytes.
    bytes: [u8; 16],
}

impl Factors {
    /// With `replicate` the lower half of a register stands for both.
    fn new(registers: [u8; 4], replicate: bool) -> Self {
        let least = registers.into_iter().min().unwrap_or_default();
        let holds_all = |first: &u8| registers.iter().all(|register| register.wrapping_sub(*first) < 4);
        let window = [least & !3, least.min(LAST_ROW)].into_iter().find(holds_all);
        let bytes = std::array::from_fn(|byte| {
            let (operation, byte) = (byte / 4, byte % 4);
            let word = window.map_or(operation, |first| usize::from(registers[operation] - first));
            (4 * word + if replicate { byte % 2 } else { byte }) as u8
        });
        let row = window.unwrap_or(Places::SCATTERED);
        Self {
            places: Places { registers, row },
            bytes,
        }
    }
}

/// Four multiply-adds `a * b + c`: where they find their operands, and where their results go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultiplyAdds {
    a: Factors,
    b: Factors,
    c: Places,
    result: Places,
    /// The lower half of `b` is both of its halves.
    replicate: bool,
}

impl MultiplyAdds {
    /// The registers of each operand and of the results, in the order of the operations; with `replicate` the lower
    /// half of `b` stands for both.
    pub fn new(a: [u8; 4], b: [u8; 4], c: [u8; 4], result: [u8; 4], replicate: bool) -> Self {
        Self {
            a: Factors::new(a, false),
            b: Factors::new(b, replicate),
            c: Places::new(c),
            result: Places::new(result),
            replicate,
        }
    }

    /// Whether `register` is where all results go.
    #[inline(always)]
    pub fn write_only(&self, register: u8) -> bool {
        self.result.registers == [register; 4]
    }

    /// The operands.
    #[inline(always)]
    pub fn operands(&self, file: &File) -> (Four, Four, Four) {
        let mut b = self.b.places.gather(file);
        if self.replicate {
            b = b.map(|lanes| lanes & 0xffff | lanes << 16);
        }
        (self.a.places.gather(file), b, self.c.gather(file))
    }
}

/// Runs fours; none of a four may read or write what another of it writes. How many are done before one whose results are
/// not known at once, and flags that, together with those raised before, are what all of them raise.
pub type RunFours = fn(&mut File, &[MultiplyAdds], Flags) -> (usize, Flags);

/// What runs fours in binary32, to nearest even, on this host.
pub fn run_s() -> RunFours {
    #[cfg(target_arch = "x86_64")]
    if host::has_vectors() {
        return |file, fours, raised| {
            // SAFETY: the host has the features that the function needs.
            #[allow(unsafe_code)]
            unsafe {
                host::run_s(file, fours, raised)
            }
        };
    }
    |file, fours, _| run_portably(file, fours, fma_s)
}

/// The same in both lanes of packed registers of binary16.
pub fn run_h() -> RunFours {
    #[cfg(target_arch = "x86_64")]
    if host::has_vectors() {
        return |file, fours, _| {
            // SAFETY: the host has the features that the function needs.
            #[allow(unsafe_code)]
            unsafe {
                host::run_h(file, fours)
            }
        };
    }
    |file, fours, _| run_portably(file, fours, fma_h)
}

#[inline(never)]
fn run_portably(
    file: &mut File,
    fours: &[MultiplyAdds],
    eval: impl Fn(&Four, &Four, &Four) -> Option<(Four, Flags)>,
) -> (usize, Flags) {
    let mut flags = Flags::NONE;
    for (done, four) in fours.iter().enumerate() {
        let (a, b, c) = four.operands(file);
        let Some((results, raised)) = eval(&a, &b, &c) else {
            return (done, flags);
        };
        four.result.write(file, results);
        flags |= raised;
    }
    (fours.len(), flags)
}

/// By the host's vectors.
#[cfg(target_arch = "x86_64")]
mod host {
    use std::arch::is_x86_feature_detected;
    use std::arch::x86_64::*;

    use super::{Factors, File, Flags, Four, MultiplyAdds, Places};

    #[inline(always)]
    pub(super) fn has_vectors() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
    }

    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn vector(four: Four) -> __m128i {
        let [p, q, r, s] = four.map(|word| word as i32);
        _mm_setr_epi32(p, q, r, s)
    }

    /// The words of a row are taken as floats, so that the compiler does not make one of both ways, which is the
    /// slower.
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn read(places: &Places, file: &File) -> __m128i {
        match file.get(places.words()) {
            Some(&[p, q, r, s]) => {
                let [p, q, r, s] = [p, q, r, s].map(f32::from_bits);
                _mm_castps_si128(_mm_setr_ps(p, q, r, s))
            }
            _ => vector(places.gather(file)),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn factors(factors: &Factors, file: &File) -> __m128i {
        let bytes = [0, 4, 8, 12].map(|at| u32::from_le_bytes([0, 1, 2, 3].map(|byte| factors.bytes[at + byte])));
        _mm_shuffle_epi8(read(&factors.places, file), vector(bytes))
    }

    /// The operands of four operations.
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn operands(four: &MultiplyAdds, file: &File) -> [__m128i; 3] {
        [factors(&four.a, file), factors(&four.b, file), read(&four.c, file)]
    }

    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn array(vector: __m128i) -> Four {
        [
            _mm_extract_epi32::<0>(vector),
            _mm_extract_epi32::<1>(vector),
            _mm_extract_epi32::<2>(vector),
            _mm_extract_epi32::<3>(vector),
        ]
        .map(|word| word as u32)
    }

    /// Numbers between two others, both of them left out; no infinity and no NaN is one.
    struct Between {
        /// What moves twice the bits of such a number, its sign lost, to the least signed integers.
        shift: i32,
        /// The last of those.
        last: i32,
    }

    impl Between {
        const fn new(least: f32, beyond: f32) -> Self {
            let first = 2 * least.to_bits() + 1;
            let shift = (i32::MIN as u32).wrapping_sub(first);
            Self {
                shift: shift as i32,
                last: (2 * beyond.to_bits() - 1).wrapping_add(shift) as i32,
            }
        }
    }

    /// Operands and results are in registers of binary32. A fused operation of the host needs no care where its result
    /// is normal; the least normal number may have been rounded up to as a subnormal one, which underflows. Others are
    /// known where they are exact.
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn run_s(file: &mut File, fours: &[MultiplyAdds], raised: Flags) -> (usize, Flags) {
        const NORMAL: Between = Between::new(f32::MIN_POSITIVE, f32::INFINITY);
        let mut inexact = raised.0 & Flags::INEXACT.0 != 0;
        let mut done = 0;
        for four in fours {
            let [a, b, c] = operands(four, file).map(|words| _mm_castsi128_ps(words));
            let result = _mm_fmadd_ps(a, b, c);
            let bits = _mm_castps_si128(result);
            let shifted = _mm_add_epi32(_mm_add_epi32(bits, bits), _mm_set1_epi32(NORMAL.shift));
            let others = _mm_cmpgt_epi32(shifted, _mm_set1_epi32(NORMAL.last));
            let others = _mm_movemask_ps(_mm_castsi128_ps(others));
            if !inexact || others != 0 {
                // The product is exact in binary64; so is the difference from the larger operand, which then is the
                // other.
                let [a, b, c, wide] = [a, b, c, result].map(|four| _mm256_cvtps_pd(four));
                let product = _mm256_mul_pd(a, b);
                let exact = _mm256_movemask_pd(_mm256_and_pd(
                    _mm256_cmp_pd::<_CMP_EQ_OQ>(_mm256_sub_pd(wide, product), c),
                    _mm256_cmp_pd::<_CMP_EQ_OQ>(_mm256_sub_pd(wide, c), product),
                ));
                if others & !exact != 0 {
                    break;
                }
                inexact |= exact != 0b1111;
            }
            four.result.write(file, array(bits));
            done += 1;
        }
        (done, Flags::INEXACT.when(inexact))
    }

    /// Operands and results are in packed registers of binary16. The host's binary32 holds every product exactly, and a
    /// sum that is inexact there is clear of every number and every tie of binary16; so a sum near one is known where
    /// it is exact, and all others are. Results that are not normal are known, too: who is inexact among them underflows,
    /// but for the least normal number, which may have been rounded up to as a subnormal one.
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn run_h(file: &mut File, fours: &[MultiplyAdds]) -> (usize, Flags) {
        /// From the least normal number to what rounds to an infinity.
        const NORMAL: Between = Between::new(1.0 / 16384.0, 65520.0);
        let mut all_bits = _mm256_setzero_si256();
        let (mut done, mut inexact, mut tiny) = (0, false, false);
        for four in fours {
            let [a, b, c] = operands(four, file).map(|lanes| _mm256_cvtph_ps(lanes));
            let sum = _mm256_fmadd_ps(a, b, c);
            let bits = _mm256_castps_si256(sum);
            let low = _mm256_and_si256(bits, _mm256_set1_epi32(0xfff));
            let near = _mm256_castsi256_ps(_mm256_cmpeq_epi32(low, _mm256_setzero_si256()));
            let shifted = _mm256_add_epi32(_mm256_add_epi32(bits, bits), _mm256_set1_epi32(NORMAL.shift));
            let others = _mm256_castsi256_ps(_mm256_cmpgt_epi32(shifted, _mm256_set1_epi32(NORMAL.last)));
            let rounded = _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(sum);
            if _mm256_movemask_ps(_mm256_or_ps(near, others)) != 0 {
                let product = _mm256_mul_ps(a, b);
                let exact = _mm256_and_ps(
                    _mm256_cmp_ps::<_CMP_EQ_OQ>(_mm256_sub_ps(sum, product), c),
                    _mm256_cmp_ps::<_CMP_EQ_OQ>(_mm256_sub_ps(sum, c), product),
                );
                let result = _mm256_cvtph_ps(rounded);
                let magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0), result);
                let differs = _mm256_cmp_ps::<_CMP_NEQ_UQ>(result, sum);
                let least = _mm256_set1_ps(1.0 / 16384.0);
                let below = _mm256_cmp_ps::<_CMP_LT_OQ>(magnitude, least);
                let finite = _mm256_cmp_ps::<_CMP_LT_OQ>(magnitude, _mm256_set1_ps(f32::INFINITY));
                let is_least = _mm256_and_ps(_mm256_cmp_ps::<_CMP_EQ_OQ>(magnitude, least), differs);
                let unknown = _mm256_or_ps(_mm256_andnot_ps(exact, near), is_least);
                if _mm256_movemask_ps(unknown) != 0 || _mm256_movemask_ps(finite) != 0xff {
                    break;
                }
                inexact |= _mm256_movemask_ps(differs) != 0;
                tiny |= _mm256_movemask_ps(_mm256_and_ps(below, differs)) != 0;
            }
            all_bits = _mm256_or_si256(all_bits, bits);
            four.result.write(file, array(rounded));
            done += 1;
        }
        inexact |= _mm256_testz_si256(all_bits, _mm256_set1_epi32(0x1fff)) == 0;
        (done, Flags::INEXACT.when(inexact) | Flags::UNDERFLOW.when(tiny))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::quad::tests::{pair, single};
    use super::super::{Binary16, Binary32, Flagged, Rounding, exact};
    use super::*;

    /// A four's registers: of each factor, of the addend and of the results; and whether the second factor is
    /// replicated.
    type Names = ([[u8; 4]; 4], bool);

    /// In a row, the same, or any.
    fn registers(from: std::ops::Range<u8>) -> impl Strategy<Value = [u8; 4]> {
        let last = from.end - 4;
        prop_oneof![
            (from.start..=last).prop_map(|first| [0, 1, 2, 3].map(|index| first + index)),
            from.clone().prop_map(|register| [register; 4]),
            prop::array::uniform4(from),
        ]
    }

    fn distinct(from: std::ops::Range<u8>) -> impl Strategy<Value = [u8; 4]> {
        registers(from).prop_map(|[p, q, r, s]| {
            let mut names = [p, q, r, s];
            for index in 1..4 {
                while names[..index].contains(&names[index]) {
                    names[index] = 40 + (names[index] + 1) % 24;
                }
            }
            names
        })
    }

    /// Results are in the last registers, and so are addends where each is replaced by its result.
    fn names() -> impl Strategy<Value = Names> {
        let factors = (registers(0..40), registers(0..40), registers(0..40));
        (factors, distinct(40..64), any::<bool>(), any::<bool>()).prop_map(
            |((a, b, c), result, replaced, replicate)| ([a, b, if replaced { result } else { c }, result], replicate),
        )
    }

    fn file(number: impl Strategy<Value = u32>) -> impl Strategy<Value = File> {
        prop::collection::vec(number, 64).prop_map(|words| std::array::from_fn(|index| words[index]))
    }

    fn four(([a, b, c, result], replicate): Names) -> MultiplyAdds {
        MultiplyAdds::new(a, b, c, result, replicate)
    }

    /// Compares what `run` does, as far as it goes, with one operation at a time.
    fn compare(
        run: RunFours,
        before: &File,
        names: &[Names],
        raised: Flags,
        one: fn(u32, u32, u32) -> Flagged,
    ) -> Result<(), TestCaseError> {
        let fours: Vec<_> = names.iter().copied().map(four).collect();
        let mut file = *before;
        let (done, flags) = run(&mut file, &fours, raised);
        let (mut expected, mut all) = (*before, raised);
        for ([a, b, c, result], replicate) in &names[..done] {
            for index in 0..4 {
                let [a, b, c] = [a, b, c].map(|names| expected[usize::from(names[index])]);
                let b = if *replicate { b << 16 | b & 0xffff } else { b };
                let value = one(a, b, c);
                expected[usize::from(result[index])] = value.bits;
                all |= value.flags;
            }
        }
        prop_assert_eq!(file, expected);
        prop_assert_eq!(flags | raised, all);
        Ok(())
    }

    fn one_of_binary32(a: u32, b: u32, c: u32) -> Flagged {
        exact::fma::<Binary32, Binary32>(a, b, c, Rounding::Rne)
    }

    fn one_of_binary16(a: u32, b: u32, c: u32) -> Flagged {
        let lane = |shift: u32| {
            let [a, b, c] = [a, b, c].map(|x| x >> shift & 0xffff);
            exact::fma::<Binary16, Binary16>(a, b, c, Rounding::Rne)
        };
        let (low, high) = (lane(0), lane(16));
        Flagged::new(low.bits | high.bits << 16, low.flags | high.flags)
    }

    /// On this host and on one without vectors.
    fn of_binary32() -> [RunFours; 2] {
        [run_s(), |file, fours, _| run_portably(file, fours, fma_s)]
    }

    fn of_binary16() -> [RunFours; 2] {
        [run_h(), |file, fours, _| run_portably(file, fours, fma_h)]
    }

    fn flags() -> impl Strategy<Value = Flags> {
        prop::sample::select(vec![Flags::NONE, Flags::INEXACT, Flags::INVALID])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8_000))]

        #[test]
        fn runs_of_binary32_are_operations_one_by_one(
            file in file(single()),
            names in prop::collection::vec(names(), 1..4),
            raised in flags(),
        ) {
            for run in of_binary32() {
                compare(run, &file, &names, raised, one_of_binary32)?;
            }
        }

        #[test]
        fn runs_of_binary16_are_operations_one_by_one(
            file in file(pair()),
            names in prop::collection::vec(names(), 1..4),
            raised in flags(),
        ) {
            for run in of_binary16() {
                compare(run, &file, &names, raised, one_of_binary16)?;
            }
        }
    }

    #[test]
    fn a_sum_that_becomes_the_least_normal_number_underflows_only_if_it_was_below_all_halves_of_that_precision() {
        // 2^-14 less 2^-25, which is a tie of subnormal numbers, and less 2^-27, which is nearer to 2^-14 at any precision.
        for (factor, flags) in [(0x3800, 3), (0x3000, 1)] {
            let file: File = std::array::from_fn(|index| [0x8001, factor, 0x0400, 0][index % 4]);
            let [a, b, c, result] = [0, 1, 2, 3].map(|first| [0, 4, 8, 12].map(|four| first + four));
            assert_eq!(
                one_of_binary16(0x8001, factor, 0x0400),
                Flagged::new(0x0400, Flags(flags))
            );
            for run in of_binary16() {
                compare(run, &file, &[([a, b, c, result], false)], Flags::NONE, one_of_binary16).unwrap();
            }
        }
    }

    #[test]
    fn runs_of_ordinary_numbers_and_zeros_go_to_their_end() {
        let fours = |replicate| {
            [
                ([[4, 5, 6, 7], [0; 4], [8, 9, 10, 11], [8, 9, 10, 11]], replicate),
                ([[4, 5, 6, 7], [1; 4], [12, 13, 30, 31], [12, 13, 30, 31]], replicate),
                ([[8, 10, 9, 11], [40; 4], [41; 4], [63, 14, 15, 17]], false),
            ]
            .map(four)
        };
        let half = |index: usize| 0x3801 + 77 * index as u32 % 0x7fd;
        let mut halves: File = std::array::from_fn(|index| half(index) | half(index + 9) << 16);
        let mut words: File = std::array::from_fn(|index| (0.3 + index as f32 / 7.0).to_bits());
        for file in [&mut halves, &mut words] {
            file[40] = 0;
            file[41] = 0;
        }
        for run in of_binary32() {
            assert_eq!(run(&mut words.clone(), &fours(false), Flags::NONE), (3, Flags::INEXACT));
        }
        for run in of_binary16() {
            assert_eq!(run(&mut halves.clone(), &fours(true), Flags::NONE), (3, Flags::INEXACT));
        }
    }
}
