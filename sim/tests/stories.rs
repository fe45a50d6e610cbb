//! Histories told as stories: those of some kept schedules, with the bug that each is kept for.
//!
//! `UPDATE_EXPECT=1 cargo test -p lessor-sim --test stories` writes what is expected anew: read the
//! difference.

use std::path::Path;

use lessor_sim::bugbase::Kept;
use lessor_sim::planted::Bug;
use lessor_sim::run::{Outcome, run};
use lessor_sim::schedule::Schedule;
use lessor_sim::story::{Followed, tell};
use lessor_sim::timeline;

fn replayed(name: &str) -> (Schedule, Option<Bug>, Outcome) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("bugbase/{name}.json"));
    let text = std::fs::read_to_string(path).expect("the schedule is kept");
    let kept: Kept = serde_json::from_str(&text).expect("it is one");
    let bug = kept.planted.as_deref().and_then(Bug::named);
    let outcome = run(&kept.schedule, bug, true).expect("a lawful configuration");
    (kept.schedule, bug, outcome)
}

fn told(name: &str) -> String {
    let (schedule, _, outcome) = replayed(name);
    let (_, broken) = outcome.broken.as_ref().expect("the bug breaks something");
    let addr = broken.addr.expect("it is about an address");
    tell(&schedule, &outcome, Followed::Addr(addr))
}

#[test]
fn stories_are_told_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut other = Vec::new();
    for name in ["late-release", "lost-race", "probation-forgotten", "twin"] {
        let path = folder.join(format!("{name}.txt"));
        let told = told(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, told).expect("the folder can be written");
        } else if std::fs::read_to_string(&path).unwrap_or_default() != told {
            other.push(format!("{}:\n{told}", path.display()));
        }
    }
    assert!(other.is_empty(), "UPDATE_EXPECT=1 writes these anew\n{}", other.join("\n"));
}

/// Every schedule of the bug base that breaks something with its bug has a story, which ends with
/// what the checker saw.
#[test]
fn every_failure_has_a_story() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bugbase");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is part of the crate") {
        let path = entry.expect("the folder can be read").path();
        let Some(name) = path.file_name().and_then(|it| it.to_str()) else {
            continue;
        };
        let Some(name) = name.strip_suffix(".json") else {
            continue;
        };
        let (schedule, _, outcome) = replayed(name);
        let Some((_, broken)) = &outcome.broken else {
            continue;
        };
        let followed = match (broken.addr, broken.client) {
            (Some(addr), _) => Followed::Addr(addr),
            (None, Some(client)) => Followed::Client(client),
            (None, None) => continue,
        };
        let told = tell(&schedule, &outcome, followed);
        assert!(told.contains(broken.invariant.name()), "{name}: {told}");
        assert!(told.lines().count() > 6, "{name}: {told}");
        assert!(told.lines().all(|line| line.chars().count() <= 100), "{name}: {told}");
        count += 1;
    }
    assert!(count > 3, "{count} stories");
}

/// The page holds all of the history, and the history cannot leave its place.
#[test]
fn a_page_holds_the_history() {
    let (schedule, bug, outcome) = replayed("late-release");
    let page = timeline::page(&schedule, bug, &outcome).expect("plain data");
    let begin = r#"<script type="application/json" id="data">"#;
    let (_, rest) = page.split_once(begin).expect("the page has data");
    let (data, _) = rest.split_once("</script>").expect("which ends");
    let data: serde_json::Value = serde_json::from_str(data).expect("and is JSON");
    let entries = data["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), outcome.records.len());
    for (entry, record) in entries.iter().zip(&outcome.records) {
        assert_eq!(entry[0].as_u64(), Some(record.at / 1000));
        assert_eq!(entry[1].as_u64(), record.cause);
        assert_eq!(entry[8].as_str(), Some(record.text.as_str()));
    }
    let bars = data["leases"].as_array().expect("a list");
    let bound = outcome.records.iter().filter(|it| it.text.contains(" HAS ")).count();
    assert!(!bars.is_empty() && bars.len() <= bound, "{} bars, {bound} leases", bars.len());
    assert_eq!(data["broken"]["invariant"], "I4 safe free");
    assert!(!page.contains("://"), "it asks nobody for anything");
}
