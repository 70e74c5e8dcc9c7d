//! The event unit against requests and grants recorded on RTL, and the rules that those do not reach.
//!
//! `data/blocks/event_unit.csv`: the block alone, one experiment after another (rules E1, E2, E4..E6).
//! `data/blocks/event_unit_cluster.csv`: every request of eight cores at their direct ports in four cluster programs.

use std::collections::BTreeMap;

use ennead_sim::cluster::Access;
use ennead_sim::cluster::event_unit::{EventUnit, WaitReason, Wake, line};

/// A request at a direct port, and what the RTL did with it.
#[derive(Clone, Debug, PartialEq)]
struct Request {
    core: usize,
    offset: u32,
    store: Option<u32>,
    requested: u64,
    granted: u64,
    data: Option<u32>,
}

/// Makes the requests in their cycles and returns (grant cycle, value read) of each.
fn replay(requests: &[Request], events: &[(u64, u64, u32)]) -> Vec<Option<(u64, u32)>> {
    let mut unit = EventUnit::new(8);
    let mut results = vec![None; requests.len()];
    let mut asleep = [None; 8];
    let mut wakes: Vec<Wake> = Vec::new();
    for now in 0..=requests.iter().map(|request| request.granted).max().unwrap() {
        unit.tick(now, &mut wakes);
        for wake in wakes.drain(..) {
            let index: usize = asleep[wake.core].take().expect("only a waiting core is woken");
            results[index] = Some((now, wake.value));
        }
        let mut held: Vec<usize> = (0..requests.len())
            .filter(|&index| {
                requests[index].requested <= now && results[index].is_none() && !asleep.contains(&Some(index))
            })
            .collect();
        held.sort_by_key(|&index| requests[index].core);
        for index in held {
            let Request {
                core, offset, store, ..
            } = requests[index];
            let access = match store {
                Some(value) => unit.store(now, core, offset, value),
                None => unit.load(now, core, offset),
            };
            match access {
                Access::Granted(value) => results[index] = Some((now, value)),
                Access::Refused => {}
                Access::Waiting => asleep[core] = Some(index),
            }
        }
        for &(cycle, cores, line) in events {
            if cycle == now {
                unit.raise(now, cores, line);
            }
        }
    }
    results
}

fn check(name: &str, requests: &[Request], events: &[(u64, u64, u32)]) {
    for (request, result) in requests.iter().zip(replay(requests, events)) {
        let (granted, value) = result.unwrap_or_else(|| panic!("{name}: {request:?} was never granted"));
        assert_eq!(granted, request.granted, "{name}: {request:?}");
        if let (None, Some(data)) = (request.store, request.data) {
            assert_eq!(value, data, "{name}: {request:?}");
        }
    }
}

/// The recording has no store data: these are the masks and messages that the experiments' names and answers imply.
fn store_value(experiment: &str, core: usize, offset: u32, later: &[Request]) -> u32 {
    match offset {
        0x008 if experiment.starts_with("mutex") => 1 << line::MUTEX,
        0x008 if experiment.contains("barrier") => 1 << line::BARRIER,
        0x008 if experiment.starts_with("dispatch") => 1 << line::DISPATCH,
        0x008 if experiment.contains("line 22") => 1 << 22,
        0x008 if experiment.contains("line 8") => 1 << line::DMA_EVENT,
        0x008 => 3,
        0x028 => u32::MAX,
        0x080 => later
            .iter()
            .find(|request| request.offset == 0x80)
            .and_then(|request| request.data)
            .unwrap_or(0xBEEF),
        0x084 => 0x06,
        0x0C0 => {
            let next = later
                .iter()
                .filter(|request| request.store.is_none() && request.offset == 0xC0);
            next.min_by_key(|request| request.granted)
                .and_then(|request| request.data)
                .unwrap_or(0)
        }
        0x200 | 0x20C if experiment.starts_with("back-to-back") => 0x03,
        0x200 | 0x20C => 0x0F,
        0x220 | 0x22C => 0x30,
        0x100 | 0x104 => 1 << 1,
        _ => panic!("{experiment}: core {core} stores to {offset:#x}"),
    }
}

