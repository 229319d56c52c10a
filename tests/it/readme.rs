//! The README tells the truth where a program can check it.

use std::fs;
use std::path::Path;

use crate::support::{Home, pantau};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn its_configuration_is_good() {
    let readme = readme();
    let (_, after) = readme.split_once("```toml\n").unwrap();
    let (example, _) = after.split_once("```").unwrap();
    let home = Home::new();
    home.write("pantau.toml", example);
    let checked = pantau(&home, &["check"]);
    let out = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.status.success(), "{out}");
}

#[test]
fn it_names_every_verb_metric_row_and_profile() {
    let readme = readme();
    let home = Home::new();
    let help = String::from_utf8(pantau(&home, &["help"]).stdout).unwrap();
    let (_, verbs) = help.split_once("Commands:").unwrap();
    let (verbs, _) = verbs.split_once("Options:").unwrap();
    for line in verbs
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
    {
        let verb = line.split_whitespace().next().unwrap();
        assert!(
            verb == "help" || readme.contains(&format!("`{verb}")),
            "the verb `{verb}` is not in the README"
        );
    }
    let known: Vec<&str> = pantau::telemetry::names::ALL
        .iter()
        .map(|m| m.name)
        .collect();
    for word in readme.split('`').filter(|word| word.starts_with("pantau_")) {
        let name = word.split_whitespace().next().unwrap();
        assert!(known.contains(&name), "the README names a metric `{name}`");
    }
    for (_, profile) in pantau::profile::Registry::built_in().iter() {
        assert!(
            readme.contains(&format!("| `{}` |", profile.id)),
            "{}",
            profile.id
        );
    }
}
