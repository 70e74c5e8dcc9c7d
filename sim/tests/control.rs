//! Control registers, traps, interrupts and hardware loops, as the manuals of the two cores and the RTL have them.

mod support;

use ennead_sim::config::Config;
use support::{EXIT, config, run, table};

fn modern() -> Config {
    config("cv32e40p", &[])
}

fn legacy() -> Config {
    config("ri5cy-vega", &[])
}

/// Starts a program: `s11` points to `table`, every trap leaves its cause in `s0` and its address in `s1` and goes on
/// after the instruction, whose size `s3` says (4 at first); `s2` counts traps.
const START: &str = "
    jal zero, @start
    .align 256
    handler:
    csrrs s0, mcause, zero
    csrrs s1, mepc, zero
    add s1, s1, s3
    csrrw zero, mepc, s1
    sub s1, s1, s3
    addi s2, s2, 1
    mret
    start:
    la s11, table
    la t0, handler
    csrrw zero, mtvec, t0
    addi s3, zero, 4
    li t0, 0x2000
    csrrs zero, mstatus, t0
";

const TABLE: &str = "
    .align 4
    table:
    .word 0
";

/// The control registers of a CV32E40P v2 with XCV, f-registers and one event counter that a read finds (user manual,
/// "Control and Status Registers": the map, and the conditions under which an access is legal).
fn readable(csr: u32) -> bool {
    let listed: &[u32] = &[
        0x001, 0x002, 0x003, 0x300, 0x301, 0x304, 0x305, 0x320, 0x340, 0x341, 0x342, 0x343, 0x344, 0x7a0, 0x7a1, 0x7a2,
        0x7a3, 0x7a4, 0x7a8, 0x7aa, 0xb00, 0xb02, 0xb80, 0xb82, 0xc00, 0xc02, 0xc80, 0xc82, 0xcc0, 0xcc1, 0xcc2, 0xcc4,
        0xcc5, 0xcc6, 0xcd0, 0xcd1, 0xf11, 0xf12, 0xf13, 0xf14,
    ];
    let counter = (3..=31).contains(&(csr & 0x1f));
    let base = csr & !0x1f;
    listed.contains(&csr) || counter && [0x320, 0xb00, 0xb80, 0xc00, 0xc80].contains(&base)
}

/// What accesses to all 4,096 registers do: 1 where the access traps as an illegal instruction.
fn accesses(config: &Config, access: impl Fn(u32) -> String) -> Vec<bool> {
    let mut traps = Vec::new();
    for first in (0..4096).step_by(512) {
        let mut text = START.to_owned();
        for csr in first..first + 512 {
            text += &format!("addi s0, zero, 0\n{}\nsw s0, 0(s11)\naddi s11, s11, 4\n", access(csr));
        }
        let causes = table(config, &(text + EXIT + TABLE), 512);
        traps.extend(causes.iter().map(|cause| match cause {
            0 => false,
            2 => true,
            _ => panic!("cause {cause}"),
        }));
    }
    traps
}

#[test]
fn exactly_the_registers_of_the_manual_can_be_read() {
    let traps = accesses(&modern(), |csr| format!("csrrs t0, {csr:#x}, zero"));
    for csr in 0..4096 {
        assert_eq!(traps[csr as usize], !readable(csr), "{csr:#x}");
    }
}

#[test]
fn registers_in_the_read_only_range_refuse_writes_and_the_others_take_them() {
    // Every register gets back what it holds; 0 where it does not exist. Setting no bit writes nothing.
    let traps = accesses(&modern(), |csr| {
        if matches!(csr, 0x300 | 0x305 | 0x341) {
            return "addi zero, zero, 0".to_owned();
        }
        format!("csrrw zero, {csr:#x}, zero")
    });
    for csr in 0..4096 {
        let skipped = matches!(csr, 0x300 | 0x305 | 0x341);
        assert_eq!(
            traps[csr as usize],
            !skipped && (!readable(csr) || csr >> 10 == 3),
            "{csr:#x}"
        );
    }
}

