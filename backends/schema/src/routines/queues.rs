//! Queues of free leases that servers share.
//!
//! A pool that is queued has a row in `flq_pool4` or `flq_pool6` and one in `free_lease4` or
//! `free_lease6` for each address that may be had. Whoever writes a lease by these routines keeps
//! the queue as it goes; the next free one follows the one that was given last, so that servers do
//! not try the same.

use super::Routine;
use crate::Dialect;

/// Columns of a lease with their types in PostgreSQL and in MySQL, in the order that the routines
/// take them.
const COLUMNS4: [(&str, &str, &str); 14] = [
    ("address", "bigint", "INT UNSIGNED"),
    ("hwaddr", "bytea", "VARBINARY(20)"),
    ("client_id", "bytea", "VARBINARY(255)"),
    ("valid_lifetime", "bigint", "INT UNSIGNED"),
    ("expire", "timestamp with time zone", "TIMESTAMP"),
    ("subnet_id", "bigint", "INT UNSIGNED"),
    ("fqdn_fwd", "boolean", "TINYINT(1)"),
    ("fqdn_rev", "boolean", "TINYINT(1)"),
    ("hostname", "character varying", "VARCHAR(255)"),
    ("state", "bigint", "INT UNSIGNED"),
    ("user_context", "text", "TEXT"),
    ("relay_id", "bytea", "VARBINARY(255)"),
    ("remote_id", "bytea", "VARBINARY(255)"),
    ("pool_id", "bigint", "INT UNSIGNED"),
];

const COLUMNS6: [(&str, &str, &str); 18] = [
    ("address", "inet", "BINARY(16)"),
    ("duid", "bytea", "VARBINARY(128)"),
    ("valid_lifetime", "bigint", "INT UNSIGNED"),
    ("expire", "timestamp with time zone", "TIMESTAMP"),
    ("subnet_id", "bigint", "INT UNSIGNED"),
    ("pref_lifetime", "bigint", "INT UNSIGNED"),
    ("lease_type", "smallint", "TINYINT"),
    ("iaid", "integer", "INT UNSIGNED"),
    ("prefix_len", "smallint", "TINYINT UNSIGNED"),
    ("fqdn_fwd", "boolean", "TINYINT(1)"),
    ("fqdn_rev", "boolean", "TINYINT(1)"),
    ("hostname", "character varying", "VARCHAR(255)"),
    ("hwaddr", "bytea", "VARBINARY(20)"),
    ("hwtype", "smallint", "SMALLINT UNSIGNED"),
    ("hwaddr_source", "smallint", "INT UNSIGNED"),
    ("state", "bigint", "INT UNSIGNED"),
    ("user_context", "text", "TEXT"),
    ("pool_id", "bigint", "INT UNSIGNED"),
];

/// An address goes back into the queue if its pool has one.
const GIVE_BACK_PG: [&str; 2] = [
    "INSERT INTO free_lease4 (address)
        SELECT p_address WHERE EXISTS (
            SELECT 1 FROM flq_pool4 p WHERE p_address BETWEEN p.start_address AND p.end_address)
        ON CONFLICT DO NOTHING;",
    "INSERT INTO free_lease6 (address, bin_address)
        SELECT p_address, inetToBytea(p_address) WHERE EXISTS (
            SELECT 1 FROM flq_pool6 p WHERE p_address BETWEEN p.start_address AND p.end_address)
        ON CONFLICT DO NOTHING;",
];
const GIVE_BACK_MY: [&str; 2] = [
    "INSERT IGNORE INTO free_lease4 (address)
        SELECT p_address FROM flq_pool4 p
        WHERE p_address BETWEEN p.start_address AND p.end_address LIMIT 1;",
    "INSERT IGNORE INTO free_lease6 (address, bin_address)
        SELECT INET6_NTOA(p_address), p_address FROM flq_pool6 p
        WHERE p_address BETWEEN INET6_ATON(p.start_address) AND INET6_ATON(p.end_address) LIMIT 1;",
];

