//! Rows that are there from the start: what numbers in other tables mean.

use crate::{Dialect, Revision};

/// A row of a table whose first column is a number and whose second is its name.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The table.
    pub table: &'static str,
    /// The number.
    pub number: u8,
    /// What it is called.
    pub name: &'static str,
    since: Revision,
    until: Option<Revision>,
}

impl Row {
    /// Whether it is there.
    #[must_use]
    pub fn is_there(&self, dialect: Dialect, revision: Revision) -> bool {
        crate::tables::find(self.table).is_some_and(|table| table.is_there(dialect, revision))
            && self.since <= revision
            && self.until.is_none_or(|until| revision < until)
    }

    const fn since(mut self, revision: Revision) -> Self {
        self.since = revision;
        self
    }

    const fn until(mut self, revision: Revision) -> Self {
        self.until = Some(revision);
        self
    }
}

const fn row(table: &'static str, number: u8, name: &'static str) -> Row {
    Row { table, number, name, since: Revision::BASE, until: None }
}

/// All of them.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row("lease_state", 0, "default"),
    row("lease_state", 1, "declined"),
    row("lease_state", 2, "expired-reclaimed"),
    row("lease_state", 3, "released").since(Revision::RELEASED),
    row("lease_state", 4, "registered").since(Revision::REGISTERED),
    row("lease6_types", 0, "IA_NA"),
    row("lease6_types", 1, "IA_TA").until(Revision::FREE_LEASES),
    row("lease6_types", 2, "IA_PD"),
    row("lease_hwaddr_source", 0, "HWADDR_SOURCE_UNKNOWN"),
    row("lease_hwaddr_source", 1, "HWADDR_SOURCE_RAW"),
    row("lease_hwaddr_source", 2, "HWADDR_SOURCE_IPV6_LINK_LOCAL"),
    row("lease_hwaddr_source", 4, "HWADDR_SOURCE_DUID"),
    row("lease_hwaddr_source", 8, "HWADDR_SOURCE_CLIENT_ADDR_RELAY_OPTION"),
    row("lease_hwaddr_source", 16, "HWADDR_SOURCE_REMOTE_ID"),
    row("lease_hwaddr_source", 32, "HWADDR_SOURCE_SUBSCRIBER_ID"),
    row("lease_hwaddr_source", 64, "HWADDR_SOURCE_DOCSIS_CMTS"),
    row("lease_hwaddr_source", 128, "HWADDR_SOURCE_DOCSIS_MODEM"),
    row("host_identifier_type", 0, "hw-address"),
    row("host_identifier_type", 1, "duid"),
    row("host_identifier_type", 2, "circuit-id"),
    row("host_identifier_type", 3, "client-id"),
    row("host_identifier_type", 4, "flex-id"),
    row("dhcp_option_scope", 0, "global"),
    row("dhcp_option_scope", 1, "subnet"),
    row("dhcp_option_scope", 2, "client-class"),
    row("dhcp_option_scope", 3, "host"),
    row("dhcp_option_scope", 4, "shared-network"),
    row("dhcp_option_scope", 5, "pool"),
    row("dhcp_option_scope", 6, "pd-pool"),
    row("option_def_data_type", 0, "empty"),
    row("option_def_data_type", 1, "binary"),
    row("option_def_data_type", 2, "boolean"),
    // Misspelled in its first revision; a later one mends it.
    row("option_def_data_type", 3, "int8\"").until(Revision::ADDITIONAL_CLASSES),
    row("option_def_data_type", 3, "int8").since(Revision::ADDITIONAL_CLASSES),
    row("option_def_data_type", 4, "int16"),
    row("option_def_data_type", 5, "int32"),
    row("option_def_data_type", 6, "uint8"),
    row("option_def_data_type", 7, "uint16"),
    row("option_def_data_type", 8, "uint32"),
    row("option_def_data_type", 10, "ipv4-address"),
    row("option_def_data_type", 11, "ipv6-address"),
    row("option_def_data_type", 12, "ipv6-prefix"),
    row("option_def_data_type", 13, "psid"),
    row("option_def_data_type", 14, "string"),
    row("option_def_data_type", 15, "tuple"),
    row("option_def_data_type", 16, "fqdn"),
    row("option_def_data_type", 17, "internal"),
    row("option_def_data_type", 254, "record"),
    row("modification", 0, "create"),
    row("modification", 1, "update"),
    row("modification", 2, "delete"),
    row("parameter_data_type", 0, "integer"),
    row("parameter_data_type", 1, "real"),
    row("parameter_data_type", 2, "boolean"),
    row("parameter_data_type", 4, "string"),
    row("ddns_replace_client_name_types", 0, "RCM_NEVER"),
    row("ddns_replace_client_name_types", 1, "RCM_ALWAYS"),
    row("ddns_replace_client_name_types", 2, "RCM_WHEN_PRESENT"),
    row("ddns_replace_client_name_types", 3, "RCM_WHEN_NOT_PRESENT"),
];
