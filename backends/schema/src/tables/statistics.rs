//! How many leases there are, by subnet, pool and class: kept by triggers.

use crate::Dialect;
use crate::Revision;
use crate::table::{Table, column, columns, foreign, index, primary, table};

#[rustfmt::skip]
pub(super) const TABLES: &[Table] = &[
    table(
        "lease4_stat",
        &[
        columns("subnet_id", "bigint NOT NULL", "int unsigned NOT NULL"),
        columns("state", "bigint NOT NULL", "int unsigned NOT NULL"),
        column("leases", "bigint"),
        ],
        &[
        primary("(subnet_id, state)"),
        ],
    ),
    table(
        "lease6_stat",
        &[
        columns("subnet_id", "bigint NOT NULL", "int unsigned NOT NULL"),
        columns("lease_type", "smallint NOT NULL", "int unsigned NOT NULL"),
        columns("state", "bigint NOT NULL", "int unsigned NOT NULL"),
        column("leases", "bigint"),
        ],
        &[
        primary("(subnet_id, lease_type, state)"),
        ],
    ),
    table(
        "lease4_pool_stat",
        &[
        columns("subnet_id", "bigint NOT NULL", "int unsigned NOT NULL"),
        columns("pool_id", "bigint NOT NULL", "int unsigned NOT NULL"),
        columns("state", "bigint NOT NULL", "int unsigned NOT NULL"),
        column("leases", "bigint"),
        ],
        &[
        primary("(subnet_id, pool_id, state)"),
        ],
    ).since(Revision::POOLS),
    table(
        "lease6_pool_stat",
        &[
        columns("subnet_id", "bigint NOT NULL", "int unsigned NOT NULL"),
        columns("pool_id", "bigint NOT NULL", "int unsigned NOT NULL"),
        columns("lease_type", "smallint NOT NULL", "int unsigned NOT NULL"),
        columns("state", "bigint NOT NULL", "int unsigned NOT NULL"),
        column("leases", "bigint"),
        ],
        &[
        primary("(subnet_id, pool_id, lease_type, state)"),
        ],
    ).since(Revision::POOLS),
    table(
        "lease4_stat_by_client_class",
        &[
        column("client_class", "varchar(128) NOT NULL"),
        columns("leases", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        ],
        &[
        primary("(client_class)"),
        ],
    ),
    table(
        "lease6_stat_by_client_class",
        &[
        column("client_class", "varchar(128) NOT NULL"),
        columns("lease_type", "smallint NOT NULL", "tinyint NOT NULL"),
        columns("leases", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        ],
        &[
        primary("(client_class, lease_type)"),
        index("fk_lease6_stat_by_client_class_lease_type", "(lease_type)").only(Dialect::MySql),
        foreign("fk_lease6_stat_by_client_class_lease_type", "(lease_type) REFERENCES lease6_types(lease_type)"),
        ],
    ),
];
