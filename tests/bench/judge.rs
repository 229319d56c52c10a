//! What judging one reading costs: `cargo bench --bench judge`.
//!
//! Below 1 µs, and nothing from the heap.

mod counted;
mod observed;

use counted::Counted;
use divan::{AllocProfiler, Bencher, black_box};
use observed::observed;
use pantau::criteria::{Policy, Subject, judge};
use pantau::reading::{Quantity, Radiation};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn bench(bencher: Bencher<'_, '_>, subject: Subject, values: &[(Quantity, f64)]) {
    let policy = Policy::default();
    observed(subject, values, |observation| {
        bencher.bench_local(|| judge(black_box(observation), black_box(&policy)));
    });
}

#[divan::bench]
fn normal_dose_rate(bencher: Bencher<'_, '_>) {
    bench(bencher, Subject::Environment, &[(Quantity::DoseRate, 0.1)]);
}

#[divan::bench]
fn normal_with_counts(bencher: Bencher<'_, '_>) {
    let beta = Quantity::CountRate(Radiation::Beta);
    let values = [(Quantity::DoseRate, 0.1), (beta, 0.8)];
    bench(bencher, Subject::Environment, &values);
}

#[divan::bench]
fn at_tio3(bencher: Bencher<'_, '_>) {
    bench(bencher, Subject::Environment, &[(Quantity::DoseRate, 1.2)]);
}

/// What the guard adds where there are no counts, or 10 s of them.
#[divan::bench]
fn guard_without_counts(bencher: Bencher<'_, '_>) {
    let mut counted = Counted::new(false);
    bencher.bench_local(move || counted.next(true));
}

/// With the counts of each second, while nothing is held anywhere.
#[divan::bench]
fn guard_of_seconds(bencher: Bencher<'_, '_>) {
    let mut counted = Counted::new(true);
    bencher.bench_local(move || counted.next(true));
}

/// The same, judged again by the sum.
#[divan::bench]
fn guard_of_seconds_while_held(bencher: Bencher<'_, '_>) {
    let mut counted = Counted::new(true);
    bencher.bench_local(move || counted.next(false));
}

#[divan::bench]
fn object_by_counts(bencher: Bencher<'_, '_>) {
    let beta = Quantity::CountRate(Radiation::Beta);
    bench(bencher, Subject::Object, &[(beta, 3.1)]);
}
