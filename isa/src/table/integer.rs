//! The arithmetic that several integer operations share. Which operation uses what is in `operation`.

/// A lane is read with its sign.
pub(super) const SIGNED: bool = true;
/// A lane is read without a sign.
pub(super) const UNSIGNED: bool = false;

pub(super) fn sx(a: u32) -> i64 {
    i64::from(a as i32)
}

pub(super) fn sra(a: u32, shift: u32) -> u32 {
    (a as i32 >> shift) as u32
}

/// `value + 2^(shift-1)`, or `value` when `shift` is 0.
pub(super) fn rounded(value: u32, shift: u32) -> u32 {
    value.wrapping_add((1 << shift) >> 1)
}

pub(super) fn div(a: u32, b: u32) -> u32 {
    match b {
        0 => u32::MAX,
        _ => (a as i32).wrapping_div(b as i32) as u32,
    }
}

pub(super) fn rem(a: u32, b: u32) -> u32 {
    match b {
        0 => a,
        _ => (a as i32).wrapping_rem(b as i32) as u32,
    }
}

pub(super) fn clb(a: u32) -> u32 {
    let magnitude = if (a as i32) < 0 { !a } else { a };
    if a == 0 { 0 } else { magnitude.leading_zeros() - 1 }
}

pub(super) fn clip_bound(bits: u32) -> u32 {
    (1 << (bits & 31) >> 1u32).max(1) - 1
}

pub(super) fn clip(a: u32, bound: u32) -> u32 {
    (a as i32).clamp(!bound as i32, bound as i32) as u32
}

pub(super) fn clipu(a: u32, bound: u32) -> u32 {
    (a as i32).clamp(0, bound as i32) as u32
}

/// The mask of the bit field that `b` names: length - 1 in bits 9 to 5, position in bits 4 to 0.
pub(super) fn field(b: u32) -> u32 {
    (u32::MAX >> (31 - ((b >> 5) & 31))) << (b & 31)
}

pub(super) fn extract(a: u32, b: u32) -> u32 {
    let unused = 31 - ((b >> 5) & 31);
    sra(sra(a, b & 31) << unused, unused)
}

/// Shifts `a` left by `b[4:0]` and reverses the order of groups of `b[6:5] + 1` bits, counted from the top; groups of three
/// leave the two highest result bits zero (CV32E40P manual, bit reverse instruction, whose examples the RTL computes).
pub(super) fn bitrev(a: u32, b: u32) -> u32 {
    let group = match (b >> 5) & 3 {
        3 => 1,
        radix => radix + 1,
    };
    let shifted = a << (b & 31);
    (0..32 / group).fold(0, |result, i| {
        let bits = (shifted << (i * group)) >> (32 - group);
        result | (bits << (i * group))
    })
}

pub(super) fn mul_ll(a: u32, b: u32) -> u32 {
    (i32::from(a as i16) * i32::from(b as i16)) as u32
}

pub(super) fn mul_hh(a: u32, b: u32) -> u32 {
    mul_ll(a >> 16, b >> 16)
}

pub(super) fn mulu_ll(a: u32, b: u32) -> u32 {
    (a & 0xffff) * (b & 0xffff)
}

pub(super) fn mulu_hh(a: u32, b: u32) -> u32 {
    (a >> 16) * (b >> 16)
}

/// The 16-bit lane of `a` that the low bit of `selector` names.
pub(super) fn half(a: u32, selector: u32) -> u32 {
    (a >> (16 * (selector & 1))) & 0xffff
}

/// The 8-bit lane of `a` that the low two bits of `selector` name.
pub(super) fn byte(a: u32, selector: u32) -> u32 {
    (a >> (8 * (selector & 3))) & 0xff
}

/// The low halves of both, `upper` above `lower`.
pub(super) fn join_h(lower: u32, upper: u32) -> u32 {
    (lower & 0xffff) | (upper << 16)
}

pub(super) fn bytes(lane: impl Fn(u32) -> u32) -> u32 {
    (0..4).fold(0, |word, i| word | (lane(i) << (8 * i)))
}

pub(super) fn insert_lane(word: u32, lane: u32, mask: u32, at: u32) -> u32 {
    (word & !(mask << at)) | ((lane & mask) << at)
}

/// The real part of the product of two complex numbers of 16-bit parts, shifted right; sums wrap at 32 bits.
pub(super) fn complex_re(a: u32, b: u32, shift: u32) -> u32 {
    sra(mul_ll(a, b).wrapping_sub(mul_hh(a, b)), 15 + shift)
}

/// The imaginary part, likewise.
pub(super) fn complex_im(a: u32, b: u32, shift: u32) -> u32 {
    sra(mul_ll(a, b >> 16).wrapping_add(mul_ll(a >> 16, b)), 15 + shift)
}

/// The low half of `value`, shifted right with its sign.
pub(super) fn shift_h(value: u32, shift: u32) -> u32 {
    (value as i16 >> shift) as u32
}

fn lane<const WIDTH: u32, const SIGN: bool>(word: u32, at: u32) -> i32 {
    let top = (word << (32 - WIDTH - at)) as i32;
    if SIGN {
        top >> (32 - WIDTH)
    } else {
        (top as u32 >> (32 - WIDTH)) as i32
    }
}

/// Applies `f(left lane, right lane, width)` to every lane and cuts the results to the lane.
#[inline(always)]
pub(super) fn lanes<const WIDTH: u32, const SIGN: bool>(a: u32, b: u32, f: impl Fn(i32, i32, u32) -> i32) -> u32 {
    let mut result = 0;
    let mut at = 0;
    while at < 32 {
        let value = f(lane::<WIDTH, SIGN>(a, at), lane::<WIDTH, SIGN>(b, at), WIDTH) as u32;
        result |= (value & (u32::MAX >> (32 - WIDTH))) << at;
        at += WIDTH;
    }
    result
}

/// The sum of the products of the lanes, modulo 2^32.
pub(super) fn dot<const WIDTH: u32, const LEFT: bool, const RIGHT: bool>(a: u32, b: u32) -> u32 {
    let mut sum = 0u32;
    let mut at = 0;
    while at < 32 {
        sum = sum.wrapping_add(lane::<WIDTH, LEFT>(a, at).wrapping_mul(lane::<WIDTH, RIGHT>(b, at)) as u32);
        at += WIDTH;
    }
    sum
}
