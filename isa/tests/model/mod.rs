//! What integer instructions do, written slowly from the words of the manuals: by name and word, bit by bit and lane by
//! lane, in wide integers. It shares nothing with the crate; it reads operands from the word by itself.
//!
//! Sources: The RISC-V Instruction Set Manual, volume I; RI5CY user manual; CV32E40P user manual, "CORE-V instruction
//! set extensions".

/// The bits `high..=low` of a word.
fn bits(word: u32, high: u32, low: u32) -> u32 {
    (0..=high - low).fold(0, |value, i| value | (((word >> (low + i)) & 1) << i))
}

/// The number that the low `width` bits of `value` are in two's complement.
fn signed(value: u32, width: u32) -> i64 {
    let low = i64::from(value) % (1 << width);
    if low >= 1 << (width - 1) {
        low - (1 << width)
    } else {
        low
    }
}

fn floor_shift(value: i64, shift: u32) -> i64 {
    value.div_euclid(1 << shift)
}

/// The bits of `word` from `top` downwards are the bits of the immediate that `order` lists.
pub(crate) fn scattered(word: u32, top: u32, order: &[u32]) -> u32 {
    order
        .iter()
        .enumerate()
        .fold(0, |value, (i, to)| value | (((word >> (top - i as u32)) & 1) << to))
}

/// The lanes of a register, lowest first.
fn lanes(value: u32, width: u32, is_signed: bool) -> Vec<i64> {
    (0..32 / width)
        .map(|i| {
            let lane = bits(value, (i + 1) * width - 1, i * width);
            if is_signed {
                signed(lane, width)
            } else {
                i64::from(lane)
            }
        })
        .collect()
}

fn join(lanes: &[i64], width: u32) -> u32 {
    lanes.iter().rev().fold(0u64, |word, lane| {
        (word << width) | (lane.rem_euclid(1 << width) as u64)
    }) as u32
}

/// What an instruction that only computes writes to `rd`; nothing when the model does not know the name.
pub(crate) fn compute(name: &str, word: u32, x: &[u32; 64]) -> Option<u32> {
    if let Some(name) = name.strip_prefix("c.") {
        return compressed(name, word, x);
    }
    let at = |high: u32, low: u32| x[bits(word, high, low) as usize];
    let (rd, rs1, rs2) = (at(11, 7), at(19, 15), at(24, 20));
    if let Some(value) = base(name, word, rs1, rs2) {
        return Some(value);
    }
    let (prefix, stem) = name.split_once('.')?;
    let is_packed = prefix == "pv" || (prefix == "cv" && word & 0x7f == 0x7b);
    if is_packed {
        packed(stem, word, rd, rs1, rs2)
    } else {
        scalar(prefix, stem, word, rd, rs1, rs2)
    }
}

fn base(name: &str, word: u32, rs1: u32, rs2: u32) -> Option<u32> {
    let is_immediate = word & 0x7f == 0x13;
    let second = if is_immediate {
        signed(bits(word, 31, 20), 12) as u32
    } else {
        rs2
    };
    let (a, b) = (signed(rs1, 32), signed(second, 32));
    let (ua, ub) = (i128::from(rs1), i128::from(second));
    let shift = bits(if is_immediate { word >> 20 } else { rs2 }, 4, 0);
    Some(match name {
        "lui" => bits(word, 31, 12) << 12,
        "addi" | "add" => (a + b) as u32,
        "sub" => (a - b) as u32,
        "slti" | "slt" => u32::from(a < b),
        "sltiu" | "sltu" => u32::from(ua < ub),
        "xori" | "xor" => (0..32).fold(0, |r, i| r | u32::from(bits(rs1, i, i) != bits(second, i, i)) << i),
        "ori" | "or" => !(!rs1 & !second),
        "andi" | "and" => !(!rs1 | !second),
        "slli" | "sll" => (ua * (1 << shift)) as u32,
        "srli" | "srl" => (ua / (1 << shift)) as u32,
        "srai" | "sra" => floor_shift(a, shift) as u32,
        "mul" => (i128::from(a) * i128::from(b)) as u32,
        "mulh" => (i128::from(a) * i128::from(b)).div_euclid(1 << 32) as u32,
        "mulhsu" => (i128::from(a) * ub).div_euclid(1 << 32) as u32,
        "mulhu" => (ua * ub).div_euclid(1 << 32) as u32,
        "div" if b == 0 => u32::MAX,
        "div" => (a / b) as u32,
        "divu" if ub == 0 => u32::MAX,
        "divu" => (ua / ub) as u32,
        "rem" if b == 0 => rs1,
        "rem" => (a % b) as u32,
        "remu" if ub == 0 => rs1,
        "remu" => (ua % ub) as u32,
        _ => return None,
    })
}