#[test]
fn registers_reset_and_keep_bits_as_the_manual_says() {
    // Register, value after reset, value after a write of ones. START set mtvec, and FS to initial.
    let registers = [
        (0x300, 0x0000_3800, 0x8000_7888),
        (0x301, 0x4080_1124, 0x4080_1124),
        (0x304, 0, 0xffff_0888),
        (0x305, 0x1c00_0100, 0xffff_ff01),
        (0x320, 0xd, 0xd),
        (0x323, 0, 0xffff),
        (0x324, 0, 0),
        (0x340, 0, 0xffff_ffff),
        (0x341, 0, 0xffff_fffe),
        (0x342, 0, 0x8000_001f),
        (0x343, 0, 0),
        (0x344, 0, 0),
        (0x7a0, 0, 0),
        (0x7a1, 0x2800_1040, 0x2800_1040),
        (0x7a2, 0, 0),
        (0x7a4, 4, 4),
        (0xb00, 0, 0xffff_ffff),
        (0xb80, 0, 0xffff_ffff),
        (0xb02, 0, 0xffff_ffff),
        (0xb82, 0, 0xffff_ffff),
        (0xb03, 0, 0xffff_ffff),
        (0xb83, 0, 0xffff_ffff),
        (0xb04, 0, 0),
        (0x001, 0, 0x1f),
        (0x002, 0, 7),
        (0x003, 0xff, 0xff),
    ];
    let mut text = START.to_owned();
    for (csr, ..) in registers {
        text += &format!("addi t1, zero, -1\ncsrrw t0, {csr:#x}, t1\ncsrrs t1, {csr:#x}, zero\n");
        text += "sw t0, 0(s11)\nsw t1, 4(s11)\naddi s11, s11, 8\n";
        if csr == 0x300 {
            text += "csrrci zero, mstatus, 8\n";
        }
    }
    let values = table(&modern(), &(text + EXIT + TABLE), 2 * registers.len());
    for (values, (csr, reset, written)) in values.chunks(2).zip(registers) {
        assert_eq!(values, [reset, written], "{csr:#x}");
    }
}

#[test]
fn identification_registers_tell_core_hart_and_privilege() {
    let registers = [0xf11, 0xf12, 0xf13, 0xf14, 0xcd0, 0xcd1];
    let read = |registers: &[u32]| {
        let reads = registers
            .iter()
            .map(|csr| format!("csrrs t0, {csr:#x}, zero\nsw t0, 0(s11)\naddi s11, s11, 4\n"));
        START.to_owned() + &reads.collect::<String>() + EXIT + TABLE
    };
    assert_eq!(table(&modern(), &read(&registers), 6), [0x602, 4, 1, 0, 0, 3]);
    // The older core has its own numbers for the last two.
    assert_eq!(table(&legacy(), &read(&[0xf14, 0x014, 0xc10]), 3), [0, 0, 3]);
    // Floats in x-registers: no F in misa, and a register of its own says so.
    let zfinx = config("cv32e40p", &["core.fp_registers=x"]);
    assert_eq!(table(&zfinx, &read(&[0x301, 0xcd2]), 2), [0x4080_1104, 1]);
}

#[test]
fn set_and_clear_change_the_bits_of_their_operand_and_give_the_old_value() {
    let text = "
        li t0, 0x0f0f0000
        csrrw t1, mscratch, t0
        li t0, 0x00ff00ff
        csrrs t2, mscratch, t0
        csrrc t3, mscratch, t0
        csrrwi t4, mscratch, 21
        csrrsi t5, mscratch, 10
        csrrci a0, mscratch, 17
        csrrs a1, mscratch, zero
        sw t1, 0(s11)
        sw t2, 4(s11)
        sw t3, 8(s11)
        sw t4, 12(s11)
        sw t5, 16(s11)
        sw a0, 20(s11)
        sw a1, 24(s11)
    ";
    let values = table(&modern(), &format!("{START}{text}{EXIT}{TABLE}"), 7);
    assert_eq!(values, [0, 0x0f0f_0000, 0x0fff_00ff, 0x0f00_0000, 21, 31, 14]);
}

