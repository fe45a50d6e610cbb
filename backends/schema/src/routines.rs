//! Routines and triggers: what a database does by itself.

use crate::{Dialect, Revision, Statement};

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

    /// A function of PostgreSQL. `arguments` are names and types.
    pub(crate) fn postgresql(name: &str, arguments: &str, gives: &str, body: &str) -> Self {
        let sql = format!(
            "CREATE OR REPLACE FUNCTION {name}({arguments}) RETURNS {gives}\nLANGUAGE plpgsql AS \
             $body$\n{body}\n$body$"
        );
        Self { identity: format!("FUNCTION {name}({arguments})"), gives: gives.to_owned(), sql }
    }

    /// A trigger of PostgreSQL with the function that it runs. `when` is `AFTER INSERT`.
    pub(crate) fn postgresql_trigger(name: &str, when: &str, table: &str, body: &str) -> [Self; 2] {
        let function = format!("func_{name}");
        [
            Self::postgresql(&function, "", "trigger", body),
            Self {
                identity: format!("TRIGGER {name} ON {table}"),
                gives: String::new(),
                sql: format!(
                    "CREATE TRIGGER {name} {when} ON {table}\nFOR EACH ROW EXECUTE FUNCTION \
                     {function}()"
                ),
            },
        ]
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
    match dialect {
        Dialect::PostgreSql => statistics::postgresql(revision),
        Dialect::MySql => statistics::mysql(revision),
        Dialect::Sqlite => statistics::sqlite(),
    }
}
