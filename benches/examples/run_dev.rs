use ennead_sim::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut draft = config::Draft::shipped(&args[2]).unwrap();
    for a in &args[3..] {
        if a.contains('=') {
            draft.assignment(a).unwrap();
        }
    }
    let config = draft.finish().unwrap();
    let image = elf::Image::parse(&std::fs::read(&args[1]).unwrap()).unwrap();
    let n: usize = args
        .iter()
        .find_map(|a| a.strip_prefix("n:"))
        .map_or(0, |v| v.parse().unwrap());
    let mut best = f64::MAX;
    let mut ins = 0;
    for _ in 0..n {
        let mut m = machine::Machine::new(&config, &image).unwrap();
        let t = std::time::Instant::now();
        m.run(
            &engine::RunOptions {
                max_cycles: 100_000_000,
                ..Default::default()
            },
            &mut observe::Silent,
        );
        best = best.min(t.elapsed().as_secs_f64());
        ins = m.counters().instret();
    }
    if n > 0 {
        println!("best {:.4}s {:.1} MIPS", best, ins as f64 / best / 1e6);
        return;
    }
    let start = std::time::Instant::now();
    let mut m = machine::Machine::new(&config, &image).unwrap();
    let engine = if args.iter().any(|a| a == "lockstep") {
        engine::Engine::Lockstep
    } else {
        engine::Engine::Calendar
    };
    let out = if args.iter().any(|a| a == "trace") {
        m.run(
            &engine::RunOptions {
                max_cycles: 1000000,
                engine,
            },
            &mut observe::Retire(|r: observe::Retired| eprintln!("{} {} {:08x} {:08x}", r.core, r.cycle, r.pc, r.bits)),
        )
    } else {
        m.run(
            &engine::RunOptions {
                max_cycles: 100_000_000,
                engine,
            },
            &mut observe::Silent,
        )
    };
    let t = start.elapsed().as_secs_f64();
    println!("{}", String::from_utf8_lossy(m.console()));
    println!("{}", out.message(&|a| image.symbolize(a)));
    let c = m.counters();
    println!(
        "cycles {} instret {} macs {} mac/clk {:.3} MIPS {:.1} ({:.3}s)",
        c.cycles,
        c.instret(),
        c.macs(),
        c.macs() as f64 / c.cycles as f64,
        c.instret() as f64 / t / 1e6,
        t
    );
    if args.iter().any(|a| a == "-v") {
        for k in &c.cores {
            print!("{:20} i {} act {} sleep {} ", k.name, k.instret, k.active, k.sleep);
            for s in stall::Stall::ALL {
                let v = k.stalls[*s as usize];
                if v > 0 {
                    print!("{}={} ", s.key(), v);
                }
            }
            println!(" sum {}", k.active + k.sleep + k.stalls.iter().sum::<u64>());
        }
        for r in &c.regions {
            if r.core == 0 || r.core == 8 {
                println!(
                    "region {} core {} cycles {} instret {} macs {} {:.3}",
                    r.id,
                    r.core,
                    r.cycles,
                    r.instret,
                    r.macs,
                    r.macs as f64 / r.cycles as f64
                );
            }
        }
        println!("{:?}", c.dma);
        for w in m.warnings() {
            println!("warn {:x?}", w);
        }
    }
}
