//! Who changed which part of the configuration: servers that poll learn from it what to read anew.
//!
//! A writer begins a revision within its transaction; triggers then note each object that changes.
//! What belongs to a subnet, a pool or a shared network shows as a change of that, unless the
//! writer said that it replaces the whole (a *cascade*).

use super::Routine;
use crate::Dialect;

/// Tables whose rows are noted one by one, with the column that names a row; those whose rows
/// carry others along are noted before they go.
const NOTED: [(&str, &str); 3] =
    [("server", "id"), ("global_parameter", "id"), ("option_def", "id")];
const CARRIERS: [(&str, &str); 2] = [("shared_network", "id"), ("subnet", "subnet_id")];

/// In which tables PostgreSQL has a trigger that does nothing but have its name.
const DATED: [&str; 13] = [
    "audit",
    "audit_revision",
    "global_parameter",
    "global_parameter_server",
    "option_def",
    "option_def_server",
    "options",
    "options_server",
    "pool",
    "server",
    "shared_network",
    "subnet",
    "subnet_server",
];

const REVISION_PG: &str = "\
DECLARE
    revision bigint;
BEGIN
    IF get_session_boolean('kea.disable_audit') THEN
        RETURN;
    END IF;
    INSERT INTO dhcp$F_audit_revision (modification_ts, server_id, log_message)
    VALUES (
        audit_ts,
        (SELECT s.id FROM dhcp$F_server s WHERE s.tag = server_tag),
        audit_log_message)
    RETURNING id INTO revision;
    PERFORM set_session_value('kea.audit_revision_id', revision);
    PERFORM set_session_value('kea.cascade_transaction', cascade_transaction);
END";

const ENTRY_PG: &str = "\
BEGIN
    IF get_session_boolean('kea.disable_audit') THEN
        RETURN;
    END IF;
    INSERT INTO dhcp$F_audit (object_type, object_id, modification_type, revision_id)
    VALUES (
        object_type_val,
        object_id_val,
        (SELECT m.id FROM modification m WHERE m.modification_type = modification_type_val),
        get_session_big_int('kea.audit_revision_id'));
END";

const OPTION_PG: &str = "\
#variable_conflict use_variable
BEGIN
    IF get_session_boolean('kea.disable_audit')
        OR get_session_boolean('kea.cascade_transaction') THEN
        RETURN;
    END IF;
    IF scope_id = 0 THEN
        PERFORM createAuditEntryDHCP$F('dhcp$F_options', option_id, modification_type);
    ELSIF scope_id = 1 THEN
        UPDATE dhcp$F_subnet s SET modification_ts = p_modification_ts
        WHERE s.subnet_id = p_subnet_id;
    ELSIF scope_id = 4 THEN
        UPDATE dhcp$F_shared_network n SET modification_ts = p_modification_ts
        WHERE n.name = network_name;
    ELSIF scope_id = 5 THEN
        UPDATE dhcp$F_subnet s SET modification_ts = p_modification_ts
        WHERE s.subnet_id = (SELECT p.subnet_id FROM dhcp$F_pool p WHERE p.id = pool_id);
$PREFIX    END IF;
END";

const PREFIX_PG: &str = "\
    ELSIF scope_id = 6 THEN
        UPDATE dhcp$F_subnet s SET modification_ts = p_modification_ts
        WHERE s.subnet_id = (SELECT p.subnet_id FROM dhcp$F_pd_pool p WHERE p.id = pd_pool_id);
";

/// Options that go with what they belong to are no change of it.
const SILENTLY_PG: &str = "\
DECLARE
    cascade boolean := get_session_boolean('kea.cascade_transaction');
BEGIN
    PERFORM createAuditEntryDHCP$F('dhcp$F_$TABLE', OLD.$ID, 'delete');
    PERFORM set_session_value('kea.cascade_transaction', true);
$CARRIED    PERFORM set_session_value('kea.cascade_transaction', cascade);
    RETURN OLD;
