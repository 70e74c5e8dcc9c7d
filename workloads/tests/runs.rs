//! Every bundled program, run: its result is the golden tensor's on the machine that it is built for, for any team and
//! any number of workers; and a broken program does not pass.

use ennead_sim::config::Draft;
use ennead_sim::elf::Image;
use ennead_sim::engine::RunOptions;
use ennead_sim::fault::Outcome;
use ennead_sim::machine::{Forward, Goal, Machine};
use ennead_sim::observe::Silent;
use ennead_workloads::{Element, Golden, GoldenMismatch, GoldenPass, Workload, all, find};

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

/// Where the byte at `address` lies in a program's file.
fn offset_of(workload: &Workload, address: u32) -> usize {
    let elf = goblin::elf::Elf::parse(workload.elf).unwrap();
    let segment = elf
        .program_headers
        .iter()
        .find(|ph| ph.vm_range().contains(&(address as usize)))
        .unwrap();
    (u64::from(address) - segment.p_vaddr + segment.p_offset) as usize
}

/// Whether the program with these bytes ends with the golden tensor.
fn is_right(workload: &Workload, elf: &[u8]) -> bool {
    let image = Image::parse(elf).unwrap();
    let config = Draft::shipped(workload.config).unwrap().finish().unwrap();
    let mut machine = Machine::new(&config, &image).unwrap();
    let outcome = machine.run(&RunOptions::default(), &mut Silent);
    let golden = workload.golden.as_ref().unwrap();
    let mut bytes = vec![0; golden.size()];
    machine
        .memory()
        .dump(image.symbols.find(golden.symbol).unwrap().address, &mut bytes);
    matches!(&outcome, Outcome::Exit(exit) if exit.code == 0) && golden.check(&bytes).is_ok()
}

/// A program of each family of kernels, and the kernels that it is broken in.
const FAMILIES: &[(&str, &[&str])] = &[
    ("matmul-fp32", &["mm_tiles_4_f32"]),
    ("matmul-fp16-pulp", &["mm_tiles_4_f16"]),
    ("matmul-bf16", &["mm_tiles_4_bf16"]),
    ("matmul-unrolled-fp16", &["unrolled_2x4_f16"]),
    ("matmul-packed-fp16-pulp", &["unrolled_pairs_2x4_f16"]),
    ("conv2d-fp16-fw", &["im2col_f16"]),
    ("conv2d-fp16-wg", &["mm_dots_4x4_f16", "finish_sums_f16"]),
    ("conv2d-fp16-ig", &["flip_weights_f16"]),
    (
        "conv2d-s2-fp16-ig",
        &["columns_f16", "reverse_taps_f16", "interleave_f16"],
    ),
    ("conv2d-hwc-fp16-fw", &["im2row_f16"]),
    ("conv2d-hwc-fp16-ig", &["turn_weights_f16"]),
    ("linear-fp16-wg", &["outer_f16"]),
    ("relu-fp16-fw", &["relu_f16"]),
    ("relu-fp16-bw", &["relu_backward_f16"]),
    ("leaky-relu-fp16-fw", &["leaky_relu_f16"]),
    ("leaky-relu-fp16-bw", &["leaky_relu_backward_f16"]),
    ("max-pool-fp16-fw", &["max_pool_f16"]),
    ("max-pool-fp16-bw", &["max_pool_backward_f16"]),
    ("average-pool-fp16-fw", &["average_pool_f16"]),
    ("average-pool-fp16-bw", &["average_pool_backward_f16"]),
    ("normalise-fp16-fw", &["normalise_f16"]),
    ("normalise-fp16-bw", &["normalise_backward_f16"]),
    ("global-pool-fp16-fw", &["pool_f16"]),
    ("global-pool-fp16-bw", &["pool_gradient_f16"]),
    ("residual-fp16-fw", &["epilogue_f16"]),
    ("residual-fp16-bw", &["epilogue_f16"]),
    ("depthwise-fp16-fw", &["depthwise_f16"]),
    ("depthwise-fp16-wg", &["depthwise_gradient_f16"]),
    ("depthwise-s2-fp16-fw", &["depthwise_any_f16"]),
    ("depthwise-s2-fp16-ig", &["depthwise_any_input_f16"]),
    ("depthwise-s2-fp16-wg", &["depthwise_any_weights_f16"]),
    ("cross-entropy-fp16", &["cross_entropy_f16"]),
    ("squared-error-fp16", &["squared_error_f16"]),
    ("sgd-fp16", &["sgd_f16"]),
    ("transpose-fp16", &["transpose_f16"]),
    ("cast-fp16", &["cast_f16"]),
    ("im2col-fp16", &["columns_f16"]),
    ("im2row-fp16", &["im2row_f16"]),
    ("turn-weights-fp16", &["flip_weights_f16"]),
    ("dscnn-fp16-train", &["row_sums_f16"]),
];

