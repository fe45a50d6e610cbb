//! The promise of every store, on the newest tables and on those of Kea 2.2.

use lessor_schema::Revision;
use lessor_store_contract::{run, run_cases};

use crate::ground;

#[test]
fn the_promise_is_kept() {
    let runtime = ground::runtime();
    let database = ground::tables(Revision::NEWEST);
    run(|| ground::subject(&runtime, &database));
    let database = ground::tables(Revision::BASE);
    run_cases(&|| ground::subject(&runtime, &database));
}
