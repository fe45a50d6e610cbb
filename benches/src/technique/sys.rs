//! System calls.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use lessor_net::claim::Claim;
use lessor_net::filter::{self, Program};
use lessor_net::frame::HEADERS_LEN;
use lessor_types::{Link, LinkId};
use libc::{c_int, c_void, iovec, mmsghdr, socklen_t};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The receive buffer asked for, in octets.
pub(crate) const BUFFER: usize = 4 << 20;
/// Octets of one packet's room.
const ROOM: usize = 2048;
const NAME_LEN: usize = 20;
const NAME_SIZE: socklen_t = 20;
const ETHERTYPE_IPV4: u16 = 0x0800;

/// A packet to be sent.
#[derive(Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) name: [u8; NAME_LEN],
    pub(crate) headers: Option<[u8; HEADERS_LEN]>,
    pub(crate) payload: &'a [u8],
}

/// `struct sockaddr_ll`.
pub(crate) fn link_name(link: u32, station: [u8; 6]) -> [u8; NAME_LEN] {
    let mut name = [0; NAME_LEN];
    name[..2].copy_from_slice(&17_u16.to_ne_bytes());
    name[2..4].copy_from_slice(&ETHERTYPE_IPV4.to_be_bytes());
    name[4..8].copy_from_slice(&link.to_ne_bytes());
    name[11] = 6;
    name[12..18].copy_from_slice(&station);
    name
}

/// `struct sockaddr_in`, padded.
pub(crate) fn inet_name(addr: Ipv4Addr, port: u16) -> [u8; NAME_LEN] {
    let mut name = [0; NAME_LEN];
    name[..2].copy_from_slice(&2_u16.to_ne_bytes());
    name[2..4].copy_from_slice(&port.to_be_bytes());
    name[4..8].copy_from_slice(&addr.octets());
    name
}

/// An AF_PACKET socket for UDP to this port of this address, with the server's own filter.
pub(crate) fn packet_socket(link: u32, port: u16, addr: Ipv4Addr) -> io::Result<OwnedFd> {
    let socket = open(libc::AF_PACKET)?;
    let claim = Claim::new(&Link { id: LinkId(link), name: "t0".into(), addrs: vec![(addr, 24)] });
    attach(&socket, &filter::packets(link, port, &claim))?;
    set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, c_int::try_from(BUFFER).unwrap_or(0))?;
    bind(&socket, &link_name(link, [0; 6]))?;
    Ok(socket)
}

/// A UDP socket on all addresses.
pub(crate) fn udp_socket(port: u16) -> io::Result<OwnedFd> {
    let socket = open(libc::AF_INET)?;
    set(&socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, c_int::try_from(BUFFER).unwrap_or(0))?;
    set(&socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
    bind(&socket, &inet_name(Ipv4Addr::UNSPECIFIED, port))?;
    Ok(socket)
}

/// One that has the port and hears nothing.
pub(crate) fn deaf_udp_socket(port: u16) -> io::Result<OwnedFd> {
    let socket = open(libc::AF_INET)?;
    attach(&socket, &filter::datagrams(&[]))?;
    bind(&socket, &inet_name(Ipv4Addr::UNSPECIFIED, port))?;
    Ok(socket)
}

/// Has packets sent without a queueing discipline.
pub(crate) fn bypass_queue(socket: &OwnedFd) -> io::Result<()> {
    set(socket, libc::SOL_PACKET, libc::PACKET_QDISC_BYPASS, 1)
}

/// Waits for something to read; whether there is.
pub(crate) fn wait(socket: &OwnedFd, patience: Duration) -> io::Result<bool> {
    let mut fds = [PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN)];
    let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
    Ok(poll(&mut fds, Some(&patience))? > 0)
}

/// Nanoseconds that this thread has had of the processor, in user and in system mode.
pub(crate) fn processor_time() -> io::Result<(u64, u64)> {
    // SAFETY: the structure is one of numbers, for which zeros are a value, and the kernel writes it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        check(libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage))?;
        usage
    };
    let nanos = |time: libc::timeval| {
        u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_usec * 1000).unwrap_or(0)
    };
    Ok((nanos(usage.ru_utime), nanos(usage.ru_stime)))
}

/// Room for many packets.
pub(crate) struct Batch {
    rooms: Vec<[u8; ROOM]>,
    controls: Vec<[u64; 8]>,
    lengths: Vec<usize>,
}

impl Batch {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            rooms: vec![[0; ROOM]; size],
            controls: vec![[0; 8]; size],
            lengths: Vec::with_capacity(size),
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.rooms.len()
    }

    /// Replaces the packets by what has arrived; how many that is.
    pub(crate) fn receive(&mut self, socket: &OwnedFd) -> io::Result<usize> {
        self.lengths.clear();
        let mut vectors: Vec<iovec> = Vec::with_capacity(self.rooms.len());
        for room in &mut self.rooms {
            vectors.push(iovec { iov_base: room.as_mut_ptr().cast(), iov_len: ROOM });
        }
        let mut headers: Vec<mmsghdr> = Vec::with_capacity(self.rooms.len());
        for (vector, control) in vectors.iter_mut().zip(&mut self.controls) {
            let mut header = EMPTY;
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
            // The server reads what comes beside a packet, so it is paid for here as well.
            header.msg_hdr.msg_control = control.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = size_of_val(control);
            headers.push(header);
        }
        let count = u32::try_from(headers.len()).unwrap_or(u32::MAX);
        // SAFETY: headers, vectors, rooms and controls live through the call, with their lengths.
        let result = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                count,
                libc::MSG_DONTWAIT,
                ptr::null_mut(),
            )
        };
        let Some(received) = some(result)? else { return Ok(0) };
        self.lengths.extend(headers.iter().take(received).map(|it| it.msg_len as usize));
        Ok(received)
    }

    pub(crate) fn packets(&self) -> impl Iterator<Item = &[u8]> {
        self.rooms.iter().zip(&self.lengths).map(|(room, length)| &room[..*length])
    }
}

