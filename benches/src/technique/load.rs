//! Who asks.

use std::fmt;
use std::io;
use std::net::{SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

use lessor_net::frame::{self, Trust, Udp};

use crate::cable::{CLIENT, Cable, SERVER};
use crate::sys::{self, Batch, Packet};

/// Octets of a packet without headers, as DHCP clients send.
const PAYLOAD: usize = 300;
/// Answers that take longer do not come.
const PATIENCE: Duration = Duration::from_millis(50);
/// Packets in one system call.
const BURST: usize = 64;

#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// So many a second, answered or not.
    Rate(u32),
    /// As many as leave so many without answer.
    Window(u32),
}

/// What came of it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Heard {
    pub(crate) answered: u64,
    pub(crate) seconds: f64,
    /// Seconds to an answer.
    pub(crate) median: f64,
    pub(crate) p99: f64,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(rate) => write!(f, "{rate} packets a second"),
            Self::Window(window) => write!(f, "{window} packets waiting for answers"),
        }
    }
}

/// Asks for so long.
pub(crate) fn ask(load: Load, cable: &Cable, time: Duration) -> io::Result<Heard> {
    let (link, _) = cable.client();
    let (_, station) = cable.server();
    let socket = sys::packet_socket(link, 68, CLIENT)?;
    // Else this host answers each answer with "port unreachable".
    let _port = UdpSocket::bind((CLIENT, 68))?;
    let mut inbox = Batch::new(BURST);
    let mut heard = Heard::default();
    let mut delays: Vec<u32> = Vec::new();
    let (mut sent, mut given_up) = (0_u64, 0_u64);
    let begin = Instant::now();
    let mut last = begin;
    while begin.elapsed() < time {
        let open = (sent - given_up).saturating_sub(heard.answered);
        let due = match load {
            Load::Rate(rate) => {
                (nanos(begin) / 1000 * u64::from(rate) / 1_000_000).saturating_sub(sent)
            }
            Load::Window(window) => u64::from(window).saturating_sub(open),
        };
        let due = usize::try_from(due).unwrap_or(0).min(BURST);
        if due > 0 {
            let now = nanos(begin).to_ne_bytes();
            let mut payload = [0_u8; PAYLOAD];
            payload[..8].copy_from_slice(&now);
            let datagram = Udp {
                source: SocketAddrV4::new(CLIENT, 68),
                dest: SocketAddrV4::new(SERVER, 67),
                payload: &payload,
            };
            let headers = frame::headers(&datagram).expect("it is short");
            let packets: Vec<Packet<'_>> = (0..due)
                .map(|_| Packet {
                    name: sys::link_name(link, station),
                    headers: Some(headers),
                    payload: &payload,
                })
                .collect();
            sent += sys::send_batch(&socket, &packets)? as u64;
        }
        let patience = match load {
            Load::Rate(_) => Duration::from_micros(100),
            Load::Window(_) => Duration::from_millis(1),
        };
        sys::wait(&socket, patience)?;
        loop {
            let count = inbox.receive(&socket)?;
            let now = nanos(begin);
            for packet in inbox.packets() {
                if let Ok(udp) = frame::parse(packet, Trust::Kernel)
                    && let Some(then) = udp.payload.first_chunk::<8>()
                {
                    heard.answered += 1;
                    let delay = now.saturating_sub(u64::from_ne_bytes(*then));
                    delays.push(u32::try_from(delay).unwrap_or(u32::MAX));
                }
            }
            if count > 0 {
                last = Instant::now();
            }
            if count < BURST {
                break;
            }
        }
        if last.elapsed() > PATIENCE {
            given_up = sent - heard.answered.min(sent);
            last = Instant::now();
        }
    }
    heard.seconds = begin.elapsed().as_secs_f64();
    delays.sort_unstable();
    let at = |share: usize| delays.get(delays.len() * share / 100).copied().unwrap_or(0);
    (heard.median, heard.p99) = (f64::from(at(50)) / 1e9, f64::from(at(99)) / 1e9);
    Ok(heard)
}

fn nanos(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