fn recorded_experiments() -> BTreeMap<String, Vec<Request>> {
    let mut experiments: BTreeMap<String, Vec<Request>> = BTreeMap::new();
    for row in include_str!("data/blocks/event_unit.csv").lines().skip(1) {
        let (name, fields) = match row.strip_prefix('"') {
            Some(rest) => rest.split_once("\",").unwrap(),
            None => row.split_once(',').unwrap(),
        };
        let [core, op, offset, requested, granted, _, data] = fields.split(',').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        experiments.entry(name.to_owned()).or_default().push(Request {
            core: core.parse().unwrap(),
            offset: u32::from_str_radix(offset, 16).unwrap(),
            store: (op == "S").then_some(0),
            requested: requested.parse().unwrap(),
            granted: granted.parse().unwrap(),
            data: (op == "L").then(|| u32::from_str_radix(data, 16).unwrap()),
        });
    }
    experiments
}

#[test]
fn the_block_grants_every_recorded_request_in_its_cycle_with_its_data() {
    let experiments = recorded_experiments();
    assert_eq!(experiments.len(), 19);
    for (name, mut requests) in experiments {
        for index in 0..requests.len() {
            if requests[index].store.is_some() {
                let Request {
                    core, offset, granted, ..
                } = requests[index];
                let later: Vec<_> = requests
                    .iter()
                    .filter(|request| request.granted > granted)
                    .cloned()
                    .collect();
                requests[index].store = Some(store_value(&name, core, offset, &later));
            }
        }
        if name.starts_with("dispatch: pushed before pop") {
            let pushes: Vec<_> = (0..requests.len())
                .filter(|&index| requests[index].offset == 0x80 && requests[index].store.is_some())
                .collect();
            requests[pushes[0]].store = Some(0xCAFE);
            requests[pushes[1]].store = Some(0xBEEF);
        }
        let events = match name.as_str() {
            "external cluster event line 22 wire" => vec![(60, u64::MAX, 22)],
            "DMA event line 8" => vec![(60, 1 << 1, line::DMA_EVENT)],
            _ => Vec::new(),
        };
        check(&name, &requests, &events);
    }
}

#[test]
fn eight_cores_meet_at_barriers_as_in_the_recorded_cluster_runs() {
    let mut runs: BTreeMap<&str, Vec<Request>> = BTreeMap::new();
    for row in include_str!("data/blocks/event_unit_cluster.csv").lines().skip(1) {
        let [run, core, offset, requested, granted] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let offset = u32::from_str_radix(offset, 16).unwrap();
        let store = match offset {
            0x008 => Some(1 << line::BARRIER),
            0x200 | 0x20C => Some(0xFF),
            _ => None,
        };
        let data = store.is_none().then_some(1 << line::BARRIER);
        runs.entry(run).or_default().push(Request {
            core: core.parse().unwrap(),
            offset,
            store,
            requested: requested.parse().unwrap(),
            granted: granted.parse().unwrap(),
            data,
        });
    }
    assert_eq!(runs.values().map(Vec::len).sum::<usize>(), 440);
    for (run, requests) in runs {
        check(run, &requests, &[]);
    }
}

fn settle(unit: &mut EventUnit, from: u64, to: u64) -> Vec<(u64, Wake)> {
    let mut all = Vec::new();
    let mut wakes = Vec::new();
    for now in from..=to {
        unit.tick(now, &mut wakes);
        all.extend(wakes.drain(..).map(|wake| (now, wake)));
    }
    all
}

