//! A report as tables for a person.

use ennead_sim::counters::{Named, Stalls};
use ennead_sim::report::{Golden, RegionReport, Report};
use ennead_sim::stall::Stall;

use crate::table::{Table, grouped};

/// The whole report.
pub(crate) fn render(report: &Report) -> String {
    let mut text = headline(report);
    text += "\nWhere the cycles went, in percent of each core's\n";
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
    if let Some(passed) = &report.fast_forward {
        let (cycles, instret) = (grouped(passed.cycles), grouped(passed.instret));
        line(
            "of these",
            format!("{cycles} cycles and {instret} instructions passed without timing (--fast-forward)"),
        );
    }
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
    let causes = Causes::of(report.cores.iter().map(|core| (&core.stalls, core.cycles)));
    let headings = ["core", "instret", "MACs", "active"].into_iter();
    let mut table = Table::new(headings.chain(causes.headings()).chain(["sleep"]), 1);
    for core in &report.cores {
        let mut row = vec![
            core.name.clone(),
            grouped(core.instret),
            grouped(core.macs),
            percent(core.active, core.cycles),
        ];
        row.extend(causes.shares(&core.stalls, core.cycles));
        row.push(percent(core.sleep, core.cycles));
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
    let all: Vec<Region> = report.regions.chunk_by(|a, b| a.id == b.id).map(Region::of).collect();
    let causes = Causes::of(all.iter().map(|region| (&region.stalls, region.total)));
    let headings = ["region", "cores", "cycles", "instret", "MACs", "MAC/clk", "active"].into_iter();
    let mut table = Table::new(headings.chain(causes.headings()).chain(["sleep"]), 1);
    for region in &all {
        let mut row = vec![
            region.name.to_owned(),
            region.cores.to_string(),
            grouped(region.cycles),
            grouped(region.instret),
            grouped(region.macs),
            format!("{:.3}", region.macs as f64 / region.cycles.max(1) as f64),
            percent(region.active, region.total),
        ];
        row.extend(causes.shares(&region.stalls, region.total));
        row.push(percent(region.sleep, region.total));
        table.row(row);
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "\nRegions: cycles of the slowest core, percent of all cores' cycles\n{}",
        table.render(2)
    )
}

/// A region over all cores that entered it.
#[derive(Default)]
struct Region<'a> {
    name: &'a str,
    cores: usize,
    /// Of the slowest core.
    cycles: u64,
    /// Of all cores.
    total: u64,
    instret: u64,
    macs: u64,
    active: u64,
    sleep: u64,
    stalls: Stalls,
}

impl<'a> Region<'a> {
    fn of(parts: &'a [RegionReport]) -> Self {
        let mut region = Self {
            name: &parts[0].name,
            cores: parts.len(),
            ..Self::default()
        };
        for part in parts {
            region.cycles = region.cycles.max(part.cycles);
            region.total += part.cycles;
            region.instret += part.instret;
            region.macs += part.macs;
            region.active += part.active;
            region.sleep += part.sleep;
            region
                .stalls
                .iter_mut()
                .zip(part.stalls)
                .for_each(|(sum, cycles)| *sum += cycles);
        }
        region
    }
}

/// The causes that matter to somebody (one percent of a row), and whether there are others.
struct Causes {
    shown: Vec<Stall>,
    others: bool,
}

impl Causes {
    fn of<'a>(rows: impl Iterator<Item = (&'a Stalls, u64)> + Clone) -> Self {
        let matters = |cause: &Stall| {
            rows.clone()
                .any(|(stalls, cycles)| stalls[*cause as usize] * 100 > cycles)
        };
        let occurs = |cause: &Stall| rows.clone().any(|(stalls, _)| stalls[*cause as usize] > 0);
        let (shown, rest): (Vec<_>, Vec<_>) = Stall::ALL.iter().partition(|cause| matters(cause));
        Self {
            shown,
            others: rest.iter().any(occurs),
        }
    }

    fn headings(&self) -> impl Iterator<Item = &'static str> {
        self.shown
            .iter()
            .map(|cause| cause.key())
            .chain(self.others.then_some("other"))
    }

    fn shares(&self, stalls: &Stalls, cycles: u64) -> impl Iterator<Item = String> {
        let shown: u64 = self.shown.iter().map(|cause| stalls[*cause as usize]).sum();
        let other = stalls.iter().sum::<u64>() - shown;
        let shares: Vec<_> = self
            .shown
            .iter()
            .map(|cause| percent(stalls[*cause as usize], cycles))
            .collect();
        shares.into_iter().chain(self.others.then(|| percent(other, cycles)))
    }
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
