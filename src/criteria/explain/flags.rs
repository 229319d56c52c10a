//! What each flag says, in Indonesian and English.

use crate::criteria::words::Remark;
use crate::language::{Both, both};

/// What a flag says, as the end of a sentence.
pub(crate) const fn says(remark: Remark) -> Both {
    match remark {
        Remark::AlphaNotExcluded => both(
            "cacah yang tidak dipisahkan ini dapat berupa alfa di atas tingkatnya; ukur alfa tersendiri",
            "these counts, not told apart, could be alpha above its level; measure alpha alone",
        ),
        Remark::BackgroundAssumed => both(
            "latar tidak diukur dan hanya diandaikan",
            "the background was not measured, only assumed",
        ),
        Remark::BackgroundStale => both(
            "cacah latar terlalu lama untuk dipakai",
            "the background counts are too old to be used",
        ),
        Remark::BackgroundInvalid => both(
            "latar nol atau negatif tidak dapat dipakai",
            "a background of zero or below cannot be used",
        ),
        Remark::BelowDl => both(
            "di bawah batas deteksi: nilainya hanya batas atas",
            "below the detection limit: the value is only an upper bound",
        ),
        Remark::CalibrationExpired => both(
            "kalibrasi alat sudah lewat masa berlaku",
            "the calibration of the instrument has run out",
        ),
        Remark::CategoryUnknown => both(
            "kategori sumber tidak diketahui dan dianggap 1 sampai 3",
            "the category of the source is unknown and taken as 1 to 3",
        ),
        Remark::ChannelMissing => both(
            "satu dari dua cacah tidak diukur",
            "one of the two counts was not measured",
        ),
        Remark::ClockSkew => both(
            "jam alat mendahului; waktunya tidak dipercaya",
            "the clock of the instrument is ahead; its time is not believed",
        ),
        Remark::ConsentNotRecorded => both(
            "tidak ada catatan bahwa pekerja diberi tahu dan bersedia",
            "no record says that the worker was informed and volunteered",
        ),
        Remark::DeviceFault => both(
            "alat melaporkan kerusakan",
            "the instrument reports a fault",
        ),
        Remark::Duplicate => both("sudah pernah diterima", "it was received before"),
        Remark::GeometryAssumed => both(
            "jarak tidak disebut dan dianggap sesuai aturan",
            "no distance was given, and the rule's is taken",
        ),
        Remark::GeometryUnknown => both(
            "jarak pengukuran tidak diketahui",
            "the distance of the measurement is not known",
        ),
        Remark::GrayConverted => both(
            "dikonversi dari gray menurut ketentuan",
            "converted from gray by convention",
        ),
        Remark::GuardBand => both(
            "ketidakpastian ditambahkan sebelum dibandingkan",
            "the uncertainty was added before comparing",
        ),
        Remark::HigherLevelUnknown => both(
            "tingkat yang lebih tinggi tidak dapat dinilai dari jarak ini",
            "the higher level cannot be judged from this distance",
        ),
        Remark::Implausible => both(
            "terlalu tinggi untuk dipercaya, tetapi tetap ditindaklanjuti",
            "too high to be believed, and acted upon all the same",
        ),
        Remark::InsufficientData => both(
            "jam pengukuran atau titik terlalu sedikit",
            "too few hours of measurement or points",
        ),
        Remark::K40Subtracted => both(
            "sumbangan K-40 yang terukur sudah dikurangkan",
            "the measured contribution of K-40 was taken off",
        ),
        Remark::LowBattery => both("baterai alat lemah", "the battery is low"),
        Remark::MedicalAboveCap => both(
            "perawatan medis terverifikasi, tetapi nilainya terlalu tinggi; petugas memutuskan",
            "the treatment is verified, but the value is too high; a person decides",
        ),
        Remark::MedicalUnverified => both(
            "perawatan medis hanya diakui, belum diverifikasi",
            "the treatment is only claimed, not verified",
        ),
        Remark::NaiveTime => both(
            "waktu tanpa zona tidak dipakai",
            "a time without a zone is not used",
        ),
        Remark::NeedsBackground => both(
            "latar dengan probe yang sama diperlukan",
            "a background by the same probe is needed",
        ),
        Remark::NeedsGeometry => both(
            "jarak yang sesuai aturan diperlukan; ukur ulang",
            "the distance of the rule is needed; measure again",
        ),
        Remark::Negative => both("nilainya negatif", "the value is negative"),
        Remark::NhbRatioExceeded => both(
            "lebih tinggi dari yang dijelaskan oleh latar alam yang terdaftar",
            "higher than the registered natural background explains",
        ),
        Remark::NormDoseExceeded => both(
            "dosis tahunan dari bahan alam terlalu tinggi",
            "the yearly dose from the natural material is too high",
        ),
        Remark::NormDoseUnknown => both(
            "dosis tahunan dari bahan alam tidak diketahui",
            "the yearly dose from the natural material is not known",
        ),
        Remark::NormItemNotListed => both(
            "barang ini tidak disebut dalam catatan",
            "the note does not name this kind of thing",
        ),
        Remark::NormOtherNuclide => both(
            "ada nuklida yang bukan dari alam",
            "there is a nuclide that is not natural",
        ),
        Remark::NormUnverified => both(
            "nuklida belum diidentifikasi dengan spektrometer",
            "no spectrometer has identified the nuclides",
        ),
        Remark::NotANumber => both("bukan bilangan", "it is not a number"),
        Remark::NotRecovered => both(
            "sumber atau lingkungan belum dipulihkan",
            "source or environment are not recovered",
        ),
        Remark::NoPosition => both(
            "tanpa posisi; lengkapi sebelum kasus diekspor",
            "without a position; add one before the case is exported",
        ),
        Remark::Overrange => both(
            "alat di luar jangkauannya; nilainya hanya batas bawah",
            "the instrument is over-range; the value is only a lower bound",
        ),
        Remark::ProbeNotNormalised => both(
            "probe tanpa faktor; cacah dibandingkan apa adanya",
            "the probe has no factor; counts are compared as they are",
        ),
        Remark::RadiationUnspecified => both(
            "tidak ada baris untuk radiasi ini",
            "there is no row for this radiation",
        ),
        Remark::RainNotApplicable => both(
            "hujan tidak menjelaskan nilai setinggi ini",
            "rain does not explain a value this high",
        ),
        Remark::RainNoBaseline => both(
            "tanpa latar terukur, hujan tidak dapat dinilai",
            "without a measured background, rain cannot be judged",
        ),
        Remark::RainRatioExceeded => both(
            "lebih tinggi dari yang dijelaskan oleh hujan",
            "higher than rain explains",
        ),
        Remark::RoentgenConverted => both(
            "dikonversi dari röntgen menurut ketentuan",
            "converted from röntgen by convention",
        ),
        Remark::SeqConflict => both(
            "nomor urut yang sama datang dengan nilai lain",
            "the same number came with another value",
        ),
        Remark::Stale => both(
            "sudah lama ketika tiba: dapat menaikkan, tidak menurunkan",
            "old when it arrived: it may raise, and never lowers",
        ),
        Remark::SubjectAssumedEnvironment => both(
            "objek ukur tidak disebut dan dianggap lingkungan",
            "what was measured is not said, and taken as the environment",
        ),
        Remark::SuspectZero => both(
            "detektor yang hidup tidak pernah menunjukkan tepat nol",
            "a live detector never shows exactly zero",
        ),
        Remark::T41Limits => both(
            "hanya dosis tahunan dari tabel 4.1 yang menghalangi",
            "only the yearly dose of table 4.1 stands in the way",
        ),
        Remark::TestMode => both("alat dalam mode uji", "the instrument is in test mode"),
        Remark::TextWouldAllowNormal => both(
            "bunyi harfiah tabel 4.2 akan mengizinkan normal",
            "the literal text of table 4.2 would allow normal",
        ),
        Remark::TimeAssumed => both(
            "waktu pengukuran dianggap sama dengan waktu tiba",
            "the time of measurement is taken as the time of arrival",
        ),
        Remark::Tio6ValueMissing => both(
            "ada nuklida tanpa nilai TIO6",
            "there is a nuclide without a TIO6 value",
        ),
        Remark::UnitMismatch => both(
            "satuan besaran lain",
            "the unit belongs to another quantity",
        ),
        Remark::UnknownUnit => both(
            "satuan tidak dikenal dan tidak ditebak",
            "the unit is not known, and is not guessed",
        ),
        Remark::AboveOil1 => both(
            "sangat berat: di atas tingkat OIL1 yang ditetapkan",
            "very severe: at or above the OIL1 level that was set",
        ),
        Remark::SummedCounts => both(
            "nilainya dari cacah beberapa detik terakhir bersama-sama",
            "the value is that of the counts of the last seconds together",
        ),
        Remark::CusumConfirmed => both(
            "kenaikan kecil ini dipastikan oleh jumlah kumulatif cacah",
            "this small rise is confirmed by the cumulative sum of counts",
        ),
    }
}