#[test]
fn an_interrupt_line_follows_its_event_by_two_cycles_highest_line_first() {
    let mut unit = EventUnit::new(8);
    unit.store(5, 0, 0x14, 1 << 23 | 0b11);
    unit.store(60, 1, 0x100, 0);
    unit.store(60, 2, 0x104, 0);
    let line_at = |unit: &mut EventUnit, now| {
        settle(unit, now, now);
        unit.irq(0)
    };
    assert_eq!(line_at(&mut unit, 61), None);
    assert_eq!(line_at(&mut unit, 62), Some(1));
    unit.acknowledge(63, 0, 1);
    assert_eq!(line_at(&mut unit, 64), Some(1));
    assert_eq!(line_at(&mut unit, 65), Some(0));
    unit.acknowledge(65, 0, 0);
    assert_eq!(line_at(&mut unit, 66), Some(0));
    assert_eq!(line_at(&mut unit, 67), None);
    assert_eq!(unit.irq(1), None);
}

#[test]
fn an_interrupt_cuts_a_sleep_short_two_cycles_after_its_event() {
    let mut unit = EventUnit::new(8);
    unit.store(5, 0, 0x14, 0b10);
    unit.store(7, 0, 0x08, 0b01);
    assert_eq!(unit.load(20, 0, 0x3C), Access::Waiting);
    unit.store(60, 1, 0x104, 0);
    let wakes = settle(&mut unit, 60, 80);
    assert_eq!(
        wakes,
        [(
            62,
            Wake {
                core: 0,
                value: 0,
                interrupted: true
            }
        )]
    );
    assert_eq!(unit.irq(0), Some(1));
    assert_eq!(unit.waiting_for(0), None);
}

#[test]
fn an_arrival_that_an_interrupt_cut_short_counts_once() {
    let mut unit = EventUnit::new(2);
    unit.store(1, 0, 0x08, 1 << line::BARRIER);
    unit.store(1, 1, 0x08, 1 << line::BARRIER);
    unit.store(2, 0, 0x14, 1);
    unit.store(3, 0, 0x200, 0b11);
    unit.store(4, 0, 0x20C, 0b11);
    assert_eq!(unit.load(10, 0, 0x21C), Access::Waiting);
    unit.raise(20, 0b01, 0);
    assert_eq!(
        settle(&mut unit, 20, 30),
        [(
            22,
            Wake {
                core: 0,
                value: 0,
                interrupted: true
            }
        )]
    );
    unit.acknowledge(30, 0, 0);
    assert_eq!(unit.load(40, 1, 0x21C), Access::Waiting);
    assert_eq!(settle(&mut unit, 40, 45).len(), 1, "both had arrived");
    assert_eq!(unit.load(50, 0, 0x21C), Access::Granted(1 << line::BARRIER));
    settle(&mut unit, 50, 60);
    assert_eq!(unit.load(60, 1, 0x21C), Access::Waiting);
    assert_eq!(
        settle(&mut unit, 60, 90),
        [],
        "the replayed arrival is not left over for the next round"
    );
}

#[test]
fn a_trigger_through_the_bus_wakes_a_waiter_three_cycles_after_its_request() {
    let mut unit = EventUnit::new(8);
    unit.store(5, 1, 0x08, 1);
    assert_eq!(unit.load(10, 1, 0x3C), Access::Waiting);
    let request = 60;
    unit.bus_store(request + 2, 0x600, 0).unwrap();
    assert_eq!(
        settle(&mut unit, 62, 70),
        [(
            request + 3,
            Wake {
                core: 1,
                value: 1,
                interrupted: false
            }
        )]
    );
}

#[test]
fn a_wait_clear_grant_closes_the_port_for_a_cycle() {
    let mut unit = EventUnit::new(8);
    unit.store(5, 1, 0x08, 1);
    unit.raise(10, 0b10, 0);
    assert_eq!(unit.load(20, 1, 0x3C), Access::Granted(1));
    assert_eq!(unit.load(21, 1, 0x1C), Access::Refused);
    assert_eq!(unit.load(22, 1, 0x1C), Access::Granted(0));
}

