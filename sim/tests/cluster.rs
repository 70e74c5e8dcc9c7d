//! What eight and more cores cost each other, in whole programs: banks (C2, C4), barriers (C6, E4), FPUs and divide units of
//! every organisation (C7, F1), and sleep, which costs the host nothing.
//!
//! The golden programs hold single machines to their recordings; here the rules' own sentences are held at other sizes.

mod support;

use std::collections::BTreeMap;

use ennead_sim::engine::RunOptions;
use ennead_sim::machine::Machine;
use ennead_sim::observe::Silent;
use support::{config, team};

fn keys(keys: &[String]) -> Vec<&str> {
    keys.iter().map(String::as_str).collect()
}

#[test]
fn cores_that_hammer_one_bank_are_each_served_every_nth_cycle() {
    let load = |bits: u32| bits & 0xfff == 0x503;
    for workers in [1, 2, 3, 8, 16, 33, 64u64] {
        let config = config("ennead", &[&format!("cluster.workers={workers}")]);
        let body = format!("li s2, 0x10000040\n{}", "lw a0, 0(s2)\n".repeat(24));
        let waits = team::waits(&config, &body, load);
        assert_eq!(waits.len() as u64, workers);
        for (core, waits) in waits {
            let grants: Vec<u64> = waits.iter().map(|(_, granted)| *granted).collect();
            let apart: Vec<u64> = grants.windows(2).map(|pair| pair[1] - pair[0]).collect();
            // The others arrive and leave one after the other; in between everybody has a turn.
            assert!(
                apart[2..20].iter().all(|apart| *apart == workers),
                "{workers} {core}: {apart:?}"
            );
        }
    }
}

#[test]
fn barriers_of_simultaneous_arrivals_take_six_cycles_whatever_the_number_of_cores() {
    for workers in [1, 2, 7, 8, 16, 32, 64] {
        let config = config("ennead", &[&format!("cluster.workers={workers}")]);
        let event_load = "cv.elw t0, 0x21c(s1)\n".repeat(12);
        let arrived = team::waits(&config, &event_load, |bits| bits & 0x7f == 0x0b);
        assert_eq!(arrived.len(), workers);
        for (core, arrived) in arrived {
            // The first of them is the one at which the team meets.
            let cycles: Vec<u64> = arrived.iter().map(|(cycle, _)| *cycle).collect();
            let apart: Vec<u64> = cycles.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert_eq!(apart[1..], [6; 12], "{workers} {core}");
        }
    }
}

#[test]
fn all_leave_a_barrier_six_cycles_behind_the_last_to_arrive() {
    // Each worker comes some cycles later than the one before it.
    let body = "
        slli t1, s0, 3
        addi t1, t1, 1
        late:
        addi t1, t1, -1
        bne t1, zero, @late
        cv.elw t0, 0x21c(s1)
    ";
    let waits = team::waits(&config("ennead", &[]), body, |bits| bits & 0x7f == 0x0b);
    let last = waits.values().map(|waits| waits[1].0).max().unwrap();
    assert_eq!(last, waits[&7][1].0);
    for (core, waits) in waits {
        assert_eq!(waits[1].1, last - 1 + 6, "worker {core}");
    }
}

/// A load of additions with pauses that change from time to time.
const ADDITIONS: &str = "
    addi s3, zero, 60
    addi s4, s0, 3
    li s6, 1103515245
    again:
    fadd.s fa0, fa1, fa2
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
";

fn adds(bits: u32) -> bool {
    bits & 0xfe00_007f == 0x53
}

#[test]
fn pooled_fpus_serve_by_their_rule_at_every_ratio_and_depth() {
    for (cores, units, stages) in [
        (8, 4, 1),
        (8, 1, 1),
        (8, 2, 0),
        (8, 3, 2),
        (8, 5, 3),
        (6, 4, 1),
        (3, 2, 1),
        (16, 4, 1),
    ] {
        let settings = [
            format!("cluster.workers={cores}"),
            "fpu.sharing=pooled".to_owned(),
            format!("fpu.count={units}"),
            format!("fpu.addmul_latency={stages}"),
        ];
        let requests = team::waits(&config("ennead", &keys(&settings)), ADDITIONS, adds);
        assert_eq!(requests.len(), cores);
        // C7: the k-th core that asks goes to unit k modulo their number; each has the tree over all cores, with a counter
        // that advances with each grant.
        let mut pointers = vec![0; units];
        let by_rule = team::replay(&requests, |asking| {
            let at = |unit: usize| asking.iter().copied().skip(unit).step_by(units).collect::<Vec<_>>();
            let mut granted = Vec::new();
            for (unit, pointer) in pointers.iter_mut().enumerate() {
                let asking = at(unit);
                if !asking.is_empty() {
                    granted.push(team::walk(&asking, *pointer, 0, cores.next_power_of_two()));
                    *pointer = (*pointer + 1) % cores;
                }
            }
            granted
        });
        assert_eq!(
            grants(&requests),
            by_rule,
            "{cores} cores, {units} units, {stages} stages"
        );
        assert_eq!(waited(&requests) > 0, units < cores, "{cores} cores, {units} units");
    }
}

