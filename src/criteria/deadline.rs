//! How long each step of the guideline may take (criteria.md section 4.9).
//!
//! Elapsed hours, every day and every hour: the duty is 24 x 7.

use std::time::Duration;

use crate::clock::Wall;
use crate::language::{Both, both};
use crate::reading::words;

words! {
    /// A step with a time limit.
    pub enum Deadline {
        /// The duty officer answers every report.
        D01 = "D-01",
        /// Verify, and pass to the KN coordinator.
        D02 = "D-02",
        /// KN coordinator to Director K2N.
        D03 = "D-03",
        /// Facility or special event is set.
        D04 = "D-04",
        /// Coordination to set the activation level.
        D05 = "D-05",
        /// Police coordination when a crime is suspected.
        D06 = "D-06",
        /// Field verification on Java.
        D07J = "D-07J",
        /// Field verification outside Java.
        D07O = "D-07O",
        /// Oral report, facility.
        D08 = "D-08",
        /// Presentation of results, facility.
        D09 = "D-09",
        /// Full written report, facility.
        D10 = "D-10",
        /// Oral report, special event.
        D11 = "D-11",
        /// Full written report, special event.
        D12 = "D-12",
        /// Compare a recovered source with licence data.
        D13 = "D-13",
        /// Close statement, well logging.
        D14 = "D-14",
        /// Division of tasks in the field.
        D15 = "D-15",
        /// Final response report, facility.
        D16 = "D-16",
        /// Final response report, special event.
        D17 = "D-17",
        /// Approval of the final report.
        D18 = "D-18",
        /// Close statement.
        D19 = "D-19",
        /// The duty officer forwards the form.
        D20 = "D-20",
        /// Initial review by KFKN.
        D21 = "D-21",
    }
}

impl Deadline {
    /// Hours from its start.
    ///
    /// # Source
    ///
    /// PUK/DK2N.3/PT.17 rev. 0: 2.1 (p. 16-17), 2.2.1 (p. 18), 3.1 (p. 28-29),
    /// 3.2.1 (p. 32) and the flow charts; each by its row in criteria.md 4.9.
    pub const fn hours(self) -> u64 {
        match self {
            Self::D20 => 1,
            Self::D02 | Self::D03 => 2,
            Self::D01 | Self::D06 | Self::D15 => 4,
            Self::D13 => 8,
            Self::D21 => 20,
            Self::D04
            | Self::D05
            | Self::D07J
            | Self::D08
            | Self::D11
            | Self::D14
            | Self::D18
            | Self::D19 => 24,
            Self::D07O => 48,
            Self::D09 | Self::D12 | Self::D17 => 72,
            Self::D10 | Self::D16 => 120,
        }
    }

