//! One mistake gives one problem, at its path.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Claim, Config, Input, from_toml, load_first};
use crate::clock::Wall;
use crate::criteria::termination::NormalMode;
use crate::criteria::{Basis, Class, ExistingKind, Rule, SourceKind, Subject};
use crate::fault::Priority;
use crate::source::capture::Form;
use crate::source::tcp::Peer;

/// A folder with the files that the configurations below name.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, mode: u32, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    write("token", 0o600, "0123456789abcdef\n");
    write("short", 0o600, "0123456789abcde\n");
    write("open", 0o644, "0123456789abcdef\n");
    write("tape.log", 0o644, "");
    write(
        "area.json",
        0o644,
        r#"{"type":"Polygon","coordinates":[[[106,-6],[107,-6],[107,-7],[106,-6]]]}"#,
    );
    write(
        "point.json",
        0o644,
        r#"{"type":"Point","coordinates":[1,2]}"#,
    );
    folder
}

fn read(text: &str) -> Result<Config, super::ConfigErrors> {
    from_toml(text, folder().path())
}

#[track_caller]
fn good(text: &str) -> Config {
    read(text).unwrap_or_else(|errors| panic!("{errors}\n\nin:\n{text}"))
}

/// The text has this one problem.
#[track_caller]
fn bad(text: &str, path: &str, part: &str) {
    let errors = match read(text) {
        Ok(_) => panic!("nothing is wrong in:\n{text}"),
        Err(errors) => errors,
    };
    let [problem] = errors.problems.as_slice() else {
        panic!("not one problem:\n{errors}\n\nin:\n{text}");
    };
    assert_eq!(problem.path, path, "{problem}");
    let line = problem.to_string();
    assert!(line.contains(part), "`{part}` is not in: {line}");
    assert!(!line.contains('\n'), "more than one line: {line}");
}

/// An instrument that is right, with more keys.
fn roof(keys: &str) -> String {
    format!(
        "[[instrument]]\nid = \"roof\"\nprofile = \"mightyohm\"\n\
         serial.port = \"/dev/ttyUSB0\"\n{keys}\n"
    )
}

/// An MQTT instrument that is right, with more keys.
fn station(keys: &str) -> String {
    format!(
        "[broker]\nurl = \"mqtt://localhost\"\n[[instrument]]\nid = \"s1\"\n\
         profile = \"pantau-station\"\n{keys}\n"
    )
}

/// A site that is right, with more keys.
fn site(keys: &str) -> String {
    format!(
        "[[site]]\nid = \"park\"\nname = \"Park\"\nposition.lat = -6.3\nposition.lon = 106.7\n{keys}\n"
    )
}

#[test]
fn keys_that_do_not_exist() {
    bad("[sotre]", "sotre", "near: store");
    bad("[store.influx]", "store.influx", "no such key");
    bad("[spool]\nx = 1", "spool", "no such key");
    bad("[node]\nzone = 1", "node.zone", "no such key");
    bad(
        "[http]\nlisten_on = \"off\"",
        "http.listen_on",
        "near: listen",
    );
    bad("\"a[9]\" = 1", "`a[9]`", "no such key");
    bad(
        &roof("sites = \"park\""),
        "instrument[0] (roof).sites",
        "near: site",
    );
    bad(
        &roof("serial.bauds = 9600"),
        "instrument[0] (roof).serial.bauds",
        "near: baud",
    );
    bad(
        "[[subscriber]]\nid = \"x\"\nkind = \"log\"\nurl = \"http://h\"",
        "subscriber[0] (x).url",
        "no such key",
    );
}

#[test]
fn a_site_may_have_the_record_of_a_survey() {
    let recorded = "2026-01-12T03:00:00Z";
    let keys = format!("background = {{ dose_rate_usv_h = 0.2, recorded_at = \"{recorded}\" }}");
    let config = good(&site(&keys));
    let survey = config.sites[0].background.unwrap();
    assert!((survey.dose_rate.usv_per_h() - 0.2).abs() < 1e-12);
    assert_eq!(survey.recorded_at, Wall::parse_rfc3339(recorded).ok());
    assert_eq!(good(&site("")).sites[0].background, None);
    bad(
        &site("background.dose_rate_usv_h = 0"),
        "site[0] (park).background.dose_rate_usv_h",
        "0.001 to 100",
    );
    bad(
        &site("background.recorded_at = \"2026-01-12T03:00:00Z\""),
        "site[0] (park).background.dose_rate_usv_h",
        "missing",
    );
}

#[test]
fn how_a_background_is_learned_and_an_end_measured() {
    let criteria = |keys: &str| good(&format!("[criteria]\n{keys}\n")).criteria;
    let policy = criteria("background = { learn_hours = 48, days = 10, drift_ratio = 2 }");
    let learning = policy.learning;
    let got = (learning.min_hours, learning.days, learning.drift_ratio);
    assert_eq!(got, (48.0, 10.0, 2.0));
    // What has to be known cannot be forgotten before.
    let learning = criteria("background = { learn_hours = 96, days = 1 }").learning;
    assert_eq!((learning.min_hours, learning.days), (96.0, 4.0));
    let termination = criteria("termination.max_gap_h = 0.5").termination;
    assert_eq!((termination.max_gap_h, termination.min_hours), (0.5, 24.0));
    bad(
        "[criteria]\nbackground.drift_ratio = 9",
        "criteria.background.drift_ratio",
        "1 to 3",
    );
}

