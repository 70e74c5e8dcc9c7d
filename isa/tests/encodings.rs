//! Our rows against tables of mnemonic, mask and match that were made from manuals, assemblers and RTL.

use ennead_isa::table::ROWS;

fn check(table: &str) {
    let mut wrong = Vec::new();
    for line in table.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |cell: &str| u32::from_str_radix(cell.trim_start_matches("0x"), 16).unwrap();
        let (mask, bits) = (number(cells[1]), number(cells[2]));
        if !ROWS
            .iter()
            .any(|row| row.mnemonic == cells[0] && row.mask == mask && row.bits == bits)
        {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn base_rows_agree_with_the_published_encodings() {
    check(include_str!("data/rv32imfc.csv"));
}

#[test]
fn xpulpv2_rows_agree_with_the_published_encodings() {
    check(include_str!("data/xpulpv2.csv"));
}

#[test]
fn xcv_rows_agree_with_the_published_encodings() {
    check(include_str!("data/xcv.csv"));
}

#[test]
fn small_float_rows_agree_with_the_published_encodings() {
    check(include_str!("data/xsmallfloat.csv"));
}

#[test]
fn gap_rows_agree_with_the_published_encodings() {
    check(include_str!("data/xpulp_gap_extra.csv"));
}

#[test]
fn no_row_is_invented() {
    let tables = [
        include_str!("data/rv32imfc.csv"),
        include_str!("data/xpulpv2.csv"),
        include_str!("data/xcv.csv"),
        include_str!("data/xsmallfloat.csv"),
        include_str!("data/xpulp_gap_extra.csv"),
    ]
    .concat();
    for row in &ROWS {
        let wide = format!("{},{:#010x},{:#010x},", row.mnemonic, row.mask, row.bits);
        let short = format!("{},{:#06x},{:#06x},", row.mnemonic, row.mask, row.bits);
        // Zfh leaves the rounding field of this exact conversion free (its manual, "Half-precision convert and move").
        let free_rounding = row.mnemonic == "fcvt.s.h" && row.mask == 0xfff0_007f;
        assert!(
            tables.contains(&wide) || tables.contains(&short) || free_rounding,
            "{}",
            row.mnemonic
        );
    }
}
