//! The checkers, tried on changed code: a fixed random sample of what cargo-mutants would change in
//! the lease, allocation and pipeline crates, each change built and held against the crate's tests,
//! the transcripts of the server, the kept schedules and a quick campaign.
//!
//! - `sample`: which changes.
//! - `subject`: a copy of the tree in which one is made, built and tried.

mod sample;
mod subject;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{Options, command};
use sample::Mutant;
use subject::{Subject, Verdict};

/// The version of the JSON form.
const VERSION: u32 = 1;

struct Settings {
    sample: usize,
    seed: u64,
    /// Seeds of the campaign that each change has to survive.
    seeds: u64,
    /// Only this many of the sample, from the first on that has no result yet.
    limit: usize,
    json: PathBuf,
    resume: bool,
    /// Only this stage: what it would catch if it were alone.
    only: Option<&'static str>,
}

/// What became of one change.
struct Tried {
    mutant: Mutant,
    verdict: Verdict,
    took: Duration,
}

/// Tries the sample and prints a table of it.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let settings = settings(arguments)?;
    install()?;
    let (sample, all) = sample::draw(settings.sample, settings.seed)?;
    println!("{} of {all} changes, by the seed {}", sample.len(), settings.seed);
    let known = if settings.resume { read(&settings.json)? } else { BTreeMap::new() };
    let mut subject = Subject::new(settings.seeds, settings.only)?;
    println!("the tree as it is: built and tried in {:.0} s", subject.baseline()?.as_secs_f64());
    let mut tried: Vec<Tried> = Vec::new();
    let mut left = settings.limit;
    let count = sample.len();
    for (place, mutant) in sample.into_iter().enumerate() {
        let (verdict, took) = match known.get(&mutant.name) {
            Some(known) => *known,
            None if left == 0 => continue,
            None => {
                left -= 1;
                let begun = Instant::now();
                let verdict = subject.try_one(&mutant)?;
                println!(
                    "{:>3} of {count}  {:<10} {:<11} {:>4.0} s  {}",
                    place + 1,
                    verdict.name(),
                    verdict.by(),
                    begun.elapsed().as_secs_f64(),
                    mutant.name
                );
                (verdict, begun.elapsed())
            }
        };
        tried.push(Tried { mutant, verdict, took });
        write(&settings, all, &tried)?;
    }
    print!("{}", table(&tried));
    println!("{}", settings.json.display());
    Ok(ExitCode::SUCCESS)
}

fn settings(arguments: &[String]) -> Result<Settings> {
    let mut settings = Settings {
        sample: 200,
        seed: 1,
        seeds: 150,
        limit: usize::MAX,
        json: command::root().join("target/mutants/results.json"),
        resume: false,
        only: None,
    };
    let mut options = Options::new(arguments);
    while let Some(option) = options.next() {
        match option {
            "--sample" => settings.sample = options.number(option)?,
            "--seed" => settings.seed = options.number(option)?,
            "--seeds" => settings.seeds = options.number(option)?,
            "--limit" => settings.limit = options.number(option)?,
            "--json" => settings.json = options.value(option)?.into(),
            "--resume" => settings.resume = true,
            "--only" => settings.only = Some(subject::stage(options.value(option)?)?),
            _ => bail!("`{option}` was not expected\n\n{}", crate::USAGE),
        }
    }
    Ok(settings)
}

fn install() -> Result<()> {
    if command::succeeds(&mut command::cargo(&["mutants", "--version"])) {
        return Ok(());
    }
    println!("installing cargo-mutants (once; some minutes)");
    let mut install = command::cargo(&["install", "-q", "--locked", "cargo-mutants"]);
    command::capture(&mut install).map(|_| ()).context("cargo-mutants cannot be installed")
}

/// Results of an earlier run, by the name of the change.
fn read(path: &PathBuf) -> Result<BTreeMap<String, (Verdict, Duration)>> {
    let Ok(text) = std::fs::read_to_string(path) else {
        return Ok(BTreeMap::new());
    };
    let results: Value = serde_json::from_str(&text).context("results that are not ours")?;
    let mutants = results["mutants"].as_array().cloned().unwrap_or_default();
    let known = mutants.iter().filter_map(|mutant| {
        let verdict = Verdict::read(mutant["outcome"].as_str()?, mutant["by"].as_str()?)?;
        let took = Duration::try_from_secs_f64(mutant["seconds"].as_f64()?).ok()?;
        Some((mutant["name"].as_str()?.to_owned(), (verdict, took)))
    });
    Ok(known.collect())
}