const MAKE4_PG: &str = "\
BEGIN
    IF EXISTS (
        SELECT 1 FROM flq_pool4 p
        WHERE p.start_address = p_start_address AND p.end_address = p_end_address)
    THEN
        IF NOT p_recreate THEN
            RETURN;
        END IF;
        DELETE FROM flq_pool4 p
        WHERE p.start_address = p_start_address AND p.end_address = p_end_address;
    END IF;
    DELETE FROM free_lease4 f WHERE f.address BETWEEN p_start_address AND p_end_address;
    INSERT INTO flq_pool4 (start_address, end_address, subnet_id)
    VALUES (p_start_address, p_end_address, p_subnet_id);
    INSERT INTO free_lease4 (address)
    SELECT every.address FROM generate_series(p_start_address, p_end_address) AS every (address)
    WHERE NOT EXISTS (
        SELECT 1 FROM lease4 l WHERE l.address = every.address AND l.state <> 2);
END";

const MAKE6_PG: &str = "\
DECLARE
    place bytea := inetToBytea(p_start_address);
    last bytea := inetToBytea(p_end_address);
BEGIN
    IF EXISTS (
        SELECT 1 FROM flq_pool6 p
        WHERE p.start_address = p_start_address AND p.end_address = p_end_address)
    THEN
        IF NOT p_recreate THEN
            RETURN;
        END IF;
        DELETE FROM flq_pool6 p
        WHERE p.start_address = p_start_address AND p.end_address = p_end_address;
    END IF;
    DELETE FROM free_lease6 f WHERE f.bin_address BETWEEN place AND last;
    INSERT INTO flq_pool6 (start_address, end_address, lease_type, delegated_len, subnet_id)
    VALUES (p_start_address, p_end_address, p_lease_type, p_delegated_len, p_subnet_id);
    WHILE place <= last LOOP
        INSERT INTO free_lease6 (address, bin_address)
        SELECT byteaToInet(place), place WHERE NOT EXISTS (
            SELECT 1 FROM lease6 l WHERE l.address = byteaToInet(place) AND l.state <> 2);
        EXIT WHEN place = last;
        place := incrementV6Prefix(place, p_delegated_len);
    END LOOP;
END";

const PICK4_PG: &str = "\
DECLARE
    before bigint;
    found bigint;
BEGIN
    SELECT p.last_returned_address INTO before FROM flq_pool4 p
    WHERE p.start_address = p_start_address AND p.end_address = p_end_address FOR UPDATE;
    SELECT f.address INTO found FROM free_lease4 f
    WHERE f.address BETWEEN p_start_address AND p_end_address
    ORDER BY f.address <= before, f.address LIMIT 1;
    IF found IS NOT NULL THEN
        UPDATE flq_pool4 p SET last_returned_address = found, modification_ts = CURRENT_TIMESTAMP
        WHERE p.start_address = p_start_address AND p.end_address = p_end_address;
    END IF;
    RETURN found;
END";

const PICK6_PG: &str = "\
DECLARE
    before bytea;
    found inet;
BEGIN
    SELECT inetToBytea(p.last_returned_address) INTO before FROM flq_pool6 p
    WHERE p.start_address = alloc_start_address AND p.end_address = alloc_end_address FOR UPDATE;
    SELECT f.address INTO found FROM free_lease6 f
    WHERE f.bin_address
        BETWEEN inetToBytea(alloc_start_address) AND inetToBytea(alloc_end_address)
    ORDER BY f.bin_address <= before, f.bin_address LIMIT 1;
    IF found IS NOT NULL THEN
        UPDATE flq_pool6 p SET last_returned_address = found, modification_ts = CURRENT_TIMESTAMP
        WHERE p.start_address = alloc_start_address AND p.end_address = alloc_end_address;
    END IF;
    RETURN found;
END";

/// Adds one at the last bit of a prefix; what is beyond the last address begins at zero again.
const INCREMENT_PG: &str = "\
DECLARE
    grown bytea := prefix;
    place int := (prefix_len - 1) / 8;
    sum int := get_byte(prefix, place) + (1 << (7 - (prefix_len - 1) % 8));
