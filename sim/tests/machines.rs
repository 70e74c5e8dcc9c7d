//! Machines that cannot exist are refused with the key, the value and the rule, and all others run: whatever a person
//! writes for the keys, nothing panics.

mod support;

use ennead_sim::config::{Allowed, Config, ConfigError, Draft, KEYS, Key, SHIPPED};
use ennead_sim::elf::Image;
use ennead_sim::engine::{Engine, RunOptions};
use ennead_sim::machine::{BuildError, Machine};
use ennead_sim::observe::Silent;
use proptest::prelude::*;
use support::{BASE, elf, program};

/// What people write that is no value of most keys.
const NASTY: &[&str] = &[
    "",
    " ",
    "0",
    "-0",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "NaN",
    "nan",
    "inf",
    "-inf",
    "true",
    "TRUE",
    "yes",
    "0x",
    "0xg",
    "0b101",
    "_",
    "1__0",
    "١٢",
    "8 cores",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "17592186044416MiB",
    "99999999999999999999999999999999KiB",
    "-5KiB",
    "KiB",
    "\u{0}",
    "x\ny",
    "\"",
    "=",
    "logarithmic",
    "/no/such/file",
];

/// Values around the limits of a key, of its own kind.
fn sensible(key: &Key) -> Vec<String> {
    match key.allowed {
        Allowed::Range(low, high) => {
            let powers = (0..40).map(|exponent| 1u64 << exponent);
            let within = powers.filter(move |value| (low..=high).contains(value));
            let middle = low + (high - low) / 3;
            [low, low + 1, middle, middle + 1, high - 1, high]
                .into_iter()
                .chain(within)
                .map(|value| value.to_string())
                .collect()
        }
        Allowed::Bool => vec!["true".to_owned(), "false".to_owned()],
        Allowed::Names(names) => names.iter().map(|(name, _)| (*name).to_owned()).collect(),
        Allowed::Path => vec![String::new()],
    }
}

fn value(key: usize) -> impl Strategy<Value = (&'static str, String)> {
    let key = &KEYS[key];
    let outside = match key.allowed {
        Allowed::Range(low, high) => vec![low.wrapping_sub(1).to_string(), (high + 1).to_string()],
        _ => Vec::new(),
    };
    let nasty: Vec<String> = NASTY.iter().map(|text| (*text).to_owned()).chain(outside).collect();
    prop_oneof![
        9 => prop::sample::select(sensible(key)),
        1 => prop::sample::select(nasty),
    ]
    .prop_map(|value| (key.path, value))
}

fn settings() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    prop::collection::vec((0..KEYS.len()).prop_flat_map(value), 0..7)
}

/// A refusal names a key, its value and a rule; the key is one that there is.
fn is_clear(error: &ConfigError) {
    let ConfigError::Value { key, value, rule, .. } = error else {
        panic!("{error}");
    };
    assert!(Config::key(key).is_some(), "{error}");
    let text = error.to_string();
    assert!(
        text.contains(&format!("{key} = {value}")) && text.contains(rule),
        "{error}"
    );
    assert!(rule.len() > 10, "{error}");
}

