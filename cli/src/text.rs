//! A report as tables for a person.

use ennead_sim::counters::{Named, Stalls};
use ennead_sim::report::{Golden, Report};
use ennead_sim::stall::Stall;

use crate::table::{Table, grouped};

/// The whole report.
pub(crate) fn render(report: &Report) -> String {
    let mut text = headline(report);
    text += "\nWhere the cycles went, in percent of each core's own\n";
    text += &cores(report);
    text += &banks(report);
    for (title, counters) in [
        ("DMA", &report.dma),
        ("Instruction caches", &report.icache),
        ("FPUs", &report.fpu),
    ] {
        text += &named(title, counters);
    }
    text += &regions(report);
    text
}

fn headline(report: &Report) -> String {
    let outcome = match report.outcome.code {
        Some(code) => format!("exit {code}"),
        None => report.outcome.kind.to_owned(),
    };
    let golden = match report.golden.status {
        Some(Golden::Pass) => ", result equals the golden tensor",
        Some(Golden::Fail) => ", result differs from the golden tensor",
        None => "",
    };
    let mut table = Table::new(["program", &report.program.path], 9);
    let mut line = |name: &str, value: String| table.row([name.to_owned(), value]);
    line("machine", report.config.name.clone());
    line("outcome", format!("{outcome}{golden}"));
    let megahertz = report.frequency_hz as f64 / 1e6;
    line(
        "cycles",
        format!(
            "{} ({} at {megahertz} MHz)",
            grouped(report.cycles),
            seconds(report.latency_s)
        ),
    );
    let rate = if report.cycles == 0 {
        0.0
    } else {
        report.instret as f64 / report.cycles as f64
    };
    line(
        "instructions",
        format!("{} ({rate:.2} a cycle, all cores together)", grouped(report.instret)),
    );
    let both = |executed: String, nominal: Option<String>| match nominal {
        Some(nominal) => format!("{executed} executed, {nominal} nominal"),
        None => format!("{executed} executed"),
    };
    line(
        "MACs",
        both(grouped(report.macs.executed), report.macs.nominal.map(grouped)),
    );
    let rate = |rate: f64| format!("{rate:.3}");
    line(
        "MAC/clk",
        both(rate(report.mac_per_clk.executed), report.mac_per_clk.nominal.map(rate)),
    );
    if let Some(host) = &report.host {
        line(
            "host",
            format!("{} ({:.1} simulated MIPS)", seconds(host.seconds), host.mips),
        );
    }
    table.render(0)
}

fn cores(report: &Report) -> String {
    let causes = occurring(report.cores.iter().map(|core| &core.stalls));
    let headings = ["core", "instret", "MACs", "active"].into_iter();
    let mut table = Table::new(
        headings.chain(causes.iter().map(|cause| cause.key())).chain(["sleep"]),
        1,
    );
    for core in &report.cores {
        let share = |cycles: u64| percent(cycles, core.cycles);
        let mut row = vec![
            core.name.clone(),
            grouped(core.instret),
            grouped(core.macs),
            share(core.active),
        ];
        row.extend(causes.iter().map(|cause| share(core.stalls[*cause as usize])));
        row.push(share(core.sleep));
        table.row(row);
    }
    table.render(2)
}

fn banks(report: &Report) -> String {
    let banks = &report.l1.banks;
    let accesses: u64 = banks.iter().map(|bank| bank.accesses).sum();
    if accesses == 0 {
        return String::new();
    }
    let conflicts: u64 = banks.iter().map(|bank| bank.conflicts).sum();
    let busiest = banks.iter().map(|bank| bank.accesses).max().unwrap_or(0);
    let idlest = banks.iter().map(|bank| bank.accesses).min().unwrap_or(0);
    format!(
        "\nL1\n  {} banks served {} accesses ({:.2} a cycle), {} to {} each; {} conflicts ({:.2} an access)\n",
        banks.len(),
        grouped(accesses),
        accesses as f64 / report.cycles.max(1) as f64,
        grouped(idlest),
        grouped(busiest),
        grouped(conflicts),
        conflicts as f64 / accesses as f64
    )
}

fn named(title: &str, counters: &Named) -> String {
    if counters.iter().all(|(_, value)| *value == 0) {
        return String::new();
    }
    let list: Vec<_> = counters
        .iter()
        .map(|(name, value)| format!("{name} {}", grouped(*value)))
        .collect();
    format!("\n{title}\n  {}\n", list.join(", "))
}

/// One line a region: the slowest core's cycles, everybody's instructions and MACs.
fn regions(report: &Report) -> String {
    let headings = [
        "region", "cores", "cycles", "instret", "MACs", "MAC/clk", "active", "sleep",
    ]
    .into_iter();
    let causes = occurring(report.regions.iter().map(|region| &region.stalls));
    let mut table = Table::new(headings.chain(causes.iter().map(|cause| cause.key())), 1);
    for regions in report.regions.chunk_by(|a, b| a.id == b.id) {
        let cycles = regions.iter().map(|region| region.cycles).max().unwrap_or(0);
        let sum = |of: &dyn Fn(&ennead_sim::report::RegionReport) -> u64| regions.iter().map(of).sum::<u64>();
        let (total, macs) = (sum(&|region| region.cycles), sum(&|region| region.macs));
        let mut row = vec![
            regions[0].name.clone(),
            regions.len().to_string(),
            grouped(cycles),
            grouped(sum(&|region| region.instret)),
            grouped(macs),
            format!("{:.3}", macs as f64 / cycles.max(1) as f64),
            percent(sum(&|region| region.active), total),
            percent(sum(&|region| region.sleep), total),
        ];
        row.extend(
            causes
                .iter()
                .map(|cause| percent(sum(&|region| region.stalls[*cause as usize]), total)),
        );
        table.row(row);
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "\nRegions, cycles of the slowest core, shares of all cores' cycles\n{}",
        table.render(2)
    )
}

/// The causes that occur at all.
fn occurring<'a>(all: impl Iterator<Item = &'a Stalls>) -> Vec<Stall> {
    let mut total: Stalls = [0; Stall::COUNT];
    for stalls in all {
        total.iter_mut().zip(stalls).for_each(|(sum, cycles)| *sum += cycles);
    }
    Stall::ALL
        .iter()
        .copied()
        .filter(|cause| total[*cause as usize] > 0)
        .collect()
}

fn percent(part: u64, whole: u64) -> String {
    match (part, whole) {
        (0, _) | (_, 0) => "-".to_owned(),
        _ => format!("{:.1}", part as f64 * 100.0 / whole as f64),
    }
}

/// A time with three digits behind the point in the unit that suits it.
fn seconds(time: f64) -> String {
    match time {
        _ if time >= 1.0 => format!("{time:.3} s"),
        _ if time >= 1e-3 => format!("{:.3} ms", time * 1e3),
        _ => format!("{:.3} us", time * 1e6),
    }
}
