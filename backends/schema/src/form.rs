//! What a revision means for whoever reads and writes rows.

use crate::{Dialect, Revision};

/// How IPv6 addresses are stored in `lease6` and `ipv6_reservations`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// As text, RFC 5952's or any other: compare values, not texts.
    Text,
    /// As PostgreSQL's own type, `inet`, without a length.
    Inet,
    /// As 16 octets.
    Binary,
}

/// What a revision means for whoever reads and writes rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// How IPv6 addresses are stored.
    pub addresses: Addresses,
    /// `lease4` has `relay_id` and `remote_id`.
    pub relays: bool,
    /// `lease4` and `lease6` have `pool_id`, and pools have statistics.
    pub pools: bool,
    /// `lease6_relay_id` and `lease6_remote_id` are there.
    pub extended_info: bool,
    /// The highest state that a lease may be in: a foreign key refuses others.
    pub highest_state: u8,
    /// The longest client identifier of IPv4 that fits, in octets; `None` if any does.
    pub client_id: Option<u16>,
    /// The longest DUID that fits, in octets; `None` if any does.
    pub duid: Option<u16>,
    /// Reserved prefixes have `excluded_prefix` and `excluded_prefix_len`.
    pub excluded_prefix: bool,
}

impl Form {
    /// The form of a revision in a kind of database.
    #[must_use]
    pub fn of(dialect: Dialect, revision: Revision) -> Self {
        let pools = revision >= Revision::POOLS;
        let narrow = dialect == Dialect::MySql;
        Self {
            addresses: match dialect {
                Dialect::Sqlite => Addresses::Binary,
                _ if revision < Revision::BINARY_ADDRESSES => Addresses::Text,
                Dialect::PostgreSql => Addresses::Inet,
                Dialect::MySql => Addresses::Binary,
            },
            relays: revision >= Revision::RELAYS,
            pools,
            extended_info: pools,
            highest_state: if revision >= Revision::REGISTERED {
                4
            } else if revision >= Revision::RELEASED {
                3
            } else {
                2
            },
            client_id: narrow.then_some(if pools { 255 } else { 128 }),
            duid: narrow.then_some(if pools { 130 } else { 128 }),
            excluded_prefix: revision >= Revision::EXCLUDED_PREFIX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kea_2_2_has_text_and_three_states() {
        let form = Form::of(Dialect::PostgreSql, Revision::BASE);
        assert_eq!((form.addresses, form.highest_state), (Addresses::Text, 2));
        assert!(!form.relays && !form.pools && !form.excluded_prefix);
    }

    #[test]
    fn a_form_says_what_the_tables_have() {
        for dialect in Dialect::ALL {
            for revision in Revision::all() {
                let form = Form::of(dialect, revision);
                let has = |table: &str, column: &str| {
                    crate::tables::find(table)
                        .is_some_and(|table| table.column(column, dialect, revision).is_some())
                };
                assert_eq!(form.relays, has("lease4", "relay_id"), "{dialect:?} {revision:?}");
                assert_eq!(form.pools, has("lease6", "pool_id"), "{dialect:?} {revision:?}");
                assert_eq!(form.excluded_prefix, has("ipv6_reservations", "excluded_prefix"));
            }
        }
    }
}
