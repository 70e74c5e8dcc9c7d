//! What `ennead tune` promises.

use crate::support::{ennead, said, scratch};

#[test]
fn a_program_without_tiles_is_refused_with_one_that_has_them() {
    let output = ennead(&scratch("tune-refuses"), &["tune", "builtin:matmul-fp16"]);
    assert_eq!(output.status.code(), Some(200), "{}", said(&output));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("nothing to tune") && text.contains("builtin:resnet8-fp16-train"),
        "{text}"
    );
}

/// The shipped choices are what the command finds.
#[test]
#[ignore = "27 runs of a network"]
fn the_shipped_tiles_of_dscnn_are_what_tuning_finds_with_any_number_of_threads() {
    let directory = scratch("tune-dscnn");
    for jobs in ["1", "3"] {
        let words = ["tune", "builtin:dscnn-fp16-train", "-j", jobs, "-o", "tiles.inc"];
        let output = ennead(&directory, &words);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let found = std::fs::read_to_string(directory.join("tiles.inc")).unwrap();
        let shipped = include_str!("../../../workloads/network/tiling/dscnn-fp16-train.inc");
        assert_eq!(found, shipped);
    }
}
