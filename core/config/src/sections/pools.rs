//! Pools: their ranges, and that no two share an address.

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_types::PoolId;

use super::Words;
use super::classes;
use super::naming;
use super::option_data;
use super::section::Section;
use crate::Prefix4;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Naming, Pool};
use crate::source::Span;

/// A range as the file gives it, to be compared with all others.
pub(super) struct Range {
    first: Ipv4Addr,
    last: Ipv4Addr,
    place: Span,
    path: String,
}

/// The pools of one subnet. Their ranges are added to `ranges`.
pub(super) fn read(
    subnet: &Section<'_>,
    prefix: Option<(Prefix4, Span)>,
    (words, around): (Words<'_>, &Arc<Naming>),
    ranges: &mut Vec<Range>,
    out: &mut Diagnostics,
) -> Vec<Pool> {
    let list = subnet.path.key("pools");
    let mut pools = Vec::new();
    for (index, value) in subnet.list("pools").iter().enumerate() {
        let Some(map) = value.as_map() else {
            continue;
        };
        let section = Section::new(map, value.span, list.index(index));
        let options = option_data::read(&section, words.vocabulary, out);
        let guards = classes::read_guards(&section, words.classes, out);
        let additional = classes::read_additional(&section, words.classes, out);
        let naming = naming::read(&section, around, out);
        let Some((first, last)) = read_range(&section, out) else {
            continue;
        };
        let path = section.path.key("pool");
        let place = section.place("pool");
        if let Some((prefix, other)) = prefix
            && !(prefix.contains(first) && prefix.contains(last))
        {
            out.push(
                Diagnostic::error(place, path, format!("{first} - {last} is not in {prefix}"))
                    .hint("a pool lies in its subnet")
                    .related(other, "the subnet"),
            );
        } else {
            ranges.push(Range { first, last, place, path: path.to_string() });
        }
        pools.push(Pool {
            first,
            last,
            id: PoolId(section.number("pool-id").unwrap_or(0)),
            options,
            guards,
            additional,
            context: section.context(),
            naming,
        });
    }
    pools
}

/// The addresses of `pool`: two ends, or a prefix.
fn read_range(section: &Section<'_>, out: &mut Diagnostics) -> Option<(Ipv4Addr, Ipv4Addr)> {
    const FORM: &str = "expected \"192.0.2.10 - 192.0.2.99\" or \"192.0.2.64/26\"";
    let path = section.path.key("pool");
    let Some(value) = section.value("pool") else {
        out.push(Diagnostic::error(section.span, section.path, "`pool` is missing").hint(FORM));
        return None;
    };
    let text = value.as_text()?;
    if let Ok(prefix) = text.trim().parse::<Prefix4>() {
        return Some((prefix.addr(), prefix.broadcast()));
    }
    let ends = text.split_once('-').and_then(|(first, last)| {
        let end = |text: &str| text.trim().parse::<Ipv4Addr>().ok();
        Some((end(first)?, end(last)?))
    });
    match ends {
        None => out.push(
            Diagnostic::error(value.span, path, format!("{value} is not a range of addresses"))
                .hint(FORM),
        ),
        Some((first, last)) if first > last => out.push(
            Diagnostic::error(value.span, path, format!("{first} is above {last}"))
                .hint("the lower end comes first"),
        ),
        Some(ends) => return Some(ends),
    }
    None
}

/// Finds ranges that share addresses, in whatever subnets they are.
pub(super) fn check_overlaps(mut ranges: Vec<Range>, out: &mut Diagnostics) {
    ranges.sort_by_key(|range| (range.first, range.last));
    let mut ranges = ranges.iter();
    let Some(mut farthest) = ranges.next() else {
        return;
    };
    for range in ranges {
        if range.first <= farthest.last {
            // The one that stands later in the file is the one that is told.
            let (earlier, later) =
                if farthest.place <= range.place { (farthest, range) } else { (range, farthest) };
            let told =
                format!("{} - {} shares addresses with another pool", later.first, later.last);
            let other = format!("{}: {} - {}", earlier.path, earlier.first, earlier.last);
            out.push(
                Diagnostic::error(later.place, later.path.as_str(), told)
                    .hint("an address belongs to one pool")
                    .related(earlier.place, other),
            );
        }
        if range.last > farthest.last {
            farthest = range;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::Sources;

    proptest! {
        #[test]
        fn ranges_clash_if_two_share_an_address(
            ends in proptest::collection::vec((0_u32..60, 0_u32..6), 0..7),
        ) {
            let ranges = ends.iter().zip(0..).map(|((first, more), start)| Range {
                first: (*first).into(),
                last: (first + more).into(),
                place: Span { start, ..Span::default() },
                path: String::new(),
            });
            let mut out = Diagnostics::new(Sources::default());
            check_overlaps(ranges.collect(), &mut out);
            let shared = ends.iter().enumerate().any(|(index, (first, more))| {
                let mut others = ends.iter().skip(index + 1);
                others.any(|(other, its)| *first <= other + its && *other <= first + more)
            });
            prop_assert_eq!(out.has_errors(), shared);
            // Whoever stands later is told, and shown who stands earlier.
            prop_assert!(out.iter().all(|it| it.related[0].0 < it.span));
        }
    }
}
