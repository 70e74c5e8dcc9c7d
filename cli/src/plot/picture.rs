//! A picture as a list of shapes, and how it becomes SVG or PNG.
//!
//! Shapes are in pixels from the upper left corner. Both formats are drawn by the same crate from the same list, with a
//! font that comes with the tool, so that pictures are the same on every host.
//!
//! Invariant: equal pictures give equal bytes.

use std::sync::Once;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, register_font};

/// The colours of M. Okabe and K. Ito ("Color Universal Design", 2008), which people with any colour vision tell apart;
/// hatches, dashes and the shapes of markers do the same for print in black and white.
pub(crate) const COLOURS: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xf0, 0xe4, 0x42),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x00, 0x00, 0x00),
];
pub(crate) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(crate) const FAINT: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
pub(crate) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
pub(crate) const GREY: RGBColor = RGBColor(0xbb, 0xbb, 0xbb);

/// What fills a rectangle besides its colour, so that parts differ without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hatch {
    /// Nothing.
    Plain,
    /// A line that goes up and down, so many pixels at a time.
    Zigzag(i32),
    /// Upright lines, so many pixels apart.
    Upright(i32),
    /// Level lines, so many pixels apart.
    Level(i32),
}

impl Hatch {
    /// The line that it draws, as one.
    fn line(self, (x0, y0): (i32, i32), (x1, y1): (i32, i32)) -> Vec<(i32, i32)> {
        let mut points = Vec::new();
        match self {
            Hatch::Plain => {}
            Hatch::Zigzag(step) => {
                let mut y = (y0, y1);
                for x in (x0..x1).step_by(step.max(1) as usize) {
                    points.push((x, y.0));
                    y = (y.1, y.0);
                }
                if let [.., (x, from)] = points[..] {
                    let to = if from == y0 { y1 } else { y0 };
                    points.push((x1, from + (to - from) * (x1 - x) / step));
                }
            }
            Hatch::Upright(step) => {
                let mut y = (y0, y1);
                for x in (x0 + step / 2..x1).step_by(step.max(1) as usize) {
                    points.extend([(x, y.0), (x, y.1)]);
                    y = (y.1, y.0);
                }
            }
            Hatch::Level(step) => {
                let mut x = (x0, x1);
                for y in (y0 + step / 2..y1).step_by(step.max(1) as usize) {
                    points.extend([(x.0, y), (x.1, y)]);
                    x = (x.1, x.0);
                }
            }
        }
        points
    }
}

/// Lengths of a dash and of the gap behind it, in pixels, for each kind of line; the first has none.
const DASHES: [Option<(i32, i32)>; 4] = [None, Some((10, 4)), Some((3, 3)), Some((16, 8))];

/// The name under which the font is known to the drawing crate, and a viewer of SVG falls back from.
const FONT: &str = "sans-serif";

/// Where a text's position is in it.
#[derive(Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

enum Shape {
    Rectangle(i32, i32, i32, i32, RGBColor),
    Line(Vec<(i32, i32)>, RGBColor, u32),
    Dashes(Vec<(i32, i32)>, RGBColor, u32, (i32, i32)),
    Text(i32, i32, String, Anchor, u32, bool, RGBColor),
    Marker(i32, i32, usize, RGBColor),
}

/// A picture in the making.
pub(crate) struct Picture {
    width: i32,
    height: i32,
    shapes: Vec<Shape>,
}

impl Picture {
    pub(crate) fn new(width: i32, height: i32) -> Self {
        Self {
            width,
            height,
            shapes: Vec::new(),
        }
    }

    pub(crate) fn rectangle(&mut self, x: i32, y: i32, width: i32, height: i32, colour: RGBColor) {
        self.shapes
            .push(Shape::Rectangle(x, y, x + width.max(0), y + height.max(0), colour));
    }

    /// A rectangle with a hatch, in ink or paper, whichever shows on the colour.
    pub(crate) fn hatched(&mut self, (x, y): (i32, i32), (width, height): (i32, i32), colour: RGBColor, hatch: Hatch) {
        self.rectangle(x, y, width, height, colour);
        let points = hatch.line((x, y), (x + width, y + height));
        if width > 1 && points.len() > 1 {
            let light = u32::from(colour.0) + 2 * u32::from(colour.1) + u32::from(colour.2) > 4 * 0x60;
            self.line(&points, if light { INK } else { PAPER }, 1);
        }
    }