fn compressed(name: &str, word: u32, x: &[u32; 64]) -> Option<u32> {
    let full = x[bits(word, 11, 7) as usize];
    let short = x[8 + bits(word, 9, 7) as usize];
    let second = x[8 + bits(word, 4, 2) as usize];
    let imm6 = signed(scattered(word, 12, &[5]) | bits(word, 6, 2), 6) as u32;
    let shift = bits(word, 6, 2);
    Some(match name {
        "addi4spn" => x[2].wrapping_add(scattered(word, 12, &[5, 4, 9, 8, 7, 6, 2, 3])),
        "nop" => 0,
        "addi" => full.wrapping_add(imm6),
        "li" => imm6,
        "addi16sp" => {
            x[2].wrapping_add(signed(scattered(word, 12, &[9]) | scattered(word, 6, &[4, 6, 8, 7, 5]), 10) as u32)
        }
        "lui" => imm6 << 12,
        "srli" => short / (1 << shift),
        "srai" => floor_shift(signed(short, 32), shift) as u32,
        "andi" => short & imm6,
        "sub" => short.wrapping_sub(second),
        "xor" => short ^ second,
        "or" => short | second,
        "and" => short & second,
        "slli" => full << shift,
        "mv" => x[bits(word, 6, 2) as usize],
        "add" => full.wrapping_add(x[bits(word, 6, 2) as usize]),
        _ => return None,
    })
}

/// `p.*` and `cv.*` on whole registers.
fn scalar(prefix: &str, name: &str, word: u32, rd: u32, rs1: u32, rs2: u32) -> Option<u32> {
    let (a, b) = (signed(rs1, 32), signed(rs2, 32));
    let (i, l) = (bits(word, 24, 20), bits(word, 29, 25));
    let low_bound = |bound: i64| -bound - 1;
    let immediate_bound = if i == 0 { 0 } else { (1 << (i - 1)) - 1 };
    let register_bound = i64::from(bits(rs2, 30, 0));
    let (field, position) = match name.strip_suffix('r') {
        Some("extract" | "extractu" | "insert" | "bset" | "bclr") => (bits(rs2, 9, 5), bits(rs2, 4, 0)),
        _ => (l, i),
    };
    let inside = |bit: u32| bit >= position && bit <= position + field;
    let map = |f: &dyn Fn(u32) -> u32| (0..32).fold(0, |r, bit| r | (f(bit) & 1) << bit);
    Some(match name {
        "abs" => a.unsigned_abs() as u32,
        "slet" | "sle" => u32::from(a <= b),
        "sletu" | "sleu" => u32::from(rs1 <= rs2),
        "min" => a.min(b) as u32,
        "minu" => rs1.min(rs2),
        "max" => a.max(b) as u32,
        "maxu" => rs1.max(rs2),
        "ror" => map(&|bit| rs1 >> ((bit + bits(rs2, 4, 0)) % 32)),
        "ff1" => (0..32).find(|bit| (rs1 >> bit) & 1 == 1).unwrap_or(32),
        "fl1" => (0..32).rev().find(|bit| (rs1 >> bit) & 1 == 1).unwrap_or(32),
        "clb" if rs1 == 0 => 0,
        "clb" => (0..31).rev().take_while(|bit| (rs1 >> bit) & 1 == rs1 >> 31).count() as u32,
        "cnt" => (0..32).filter(|bit| (rs1 >> bit) & 1 == 1).count() as u32,
        "exths" => signed(rs1, 16) as u32,
        "exthz" => bits(rs1, 15, 0),
        "extbs" => signed(rs1, 8) as u32,
        "extbz" => bits(rs1, 7, 0),
        "clip" => a.max(low_bound(immediate_bound)).min(immediate_bound) as u32,
        "clipu" => a.max(0).min(immediate_bound) as u32,
        "clipr" => a.max(low_bound(register_bound)).min(register_bound) as u32,
        "clipur" => a.max(0).min(register_bound) as u32,
        "extract" | "extractr" => map(&|bit| rs1 >> (position + bit.min(field)).min(31)),
        "extractu" | "extractur" => map(&|bit| {
            if bit <= field && position + bit < 32 {
                rs1 >> (position + bit)
            } else {
                0
            }
        }),
        "insert" | "insertr" => map(&|bit| {
            if inside(bit) {
                rs1 >> (bit - position)
            } else {
                rd >> bit
            }
        }),
        "bset" | "bsetr" => map(&|bit| if inside(bit) { 1 } else { rs1 >> bit }),
        "bclr" | "bclrr" => map(&|bit| if inside(bit) { 0 } else { rs1 >> bit }),
        "bitrev" => reversed(rs1, i, bits(word, 26, 25)),
        "mac" => (i128::from(signed(rd, 32)) + i128::from(a) * i128::from(b)) as u32,
        "msu" => (i128::from(signed(rd, 32)) - i128::from(a) * i128::from(b)) as u32,
        _ if name.starts_with("mul") || name.starts_with("mac") => short_multiply(name, l, rd, rs1, rs2),
        _ if name.starts_with("add") || name.starts_with("sub") => add_and_shift(name, l, rd, rs1, rs2),
        _ => panic!("the model does not know {prefix}.{name}"),
    })
}