fn write(settings: &Settings, all: usize, tried: &[Tried]) -> Result<()> {
    let mutants: Vec<Value> = tried
        .iter()
        .map(|tried| {
            json!({
                "name": tried.mutant.name,
                "package": tried.mutant.package,
                "outcome": tried.verdict.name(),
                "by": tried.verdict.by(),
                "seconds": tried.took.as_secs_f64(),
                "diff": tried.mutant.diff,
            })
        })
        .collect();
    let counts: BTreeMap<&str, usize> = counts(tried);
    let results = json!({
        "version": VERSION,
        "seed": settings.seed,
        "sample": settings.sample,
        "of": all,
        "campaign_seeds": settings.seeds,
        "counts": counts,
        "mutants": mutants,
    });
    if let Some(folder) = settings.json.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&settings.json, serde_json::to_string_pretty(&results)?)
        .with_context(|| format!("cannot write {}", settings.json.display()))
}

fn counts(tried: &[Tried]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for tried in tried {
        *counts.entry(tried.verdict.name()).or_default() += 1;
    }
    counts
}

/// The share that was caught, what caught it, and what survived with its change.
fn table(tried: &[Tried]) -> String {
    let mut text = String::from("\n");
    let mut by: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for tried in tried {
        *by.entry((tried.verdict.name(), tried.verdict.by())).or_default() += 1;
    }
    for ((outcome, by), count) in &by {
        text.push_str(&format!("{outcome:<10} {by:<12} {count:>4}\n"));
    }
    let counts = counts(tried);
    let count = |name: &str| counts.get(name).copied().unwrap_or(0);
    // What does not finish is noticed by whoever waits; what does not build is no change.
    let caught = count("caught") + count("timeout");
    let viable = caught + count("missed");
    let percent = (100 * caught).checked_div(viable).unwrap_or(0);
    text.push_str(&format!("\n{caught} of {viable} were caught: {percent} %\n"));
    for tried in tried.iter().filter(|tried| tried.verdict == Verdict::Missed) {
        text.push_str(&format!("\nMISSED {}\n{}", tried.mutant.name, tried.mutant.changed()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(verdict: Verdict) -> Tried {
        let mutant = Mutant {
            name: "core/lease/src/a.rs:1:2: replace + with -".to_owned(),
            package: "lessor-lease".to_owned(),
            file: "core/lease/src/a.rs".to_owned(),
            span: sample::Span { from: (1, 2), to: (1, 3) },
            replacement: "-".to_owned(),
            diff: "--- a\n+++ b\n@@ -1 +1 @@\n fine\n-1 + 1\n+1 - 1\n".to_owned(),
        };
        Tried { mutant, verdict, took: Duration::from_secs(1) }
    }

    #[test]
    fn the_share_leaves_out_what_does_not_build() {
        let all = [
            tried(Verdict::Caught("campaign")),
            tried(Verdict::Timeout("unit tests")),
            tried(Verdict::Missed),
            tried(Verdict::Unviable),
        ];
        let text = table(&all);
        assert!(text.contains("2 of 3 were caught: 66 %"), "{text}");
        assert!(text.contains("MISSED core/lease/src/a.rs:1:2") && text.contains("-1 + 1\n+1 - 1"));
        assert!(!text.contains(" fine"), "{text}");
    }

    #[test]
    fn a_verdict_is_read_as_it_was_written() {
        for verdict in [
            Verdict::Caught("campaign"),
            Verdict::Timeout("transcripts"),
            Verdict::Missed,
            Verdict::Unviable,
        ] {
            assert_eq!(Verdict::read(verdict.name(), verdict.by()), Some(verdict));
        }
        assert_eq!(Verdict::read("caught", "luck"), None);
        assert_eq!(subject::stage("campaign").ok(), Some("campaign"));
        assert!(subject::stage("luck").is_err_and(|told| told.to_string().contains("transcripts")));
    }
}