#[test]
fn traps_leave_cause_address_and_interrupt_enable_and_mret_brings_them_back() {
    // Instruction under test with its size, and its cause.
    let cases = [
        ("ecall", 4, 11),
        ("ebreak", 4, 3),
        ("c.ebreak", 2, 3),
        (".word 0xffffffff", 4, 2),
        // No 16-bit instruction is all zeros; behind it is a c.nop.
        (".word 0x00010000", 2, 2),
        // slli with a shift of 32, dret and uret outside of debug and user mode, a register that does not exist.
        (".word 0x02051513", 4, 2),
        (".word 0x7b200073", 4, 2),
        (".word 0x00200073", 4, 2),
        ("csrrs t0, 0x7c0, zero", 4, 2),
        ("csrrw zero, 0xc00, t0", 4, 2),
    ];
    let handler = START.replace("mret", "csrrs s4, mstatus, zero\ncsrrs s5, mtval, zero\nmret");
    let mut text = handler;
    for (number, (instruction, size, _)) in cases.iter().enumerate() {
        text +=
            &format!("addi s3, zero, {size}\nla s6, at{number}\ncsrrsi zero, mstatus, 8\nat{number}:\n{instruction}\n");
        if instruction.starts_with("c.") {
            text += "c.nop\n";
        }
        text += "csrrs t1, mstatus, zero\n";
        for (offset, register) in ["s0", "s1", "s6", "s4", "s5", "t1"].iter().enumerate() {
            text += &format!("sw {register}, {}(s11)\n", 4 * offset);
        }
        text += "addi s11, s11, 24\n";
    }
    let values = table(&modern(), &(text + EXIT + TABLE), 6 * cases.len());
    for (values, (instruction, _, cause)) in values.chunks(6).zip(cases) {
        let [got, address, expected, inside, value, after] = values else {
            unreachable!()
        };
        assert_eq!(*got, cause, "{instruction}");
        assert_eq!(address, expected, "{instruction}");
        // Machine mode was interrupted (MPP), its interrupts were enabled (MPIE) and are not now.
        assert_eq!(inside & 0x1888, 0x1880, "{instruction}");
        assert_eq!(after & 0x1888, 0x1888, "{instruction}");
        assert_eq!(*value, 0, "{instruction}: mtval is hard-wired");
    }
}

#[test]
fn a_trap_in_vectored_mode_goes_to_the_base() {
    let text = "
        la t0, handler
        addi t0, t0, 1
        csrrw zero, mtvec, t0
        ecall
        sw s0, 0(s11)
    ";
    assert_eq!(table(&modern(), &format!("{START}{text}{EXIT}{TABLE}"), 1), [11]);
}

#[test]
fn reserved_rounding_modes_are_illegal_where_they_round() {
    let text = "
        csrrwi zero, frm, 5
        fadd.s fa0, fa0, fa0, dyn
        fsgnj.s fa0, fa0, fa0
        fadd.s fa0, fa0, fa0, rtz
        csrrwi zero, frm, 0
        fadd.s fa0, fa0, fa0, dyn
        sw s2, 0(s11)
        sw s0, 4(s11)
    ";
    assert_eq!(table(&modern(), &format!("{START}{text}{EXIT}{TABLE}"), 2), [1, 2]);
}

#[test]
fn floating_point_is_illegal_until_it_is_switched_on_and_makes_its_state_dirty() {
    let off = "li t0, 0x6000\ncsrrc zero, mstatus, t0\n";
    // With the size of each; a compressed one is followed by another.
    let cases = [
        ("fadd.s fa0, fa0, fa0, rne", 4),
        ("fdiv.s fa0, fa0, fa0, rne", 4),
        ("fsgnj.s fa0, fa0, fa0", 4),
        ("fmv.x.w a0, fa0", 4),
        ("fcvt.w.s a0, fa0, rtz", 4),
        ("flw fa0, 0(s11)", 4),
        ("fsw fa0, 0(s11)", 4),
        ("c.flw fa0, 0(a0)\nc.nop", 2),
        ("c.fswsp fa0, 0(sp)\nc.nop", 2),
        ("csrrs a0, fcsr, zero", 4),
        ("csrrw zero, frm, zero", 4),
        ("csrrwi zero, fflags, 0", 4),
    ];
    let mut text = START.to_owned() + off;
    for (instruction, size) in cases {
        text += &format!("addi s3, zero, {size}\naddi s0, zero, 0\n{instruction}\nsw s0, 0(s11)\naddi s11, s11, 4\n");
    }
    text += "csrrs t1, mstatus, zero\nsw t1, 0(s11)\n";
    // Initial, then dirty by a result, a load, and a write of fcsr; clean by software.
    let writes = [
        ("addi zero, zero, 0", 0x2000),
        ("fadd.s fa0, fa0, fa0, rne", 0x8000_6000),
        ("flw fa0, 0(s11)", 0x8000_6000),
        ("csrrwi zero, fflags, 0", 0x8000_6000),
        ("fsw fa0, 64(s11)", 0x2000),
        ("fmv.w.x fa0, zero", 0x8000_6000),
    ];
    for (instruction, _) in writes {
        text += &format!("{off}li t0, 0x2000\ncsrrs zero, mstatus, t0\n{instruction}\n");
        text += "csrrs t1, mstatus, zero\naddi s11, s11, 4\nsw t1, 0(s11)\n";
    }
    let values = table(
        &modern(),
        &(text.clone() + EXIT + TABLE),
        cases.len() + 1 + writes.len(),
    );
    assert_eq!(values[..cases.len()], [2; 12]);
    assert_eq!(values[cases.len()] & 0x8000_6000, 0);
    for (value, (instruction, expected)) in values[cases.len() + 1..].iter().zip(writes) {
        assert_eq!(value & 0x8000_6000, expected, "{instruction}");
    }
    // A machine may be told to let such programs run.
    let lenient = config("cv32e40p", &["core.fs_traps=false"]);
    let text = text
        .replace("c.flw fa0, 0(a0)", "c.nop")
        .replace("c.fswsp fa0, 0(sp)", "c.nop");
    let text = text.replace("fsw fa0, 0(s11)", "fsw fa0, 128(s11)");
    assert_eq!(table(&lenient, &(text + EXIT + TABLE), cases.len())[..7], [0; 7]);
}