/// What is left of the bits, from the highest, when the first `shift` are thrown away and as many zeros follow; cut into
/// groups of `radix + 1`, a last one that is not full dropped, and the list of groups read backwards.
fn reversed(value: u32, shift: u32, radix: u32) -> u32 {
    let group = if radix == 3 { 1 } else { radix as usize + 1 };
    let mut from_top: Vec<u32> = (0..32 - shift).rev().map(|bit| (value >> bit) & 1).collect();
    from_top.resize(32, 0);
    from_top.truncate(32 / group * group);
    let mut result = 0u64;
    for groups in from_top.chunks(group).rev() {
        for bit in groups {
            result = (result << 1) | u64::from(*bit);
        }
    }
    result as u32
}

/// `(mul|mac)[hh](s|u)[r]n`: products of half-words.
fn short_multiply(name: &str, shift: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    let (accumulates, name) = (name.starts_with("mac"), &name[3..]);
    let (upper, name) = (name.starts_with("hh"), name.trim_start_matches("hh"));
    let (is_signed, name) = (name.starts_with('s'), &name[1..]);
    let part = |value: u32| if upper { bits(value, 31, 16) } else { bits(value, 15, 0) };
    let read = |value: u32| if is_signed { signed(value, 16) } else { i64::from(value) };
    let sum = read(part(rs1)) * read(part(rs2))
        + if accumulates { i64::from(rd) } else { 0 }
        + if name == "rn" && shift > 0 { 1 << (shift - 1) } else { 0 };
    shifted(sum, is_signed, shift)
}

/// `(add|sub)[u][r]n[r]`: the last `r` takes the shift from `rs2` and adds to `rd`.
fn add_and_shift(name: &str, immediate: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    let (adds, name) = (name.starts_with("add"), &name[3..]);
    let (is_signed, name) = (!name.starts_with('u'), name.trim_start_matches('u'));
    let (rounds, by_register) = (name.starts_with('r'), name.ends_with("nr"));
    let (left, right, shift) = if by_register {
        (rd, rs1, bits(rs2, 4, 0))
    } else {
        (rs1, rs2, immediate)
    };
    let sum = i64::from(left) + if adds { i64::from(right) } else { -i64::from(right) };
    let half = if rounds && shift > 0 { 1 << (shift - 1) } else { 0 };
    shifted(sum + half, is_signed, shift)
}

/// A 32-bit sum, shifted right.
fn shifted(sum: i64, is_signed: bool, shift: u32) -> u32 {
    let wrapped = sum.rem_euclid(1 << 32) as u32;
    floor_shift(
        if is_signed {
            signed(wrapped, 32)
        } else {
            i64::from(wrapped)
        },
        shift,
    ) as u32
}