    /// A line of a series: dashed according to its number, so that series differ without colour.
    pub(crate) fn series(&mut self, points: &[(i32, i32)], number: usize, colour: RGBColor, width: u32) {
        match dashes(number) {
            None => self.line(points, colour, width),
            Some(dash) => self.shapes.push(Shape::Dashes(points.to_vec(), colour, width, dash)),
        }
    }

    pub(crate) fn line(&mut self, points: &[(i32, i32)], colour: RGBColor, width: u32) {
        self.shapes.push(Shape::Line(points.to_vec(), colour, width));
    }

    pub(crate) fn text(&mut self, x: i32, y: i32, text: impl Into<String>, anchor: Anchor, size: u32) {
        self.shapes
            .push(Shape::Text(x, y, text.into(), anchor, size, false, INK));
    }

    /// A text in another colour, for dark grounds.
    pub(crate) fn text_on(&mut self, x: i32, y: i32, text: impl Into<String>, size: u32, colour: RGBColor) {
        self.shapes
            .push(Shape::Text(x, y, text.into(), Anchor::Middle, size, false, colour));
    }

    /// A text that reads upwards.
    pub(crate) fn upright(&mut self, x: i32, y: i32, text: impl Into<String>, size: u32) {
        self.shapes
            .push(Shape::Text(x, y, text.into(), Anchor::Middle, size, true, INK));
    }

    /// A point; the shape goes with the number, so that series differ without colour.
    pub(crate) fn marker(&mut self, x: i32, y: i32, number: usize, colour: RGBColor) {
        self.shapes.push(Shape::Marker(x, y, number, colour));
    }

    /// As the text of an SVG file.
    pub(crate) fn svg(&self) -> Result<String, String> {
        let mut text = String::new();
        self.draw(
            SVGBackend::with_string(&mut text, (self.width as u32, self.height as u32)),
            1,
        )?;
        Ok(text)
    }

    /// As the bytes of a PNG file, at twice the size.
    pub(crate) fn png(&self) -> Result<Vec<u8>, String> {
        let (width, height) = (2 * self.width as u32, 2 * self.height as u32);
        let mut pixels = vec![0; (3 * width * height) as usize];
        self.draw(BitMapBackend::with_buffer(&mut pixels, (width, height)), 2)?;
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
        writer.write_image_data(&pixels).map_err(|error| error.to_string())?;
        writer.finish().map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    fn draw<B: DrawingBackend>(&self, backend: B, scale: i32) -> Result<(), String> {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(|| {
            // The font is part of the crate and known to be one.
            let _ = register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT);
        });
        let area = backend.into_drawing_area();
        let fail = |error: &dyn std::fmt::Display| error.to_string();
        area.fill(&PAPER).map_err(|error| fail(&error))?;
        for shape in &self.shapes {
            let drawn = match shape {
                Shape::Rectangle(x0, y0, x1, y1, colour) => area.draw(&Rectangle::new(
                    [(x0 * scale, y0 * scale), (x1 * scale, y1 * scale)],
                    colour.filled(),
                )),
                Shape::Line(points, colour, width) => area.draw(&PathElement::new(
                    points.iter().map(|(x, y)| (x * scale, y * scale)).collect::<Vec<_>>(),
                    colour.stroke_width(width * scale as u32),
                )),
                Shape::Dashes(points, colour, width, (dash, gap)) => {
                    area.draw(&plotters::element::DashedPathElement::new(
                        points.iter().map(|(x, y)| (x * scale, y * scale)).collect::<Vec<_>>(),
                        dash * scale,
                        gap * scale,
                        colour.stroke_width(width * scale as u32),
                    ))
                }
                Shape::Text(x, y, text, anchor, size, upright, colour) => {
                    let h = match anchor {
                        Anchor::Start => HPos::Left,
                        Anchor::Middle => HPos::Center,
                        Anchor::End => HPos::Right,
                    };
                    let mut font = (FONT, f64::from(*size) * f64::from(scale)).into_font();
                    if *upright {
                        font = font.transform(FontTransform::Rotate270);
                    }
                    let style = TextStyle::from(font).color(colour).pos(Pos::new(h, VPos::Center));
                    area.draw(&Text::new(text.as_str(), (x * scale, y * scale), style))
                }
                Shape::Marker(x, y, number, colour) => {
                    let (at, size) = ((x * scale, y * scale), 5 * scale);
                    match marker(*number) {
                        0 => area.draw(&Circle::new(at, size, colour.filled())),
                        1 => area.draw(&Rectangle::new(
                            [(at.0 - size, at.1 - size), (at.0 + size, at.1 + size)],
                            colour.filled(),
                        )),
                        2 => area.draw(&TriangleMarker::new(at, size + scale, colour.filled())),
                        _ => area.draw(&Cross::new(at, size, colour.stroke_width(2 * scale as u32))),
                    }
                }
            };
            drawn.map_err(|error| fail(&error))?;
        }
        area.present().map_err(|error| fail(&error))
    }
}