#[test]
fn values_of_another_kind() {
    bad("node = 1", "node", "must be a table, [node]");
    bad("[site]\nid = \"x\"", "site", "list of tables, [[site]]");
    bad("site = [1]", "site[0]", "must be a table");
    bad(
        "[node]\nname = 7",
        "node.name",
        "must be text, is a whole number",
    );
    bad("[node]\nname = \"\"", "node.name", "must not be empty");
    bad(
        "[node]\nname = \"a\\nb\"",
        "node.name",
        "control characters",
    );
    bad(
        "[node]\nexercise = \"true\"",
        "node.exercise",
        "without quotation marks",
    );
    bad("[node]\nexercise = 1", "node.exercise", "true or false");
    bad(
        &roof("serial.baud = \"9600\""),
        "instrument[0] (roof).serial.baud",
        "without quotation marks",
    );
    bad(
        &roof("interval_secs = 1.5"),
        "instrument[0] (roof).interval_secs",
        "must be a whole number, is the number 1.5",
    );
    bad(
        &site("neighbours = \"x\""),
        "site[0] (park).neighbours",
        "a list",
    );
    bad(
        &site("neighbours = [1]"),
        "site[0] (park).neighbours[0]",
        "must be text",
    );
    bad("instrument = \"roof\"", "instrument", "[[instrument]]");
}

#[test]
fn node_and_log() {
    bad("[node]\nname = \"a/b\"", "node.name", "is no name");
    bad(
        "[node]\ntime_zone = \"MEZ\"",
        "node.time_zone",
        "no time zone `MEZ`",
    );
    bad(
        "[node]\nlanguage = \"jv\"",
        "node.language",
        "one of id, en",
    );
    bad(
        "[node]\ndata_dir = \"token\"",
        "node.data_dir",
        "not a folder",
    );
    bad(
        "[node]\nprofiles_dir = \"none\"",
        "node.profiles_dir",
        "failed to read",
    );
    bad("[log]\nformat = \"xml\"", "log.format", "one of text, json");
    bad("[log]\nlevel = \"loud\"", "log.level", "one of error, warn");
}

#[test]
fn sites() {
    bad(
        "[[site]]\nname = \"x\"\nposition = { lat = 1, lon = 2 }\n",
        "site[0].id",
        "is missing",
    );
    bad(
        "[[site]]\nid = \"x\"\nposition = { lat = 1, lon = 2 }\n",
        "site[0] (x).name",
        "is missing",
    );
    bad(
        "[[site]]\nid = \"x\"\nname = \"x\"\nposition = { lon = 2 }",
        "site[0] (x).position.lat",
        "is missing",
    );
    bad(
        "[[site]]\nid = \"x\"\nname = \"x\"\nposition = { lat = 106.7, lon = -6.3 }\n",
        "site[0] (x).position.lat",
        "swapped?",
    );
    bad(
        "[[site]]\nid = \"x\"\nname = \"x\"\nposition = { lat = 0, lon = 0.0 }\n",
        "site[0] (x).position.lat",
        "missing position",
    );
    bad(
        "[[site]]\nid = \"x\"\nname = \"x\"\nposition = { lat = nan, lon = 1.0 }\n",
        "site[0] (x).position.lat",
        "must be",
    );
    bad(
        "[[site]]\nid = \"x\"\nname = \"x\"\nposition = { lat = 1, lon = 181 }\n",
        "site[0] (x).position.lon",
        "-180 to 180",
    );
    bad(
        &site("position.alt_m = 20000"),
        "site[0] (park).position.alt_m",
        "must be -500 to 9000",
    );
    bad(
        &(site("") + &site("")),
        "site[1] (park).id",
        "site[0] already",
    );
    bad(
        &site("neighbours = [\"prak\"]"),
        "site[0] (park).neighbours[0]",
        "near: park",
    );
    bad(
        &site("neighbours = [\"park\"]"),
        "site[0] (park).neighbours[0]",
        "its own",
    );
    bad(
        &site("high_background = true"),
        "site[0] (park).survey",
        "is missing",
    );
    bad(
        &site("survey = \"x\""),
        "site[0] (park).survey",
        "of use only",
    );
    bad(
        &site("existing = { baseline_usv_h = 1 }"),
        "site[0] (park).existing.closed",
        "is missing",
    );
    bad(
        &site("existing = { closed = \"both\" }"),
        "site[0] (park).existing.closed",
        "one of residential, non_residential",
    );
}

