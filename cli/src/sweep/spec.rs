//! The specification of a sweep: which points there are (docs/sweep.md).
//!
//! It checks names and shapes; whether a value is possible shows when its point is run.
//!
//! Invariant: the order of points depends on the file alone.

use std::fs;
use std::path::Path;

use ennead_sim::config::{Config, KEYS, nearest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::plain;
use crate::failure::Failure;

/// More points than anybody waits for.
const MOST_POINTS: usize = 1_000_000;
const PARAMETER: &str = "param.";
/// Names beside configuration keys and parameters.
const NAMES: &[&str] = &["target", "config", "isa", "max_cycles"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    target: Option<Value>,
    config: Option<Value>,
    isa: Option<Value>,
    max_cycles: Option<Value>,
    #[serde(default)]
    set: serde_json::Map<String, Value>,
    #[serde(default)]
    param: serde_json::Map<String, Value>,
    #[serde(default)]
    axes: serde_json::Map<String, Value>,
    #[serde(default)]
    points: Vec<serde_json::Map<String, Value>>,
}

/// A specification.
pub struct Spec {
    origin: String,
    base: Vec<(String, Value)>,
    axes: Vec<(String, Vec<Value>)>,
    points: Vec<Vec<(String, Value)>>,
}

/// One point: what is common to all and what is its own, by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Point {
    base: Vec<(String, Value)>,
    own: Vec<(String, Value)>,
}

impl Point {
    /// What sets this point apart, in the order of the specification.
    pub fn own(&self) -> &[(String, Value)] {
        &self.own
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.all()
            .rev()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    }

    /// The value of a name as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(plain)
    }

    /// Configuration keys with their values, the point's own last.
    pub fn settings(&self) -> impl Iterator<Item = (&str, String)> {
        self.all()
            .filter(|(name, _)| Config::key(name).is_some())
            .map(|(name, value)| (name.as_str(), plain(value)))
    }

    /// Parameters with their values, the point's own last.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, String)> {
        self.all()
            .filter_map(|(name, value)| Some((name.strip_prefix(PARAMETER)?, plain(value))))
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = &(String, Value)> {
        self.base.iter().chain(&self.own)
    }
}

impl Spec {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if it is no sweep.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path).map_err(|error| Failure::unreadable(path, &error))?;
        Self::parse(&path.display().to_string(), &text)
    }

    fn parse(origin: &str, text: &str) -> Result<Self, Failure> {
        let file: File = toml::from_str(text)
            .map_err(|error| Failure::BadInput(format!("{origin}: not a sweep: {}", error.to_string().trim_end())))?;
        Self::new(origin, file)
    }

    /// Checks a specification that is a value in memory, with the keys of a file; `origin` names it in messages.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if it is no sweep.
    pub fn from_value(origin: &str, value: Value) -> Result<Self, Failure> {
        let file = serde_json::from_value(value)
            .map_err(|error| Failure::BadInput(format!("{origin}: not a sweep: {error}")))?;
        Self::new(origin, file)
    }

    fn new(origin: &str, file: File) -> Result<Self, Failure> {
        let mut spec = Self {
            origin: origin.to_owned(),
            base: Vec::new(),
            axes: Vec::new(),
            points: Vec::new(),
        };
        let top = [
            ("target", file.target),
            ("config", file.config),
            ("isa", file.isa),
            ("max_cycles", file.max_cycles),
        ];
        for (name, value) in top {
            spec.base.extend(value.map(|value| (name.to_owned(), value)));
        }
        spec.base.extend(flat("", file.set));
        spec.base.extend(flat(PARAMETER, file.param));
        for (name, value) in flat("", file.axes) {
            match value {
                Value::Array(values) if !values.is_empty() => spec.axes.push((name, values)),
                _ => return Err(spec.refuse(&format!("axis {name} must be a list of values, for example [1, 2, 4]"))),
            }
        }
        spec.points = file.points.into_iter().map(|point| flat("", point)).collect();
        spec.check()?;
        Ok(spec)
    }

    fn refuse(&self, text: &str) -> Failure {
        Failure::BadInput(format!("{}: {text}", self.origin))
    }

    /// Checks every name, and that every value is a single one.
    fn check(&self) -> Result<(), Failure> {
        let axes = self
            .axes
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let base = self.base.iter().map(|(name, value)| (name, value));
        let points = self.points.iter().flatten().map(|(name, value)| (name, value));
        for (name, value) in base.chain(axes).chain(points) {
            let known = NAMES.contains(&name.as_str()) || name.starts_with(PARAMETER) || Config::key(name).is_some();
            if !known {
                let near = nearest(name, KEYS.iter().map(|key| key.path).chain(NAMES.iter().copied()));
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                return Err(self.refuse(&format!(
                    "unknown name `{name}`{near}; a point has {}, param.NAME and configuration keys",
                    NAMES.join(", ")
                )));
            }
            if value.is_array() || value.is_object() || value.is_null() {
                return Err(self.refuse(&format!("{name} = {value}: must be a single value here")));
            }
        }
        Ok(())
    }

    /// Every point: the product of the axes, the last one fastest, then the explicit ones.
    ///
    /// # Errors
    /// [`Failure::BadInput`] if there are too many.
    pub fn points(&self) -> Result<Vec<Point>, Failure> {
        let size = self
            .axes
            .iter()
            .try_fold(1usize, |size, (_, values)| size.checked_mul(values.len()));
        let size = size.filter(|size| *size <= MOST_POINTS).ok_or_else(|| {
            self.refuse(&format!(
                "the axes span more than {MOST_POINTS} points; split the sweep"
            ))
        })?;
        let product = if self.axes.is_empty() && !self.points.is_empty() {
            0
        } else {
            size
        };
        let at = |mut index: usize| {
            let mut own: Vec<_> = self
                .axes
                .iter()
                .rev()
                .map(|(name, values)| {
                    let value = values[index % values.len()].clone();
                    index /= values.len();
                    (name.clone(), value)
                })
                .collect();
            own.reverse();
            own
        };
        let all = (0..product).map(at).chain(self.points.iter().cloned());
        Ok(all
            .map(|own| Point {
                base: self.base.clone(),
                own,
            })
            .collect())
    }
}

