//! Channels add up to a reading: the highest class speaks, all remarks stay.

use super::finding::Finding;
use super::observation::Observation;
use super::words::{
    ChannelVerdict, Disposition, Judgement, MAX_CHANNELS, Recommendation, Remark, Remarks, Rule,
    Rules,
};
use crate::quality::{Arrived, ClockCheck};
use crate::reading::Quantity;

/// The reading so far.
#[derive(Debug)]
pub(super) struct Sum {
    best: Option<Finding>,
    rules: Rules,
    remarks: Remarks,
    recommendation: Recommendation,
    disposition: Disposition,
    channels: arrayvec::ArrayVec<ChannelVerdict, MAX_CHANNELS>,
}

impl Sum {
    pub(super) fn new(observation: &Observation<'_>) -> Self {
        let mut sum = Self {
            best: None,
            rules: Rules::EMPTY,
            remarks: observation.noted,
            recommendation: Recommendation::None,
            disposition: Disposition::Accept,
            channels: arrayvec::ArrayVec::new(),
        };
        if observation.setting.calibration_expired {
            sum.remarks.insert(Remark::CalibrationExpired);
        }
        if observation.arrived == Arrived::Conflict {
            sum.note(Disposition::Quarantine, Remark::SeqConflict);
        }
        sum
    }

    /// Time, position and subject: remarks, and what becomes of the record.
    pub(super) fn take_circumstances(&mut self, observation: &Observation<'_>) {
        if observation.time.is_stale {
            self.note(Disposition::Historical, Remark::Stale);
        }
        match observation.time.clock {
            ClockCheck::Trusted => {}
            ClockCheck::Ahead => self.note(Disposition::Quarantine, Remark::ClockSkew),
            ClockCheck::Naive => self.note(Disposition::Quarantine, Remark::NaiveTime),
            ClockCheck::Assumed => self.note(Disposition::Accept, Remark::TimeAssumed),
        }
        if !observation.has_position {
            self.remarks.insert(Remark::NoPosition);
        }
        if observation.setting.subject.is_none() {
            self.remarks.insert(Remark::SubjectAssumedEnvironment);
        }
    }

    fn note(&mut self, disposition: Disposition, remark: Remark) {
        self.disposition = self.disposition.max(disposition);
        self.remarks.insert(remark);
    }

    pub(super) fn add(&mut self, quantity: Quantity, finding: &Finding) {
        self.rules = self.rules.union(finding.also).with(finding.rule);
        self.remarks = self.remarks.union(finding.remarks);
        self.recommendation = self.recommendation.max(finding.recommendation);
        // Of equals, the first one speaks.
        if self.best.is_none_or(|best| finding.class > best.class) {
            self.best = Some(*finding);
        }
        self.keep(finding.verdict(quantity));
    }

    /// Keeps the verdict; when there is no room, the lowest one gives way.
    fn keep(&mut self, verdict: ChannelVerdict) {
        let Err(full) = self.channels.try_push(verdict) else {
            return;
        };
        let verdict = full.element();
        if let Some(lowest) = self.channels.iter_mut().min_by_key(|kept| kept.class)
            && lowest.class < verdict.class
        {
            *lowest = verdict;
        }
    }

    pub(super) fn judgement(mut self, without_channels: Finding) -> Judgement {
        let best = self.best.unwrap_or_else(|| {
            self.remarks = self.remarks.union(without_channels.remarks);
            without_channels
        });
        // SN-2 lifts a channel; it is no match of its own beside a table's.
        let also = self
            .rules
            .iter()
            .filter(|rule| *rule != best.rule && !matches!(rule, Rule::Nr | Rule::Sn2))
            .collect();
        Judgement {
            class: Some(best.class),
            rule: best.rule,
            also,
            recommendation: self.recommendation,
            disposition: self.disposition.max(best.disposition),
            remarks: self.remarks,
            canonical: best.value,
            channels: self.channels,
        }
    }
}
