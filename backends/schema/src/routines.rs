//! Routines and triggers: what a database does by itself.

use crate::{Dialect, Revision, Statement};

mod audit;
mod classes;
mod dump;
mod limits;
mod queues;
mod session;
mod statistics;

/// A routine or a trigger of one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Routine {
    /// What a database tells it by: its kind, its name, and what PostgreSQL needs besides (the
    /// types of arguments, or a trigger's table).
    pub(crate) identity: String,
    /// What it gives back: PostgreSQL cannot replace a function by one that gives another type.
    pub(crate) gives: String,
    pub(crate) sql: String,
}

impl Routine {
    pub(crate) fn create(&self) -> Statement {
        Statement::new(self.identity.clone(), self.sql.clone())
    }

    pub(crate) fn drop(&self) -> Statement {
        Statement::new(format!("old {}", self.identity), format!("DROP {}", self.identity))
    }

    /// A function of PostgreSQL. `arguments` are names and types.
    pub(crate) fn postgresql(name: &str, arguments: &str, gives: &str, body: &str) -> Self {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION {name}({arguments}) RETURNS {gives}\nLANGUAGE plpgsql AS \
             $body$\n{body}\n$body$"
        );
        Self { identity: format!("FUNCTION {name}({arguments})"), gives: gives.to_owned(), sql }
    }

    /// A function of PostgreSQL that is one query.
    pub(crate) fn postgresql_query(name: &str, gives: &str, query: &str) -> Self {
        Self {
            identity: format!("FUNCTION {name}()"),
            gives: gives.to_owned(),
            sql: format!(
                "CREATE OR REPLACE FUNCTION {name}() RETURNS {gives}\nLANGUAGE sql AS \
                 $body$\n{query}\n$body$"
            ),
        }
    }

    /// A trigger of PostgreSQL with the function that it runs. `when` is `AFTER INSERT`.
    pub(crate) fn postgresql_trigger(name: &str, when: &str, table: &str, body: &str) -> [Self; 2] {
        let function = format!("func_{name}");
        [
            Self::postgresql(&function, "", "trigger", body),
            Self::trigger_of_postgresql(name, when, table, &function),
        ]
    }

    /// A trigger of PostgreSQL that runs a function that is there.
    pub(crate) fn trigger_of_postgresql(
        name: &str,
        when: &str,
        table: &str,
        function: &str,
    ) -> Self {
        Self {
            identity: format!("TRIGGER {name} ON {table}"),
            gives: String::new(),
            sql: format!(
                "CREATE TRIGGER {name} {when} ON {table}\nFOR EACH ROW EXECUTE FUNCTION \
                 {function}()"
            ),
        }
    }

    /// A function of MySQL. `gives` is its type and what it does.
    pub(crate) fn function(name: &str, arguments: &str, gives: &str, body: &str) -> Self {
        Self {
            identity: format!("FUNCTION {name}"),
            gives: String::new(),
            sql: format!("CREATE FUNCTION {name}({arguments}) RETURNS {gives}\n{body}"),
        }
    }

    /// A procedure of MySQL.
    pub(crate) fn procedure(name: &str, arguments: &str, body: &str) -> Self {
        Self {
            identity: format!("PROCEDURE {name}"),
            gives: String::new(),
            sql: format!("CREATE PROCEDURE {name}({arguments})\n{body}"),
        }
    }

    /// A trigger of MySQL. `when` is `AFTER INSERT`.
    pub(crate) fn mysql_trigger(name: &str, when: &str, table: &str, body: &str) -> Self {
        Self {
            identity: format!("TRIGGER {name}"),
            gives: String::new(),
            sql: format!("CREATE TRIGGER {name} {when} ON {table}\nFOR EACH ROW\n{body}"),
        }
    }
}

/// All of a revision, each after those that it needs to be made.
pub(crate) fn of(dialect: Dialect, revision: Revision) -> Vec<Routine> {
    if dialect == Dialect::Sqlite {
        return statistics::sqlite();
    }
    let mut all = Vec::new();
    if dialect == Dialect::PostgreSql {
        all.extend(session::postgresql());
    }
    all.push(dump::colons(dialect));
    if revision < Revision::FREE_LEASES {
        all.push(limits::support(dialect));
    }
    all.extend(statistics::of(dialect, revision));
    if dialect == Dialect::PostgreSql && revision >= Revision::CLASS_LISTS {
        all.push(Routine::postgresql(
            "texttojsonlist",
            "orig text",
            "text",
            "BEGIN\n    RETURN '[ ' || to_json(nullif(orig, ''))::text || ' ]';\nEND",
        ));
    }
    if revision >= Revision::FREE_LEASES {
        all.extend(queues::of(dialect));
    }
    for family in ['4', '6'] {
        all.extend(limits::of(dialect, family));
        all.extend(dump::of(dialect, family, revision));
        all.extend(audit::of(dialect, family));
        all.extend(classes::of(dialect, family));
    }
    all
}
