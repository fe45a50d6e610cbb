//! The program as it is called: what it says, and its exit codes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn sim(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessor-sim"));
    command.args(arguments).env("LESSOR_COMMIT", "abc123").output().expect("it can be run")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn kept(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("bugbase/{name}.json"));
    path.display().to_string()
}

/// A file of this test's own, gone when the test is over.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("lessor-sim-{}-{name}", std::process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a plain name")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).expect("it was written")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_campaign_is_written_and_its_coverage_read_back() {
    let json = Scratch::new("summary.json");
    let run = sim(&["run", "--seeds", "4", "--faults", "-all,+crash", "--json", json.path()]);
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    assert!(said(&run).contains("--faults=-all,+crash"), "{}", said(&run));
    let summary: serde_json::Value = serde_json::from_str(&json.text()).expect("it is JSON");
    assert_eq!((&summary["version"], &summary["seeds"]), (&2.into(), &4.into()));
    assert_eq!((&summary["commit"], &summary["profile"]), (&"abc123".into(), &"quick".into()));
    let coverage = sim(&["coverage", "--read", json.path()]);
    assert_eq!(coverage.status.code(), Some(0));
    let lines = said(&coverage);
    let line = |name: &str| lines.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(line("crash ").contains(" of "), "{lines}");
    assert!(!line("loss ").contains(" of "), "{lines}");
}

/// What breaks is told with a line to copy, and that line breaks it again.
#[test]
fn a_failure_names_the_command_that_repeats_it() {
    let planted = ["--planted", "ack-on-append", "--faults=-clock-jump"];
    let run = sim(&[&["run", "--seeds", "1"][..], &planted].concat());
    assert_eq!(run.status.code(), Some(1), "{}", said(&run));
    let text = said(&run);
    let copied = text.lines().find_map(|line| line.trim().strip_prefix("cargo xtask sim "));
    let copied: Vec<&str> = copied.expect("a line to copy").split_whitespace().collect();
    for option in ["replay", "--explain", "ack-on-append", "--faults=-clock-jump"] {
        assert!(copied.contains(&option), "{copied:?}");
    }
    let replayed = sim(&copied);
    assert_eq!(replayed.status.code(), Some(1), "{}", said(&replayed));
    assert!(said(&replayed).contains("the checker of I2 durable ACK objected"));
}

#[test]
fn a_kept_schedule_is_replayed_with_its_bug_and_drawn() {
    let html = Scratch::new("page.html");
    let bug = sim(&["replay", &kept("late-release"), "--explain", "--html", html.path()]);
    assert_eq!(bug.status.code(), Some(1), "{}", said(&bug));
    assert!(said(&bug).starts_with("The story of address 10.0.0.111\n"), "{}", said(&bug));
    assert!(html.text().starts_with("<!doctype html>"));
    let clean = sim(&["replay", &kept("late-release"), "--clean"]);
    assert_eq!(clean.status.code(), Some(0), "{}", said(&clean));
}

#[test]
fn what_was_made_small_still_breaks() {
    let small = Scratch::new("small.json");
    let shrunk = sim(&["shrink", "1", "--planted", "ack-on-append", "-o", small.path()]);
    assert_eq!(shrunk.status.code(), Some(1), "{}", said(&shrunk));
    let kept: serde_json::Value = serde_json::from_str(&small.text()).expect("it is JSON");
    let count = |what: &str| kept["schedule"][what].as_array().map_or(usize::MAX, Vec::len);
    assert!(count("ops") + count("faults") <= 10, "{}", said(&shrunk));
    let replayed = sim(&["replay", small.path()]);
    assert_eq!(replayed.status.code(), Some(1), "{}", said(&replayed));
}

#[test]
fn seeds_repeat_themselves_in_fresh_processes() {
    let check = sim(&["selfcheck", "--seeds", "3", "--topology", "single"]);
    assert_eq!(check.status.code(), Some(0), "{}", said(&check));
    assert!(said(&check).contains("all the same"), "{}", said(&check));
}

#[test]
fn what_makes_no_sense_is_told() {
    for (arguments, told) in [
        (&["run", "--topology", "ring"][..], "there are single"),
        (&["run", "--faults", "+boredom"], "no kind of fault"),
        (&["run", "--profile", "lazy"], "there are quick"),
        (&["run", "--planted", "none-such"], "no planted bug"),
        (&["replay", "0x5", "--follow", "luck"], "neither addr=A nor client=N"),
        (&["replay", "/nowhere.json"], "/nowhere.json"),
        (&["coverage", "--read", &kept("late-release")], "missing field"),
    ] {
        let output = sim(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(said(&output).contains(told), "{arguments:?}: {}", said(&output));
    }
}
