//! Every scenario with a server process on a real link: our daemon, and Kea if it is asked for.
//!
//! Needs root and iproute2; `LESSOR_CONFORMANCE_KEA` names Kea's program.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use lessor_conformance::live::{Live, Network, Program, daemon};
use lessor_conformance::record::{self, Results};
use lessor_conformance::{Scenario, Verdict, play};

/// How many servers are put through it at a time: they wait more than they work.
const AT_A_TIME: usize = 4;

fn skip(why: &str) {
    // Not by a macro, whose output the test harness would keep to itself.
    let _ = writeln!(io::stderr(), "SKIPPED: {why}");
}

fn results(program: &Program, again: bool) -> Results {
    let scenarios = Scenario::all().unwrap_or_else(|wrong| panic!("\n{wrong}"));
    let left: Mutex<Vec<&Scenario>> = Mutex::new(scenarios.iter().rev().collect());
    let results = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let next = left.lock().expect("nobody panics").pop();
                    let Some(scenario) = next else {
                        return;
                    };
                    let mut verdict = play_live(scenario, program);
                    // A machine that is busy with other things can make anybody late.
                    if again && matches!(verdict, Verdict::Fails(_)) {
                        verdict = play_live(scenario, program);
                    }
                    let mut results = results.lock().expect("nobody panics");
                    results.insert(scenario.name.clone(), verdict);
                }
            });
        }
    });
    results.into_inner().expect("nobody panics")
}

fn play_live(scenario: &Scenario, program: &Program) -> Verdict {
    match Live::new(program.clone()) {
        Ok(mut live) => play(scenario, &mut live),
        Err(why) => Verdict::Fails(why),
    }
}

fn tell(results: &Results) {
    let skipped = results.values().filter(|it| matches!(it, Verdict::Skipped(_))).count();
    skip(&format!("{skipped} scenarios that need a clock or a store that can be told what to do"));
}

#[test]
fn our_daemon_does_as_on_file() {
    if let Err(why) = Network::new() {
        return skip(&format!("live scenarios: needs root and iproute2 ({why})"));
    }
    let results = results(&Program::Lessor(daemon().expect("it can be built")), true);
    tell(&results);
    record::compare("live", &results).unwrap_or_else(|wrong| panic!("\n{wrong}"));
}

#[test]
fn kea_does_as_on_file() {
    let Some(path) = std::env::var_os("LESSOR_CONFORMANCE_KEA") else {
        return skip("scenarios with Kea: LESSOR_CONFORMANCE_KEA is not set");
    };
    if let Err(why) = Network::new() {
        return skip(&format!("scenarios with Kea: needs root and iproute2 ({why})"));
    }
    let results = results(&Program::Kea(Path::new(&path).to_owned()), true);
    tell(&results);
    record::compare("kea", &results).unwrap_or_else(|wrong| panic!("\n{wrong}"));
}
