//! Counts of leases, kept by triggers.
//!
//! Leases in the states 0 and 1 count, each in the row of its subnet (and pool, and type) and
//! state. Classes that a lease's user context names count leases in the state 0 alone. A count
//! never falls below zero: one that was wrong before shall not refuse a lease.

use super::Routine;
use crate::{Dialect, Revision};

/// A table of counts and what a lease brings for its key.
struct Count {
    /// `lease4` or `lease6`.
    leases: &'static str,
    table: &'static str,
    /// Columns of the key besides the state, in the order that routines take them, with their
    /// types in PostgreSQL and in MySQL.
    key: &'static [(&'static str, &'static str, &'static str)],
    since: Revision,
}

const SUBNET: (&str, &str, &str) = ("subnet_id", "bigint", "INT UNSIGNED");
const POOL: (&str, &str, &str) = ("pool_id", "bigint", "INT UNSIGNED");
const TYPE: (&str, &str, &str) = ("lease_type", "smallint", "TINYINT");

const COUNTS: [Count; 4] = [
    Count { leases: "lease4", table: "lease4_stat", key: &[SUBNET], since: Revision::BASE },
    Count { leases: "lease6", table: "lease6_stat", key: &[SUBNET, TYPE], since: Revision::BASE },
    Count {
        leases: "lease4",
        table: "lease4_pool_stat",
        key: &[SUBNET, POOL],
        since: Revision::POOLS,
    },
    Count {
        leases: "lease6",
        table: "lease6_pool_stat",
        key: &[SUBNET, POOL, TYPE],
        since: Revision::POOLS,
    },
];

/// The three moments of a row.
const MOMENTS: [(&str, &str); 3] =
    [("ains", "AFTER INSERT"), ("aupd", "AFTER UPDATE"), ("adel", "AFTER DELETE")];

impl Count {
    /// `old_state bigint, old_subnet_id bigint`, or what the dialect calls it.
    fn arguments(&self, side: &str, postgresql: bool) -> Vec<String> {
        let state = if postgresql { "bigint" } else { "TINYINT" };
        let argument = |name: &str, kind: &str| {
            if postgresql {
                format!("{side}_{name} {kind}")
            } else {
                format!("IN {side}_{name} {kind}")
            }
        };
        let mut all = vec![argument("state", state)];
        all.extend(
            self.key.iter().map(|(name, pg, my)| argument(name, if postgresql { pg } else { my })),
        );
        all
    }

    /// `NEW.state, NEW.subnet_id`, with `from` before each.
    fn values(&self, from: &str) -> String {
        let mut all = vec![format!("{from}state")];
        all.extend(self.key.iter().map(|(name, ..)| format!("{from}{name}")));
        all.join(", ")
    }

    fn columns(&self) -> String {
        let mut all: Vec<&str> = self.key.iter().map(|(name, ..)| *name).collect();
        all.push("state");
        all.join(", ")
    }

    /// Whether one side's lease counts.
    fn counts(&self, side: &str) -> String {
        // A lease of no subnet is nobody's.
        format!("{side}_state IN (0, 1) AND {side}_subnet_id IS NOT NULL")
    }

    fn up(&self, postgresql: bool) -> String {
        let values: Vec<String> = self.key.iter().map(|(name, ..)| format!("new_{name}")).collect();
        let Self { table, .. } = self;
        let (columns, values) = (self.columns(), values.join(", "));
        let clash = if postgresql {
            format!("ON CONFLICT ({columns}) DO UPDATE SET leases = {table}.leases + 1")
        } else {
            "ON DUPLICATE KEY UPDATE leases = leases + 1".to_owned()
        };
        format!(
            "    IF {} THEN\n        INSERT INTO {table} ({columns}, leases)\n        VALUES \
             ({values}, new_state, 1)\n        {clash};\n    END IF;",
            self.counts("new")
        )
    }

    fn down(&self) -> String {
        let mut matches: Vec<String> =
            self.key.iter().map(|(name, ..)| format!("{name} = old_{name}")).collect();
        matches.push("state = old_state".to_owned());
        format!(
            "    IF {} THEN\n        UPDATE {} SET leases = leases - 1\n        WHERE {} AND \
             leases > 0;\n    END IF;",
            self.counts("old"),
            self.table,
            matches.join(" AND ")
        )
    }

    fn changed(&self, differs: &str) -> String {
        let mut all: Vec<String> =
            self.key.iter().map(|(name, ..)| differs_by(name, differs)).collect();
        all.push(differs_by("state", differs));
        all.join(" OR ")
    }

