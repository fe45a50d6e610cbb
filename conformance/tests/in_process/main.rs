//! Every scenario with our server in this process.

mod server;

use lessor_conformance::record::{self, Results};
use lessor_conformance::{Scenario, play};

use server::InProcess;

#[test]
fn scenarios_end_as_on_file() {
    let scenarios = Scenario::all().unwrap_or_else(|wrong| panic!("\n{wrong}"));
    let results: Results = scenarios
        .iter()
        .map(|scenario| (scenario.name.clone(), play(scenario, &mut InProcess::new())))
        .collect();
    record::compare("in-process", &results).unwrap_or_else(|wrong| panic!("\n{wrong}"));
}
