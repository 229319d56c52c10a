//! What classes say, and rules that are no comparison with a level.

use crate::criteria::trace::Why;
use crate::criteria::words::{Class, Disposition, Recommendation, Rule};
use crate::language::{Both, both};

/// What a class says.
pub(super) const fn class(class: Class) -> Both {
    match class {
        Class::Invalid => both("tidak dapat dipakai", "not usable"),
        Class::Normal => both("normal", "normal"),
        Class::Exempt => both(
            "pengecualian yang terdokumentasi berlaku; tetap dicatat dan terlihat",
            "a documented exemption holds; it stays recorded and visible",
        ),
        Class::ExistingManaged => both(
            "paparan eksisting yang dikelola",
            "existing exposure under management",
        ),
        Class::Elevated => both(
            "meningkat, tetapi di bawah TIO3; verifikasi",
            "elevated, but below TIO3; verify",
        ),
        Class::Unclassified => both(
            "tidak dapat dinilai; petugas harus bertindak",
            "cannot be judged; a person must act",
        ),
        Class::PossibleEmergency => both(
            "kemungkinan kedaruratan radiologik",
            "possible radiological emergency",
        ),
        Class::Emergency => both("kedaruratan radiologik", "radiological emergency"),
    }
}

/// Why a rule decided that is more than a level reached; `None` for the rows.
pub(super) const fn reason(rule: Rule) -> Option<Both> {
    Some(match rule {
        Rule::Nr => both("tidak ada aturan yang terpenuhi", "no rule matched"),
        Rule::T223 => both(
            "radiasi lingkungan meningkat dan menetap pada detektor tetap atau bergerak",
            "environmental radiation is elevated and lasts at a fixed or mobile detector",
        ),
        Rule::PbElev => both(
            "nilainya di antara normal dan TIO3",
            "the value lies between normal and TIO3",
        ),
        Rule::PbExist => both(
            "daerah ini ditutup ke paparan eksisting, dengan tingkatnya sendiri",
            "the area was closed to existing exposure, with a level of its own",
        ),
        Rule::ExRain | Rule::ExMed | Rule::ExNorm | Rule::ExNhb => {
            both("sebuah pengecualian berlaku", "an exemption holds")
        }
        Rule::Sn1 => both(
            "jarak tidak diketahui dan nilainya sangat tinggi",
            "the distance is not known and the value is very high",
        ),
        Rule::Sn2 => both(
            "alat di luar jangkauannya, tanda medan yang tinggi",
            "the instrument is over-range, which tells of a high field",
        ),
        Rule::Sn3 => both(
            "nilai runtuh setelah naik, seperti tabung yang jenuh",
            "the value collapsed after a rise, as an overloaded tube does",
        ),
        Rule::Dq01 => both("nilainya bukan bilangan", "the value is not a number"),
        Rule::Dq02 => both("nilainya negatif", "the value is negative"),
        Rule::Dq03 => both("satuannya tidak dikenal", "the unit is not known"),
        Rule::Dq04 => both(
            "satuannya milik besaran lain",
            "the unit belongs to another quantity",
        ),
        Rule::Dq05 => both(
            "laju dosis tepat nol tidak mungkin dari detektor yang hidup",
            "a dose rate of exactly zero cannot come from a live detector",
        ),
        Rule::Dq06 => both(
            "nilainya terlalu tinggi untuk dipercaya, dan tetap ditindaklanjuti",
            "the value is too high to be believed, and is acted upon all the same",
        ),
        Rule::Dq07 => both(
            "pembacaan yang sama sudah diterima",
            "the same reading was received before",
        ),
        Rule::Dq08 => both(
            "nilainya hanya batas atas, di bawah batas deteksi",
            "the value is only an upper bound, below the detection limit",
        ),
        Rule::Dq09 => both(
            "alat melaporkan kerusakan atau belum mengukur",
            "the instrument reports a fault or has not measured yet",
        ),
        Rule::Dq10 => both("alat dalam mode uji", "the instrument is in test mode"),
        Rule::Dq11 => both(
            "aturan ini memerlukan latar yang dapat dipakai",
            "the rule needs a background that can be used",
        ),
        Rule::Dq12 => both(
            "jarak pengukuran tidak memungkinkan perbandingan",
            "the distance of the measurement allows no comparison",
        ),
        Rule::Dq13 => both(
            "tidak ada baris untuk radiasi ini",
            "there is no row for this radiation",
        ),
        Rule::Hy1 => both(
            "tingkat naik seketika dan turun satu per satu",
            "levels rise at once and fall one at a time",
        ),
        Rule::T31I1
        | Rule::T31I2
        | Rule::T31II1
        | Rule::T31III1
        | Rule::T31III2
        | Rule::T32I1
        | Rule::T32I2
        | Rule::T32II1
        | Rule::T32II2
        | Rule::T32III1
        | Rule::T32III2
        | Rule::EscTio2G
        | Rule::EscTio3G
        | Rule::EscTio2B
        | Rule::EscTio3B
        | Rule::EscTio2A
        | Rule::EscTio3A
        | Rule::EscTio4G
        | Rule::EscTio4B
        | Rule::EscTio4A => return None,
    })
}

