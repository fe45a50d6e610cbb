//! Texts and places in them.

use std::fmt;
use std::sync::Arc;

/// One text among those that a configuration is made of, in the order in which they were opened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FileId(pub u16);

/// A stretch of one text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    /// The text.
    pub file: FileId,
    /// The first octet.
    pub start: u32,
    /// The octet after the last.
    pub end: u32,
}

/// A place as people count: both numbers start at 1, columns are characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Location {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A named text.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: Arc<str>,
    /// Where each line but the first starts.
    breaks: Vec<usize>,
}

impl Source {
    /// A text under the name that diagnostics give it.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let breaks = text
            .bytes()
            .enumerate()
            .filter(|(_, octet)| *octet == b'\n')
            .map(|(at, _)| at + 1)
            .collect();
        Self { name: name.into(), text, breaks }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub const fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The place of an octet. Past the end it is the end; inside a character, that character.
    #[must_use]
    pub fn locate(&self, at: u32) -> Location {
        let at = usize::try_from(at).unwrap_or(usize::MAX).min(self.text.len());
        let lines_before = self.breaks.partition_point(|start| *start <= at);
        let start = lines_before
            .checked_sub(1)
            .and_then(|index| self.breaks.get(index))
            .copied()
            .unwrap_or(0);
        let octets = self.text.as_bytes().get(start..at).unwrap_or_default();
        let next_starts_here = self.text.is_char_boundary(at);
        // Every octet that does not continue a character starts one.
        let begun = octets.iter().filter(|octet| **octet & 0xc0 != 0x80).count();
        Location { line: lines_before + 1, column: begun + usize::from(next_starts_here) }
    }
}

/// The text may hold passwords, so its size stands for it.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} octets)", self.name, self.text.len())
    }
}

/// All texts of one configuration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Adds a text; `None` if there are 65536 already or if it is too long for a [`Span`].
    pub fn add(&mut self, source: Source) -> Option<FileId> {
        let id = FileId(u16::try_from(self.0.len()).ok()?);
        u32::try_from(source.text.len()).ok()?;
        self.0.push(source);
        Some(id)
    }

    /// One text.
    #[must_use]
    pub fn source(&self, file: FileId) -> Option<&Source> {
        self.0.get(usize::from(file.0))
    }

    /// Where a span starts, as `file:line:column`.
    #[must_use]
    pub fn locate(&self, span: Span) -> String {
        self.source(span.file).map_or_else(
            || "?".to_owned(),
            |source| format!("{}:{}", source.name, source.locate(span.start)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Counts as a reader would, character by character.
    fn naive(text: &str, at: usize) -> Location {
        let mut place = Location { line: 1, column: 1 };
        for (index, letter) in text.char_indices() {
            if index + letter.len_utf8() > at {
                break;
            }
            if letter == '\n' {
                place.line += 1;
                place.column = 1;
            } else {
                place.column += 1;
            }
        }
        place
    }

    proptest! {
        #[test]
        fn places_agree_with_counting(text in "[a\n\r\té→😀]{0,60}", at in 0_usize..200) {
            let source = Source::new("x", text.as_str());
            let place = source.locate(u32::try_from(at).expect("small"));
            prop_assert_eq!(place, naive(&text, at));
        }
    }

    #[test]
    fn the_text_is_not_printed() {
        let printed = format!("{:?}", Source::new("a.conf", "hunter2"));
        assert_eq!(printed, "Source(\"a.conf\", 7 octets)");
    }

    #[test]
    fn a_place_in_no_file_is_a_question() {
        assert_eq!(Sources::default().locate(Span::default()), "?");
    }
}