#[test]
fn fpus_of_fixed_cores_serve_by_their_rule_at_every_ratio() {
    for (cores, units) in [(8, 4), (8, 1), (8, 3), (9, 4), (6, 6)] {
        let settings = [
            format!("cluster.workers={cores}"),
            "fpu.sharing=static".to_owned(),
            format!("fpu.count={units}"),
        ];
        let requests = team::waits(&config("ennead", &keys(&settings)), ADDITIONS, adds);
        // C7: core i goes to unit i modulo their number, which has the tree over its own cores.
        let mut pointers = vec![0; units];
        let by_rule = team::replay(&requests, |asking| {
            let mut granted = Vec::new();
            for (unit, pointer) in pointers.iter_mut().enumerate() {
                let own = (unit..cores).step_by(units).count();
                let asking: Vec<usize> = asking
                    .iter()
                    .filter(|core| **core % units == unit)
                    .map(|core| core / units)
                    .collect();
                if !asking.is_empty() {
                    granted.push(team::walk(&asking, *pointer, 0, own.next_power_of_two()) * units + unit);
                    *pointer = (*pointer + 1) % own;
                }
            }
            granted
        });
        assert_eq!(grants(&requests), by_rule, "{cores} cores, {units} units");
    }
}

fn grants(requests: &BTreeMap<usize, Vec<(u64, u64)>>) -> BTreeMap<usize, Vec<u64>> {
    let granted = |timed: &Vec<(u64, u64)>| timed.iter().map(|(_, granted)| *granted).collect();
    requests.iter().map(|(core, timed)| (*core, granted(timed))).collect()
}

fn waited(requests: &BTreeMap<usize, Vec<(u64, u64)>>) -> u64 {
    requests
        .values()
        .flatten()
        .map(|(requested, granted)| granted - requested)
        .sum()
}

#[test]
fn eight_cores_that_always_ask_four_pooled_fpus_take_runs_of_four() {
    // C7: each pair of cores alternates in runs of four grants, cost 1, 1, 1, 5: two cycles an operation.
    let body = "fadd.s fa0, fa1, fa2\nfadd.s fa3, fa1, fa2\n".repeat(32);
    let requests = team::waits(&config("ennead", &["fpu.sharing=pooled", "fpu.count=4"]), &body, adds);
    assert_eq!(requests.len(), 8);
    for (core, timed) in requests {
        let costs: Vec<u64> = timed.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
        let steady = &costs[8..56];
        let first = steady.iter().position(|cost| *cost == 5).unwrap();
        for run in steady[first..].chunks_exact(4) {
            assert_eq!(run, [5, 1, 1, 1], "worker {core}: {costs:?}");
        }
    }
}

#[test]
fn a_core_alone_sees_no_difference_between_shared_and_private_fpus() {
    let body = "
        bne s0, zero, @over
        fadd.s fa0, fa1, fa2
        fadd.s fa0, fa0, fa2
        fmadd.s fa3, fa0, fa0, fa2
        feq.s a0, fa3, fa0
        add a1, a0, a0
        fmul.s fa4, fa5, fa5
        fsgnj.s fa6, fa4, fa4
        vfadd.h fa7, fa6, fa6
        vfmul.h fa7, fa7, fa6
        fcvt.w.s a2, fa7
        add a2, a2, a2
        fadd.s fa0, fa1, fa2
        fmv.x.w a3, fa0
        over:
    ";
    for stages in 0..=3 {
        let rows = |sharing: &str, units: usize| {
            let settings = [
                format!("fpu.sharing={sharing}"),
                format!("fpu.count={units}"),
                format!("fpu.addmul_latency={stages}"),
                format!("fpu.others_latency={}", (stages + 1) % 4),
                format!("fpu.fp16_latency={}", (stages + 2) % 4),
            ];
            team::rows(&config("ennead", &keys(&settings)), body).remove(&0)
        };
        let private = rows("private", 8);
        for (sharing, units) in [("pooled", 1), ("pooled", 4), ("static", 2), ("static", 8)] {
            assert_eq!(rows(sharing, units), private, "{sharing} {units}, {stages} stages");
        }
    }
}

