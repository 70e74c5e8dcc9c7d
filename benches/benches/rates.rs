//! Simulated instructions a second: chains of dependent instructions on one core, loops on eight workers, and bundled
//! matrix multiplies.
//!
//! `cargo bench -p ennead-benches`: criterion's throughput in elements is retired instructions. Building the machine and
//! loading the program are not part of the time. `host` is what the baseline measures the others in (`baseline.rs`).

use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ennead_benches::{GROUP, HOST, HOST_STEPS, host_steps, rates};

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(GROUP);
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    group.throughput(Throughput::Elements(HOST_STEPS));
    group.bench_function(HOST, |bencher| bencher.iter(|| host_steps(HOST_STEPS)));
    for (name, job) in rates() {
        group.throughput(Throughput::Elements(job.run(&mut job.machine())));
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(|| job.machine(), |machine| job.run(machine), BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
