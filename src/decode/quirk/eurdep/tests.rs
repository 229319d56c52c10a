use super::*;

const FILE: &str = "\\BEGIN_EURDEP;
\\BEGIN_HEADER;
\\IMPORTANCE NORMAL;
\\END_HEADER;
\\BEGIN_LOCALITY;
\\FIELD_LIST LOCALITY_CODE,LOCALITY_NAME,LONGITUDE,LATITUDE;
\\EX1, Example, E106.8272, S06.1754;
\\END_LOCALITY;
\\BEGIN_RADIOLOGICAL;
\\FIELD_LIST LOCALITY_CODE,VALUE,BEGIN,END;
\\BEGIN_DEFAULT;
\\SAMPLE_TYPE A5;
\\NUCLIDE T-GAMMA;
\\UNIT nSv/h;
\\END_DEFAULT;
\\EX1,47,2026-03-14T02:50Z,2026-03-14T03:00Z;
\\EX1,48,2026-03-14T03:00Z,2026-03-14T03:10Z;
\\END_RADIOLOGICAL;
\\END_EURDEP;
";

fn read(text: &[u8], piece: usize) -> Vec<Found> {
    let mut exchange = Exchange::default();
    let mut found = Vec::new();
    for piece in text.chunks(piece) {
        found.extend(exchange.read(piece, false));
    }
    found.extend(exchange.read(b"", true));
    found.into_iter().map(|(_, found)| found).collect()
}

fn rows(text: &[u8]) -> Vec<String> {
    let row = |found| match found {
        Found::Line(line) => Some(line),
        Found::Ignored(_) | Found::Rejected(_) => None,
    };
    read(text, 4096).into_iter().filter_map(row).collect()
}

#[track_caller]
fn check(from: &str, to: &str, row: &str, part: Option<&str>) {
    assert!(FILE.contains(from), "{from}");
    let rows = rows(FILE.replace(from, to).as_bytes());
    let found = rows.iter().find(|line| line.contains(row));
    match part {
        Some(part) => assert!(found.is_some_and(|line| line.contains(part)), "{rows:?}"),
        None => assert_eq!(found, None, "{rows:?}"),
    }
}

#[test]
fn rows_with_their_place_and_the_end_of_their_interval() {
    let place = "nuclide=T-GAMMA;sample=A5;value=47;unit=nSv/h;importance=NORMAL";
    let line = format!("locality=EX1;{place};time=2026-03-14T03:00:00Z;lat=-06.1754;lon=106.8272");
    assert_eq!(rows(FILE.as_bytes()).first(), Some(&line));
}

#[test]
fn a_file_is_the_same_in_pieces_of_any_size() {
    let whole = read(FILE.as_bytes(), 4096);
    for piece in 1..FILE.len() {
        assert_eq!(read(FILE.as_bytes(), piece), whole, "pieces of {piece}");
    }
}

#[test]
fn a_cut_file_keeps_its_whole_rows() {
    let whole = rows(FILE.as_bytes());
    for end in 0..FILE.len() {
        let cut = rows(&FILE.as_bytes()[..end]);
        assert!(whole.starts_with(&cut), "cut at {end}: {cut:?}");
    }
}

#[test]
fn no_damage_stops_it() {
    for at in 0..FILE.len() {
        for byte in b"\\;,\"\n \xe9x0" {
            let mut damaged = FILE.as_bytes().to_vec();
            damaged[at] = *byte;
            read(&damaged, 50);
            damaged.remove(at);
            read(&damaged, 50);
        }
    }
}

#[test]
fn intervals() {
    check(
        "T03:00Z;",
        "T03:00:30Z;",
        "value=47",
        Some("time=2026-03-14T03:00:30Z"),
    );
    check(
        "T03:00Z;",
        "T02:50Z;",
        "value=47",
        Some("time=2026-03-14T02:50Z/2026-03-14T02:50Z"),
    );
    check(
        "T03:00Z;",
        "T01:50Z;",
        "value=47",
        Some("time=2026-03-14T02:50Z/2026-03-14T01:50Z"),
    );
    check(
        "T03:00Z;",
        "T25:00Z;",
        "value=47",
        Some("time=2026-03-14T02:50Z/"),
    );
    check(
        "LUE,BEGIN,END",
        "LUE,REMARK,END",
        "value=47",
        Some("time=2026-03-14T03:00Z;"),
    );
}

#[test]
fn directions() {
    check("S06.1754", "N06.1754", "value=47", Some("lat=06.1754"));
    check("S06.1754", "S6.2", "value=47", Some("lat=-6.2"));
    check("S06.1754", "06.1754", "value=47", Some("lat=?06.1754"));
    check("S06.1754", "S-06.1754", "value=47", Some("lat=?S-06.1754"));
    check("S06.1754", "E06.1754", "value=47", Some("lat=?E06.1754"));
}

#[test]
fn what_a_damaged_line_takes_with_it() {
    // The default that is missing is not taken from elsewhere.
    check("\\NUCLIDE T-GAMMA;", "\\NUCLIDE T-GAMMA", "value=47", None);
    check("\\UNIT nSv/h;", "", "value=47", Some("value=47;importance"));
    // The list of fields, and with it all rows.
    check(
        "\\FIELD_LIST LOCALITY_CODE,VALUE",
        "\\FIELD_LIST VALUE,VALUE",
        "value=47",
        None,
    );
    // A lost beginning or end of a section costs nothing where the list says it.
    check(
        "\\BEGIN_RADIOLOGICAL;\n",
        "",
        "value=47",
        Some("lat=-06.1754"),
    );
    check(
        "\\END_DEFAULT;",
        "\\END_DEFAXLT;",
        "value=47",
        Some("unit=nSv/h"),
    );
    check("\\END_LOCALITY;\n", "", "value=47", Some("lat=-06.1754"));
    // A row costs only itself.
    check("\\EX1,47,", "\\EX1,47", "value=48", Some("value=48"));
    check("\\EX1,47,", "\\EX2,47,", "value=48", Some("value=48"));
    check("\\EX1,47,", "\\EX2,47,", "value=47", None);
}

#[test]
fn the_next_block_knows_nothing_of_this_one() {
    let second =
        "\\BEGIN_EURDEP;\n\\BEGIN_RADIOLOGICAL;\n\\FIELD_LIST LOCALITY_CODE,VALUE;\n\\EX1,49;\n";
    let text = format!("{FILE}{second}");
    assert_eq!(rows(text.as_bytes()).len(), 2);
}
