//! The page is the one that the results make: no id without a scenario, no scenario that is gone.

use lessor_conformance::table;

#[test]
fn the_page_is_up_to_date() {
    table::compare().unwrap_or_else(|wrong| panic!("\n{wrong}"));
}
