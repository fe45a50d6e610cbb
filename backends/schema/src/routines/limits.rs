//! How many leases a class or a subnet may have: asked before a lease is made.
//!
//! The limits are in the user context that the lease would get, under `ISC.limits`.

use super::Routine;
use crate::Dialect;

/// For each list entry of limits (a class, or a subnet in the last turn), compare.
const CHECK_PG: &str = "\
DECLARE
    limits json := json_cast(nullif(user_context, '')) -> 'ISC' -> 'limits';
    classes json := limits -> 'client-classes';
    subnet json := limits -> 'subnet';
    bound json;
    counted bigint;
BEGIN
    IF json_typeof(classes) = 'array' THEN
        FOR bound IN SELECT json_array_elements(classes) LOOP
$CLASSES        END LOOP;
    END IF;
$SUBNET    RETURN '';
END";

const CLASS_PG: &str = "\
            IF bound ->> '$KIND-limit' IS NOT NULL THEN
                SELECT coalesce(sum(s.leases), 0) INTO counted FROM lease$F_stat_by_client_class s
                WHERE s.client_class = bound ->> 'name'$TYPE;
                IF counted >= (bound ->> '$KIND-limit')::bigint THEN
                    RETURN format('$KIND limit %s for client class \"%s\", current lease count %s',
                        bound ->> '$KIND-limit', bound ->> 'name', counted);
                END IF;
            END IF;
";

const SUBNET_PG: &str = "\
    IF subnet ->> '$KIND-limit' IS NOT NULL THEN
        SELECT coalesce(sum(s.leases), 0) INTO counted FROM lease$F_stat s
        WHERE s.subnet_id = (subnet ->> 'id')::bigint AND s.state = 0$TYPE;
        IF counted >= (subnet ->> '$KIND-limit')::bigint THEN
            RETURN format('$KIND limit %s for subnet ID %s, current lease count %s',
                subnet ->> '$KIND-limit', subnet ->> 'id', counted);
        END IF;
    END IF;
";

const CHECK_MY: &str = "\
BEGIN
    DECLARE position INT DEFAULT 0;
    DECLARE place VARCHAR(128);
    DECLARE class VARCHAR(128);
    DECLARE subnet BIGINT;
    DECLARE bound BIGINT;
    DECLARE counted BIGINT;
    IF user_context IS NULL OR NOT JSON_VALID(user_context) THEN
        RETURN '';
    END IF;
    WHILE position < COALESCE(JSON_LENGTH(user_context, '$.ISC.limits.\"client-classes\"'), 0) DO
        SET place = CONCAT('$.ISC.limits.\"client-classes\"[', position, ']');
        SET class = JSON_UNQUOTE(JSON_EXTRACT(user_context, CONCAT(place, '.name')));
$CLASSES        SET position = position + 1;
    END WHILE;
    SET subnet = JSON_EXTRACT(user_context, '$.ISC.limits.subnet.id');
$SUBNET    RETURN '';
END";

const CLASS_MY: &str = "\
        SET bound = JSON_EXTRACT(user_context, CONCAT(place, '.\"$KIND-limit\"'));
        SET counted = (
            SELECT COALESCE(SUM(s.leases), 0) FROM lease$F_stat_by_client_class s
            WHERE s.client_class = class$TYPE);
        IF counted >= bound THEN
            RETURN CONCAT('$KIND limit ', bound, ' for client class \"', class,
                '\", current lease count ', counted);
        END IF;
";

const SUBNET_MY: &str = "\
    SET bound = JSON_EXTRACT(user_context, '$.ISC.limits.subnet.\"$KIND-limit\"');
    SET counted = (
        SELECT COALESCE(SUM(s.leases), 0) FROM lease$F_stat s
        WHERE s.subnet_id = subnet AND s.state = 0$TYPE);
    IF counted >= bound THEN
        RETURN CONCAT('$KIND limit ', bound, ' for subnet ID ', subnet,
            ', current lease count ', counted);
    END IF;
";

/// All of one family, `4` or `6`.
pub(super) fn of(dialect: Dialect, family: char) -> Vec<Routine> {
    let kinds: &[(&str, &str)] = if family == '6' {
        &[("address", " AND s.lease_type = 0"), ("prefix", " AND s.lease_type = 2")]
    } else {
        &[("address", "")]
    };
    let each = |text: &str| -> String {
        kinds
            .iter()
            .map(|(kind, rows)| text.replace("$KIND", kind).replace("$TYPE", rows))
            .collect()
    };
    let postgresql = dialect == Dialect::PostgreSql;
    let (frame, class, subnet) =
        if postgresql { (CHECK_PG, CLASS_PG, SUBNET_PG) } else { (CHECK_MY, CLASS_MY, SUBNET_MY) };
    let body = frame
        .replace("$CLASSES", &each(class))
        .replace("$SUBNET", &each(subnet))
        .replace("$F", &family.to_string());
    vec![if postgresql {
        let name = format!("checklease{family}limits");
        Routine::postgresql(&name, "user_context text", "text", &body)
    } else {
        Routine::function(
            &format!("checkLease{family}Limits"),
            "user_context TEXT",
            "TEXT READS SQL DATA",
            &body,
        )
    }]
}

/// Whether limits can be kept at all: asked when a server starts.
pub(super) fn support(dialect: Dialect) -> Routine {
    if dialect == Dialect::PostgreSql {
        Routine::postgresql("isjsonsupported", "", "boolean", "BEGIN\n    RETURN true;\nEND")
    } else {
        let body = "BEGIN\n    RETURN JSON_VALID('{}');\nEND";
        Routine::function("isJsonSupported", "", "TINYINT(1) DETERMINISTIC", body)
    }
}
