//! What must hold of every program, measured or not: both engines and an observed run agree in everything, books balance,
//! counters never run backwards, and the two models of instruction fetch say the same where memory always grants.
//!
//! Programs are random and mix every hazard: loads and their users, misaligned and post-increment accesses, divisions,
//! floating point of every latency in binary32 and packed binary16, CSR accesses that flush and others, fences, branches,
//! jumps, nested hardware loops, compressed code, traps, interrupts, sleep, withheld grants and late responses.

mod support;

use ennead_isa::{Set, assemble};
use ennead_sim::config::{Config, Draft, Icache};
use ennead_sim::counters::Counters;
use ennead_sim::elf::Image;
use ennead_sim::engine::{Engine, RunOptions};
use ennead_sim::fault::Outcome;
use ennead_sim::machine::debug::{Debugger, Stopped, Watched};
use ennead_sim::machine::{Forward, Goal, Machine};
use ennead_sim::observe::{Observer, Retire, Silent};
use proptest::prelude::*;
use support::{BASE, elf};

const DATA: u32 = 0x1c01_0000;
/// Where the vectors, the handler of traps behind them, and the program begin.
const VECTORS: u32 = 0x100;
const HANDLER: u32 = 0x180;
const START: u32 = 0x200;
const LIMIT: u64 = 200_000;

/// What comes before the items, and one instruction more.
const PREAMBLE: [&str; 23] = [
    "lui x29, 0x1c000",
    "addi x29, x29, 0x101",
    "csrrw x0, 0x305, x29",
    "lui x8, 0x1c010",
    "csrrs x9, 0xf14, x0",
    "slli x21, x9, 2",
    "add x8, x8, x21",
    "addi x19, x8, 512",
    "lui x28, 0x20000",
    "lui x29, 2",
    "csrrs x0, 0x300, x29",
    "lui x29, 0xffff0",
    "csrrw x0, 0x304, x29",
    "csrrsi x0, 0x300, 8",
    "addi x10, x0, 3",
    "addi x11, x9, 77",
    "addi x12, x0, -9",
    "lui x13, 0x40490",
    "fmv.w.x f0, x13",
    "fmv.w.x f12, x13",
    "lui x13, 0x3f000",
    "fmv.w.x f1, x13",
    "fcvt.s.w f2, x12",
];