#[test]
fn areas() {
    let area = |file: &str| format!("[[area]]\nname = \"A\"\ngeojson = \"{file}\"\n");
    bad(
        "[[area]]\nname = \"A\"",
        "area[0] (A).geojson",
        "is missing",
    );
    bad(&area("none.json"), "area[0] (A).geojson", "cannot read");
    bad(&area("."), "area[0] (A).geojson", "is not a file");
    bad(&area("point.json"), "area[0] (A).geojson", "is `Point`");
    bad(
        &(area("area.json") + &area("area.json")),
        "area[1] (A).name",
        "another area",
    );
    let config = good(&(area("area.json") + "residential = false"));
    assert_eq!(config.areas[0].polygons.0.len(), 1);
    assert!(!config.areas[0].surroundings.is_residential);
}

#[test]
fn brokers() {
    bad("[broker]", "broker.url", "is missing");
    bad(
        "[broker]\nurl = \"localhost:1883\"",
        "broker.url",
        "as in `mqtt://host:1883`",
    );
    bad(
        "[broker]\nurl = \"mqtts://h\"",
        "broker.url",
        "scheme must be `mqtt`",
    );
    bad(
        "[broker]\nurl = \"mqtt://u:p@h\"",
        "broker.url",
        "files of their own",
    );
    let broker = |keys: &str| format!("[broker]\nurl = \"mqtt://h\"\n{keys}");
    bad(
        &broker("keep_alive_secs = 0"),
        "broker.keep_alive_secs",
        "must be 5 to 300",
    );
    bad(
        &broker("client_id = \"a b\""),
        "broker.client_id",
        "is no name",
    );
    bad(
        &broker("password_file = \"token\""),
        "broker.password_file",
        "`username`",
    );
    bad(
        &broker("password = \"x\""),
        "broker.password",
        "near: password_file",
    );
    let login = |file: &str| broker(&format!("username = \"u\"\npassword_file = \"{file}\""));
    bad(&login("none"), "broker.password_file", "cannot read");
    bad(&login("open"), "broker.password_file", "chmod 600");
    let broker = good(&login("token")).broker.unwrap();
    assert_eq!(
        (broker.address.host.as_str(), broker.address.port),
        ("h", 1883)
    );
    assert_eq!(broker.client_id, "pantau-pantau");
    let login = broker.login.unwrap();
    assert_eq!(login.password.unwrap().expose(), "0123456789abcdef");
}

#[test]
fn a_broker_is_missing_where_one_is_needed() {
    bad(
        "[[instrument]]\nid = \"s1\"\nprofile = \"pantau-station\"",
        "broker",
        "instrument[0] (s1)",
    );
    bad(
        "[[subscriber]]\nid = \"x\"\nkind = \"mqtt\"",
        "subscriber[0] (x).kind",
        "needs a [broker]",
    );
}

#[test]
fn instruments() {
    bad(
        "[[instrument]]\nid = \"x\"\nprofile = \"mightohm\"\nserial.port = \"/dev/x\"",
        "instrument[0] (x).profile",
        "near: mightyohm",
    );
    bad(
        "[[instrument]]\nid = \"x\"\nserial.port = \"/dev/x\"",
        "instrument[0] (x).profile",
        "is missing",
    );
    bad(
        "[[instrument]]\nprofile = \"mightyohm\"\nserial.port = \"/dev/x\"",
        "instrument[0].id",
        "is missing",
    );
    bad(
        &(roof("") + &roof("").replace("ttyUSB0", "ttyUSB1")),
        "instrument[1] (roof).id",
        "instrument[0] already",
    );
    bad(
        &roof("site = \"park\""),
        "instrument[0] (roof).site",
        "no site named `park`",
    );
    let at = "instrument[0] (roof)";
    for (keys, key, part) in [
        ("source = \"drone\"", "source", "one of irdms, mobile"),
        ("subject = \"dog\"", "subject", "one of environment"),
        (
            "person_role = \"worker\"",
            "person_role",
            "subject = \"person\"",
        ),
        (
            "geometry.distance_m = 0",
            "geometry.distance_m",
            "must be 0.001 to 100, is 0",
        ),
        ("geometry.distance_m = inf", "geometry.distance_m", "is inf"),
        ("probe_factor = -1", "probe_factor", "is -1"),
        ("range_max = 0.0", "range_max", "is 0"),
        ("interval_secs = 0", "interval_secs", "must be 1 to 86400"),
        ("interval_secs = -1", "interval_secs", "is -1"),
        ("position = { lat = -6 }", "position.lon", "is missing"),
        ("position = 7", "position", "must be a table"),
        ("gps = {}", "gps.receiver", "is missing"),
        (
            "gps.receiver = \"nobody\"",
            "gps.receiver",
            "no instrument named `nobody`",
        ),
        (
            "gps = { receiver = \"roof\", max_age_secs = 0 }",
            "gps.max_age_secs",
            "must be 1 to 3600",
        ),
        (
            "gps.receiver = \"roof\"\nposition = { lat = -6.2, lon = 106.8 }",
            "position",
            "`gps` says where it is",
        ),
        (
            "calibration = { factor = 1 }",
            "calibration.source",
            "is missing",
        ),
        (
            "calibration = { source = \"c\", factor = 0 }",
            "calibration.factor",
            "0.1 to 10",
        ),
        (
            "calibration = { source = \"c\", valid_until = \"2026-02-30\" }",
            "calibration.valid_until",
            "`2026-02-30` is no day",
        ),
        (
            "calibration = { source = \"c\", valid_until = 2026-03-14T00:00:00Z }",
            "calibration.valid_until",
            "as in `2027-03-31`",
        ),
        (
            "background = { dose_rate_usv_h = 0.1, recorded_at = \"2026-03-14T03:00:00\" }",
            "background.recorded_at",
            "no zone",
        ),
        (
            "background = { dose_rate_usv_h = 0 }",
            "background.dose_rate_usv_h",
            "is 0",
        ),
        (
            "background = { beta_cps = 1 }",
            "background.counted_at",
            "is missing",
        ),
        (
            "background = { counted_at = 2026-03-14T00:00:00Z }",
            "background.counted_at",
            "of use only",
        ),
    ] {
        bad(&roof(keys), &format!("{at}.{key}"), part);
    }
}

