//! Judging a reading takes no memory from the heap.
//!
//! A binary of its own: the allocator of the whole process counts.

#[path = "bench/counted.rs"]
mod counted;
#[path = "bench/observed.rs"]
mod observed;

use counted::Counted;
use observed::observed;
use pantau::criteria::{Policy, Subject, judge};
use pantau::reading::{Quantity, Radiation};

fn allocations(subject: Subject, values: &[(Quantity, f64)]) -> u64 {
    let policy = Policy::default();
    observed(subject, values, |observation| {
        let mut class = None;
        let counted = allocation_counter::measure(|| {
            class = judge(observation, &policy).class;
        });
        assert!(class.is_some());
        counted.count_total
    })
}

#[test]
fn judging_allocates_nothing() {
    let beta = Quantity::CountRate(Radiation::Beta);
    let alpha = Quantity::CountRate(Radiation::Alpha);
    for subject in Subject::ALL {
        for usv_h in [0.0, 0.1, 0.3, 1.2, 150.0, 2e8, f64::NAN] {
            for cps in [0.0, 0.5, 3.0, 30.0, 2_000.0] {
                let values = [(Quantity::DoseRate, usv_h), (beta, cps), (alpha, cps)];
                assert_eq!(allocations(*subject, &values), 0, "{subject} {usv_h} {cps}");
            }
        }
    }
}

/// Nor does looking at its counts, once the instrument is known; but for the minute
/// that is full, which is kept.
#[test]
fn guarding_allocates_nothing() {
    for has_counts in [false, true] {
        let mut counted = Counted::new(has_counts);
        counted.next(true);
        for is_idle in [true, false] {
            let measured = allocation_counter::measure(|| {
                for _ in 0..25 {
                    std::hint::black_box(counted.next(is_idle));
                }
            });
            assert_eq!(measured.count_total, 0, "{has_counts} {is_idle}");
        }
    }
}

/// Else the test above would pass whatever happens.
#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| {
        drop(std::hint::black_box(
            pantau::criteria::reference::canonical(&Policy::default()),
        ));
    });
    assert!(counted.count_total > 0);
}
