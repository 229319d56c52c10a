//! What judging one reading costs: `cargo bench --bench judge`.
//!
//! Below 1 µs, and nothing from the heap.

use divan::{AllocProfiler, Bencher, black_box};
use pantau::criteria::{
    CountBackground, Input, Observation, Policy, Remarks, Setting, Shown, Status, Subject, judge,
};
use pantau::quality::{Arrived, TimeCheck};
use pantau::reading::{Quantity, Radiation};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn bench(bencher: Bencher<'_, '_>, subject: Subject, values: &[(Quantity, f64)]) {
    let setting = Setting {
        subject: Some(subject),
        distance_m: Some(1.0),
        background_usv_h: Some(0.08),
        background_counts: CountBackground {
            alpha: Some(0.1),
            beta: Some(1.0),
            age_h: Some(1.0),
        },
        ..Setting::default()
    };
    let channels: Vec<Input> = values
        .iter()
        .map(|(quantity, value)| Input {
            quantity: *quantity,
            shown: Shown::Number(*value),
            noted: Remarks::EMPTY,
        })
        .collect();
    let observation = Observation {
        setting: &setting,
        channels: &channels,
        status: Status::default(),
        arrived: Arrived::Fresh,
        time: TimeCheck::default(),
        has_position: true,
        noted: Remarks::EMPTY,
    };
    let policy = Policy::default();
    bencher.bench_local(|| judge(black_box(&observation), black_box(&policy)));
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

#[divan::bench]
fn object_by_counts(bencher: Bencher<'_, '_>) {
    let beta = Quantity::CountRate(Radiation::Beta);
    bench(bencher, Subject::Object, &[(beta, 3.1)]);
}