/// Sends packets; how many the kernel took.
pub(crate) fn send_batch(socket: &OwnedFd, packets: &[Packet<'_>]) -> io::Result<usize> {
    let mut vectors: Vec<[iovec; 2]> = packets.iter().map(vectors_of).collect();
    let mut headers: Vec<mmsghdr> = packets
        .iter()
        .zip(&mut vectors)
        .map(|(packet, vectors)| {
            let mut header = EMPTY;
            header.msg_hdr.msg_name = packet.name.as_ptr().cast_mut().cast::<c_void>();
            header.msg_hdr.msg_namelen = NAME_SIZE;
            header.msg_hdr.msg_iov = vectors.as_mut_ptr();
            header.msg_hdr.msg_iovlen = 2;
            header
        })
        .collect();
    let mut sent = 0;
    while sent < headers.len() {
        let rest = &mut headers[sent..];
        let count = u32::try_from(rest.len()).unwrap_or(u32::MAX);
        // SAFETY: headers, vectors, names and payloads live through the call, with their lengths;
        // the kernel writes to the headers only.
        let result = unsafe {
            libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), count, libc::MSG_DONTWAIT)
        };
        match some(result)? {
            Some(count) => sent += count,
            None => break,
        }
    }
    Ok(sent)
}

/// Receives one packet, if there is one; its length.
pub(crate) fn receive_one(socket: &OwnedFd, room: &mut [u8]) -> io::Result<Option<usize>> {
    // SAFETY: pointer and length are those of `room`, which is borrowed for the call.
    let result = unsafe {
        libc::recv(socket.as_raw_fd(), room.as_mut_ptr().cast(), room.len(), libc::MSG_DONTWAIT)
    };
    some(c_int::try_from(result).unwrap_or(-1))
}

/// Sends one packet.
pub(crate) fn send_one(socket: &OwnedFd, packet: &Packet<'_>) -> io::Result<()> {
    let mut vectors = vectors_of(packet);
    let mut header = EMPTY.msg_hdr;
    header.msg_name = packet.name.as_ptr().cast_mut().cast::<c_void>();
    header.msg_namelen = NAME_SIZE;
    header.msg_iov = vectors.as_mut_ptr();
    header.msg_iovlen = 2;
    // SAFETY: as for many.
    let result =
        unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, libc::MSG_DONTWAIT) };
    some(c_int::try_from(result).unwrap_or(-1)).map(|_| ())
}

pub(crate) fn set(socket: &OwnedFd, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    set_bytes(socket, level, name, &value)
}

/// Sets an option to what `value` is made of, which must be as the kernel expects it.
pub(crate) fn set_bytes<T>(
    socket: &OwnedFd,
    level: c_int,
    name: c_int,
    value: &T,
) -> io::Result<()> {
    let length = socklen_t::try_from(size_of::<T>()).unwrap_or(0);
    // SAFETY: pointer and length are those of `value`; the kernel reads only.
    check(unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, name, ptr::from_ref(value).cast(), length)
    })
}

fn open(family: c_int) -> io::Result<OwnedFd> {
    let kind = libc::SOCK_DGRAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: the call takes no pointer; what it returns is a new descriptor, or negative.
    unsafe {
        let socket = libc::socket(family, kind, 0);
        check(socket.min(0))?;
        Ok(OwnedFd::from_raw_fd(socket))
    }
}

fn attach(socket: &OwnedFd, program: &Program) -> io::Result<()> {
    let mut instructions: Vec<libc::sock_filter> = program
        .0
        .iter()
        .map(|it| libc::sock_filter { code: it.code, jt: it.jt, jf: it.jf, k: it.k })
        .collect();
    let program = libc::sock_fprog {
        len: u16::try_from(instructions.len()).unwrap_or(0),
        filter: instructions.as_mut_ptr(),
    };
    set_bytes(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

fn bind(socket: &OwnedFd, name: &[u8; NAME_LEN]) -> io::Result<()> {
    // SAFETY: pointer and length are those of `name`.
    check(unsafe { libc::bind(socket.as_raw_fd(), name.as_ptr().cast(), NAME_SIZE) })
}

fn vectors_of(packet: &Packet<'_>) -> [iovec; 2] {
    let vector = |octets: &[u8]| iovec {
        iov_base: octets.as_ptr().cast_mut().cast::<c_void>(),
        iov_len: octets.len(),
    };
    [vector(packet.headers.as_ref().map_or(&[][..], |it| &it[..])), vector(packet.payload)]
}

/// What a call gave; nothing, if there was nothing to give or no room.
fn some(result: c_int) -> io::Result<Option<usize>> {
    let Ok(count) = usize::try_from(result) else {
        let why = io::Error::last_os_error();
        return match (why.kind(), why.raw_os_error()) {
            (io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted, _)
            | (_, Some(libc::ENOBUFS)) => Ok(None),
            _ => Err(why),
        };
    };
    Ok(Some(count))
}

fn check(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

// SAFETY: a C structure of numbers and pointers, for which all zeros are a value.
const EMPTY: mmsghdr = unsafe { std::mem::zeroed() };
