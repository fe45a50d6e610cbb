//! The calls that change something, for traces and faults.

use std::fmt;

/// One call that changed, or tried to change, the disk. Reads are not among them: a crash at a read
/// is a crash before the next change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Op {
    /// A file was created or emptied.
    Create(String),
    /// So many octets were appended.
    Append(String, usize),
    /// A file was cut to a length.
    Truncate(String, u64),
    /// A file was synced.
    Sync(String),
    /// A name became another.
    Rename(String, String),
    /// A name was removed.
    Remove(String),
    /// The directory was synced.
    SyncDir,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(name) => write!(f, "create {name}"),
            Self::Append(name, octets) => write!(f, "append {name} +{octets}"),
            Self::Truncate(name, len) => write!(f, "truncate {name} to {len}"),
            Self::Sync(name) => write!(f, "sync {name}"),
            Self::Rename(from, to) => write!(f, "rename {from} to {to}"),
            Self::Remove(name) => write!(f, "remove {name}"),
            Self::SyncDir => f.write_str("sync the directory"),
        }
    }
}

impl Op {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Create(_) => Kind::Create,
            Self::Append(..) => Kind::Append,
            Self::Truncate(..) => Kind::Truncate,
            Self::Sync(_) => Kind::Sync,
            Self::Rename(..) => Kind::Rename,
            Self::Remove(_) => Kind::Remove,
            Self::SyncDir => Kind::SyncDir,
        }
    }
}

/// Kinds of calls that can be told to fail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Opening a file that exists.
    Open,
    /// Reading.
    Read,
    /// Creating or emptying a file.
    Create,
    /// Appending.
    Append,
    /// Cutting a file.
    Truncate,
    /// Syncing a file.
    Sync,
    /// Renaming.
    Rename,
    /// Removing a name.
    Remove,
    /// Syncing the directory.
    SyncDir,
}
