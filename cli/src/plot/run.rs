//! Pictures of runs: where each core's cycles went, what the banks refused, what the layers cost, and how far from the
//! roof a run is. They are drawn from reports and know nothing that is not in one.

use serde_json::Value;

use super::picture::{Anchor, COLOURS, FAINT, GREY, Hatch, INK, PAPER, Picture, Scale, short};
use plotters::style::RGBColor;

/// Causes of stalls that get a colour of their own; the rest goes into one.
const CAUSES: usize = 6;
/// Bytes that the DMA moves in a cycle at most, one way: its port outside is 64 bits wide (D5, D6).
const DMA_BYTES: f64 = 8.0;

fn number(value: &Value, pointer: &str) -> f64 {
    value.pointer(pointer).and_then(Value::as_f64).unwrap_or(0.0)
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap_or_default()
}

/// What a run is called in a picture.
pub(crate) fn title(report: &Value) -> String {
    let part = |pointer| report.pointer(pointer).and_then(Value::as_str).unwrap_or("?");
    format!("{} on {}", part("/program/path"), part("/config/name"))
}

/// Stalls of some cores or regions, the largest causes first; what is left is the last.
fn causes(rows: &[Value]) -> Vec<String> {
    let mut sums: Vec<(String, f64)> = Vec::new();
    for (cause, cycles) in rows.iter().filter_map(|row| row["stalls"].as_object()).flatten() {
        let cycles = cycles.as_f64().unwrap_or(0.0);
        match sums.iter_mut().find(|(other, _)| other == cause) {
            Some((_, sum)) => *sum += cycles,
            None => sums.push((cause.clone(), cycles)),
        }
    }
    sums.retain(|(_, sum)| *sum > 0.0);
    sums.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    sums.truncate(CAUSES);
    sums.into_iter().map(|(cause, _)| cause).collect()
}

/// The parts of a row's cycles: active, each of `causes`, other stalls, sleep.
fn parts(row: &Value, causes: &[String]) -> Vec<f64> {
    let stalls = |cause: &String| row["stalls"][cause].as_f64().unwrap_or(0.0);
    let all: f64 = row["stalls"]
        .as_object()
        .map_or(0.0, |stalls| stalls.values().filter_map(Value::as_f64).sum());
    let named: Vec<f64> = causes.iter().map(stalls).collect();
    let other = all - named.iter().sum::<f64>();
    let ends = [row["active"].as_f64().unwrap_or(0.0)];
    let rest = [other, row["sleep"].as_f64().unwrap_or(0.0)];
    ends.into_iter().chain(named).chain(rest).collect()
}

/// How the parts of a row look: active cycles dark, sleep light, every cause with a hatch of its own.
fn look(index: usize, causes: usize) -> (RGBColor, Hatch) {
    const HATCHES: [Hatch; CAUSES] = [
        Hatch::Zigzag(6),
        Hatch::Upright(6),
        Hatch::Level(5),
        Hatch::Zigzag(16),
        Hatch::Upright(14),
        Hatch::Level(10),
    ];
    match index {
        0 => (COLOURS[0], Hatch::Plain),
        _ if index <= causes => (COLOURS[index], HATCHES[(index - 1) % CAUSES]),
        _ if index == causes + 1 => (GREY, Hatch::Zigzag(3)),
        _ => (FAINT, Hatch::Plain),
    }
}

/// Bars of cycles, one a row, cut by cause.
fn bars(heading: &str, rows: &[(String, Vec<f64>)], causes: &[String], unit: &str) -> Picture {
    let longest = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0) as i32;
    let (left, right, top) = (24 + 7 * longest, 30, 76);
    let height = top + 26 * rows.len() as i32 + 48;
    let mut picture = Picture::new(900, height);
    picture.text(450, 18, heading, Anchor::Middle, 16);
    let mut x = 24;
    let names = ["active"].into_iter().chain(causes.iter().map(String::as_str));
    for (index, name) in names.chain(["other stalls", "sleep"]).enumerate() {
        let (colour, hatch) = look(index, causes.len());
        picture.hatched((x, 36), (24, 16), colour, hatch);
        picture.text(x + 29, 45, name, Anchor::Start, 12);
        x += 44 + 7 * name.len() as i32;
    }
    let most = rows
        .iter()
        .map(|(_, parts)| parts.iter().sum::<f64>())
        .fold(0.0, f64::max);
    let axis = Scale::linear(most, left, 900 - right);
    let bottom = height - 44;
    for tick in axis.ticks() {
        let x = axis.at(tick);
        picture.line(&[(x, top - 6), (x, bottom)], FAINT, 1);
        picture.text(x, bottom + 12, short(tick), Anchor::Middle, 12);
    }
    picture.text((left + 900 - right) / 2, height - 12, unit, Anchor::Middle, 12);
    for (index, (label, parts)) in rows.iter().enumerate() {
        let y = top + 26 * index as i32;
        picture.text(left - 8, y + 10, label.as_str(), Anchor::End, 12);
        let mut sum = 0.0;
        for (index, part) in parts.iter().enumerate() {
            let from = axis.at(sum);
            sum += part;
            let (colour, hatch) = look(index, causes.len());
            picture.hatched((from, y), (axis.at(sum) - from, 20), colour, hatch);
        }
    }
    picture
}