#[test]
fn inputs() {
    let serial =
        |rest: &str| format!("[[instrument]]\nid = \"x\"\nprofile = \"mightyohm\"\n{rest}");
    let at = |key: &str| format!("instrument[0] (x).{key}");
    bad(&serial(""), &at("serial.port"), "is missing");
    bad(
        &serial("serial = \"/dev/x\""),
        &at("serial"),
        "must be a table",
    );
    bad(
        &serial("serial.baud = 9600"),
        &at("serial.port"),
        "is missing",
    );
    bad(
        &serial("serial.port = \"ttyUSB0\""),
        &at("serial.port"),
        "absolute path",
    );
    bad(
        &serial("serial = { port = \"/dev/x\", baud = 1 }"),
        &at("serial.baud"),
        "must be 50 to",
    );
    bad(
        &serial("mqtt.device = \"x\""),
        &at("mqtt"),
        "write `serial`",
    );
    bad(
        &serial("serial.port = \"/dev/x\"\nmqtt.device = \"x\""),
        "instrument[0] (x)",
        "only one",
    );
    bad(
        &serial("capture.file = \"none\""),
        &at("capture.file"),
        "no file",
    );
    bad(
        &serial("capture = { file = \"tape.log\", form = \"mqtt\" }"),
        &at("capture.form"),
        "`bytes` or `hex`",
    );
    bad(
        &serial("capture = { file = \"tape.log\", lines_per_s = 0 }"),
        &at("capture.lines_per_s"),
        "0.001 to",
    );
    let at = |key: &str| format!("instrument[0] (s1).{key}");
    bad(
        &station("serial.port = \"/dev/x\""),
        &at("serial"),
        "write `mqtt`",
    );
    bad(
        &station("mqtt.device = \"a/b\""),
        &at("mqtt.device"),
        "no level",
    );
    bad(
        &station("mqtt.topic = \"a/#/b\""),
        &at("mqtt.topic"),
        "no topic filter",
    );
    bad(
        &station("mqtt.topic = \"irmds/+/reading\""),
        &at("mqtt.topic"),
        "it reads irdms/+/reading",
    );
    bad(
        &station("mqtt = { each = true, device = \"x\" }"),
        &at("mqtt"),
        "only one of",
    );
    bad(
        "[broker]\nurl = \"mqtt://h\"\n[[instrument]]\nid = \"all\"\nprofile = \"safecast-zen\"\nmqtt.each = true",
        "instrument[0] (all).mqtt.each",
        "named inside their messages",
    );
    bad(
        &station("mqtt.each = true\nposition = { lat = 1, lon = 1 }"),
        &at("position"),
        "every device",
    );
    bad(
        &station("source = \"mobile\"\nposition = { lat = 1, lon = 1 }"),
        &at("position"),
        "mobile",
    );
    bad(
        &station("calibration = { source = \"c\", cpm_per_usv_h = 100 }"),
        &at("calibration.cpm_per_usv_h"),
        "no dose rate from counts",
    );
}

#[test]
fn two_instruments_do_not_share_an_input() {
    let second = "[[instrument]]\nid = \"other\"\n";
    bad(
        &(roof("") + &roof("").replace("\"roof\"", "\"other\"")),
        "instrument[1] (other).serial.port",
        "instrument[0] (roof)",
    );
    let device = format!("{second}profile = \"pantau-station\"\nmqtt.device = \"s1\"");
    bad(
        &(station("") + &device),
        "instrument[1] (other).mqtt",
        "instrument[0] (s1)",
    );
    let each = format!("{second}profile = \"pantau-station\"\nmqtt.each = true");
    good(&(station("") + &each));
}

