//! The promise of every store.

use lessor_store_contract::run;

use crate::ground;

#[test]
fn the_promise_is_kept() {
    let runtime = ground::runtime();
    let folder = ground::tables(&runtime);
    run(|| ground::subject(&runtime, folder.path()));
}
