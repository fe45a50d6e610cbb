//! Hundreds of simulated clients on one socket, each with its own link-layer address.
//!
//! Runs as a process of its own inside a namespace and tells its events on standard output, one a
//! line. First every client gets a lease by broadcasts; then each, with its address configured,
//! renews it by unicast from that address.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use lessor_types::{HwAddr, Xid};
use lessor_wire::v4::{CLIENT_PORT, Message, MessageType, Op, SERVER_PORT, code};

use super::namespaces::CLIENT_LINK;
use super::proof::{Acknowledged, now_secs};
use crate::command;

/// The pause between two clients' beginnings: a steady crowd rather than a burst.
pub(super) const STAGGER: Duration = Duration::from_millis(4);
const RESEND_FIRST: Duration = Duration::from_millis(500);
const RESEND_MAX: Duration = Duration::from_secs(2);
/// So that a renewal's expiry differs from the first one's, which is in whole seconds.
const BEFORE_RENEWALS: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(45);
/// Renewals in flight together.
const RENEWALS: usize = 32;
const RENEWAL_TRIES: usize = 5;
const DATAGRAM: usize = 1500;

/// What the simulated clients tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Happened {
    /// A client got its first lease.
    Bound(Acknowledged),
    /// A client renewed its lease.
    Renewed(Acknowledged),
    /// A client was refused and begins again.
    Refused,
    /// A client asked again, because no answer came.
    Resent,
    /// Nobody answered a renewal; the lease goes on.
    NotRenewed,
    /// All clients have leases; renewals are next.
    AllBound,
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound(ack) => write!(f, "bound {ack}"),
            Self::Renewed(ack) => write!(f, "renewed {ack}"),
            Self::Refused => f.write_str("refused"),
            Self::Resent => f.write_str("resent"),
            Self::NotRenewed => f.write_str("not-renewed"),
            Self::AllBound => f.write_str("all-bound"),
        }
    }
}

impl FromStr for Happened {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match word {
            "bound" => Self::Bound(rest.parse()?),
            "renewed" => Self::Renewed(rest.parse()?),
            "refused" => Self::Refused,
            "resent" => Self::Resent,
            "not-renewed" => Self::NotRenewed,
            "all-bound" => Self::AllBound,
            _ => bail!("`{line}` is not an event of the simulated clients"),
        })
    }
}

fn tell(event: &Happened) {
    println!("{event}");
    // The story acts on these while they happen.
    let _ = std::io::stdout().flush();
}

/// What a client is waiting for.
#[derive(Clone, Copy)]
enum Stage {
    Offer,
    Ack,
    Nothing,
}

struct Simulated {
    hw: HwAddr,
    xid: Xid,
    stage: Stage,
    /// When the message was first sent, on the wall clock.
    asked: i64,
    /// What is sent, and sent again.
    message: Vec<u8>,
    resend: Duration,
    next: Instant,
    sent: u32,
}

impl Simulated {
    fn new(index: u16, start: Instant) -> Self {
        let [high, low] = index.to_be_bytes();
        let hw = HwAddr::ethernet([0x02, 0x4c, 0x44, 0, high, low]);
        let mut client = Self {
            hw,
            xid: Xid(0x4c44_0000 | u32::from(index)),
            stage: Stage::Offer,
            asked: 0,
            message: Vec::new(),
            resend: RESEND_FIRST,
            next: start,
            sent: 0,
        };
        client.discover(start);
        client
    }

    fn request(&self, kind: MessageType) -> Message {
        let mut message = Message::new(Op::Request, self.xid, self.hw);
        message.set_message_type(kind);
        message.set_broadcast(true);
        message.options.insert(code::PARAMETER_LIST, [code::SUBNET_MASK, code::ROUTERS]);
        message
    }

    fn discover(&mut self, at: Instant) {
        self.say(Stage::Offer, &self.request(MessageType::Discover), at);
    }

    fn say(&mut self, stage: Stage, message: &Message, at: Instant) {
        self.stage = stage;
        self.message = message.encode(DATAGRAM).octets;
        self.resend = RESEND_FIRST;
        self.next = at;
        self.sent = 0;
    }