/// A piece of a program.
#[derive(Clone, Debug)]
enum Item {
    /// Some instructions without control flow.
    Plain(Vec<String>),
    /// A branch (its text without target) over the next items.
    Branch(String, usize),
    /// `jal` with this link register over the next items.
    Jal(u8, usize),
    /// `auipc`, `addi`, the instructions, then `jalr` with this link register, over the next items.
    Jalr(u8, Vec<String>, usize),
    /// A hardware loop.
    Loop { number: u8, count: u8, body: Vec<String> },
    /// A hardware loop in another.
    Nested {
        counts: (u8, u8),
        before: Vec<String>,
        inner: Vec<String>,
        after: Vec<String>,
    },
    /// A compressed branch (its text without target) over one instruction of four bytes, which is then half a word off.
    Short(String),
    /// An instruction that traps.
    Trap(&'static str),
    /// A raised interrupt line after a delay.
    Interrupt { line: u8, delay: u8 },
    /// The same, and sleep until then.
    Sleep { line: u8, delay: u8 },
}

fn integer() -> impl Strategy<Value = u8> {
    prop_oneof![8 => 10u8..16, 2 => 5u8..8, 1 => Just(0u8)]
}

fn float() -> impl Strategy<Value = u8> {
    prop_oneof![5 => 0u8..4, 5 => 12u8..16]
}

/// An instruction that is no jump. Registers x8, x9, x18 to x21 and x26 to x30 are spared.
fn plain() -> impl Strategy<Value = String> {
    let pick = |names: &'static [&'static str]| prop::sample::select(names);
    let three = pick(&[
        "add",
        "sub",
        "xor",
        "sll",
        "sra",
        "slt",
        "mul",
        "mulh",
        "mulhu",
        "div",
        "rem",
        "divu",
        "cv.mac",
        "cv.min",
        "cv.add.h",
        "cv.sdotsp.b",
        "cv.shuffle2.b",
    ]);
    let float_three = pick(&["fadd.s", "fsub.s", "fmul.s", "fmin.s", "fsgnjn.s", "fdiv.s"]);
    let packed_three = pick(&[
        "vfadd.h",
        "vfmac.h",
        "vfmax.r.h",
        "vfdiv.h",
        "vfcpka.h.s",
        "fmul.h",
        "fdiv.h",
    ]);
    prop_oneof![
        6 => (three, integer(), integer(), integer()).prop_map(|(op, d, a, b)| format!("{op} x{d}, x{a}, x{b}")),
        3 => (integer(), integer(), -64i32..64).prop_map(|(d, a, i)| format!("addi x{d}, x{a}, {i}")),
        1 => (integer(), 0u32..0xf_ffff).prop_map(|(d, i)| format!("lui x{d}, {i}")),
        2 => (10u8..16, -32i32..32).prop_map(|(d, i)| format!("c.li x{d}, {i}")),
        1 => (10u8..16, 10u8..16).prop_map(|(d, a)| format!("c.add x{d}, x{a}")),
        1 => (10u8..16, 0u32..16).prop_map(|(d, i)| format!("c.lw x{d}, {}(x8)", 4 * i)),
        4 => (pick(&["lw", "lh", "lbu"]), integer(), 0u32..96).prop_map(|(op, d, o)| format!("{op} x{d}, {o}(x8)")),
        3 => (pick(&["sw", "sh", "sb"]), integer(), 0u32..96).prop_map(|(op, s, o)| format!("{op} x{s}, {o}(x8)")),
        2 => (pick(&["cv.lw", "cv.lbu"]), integer(), 0u32..8).prop_map(|(op, d, i)| format!("{op} x{d}, (x19), {i}")),
        1 => (integer(), 0u32..8).prop_map(|(s, i)| format!("cv.sw x{s}, (x19), {i}")),
        2 => (float(), 0u32..24).prop_map(|(d, o)| format!("flw f{d}, {}(x8)", 4 * o)),
        2 => (float(), 0u32..24).prop_map(|(s, o)| format!("fsw f{s}, {}(x8)", 4 * o)),
        4 => (float_three, float(), float(), float()).prop_map(|(op, d, a, b)| format!("{op} f{d}, f{a}, f{b}")),
        2 => (float(), float(), float(), float()).prop_map(|(d, a, b, c)| format!("fmadd.s f{d}, f{a}, f{b}, f{c}")),
        1 => (float(), float()).prop_map(|(d, a)| format!("fsqrt.s f{d}, f{a}")),
        2 => (pick(&["feq.s", "flt.s"]), integer(), float(), float())
            .prop_map(|(op, d, a, b)| format!("{op} x{d}, f{a}, f{b}")),
        1 => (integer(), float()).prop_map(|(d, a)| format!("fcvt.w.s x{d}, f{a}")),
        1 => (float(), integer()).prop_map(|(d, a)| format!("fmv.w.x f{d}, x{a}")),
        3 => (packed_three, float(), float(), float()).prop_map(|(op, d, a, b)| format!("{op} f{d}, f{a}, f{b}")),
        1 => (integer(), float(), float()).prop_map(|(d, a, b)| format!("vfeq.h x{d}, f{a}, f{b}")),
        1 => integer().prop_map(|d| format!("csrrs x{d}, 0x340, x0")),
        1 => integer().prop_map(|s| format!("csrrw x0, 0x340, x{s}")),
        1 => integer().prop_map(|d| format!("csrrs x{d}, 0x001, x0")),
        1 => integer().prop_map(|d| format!("csrrs x{d}, 0xb00, x0")),
        1 => integer().prop_map(|d| format!("csrrs x{d}, 0xb02, x0")),
        1 => integer().prop_map(|d| format!("csrrs x{d}, 0x341, x0")),
        1 => (0u8..5).prop_map(|mode| format!("csrrwi x0, 0x002, {mode}")),
        1 => pick(&["fence rw, rw", "fence.i"]).prop_map(str::to_owned),
        1 => (10u8..16, 10u8..16).prop_map(|(d, a)| format!("c.mv x{d}, x{a}")),
        1 => (10u8..16, 0u32..16).prop_map(|(s, i)| format!("c.sw x{s}, {}(x8)", 4 * i)),
    ]
}

fn lines(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(plain(), count)
}

fn item() -> impl Strategy<Value = Item> {
    let condition = prop::sample::select(&["beq", "bne", "blt", "bgeu"][..]);
    let link = prop::sample::select(&[0u8, 1, 22][..]);
    prop_oneof![
        10 => prop::collection::vec(plain(), 1..6).prop_map(Item::Plain),
        4 => (condition, integer(), integer(), 0usize..4)
            .prop_map(|(op, a, b, skip)| Item::Branch(format!("{op} x{a}, x{b}"), skip)),
        1 => (link.clone(), 0usize..3).prop_map(|(link, skip)| Item::Jal(link, skip)),
        1 => (link, prop::collection::vec(plain(), 0..3), 0usize..3)
            .prop_map(|(link, between, skip)| Item::Jalr(link, between, skip)),
        2 => (0u8..2, 1u8..5, prop::collection::vec(plain(), 2..6))
            .prop_map(|(number, count, body)| Item::Loop { number, count, body }),
        1 => ((1u8..4, 1u8..4), lines(0..3), lines(2..5), lines(2..4))
            .prop_map(|(counts, before, inner, after)| Item::Nested { counts, before, inner, after }),
        1 => (prop::sample::select(&["c.beqz", "c.bnez"][..]), 10u8..16)
            .prop_map(|(op, a)| Item::Short(format!("{op} x{a}"))),
        1 => prop::sample::select(&["ecall", "ebreak", ILLEGAL][..]).prop_map(Item::Trap),
        1 => (16u8..32, 0u8..60).prop_map(|(line, delay)| Item::Interrupt { line, delay }),
        1 => (16u8..32, 0u8..60).prop_map(|(line, delay)| Item::Sleep { line, delay }),
    ]
}

