//! The devices of the PULP machine as firmware sees them: every register that PULP runtimes touch, at its address, from the
//! core that touches it.

mod support;

use std::fmt::Write;

use ennead_sim::config::Config;
use support::{config, table};

fn pulp() -> Config {
    config("pulp-open", &[])
}

/// Ends a program by the exit register.
const EXIT: &str = "
    li t6, 0x1a1040a0
    li t5, 0x80000000
    sw t5, 0(t6)
    jal zero, 0
";

const TABLE: &str = "
    .align 4
    table:
    .word 0
";

const START: &str = "la s11, table\n";

/// A word to write, or a read whose value goes to the table.
#[derive(Clone, Copy)]
enum Do {
    Write(u32, u32),
    Read(u32),
}
use Do::{Read, Write as Put};

fn text(accesses: &[Do]) -> String {
    let mut text = String::new();
    for access in accesses {
        match access {
            Put(address, value) => write!(text, "li t0, {address:#x}\nli t1, {value:#x}\nsw t1, 0(t0)\n"),
            Read(address) => write!(
                text,
                "li t0, {address:#x}\nlw t1, 0(t0)\nsw t1, 0(s11)\naddi s11, s11, 4\n"
            ),
        }
        .unwrap();
    }
    text
}

/// What the orchestrator reads when it does this.
#[track_caller]
fn orchestrator(config: &Config, accesses: &[Do]) -> Vec<u32> {
    let reads = accesses.iter().filter(|access| matches!(access, Read(_))).count();
    table(config, &(START.to_owned() + &text(accesses) + EXIT + TABLE), reads)
}

/// What worker 0 reads when it does this.
#[track_caller]
fn worker(config: &Config, accesses: &[Do]) -> Vec<u32> {
    let reads = accesses.iter().filter(|access| matches!(access, Read(_))).count();
    let start = "
        jal zero, @start
        .align 256
        worker:
        la s11, table
    ";
    let orchestrator = "
        start:
        li t0, 0x10200040
        la t1, worker
        sw t1, 0(t0)
        li t0, 0x10200008
        addi t1, zero, 1
        sw t1, 0(t0)
        wfi
        jal zero, 0
    ";
    table(
        config,
        &(start.to_owned() + &text(accesses) + EXIT + orchestrator + TABLE),
        reads,
    )
}

#[track_caller]
fn keeps(config: &Config, registers: &[(u32, u32)]) {
    for registers in registers.chunks(16) {
        let accesses: Vec<Do> = registers
            .iter()
            .flat_map(|&(address, value)| [Put(address, value), Read(address)])
            .collect();
        for (read, (address, value)) in orchestrator(config, &accesses).into_iter().zip(registers) {
            assert_eq!(read, *value, "{address:#x}");
        }
    }
}

#[test]
fn registers_of_the_soc_keep_what_is_written() {
    let mut registers = vec![
        (0x1a10_0004, 0xc54c_05f5),
        (0x1a10_0008, 0x0050_1909),
        (0x1a10_000c, 0x014c_0000),
        (0x1a10_0014, 0xc54c_05f5),
        (0x1a10_0018, 0x0050_1909),
        (0x1a10_001c, 0x014c_0000),
        (0x1a10_0024, 0xcd4c_17d4),
        (0x1a10_0028, 0x0050_1909),
        (0x1a10_002c, 0x014c_0000),
        (0x1a10_1000, 0x0000_ffff),
        (0x1a10_1004, 0x1234_5678),
        (0x1a10_100c, 0x0000_00ff),
        (0x1a10_1038, 0xffff_0000),
        (0x1a10_2000, 0x0000_0003),
        (0x1a10_2004, 0x0403_0201),
        (0x1a10_2080, 0x1c00_8000),
        (0x1a10_2090, 0x1c00_9000),
        (0x1a10_20a4, 0x01b1_0306),
        (0x1a10_4074, 8),
        (0x1a10_40c4, 1),
        (0x1a10_40a0, 0x7fff_ffff),
        (0x1a10_6084, 3),
        (0x1a10_6088, 5),
        (0x1a10_9800, 0xf000_0000),
        (0x1a10_b010, 1000),
        (0x1a10_b014, 1001),
        (0x1a10_b810, 1002),
    ];
    registers.extend((0x1a10_4010..0x1a10_4064).step_by(4).map(|address| (address, !address)));
    registers.extend((0x1a10_6004..0x1a10_6084).step_by(4).map(|address| (address, !address)));
    keeps(&pulp(), &registers);
}

