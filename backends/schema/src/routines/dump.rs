//! Leases as the lines of Kea's lease file, out of the tables and into them.

use super::Routine;
use crate::{Dialect, Revision};

/// A column of the lease file and how it comes out of a table and into it. `$L` stands for the
/// row's alias, `$A` for the routine's argument.
struct Field {
    name: &'static str,
    /// In PostgreSQL: the type of the column that comes out, its expression, the argument's type,
    /// and the expression for the table.
    postgresql: [&'static str; 4],
    /// In MySQL: the expression, the argument's type, the expression for the table.
    mysql: [&'static str; 3],
}

const fn field(
    name: &'static str,
    postgresql: [&'static str; 4],
    mysql: [&'static str; 3],
) -> Field {
    Field { name, postgresql, mysql }
}

/// Numbers go as they are.
const fn number(
    name: &'static str,
    out: &'static str,
    into: &'static str,
    my: &'static str,
) -> Field {
    field(name, [out, "$L", into, "$A"], ["$L", my, "$A"])
}

const COLONS_PG: &str = "colonseparatedhex(encode($L, 'hex'))";
const OCTETS_PG: &str = "decode(replace($A, ':', ''), 'hex')";
/// Twenty octets at a time: MySQL's `colonSeparatedHex` takes no more than 64 digits.
const COLONS_MY: &str = "$COLONS";
const OCTETS_MY: &str = "UNHEX(REPLACE($A, ':', ''))";
const TEXT_PG: [&str; 4] = [
    "character varying",
    "replace($L, ',', '&#x2c')",
    "character varying",
    "replace($A, '&#x2c', ',')",
];

const fn octets(name: &'static str, my: &'static str) -> Field {
    field(
        name,
        ["character varying", COLONS_PG, "character varying", OCTETS_PG],
        [COLONS_MY, my, OCTETS_MY],
    )
}

const EXPIRE: Field = field(
    "expire",
    ["bigint", "extract(epoch FROM $L)::bigint", "bigint", "to_timestamp($A)"],
    ["UNIX_TIMESTAMP($L)", "BIGINT UNSIGNED", "FROM_UNIXTIME($A)"],
);
const HOSTNAME: Field = field(
    "hostname",
    TEXT_PG,
    ["REPLACE($L, ',', '&#x2c')", "VARCHAR(255)", "REPLACE($A, '&#x2c', ',')"],
);
const CONTEXT: Field = field(
    "user_context",
    TEXT_PG,
    ["COALESCE(REPLACE($L, ',', '&#x2c'), '')", "TEXT", "REPLACE($A, '&#x2c', ',')"],
);

const fn flag(name: &'static str) -> Field {
    field(name, ["integer", "$L::int", "integer", "$A::int::boolean"], ["$L", "TINYINT", "$A"])
}

const fn count(name: &'static str) -> Field {
    number(name, "bigint", "bigint", "INT UNSIGNED")
}

fn fields4(revision: Revision) -> Vec<Field> {
    let client_id = if revision >= Revision::POOLS { "VARCHAR(255)" } else { "VARCHAR(128)" };
    let mut all = vec![
        field(
            "address",
            ["inet", "('0.0.0.0'::inet + $L)", "character varying", "$A::inet - '0.0.0.0'::inet"],
            ["INET_NTOA($L)", "VARCHAR(15)", "INET_ATON($A)"],
        ),
        octets("hwaddr", "VARCHAR(20)"),
        octets("client_id", client_id),
        count("valid_lifetime"),
        EXPIRE,
        count("subnet_id"),
        flag("fqdn_fwd"),
        flag("fqdn_rev"),
        HOSTNAME,
        count("state"),
        CONTEXT,
    ];
    if revision >= Revision::POOLS {
        all.push(count("pool_id"));
    }
    all
}

fn fields6(revision: Revision) -> Vec<Field> {
    let duid = if revision >= Revision::POOLS { "VARCHAR(130)" } else { "VARCHAR(128)" };
    let address = if revision >= Revision::BINARY_ADDRESSES {
        field(
            "address",
            ["character varying", "host($L)", "character varying", "$A::inet"],
            ["INET6_NTOA($L)", "VARCHAR(39)", "INET6_ATON($A)"],
        )
    } else {
        field(
            "address",
            ["character varying", "$L", "character varying", "$A"],
            ["$L", "VARCHAR(39)", "$A"],
        )
    };
    let mut all = vec![
        address,
        octets("duid", duid),
        count("valid_lifetime"),
        EXPIRE,
        count("subnet_id"),
        count("pref_lifetime"),
        number("lease_type", "smallint", "integer", "TINYINT"),
        number("iaid", "integer", "integer", "INT UNSIGNED"),
        number("prefix_len", "smallint", "integer", "TINYINT UNSIGNED"),
        flag("fqdn_fwd"),
        flag("fqdn_rev"),
        HOSTNAME,
        octets("hwaddr", "VARCHAR(64)"),
        count("state"),
        CONTEXT,
        number("hwtype", "smallint", "integer", "SMALLINT"),
        number("hwaddr_source", "smallint", "integer", "INT UNSIGNED"),
    ];
    if revision >= Revision::POOLS {
        all.push(count("pool_id"));
    }
    all
}

fn fields(family: char, revision: Revision) -> Vec<Field> {
    if family == '6' { fields6(revision) } else { fields4(revision) }
}

/// All of one family, `4` or `6`.
pub(super) fn of(dialect: Dialect, family: char, revision: Revision) -> Vec<Routine> {
    let fields = fields(family, revision);
    if dialect != Dialect::PostgreSql {
        return mysql(family, &fields);
    }
    let mut all = postgresql(family, &fields);
    if revision >= Revision::POOLS {
        // Lines without a pool come from older files.
        let without = &fields[..fields.len() - 1];
        all.push(postgresql_upload(family, without));
    }
    all
}

fn header(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    names.join(",")
}

fn postgresql(family: char, fields: &[Field]) -> Vec<Routine> {
    let columns: Vec<String> =
        fields.iter().map(|field| format!("{} {}", field.name, field.postgresql[0])).collect();
    let values: Vec<String> = fields
        .iter()
        .map(|field| field.postgresql[1].replace("$L", &format!("l.{}", field.name)))
        .collect();
    vec![
        Routine::postgresql_query(
            &format!("lease{family}dumpheader"),
            "text",
            &format!("SELECT '{}'::text", header(fields)),
        ),
        Routine::postgresql_query(
            &format!("lease{family}dumpdata"),
            &format!("TABLE({})", columns.join(", ")),
            &format!(
                "SELECT\n    {}\nFROM lease{family} l ORDER BY l.address",
                values.join(",\n    ")
            ),
        ),
        postgresql_upload(family, fields),
    ]
}

fn postgresql_upload(family: char, fields: &[Field]) -> Routine {
    let name = format!("lease{family}upload");
    let arguments: Vec<String> =
        fields.iter().map(|field| format!("{} {}", field.name, field.postgresql[2])).collect();
    let values: Vec<String> = fields
        .iter()
        .map(|field| field.postgresql[3].replace("$A", &format!("{name}.{}", field.name)))
        .collect();
    let body = format!(
        "BEGIN\n    INSERT INTO lease{family} ({})\n    VALUES (\n        {});\nEND",
        header(fields).replace(',', ", "),
        values.join(",\n        ")
    );
    Routine::postgresql(&name, &arguments.join(", "), "void", &body)
}

fn mysql(family: char, fields: &[Field]) -> Vec<Routine> {
    let values: Vec<String> = fields
        .iter()
        .map(|field| {
            let column = format!("l.{}", field.name);
            let value =
                field.mysql[0].replace("$COLONS", &colons_of(&column)).replace("$L", &column);
            format!("{value} AS {}", field.name)
        })
        .collect();
    let arguments: Vec<String> =
        fields.iter().map(|field| format!("IN {} {}", field.name, field.mysql[1])).collect();
    let inserted: Vec<String> =
        fields.iter().map(|field| field.mysql[2].replace("$A", field.name)).collect();
    vec![
        Routine::procedure(
            &format!("lease{family}DumpHeader"),
            "",
            &format!("BEGIN\n    SELECT '{}';\nEND", header(fields)),
        ),
        Routine::procedure(
            &format!("lease{family}DumpData"),
            "",
            &format!(
                "BEGIN\n    SELECT\n        {}\n    FROM lease{family} l ORDER BY l.address;\nEND",
                values.join(",\n        ")
            ),
        ),
        Routine::procedure(
            &format!("lease{family}Upload"),
            &arguments.join(", "),
            &format!(
                "BEGIN\n    INSERT INTO lease{family} ({})\n    VALUES (\n        {});\nEND",
                header(fields).replace(',', ", "),
                inserted.join(",\n        ")
            ),
        ),
    ]
}

/// The longest column has 255 octets.
fn colons_of(column: &str) -> String {
    const DIGITS: usize = 40;
    let pieces: Vec<String> = (0..255 * 2)
        .step_by(DIGITS)
        .map(|from| {
            let piece = format!("SUBSTRING(HEX({column}), {}, {DIGITS})", from + 1);
            format!("NULLIF(colonSeparatedHex({piece}), '')")
        })
        .collect();
    format!("CONCAT_WS(':',\n            {})", pieces.join(",\n            "))
}

/// Hexadecimal digits with a colon after each second one.
pub(super) fn colons(dialect: Dialect) -> Routine {
    if dialect == Dialect::PostgreSql {
        Routine::postgresql(
            "colonseparatedhex",
            "hex text",
            "text",
            "BEGIN\n    RETURN rtrim(regexp_replace(lower(repeat('0', length(hex) % 2) || hex), \
             '(..)', '\\1:', 'g'), ':');\nEND",
        )
    } else {
        Routine::function(
            "colonSeparatedHex",
            "hex VARCHAR(64)",
            "VARCHAR(64) DETERMINISTIC",
            "BEGIN
    DECLARE digits VARCHAR(64) DEFAULT LOWER(CONCAT(REPEAT('0', LENGTH(hex) % 2), hex));
    DECLARE parted VARCHAR(64) DEFAULT LEFT(digits, 2);
    DECLARE place INT DEFAULT 3;
    WHILE place < LENGTH(digits) DO
        SET parted = CONCAT(parted, ':', SUBSTRING(digits, place, 2));
        SET place = place + 2;
    END WHILE;
    RETURN parted;
END",
        )
    }
}
