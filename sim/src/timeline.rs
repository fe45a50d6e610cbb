//! A history as one page that needs nothing else: a lane for each station, leases as bars, messages
//! as arrows, faults as bands.
//!
//! The page (`page.html`, `page.css`, `page.js`) is fixed; the history lies in it as JSON in which
//! no character has a meaning to HTML.

mod drawing;

use serde::Serialize;

use crate::planted::Bug;
use crate::run::Outcome;
use crate::schedule::Schedule;

const PAGE: &str = include_str!("timeline/page.html");
const STYLE: &str = include_str!("timeline/page.css");
const SCRIPT: &str = include_str!("timeline/page.js");

/// The history of a recorded run as an HTML page.
///
/// # Errors
/// What cannot be written as JSON; nothing that a run makes.
pub fn page(
    schedule: &Schedule,
    bug: Option<Bug>,
    outcome: &Outcome,
) -> Result<String, serde_json::Error> {
    let drawing = drawing::Drawing::of(schedule, bug, outcome);
    let parts = [("<!--STYLE-->", STYLE.to_owned()), ("<!--DATA-->", harmless(&drawing)?)];
    let (before, after) = split(PAGE, "<!--SCRIPT-->");
    let mut page = format!("{before}{SCRIPT}{after}");
    // The history comes last, so that nothing that it says is taken for a place to fill in.
    for (mark, text) in parts {
        let (before, after) = split(&page, mark);
        page = format!("{before}{text}{after}");
    }
    Ok(page)
}

fn split<'a>(page: &'a str, mark: &str) -> (&'a str, &'a str) {
    page.split_once(mark).expect("the page has each mark")
}

/// JSON in which no character means anything to HTML, whatever strings it holds.
fn harmless(what: &impl Serialize) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(what)?;
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_leave_the_data() {
        let evil = "</script><script>alert('&')</script><!--\u{2028}";
        let text = harmless(&evil).expect("a string is JSON");
        assert!(!text.contains(['<', '>', '&', '\u{2028}']), "{text}");
        let read: String = serde_json::from_str(&text).expect("it is still JSON");
        assert_eq!(read, evil);
    }

    #[test]
    fn the_page_asks_nobody_for_anything() {
        for part in [PAGE, STYLE, SCRIPT] {
            for word in ["://", "src=", "href=", "@import", "url(", "fetch(", "innerHTML"] {
                assert!(!part.contains(word), "{word}");
            }
        }
        assert_eq!(SCRIPT.matches("</").count(), 0, "the script would end early");
    }
}