END";

const REVISION_MY: &str = "\
BEGIN
    IF COALESCE(@disable_audit, 0) = 0 THEN
        INSERT INTO dhcp$F_audit_revision (modification_ts, server_id, log_message)
        VALUES (
            audit_ts,
            (SELECT s.id FROM dhcp$F_server s WHERE s.tag = server_tag),
            audit_log_message);
        SET @audit_revision_id = LAST_INSERT_ID();
        SET @cascade_transaction = cascade_transaction;
    END IF;
END";

const ENTRY_MY: &str = "\
BEGIN
    IF COALESCE(@disable_audit, 0) = 0 THEN
        INSERT INTO dhcp$F_audit (object_type, object_id, modification_type, revision_id)
        VALUES (
            object_type_val,
            object_id_val,
            (SELECT m.id FROM modification m WHERE m.modification_type = modification_type_val),
            @audit_revision_id);
    END IF;
END";

const OPTION_MY: &str = "\
BEGIN
    IF COALESCE(@disable_audit, 0) = 0 AND COALESCE(@cascade_transaction, 0) = 0 THEN
        IF scope_id = 0 THEN
            CALL createAuditEntryDHCP$F('dhcp$F_options', option_id, modification_type);
        ELSEIF scope_id = 1 THEN
            UPDATE dhcp$F_subnet s SET s.modification_ts = modification_ts
            WHERE s.subnet_id = subnet_id;
        ELSEIF scope_id = 4 THEN
            UPDATE dhcp$F_shared_network n SET n.modification_ts = modification_ts
            WHERE n.name = network_name;
        ELSEIF scope_id = 5 THEN
            UPDATE dhcp$F_subnet s SET s.modification_ts = modification_ts
            WHERE s.subnet_id = (SELECT p.subnet_id FROM dhcp$F_pool p WHERE p.id = pool_id);
$PREFIX        END IF;
    END IF;
END";

const PREFIX_MY: &str = "\
        ELSEIF scope_id = 6 THEN
            UPDATE dhcp$F_subnet s SET s.modification_ts = modification_ts
            WHERE s.subnet_id = (SELECT p.subnet_id FROM dhcp$F_pd_pool p WHERE p.id = pd_pool_id);
";

const SILENTLY_MY: &str = "\
BEGIN
    DECLARE cascade_before TINYINT DEFAULT @cascade_transaction;
    CALL createAuditEntryDHCP$F('dhcp$F_$TABLE', OLD.$ID, 'delete');
    SET @cascade_transaction = 1;
$CARRIED    SET @cascade_transaction = cascade_before;
END";

/// What goes when a subnet or a shared network goes, in order.
fn carried(table: &str, six: bool) -> String {
    let mut steps = String::new();
    if table == "subnet" {
        steps += "    DELETE FROM dhcp$F_pool WHERE subnet_id = OLD.subnet_id;\n";
        if six {
            steps += "    DELETE FROM dhcp$F_pd_pool WHERE subnet_id = OLD.subnet_id;\n";
        }
        steps += "    DELETE FROM dhcp$F_options WHERE dhcp$F_subnet_id = OLD.subnet_id;\n";
    } else {
        steps += "    UPDATE dhcp$F_subnet SET shared_network_name = NULL\n    WHERE \
                  shared_network_name = OLD.name;\n";
        steps += "    DELETE FROM dhcp$F_options WHERE shared_network_name = OLD.name;\n";
    }
    steps
}

/// What an option's trigger hands over, of the row as it is or was.
fn option_values(row: &str, six: bool, postgresql: bool) -> String {
    let mut values = vec![
        format!("{row}.scope_id"),
        format!("{row}.option_id"),
        format!("{row}.dhcp$F_subnet_id"),
        format!("{row}.host_id"),
        format!("{row}.shared_network_name"),
        format!("{row}.pool_id"),
    ];
    if six {
        values.push(format!("{row}.pd_pool_id"));
    }
    // What goes has no time of its own.
    let now = if postgresql { "CURRENT_TIMESTAMP" } else { "NOW()" };
    values.push(if row == "NEW" { "NEW.modification_ts".to_owned() } else { now.to_owned() });
    values.join(", ")
}

