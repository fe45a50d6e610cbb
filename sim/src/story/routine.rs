//! What goes as it always goes is said once.

use super::{Paragraph, Role, words};
use crate::time::Ns;

/// How many renewals in a row are told one by one.
const TOLD: usize = 1;

/// A renewal that went as it should: who, when it was asked for, and until when it is good.
fn renewal(paragraph: &Paragraph) -> Option<(u16, Ns, Ns)> {
    let first = paragraph.sentences.first()?;
    let Role::AsksToKeep(client) = first.role else {
        return None;
    };
    let mut until = None;
    for sentence in &paragraph.sentences {
        match sentence.role {
            Role::Other => return None,
            Role::AsksToKeep(other) if other != client => return None,
            Role::Keeps(other, end) if other == client => until = Some(end),
            _ => {}
        }
    }
    Some((client, first.at, until?))
}

/// The paragraphs as text, with renewals in a row told as one. What comes last before a failure is
/// told in full.
pub(super) fn summed_up(paragraphs: Vec<Paragraph>, failed: bool) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    let end = paragraphs.len().saturating_sub(usize::from(failed));
    while let Some(paragraph) = paragraphs.get(at) {
        let client = renewal(paragraph).map(|(client, ..)| client);
        let run: Vec<(Ns, Ns)> = paragraphs
            .get(at..end)
            .unwrap_or_default()
            .iter()
            .map_while(|paragraph| {
                let (who, asked, until) = renewal(paragraph)?;
                (Some(who) == client).then_some((asked, until))
            })
            .collect();
        match (client, run.as_slice()) {
            (Some(client), [(first, _), .., (last, until)]) if run.len() > TOLD => {
                out.push(format!(
                    "From {} to {} client {client} renewed it {} times as it should, the last time \
                     until {}.",
                    words::moment(*first),
                    words::moment(*last),
                    run.len(),
                    words::moment(*until)
                ));
                at += run.len();
            }
            _ => {
                out.push(paragraph.text());
                at += 1;
            }
        }
    }
    out
}
