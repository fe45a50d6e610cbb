//! The ids of the requirements, in our own words: `checklist.txt`.
//!
//! A line is `ID  what` or `ID  what  (FILE)`: the file is a test of this project that shows what
//! packets alone cannot.

use std::fs;

use crate::script::home;

/// One requirement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// Its id, `V4-001` and so on.
    pub id: String,
    /// What is asked of a server.
    pub what: String,
    /// A test elsewhere in the project, by its path.
    pub elsewhere: Option<String>,
}

/// All requirements in their order.
///
/// # Errors
/// A file that cannot be read, or a line without an id.
pub fn read() -> Result<Vec<Requirement>, String> {
    let file = home().join("checklist.txt");
    let text = fs::read_to_string(&file).map_err(|why| format!("{}: {why}", file.display()))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty());
    lines.map(|(number, line)| parse(line).ok_or_else(|| format!("line {number}: ?"))).collect()
}

fn parse(line: &str) -> Option<Requirement> {
    let (id, what) = line.split_once("  ")?;
    let (what, elsewhere) = match what.trim().rsplit_once("  (") {
        Some((what, file)) => (what, Some(file.strip_suffix(')')?.to_owned())),
        None => (what.trim(), None),
    };
    let lawful = id.len() == 6 && id.starts_with("V4-");
    lawful.then(|| Requirement { id: id.to_owned(), what: what.trim().to_owned(), elsewhere })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_an_id_and_perhaps_a_file() {
        let found = parse("V4-092  one holder  (sim/tests/campaign.rs)").expect("lawful");
        assert_eq!((found.id.as_str(), found.what.as_str()), ("V4-092", "one holder"));
        assert_eq!(found.elsewhere.as_deref(), Some("sim/tests/campaign.rs"));
        assert_eq!(parse("V4-001  to giaddr (port 67)").expect("lawful").elsewhere, None);
        assert_eq!(parse("whatever"), None);
    }
}
