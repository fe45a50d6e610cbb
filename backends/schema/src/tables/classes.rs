//! Client classes, their order and their dependencies.

use crate::Dialect;
use crate::Revision;
use crate::table::{
    Table, column, columns, foreign, index, primary, table, unique, unique_constraint,
};

#[rustfmt::skip]
pub(super) const TABLES: &[Table] = &[
    table(
        "dhcp4_client_class",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        column("name", "varchar(128) NOT NULL"),
        column("test", "text"),
        columns("next_server", "inet", "int unsigned"),
        columns("server_hostname", "varchar(128) DEFAULT NULL", "varchar(128)"),
        columns("boot_file_name", "varchar(512) DEFAULT NULL", "varchar(512)"),
        columns("only_if_required", "boolean NOT NULL DEFAULT false", "tinyint NOT NULL DEFAULT 0").until(Revision::ADDITIONAL_CLASSES),
        columns("only_in_additional_list", "boolean NOT NULL DEFAULT false", "tinyint NOT NULL DEFAULT 0").since(Revision::ADDITIONAL_CLASSES).was("only_if_required"),
        columns("valid_lifetime", "bigint", "int"),
        columns("min_valid_lifetime", "bigint", "int"),
        columns("max_valid_lifetime", "bigint", "int"),
        columns("depend_on_known_directly", "boolean NOT NULL DEFAULT false", "tinyint NOT NULL DEFAULT 0"),
        columns("follow_class_name", "varchar(128) DEFAULT NULL", "varchar(128)"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        columns("user_context", "json", "longtext"),
        columns("offer_lifetime", "bigint", "int(10)").since(Revision::NEVER_SEND),
        ],
        &[
        primary("(id)"),
        unique_constraint("dhcp4_client_class_name_key", "(name)").only(Dialect::PostgreSql),
        unique("id_UNIQUE", "(id)").only(Dialect::MySql),
        unique("name_UNIQUE", "(name)").only(Dialect::MySql),
        index("key_dhcp4_client_class_modification_ts", "(modification_ts)"),
        ],
    ),
    table(
        "dhcp4_client_class_dependency",
        &[
        columns("class_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("dependency_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        ],
        &[
        primary("(class_id, dependency_id)"),
        index("dhcp4_client_class_dependency_id_idx", "(dependency_id)"),
        foreign("dhcp4_client_class_class_id", "(class_id) REFERENCES dhcp4_client_class(id) ON DELETE CASCADE"),
        foreign("dhcp4_client_class_dependency_id", "(dependency_id) REFERENCES dhcp4_client_class(id)"),
        ],
    ),
    table(
        "dhcp4_client_class_order",
        &[
        columns("class_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("order_index", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("depend_on_known_indirectly", "boolean NOT NULL DEFAULT false", "tinyint NOT NULL DEFAULT 0"),
        ],
        &[
        primary("(class_id)"),
        index("key_dhcp4_client_class_order_index", "(order_index)"),
        foreign("fk_dhcp4_client_class_order_class_id", "(class_id) REFERENCES dhcp4_client_class(id) ON DELETE CASCADE"),
        ],
    ),
    table(
        "dhcp4_client_class_server",
        &[
        columns("class_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("server_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("modification_ts", "timestamptz", "timestamp NULL"),
        ],
        &[
        primary("(class_id, server_id)"),
        index("fk_dhcp4_client_class_server_id", "(server_id)"),
        foreign("fk_dhcp4_client_class_class_id", "(class_id) REFERENCES dhcp4_client_class(id) ON DELETE CASCADE"),
        foreign("fk_dhcp4_client_class_server_id", "(server_id) REFERENCES dhcp4_server(id)"),
        ],
    ),
    table(
        "dhcp6_client_class",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        column("name", "varchar(128) NOT NULL"),
        column("test", "text"),
        columns("only_if_required", "boolean NOT NULL DEFAULT false", "tinyint NOT NULL DEFAULT 0").until(Revision::ADDITIONAL_CLASSES),
        columns("only_in_additional_list", "boolean NOT NULL DEFAULT false", "tinyint NOT NULL DEFAULT 0").since(Revision::ADDITIONAL_CLASSES).was("only_if_required"),
        columns("valid_lifetime", "bigint", "int"),
        columns("min_valid_lifetime", "bigint", "int"),
        columns("max_valid_lifetime", "bigint", "int"),
        columns("depend_on_known_directly", "boolean NOT NULL DEFAULT false", "tinyint NOT NULL DEFAULT 0"),
        columns("follow_class_name", "varchar(128) DEFAULT NULL", "varchar(128)"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        columns("preferred_lifetime", "bigint", "int(10)"),
        columns("min_preferred_lifetime", "bigint", "int(10)"),
        columns("max_preferred_lifetime", "bigint", "int(10)"),
        columns("user_context", "json", "longtext"),
        ],
        &[
        primary("(id)"),
        unique_constraint("dhcp6_client_class_name_key", "(name)").only(Dialect::PostgreSql),
        unique("id_UNIQUE", "(id)").only(Dialect::MySql),
        unique("name_UNIQUE", "(name)").only(Dialect::MySql),
        index("key_dhcp6_client_class_modification_ts", "(modification_ts)"),
        ],
    ),
    table(
        "dhcp6_client_class_dependency",
        &[
        columns("class_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("dependency_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        ],
        &[
        primary("(class_id, dependency_id)"),
        index("dhcp6_client_class_dependency_id_idx", "(dependency_id)"),
        foreign("dhcp6_client_class_class_id", "(class_id) REFERENCES dhcp6_client_class(id) ON DELETE CASCADE"),
        foreign("dhcp6_client_class_dependency_id", "(dependency_id) REFERENCES dhcp6_client_class(id)"),
        ],
    ),
    table(
        "dhcp6_client_class_order",
        &[
        columns("class_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("order_index", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("depend_on_known_indirectly", "boolean NOT NULL DEFAULT false", "tinyint NOT NULL DEFAULT 0"),
        ],
        &[
        primary("(class_id)"),
        index("key_dhcp6_client_class_order_index", "(order_index)"),
        foreign("fk_dhcp6_client_class_order_class_id", "(class_id) REFERENCES dhcp6_client_class(id) ON DELETE CASCADE"),
        ],
    ),
    table(
        "dhcp6_client_class_server",
        &[
        columns("class_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("server_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("modification_ts", "timestamptz", "timestamp NULL"),
        ],
        &[
        primary("(class_id, server_id)"),
        index("fk_dhcp6_client_class_server_id", "(server_id)"),
        foreign("fk_dhcp6_client_class_class_id", "(class_id) REFERENCES dhcp6_client_class(id) ON DELETE CASCADE"),
        foreign("fk_dhcp6_client_class_server_id", "(server_id) REFERENCES dhcp6_server(id)"),
        ],
    ),
];
