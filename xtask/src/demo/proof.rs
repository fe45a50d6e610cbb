//! What clients were told against what is kept. Reads the lease file by its own rules and shares
//! no code with the server.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::Value;

/// The state of a lease that somebody holds, in lease files and commands.
const HELD: i64 = 0;

/// Seconds since 1970, rounded down.
pub(super) fn now_secs() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// One ACK, as the client understood it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Acknowledged {
    /// The client's link-layer address, in pairs joined by colons.
    pub(super) hw: String,
    pub(super) addr: Ipv4Addr,
    /// Seconds.
    pub(super) lifetime: u32,
    /// When the client asked: seconds since 1970. Its lifetime counts from there (RFC 2131 §4.4.1).
    pub(super) asked: i64,
}

impl Acknowledged {
    /// Until when the client may use the address.
    pub(super) fn until(&self) -> i64 {
        self.asked + i64::from(self.lifetime)
    }
}

impl fmt::Display for Acknowledged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.hw, self.addr, self.lifetime, self.asked)
    }
}

impl FromStr for Acknowledged {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut words = text.split(' ');
        let mut word = || words.next().with_context(|| format!("`{text}` is cut short"));
        Ok(Self {
            hw: word()?.to_owned(),
            addr: word()?.parse()?,
            lifetime: word()?.parse()?,
            asked: word()?.parse()?,
        })
    }
}

/// A lease as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Kept {
    pub(super) hw: String,
    pub(super) until: i64,
    pub(super) state: i64,
}

/// Leases by address.
pub(super) type Leases = BTreeMap<Ipv4Addr, Kept>;

/// The lease file as it lies on the disk.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct LeaseFile {
    pub(super) leases: Leases,
    /// Whole rows, the header not counted.
    pub(super) rows: usize,
    /// Octets after the last line break: a row that was being written when the server died.
    pub(super) torn: usize,
    /// The last rows, as they are.
    pub(super) last: Vec<String>,
}

impl LeaseFile {
    /// Reads the file and what compactions left beside it, the oldest first.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut file = Self::default();
        let beside = |ending: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            name
        };
        let older = if Path::new(&beside(".completed")).exists() {
            vec![beside(".completed")]
        } else {
            vec![beside(".2"), beside(".1")]
        };
        for name in older {
            if let Ok(octets) = fs::read(&name) {
                file.take(&String::from_utf8_lossy(&octets))?;
            }
        }
        let octets = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        file.take(&String::from_utf8_lossy(&octets))
            .with_context(|| format!("in {}", path.display()))?;
        Ok(file)
    }

    /// Takes the rows of one file; a later row of an address replaces an earlier one.
    fn take(&mut self, text: &str) -> Result<()> {
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let (text, torn) = text.split_at(whole);
        self.torn = torn.len();
        let mut lines = text.lines();
        let Some(header) = lines.next() else { return Ok(()) };
        let columns: Vec<&str> = header.split(',').collect();
        for (number, line) in (2..).zip(lines) {
            let fields: Vec<&str> = line.split(',').collect();
            let field = |name: &str| {
                let index = columns.iter().position(|column| *column == name);
                let field = index.and_then(|index| fields.get(index));
                field.copied().with_context(|| format!("line {number} has no {name}"))
            };
            let addr: Ipv4Addr =
                field("address")?.parse().with_context(|| format!("line {number}"))?;
            let kept = Kept {
                hw: field("hwaddr")?.to_owned(),
                until: field("expire")?.parse().with_context(|| format!("line {number}"))?,
                state: field("state")?.parse().with_context(|| format!("line {number}"))?,
            };
            // A row without a lifetime takes the lease away.
            if field("valid_lifetime")? == "0" {
                self.leases.remove(&addr);
            } else {
                self.leases.insert(addr, kept);
            }
            self.rows += 1;
        }
        self.last = text.lines().rev().take(3).map(str::to_owned).collect();
        self.last.reverse();
        Ok(())
    }
}

/// Leases as `lease4-get-page` tells them.
pub(super) fn leases_of_reply(leases: &[Value]) -> Result<Leases> {
    leases
        .iter()
        .map(|lease| {
            let read = || {
                let addr = lease["ip-address"].as_str()?.parse().ok()?;
                let until = lease["cltt"].as_i64()? + lease["valid-lft"].as_i64()?;
                let hw = lease["hw-address"].as_str()?.to_owned();
                Some((addr, Kept { hw, until, state: lease["state"].as_i64()? }))
            };
            read().with_context(|| format!("a lease of another shape: {lease}"))
        })
        .collect()
}