#[test]
fn tables_with_defaults() {
    for (text, path, part) in [
        (
            "[store.embedded]\npath = \"token\"",
            "store.embedded.path",
            "not a folder",
        ),
        (
            "[store.embedded]\nretention_days = 0",
            "store.embedded.retention_days",
            "must be 1 to",
        ),
        (
            "[activation]\ngroup_radius_m = 10",
            "activation.group_radius_m",
            "50 to 5000",
        ),
        (
            "[activation]\ngroup_window_secs = 1",
            "activation.group_window_secs",
            "60 to 86400",
        ),
        (
            "[activation]\nelevated_false_alarms_per_year = 0",
            "activation.elevated_false_alarms_per_year",
            "0.001 to 100",
        ),
        (
            "[publish]\nprefix = \"a/#\"",
            "publish.prefix",
            "no start of a topic",
        ),
        (
            "[publish]\nprefix = \"a/\"",
            "publish.prefix",
            "no start of a topic",
        ),
        (
            "[publish]\nheartbeat_secs = 60",
            "publish.heartbeat_secs",
            "must be 5 to 30",
        ),
        (
            "[publish]\nreadings = 1",
            "publish.readings",
            "true or false",
        ),
        (
            "[http]\nlisten = \"localhost:80\"",
            "http.listen",
            "no address with a port",
        ),
        (
            "[http]\nlisten = \"0.0.0.0:80\"",
            "http.token_file",
            "is missing",
        ),
        (
            "[http]\ntoken_file = \"short\"",
            "http.token_file",
            "fewer than 16",
        ),
    ] {
        bad(text, path, part);
    }
    let http = good("[http]\nlisten = \"0.0.0.0:80\"\ntoken_file = \"token\"").http;
    assert_eq!(http.unwrap().token.unwrap().expose(), "0123456789abcdef");
    assert!(good("[http]\nlisten = \"off\"").http.is_none());
    assert!(good("[http]\nlisten = \"[::1]:0\"").http.is_some());
}

#[test]
fn subscribers() {
    let hook = |keys: &str| format!("[[subscriber]]\nid = \"h\"\nkind = \"webhook\"\n{keys}");
    bad(
        "[[subscriber]]\nid = \"h\"",
        "subscriber[0] (h).kind",
        "is missing",
    );
    bad(
        "[[subscriber]]\nkind = \"log\"",
        "subscriber[0].id",
        "is missing",
    );
    bad(
        "[[subscriber]]\nid = \"h\"\nkind = \"fax\"\nurl = \"http://h\"",
        "subscriber[0] (h).kind",
        "one of log, mqtt, webhook, alertmanager, http, mail, cap, terminal",
    );
    bad(&hook(""), "subscriber[0] (h).url", "is missing");
    bad(
        &hook("url = \"ftp://h\""),
        "subscriber[0] (h).url",
        "`http` or `https`",
    );
    let at = |key: &str| format!("subscriber[0] (h).{key}");
    for (keys, key, part) in [
        ("timeout_secs = 61", "timeout_secs", "must be 1 to 60"),
        ("secret_file = \"open\"", "secret_file", "chmod 600"),
        (
            "min_class = \"NORMAL\"",
            "min_class",
            "one of ELEVATED, POSSIBLE",
        ),
    ] {
        bad(
            &hook(&format!("url = \"http://h\"\n{keys}")),
            &at(key),
            part,
        );
    }
    for (keys, key, part) in [
        (
            "url = \"http://10.0.0.1/\"",
            "url",
            "allow_inside = [\"10.0.0.1\"]",
        ),
        (
            "url = \"http://h\"\nallow_inside = [\"lan\"]",
            "allow_inside[0]",
            "no address or network",
        ),
        (
            "url = \"http://h\"\nsites = [\"gaet\"]",
            "sites[0]",
            "no site `gaet`",
        ),
        (
            "url = \"http://h\"\nquiet = { from = \"22:00\", until = \"24:00\" }",
            "quiet.until",
            "no time of day",
        ),
        (
            "url = \"http://h\"\nnear = { lat = 1, lon = 2 }",
            "near.radius_km",
            "is missing",
        ),
    ] {
        bad(&hook(keys), &at(key), part);
    }
    let of_kind =
        |kind: &str, keys: &str| format!("[[subscriber]]\nid = \"h\"\nkind = \"{kind}\"\n{keys}");
    for (kind, keys, key, part) in [
        (
            "http",
            "url = \"http://h\"",
            "template",
            "or `template_file`",
        ),
        (
            "http",
            "url = \"http://h\"\ntemplate = \"{{ text\"",
            "template",
            "syntax error",
        ),
        ("cap", "sender = \"a b\"", "sender", "blanks"),
        ("cap", "pace = true", "pace", "not for a record"),
        ("log", "pace = true", "pace", "not for a record"),
        ("log", "pace = \"fast\"", "pace", "true"),
        ("terminal", "", "device", "is missing"),
        (
            "terminal",
            "device = \"/dev/tty1\"\nheads = true",
            "heads",
            "of kind `webhook`, `http`, `mail` or `log`",
        ),
        ("cap", "heads = true", "heads", "keeps no heads"),
        ("log", "heads = \"yes\"", "heads", "true or false"),
        (
            "mail",
            "host = \"h\"\nsecurity = \"none\"\nfrom = \"a@b.id\"\nto = [\"c@d.id\"]",
            "security",
            "loopback only",
        ),
        (
            "mail",
            "host = \"h\"\nfrom = \"a@b.id\"\nto = [\"c\"]",
            "to[0]",
            "no mail address",
        ),
    ] {
        let at = at(key);
        bad(&of_kind(kind, keys), &at, part);
    }
    let twice = hook("url = \"http://h\"\n");
    bad(
        &twice.repeat(2),
        "subscriber[1] (h).id",
        "subscriber[0] already",
    );
}