/// `pv.*` and `cv.*` on lanes.
fn packed(name: &str, word: u32, rd: u32, rs1: u32, rs2: u32) -> Option<u32> {
    let imm6 = bits(word, 24, 20) * 2 + bits(word, 25, 25);
    if let Some(value) = complex(name, word, rd, rs1, rs2) {
        return Some(value);
    }
    let (stem, width) = match name.rsplit_once('.') {
        Some((stem, "h")) => (stem, 16),
        Some((stem, "b")) => (stem, 8),
        _ => panic!("the model does not know the packed {name}"),
    };
    let count = (32 / width) as usize;
    let (stem, form) = match stem.split_once('.') {
        Some((stem, "sc")) => (stem, "sc"),
        Some((stem, "sci")) => (stem, "sci"),
        Some(_) => panic!("the model does not know the packed {name}"),
        None => (stem, ""),
    };
    let unsigned_immediate = matches!(
        stem,
        "avgu" | "minu" | "maxu" | "srl" | "sra" | "sll" | "dotup" | "sdotup"
    ) || (stem.starts_with("cmp") && stem.ends_with('u'));
    let immediate = if unsigned_immediate {
        i64::from(imm6)
    } else {
        signed(imm6, 6)
    };
    let second = |is_signed: bool| -> Vec<i64> {
        let vector = lanes(rs2, width, is_signed);
        match form {
            "sc" => vec![vector[0]; count],
            "sci" => lanes(join(&vec![immediate; count], width), width, is_signed),
            _ => vector,
        }
    };
    let each = |is_signed: bool, f: &dyn Fn(i64, i64) -> i64| {
        let (a, b) = (lanes(rs1, width, is_signed), second(is_signed));
        join(&a.iter().zip(&b).map(|(a, b)| f(*a, *b)).collect::<Vec<_>>(), width)
    };
    let sum = |left: bool, right: bool| -> i64 {
        lanes(rs1, width, left)
            .iter()
            .zip(second(right))
            .map(|(a, b)| a * b)
            .sum()
    };
    let amount = |b: i64| b.rem_euclid(i64::from(width)) as u32;
    let all = |condition: bool| if condition { -1 } else { 0 };
    let (a, c) = (lanes(rs1, width, false), lanes(rd, width, false));
    let selectors = lanes(rs2, width, false);
    let modulo = |value: i64| value as usize % count;
    let lane = imm6 as usize % count;
    Some(match stem {
        "add" => each(false, &|a, b| a + b),
        "sub" => each(false, &|a, b| a - b),
        "avg" => each(true, &|a, b| floor_shift(signed((a + b) as u32, width), 1)),
        "avgu" => each(false, &|a, b| (a + b) % (1 << width) / 2),
        "min" => each(true, &i64::min),
        "minu" => each(false, &i64::min),
        "max" => each(true, &i64::max),
        "maxu" => each(false, &i64::max),
        "srl" => each(false, &|a, b| a / (1 << amount(b))),
        "sra" => each(true, &|a, b| floor_shift(a, amount(b))),
        "sll" => each(false, &|a, b| a * (1 << amount(b))),
        "or" => each(false, &|a, b| a | b),
        "xor" => each(false, &|a, b| a ^ b),
        "and" => each(false, &|a, b| a & b),
        "abs" => join(
            &lanes(rs1, width, true).iter().map(|a| a.abs()).collect::<Vec<_>>(),
            width,
        ),
        "cmpeq" => each(false, &|a, b| all(a == b)),
        "cmpne" => each(false, &|a, b| all(a != b)),
        "cmpgt" => each(true, &|a, b| all(a > b)),
        "cmpge" => each(true, &|a, b| all(a >= b)),
        "cmplt" => each(true, &|a, b| all(a < b)),
        "cmple" => each(true, &|a, b| all(a <= b)),
        "cmpgtu" => each(false, &|a, b| all(a > b)),
        "cmpgeu" => each(false, &|a, b| all(a >= b)),
        "cmpltu" => each(false, &|a, b| all(a < b)),
        "cmpleu" => each(false, &|a, b| all(a <= b)),
        "dotup" => sum(false, false) as u32,
        "dotusp" => sum(false, true) as u32,
        "dotsp" => sum(true, true) as u32,
        "sdotup" => (i64::from(rd) + sum(false, false)) as u32,
        "sdotusp" => (i64::from(rd) + sum(false, true)) as u32,
        "sdotsp" => (i64::from(rd) + sum(true, true)) as u32,
        "extract" => lanes(rs1, width, true)[lane] as u32,
        "extractu" => a[lane] as u32,
        "insert" => {
            let mut lanes = c.clone();
            lanes[lane] = a[0];
            join(&lanes, width)
        }
        "shuffle" if form == "sci" => join(&[a[imm6 as usize & 1], a[imm6 as usize >> 1 & 1]], 16),
        "shuffle" => join(&selectors.iter().map(|s| a[modulo(*s)]).collect::<Vec<_>>(), width),
        "shufflei0" | "shufflei1" | "shufflei2" | "shufflei3" => {
            let top = stem.as_bytes()[8] - b'0';
            let pick = |shift: u32| a[(imm6 >> shift) as usize % 4];
            join(&[pick(0), pick(2), pick(4), a[usize::from(top)]], 8)
        }
        "shuffle2" => {
            let from = |s: i64| {
                if s as usize / count % 2 == 1 {
                    a[modulo(s)]
                } else {
                    c[modulo(s)]
                }
            };
            join(&selectors.iter().map(|s| from(*s)).collect::<Vec<_>>(), width)
        }
        "packhi" => join(&[c[0], c[1], selectors[0], a[0]], 8),
        "packlo" => join(&[selectors[0], a[0], c[2], c[3]], 8),
        _ => panic!("the model does not know the packed {name}"),
    })
}

