//! What the demo prints: a timeline, a table and a verdict.

use std::net::Ipv4Addr;
use std::time::Instant;

use super::proof::Acknowledged;

/// Prints what happens, with the seconds since the beginning.
pub(super) struct Account {
    begun: Instant,
    rows: Vec<Row>,
}

/// One client, or many of a kind.
struct Row {
    who: String,
    what: String,
    how: String,
}

impl Account {
    pub(super) fn begin() -> Self {
        Self { begun: Instant::now(), rows: Vec::new() }
    }

    /// One line of the timeline.
    pub(super) fn say(&self, what: impl AsRef<str>) {
        println!("{:7.2} s  {}", self.begun.elapsed().as_secs_f64(), what.as_ref());
    }

    /// Something shown below a line of the timeline, as it is.
    pub(super) fn show<S: AsRef<str>>(&self, lines: impl IntoIterator<Item = S>) {
        for line in lines {
            println!("           │ {}", line.as_ref());
        }
    }

    /// Notes a client for the table.
    pub(super) fn note(&mut self, who: &str, ack: &Acknowledged, how: &str) {
        let what = format!("{} for {} s", ack.addr, ack.lifetime);
        self.rows.push(Row { who: who.to_owned(), what, how: how.to_owned() });
    }

    /// Notes many clients for the table.
    pub(super) fn note_many(&mut self, who: &str, acks: &[Acknowledged], how: &str) {
        let addresses = acks.iter().map(|ack| ack.addr);
        let Some((first, last)) = addresses.clone().min().zip(addresses.max()) else { return };
        let what = span(first, last, acks.len());
        self.rows.push(Row { who: who.to_owned(), what, how: how.to_owned() });
    }

    /// The table of clients.
    pub(super) fn table(&self) {
        let who = self.rows.iter().map(|row| row.who.len()).max().unwrap_or(0);
        let what = self.rows.iter().map(|row| row.what.len()).max().unwrap_or(0);
        println!("\nClients");
        for row in &self.rows {
            println!("  {:who$}  {:what$}  {}", row.who, row.what, row.how);
        }
    }
}

fn span(first: Ipv4Addr, last: Ipv4Addr, count: usize) -> String {
    format!("{count} in {first} - {last}")
}
