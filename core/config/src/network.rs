//! Shared networks: subnets that share a link.

use crate::{OptionSet, UserContext};

/// A shared network's place among those of a configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NetworkKey(pub usize);

/// Subnets on one link: a client on it may get an address of any that admits it.
///
/// What they inherit from it stands in each of them, but for options, guards and additional
/// classes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Its name; not empty.
    pub name: String,
    /// Its options: subnets' win over them, and they over those of classes and global ones.
    pub options: OptionSet,
    /// The classes that it is for: a client in any of them is admitted; none admits everybody.
    pub guards: Vec<String>,
    /// The classes that its clients are tested for once a subnet has been selected.
    pub additional: Vec<String>,
    /// What was noted about it.
    pub context: UserContext,
}