/// The dashes of a series, and the shape of its markers: together different for the first 16.
fn dashes(number: usize) -> Option<(i32, i32)> {
    DASHES[number / MARKERS % DASHES.len()]
}

fn marker(number: usize) -> usize {
    number % MARKERS
}

/// Shapes of markers.
const MARKERS: usize = 4;

/// An axis from numbers to pixels.
pub(crate) struct Scale {
    from: f64,
    to: f64,
    start: i32,
    end: i32,
    logarithmic: bool,
}

impl Scale {
    /// A linear axis from 0 to a round number that holds `most`.
    pub(crate) fn linear(most: f64, start: i32, end: i32) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let step = step(most);
        Self {
            from: 0.0,
            to: (most / step).ceil() * step,
            start,
            end,
            logarithmic: false,
        }
    }

    /// A logarithmic axis over whole powers of two that holds `least` and `most`, both above 0.
    pub(crate) fn logarithmic(least: f64, most: f64, start: i32, end: i32) -> Self {
        let from = least.log2().floor();
        let to = most.log2().ceil().max(from + 1.0);
        Self {
            from: from.exp2(),
            to: to.exp2(),
            start,
            end,
            logarithmic: true,
        }
    }

    /// The pixel of a number.
    pub(crate) fn at(&self, number: f64) -> i32 {
        let part = match self.logarithmic {
            true => (number / self.from).log2() / (self.to / self.from).log2(),
            false => (number - self.from) / (self.to - self.from),
        };
        self.start + (part * f64::from(self.end - self.start)).round() as i32
    }

    /// Numbers to write along it.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let powers = (self.to / self.from).log2() as i32;
            let every = (powers + 9) / 10;
            return (0..=powers)
                .step_by(every.max(1) as usize)
                .map(|power| self.from * f64::from(power).exp2())
                .collect();
        }
        let step = step(self.to);
        let count = (self.to / step).round() as i32;
        (0..=count).map(|index| f64::from(index) * step).collect()
    }

    /// Its least number.
    pub(crate) fn least(&self) -> f64 {
        self.from
    }

    /// Its largest number.
    pub(crate) fn most(&self) -> f64 {
        self.to
    }
}

/// A round number of which five or six fit into `most`.
fn step(most: f64) -> f64 {
    let raw = most / 6.0;
    let power = 10f64.powf(raw.log10().floor());
    let rounds = [1.0, 2.0, 2.5, 5.0, 10.0];
    let round = rounds.into_iter().find(|round| round * power >= raw * 0.999);
    round.unwrap_or(10.0) * power
}

