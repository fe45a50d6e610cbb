//! One map of a checked tree, with typed access to its values.

use std::net::Ipv4Addr;

use lessor_types::Secs;

use super::NOTHING;
use crate::json::{Map, Value};
use crate::path::Path;
use crate::source::Span;

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

    pub(super) fn value(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key)
    }

    /// Where a key's value is; the whole if the key is absent.
    pub(super) fn place(&self, key: &str) -> Span {
        self.value(key).map_or(self.span, |value| value.span)
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