BEGIN
    LOOP
        grown := set_byte(grown, place, sum & 255);
        EXIT WHEN sum < 256 OR place = 0;
        place := place - 1;
        sum := get_byte(grown, place) + 1;
    END LOOP;
    RETURN grown;
END";

const MAKE4_MY: &str = "\
make: BEGIN
    DECLARE place BIGINT UNSIGNED DEFAULT p_start_address;
    IF EXISTS (
        SELECT 1 FROM flq_pool4 p
        WHERE p.start_address = p_start_address AND p.end_address = p_end_address)
    THEN
        IF NOT p_recreate THEN
            LEAVE make;
        END IF;
        DELETE FROM flq_pool4
        WHERE start_address = p_start_address AND end_address = p_end_address;
    END IF;
    DELETE FROM free_lease4 WHERE address BETWEEN p_start_address AND p_end_address;
    INSERT INTO flq_pool4 (start_address, end_address, subnet_id)
    VALUES (p_start_address, p_end_address, p_subnet_id);
    WHILE place <= p_end_address DO
        IF NOT EXISTS (SELECT 1 FROM lease4 l WHERE l.address = place AND l.state <> 2) THEN
            INSERT INTO free_lease4 (address) VALUES (place);
        END IF;
        SET place = place + 1;
    END WHILE;
END";

const MAKE6_MY: &str = "\
make: BEGIN
    DECLARE place BINARY(16) DEFAULT INET6_ATON(p_start_address);
    DECLARE last BINARY(16) DEFAULT INET6_ATON(p_end_address);
    IF EXISTS (
        SELECT 1 FROM flq_pool6 p
        WHERE p.start_address = p_start_address AND p.end_address = p_end_address)
    THEN
        IF NOT p_recreate THEN
            LEAVE make;
        END IF;
        DELETE FROM flq_pool6
        WHERE start_address = p_start_address AND end_address = p_end_address;
    END IF;
    DELETE FROM free_lease6 WHERE bin_address BETWEEN place AND last;
    INSERT INTO flq_pool6 (start_address, end_address, lease_type, delegated_len, subnet_id)
    VALUES (p_start_address, p_end_address, p_lease_type, p_delegated_len, p_subnet_id);
    fill: LOOP
        IF place > last THEN
            LEAVE fill;
        END IF;
        IF NOT EXISTS (SELECT 1 FROM lease6 l WHERE l.address = place AND l.state <> 2) THEN
            INSERT INTO free_lease6 (address, bin_address) VALUES (INET6_NTOA(place), place);
        END IF;
        IF place = last THEN
            LEAVE fill;
        END IF;
        SET place = incrementV6Prefix(place, p_delegated_len);
    END LOOP;
END";

const PICK4_MY: &str = "\
BEGIN
    DECLARE previous BIGINT UNSIGNED;
    DECLARE chosen INT UNSIGNED;
    SELECT p.last_returned_address INTO previous FROM flq_pool4 p
    WHERE p.start_address = alloc_start_address AND p.end_address = alloc_end_address FOR UPDATE;
    SET chosen = (
        SELECT f.address FROM free_lease4 f
        WHERE f.address BETWEEN alloc_start_address AND alloc_end_address
        ORDER BY f.address <= previous, f.address LIMIT 1);
    IF chosen IS NOT NULL THEN
        UPDATE flq_pool4 p SET p.last_returned_address = chosen
        WHERE p.start_address = alloc_start_address AND p.end_address = alloc_end_address;
    END IF;
    RETURN chosen;
END";

const PICK6_MY: &str = "\
BEGIN
    DECLARE previous BINARY(16);
    DECLARE chosen VARCHAR(45);
    SELECT INET6_ATON(p.last_returned_address) INTO previous FROM flq_pool6 p
    WHERE p.start_address = alloc_start_address AND p.end_address = alloc_end_address FOR UPDATE;
    SET chosen = (
        SELECT f.address FROM free_lease6 f
        WHERE f.bin_address
            BETWEEN INET6_ATON(alloc_start_address) AND INET6_ATON(alloc_end_address)
        ORDER BY f.bin_address <= previous, f.bin_address LIMIT 1);
    IF chosen IS NOT NULL THEN
        UPDATE flq_pool6 p SET p.last_returned_address = chosen
        WHERE p.start_address = alloc_start_address AND p.end_address = alloc_end_address;
    END IF;
    RETURN chosen;