/// Arithmetic on floats or packed elements: scalar (0x43 and 0x53, without moves), packed (0x33 with the top bit), and
/// packed integers.
fn is_arithmetic(instruction: u32) -> bool {
    match instruction & 0x7F {
        0x43 => true,
        0x53 => !matches!(instruction >> 27, 0b00100 | 0b11100..),
        0x33 => instruction >> 31 == 1,
        opcode => opcode == 0x7B,
    }
}

#[test]
fn a_kernel_of_any_family_that_does_nothing_or_leaves_out_one_operation_fails_the_golden_check() {
    const RETURN: [u8; 2] = 0x8082_u16.to_le_bytes();
    const NOTHING: [u8; 4] = 0x0000_0013_u32.to_le_bytes();
    let mut without_one_operation = 0;
    for (name, kernels) in FAMILIES {
        let workload = find(name).unwrap();
        for kernel in *kernels {
            let symbols = Image::parse(workload.elf).unwrap().symbols;
            let symbol = symbols.find(kernel).unwrap_or_else(|| panic!("{name}: no {kernel}"));
            let (start, size) = (offset_of(workload, symbol.address), symbol.size as usize);
            let mut broken = workload.elf.to_vec();
            broken[start..start + 2].copy_from_slice(&RETURN);
            assert!(!is_right(workload, &broken), "{name} without {kernel}");

            let mut at = start;
            let mut operations = 0;
            while at < start + size {
                let bytes = &workload.elf[at..at + 4];
                let instruction = u32::from_le_bytes(bytes.try_into().unwrap());
                if instruction & 3 == 3 && is_arithmetic(instruction) {
                    let mut broken = workload.elf.to_vec();
                    broken[at..at + 4].copy_from_slice(&NOTHING);
                    operations += 1;
                    if !is_right(workload, &broken) {
                        without_one_operation += 1;
                        operations = 0;
                        break;
                    }
                }
                at += if instruction & 3 == 3 { 4 } else { 2 };
            }
            assert_eq!(operations, 0, "{name}: no operation of {kernel} matters");
        }
    }
    assert!(without_one_operation > 25, "{without_one_operation}");
}

/// One bit of one multiply-accumulate of the inner loop: its first operand register.
#[test]
fn a_broken_kernel_fails_the_golden_check() {
    let workload = find("matmul-fp16").unwrap();
    let image = Image::parse(workload.elf).unwrap();
    let start = image.symbols.find("mm_tiles_4_f16").unwrap().address;
    // vfmac.r.h f10, f4, f0: R-type, opcode 0x33, funct3 6, funct7 0x48.
    let instruction = (0x48_u32 << 25 | 4 << 15 | 6 << 12 | 10 << 7 | 0x33).to_le_bytes();
    let code = &workload.elf[offset_of(workload, start)..][..0x200];
    let at = offset_of(workload, start) + code.windows(4).position(|window| window == instruction).unwrap();
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

/// a * b + c, where the product is exact in binary64, rounded to odd: a later rounding to fewer bits is then the only one.
fn odd_fma(a: f64, b: f64, c: f64) -> f64 {
    let product = a * b;
    let sum = product + c;
    let back = sum - product;
    let lost = (product - (sum - back)) + (c - back);
    if lost == 0.0 || sum.to_bits() & 1 == 1 {
        sum
    } else if lost > 0.0 {
        sum.next_up()
    } else {
        sum.next_down()
    }
}

/// Rounds to an element and back.
fn rounded(element: Element, value: f64) -> f64 {
    match element {
        Element::F32 => f64::from(value as f32),
        Element::F16 => half::f16::from_f64(value).into(),
        Element::Bf16 => half::bf16::from_f64(value).into(),
    }
}

fn decoded(element: Element, bytes: &[u8]) -> Vec<f64> {
    let decode = |chunk: &[u8]| match element {
        Element::F32 => f64::from(f32::from_le_bytes(chunk.try_into().unwrap())),
        Element::F16 => half::f16::from_le_bytes(chunk.try_into().unwrap()).into(),
        Element::Bf16 => half::bf16::from_le_bytes(chunk.try_into().unwrap()).into(),
    };
    bytes.chunks_exact(element.size()).map(decode).collect()
}

/// Random shapes, so that rows, columns and steps are left over in every way, against the sum that unrolled.h documents.
#[test]
fn unrolled_products_handle_leftovers_of_every_size_by_rows_and_by_columns() {
    let mut state = 1_u32;
    let mut below = |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(state) * u64::from(limit)) >> 32) as u32
    };
    for workload in all().iter().filter(|workload| workload.parameters.len() == 3) {
        let (packed, element) = (workload.name.contains("packed"), workload.golden.unwrap().element);
        for round in 0..if packed { 12 } else { 33 } {
            let kernel = round % if packed { 4 } else { 11 };
            let (n, m, k) = (1 + below(20), 1 + below(20), 1 + below(20));
            let (split, workers) = (below(2), 1 + below(8));
            let mut image = Image::parse(workload.elf).unwrap();
            for (symbol, value) in [
                ("ennead_kernel", kernel),
                ("ennead_split", split),
                ("ennead_team", workers),
            ] {
                image.patch(symbol, value).unwrap();
            }
            for (word, size) in [n, m, k].into_iter().enumerate() {
                image.patch_word("ennead_shape", word as u32, size).unwrap();
            }
            let config = Draft::shipped(workload.config).unwrap().finish().unwrap();
            let mut machine = Machine::new(&config, &image).unwrap();
            machine.set_strict(true);
            let outcome = machine.run(&RunOptions::default(), &mut Silent);
            assert!(
                matches!(&outcome, Outcome::Exit(exit) if exit.code == 0),
                "{} kernel {kernel} split {split} workers {workers} n {n} m {m} k {k}: {outcome:?}",
                workload.name
            );
            let tensor = |name: &str, count: u32| {
                let mut bytes = vec![0; count as usize * element.size()];
                machine
                    .memory()
                    .dump(image.symbols.find(name).unwrap().address, &mut bytes);
                decoded(element, &bytes)
            };
            let (a, b, c) = (
                tensor("ennead_a", 32 * 32),
                tensor("ennead_b", 32 * 32),
                tensor("ennead_output", n * m),
            );
            for at in 0..n * m {
                let mut sums = [0.0; 2];
                for i in 0..k {
                    let lane = if packed { i as usize % 2 } else { 0 };
                    let product = (a[(at / m * 32 + i) as usize], b[(i * 32 + at % m) as usize]);
                    sums[lane] = rounded(element, odd_fma(product.0, product.1, sums[lane]));
                }
                assert_eq!(
                    c[at as usize],
                    rounded(element, sums[0] + sums[1]),
                    "{} kernel {kernel} split {split} workers {workers} n {n} m {m} k {k}: element {at}",
                    workload.name
                );
            }
        }
    }
}

