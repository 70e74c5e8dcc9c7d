//! No file makes the ELF reader panic, and what it accepts keeps its invariant.

use ennead_sim::config::Config;
use ennead_sim::elf::{Image, MemoryRegion};
use proptest::prelude::*;

const GOOD: &[&[u8]] = &[
    include_bytes!("../../workloads/elf/hello.elf"),
    include_bytes!("../../workloads/elf/matmul-fp16.elf"),
    include_bytes!("../../workloads/elf/matmul-fp16-pulp.elf"),
];

const MEMORY: &[MemoryRegion] = &[
    MemoryRegion {
        name: "L1",
        start: 0x1000_0000,
        size: 0x2_0000,
        key: "l1.size",
    },
    MemoryRegion {
        name: "L2",
        start: 0x1c00_0000,
        size: 0x18_0000,
        key: "l2.size",
    },
];

/// Reads, and asks everything that a caller asks.
fn read(bytes: &[u8]) {
    let Ok(mut image) = Image::parse(bytes) else { return };
    let inside = |address: u32| {
        image
            .segments
            .iter()
            .any(|s| s.execute && s.linked().contains(&u64::from(address)))
    };
    let placed = |address: u32| {
        image
            .segments
            .iter()
            .any(|s| s.execute && s.placed().contains(&u64::from(address)))
    };
    assert!(inside(image.entry) || placed(image.entry));
    for segment in &image.segments {
        assert!(segment.bytes.len() <= segment.memsz as usize);
        assert!(segment.placed().end <= 1 << 32);
    }
    for pair in image.segments.windows(2) {
        let end = u64::from(pair[0].paddr) + pair[0].bytes.len() as u64;
        assert!(end <= u64::from(pair[1].paddr) || pair[1].bytes.is_empty());
    }
    let _ = (image.check_fits(MEMORY), image.check_machine(&Config::default()));
    for address in [0, image.entry, 0x1c00_8100, u32::MAX] {
        let _ = image.symbolize(address);
    }
    let names: Vec<_> = image.symbols.all().iter().map(|symbol| symbol.name.clone()).collect();
    for name in names {
        let _ = image.patch(&name, 1);
    }
}

/// A byte that matters: in the file header, the program headers, or the tables at the end.
fn position(length: usize) -> impl Strategy<Value = usize> {
    prop_oneof![0..52usize, 52..200usize, length - 3000..length, 0..length]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn changed_bytes_never_panic(
        which in 0..GOOD.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![
            any::<u8>(), Just(0), Just(0xff), Just(0x7f), Just(0x80)
        ]), 1..6),
        near in any::<bool>(),
    ) {
        let mut bytes = GOOD[which].to_vec();
        for (index, value) in changes {
            let length = if near { 200 } else { bytes.len() };
            let at = index.index(length);
            bytes[at] = value;
        }
        read(&bytes);
    }

    #[test]
    fn changed_tables_never_panic(
        at in position(GOOD[0].len()),
        word in prop_oneof![any::<u32>(), 0..64u32, Just(u32::MAX), Just(0x8000_0000)],
        length in 0..=GOOD[0].len(),
        cut in any::<bool>(),
    ) {
        let mut bytes = GOOD[0].to_vec();
        let end = (at + 4).min(bytes.len());
        bytes[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
        if cut {
            bytes.truncate(length);
        }
        read(&bytes);
    }
}

#[test]
fn every_truncation_of_a_program_is_refused() {
    for length in 0..GOOD[0].len() {
        assert!(Image::parse(&GOOD[0][..length]).is_err(), "{length}");
    }
    for good in GOOD {
        assert_eq!(Image::parse(good).map(|image| image.check_fits(MEMORY)), Ok(Ok(())));
    }
}

#[test]
fn an_address_is_named_by_its_function() {
    let image = Image::parse(GOOD[0]).unwrap();
    assert_eq!(image.symbolize(image.entry).as_deref(), Some("_start"));
    assert_eq!(image.symbolize(image.entry + 4).as_deref(), Some("_start+0x4"));
    assert_eq!(image.symbolize(0), None);
}
