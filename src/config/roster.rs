//! `[[roster]]`: who is told at once, who next, and who at last.

use std::sync::Arc;

use super::problem::Refused;
use super::section::Section;
use super::subscriber::Subscriber;
use crate::deliver::{Roster, Rosters};
use crate::error::excerpt;

/// Reads the list.
///
/// | key        | what                                                             | default                     |
/// |------------|------------------------------------------------------------------|-----------------------------|
/// | `id`       | a name                                                           | mandatory                   |
/// | `sites`    | ids of `[[site]]`                                                | wherever no other roster is |
/// | `first`    | ids of `[[subscriber]]`, told at once; the most important first  | mandatory                   |
/// | `second`   | told when nobody acknowledged, or nobody accepted a TIO2 in 30 s | nobody                      |
/// | `everyone` | told when still nobody did                                       | nobody                      |
pub(super) fn read(
    sections: Vec<Section<'_>>,
    site_ids: &[String],
    subscribers: &[Subscriber],
) -> Rosters {
    let mut rosters: Vec<Roster> = Vec::new();
    for mut section in sections {
        let id = section.required("id", Section::name);
        if let Some(id) = &id {
            section.called(id.as_str());
        }
        let sites = known(&mut section, "sites", "site", |id| {
            site_ids.iter().any(|site| site == id)
        });
        let mut list = |key: &'static str| -> Vec<Arc<str>> {
            let ids = known(&mut section, key, "subscriber", |id| {
                subscribers.iter().any(|subscriber| subscriber.id == id)
            });
            ids.into_iter().map(Arc::from).collect()
        };
        let (first, second, everyone) = (list("first"), list("second"), list("everyone"));
        if first.is_empty() {
            let refused = Refused::new("somebody must be told at once");
            section.refuse("first", refused.hint("ids of [[subscriber]]"));
        }
        let is_taken = rosters.iter().any(|other| {
            other.sites.iter().any(|site| sites.contains(site))
                || (other.sites.is_empty() && sites.is_empty())
        });
        if is_taken {
            let refused = Refused::new("another roster is for the same place");
            section.refuse(
                "sites",
                refused.hint("one roster for each site, one for the rest"),
            );
        }
        section.finish();
        if let Some(id) = id {
            rosters.push(Roster {
                id: id.to_string(),
                sites,
                first,
                second,
                everyone,
            });
        }
    }
    Rosters(rosters)
}

/// The texts of a list that name something there is, each once.
fn known(
    section: &mut Section<'_>,
    key: &'static str,
    what: &str,
    is_there: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for (at, text) in section.texts(key) {
        if ids.iter().any(|id| id == text) {
            section.refuse_at(at, Refused::new(format!("`{text}` stands there already")));
        } else if is_there(text) {
            ids.push(text.to_owned());
        } else {
            let refused = Refused::new(format!("no {what} `{}`", excerpt(text, 64)));
            section.refuse_at(at, refused.hint(format!("the id of a [[{what}]]")));
        }
    }
    ids
}
