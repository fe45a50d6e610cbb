//! Many packets per system call: recvmmsg and sendmmsg.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::{c_uint, c_void, iovec, mmsghdr, msghdr, socklen_t};

use lessor_types::Transmit;

use crate::frame::HEADERS_LEN;
use crate::layout::{NAME_LEN, PACKET_INFO_LEN};

/// The most packets that one call takes or gives.
pub const BATCH: usize = 64;
/// The longest packet that is kept whole, in octets.
pub(crate) const PACKET_MAX: usize = 4096;

const CONTROL_MAX: usize = 128;

#[expect(clippy::cast_possible_truncation, reason = "64")]
const BATCH_SIZE: c_uint = BATCH as c_uint;
#[expect(clippy::cast_possible_truncation, reason = "20")]
const NAME_SIZE: socklen_t = NAME_LEN as socklen_t;

/// Room for one batch of packets, used for every receive.
pub struct Inbox {
    slots: Box<[Slot]>,
    // Both point into `slots` and stay as they are, but for what the kernel writes: laying them out
    // anew would cost more than to receive a packet.
    #[expect(dead_code, reason = "the headers point to them")]
    vectors: Box<[iovec]>,
    headers: Box<[mmsghdr]>,
    filled: usize,
}

// SAFETY: the pointers are to memory that the inbox owns and nobody else refers to.
unsafe impl Send for Inbox {}

/// One packet's room.
#[repr(C, align(8))]
struct Slot {
    control: [u8; CONTROL_MAX],
    name: [u8; NAME_LEN],
    packet: [u8; PACKET_MAX],
}

/// A packet as it arrived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) packet: &'a [u8],
    pub(crate) name: &'a [u8],
    pub(crate) control: &'a [u8],
    /// Whether the packet was longer than its slot.
    pub(crate) truncated: bool,
}

/// A packet to be sent.
pub(crate) struct Outgoing<'a> {
    pub(crate) name: [u8; NAME_LEN],
    pub(crate) control: Option<[u8; PACKET_INFO_LEN]>,
    pub(crate) headers: Option<[u8; HEADERS_LEN]>,
    /// What it is made of.
    pub(crate) packet: &'a Transmit,
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("filled", &self.filled).finish_non_exhaustive()
    }
}

impl Inbox {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let mut slots: Box<[Slot]> = (0..BATCH).map(|_| Slot::EMPTY).collect();
        let mut vectors: Box<[iovec]> = slots
            .iter_mut()
            .map(|slot| iovec {
                iov_base: slot.packet.as_mut_ptr().cast::<c_void>(),
                iov_len: slot.packet.len(),
            })
            .collect();
        let headers = slots.iter_mut().zip(&mut vectors).map(|(slot, vector)| {
            let mut header = EMPTY_HEADER;
            header.msg_hdr.msg_name = slot.name.as_mut_ptr().cast::<c_void>();
            header.msg_hdr.msg_namelen = NAME_SIZE;
            header.msg_hdr.msg_control = slot.control.as_mut_ptr().cast::<c_void>();
            header.msg_hdr.msg_controllen = slot.control.len();
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
            header
        });
        Self { headers: headers.collect(), slots, vectors, filled: 0 }
    }

    /// Replaces the contents by what the socket has now; zero if it has nothing.
    pub(crate) fn fill(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        // The kernel has written lengths there.
        for header in self.headers.iter_mut().take(self.filled) {
            header.msg_hdr.msg_namelen = NAME_SIZE;
            header.msg_hdr.msg_controllen = CONTROL_MAX;
        }
        self.filled = 0;
        // SAFETY: there are `BATCH` headers; each points to a vector and buffers of the lengths
        // given, all distinct, owned by `self`, which is borrowed mutably, and never moved. The
        // kernel keeps no pointer. Any octets are valid contents.
        let result = unsafe {
            libc::recvmmsg(
                fd.as_raw_fd(),
                self.headers.as_mut_ptr(),
                BATCH_SIZE,
                libc::MSG_DONTWAIT,
                ptr::null_mut(),
            )
        };
        let Ok(filled) = usize::try_from(result) else {
            return nothing_yet(io::Error::last_os_error());
        };
        self.filled = filled;
        Ok(filled)
    }

    /// The packets of the last [`Inbox::fill`].
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = Arrival<'_>> {
        self.slots.iter().zip(&self.headers).take(self.filled).map(|(slot, header)| {
            let lengths = &header.msg_hdr;
            Arrival {
                packet: slot.packet.get(..header.msg_len as usize).unwrap_or(&slot.packet),
                name: slot.name.get(..lengths.msg_namelen as usize).unwrap_or(&slot.name),
                control: slot.control.get(..lengths.msg_controllen).unwrap_or(&slot.control),
                truncated: lengths.msg_flags & libc::MSG_TRUNC != 0,
            }
        })
    }
}