/// Where each core's cycles went.
pub(crate) fn stalls(report: &Value) -> Result<Picture, String> {
    let cores = list(report, "/cores");
    let causes = causes(cores);
    let rows: Vec<_> = cores
        .iter()
        .map(|core| (name(core).to_owned(), parts(core, &causes)))
        .collect();
    let heading = format!("{}: where each core's cycles went", title(report));
    Ok(bars(&heading, &rows, &causes, "cycles"))
}

/// What each region cost, summed over cores: the layers of a network.
pub(crate) fn layers(report: &Value) -> Result<Picture, String> {
    let regions = list(report, "/regions");
    if regions.is_empty() {
        return Err("the run has no marked regions; docs/kernels.md tells how a program marks them".to_owned());
    }
    let causes = causes(regions);
    let mut rows: Vec<(String, Vec<f64>)> = Vec::new();
    for region in regions {
        let parts = parts(region, &causes);
        match rows.iter_mut().find(|(other, _)| other == name(region)) {
            Some((_, sums)) => sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part),
            None => rows.push((name(region).to_owned(), parts)),
        }
    }
    let heading = format!("{}: where the cycles of each region went", title(report));
    Ok(bars(&heading, &rows, &causes, "cycles, all cores together"))
}

/// The banks' conflicts: one row a run, one cell a bank.
pub(crate) fn banks(reports: &[Value]) -> Result<Picture, String> {
    let banks = reports
        .iter()
        .map(|report| list(report, "/l1/banks").len())
        .max()
        .unwrap_or(0);
    if banks == 0 {
        return Err("the reports have no L1 banks".to_owned());
    }
    let label = |report: &Value| title(report);
    let longest = reports
        .iter()
        .map(|report| label(report).chars().count())
        .max()
        .unwrap_or(0) as i32;
    let (left, cell) = (24 + 7 * longest, (840 / banks as i32).clamp(14, 40));
    let (top, row) = (58, 34);
    let width = (left + cell * banks as i32 + 30).max(640);
    let height = top + row * reports.len() as i32 + 92;
    let mut picture = Picture::new(width, height);
    picture.text(width / 2, 18, "L1 banks: conflicts for each access", Anchor::Middle, 16);
    let ratio = |bank: &Value| number(bank, "/conflicts") / number(bank, "/accesses").max(1.0);
    let ratios = reports.iter().flat_map(|report| list(report, "/l1/banks")).map(ratio);
    let most = ratios.fold(0.0, f64::max);
    let shade = |ratio: f64| {
        // From paper to a dark blue: lightness alone tells the number.
        let part = if most > 0.0 { ratio / most } else { 0.0 };
        let mix = |from: f64, to: f64| (from + (to - from) * part) as u8;
        RGBColor(mix(247.0, 8.0), mix(251.0, 48.0), mix(255.0, 107.0))
    };
    for (index, report) in reports.iter().enumerate() {
        let y = top + row * index as i32;
        picture.text(left - 8, y + 14, label(report), Anchor::End, 12);
        for (bank, value) in list(report, "/l1/banks").iter().enumerate() {
            let (x, ratio) = (left + cell * bank as i32, ratio(value));
            picture.rectangle(x, y, cell - 1, 28, shade(ratio));
            if cell >= 34 {
                let ink = if most > 0.0 && ratio > most / 2.0 { PAPER } else { INK };
                picture.text_on(x + cell / 2, y + 14, format!("{ratio:.2}"), 11, ink);
            }
        }
    }
    let y = top + row * reports.len() as i32;
    let every = if cell >= 24 { 1 } else { 4 };
    for bank in (0..banks).step_by(every) {
        let x = left + cell * bank as i32 + cell / 2;
        picture.text(x, y + 8, bank.to_string(), Anchor::Middle, 11);
    }
    picture.text(left + cell * banks as i32 / 2, y + 28, "bank", Anchor::Middle, 12);
    for part in 0..=20 {
        picture.rectangle(left + part * 10, y + 52, 10, 12, shade(most * f64::from(part) / 20.0));
    }
    picture.text(left - 6, y + 58, "0", Anchor::End, 11);
    picture.text(left + 216, y + 58, short(most), Anchor::Start, 11);
    Ok(picture)
}

