//! Which changes are tried: a random sample that a seed fixes.

use anyhow::{Context, Result};
use lessor_types::stable_hash;
use serde_json::Value;

use crate::command;

/// The crates that are changed.
const PACKAGES: [&str; 3] = ["lessor-lease", "lessor-policy", "lessor-server"];
/// What is not changed: what people read, and the defects that are planted on purpose.
const LEFT_OUT: [&str; 2] = [r"impl (fmt::)?(Display|Debug)", r"planted\.rs"];

/// A place in a file: line and column, from 1.
pub(super) type Place = (usize, usize);

/// What is replaced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) from: Place,
    /// Behind the last letter.
    pub(super) to: Place,
}

/// One change.
#[derive(Clone, Debug)]
pub(super) struct Mutant {
    pub(super) name: String,
    pub(super) package: String,
    pub(super) file: String,
    pub(super) span: Span,
    pub(super) replacement: String,
    pub(super) diff: String,
}

impl Mutant {
    /// The lines that differ.
    pub(super) fn changed(&self) -> String {
        let lines = self.diff.lines().skip(2).filter(|line| line.starts_with(['+', '-']));
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// The file's text with the change; none if the text is another than was listed.
    pub(super) fn apply(&self, text: &str) -> Option<String> {
        let (from, to) = (offset(text, self.span.from)?, offset(text, self.span.to)?);
        Some(format!("{}{}{}", text.get(..from)?, self.replacement, text.get(to..)?))
    }
}

fn offset(text: &str, (line, column): Place) -> Option<usize> {
    let before: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = text.get(before..)?;
    let within = rest.char_indices().nth(column.checked_sub(1)?).map(|(at, _)| at);
    Some(before + within.unwrap_or(rest.len()))
}

/// The sample, and of how many.
pub(super) fn draw(count: usize, seed: u64) -> Result<(Vec<Mutant>, usize)> {
    let mut list = command::cargo(&["mutants", "--list", "--json", "--diff"]);
    for package in PACKAGES {
        list.args(["-p", package]);
    }
    for left_out in LEFT_OUT {
        list.args(["--exclude-re", left_out]);
    }
    let listed: Value = serde_json::from_str(&command::capture(&mut list)?)?;
    let listed = listed.as_array().context("cargo-mutants lists no changes")?;
    let mut all: Vec<(u64, Mutant)> = Vec::new();
    for value in listed {
        let mutant = read(value).context("a change in a form that is not known")?;
        all.push((key(&mutant, &all, seed), mutant));
    }
    all.sort_by_key(|(key, _)| *key);
    let of = all.len();
    Ok((all.into_iter().take(count).map(|(_, mutant)| mutant).collect(), of))
}

/// Where a change stands in a random order. Lines don't count, so that a change elsewhere in the
/// file leaves the sample as it is.
fn key(mutant: &Mutant, before: &[(u64, Mutant)], seed: u64) -> u64 {
    let what = |mutant: &Mutant| {
        let name = &mutant.name;
        let described = name.split_once(": ").map_or(name.as_str(), |(_, what)| what);
        format!("{} {described}", mutant.file)
    };
    let mine = what(mutant);
    let twins = before.iter().rev().take_while(|(_, it)| it.file == mutant.file);
    let number = twins.filter(|(_, it)| what(it) == mine).count();
    stable_hash(format!("{seed} {mine} {number}").as_bytes())
}

fn read(value: &Value) -> Option<Mutant> {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let place = |end: &str| {
        let place = &value["span"][end];
        let number = |name: &str| usize::try_from(place[name].as_u64()?).ok();
        Some((number("line")?, number("column")?))
    };
    Some(Mutant {
        name: text("name")?,
        package: text("package")?,
        file: text("file")?,
        span: Span { from: place("start")?, to: place("end")? },
        replacement: text("replacement")?,
        diff: text("diff")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(from: Place, to: Place, replacement: &str) -> Mutant {
        Mutant {
            name: format!("a.rs:{}:{}: replace", from.0, from.1),
            package: String::new(),
            file: "a.rs".to_owned(),
            span: Span { from, to },
            replacement: replacement.to_owned(),
            diff: String::new(),
        }
    }

    #[test]
    fn a_change_is_made_in_its_place() {
        let text = "fn a() {\n    1 + é\n}\n";
        let changed = |it: Mutant| it.apply(text);
        assert_eq!(
            changed(mutant((2, 7), (2, 8), "-")).as_deref(),
            Some("fn a() {\n    1 - é\n}\n")
        );
        assert_eq!(
            changed(mutant((2, 9), (2, 10), "e")).as_deref(),
            Some("fn a() {\n    1 + e\n}\n")
        );
        assert_eq!(changed(mutant((1, 8), (3, 2), "{}")).as_deref(), Some("fn a() {}\n"));
    }

    #[test]
    fn the_same_change_elsewhere_has_another_place_in_the_order() {
        let (one, other) = (mutant((2, 7), (2, 8), "-"), mutant((3, 7), (3, 8), "-"));
        let first = key(&one, &[], 1);
        assert_eq!(first, key(&other, &[], 1), "lines don't count");
        assert_ne!(first, key(&other, &[(first, one.clone())], 1), "but how many there are");
        assert_ne!(first, key(&one, &[], 2), "and the seed");
    }
}