/// A vector table whose entry n leaves n in `s0`, `mcause` in `s1`, and `mip` and `mstatus` as they then are.
fn vectors() -> String {
    let mut text = "jal zero, @start\n.align 256\nvectors:\n".to_owned();
    (0..32).for_each(|line| text += &format!("jal zero, @entry{line}\n"));
    for line in 0..32 {
        text += &format!("entry{line}:\naddi s0, zero, {line}\njal zero, @taken\n");
    }
    text += "
        taken:
        csrrs s1, mcause, zero
        csrrs s4, mstatus, zero
        csrrs s5, mepc, zero
        addi s2, s2, 1
        sw s0, 0(s11)
        sw s1, 4(s11)
        addi s11, s11, 8
        mret
        start:
        la s11, table
        la t0, vectors
        addi t0, t0, 1
        csrrw zero, mtvec, t0
        li s10, 0x20000000
    ";
    text
}

/// Raises interrupt lines and waits.
fn raise(lines: u32) -> String {
    format!(
        "li t1, {lines:#x}\nsw t1, 16(s10)\n{}",
        "addi zero, zero, 0\n".repeat(12)
    )
}

#[test]
fn each_interrupt_line_goes_to_its_own_entry_with_its_own_cause() {
    let lines: Vec<u32> = [3, 7, 11].into_iter().chain(16..32).collect();
    let mut text = vectors() + "addi t0, zero, -1\ncsrrw zero, mie, t0\ncsrrsi zero, mstatus, 8\n";
    lines.iter().for_each(|line| text += &raise(1 << line));
    let values = table(&modern(), &(text + EXIT + TABLE), 2 * lines.len());
    let expected: Vec<u32> = lines.iter().flat_map(|line| [*line, 1 << 31 | line]).collect();
    assert_eq!(values, expected);
}

#[test]
fn lines_that_are_masked_or_that_do_not_exist_wait_and_mip_shows_the_pending_ones() {
    let text = vectors()
        + "li t0, 0x00020000\ncsrrw zero, mie, t0\ncsrrsi zero, mstatus, 8\n"
        + &raise(0x0015_0fff)
        + "csrrs t2, mip, zero\nsw s2, 0(s11)\nsw t2, 4(s11)\n"
        + "csrrci zero, mstatus, 8\n"
        + &raise(0x0002_0000)
        + "csrrs t2, mip, zero\nsw s2, 8(s11)\nsw t2, 12(s11)\n";
    assert_eq!(
        table(&modern(), &(text + EXIT + TABLE), 4),
        [0, 0x0015_0888, 0, 0x0002_0000]
    );
}

#[test]
fn custom_lines_come_first_from_the_highest_then_external_software_timer() {
    // An interrupt that is taken lowers all lines, so each set shows one winner.
    let sets = [
        (0xffff_0888, 31),
        (0x0001_0888, 16),
        (0x0000_0888, 11),
        (0x0000_0088, 3),
        (0x0000_0080, 7),
    ];
    let mut text = vectors() + "addi t0, zero, -1\ncsrrw zero, mie, t0\ncsrrsi zero, mstatus, 8\n";
    sets.iter().for_each(|(lines, _)| text += &raise(*lines));
    let values = table(&modern(), &(text + EXIT + TABLE), 2 * sets.len());
    for (value, (lines, winner)) in values.chunks(2).zip(sets) {
        assert_eq!(value[0], winner, "{lines:#x}");
    }
}

#[test]
fn direct_mode_takes_every_interrupt_at_the_base() {
    let text = START.to_owned()
        + "li s10, 0x20000000\naddi t0, zero, -1\ncsrrw zero, mie, t0\naddi s3, zero, 0\ncsrrsi zero, mstatus, 8\n"
        + &raise(1 << 20)
        + "sw s0, 0(s11)\nsw s2, 4(s11)\n";
    assert_eq!(table(&modern(), &(text + EXIT + TABLE), 2), [1 << 31 | 20, 1]);
}