END";

const INCREMENT_MY: &str = "\
BEGIN
    DECLARE place INT DEFAULT (prefix_len - 1) DIV 8 + 1;
    DECLARE total INT DEFAULT
        ASCII(SUBSTRING(prefix, place, 1)) + (1 << (7 - (prefix_len - 1) % 8));
    DECLARE next BINARY(16) DEFAULT prefix;
    carry: LOOP
        SET next = CONCAT(LEFT(next, place - 1), CHAR(total & 255), SUBSTRING(next, place + 1));
        IF total < 256 OR place = 1 THEN
            LEAVE carry;
        END IF;
        SET place = place - 1;
        SET total = ASCII(SUBSTRING(next, place, 1)) + 1;
    END LOOP;
    RETURN next;
END";

/// All of them.
pub(super) fn of(dialect: Dialect) -> Vec<Routine> {
    if dialect == Dialect::PostgreSql { postgresql() } else { mysql() }
}

fn postgresql() -> Vec<Routine> {
    let function = Routine::postgresql;
    let mut all = vec![
        function(
            "inettobytea",
            "inet_address inet",
            "bytea",
            // Its own binary form: family, bits, a flag, a length, and the octets.
            "BEGIN\n    RETURN substring(inet_send(inet_address) FROM 5);\nEND",
        ),
        function(
            "byteatoinet",
            "bin_address bytea",
            "inet",
            "BEGIN\n    RETURN rtrim(regexp_replace(encode(bin_address, 'hex'), '(....)', '\\1:', \
             'g'), ':')::inet;\nEND",
        ),
        function(
            "hextobin",
            "digit smallint",
            "smallint",
            "BEGIN\n    RETURN CASE WHEN digit BETWEEN 48 AND 57 THEN digit - 48 WHEN digit BETWEEN \
             65 AND 70 THEN digit - 55 WHEN digit BETWEEN 97 AND 102 THEN digit - 87 END;\nEND",
        ),
        function("incrementv6prefix", "prefix bytea, prefix_len smallint", "bytea", INCREMENT_PG),
        function(
            "sflqcreateflqpool4",
            "p_start_address bigint, p_end_address bigint, p_subnet_id bigint, p_recreate boolean",
            "void",
            MAKE4_PG,
        ),
        function(
            "sflqcreateflqpool6",
            "p_start_address inet, p_end_address inet, p_lease_type smallint, p_delegated_len \
             smallint, p_subnet_id bigint, p_recreate boolean",
            "void",
            MAKE6_PG,
        ),
        function(
            "sflqpickfreelease4",
            "p_start_address bigint, p_end_address bigint",
            "bigint",
            PICK4_PG,
        ),
        function(
            "sflqpickfreelease6",
            "alloc_start_address inet, alloc_end_address inet",
            "inet",
            PICK6_PG,
        ),
    ];
    all.extend(writers(true, '4', &COLUMNS4, GIVE_BACK_PG[0]));
    all.extend(writers(true, '6', &COLUMNS6, GIVE_BACK_PG[1]));
    all
}

