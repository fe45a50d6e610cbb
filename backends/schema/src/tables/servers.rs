//! Servers, their global parameters, and who changed what.

use crate::Dialect;
use crate::Revision;
use crate::table::{
    Table, column, columns, foreign, index, primary, table, unique, unique_constraint,
};

#[rustfmt::skip]
pub(super) const TABLES: &[Table] = &[
    table(
        "modification",
        &[
        columns("id", "smallint NOT NULL", "tinyint(3) NOT NULL"),
        column("modification_type", "varchar(32) NOT NULL"),
        ],
        &[
        primary("(id)"),
        ],
    ),
    table(
        "parameter_data_type",
        &[
        columns("id", "smallint NOT NULL", "tinyint unsigned NOT NULL"),
        column("name", "varchar(32) NOT NULL"),
        ],
        &[
        primary("(id)"),
        ],
    ),
    table(
        "ddns_replace_client_name_types",
        &[
        column("type", "bigint NOT NULL").only(Dialect::PostgreSql),
        column("name", "varchar(32)").only(Dialect::PostgreSql),
        ],
        &[
        primary("(type)").only(Dialect::PostgreSql),
        ],
    ).only(Dialect::PostgreSql),
    table(
        "dhcp4_server",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        column("tag", "varchar(64) NOT NULL"),
        column("description", "text"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        ],
        &[
        primary("(id)"),
        unique_constraint("dhcp4_server_tag_key", "(tag)").only(Dialect::PostgreSql),
        unique("dhcp4_server_tag_UNIQUE", "(tag)").only(Dialect::MySql),
        index("dhcp4_server_modification_ts", "(modification_ts)").only(Dialect::PostgreSql).since(Revision::SERVER_INDEX),
        index("key_dhcp4_server_modification_ts", "(modification_ts)").only(Dialect::MySql),
        ],
    ),
    table(
        "dhcp6_server",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        column("tag", "varchar(64) NOT NULL"),
        column("description", "text"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        ],
        &[
        primary("(id)"),
        unique_constraint("dhcp6_server_tag_key", "(tag)").only(Dialect::PostgreSql),
        unique("dhcp6_server_idx2", "(tag)").only(Dialect::PostgreSql),
        unique("dhcp6_server_tag_UNIQUE", "(tag)").only(Dialect::MySql),
        index("dhcp4_server_modification_ts", "(modification_ts)").only(Dialect::PostgreSql).until(Revision::SERVER_INDEX),
        index("dhcp6_server_idx1", "(modification_ts)").only(Dialect::PostgreSql),
        index("key_dhcp6_server_modification_ts", "(modification_ts)").only(Dialect::MySql),
        ],
    ),
    table(
        "dhcp4_audit_revision",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        column("log_message", "text"),
        columns("server_id", "bigint", "bigint(10) unsigned"),
        ],
        &[
        primary("(id)"),
        index("key_dhcp4_audit_revision_by_modification_ts", "(modification_ts)").only(Dialect::MySql),
        ],
    ),
    table(
        "dhcp6_audit_revision",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        column("log_message", "text"),
        columns("server_id", "bigint", "bigint(10) unsigned"),
        ],
        &[
        primary("(id)"),
        index("key_dhcp6_audit_revision_by_modification_ts", "(modification_ts)").only(Dialect::MySql),
        ],
    ),
    table(
        "dhcp4_audit",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        column("object_type", "varchar(256) NOT NULL"),
        columns("object_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("modification_type", "smallint NOT NULL", "tinyint(1) NOT NULL"),
        columns("revision_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        ],
        &[
        primary("(id)").only(Dialect::MySql),
        unique_constraint("dhcp4_audit_id_key", "(id)").only(Dialect::PostgreSql),
        index("dhcp4_audit_idx1", "(modification_type)").only(Dialect::PostgreSql),
        index("dhcp4_audit_idx2", "(revision_id)").only(Dialect::PostgreSql),
        index("fk_dhcp4_audit_modification_type", "(modification_type)").only(Dialect::MySql),
        index("fk_dhcp4_audit_revision", "(revision_id)").only(Dialect::MySql),
        foreign("fk_dhcp4_audit_modification_type", "(modification_type) REFERENCES modification(id)").only(Dialect::PostgreSql),
        foreign("fk_dhcp4_audit_revision", "(revision_id) REFERENCES dhcp4_audit_revision(id) ON UPDATE CASCADE").only(Dialect::PostgreSql),
        foreign("fk_dhcp4_audit_modification_type", "(modification_type) REFERENCES modification(id) ON DELETE NO ACTION ON UPDATE NO ACTION").only(Dialect::MySql),
        foreign("fk_dhcp4_audit_revision", "(revision_id) REFERENCES dhcp4_audit_revision(id) ON DELETE NO ACTION ON UPDATE CASCADE").only(Dialect::MySql),
        ],
    ),
    table(
        "dhcp6_audit",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        column("object_type", "varchar(256) NOT NULL"),
        columns("object_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("modification_type", "smallint NOT NULL", "tinyint(1) NOT NULL"),
        columns("revision_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        ],
        &[
        primary("(id)").only(Dialect::MySql),
        unique_constraint("dhcp6_audit_id_key", "(id)").only(Dialect::PostgreSql),
        index("dhcp6_audit_idx1", "(modification_type)").only(Dialect::PostgreSql),
        index("dhcp6_audit_idx2", "(revision_id)").only(Dialect::PostgreSql),
        index("fk_dhcp6_audit_modification_type", "(modification_type)").only(Dialect::MySql),
        index("fk_dhcp6_audit_revision", "(revision_id)").only(Dialect::MySql),
        foreign("fk_dhcp6_audit_modification_type", "(modification_type) REFERENCES modification(id)").only(Dialect::PostgreSql),
        foreign("fk_dhcp6_audit_revision", "(revision_id) REFERENCES dhcp6_audit_revision(id) ON UPDATE CASCADE").only(Dialect::PostgreSql),
        foreign("fk_dhcp6_audit_modification_type", "(modification_type) REFERENCES modification(id) ON DELETE NO ACTION ON UPDATE NO ACTION").only(Dialect::MySql),
        foreign("fk_dhcp6_audit_revision", "(revision_id) REFERENCES dhcp6_audit_revision(id) ON DELETE NO ACTION ON UPDATE CASCADE").only(Dialect::MySql),
        ],
    ),
    table(
        "dhcp4_global_parameter",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        column("name", "varchar(128) NOT NULL"),
        columns("value", "text NOT NULL", "longtext NOT NULL"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        columns("parameter_type", "smallint NOT NULL", "tinyint unsigned NOT NULL"),
        ],
        &[
        primary("(id)"),
        index("dhcp4_global_parameter_idx1", "(modification_ts)").only(Dialect::PostgreSql),
        index("dhcp4_global_parameter_idx2", "(name)").only(Dialect::PostgreSql),
        index("fk_dhcp4_global_parameter_type", "(parameter_type)").only(Dialect::MySql),
        index("key_dhcp4_global_parameter_modification_ts", "(modification_ts)").only(Dialect::MySql),
        index("key_dhcp4_global_parameter_name", "(name)").only(Dialect::MySql),
        foreign("fk_dhcp6_global_parameter_type", "(parameter_type) REFERENCES parameter_data_type(id)").only(Dialect::PostgreSql),
        foreign("fk_dhcp4_global_parameter_type", "(parameter_type) REFERENCES parameter_data_type(id)").only(Dialect::MySql),
        ],
    ),
    table(
        "dhcp6_global_parameter",
        &[
        columns("id", "serial", "bigint unsigned NOT NULL AUTO_INCREMENT"),
        column("name", "varchar(128) NOT NULL"),
        columns("value", "text NOT NULL", "longtext NOT NULL"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        columns("parameter_type", "smallint NOT NULL", "tinyint unsigned NOT NULL"),
        ],
        &[
        primary("(id)"),
        index("key_dhcp6_global_parameter_idx1", "(modification_ts)").only(Dialect::PostgreSql),
        index("key_dhcp6_global_parameter_idx2", "(name)").only(Dialect::PostgreSql),
        index("fk_dhcp6_global_parameter_type", "(parameter_type)").only(Dialect::MySql),
        index("key_dhcp6_global_parameter_modification_ts", "(modification_ts)").only(Dialect::MySql),
        index("key_dhcp6_global_parameter_name", "(name)").only(Dialect::MySql),
        foreign("fk_dhcp6_global_parameter_type", "(parameter_type) REFERENCES parameter_data_type(id)"),
        ],
    ),
    table(
        "dhcp4_global_parameter_server",
        &[
        columns("parameter_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("server_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        ],
        &[
        primary("(parameter_id, server_id)"),
        index("fk_dhcp4_global_parameter_server_server_id", "(server_id)"),
        index("key_dhcp4_global_parameter_idx1", "(modification_ts)").only(Dialect::PostgreSql),
        index("key_dhcp4_global_parameter_server", "(modification_ts)").only(Dialect::MySql),
        foreign("fk_dhcp4_global_parameter_server_parameter_id", "(parameter_id) REFERENCES dhcp4_global_parameter(id) ON DELETE CASCADE").only(Dialect::PostgreSql),
        foreign("fk_dhcp4_global_parameter_server_server_id", "(server_id) REFERENCES dhcp4_server(id) ON DELETE CASCADE").only(Dialect::PostgreSql),
        foreign("fk_dhcp4_global_parameter_server_parameter_id", "(parameter_id) REFERENCES dhcp4_global_parameter(id) ON DELETE CASCADE ON UPDATE NO ACTION").only(Dialect::MySql),
        foreign("fk_dhcp4_global_parameter_server_server_id", "(server_id) REFERENCES dhcp4_server(id) ON DELETE CASCADE ON UPDATE NO ACTION").only(Dialect::MySql),
        ],
    ),
    table(
        "dhcp6_global_parameter_server",
        &[
        columns("parameter_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("server_id", "bigint NOT NULL", "bigint unsigned NOT NULL"),
        columns("modification_ts", "timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP", "timestamp NOT NULL"),
        ],
        &[
        primary("(parameter_id, server_id)"),
        index("fk_dhcp6_global_parameter_server_server_id", "(server_id)"),
        index("key_dhcp6_global_parameter_server_idx1", "(modification_ts)").only(Dialect::PostgreSql),
        index("key_dhcp6_global_parameter_server", "(modification_ts)").only(Dialect::MySql),
        foreign("fk_dhcp6_global_parameter_server_parameter_id", "(parameter_id) REFERENCES dhcp6_global_parameter(id) ON DELETE CASCADE").only(Dialect::PostgreSql),
        foreign("fk_dhcp6_global_parameter_server_server_id", "(server_id) REFERENCES dhcp6_server(id) ON DELETE CASCADE").only(Dialect::PostgreSql),
        foreign("fk_dhcp6_global_parameter_server_parameter_id", "(parameter_id) REFERENCES dhcp6_global_parameter(id) ON DELETE CASCADE ON UPDATE NO ACTION").only(Dialect::MySql),
        foreign("fk_dhcp6_global_parameter_server_server_id", "(server_id) REFERENCES dhcp6_server(id) ON DELETE CASCADE ON UPDATE NO ACTION").only(Dialect::MySql),
        ],
    ),
];