const MOMENTS: [(&str, &str, &str, &str); 3] = [
    ("ains", "AFTER INSERT", "NEW", "create"),
    ("aupd", "AFTER UPDATE", "NEW", "update"),
    ("adel", "AFTER DELETE", "OLD", "delete"),
];

/// All of one family, `4` or `6`.
pub(super) fn of(dialect: Dialect, family: char) -> Vec<Routine> {
    let mut all = writers(dialect, family);
    for (table, id) in NOTED.iter().chain(&CARRIERS) {
        let carrier = CARRIERS.iter().any(|(name, _)| name == table);
        for (moment, when, row, kind) in MOMENTS {
            if carrier && moment == "adel" {
                continue;
            }
            let call = format!("createAuditEntryDHCP$F('dhcp$F_{table}', {row}.{id}, '{kind}')");
            all.extend(trigger(dialect, family, table, moment, when, &call));
        }
    }
    for (moment, when, row, kind) in MOMENTS {
        let values = option_values(row, family == '6', dialect == Dialect::PostgreSql);
        let call = format!("createOptionAuditDHCP$F('{kind}', {values})");
        all.extend(trigger(dialect, family, "options", moment, when, &call));
    }
    all.extend(departures(dialect, family));
    if dialect == Dialect::PostgreSql {
        all.extend(dated(family));
    }
    all
}

/// A trigger that calls one routine.
fn trigger(
    dialect: Dialect,
    family: char,
    table: &str,
    moment: &str,
    when: &str,
    call: &str,
) -> Vec<Routine> {
    let table = format!("dhcp{family}_{table}");
    if dialect == Dialect::PostgreSql {
        let body = fill(&format!("BEGIN\n    PERFORM {call};\n    RETURN NULL;\nEND"), family);
        let name = format!("{table}_{moment}");
        Routine::postgresql_trigger(&name, when, &table, &body).to_vec()
    } else {
        let body = fill(&format!("BEGIN\n    CALL {call};\nEND"), family);
        let name = format!("{table}_{}", moment.to_uppercase());
        vec![Routine::mysql_trigger(&name, when, &table, &body)]
    }
}

/// The routines that writers and triggers call.
fn writers(dialect: Dialect, family: char) -> Vec<Routine> {
    let six = family == '6';
    let postgresql = dialect == Dialect::PostgreSql;
    let name = |stem: &str| {
        let name = format!("{stem}DHCP{family}");
        if postgresql { name.to_lowercase() } else { name }
    };
    let fill = |text: &str, prefix: &str| fill(&text.replace("$PREFIX", prefix), family);
    if postgresql {
        let prefix = if six { "pd_pool_id bigint, " } else { "" };
        vec![
            Routine::postgresql(
                &name("createAuditRevision"),
                "audit_ts timestamp with time zone, server_tag character varying, \
                 audit_log_message text, cascade_transaction boolean",
                "void",
                &fill(REVISION_PG, ""),
            ),
            Routine::postgresql(
                &name("createAuditEntry"),
                "object_type_val character varying, object_id_val bigint, modification_type_val \
                 character varying",
                "void",
                &fill(ENTRY_PG, ""),
            ),
            Routine::postgresql(
                &name("createOptionAudit"),
                &format!(
                    "modification_type character varying, scope_id smallint, option_id integer, \
                     p_subnet_id bigint, host_id integer, network_name character varying, pool_id \
                     bigint, {prefix}p_modification_ts timestamp with time zone"
                ),
                "void",
                &fill(OPTION_PG, if six { PREFIX_PG } else { "" }),
            ),
        ]
    } else {
        let prefix = if six { "IN pd_pool_id BIGINT, " } else { "" };
        vec![
            Routine::procedure(
                &name("createAuditRevision"),
                "IN audit_ts TIMESTAMP, IN server_tag VARCHAR(256), IN audit_log_message TEXT, IN \
                 cascade_transaction TINYINT(1)",
                &fill(REVISION_MY, ""),
            ),
            Routine::procedure(
                &name("createAuditEntry"),
                "IN object_type_val VARCHAR(256), IN object_id_val BIGINT UNSIGNED, IN \
                 modification_type_val VARCHAR(32)",
                &fill(ENTRY_MY, ""),
            ),
            Routine::procedure(
                &name("createOptionAudit"),
                &format!(
                    "IN modification_type VARCHAR(32), IN scope_id TINYINT UNSIGNED, IN option_id \
                     BIGINT UNSIGNED, IN subnet_id INT UNSIGNED, IN host_id INT UNSIGNED, IN \
                     network_name VARCHAR(128), IN pool_id BIGINT, {prefix}IN modification_ts \
                     TIMESTAMP"
                ),
                &fill(OPTION_MY, if six { PREFIX_MY } else { "" }),
            ),
        ]
    }
}

