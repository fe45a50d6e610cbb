//! From one revision to the next.

use crate::create::{add_key, add_row, column, quoted, table};
use crate::table::{Column, Key, Role, Table};
use crate::tables::{self, lookup};
use crate::{Dialect, Revision, Statement, Version, conversions, routines};

/// What takes a database from one revision to the next.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// The revision that it is to be used on, and on no other.
    pub from: Revision,
    /// The revision that it leads to.
    pub to: Revision,
    /// In order. PostgreSQL can do them in one transaction, MySQL cannot.
    pub statements: Vec<Statement>,
}

impl Upgrade {
    /// What a database of a kind says of itself before and after.
    #[must_use]
    pub fn versions(&self, dialect: Dialect) -> (Version, Version) {
        (self.from.version(dialect), self.to.version(dialect))
    }
}

/// The next step from a revision; `None` from the newest.
///
/// The last statement writes the new version, if it is another, and changes one row then.
#[must_use]
pub fn upgrade(dialect: Dialect, from: Revision) -> Option<Upgrade> {
    let to = from.next()?;
    let step = Step { dialect, from, to };
    let mut statements = conversions::before(dialect, to);
    statements.extend(step.drop_keys(|key| key.role == Role::Foreign));
    for new in tables::of(dialect, to).filter(|table| !table.is_there(dialect, from)) {
        statements.extend(table(new, dialect, to));
    }
    for changed in step.tables() {
        statements.extend(step.columns(changed));
    }
    let added = step.add_keys(|key| key.role != Role::Foreign);
    let dropped = step.drop_keys(|key| key.role != Role::Foreign);
    // A foreign key of MySQL's may need one or the other index at any time; PostgreSQL knows an
    // index by its name alone, whatever its table.
    let (first, second) =
        if dialect == Dialect::MySql { (added, dropped) } else { (dropped, added) };
    statements.extend(first);
    statements.extend(second);
    for changed in step.tables() {
        statements.extend(step.drop_columns(changed));
    }
    statements.extend(conversions::within(dialect, to));
    statements.extend(step.rows());
    statements.extend(step.add_keys(|key| key.role == Role::Foreign));
    statements.extend(step.routines());
    statements.extend(conversions::after(dialect, to));
    let (before, after) = (from.version(dialect), to.version(dialect));
    if before != after {
        statements.push(Statement::new(
            "the version",
            format!(
                "UPDATE schema_version SET version = {}, minor = {} WHERE version = {} AND minor = \
                 {}",
                after.major, after.minor, before.major, before.minor
            ),
        ));
    }
    Some(Upgrade { from, to, statements })
}

struct Step {
    dialect: Dialect,
    from: Revision,
    to: Revision,
}

