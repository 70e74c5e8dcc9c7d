use ennead_sim::*;
use std::collections::HashMap;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (elf, csv, cfgname) = (&args[1], &args[2], &args[3]);
    let mut draft = config::Draft::shipped(cfgname).unwrap();
    for a in &args[4..] {
        if a.contains('=') {
            draft.assignment(a).unwrap();
        }
    }
    let verbose = args.iter().any(|a| a == "-v");
    let config = draft.finish().unwrap();
    let image = elf::Image::parse(&std::fs::read(elf).unwrap()).unwrap();
    let mut m = machine::Machine::new(&config, &image).unwrap();
    let mut got: HashMap<usize, Vec<(u64, u32, u32)>> = HashMap::new();
    let out = {
        let mut o = observe::Retire(|r: observe::Retired| got.entry(r.core).or_default().push((r.cycle, r.pc, r.bits)));
        m.run(
            &machine::RunOptions {
                max_cycles: 3_000_000,
                ..Default::default()
            },
            &mut o,
        )
    };
    let text = std::fs::read_to_string(csv).unwrap();
    let mut want: HashMap<usize, Vec<(u64, u32, u32)>> = HashMap::new();
    let hdr: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let col = |n: &str| hdr.iter().position(|h| *h == n);
    let hex = |s: &str| u32::from_str_radix(s.trim_start_matches("0x"), 16).unwrap();
    for l in text.lines().skip(1) {
        let f: Vec<&str> = l.split(',').collect();
        let h = col("hart").or(col("core")).map_or(0, |c| f[c].parse().unwrap());
        want.entry(h).or_default().push((
            f[col("cycle").unwrap()].parse().unwrap(),
            hex(f[col("pc").unwrap()]),
            hex(f[col("insn").unwrap()]),
        ));
    }
    let mut bad = 0;
    let mut total = 0;
    let mut harts: Vec<_> = want.keys().copied().collect();
    harts.sort();
    for h in harts {
        let w = &want[&h];
        let empty = vec![];
        let g = got.get(&h).unwrap_or(&empty);
        let mut shown = 0;
        let mut i = 0;
        while i < w.len() {
            total += 1;
            if i >= g.len() {
                bad += 1;
                if shown < 1 {
                    println!("  hart {h}: ours ended at {i} of {} ({out:?})", w.len());
                }
                break;
            }
            if w[i].1 != g[i].1 || (w[i].2 != g[i].2) {
                bad += 1;
                println!(
                    "  hart {h} #{i}: pc want {:08x} {:08x} got {:08x} {:08x} cyc {} {}",
                    w[i].1, w[i].2, g[i].1, g[i].2, w[i].0, g[i].0
                );
                break;
            }
            if i > 0 {
                let (dw, dg) = (w[i].0 - w[i - 1].0, g[i].0 - g[i - 1].0);
                if dw != dg {
                    bad += 1;
                    if shown < (if verbose { 100 } else { 3 }) {
                        println!(
                            "  hart {h} #{i}: pc {:08x} insn {:08x} prev {:08x} cost(prev) want {dw} got {dg} at {}",
                            w[i].1,
                            w[i].2,
                            w[i - 1].2,
                            w[i].0
                        );
                        shown += 1;
                    }
                }
            }
            i += 1;
        }
    }
    println!("{} {} bad {bad} of {total}", if bad == 0 { "OK" } else { "BAD" }, csv);
}
