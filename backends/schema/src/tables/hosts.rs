//! Reservations, and the forensic log.

use crate::Dialect;
use crate::Revision;
use crate::table::{Table, column, columns, foreign, index, primary, table, unique};

#[rustfmt::skip]
pub(super) const TABLES: &[Table] = &[
    table(
        "host_identifier_type",
        &[
        columns("type", "smallint NOT NULL", "tinyint NOT NULL"),
        columns("name", "varchar(32) DEFAULT NULL", "varchar(32)"),
        ],
        &[
        primary("(type)"),
        ],
    ),
    table(
        "hosts",
        &[
        columns("host_id", "serial", "int unsigned NOT NULL AUTO_INCREMENT"),
        column("dhcp_identifier", "bytea NOT NULL").only(Dialect::PostgreSql),
        column("dhcp_identifier", "varbinary(128) NOT NULL").only(Dialect::MySql).until(Revision::POOLS),
        column("dhcp_identifier", "varbinary(255) NOT NULL").only(Dialect::MySql).since(Revision::POOLS),
        columns("dhcp_identifier_type", "smallint NOT NULL", "tinyint NOT NULL"),
        columns("dhcp4_subnet_id", "bigint", "int unsigned"),
        columns("dhcp6_subnet_id", "bigint", "int unsigned"),
        columns("ipv4_address", "bigint", "int unsigned"),
        columns("hostname", "varchar(255) DEFAULT NULL", "varchar(255)"),
        columns("dhcp4_client_classes", "varchar(255) DEFAULT NULL", "varchar(255)"),
        columns("dhcp6_client_classes", "varchar(255) DEFAULT NULL", "varchar(255)"),
        columns("dhcp4_next_server", "bigint", "int unsigned"),
        columns("dhcp4_server_hostname", "varchar(64) DEFAULT NULL", "varchar(64)"),
        columns("dhcp4_boot_file_name", "varchar(128) DEFAULT NULL", "varchar(128)"),
        column("user_context", "text"),
        columns("auth_key", "varchar(32) DEFAULT NULL", "varchar(32)"),
        ],
        &[
        primary("(host_id)"),
        unique("key_dhcp4_identifier_subnet_id", "(dhcp_identifier, dhcp_identifier_type, dhcp4_subnet_id) WHERE dhcp4_subnet_id IS NOT NULL").only(Dialect::PostgreSql),
        unique("key_dhcp6_identifier_subnet_id", "(dhcp_identifier, dhcp_identifier_type, dhcp6_subnet_id) WHERE dhcp6_subnet_id IS NOT NULL").only(Dialect::PostgreSql),
        unique("key_dhcp4_identifier_subnet_id", "(dhcp_identifier, dhcp_identifier_type, dhcp4_subnet_id)").only(Dialect::MySql),
        unique("key_dhcp6_identifier_subnet_id", "(dhcp_identifier, dhcp_identifier_type, dhcp6_subnet_id)").only(Dialect::MySql),
        index("fk_host_identifier_type", "(dhcp_identifier_type)"),
        index("hosts_by_hostname", "(lower(hostname)) WHERE hostname IS NOT NULL").only(Dialect::PostgreSql),
        index("key_dhcp4_ipv4_address_subnet_id", "(ipv4_address, dhcp4_subnet_id)").only(Dialect::PostgreSql),
        index("key_dhcp_identifier", "(dhcp_identifier, dhcp_identifier_type)").only(Dialect::PostgreSql),
        index("hosts_by_hostname", "(hostname)").only(Dialect::MySql),
        index("key_dhcp4_ipv4_address_subnet_id_identifier", "(ipv4_address, dhcp4_subnet_id)").only(Dialect::MySql),
        foreign("fk_host_identifier_type", "(dhcp_identifier_type) REFERENCES host_identifier_type(type) ON DELETE CASCADE").only(Dialect::PostgreSql),
        foreign("fk_host_identifier_type", "(dhcp_identifier_type) REFERENCES host_identifier_type(type)").only(Dialect::MySql),
        ],
    ),
    table(
        "ipv6_reservations",
        &[
        columns("reservation_id", "serial", "int unsigned NOT NULL AUTO_INCREMENT"),
        column("address", "varchar(39) NOT NULL").until(Revision::BINARY_ADDRESSES),
        columns("address", "inet NOT NULL", "binary(16) NOT NULL").since(Revision::BINARY_ADDRESSES),
        columns("prefix_len", "smallint NOT NULL DEFAULT '128'", "tinyint unsigned NOT NULL DEFAULT 128"),
        columns("type", "smallint NOT NULL DEFAULT '0'", "tinyint(4) unsigned NOT NULL DEFAULT 0"),
        columns("dhcp6_iaid", "integer", "int unsigned"),
        columns("host_id", "integer NOT NULL", "int unsigned NOT NULL"),
        columns("excluded_prefix", "inet", "binary(16)").since(Revision::EXCLUDED_PREFIX),
        columns("excluded_prefix_len", "smallint NOT NULL DEFAULT '0'", "tinyint unsigned NOT NULL DEFAULT 0").since(Revision::EXCLUDED_PREFIX),
        ],
        &[
        primary("(reservation_id)"),
        index("fk_ipv6_reservations_host_idx", "(host_id)"),
        index("key_dhcp6_address_prefix_len", "(address, prefix_len)"),
        foreign("fk_ipv6_reservations_host", "(host_id) REFERENCES hosts(host_id) ON DELETE CASCADE").only(Dialect::PostgreSql),
        foreign("fk_ipv6_reservations_Host", "(host_id) REFERENCES hosts(host_id) ON DELETE CASCADE ON UPDATE CASCADE").only(Dialect::MySql),
        ],
    ),
    table(
        "logs",
        &[
        columns("timestamp", "timestamptz DEFAULT CURRENT_TIMESTAMP", "timestamp NULL DEFAULT CURRENT_TIMESTAMP"),
        column("address", "varchar(43)"),
        column("log", "text NOT NULL"),
        column("id", "int unsigned NOT NULL AUTO_INCREMENT").only(Dialect::MySql),
        ],
        &[
        primary("(id)").only(Dialect::MySql),
        index("address_id", "(address)").only(Dialect::PostgreSql),
        index("timestamp_id", "(\"timestamp\")").only(Dialect::PostgreSql),
        index("timestamp_index", "(timestamp)").only(Dialect::MySql),
        ],
    ),
];
