//! Times, names, and what things are called.

use std::fmt::Write;

use lessor_wire::v4::MessageType;

use crate::history::{Gist, Loss, Station};
use crate::time::{MS, Ns, SEC, US};

/// How wide a line is.
const WIDTH: usize = 100;

/// A true time as people say it.
pub(super) fn moment(t: Ns) -> String {
    let (hours, minutes) = (t / (3600 * SEC), t / (60 * SEC) % 60);
    let seconds = format!("{}.{:03} s", t / SEC % 60, t % SEC / MS);
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes} min {seconds}"),
        _ => format!("{hours} h {minutes} min {seconds}"),
    }
}

/// A length of time as people say it: two or three digits are enough.
pub(super) fn length(t: Ns) -> String {
    if t < MS {
        format!("{} µs", t.div_ceil(US))
    } else if t < SEC {
        format!("{} ms", t / MS)
    } else if t < 60 * SEC {
        format!("{}.{} s", t / SEC, t % SEC / (100 * MS))
    } else {
        let (hours, minutes, seconds) = (t / (3600 * SEC), t / (60 * SEC) % 60, t / SEC % 60);
        match (hours, seconds) {
            (0, 0) => format!("{minutes} min"),
            (0, _) => format!("{minutes} min {seconds} s"),
            _ => format!("{hours} h {minutes} min"),
        }
    }
}

/// A station in a sentence.
pub(super) fn station(station: Station) -> String {
    match station {
        Station::Stranger => "a stranger".to_owned(),
        other => other.to_string(),
    }
}

/// What a message is called.
pub(super) fn kind(gist: &Gist) -> String {
    match gist.kind {
        0 => "a message that is none".to_owned(),
        kind => MessageType::from_octet(kind).to_string(),
    }
}

/// Why a client has an address no longer.
pub(super) const fn loss(why: Loss) -> &'static str {
    match why {
        Loss::Released => "it gave it back",
        Loss::Expired => "its time was over",
        Loss::Refused => "a server refused it",
        Loss::Declined => "it found another user of it",
        Loss::Forgot => "it lost its memory",
        Loss::GaveUp => "nobody answered, and it does not go on alone",
        Loss::Replaced => "it has another one now",
    }
}

/// The text with a capital at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The text in lines of at most [`WIDTH`], each ended.
pub(super) fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            column = 0;
        }
        let blank = if column > 0 { " " } else { "" };
        let _ = write!(out, "{blank}{word}");
        column += width + blank.len();
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        assert_eq!(moment(3 * SEC + 20 * MS), "3.020 s");
        assert_eq!(moment(723 * SEC), "12 min 3.000 s");
        assert_eq!(moment(3723 * SEC), "1 h 2 min 3.000 s");
        assert_eq!(length(400 * US), "400 µs");
        assert_eq!(length(4 * MS + 999 * US), "4 ms");
        assert_eq!(length(1300 * MS), "1.3 s");
        assert_eq!(length(600 * SEC), "10 min");
        assert_eq!(length(605 * SEC), "10 min 5 s");
        assert_eq!(length(3700 * SEC), "1 h 1 min");
    }

    #[test]
    fn lines_are_filled_and_not_overfilled() {
        let text = "word ".repeat(60);
        let filled = filled(&text);
        assert!(filled.lines().all(|line| line.len() <= WIDTH && line.len() > WIDTH - 10));
        assert_eq!(filled.split_whitespace().count(), 60);
    }
}