/// Packs of halves, and complex numbers: the real part is the lower half.
fn complex(name: &str, word: u32, rd: u32, rs1: u32, rs2: u32) -> Option<u32> {
    let (stem, shift) = match name.rsplit_once(".div") {
        Some((stem, divisor)) => (stem, divisor.parse::<u32>().unwrap().ilog2()),
        None => (name, 0),
    };
    let pair = |value: u32| (signed(value, 16), signed(value >> 16, 16));
    let wrap = |value: i64, width: u32| signed(value.rem_euclid(1 << width) as u32, width);
    let (re1, im1) = pair(rs1);
    let (re2, im2) = match stem {
        "cplxmul.sc.s" => (pair(rs2).0, pair(rs2).0),
        "cplxmul.sci.s" => {
            let immediate = signed(bits(word, 24, 20) * 2 + bits(word, 25, 25), 6);
            (immediate, immediate)
        }
        _ => pair(rs2),
    };
    let re = floor_shift(wrap(re1 * re2 - im1 * im2, 32), 15 + shift);
    let im = floor_shift(wrap(re1 * im2 + im1 * re2, 32), 15 + shift);
    let is_divided = name.contains(".div");
    Some(match stem {
        "cplxmul.r" | "cplxmul.h.r" => join(&[re, pair(rd).1], 16),
        "cplxmul.i" | "cplxmul.h.i" => join(&[pair(rd).0, im], 16),
        "cplxmul.s" | "cplxmul.sc.s" | "cplxmul.sci.s" => join(&[re, im], 16),
        "cplxconj" | "cplxconj.h" => join(&[re1, -im1], 16),
        // (a - b) * -j = im - j re of the difference
        "subrotmj" | "subrotmj.h" => join(
            &[
                floor_shift(wrap(im1 - im2, 16), shift),
                floor_shift(wrap(re2 - re1, 16), shift),
            ],
            16,
        ),
        "add" | "add.h" | "sub" | "sub.h" | "add.b" | "sub.b" if is_divided => {
            let width = if stem.ends_with(".b") { 8 } else { 16 };
            let lane = |a: i64, b: i64| if stem.starts_with("add") { a + b } else { a - b };
            let pairs = lanes(rs1, width, true).into_iter().zip(lanes(rs2, width, true));
            join(
                &pairs
                    .map(|(a, b)| floor_shift(wrap(lane(a, b), width), shift))
                    .collect::<Vec<_>>(),
                width,
            )
        }
        "pack" | "pack.l.h" => join(&[re2, re1], 16),
        "pack.h" if word & 0x7f == 0x57 => join(&[re2, re1], 16),
        "pack.h" | "pack.h.h" => join(&[im2, im1], 16),
        _ => return None,
    })
}
