//! The table as words for a fuzzer.

use std::collections::BTreeSet;

use super::{KEYS, Kind};

/// What a text consists of beside keys and their words.
const MARKS: [&str; 14] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "//",
    "#",
    "/*",
    "*/",
    "true",
    "false",
    "<?include \"x\"?>",
];

/// Keys, and words that they take, in the form that libFuzzer reads (`-dict=`).
#[must_use]
pub fn dictionary() -> String {
    let mut words: BTreeSet<String> = MARKS.iter().map(|mark| (*mark).to_owned()).collect();
    words.insert("\"Dhcp4\":".to_owned());
    for key in KEYS {
        words.insert(format!("\"{}\":", key.name));
        if let Kind::OneOf(known) | Kind::OneOfOrBool(known) = key.kind {
            words.extend(known.iter().map(|word| format!("\"{word}\"")));
        }
        if !key.default.starts_with('(') {
            words.insert(key.default.to_owned());
        }
    }
    let quoted = words.iter().map(|word| {
        let escaped = word.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\"\n")
    });
    quoted.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_with_their_quotes() {
        let text = dictionary();
        assert!(text.lines().any(|line| line == r#""\"valid-lifetime\":""#), "{text}");
        assert!(text.lines().any(|line| line == r#""\"iterative\"""#), "{text}");
        assert!(text.lines().all(|line| line.len() > 2), "{text}");
    }
}
