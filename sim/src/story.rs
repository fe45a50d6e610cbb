//! The story of one address or one client, told as a person would tell it.
//!
//! - `words`: times, names, and what things are called.
//! - `telling`: from an entry of the history to a sentence.
//! - `routine`: what goes as it always goes is said once.
//! - `trouble`: the faults that touched it.

mod routine;
mod telling;
mod trouble;
mod words;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::net::Ipv4Addr;

use crate::history::{Deed, Record};
use crate::run::Outcome;
use crate::schedule::{Schedule, Topology};
use crate::time::{Ns, SEC};

/// A silence of this length begins a new paragraph.
const PAUSE: Ns = 5 * SEC;

/// Whom to follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Followed {
    /// Whoever has to do with an address.
    Addr(Ipv4Addr),
    /// A client, by its number.
    Client(u16),
}

impl Followed {
    /// Reads `addr=A` or `client=N`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed = match text.split_once('=') {
            Some(("addr", text)) => text.parse().ok().map(Self::Addr),
            Some(("client", text)) => text.parse().ok().map(Self::Client),
            _ => None,
        };
        parsed.ok_or_else(|| format!("`{text}` is neither addr=A nor client=N"))
    }

    /// Whether an entry is about it.
    #[must_use]
    pub fn is_about(self, record: &Record) -> bool {
        match self {
            Self::Addr(addr) => record.addr == Some(addr),
            Self::Client(client) => record.client == Some(client),
        }
    }
}

/// One sentence, or a part of one, with what it is for the eyes of `routine`.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Sentence {
    at: Ns,
    role: Role,
    /// Without a capital, a time and a full stop.
    text: String,
}

/// What a sentence tells of an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Role {
    /// A client that has the address asks to keep it.
    AsksToKeep(u16),
    /// Somebody hears what was just sent.
    Hears,
    /// A lease that was kept is on stable storage for longer.
    Kept,
    /// A server says yes.
    Grants,
    /// A client has its address for longer, until then.
    Keeps(u16, Ns),
    /// Anything else.
    Other,
}

/// What was said in one go.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Paragraph {
    sentences: Vec<Sentence>,
}

/// The story, in paragraphs of lines no longer than a page is wide.
#[must_use]
pub fn tell(schedule: &Schedule, outcome: &Outcome, followed: Followed) -> String {
    let records = &outcome.records;
    let mut sentences = Vec::new();
    let mut teller = telling::Teller::new(schedule, followed);
    let exchanges = exchanges(records, followed);
    let span = span(records, followed, &exchanges);
    for record in records {
        if let Some(sentence) = teller.tell(record, &exchanges, span) {
            sentences.push(sentence);
        }
    }
    let mut out = heading(schedule, followed);
    if span.is_none() {
        out.push_str("\nNothing happened to it.\n");
    }
    for paragraph in routine::summed_up(paragraphs(sentences), outcome.broken.is_some()) {
        out.push('\n');
        out.push_str(&words::filled(&paragraph));
    }
    out.push('\n');
    out.push_str(&words::filled(&ending(outcome)));
    out
}

/// The transactions of a client that concern what is followed: a DISCOVER names no address, and
/// the answer to it does.
fn exchanges(records: &[Record], followed: Followed) -> BTreeSet<(u16, u32)> {
    let about = records.iter().filter(|record| followed.is_about(record));
    about
        .filter_map(|record| match &record.deed {
            Deed::Sent(_, gist) | Deed::Arrived(_, gist) | Deed::Lost(_, _, gist) => {
                Some((record.client?, gist.xid))
            }
            _ => None,
        })
        .collect()
}

/// From the first to the last moment at which something happened to what is followed.
fn span(
    records: &[Record],
    followed: Followed,
    exchanges: &BTreeSet<(u16, u32)>,
) -> Option<(Ns, Ns)> {
    let is_about = |record: &&Record| telling::concerns(record, followed, exchanges);
    let first = records.iter().find(is_about)?.at;
    let last = records.iter().rev().find(is_about)?.at;
    Some((first, last))
}

fn heading(schedule: &Schedule, followed: Followed) -> String {
    let whom = match followed {
        Followed::Addr(addr) => format!("address {addr}"),
        Followed::Client(client) => format!("client {client}"),
    };
    let name = format!("The story of {whom}");
    let mut out = format!("{name}\n{}\n\n", "=".repeat(name.len()));
    let count = |count: usize, one: &str| match count {
        0 => format!("no {one}"),
        1 => format!("one {one}"),
        count => format!("{count} {one}s"),
    };
    let partner = if schedule.topology == Topology::Partner { " with a partner" } else { "" };
    let scene = format!(
        "{}{partner}, {}, {}; drawn from seed {:#x}. Times are true times since the world began.",
        words::capital(&count(schedule.servers.len(), "server")),
        count(schedule.clients.len(), "client"),
        count(schedule.faults.len(), "fault"),
        schedule.seed
    );
    out.push_str(&words::filled(&scene));
    out
}

/// Sentences with no long silence between them.
fn paragraphs(sentences: Vec<Sentence>) -> Vec<Paragraph> {
    let mut paragraphs: Vec<Paragraph> = Vec::new();
    for sentence in sentences {
        let last = paragraphs.last().and_then(|paragraph| paragraph.sentences.last());
        // A renewal is a story of its own, however soon it comes.
        let begins = matches!(sentence.role, Role::AsksToKeep(_));
        if last
            .is_some_and(|last| sentence.at == last.at || sentence.at - last.at < PAUSE && !begins)
            && let Some(paragraph) = paragraphs.last_mut()
        {
            paragraph.sentences.push(sentence);
        } else {
            paragraphs.push(Paragraph { sentences: vec![sentence] });
        }
    }
    paragraphs
}

fn ending(outcome: &Outcome) -> String {
    let Some((at, broken)) = &outcome.broken else {
        return format!(
            "At {} the world ended, and nothing was broken.",
            words::moment(outcome.lasted)
        );
    };
    let mut text = format!(
        "At {} the checker of {} objected: {}.",
        words::moment(*at),
        broken.invariant.name(),
        broken.what.trim_end_matches('.')
    );
    let whom = match (broken.client, broken.addr) {
        (Some(client), Some(addr)) => format!(" (It is about client {client} and {addr}.)"),
        (Some(client), None) => format!(" (It is about client {client}.)"),
        (None, Some(addr)) => format!(" (It is about {addr}.)"),
        (None, None) => String::new(),
    };
    let _ = write!(text, "{whom}");
    text
}

impl Paragraph {
    /// The paragraph as text: the first sentence has the time, the others how much later it was.
    fn text(&self) -> String {
        let mut text = String::new();
        let mut before: Option<Ns> = None;
        for sentence in &self.sentences {
            let joined = matches!(sentence.role, Role::Hears | Role::Keeps(..)) && before.is_some();
            let later = before.map(|before| words::length(sentence.at - before));
            match (before, later) {
                (Some(before), Some(later)) if joined => {
                    let later = if sentence.at == before {
                        String::new()
                    } else {
                        format!(" {later} later")
                    };
                    let _ = write!(text, "; {}{later}", sentence.text);
                }
                (Some(before), Some(later)) if sentence.at > before => {
                    let _ = write!(text, ". {} later {}", words::capital(&later), sentence.text);
                }
                (Some(_), _) => {
                    let _ = write!(text, ". {}", words::capital(&sentence.text));
                }
                (None, _) => {
                    let _ = write!(text, "At {} {}", words::moment(sentence.at), sentence.text);
                }
            }
            before = Some(sentence.at);
        }
        text.push('.');
        text
    }
}