/// Why an exemption holds or not.
pub(super) const fn exemption(why: Why) -> Both {
    match why {
        Why::Holds => both("syaratnya terpenuhi", "its condition is met"),
        Why::NoRain => both(
            "tidak hujan, dan hujan terakhir sudah terlalu lama",
            "it does not rain, and no rain ended lately",
        ),
        Why::NoBaseline => both("latar tidak diukur", "no background was measured"),
        Why::TooHigh => both(
            "nilainya terlalu tinggi untuk dikecualikan",
            "the value is too high to be exempt",
        ),
        Why::RatioExceeded => both(
            "nilainya lebih tinggi dari yang dapat dijelaskan",
            "the value is higher than it explains",
        ),
        Why::NetTooHigh => both(
            "bahkan setelah dikurangi latar nilainya terlalu tinggi",
            "even less the background the value is too high",
        ),
        Why::NotClaimed => both(
            "tidak ada keterangan perawatan medis",
            "nobody speaks of a medical treatment",
        ),
        Why::Unverified => both(
            "perawatan medis hanya diakui, belum diverifikasi petugas",
            "the treatment is only claimed, no person verified it",
        ),
        Why::OnlyABound => both(
            "nilainya hanya batas bawah",
            "the value is only a lower bound",
        ),
        Why::NothingKnown => both(
            "tidak ada keterangan tentang bahan alam",
            "nothing is known of natural material",
        ),
        Why::NotIdentified => both(
            "nuklida belum diidentifikasi dengan spektrometer",
            "no spectrometer has identified the nuclides",
        ),
        Why::OtherNuclide => both(
            "ada nuklida yang bukan dari alam",
            "there is a nuclide that is not natural",
        ),
        Why::NotListed => both(
            "barang ini tidak disebut dalam catatan",
            "the note does not name this kind of thing",
        ),
        Why::DoseUnknown => both(
            "dosis tahunannya tidak diketahui",
            "the yearly dose is not known",
        ),
        Why::DoseExceeded => both(
            "dosis tahunannya terlalu tinggi",
            "the yearly dose is too high",
        ),
        Why::NeverHere => both(
            "tidak pernah berlaku untuk baris kedaruratan atau nilai batas",
            "it never holds for an emergency row or a mere bound",
        ),
    }
}

/// Why a status is recommended.
pub(super) const fn recommended(recommendation: Recommendation, rule: Rule) -> Both {
    match (recommendation, rule) {
        (Recommendation::None, _) => both(
            "kelas ini tidak meminta pengaktifan",
            "this class asks for no activation",
        ),
        (_, Rule::T223) => both(
            "tabel 2.2 baris 3 meminta pengaktifan bila kenaikan menetap",
            "table 2.2 row 3 asks for it when the rise lasts",
        ),
        (Recommendation::Siaga | Recommendation::AktifParsial, _) => both(
            "kemungkinan kedaruratan dan kedaruratan meminta tim ke lokasi (tabel 2.1 dan 2.2)",
            "a possible emergency and an emergency ask for a team at the scene (tables 2.1 and 2.2)",
        ),
    }
}

/// What becomes of a record that is not simply accepted.
pub(super) const fn disposition(disposition: Disposition) -> Option<Both> {
    match disposition {
        Disposition::Accept => None,
        Disposition::Historical => Some(both(
            "Catatan disimpan sebagai data masa lalu.",
            "The record is kept as one of the past.",
        )),
        Disposition::Quarantine => Some(both(
            "Catatan dikarantina dan harus ditinjau petugas.",
            "The record is in quarantine; a person must review it.",
        )),
        Disposition::Reject => Some(both(
            "Pembacaan ditolak; data mentahnya disimpan.",
            "The reading is refused; its raw data are kept.",
        )),
        Disposition::Duplicate => Some(both(
            "Catatan lama tetap berlaku.",
            "The earlier record stands.",
        )),
    }
}