#[test]
fn the_older_core_vectors_always_and_takes_its_controllers_word_for_it() {
    let text = vectors().replace("addi t0, t0, 1\n", "") + "csrrsi zero, mstatus, 8\n" + &raise(1 << 5);
    assert_eq!(table(&legacy(), &(text + EXIT + TABLE), 2), [5, 1 << 31 | 5]);
}

#[test]
fn wfi_wakes_at_an_enabled_line_and_traps_only_if_interrupts_are_enabled() {
    let sleep = |lines: u32| {
        format!("addi t0, zero, 40\nsw t0, 20(s10)\nli t1, {lines:#x}\nsw t1, 16(s10)\nwfi\n")
            + "sw s2, 0(s11)\naddi s11, s11, 4\n"
    };
    let text = vectors()
        + "li t0, 0x10000\ncsrrw zero, mie, t0\n"
        + &sleep(0x1_0000)
        + "sw zero, 16(s10)\n"
        + &"addi zero, zero, 0\n".repeat(8)
        + "csrrsi zero, mstatus, 8\n"
        + &sleep(0x1_0000);
    // The handler writes two words between the two that `sleep` writes.
    assert_eq!(table(&modern(), &(text + EXIT + TABLE), 4), [0, 16, 1 << 31 | 16, 1]);
}

#[test]
fn instructions_that_trap_do_not_retire_and_the_read_itself_does_not_count() {
    let text = "
        csrrwi zero, mcountinhibit, 0
        csrrs t0, minstret, zero
        addi zero, zero, 0
        addi zero, zero, 0
        csrrs t1, minstret, zero
        ecall
        csrrs t2, minstret, zero
        sub t2, t2, t1
        sub t1, t1, t0
        sw t1, 0(s11)
        sw t2, 4(s11)
    ";
    // The second pair: one read, and the seven instructions of the handler.
    assert_eq!(table(&modern(), &format!("{START}{text}{EXIT}{TABLE}"), 2), [3, 8]);
}

#[test]
fn a_written_counter_shows_the_written_value_next_and_carries_into_its_upper_half() {
    let text = "
        csrrwi zero, mcountinhibit, 0
        csrrwi zero, minstret, 9
        csrrs t0, minstret, zero
        addi t5, zero, -1
        csrrwi zero, minstreth, 4
        csrrw zero, minstret, t5
        addi zero, zero, 0
        csrrs t1, minstret, zero
        csrrs t2, minstreth, zero
        csrrs t3, instreth, zero
        addi t4, zero, 4
        csrrw zero, mcountinhibit, t4
        csrrs a0, minstret, zero
        addi zero, zero, 0
        csrrs a1, minstret, zero
        sub a1, a1, a0
        csrrwi zero, mcountinhibit, 0
        addi zero, zero, 0
        csrrs a2, minstret, zero
        sub a2, a2, a0
        sw t0, 0(s11)
        sw t1, 4(s11)
        sw t2, 8(s11)
        sw t3, 12(s11)
        sw a1, 16(s11)
        sw a2, 20(s11)
    ";
    assert_eq!(
        table(&modern(), &format!("{START}{text}{EXIT}{TABLE}"), 6),
        [9, 0, 5, 5, 0, 1]
    );
}

/// Seven loads, five stores, three jumps, four branches of which three are taken, and six compressed instructions.
const WORK: &str = "
    lw a0, 0(s11)
    lh a0, 0(s11)
    lb a0, 0(s11)
    lhu a0, 0(s11)
    lbu a0, 0(s11)
    lw a0, 0(s11)
    lw a0, 0(s11)
    sw zero, 64(s11)
    sw zero, 64(s11)
    sh zero, 64(s11)
    sb zero, 64(s11)
    sb zero, 64(s11)
    jal zero, @one
    one:
    jal ra, @two
    two:
    la a1, three
    jalr zero, 0(a1)
    three:
    beq zero, zero, @four
    four:
    bne zero, zero, @five
    five:
    bge zero, zero, @six
    six:
    bgeu zero, zero, @seven
    seven:
    c.nop
    c.nop
    c.nop
    c.nop
    c.nop
    c.nop
";
const WORK_EVENTS: [(u32, u32); 6] = [(5, 7), (6, 5), (7, 3), (8, 4), (9, 3), (10, 6)];