impl Step {
    /// Tables that are there before and after.
    fn tables(&self) -> impl Iterator<Item = &'static Table> + use<> {
        let Self { dialect, from, to } = *self;
        tables::of(dialect, from).filter(move |table| table.is_there(dialect, to))
    }

    /// New columns, new names, new types.
    fn columns(&self, table: &Table) -> Vec<Statement> {
        let mut statements = Vec::new();
        for new in table.columns(self.dialect, self.to) {
            if let Some(old) = table.column(new.name, self.dialect, self.from) {
                if old.definition(self.dialect) != new.definition(self.dialect) {
                    statements.extend(self.change(table, old, new));
                }
                continue;
            }
            let former = new.was.and_then(|was| table.column(was, self.dialect, self.from));
            match former {
                Some(old) => statements.extend(self.change(table, old, new)),
                None => statements.push(Statement::new(
                    format!("{} of {}", new.name, table.name),
                    format!(
                        "ALTER TABLE {} ADD COLUMN {}",
                        quoted(table.name, self.dialect),
                        column(new, self.dialect)
                    ),
                )),
            }
        }
        statements
    }

    /// A column that gets another name or another type.
    fn change(&self, table: &Table, old: &Column, new: &Column) -> Vec<Statement> {
        let about = format!("{} of {}", new.name, table.name);
        let on = quoted(table.name, self.dialect);
        let (before, after) = (quoted(old.name, self.dialect), quoted(new.name, self.dialect));
        if self.dialect != Dialect::PostgreSql {
            let mut statements = conversions::before_change(table.name, old, new, self.dialect);
            statements.push(Statement::new(
                about,
                format!("ALTER TABLE {on} CHANGE {before} {}", column(new, self.dialect)),
            ));
            return statements;
        }
        let mut statements = Vec::new();
        let mut alter = |what: String| {
            statements.push(Statement::new(about.clone(), format!("ALTER TABLE {on} {what}")));
        };
        if old.name != new.name {
            alter(format!("RENAME COLUMN {before} TO {after}"));
        }
        let [was, is] = [old, new].map(|column| split(column.definition(self.dialect)));
        if was.kind != is.kind {
            let using = conversions::using(old, new, &after);
            alter(format!("ALTER COLUMN {after} TYPE {} USING {using}", is.kind));
        }
        if was.default != is.default && !is.default.is_empty() {
            alter(format!("ALTER COLUMN {after} SET DEFAULT {}", is.default));
        }
        if !was.required && is.required {
            alter(format!("ALTER COLUMN {after} SET NOT NULL"));
        }
        statements
    }

    fn drop_columns(&self, table: &Table) -> Vec<Statement> {
        let kept = |old: &&Column| {
            table
                .columns(self.dialect, self.to)
                .any(|new| new.name == old.name || new.was == Some(old.name))
        };
        table
            .columns(self.dialect, self.from)
            .filter(|old| !kept(old))
            .map(|old| {
                let on = quoted(table.name, self.dialect);
                Statement::new(
                    format!("old {} of {}", old.name, table.name),
                    format!("ALTER TABLE {on} DROP COLUMN {}", quoted(old.name, self.dialect)),
                )
            })
            .collect()
    }

    fn add_keys(&self, which: impl Fn(&Key) -> bool) -> Vec<Statement> {
        let mut statements = Vec::new();
        for table in tables::of(self.dialect, self.to) {
            let is_new = !table.is_there(self.dialect, self.from);
            for key in table.keys(self.dialect, self.to).filter(|key| which(key)) {
                // A new table came with all but its foreign keys.
                let came = is_new && key.role != Role::Foreign;
                let was = table.keys(self.dialect, self.from).any(|old| same(old, key));
                if !came && (is_new || !was) {
                    statements.push(add_key(table, key, self.dialect));
                }
            }
        }
        statements
    }

    fn drop_keys(&self, which: impl Fn(&Key) -> bool) -> Vec<Statement> {
        let mut statements = Vec::new();
        for table in self.tables() {
            for key in table.keys(self.dialect, self.from).filter(|key| which(key)) {
                if !table.keys(self.dialect, self.to).any(|new| same(new, key)) {
                    statements.push(drop_key(table, key, self.dialect));
                }
            }
        }
        statements
    }

    fn rows(&self) -> Vec<Statement> {
        let there = |row: &lookup::Row, revision| row.is_there(self.dialect, revision);
        let old = || lookup::ROWS.iter().filter(|row| there(row, self.from));
        let new = || lookup::ROWS.iter().filter(|row| there(row, self.to));
        let same = |a: &lookup::Row, b: &lookup::Row| (a.table, a.number) == (b.table, b.number);
        let mut statements = Vec::new();
        for row in old().filter(|row| !new().any(|other| same(row, other))) {
            let (number, _) = names(row.table, self.dialect, self.from);
            statements.push(Statement::new(
                format!("old `{}` in {}", row.name, row.table),
                format!("DELETE FROM {} WHERE {number} = {}", row.table, row.number),
            ));
        }
        for row in new() {
            match old().find(|other| same(row, other)) {
                None => statements.push(add_row(row)),
                Some(other) if other.name != row.name => {
                    let (number, name) = names(row.table, self.dialect, self.to);
                    statements.push(Statement::new(
                        format!("`{}` in {}", row.name, row.table),
                        format!(
                            "UPDATE {} SET {name} = '{}' WHERE {number} = {}",
                            row.table, row.name, row.number
                        ),
                    ));
                }
                Some(_) => {}
            }
        }
        statements
    }

    fn routines(&self) -> Vec<Statement> {
        let old = routines::of(self.dialect, self.from);
        let new = routines::of(self.dialect, self.to);
        let mut statements = Vec::new();
        let named = |all: &[routines::Routine], identity: &str| {
            all.iter().find(|routine| routine.identity == identity).cloned()
        };
        for routine in &old {
            let stays = named(&new, &routine.identity).is_some_and(|now| {
                now == *routine
                    || (self.dialect == Dialect::PostgreSql && now.gives == routine.gives)
            });
            if !stays {
                statements.push(routine.drop());
            }
        }
        for routine in &new {
            if named(&old, &routine.identity).as_ref() != Some(routine) {
                statements.push(routine.create());
            }
        }
        statements
    }
}

fn same(a: &Key, b: &Key) -> bool {
    (a.name, a.role, a.body) == (b.name, b.role, b.body)
}

fn drop_key(table: &Table, key: &Key, dialect: Dialect) -> Statement {
    let (on, name) = (quoted(table.name, dialect), key.name);
    let sql = match (dialect, key.role) {
        (Dialect::MySql, Role::Foreign) => format!("ALTER TABLE {on} DROP FOREIGN KEY {name}"),
        (Dialect::MySql, _) => format!("ALTER TABLE {on} DROP INDEX {name}"),
        (_, Role::Foreign | Role::UniqueConstraint) => {
            format!("ALTER TABLE {on} DROP CONSTRAINT {name}")
        }
        _ => format!("DROP INDEX {name}"),
    };
    Statement::new(format!("old {name} of {}", table.name), sql)
}

/// The names of a lookup table's two columns.
fn names(table: &str, dialect: Dialect, revision: Revision) -> (&'static str, &'static str) {
    let table = tables::find(table);
    let mut names = table.into_iter().flat_map(|table| table.columns(dialect, revision));
    let mut next = || names.next().map_or("", |column| column.name);
    (next(), next())
}

/// A column's definition in its parts.
struct Definition<'a> {
    kind: &'a str,
    required: bool,
    default: &'a str,
}

fn split(definition: &str) -> Definition<'_> {
    let (rest, default) = definition.split_once(" DEFAULT ").unwrap_or((definition, ""));
    let (kind, required) = match rest.strip_suffix(" NOT NULL") {
        Some(kind) => (kind, true),
        None => (rest, false),
    };
    Definition { kind, required, default }
}
