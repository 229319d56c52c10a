//! Annex V: the recapitulation of reports, 18 columns.

use crate::activation::inert;
use crate::casework::{Cases, Dossier, Mask, ON_FILE, Report, Step, case_number};
use crate::clock::{Wall, Zone};

use super::csv::csv_text;

/// The first line: the columns of annex V by their names.
const HEADER: &str = "No.,Nama Pelapor,Jabatan,Perusahaan/Instansi,Alamat Kantor,Lokasi Sumber,\
Koordinat,Kategori Fasilitas,Sumber yang digunakan,Kronologis,Tindakan Penanggulangan,\
Tanggal Kejadian,Tanggal Laporan,Tanggal Pelaporan ke BAPETEN,Tanggal Respons DK2N,\
Jenis Laporan,Status,Keterangan\n";

/// All cases, in the order of their numbers. Who reported is on file: the column
/// says in what capacity.
pub fn recap_csv(cases: &Cases, zone: Zone) -> String {
    let mut out = HEADER.to_owned();
    for (id, dossier) in cases.cases() {
        out.push_str(&row(id, cases, dossier, zone));
        out.push('\n');
    }
    out
}

fn row(id: &str, cases: &Cases, dossier: &Dossier, zone: Zone) -> String {
    let report = dossier.report();
    let mask = Mask::of(&report, false);
    let text = |text: &Option<String>| text.as_deref().map_or(String::new(), |t| mask.text(t));
    let time = |at: Option<Wall>| at.map_or(String::new(), |at| zone.local(at));
    let reporter = match report.reporter.kind {
        Some(kind) => format!("{ON_FILE} ({kind})"),
        None => ON_FILE.to_owned(),
    };
    // The office of a licence holder; anybody else's address is their own.
    let office = Some(&report.address).filter(|_| report.form != Some(crate::casework::Form::B));
    let columns = [
        case_number(id).map_or(String::new(), |number| number.to_string()),
        reporter,
        text(&report.reporter.position),
        text(&report.institution),
        office.map_or(String::new(), text),
        text(&report.location),
        coordinates(&report),
        facility(&report, &mask),
        sources(&report, &mask),
        text(&report.description),
        text(&report.actions_taken),
        time(report.happened_at),
        time(dossier.opening().map(|deed| deed.at)),
        time(dossier.form_at()),
        time(dossier.last(Step::Answered)),
        if dossier.is_exercise() {
            "latihan"
        } else {
            "kecelakaan"
        }
        .to_owned(),
        if dossier.closing().is_some() {
            "tertutup"
        } else {
            "terbuka"
        }
        .to_owned(),
        remarks(id, cases, dossier),
    ];
    let [number, columns @ ..] = columns;
    let columns: Vec<String> = columns.iter().map(|column| csv_text(column)).collect();
    format!("{number},{}", columns.join(","))
}

/// Degrees with their hemispheres, so that no cell begins with a sign.
fn coordinates(report: &Report) -> String {
    report.position.map_or(String::new(), |at| {
        let one = |value: f64, plus: &str, minus: &str| {
            format!(
                "{:.5}° {}",
                value.abs(),
                if value < 0.0 { minus } else { plus }
            )
        };
        format!("{} {}", one(at.lat, "LU", "LS"), one(at.lon, "BT", "BB"))
    })
}

fn facility(report: &Report, mask: &Mask) -> String {
    let Some(facility) = &report.facility else {
        return String::new();
    };
    let category = facility
        .category
        .map(|category| category.as_str().to_owned());
    let kind = facility.kind.as_deref().map(|kind| mask.text(kind));
    let parts: Vec<String> = category.into_iter().chain(kind).collect();
    parts.join(" ")
}

fn sources(report: &Report, mask: &Mask) -> String {
    let one = |source: &crate::casework::Source| {
        let parts = [&source.isotope, &source.activity];
        let parts: Vec<String> = parts
            .iter()
            .filter_map(|p| p.as_deref())
            .map(|p| mask.text(p))
            .collect();
        parts.join(" ")
    };
    let all: Vec<String> = report.sources.iter().map(one).collect();
    all.join("; ")
}

fn remarks(id: &str, cases: &Cases, dossier: &Dossier) -> String {
    let mut remarks = vec![id.to_owned()];
    let status = cases.facts(dossier).status();
    remarks.extend(status.map(|(status, _)| status.to_string()));
    remarks.extend(dossier.activations().iter().map(|id| inert(id, 40)));
    remarks.join(", ")
}