/// An access to a register that does not exist.
const ILLEGAL: &str = "csrrs x10, 0x7c0, x0";

/// Code under construction.
struct Code {
    bytes: Vec<u8>,
    set: Set,
}

impl Code {
    fn here(&self) -> u32 {
        self.bytes.len() as u32
    }

    fn add(&mut self, text: &str) {
        let word = assemble(text, &self.set).unwrap_or_else(|error| panic!("{text}: {error}"));
        let len = if word & 3 == 3 { 4 } else { 2 };
        self.bytes.extend(&word.to_le_bytes()[..len]);
    }

    /// The lines that the core has, and with `long` only those of four bytes.
    fn known<'a>(&self, lines: &'a [String], long: bool) -> Vec<&'a String> {
        let packed = |line: &str| line.starts_with("vf") || line.starts_with("fmul.h") || line.starts_with("fdiv.h");
        lines
            .iter()
            .filter(|line| (self.set.packed_fp16 || !packed(line)) && !(long && line.starts_with("c.")))
            .collect()
    }

    fn add_known(&mut self, lines: &[String]) {
        self.known(lines, false).into_iter().for_each(|line| self.add(line));
    }

    fn align(&mut self) {
        if self.here() & 2 != 0 {
            self.add("c.nop");
        }
    }

    fn patch(&mut self, at: u32, text: &str) {
        let word = assemble(text, &self.set).unwrap_or_else(|error| panic!("{text}: {error}"));
        self.bytes[at as usize..at as usize + 4].copy_from_slice(&word.to_le_bytes());
    }
}

/// An instruction to be written once its target is known.
type Late = (u32, usize, Box<dyn Fn(u32) -> String>);

/// Raises an interrupt line after a delay.
fn raise(code: &mut Code, line: u8, delay: u8) {
    code.add(&format!("addi x29, x0, {delay}"));
    code.add("sw x29, 20(x28)");
    code.add(&format!("lui x29, {}", 1u32 << line >> 12));
    code.add("sw x29, 16(x28)");
}

fn program(items: &[Item], set: Set) -> Vec<u8> {
    program_of_passes(items, set, 1)
}