fn mysql() -> Vec<Routine> {
    let changes = "MODIFIES SQL DATA";
    let mut all = vec![
        Routine::procedure(
            "setLoopLimit",
            "",
            // Nothing here recurses; the name is looked for.
            "BEGIN\nEND",
        ),
        Routine::function(
            "incrementV6Prefix",
            "prefix BINARY(16), prefix_len INT UNSIGNED",
            "BINARY(16) DETERMINISTIC",
            INCREMENT_MY,
        ),
        Routine::procedure(
            "sflqCreateFlqPool4",
            "IN p_start_address INT UNSIGNED, IN p_end_address INT UNSIGNED, IN p_subnet_id INT \
             UNSIGNED, IN p_recreate TINYINT",
            MAKE4_MY,
        ),
        Routine::procedure(
            "sflqCreateFlqPool6",
            "IN p_start_address VARCHAR(45), IN p_end_address VARCHAR(45), IN p_lease_type TINYINT \
             UNSIGNED, IN p_delegated_len TINYINT UNSIGNED, IN p_subnet_id INT UNSIGNED, IN \
             p_recreate TINYINT",
            MAKE6_MY,
        ),
        Routine::function(
            "sflqPickFreeLease4",
            "alloc_start_address INT UNSIGNED, alloc_end_address INT UNSIGNED",
            &format!("INT UNSIGNED {changes}"),
            PICK4_MY,
        ),
        Routine::function(
            "sflqPickFreeLease6",
            "alloc_start_address VARCHAR(45), alloc_end_address VARCHAR(45)",
            &format!("VARCHAR(45) {changes}"),
            PICK6_MY,
        ),
    ];
    all.extend(writers(false, '4', &COLUMNS4, GIVE_BACK_MY[0]));
    all.extend(writers(false, '6', &COLUMNS6, GIVE_BACK_MY[1]));
    all
}

/// What inserts, updates and deletes a lease, each giving back how many rows it changed.
fn writers(
    postgresql: bool,
    family: char,
    columns: &[(&str, &str, &str)],
    give_back: &str,
) -> Vec<Routine> {
    let table = format!("lease{family}");
    let key = if family == '4' { "address" } else { "bin_address" };
    let found = match (postgresql, family) {
        (true, '6') => "inetToBytea(p_address)",
        _ => "p_address",
    };
    let take = format!("DELETE FROM free_lease{family} WHERE {key} = {found};");
    let arguments: Vec<String> = columns
        .iter()
        .map(|(name, pg, my)| format!("p_{name} {}", if postgresql { pg } else { my }))
        .collect();
    let names: Vec<&str> = columns.iter().map(|(name, ..)| *name).collect();
    let values: Vec<String> = names.iter().map(|name| format!("p_{name}")).collect();
    let sets: Vec<String> = names.iter().map(|name| format!("{name} = p_{name}")).collect();
    let (address, time) = if postgresql {
        (columns[0].1, "timestamp with time zone")
    } else {
        (columns[0].2, "TIMESTAMP")
    };
    let insert = format!(
        "    INSERT INTO {table} ({})\n    VALUES ({});\n    {take}\n    RETURN 1;",
        names.join(", "),
        values.join(", ")
    );
    let update = format!(
        "    UPDATE {table} SET\n        {}\n    WHERE address = p_where_address AND expire = \
         p_where_expire;\n    COUNT\n    IF changed > 0 AND p_state = 2 THEN\n        {give_back}\n    \
         ELSIF changed > 0 THEN\n        {take}\n    END IF;\n    RETURN changed;",
        sets.join(",\n        ")
    );
    let delete = format!(
        "    DELETE FROM {table} WHERE address = p_address AND expire = p_expire;\n    COUNT\n    IF \
         changed > 0 THEN\n        {give_back}\n    END IF;\n    RETURN changed;"
    );
    let arguments = arguments.join(", ");
    let of_update = format!("{arguments}, p_where_address {address}, p_where_expire {time}");
    let of_delete = format!("p_address {address}, p_expire {time}");
    [("Insert", arguments, insert), ("Update", of_update, update), ("Delete", of_delete, delete)]
        .into_iter()
        .map(|(verb, arguments, body)| {
            let name = format!("sflq{verb}Lease{family}");
            if postgresql {
                let body = body.replace("COUNT", "GET DIAGNOSTICS changed = ROW_COUNT;");
                let body = format!("DECLARE\n    changed integer;\nBEGIN\n{body}\nEND");
                Routine::postgresql(&name.to_lowercase(), &arguments, "integer", &body)
            } else {
                let body = body.replace("COUNT", "SET changed = ROW_COUNT();");
                let body = body.replace("ELSIF", "ELSEIF");
                let body = format!("BEGIN\n    DECLARE changed INT DEFAULT 0;\n{body}\nEND");
                Routine::function(&name, &arguments, "INT MODIFIES SQL DATA", &body)
            }
        })
        .collect()
}
