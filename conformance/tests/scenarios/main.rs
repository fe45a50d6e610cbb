//! Every scenario with our server, in this process and in the simulated world.

mod datagrams;
mod in_process;
mod world;

use lessor_conformance::record::{self, Results};
use lessor_conformance::{Scenario, Verdict, play};

use in_process::InProcess;

fn compare(subject: &str, play: impl Fn(&Scenario) -> Verdict) {
    let scenarios = Scenario::all().unwrap_or_else(|wrong| panic!("\n{wrong}"));
    let results: Results =
        scenarios.iter().map(|scenario| (scenario.name.clone(), play(scenario))).collect();
    record::compare(subject, &results).unwrap_or_else(|wrong| panic!("\n{wrong}"));
}

#[test]
fn in_process_scenarios_end_as_on_file() {
    compare("in-process", |scenario| play(scenario, &mut InProcess::new()));
}

#[test]
fn in_the_world_scenarios_end_as_on_file() {
    compare("world", world::play_in_world);
}