impl Slot {
    const EMPTY: Self =
        Self { control: [0; CONTROL_MAX], name: [0; NAME_LEN], packet: [0; PACKET_MAX] };
}

fn nothing_yet(error: io::Error) -> io::Result<usize> {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(0),
        _ => Err(error),
    }
}

/// Sends packets in order, [`BATCH`] at most, and says how many were taken.
///
/// # Errors
/// Why not even the first was taken.
pub(crate) fn send(fd: BorrowedFd<'_>, batch: &[Outgoing<'_>]) -> io::Result<usize> {
    // Most batches are small, and what is laid out for none is laid out in vain.
    match batch.len() {
        0..=4 => send_some::<4>(fd, batch),
        5..=16 => send_some::<16>(fd, batch),
        _ => send_some::<BATCH>(fd, batch),
    }
}

fn send_some<const MAX: usize>(fd: BorrowedFd<'_>, batch: &[Outgoing<'_>]) -> io::Result<usize> {
    let mut vectors = [[EMPTY_VECTOR; 2]; MAX];
    let mut headers = [EMPTY_HEADER; MAX];
    let count = c_uint::try_from(batch.len().min(MAX)).unwrap_or(BATCH_SIZE);
    for ((outgoing, vectors), header) in batch.iter().zip(&mut vectors).zip(&mut headers) {
        let front = outgoing.headers.as_ref().map_or(&[][..], |octets| &octets[..]);
        *vectors = [read_vector(front), read_vector(&outgoing.packet.payload)];
        header.msg_hdr.msg_name = outgoing.name.as_ptr().cast_mut().cast::<c_void>();
        header.msg_hdr.msg_namelen = NAME_SIZE;
        if let Some(control) = &outgoing.control {
            header.msg_hdr.msg_control = control.as_ptr().cast_mut().cast::<c_void>();
            header.msg_hdr.msg_controllen = control.len();
        }
        header.msg_hdr.msg_iov = vectors.as_mut_ptr();
        header.msg_hdr.msg_iovlen = 2;
    }
    // SAFETY: the first `count` headers point to vectors and octets that live until the call
    // returns, with their lengths; the kernel reads them only, in spite of the C types, and writes
    // only to the headers. It keeps no pointer.
    let result = unsafe {
        libc::sendmmsg(
            fd.as_raw_fd(),
            headers.as_mut_ptr(),
            count,
            libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
        )
    };
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

fn read_vector(octets: &[u8]) -> iovec {
    iovec { iov_base: octets.as_ptr().cast_mut().cast::<c_void>(), iov_len: octets.len() }
}

const EMPTY_VECTOR: iovec = iovec { iov_base: ptr::null_mut(), iov_len: 0 };

// SAFETY: both are C structures of numbers and pointers, for which all zeros are a value. (They
// cannot be written out, since some C libraries have private padding in them.)
const EMPTY_HEADER: mmsghdr =
    mmsghdr { msg_hdr: unsafe { std::mem::zeroed::<msghdr>() }, msg_len: 0 };
