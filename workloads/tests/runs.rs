//! Every bundled program, run: its result is the golden tensor's on the machine that it is built for, for any team and
//! any number of workers; and a broken program does not pass.

use ennead_sim::config::Draft;
use ennead_sim::elf::Image;
use ennead_sim::engine::RunOptions;
use ennead_sim::fault::Outcome;
use ennead_sim::machine::{Forward, Goal, Machine};
use ennead_sim::observe::Silent;
use ennead_workloads::{Golden, GoldenMismatch, GoldenPass, Workload, all, find};

struct Run {
    cycles: u64,
    console: String,
    result: Option<Result<GoldenPass, GoldenMismatch>>,
}

/// Runs a program; a parameter is a name and its value, a setting is one of the machine.
fn run(workload: &Workload, parameters: &[(&str, u32)], settings: &[&str]) -> Run {
    let mut image = Image::parse(workload.elf).unwrap();
    for (name, value) in parameters {
        let parameter = workload
            .parameters
            .iter()
            .find(|parameter| parameter.name == *name)
            .unwrap();
        image.patch(parameter.symbol, *value).unwrap();
    }
    run_image(&image, workload.config, settings, workload.golden.as_ref())
}

fn run_image(image: &Image, config: &str, settings: &[&str], golden: Option<&Golden>) -> Run {
    let mut draft = Draft::shipped(config).unwrap();
    for setting in settings {
        draft.assignment(setting).unwrap();
    }
    let config = draft.finish().unwrap();
    image.check_machine(&config).unwrap();
    let mut machine = Machine::new(&config, image).unwrap();
    machine.set_strict(true);
    let outcome = machine.run(&RunOptions::default(), &mut Silent);
    let Outcome::Exit(exit) = &outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(exit.code, 0);
    let result = golden.map(|golden| {
        let mut bytes = vec![0; golden.size()];
        let read = machine
            .memory()
            .dump(image.symbols.find(golden.symbol).unwrap().address, &mut bytes);
        golden.check(&bytes[..read])
    });
    Run {
        cycles: machine.counters().cycles,
        console: String::from_utf8_lossy(machine.console()).into_owned(),
        result,
    }
}

fn passes(workload: &Workload, parameters: &[(&str, u32)], settings: &[&str]) -> Run {
    let run = run(workload, parameters, settings);
    match &run.result {
        Some(Err(mismatch)) => panic!("{} {parameters:?} {settings:?}: {mismatch}", workload.name),
        Some(Ok(_)) => {}
        None => assert!(workload.golden.is_none()),
    }
    run
}

/// Steps of networks run for seconds each.
fn is_network(workload: &Workload) -> bool {
    workload.name.starts_with("resnet8") || workload.name.starts_with("dscnn")
}

fn default_target() -> impl Iterator<Item = &'static Workload> {
    all()
        .iter()
        .filter(|workload| workload.config == "ennead" && workload.golden.is_some() && !is_network(workload))
}

#[test]
fn every_program_leaves_the_golden_tensor_on_its_machine() {
    for workload in all().iter().filter(|workload| !is_network(workload)) {
        let run = passes(workload, &[], &[]);
        let said = match workload.golden {
            Some(_) => format!("{} done by 8 workers\n", workload.name),
            None => "Hello from the orchestrator\n".to_owned(),
        };
        assert_eq!(run.console, said);
    }
}

#[test]
fn every_program_leaves_the_golden_tensor_without_timing() {
    let settings = ["soc.frequency_hz=370000000", "soc.frequency_hz=200000001"];
    for (index, workload) in all().iter().enumerate() {
        let image = Image::parse(workload.elf).unwrap();
        let mut draft = Draft::shipped(workload.config).unwrap();
        draft.assignment(settings[index % 2]).unwrap();
        let config = draft.finish().unwrap();
        let mut machine = Machine::new(&config, &image).unwrap();
        let limit = RunOptions::LIMIT;
        let forward = machine.fast_forward(Goal::Cycle(limit), limit, &mut |_| true).unwrap();
        let Forward::Ended(Outcome::Exit(exit)) = forward else {
            panic!("{}: {forward:?}", workload.name)
        };
        assert_eq!(exit.code, 0);
        if let Some(golden) = &workload.golden {
            let mut bytes = vec![0; golden.size()];
            let symbol = image.symbols.find(golden.symbol).unwrap();
            machine.memory().dump(symbol.address, &mut bytes);
            assert!(golden.check(&bytes).is_ok(), "{}", workload.name);
        }
    }
}

#[test]
fn every_program_leaves_the_golden_tensor_with_any_team() {
    for workload in default_target() {
        for workers in [1, 3, 5] {
            let run = passes(workload, &[("workers", workers)], &[]);
            assert!(
                run.console.ends_with(&format!("by {workers} workers\n")),
                "{}",
                run.console
            );
        }
    }
}

#[test]
fn programs_use_the_workers_that_a_machine_has() {
    for name in ["matmul-fp16", "conv2d-fp16-wg"] {
        for workers in [2, 6, 12] {
            let setting = format!("cluster.workers={workers}");
            let run = passes(find(name).unwrap(), &[("workers", 16)], &[&setting]);
            assert_eq!(run.console, format!("{name} done by {workers} workers\n"));
        }
    }
}

#[test]
fn programs_of_the_pulp_target_fit_the_64_kib_of_pulp_open() {
    for name in [
        "matmul-fp32-pulp",
        "matmul-fp16-pulp",
        "conv2d-fp32-fw-pulp",
        "conv2d-fp16-fw-pulp",
    ] {
        let workload = find(name).unwrap();
        let image = Image::parse(workload.elf).unwrap();
        let run = run_image(&image, "pulp-open", &[], workload.golden.as_ref());
        assert!(run.result.unwrap().is_ok(), "{name}");
    }
}