#[test]
fn registers_of_the_cluster_keep_what_is_written() {
    let mut registers = vec![
        (0x1020_0018, 0x3f),
        (0x1020_0020, 1),
        (0x1020_0038, 0x81),
        (0x1020_0410, 77),
        (0x1020_0414, 78),
        (0x1020_1400, u32::MAX),
        (0x1020_0c00, 0xff),
        (0x1020_0c0c, 0x7f),
    ];
    registers.extend((0..8).map(|core| (0x1020_0040 + 4 * core, 0x1c00_8080 + 4 * core)));
    for core in 0..8 {
        registers.push((0x1020_0800 + 0x40 * core, 0x0007_0000 | core));
        registers.push((0x1020_080c + 0x40 * core, 0x200));
    }
    keeps(&pulp(), &registers);
}

#[test]
fn every_place_without_a_device_of_its_own_takes_stores_and_reads_zero() {
    // FC instruction cache, console, power management, real-time clock, debug unit in both places, advanced timers,
    // another peripheral of the uDMA, accelerator.
    let places = [
        0x1a10_8800,
        0x1a10_ff80,
        0x1a10_7010,
        0x1a10_8000,
        0x1a11_0000,
        0x1a19_0000,
        0x1a10_5004,
        0x1a10_2180,
        0x1020_1000,
    ];
    let accesses: Vec<Do> = places
        .iter()
        .flat_map(|&address| [Put(address, 0x41), Read(address)])
        .collect();
    assert_eq!(orchestrator(&pulp(), &accesses), [0; 9]);
}

#[test]
fn generators_interrupt_controller_and_timers_read_as_firmware_finds_them_after_reset() {
    let reads = orchestrator(
        &pulp(),
        &[
            Read(0x1a10_0000),
            Read(0x1a10_0004),
            Read(0x1a10_0008),
            Read(0x1a10_000c),
            Read(0x1a10_9800),
            Read(0x1a10_b000),
            Read(0x1a10_4004),
            Read(0x1a10_6004),
            Read(0x1020_0008),
            Read(0x1020_1400),
        ],
    );
    assert_eq!(
        reads,
        [0x05f5, 0x454c_05f5, 0x0200_4109, 0, 0, 0, 0x1c00_0000, u32::MAX, 0, 0]
    );
}

#[test]
fn masks_and_pending_lines_are_set_and_cleared_bit_by_bit() {
    let itc = |offset: u32| 0x1a10_9800 + offset;
    let reads = orchestrator(
        &pulp(),
        &[
            Put(itc(0x08), u32::MAX),
            Put(itc(0x04), 0x0400_0000),
            Put(itc(0x04), 0x0000_0800),
            Read(itc(0x00)),
            Put(itc(0x08), 0x0000_0800),
            Read(itc(0x00)),
            Put(itc(0x10), 0x2),
            Put(itc(0x10), 0x4),
            Read(itc(0x0c)),
            Put(itc(0x14), 0x2),
            Read(itc(0x0c)),
            Put(itc(0x1c), 0x9),
            Put(itc(0x20), 0x8),
            Read(itc(0x18)),
        ],
    );
    assert_eq!(reads, [0x0400_0800, 0x0400_0000, 6, 4, 1]);
}

#[test]
fn workers_see_l1_and_the_clusters_devices_at_zero_and_the_orchestrator_sees_l2_there() {
    // A word of L1, of the test-and-set window, a boot address, a core's own event unit.
    let own = worker(
        &pulp(),
        &[
            Put(0x0000_0100, 7),
            Read(0x1000_0100),
            Put(0x1000_0104, 8),
            Read(0x0000_0104),
            Read(0x0010_0104),
            Read(0x1000_0104),
            Put(0x0020_0044, 0x1c00_4444),
            Read(0x1020_0044),
            Put(0x0020_4000, 0x0007_0000),
            Read(0x1020_4000),
            Read(0x1020_0800),
        ],
    );
    assert_eq!(own, [7, 8, 8, u32::MAX, 0x1c00_4444, 0x0007_0000, 0x0007_0000]);
    let outside = orchestrator(
        &pulp(),
        &[
            Put(0x1c00_7ff0, 9),
            Read(0x0000_7ff0),
            Put(0x1010_0104, 10),
            Read(0x1010_0104),
            Read(0x1010_0104),
            Read(0x1000_0104),
        ],
    );
    assert_eq!(outside, [9, 10, u32::MAX, u32::MAX]);
}