#[test]
fn event_counters_count_the_selected_event_while_they_are_not_inhibited() {
    for (event, count) in WORK_EVENTS {
        let text = format!(
            "li t0, {:#x}\ncsrrw zero, 0x323, t0\ncsrrwi zero, mcountinhibit, 0\n{WORK}
             addi t0, zero, 8\ncsrrw zero, mcountinhibit, t0
             csrrs t0, 0xb03, zero\nsw t0, 0(s11)\ncsrrs t0, 0xc03, zero\nlw a0, 0(s11)\nsw t0, 4(s11)\n",
            1 << event
        );
        assert_eq!(
            table(&modern(), &format!("{START}{text}{EXIT}{TABLE}"), 2),
            [count, count],
            "event {event}"
        );
    }
}

#[test]
fn a_counter_of_several_events_counts_the_cycles_in_which_any_happened() {
    let count = |events: u32| {
        let text = format!(
            "li t0, {events:#x}\ncsrrw zero, 0x323, t0\ncsrrwi zero, mcountinhibit, 0\n{WORK}
             addi t0, zero, 8\ncsrrw zero, mcountinhibit, t0\ncsrrs t0, 0xb03, zero\nsw t0, 0(s11)\n"
        );
        table(&modern(), &format!("{START}{text}{EXIT}{TABLE}"), 1)[0]
    };
    let [cycles, instructions, loads, stores] = [0, 1, 5, 6].map(|event| count(1 << event));
    assert_eq!(count(1 << 5 | 1 << 6), loads + stores);
    assert_eq!(count(1 << 1 | 1 << 5 | 1 << 7), instructions);
    assert_eq!(count(0xffff), cycles);
}

#[test]
fn stall_counters_count_a_hazard_once_and_only_in_the_first_cycle_in_decode() {
    // Measured on the RTL with 32 groups each: load stalls, jump stalls, loads, jumps.
    let cases = [
        ("lw a0, 0(s11)\naddi a1, a0, 1\n", [1, 0, 1, 0]),
        ("auipc t0, 0\naddi t0, t0, 12\njalr zero, 0(t0)\n", [0, 1, 0, 1]),
        ("auipc t0, 0\njalr t0, 8(t0)\n", [0, 2, 0, 1]),
        ("jal ra, 4\n", [0, 0, 0, 1]),
        (
            "auipc t0, 0\naddi t0, t0, 20\nsw t0, 64(s11)\nlw t1, 64(s11)\njalr zero, 0(t1)\n",
            [1, 1, 1, 1],
        ),
        ("lw a0, 1(s11)\n", [0, 0, 1, 0]),
        ("lw a0, 0(s11)\naddi a0, zero, 1\n", [1, 0, 1, 0]),
        ("lw a0, 0(s11)\nmulh a1, a2, a2\nadd a3, a0, a1\n", [0, 0, 1, 0]),
        ("mulh a1, a2, a2\nlw a0, 0(s11)\nadd a3, a0, a1\n", [1, 0, 1, 0]),
        (
            "auipc t0, 0\naddi t0, t0, 20\nfmv.w.x fa1, t0\nfmv.x.w t1, fa1\njalr zero, 0(t1)\n",
            [0, 1, 0, 1],
        ),
    ];
    for (group, expected) in cases {
        for (event, count) in [2, 3, 5, 7].into_iter().zip(expected) {
            let text = format!(
                "li t0, {:#x}\ncsrrw zero, 0x323, t0\ncsrrwi zero, mcountinhibit, 0\ncsrrs s5, 0xb03, zero\n
                 addi zero, zero, 0\n{}addi zero, zero, 0\ncsrrs s6, 0xb03, zero\nsub s6, s6, s5\nsw s6, 0(s11)\n",
                1 << event,
                group.repeat(32)
            );
            assert_eq!(
                table(&modern(), &format!("{START}{text}{EXIT}{TABLE}"), 1),
                [32 * count],
                "event {event}: {group}"
            );
        }
    }
}

#[test]
fn the_cycle_counter_stands_still_while_a_core_sleeps() {
    let text = "
        csrrwi zero, mcountinhibit, 0
        li s4, 0x10000
        csrrw zero, mie, s4
        li t3, 0x20000000
        addi t4, zero, 100
        sw t4, 20(t3)
        lui t4, 16
        csrrs s5, mcycle, zero
        sw t4, 16(t3)
        wfi
        csrrs s6, mcycle, zero
        sub s7, s6, s5
        sw s7, 0(s11)
    ";
    // As the RTL has it: 106 cycles apart, 95 of them asleep.
    assert_eq!(table(&modern(), &format!("{START}{text}{EXIT}{TABLE}"), 1), [11]);
}

