//! Papers: one title each, and a README in every folder at the top.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Finding;
use super::tree::{Text, Tree};

const README_LINES_MAX: usize = 60;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = tree.with_extension("md").filter_map(check_title).collect();
    for folder in top_folders(tree) {
        let path = folder.join("README.md");
        match tree.text(&path).map(|readme| readme.contents.lines().count()) {
            None => {
                let what =
                    "missing: say what the folder is, what it may depend on, its map, its tests";
                findings.push(Finding::new(path, 1, what));
            }
            Some(lines) if lines > README_LINES_MAX => {
                let what = format!("{lines} lines: a README has {README_LINES_MAX} at most");
                findings.push(Finding::new(path, README_LINES_MAX, what));
            }
            Some(_) => {}
        }
    }
    findings
}

fn top_folders(tree: &Tree) -> BTreeSet<PathBuf> {
    let top = |text: &Text| {
        let first = text.path.components().next()?;
        let first = Path::new(first.as_os_str());
        let hidden = first.to_string_lossy().starts_with('.');
        (first != text.path && !hidden).then(|| first.to_owned())
    };
    tree.texts.iter().filter_map(top).collect()
}

fn check_title(text: &Text) -> Option<Finding> {
    let titles = titles(text);
    match titles.as_slice() {
        [_] => None,
        [] => Some(Finding::new(&text.path, 1, "no title: begin with `# Title`")),
        [_, second, ..] => {
            let what = "a second title: use `##`, or make it a page of its own";
            Some(Finding::new(&text.path, *second, what))
        }
    }
}

/// The lines of first-level headings outside code.
fn titles(text: &Text) -> Vec<usize> {
    let mut in_code = false;
    let mut titles = Vec::new();
    for (number, line) in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code && line.starts_with("# ") {
            titles.push(number);
        }
    }
    titles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_readmes_are_counted() {
        let long = format!("# Net\n{}", "x\n".repeat(README_LINES_MAX));
        let found = check(&Tree::of(&[
            ("README.md", "# One\n```\n# a comment\n```\n"),
            ("core/README.md", "# One\n# Two\n"),
            ("net/README.md", &long),
            ("sim/src/lib.rs", ""),
            (".config/x.toml", ""),
        ]));
        let places: Vec<(String, usize)> =
            found.iter().map(|f| (f.file.display().to_string(), f.line)).collect();
        assert_eq!(
            places,
            [
                ("core/README.md".into(), 2),
                ("net/README.md".into(), 60),
                ("sim/README.md".into(), 1)
            ]
        );
    }
}