/// A transfer of 64 bytes from L2 to L1 by the DMA's port at `base`, with these flags, and then: status, ID's state, what
/// came to L1, pending lines of the orchestrator, the workers' buffers.
fn transfer(base: u32, flags: u32) -> Vec<u32> {
    let (l1, l2) = (0x1000_0200, 0x1c00_6000);
    let mut accesses = vec![Put(l2 + 60, 0x5555_0001), Read(base)];
    accesses.extend([
        Put(base, 64 | 1 << 17 | 1 << 18 | flags),
        Put(base, l1),
        Put(base, l2),
        Read(base + 4),
    ]);
    // Long enough for it to end.
    accesses.extend([Read(0x1a10_9800); 40]);
    accesses.extend([
        Read(base + 4),
        Put(base + 4, 1),
        Read(base + 4),
        Read(l1 + 60),
        Read(0x1a10_980c),
        Read(0x1020_081c),
        Read(0x1020_085c),
    ]);
    let reads = orchestrator(&pulp(), &accesses);
    assert_eq!(&reads[..2], [0, 0x1_0001], "the first ID, busy and in use");
    reads[42..].to_vec()
}

#[test]
fn each_port_of_the_dma_on_the_bus_moves_bytes_and_tells_whom_it_serves() {
    const EVENT: u32 = 1 << 20;
    const INTERRUPT: u32 = 1 << 21;
    const BROADCAST: u32 = 1 << 22;
    let done = [0x1_0000, 0, 0x5555_0001];
    for (base, flags, told) in [
        // The cluster's port: line 22 of all workers and line 8 of the orchestrator.
        (0x1020_1800, 0, [0, 0, 0]),
        (0x1020_1800, EVENT, [1 << 8, 1 << 22, 1 << 22]),
        (
            0x1020_1800,
            EVENT | BROADCAST,
            [1 << 8, 1 << 22 | 1 << 8, 1 << 22 | 1 << 8],
        ),
        (
            0x1020_1800,
            INTERRUPT | BROADCAST,
            [1 << 8, 1 << 22 | 1 << 9, 1 << 22 | 1 << 9],
        ),
        // The orchestrator's: its lines 8 and 9.
        (0x1020_1c00, 0, [0, 0, 0]),
        (0x1020_1c00, EVENT, [1 << 8, 0, 0]),
        (0x1020_1c00, INTERRUPT, [1 << 9, 0, 0]),
        (0x1020_1c00, EVENT | INTERRUPT, [1 << 8 | 1 << 9, 0, 0]),
    ] {
        let (state, lines) = (transfer(base, flags), format!("{base:#x} {flags:#x}"));
        assert_eq!(state, [&done[..], &told].concat(), "{lines}");
    }
}

