//! Configurations as a user meets them: files, variables, and every mistake at
//! once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use pantau::activation::Mode;
use pantau::clock::Zone;
use pantau::config::{Channel, Config, ConfigErrors, Language, from_toml, load};

fn write(path: &Path, mode: u32, content: &str) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Loads a file with this text in a fresh folder, with these variables.
fn load_with(text: &str, env: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("token"), 0o600, "0123456789abcdef\n");
    let file = folder.path().join("pantau.toml");
    fs::write(&file, text).unwrap();
    load(Some(&file), variables(env))
}

fn variables<'e>(env: &'e [(&str, &str)]) -> impl Iterator<Item = (String, String)> + 'e {
    env.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
}

#[track_caller]
fn good(text: &str, env: &[(&str, &str)]) -> Config {
    load_with(text, env).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The problems, by path.
#[track_caller]
fn problems(text: &str, env: &[(&str, &str)]) -> BTreeMap<String, String> {
    let errors = load_with(text, env).expect_err("something is wrong with it");
    let count = errors.problems.len();
    let by_path: BTreeMap<String, String> = errors
        .problems
        .into_iter()
        .map(|problem| (problem.path.clone(), problem.to_string()))
        .collect();
    assert_eq!(by_path.len(), count, "one path twice: {by_path:#?}");
    by_path
}

/// Every kind of mistake in one file; each `#!` line gives the path of the
/// problem that the line before it makes.
const FAULTY: &str = r#"
surprise = 1
#! surprise
[node]
naem = "x"
#! node.naem
time_zone = "Mars"
#! node.time_zone
exercise = "yes"
#! node.exercise
[telemetry]
#! telemetry
[broker]
url = "mqtts://localhost"
#! broker.url
username = "pantau"
password_file = "missing"
#! broker.password_file
[[site]]
id = "park"
name = "Park"
position = { lat = 106.7, lon = -6.3 }
#! site[0] (park).position.lat
[[instrument]]
id = "roof"
profile = "mightohm"
#! instrument[0] (roof).profile
site = "prak"
#! instrument[0] (roof).site
geometry.distance_m = -1
#! instrument[0] (roof).geometry.distance_m
serial.speed = 9600
#! instrument[0] (roof).serial.speed
#! instrument[0] (roof).serial.port
[[instrument]]
id = "roof"
#! instrument[1] (roof).id
profile = "mightyohm"
serial.port = "/dev/ttyUSB0"
mqtt.device = "x"
#! instrument[1] (roof)
source = "drone"
#! instrument[1] (roof).source
calibration = { source = "c", valid_until = "2026-02-30" }
#! instrument[1] (roof).calibration.valid_until
[[instrument]]
profile = "pantau-station"
#! instrument[2].id
[store.embedded]
retention_days = 0
#! store.embedded.retention_days
[criteria]
rain = { ratio = 20 }
#! criteria.rain.ratio
[[subscriber]]
id = "hook"
kind = "webhook"
url = "example.id/hook"
#! subscriber[0] (hook).url
[http]
listen = "0.0.0.0:8080"
token_file = "none"
#! http.token_file
"#;

#[test]
fn every_mistake_is_named_at_once() {
    let found = problems(
        FAULTY,
        &[("PANTAU_CONFIG", "x"), ("PANTAU_NODE__PORT", "1")],
    );
    let mut expected: Vec<&str> = FAULTY
        .lines()
        .filter_map(|line| line.strip_prefix("#! "))
        .collect();
    expected.extend(["PANTAU_CONFIG", "PANTAU_NODE__PORT"]);
    expected.sort_unstable();
    assert_eq!(found.keys().collect::<Vec<_>>(), expected, "{found:#?}");
    assert!(expected.len() >= 20);
    assert_eq!(
        found["instrument[0] (roof).profile"],
        "instrument[0] (roof).profile: no profile named `mightohm`; near: mightyohm"
    );
    assert_eq!(
        found["node.naem"],
        "node.naem: there is no such key; near: name"
    );
}

#[test]
fn a_report_is_one_line_for_each_problem() {
    let errors = load_with("[node]\nnaem = 1\n[htpp]\n", &[]).unwrap_err();
    assert!(errors.file.ends_with("pantau.toml"), "{}", errors.file);
    assert_eq!(
        errors.to_string(),
        "node.naem: there is no such key; near: name\n\
         htpp: there is no such key; near: http"
    );
}

#[test]
fn syntax_errors_have_a_place() {
    let found = problems("[node]\nname = \"x\"\n[http\nlisten = 1\n", &[]);
    assert!(
        found.keys().all(|path| path.starts_with("line 3, column ")),
        "{found:#?}"
    );
}

#[test]
fn a_named_file_must_exist() {
    let missing = Path::new("/nonexistent/pantau.toml");
    let errors = load(Some(missing), variables(&[])).unwrap_err();
    assert_eq!(errors.problems.len(), 1);
    assert_eq!(errors.problems[0].path, "/nonexistent/pantau.toml");
}

#[test]
fn everything_has_a_default() {
    let config = from_toml("", Path::new("/base")).unwrap();
    assert_eq!(config.file, None);
    assert_eq!(config.node.name, "pantau");
    assert_eq!(config.node.zone, Zone::Wib);
    assert_eq!(config.node.language, None);
    assert_eq!(config.node.mode, Mode::Actual);
    assert_eq!(config.node.data_dir, PathBuf::from("/base/data"));
    assert_eq!(config.store.folder, PathBuf::from("/base/data/store"));
    assert_eq!(config.store.retention, None);
    assert_eq!(config.criteria, pantau::criteria::Policy::default());
    let hash = pantau::criteria::PolicyHash::of(&config.criteria).to_string();
    let expected = pantau::activation::Config {
        policy: Some(hash.into()),
        ..pantau::activation::Config::default()
    };
    assert_eq!(config.activation, expected);
    assert_eq!(config.publish.prefix, "pantau/v1/pantau");
    assert_eq!(config.publish.heartbeat.as_secs(), 30);
    assert!(!config.publish.has_readings);
    let http = config.http.unwrap();
    assert_eq!(http.listen.to_string(), "127.0.0.1:8080");
    assert!(http.token.is_none());
    assert!(config.broker.is_none());
    assert!(config.instruments.is_empty() && config.sites.is_empty() && config.areas.is_empty());
    let [subscriber] = config.subscribers.as_slice() else {
        panic!("{:?}", config.subscribers);
    };
    assert!(matches!(
        subscriber.channel,
        Channel::Log { language: None }
    ));
}

#[test]
fn the_example_is_right() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/example.toml");
    let config = load(Some(&file), variables(&[])).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(config.instruments.len() >= 4);
    assert!(config.broker.is_some() && !config.sites.is_empty());
}

