//! One planted error in a lawful file, at any place and in any dress: its place is told exactly.

use std::collections::BTreeMap;

use lessor_config::{Config, Diagnostic, Level};
use proptest::prelude::*;

/// A file's text in parts, so that each value can be dressed and one can be spoilt.
#[derive(Clone, Debug)]
enum Part {
    Plain(&'static str),
    List(Vec<Self>),
    Map(Vec<(&'static str, Self)>),
}

use Part::{List, Map, Plain};

/// A lawful file with values of every kind.
fn lawful() -> Part {
    let option = |name, data| Map(vec![("name", Plain(name)), ("data", Plain(data))]);
    let pool = |range| {
        let options = List(vec![option("\"routers\"", "\"192.0.2.1\"")]);
        Map(vec![("pool", Plain(range)), ("pool-id", Plain("7")), ("option-data", options)])
    };
    let subnet = Map(vec![
        ("id", Plain("12")),
        ("subnet", Plain("\"192.0.2.0/24\"")),
        ("pools", List(vec![pool("\"192.0.2.9 - 192.0.2.20\""), pool("\"192.0.2.32/28\"")])),
        ("relay", Map(vec![("ip-addresses", List(vec![Plain("\"198.51.100.1\"")]))])),
        ("t1-percent", Plain(".25")),
        ("match-client-id", Plain("false")),
        ("boot-file-name", Plain("\"/b\\u00f6ot\\t\"")),
        ("user-context", Map(vec![("floor", Plain("\"zweiter Stock, Süd\""))])),
    ]);
    let interfaces = Map(vec![("interfaces", List(vec![Plain("\"*\""), Plain("\"eth0\"")]))]);
    Map(vec![(
        "Dhcp4",
        Map(vec![
            ("interfaces-config", interfaces),
            ("valid-lifetime", Plain("3600")),
            ("authoritative", Plain("true")),
            ("next-server", Plain("\"192.0.2.4\"")),
            ("comment", Plain("\"größer → höher 😀\"")),
            ("option-data", List(vec![option("\"domain-name\"", "\"example.org\"")])),
            ("expired-leases-processing", Map(vec![("max-reclaim-time", Plain("7"))])),
            ("subnet4", List(vec![subnet])),
        ]),
    )])
}

/// What is wrong in a text.
#[derive(Clone, Copy, Debug)]
enum Error {
    /// A value that no key takes.
    Kind,
    /// A word without quotes.
    Word,
    /// A map that does not end where it should.
    Bracket,
    /// A key that nothing has, in a map.
    Key,
    /// A key that is there already.
    Again,
}

const ERRORS: [Error; 5] = [Error::Kind, Error::Word, Error::Bracket, Error::Key, Error::Again];

/// What stands between tokens.
const DRESS: [&str; 8] =
    ["", " ", "\n\t", "\r\n", " // ü \"{\"\n", "# 😀\r\n", "/* *\n/ } */", "\u{feff}"];

/// A text that is being written, with the files that it includes.
struct Writer<'a> {
    /// Each with its name, in the order in which a reader opens them; those that are being written
    /// are `open`.
    files: Vec<String>,
    open: Vec<usize>,
    error: Error,
    /// At which place of its kind the error is planted, counting down.
    countdown: usize,
    /// Where it was planted: file, first octet, octet after the last.
    planted: Option<(usize, usize, usize)>,
    /// What is drawn for the next decisions, over and over.
    draws: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl Writer<'_> {
    fn draw(&mut self) -> usize {
        self.draws.next().map_or(0, |it| usize::from(*it))
    }

    fn put(&mut self, text: &str) {
        let file = *self.open.last().expect("one is open");
        self.files[file].push_str(text);
    }

    fn dress(&mut self) {
        let dress = DRESS[self.draw() % DRESS.len()];
        self.put(dress);
    }

    /// Writes what is wrong, and where.
    fn plant(&mut self, text: &str) {
        let file = *self.open.last().expect("one is open");
        let start = self.files[file].len();
        self.put(text);
        self.planted = Some((file, start, start + text.len()));
    }

    /// Whether the error belongs here.
    fn is_due(&mut self) -> bool {
        let due = self.planted.is_none() && self.countdown == 0;
        self.countdown = self.countdown.saturating_sub(1);
        due
    }

    /// Writes a value, perhaps into a file of its own.
    fn value(&mut self, part: &Part, free: bool) {
        let include = self.open.len() < 4 && self.draw().is_multiple_of(5);
        if include {
            let name = self.files.len();
            self.put(&format!("<?include \"{name}\"?>"));
            self.files.push(String::new());
            self.open.push(name);
        }
        self.dress();
        self.token(part, free);
        self.dress();
        if include {
            self.open.pop();
        }
    }

    fn token(&mut self, part: &Part, free: bool) {
        let error = self.error;
        match error {
            // Anything goes in a user context.
            Error::Kind if !free && self.is_due() => return self.plant("null"),
            Error::Word if self.is_due() => return self.plant("TRUE"),
            _ => {}
        }
        match part {
            Plain(text) => self.put(text),
            List(values) => {
                self.put("[");
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        self.put(",");
                    }
                    self.value(value, free);
                }
                self.put("]");
            }
            Map(members) => self.map(members, free),
        }
    }