    fn routines(&self, postgresql: bool) -> Vec<Routine> {
        let changed = if postgresql {
            self.changed("old IS DISTINCT FROM new")
        } else {
            self.changed("NOT (old <=> new)")
        };
        MOMENTS
            .iter()
            .map(|(moment, _)| {
                let sides: &[&str] = match *moment {
                    "ains" => &["new"],
                    "adel" => &["old"],
                    _ => &["old", "new"],
                };
                let arguments: Vec<String> =
                    sides.iter().flat_map(|side| self.arguments(side, postgresql)).collect();
                let body = match *moment {
                    "ains" => self.up(postgresql),
                    "adel" => self.down(),
                    _ => format!(
                        "    IF {changed} THEN\n{}\n{}\n    END IF;",
                        self.down(),
                        self.up(postgresql)
                    ),
                };
                routine(self.leases, moment, self.table, &arguments, &body, postgresql)
            })
            .collect()
    }
}

/// `old_state IS DISTINCT FROM new_state`.
fn differs_by(column: &str, differs: &str) -> String {
    differs.replace("old", &format!("old_{column}")).replace("new", &format!("new_{column}"))
}

/// The routine that one moment of a lease calls for one table of counts.
fn routine(
    leases: &str,
    moment: &str,
    table: &str,
    arguments: &[String],
    body: &str,
    postgresql: bool,
) -> Routine {
    let arguments = arguments.join(", ");
    if postgresql {
        let name = format!("{leases}_{moment}_{table}");
        Routine::postgresql(&name, &arguments, "void", &format!("BEGIN\n{body}\nEND"))
    } else {
        let name = format!("{leases}_{}_{table}", moment.to_uppercase());
        Routine::procedure(&name, &arguments, &format!("BEGIN\n{body}\nEND"))
    }
}

/// Counts by the classes that a lease's user context names.
mod classes {
    use super::{Routine, differs_by, routine};

    /// Some leases have no such context, and are not to pay for those that have.
    const POSTGRESQL_LOOP: &str = "\
        FOR class IN SELECT json_array_elements_text(
            CASE WHEN json_typeof(json_cast(SIDE_user_context) -> 'ISC' -> 'client-classes') = 'array'
            THEN json_cast(SIDE_user_context) -> 'ISC' -> 'client-classes' ELSE '[]' END)
        LOOP
STEP
        END LOOP;";

    const MYSQL_LOOP: &str = "\
        SET position = 0;
        SET classes = JSON_EXTRACT(SIDE_user_context, '$.ISC.\"client-classes\"');
        WHILE position < COALESCE(JSON_LENGTH(classes), 0) DO
            SET class = JSON_UNQUOTE(JSON_EXTRACT(classes, CONCAT('$[', position, ']')));
