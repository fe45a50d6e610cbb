//! Files with tables, and stores on them.

use std::path::Path;

use lessor_schema::{Dialect, Revision, create};
use lessor_sql::{Access, Opened};
use lessor_sqlite::{Leases, Sqlite, open};
use lessor_store_contract::database::Database as Subject;
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

pub(crate) fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// A folder with a file that has Kea's tables.
pub(crate) fn tables(runtime: &Runtime) -> TempDir {
    // In memory, where there is such a folder: a test learns nothing from the disk's time to sync.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.expect("a folder");
    for statement in create(Dialect::Sqlite, Revision::NEWEST) {
        runtime.block_on(say(folder.path(), &statement.sql));
    }
    folder
}

/// Speaks SQL to the file, making it if it is not there.
pub(crate) async fn say(folder: &Path, sql: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.join("leases"));
    let mut connection = options.create_if_missing(true).connect().await.expect("a file");
    let said = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    said.expect("statements that SQLite takes");
}

pub(crate) fn access(folder: &Path) -> Access {
    Access { name: folder.join("leases").display().to_string(), ..Access::default() }
}

pub(crate) async fn store(folder: &Path) -> (Leases, Opened) {
    open(&access(folder)).await.expect("a store")
}

/// An empty subject of the contract.
pub(crate) fn subject<'a>(runtime: &'a Runtime, folder: &'a Path) -> Subject<'a, Sqlite> {
    runtime.block_on(say(folder, "DELETE FROM lease4; DELETE FROM lease4_stat"));
    Subject::new(runtime, Box::new(|runtime| runtime.block_on(store(folder)).0))
}
