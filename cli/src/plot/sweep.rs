//! Pictures of sweeps: a result against a setting, and the points that no other point beats.

use serde_json::Value;

use super::picture::{Anchor, COLOURS, GREY, INK, Picture, Scale, short};
use super::run::axes;

/// Lines of a legend at most.
const SERIES: usize = 16;

/// Results that have a short name, with where they are in a report.
const RESULTS: &[(&str, &str)] = &[
    ("cycles", "/cycles"),
    ("mac_per_clk", "/mac_per_clk/executed"),
    ("latency_s", "/latency_s"),
    ("instret", "/instret"),
];

/// The points of a sweep that have a report.
struct Points<'a>(Vec<&'a Value>);

impl<'a> Points<'a> {
    fn new(results: &'a Value) -> Result<Self, String> {
        let points = results["points"]
            .as_array()
            .ok_or("not the results of a sweep: give its results.json")?;
        let points: Vec<_> = points.iter().filter(|point| point["status"] == "ok").collect();
        if points.is_empty() {
            return Err("no point of the sweep came to a good end".to_owned());
        }
        Ok(Self(points))
    }

    fn settings(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self
            .0
            .iter()
            .filter_map(|point| point["settings"].as_object())
            .flatten()
        {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }
}

/// A setting or result of a point by name; results may also be named by a JSON pointer into the report.
fn value(point: &Value, name: &str) -> Option<f64> {
    if let Some(setting) = point["settings"].get(name) {
        return setting.as_f64();
    }
    let pointer = RESULTS
        .iter()
        .find(|(short, _)| *short == name)
        .map_or(name, |(_, pointer)| pointer);
    point["report"].pointer(pointer).and_then(Value::as_f64)
}

fn known(points: &Points, name: &str) -> Result<(), String> {
    if points.0.iter().any(|point| value(point, name).is_some()) {
        return Ok(());
    }
    let results: Vec<_> = RESULTS.iter().map(|(short, _)| *short).collect();
    Err(format!(
        "{name}: no point has this number; there are the settings {} and the results {}, or a JSON pointer into the report",
        points.settings().join(", "),
        results.join(", ")
    ))
}

fn title(name: &str) -> &str {
    match name {
        "mac_per_clk" => "MAC/clk",
        "latency_s" => "latency (s)",
        "instret" => "instructions",
        "l1.banks" => "L1 banks",
        "param.workers" => "workers at work",
        "cluster.workers" => "workers",
        "fpu.count" => "FPUs",
        "fpu.addmul_latency" => "pipeline stages of an FPU",
        other => other,
    }
}

/// A result against a setting, one line for each combination of the other settings.
pub(crate) fn lines(results: &Value, x: Option<&str>, y: Option<&str>) -> Result<Picture, String> {
    let points = Points::new(results)?;
    let settings = points.settings();
    let numeric = |name: &&str| points.0.iter().any(|point| point["settings"][*name].is_number());
    let x = match x {
        Some(x) => x,
        None => settings
            .iter()
            .rev()
            .copied()
            .find(|name| numeric(name))
            .ok_or("no setting of the sweep is a number")?,
    };
    let speed_up = y == Some("speedup");
    let y = if speed_up { "cycles" } else { y.unwrap_or("mac_per_clk") };
    known(&points, x)?;
    known(&points, y)?;
    let mut series: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for point in &points.0 {
        let (Some(at), Some(result)) = (value(point, x), value(point, y)) else {
            continue;
        };
        let others = settings.iter().filter(|name| **name != x).filter_map(|name| {
            let setting = point["settings"].get(*name)?;
            Some(format!("{name}={}", crate::sweep::plain(setting)))
        });
        let label = others.collect::<Vec<_>>().join(" ");
        match series.iter_mut().find(|(other, _)| *other == label) {
            Some((_, line)) => line.push((at, result)),
            None => series.push((label, vec![(at, result)])),
        }
    }
    for (_, line) in &mut series {
        line.sort_by(|a, b| a.0.total_cmp(&b.0));
        if speed_up && let Some((_, first)) = line.first().copied() {
            line.iter_mut().for_each(|(_, cycles)| *cycles = first / *cycles);
        }
    }
    if series.len() > SERIES {
        let text = format!(
            "{} lines are more than a picture shows; choose another --x, or sweep less",
            series.len()
        );
        return Err(text);
    }
    let all = || series.iter().flat_map(|(_, line)| line);
    let (left, right, top, bottom) = (80, 870, 46, 420);
    let legend = series.iter().filter(|(label, _)| !label.is_empty()).count() as i32;
    let mut picture = Picture::new(900, 480 + 20 * legend);
    let y_title = if speed_up { "speed-up over the first" } else { title(y) };
    picture.text(450, 18, format!("{y_title} against {}", title(x)), Anchor::Middle, 16);
    let (least, most) = all().fold((f64::MAX, 0.0f64), |(least, most), (at, _)| {
        (least.min(*at), most.max(*at))
    });
    let horizontal = if least > 0.0 && most / least >= 4.0 {
        Scale::logarithmic(least, most, left, right)
    } else {
        Scale::linear(most, left, right)
    };
    let vertical = Scale::linear(all().map(|(_, result)| *result).fold(0.0, f64::max), bottom, top);
    axes(&mut picture, &horizontal, &vertical, title(x), y_title);
    for (index, (label, line)) in series.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        let pixels: Vec<_> = line
            .iter()
            .map(|(at, result)| (horizontal.at(*at), vertical.at(*result)))
            .collect();
        picture.series(&pixels, index, colour, 2);
        for (x, y) in &pixels {
            picture.marker(*x, *y, index, colour);
        }
        if !label.is_empty() {
            let line = 478 + 20 * index as i32;
            picture.series(&[(left - 22, line), (left + 22, line)], index, colour, 2);
            picture.marker(left, line, index, colour);
            picture.text(left + 30, line, label.as_str(), Anchor::Start, 12);
        }
    }
    Ok(picture)
}