/// What happens before a subnet, a shared network or a pool goes.
fn departures(dialect: Dialect, family: char) -> Vec<Routine> {
    let six = family == '6';
    let mut all = Vec::new();
    for (table, id) in CARRIERS {
        let frame = if dialect == Dialect::PostgreSql { SILENTLY_PG } else { SILENTLY_MY };
        let body = frame
            .replace("$CARRIED", &carried(table, six))
            .replace("$TABLE", table)
            .replace("$ID", id);
        all.extend(before_delete(dialect, family, table, &fill(&body, family)));
    }
    for pool in ["pool", "pd_pool"] {
        if pool == "pd_pool" && !six {
            continue;
        }
        let delete = format!("DELETE FROM dhcp$F_options WHERE {pool}_id = OLD.id;");
        let body = if dialect == Dialect::PostgreSql {
            format!("BEGIN\n    {delete}\n    RETURN OLD;\nEND")
        } else {
            format!("BEGIN\n    {delete}\nEND")
        };
        all.extend(before_delete(dialect, family, pool, &fill(&body, family)));
    }
    all
}

fn before_delete(dialect: Dialect, family: char, table: &str, body: &str) -> Vec<Routine> {
    let table = format!("dhcp{family}_{table}");
    if dialect == Dialect::PostgreSql {
        let name = format!("{table}_bdel");
        let [function, trigger] = Routine::postgresql_trigger(&name, "BEFORE DELETE", &table, body);
        // Kea's PostgreSQL has the function for pools of prefixes, and no trigger that calls it.
        if table == "dhcp6_pd_pool" { vec![function] } else { vec![function, trigger] }
    } else {
        let name = format!("{table}_BDEL");
        vec![Routine::mysql_trigger(&name, "BEFORE DELETE", &table, body)]
    }
}

/// Triggers and a function that are looked for by name and do nothing.
fn dated(family: char) -> Vec<Routine> {
    let nothing = "BEGIN\n    RETURN NULL;\nEND";
    let name = format!("func_dhcp{family}_shared_network_adel");
    let mut all = vec![Routine::postgresql(&name, "", "trigger", nothing)];
    let dated = |table: &str, on: &str| {
        let name = format!("dhcp{family}_{table}_modification_ts_update");
        Routine::trigger_of_postgresql(
            &name,
            "AFTER UPDATE",
            &format!("dhcp{family}_{on}"),
            "modification_ts_update",
        )
    };
    for table in DATED {
        // One of them hangs on the wrong table.
        let on = if family == '6' && table == "subnet" { "server" } else { table };
        all.push(dated(table, on));
    }
    if family == '6' {
        all.push(dated("pd_pool", "pd_pool"));
    }
    all
}

fn fill(text: &str, family: char) -> String {
    text.replace("$F", &family.to_string())
}
