//! The machines that come with the tool, each as the text of its file in `configs/`.
//!
//! Invariant: every one of them passes [`super::Config::check`].

/// One shipped machine.
pub struct Shipped {
    /// The name that `--config` takes.
    pub name: &'static str,
    /// The file's text.
    pub toml: &'static str,
}

impl Shipped {
    /// What it is, in one line: the file's first comment.
    pub fn summary(&self) -> &'static str {
        self.toml
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches('#')
            .trim()
    }
}

macro_rules! shipped {
    ($($name:literal)*) => {
        /// Every shipped machine; the first is the default.
        pub static SHIPPED: &[Shipped] =
            &[$(Shipped { name: $name, toml: include_str!(concat!("../../../configs/", $name, ".toml")) },)*];
    };
}

shipped! {
    "ennead" "vega" "pulp-open" "cv32e40p" "ri5cy-vega"
    "golden-mc8" "golden-m2" "golden-ml" "golden-mx" "golden-ms0" "golden-ms1"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Draft};

    #[test]
    fn every_shipped_machine_can_be_built_and_says_what_it_is() {
        for shipped in SHIPPED {
            Draft::shipped(shipped.name)
                .unwrap()
                .finish()
                .unwrap_or_else(|error| panic!("{}: {error}", shipped.name));
            assert!(shipped.toml.starts_with("# "), "{}", shipped.name);
            assert!(shipped.summary().ends_with('.'), "{}", shipped.name);
        }
    }

    #[test]
    fn the_default_machine_is_the_default_of_every_key() {
        assert_eq!(Draft::shipped("ennead").unwrap().finish().unwrap(), Config::default());
    }
}
