//! How long a file may be. Lines of inline tests are not counted.

use std::path::Path;

use super::Finding;
use super::tree::{Text, Tree};

const WHY_LINES: usize = 600;
const LINES_MAX: usize = 1000;
const INLINE_TESTS_MAX: usize = 150;
/// Files that may be longer, each with a reason: `PATH: REASON`.
pub(super) const EXEMPT: &str = "xtask/tidy-exempt.txt";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let exempt = tree.text(Path::new(EXEMPT));
    let mut findings = Vec::new();
    for (number, line) in
        exempt.into_iter().flat_map(Text::lines).filter(|(_, line)| is_entry(line))
    {
        let (path, reason) = line.split_once(": ").unwrap_or((line, ""));
        if reason.trim().is_empty() {
            findings.push(Finding::new(EXEMPT, number, "no reason given: write `PATH: REASON`"));
        }
        if tree.text(Path::new(path)).is_none() {
            findings.push(Finding::new(EXEMPT, number, format!("{path} is gone: strike it out")));
        }
    }
    let is_exempt = |text: &Text| {
        let path = text.path.to_string_lossy();
        exempt
            .into_iter()
            .flat_map(Text::lines)
            .any(|(_, line)| line.split_once(": ").is_some_and(|(exempt, _)| exempt == path))
    };
    for text in tree.with_extension("rs").filter(|text| !is_exempt(text)) {
        findings.extend(check_text(text));
    }
    findings
}

fn is_entry(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

fn check_text(text: &Text) -> Vec<Finding> {
    let total = text.contents.lines().count();
    let code = tests_begin(&text.contents).map_or(total, |line| line - 1);
    let mut findings = Vec::new();
    if code > LINES_MAX {
        let what = format!("{code} lines: split it, or name it in {EXEMPT} with a reason");
        findings.push(Finding::new(&text.path, LINES_MAX, what));
    } else if code > WHY_LINES {
        let what = format!("{code} lines where 400 are normal: is it one thing?");
        findings.push(Finding::warning(&text.path, WHY_LINES, what));
    }
    if total - code > INLINE_TESTS_MAX {
        let what = format!("{} lines of inline tests: move them to a file", total - code);
        findings.push(Finding::warning(&text.path, code + 1, what));
    }
    findings
}

/// The line, from 1, of the attribute above an inline test module.
fn tests_begin(contents: &str) -> Option<usize> {
    let lines: Vec<&str> = contents.lines().collect();
    let pair = lines.windows(2).position(|pair| {
        matches!(pair, [attribute, module] if *attribute == "#[cfg(test)]"
            && module.starts_with("mod ") && module.ends_with('{'))
    })?;
    Some(pair + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_count_and_length_does() {
        let code = "x\n".repeat(WHY_LINES);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "y\n".repeat(200));
        let of = |contents: &str| check(&Tree::of(&[("a.rs", contents)]));
        assert!(of(&code).is_empty());
        assert!(of(&format!("{code}x\n"))[0].warning);
        assert!(!of(&"x\n".repeat(LINES_MAX + 1))[0].warning);
        let inline = of(&format!("{code}{tests}"));
        assert_eq!(inline.len(), 1);
        assert!(inline[0].what.starts_with("203 lines of inline tests"), "{}", inline[0]);
    }

    #[test]
    fn an_exemption_needs_a_reason_and_a_file() {
        let long = "x\n".repeat(LINES_MAX + 1);
        let list = "# files\na.rs: generated\nb.rs:\n";
        let found = check(&Tree::of(&[("a.rs", &long), (EXEMPT, list)]));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|finding| finding.line == 3));
    }
}