#[test]
fn the_plain_loop_computes_the_same_bits_in_several_times_the_cycles() {
    for name in ["matmul-fp32", "matmul-fp16", "matmul-fp32-pulp", "matmul-fp16-pulp"] {
        let workload = find(name).unwrap();
        let tiles = passes(workload, &[], &[]);
        let plain = passes(workload, &[("kernel", 1)], &[]);
        assert!(
            plain.cycles > 2 * tiles.cycles,
            "{name}: {} and {}",
            plain.cycles,
            tiles.cycles
        );
    }
}

/// The bounds are those that the project promises: more than sixfold on eight workers, and packed FP16 at least 1.72
/// times as fast as FP32 over the three steps of a Conv2D.
#[test]
fn eight_workers_and_packed_fp16_are_as_much_faster_as_promised() {
    let cycles = |name: &str, workers| passes(find(name).unwrap(), &[("workers", workers)], &[]).cycles;
    assert!(cycles("matmul-fp16", 1) > 6 * cycles("matmul-fp16", 8));
    let step = |precision| {
        ["fw", "wg", "ig"]
            .map(|step| cycles(&format!("conv2d-{precision}-{step}"), 8))
            .iter()
            .sum::<u64>()
    };
    let (fp32, fp16) = (step("fp32"), step("fp16"));
    assert!(100 * fp32 > 172 * fp16, "{fp32} and {fp16}");
}

/// Total multiply-accumulates over total cycles, everything included; the bounds are those that the project promises.
#[test]
fn a_training_step_of_each_network_is_right_and_as_fast_as_promised() {
    for (name, hundredths_of_mac_per_clk) in [("resnet8-fp16-train", 586), ("dscnn-fp16-train", 323)] {
        let workload = find(name).unwrap();
        let run = passes(workload, &[], &[]);
        assert_eq!(run.console, format!("{name} done by 8 workers\n"));
        assert!(
            100 * workload.nominal_macs > hundredths_of_mac_per_clk * run.cycles,
            "{name}: {} cycles",
            run.cycles
        );
    }
}

#[test]
fn a_network_is_trained_alike_by_any_team_in_fp32_and_on_the_other_target() {
    passes(find("dscnn-fp16-train").unwrap(), &[("workers", 3)], &[]);
    passes(find("dscnn-fp32-train").unwrap(), &[], &[]);
    passes(find("dscnn-fp16-train-pulp").unwrap(), &[], &[]);
}

/// `ennead_tiling` is three words for each step of each layer: lines, channels, rows of register tiles, at most.
#[test]
fn a_network_is_trained_to_the_same_bits_with_any_tiles() {
    let workload = find("dscnn-fp16-train").unwrap();
    let mut image = Image::parse(workload.elf).unwrap();
    let words = image.symbols.find("ennead_tiling").unwrap().size / 4;
    for word in 0..words {
        image
            .patch_word("ennead_tiling", word, [8, 12, 2][word as usize % 3])
            .unwrap();
    }
    let run = run_image(&image, workload.config, &[], workload.golden.as_ref());
    assert!(run.result.unwrap().is_ok());
    assert_ne!(run.cycles, passes(workload, &[], &[]).cycles);
}

#[test]
fn a_frozen_front_and_latent_replay_train_the_rest_of_a_network() {
    passes(find("resnet8-fp16-continual").unwrap(), &[], &[]);
}

/// Minutes: `cargo test --release -p ennead-workloads --test runs -- --ignored`.
#[test]
#[ignore = "runs for minutes"]
fn every_network_is_trained_alike_by_any_team_on_both_targets() {
    for workload in all().iter().filter(|workload| is_network(workload)) {
        for workers in [1, 2, 5, 8] {
            passes(workload, &[("workers", workers)], &[]);
        }
    }
}

/// One bit of one multiply-accumulate of the inner loop: its first operand register.
#[test]
fn a_broken_kernel_fails_the_golden_check() {
    let workload = find("matmul-fp16").unwrap();
    let image = Image::parse(workload.elf).unwrap();
    let start = image.symbols.find("mm_tiles_4_f16").unwrap().address;
    let offset_of = |address: u32| {
        let elf = goblin::elf::Elf::parse(workload.elf).unwrap();
        let segment = elf
            .program_headers
            .iter()
            .find(|ph| ph.vm_range().contains(&(address as usize)))
            .unwrap();
        (u64::from(address) - segment.p_vaddr + segment.p_offset) as usize
    };
    // vfmac.r.h f10, f4, f0: R-type, opcode 0x33, funct3 6, funct7 0x48.
    let instruction = (0x48_u32 << 25 | 4 << 15 | 6 << 12 | 10 << 7 | 0x33).to_le_bytes();
    let code = &workload.elf[offset_of(start)..offset_of(start) + 0x200];
    let at = offset_of(start) + code.windows(4).position(|window| window == instruction).unwrap();
    let mut broken = workload.elf.to_vec();
    broken[at + 1] ^= 0x80; // the lowest bit of rs1: f4 becomes f5
    let run = run_image(
        &Image::parse(&broken).unwrap(),
        workload.config,
        &[],
        workload.golden.as_ref(),
    );
    let mismatch = run.result.unwrap().unwrap_err();
    assert!(
        matches!(mismatch, GoldenMismatch::Elements { different, .. } if different > 0),
        "{mismatch}"
    );
}
