//! `docs/conformance-v4.md`: requirements, scenarios, results.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::checklist::{self, Requirement};
use crate::player::Verdict;
use crate::record::{self, Results};
use crate::script::{Scenario, home};

/// The subjects with a column, by the names of their result files, and how the table calls them.
const SUBJECTS: [(&str, &str); 4] =
    [("in-process", "in process"), ("world", "world"), ("live", "live"), ("kea", "Kea 2.2")];

/// How much of a remark is printed, in characters.
const REMARK_MAX: usize = 300;

/// The page's place.
#[must_use]
pub fn file() -> PathBuf {
    home().join("../docs/conformance-v4.md")
}

/// The page as it must be.
///
/// # Errors
/// An id without a scenario, a scenario of no id, or a file named in vain.
pub fn page() -> Result<String, String> {
    let requirements = checklist::read()?;
    let scenarios = Scenario::all()?;
    check(&requirements, &scenarios)?;
    let results: Vec<Results> =
        SUBJECTS.iter().map(|(subject, _)| record::read(subject).unwrap_or_default()).collect();
    let mut page = HEAD.to_owned();
    for requirement in &requirements {
        row(&mut page, requirement, &scenarios, &results);
    }
    page += "\n## How they fail\n";
    for ((_, title), results) in SUBJECTS.iter().zip(&results) {
        remarks(&mut page, title, results, &scenarios);
    }
    Ok(page)
}

fn check(requirements: &[Requirement], scenarios: &[Scenario]) -> Result<(), String> {
    let mut wrong = String::new();
    for requirement in requirements {
        let id = &requirement.id;
        if !scenarios.iter().any(|scenario| scenario.shows.contains(id)) {
            let _ = writeln!(wrong, "{id} has no scenario");
        }
        if let Some(path) = &requirement.elsewhere
            && !home().join("..").join(path).is_file()
        {
            let _ = writeln!(wrong, "{id}: there is no {path}");
        }
    }
    for scenario in scenarios {
        let is_known = |id: &&String| requirements.iter().any(|it| it.id == **id);
        for id in scenario.shows.iter().filter(|id| !is_known(id)) {
            let _ = writeln!(wrong, "{}: there is no {id}", scenario.name);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

const HEAD: &str = "\
# Conformance of DHCPv4

What the standards (and, where they leave it open, our policy) ask of a DHCPv4 server; the scenarios \
of `conformance/scenarios` that show it; and what came of them: with our server in process, in the \
simulated world and as a process on a real link, and with Kea 2.2 of Debian 12 on the same link. \
`cargo xtask conformance` makes this page; `conformance/README.md` says how.

**passes**: every scenario of the row. **fails**: at least one; see below. **lacks**: the server \
refused a configuration that at least one of them needs. **–**: the subject cannot play any of them (live processes have no clock that could be moved, and no store that fails on \
demand). A passing row of Kea may lack those of its scenarios that need such things.

| id | what | scenarios | in process | world | live | Kea 2.2 |
|---|---|---|---|---|---|---|
";

fn row(page: &mut String, requirement: &Requirement, scenarios: &[Scenario], results: &[Results]) {
    let shown: Vec<&Scenario> =
        scenarios.iter().filter(|it| it.shows.contains(&requirement.id)).collect();
    let mut names: Vec<String> = shown.iter().map(|it| format!("`{}`", it.name)).collect();
    names.extend(requirement.elsewhere.iter().map(|path| format!("see also `{path}`")));
    let _ = write!(page, "| {} | {} | {} |", requirement.id, requirement.what, names.join(", "));
    for results in results {
        let verdicts: Vec<Option<&Verdict>> =
            shown.iter().map(|scenario| results.get(&scenario.name)).collect();
        let _ = write!(page, " {} |", summary(&verdicts));
    }
    page.push('\n');
}

fn summary(verdicts: &[Option<&Verdict>]) -> &'static str {
    let any = |test: fn(&Verdict) -> bool| verdicts.iter().flatten().any(|it| test(it));
    let refused = |it: &&Verdict| matches!(it, Verdict::Fails(what) if is_refusal(what));
    let failing = verdicts.iter().flatten().filter(|it| matches!(it, Verdict::Fails(_)));
    if any(|it| matches!(it, Verdict::Fails(what) if !is_refusal(what))) {
        "**fails**"
    } else if failing.copied().any(|it| refused(&it)) {
        "**lacks**"
    } else if any(|it| *it == Verdict::Passes) {
        "passes"
    } else if verdicts.iter().all(Option::is_none) {
        "not run"
    } else {
        "–"
    }
}

/// Whether the server did not know what was configured.
fn is_refusal(what: &str) -> bool {
    what.contains("does not start: ") || what.contains("the configuration is refused: ")
}

fn remarks(page: &mut String, title: &str, results: &Results, scenarios: &[Scenario]) {
    let titles: BTreeMap<&str, String> = scenarios
        .iter()
        .map(|it| (it.name.as_str(), format!("{}. {}", it.shows.join(", "), it.title)))
        .collect();
    let failed: Vec<(&String, &String)> = results
        .iter()
        .filter_map(|(name, verdict)| match verdict {
            Verdict::Fails(what) => Some((name, what)),
            _ => None,
        })
        .collect();
    let _ = writeln!(page, "\n### {title}\n");
    if failed.is_empty() {
        page.push_str("Nothing fails.\n");
    }
    for (name, what) in failed {
        let title = titles.get(name.as_str()).map_or("", String::as_str);
        let _ = writeln!(page, "- `{name}`, {title}. *Found*: {}", plain(&shortened(what)));
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(REMARK_MAX) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// Text from elsewhere, so that it is no markup.
fn plain(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_")
}

/// Holds the page on file against what it must be, or writes it if `UPDATE_EXPECT` is set.
///
/// # Errors
/// What is missing in it, or that it is out of date.
pub fn compare() -> Result<(), String> {
    let page = page()?;
    let file = file();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return fs::write(&file, page).map_err(|why| format!("{}: {why}", file.display()));
    }
    let found = fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    if found == page {
        Ok(())
    } else {
        Err("docs/conformance-v4.md is out of date: `cargo xtask conformance --bless`".to_owned())
    }
}
