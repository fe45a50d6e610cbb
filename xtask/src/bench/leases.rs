//! Lease files as Kea 2.2 writes them, which both servers take.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};

const HEADER: &str = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
                      hostname,state,user_context";
/// Long enough for any run.
const LIFETIME: u64 = 86_400;
/// Clients of the file are not those of the generator.
pub(crate) const FIRST_CLIENT: u32 = 0x4000_0000;

/// What the file says of each client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Detail {
    /// The link-layer address.
    Plain,
    /// A client identifier and a host name as well.
    Full,
}

/// Writes leases for these addresses; returns how many octets the file has.
pub(crate) fn write(
    path: &Path,
    addresses: impl Iterator<Item = Ipv4Addr>,
    detail: Detail,
) -> Result<u64> {
    let file = File::create(path).with_context(|| format!("cannot make {}", path.display()))?;
    let mut file = BufWriter::new(file);
    writeln!(file, "{HEADER}")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut line = String::new();
    for (addr, number) in addresses.zip(FIRST_CLIENT..) {
        line.clear();
        row(&mut line, addr, number, now + LIFETIME, detail)?;
        file.write_all(line.as_bytes())?;
    }
    file.flush()?;
    Ok(file.get_ref().metadata()?.len())
}

fn row(line: &mut String, addr: Ipv4Addr, number: u32, end: u64, detail: Detail) -> Result<()> {
    let [a, b, c, d] = number.to_be_bytes();
    let tail = format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}");
    let (client_id, host) = match detail {
        Detail::Plain => (String::new(), String::new()),
        Detail::Full => (format!("01:02:4c:{tail}"), format!("client-{number}.example.org")),
    };
    writeln!(line, "{addr},02:4c:{tail},{client_id},{LIFETIME},{end},1,0,0,{host},0,")?;
    Ok(())
}

/// So many addresses from `first` on, of which a share has leases, in no order that anybody could
/// make use of; the same each time.
pub(crate) fn scattered(first: Ipv4Addr, size: u32, leased: u32) -> Vec<Ipv4Addr> {
    let mut places: Vec<u32> = (0..size).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for at in (1..places.len()).rev() {
        // xorshift64: what matters is that holes lie anywhere.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let other = usize::try_from(state % (at as u64 + 1)).unwrap_or(0);
        places.swap(at, other);
    }
    places.truncate(usize::try_from(leased).unwrap_or(0));
    places.into_iter().map(|place| Ipv4Addr::from(u32::from(first) + place)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_row_is_what_kea_writes() {
        let mut line = String::new();
        let addr = Ipv4Addr::new(10, 1, 0, 7);
        row(&mut line, addr, 0x4000_0007, 99, Detail::Full).expect("a row");
        let wanted = "10.1.0.7,02:4c:40:00:00:07,01:02:4c:40:00:00:07,86400,99,1,0,0,\
                      client-1073741831.example.org,0,\n";
        assert_eq!(line, wanted);
        assert_eq!(line.split(',').count(), HEADER.split(',').count());
    }

    #[test]
    fn addresses_are_scattered_and_each_is_there_once() {
        let first = Ipv4Addr::new(10, 1, 0, 0);
        let leased = scattered(first, 65_536, 65_470);
        let apart: BTreeSet<_> = leased.iter().collect();
        assert_eq!((leased.len(), apart.len()), (65_470, 65_470));
        let halves = leased.iter().take(1000).filter(|addr| addr.octets()[2] < 128).count();
        assert!((400..600).contains(&halves), "{halves}");
    }
}