#[test]
fn shared_divide_units_take_one_operation_each_until_its_result_is_there() {
    // F1: the next grant 14 cycles behind the last one in binary32, 5 for special operands, 10 in binary16.
    for (operation, mask, bits, zero, apart) in [
        ("fdiv.s fa0, fa1, fa2", 0xfe00_007fu32, 0x1800_0053u32, false, 14),
        ("fsqrt.s fa0, fa1", 0xfe00_007f, 0x5800_0053, false, 14),
        ("fdiv.s fa0, fa1, fa2", 0xfe00_007f, 0x1800_0053, true, 5),
        ("fdiv.h fa0, fa1, fa2", 0xfe00_007f, 0x1c00_0053, false, 10),
    ] {
        for units in 1..=3u64 {
            let settings = [
                "fpu.divsqrt_shared=true".to_owned(),
                format!("fpu.divsqrt_count={units}"),
            ];
            let one = if operation.contains(".h") {
                0x3c00
            } else {
                0x3f80_0000u32
            };
            let body = format!(
                "
                li t1, {one:#x}
                fmv.w.x fa1, t1
                {}
                fmv.w.x fa2, t1
                {operation}
                addi a1, a1, 1
                ",
                if zero { "addi t1, zero, 0" } else { "addi a2, a2, 0" },
            );
            let rows = team::rows(&config("ennead", &keys(&settings)), &body);
            let mut granted: Vec<u64> = (0..8)
                .map(|core| {
                    let rows = &rows[&core];
                    let at = rows.iter().position(|row| row.bits & mask == bits).expect(operation);
                    rows[at + 1].cycle
                })
                .collect();
            granted.sort_unstable();
            let first = granted[0];
            let expected: Vec<u64> = (0..8).map(|turn| first + turn / units * apart).collect();
            assert_eq!(granted, expected, "{operation}, {units} units");
        }
    }
}

#[test]
fn sleeping_cores_cost_the_host_nothing() {
    // One worker computes while the others sleep at the barrier: how often the engine looks at a core depends on the
    // number of sleepers only while they get there and away.
    let body = "
        bne s0, zero, @over
        li s2, 0x10000000
        li s3, 5000
        again:
        lw a0, 0(s2)
        add a1, a1, a0
        sw a1, 4(s2)
        addi s3, s3, -1
        bne s3, zero, @again
        over:
    ";
    let looks = |workers: usize| {
        let config = config("ennead", &[&format!("cluster.workers={workers}")]);
        let mut machine = Machine::new(&config, &team::image(&config, body)).unwrap();
        let (mut looks, mut cycles) = (0u64, 0u64);
        while !machine.ended() {
            let now = machine.next_due().expect("a run that ends");
            let due = machine.take_due(now);
            let mut rest = due;
            while rest.pop().is_some() {
                looks += 1;
            }
            cycles += 1;
            machine.cycle(now, due, now + 1024, &mut Silent);
        }
        (looks, cycles)
    };
    let (alone, all) = (looks(1), looks(64));
    assert!(alone.0 > 10_000, "{alone:?}");
    assert!(all.0 - alone.0 < 63 * 64, "{alone:?} {all:?}");
    assert!(all.1 - alone.1 < 64 * 8, "{alone:?} {all:?}");
}

#[test]
fn a_transfer_and_the_cores_meet_at_the_banks() {
    // Worker 0 moves 4096 bytes into L1 and waits; the others load from one bank all the time, or do nothing.
    let transfer = |busy: bool| {
        let others = if busy {
            "lw a0, 0(s2)\nlw a0, 0(s2)"
        } else {
            "addi a0, a0, 1"
        };
        let body = format!(
            "
            li s2, 0x10000040
            li s3, 0x10204400
            li s4, 300
            bne s0, zero, @others
            lw a5, 0(s3)
            li t0, 0x00161000
            sw t0, 0(s3)
            li t0, 0x10001000
            sw t0, 0(s3)
            li t0, 0x1c010000
            sw t0, 0(s3)
            poll:
            lw a1, 4(s3)
            andi a1, a1, 1
            beq a1, zero, @poll
            done:
            lw a1, 4(s3)
            andi a1, a1, 1
            bne a1, zero, @done
            jal zero, @over
            others:
            {others}
            addi s4, s4, -1
            bne s4, zero, @others
            over:
            "
        );
        let settings = ["l2.read_latency=8", "cluster.workers=8"];
        let mut machine = Machine::new(
            &config("ennead", &settings),
            &team::image(&config("ennead", &settings), &body),
        )
        .unwrap();
        machine.run(&RunOptions::default(), &mut Silent);
        let counters = machine.counters();
        let of = |name: &str| counters.dma.iter().find(|(counter, _)| counter == name).unwrap().1;
        assert_eq!((of("transfers"), of("bytes_to_l1"), of("l1_accesses")), (1, 4096, 1024));
        (of("busy_cycles"), of("l1_stalls"), counters.banks[0].conflicts)
    };
    // D10: the event comes 565 cycles behind the command's last word.
    assert_eq!(transfer(false), (565, 0, 0));
    // The 64 words of the transfer that lie in the bank wait for their turn among eight, at most eight cycles each; what
    // waits behind them is as late.
    let (busy, stalls, conflicts) = transfer(true);
    assert!(
        (64..=2 * 64 * 8).contains(&stalls) && busy > 565 + 64,
        "{busy} {stalls}"
    );
    assert!(conflicts > 7 * 300, "{conflicts}");
}
