//! The DMA against transfers recorded on RTL (rules D1..D13): a memory that grants at once, cycle by cycle.

use ennead_sim::cluster::Access;
use ennead_sim::cluster::dma::{Completion, Dma, DmaFault, DmaTiming, External, NotMapped, bit};

const L1: u32 = 0x1000_0000;
const L2: u32 = 0x1C00_0000;

/// External memory that remembers when it was touched.
struct Outside {
    bytes: Vec<u8>,
    now: u64,
    first: Option<u64>,
    last: u64,
}

impl Outside {
    fn new() -> Self {
        Self {
            bytes: vec![0; 0x2_0000],
            now: 0,
            first: None,
            last: 0,
        }
    }

    fn range(&mut self, address: u32, length: usize) -> Result<std::ops::Range<usize>, NotMapped> {
        self.first.get_or_insert(self.now);
        self.last = self.now;
        let start = address.checked_sub(L2).ok_or(NotMapped)? as usize;
        if start + length > self.bytes.len() {
            Err(NotMapped)
        } else {
            Ok(start..start + length)
        }
    }
}

impl External for Outside {
    fn read(&mut self, address: u32, bytes: &mut [u8]) -> Result<(), NotMapped> {
        let range = self.range(address, bytes.len())?;
        bytes.copy_from_slice(&self.bytes[range]);
        Ok(())
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), NotMapped> {
        let range = self.range(address, bytes.len())?;
        self.bytes[range].copy_from_slice(bytes);
        Ok(())
    }
}

/// A DMA with its memories and the cycle.
struct Bench {
    dma: Dma,
    outside: Outside,
    l1: Vec<u8>,
    now: u64,
    first_l1: Option<u64>,
    last_l1: u64,
    completions: Vec<(u64, Completion)>,
}

impl Bench {
    fn new(burst_bytes: u32, latency: u32) -> Self {
        let timing = DmaTiming {
            burst_bytes,
            outstanding: 8,
            read_latency: latency,
            write_latency: latency,
        };
        Self {
            dma: Dma::new(9, timing),
            outside: Outside::new(),
            l1: vec![0; 0x1_0000],
            now: 0,
            first_l1: None,
            last_l1: 0,
            completions: Vec::new(),
        }
    }

    fn tick(&mut self) -> Result<(), DmaFault> {
        self.outside.now = self.now;
        let mut completions = Vec::new();
        self.dma.tick(self.now, &mut self.outside, &mut completions)?;
        self.completions
            .extend(completions.into_iter().map(|completion| (self.now, completion)));
        Ok(())
    }

    /// Grants the L1 requests for which `grant(port, address)` holds and goes on to the next cycle.
    fn end_cycle(&mut self, mut grant: impl FnMut(usize, u32) -> bool) {
        for (port, request) in self.dma.requests(self.now).into_iter().enumerate() {
            let Some(request) = request else { continue };
            if !grant(port, request.address) {
                continue;
            }
            self.first_l1.get_or_insert(self.now);
            self.last_l1 = self.now;
            let start = (request.address - L1) as usize;
            let word = &mut self.l1[start..start + 4];
            let before = u32::from_le_bytes(word.try_into().unwrap());
            if request.write {
                for (byte, value) in request.data.to_le_bytes().into_iter().enumerate() {
                    if request.byte_enable >> byte & 1 != 0 {
                        word[byte] = value;
                    }
                }
            }
            self.dma.granted(self.now, port, before);
        }
        self.now += 1;
    }

    fn step(&mut self) {
        self.tick().unwrap();
        self.end_cycle(|_, _| true);
    }

    /// Gives a command through `port`, a word a cycle, and returns the cycle of the last word's grant.
    fn give(&mut self, port: usize, words: &[u32]) -> u64 {
        let mut given = 0;
        self.tick().unwrap();
        assert!(matches!(self.dma.load(self.now, port, 0), Access::Granted(_)));
        self.end_cycle(|_, _| true);
        for &word in words {
            self.tick().unwrap();
            assert_eq!(self.dma.store(self.now, port, 0, word), Access::Granted(0));
            given = self.now;
            self.end_cycle(|_, _| true);
        }
        given
    }

    fn run_until_idle(&mut self) {
        while self.dma.is_busy() {
            self.step();
            assert!(self.now < 1_000_000, "the DMA never ends");
        }
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| (index as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0] | 1)
        .collect()
}

/// A 2D side of a command: bytes per row and stride.
type RowsOf = Option<(u32, u32)>;

fn offset_of(byte: u32, rows: RowsOf) -> usize {
    rows.map_or(byte, |(count, stride)| byte / count * stride + byte % count) as usize
}