/// The items, so many times over.
fn program_of_passes(items: &[Item], set: Set, passes: u32) -> Vec<u8> {
    let mut code = Code { bytes: Vec::new(), set };
    code.add(&format!("jal x0, {START}"));
    while code.here() < VECTORS {
        code.add("addi x0, x0, 0");
    }
    code.add(&format!("jal x0, {}", HANDLER - VECTORS));
    while code.here() < HANDLER {
        code.add("mret");
    }
    ["csrrs x30, 0x341, x0", "addi x30, x30, 4", "csrrw x0, 0x341, x30"]
        .iter()
        .for_each(|line| code.add(line));
    while code.here() < START {
        code.add("mret");
    }
    PREAMBLE.iter().for_each(|line| code.add(line));
    code.add(&format!("addi x27, x0, {passes}"));
    let again = code.here();
    let mut starts = Vec::new();
    let mut late: Vec<Late> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        starts.push(code.here());
        match item {
            Item::Plain(lines) => code.add_known(lines),
            Item::Branch(text, skip) => {
                let (at, text) = (code.here(), text.clone());
                late.push((
                    at,
                    index + 1 + skip,
                    Box::new(move |target| format!("{text}, {}", target - at)),
                ));
                code.add("addi x0, x0, 0");
            }
            Item::Jal(link, skip) => {
                let (at, link) = (code.here(), *link);
                late.push((
                    at,
                    index + 1 + skip,
                    Box::new(move |target| format!("jal x{link}, {}", target - at)),
                ));
                code.add("addi x0, x0, 0");
            }
            Item::Jalr(link, between, skip) => {
                let at = code.here();
                code.add("auipc x22, 0");
                let offset = move |target| format!("addi x22, x22, {}", target - at);
                late.push((code.here(), index + 1 + skip, Box::new(offset)));
                code.add("addi x0, x0, 0");
                code.add_known(between);
                code.add(&format!("jalr x{link}, 0(x22)"));
            }
            Item::Loop { number, count, body } => {
                code.add(&format!("addi x26, x0, {count}"));
                code.align();
                let long = code.known(body, true);
                let end = 4 + 4 * long.len().max(2) as u32;
                code.add(&format!("cv.setup {number}, x26, {end}"));
                long.iter().for_each(|line| code.add(line));
                (long.len()..2).for_each(|_| code.add("add x14, x14, x26"));
            }
            Item::Nested {
                counts: (outer, count),
                before,
                inner,
                after,
            } => {
                const PAD: &str = "add x14, x14, x26";
                let [before, inner, after] = [before, inner, after].map(|lines| code.known(lines, true));
                let (inside, behind) = (inner.len().max(3), after.len().max(2));
                let words = before.len() + 1 + inside + behind;
                code.add(&format!("addi x26, x0, {outer}"));
                code.align();
                code.add(&format!("cv.setup 1, x26, {}", 4 + 4 * words));
                before.iter().for_each(|line| code.add(line));
                code.add(&format!("cv.setupi 0, {count}, {}", 4 + 4 * inside));
                inner.iter().for_each(|line| code.add(line));
                (inner.len()..inside).for_each(|_| code.add(PAD));
                after.iter().for_each(|line| code.add(line));
                (after.len()..behind).for_each(|_| code.add(PAD));
            }
            Item::Short(text) => {
                code.add(&format!("{text}, 6"));
                code.add("addi x15, x15, 5");
            }
            Item::Trap(text) => code.add(text),
            Item::Interrupt { line, delay } => raise(&mut code, *line, *delay),
            Item::Sleep { line, delay } => {
                code.add("csrrci x0, 0x300, 8");
                raise(&mut code, *line, *delay);
                code.add("wfi");
                code.add("csrrsi x0, 0x300, 8");
            }
        }
    }
    starts.push(code.here());
    if passes > 1 {
        code.add("addi x27, x27, -1");
        code.add("beq x27, x0, 8");
        let back = again as i32 - code.here() as i32;
        code.add(&format!("jal x0, {back}"));
    }
    code.add("csrrci x0, 0x300, 8");
    code.add("sw x10, 0(x28)");
    code.add("jal x0, 0");
    for (at, item, text) in late {
        let target = starts[item.min(items.len())];
        code.patch(at, &text(target));
    }
    code.bytes
}

fn image(items: &[Item], config: &Config) -> Image {
    let bytes = program(items, config.core.instruction_set());
    Image::parse(&elf(BASE, &[(BASE, &bytes)])).unwrap()
}

/// Everything that a run leaves behind.
#[derive(Debug, PartialEq)]
struct Left {
    outcome: Outcome,
    counters: Counters,
    registers: Vec<[u32; 64]>,
    addresses: Vec<u32>,
    data: Vec<u8>,
}

fn left(machine: &Machine, outcome: Outcome) -> Left {
    let mut data = vec![0; 4096];
    machine.memory().dump(DATA, &mut data);
    Left {
        outcome,
        counters: machine.counters(),
        registers: machine.cores().iter().map(|core| core.registers).collect(),
        addresses: machine.cores().iter().map(|core| core.last_pc).collect(),
        data,
    }
}

fn run<O: Observer>(config: &Config, image: &Image, engine: Engine, observer: &mut O) -> Left {
    let mut machine = Machine::new(config, image).unwrap();
    let options = RunOptions {
        engine,
        max_cycles: LIMIT,
    };
    let outcome = machine.run(&options, observer);
    left(&machine, outcome)
}

fn balanced(counters: &Counters) -> Result<(), TestCaseError> {
    for core in &counters.cores {
        let booked = core.active + core.sleep + core.stalls.iter().sum::<u64>();
        prop_assert_eq!(booked, core.cycles, "{}: {:?}", core.name, core);
        prop_assert!(core.instret <= core.active, "{}", core.name);
        prop_assert!(core.cycles <= counters.cycles);
    }
    Ok(())
}

fn config(name: &str, keys: &[(&str, &str)]) -> Config {
    let mut draft = Draft::shipped(name).unwrap();
    for (key, value) in keys {
        draft.set(key, value).unwrap();
    }
    draft.finish().unwrap()
}

fn single_core() -> impl Strategy<Value = Config> {
    let latencies = (0u8..4, 0u8..4, 0u8..4);
    let response = prop_oneof![2 => Just(1u8), 1 => 2u8..7];
    (latencies, response, any::<bool>(), any::<bool>()).prop_map(|((addmul, others, fp16), response, pulp, packed)| {
        config(
            "cv32e40p",
            &[
                ("fpu.addmul_latency", &addmul.to_string()),
                ("fpu.others_latency", &others.to_string()),
                ("fpu.fp16_latency", &fp16.to_string()),
                ("fpu.divsqrt", if pulp || packed { "pulp" } else { "thead" }),
                ("core.packed_fp16", &packed.to_string()),
                ("core.response_latency", &response.to_string()),
            ],
        )
    })
}

