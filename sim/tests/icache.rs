//! The instruction caches against RTL: fetch streams through the private levels and the shared one, and the times that
//! were measured at their ports (rules I2..I8). `data/blocks/icache_*.csv` hold the measurements.

use ennead_sim::cluster::icache::{Event, Private, Shared};
use ennead_sim::config::{Config, IcacheConfig};
use ennead_sim::soc::clock::Clocks;

const LOOPS: &str = include_str!("data/blocks/icache_loop.csv");
const MISSES: &str = include_str!("data/blocks/icache_miss.csv");

/// Ports that fetch a stream of words each: one request outstanding, the next in the cycle of the answer (I2).
struct Bench {
    private: Vec<Private>,
    shared: Shared,
    now: u64,
    waiting: Vec<bool>,
    /// The cycles in which each port was granted its requests and got its answers.
    granted: Vec<Vec<u64>>,
    answered: Vec<Vec<u64>>,
    /// Refills so far, at the end of each cycle.
    refills: Vec<u64>,
}

impl Bench {
    fn new(cores: usize, config: &IcacheConfig) -> Self {
        Self {
            private: vec![Private::new(config); cores],
            shared: Shared::new(config, cores, Clocks::new(1, 1)),
            now: 0,
            waiting: vec![false; cores],
            granted: vec![Vec::new(); cores],
            answered: vec![Vec::new(); cores],
            refills: Vec::new(),
        }
    }

    /// One cycle; `next` gives the address that a port asks for next.
    fn cycle(&mut self, mut next: impl FnMut(usize, usize) -> Option<u32>) {
        let now = self.now;
        let mut events = Vec::new();
        self.shared.tick(now, &mut events);
        for event in events {
            match event {
                Event::Granted(core) => self.private[core].granted(),
                Event::Answered(core) => self.private[core].answered(now + 1),
            }
        }
        for core in 0..self.private.len() {
            let private = &mut self.private[core];
            if private.answers(now) {
                assert!(self.waiting[core], "an answer that nobody asked for");
                self.waiting[core] = false;
                self.answered[core].push(now);
            }
            let address = if self.waiting[core] {
                None
            } else {
                next(core, self.granted[core].len())
            };
            let (taken, _) = private.step(now, address);
            if taken {
                self.granted[core].push(now);
                self.waiting[core] = true;
            }
            if let Some(line) = private.take_request() {
                self.shared.ask(core, line);
            }
        }
        self.refills.push(self.shared.counters().refills);
        self.now += 1;
    }

    /// Streams of `words` words by all ports, port i from cycle `stagger * i` on.
    fn stream(&mut self, words: usize, stagger: u64, address: impl Fn(usize) -> u32) {
        let start = self.now;
        while self.answered.iter().any(|answers| answers.len() < words) {
            let now = self.now;
            self.cycle(|core, index| (index < words && now >= start + stagger * core as u64).then(|| address(index)));
            assert!(self.now < 1_000_000, "the stream got stuck");
        }
    }
}

fn config(latency: u32, prefetch: bool) -> IcacheConfig {
    IcacheConfig {
        enabled: true,
        prefetch,
        refill_latency: latency,
        ..Config::default().icache
    }
}

fn rows(table: &str) -> Vec<Vec<String>> {
    let mut reader = csv_rows(table);
    reader.remove(0);
    reader
}

/// Rows of a table whose fields may be quoted.
fn csv_rows(table: &str) -> Vec<Vec<String>> {
    table
        .lines()
        .map(|line| {
            let mut fields = vec![String::new()];
            let mut quoted = false;
            for c in line.chars() {
                match c {
                    '"' => quoted = !quoted,
                    ',' if !quoted => fields.push(String::new()),
                    c => fields.last_mut().expect("a field").push(c),
                }
            }
            fields
        })
        .collect()
}