/// The roofline: MAC/clk against the MACs for each byte that the DMA moved.
pub(crate) fn roofline(reports: &[Value]) -> Result<Picture, String> {
    let points: Vec<(String, f64, f64)> = reports
        .iter()
        .filter_map(|report| {
            let bytes = number(report, "/dma/bytes_to_l1") + number(report, "/dma/bytes_from_l1");
            let macs = number(report, "/macs/executed");
            let rate = number(report, "/mac_per_clk/executed");
            (bytes > 0.0 && macs > 0.0).then(|| (title(report), macs / bytes, rate))
        })
        .collect();
    if points.is_empty() {
        return Err("no run moved data by DMA and multiplied: a roofline needs both".to_owned());
    }
    let workers = reports.iter().flat_map(|report| list(report, "/cores"));
    let workers = workers
        .filter(|core| name(core).starts_with("cluster.worker"))
        .count()
        .div_ceil(reports.len())
        .max(1) as f64;
    let roofs = [
        (workers, "1 MAC a cycle and worker"),
        (2.0 * workers, "2 (packed binary16)"),
    ];
    let (left, right, top, bottom) = (70, 870, 46, 440);
    let mut picture = Picture::new(900, 500 + 22 * points.len() as i32);
    picture.text(450, 18, "Roofline", Anchor::Middle, 16);
    let intensities = || points.iter().map(|point| point.1);
    let knee = roofs[1].0 / DMA_BYTES;
    let x = Scale::logarithmic(
        intensities().fold(knee / 4.0, f64::min),
        intensities().fold(knee * 4.0, f64::max),
        left,
        right,
    );
    let least = points.iter().map(|point| point.2).fold(roofs[0].0 / 4.0, f64::min);
    let y = Scale::logarithmic(least, roofs[1].0 * 1.5, bottom, top);
    axes(&mut picture, &x, &y, "MACs for each byte that the DMA moved", "MAC/clk");
    let slope = |to: f64| (y.least() / DMA_BYTES).max(x.least())..=to / DMA_BYTES;
    let start = *slope(roofs[1].0).start();
    let end = roofs[1].0 / DMA_BYTES;
    picture.line(
        &[(x.at(start), y.at(start * DMA_BYTES)), (x.at(end), y.at(roofs[1].0))],
        INK,
        2,
    );
    for (roof, label) in roofs {
        picture.line(&[(x.at(roof / DMA_BYTES), y.at(roof)), (right, y.at(roof))], INK, 2);
        picture.text(right - 8, y.at(roof) - 10, label, Anchor::End, 12);
    }
    picture.text(
        x.at(start) + 24,
        y.at(start * DMA_BYTES) + 6,
        "DMA, 8 bytes a cycle",
        Anchor::Start,
        12,
    );
    for (index, (label, intensity, rate)) in points.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        picture.marker(x.at(*intensity), y.at(*rate), index, colour);
        let line = 498 + 22 * index as i32;
        picture.marker(left, line, index, colour);
        let text = format!("{label}: {} MAC/clk at {} MACs a byte", short(*rate), short(*intensity));
        picture.text(left + 14, line, text, Anchor::Start, 12);
    }
    Ok(picture)
}

/// Grid, numbers and titles of two axes.
pub(super) fn axes(picture: &mut Picture, x: &Scale, y: &Scale, x_title: &str, y_title: &str) {
    let (left, right) = (x.at(x.least()), x.at(x.most()));
    let (bottom, top) = (y.at(y.least()), y.at(y.most()));
    for tick in x.ticks() {
        picture.line(&[(x.at(tick), top), (x.at(tick), bottom)], FAINT, 1);
        picture.text(x.at(tick), bottom + 14, short(tick), Anchor::Middle, 12);
    }
    for tick in y.ticks() {
        picture.line(&[(left, y.at(tick)), (right, y.at(tick))], FAINT, 1);
        picture.text(left - 6, y.at(tick), short(tick), Anchor::End, 12);
    }
    picture.line(&[(left, top), (left, bottom), (right, bottom)], INK, 1);
    picture.text((left + right) / 2, bottom + 36, x_title, Anchor::Middle, 13);
    picture.upright(left - 50, (top + bottom) / 2, y_title, 13);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_two_parts_of_a_row_differ_without_colour() {
        let looks: Vec<_> = (0..CAUSES + 3).map(|index| look(index, CAUSES)).collect();
        for (index, (colour, hatch)) in looks.iter().enumerate() {
            for (other_colour, other_hatch) in &looks[..index] {
                // Relative luminance, ITU-R BT.709, of the encoded values.
                let grey = |colour: &RGBColor| {
                    0.2126 * f64::from(colour.0) + 0.7152 * f64::from(colour.1) + 0.0722 * f64::from(colour.2)
                };
                let differ = hatch != other_hatch || (grey(colour) - grey(other_colour)).abs() > 64.0;
                assert!(differ, "{colour:?} {hatch:?} and {other_colour:?}");
            }
        }
    }
}
