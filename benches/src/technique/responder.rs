//! The ways to answer.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lessor_net::frame::{self, Trust, Udp};

use crate::cable::{CLIENT, Cable, SERVER};
use crate::ring::{Ring, Version};
use crate::sys::{self, Batch, Packet};

/// A way to receive packets and to send answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// recvmmsg and sendmmsg of so many.
    Many(usize),
    /// The same, past the queueing discipline (PACKET_QDISC_BYPASS).
    ManyPastQueue(usize),
    /// recv and sendmsg.
    One,
    /// A ring to receive, sendmmsg to send.
    Ring(Version),
    /// recvmmsg and sendmmsg on a UDP socket, as for relays.
    Udp(usize),
}

/// What answering took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) packets: u64,
    /// How often it was woken.
    pub(crate) turns: u64,
    /// Nanoseconds of the processor.
    pub(crate) user: u64,
    pub(crate) system: u64,
}

impl Way {
    /// All of them; the first is what the others are compared with.
    pub(crate) fn all() -> Vec<Self> {
        vec![
            Self::Many(64),
            Self::Many(8),
            Self::Many(256),
            Self::ManyPastQueue(64),
            Self::One,
            Self::Ring(Version::Frames),
            Self::Ring(Version::Blocks),
            Self::Udp(64),
        ]
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Many(count) => write!(f, "mmsg-{count}"),
            Self::ManyPastQueue(count) => write!(f, "mmsg-{count}-bypass"),
            Self::One => f.write_str("one"),
            Self::Ring(Version::Frames) => f.write_str("ring-v2"),
            Self::Ring(Version::Blocks) => f.write_str("ring-v3"),
            Self::Udp(count) => write!(f, "udp-mmsg-{count}"),
        }
    }
}

/// Answers until it is to stop.
pub(crate) fn answer(
    way: Way,
    cable: &Cable,
    ready: &AtomicBool,
    stop: &AtomicBool,
) -> io::Result<Cost> {
    let (link, _) = cable.server();
    let (_, station) = cable.client();
    let back = Back { link, station };
    // As beside the server's raw sockets: it keeps the host from answering, and hears nothing.
    let _port = match way {
        Way::Udp(_) => None,
        _ => Some(sys::deaf_udp_socket(67)?),
    };
    let mut source = Source::open(way, link)?;
    ready.store(true, Ordering::Release);
    let mut cost = Cost::default();
    let before = sys::processor_time()?;
    while !stop.load(Ordering::Acquire) {
        if sys::wait(source.socket(), Duration::from_millis(20))? {
            cost.packets += source.turn(back)? as u64;
            cost.turns += 1;
        }
    }
    let after = sys::processor_time()?;
    (cost.user, cost.system) = (after.0 - before.0, after.1 - before.1);
    Ok(cost)
}

/// The way to whoever asked.
#[derive(Clone, Copy)]
struct Back {
    link: u32,
    station: [u8; 6],
}

enum Source {
    Many(OwnedFd, Batch),
    One(OwnedFd),
    Ring(Ring),
    Udp(OwnedFd, Batch),
}

impl Source {
    fn open(way: Way, link: u32) -> io::Result<Self> {
        let raw = || sys::packet_socket(link, 67, SERVER);
        Ok(match way {
            Way::Many(count) => Self::Many(raw()?, Batch::new(count)),
            Way::ManyPastQueue(count) => {
                let socket = raw()?;
                sys::bypass_queue(&socket)?;
                Self::Many(socket, Batch::new(count))
            }
            Way::One => Self::One(raw()?),
            Way::Ring(version) => Self::Ring(Ring::new(raw()?, version)?),
            Way::Udp(count) => Self::Udp(sys::udp_socket(67)?, Batch::new(count)),
        })
    }

    fn socket(&self) -> &OwnedFd {
        match self {
            Self::Many(socket, _) | Self::One(socket) | Self::Udp(socket, _) => socket,
            Self::Ring(ring) => ring.socket(),
        }
    }

    /// Answers all that is there; how many that was.
    fn turn(&mut self, back: Back) -> io::Result<usize> {
        let mut answered = 0;
        match self {
            Self::Many(socket, batch) => loop {
                let count = batch.receive(socket)?;
                let answers: Vec<_> = batch.packets().filter_map(|it| reply(it, back)).collect();
                sys::send_batch(socket, &answers)?;
                answered += count;
                if count < batch.size() {
                    return Ok(answered);
                }
            },
            Self::One(socket) => {
                let mut room = [0; 2048];
                while let Some(length) = sys::receive_one(socket, &mut room)? {
                    if let Some(answer) = reply(&room[..length], back) {
                        sys::send_one(socket, &answer)?;
                    }
                    answered += 1;
                }
                Ok(answered)
            }
            Self::Ring(ring) => loop {
                let count = ring.take(|packets| {
                    let answers: Vec<_> = packets.iter().filter_map(|it| reply(it, back)).collect();
                    (answers.len(), answers)
                })?;
                answered += count;
                if count == 0 {
                    return Ok(answered);
                }
            },
            Self::Udp(socket, batch) => loop {
                let count = batch.receive(socket)?;
                let name = sys::inet_name(CLIENT, 68);
                let answers: Vec<_> = batch
                    .packets()
                    .map(|payload| Packet { name, headers: None, payload })
                    .collect();
                sys::send_batch(socket, &answers)?;
                answered += count;
                if count < batch.size() {
                    return Ok(answered);
                }
            },
        }
    }
}

fn reply(packet: &[u8], back: Back) -> Option<Packet<'_>> {
    let asked = frame::parse(packet, Trust::Kernel).ok()?;
    let to: Ipv4Addr = *asked.source.ip();
    let answer = Udp {
        source: SocketAddrV4::new(SERVER, 67),
        dest: SocketAddrV4::new(to, 68),
        payload: asked.payload,
    };
    Some(Packet {
        name: sys::link_name(back.link, back.station),
        headers: Some(frame::headers(&answer)?),
        payload: asked.payload,
    })
}