/// Runs to the end and gives the exit code and the console.
fn ends(workload: &Workload, image: &Image) -> (u32, String) {
    let config = Draft::shipped(workload.config).unwrap().finish().unwrap();
    let mut machine = Machine::new(&config, image).unwrap();
    let outcome = machine.run(&RunOptions::default(), &mut Silent);
    let Outcome::Exit(exit) = &outcome else {
        panic!("{outcome:?}")
    };
    (exit.code, String::from_utf8_lossy(machine.console()).into_owned())
}

#[test]
fn a_shape_that_is_empty_or_does_not_fit_l1_is_refused_at_launch_with_its_sizes() {
    let workload = find("matmul-unrolled-fp32").unwrap();
    for (shape, message) in [
        ([0, 32, 32], "n 0, m 32, k 32: no size may be 0\n"),
        ([32, 32, 0], "n 32, m 32, k 0: no size may be 0\n"),
        (
            [64, 64, 512],
            "n 64, m 64, k 512: A, B and C in L1 have room for 18688, 6400 and 4096 elements, and need 32896, 32768 and 4096\n",
        ),
    ] {
        let mut image = Image::parse(workload.elf).unwrap();
        for (word, size) in shape.into_iter().enumerate() {
            image.patch_word("ennead_shape", word as u32, size).unwrap();
        }
        assert_eq!(ends(workload, &image), (1, message.to_owned()));
    }
}

/// In the place of the program: a store into the lowest words of the stack, and the way back.
#[test]
fn a_worker_that_needs_more_stack_than_it_has_is_told_so() {
    for name in ["matmul-fp16", "matmul-fp16-pulp"] {
        let workload = find(name).unwrap();
        let symbols = Image::parse(workload.elf).unwrap().symbols;
        let at = |symbol| offset_of(workload, symbols.find(symbol).unwrap().address);
        // c.addi sp, -16 or -32; c.addi16sp sp, -48 or -64
        let frames = [(0x1141_u16, 16), (0x1101, 32), (0x7179, 48), (0x7139, 64)];
        let frame = (at("ennead_worker")..at("ennead_worker") + 16)
            .step_by(2)
            .find_map(|at| {
                let halfword = u16::from_le_bytes([workload.elf[at], workload.elf[at + 1]]);
                frames
                    .iter()
                    .find_map(|(code, bytes)| (*code == halfword).then_some(*bytes))
            })
            .unwrap();
        let immediate = (8_i32 - (512 - frame)) as u32;
        // sw x0, immediate(sp)
        let store = (immediate >> 5 & 0x7F) << 25 | 2 << 15 | 2 << 12 | (immediate & 0x1F) << 7 | 0x23;
        let mut broken = workload.elf.to_vec();
        let main = at("ennead_team_main");
        broken[main..main + 4].copy_from_slice(&store.to_le_bytes());
        broken[main + 4..main + 6].copy_from_slice(&0x8082_u16.to_le_bytes());
        let (code, console) = ends(workload, &Image::parse(&broken).unwrap());
        assert_eq!(code, 1);
        assert!(
            console.contains("needs more stack than its 512 bytes (STACK_SIZE in link.ld)"),
            "{console}"
        );
    }
}
