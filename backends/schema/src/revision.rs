//! The schema's history, and each database's version numbers for it.
//!
//! PostgreSQL and MySQL number the same change differently, and some changes were made to one of
//! them alone; a [`Revision`] is the place of a change in the common order.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::Dialect;

/// A state of the schema; older before newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u8);

impl Revision {
    /// Kea 2.2: where this history begins.
    pub const BASE: Self = Self(0);
    /// Options that are never sent; lifetimes of offers.
    pub const NEVER_SEND: Self = Self(1);
    /// Leases by the relay agent's identifiers.
    pub const RELAYS: Self = Self(2);
    /// Allocators of subnets and shared networks.
    pub const ALLOCATORS: Self = Self(3);
    /// Pools have identifiers and statistics; longer client identifiers.
    pub const POOLS: Self = Self(4);
    /// IPv6 addresses are no longer text. Kea 2.4.
    pub const BINARY_ADDRESSES: Self = Self(5);
    /// What relays said of IPv6 leases is tied to them.
    pub const EXTENDED_INFO: Self = Self(6);
    /// IPv6 leases of a subnet, page by page.
    pub const SUBNET_PAGES: Self = Self(7);
    /// PostgreSQL alone: an index that had been made on the wrong table.
    pub const SERVER_INDEX: Self = Self(8);
    /// Kea 2.6.0.
    pub const V22: Self = Self(9);
    /// Kea 2.6, corrected once.
    pub const V22_1: Self = Self(10);
    /// Kea 2.6, corrected twice.
    pub const V22_2: Self = Self(11);
    /// Leases may be in the state *released*.
    pub const RELEASED: Self = Self(12);
    /// Types of options in a table.
    pub const OPTION_TYPES: Self = Self(13);
    /// Reserved prefixes may have an excluded part.
    pub const EXCLUDED_PREFIX: Self = Self(14);
    /// Classes that are looked at later have a new name.
    pub const ADDITIONAL_CLASSES: Self = Self(15);
    /// Networks and pools may ask for several classes.
    pub const CLASS_LISTS: Self = Self(16);
    /// Lifetimes of names in the DNS.
    pub const DDNS_TTL: Self = Self(17);
    /// Leases may be in the state *registered*.
    pub const REGISTERED: Self = Self(18);
    /// MySQL alone: routines corrected. Kea 3.0.
    pub const V30: Self = Self(19);
    /// Queues of free leases that servers share. Kea 3.2.
    pub const FREE_LEASES: Self = Self(20);
    /// The newest there is.
    pub const NEWEST: Self = Self::FREE_LEASES;

    /// All of them, in order.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (Self::BASE.0..=Self::NEWEST.0).map(Self)
    }

    /// The next one, if there is one.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        (self < Self::NEWEST).then(|| Self(self.0 + 1))
    }

    /// What a database of this revision says of itself in `schema_version`.
    #[must_use]
    pub fn version(self, dialect: Dialect) -> Version {
        let row = &HISTORY[usize::from(self.0)];
        match dialect {
            Dialect::PostgreSql => row.postgresql,
            Dialect::MySql | Dialect::Sqlite => row.mysql,
        }
    }

    /// Which revision a database is that says this of itself: the last one with that number.
    ///
    /// # Errors
    /// If no schema of that number is known, with the reason.
    pub fn of(dialect: Dialect, version: Version) -> Result<Self, UnknownVersion> {
        let found = Self::all().rev().find(|revision| revision.version(dialect) == version);
        found.ok_or_else(|| {
            let newest = Self::NEWEST.version(dialect);
            let oldest = Self::BASE.version(dialect);
            if version > newest {
                UnknownVersion::TooNew { version, newest }
            } else if version < oldest {
                UnknownVersion::TooOld { version, oldest }
            } else {
                let known = |revision: &Self| revision.version(dialect);
                let all = Self::all();
                let before = all.rev().map(|at| known(&at)).find(|known| *known < version);
                let after = Self::all().map(|at| known(&at)).find(|known| *known > version);
                UnknownVersion::Between {
                    version,
                    before: before.unwrap_or(oldest),
                    after: after.unwrap_or(newest),
                }
            }
        })
    }

    /// The first release of Kea that asks for this revision.
    #[must_use]
    pub fn kea(self) -> &'static str {
        HISTORY[usize::from(self.0)].kea
    }
}

/// A schema's number, as its own table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Counts changes that Kea notices.
    pub major: u32,
    /// Counts corrections of a release.
    pub minor: u32,
}

