//! What a line looks like.

use std::fmt::Write as _;
use std::process;

use lessor_config::LogPattern;
use lessor_config::log_pattern::{Field, Piece, Width};
use lessor_types::Wall;

use super::date::Date;
use super::line::Said;

/// How a line is laid out.
pub(super) enum Layout {
    /// As is usual here.
    Plain,
    /// By a pattern.
    Pattern(Pattern),
}

/// A pattern that is ready to be filled in.
pub(super) struct Pattern {
    steps: Vec<Step>,
    started: Wall,
}

enum Step {
    Text(String),
    Date(Date, Width),
    Field(Field, Width),
}

impl Layout {
    pub(super) fn of(pattern: &LogPattern, started: Wall) -> Self {
        let step = |piece: &Piece| match piece {
            Piece::Text(text) => Step::Text(text.clone()),
            Piece::Field { field: Field::Date { local, parts }, width } => {
                Step::Date(Date::new(*local, parts), *width)
            }
            Piece::Field { field, width } => Step::Field(field.clone(), *width),
        };
        Self::Pattern(Pattern { steps: pattern.pieces().iter().map(step).collect(), started })
    }

    /// Appends the line, with a line end.
    pub(super) fn print(&mut self, said: &Said<'_>, into: &mut String) {
        let Self::Pattern(pattern) = self else {
            return said.print(into);
        };
        pattern.print(said, into);
        if !into.ends_with('\n') {
            into.push('\n');
        }
    }
}

impl Pattern {
    fn print(&mut self, said: &Said<'_>, into: &mut String) {
        for step in &mut self.steps {
            let start = into.len();
            let width = match step {
                Step::Text(text) => {
                    into.push_str(text);
                    continue;
                }
                Step::Date(date, width) => {
                    date.print(said.at, into);
                    *width
                }
                Step::Field(field, width) => {
                    fill_in(field, said, self.started, into);
                    *width
                }
            };
            if width != Width::default() {
                fit(width, start, into);
            }
        }
    }
}

fn fill_in(field: &Field, said: &Said<'_>, started: Wall, into: &mut String) {
    let message = said.message;
    // Writing to a string cannot fail.
    let _ = match field {
        // It has a step of its own.
        Field::Date { .. } => Ok(()),
        Field::Level => into.write_str(message.level().word()),
        Field::Logger(parts) => into.write_str(last_parts(message.logger().full_name(), *parts)),
        Field::Message => write!(into, "{message} {}", said.words),
        Field::Newline => into.write_str("\n"),
        // The first thread of a process has its number, and that is the one which serves.
        Field::Process | Field::Thread => write!(into, "{}", process::id()),
        Field::ThreadName => into.write_str("main"),
        Field::Host { full } => {
            let host = rustix::system::uname();
            let name = host.nodename().to_string_lossy();
            let short = name.split('.').next().unwrap_or_default();
            into.write_str(if *full { &name } else { short })
        }
        Field::Elapsed => {
            let millis =
                |at: Wall| i128::from(at.secs()) * 1000 + i128::from(at.subsec_nanos() / 1_000_000);
            write!(into, "{}", millis(said.at) - millis(started))
        }
    };
}

/// So many of the last parts of a name with dots.
fn last_parts(name: &str, parts: Option<usize>) -> &str {
    match parts.and_then(|parts| name.rmatch_indices('.').nth(parts - 1)) {
        Some((at, _)) => name.get(at + 1..).unwrap_or(name),
        None => name,
    }
}

/// Gives what stands in `into` from `start` on the width that it should have.
fn fit(width: Width, start: usize, into: &mut String) {
    let letters = into[start..].chars().count();
    if let Some(max) = width.max
        && letters > max
    {
        let cut = into[start..].char_indices().nth(letters - max).map_or(0, |(at, _)| at);
        into.replace_range(start..start + cut, "");
        return;
    }
    let blanks = " ".repeat(width.min.saturating_sub(letters));
    if width.left {
        into.push_str(&blanks);
    } else {
        into.insert_str(start, &blanks);
    }
}

#[cfg(test)]
mod tests {
    use lessor_messages as messages;

    use super::*;

    fn laid_out(pattern: &str) -> String {
        let mut layout = Layout::of(&LogPattern::parse(pattern).0, Wall::from_secs(1000));
        let said = Said {
            at: Wall::new(1001, 7_000_000),
            message: messages::DHCP4_LEASE_COMMITTED,
            words: "x: leased 192.0.2.1",
        };
        let mut text = String::new();
        layout.print(&said, &mut text);
        text
    }

    #[test]
    fn a_pattern_is_filled_in() {
        let pid = process::id();
        assert_eq!(
            laid_out("%d{%Y-%m-%d %H:%M:%S.%q} %-5p [%c/%i.%t] %m\n"),
            format!(
                "1970-01-01 00:16:41.007 INFO  [kea-dhcp4.leases/{pid}.{pid}] \
                 DHCP4_LEASE_COMMITTED x: leased 192.0.2.1\n"
            )
        );
        assert_eq!(
            laid_out(LogPattern::SYSLOG),
            format!("INFO  [kea-dhcp4.leases.{pid}] DHCP4_LEASE_COMMITTED x: leased 192.0.2.1\n")
        );
        assert_eq!(laid_out("%r %T %c{1} %c{2} %c{9}%n"), {
            "1007 main leases kea-dhcp4.leases kea-dhcp4.leases\n"
        });
    }

    #[test]
    fn widths_fill_and_cut() {
        assert_eq!(laid_out("[%6p][%-6p][%.2p][%3.3p]"), "[  INFO][INFO  ][FO][NFO]\n");
        assert_eq!(laid_out("%.4m"), ".2.1\n");
    }

    #[test]
    fn hosts_have_names() {
        let (short, full) = (laid_out("%h"), laid_out("%H"));
        assert!(full.starts_with(short.trim_end()) && short.len() > 1, "{short} {full}");
    }
}