#[test]
fn the_mode_bit_of_the_older_cores_vector_always_reads_one() {
    let text = "
        csrrs t0, mtvec, zero
        sw t0, 0(s11)
        li t0, 0x1c001282
        csrrw zero, mtvec, t0
        csrrs t0, mtvec, zero
        sw t0, 4(s11)
    ";
    // START wrote the handler's address.
    assert_eq!(
        table(&legacy(), &format!("{START}{text}{EXIT}{TABLE}"), 2),
        [0x1c00_0101, 0x1c00_1201]
    );
}

#[test]
fn more_event_counters_exist_where_the_machine_has_them() {
    let text = "
        csrrs t0, mcountinhibit, zero
        addi t1, zero, 32
        csrrw zero, 0x325, t1
        csrrw zero, 0x326, t1
        csrrs t2, 0x325, zero
        csrrs t3, 0x326, zero
        sw t0, 0(s11)
        sw t2, 4(s11)
        sw t3, 8(s11)
    ";
    let three = config("cv32e40p", &["core.event_counters=3"]);
    assert_eq!(table(&three, &format!("{START}{text}{EXIT}{TABLE}"), 3), [0x3d, 32, 0]);
}

#[test]
fn legacy_counters_count_what_pcer_enables_while_pcmr_lets_them() {
    let mut text = START.to_owned() + "csrrwi zero, 0x79f, 0\n" + WORK;
    // Nothing is enabled after reset.
    text += "csrrs t0, 0x785, zero\nsw t0, 0(s11)\n";
    let enabled: u32 = WORK_EVENTS.iter().map(|(event, _)| 1 << event).sum();
    text += &format!(
        "li t0, {enabled:#x}\ncsrrw zero, 0xcc0, t0\n{}",
        WORK.replace("one", "a")
            .replace("two", "b")
            .replace("three", "c")
            .replace("four", "d")
            .replace("five", "e")
            .replace("six", "f")
            .replace("seven", "g")
    );
    text += "csrrwi zero, 0xcc1, 0\nlw t0, 0(s11)\nsw zero, 64(s11)\n";
    for (index, (event, _)) in WORK_EVENTS.iter().enumerate() {
        text += &format!("csrrs t0, {:#x}, zero\nsw t0, {}(s11)\n", 0x780 + event, 4 + 4 * index);
    }
    // A write to the last of them sets all.
    text += "addi t0, zero, 77\ncsrrw zero, 0x79f, t0\ncsrrs t0, 0x789, zero\nsw t0, 28(s11)\n";
    text += "csrrs t0, 0xcc0, zero\nsw t0, 32(s11)\ncsrrs t0, 0xcc1, zero\nsw t0, 36(s11)\n";
    let values = table(&legacy(), &(text + EXIT + TABLE), 10);
    let mut expected = vec![0];
    // The jump to a register waits for its producer, and the older core then does not count it.
    expected.extend(WORK_EVENTS.map(|(event, count)| if event == 7 { count - 1 } else { count }));
    expected.extend([77, enabled, 0]);
    assert_eq!(values, expected);
}

#[test]
fn loop_registers_of_the_newer_core_show_the_loops_and_count_down_to_zero() {
    let text = "
        cv.count 1, s3
        cv.starti 1, @begin
        cv.endi 1, @end
        cv.setupi 0, 3, @inner
        csrrs t0, 0xcc2, zero
        sw t0, 0(s11)
        addi s11, s11, 4
        inner:
        addi a0, a0, 1
        begin:
        addi a1, a1, 1
        csrrs t1, 0xcc6, zero
        addi zero, zero, 0
        addi zero, zero, 0
        end:
        addi zero, zero, 0
    ";
    // The outer loop's registers are set before, the inner one's body begins behind its own set-up.
    let (machine, labels) = run(
        &modern(),
        &format!(
            "{START}{text}
            csrrs t2, 0xcc0, zero\ncsrrs t3, 0xcc1, zero\ncsrrs t4, 0xcc2, zero
            csrrs a2, 0xcc4, zero\ncsrrs a3, 0xcc5, zero\ncsrrs a4, 0xcc6, zero{EXIT}{TABLE}"
        ),
    );
    let x = &machine.cores()[0].registers;
    assert_eq!(support::words(&machine, labels["table"], 3), [3, 2, 1]);
    assert_eq!((x[10], x[11]), (1, 4), "the outer body runs four times");
    assert_eq!([x[7], x[28], x[29]], [labels["inner"] - 12, labels["inner"], 0]);
    assert_eq!([x[12], x[13], x[14]], [labels["begin"], labels["end"], 0]);
}