    fn map(&mut self, members: &[(&'static str, Part)], free: bool) {
        self.put("{");
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                self.put(",");
            }
            self.dress();
            self.put(&format!("\"{key}\""));
            self.dress();
            self.put(":");
            self.value(value, free || *key == "user-context");
        }
        let error = self.error;
        match error {
            Error::Key if !free && self.is_due() => self.member("\"größe\""),
            Error::Again if self.is_due() => self.member(&format!("\"{}\"", members[0].0)),
            Error::Bracket if self.is_due() => return self.plant("]"),
            _ => {}
        }
        self.put("}");
    }

    /// A member with a wrong key.
    fn member(&mut self, key: &str) {
        self.put(",");
        self.dress();
        self.plant(key);
        self.put(": 1");
    }
}

/// The files of a text with an error of this kind at a place that `at` says.
fn written(error: Error, at: usize, draws: &[u8]) -> Writer<'_> {
    let mut writer = Writer {
        files: vec![String::new()],
        open: vec![0],
        error,
        countdown: at,
        planted: None,
        draws: draws.iter().cycle(),
    };
    writer.value(&lawful(), false);
    writer
}

/// The errors that are found, each with the name of its file.
fn errors(files: &[String]) -> Vec<(String, Diagnostic)> {
    let names: BTreeMap<String, &String> =
        files.iter().enumerate().map(|(index, text)| (index.to_string(), text)).collect();
    let mut loader =
        |name: &str| names.get(name).map(|it| (*it).clone()).ok_or_else(|| "gone".to_owned());
    let found = match Config::parse_with(&files[0], "0", &mut loader) {
        Ok((_, found)) | Err(found) => found,
    };
    let errors = found.iter().filter(|it| it.level == Level::Error);
    errors
        .map(|it| {
            let name = found.sources().source(it.span.file).expect("a file").name();
            (name.to_owned(), it.clone())
        })
        .collect()
}

#[test]
fn the_text_without_an_error_is_lawful() {
    let plain = written(Error::Kind, usize::MAX, &[1]);
    assert_eq!(errors(&plain.files), []);
    let dressed = written(Error::Kind, usize::MAX, &[5, 2, 3, 4, 1, 6, 7, 10]);
    assert!(dressed.files.len() > 3, "{:?}", dressed.files);
    assert_eq!(errors(&dressed.files), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_error_is_told_where_it_is(
        error in proptest::sample::select(&ERRORS[..]),
        at in 0_usize..30,
        draws in proptest::collection::vec(any::<u8>(), 1..60),
    ) {
        // There are fewer maps than values.
        let places = if matches!(error, Error::Kind | Error::Word) { 30 } else { 8 };
        let written = written(error, at % places, &draws);
        let Some((file, start, end)) = written.planted else {
            prop_assert_eq!(errors(&written.files), []);
            return Ok(());
        };
        let errors = errors(&written.files);
        let (name, found) = errors.first().expect("an error");
        let span = found.span.start as usize..found.span.end as usize;
        prop_assert_eq!(errors.len(), 1, "{:?}", errors);
        prop_assert_eq!((name, span), (&file.to_string(), start..end));
        if let Error::Again = error {
            prop_assert_eq!(found.related.len(), 1);
        }
    }
}
