//! What no file says: leftovers of work, and paths of the machine that it was done on.

use super::Finding;
use super::tree::{Text, Tree};

/// A word that is not welcome, and what to do instead.
struct Word {
    /// In two parts, so that this file does not say it.
    parts: (&'static str, &'static str),
    instead: &'static str,
}

const IN_CODE: &[Word] = &[
    Word { parts: ("todo", "!("), instead: "finish it, or leave the branch out" },
    Word { parts: ("unimplemented", "!("), instead: "finish it, or make the case impossible" },
    Word { parts: ("dbg", "!("), instead: "remove it" },
    Word { parts: ("FIX", "ME"), instead: "mend it, or open an issue" },
    Word { parts: ("#[ign", "ore]"), instead: "give the reason: `#[ignore = \"why\"]`" },
];

/// The project speaks of itself only; examples use paths that every machine has.
const ANYWHERE: &[Word] = &[
    Word { parts: ("/ho", "me/"), instead: "name no folder of somebody's machine" },
    Word { parts: ("/ro", "ot/"), instead: "name no folder of somebody's machine" },
    Word { parts: ("/wo", "rk/"), instead: "name no folder of somebody's machine" },
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let code = tree.with_extension("rs").flat_map(|text| find(text, IN_CODE));
    let all = ["rs", "md", "toml"];
    let anywhere = all.into_iter().flat_map(|extension| tree.with_extension(extension));
    code.chain(anywhere.flat_map(|text| find(text, ANYWHERE))).collect()
}

fn find(text: &Text, words: &[Word]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for word in words {
        let whole = format!("{}{}", word.parts.0, word.parts.1);
        for (number, _) in text.lines().filter(|(_, line)| line.contains(&whole)) {
            let what = format!("`{whole}`: {}", word.instead);
            findings.push(Finding::new(&text.path, number, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_and_paths_are_found_where_they_are() {
        let code = format!("fn a() {{\n    {}{}x);\n}}\n#[ign{}]\n", "dbg", "!(", "ore]");
        let paper = format!("# Title\n\nIn /ho{}me/me.\n", "");
        let found = check(&Tree::of(&[("a.rs", &code), ("b.md", &paper)]));
        let places: Vec<(String, usize)> =
            found.iter().map(|f| (f.file.display().to_string(), f.line)).collect();
        assert_eq!(places, [("a.rs".into(), 2), ("a.rs".into(), 4), ("b.md".into(), 3)]);
        let reason = "#[ignore = \"needs a kernel module\"]";
        assert!(check(&Tree::of(&[("a.rs", reason)])).is_empty());
    }
}
