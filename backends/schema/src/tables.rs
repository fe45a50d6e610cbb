//! All tables.
//!
//! One line is one column or key: what stands below another was there before it.

use crate::table::Table;
use crate::{Dialect, Revision};

mod classes;
mod hosts;
mod leases;
pub mod lookup;
mod networks4;
mod networks6;
mod options;
mod servers;
mod statistics;

/// Every table that ever was, by what it is for.
pub fn all() -> impl Iterator<Item = &'static Table> {
    let groups = [
        leases::TABLES,
        statistics::TABLES,
        hosts::TABLES,
        options::TABLES,
        servers::TABLES,
        classes::TABLES,
        networks4::TABLES,
        networks6::TABLES,
    ];
    groups.into_iter().flatten()
}

/// The tables of a revision.
pub fn of(dialect: Dialect, revision: Revision) -> impl Iterator<Item = &'static Table> {
    all().filter(move |table| table.is_there(dialect, revision))
}

/// A table by its name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Table> {
    all().find(|table| table.name == name)
}
