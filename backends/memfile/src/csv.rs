//! Rows and leases: headers of every version, columns, escapes, the user context.
//!
//! A schema is a list of columns. Versions differ in how much of the list a file has: its first
//! line says so. Files are written with the whole list.

use std::fmt;

mod escape;
mod row;
#[cfg(test)]
mod tests;

pub use row::{Row, RowError, Why};

/// One column of a lease file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column {
    /// The leased address.
    Address,
    /// The client's link-layer address.
    HwAddr,
    /// The client identifier.
    ClientId,
    /// The lifetime; 0 marks the removal of the lease.
    ValidLifetime,
    /// When it ends, in seconds since 1970.
    Expire,
    /// The subnet.
    SubnetId,
    /// Whether there is a forward name record.
    FqdnFwd,
    /// Whether there is a reverse name record.
    FqdnRev,
    /// The client's host name, escaped.
    Hostname,
    /// The state's number.
    State,
    /// A JSON map, escaped.
    UserContext,
    /// The pool.
    PoolId,
}

impl Column {
    /// Its name in the first line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::HwAddr => "hwaddr",
            Self::ClientId => "client_id",
            Self::ValidLifetime => "valid_lifetime",
            Self::Expire => "expire",
            Self::SubnetId => "subnet_id",
            Self::FqdnFwd => "fqdn_fwd",
            Self::FqdnRev => "fqdn_rev",
            Self::Hostname => "hostname",
            Self::State => "state",
            Self::UserContext => "user_context",
            Self::PoolId => "pool_id",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The columns of one family's lease files.
#[derive(PartialEq, Eq, Debug)]
pub struct Schema {
    columns: &'static [Column],
    /// How many columns the oldest version has.
    oldest: usize,
}

/// `kea-leases4.csv`, version 3.0.
pub static LEASES4: Schema = Schema {
    columns: &[
        Column::Address,
        Column::HwAddr,
        Column::ClientId,
        Column::ValidLifetime,
        Column::Expire,
        Column::SubnetId,
        Column::FqdnFwd,
        Column::FqdnRev,
        Column::Hostname,
        Column::State,
        Column::UserContext,
        Column::PoolId,
    ],
    oldest: 9,
};

impl Schema {
    /// The first line of a file of the newest version, with its line end.
    #[must_use]
    pub fn header(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|column| column.name()).collect();
        names.join(",") + "\n"
    }

    /// Reads the first line of a file, without its line end.
    ///
    /// # Errors
    /// [`HeaderError`] where a column is not the one that belongs there, or one that every version
    /// has is absent. Columns beyond the newest version are passed over.
    pub fn read_header(&'static self, line: &[u8]) -> Result<Format, HeaderError> {
        let mut columns = 0;
        for name in line.split(|octet| *octet == b',') {
            if let Some(expected) = self.columns.get(columns)
                && name != expected.name().as_bytes()
            {
                return Err(HeaderError::Unexpected {
                    expected: *expected,
                    found: String::from_utf8_lossy(name).chars().take(40).collect(),
                });
            }
            columns += 1;
        }
        match self.columns.get(columns) {
            Some(missing) if columns < self.oldest => Err(HeaderError::Missing(*missing)),
            _ => Ok(Format { schema: self, columns }),
        }
    }

    /// Whether these octets may be the beginning of a first line that was not written to its end.
    #[must_use]
    pub fn begins_header(&self, octets: &[u8]) -> bool {
        self.header().as_bytes().starts_with(octets)
    }

    /// A file of the newest version.
    #[must_use]
    pub const fn current(&'static self) -> Format {
        Format { schema: self, columns: self.columns.len() }
    }
}

/// What the first line of one file said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    schema: &'static Schema,
    columns: usize,
}

impl Format {
    /// Whether it is the newest version, so that rows can be appended.
    #[must_use]
    pub fn is_current(self) -> bool {
        self.columns == self.schema.columns.len()
    }
}

/// Why a first line is not one of a lease file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Another column, or something else altogether.
    #[error("found `{found}` where a lease file has the column `{expected}`")]
    Unexpected {
        /// What belongs there.
        expected: Column,
        /// What is there.
        found: String,
    },
    /// It ends too early.
    #[error("the column `{0}`, which every version has, is absent")]
    Missing(Column),
}