/// Touches the ends of all memories from both sides, with a transfer under way and every worker at work.
fn touches(config: &Config) -> Image {
    let l1 = 0x1000_0000;
    let (l1_end, l2_end) = (l1 + config.l1.size - 4, BASE + config.l2.size - 4);
    let floats = if config.core.fp_registers == ennead_sim::config::FpRegisters::F {
        "li t0, 0x2000\ncsrrs zero, mstatus, t0\nfmv.w.x fa0, t0\nfadd.s fa0, fa0, fa0\nfdiv.s fa1, fa0, fa0"
    } else {
        "fadd.s a0, a0, a0\nfdiv.s a1, a0, a0"
    };
    let text = format!(
        "
        csrrs s0, mhartid, zero
        addi t0, zero, 992
        bne s0, t0, @worker
        li s1, 0x10200008
        addi t0, zero, -1
        sw t0, 0(s1)
        li t1, {l1:#x}
        sw t0, 0(t1)
        li t1, {l2_end:#x}
        lw t2, 0(t1)
        li t1, 0x7ffc
        lw t2, 0(t1)
        jal zero, 0
        worker:
        {floats}
        li s1, {l1_end:#x}
        lw a2, 0(s1)
        sw a2, 0(s1)
        li s1, {:#x}
        lw a2, 0(s1)
        li s1, {l2_end:#x}
        lw a2, 0(s1)
        sw a2, 0(s1)
        li s2, 0x10204400
        lw t0, 0(s2)
        li t1, 0x00160020
        sw t1, 0(s2)
        li t1, {l1:#x}
        sw t1, 0(s2)
        li t1, {BASE:#x}
        sw t1, 0(s2)
        li s2, 0x10204000
        li t0, 0x100
        sw t0, 0(s2)
        lw t1, 0x44(s2)
        lw a2, 0(s1)
        jal zero, 0
        ",
        0x1010_0000 + config.l1.size - 4,
    );
    let (bytes, _) = program(&text, BASE, &config.core.instruction_set());
    Image::parse(&elf(BASE, &[(BASE, &bytes)])).unwrap()
}

/// Builds and runs a machine for a while; both engines end in the same way.
fn runs(config: &Config) {
    let image = touches(config);
    let ends = [Engine::Calendar, Engine::Lockstep].map(|engine| {
        let mut machine = match Machine::new(config, &image) {
            Ok(machine) => machine,
            // The file is not there, or the program too large for the bench.
            Err(BuildError::GrantTrace { .. } | BuildError::Elf(_)) => return None,
            Err(error) => panic!("{error}"),
        };
        let options = RunOptions {
            engine,
            max_cycles: 3000,
        };
        let outcome = machine.run(&options, &mut Silent);
        Some((outcome, machine.counters()))
    });
    assert_eq!(ends[0], ends[1]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_machine_of_any_settings_runs_or_is_refused_with_key_value_and_rule(
        shipped in 0..SHIPPED.len(),
        settings in settings(),
    ) {
        let mut draft = Draft::shipped(SHIPPED[shipped].name).unwrap();
        for (key, value) in &settings {
            if let Err(error) = draft.set(key, value) {
                is_clear(&error);
            }
        }
        match draft.finish() {
            Ok(config) => runs(&config),
            Err(error) => is_clear(&error),
        }
    }

    #[test]
    fn any_value_in_a_file_is_read_or_refused(
        key in 0..KEYS.len(),
        value in prop_oneof![
            prop::sample::select(NASTY).prop_map(str::to_owned),
            prop::sample::select(&["[1]", "{ a = 1 }", "1979-05-27", "1_0", "0o17", "'a'", "\"8\"", "\"0x10\"", "''"][..])
                .prop_map(str::to_owned),
            "[ -~]{0,12}",
        ],
    ) {
        let (section, name) = KEYS[key].path.split_once('.').unwrap();
        let mut draft = Draft::default();
        match draft.toml("my.toml", &format!("[{section}]\n{name} = {value}\n")) {
            Ok(()) => if let Err(error) = draft.finish() {
                is_clear(&error);
            },
            Err(error) => {
                prop_assert!(error.to_string().starts_with("my.toml"), "{error}");
                if let ConfigError::Value { .. } = &error {
                    is_clear(&error);
                    prop_assert!(error.to_string().starts_with("my.toml:2: "), "{error}");
                }
            }
        }
    }
}

#[test]
fn every_key_refuses_what_is_just_outside_its_limits_and_takes_the_limits() {
    for key in KEYS {
        let set = |value: &str| Draft::default().set(key.path, value);
        for value in ["", "-1", "NaN", "1e3", "18446744073709551616", "nonsense", "1.0"] {
            if key.allowed != Allowed::Path {
                is_clear(&set(value).expect_err(key.path));
            }
        }
        let Allowed::Range(low, high) = key.allowed else {
            continue;
        };
        for value in [low, high] {
            set(&value.to_string()).unwrap_or_else(|error| panic!("{error}"));
        }
        let below = low.checked_sub(1).map(|value| value.to_string());
        for value in below.into_iter().chain([(high + 1).to_string(), u64::MAX.to_string()]) {
            let error = set(&value).expect_err(key.path);
            is_clear(&error);
            assert!(error.to_string().contains(&format!("from {low} to {high}")), "{error}");
        }
    }
}

#[test]
fn a_memory_that_ends_inside_a_word_is_refused() {
    for value in ["4097", "4098", "65535"] {
        let mut draft = Draft::shipped("ennead").unwrap();
        draft.set("l2.size", value).unwrap();
        let error = draft.finish().unwrap_err();
        is_clear(&error);
        assert!(error.to_string().contains("multiple of 4"), "{error}");
    }
}

#[test]
fn the_orchestrators_alias_of_l2_ends_with_l2() {
    let mut draft = Draft::shipped("ennead").unwrap();
    draft.set("l2.size", "4096").unwrap();
    runs(&draft.finish().unwrap());
}
