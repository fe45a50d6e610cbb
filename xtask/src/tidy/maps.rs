//! What a crate's root says about itself: a map with every module, what is absent, what holds.

use std::path::Path;

use cargo_metadata::Metadata;

use super::Finding;
use super::tree::{Text, Tree};
use crate::command;

const SECTIONS: [&str; 3] = ["# Map", "# Does not", "# Invariants"];

pub(super) fn check(metadata: &Metadata, tree: &Tree) -> Vec<Finding> {
    let root = command::root();
    let mut findings = Vec::new();
    for package in metadata.workspace_packages() {
        for target in &package.targets {
            let path = target.src_path.as_std_path();
            let path = path.strip_prefix(&root).unwrap_or(path);
            if let Some(text) = tree.text(path).filter(|_| target.is_lib() || target.is_bin()) {
                findings.extend(check_sections(text));
            }
        }
    }
    findings.extend(tree.with_extension("rs").flat_map(check_map));
    findings
}

fn check_sections(text: &Text) -> Vec<Finding> {
    SECTIONS
        .iter()
        .filter(|section| !documentation(text).any(|(_, line)| line == **section))
        .map(|section| {
            let what = format!("the crate's documentation has no `{section}`: add the section");
            Finding::new(&text.path, 1, what)
        })
        .collect()
}

/// A map, wherever there is one, names every module that its file declares.
fn check_map(text: &Text) -> Vec<Finding> {
    let map: Vec<&str> = documentation(text)
        .map(|(_, line)| line)
        .skip_while(|line| *line != "# Map")
        .skip(1)
        .take_while(|line| !line.starts_with("# "))
        .collect();
    if map.is_empty() {
        return Vec::new();
    }
    modules(text)
        .filter(|(_, name)| !map.iter().any(|line| line.contains(&format!("`{name}`"))))
        .map(|(line, name)| {
            let what = format!("module `{name}` is not on the map: give it a line there");
            Finding::new(&text.path, line, what)
        })
        .collect()
}

/// The inner documentation's lines, without their marks.
fn documentation(text: &Text) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .take_while(|(_, line)| line.starts_with("//!") || line.starts_with("#!"))
        .filter_map(|(number, line)| Some((number, line.strip_prefix("//!")?.trim())))
}

/// The modules that live in files of their own, but for those of tests.
fn modules(text: &Text) -> impl Iterator<Item = (usize, &str)> {
    let mut before = "";
    text.lines().filter_map(move |(number, line)| {
        let for_tests = before == "#[cfg(test)]";
        before = line;
        let name = line
            .strip_prefix("pub mod ")
            .or_else(|| line.strip_prefix("pub(crate) mod "))
            .or_else(|| line.strip_prefix("mod "))?
            .strip_suffix(';')?;
        (!for_tests && Path::new(name).extension().is_none()).then_some((number, name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_is_not_on_the_map_is_found() {
        let root = "//! A crate.\n//!\n//! # Map\n//! - [`a`]: first.\n//!\n//! # Does not\n\
                    //! Speak of `c`.\n\npub mod a;\nmod c;\n#[cfg(test)]\nmod tests;\n";
        let tree = Tree::of(&[("lib.rs", root)]);
        let text = &tree.texts[0];
        let found = check_map(text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].line, 10);
        let missing = check_sections(text);
        assert_eq!(missing.len(), 1);
        assert!(missing[0].what.contains("# Invariants"));
    }
}