impl Version {
    /// A version.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A text is no version: it is two numbers with a dot between, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a schema's version is a number like 34.0")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
        let number = |text: &str| text.parse().map_err(|_| NoVersion);
        Ok(Self { major: number(major)?, minor: number(minor)? })
    }
}

/// Why a version says nothing to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnknownVersion {
    /// It is newer than this program.
    #[error(
        "schema {version} is newer than the newest that this program knows ({newest}): use a newer \
         program"
    )]
    TooNew {
        /// What the database says.
        version: Version,
        /// The newest known.
        newest: Version,
    },
    /// It is older than Kea 2.2's.
    #[error(
        "schema {version} is older than the oldest that this program knows ({oldest}): upgrade it \
         with the `kea-admin` of Kea 2.2 first"
    )]
    TooOld {
        /// What the database says.
        version: Version,
        /// The oldest known.
        oldest: Version,
    },
    /// It was a step of Kea's development whose form is not known.
    #[error(
        "schema {version} belongs to a development release between {before} and {after}, whose \
         form this program does not know: upgrade it with that release's own `kea-admin` to {after}"
    )]
    Between {
        /// What the database says.
        version: Version,
        /// The last known one before it.
        before: Version,
        /// The first known one after it.
        after: Version,
    },
}

struct Row {
    postgresql: Version,
    mysql: Version,
    kea: &'static str,
}

const fn row(postgresql: (u32, u32), mysql: (u32, u32), kea: &'static str) -> Row {
    Row {
        postgresql: Version::new(postgresql.0, postgresql.1),
        mysql: Version::new(mysql.0, mysql.1),
        kea,
    }
}

/// In the order of the constants above.
const HISTORY: [Row; 21] = [
    row((13, 0), (14, 0), "2.2.0"),
    row((14, 0), (15, 0), "2.3.6"),
    row((15, 0), (16, 0), "2.3.7"),
    row((16, 0), (17, 0), "2.3.7"),
    row((17, 0), (18, 0), "2.3.8"),
    row((18, 0), (19, 0), "2.4.0"),
    row((19, 0), (20, 0), "2.5.0"),
    row((20, 0), (21, 0), "2.5.0"),
    row((21, 0), (21, 0), "2.5.0"),
    row((22, 0), (22, 0), "2.6.0"),
    row((22, 1), (22, 1), "2.6.0"),
    row((22, 2), (22, 2), "2.6.0"),
    row((23, 0), (23, 0), "2.7.0"),
    row((24, 0), (24, 0), "2.7.0"),
    row((25, 0), (25, 0), "2.7.3"),
    row((26, 0), (26, 0), "2.7.4"),
    row((27, 0), (27, 0), "2.7.5"),
    row((28, 0), (28, 0), "2.7.6"),
    row((29, 0), (29, 0), "2.7.7"),
    row((29, 0), (30, 0), "2.7.9"),
    row((34, 0), (35, 0), "3.2.0"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_name_revisions() {
        for dialect in Dialect::ALL {
            let mut last = None;
            for revision in Revision::all() {
                let version = revision.version(dialect);
                assert!(last <= Some(version), "{dialect:?} {version} is out of order");
                last = Some(version);
                let found = Revision::of(dialect, version).expect("it is known");
                assert_eq!(found.version(dialect), version);
                assert!(found >= revision, "the last revision of a number counts");
            }
        }
        let of = |major, minor| Revision::of(Dialect::PostgreSql, Version::new(major, minor));
        assert_eq!(of(13, 0), Ok(Revision::BASE));
        assert_eq!(of(29, 0), Ok(Revision::V30));
        assert_eq!(of(34, 0), Ok(Revision::NEWEST));
    }

    #[test]
    fn unknown_versions_say_what_to_do() {
        let refusal = |major| {
            let found = Revision::of(Dialect::MySql, Version::new(major, 0));
            found.expect_err("unknown").to_string()
        };
        assert!(refusal(36).contains("use a newer program"), "{}", refusal(36));
        assert!(refusal(9).contains("of Kea 2.2 first"), "{}", refusal(9));
        let between = refusal(33);
        assert!(between.contains("between 30.0 and 35.0"), "{between}");
    }

    #[test]
    fn texts_become_versions() {
        assert_eq!("22.2".parse(), Ok(Version::new(22, 2)));
        assert_eq!("34".parse(), Ok(Version::new(34, 0)));
        for text in ["", ".", "a.0", "1.2.3", "-1.0", "4294967296.0"] {
            assert_eq!(text.parse::<Version>(), Err(NoVersion), "{text}");
        }
    }
}