#[test]
fn loops_take_the_measured_cycles_and_refills() {
    const PASSES: usize = 12;
    /// A refill asked for in a pass's last cycle passes the port to L2 by then.
    const FLIGHT: u64 = 3;
    let mut wrong = Vec::new();
    for row in rows(LOOPS) {
        let number = |i: usize| row[i].parse::<f64>().unwrap();
        let (cores, stagger, prefetch, latency, bytes) = (
            number(0) as usize,
            number(1) as u64,
            row[2] == "1",
            number(3) as u32,
            number(4) as usize,
        );
        let words = bytes / 4;
        let mut bench = Bench::new(cores, &config(latency, prefetch));
        bench.stream(PASSES * words, stagger, |index| (index % words * 4) as u32);
        (0..FLIGHT).for_each(|_| bench.cycle(|_, _| None));
        let end = |core: usize, pass: usize| bench.answered[core][pass * words - 1];
        let refills = |pass: usize| bench.refills[(end(0, pass) + FLIGHT) as usize] as f64;
        let first = (0..cores).map(|core| end(core, 1)).max().unwrap() + 1;
        let ours = (
            first as f64,
            (end(0, 12) - end(0, 4)) as f64 / 8.0,
            (refills(12) - refills(4)) / 8.0,
        );
        let measured = (number(5), number(6), number(8));
        if ours != measured {
            wrong.push(format!("{row:?}: {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn misses_take_the_measured_cycles() {
    for row in rows(MISSES) {
        let (latency, prefetch) = (row[1].parse().unwrap(), row[2] == "1");
        let measured = (row[3].parse::<u64>().unwrap(), row[4].parse::<f64>().unwrap());
        let mut bench = Bench::new(2, &config(latency, prefetch));
        // The second port sees what the first one brought into the shared level.
        let cold = row[0].starts_with("cold");
        const WORDS: usize = 32 * 4;
        let stream = |bench: &mut Bench, core: usize| {
            while bench.answered[core].len() < WORDS {
                bench.cycle(|port, index| (port == core && index < WORDS).then(|| 4 * index as u32));
            }
        };
        stream(&mut bench, 0);
        stream(&mut bench, 1);
        let core = usize::from(!cold);
        let first = bench.answered[core][0] - bench.granted[core][0];
        let lines = (bench.answered[core][WORDS - 4] - bench.answered[core][WORDS - 68]) as f64 / 16.0;
        assert_eq!((first, lines), measured, "{row:?}");
    }
}

#[test]
fn a_line_that_all_want_is_fetched_once_and_handed_out_one_a_cycle() {
    // I7, R = 8: data at 17, 19, 21, 22, .. 26 after the request.
    let mut bench = Bench::new(8, &config(8, false));
    bench.stream(1, 0, |_| 0);
    let mut cycles: Vec<u64> = bench.answered.iter().map(|answers| answers[0]).collect();
    cycles.sort_unstable();
    assert_eq!(cycles, [17, 19, 21, 22, 23, 24, 25, 26]);
    assert_eq!(bench.shared.counters().refills, 1);
}

#[test]
fn disabled_levels_fetch_each_word_from_outside() {
    // I8: data 6 + R after the grant, the next request a cycle later.
    let mut bench = Bench::new(
        1,
        &IcacheConfig {
            enabled: false,
            ..config(8, false)
        },
    );
    bench.stream(5, 0, |index| 4 * index as u32);
    assert_eq!(bench.answered[0], [14, 29, 44, 59, 74]);
    assert_eq!(bench.granted[0], [0, 15, 30, 45, 60]);
}

#[test]
fn hits_of_one_line_by_all_are_served_one_a_cycle() {
    // I6: data 4..11 after the request.
    let mut bench = Bench::new(9, &config(8, false));
    while bench.answered[8].is_empty() {
        bench.cycle(|core, index| (core == 8 && index == 0).then_some(0));
    }
    for _ in 0..20 {
        bench.cycle(|_, _| None);
    }
    let start = bench.now;
    for _ in 0..20 {
        bench.cycle(|core, index| (core < 8 && index == 0).then_some(0));
    }
    let mut cycles: Vec<u64> = bench.answered[..8].iter().map(|answers| answers[0] - start).collect();
    cycles.sort_unstable();
    assert_eq!(cycles, [4, 5, 6, 7, 8, 9, 10, 11]);
}
