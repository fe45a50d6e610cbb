//! A server, a database with tables, and stores on it.

use lessor_postgresql::{Leases, PostgreSql, open};
use lessor_schema::{Dialect, Revision, create};
use lessor_sql::{Access, Opened};
use lessor_store_contract::database::Database as Subject;
use lessor_testbed::{Database, Engine, Server};
use tokio::runtime::{Builder, Runtime};

/// A database with Kea's tables of a revision.
pub(crate) fn tables(revision: Revision) -> Database<'static> {
    let database = Server::shared(Engine::PostgreSql).fresh_database();
    fill(&database, revision);
    database
}

/// Makes Kea's tables.
pub(crate) fn fill(database: &Database<'_>, revision: Revision) {
    let statements = create(Dialect::PostgreSql, revision).into_iter();
    let text: String = statements.map(|statement| statement.sql + ";\n").collect();
    database.query(&text).expect("tables");
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// How to get at a database through the socket.
pub(crate) fn access(database: &Database<'_>) -> Access {
    Access {
        name: database.name().to_owned(),
        host: database.server().folder().display().to_string(),
        port: database.server().port().unwrap_or(0),
        user: "lessor".to_owned(),
        ..Access::default()
    }
}

pub(crate) async fn store(database: &Database<'_>) -> (Leases, Opened) {
    open(&access(database)).await.expect("a store")
}

/// An empty subject of the contract.
pub(crate) fn subject<'a>(
    runtime: &'a Runtime,
    database: &'a Database<'_>,
) -> Subject<'a, PostgreSql> {
    database.query("TRUNCATE lease4, lease4_stat").expect("an empty table");
    Subject::new(runtime, Box::new(|runtime| runtime.block_on(store(database)).0))
}