#[test]
fn the_reference_clock_interrupts_32768_times_a_second_while_it_is_enabled() {
    // A handler at line 14's entry keeps the cycle; timer 0 counts cycles.
    let program = |enabled: u32| {
        format!(
            "
        jal zero, @start
        .align 256
        vectors:
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        jal zero, 0
        lw t1, 8(s9)
        sw t1, 0(s11)
        addi s11, s11, 4
        addi s10, s10, 1
        mret
        start:
        la s11, table
        la t0, vectors
        csrrw zero, mtvec, t0
        li s9, 0x1a10b000
        addi s10, zero, 0
        addi t0, zero, 1
        sw t0, 0(s9)
        li t0, 0x1a109804
        li t1, {enabled:#x}
        sw t1, 0(t0)
        csrrsi zero, mstatus, 8
        addi s8, zero, 4
        wait:
        wfi
        bne s10, s8, @wait
        {EXIT}{TABLE}"
        )
    };
    for frequency in [50_000_000, 20_000_000, 130_000_000] {
        let pulp = config("pulp-open", &[&format!("soc.frequency_hz={frequency}")]);
        let cycles = table(&pulp, &program(1 << 14), 4);
        for pair in cycles.windows(2) {
            let period = f64::from(pair[1] - pair[0]);
            assert!((period - f64::from(frequency) / 32768.0).abs() <= 8.0, "{cycles:?}");
        }
    }
}

#[test]
fn cycles_and_instructions_count_from_reset() {
    // No register says how to start them on the cores that this firmware knows.
    let text = "
        la s11, table
        csrrs t0, mcycle, zero
        addi zero, zero, 0
        addi zero, zero, 0
        csrrs t1, mcycle, zero
        csrrs t2, minstret, zero
        sub t1, t1, t0
        sw t1, 0(s11)
        sw t2, 4(s11)
    ";
    let [cycles, instructions] = table(&pulp(), &(text.to_owned() + EXIT + TABLE), 2)[..] else {
        panic!("two words")
    };
    assert!((3..=12).contains(&cycles), "{cycles}");
    assert_eq!(instructions, 6);
}

/// A run of instructions that end at themselves, by a small generator: `seed` decides.
fn body(mut seed: u32) -> String {
    let mut text = String::new();
    let mut next = |count: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % count
    };
    for step in 0..20 + next(20) {
        match next(8) {
            0 => text += "lw a0, 0(s11)\naddi a0, a0, 1\n",
            1 => text += "sw a0, 64(s11)\n",
            2 => text += "div a1, a2, a3\n",
            3 => text += "mulh a1, a2, a3\n",
            4 => writeln!(text, "beq a0, a1, @near{step}\naddi a0, a0, 3\nnear{step}:").unwrap(),
            5 => writeln!(text, "jal zero, @far{step}\naddi a0, a0, 3\nfar{step}:").unwrap(),
            6 => text += "p.mac a0, a1, a2\n",
            _ => text += "xor a2, a0, a1\n",
        }
    }
    text
}

/// What is read by `read` before `body` and after it, as their difference; and the region's cycles and instructions as the
/// report has them. A region is from its first marker to its last.
fn around(read: &str, body: &str) -> (u64, u64, u64) {
    let text = format!(
        "
        la s11, table
        li a2, 77
        li s9, 0x1a10b000
        addi t0, zero, 1
        sw t0, 0(s9)
        addi t0, zero, 3
        csrrw zero, 0xcc0, t0
        addi t0, zero, 1
        csrrw zero, 0xcc1, t0
        {read}
        addi s8, s7, 0
        sltiu zero, zero, 1
        {body}
        sltiu zero, zero, 1025
        {read}
        sub s7, s7, s8
        sw s7, 0(s11)
        {EXIT}{TABLE}"
    );
    let (machine, labels) = support::run(&pulp(), &text);
    let counters = machine.counters();
    let region = counters.regions.iter().find(|region| region.id == 1).unwrap();
    let value = u64::from(support::words(&machine, labels["table"], 1)[0]);
    (value, region.cycles, region.instret)
}

#[test]
fn timers_and_counters_count_the_same_cycles_and_instructions_as_the_report() {
    let csr = |number: &str| format!("csrrs s7, {number}, zero");
    for (what, read) in [
        ("mcycle", csr("0xb00")),
        ("PCCR0", csr("0x780")),
        ("timer", "lw s7, 8(s9)".to_owned()),
    ] {
        // What stands around every body takes its time, too.
        let (alone, cycles, _) = around(&read, "");
        let beside = alone - cycles;
        for seed in 0..16 {
            let (value, cycles, _) = around(&read, &body(seed));
            assert_eq!(value, cycles + beside, "{what}, seed {seed}");
        }
    }
    for number in ["0xb02", "0x781"] {
        let (alone, _, instructions) = around(&csr(number), "");
        let beside = alone - instructions;
        for seed in 0..16 {
            let (value, _, instructions) = around(&csr(number), &body(seed));
            assert_eq!(value, instructions + beside, "{number}, seed {seed}");
        }
    }
}
