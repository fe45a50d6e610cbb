//! A short campaign, determinism, and the search for a few planted bugs.

use lessor_server::Planted;
use lessor_sim::campaign::{Plan, campaign};
use lessor_sim::hunt::hunt;
use lessor_sim::planted::Bug;
use lessor_sim::run::run;
use lessor_sim::schedule::{Schedule, Topology};
use lessor_sim::swarm::{Wish, draw_schedule};

#[test]
fn no_invariant_breaks_in_a_short_campaign() {
    let plan = Plan {
        from: 1,
        seeds: 60,
        wish: Wish::default(),
        bug: None,
        jobs: 2,
        fail_fast: true,
        explain: true,
    };
    let summary = campaign(&plan);
    assert!(summary.failures.is_empty(), "{summary}");
    assert_eq!(summary.seeds, 60);
    assert_eq!(summary.topologies.len(), Topology::ALL.len(), "{summary}");
}

#[test]
fn a_schedule_has_one_history() {
    for seed in [3, 77, 0xfeed_beef] {
        let schedule = draw_schedule(seed, Wish::default());
        let text = serde_json::to_string(&schedule).expect("a schedule is plain data");
        let read: Schedule = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(schedule, read);
        let first = run(&schedule, None, false).expect("drawn configurations are lawful");
        let recorded = run(&read, None, true).expect("drawn configurations are lawful");
        assert_eq!(first.hash, recorded.hash, "seed {seed:#x}");
        assert_eq!(first.checkpoints, recorded.checkpoints);
        assert!(first.records.is_empty());
        assert!(recorded.records.len() as u64 > first.checkpoints.len() as u64 * 1000);
    }
}

/// Deleting one fault leaves all that came before it as it was.
#[test]
fn deleting_a_fault_disturbs_nothing_before_it() {
    let schedule = (1..)
        .map(|seed| draw_schedule(seed, Wish::default()))
        .find(|schedule| schedule.faults.len() > 4)
        .expect("some seed has faults");
    let mut less = schedule.clone();
    let last = less.faults.pop().expect("it has faults");
    let records = |schedule: &Schedule| {
        let outcome = run(schedule, None, true).expect("drawn configurations are lawful");
        let before = |record: &&lessor_sim::history::Record| record.at < last.at_ms * 1_000_000;
        let text = |record: &lessor_sim::history::Record| record.to_string();
        outcome.records.iter().filter(before).map(text).collect::<Vec<_>>()
    };
    assert_eq!(records(&schedule), records(&less));
}

#[test]
fn planted_bugs_are_found_fast() {
    let bugs = [
        Bug::Server(Planted::AnswerBeforeSettlement),
        Bug::Server(Planted::OfferTwice),
        Bug::NoSync,
        Bug::AckOnAppend,
    ];
    for found in hunt(&bugs, 40, 2) {
        assert!(found.everywhere(), "{found}");
    }
}
