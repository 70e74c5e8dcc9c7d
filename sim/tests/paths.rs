//! The workers' ways to everything but their banks, against accesses recorded on RTL (`data/blocks/paths.csv`, rules
//! P1..P3), and the rules that those do not reach: who comes first (P4), one access a core (P2), how many are under way.

mod support;

use std::collections::BTreeMap;

use ennead_sim::config::Config;
use ennead_sim::elf::Image;
use ennead_sim::engine::{Engine, RunOptions};
use ennead_sim::fault::Outcome;
use ennead_sim::machine::Machine;
use ennead_sim::observe::{Retire, Retired};
use support::{BASE, config, elf, program, team};

/// The timed accesses of `body`: for each core, the cycles in which they were requested and granted. Every one is followed
/// by an instruction that needs nothing: it leaves decode in the cycle of the grant.
fn accesses(config: &Config, body: &str) -> BTreeMap<usize, Vec<(u64, u64)>> {
    team::waits(config, body, is_timed)
}

/// `lw a0, ..` or `sw a0, ..`: what the tests measure.
fn is_timed(bits: u32) -> bool {
    bits & 0xfff == 0x503 || bits & 0x01f0_007f == 0x00a0_0023
}

#[test]
fn every_recorded_access_is_granted_in_its_cycle() {
    let rows: Vec<&str> = include_str!("data/blocks/paths.csv").lines().skip(1).collect();
    assert_eq!(rows.len(), 72);
    for row in rows {
        let fields: Vec<&str> = row.split(',').collect();
        let [what, cores, latency, op, delays, ..] = fields[..] else {
            panic!("{row}")
        };
        // A different word for each core, in different banks; registers without a side effect that nobody asked for before.
        let (base, step) = match what {
            "tcdm" => (0x1000_0000u32, 2),
            "eu_demux" => (0x1020_4008, 0),
            "dma_demux" => (0x1020_4404, 0),
            "periph_reg" => (0x1020_0410, 0),
            "eu_periph" => (0x1020_0808, 0),
            "l2" => (0x1c01_0000, 2),
            other => panic!("{other}"),
        };
        let (read, write) = (
            format!("l2.read_latency={latency}"),
            format!("l2.write_latency={latency}"),
        );
        let config = config("ennead", &[&read, &write]);
        let access = if op == "L" { "lw" } else { "sw" };
        let body = format!(
            "
            li s2, {base:#x}
            slli t1, s0, {step}
            add s2, s2, t1
            addi a0, zero, 0
            addi t2, zero, {cores}
            bge s0, t2, @idle
            {}
            {access} a0, 0(s2)
            addi a1, a1, 1
            idle:
            ",
            if step == 0 {
                "li s2, ".to_owned() + &format!("{base:#x}")
            } else {
                String::new()
            },
        );
        let measured: Vec<String> = accesses(&config, &body)
            .into_iter()
            .map(|(core, timed)| {
                let [(requested, granted)] = timed[..] else {
                    panic!("{timed:?}")
                };
                format!("c{core}:{}", granted - requested)
            })
            .collect();
        assert_eq!(measured.join(" "), delays, "{row}");
    }
}

/// When the crossbar grants requests at one target, by rule P4: C4 over nine masters, one request a cycle.
fn granted_by_rule(requests: &BTreeMap<usize, Vec<(u64, u64)>>, wait: u64) -> BTreeMap<usize, Vec<u64>> {
    let mut pointer = 0;
    let mut granted = team::replay(requests, |asking| {
        let winner = team::walk(asking, pointer, 0, 16);
        pointer = *asking.iter().find(|core| **core > pointer).unwrap_or(&asking[0]);
        vec![winner]
    });
    granted.values_mut().flatten().for_each(|cycle| *cycle += wait);
    granted
}

#[test]
fn a_shared_target_takes_one_access_a_cycle_in_the_order_of_a_fair_tree() {
    // Each core comes back after a pause that changes from time to time.
    let body = |address: u32, access: &str| {
        format!(
            "
            li s2, {address:#x}
            addi s3, zero, 100
            addi s4, s0, 3
            li s6, 1103515245
            addi a0, zero, 0
            again:
            {access} a0, 0(s2)
            addi a1, a1, 1
            mul s4, s4, s6
            addi s4, s4, 1023
            srli s5, s4, 24
            andi s5, s5, 3
            pause:
            addi s5, s5, -1
            bge s5, zero, @pause
            addi s3, s3, -1
            bne s3, zero, @again
            "
        )
    };
    for (address, access, wait) in [
        (0x1020_0410, "sw", 3),
        (0x1020_0410, "lw", 3),
        (0x1020_0800, "lw", 4),
        (0x1c01_0000, "lw", 4 + 8),
        (0x1c01_0000, "sw", 4 + 5),
    ] {
        let config = config("ennead", &["l2.read_latency=8", "l2.write_latency=5"]);
        let measured = accesses(&config, &body(address, access));
        let expected = granted_by_rule(&measured, wait);
        let grants: BTreeMap<usize, Vec<u64>> = measured
            .iter()
            .map(|(core, timed)| (*core, timed.iter().map(|(_, granted)| *granted).collect()))
            .collect();
        assert_eq!(grants, expected, "{access} {address:#x}");
        let waited = measured
            .values()
            .flatten()
            .filter(|(requested, granted)| granted - requested > wait);
        assert!(waited.count() > 50, "{access} {address:#x} met nobody");
    }
}

#[test]
fn accesses_of_eight_cores_outside_the_cluster_overlap_without_loss() {
    // P3: eight cores, three loads each, R = 8: every round takes the 14 cycles of a core alone. An instruction between
    // grant and next request, as the recorder's cores had it.
    let body = "
        li s2, 0x1c010000
        lw a0, 0(s2)
        addi a1, a1, 1
        lw a0, 0(s2)
        addi a1, a1, 1
        lw a0, 0(s2)
        addi a1, a1, 1
    ";
    let measured = accesses(&config("ennead", &["l2.read_latency=8"]), body);
    assert_eq!(measured.len(), 8);
    for (core, timed) in measured {
        let (requests, grants): (Vec<u64>, Vec<u64>) = timed.into_iter().unzip();
        assert_eq!(grants[0] - requests[0], 12 + core as u64);
        assert_eq!([grants[1] - grants[0], grants[2] - grants[1]], [14, 14], "core {core}");
    }
}

#[test]
fn as_many_accesses_are_outside_the_cluster_as_may_be() {
    // Addresses leave one a cycle, and the place of an access is free again after its answer, R cycles later.
    let body = "
        li s2, 0x1c010000
        lw a0, 0(s2)
        addi a1, a1, 1
    ";
    for (limit, starts) in [
        (1, [0, 9, 18, 27, 36, 45, 54, 63]),
        (2, [0, 1, 9, 10, 18, 19, 27, 28]),
        (3, [0, 1, 2, 9, 10, 11, 18, 19]),
        (8, [0, 1, 2, 3, 4, 5, 6, 7]),
    ] {
        let limit = format!("cluster.external_outstanding={limit}");
        let config = config("ennead", &["l2.read_latency=8", &limit]);
        let measured = accesses(&config, body);
        let grants: Vec<u64> = measured.values().map(|timed| timed[0].1 - timed[0].0 - 12).collect();
        assert_eq!(grants, starts, "{limit}");
    }
}

#[test]
fn the_orchestrator_takes_its_turn_among_the_workers_at_a_cluster_peripheral() {
    // Alone it waits for its key's cycles; the workers in the way add one each, and it holds them up in its turn.
    let run = |busy: bool| {
        let config = config("ennead", &["orchestrator.cluster_wait=14"]);
        let workers = if busy {
            "lw a0, 0x44(s2)\nlw a0, 0x44(s2)\njal zero, @poll"
        } else {
            "wfi\njal zero, @poll"
        };
        let text = format!(
            "
            csrrs s0, mhartid, zero
            li s2, 0x10200000
            addi t0, zero, 992
            addi a4, zero, 200
            bne s0, t0, @poll
            addi t0, zero, -1
            sw t0, 8(s2)
            again:
            lw a3, 0x44(s2)
            addi a4, a4, -1
            bne a4, zero, @again
            li t0, 0x1a1040a0
            li t1, 0x80000000
            sw t1, 0(t0)
            jal zero, 0
            poll:
            {workers}
            "
        );
        let (bytes, labels) = program(&text, BASE, &config.core.instruction_set());
        let image = Image::parse(&elf(BASE, &[(BASE, &bytes)])).unwrap();
        let mut machine = Machine::new(&config, &image).unwrap();
        let mut waits = Vec::new();
        let mut before: Option<Retired> = None;
        let mut row = |row: Retired| {
            if row.core == 8 {
                if let Some(load) = before.filter(|load| load.pc == labels["again"]) {
                    waits.push(row.cycle - load.cycle - 1);
                }
                before = Some(row);
            }
        };
        let options = RunOptions {
            engine: Engine::Calendar,
            max_cycles: 100_000,
        };
        assert!(matches!(machine.run(&options, &mut Retire(&mut row)), Outcome::Exit(_)));
        waits
    };
    assert!(run(false).iter().skip(20).all(|wait| *wait == 14));
    let busy = run(true);
    assert!(busy.iter().all(|wait| (14..14 + 8).contains(wait)), "{busy:?}");
    assert!(busy.iter().filter(|wait| **wait > 14).count() > 50, "{busy:?}");
}
