//! What each clock is about, who has to act and who hears of it next, in
//! Indonesian and English.

use crate::criteria::deadline::Deadline;

/// One text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Both {
    /// Indonesian.
    pub id: &'static str,
    /// English.
    pub en: &'static str,
}

const fn both(id: &'static str, en: &'static str) -> Both {
    Both { id, en }
}

const DUTY: Both = both("Petugas piket DK2N", "Duty officer of DK2N");
const KN: Both = both("Koordinator KFKN", "Coordinator of KFKN");
const KFKN: Both = both("KFKN", "KFKN");
const K2N: Both = both("Direktur K2N", "Director K2N");
const INSPECTION: Both = both("Direktur IFRZR atau I2BN", "Director IFRZR or I2BN");
const CHIEF: Both = both("Ketua STD", "Chief of the STD");
const DEPUTY: Both = both("Deputi PI", "Deputy PI");
const LEADER: Both = both(
    "Ketua Tim BAPETEN atau Korlap TD",
    "Team leader or field coordinator",
);
const FACILITY_LEADER: Both = both("Ketua Tim BAPETEN", "Leader of Tim BAPETEN");
const KORLAP: Both = both("Korlap TD", "Field coordinator of the STD team");

/// What a clock means for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What has to be done.
    pub what: Both,
    /// Who has to do it.
    pub who: Both,
    /// Who hears of it when it is late.
    pub next: Both,
    /// Where the guideline says so, PUK/DK2N.3/PT.17 rev. 0.
    pub source: &'static str,
}

/// What a clock means for people (criteria.md section 4.9).
pub const fn meaning(rule: Deadline) -> Meaning {
    let (what, who, next, source) = match rule {
        Deadline::D20 => (
            both("meneruskan formulir laporan", "forward the form"),
            DUTY,
            KN,
            "flow charts 2.2 and 2.3, row 1",
        ),
        Deadline::D01 => (
            both("menjawab laporan", "answer the report"),
            DUTY,
            KN,
            "2.1(2), p. 16",
        ),
        Deadline::D02 => (
            both(
                "memverifikasi laporan dan menyampaikannya kepada Koordinator KN",
                "verify the report and pass it to the KN coordinator",
            ),
            DUTY,
            KN,
            "2.1(5), p. 16",
        ),
        Deadline::D03 => (
            both(
                "menyampaikan laporan kepada Direktur K2N",
                "pass the report to Director K2N",
            ),
            KN,
            K2N,
            "2.1(6), p. 17",
        ),
        Deadline::D21 => (
            both("telaah awal kejadian", "initial review of the event"),
            KFKN,
            K2N,
            "flow chart 2.1, row 5",
        ),
        Deadline::D04 => (
            both(
                "menetapkan kejadian di fasilitas/kegiatan atau Kejadian Khusus",
                "set the event as one of a facility or a special event",
            ),
            K2N,
            DEPUTY,
            "2.1(7), p. 17",
        ),
        Deadline::D05 => (
            both(
                "koordinasi penentuan tingkat aktivasi",
                "coordinate the activation level",
            ),
            K2N,
            DEPUTY,
            "2.2.1(3), p. 18",
        ),
        Deadline::D06 => (
            both(
                "berkoordinasi dengan kepolisian (dugaan tindak kriminal)",
                "coordinate with the police (a crime is suspected)",
            ),
            INSPECTION,
            DEPUTY,
            "2.2.1(5), p. 18",
        ),
        Deadline::D07J => (
            both(
                "verifikasi lapangan di pulau Jawa",
                "field verification on Java",
            ),
            LEADER,
            INSPECTION,
            "3.1.1(2), 3.1.2(1), p. 28-29",
        ),
        Deadline::D07O => (
            both(
                "verifikasi lapangan di luar pulau Jawa",
                "field verification outside Java",
            ),
            LEADER,
            INSPECTION,
            "3.1.1(2), 3.1.2(1), p. 28-29",
        ),
        Deadline::D15 => (
            both(
                "pembagian tugas tim di lapangan",
                "division of tasks in the field",
            ),
            LEADER,
            INSPECTION,
            "flow charts 3.1 and 3.2, row 3",
        ),
        Deadline::D08 => (
            both(
                "laporan lisan hasil verifikasi",
                "oral report of the verification",
            ),
            FACILITY_LEADER,
            INSPECTION,
            "3.1.1(7)",
        ),
        Deadline::D11 => (
            both(
                "laporan lisan hasil verifikasi",
                "oral report of the verification",
            ),
            KORLAP,
            CHIEF,
            "3.1.2(7)",
        ),
        Deadline::D09 => (
            both("pemaparan hasil verifikasi", "presentation of the results"),
            FACILITY_LEADER,
            INSPECTION,
            "3.1.1(8)",
        ),
        Deadline::D10 => (
            both("laporan lengkap tertulis", "full written report"),
            FACILITY_LEADER,
            INSPECTION,
            "3.1.1(9)",
        ),
        Deadline::D12 => (
            both("laporan lengkap tertulis", "full written report"),
            KORLAP,
            CHIEF,
            "3.1.2(7)",
        ),
        Deadline::D13 => (
            both(
                "membandingkan sumber dengan data perizinan",
                "compare the recovered source with licence data",
            ),
            LEADER,
            INSPECTION,
            "3.2.1(3); flow chart 3.2, row 12",
        ),
        Deadline::D14 => (
            both(
                "surat penutupan kasus (well logging)",
                "close statement (well logging)",
            ),
            INSPECTION,
            DEPUTY,
            "3.2.1(4)c, p. 32",
        ),
        Deadline::D16 => (
            both("laporan akhir respons", "final response report"),
            FACILITY_LEADER,
            INSPECTION,
            "flow chart 3.1, row 15",
        ),
        Deadline::D17 => (
            both("laporan akhir respons", "final response report"),
            KORLAP,
            CHIEF,
            "flow chart 3.2, row 19",
        ),
        Deadline::D18 => (
            both("persetujuan laporan akhir", "approval of the final report"),
            both(
                "Pejabat yang menugaskan tim",
                "Official who assigned the team",
            ),
            DEPUTY,
            "flow charts 4.2 and 4.3, row 5",
        ),
        Deadline::D19 => (
            both("surat penutupan kasus", "close statement"),
            both(
                "Pejabat yang menugaskan tim",
                "Official who assigned the team",
            ),
            DEPUTY,
            "flow charts 3.1 (row 16) and 4.1 to 4.3 (last row)",
        ),
    };
    Meaning {
        what,
        who,
        next,
        source,
    }
}