fn cluster() -> impl Strategy<Value = Config> {
    let name = prop::sample::select(&["golden-mc8", "golden-mx", "golden-ms0", "golden-ms1", "golden-m2"][..]);
    let icache = prop_oneof![
        Just(vec![]),
        (any::<bool>(), any::<bool>(), 0u32..3).prop_map(|(enabled, prefetch, size)| {
            vec![
                ("icache.model", "hierarchical".to_owned()),
                ("icache.enabled", enabled.to_string()),
                ("icache.prefetch", prefetch.to_string()),
                ("icache.private_size", (128 << size).to_string()),
            ]
        }),
    ];
    (name, icache).prop_map(|(name, keys)| {
        let keys: Vec<_> = keys.iter().map(|(key, value)| (*key, value.as_str())).collect();
        config(name, &keys)
    })
}

fn agree(config: &Config, items: &[Item]) -> Result<(), TestCaseError> {
    let image = image(items, config);
    let calendar = run(config, &image, Engine::Calendar, &mut Silent);
    balanced(&calendar.counters)?;
    prop_assert!(matches!(calendar.outcome, Outcome::Exit(_)), "{:?}", calendar.outcome);
    let again = run(config, &image, Engine::Calendar, &mut Silent);
    prop_assert_eq!(&calendar, &again, "the same run again");
    let mut watched = 0u64;
    let observed = run(config, &image, Engine::Calendar, &mut Retire(|_| watched += 1));
    prop_assert_eq!(&calendar, &observed, "observed");
    prop_assert!(watched >= calendar.counters.instret());
    let lockstep = run(config, &image, Engine::Lockstep, &mut Silent);
    prop_assert_eq!(&calendar, &lockstep, "lockstep");
    Ok(())
}

