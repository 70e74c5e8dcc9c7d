//! Simulated instructions a second, all cores together, of the bundled matrix multiplies on eight workers.
//!
//! `cargo bench -p ennead-benches`: criterion's throughput in elements is retired instructions; before each measurement
//! the best of a few runs is printed in MIPS. Building the machine and loading the program are not part of the time.

use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ennead_benches::Job;

fn matmul(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matmul");
    group.sample_size(20).measurement_time(Duration::from_secs(4));
    for name in ["matmul-fp16", "matmul-fp32"] {
        let job = Job::bundled(name);
        let mut best = f64::MAX;
        let mut instructions = 0;
        for _ in 0..5 {
            let mut machine = job.machine();
            let start = Instant::now();
            instructions = job.run(&mut machine);
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name}: {:.1} MIPS", instructions as f64 / best / 1e6);
        group.throughput(Throughput::Elements(instructions));
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(|| job.machine(), |machine| job.run(machine), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, matmul);
criterion_main!(benches);