    /// What has to be done, and what starts its clock: for texts.
    pub(super) const fn says(self) -> (Both, Both) {
        let (id, en, from_id, from_en) = match self {
            Self::D01 => (
                "Petugas piket menjawab laporan",
                "The duty officer answers the report",
                "laporan diterima",
                "the report was received",
            ),
            Self::D02 => (
                "Verifikasi dan penerusan ke koordinator KN",
                "Verification and passing to the KN coordinator",
                "formulir diterima",
                "the form was received",
            ),
            Self::D03 => (
                "Koordinator KN meneruskan ke Direktur K2N",
                "The KN coordinator passes it to Director K2N",
                "diterima dari petugas piket",
                "it came from the duty officer",
            ),
            Self::D04 => (
                "Penetapan fasilitas atau kejadian khusus",
                "Setting facility or special event",
                "formulir lengkap diterima",
                "the complete form was in",
            ),
            Self::D05 => (
                "Koordinasi penetapan tingkat pengaktifan",
                "Coordination to set the activation level",
                "laporan diterima Direktur K2N",
                "Director K2N had the report",
            ),
            Self::D06 => (
                "Koordinasi dengan kepolisian",
                "Coordination with the police",
                "pengaktifan",
                "it was activated",
            ),
            Self::D07J => (
                "Verifikasi lapangan di Jawa",
                "Field verification on Java",
                "status pengaktifan ditetapkan",
                "the activation status was set",
            ),
            Self::D07O => (
                "Verifikasi lapangan di luar Jawa",
                "Field verification outside Java",
                "status pengaktifan ditetapkan",
                "the activation status was set",
            ),
            Self::D08 => (
                "Laporan lisan, fasilitas",
                "Oral report, facility",
                "verifikasi selesai",
                "the verification ended",
            ),
            Self::D09 => (
                "Pemaparan hasil, fasilitas",
                "Presentation of results, facility",
                "verifikasi selesai",
                "the verification ended",
            ),
            Self::D10 => (
                "Laporan tertulis lengkap, fasilitas",
                "Full written report, facility",
                "verifikasi selesai",
                "the verification ended",
            ),
            Self::D11 => (
                "Laporan lisan, kejadian khusus",
                "Oral report, special event",
                "verifikasi selesai",
                "the verification ended",
            ),
            Self::D12 => (
                "Laporan tertulis lengkap, kejadian khusus",
                "Full written report, special event",
                "verifikasi selesai",
                "the verification ended",
            ),
            Self::D13 => (
                "Pembandingan sumber dengan data izin",
                "Comparison of the source with licence data",
                "sumber dipulihkan",
                "the source was recovered",
            ),
            Self::D14 => (
                "Surat penutupan kasus, well logging",
                "Close statement, well logging",
                "pemberitahuan selesai diterima",
                "the completion notice arrived",
            ),
            Self::D15 => (
                "Pembagian tugas di lapangan",
                "Division of tasks in the field",
                "tim ditugaskan",
                "the team was assigned",
            ),
            Self::D16 => (
                "Laporan akhir respons, fasilitas",
                "Final response report, facility",
                "verifikasi keselamatan selesai",
                "the safety verification ended",
            ),
            Self::D17 => (
                "Laporan akhir respons, kejadian khusus",
                "Final response report, special event",
                "verifikasi keselamatan selesai",
                "the safety verification ended",
            ),
            Self::D18 => (
                "Persetujuan laporan akhir",
                "Approval of the final report",
                "laporan diserahkan",
                "the report was submitted",
            ),
            Self::D19 => (
                "Surat penutupan kasus",
                "Close statement",
                "laporan disetujui",
                "the report was approved",
            ),
            Self::D20 => (
                "Petugas piket meneruskan formulir",
                "The duty officer forwards the form",
                "laporan diterima",
                "the report was taken in",
            ),
            Self::D21 => (
                "Kajian awal oleh KFKN",
                "Initial review by KFKN",
                "D-03 selesai",
                "D-03 was done",
            ),
        };
        (both(id, en), both(from_id, from_en))
    }

    /// When a step that began at `start` is due.
    pub fn due(self, start: Wall) -> Wall {
        start.saturating_add(Duration::from_secs(self.hours() * 3600))
    }

    /// Whether it is late: now is later than due, not at it.
    pub fn is_overdue(self, start: Wall, now: Wall) -> bool {
        now > self.due(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_the_table() {
        let table: &[(&str, u64)] = &[
            ("D-20", 1),
            ("D-01", 4),
            ("D-02", 2),
            ("D-03", 2),
            ("D-21", 20),
            ("D-04", 24),
            ("D-05", 24),
            ("D-06", 4),
            ("D-07J", 24),
            ("D-07O", 48),
            ("D-15", 4),
            ("D-08", 24),
            ("D-11", 24),
            ("D-09", 72),
            ("D-10", 120),
            ("D-12", 72),
            ("D-13", 8),
            ("D-14", 24),
            ("D-16", 120),
            ("D-17", 72),
            ("D-18", 24),
            ("D-19", 24),
        ];
        assert_eq!(table.len(), Deadline::ALL.len());
        for (word, hours) in table {
            assert_eq!(Deadline::from_word(word).unwrap().hours(), *hours, "{word}");
        }
    }

    #[test]
    fn late_begins_after_due() {
        let start = Wall::parse_rfc3339("2026-03-14T23:30:00+07:00").unwrap();
        let due = Deadline::D01.due(start);
        assert_eq!(due.to_string(), "2026-03-14T20:30:00Z");
        assert!(!Deadline::D01.is_overdue(start, due));
        assert!(Deadline::D01.is_overdue(start, due.saturating_add(Duration::from_nanos(1))));
    }
}