/// Runs under a debugger that does what a client does at a breakpoint (lift it, step that core, set it again, go on), and
/// gives how often each core stood there.
fn debugged(config: &Config, image: &Image, breakpoints: &[u32], slice: u64) -> (Left, Vec<u64>) {
    let mut debugger = Debugger::new(Machine::new(config, image).unwrap(), Engine::Calendar, LIMIT);
    let mut hits = vec![0; debugger.machine().cores().len()];
    breakpoints.iter().for_each(|pc| debugger.add_breakpoint(*pc));
    let watched = Watched {
        reads: true,
        writes: true,
    };
    if breakpoints.is_empty() {
        debugger.add_watchpoint(DATA + 64, 4, watched);
    }
    loop {
        match debugger.run(slice) {
            Some(Stopped::Ended(outcome)) => return (left(&debugger.into_machine(), outcome), hits),
            Some(Stopped::Breakpoint(core)) => {
                let pc = debugger.pc(core);
                assert!(breakpoints.contains(&pc));
                hits[core] += 1;
                breakpoints
                    .iter()
                    .for_each(|pc| assert!(debugger.remove_breakpoint(*pc)));
                debugger.begin_step(core, true);
                loop {
                    match debugger.run(slice) {
                        Some(Stopped::Step(stepped)) => break assert_eq!(stepped, core),
                        Some(Stopped::Ended(outcome)) => return (left(&debugger.into_machine(), outcome), hits),
                        None => {}
                        other => panic!("{other:?}"),
                    }
                }
                breakpoints.iter().for_each(|pc| debugger.add_breakpoint(*pc));
            }
            None | Some(Stopped::Watchpoint(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// A machine that went to `goal` without timing.
fn forwarded(config: &Config, image: &Image, goal: Goal) -> (Machine, Forward) {
    let mut machine = Machine::new(config, image).unwrap();
    let forward = machine.fast_forward(goal, LIMIT, &mut |_| true).unwrap();
    (machine, forward)
}

/// Whether what the item does depends on when it does it.
fn timeless(item: &Item) -> bool {
    match item {
        Item::Interrupt { .. } | Item::Sleep { .. } => false,
        Item::Plain(lines) | Item::Loop { body: lines, .. } | Item::Jalr(_, lines, _) => {
            !lines.iter().any(|line| line.contains("0xb00"))
        }
        Item::Nested {
            before, inner, after, ..
        } => ![before, inner, after]
            .into_iter()
            .flatten()
            .any(|line| line.contains("0xb00")),
        Item::Branch(..) | Item::Jal(..) | Item::Short(_) | Item::Trap(_) => true,
    }
}

/// When instructions leave decode, and all cycles: with instructions from an ideal memory, and through a prefetch buffer that
/// always gets its words.
fn with_and_without_prefetch_buffer(config: &Config, items: &[Item]) -> [(Vec<(u64, u32)>, u64); 2] {
    let image = image(items, config);
    let mut granted = config.clone();
    granted.core.grant_trace = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/all.gnt").to_owned();
    [config, &granted].map(|config| {
        let mut rows = Vec::new();
        let mut observer = Retire(|row: ennead_sim::observe::Retired| rows.push((row.cycle, row.pc)));
        let left = run(config, &image, Engine::Calendar, &mut observer);
        (rows, left.counters.cycles)
    })
}

#[test]
fn a_prefetch_buffer_changes_nothing_where_decode_waits_for_a_load_and_then_for_a_late_response() {
    let config = config(
        "cv32e40p",
        &[
            ("fpu.addmul_latency", "3"),
            ("fpu.others_latency", "2"),
            ("fpu.divsqrt", "thead"),
            ("core.response_latency", "4"),
        ],
    );
    let lines = |lines: &[&str]| Item::Plain(lines.iter().map(|line| (*line).to_owned()).collect());
    let items = [
        Item::Interrupt { line: 16, delay: 13 },
        lines(&[
            "fsqrt.s f0, f13",
            "c.lw x10, 0(x8)",
            "fadd.s f0, f0, f0",
            "c.lw x10, 0(x8)",
        ]),
        lines(&["lw x10, 1(x8)"]),
    ];
    let [ideal, granted] = with_and_without_prefetch_buffer(&config, &items);
    assert_eq!(ideal, granted);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn engines_and_observed_runs_agree_on_one_core(
        config in single_core(),
        items in prop::collection::vec(item(), 1..60),
    ) {
        agree(&config, &items)?;
    }

    #[test]
    fn engines_and_observed_runs_agree_on_eight_cores(
        config in cluster(),
        items in prop::collection::vec(item(), 1..40),
    ) {
        agree(&config, &items)?;
    }

    #[test]
    fn engines_and_observed_runs_agree_where_grants_are_withheld(
        config in single_core(),
        items in prop::collection::vec(item(), 1..40),
        grants in prop::collection::vec(0u8..4, 1..3000),
    ) {
        let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("random.gnt");
        let pattern: String = grants.iter().map(|grant| format!("{grant}-")).collect();
        std::fs::write(&path, pattern).unwrap();
        let mut withheld = config;
        withheld.core.grant_trace = path.to_str().unwrap().to_owned();
        agree(&withheld, &items)?;
    }

    #[test]
    fn a_prefetch_buffer_that_always_gets_its_words_changes_nothing(
        config in single_core(),
        items in prop::collection::vec(item(), 1..60),
    ) {
        let [ideal, granted] = with_and_without_prefetch_buffer(&config, &items);
        prop_assert_eq!(ideal, granted);
    }

    #[test]
    fn a_program_that_is_in_its_private_cache_runs_as_from_ideal_memory(
        config in single_core(),
        items in prop::collection::vec(item(), 1..60),
    ) {
        // What depends on the time at which a pass begins would differ.
        let items: Vec<Item> = items.into_iter().filter(timeless).collect();
        let bytes = program_of_passes(&items, config.core.instruction_set(), 5);
        let image = Image::parse(&elf(BASE, &[(BASE, &bytes)])).unwrap();
        // The fourth pass: what the second one fetched ahead is there in the third, and how long a root takes there may depend on
        // how long the one before it did.
        let passes = |config: &Config| {
            let mut passes: Vec<Vec<(u64, u32)>> = Vec::new();
            run(config, &image, Engine::Calendar, &mut Retire(|row: ennead_sim::observe::Retired| {
                if row.pc == BASE + START + 4 * (PREAMBLE.len() as u32 + 1) {
                    passes.push(Vec::new());
                }
                if let Some(pass) = passes.last_mut() {
                    let first = pass.first().map_or(row.cycle, |row| row.0);
                    pass.push((row.cycle - if pass.is_empty() { 0 } else { first }, row.pc));
                }
            }));
            passes
        };
        let same_way = |passes: &[Vec<(u64, u32)>]| {
            let ways = passes[..4].iter().map(|pass| pass.iter().map(|row| row.1));
            ways.clone().skip(1).all(|way| way.eq(passes[0].iter().map(|row| row.1)))
        };
        let mut cached = config.clone();
        cached.icache.model = Icache::Hierarchical;
        cached.icache.enabled = true;
        cached.icache.private_size = 1 << 16;
        let (ideal, cached) = (passes(&config), passes(&cached));
        // Programs whose branches depend on what the pass before left in registers show nothing.
        if !same_way(&ideal) {
            return Ok(());
        }
        prop_assert_eq!(&ideal[3][1..], &cached[3][1..]);
    }

    #[test]
    fn counters_never_run_backwards(
        config in cluster(),
        items in prop::collection::vec(item(), 1..20),
        step in 1u64..90,
    ) {
        let image = image(&items, &config);
        let mut machine = Machine::new(&config, &image).unwrap();
        let (mut until, mut before) = (step, machine.counters());
        while machine.run_until(Engine::Lockstep, until, &mut Silent).is_none() && until < LIMIT {
            let now = machine.counters();
            prop_assert!(now.cycles >= before.cycles);
            for (now, before) in now.cores.iter().zip(&before.cores) {
                prop_assert!(now.instret >= before.instret && now.active >= before.active);
                prop_assert!(now.sleep >= before.sleep);
                prop_assert!(now.stalls.iter().zip(before.stalls).all(|(now, before)| *now >= before));
            }
            (until, before) = (until + step, now);
        }
    }

    #[test]
    fn a_debugger_stops_every_core_at_every_breakpoint_and_changes_nothing(
        config in prop_oneof![single_core(), cluster()],
        items in prop::collection::vec(item(), 1..20),
        places in prop::collection::vec(0usize..400, 0..4),
        slice in 1u64..300,
    ) {
        let image = image(&items, &config);
        let mut retired: Vec<(usize, u32, u64)> = Vec::new();
        let plain = run(&config, &image, Engine::Calendar, &mut Retire(|row: ennead_sim::observe::Retired| {
            retired.push((row.core, row.pc, row.cycle));
        }));
        // Nobody stops in the cycle that ends the run.
        retired.retain(|(.., cycle)| *cycle < plain.counters.cycles);
        let mut pcs: Vec<u32> = retired.iter().map(|(_, pc, _)| *pc).filter(|pc| *pc >= BASE + START).collect();
        pcs.sort_unstable();
        pcs.dedup();
        let mut breakpoints: Vec<u32> = places.iter().map(|place| pcs[place % pcs.len()]).collect();
        breakpoints.sort_unstable();
        breakpoints.dedup();
        let (debugged, hits) = debugged(&config, &image, &breakpoints, slice);
        prop_assert_eq!(plain, debugged);
        for (core, hits) in hits.into_iter().enumerate() {
            let passes = retired.iter().filter(|(by, pc, _)| *by == core && breakpoints.contains(pc)).count() as u64;
            // An instruction that an interrupt kills in decode is come to again; every core may raise one for all.
            let raises = |item: &&Item| matches!(item, Item::Interrupt { .. } | Item::Sleep { .. });
            let interrupts = items.iter().filter(raises).count() as u64 * 8;
            prop_assert!((passes..=passes + interrupts).contains(&hits), "core {core}: {hits} for {passes}");
        }
    }

    #[test]
    fn going_back_and_forth_between_watched_and_free_running_changes_nothing(
        config in prop_oneof![single_core(), cluster()],
        items in prop::collection::vec(item(), 1..40),
        slices in prop::collection::vec((1u64..200, any::<bool>()), 1..6),
    ) {
        let image = image(&items, &config);
        let plain = run(&config, &image, Engine::Calendar, &mut Silent);
        let mut debugger = Debugger::new(Machine::new(&config, &image).unwrap(), Engine::Calendar, LIMIT);
        let outcome = slices.iter().cycle().find_map(|(slice, watched)| {
            if *watched {
                debugger.add_breakpoint(1);
            } else {
                debugger.remove_breakpoint(1);
            }
            match debugger.run(*slice) {
                None => None,
                Some(Stopped::Ended(outcome)) => Some(outcome),
                other => panic!("{other:?}"),
            }
        });
        prop_assert_eq!(plain, left(&debugger.into_machine(), outcome.unwrap()));
    }

    #[test]
    fn a_run_without_timing_leaves_what_an_exact_one_leaves(
        config in single_core(),
        items in prop::collection::vec(item(), 1..60),
    ) {
        let items: Vec<Item> = items.into_iter().filter(timeless).collect();
        let image = image(&items, &config);
        let exact = run(&config, &image, Engine::Calendar, &mut Silent);
        let (machine, forward) = forwarded(&config, &image, Goal::Cycle(LIMIT));
        prop_assert!(matches!(forward, Forward::Ended(Outcome::Exit(_))), "{forward:?}");
        let functional = left(&machine, exact.outcome.clone());
        prop_assert_eq!(&functional.registers, &exact.registers);
        prop_assert_eq!(&functional.data, &exact.data);
        prop_assert_eq!(&functional.addresses, &exact.addresses);
        prop_assert_eq!(functional.counters.cores[0].instret, exact.counters.cores[0].instret);
        prop_assert_eq!(functional.counters.cores[0].macs, exact.counters.cores[0].macs);
        let counted = |machine: &Machine| machine.counters().forwarded;
        prop_assert_eq!(counted(&machine).cycles, functional.counters.cycles);
        prop_assert_eq!(counted(&machine).instret, exact.counters.instret());
        balanced(&functional.counters)?;
    }

    #[test]
    fn engines_and_observed_runs_agree_after_a_fast_forward(
        config in prop_oneof![single_core(), cluster()],
        items in prop::collection::vec(item(), 1..40),
        cycle in 1u64..600,
        place in 0u32..200,
        to_address in any::<bool>(),
    ) {
        let image = image(&items, &config);
        let goal = if to_address { Goal::Address(BASE + START + 2 * place) } else { Goal::Cycle(cycle) };
        let go_on = |engine, watched: bool| {
            let (mut machine, forward) = forwarded(&config, &image, goal);
            if !matches!(forward, Forward::Ended(_)) {
                let arrived = machine.cores().iter().any(|core| Goal::Address(core.pc) == goal);
                assert!(arrived || !to_address, "{forward:?}");
                assert!(to_address || machine.cycles() == cycle);
                assert!(machine.cores().iter().all(|core| core.pipeline.issued <= machine.cycles()));
            }
            let options = RunOptions { engine, max_cycles: LIMIT };
            let outcome = if watched {
                machine.run(&options, &mut Retire(|_| ()))
            } else {
                machine.run(&options, &mut Silent)
            };
            left(&machine, outcome)
        };
        let calendar = go_on(Engine::Calendar, false);
        prop_assert!(matches!(calendar.outcome, Outcome::Exit(_)), "{:?}", calendar.outcome);
        balanced(&calendar.counters)?;
        prop_assert_eq!(&calendar, &go_on(Engine::Calendar, true), "observed");
        prop_assert_eq!(&calendar, &go_on(Engine::Lockstep, false), "lockstep");
    }
}

/// The jump goes to the word behind it, which is on its way out of the cache at that time.
#[test]
fn engines_agree_on_a_jump_to_where_the_fetch_is_going() {
    let cached = [
        ("icache.model", "hierarchical"),
        ("icache.enabled", "true"),
        ("icache.private_size", "128"),
    ];
    let config = config("golden-mc8", &cached);
    let plain = |lines: &[&str]| Item::Plain(lines.iter().map(|line| (*line).to_owned()).collect());
    let items = [
        Item::Loop {
            number: 0,
            count: 1,
            body: ["lw x10, 0(x8)", "cv.sw x10, (x19), 2", "add x10, x10, x10"]
                .map(str::to_owned)
                .to_vec(),
        },
        Item::Branch("beq x10, x10".to_owned(), 0),
        Item::Branch("bgeu x5, x11".to_owned(), 0),
        plain(&[
            "lw x10, 0(x8)",
            "lw x10, 0(x8)",
            "cv.sw x10, (x19), 0",
            "add x10, x10, x10",
            "lw x10, 0(x8)",
        ]),
        plain(&[
            "flw f0, 0(x8)",
            "cv.lw x10, (x19), 1",
            "lw x10, 0(x8)",
            "flw f0, 0(x8)",
            "flw f0, 0(x8)",
        ]),
        plain(&[
            "lw x10, 0(x8)",
            "cv.sw x10, (x19), 0",
            "lh x10, 0(x8)",
            "cv.lw x10, (x19), 0",
        ]),
        Item::Jal(0, 0),
    ];
    agree(&config, &items).unwrap();
}

/// The interrupt takes the instruction behind one that has waited in the execute stage since before the line rose. Worker 0
/// ends the run while the others are ahead of it, so that their instructions since then are gone through again.
#[test]
fn an_interrupt_that_a_core_learns_of_late_is_taken_again_where_the_end_takes_back() {
    let config = config("golden-ms0", &[]);
    let owned = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<String>>();
    let plain = |lines: &[&str]| Item::Plain(owned(lines));
    let twice = |body: &[&str]| Item::Loop {
        number: 0,
        count: 2,
        body: owned(body),
    };
    let items = [
        plain(&["addi x13, x10, 6", "fsw f0, 52(x8)", "c.sw x10, 56(x8)"]),
        twice(&["sll x11, x14, x10", "fadd.s f0, f0, f0"]),
        plain(&["lh x13, 67(x8)"]),
        Item::Nested {
            counts: (3, 1),
            before: vec![],
            inner: owned(&["fadd.s f0, f0, f0", "add x14, x10, x10"]),
            after: owned(&["sb x12, 80(x8)", "fadd.s f0, f0, f0"]),
        },
        Item::Branch("beq x11, x13".to_owned(), 3),
        Item::Sleep { line: 16, delay: 0 },
        Item::Sleep { line: 16, delay: 0 },
        plain(&["c.li x10, 0"]),
        twice(&["mulh x10, x10, x10", "feq.s x0, f0, f0"]),
        plain(&[
            "c.li x11, 0",
            "flw f0, 0(x8)",
            "flw f14, 52(x8)",
            "fsqrt.s f0, f14",
            "fadd.s f0, f1, f1",
        ]),
        Item::Sleep { line: 16, delay: 0 },
        plain(&["cv.mac x10, x10, x10", "add x10, x10, x10", "csrrs x10, 0xb00, x0"]),
        Item::Branch("beq x10, x10".to_owned(), 0),
        plain(&["add x10, x10, x10"]),
    ];
    agree(&config, &items).unwrap();
}