STEP
            SET position = position + 1;
        END WHILE;";

    fn walk(leases: &str, side: &str, postgresql: bool) -> String {
        let six = leases == "lease6";
        let table = format!("{leases}_stat_by_client_class");
        let (column, value) = if six { (", lease_type", ", new_lease_type") } else { ("", "") };
        let step = if side == "new" {
            let clash = if postgresql {
                format!(
                    "ON CONFLICT (client_class{column}) DO UPDATE SET leases = {table}.leases + 1"
                )
            } else {
                "ON DUPLICATE KEY UPDATE leases = leases + 1".to_owned()
            };
            format!(
                "            INSERT INTO {table} (client_class{column}, leases)\n            VALUES \
                 (class{value}, 1)\n            {clash};"
            )
        } else {
            let kind = if six { " AND lease_type = old_lease_type" } else { "" };
            format!(
                "            UPDATE {table} SET leases = leases - 1\n            WHERE client_class = \
                 class{kind} AND leases > 0;"
            )
        };
        let (frame, lawful) = if postgresql {
            (POSTGRESQL_LOOP, format!("{side}_user_context LIKE '%client-classes%'"))
        } else {
            (
                MYSQL_LOOP,
                format!(
                    "{side}_user_context LIKE '%client-classes%' AND JSON_VALID({side}_user_context)"
                ),
            )
        };
        let frame = frame.replace("SIDE", side).replace("STEP", &step);
        format!("    IF {side}_state = 0 AND {lawful} THEN\n{frame}\n    END IF;")
    }

    fn arguments(leases: &str, side: &str, postgresql: bool) -> Vec<String> {
        let (way, state, text, kind) = if postgresql {
            ("", "bigint", "text", "smallint")
        } else {
            ("IN ", "TINYINT", "TEXT", "TINYINT")
        };
        let mut all =
            vec![format!("{way}{side}_state {state}"), format!("{way}{side}_user_context {text}")];
        if leases == "lease6" {
            all.push(format!("{way}{side}_lease_type {kind}"));
        }
        all
    }

    /// The routines for one table of leases.
    pub(super) fn routines(leases: &'static str, postgresql: bool) -> Vec<Routine> {
        let differs = if postgresql { "old IS DISTINCT FROM new" } else { "NOT (old <=> new)" };
        let mut compared = vec!["state", "user_context"];
        if leases == "lease6" {
            compared.push("lease_type");
        }
        let changed: Vec<String> =
            compared.iter().map(|column| differs_by(column, differs)).collect();
        let declared = if postgresql {
            "DECLARE\n    class text;\nBEGIN\n"
        } else {
            "    DECLARE class VARCHAR(128);\n    DECLARE classes TEXT;\n    DECLARE position INT;\n"
        };
        ["ains", "aupd", "adel"]
            .into_iter()
            .map(|moment| {
                let sides: &[&str] = match moment {
                    "ains" => &["new"],
                    "adel" => &["old"],
                    _ => &["old", "new"],
                };
                let arguments: Vec<String> =
                    sides.iter().flat_map(|side| arguments(leases, side, postgresql)).collect();
                let walks: Vec<String> =
                    sides.iter().map(|side| walk(leases, side, postgresql)).collect();
                let mut body = walks.join("\n");
                if moment == "aupd" {
                    body = format!("    IF {} THEN\n{body}\n    END IF;", changed.join(" OR "));
                }
                let table = format!("{leases}_stat_by_client_class");
                if postgresql {
                    let name = format!("{leases}_{moment}_{table}");
                    let body = format!("{declared}{body}\nEND");
                    Routine::postgresql(&name, &arguments.join(", "), "void", &body)
                } else {
                    let body = format!("{declared}{body}");
                    routine(leases, moment, &table, &arguments, &body, false)
                }
            })
            .collect()
    }

    /// What a trigger hands over.
    pub(super) fn values(leases: &str, from: &str) -> String {
        let kind = if leases == "lease6" { format!(", {from}lease_type") } else { String::new() };
        format!("{from}state, {from}user_context{kind}")
    }
}

fn counts(leases: &str, revision: Revision) -> impl Iterator<Item = &'static Count> {
    COUNTS.iter().filter(move |count| count.leases == leases && revision >= count.since)
}

/// What a trigger of one moment calls, with what it hands over.
fn calls(leases: &str, moment: &str, revision: Revision) -> Vec<(String, String)> {
    let sides: &[&str] = match moment {
        "ains" => &["NEW."],
        "adel" => &["OLD."],
        _ => &["OLD.", "NEW."],
    };
    let handed = |values: &dyn Fn(&str) -> String| {
        let all: Vec<String> = sides.iter().map(|side| values(side)).collect();
        all.join(", ")
    };
    let mut all: Vec<(String, String)> = counts(leases, revision)
        .map(|count| (count.table.to_owned(), handed(&|side| count.values(side))))
        .collect();
    let by_class = handed(&|side| classes::values(leases, side));
    all.push((format!("{leases}_stat_by_client_class"), by_class));
    all
}

/// All of a revision.
pub(super) fn of(dialect: Dialect, revision: Revision) -> Vec<Routine> {
    if dialect == Dialect::PostgreSql { postgresql(revision) } else { mysql(revision) }
}

fn postgresql(revision: Revision) -> Vec<Routine> {
    let mut all = vec![Routine::postgresql(
        "json_cast",
        "json_candidate text",
        "json",
        // What a lease remembers may be anything: it shall not refuse the lease.
        "BEGIN\n    RETURN json_candidate::json;\nEXCEPTION WHEN invalid_text_representation \
         THEN\n    RETURN NULL;\nEND",
    )];
    for leases in ["lease4", "lease6"] {
        all.extend(counts(leases, revision).flat_map(|count| count.routines(true)));
        all.extend(classes::routines(leases, true));
        for (moment, when) in MOMENTS {
            let calls: Vec<String> = calls(leases, moment, revision)
                .iter()
                .map(|(table, values)| format!("    PERFORM {leases}_{moment}_{table}({values});"))
                .collect();
            let body = format!("BEGIN\n{}\n    RETURN NULL;\nEND", calls.join("\n"));
            let name = format!("{leases}_{moment}");
            all.extend(Routine::postgresql_trigger(&name, when, leases, &body));
            all.push(former(leases, moment));
        }
    }
    all
}