/// The example with every key that it comments out, and how many these are.
fn whole_example() -> (Vec<String>, usize) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/example.toml");
    let text = fs::read_to_string(file).unwrap();
    let left_out = text.lines().filter(|line| line.starts_with("#: ")).count();
    let lines = text
        .lines()
        .map(|line| line.strip_prefix("#: ").unwrap_or(line).to_owned())
        .collect();
    (lines, left_out)
}

/// Where a synthetic table of nuclides is from.
const ORIGIN: &str = "publication = \"Synthetic\"\nedition = \"1\"\ntable = \"1\"\n\
                      checked_by = \"A. Person\"\ndate = \"2026-01-31\"\n";

/// A folder with every file that the example names.
fn example_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for secret in [
        "mqtt.password",
        "webhook.key",
        "webhook2.key",
        "mail.password",
        "sms.token",
    ] {
        write(&folder.path().join(secret), 0o600, "0123456789abcdef\n");
    }
    fs::write(folder.path().join("sms.form"), "to=duty&text={{ sms }}").unwrap();
    let area = r#"{"type":"Polygon","coordinates":[[[106,-6],[107,-6],[107,-7],[106,-6]]]}"#;
    fs::write(folder.path().join("beach.geojson"), area).unwrap();
    fs::write(folder.path().join("drive.log"), "").unwrap();
    for table in ["tio6.toml", "d-values.toml"] {
        let text = format!("{ORIGIN}[nuclides]\n\"Syn-1\" = 1000\n");
        fs::write(folder.path().join(table), text).unwrap();
    }
    fs::create_dir(folder.path().join("profiles")).unwrap();
    folder
}

