//! Rules of the house that the compiler does not know.
//!
//! # Map
//! - [`arrows`]: which crate may depend on which, and on what from outside.
//! - [`planted`]: no daemon is built with the simulator's planted defects.
//! - [`maps`]: what a crate's root documentation says.
//! - [`lengths`]: how long a file may be.
//! - [`words`]: what no file says.
//! - [`papers`]: headings and READMEs.
//! - [`tree`]: the files that are looked at.

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::command;

mod arrows;
mod lengths;
mod maps;
mod papers;
mod planted;
mod tree;
mod words;

use tree::Tree;

/// One thing that is not as the house wants it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Finding {
    file: PathBuf,
    line: usize,
    /// What is wrong, and what to do.
    what: String,
    /// A warning does not fail the task.
    warning: bool,
}

impl Finding {
    fn new(file: impl Into<PathBuf>, line: usize, what: impl Into<String>) -> Self {
        Self { file: file.into(), line, what: what.into(), warning: false }
    }

    fn warning(file: impl Into<PathBuf>, line: usize, what: impl Into<String>) -> Self {
        Self { warning: true, ..Self::new(file, line, what) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warning = if self.warning { "warning: " } else { "" };
        write!(f, "{}:{}: {warning}{}", self.file.display(), self.line, self.what)
    }
}

/// Prints all findings; fails if one is more than a warning.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    crate::none_expected(arguments)?;
    let findings = findings()?;
    for finding in &findings {
        println!("{finding}");
    }
    let failures = findings.iter().filter(|finding| !finding.warning).count();
    println!("tidy: {failures} to be mended, {} warnings", findings.len() - failures);
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn findings() -> Result<Vec<Finding>> {
    let metadata = metadata()?;
    let tree = Tree::read(&command::root())?;
    let mut findings = arrows::check(&metadata);
    findings.extend(planted::check(&metadata)?);
    findings.extend(maps::check(&metadata, &tree));
    findings.extend(lengths::check(&tree));
    findings.extend(words::check(&tree));
    findings.extend(papers::check(&tree));
    for finding in &mut findings {
        if let Ok(inside) = finding.file.strip_prefix(command::root()) {
            finding.file = inside.to_owned();
        }
    }
    findings.sort();
    Ok(findings)
}

fn metadata() -> Result<Metadata> {
    let manifest = command::root().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().context("cargo metadata")
}

/// The line of a text, from 1, on which `needle` first occurs; 1 if it does not.
fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let all = findings().expect("the tree can be read");
        let failures: Vec<String> = all
            .iter()
            .filter(|finding| !finding.warning)
            .map(|finding| format!("\n{finding}"))
            .collect();
        assert!(failures.is_empty(), "{}", failures.concat());
    }
}
