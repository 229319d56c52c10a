//! Who may do what, and who did it.
//!
//! The table of rights is [`Act::least`], and nowhere else. Roles stand in one
//! row: each may do all that the one before it may.
//!
//! | role     | may                                                               |
//! |----------|-------------------------------------------------------------------|
//! | viewer   | read, but for the personal data of those who reported or were hurt |
//! | operator | also these; acknowledge, shelve, take out of service, work on cases |
//! | second   | also be the second person that shelving a TIO2 takes               |
//! | chief    | also decide the response status, and close                         |
//!
//! Without any token, on loopback, whoever is on the machine is taken for the
//! chief and names himself: the system's own login is the lock there.

mod person;
mod token;

use std::sync::Arc;

pub use person::{NAME_CHARS, NoPerson, Person, is_same_person};
pub use token::{FORM, TokenHash, has_form, token_of};

use crate::reading::words;

words! {
    /// What somebody's token makes him; in the order of what they may.
    pub enum Role {
        /// Sees, and does nothing.
        Viewer = "viewer",
        /// Is on duty.
        Operator = "operator",
        /// Is on duty, and confirms what takes two.
        Second = "second",
        /// Answers for the response.
        Chief = "chief",
    }
}

words! {
    /// What a request does.
    pub enum Act {
        /// Looks, at nobody's personal data.
        Read = "read",
        /// Looks at who reported and who was hurt.
        ReadPersonal = "read_personal",
        /// Looks at faults of instruments, links and the daemon itself.
        ReadFaults = "read_faults",
        /// Takes notice of an activation.
        Acknowledge = "acknowledge",
        /// Silences an activation for a while; a TIO2 only with a second person.
        Shelve = "shelve",
        /// Ends that before its time.
        Unshelve = "unshelve",
        /// Is the second person who silences a TIO2.
        ConfirmShelf = "confirm_shelf",
        /// Takes a station out of service, or puts it back.
        OutOfService = "out_of_service",
        /// Takes a message that nobody will accept any more off the list.
        DismissDeadLetter = "dismiss_dead_letter",
        /// Says what was recovered.
        Recovered = "recovered",
        /// Opens a case from a report.
        OpenCase = "open_case",
        /// Works on a case: form, steps, track, activations, places, remarks.
        WorkOnCase = "work_on_case",
        /// Decides the response status.
        Decide = "decide",
        /// Closes a case, or the matter of an activation.
        Close = "close",
    }
}

impl Act {
    /// The least role that may do it: the table of rights.
    pub const fn least(self) -> Role {
        match self {
            Self::Read | Self::ReadFaults => Role::Viewer,
            Self::ReadPersonal
            | Self::Acknowledge
            | Self::Shelve
            | Self::Unshelve
            | Self::OutOfService
            | Self::DismissDeadLetter
            | Self::Recovered
            | Self::OpenCase
            | Self::WorkOnCase => Role::Operator,
            Self::ConfirmShelf => Role::Second,
            Self::Decide | Self::Close => Role::Chief,
        }
    }

    /// Whether it changes nothing.
    pub const fn is_reading(self) -> bool {
        matches!(self, Self::Read | Self::ReadPersonal | Self::ReadFaults)
    }
}

impl Role {
    /// Whether it may do this.
    pub fn may(self, act: Act) -> bool {
        act.least() <= self
    }
}

/// Who asks, as far as a token proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose token it is; `None` for a shared one, and where none is demanded.
    pub name: Option<Arc<str>>,
    /// What it makes him.
    pub role: Role,
}

impl Caller {
    /// Whoever is on this machine, where no token is demanded.
    pub const fn local() -> Self {
        Self {
            name: None,
            role: Role::Chief,
        }
    }

    /// Who it is that acts: `by` is whom he says to be, and may be left out by
    /// somebody whose token has a name.
    ///
    /// # Errors
    ///
    /// [`NoPerson`] when nobody is named, or in a way that a record can't take.
    pub fn person(&self, by: Option<&str>) -> Result<Person, NoPerson> {
        Person::new(by, self.name.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of rights once more, written by hand: whoever changes one must
    /// change the other.
    #[test]
    fn each_role_may_do_what_the_table_says_and_no_more() {
        let viewer = &["read", "read_faults"][..];
        let operator = &[
            "read_personal",
            "acknowledge",
            "shelve",
            "unshelve",
            "out_of_service",
            "dismiss_dead_letter",
            "recovered",
            "open_case",
            "work_on_case",
        ][..];
        let second = &["confirm_shelf"][..];
        let chief = &["decide", "close"][..];
        let rows = [
            (Role::Viewer, vec![viewer]),
            (Role::Operator, vec![viewer, operator]),
            (Role::Second, vec![viewer, operator, second]),
            (Role::Chief, vec![viewer, operator, second, chief]),
        ];
        for (role, may) in rows {
            for act in Act::ALL {
                let expected = may.concat().contains(&act.as_str());
                assert_eq!(role.may(*act), expected, "{role}: {act}");
            }
        }
        assert_eq!(Role::ALL.len(), 4);
    }

    #[test]
    fn a_viewer_changes_nothing() {
        for act in Act::ALL {
            assert!(!Role::Viewer.may(*act) || act.is_reading(), "{act}");
        }
    }
}