/// What a trigger was called before there were counts of more than one kind.
fn former(leases: &str, moment: &str) -> Routine {
    let subnets = COUNTS.iter().find(|count| count.leases == leases);
    let (verb, sides): (&str, &[&str]) = match moment {
        "ains" => ("insert", &["NEW."]),
        "adel" => ("delete", &["OLD."]),
        _ => ("update", &["OLD.", "NEW."]),
    };
    let values: Vec<String> =
        sides.iter().flat_map(|side| subnets.map(|subnets| subnets.values(side))).collect();
    let body = format!(
        "BEGIN\n    PERFORM {leases}_{moment}_{leases}_stat({});\n    RETURN NULL;\nEND",
        values.join(", ")
    );
    Routine::postgresql(&format!("proc_stat_{leases}_{verb}"), "", "trigger", &body)
}

fn mysql(revision: Revision) -> Vec<Routine> {
    let mut all = Vec::new();
    for leases in ["lease4", "lease6"] {
        all.extend(counts(leases, revision).flat_map(|count| count.routines(false)));
        all.extend(classes::routines(leases, false));
        for (moment, when) in MOMENTS {
            let moment_name = moment.to_uppercase();
            let calls: Vec<String> = calls(leases, moment, revision)
                .iter()
                .map(|(table, values)| {
                    format!("    CALL {leases}_{moment_name}_{table}({values});")
                })
                .collect();
            let body = format!("BEGIN\n{}\nEND", calls.join("\n"));
            let name = format!("{leases}_{moment_name}");
            all.push(Routine::mysql_trigger(&name, when, leases, &body));
        }
    }
    all
}

/// SQLite has triggers but no routines: each trigger does it all.
pub(super) fn sqlite() -> Vec<Routine> {
    let mut all = Vec::new();
    for leases in ["lease4", "lease6"] {
        for (moment, when) in MOMENTS {
            let mut steps: Vec<String> = Vec::new();
            for count in counts(leases, Revision::NEWEST) {
                if moment != "ains" {
                    steps.push(sqlite_down(count));
                }
                if moment != "adel" {
                    steps.push(sqlite_up(count));
                }
            }
            if moment != "ains" {
                steps.push(sqlite_classes(leases, "OLD"));
            }
            if moment != "adel" {
                steps.push(sqlite_classes(leases, "NEW"));
            }
            let name = format!("{leases}_{moment}");
            all.push(Routine {
                identity: format!("TRIGGER {name}"),
                gives: String::new(),
                sql: format!(
                    "CREATE TRIGGER {name} {when} ON {leases}\nFOR EACH ROW BEGIN\n{}\nEND",
                    steps.join("\n")
                ),
            });
        }
    }
    all
}

fn sqlite_up(count: &Count) -> String {
    let columns = count.columns();
    let values: Vec<String> = count.key.iter().map(|(name, ..)| format!("NEW.{name}")).collect();
    format!(
        "    INSERT INTO {} ({columns}, leases)\n    SELECT {}, NEW.state, 1 WHERE NEW.state IN (0, \
         1) AND NEW.subnet_id IS NOT NULL\n    ON CONFLICT ({columns}) DO UPDATE SET leases = \
         leases + 1;",
        count.table,
        values.join(", ")
    )
}

fn sqlite_down(count: &Count) -> String {
    let matches: Vec<String> =
        count.key.iter().map(|(name, ..)| format!("{name} = OLD.{name}")).collect();
    format!(
        "    UPDATE {} SET leases = leases - 1\n    WHERE {} AND state = OLD.state AND OLD.state IN \
         (0, 1) AND leases > 0;",
        count.table,
        matches.join(" AND ")
    )
}

fn sqlite_classes(leases: &str, side: &str) -> String {
    let table = format!("{leases}_stat_by_client_class");
    let six = leases == "lease6";
    let context = format!("{side}.user_context");
    let named = format!(
        "json_each(CASE WHEN json_valid({context}) THEN json_extract({context}, \
         '$.ISC.\"client-classes\"') END)"
    );
    let (column, value) =
        if six { (", lease_type", format!(", {side}.lease_type")) } else { ("", String::new()) };
    if side == "NEW" {
        format!(
            "    INSERT INTO {table} (client_class{column}, leases)\n    SELECT value{value}, 1 FROM \
             {named} WHERE NEW.state = 0 AND type = 'text'\n    ON CONFLICT (client_class{column}) DO \
             UPDATE SET leases = leases + 1;"
        )
    } else {
        let kind = if six { " AND lease_type = OLD.lease_type" } else { "" };
        format!(
            "    UPDATE {table} SET leases = max(0, leases - (SELECT count(*) FROM {named} WHERE value = \
             client_class))\n    WHERE OLD.state = 0{kind} AND client_class IN (SELECT value FROM \
             {named});"
        )
    }
}