/// What was acknowledged and is not kept as it was told, one sentence each.
pub(super) fn missing(told: &[Acknowledged], kept: &Leases) -> Vec<String> {
    told.iter()
        .filter_map(|ack| {
            let why = match kept.get(&ack.addr) {
                None => "there is no such lease".to_owned(),
                Some(lease) if lease.hw != ack.hw => format!("{} holds it", lease.hw),
                Some(lease) if lease.state != HELD => format!("it is in state {}", lease.state),
                Some(lease) if lease.until < ack.until() => {
                    format!("it ends {} s too early", ack.until() - lease.until)
                }
                Some(_) => return None,
            };
            Some(format!("{} was told {} for {} s, and {why}", ack.hw, ack.addr, ack.lifetime))
        })
        .collect()
}

/// Whether somebody still holds the address.
pub(super) fn is_held(kept: &Leases, addr: Ipv4Addr) -> bool {
    kept.get(&addr).is_some_and(|lease| lease.state == HELD && lease.until > now_secs())
}

/// Addresses that two clients were told.
pub(super) fn shared(told: &[Acknowledged]) -> Vec<Ipv4Addr> {
    let mut holders: BTreeMap<Ipv4Addr, &str> = BTreeMap::new();
    let mut shared: Vec<Ipv4Addr> = told
        .iter()
        .filter(|ack| *holders.entry(ack.addr).or_insert(&ack.hw) != ack.hw)
        .map(|ack| ack.addr)
        .collect();
    shared.dedup();
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,\
                        fqdn_rev,hostname,state,user_context,pool_id\n\
                        10.0.0.1,02:00:00:00:00:01,,600,1600,1,0,0,,0,,0\n\
                        10.0.0.2,02:00:00:00:00:02,,600,1600,1,0,0,,0,,0\n\
                        10.0.0.1,02:00:00:00:00:01,,600,1700,1,0,0,,0,,0\n\
                        10.0.0.2,02:00:00:00:00:02,,0,1600,1,0,0,,0,,0\n\
                        10.0.0.3,02:00:00:00";

    fn told(last: u8, asked: i64) -> Acknowledged {
        let addr = Ipv4Addr::new(10, 0, 0, last);
        Acknowledged { hw: format!("02:00:00:00:00:0{last}"), addr, lifetime: 600, asked }
    }

    #[test]
    fn the_last_row_counts_and_half_a_row_does_not() {
        let mut file = LeaseFile::default();
        file.take(FILE).expect("a lease file");
        assert_eq!((file.rows, file.torn, file.leases.len()), (4, 20, 1));
        assert_eq!(file.leases[&Ipv4Addr::new(10, 0, 0, 1)].until, 1700);
        assert_eq!(file.last.len(), 3);
    }

    #[test]
    fn what_is_not_kept_as_told_is_missing() {
        let mut file = LeaseFile::default();
        file.take(FILE).expect("a lease file");
        assert_eq!(missing(&[told(1, 1000), told(1, 1100)], &file.leases), [""; 0]);
        let found = missing(&[told(1, 1101), told(2, 1000)], &file.leases);
        assert!(found[0].ends_with("it ends 1 s too early"), "{found:?}");
        assert!(found[1].ends_with("there is no such lease"), "{found:?}");
        let stranger = Acknowledged { hw: "02:00:00:00:00:09".to_owned(), ..told(1, 1000) };
        assert!(missing(&[stranger], &file.leases)[0].ends_with("02:00:00:00:00:01 holds it"));
    }

    #[test]
    fn one_address_told_twice_is_seen() {
        let other = Acknowledged { hw: "02:00:00:00:00:09".to_owned(), ..told(1, 1000) };
        assert_eq!(shared(&[told(1, 1000), told(1, 1100), told(2, 0)]), [Ipv4Addr::UNSPECIFIED; 0]);
        assert_eq!(shared(&[told(1, 1000), other]), [Ipv4Addr::new(10, 0, 0, 1)]);
    }

    #[test]
    fn the_servers_word_is_read() {
        let reply = serde_json::json!([{ "ip-address": "10.0.0.1", "cltt": 1000, "valid-lft": 600,
            "hw-address": "02:00:00:00:00:01", "state": 0 }]);
        let leases = leases_of_reply(reply.as_array().expect("a list")).expect("leases");
        assert_eq!(missing(&[told(1, 1000)], &leases), [""; 0]);
        assert!(leases_of_reply(&[serde_json::json!({})]).is_err());
    }
}