/// A number as short as it can be told.
pub(crate) fn short(number: f64) -> String {
    let (scaled, unit) = match number.abs() {
        size if size >= 1e9 => (number / 1e9, "G"),
        size if size >= 1e6 => (number / 1e6, "M"),
        size if size >= 1e4 => (number / 1e3, "k"),
        _ => (number, ""),
    };
    let text = format!("{scaled:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_hold_what_they_must_and_their_ticks_are_round() {
        let axis = Scale::linear(8.457, 0, 100);
        assert_eq!(axis.ticks(), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!((axis.at(0.0), axis.at(5.0), axis.at(10.0)), (0, 50, 100));
        let axis = Scale::logarithmic(3.0, 30.0, 0, 100);
        assert_eq!(axis.ticks(), [2.0, 4.0, 8.0, 16.0, 32.0]);
        assert_eq!(axis.at(8.0), 50);
    }

    #[test]
    fn numbers_are_told_shortly() {
        for (number, text) in [
            (0.0, "0"),
            (0.125, "0.125"),
            (9999.0, "9999"),
            (104_619.0, "104.619k"),
            (2e6, "2M"),
        ] {
            assert_eq!(short(number), text);
        }
    }

    /// A colour in CIE L*a*b* (D65) as it looks with the given colour vision: 3 by 3 numbers over linear RGB.
    fn looks(colour: RGBColor, vision: &[[f64; 3]; 3]) -> [f64; 3] {
        // IEC 61966-2-1, and CIE 15 for the rest.
        let linear = |part: u8| match f64::from(part) / 255.0 {
            part if part <= 0.04045 => part / 12.92,
            part => ((part + 0.055) / 1.055).powf(2.4),
        };
        let times = |matrix: &[[f64; 3]; 3], vector: [f64; 3]| {
            matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum::<f64>())
        };
        let seen = times(vision, [colour.0, colour.1, colour.2].map(linear)).map(|part| part.clamp(0.0, 1.0));
        let xyz = times(
            &[
                [0.4124564, 0.3575761, 0.1804375],
                [0.2126729, 0.7151522, 0.0721750],
                [0.0193339, 0.1191920, 0.9503041],
            ],
            seen,
        );
        let root = |part: f64| match part {
            part if part > 216.0 / 24389.0 => part.cbrt(),
            part => (24389.0 / 27.0 * part + 16.0) / 116.0,
        };
        let [x, y, z] = [root(xyz[0] / 0.95047), root(xyz[1]), root(xyz[2] / 1.08883)];
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn apart(a: [f64; 3], b: [f64; 3]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    /// Full severity, of G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A Physiologically-based Model for Simulation
    /// of Color Vision Deficiency", 2009, table 1.
    const VISIONS: [(&str, [[f64; 3]; 3]); 4] = [
        ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
        ),
    ];

    /// About 2.3 is just noticeable (M. Mahy et al., 1994).
    #[test]
    fn any_two_colours_are_five_just_noticeable_differences_apart_with_any_colour_vision() {
        for (name, vision) in &VISIONS {
            let colours: Vec<RGBColor> = COLOURS.into_iter().chain([GREY, FAINT, PAPER]).collect();
            for (index, a) in colours.iter().enumerate() {
                for b in &colours[..index] {
                    let distance = apart(looks(*a, vision), looks(*b, vision));
                    assert!(distance > 5.0 * 2.3, "{name}: {a:?} and {b:?} are {distance:.1} apart");
                }
            }
        }
    }

    #[test]
    fn any_two_series_differ_without_colour() {
        let look = |number| (marker(number), dashes(number));
        for number in 0..16 {
            assert!((0..number).all(|other| look(number) != look(other)), "{number}");
        }
    }

    #[test]
    fn a_hatch_stays_in_its_rectangle() {
        for hatch in [
            Hatch::Zigzag(5),
            Hatch::Zigzag(40),
            Hatch::Upright(6),
            Hatch::Level(5),
            Hatch::Plain,
        ] {
            for width in [1, 2, 3, 17, 100] {
                let points = hatch.line((10, 20), (10 + width, 40));
                let inside = |(x, y): &(i32, i32)| (10..=10 + width).contains(x) && (20..=40).contains(y);
                assert!(points.iter().all(inside), "{hatch:?} {width}: {points:?}");
            }
        }
    }

    #[test]
    fn both_formats_hold_what_was_drawn() {
        let mut picture = Picture::new(100, 50);
        picture.rectangle(10, 10, 20, 20, COLOURS[0]);
        picture.text(50, 25, "hello", Anchor::Middle, 12);
        let svg = picture.svg().unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("hello") && svg.contains("#0072B2"));
        let png = picture.png().unwrap();
        assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
        assert_eq!(png, picture.png().unwrap());
    }
}
