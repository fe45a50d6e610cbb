//! A short campaign, determinism, and the search for a few planted bugs.

use lessor_server::Planted;
use lessor_sim::campaign::{Plan, campaign};
use lessor_sim::hunt::hunt;
use lessor_sim::planted::Bug;
use lessor_sim::report::Summary;
use lessor_sim::run::run;
use lessor_sim::schedule::{Schedule, Topology};
use lessor_sim::swarm::{Choice, Wish, draw_schedule};

#[test]
fn no_invariant_breaks_in_a_short_campaign() {
    let plan = Plan { jobs: 2, fail_fast: true, explain: true, ..Plan::of(60) };
    let summary = campaign(&plan);
    assert!(summary.failures.is_empty(), "{summary}");
    assert_eq!(summary.seeds, 60);
    assert_eq!(summary.topologies.len(), Topology::ALL.len(), "{summary}");
}

/// What is written as JSON can be read back, and two campaigns over the same seeds have one hash,
/// whatever the threads did.
#[test]
fn a_summary_can_be_read_back() {
    let one = campaign(&Plan { jobs: 2, ..Plan::of(12) });
    let other = campaign(&Plan::of(12));
    assert_eq!(one.hash, other.hash);
    let text = serde_json::to_string(&one).expect("a summary is plain data");
    let read: Summary = serde_json::from_str(&text).expect("what was written can be read");
    assert_eq!(read.matrix().to_string(), one.matrix().to_string());
    let kinds = one.by_topology.values().flat_map(|kinds| kinds.values());
    let injected: u64 = kinds.map(|effects| effects.injected).sum();
    assert_eq!(injected, one.coverage.values().map(|effects| effects.injected).sum::<u64>());
    assert!(injected > 0 && one.said.contains_key("DHCP4_LEASE_OFFERED"), "{:?}", one.said);
}

#[test]
fn faults_are_forced_and_forbidden() {
    let faults = Choice::parse("-all,+crash,+store-outage").expect("these are kinds");
    let wish = Wish { faults, ..Wish::default() };
    for seed in 1..=30 {
        let schedule = draw_schedule(seed, wish);
        let mut kinds: Vec<usize> = schedule.faults.iter().map(|it| it.kind.index()).collect();
        kinds.dedup();
        let names: std::collections::BTreeSet<&str> =
            kinds.iter().map(|kind| lessor_sim::schedule::FaultKind::NAMES[*kind]).collect();
        let shared = schedule.topology == Topology::Shared;
        let expected: &[&str] = if shared { &["crash", "store-outage"] } else { &["crash"] };
        assert_eq!(names.into_iter().collect::<Vec<_>>(), expected, "seed {seed}");
    }
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
    for found in hunt(&bugs, 40, 2, None, |_| {}) {
        assert!(found.everywhere(), "{found}");
    }
}
