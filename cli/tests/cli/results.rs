//! docs/results.md, measured: what the bundled programs reach on the shipped machines.
//!
//! `ENNEAD_BLESS=1 cargo test --release -p ennead-cli results -- --ignored` writes the page; without ENNEAD_BLESS it
//! compares.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ennead_cli::config;
use ennead_cli::job::{Job, Limits};
use ennead_cli::target::Target;
use ennead_sim::observe::Silent;
use ennead_sim::report::Report;
use ennead_sim::stall::Stall;

const LAYERS: &str = include_str!("../../../workloads/golden/layers.csv");
const STEPS: [&str; 3] = ["forward", "input-gradient", "weight-gradient"];

/// A run, and the bytes of L1 that each step of a network's layers took.
struct Measured {
    report: Report,
    footprint: Vec<u32>,
}

impl Measured {
    fn mac_per_clk(&self) -> f64 {
        self.report.mac_per_clk.nominal.unwrap()
    }

    fn milliseconds(&self) -> f64 {
        self.report.cycles as f64 / 370e6 * 1e3
    }
}

fn measure(program: &str, parameters: &[&str], settings: &[&str]) -> Measured {
    let mut target = Target::open(&format!("builtin:{program}"), Path::new("")).unwrap();
    for parameter in parameters {
        target.assign(parameter).unwrap();
    }
    let name = target.default_machine();
    let settings: Vec<_> = settings.iter().map(|&setting| setting.to_owned()).collect();
    let draft = config::machine(name, &settings).unwrap();
    let job = Job::new(target, name, draft, None, Limits::default()).unwrap();
    let mut machine = job.machine().unwrap();
    let outcome = loop {
        if let Some(outcome) = job.slice(&mut machine, &mut Silent) {
            break outcome;
        }
    };
    let footprint = job.target.image.symbols.find("ennead_footprint").map(|symbol| {
        let mut bytes = vec![0; symbol.size as usize];
        machine.memory().dump(symbol.address, &mut bytes);
        bytes
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .collect()
    });
    let finished = job.finish(&machine, &outcome);
    assert_eq!(finished.mismatch, None, "{program} {parameters:?} {settings:?}");
    assert_eq!(finished.report.outcome.kind, "exit", "{program}");
    Measured {
        report: finished.report,
        footprint: footprint.unwrap_or_default(),
    }
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// The rows of a network's table: every step of every layer.
fn layer_table(network: &str, element: u64, measured: &Measured) -> String {
    let mut text = String::from(
        "| layer and step | MACs | cycles | MAC/clk | bank conflicts | fetch | branches | barrier | waits for DMA | L1 | L2 |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let mut regions: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for region in &measured.report.regions {
        regions.entry(&region.name).or_default().push(region);
    }
    let longest = |name: &str| {
        let entries = regions.get(name).map_or(&[][..], Vec::as_slice);
        entries.iter().map(|region| region.cycles).max().unwrap_or(0)
    };
    let layers = LAYERS.lines().skip(1).filter_map(|line| {
        let fields: Vec<_> = line.split(',').collect();
        (fields[0] == network).then(|| {
            let number = |at: usize| fields[at].parse::<u64>().unwrap();
            (fields[1].to_owned(), number(2), (number(3) + number(4)) * element)
        })
    });
    for (index, (layer, macs, l2)) in layers.enumerate() {
        for (step, step_name) in STEPS.iter().enumerate() {
            let name = format!("{layer}/{step_name}");
            let cycles = longest(&name);
            if cycles == 0 {
                continue;
            }
            let entries = &regions[name.as_str()];
            let share = |cause: Stall| {
                let lost: u64 = entries.iter().map(|region| region.stalls[cause as usize]).sum();
                100.0 * lost as f64 / (entries.len() as u64 * cycles) as f64
            };
            let wait = 100.0 * longest(&format!("{name}/wait")) as f64 / cycles as f64;
            let l1 = match measured.footprint[3 * index + step] {
                0 => String::new(),
                bytes => grouped(bytes.into()),
            };
            writeln!(
                text,
                "| {layer} {} | {} | {} | {:.2} | {:.1} % | {:.1} % | {:.1} % | {:.1} % | {wait:.1} % | {l1} | {} |",
                step_name.replace('-', " "),
                grouped(macs),
                grouped(cycles),
                macs as f64 / cycles as f64,
                share(Stall::BankConflict),
                share(Stall::Fetch),
                share(Stall::Branch),
                share(Stall::Barrier),
                grouped(l2),
            )
            .unwrap();
        }
    }
    text
}

fn networks(page: &mut String) {
    page.push_str(
        "## Whole training steps\n\n\
         Forward, backward and update of every layer, batch 1; nominal MACs over all cycles from reset to exit. The continual \
         programs train the last stage on one new sample and two latent replays.\n\n\
         | program | machine | MACs | cycles | MAC/clk | ms at 370 MHz |\n|---|---|---:|---:|---:|---:|\n",
    );
    let mut tables = String::new();
    for (network, title) in [("resnet8", "ResNet8"), ("dscnn", "DS-CNN")] {
        for precision in ["fp16", "fp32"] {
            for suffix in ["", "-pulp"] {
                let program = format!("{network}-{precision}-train{suffix}");
                let measured = measure(&program, &[], &[]);
                let report = &measured.report;
                writeln!(
                    page,
                    "| `{program}` | `{}` | {} | {} | {:.2} | {:.2} |",
                    report.config.name,
                    grouped(report.macs.nominal.unwrap()),
                    grouped(report.cycles),
                    measured.mac_per_clk(),
                    measured.milliseconds()
                )
                .unwrap();
                if suffix.is_empty() {
                    let element = if precision == "fp16" { 2 } else { 4 };
                    let table = layer_table(network, element, &measured);
                    let precision = precision.to_uppercase();
                    write!(tables, "\n### {title}, {precision}, machine `ennead`\n\n{table}").unwrap();
                }
            }
        }
    }
    for program in ["resnet8-fp16-continual", "resnet8-fp16-continual-pulp"] {
        let measured = measure(program, &[], &[]);
        let report = &measured.report;
        writeln!(
            page,
            "| `{program}` | `{}` | {} | {} | {:.2} | {:.2} |",
            report.config.name,
            grouped(report.macs.nominal.unwrap()),
            grouped(report.cycles),
            measured.mac_per_clk(),
            measured.milliseconds()
        )
        .unwrap();
    }
    page.push_str("\nThe same on `ennead` with the instruction caches modelled (`icache.model=hierarchical`):\n\n");
    page.push_str("| program | cycles | MAC/clk | ms at 370 MHz |\n|---|---:|---:|---:|\n");
    for program in ["resnet8-fp16-train", "dscnn-fp16-train", "matmul-fp16"] {
        let measured = measure(program, &[], &["icache.model=hierarchical"]);
        writeln!(
            page,
            "| `{program}` | {} | {:.2} | {:.2} |",
            grouped(measured.report.cycles),
            measured.mac_per_clk(),
            measured.milliseconds()
        )
        .unwrap();
    }
    page.push_str(
        "\nThe abstract of arXiv 2305.19167 reports 17.1 ms and an average of 3.11 MAC/clk for ResNet8, 6.4 ms and 0.81 \
         MAC/clk for DS-CNN. No single clock makes both figures of a row follow from the MACs of a whole step: if a step has \
         the MACs above, those times at 370 MHz mean 5.86 and 3.23 MAC/clk, which is what to compare with.\n\n\
         Batch normalisation is taken as folded into weights and biases. The machine `vega` has 4 shared FPUs and keeps floats \
         in x-registers, so its bound is 8 MAC/clk in FP16 and 4 in FP32.\n\n\
         ## Layers\n\n\
         Cycles are those of the slowest worker; stalls and waiting are shares of all workers' cycles in the step; L1 and \
         L2 are bytes (L2: parameters with their velocities, input and output).\n",
    );
    page.push_str(&tables);
}

fn primitives(page: &mut String) {
    page.push_str(
        "\n## Single layers and updates\n\n| program | cycles | MAC/clk | `-pulp` cycles | MAC/clk |\n|---|---:|---:|---:|---:|\n",
    );
    for workload in ennead_workloads::all() {
        let network = workload.name.starts_with("resnet8") || workload.name.starts_with("dscnn");
        if workload.golden.is_none() || workload.config != "ennead" || network {
            continue;
        }
        let cells: Vec<String> = [workload.name.to_owned(), format!("{}-pulp", workload.name)]
            .iter()
            .map(|name| {
                let measured = measure(name, &[], &[]);
                let rate = match measured.report.mac_per_clk.nominal {
                    Some(rate) => format!("{rate:.2}"),
                    None => String::new(),
                };
                format!("{} | {rate}", grouped(measured.report.cycles))
            })
            .collect();
        writeln!(page, "| `{}` | {} |", workload.name, cells.join(" | ")).unwrap();
    }
}

fn scaling(page: &mut String) {
    page.push_str("\n## Scaling\n\nMatrix multiply, 96 x 96 x 96, on `ennead` with other numbers of workers.\n\n");
    page.push_str("| workers | FP32 MAC/clk | speed-up | FP16 MAC/clk | speed-up |\n|---:|---:|---:|---:|---:|\n");
    let alone = ["matmul-fp32", "matmul-fp16"].map(|name| measure(name, &["workers=1"], &[]).report.cycles);
    for workers in [1, 2, 4, 8] {
        let mut row = format!("| {workers} ");
        for (name, alone) in ["matmul-fp32", "matmul-fp16"].iter().zip(alone) {
            let measured = measure(name, &[&format!("workers={workers}")], &[]);
            let speed_up = alone as f64 / measured.report.cycles as f64;
            write!(row, "| {:.2} | {speed_up:.2} ", measured.mac_per_clk()).unwrap();
        }
        writeln!(page, "{row}|").unwrap();
    }
    page.push_str(
        "\nPooled FPUs for 8 workers: MAC/clk inside the `compute` region, for register tiles of 4, 2 and 1 rows by 4 words. \
         An FPU begins one multiply-accumulate a cycle, on one FP32 or two FP16 numbers: 4 FPUs bound FP32 at 4.0 and FP16 at \
         8.0.\n\n\
         | FPUs | FP32 4x4 | FP32 2x4 | FP32 1x4 | FP16 4x8 | FP16 2x8 | FP16 1x8 |\n|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for fpus in [1, 2, 4, 8] {
        let settings = [format!("fpu.count={fpus}"), "fpu.sharing=pooled".to_owned()];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let mut row = format!("| {fpus} ");
        for (name, most) in [("matmul-fp32", 1), ("matmul-fp16", 2)] {
            for kernel in [0, 2, 3] {
                let measured = measure(name, &[&format!("kernel={kernel}")], &settings);
                let regions = measured.report.regions.iter().filter(|region| region.name == "compute");
                let (mut macs, mut cycles) = (0, 0);
                for region in regions {
                    macs += region.macs;
                    cycles = cycles.max(region.cycles);
                }
                let rate = macs as f64 / cycles as f64;
                assert!(rate <= f64::from(most * fpus), "{name} {kernel} {fpus}: {rate}");
                write!(row, "| {rate:.2} ").unwrap();
            }
        }
        writeln!(page, "{row}|").unwrap();
    }
}

fn comparisons(page: &mut String) {
    let step = |precision: &str| -> u64 {
        ["fw", "ig", "wg"]
            .iter()
            .map(|step| measure(&format!("conv2d-{precision}-{step}"), &[], &[]).report.cycles)
            .sum()
    };
    let (fp32, fp16) = (step("fp32"), step("fp16"));
    let naive = |workers: &str| {
        let measured = measure("matmul-fp32-pulp", &["kernel=1", workers], &["fpu.count=8"]);
        let cycles = measured.report.cycles as f64;
        (cycles / measured.report.macs.nominal.unwrap() as f64, cycles)
    };
    let ((one, alone), (_, eight)) = (naive("workers=1"), naive("workers=8"));
    write!(
        page,
        "\n## Beside published numbers\n\n\
         - Conv2D, all three steps, FP16 against FP32: {:.2} times as fast ({} and {} cycles). The abstract says up to 1.72.\n\
         - Plain FP32 loop, one worker, floats in x-registers: {one:.2} cycles a MAC, and {:.2} times as fast on eight. The \
         authors' tutorial for PULP-TrainLib (GVSoC, naive kernel) has 4.06 to 4.79 cycles a MAC and 6.2 to 7.3 times. Theirs is a \
         compiled loop of the same three instructions and a load-use stall; ours runs on longer rows, so that what \
         surrounds the loop weighs less.\n",
        fp32 as f64 / fp16 as f64,
        grouped(fp32),
        grouped(fp16),
        alone / eight
    )
    .unwrap();
}

#[test]
#[ignore = "runs every bundled program: a minute in release"]
fn the_results_page_is_current() {
    let mut page = String::from(
        "# What the bundled programs reach\n\n\
         Written by `ENNEAD_BLESS=1 cargo test --release -p ennead-cli results -- --ignored`. Every run's result was compared \
         with its golden tensor, bit by bit.\n\n",
    );
    networks(&mut page);
    primitives(&mut page);
    scaling(&mut page);
    comparisons(&mut page);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/results.md");
    if std::env::var_os("ENNEAD_BLESS").is_some() {
        fs::write(&path, page).unwrap();
    } else {
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            page,
            "rewrite it with ENNEAD_BLESS=1"
        );
    }
}
