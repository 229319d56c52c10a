//! The policy by which the readings of a case were judged, for its record.

use serde_json::{Value, json};

use crate::criteria::{Basis, Policy};

/// Every number of the policy, by its key in `[criteria]`.
pub(super) fn document(policy: &Policy) -> Value {
    let words = |rules: crate::criteria::Rules| -> Vec<&'static str> {
        rules.iter().map(|rule| rule.as_str()).collect()
    };
    let termination = &policy.termination;
    json!({
        "comparator_gt": words(policy.strict),
        "dose_basis_net": words(policy.net_dose),
        "count_basis": if policy.count_basis == Basis::Gross { "gross" } else { "net" },
        "gy_to_sv": policy.gy_to_sv,
        "persistence_min": policy.persistence_min,
        "elevated_net_usv_h": policy.elevated_net_usv_h,
        "background.fallback_usv_h": policy.background_fallback_usv_h,
        "background.count_max_age_h": policy.background_count_max_age_h,
        "rain.ratio": policy.rain_ratio,
        "rain.hours_after": policy.rain_hours_after,
        "nhb.ratio": policy.nhb_ratio,
        "existing.ratio": policy.existing_ratio,
        "min_net_cps.alpha": policy.min_net_cps.alpha,
        "min_net_cps.beta": policy.min_net_cps.beta,
        "medical.require_verification": policy.medical_require_verification,
        "norm.hours": policy.norm_hours,
        "env_max_height_m": policy.env_max_height_m,
        "geometry_tolerance": policy.geometry_tolerance,
        "probe_factor": policy.probe_factor,
        "time.max_age_secs": policy.time.max_age_s,
        "time.max_ahead_secs": policy.time.max_ahead_s,
        "termination.hours": termination.min_hours,
        "termination.points": termination.min_points,
        "decision_rule": termination.guard_factor,
        "occupancy_h.residential": termination.residential_h,
        "occupancy_h.non_residential": termination.non_residential_h,
        "h10_to_e": termination.h10_to_e,
    })
}