/// Runs one command on an idle DMA, checks every byte that it moves, and returns its times after the last word's
/// grant: first and last external beat, first and last L1 access, event.
fn measure(
    to_l1: bool,
    bytes: u32,
    l1: u32,
    external: u32,
    external_rows: RowsOf,
    l1_rows: RowsOf,
    timing: (u32, u32),
) -> [u64; 5] {
    let mut bench = Bench::new(timing.0, timing.1);
    let (l1_span, external_span) = (offset_of(bytes, l1_rows) + 64, offset_of(bytes, external_rows) + 64);
    let data = pattern(l1_span.max(external_span));
    let (l1_start, external_start) = (l1 as usize, external as usize);
    if to_l1 {
        bench.outside.bytes[external_start..external_start + external_span].copy_from_slice(&data[..external_span]);
    } else {
        bench.l1[l1_start..l1_start + l1_span].copy_from_slice(&data[..l1_span]);
    }
    let mut control = bytes | bit::INCREMENT | bit::EVENT;
    control |= if to_l1 { bit::TO_L1 } else { 0 };
    let mut words = vec![0, L1 + l1, L2 + external];
    for (rows, flag) in [(external_rows, bit::EXTERNAL_2D), (l1_rows, bit::L1_2D)] {
        if let Some((count, stride)) = rows {
            control |= flag;
            words.extend([count, stride]);
        }
    }
    words[0] = control;
    let given = bench.give(3, &words);
    bench.run_until_idle();
    let (mut expected_l1, mut expected_outside) = (vec![0; bench.l1.len()], vec![0; bench.outside.bytes.len()]);
    if to_l1 {
        expected_outside = bench.outside.bytes.clone();
    } else {
        expected_l1 = bench.l1.clone();
    }
    for byte in 0..bytes {
        let inside = l1_start + offset_of(byte, l1_rows);
        let outside = external_start + offset_of(byte, external_rows);
        if to_l1 {
            expected_l1[inside] = expected_outside[outside];
        } else {
            expected_outside[outside] = expected_l1[inside];
        }
    }
    assert!(
        bench.l1 == expected_l1 && bench.outside.bytes == expected_outside,
        "wrong bytes moved by {words:x?}"
    );
    let [(event, completion)] = bench.completions[..] else {
        panic!("{:?}", bench.completions)
    };
    assert_eq!(
        (completion.port, completion.id, completion.event, completion.interrupt),
        (3, 0, true, false)
    );
    let (first_data, first_l1) = (bench.outside.first.unwrap(), bench.first_l1.unwrap());
    [first_data, bench.outside.last, first_l1, bench.last_l1, event].map(|cycle| cycle - given)
}

#[test]
fn every_recorded_1d_transfer_takes_its_cycles_and_moves_its_bytes() {
    let rows: Vec<&str> = include_str!("data/blocks/dma.csv").lines().skip(1).collect();
    assert_eq!(rows.len(), 3468);
    for row in rows {
        let (direction, numbers) = row.split_once(',').unwrap();
        let numbers: Vec<u32> = numbers.split(',').map(|number| number.parse().unwrap()).collect();
        let [
            bytes,
            latency,
            l1,
            external,
            burst,
            _,
            _,
            first_data,
            last_data,
            first_l1,
            last_l1,
            event,
            _,
        ] = numbers[..]
        else {
            panic!("{row}");
        };
        let measured = measure(
            direction == "L2toL1",
            bytes,
            0x1000 + l1,
            external,
            None,
            None,
            (burst, latency),
        );
        let expected = [first_data, last_data, first_l1, last_l1, event].map(u64::from);
        assert_eq!(
            measured, expected,
            "first and last external beat, first and last L1 access, event: {row}"
        );
    }
}

/// Runs the recorded 2D transfers of one direction and returns (latency, our event, the recorded event) of each.
fn recorded_2d(direction: &str) -> Vec<(u32, f64, f64)> {
    let rows = include_str!("data/blocks/dma2d.csv")
        .lines()
        .filter(|row| row.starts_with(direction));
    rows.map(|row| {
        let fields: Vec<&str> = row.split(',').collect();
        let number = |index: usize| fields[index].parse::<u32>().unwrap();
        let sides = (number(3), number(4));
        let external_rows = (fields[1] != "tcdm").then_some(sides);
        let l1_rows = (fields[1] != "ext").then_some(sides);
        let (l1, external, latency) = (0x1000 + number(5), number(6), number(7));
        let to_l1 = direction == "L2toL1";
        let [.., event] = measure(to_l1, number(2), l1, external, external_rows, l1_rows, (256, latency));
        (latency, event as f64, f64::from(number(10)))
    })
    .collect()
}

#[test]
fn every_recorded_2d_read_takes_its_cycles() {
    let transfers = recorded_2d("L2toL1");
    assert_eq!(transfers.len(), 585);
    let wrong: Vec<_> = transfers
        .iter()
        .filter(|(_, ours, recorded)| ours != recorded)
        .collect();
    assert!(
        wrong
            .iter()
            .all(|(latency, ours, recorded)| *latency == 30 && (ours / recorded - 1.0).abs() < 0.018)
    );
    assert!(wrong.len() <= 10, "{wrong:?}");
}

#[test]
fn recorded_2d_writes_take_their_cycles_within_three_percent() {
    let transfers = recorded_2d("L1toL2");
    assert_eq!(transfers.len(), 585);
    let exact = transfers.iter().filter(|(_, ours, recorded)| ours == recorded).count();
    let worst = transfers
        .iter()
        .map(|(_, ours, recorded)| (ours / recorded - 1.0).abs())
        .fold(0.0, f64::max);
    assert!(
        exact >= 516 && worst < 0.024,
        "{exact} exact, the worst is off by {worst}"
    );
}
