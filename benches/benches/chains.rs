//! Simulated instructions a second of one core in chains of dependent instructions: integer, binary32 and packed binary16.
//!
//! `cargo bench -p ennead-benches --bench chains`: criterion's throughput in elements is retired instructions; before
//! the measurements the best of a few runs of each chain is printed in MIPS, and how many times slower it is than the
//! integer chain.

use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ennead_benches::{CHAINS, Job};

fn mips(job: &Job) -> f64 {
    let rate = |_| {
        let mut machine = job.machine();
        let start = Instant::now();
        let instructions = job.run(&mut machine);
        instructions as f64 / start.elapsed().as_secs_f64() / 1e6
    };
    (0..10).map(rate).fold(0.0, f64::max)
}

fn chains(criterion: &mut Criterion) {
    let jobs = CHAINS.map(|chain| (chain, Job::chain(&chain)));
    let mut integer = None;
    for (chain, job) in &jobs {
        let mips = mips(job);
        let integer = *integer.get_or_insert(mips);
        println!(
            "{}: {mips:.1} MIPS, {:.2} times slower than integers",
            chain.name,
            integer / mips
        );
    }
    let mut group = criterion.benchmark_group("chains");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    for (chain, job) in &jobs {
        group.throughput(Throughput::Elements(chain.instructions()));
        group.bench_function(chain.name, |bencher| {
            bencher.iter_batched_ref(|| job.machine(), |machine| job.run(machine), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, chains);
criterion_main!(benches);