    /// Sends, if it is time to.
    fn poll(&mut self, socket: &UdpSocket, now: Instant) -> Result<()> {
        if matches!(self.stage, Stage::Nothing) || now < self.next {
            return Ok(());
        }
        if self.sent == 0 {
            self.asked = now_secs();
        } else {
            tell(&Happened::Resent);
        }
        // RFC 2131 §4.4.5 in spirit: a REQUEST that nobody answers ends where it began.
        if self.sent == 4 && matches!(self.stage, Stage::Ack) {
            self.discover(now);
            self.asked = now_secs();
        }
        socket.send_to(&self.message, (Ipv4Addr::BROADCAST, SERVER_PORT)).context("cannot send")?;
        self.sent += 1;
        self.next = now + self.resend;
        self.resend = (self.resend * 2).min(RESEND_MAX);
        Ok(())
    }

    fn on_reply(&mut self, reply: &Message, now: Instant) {
        match (self.stage, reply.message_type()) {
            (Stage::Offer, Some(MessageType::Offer)) => {
                let mut request = self.request(MessageType::Request);
                request.options.insert(code::REQUESTED_ADDRESS, reply.yiaddr.octets());
                if let Some(server) = reply.server_id() {
                    request.options.insert(code::SERVER_ID, server.octets());
                }
                self.say(Stage::Ack, &request, now);
            }
            (Stage::Ack, Some(MessageType::Ack)) => {
                self.stage = Stage::Nothing;
                tell(&Happened::Bound(self.acknowledged(reply)));
            }
            (Stage::Ack, Some(MessageType::Nak)) => {
                tell(&Happened::Refused);
                self.discover(now);
            }
            _ => {}
        }
    }

    fn acknowledged(&self, reply: &Message) -> Acknowledged {
        let lifetime = reply.options.u32(code::LEASE_TIME).unwrap_or(0);
        Acknowledged { hw: self.hw.to_string(), addr: reply.yiaddr, lifetime, asked: self.asked }
    }

    const fn is_bound(&self) -> bool {
        matches!(self.stage, Stage::Nothing)
    }
}

/// The process: `load COUNT`.
pub(super) fn run(arguments: &[String]) -> Result<()> {
    let count = arguments.first().context("load COUNT")?;
    let count: u16 = count.parse().with_context(|| format!("load {count}"))?;
    let held = acquire(count)?;
    tell(&Happened::AllBound);
    std::thread::sleep(BEFORE_RENEWALS);
    configure(&held)?;
    renew(held)
}

/// Gets every client a lease; returns who holds what.
fn acquire(count: u16) -> Result<Vec<(Simulated, Ipv4Addr)>> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, CLIENT_PORT)).context("port 68")?;
    socket.set_broadcast(true)?;
    socket.set_read_timeout(Some(Duration::from_millis(2)))?;
    let begun = Instant::now();
    let mut clients: BTreeMap<Xid, Simulated> = BTreeMap::new();
    for index in 0..count {
        let client = Simulated::new(index, begun + STAGGER * u32::from(index));
        clients.insert(client.xid, client);
    }
    let mut addresses = BTreeMap::new();
    let mut packet = vec![0; DATAGRAM];
    while clients.values().any(|client| !client.is_bound()) {
        if begun.elapsed() > PATIENCE {
            let waiting = clients.values().filter(|client| !client.is_bound()).count();
            bail!("{waiting} of {count} clients have no lease after {} s", PATIENCE.as_secs());
        }
        if let Some(reply) = receive(&socket, &mut packet)?
            && let Some(client) = clients.get_mut(&reply.xid)
            && client.hw == reply.hw
        {
            client.on_reply(&reply, Instant::now());
            if client.is_bound() {
                addresses.entry(reply.xid).or_insert(reply.yiaddr);
            }
        }
        for client in clients.values_mut() {
            client.poll(&socket, Instant::now())?;
        }
    }
    // Two clients with one address cannot both have it on one interface; the proof tells of them.
    let mut held = BTreeMap::new();
    for (xid, client) in clients {
        if let Some(addr) = addresses.get(&xid) {
            held.insert(*addr, client);
        }
    }
    Ok(held.into_iter().map(|(addr, client)| (client, addr)).collect())
}

