//! Fours: multiply-adds that stand together, of which four are computed at once.
//!
//! It finds them among instructions and says how they are run; how a four is computed is the instruction set's.
//!
//! Invariant: as many instructions as a run says that it did leave registers and flags as they would one by one.

use ennead_isa::Replicate;
use ennead_isa::float::{File, Flags, MultiplyAdds, Rounding, RunFours};
use ennead_isa::op::Quad;

use super::block::LONGEST;
use super::uop::{RoundingMode, Uop};

/// Where fours begin among instructions of which there are [`LONGEST`] at most.
#[derive(Clone, Debug, Default)]
pub struct Fours {
    /// The first instruction of each, one bit each.
    starts: u32,
    /// The runs that begin with them, by a quarter of the instruction's number; those of no four are never looked at.
    runs: Vec<Option<Run>>,
}

/// Fours that follow one another.
#[derive(Clone, Debug)]
pub struct Run {
    quad: Quad,
    /// What runs them where they are apart.
    run: RunFours,
    /// How they round.
    rounding: RoundingMode,
    how: How,
    fours: Box<[MultiplyAdds]>,
}

/// How the operations of a four depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// They do not.
    Apart,
    /// Each adds to this register.
    Sum(u8),
    /// Each multiplies this register (Horner's scheme).
    Horner(u8),
}

impl Fours {
    /// The fours in `uops`, at most [`LONGEST`] of them, of the first operation that has any and as it rounds there.
    pub fn find(uops: &[Uop]) -> Self {
        let (mut operation, mut found) = (None, Vec::new());
        let mut first = 0;
        while let Some(four) = uops.get(first..first + 4).filter(|_| first + 4 <= LONGEST) {
            let here = one_operation(four)
                .map(|quad| (quad, four[0].rounding))
                .filter(|here| operation.is_none_or(|known| known == *here));
            let Some(how) = here.and_then(|_| How::of(four)) else {
                first += 1;
                continue;
            };
            operation = here;
            found.push((first, how, registers(four)));
            first += 4;
        }
        let mut fours = Self::default();
        let Some((quad, rounding)) = operation else {
            return fours;
        };
        for (number, &(first, how, _)) in found.iter().enumerate() {
            let follow = found[number..].iter().zip((first..).step_by(4));
            let follow = follow.take_while(|((place, next, _), expected)| (place, *next) == (expected, how));
            let run = Run {
                quad,
                run: quad.run(),
                rounding,
                how,
                fours: follow.map(|((.., names), _)| *names).collect(),
            };
            fours.starts |= 1 << first;
            fours.runs.resize(first / 4, None);
            fours.runs.push(Some(run));
        }
        fours
    }

    /// The run that begins with an instruction.
    #[inline(always)]
    pub fn run(&self, first: usize) -> Option<&Run> {
        if self.starts >> first & 1 == 0 {
            return None;
        }
        self.runs.get(first / 4)?.as_ref()
    }
}

impl How {
    fn of(four: &[Uop]) -> Option<Self> {
        let register = four[0].rd;
        let links = |takes: fn(&Uop) -> u8| {
            register != 0
                && four.iter().all(|uop| {
                    let taken = [uop.rs1, uop.rs2, uop.rs3];
                    let takes_once = taken.iter().filter(|taken| **taken == register).count() == 1;
                    uop.rd == register && takes(uop) == register && takes_once
                })
        };
        if are_independent(four) {
            Some(Self::Apart)
        } else if links(|uop| uop.rs3) {
            Some(Self::Sum(register))
        } else {
            links(|uop| uop.rs1).then_some(Self::Horner(register))
        }
    }
}

impl Run {
    /// Whether they round as fours are known to, `dynamic` being the rounding mode in `frm`.
    #[inline(always)]
    pub fn rounds_by(&self, dynamic: Rounding) -> bool {
        dynamic == Rounding::Rne || self.rounding != RoundingMode::Dynamic
    }

    /// Runs them, at most `most`, as far as their results are known at once: how many instructions that is, and flags that,
    /// together with those `raised` before, are what they raise.
    #[inline(always)]
    pub fn run(&self, most: usize, file: &mut File, raised: Flags) -> (usize, Flags) {
        let fours = self.fours.get(..most).unwrap_or(&self.fours);
        match self.how {
            How::Apart => {
                let (done, flags) = (self.run)(file, fours, raised);
                (4 * done, flags)
            }
            How::Sum(register) => chain(fours, register, file, |[a, b, _], last| self.quad.sum(a, b, last)),
            How::Horner(register) => chain(fours, register, file, |[_, b, c], last| self.quad.horner(b, c, last)),
        }
    }
}

/// Runs fours in which each operation waits for the one before it, through `register`: `quad` is given the operands of a four
/// and what is in the register before it.
#[inline(never)]
fn chain(
    fours: &[MultiplyAdds],
    register: u8,
    file: &mut File,
    quad: impl Fn([&[u32; 4]; 3], u32) -> Option<(u32, Flags)>,
) -> (usize, Flags) {
    let mut flags = Flags::NONE;
    let mut last = file[usize::from(register & 63)];
    let mut done = 0;
    for four in fours {
        let (a, b, c) = four.operands(file);
        let Some((result, raised)) = quad([&a, &b, &c], last) else {
            break;
        };
        last = result;
        flags |= raised;
        done += 4;
    }
    file[usize::from(register & 63)] = last;
    (done, flags)
}

/// The operation of `four` instructions, where it is one and of one form, and rounds alike.
fn one_operation(four: &[Uop]) -> Option<Quad> {
    let quad = four[0].quad?;
    let (rounding, replicate) = (four[0].rounding, four[0].replicate);
    let nearest = matches!(rounding, RoundingMode::Dynamic | RoundingMode::Fixed(Rounding::Rne));
    let alike = |uop: &Uop| uop.quad == Some(quad) && uop.rounding == rounding && uop.replicate == replicate;
    (nearest && replicate != Replicate::Byte && four.iter().all(alike)).then_some(quad)
}

/// Whether none of them reads or writes what an earlier one writes, and each writes a register.
fn are_independent(four: &[Uop]) -> bool {
    four.iter().enumerate().all(|(index, uop)| {
        let names = [uop.rd, uop.rs1, uop.rs2, uop.rs3];
        uop.rd != 0 && four[..index].iter().all(|earlier| !names.contains(&earlier.rd))
    })
}

/// What `four` name.
fn registers(four: &[Uop]) -> MultiplyAdds {
    let each = |register: fn(&Uop) -> u8| std::array::from_fn(|index| register(&four[index]));
    MultiplyAdds::new(
        each(|uop| uop.rs1),
        each(|uop| uop.rs2),
        each(|uop| uop.rs3),
        each(|uop| uop.rd),
        four[0].replicate == Replicate::Half,
    )
}
