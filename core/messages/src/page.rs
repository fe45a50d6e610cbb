//! The table as a page to read.

use std::fmt::{self, Write as _};

use crate::{Level, Logger, Message};

const INTRODUCTION: &str = "\
# Messages

Every line of the log has an id. This page is made from the table that the server itself logs by (`cargo xtask docs` writes
it, a test keeps it current), so there is no message that is not here. An id keeps its meaning and its level; tools may
rely on it. The words behind the id in a line may change.

Messages stand under their **logger**, by the name that an entry of `loggers` in the configuration selects: an entry for
`kea-dhcp4` is for all of them, one for `kea-dhcp4.leases` for those of that logger. **Level** is the least `severity` that
shows a message, for `DEBUG` with the least `debuglevel`. `ERROR` means that somebody must act, `FATAL` that the server ends.
";

/// The page, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut text = INTRODUCTION.to_owned();
    for logger in Logger::ALL {
        // Writing to a string does not fail.
        let _infallible = write_logger(&mut text, *logger);
    }
    text
}

fn write_logger(text: &mut String, logger: Logger) -> fmt::Result {
    let mut messages: Vec<Message> = Message::all().filter(|it| it.logger() == logger).collect();
    if messages.is_empty() {
        return Ok(());
    }
    messages.sort_by_key(|message| message.id());
    writeln!(text, "\n## `{logger}`\n\n| id | level | meaning | what to do |\n|---|---|---|---|")?;
    for message in messages {
        let level = match message.level() {
            Level::Debug => format!("DEBUG {}", message.detail()),
            level => level.word().to_owned(),
        };
        let (id, meaning, advice) = (message.id(), message.meaning(), message.advice());
        writeln!(text, "| `{id}` | {level} | {meaning} | {advice} |")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_has_one_row_of_four_cells() {
        let page = page();
        for message in Message::all() {
            let start = format!("| `{message}` |");
            let rows: Vec<&str> = page.lines().filter(|line| line.starts_with(&start)).collect();
            let [row] = rows[..] else { panic!("{message}: {rows:?}") };
            assert_eq!(row.matches('|').count(), 5, "{row}");
        }
    }
}