/// Every point by two numbers, and the front of those that no other point beats: less `x` and, for MAC/clk, more `y`.
pub(crate) fn pareto(results: &Value, x: Option<&str>, y: Option<&str>) -> Result<Picture, String> {
    let points = Points::new(results)?;
    let settings = points.settings();
    let numeric = |name: &&str| points.0.iter().any(|point| point["settings"][*name].is_number());
    let x = match x {
        Some(x) => x,
        None => settings
            .iter()
            .copied()
            .find(numeric)
            .ok_or("no setting of the sweep is a number; choose --x")?,
    };
    let y = y.unwrap_or("mac_per_clk");
    known(&points, x)?;
    known(&points, y)?;
    // More MAC/clk is better; of everything else less is.
    let better = |a: f64, b: f64| if y.contains("mac_per_clk") { a > b } else { a < b };
    let all: Vec<(f64, f64, String)> = points
        .0
        .iter()
        .filter_map(|point| {
            let labels = point["settings"].as_object().into_iter().flatten();
            let label = labels.map(|(name, value)| format!("{name}={}", crate::sweep::plain(value)));
            Some((value(point, x)?, value(point, y)?, label.collect::<Vec<_>>().join(" ")))
        })
        .collect();
    let beaten = |point: &(f64, f64, String)| {
        all.iter().any(|other| {
            let no_worse = other.0 <= point.0 && !better(point.1, other.1);
            no_worse && (other.0 < point.0 || better(other.1, point.1))
        })
    };
    let mut front: Vec<_> = all.iter().filter(|point| !beaten(point)).collect();
    front.sort_by(|a, b| a.0.total_cmp(&b.0));
    front.dedup_by(|a, b| (a.0, a.1) == (b.0, b.1));
    let (left, right, top, bottom) = (80, 870, 46, 420);
    let mut picture = Picture::new(900, 484 + 20 * front.len().min(SERIES) as i32);
    picture.text(
        450,
        18,
        format!("Pareto front: {} and {}", title(x), title(y)),
        Anchor::Middle,
        16,
    );
    let horizontal = Scale::linear(all.iter().map(|point| point.0).fold(0.0, f64::max), left, right);
    let vertical = Scale::linear(all.iter().map(|point| point.1).fold(0.0, f64::max), bottom, top);
    axes(&mut picture, &horizontal, &vertical, title(x), title(y));
    for (at, result, _) in &all {
        picture.marker(horizontal.at(*at), vertical.at(*result), 0, GREY);
    }
    let pixels: Vec<_> = front
        .iter()
        .map(|point| (horizontal.at(point.0), vertical.at(point.1)))
        .collect();
    picture.line(&pixels, COLOURS[0], 2);
    for (index, (pixel, point)) in pixels.iter().zip(&front).enumerate() {
        picture.marker(pixel.0, pixel.1, 1, COLOURS[0]);
        picture.text(pixel.0 + 6, pixel.1 - 14, (index + 1).to_string(), Anchor::Start, 11);
        if index < SERIES {
            let text = format!("{}. {}: {} {}", index + 1, point.2, short(point.1), title(y));
            picture.text(left, 480 + 20 * index as i32, text, Anchor::Start, 12);
        }
    }
    picture.line(&[(left, bottom), (right, bottom)], INK, 1);
    Ok(picture)
}
