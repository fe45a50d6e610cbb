//! Dates as patterns want them.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use lessor_config::log_pattern::DatePart;
use lessor_types::Wall;

/// A date that is written again and again. What does not change within a second is kept.
pub(super) struct Date {
    zone: TimeZone,
    parts: Vec<Part>,
    /// The second that the texts are of.
    second: Option<i64>,
}

enum Part {
    /// What `strftime` makes of `format`.
    Whole {
        format: String,
        text: String,
    },
    Millis,
    Micros,
}

impl Date {
    pub(super) fn new(local: bool, parts: &[DatePart]) -> Self {
        let zone = if local { TimeZone::system() } else { TimeZone::UTC };
        Self::within(zone, parts)
    }

    fn within(zone: TimeZone, parts: &[DatePart]) -> Self {
        let mut made: Vec<Part> = Vec::new();
        for part in parts {
            let format = match part {
                DatePart::Millis => {
                    made.push(Part::Millis);
                    continue;
                }
                DatePart::Micros => {
                    made.push(Part::Micros);
                    continue;
                }
                DatePart::Text(text) => text.replace('%', "%%"),
                DatePart::Standard(letter) => format!("%{letter}"),
            };
            match made.last_mut() {
                Some(Part::Whole { format: before, .. }) => before.push_str(&format),
                _ => made.push(Part::Whole { format, text: String::new() }),
            }
        }
        Self { zone, parts: made, second: None }
    }

    /// Appends the date.
    pub(super) fn print(&mut self, at: Wall, into: &mut String) {
        if self.second != Some(at.secs()) {
            self.renew(at.secs());
        }
        let nanos = at.subsec_nanos();
        for part in &self.parts {
            // Writing to a string cannot fail.
            let _ = match part {
                Part::Whole { text, .. } => into.write_str(text),
                Part::Millis => write!(into, "{:03}", nanos / 1_000_000),
                Part::Micros => {
                    write!(into, "{:03}.{:03}", nanos / 1_000_000, nanos / 1000 % 1000)
                }
            };
        }
    }

    fn renew(&mut self, second: i64) {
        self.second = Some(second);
        let at = Timestamp::from_second(second).map(|at| at.to_zoned(self.zone.clone()));
        for part in &mut self.parts {
            if let Part::Whole { format, text } = part {
                text.clear();
                match at.as_ref().ok().and_then(|at| strtime::format(&*format, at).ok()) {
                    Some(told) => text.push_str(&told),
                    // A clock that is thousands of years off.
                    None => text.push_str(&second.to_string()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lessor_config::LogPattern;
    use lessor_config::log_pattern::{Field, Piece};

    use super::*;

    fn date(zone: &str, format: &str) -> Date {
        let (pattern, flaws) = LogPattern::parse(&format!("%d{{{format}}}%m"));
        assert_eq!(flaws, []);
        let [Piece::Field { field: Field::Date { parts, .. }, .. }, ..] = pattern.pieces() else {
            panic!("a date");
        };
        let zone = match zone {
            "UTC" => TimeZone::UTC,
            posix => TimeZone::posix(posix).expect("a zone"),
        };
        Date::within(zone, parts)
    }

    fn shown(zone: &str, format: &str, at: Wall) -> String {
        let mut text = String::new();
        date(zone, format).print(at, &mut text);
        text
    }

    #[test]
    fn a_date_is_in_its_zone() {
        let format = "%Y-%m-%d %H:%M:%S.%q";
        let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
        let (winter, summer) = (Wall::new(1_704_067_199, 1_000_000), Wall::new(1_719_835_200, 0));
        assert_eq!(shown("UTC", format, winter), "2023-12-31 23:59:59.001");
        assert_eq!(shown(berlin, format, winter), "2024-01-01 00:59:59.001");
        assert_eq!(shown(berlin, format, summer), "2024-07-01 14:00:00.000");
        assert_eq!(shown(berlin, "%Z %z", summer), "CEST +0200");
    }

    /// Every letter that the pattern lets through is known to what writes it.
    #[test]
    fn all_letters_are_written() {
        let at = Wall::new(1_709_251_199, 123_456_789);
        for letter in "aAbBcdDeFGgHIjklmMpPrRsSTuUVwWxXyYzZ".chars() {
            let told = shown("UTC", &format!("%{letter}"), at);
            let is_second = told == at.secs().to_string();
            assert!(!told.is_empty() && (letter == 's' || !is_second), "{letter}: {told}");
        }
        assert_eq!(shown("UTC", "%j %a %b %y %% %Q", at), "060 Thu Feb 24 % 123.456");
    }

    #[test]
    fn what_is_kept_for_a_second_is_not_kept_longer() {
        let mut date = date("UTC", "%S.%q");
        let mut text = String::new();
        for (secs, nanos) in [(59, 0), (59, 999_999_999), (60, 5_000_000), (i64::MAX, 0)] {
            date.print(Wall::new(secs, nanos), &mut text);
            text.push(' ');
        }
        assert_eq!(text, "59.000 59.999 00.005 9223372036854775807000 ");
    }
}