#[test]
fn criteria_within_bounds() {
    for (text, path, part) in [
        (
            "[criteria.comparator]\n\"T3.1-I-9\" = \"gt\"",
            "criteria.comparator.\"T3.1-I-9\"",
            "one of T3.1-I-1",
        ),
        (
            "[criteria.comparator]\n\"T3.1-I-1\" = \">\"",
            "criteria.comparator.\"T3.1-I-1\"",
            "one of ge, gt",
        ),
        (
            "[criteria.dose_basis]\n\"T3.2-I-1\" = \"net\"",
            "criteria.dose_basis.\"T3.2-I-1\"",
            "no such key",
        ),
        (
            "[criteria]\ncount_basis = \"nett\"",
            "criteria.count_basis",
            "one of gross, net",
        ),
        (
            "[criteria]\ngy_to_sv = 0",
            "criteria.gy_to_sv",
            "must be 0.5 to 2",
        ),
        (
            "[criteria]\nelevated_net_usv_h = 11",
            "criteria.elevated_net_usv_h",
            "0.01 to 1",
        ),
        (
            "[criteria]\nelevated_net = 1",
            "criteria.elevated_net",
            "near: elevated_net_usv_h",
        ),
        (
            "[criteria]\nrain.ratio = 0.5",
            "criteria.rain.ratio",
            "must be 1 to 5",
        ),
        (
            "[criteria]\nrain.ratios = 2",
            "criteria.rain.ratios",
            "near: ratio",
        ),
        (
            "[criteria]\nmedical = true",
            "criteria.medical",
            "must be a table",
        ),
        (
            "[criteria]\ntime.max_age_secs = 5",
            "criteria.time.max_age_secs",
            "60 to 3600",
        ),
    ] {
        bad(text, path, part);
    }
    let config = good(
        "[criteria]\ntermination_normal_mode = \"net_only\"\ntermination.points = 30\n\
         count_basis = \"net\"\npersistence_min = 30\nmin_net_cps.beta = 0.7\n\
         time.max_ahead_secs = 60\nmedical.require_verification = false\n\
         [criteria.comparator]\n\"T3.1-I-1\" = \"gt\"\n\"T3.1-I-2\" = \"ge\"\n\
         [criteria.dose_basis]\n\"T3.1-III-1\" = \"net\"\n",
    );
    let policy = config.criteria;
    assert_eq!(policy.termination.normal_mode, NormalMode::NetOnly);
    assert_eq!(policy.termination.min_points.to_string(), "30");
    assert_eq!(policy.termination.min_hours.to_string(), "24");
    assert_eq!(policy.strict.iter().collect::<Vec<_>>(), [Rule::T31I1]);
    assert_eq!(policy.net_dose.iter().collect::<Vec<_>>(), [Rule::T31III1]);
    assert_eq!(policy.count_basis, Basis::Net);
    assert!(!policy.medical_require_verification);
    let numbers = [
        policy.persistence_min,
        policy.min_net_cps.alpha,
        policy.min_net_cps.beta,
        policy.time.max_age_s,
        policy.time.max_ahead_s,
    ];
    assert_eq!(format!("{numbers:?}"), "[30.0, 0.1, 0.7, 900.0, 60.0]");
}

#[test]
fn syntax_errors_have_a_line_and_a_column() {
    bad(
        "[node]\nname = \"pantau\"\nlanguage = \n",
        "line 3, column 12",
        "",
    );
    bad("[node]\n[node]\n", "line 2, column 2", "duplicate");
    bad(
        "x = 99999999999999999999",
        "configuration",
        "number too large",
    );
}

#[test]
fn an_instrument_gets_what_it_does_not_say_itself() {
    let text = site("position.alt_m = 12") + &station("site = \"park\"") + &roof("site = \"park\"");
    let config = good(&text);
    let [station, roof] = config.instruments.as_slice() else {
        panic!("two instruments");
    };
    assert_eq!(station.source_kind, SourceKind::Irdms);
    assert_eq!(roof.source_kind, SourceKind::Handheld);
    assert_eq!(roof.position.unwrap().alt_m, Some(12.0));
    assert_eq!(roof.position, Some(config.sites[0].position));
    assert_eq!(roof.subject, None);
    let Input::Mqtt(mqtt) = &station.input else {
        panic!("{:?}", station.input);
    };
    assert_eq!(mqtt.claim, Claim::Device("s1".to_owned()));
    assert_eq!(mqtt.filters, ["irdms/s1/reading"]);
    let Input::Serial(serial) = &roof.input else {
        panic!("{:?}", roof.input);
    };
    assert_eq!(serial.port, Path::new("/dev/ttyUSB0"));
    assert_eq!(serial.line.baud, 9600);

    let mobile = site("") + &roof_of("safecast-bgeigie", "site = \"park\"");
    let config = good(&mobile);
    assert_eq!(config.instruments[0].source_kind, SourceKind::Mobile);
    assert_eq!(config.instruments[0].position, None);
}

