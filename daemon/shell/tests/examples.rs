//! The example files of another project, by what becomes of each.
//!
//! They belong to Kea and are not part of this tree. `LESSOR_KEA_EXAMPLES` names a folder with them;
//! without it there is nothing to show, and the test says so.
#![expect(clippy::print_stderr, reason = "a test that can only be skipped says so")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use lessor_config::{Diagnostics, Level};
use lessor_shell::{ConfigFile, LoadError};

/// What is expected: for each file its name, whether it loads, and what was said of it.
const EXPECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/examples.txt");
/// How much of a finding is shown.
const LETTERS_MAX: usize = 150;

/// Each finding once, without its place: the files are not ours, and their lines mean nothing here.
fn account(findings: &Diagnostics) -> String {
    let mut said: BTreeMap<(Level, String), usize> = BTreeMap::new();
    for finding in findings {
        let path: String = finding
            .path
            .split('[')
            .enumerate()
            .map(|(part, text)| {
                let name = text.split_once(']').map_or(text, |(_, rest)| rest);
                if part == 0 { name.to_owned() } else { format!("[]{name}") }
            })
            .collect();
        let text: String =
            format!("{path}: {}", finding.message).chars().take(LETTERS_MAX).collect();
        *said.entry((finding.level, text)).or_default() += 1;
    }
    let line = |((level, text), count): (&(Level, String), &usize)| match count {
        1 => format!("    {level}: {text}\n"),
        _ => format!("    {level}: {text} ({count} times)\n"),
    };
    said.iter().map(line).collect()
}

fn outcome(path: &Path) -> String {
    match ConfigFile::new(path).load() {
        Ok((_, findings)) => format!("loads\n{}", account(&findings)),
        Err(LoadError::Refused(findings)) => format!("is refused\n{}", account(&findings)),
        Err(other) => format!("cannot be read: {other}\n"),
    }
}

#[test]
fn each_example_has_the_outcome_that_is_expected() {
    let Some(folder) = env::var_os("LESSOR_KEA_EXAMPLES").map(PathBuf::from) else {
        eprintln!("SKIPPED: LESSOR_KEA_EXAMPLES names no folder with Kea's example files");
        return;
    };
    let entries = fs::read_dir(&folder).expect("LESSOR_KEA_EXAMPLES names a folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let mut found = String::new();
    for path in &files {
        let name = path.file_name().expect("a name").to_string_lossy();
        found.push_str(&format!("{name} {}", outcome(path)));
    }
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(EXPECTED, found).expect("the tree can be written");
        return;
    }
    let expected = fs::read_to_string(EXPECTED).expect("examples.txt");
    // Whoever has more files or fewer still learns about those that both have.
    let sections = |text: &str| -> BTreeMap<String, String> {
        let mut sections = BTreeMap::new();
        let mut name = String::new();
        for line in text.lines() {
            if !line.starts_with(' ') {
                name = line.split(' ').next().unwrap_or_default().to_owned();
            }
            let section: &mut String = sections.entry(name.clone()).or_default();
            section.push_str(line);
            section.push('\n');
        }
        sections
    };
    let (expected, found) = (sections(&expected), sections(&found));
    assert!(!found.is_empty(), "{} is empty", folder.display());
    for (name, found) in found {
        match expected.get(&name) {
            Some(expected) => assert_eq!(found, *expected, "UPDATE_EXPECT=1 writes it anew"),
            None => eprintln!("{name} is not expected; it {found}"),
        }
    }
}
