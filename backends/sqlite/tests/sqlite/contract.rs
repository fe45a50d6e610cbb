//! The promise of every store.

use lessor_store_contract::run;

use crate::ground;

#[test]
fn the_promise_is_kept() {
    let runtime = ground::runtime();
    let folder = ground::folder();
    runtime.block_on(ground::say(folder.path(), include_str!("tables.sql")));
    run(|| ground::subject(&runtime, folder.path()));
}