#[test]
fn lines_over_tcp_and_by_adapter() {
    let tcp = |rest: &str| format!("[[instrument]]\nid = \"x\"\nprofile = \"mightyohm\"\n{rest}");
    let peer = |text: &str| match good(text).instruments.remove(0).input {
        Input::Tcp(tcp) => tcp.peer,
        other => panic!("{other:?}"),
    };
    let listen = tcp("tcp.listen = \"0.0.0.0:4001\"");
    assert_eq!(peer(&listen), Peer::Listen("0.0.0.0:4001".parse().unwrap()));
    let connect = tcp("tcp.connect = \"monitor:4001\"");
    assert_eq!(peer(&connect), Peer::Connect("monitor:4001".to_owned()));
    let at = |key: &str| format!("instrument[0] (x).{key}");
    for (rest, key, part) in [
        ("tcp.listen = \"4001\"", "tcp.listen", "no address"),
        (
            "tcp.connect = \"monitor\"",
            "tcp.connect",
            "no host and port",
        ),
        (
            "tcp.connect = \"monitor:0\"",
            "tcp.connect",
            "no host and port",
        ),
        ("tcp = {}", "tcp", "one of `listen` and `connect`"),
        (
            "tcp = { connect = \"monitor:1\", changes = true }",
            "tcp.changes",
            "no effect",
        ),
        (
            "serial = { port = \"/dev/x\", address = 3 }",
            "serial.address",
            "no effect",
        ),
        (
            "serial = { port = \"/dev/x\", device = \"A7\" }",
            "serial.device",
            "no effect",
        ),
        (
            "serial = { port = \"/dev/x\", usb_serial = 7 }",
            "serial.usb_serial",
            "must be",
        ),
    ] {
        bad(&tcp(rest), &at(key), part);
    }
    let station = station("tcp.connect = \"monitor:4001\"");
    bad(&station, "instrument[0] (s1).tcp", "write `mqtt`");
    let adapter = good(&tcp(
        "serial = { port = \"/dev/x\", usb_serial = \"A10K\" }",
    ));
    let Input::Serial(serial) = &adapter.instruments[0].input else {
        panic!("{:?}", adapter.instruments[0].input);
    };
    assert_eq!(serial.usb_serial.as_deref(), Some("A10K"));
}

fn roof_of(profile: &str, keys: &str) -> String {
    roof(keys).replace("mightyohm", profile)
}

#[test]
fn an_instrument_keeps_what_it_says() {
    let config = good(
        &(site(
            "high_background = true\nsurvey = \"BATAN 2004\"\njava = false\n\
                existing = { closed = \"non_residential\", baseline_usv_h = 3 }",
        ) + &roof(
            "site = \"park\"\nsource = \"probe\"\nsubject = \"person\"\n\
                 person_role = \"responder\"\ngeometry.distance_m = 0.1\nrange_max = 1000\n\
                 interval_secs = 5\nserial.baud = 19200\n\
                 position = { lat = -6.25, lon = 106.75 }\n\
                 background = { alpha_cps = 0, counted_at = 2026-03-14T00:00:00Z }\n\
                 calibration = { source = \"cert 7\", factor = 1.1, valid_until = 2027-03-31 }",
        )),
    );
    let surroundings = &config.sites[0].surroundings;
    assert_eq!(surroundings.high_background.as_deref(), Some("BATAN 2004"));
    assert_eq!(surroundings.is_on_java, Some(false));
    let existing = surroundings.existing.unwrap();
    assert_eq!(existing.kind, ExistingKind::NonResidential);
    let roof = &config.instruments[0];
    assert_eq!(roof.source_kind, SourceKind::Probe);
    assert_eq!(roof.subject, Some(Subject::Person));
    assert_eq!(roof.position.unwrap().lat.to_string(), "-6.25");
    assert_eq!(roof.range_max.unwrap().usv_per_h().to_string(), "1000");
    let counts = roof.background.counts.unwrap();
    assert_eq!(counts.alpha.unwrap().per_s().to_string(), "0");
    assert_eq!(
        counts.counted_at,
        Wall::parse_rfc3339("2026-03-14T00:00:00Z").unwrap()
    );
    // Valid to the end of the day, in the node's zone: WIB.
    assert_eq!(
        roof.calibration.valid_until.unwrap().to_string(),
        "2027-03-31T16:59:59.999999999Z"
    );
}

