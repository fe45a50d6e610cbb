//! Every message that the server may log: its stable id, its logger, its level, what it means and
//! what an operator should do.
//!
//! A [`Message`] can be had from the table alone, so nothing can be logged that is not in it.
//!
//! # Map
//! - `table`: the table itself, as one constant for each message.
//! - [`logger`]: parts of the server that log, by Kea's names.
//! - [`level`]: how much a message asks of an operator.
//! - [`page`]: the table as a page to read.
//!
//! # Does not
//! Hold the words of one line: those are with the event or the notice that it tells of.
//!
//! # Invariants
//! - An id is never given another meaning, and its level does not depend on what is told.
#![forbid(unsafe_code)]

pub mod level;
pub mod logger;
pub mod page;
mod table;

use std::fmt;

pub use level::Level;
pub use logger::Logger;
pub use table::*;

/// A message, by its place in the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message(u16);

/// What the table says of one message.
struct Row {
    id: &'static str,
    logger: Logger,
    level: Level,
    detail: u8,
    meaning: &'static str,
    advice: &'static str,
}

impl Message {
    /// How many there are.
    pub const COUNT: usize = ROWS.len();

    /// Every message, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied()
    }

    const fn row(self) -> &'static Row {
        &ROWS[self.0 as usize]
    }

    /// The place in the table, below [`Message::COUNT`]. It may differ from version to version.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The stable id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.row().id
    }

    /// The part of the server that says it.
    #[must_use]
    pub const fn logger(self) -> Logger {
        self.row().logger
    }

    /// How much it asks of an operator.
    #[must_use]
    pub const fn level(self) -> Level {
        self.row().level
    }

    /// The least `debuglevel` that shows it, 0 to 99; 0 for what is above [`Level::Debug`].
    #[must_use]
    pub const fn detail(self) -> u8 {
        self.row().detail
    }

    /// What it means, in a sentence or two.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        self.row().meaning
    }

    /// What an operator should do; empty if there is nothing to do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        self.row().advice
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_differ_and_have_their_form() {
        let ids: BTreeSet<&str> = Message::all().map(Message::id).collect();
        assert_eq!(ids.len(), Message::COUNT);
        for id in ids {
            let words: Vec<&str> = id.split('_').collect();
            assert!(words.len() > 1, "{id}");
            let is_word = |it: &&str| {
                !it.is_empty()
                    && it.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit())
            };
            assert!(words.iter().all(is_word), "{id}");
        }
    }

    #[test]
    fn a_message_is_where_its_index_says() {
        for (index, message) in Message::all().enumerate() {
            assert_eq!(message.index(), index);
        }
        assert_eq!(DHCP4_LEASE_OFFERED.id(), "DHCP4_LEASE_OFFERED");
        assert_eq!(format!("{STORE_LOST} {STORE_LOST:?}"), "STORE_LOST STORE_LOST");
    }

    #[test]
    fn who_must_act_is_told_what_to_do() {
        for message in Message::all() {
            assert!(message.meaning().ends_with('.'), "{message}");
            let advice = message.advice();
            assert!(advice.is_empty() || advice.ends_with('.'), "{message}");
            assert!(message.level() < Level::Error || !advice.is_empty(), "{message}");
            let is_debug = message.level() == Level::Debug;
            assert!(is_debug || message.detail() == 0, "{message}");
            assert!(message.detail() <= 99, "{message}");
        }
    }
}