/// Nested tables as dotted names.
fn flat(prefix: &str, table: serde_json::Map<String, Value>) -> Vec<(String, Value)> {
    let mut list = Vec::new();
    for (name, value) in table {
        match value {
            Value::Object(inner) => list.extend(flat(&format!("{prefix}{name}."), inner)),
            value => list.push((format!("{prefix}{name}"), value)),
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Vec<String> {
        let points = Spec::parse("s.toml", text).unwrap().points().unwrap();
        let line = |point: &Point| {
            point
                .own()
                .iter()
                .map(|(name, value)| format!("{name}={}", plain(value)))
                .collect::<Vec<_>>()
                .join(" ")
        };
        points.iter().map(line).collect()
    }

    fn error(text: &str) -> String {
        let points = Spec::parse("s.toml", text).and_then(|spec| spec.points());
        points.expect_err(text).to_string()
    }

    #[test]
    fn the_product_runs_through_the_last_axis_first_and_explicit_points_follow() {
        let text = "
            target = 'builtin:x'
            [axes]
            l1.banks = [8, 16]
            'param.size' = [1, 2]
            [[points]]
            config = 'vega'
            cluster.workers = 4
        ";
        assert_eq!(
            points(text),
            [
                "l1.banks=8 param.size=1",
                "l1.banks=8 param.size=2",
                "l1.banks=16 param.size=1",
                "l1.banks=16 param.size=2",
                "config=vega cluster.workers=4",
            ]
        );
    }

    #[test]
    fn without_axes_there_is_one_point_or_the_explicit_ones() {
        assert_eq!(points("target = 'a'"), [""]);
        assert_eq!(points("[[points]]\ntarget = 'a'"), ["target=a"]);
    }

    #[test]
    fn a_point_overrides_what_is_common() {
        let text = "config = 'vega'\nset.l1.banks = 8\n[[points]]\nconfig = 'ennead'\nl1.banks = 16\n";
        let point = &Spec::parse("s.toml", text).unwrap().points().unwrap()[0];
        assert_eq!(point.text("config").unwrap(), "ennead");
        assert_eq!(point.settings().last(), Some(("l1.banks", "16".to_owned())));
    }

    #[test]
    fn mistakes_are_refused_with_the_name_and_a_suggestion() {
        for (text, part) in [
            ("[axes]\nl1.bank = [1]", "did you mean `l1.banks`"),
            ("[axes]\nl1.banks = 8", "must be a list"),
            ("[axes]\nl1.banks = []", "must be a list"),
            ("[axes]\nl1.banks = [[8]]", "single value"),
            ("axis = 3", "unknown field `axis`"),
            ("[[points]]\ntraget = 'a'", "did you mean `target`"),
            ("[axes", "not a sweep"),
        ] {
            let error = error(text);
            assert!(error.contains(part) && error.starts_with("s.toml"), "{text:?}: {error}");
        }
        let axis = |name: &str| format!("{name} = [{}]\n", "1,".repeat(200));
        assert!(
            error(&format!(
                "[axes]\n{}{}{}",
                axis("l1.banks"),
                axis("l1.size"),
                axis("l2.size")
            ))
            .contains("1000000")
        );
    }
}
