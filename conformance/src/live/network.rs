//! Two network namespaces: the server's with a leg on each link, and one at the far ends of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use lessor_wire::v4::View;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use socket2::{Domain, Protocol, Socket, Type};

use super::frame::{self, Frame, Hw};
use crate::packet::destination_hw;
use crate::subject::{LINKS, Packet, Reply};

/// How much of a frame is read: more than any that a link takes.
const FRAME_MAX: usize = 4096;

/// The namespaces and the links between them; removed when dropped.
#[derive(Debug)]
pub struct Network {
    name: String,
    wires: Vec<Wire>,
    /// Who answers for an address on a link.
    stations: BTreeMap<(usize, Ipv4Addr), Hw>,
}

/// The far end of a link.
#[derive(Debug)]
struct Wire {
    socket: Socket,
    /// The server's end.
    server: Hw,
}

impl Network {
    /// Makes them.
    ///
    /// # Errors
    /// Why this machine or user cannot.
    pub fn new() -> Result<Self, String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("lessor-k{}-{number}", std::process::id());
        let mut network = Self { name, wires: Vec::new(), stations: BTreeMap::new() };
        let (server, clients) = (network.server(), network.clients());
        ip(&["netns", "add", &server])?;
        ip(&["netns", "add", &clients])?;
        let inside = |arguments: String| {
            let words: Vec<&str> = arguments.split(' ').collect();
            ip(&[&["-n", &server], words.as_slice()].concat())
        };
        inside("link set lo up".to_owned())?;
        for (number, (link, addr, len)) in (1_u8..).zip(LINKS) {
            let hw = [2, 0x4c, 0, 0, 0, number];
            let text: Vec<String> = hw.iter().map(|octet| format!("{octet:02x}")).collect();
            let text = text.join(":");
            inside(format!("link add {link} address {text} type veth peer name far{number}"))?;
            inside(format!("link set far{number} netns {clients}"))?;
            inside(format!("addr add {addr}/{len} dev {link}"))?;
            inside(format!("link set {link} up"))?;
            ip(&["-n", &clients, "link", "set", &format!("far{number}"), "up"])?;
            let wire = within(&clients, || Wire::open(&format!("far{number}"), hw))?;
            network.wires.push(wire.map_err(|why| format!("a raw socket: {why}"))?);
        }
        // Relays and hosts far away answer for themselves on the first link.
        inside("route add default dev lan0".to_owned())?;
        Ok(network)
    }

    fn server(&self) -> String {
        format!("{}-s", self.name)
    }

    fn clients(&self) -> String {
        format!("{}-c", self.name)
    }

    /// The same command, run where the server is.
    #[must_use]
    pub fn at_server(&self, command: &Command) -> Command {
        // `ip netns exec` becomes the program, so that signals reach it.
        let mut wrapped = Command::new("ip");
        wrapped.args(["netns", "exec", &self.server()]);
        wrapped.arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            if let Some(value) = value {
                wrapped.env(key, value);
            }
        }
        wrapped
    }

    /// From now on somebody on the link answers for the address.
    pub(super) fn settle(&mut self, link: usize, addr: Ipv4Addr, hw: Hw) {
        self.stations.insert((link, addr), hw);
    }

    /// Puts a client's packet on its link.
    pub(super) fn send(&mut self, packet: &Packet) -> Result<(), String> {
        // Whoever names an address as his own can be found there, or through his relay.
        let view = View::parse(&packet.octets).ok();
        let stated = view.map_or(Ipv4Addr::UNSPECIFIED, |view| view.ciaddr());
        for addr in [*packet.source.ip(), stated] {
            if !addr.is_unspecified() {
                self.settle(packet.link, addr, packet.hw);
            }
        }
        let wire = self.wires.get(packet.link).ok_or("no such link")?;
        let to = destination_hw(packet, wire.server);
        let dest = SocketAddrV4::new(packet.dest, 67);
        let frame = frame::udp((packet.hw, to), packet.source, dest, &packet.octets);
        match wire.socket.send(&frame) {
            // Longer than the link takes: that is an end of it as well.
            Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => Ok(()),
            sent => sent.map(drop).map_err(|why| format!("cannot send: {why}")),
        }
    }

    /// Answers whatever wants an answer, and returns what the server has sent.
    pub(super) fn receive(&mut self) -> Result<Vec<Reply>, String> {
        let mut replies = Vec::new();
        for (link, wire) in self.wires.iter_mut().enumerate() {
            while let Some(octets) = wire.receive().map_err(|why| format!("cannot read: {why}"))? {
                let answer = match frame::parse(&octets) {
                    Some(Frame::Udp { to, source, dest, payload }) if source.port() == 67 => {
                        let hw = Some(to);
                        replies.push(Reply { link, hw, source, dest, octets: payload });
                        None
                    }
                    Some(Frame::WhoHas { asker, asker_addr, addr }) => self
                        .stations
                        .get(&(link, addr))
                        .map(|hw| frame::is_at(*hw, addr, asker, asker_addr)),
                    Some(Frame::Ping { from, source, dest, message }) => self
                        .stations
                        .get(&(link, dest))
                        .map(|hw| frame::pong((*hw, from), (dest, source), &message)),
                    _ => None,
                };
                if let Some(answer) = answer {
                    wire.socket.send(&answer).map_err(|why| format!("cannot answer: {why}"))?;
                }
            }
        }
        Ok(replies)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The links go with either namespace.
        for namespace in [self.server(), self.clients()] {
            let _ = ip(&["netns", "del", &namespace]);
        }
    }
}

impl Wire {
    fn open(link: &str, server: Hw) -> io::Result<Self> {
        let all = u16::try_from(libc::ETH_P_ALL).unwrap_or(0).to_be();
        let socket = Socket::new(
            Domain::PACKET,
            Type::RAW.nonblocking().cloexec(),
            Some(Protocol::from(i32::from(all))),
        )?;
        let place = rustix::net::netdevice::name_to_index(&socket, link)?;
        bind(&socket, place, all)?;
        Ok(Self { socket, server })
    }

    fn receive(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut frame = vec![0; FRAME_MAX];
        match self.socket.read(&mut frame) {
            Ok(len) => {
                frame.truncate(len);
                Ok(Some(frame))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[expect(unsafe_code, reason = "no safe wrapper knows link-layer addresses")]
fn bind(socket: &Socket, link: u32, protocol: u16) -> io::Result<()> {
    // SAFETY: the structure is one of numbers, for which zeros are a value.
    let mut addr: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    addr.sll_family = u16::try_from(libc::AF_PACKET).unwrap_or(0);
    addr.sll_protocol = protocol;
    addr.sll_ifindex = i32::try_from(link).unwrap_or(0);
    let len = u32::try_from(size_of_val(&addr)).unwrap_or(0);
    // SAFETY: pointer and length are those of `addr`, which outlives the call.
    let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const addr).cast(), len) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Runs `what` in a network namespace, on a thread of its own, since a thread is what enters one.
fn within<T: Send>(namespace: &str, what: impl FnOnce() -> T + Send) -> Result<T, String> {
    let path = format!("/run/netns/{namespace}");
    let file = File::open(&path).map_err(|why| format!("{path}: {why}"))?;
    let enter = || {
        move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(|why| format!("{path}: {why}"))?;
        Ok(what())
    };
    thread::scope(|scope| {
        scope.spawn(enter).join().map_err(|_| "the thread in the namespace panicked".to_owned())?
    })
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(arguments).output().map_err(|why| format!("ip: {why}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("ip {}: {}", arguments.join(" "), said.trim()))
}