#[test]
fn what_the_example_leaves_out_is_right_too() {
    let (lines, left_out) = whole_example();
    assert!(left_out >= 10, "{left_out} keys are left out");
    let folder = example_folder();
    let config = from_toml(&lines.join("\n"), folder.path()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(config.areas.len(), 2);
    assert_eq!(config.http.unwrap().tokens.len(), 1);
}

#[test]
fn the_example_has_every_key_of_the_policy() {
    let (lines, _) = whole_example();
    let example: toml::Table = lines.join("\n").parse().unwrap();
    let criteria = &example["criteria"];
    for key in pantau::criteria::reference::KEYS {
        let found = key
            .path
            .split('.')
            .try_fold(criteria, |table, name| table.get(name));
        assert!(found.is_some(), "criteria.{} is missing", key.path);
    }
}

#[test]
fn no_key_of_the_example_takes_nonsense() {
    let (lines, _) = whole_example();
    let folder = example_folder();
    let mut count = 0;
    for (n, line) in lines.iter().enumerate() {
        let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let mut wrong = lines.clone();
        wrong[n] = format!("{key} = {{ zzz = [1] }}");
        let errors = from_toml(&wrong.join("\n"), folder.path()).expect_err(line);
        assert!(
            errors
                .problems
                .iter()
                .any(|problem| problem.path.contains(key)),
            "line {}, `{line}`: {errors}",
            n + 1
        );
        count += 1;
    }
    assert!(count >= 80, "{count} keys");
}

#[test]
fn variables_go_before_the_file() {
    let text = "[node]\nname = \"file\"\nlanguage = \"en\"\n[store.embedded]\nretention_days = 9\n";
    let config = good(
        text,
        &[
            ("PANTAU_NODE__NAME", "variable"),
            ("PANTAU_NODE__EXERCISE", "true"),
            ("PANTAU_STORE__EMBEDDED__RETENTION_DAYS", "30"),
            ("PANTAU_ACTIVATION__GROUP_RADIUS_M", "250.5"),
            ("PANTAU_CRITERIA__RAIN__RATIO", "3"),
            ("PANTAU_HTTP__LISTEN", "off"),
            ("PANTAUX_NODE__NAME", "somebody else's"),
            ("HOME", "/root"),
        ],
    );
    assert_eq!(config.node.name, "variable");
    assert_eq!(config.node.language, Some(Language::English));
    assert_eq!(config.node.mode, Mode::Exercise);
    assert_eq!(config.activation.mode, Mode::Exercise);
    assert_eq!(config.store.retention.unwrap().as_secs(), 30 * 86_400);
    assert_eq!(config.activation.radius_m.to_string(), "250.5");
    assert_eq!(config.criteria.rain_ratio.to_string(), "3");
    assert!(config.http.is_none());
}

#[test]
fn a_name_of_digits_stays_text() {
    let config = good("", &[("PANTAU_NODE__NAME", "007")]);
    assert_eq!(config.node.name, "007");
    assert_eq!(config.publish.prefix, "pantau/v1/007");
    let text = "[broker]\nurl = \"mqtt://localhost\"\n";
    let config = good(text, &[("PANTAU_BROKER__USERNAME", "007")]);
    assert_eq!(config.broker.unwrap().login.unwrap().username, "007");
}

/// One variable over a right file makes one problem.
#[track_caller]
fn bad_variable(name: &str, value: &str, path: &str, part: &str) {
    let text = "[broker]\nurl = \"mqtt://localhost\"\n[[site]]\nid = \"a\"\nname = \"A\"\n\
                position = { lat = -6.3, lon = 106.7 }\n";
    let found = problems(text, &[(name, value)]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let line = found
        .get(path)
        .unwrap_or_else(|| panic!("no `{path}`: {found:#?}"));
    assert!(line.contains(part), "`{part}` is not in: {line}");
}

#[test]
fn variables_that_are_no_keys_are_named() {
    for name in [
        "PANTAU_CONFIG",
        "PANTAU_NODE",
        "PANTAU_",
        "PANTAU___",
        "PANTAU_NODE__",
        "PANTAU_node__name",
        "PANTAU_NODE__NA[9]",
        "PANTAU_NODE__N.A",
    ] {
        bad_variable(name, "x", name, "names no key");
    }
    bad_variable("PANTAU_NODE__NAEM", "x", "PANTAU_NODE__NAEM", "near: name");
    bad_variable(
        "PANTAU_HTPP__LISTEN",
        "off",
        "PANTAU_HTPP__LISTEN",
        "near: http",
    );
    for name in [
        "PANTAU_SITE__0__NAME",
        "PANTAU_INSTRUMENT__ID",
        "PANTAU_SITE",
    ] {
        let part = if name == "PANTAU_SITE" {
            "names no key"
        } else {
            "in the configuration file"
        };
        bad_variable(name, "x", name, part);
    }
}

#[test]
fn a_wrong_value_says_which_variable_set_it() {
    bad_variable(
        "PANTAU_BROKER__KEEP_ALIVE_SECS",
        "30s",
        "broker.keep_alive_secs",
        "a whole number, is the text `30s` (set by PANTAU_BROKER__KEEP_ALIVE_SECS)",
    );
    bad_variable(
        "PANTAU_BROKER__KEEP_ALIVE_SECS",
        "4",
        "broker.keep_alive_secs",
        "must be 5 to 300, is 4 (set by",
    );
    bad_variable(
        "PANTAU_NODE__EXERCISE",
        "1",
        "node.exercise",
        "(set by PANTAU_NODE__EXERCISE)",
    );
    bad_variable(
        "PANTAU_NODE__NAME",
        "",
        "node.name",
        "must not be empty (set by",
    );
    bad_variable(
        "PANTAU_BROKER__URL__X",
        "1",
        "broker.url",
        "(set by PANTAU_BROKER__URL__X)",
    );
    bad_variable(
        "PANTAU_STORE__EMBEDDED",
        "x",
        "store.embedded",
        "must be a table",
    );
    bad_variable(
        "PANTAU_ACTIVATION__GROUP_RADIUS_M",
        "nan",
        "activation.group_radius_m",
        "NaN",
    );
    bad_variable(
        "PANTAU_CRITERIA__RAIN__RATIO",
        "0,5",
        "criteria.rain.ratio",
        "a number",
    );
}

#[test]
fn a_variable_cannot_be_a_table_and_a_key_in_it() {
    let env = [
        ("PANTAU_STORE__EMBEDDED", "x"),
        ("PANTAU_STORE__EMBEDDED__RETENTION_DAYS", "7"),
    ];
    let found = problems("", &env);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["PANTAU_STORE__EMBEDDED"]);
}

#[test]
fn secrets_are_read_beside_the_file_and_never_printed() {
    let text = "[broker]\nurl = \"mqtt://localhost\"\nusername = \"u\"\npassword_file = \"token\"\n\
                [http]\ntoken_file = \"token\"\n\
                [[subscriber]]\nid = \"h\"\nkind = \"webhook\"\nsecret_file = \"token\"\n\
                url = \"https://example.id/hooks/0123456789abcdef\"\n";
    let config = good(text, &[]);
    assert_eq!(
        config
            .http
            .as_ref()
            .unwrap()
            .token
            .as_ref()
            .unwrap()
            .expose(),
        "0123456789abcdef"
    );
    let printed = format!("{config:?} {config:#?}");
    assert!(printed.contains("***"));
    assert!(!printed.contains("0123456789abcdef"));
}

#[test]
fn a_credential_of_the_service_manager_is_let_pass() {
    let credentials = tempfile::tempdir().unwrap();
    let token = credentials.path().join("token");
    write(&token, 0o440, "0123456789abcdef\n");
    let text = format!("[http]\ntoken_file = \"{}\"\n", token.display());
    let folder = credentials.path().to_str().unwrap();
    assert!(problems(&text, &[])["http.token_file"].contains("chmod 600"));
    assert!(load_with(&text, &[("CREDENTIALS_DIRECTORY", folder)]).is_ok());
}

#[test]
fn own_profiles_join_and_their_mistakes_are_named() {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("device-profiles/mightyohm");
    let profile = fs::read_to_string(built_in.join("profile.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let own = profile.replace("id = \"mightyohm\"", "id = \"ours\"");
    fs::write(folder.path().join("ours.toml"), &own).unwrap();
    let text = format!("[node]\nprofiles_dir = \"{}\"\n", folder.path().display());
    assert!(good(&text, &[]).registry.get("ours").is_ok());

    let wrong = own.replace("class = \"survey_meter\"", "class = \"toaster\"");
    fs::write(folder.path().join("ours.toml"), wrong).unwrap();
    let found = problems(&text, &[]);
    assert!(found["node.profiles_dir"].contains("toaster"), "{found:#?}");
}
