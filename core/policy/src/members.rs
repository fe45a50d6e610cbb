//! Which classes a lease's client was in when it was granted, so that leases can be counted by class.
//!
//! It is kept in the lease's user context, in Kea's form:
//! `{ "ISC": { "client-classes": [ "phones" ] } }`.

use lessor_config::json::Value;

use crate::lease_context::{member, with_member};

/// The member of Kea's part for the classes.
const CLASSES: &str = "client-classes";

/// The classes that a lease's context names.
#[must_use]
pub fn classes(context: Option<&str>) -> Vec<String> {
    let found = member(context, CLASSES);
    let names = found.as_ref().and_then(Value::as_list).unwrap_or_default();
    names.iter().filter_map(Value::as_text).map(str::to_owned).collect()
}

/// `context` with these classes instead of those that it named; the text stays as it is where it
/// names just these, and where it is no JSON map.
#[must_use]
pub fn with_classes(context: Option<&str>, names: &[&str]) -> Option<Box<str>> {
    if classes(context) == names {
        return context.map(Box::from);
    }
    with_member(context, CLASSES, names.iter().copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_the_rest_stays() {
        let first = with_classes(None, &["a", "b\""]).expect("a context");
        assert_eq!(&*first, r#"{"ISC": {"client-classes": ["a", "b\""]}}"#);
        assert_eq!(classes(Some(&first)), ["a", "b\""]);
        let foreign = r#"{ "note": 7, "ISC": { "relay-agent-info": {} } }"#;
        let both = with_classes(Some(foreign), &["a"]).expect("a context");
        assert!(
            both.starts_with(r#"{"note": 7, "ISC": {"relay-agent-info": {}, "client-classes""#)
        );
        assert_eq!(with_classes(Some(&both), &["a"]).as_ref(), Some(&both));
        assert_eq!(classes(with_classes(Some(&both), &[]).as_deref()), [""; 0]);
        for broken in ["", "[]", "{", r#"{"ISC": {"client-classes": 7}}"#] {
            assert_eq!(classes(Some(broken)), [""; 0], "{broken}");
        }
        assert_eq!(with_classes(Some("[]"), &["a"]).as_deref(), Some("[]"));
        assert_eq!(with_classes(None, &[]), None);
    }
}