/// A reply, if one arrived in time.
fn receive(socket: &UdpSocket, packet: &mut [u8]) -> Result<Option<Message>> {
    match socket.recv(packet) {
        Ok(len) => {
            let message = packet.get(..len).and_then(|octets| Message::decode(octets).ok());
            Ok(message.filter(|message| message.op == Op::Reply))
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(None)
        }
        // The port may be closed while the server is down, and ICMP says so.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(None),
        Err(error) => Err(error).context("cannot receive"),
    }
}

/// Gives the interface every address, as each client would do on its own machine.
fn configure(held: &[(Simulated, Ipv4Addr)]) -> Result<()> {
    let mut batch = String::new();
    for (_, addr) in held {
        writeln!(batch, "addr add {addr}/16 dev {CLIENT_LINK}")?;
    }
    command::capture_fed(Command::new("ip").args(["-batch", "-"]), &batch).map(drop)
}

/// Renews every lease by unicast, some at a time.
fn renew(mut held: Vec<(Simulated, Ipv4Addr)>) -> Result<()> {
    let server = SocketAddrV4::new(Ipv4Addr::new(10, 77, 0, 1), SERVER_PORT);
    for crowd in held.chunks_mut(RENEWALS) {
        let mut waiting = Vec::new();
        for (client, addr) in crowd {
            let socket = UdpSocket::bind((*addr, CLIENT_PORT)).context("an address of ours")?;
            socket.set_read_timeout(Some(Duration::from_millis(300)))?;
            let mut request = client.request(MessageType::Request);
            request.set_broadcast(false);
            request.ciaddr = *addr;
            client.message = request.encode(DATAGRAM).octets;
            client.asked = now_secs();
            socket.send_to(&client.message, server).context("cannot send")?;
            waiting.push((client, socket));
        }
        let mut packet = vec![0; DATAGRAM];
        for (client, socket) in waiting {
            renew_one(client, &socket, server, &mut packet)?;
        }
    }
    Ok(())
}

fn renew_one(
    client: &Simulated,
    socket: &UdpSocket,
    server: SocketAddrV4,
    packet: &mut [u8],
) -> Result<()> {
    for _ in 0..RENEWAL_TRIES {
        if let Some(reply) = receive(socket, packet)?.filter(|reply| reply.xid == client.xid) {
            match reply.message_type() {
                Some(MessageType::Ack) => tell(&Happened::Renewed(client.acknowledged(&reply))),
                _ => tell(&Happened::Refused),
            }
            return Ok(());
        }
        tell(&Happened::Resent);
        socket.send_to(&client.message, server).context("cannot send")?;
    }
    tell(&Happened::NotRenewed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        let ack = Acknowledged {
            hw: "02:4c:44:00:00:01".to_owned(),
            addr: Ipv4Addr::new(10, 77, 1, 0),
            lifetime: 600,
            asked: 1_700_000_000,
        };
        let renewed = Happened::Renewed(ack.clone());
        for event in [Happened::Bound(ack), renewed, Happened::Resent, Happened::AllBound] {
            assert_eq!(event.to_string().parse::<Happened>().expect("an event"), event);
        }
        assert!("bound nobody".parse::<Happened>().is_err());
    }

    #[test]
    fn a_client_takes_an_offer_and_begins_again_when_refused() {
        let now = Instant::now();
        let mut client = Simulated::new(7, now);
        let mut reply = Message::new(Op::Reply, client.xid, client.hw);
        reply.yiaddr = Ipv4Addr::new(10, 77, 1, 9);
        reply.set_message_type(MessageType::Ack);
        client.on_reply(&reply, now);
        assert!(!client.is_bound(), "an ACK that was not asked for");
        reply.set_message_type(MessageType::Offer);
        client.on_reply(&reply, now);
        let request = Message::decode(&client.message).expect("our own message");
        assert_eq!(request.requested_address(), Some(reply.yiaddr));
        reply.set_message_type(MessageType::Nak);
        client.on_reply(&reply, now);
        let discover = Message::decode(&client.message).expect("our own message");
        assert_eq!(discover.message_type(), Some(MessageType::Discover));
    }
}