#[test]
fn captures_and_each() {
    let config = good(
        "[broker]\nurl = \"mqtt://h\"\n\
         [[instrument]]\nid = \"a\"\nprofile = \"espgeiger-mqtt\"\nmqtt.each = true\n\
         [[instrument]]\nid = \"b\"\nprofile = \"pantau-station\"\ncapture.file = \"tape.log\"\n\
         [[instrument]]\nid = \"c\"\nprofile = \"mightyohm\"\n\
         capture = { file = \"tape.log\", lines_per_s = 2 }\n",
    );
    let inputs: Vec<&Input> = config.instruments.iter().map(|i| &i.input).collect();
    let [
        Input::Mqtt(each),
        Input::Capture(mqtt),
        Input::Capture(serial),
    ] = inputs.as_slice()
    else {
        panic!("{inputs:?}");
    };
    assert_eq!(each.claim, Claim::Each);
    assert!(
        each.filters.contains(&"+/tele/sensor".to_owned()),
        "{each:?}"
    );
    assert_eq!((mqtt.form, mqtt.lines_per_s), (Form::Mqtt, None));
    assert_eq!((serial.form, serial.lines_per_s), (Form::Bytes, Some(2.0)));
}

#[test]
fn a_mistake_in_a_site_does_not_make_its_instruments_wrong() {
    bad(
        &(site("position.alt_m = \"high\"") + &roof("site = \"park\"")),
        "site[0] (park).position.alt_m",
        "must be a number",
    );
}

#[test]
fn subscribers_by_default() {
    let kinds = |config: Config| -> Vec<String> {
        let id = |s: super::Subscriber| {
            assert_eq!(s.filter.min_class, Class::PossibleEmergency);
            s.id
        };
        config.subscribers.into_iter().map(id).collect()
    };
    assert_eq!(kinds(good("")), ["log"]);
    assert_eq!(kinds(good(&station(""))), ["log", "mqtt"]);
}

#[test]
fn the_first_file_that_is_there_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first.toml", "second.toml"].map(|name| folder.path().join(name));
    let load = || {
        let paths = [first.as_path(), second.as_path()];
        load_first(paths.into_iter(), std::iter::empty())
    };
    assert_eq!(load().unwrap().file, None);
    fs::write(&second, "[node]\nname = \"second\"").unwrap();
    assert_eq!(load().unwrap().node.name, "second");
    fs::write(&first, "[node]\nname = \"first\"").unwrap();
    let config = load().unwrap();
    assert_eq!(config.node.name, "first");
    assert_eq!(config.file.as_deref(), Some(first.as_path()));
    assert_eq!(config.node.data_dir, folder.path().join("data"));
    // One that cannot be read is not passed over.
    fs::write(&first, [0xff]).unwrap();
    assert_eq!(load().unwrap_err().file, first.display().to_string());
}

#[test]
fn how_stations_and_daemon_are_watched() {
    let usual = good("").supervision;
    assert_eq!((usual.many.percent, usual.many.stations), (10, 20));
    assert_eq!(usual.drill_at_min, Some(8 * 60));
    let given = good("[supervision]\nmass_percent = 50\nmass_stations = 3\ndrill_at = \"23:59\"")
        .supervision;
    assert_eq!((given.many.percent, given.many.stations), (50, 3));
    assert_eq!(given.drill_at_min, Some(24 * 60 - 1));
    let off = good("[supervision]\ndrill = false").supervision;
    assert_eq!(off.drill_at_min, None);
    for (key, part) in [
        ("mass_percent = 0", "1 to 50"),
        ("mass_percent = 51", "1 to 50"),
        ("mass_stations = 2", "3 to 1000"),
        ("drill_at = \"24:00\"", "time of day"),
        ("silence = 1", "no such key"),
    ] {
        let path = key.split_once(' ').unwrap().0;
        let text = format!("[supervision]\n{key}");
        bad(&text, &format!("supervision.{path}"), part);
    }
    bad(
        "[supervision]\ndrill = false\ndrill_at = \"08:00\"",
        "supervision.drill_at",
        "without `drill`",
    );
}

#[test]
fn which_faults_and_exercises_a_subscriber_is_told() {
    let filter = |keys: &str| {
        let text = format!("[[subscriber]]\nid = \"log\"\nkind = \"log\"\n{keys}");
        good(&text).subscribers[0].filter.clone()
    };
    let usual = filter("");
    assert_eq!(usual.faults, Some(Priority::Normal));
    assert!(!usual.drills);
    assert_eq!(filter("faults = \"high\"").faults, Some(Priority::High));
    assert_eq!(filter("faults = \"low\"").faults, Some(Priority::Low));
    assert_eq!(filter("faults = \"none\"").faults, None);
    assert!(filter("drills = true").drills);
    bad(
        "[[subscriber]]\nid = \"log\"\nkind = \"log\"\nfaults = \"all\"",
        "subscriber[0] (log).faults",
        "`all` is not known",
    );
}