#[test]
fn what_a_core_waits_for_can_be_told() {
    let mut unit = EventUnit::new(8);
    unit.store(1, 0, 0x08, 0x300);
    unit.store(1, 1, 0x200, 0x0F);
    for (core, offset) in [(0, 0x3C), (1, 0x21C), (2, 0xC4), (3, 0x80), (4, 0x48)] {
        assert_eq!(unit.load(10, core, offset), Access::Waiting);
    }
    assert_eq!(unit.waiting_for(0), Some(WaitReason::Event { mask: 0x300 }));
    assert!(unit.waiting_for(0).unwrap().is_dma());
    assert_eq!(unit.waiting_for(1), Some(WaitReason::Barrier(0)));
    assert_eq!(unit.waiting_for(2), Some(WaitReason::Mutex(1)));
    assert_eq!(unit.waiting_for(3), Some(WaitReason::Dispatch));
    assert_eq!(unit.waiting_for(4), Some(WaitReason::Undecoded(0x48)));
    assert_eq!(settle(&mut unit, 11, 30), [], "none of them has its line enabled");
    assert_eq!(unit.next_due(), None, "a unit that only waits costs nothing");
    assert_eq!(
        unit.describe_wait(1).unwrap(),
        "barrier 0 (arrived 0x2 of 0xf; its event mask 0x0 does not enable barrier events (bit 16))"
    );
}

/// The ring of the RTL (`hw_dispatch`): pushing never waits, values that nobody reads are overwritten, and a core passes
/// one entry that is not for it in a cycle.
#[test]
fn a_team_member_that_never_reads_does_not_fill_the_dispatch_queue() {
    let mut unit = EventUnit::new(8);
    unit.store(1, 1, 0x08, 1 << line::DISPATCH);
    unit.store(1, 0, 0x84, 0x03);
    for round in 0..20 {
        let now = 100 * (round + 1);
        assert_eq!(unit.load(now, 1, 0x80), Access::Waiting);
        assert_eq!(unit.store(now + 10, 0, 0x80, round as u32), Access::Granted(0));
        let woken = settle(&mut unit, now + 11, now + 50);
        assert_eq!(
            woken.iter().map(|(at, wake)| (*at, wake.value)).collect::<Vec<_>>(),
            [(now + 12, round as u32)]
        );
    }
    unit.store(3000, 0, 0x84, 0x01);
    (0..3).for_each(|i| assert_eq!(unit.store(3010 + i, 0, 0x80, 7), Access::Granted(0)));
    unit.store(3020, 0, 0x84, 0x02);
    unit.store(3030, 0, 0x80, 9);
    assert_eq!(unit.load(3040, 1, 0x80), Access::Waiting);
    let woken = settle(&mut unit, 3041, 3060);
    assert_eq!(
        woken.iter().map(|(at, wake)| (*at, wake.value)).collect::<Vec<_>>(),
        [(3044, 9)]
    );
}

#[test]
fn sixty_four_cores_meet_when_the_masks_are_all_ones() {
    let mut unit = EventUnit::new(64);
    for core in 0..64 {
        unit.store(1, core, 0x00, 1 << line::BARRIER);
    }
    unit.store(2, 0, 0x200, u32::MAX);
    unit.store(3, 0, 0x20C, u32::MAX);
    for core in 0..64 {
        assert_eq!(unit.load(10 + core as u64, core, 0x21C), Access::Waiting);
    }
    let wakes = settle(&mut unit, 73, 80);
    assert_eq!(wakes.len(), 64);
    assert!(
        wakes
            .iter()
            .all(|&(cycle, wake)| cycle == 75 && wake.value == 1 << line::BARRIER)
    );
}

#[test]
fn soc_events_queue_up_and_are_read_in_order() {
    let mut unit = EventUnit::new(2);
    unit.store(1, 1, 0x00, 1 << line::SOC_EVENT);
    assert_eq!(unit.load(2, 1, 0x3C), Access::Waiting);
    unit.raise_soc_event(10, 0x25);
    unit.raise_soc_event(11, 0x26);
    assert_eq!(settle(&mut unit, 10, 12).len(), 1);
    assert_eq!(unit.bus_load(13, 0x700), Ok(0x8000_0025));
    assert_eq!(unit.bus_load(14, 0x700), Ok(0x8000_0026));
    assert_eq!(unit.bus_load(15, 0x700), Ok(0));
}