#[test]
fn loop_registers_of_the_older_core_can_be_written_under_both_of_their_numbers() {
    for base in [0x7b0, 0x7c0] {
        let text = format!(
            "
            la t0, body
            csrrw zero, {base:#x}, t0
            la t0, last
            csrrw zero, {:#x}, t0
            csrrwi zero, {:#x}, 5
            addi zero, zero, 0
            addi zero, zero, 0
            body:
            addi a0, a0, 1
            addi a1, a1, 2
            last:
            addi a2, a2, 3
            csrrs t1, {:#x}, zero
            csrrs t2, {:#x}, zero
            csrrs t3, {:#x}, zero
            ",
            base + 1,
            base + 2,
            base,
            base + 1,
            base + 2
        );
        let (machine, labels) = run(&legacy(), &format!("{START}{text}{EXIT}{TABLE}"));
        let x = &machine.cores()[0].registers;
        assert_eq!([x[10], x[11], x[12]], [5, 10, 15]);
        // The count falls when the loop goes back, so it is 1 after the last iteration.
        assert_eq!([x[6], x[7], x[28]], [labels["body"], labels["last"], 1]);
    }
}

#[test]
fn older_loops_nest_and_the_end_address_is_that_of_the_last_instruction() {
    let text = "
        lp.setupi x1, 4, @outer
        addi a0, a0, 1
        lp.setupi x0, 3, @inner
        addi a1, a1, 1
        inner:
        addi a2, a2, 1
        outer:
        addi a3, a3, 1
        addi a4, a4, 1
    ";
    let (machine, _) = run(&legacy(), &format!("{START}{text}{EXIT}{TABLE}"));
    assert_eq!(machine.cores()[0].registers[10..15], [4, 12, 12, 4, 1]);
}

#[test]
fn a_body_runs_once_where_its_count_is_zero_and_else_as_often_as_the_count_says() {
    for (config, lines) in [
        (
            modern(),
            "cv.count 0, t1\ncv.starti 0, @body\ncv.endi 0, @end\ncv.setup 1, t1, @other\nadd a0, a0, s3\naddi a1, a1, 1
             add a2, a2, s3\nother:\nbody:\nadd a3, a3, s3\nadd a4, a4, s3\nadd a5, a5, s3\nend:\n",
        ),
        (
            legacy(),
            "lp.count x0, t1\nlp.starti x0, @body\nlp.endi x0, @end\nlp.setup x1, t1, @other\nadd a0, a0, s3\naddi a1, a1, 1
             other:\nadd a2, a2, s3\nbody:\nadd a3, a3, s3\nadd a4, a4, s3\nend:\nadd a5, a5, s3\n",
        ),
    ] {
        for count in 0..4 {
            let zeroed: String = (10..16).map(|x| format!("addi x{x}, zero, 0\n")).collect();
            let text = format!("{START}{zeroed}addi s3, zero, 1\naddi t1, zero, {count}\n{lines}{EXIT}{TABLE}");
            let (machine, _) = run(&config, &text);
            assert_eq!(machine.cores()[0].registers[10..16], [count.max(1); 6], "count {count}");
        }
    }
}

#[test]
fn a_post_increment_load_into_its_own_base_leaves_the_loaded_value() {
    let data = ".align 4\ndata:\n.word 0x11111111\n.word 0x22222222\n.word 0\n";
    for (config, lines) in [
        (
            modern(),
            "la a0, data\ncv.lw a0, (a0), 4\nla a1, data\naddi t1, zero, 8\ncv.lw a1, (a1), t1
             la a2, data\ncv.lbu zero, (a2), 4\nla a3, data\naddi a4, a3, 8\ncv.sw a4, (a4), 4\nlw a5, 8(a3)\n",
        ),
        (
            legacy(),
            "la a0, data\np.lw a0, 4(a0!)\nla a1, data\naddi t1, zero, 8\np.lw a1, t1(a1!)
             la a2, data\np.lbu zero, 4(a2!)\nla a3, data\naddi a4, a3, 8\np.sw a4, 4(a4!)\nlw a5, 8(a3)\n",
        ),
    ] {
        let (machine, labels) = run(&config, &format!("{START}{lines}{EXIT}{TABLE}{data}"));
        let at = labels["data"];
        assert_eq!(
            machine.cores()[0].registers[10..16],
            [0x1111_1111, 0x1111_1111, at + 4, at, at + 12, at + 8]
        );
    }
}
