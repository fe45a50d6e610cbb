//! Results as files: `results/SUBJECT.txt`, a line for each scenario.
//!
//! They are committed, so that a change of behaviour is seen as one. `UPDATE_EXPECT=1` writes them
//! anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::player::Verdict;
use crate::script::home;

/// What was found of each scenario, by its name.
pub type Results = BTreeMap<String, Verdict>;

fn file(subject: &str) -> PathBuf {
    home().join("results").join(subject).with_extension("txt")
}

/// The results on file.
///
/// # Errors
/// A file that is not there or cannot be read.
pub fn read(subject: &str) -> Result<Results, String> {
    let file = file(subject);
    let text = fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    text.lines().map(line).collect::<Option<_>>().ok_or_else(|| format!("{}: ?", file.display()))
}

fn line(text: &str) -> Option<(String, Verdict)> {
    let (name, verdict) = text.split_once(": ")?;
    let verdict = match verdict.split_once(": ") {
        None if verdict == "passes" => Verdict::Passes,
        Some(("fails", what)) => Verdict::Fails(what.to_owned()),
        Some(("skipped", why)) => Verdict::Skipped(why.to_owned()),
        _ => return None,
    };
    Some((name.to_owned(), verdict))
}

/// Holds results against those on file, or writes them if `UPDATE_EXPECT` is set.
///
/// Only what the two have in common in kind counts: how something fails may differ from run to run.
///
/// # Errors
/// The differences.
pub fn compare(subject: &str, found: &Results) -> Result<(), String> {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return write(subject, found);
    }
    let known = read(subject)?;
    let mut differences = String::new();
    for name in known.keys().chain(found.keys().filter(|name| !known.contains_key(*name))) {
        let (was, is) = (known.get(name), found.get(name));
        if was.map(std::mem::discriminant) != is.map(std::mem::discriminant) {
            let told = |verdict: Option<&Verdict>| {
                verdict.map_or_else(|| "nothing".to_owned(), ToString::to_string)
            };
            // Strings take everything.
            let _ = writeln!(differences, "{name}: on file {}, found {}", told(was), told(is));
        }
    }
    match differences.as_str() {
        "" => Ok(()),
        text => {
            Err(format!("{text}`cargo xtask conformance --bless` takes what was found as right"))
        }
    }
}

fn write(subject: &str, found: &Results) -> Result<(), String> {
    let mut text = String::new();
    for (name, verdict) in found {
        let _ = writeln!(text, "{name}: {verdict}");
    }
    let file = file(subject);
    fs::write(&file, text).map_err(|why| format!("{}: {why}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_it_is_written() {
        for verdict in [
            Verdict::Passes,
            Verdict::Fails("line 3: sent to 10.0.0.1:68".into()),
            Verdict::Skipped("needs a clock".into()),
        ] {
            let text = format!("name: {verdict}");
            assert_eq!(line(&text), Some(("name".to_owned(), verdict)));
        }
        assert_eq!(line("name: perhaps"), None);
    }
}
