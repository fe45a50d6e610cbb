//! How addresses are chosen, and how stored leases are looked over.

use super::section::{Chain, Section};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::Value;
use crate::model::{Allocator, InfoCheck, LeaseCheck, SanityChecks};

/// Kea's queue that several servers share, in their database.
const SHARED_QUEUE: &str = "shared-flq";

/// The allocator that holds in the innermost map of `chain`.
pub(super) fn read_allocator(chain: Chain<'_>, out: &mut Diagnostics) -> Allocator {
    let Some(found) = chain.find("allocator", Value::as_text) else {
        return Allocator::default();
    };
    if found.value.eq_ignore_ascii_case(SHARED_QUEUE) {
        tell_of_shared_queue(chain, out);
        return Allocator::FreeLeaseQueue;
    }
    named(&Allocator::WORDS, found.value).unwrap_or_default()
}

/// Says so where it stands, and not again wherever it is inherited.
fn tell_of_shared_queue(chain: Chain<'_>, out: &mut Diagnostics) {
    let Some((section, value)) = chain.0.first().and_then(|it| Some((it, it.value("allocator")?)))
    else {
        return;
    };
    let told = format!("`{SHARED_QUEUE}` keeps its queue in a database, and leases are in none");
    out.push(
        Diagnostic::warning(value.span, section.path.key("allocator"), told)
            .hint("the queue is kept in memory, as with \"flq\""),
    );
}

/// `sanity-checks`.
pub(super) fn read_sanity(section: &Section<'_>) -> SanityChecks {
    let default = SanityChecks::default();
    let word = |key| section.text(key).unwrap_or_default();
    SanityChecks {
        lease: named(&LeaseCheck::WORDS, word("lease-checks")).unwrap_or(default.lease),
        extended_info: named(&InfoCheck::WORDS, word("extended-info-checks"))
            .unwrap_or(default.extended_info),
    }
}

fn named<T: Copy>(words: &[(&str, T)], text: &str) -> Option<T> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, it)| *it)
}
