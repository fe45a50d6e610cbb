//! One map of a checked tree, with typed access to its values.

use std::net::Ipv4Addr;
use std::ops::Range;

use lessor_types::Secs;

use super::NOTHING;
use crate::UserContext;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::{Map, Value};
use crate::path::Path;
use crate::source::{Sources, Span};

/// A map and the way to it. A value of the wrong kind counts as absent: it was reported.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    map: &'a Map,
    /// Where the map is.
    pub(super) span: Span,
    /// The way to it.
    pub(super) path: Path<'a>,
}

impl<'a> Section<'a> {
    pub(super) const fn new(map: &'a Map, span: Span, path: Path<'a>) -> Self {
        Self { map, span, path }
    }

    /// The map itself.
    pub(super) const fn map(&self) -> &'a Map {
        self.map
    }

    pub(super) fn value(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key)
    }

    /// Where a key's value is; the whole if the key is absent.
    pub(super) fn place(&self, key: &str) -> Span {
        self.value(key).map_or(self.span, |value| value.span)
    }

    /// What is noted about it.
    pub(super) fn context(&self) -> UserContext {
        UserContext::read(self.map)
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.value(key)?.as_text()
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        self.value(key)?.as_bool()
    }

    pub(super) fn number(&self, key: &str) -> Option<u32> {
        whole(self.value(key)?)
    }

    pub(super) fn secs(&self, key: &str) -> Option<Secs> {
        self.number(key).map(Secs)
    }

    pub(super) fn list(&self, key: &str) -> &'a [Value] {
        self.value(key).and_then(Value::as_list).unwrap_or_default()
    }

    /// The map under a key; an empty one if the key is absent.
    pub(super) fn section<'b>(&'b self, key: &'b str) -> Section<'b> {
        let map = self.value(key).and_then(Value::as_map);
        Section::new(map.unwrap_or(NOTHING), self.place(key), self.path.key(key))
    }
}

/// A key with the one that it took the place of.
#[derive(Clone, Copy)]
pub(super) struct Renamed {
    /// As it is spelled now.
    pub(super) new: &'static str,
    /// As it was spelled.
    pub(super) old: &'static str,
}

impl Renamed {
    /// The spelling that a map uses; of both, the new one.
    pub(super) fn spelling(self, section: &Section<'_>, out: &mut Diagnostics) -> &'static str {
        if section.value(self.old).is_none() {
            return self.new;
        }
        let Some(new) = section.value(self.new) else {
            return self.old;
        };
        let told = format!("the old spelling of `{}`, which is there too", self.new);
        out.push(
            Diagnostic::error(section.place(self.old), section.path.key(self.old), told)
                .hint(format!("take `{}` out", self.old))
                .related(new.span, self.new),
        );
        self.new
    }
}

/// The place of a part of a text, which may be written with escapes.
pub(super) fn within(value: &Value, part: &Range<usize>, sources: &Sources) -> Span {
    let span = value.span;
    let octet = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let index = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    let inside = index(span.start).saturating_add(1)..index(span.end).saturating_sub(1);
    let source = sources.source(span.file);
    let Some(written) = source.and_then(|source| source.text().get(inside.clone())) else {
        return span;
    };
    let place = |at: usize| octet(inside.start.saturating_add(written_before(written, at)));
    Span { start: place(part.start), end: place(part.end), ..span }
}

/// How many octets of `written` stand for the first `octets` of the text that it means.
fn written_before(written: &str, octets: usize) -> usize {
    let mut meant = 0;
    let mut letters = written.char_indices();
    while let Some((at, letter)) = letters.next() {
        if meant >= octets {
            return at;
        }
        meant += match letter {
            '\\' => match letters.next() {
                Some((at, 'u')) => {
                    let unit = written.get(at + 1..at + 5);
                    letters.nth(3);
                    match unit.and_then(|unit| u16::from_str_radix(unit, 16).ok()) {
                        Some(0..0x80) => 1,
                        // The half of a character that has four octets.
                        Some(0x80..0x800 | 0xd800..0xe000) => 2,
                        _ => 3,
                    }
                }
                _ => 1,
            },
            other => other.len_utf8(),
        };
    }
    written.len()
}

/// A whole number that fits.
pub(super) fn whole(value: &Value) -> Option<u32> {
    u32::try_from(value.as_int()?).ok()
}

/// An address.
pub(super) fn addr(value: &Value) -> Option<Ipv4Addr> {
    value.as_text()?.parse().ok()
}

/// A share in parts of a million.
pub(super) fn ppm(value: &Value) -> Option<u32> {
    let share = value.as_real()?.clamp(0.0, 1.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and a million"
    )]
    let parts = (share * 1e6).round() as u32;
    Some(parts)
}

/// The maps in which a setting may stand, innermost first.
#[derive(Clone, Copy)]
pub(super) struct Chain<'a>(pub(super) &'a [&'a Section<'a>]);

/// A setting that was found in a chain.
#[derive(Clone, Copy)]
pub(super) struct Found<T> {
    /// What it says.
    pub(super) value: T,
    /// Where it is.
    pub(super) span: Span,
    /// In which map of the chain; 0 is the innermost.
    pub(super) depth: usize,
}

impl<'a> Chain<'a> {
    /// The innermost value that `read` can use, with its place.
    pub(super) fn find<T>(
        self,
        key: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<Found<T>> {
        let mut maps = self.0.iter().enumerate();
        maps.find_map(|(depth, section)| {
            let value = section.value(key)?;
            Some(Found { value: read(value)?, span: value.span, depth })
        })
    }

    /// As [`Chain::find`], without the place.
    pub(super) fn pick<T>(self, key: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        self.find(key, read).map(|found| found.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_count_as_what_they_mean() {
        let written = r#"a\"\\é\u00e9\u20ac\ud83d\ude00z"#;
        let meant = "a\"\\éé€😀z";
        let found = |part| written.get(written_before(written, meant.find(part).unwrap_or(0))..);
        assert_eq!(found("\\"), Some(r"\\é\u00e9\u20ac\ud83d\ude00z"));
        assert_eq!(found("€"), Some(r"\u20ac\ud83d\ude00z"));
        assert_eq!(found("z"), Some("z"));
        assert_eq!(written_before(written, meant.len()), written.len());
    }
}
