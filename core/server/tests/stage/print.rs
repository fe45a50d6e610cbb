//! What a scenario says of an output, in a line.

use lessor_lease::{Change, Lease, Lookup};
use lessor_server::{Event, Outcome, Output, Reply};
use lessor_types::{Holder, Transmit};
use lessor_wire::v4::{Message, MessageType, code};

use super::START;

pub(super) fn output(output: &Output) -> String {
    match output {
        Output::Send(transmit) => send(transmit),
        Output::Store(batch) => {
            let what: Vec<String> = batch.changes.iter().map(change).collect();
            format!("store {}: {}", batch.first, what.join("; "))
        }
        Output::Fetch { lookups, .. } => {
            let what: Vec<String> = lookups.iter().map(lookup).collect();
            format!("fetch {}", what.join(", "))
        }
        Output::Probe { unit, link, .. } => match link {
            Some(_) => format!("probe {unit}"),
            None => format!("probe {unit} by its route"),
        },
        Output::Peer(update) => {
            let what: Vec<String> = update.changes.iter().map(change).collect();
            format!("partner {}: {}", update.first, what.join("; "))
        }
        Output::Connect(backend) => format!("connect to {backend}"),
        Output::Exit => "exit".to_owned(),
        Output::Reply(_, Reply::Leases(rows)) => {
            let units: Vec<String> = rows.iter().map(|row| row.unit.to_string()).collect();
            format!("reply leases: {}", units.join(", "))
        }
        Output::Reply(_, reply) => format!("reply {reply:?}"),
        Output::Event(event) => self::event(event),
        // Everything that one life remembers shows in the next one.
        Output::Remember(_) => String::new(),
    }
}

fn send(transmit: &Transmit) -> String {
    let message = Message::decode(&transmit.payload).expect("we understand ourselves");
    let kind = match message.message_type() {
        Some(MessageType::Offer) => "OFFER",
        Some(MessageType::Ack) => "ACK",
        Some(MessageType::Nak) => "NAK",
        None => "BOOTREPLY",
        other => panic!("servers don't send {other:?}"),
    };
    let mut line = format!("{} < {kind}", name(message.hw.octets()));
    if !message.yiaddr.is_unspecified() {
        line += &format!(" yiaddr={}", message.yiaddr);
    }
    for (label, code) in
        [("lease", code::LEASE_TIME), ("t1", code::RENEWAL_TIME), ("t2", code::REBINDING_TIME)]
    {
        if let Some(secs) = message.options.u32(code) {
            line += &format!(" {label}={secs}");
        }
    }
    line += &super::options::show(&message);
    line + &format!(" to {}", transmit.to)
}

fn change(change: &Change) -> String {
    match &change.to {
        Some(row) => format!("{} {}", row.unit, self::row(row)),
        None => format!("{} removed", change.unit),
    }
}

fn row(row: &Lease) -> String {
    let until = row.expires.secs() - START;
    let context = row.context.as_ref().map_or_else(String::new, |text| format!(" {text}"));
    let name = row.hostname.as_ref().map_or_else(String::new, |name| format!(" called {name}"));
    let who = holder(&row.holder);
    format!("{} {who} for {} until {until}{name}{context}", row.state, row.valid)
}

fn lookup(lookup: &Lookup) -> String {
    match lookup {
        Lookup::Unit(unit) => unit.to_string(),
        Lookup::Holder(holder) => format!("rows of {}", self::holder(holder)),
        Lookup::FreeIn { first, last, .. } => format!("free in {first}-{last}"),
        Lookup::Lapsed { .. } => "lapsed".into(),
        Lookup::HwAddr(hw) => format!("rows with hw-address {hw}"),
        Lookup::ClientId(id) => format!("rows with client-id {id}"),
        Lookup::Page { after: Some(after), count } => format!("{count} rows behind {after}"),
        Lookup::Page { after: None, count } => format!("{count} rows"),
    }
}

fn event(event: &Event) -> String {
    let Event::Ended { client, outcome, .. } = event else {
        return format!("{}: {event}", event.id());
    };
    let who = client.as_ref().map_or_else(|| "?".into(), |(holder, _)| self::holder(holder));
    match outcome {
        Outcome::Answered(effect) | Outcome::Done(effect) => {
            format!("{} {who}: {effect}", event.id())
        }
        Outcome::Dropped(reason) => format!("{} {who}: {reason}", event.id()),
    }
}

fn holder(holder: &Holder) -> String {
    match (&holder.client_id, holder.hw.is_empty()) {
        (None, true) => "nobody".into(),
        (None, false) => name(holder.hw.octets()),
        (Some(id), _) => {
            format!("{}/{}", name(holder.hw.octets()), id.octets().escape_ascii())
        }
    }
}

fn name(hw: &[u8]) -> String {
    hw.last().map_or_else(|| "?".into(), |letter| char::from(*letter).to_string())
}
