//! Many packets per system call: recvmmsg and sendmmsg.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::{c_uint, c_void, iovec, mmsghdr, msghdr, socklen_t};

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
    filled: usize,
}

/// One packet's room, with what the kernel reported about it.
#[repr(C, align(8))]
struct Slot {
    control: [u8; CONTROL_MAX],
    name: [u8; NAME_LEN],
    packet: [u8; PACKET_MAX],
    control_len: usize,
    name_len: usize,
    packet_len: usize,
    truncated: bool,
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
    pub(crate) payload: &'a [u8],
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
        Self { slots: (0..BATCH).map(|_| Slot::EMPTY).collect(), filled: 0 }
    }

    /// Replaces the contents by what the socket has now; zero if it has nothing.
    pub(crate) fn fill(&mut self, fd: BorrowedFd<'_>) -> io::Result<usize> {
        self.filled = 0;
        let mut vectors = [EMPTY_VECTOR; BATCH];
        let mut headers = [EMPTY_HEADER; BATCH];
        for ((slot, vector), header) in self.slots.iter_mut().zip(&mut vectors).zip(&mut headers) {
            *vector = iovec {
                iov_base: slot.packet.as_mut_ptr().cast::<c_void>(),
                iov_len: slot.packet.len(),
            };
            header.msg_hdr.msg_name = slot.name.as_mut_ptr().cast::<c_void>();
            header.msg_hdr.msg_namelen = NAME_SIZE;
            header.msg_hdr.msg_control = slot.control.as_mut_ptr().cast::<c_void>();
            header.msg_hdr.msg_controllen = slot.control.len();
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
        }
        // SAFETY: there are `BATCH` headers; each points to a vector and buffers of the lengths
        // given, all distinct, borrowed mutably here, and alive until the call returns. The kernel
        // keeps no pointer. Any octets are valid contents.
        let result = unsafe {
            libc::recvmmsg(
                fd.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH_SIZE,
                libc::MSG_DONTWAIT,
                ptr::null_mut(),
            )
        };
        let Ok(filled) = usize::try_from(result) else {
            return nothing_yet(io::Error::last_os_error());
        };
        for (slot, header) in self.slots.iter_mut().zip(&headers).take(filled) {
            slot.packet_len = header.msg_len as usize;
            slot.name_len = header.msg_hdr.msg_namelen as usize;
            slot.control_len = header.msg_hdr.msg_controllen;
            slot.truncated = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
        }
        self.filled = filled;
        Ok(filled)
    }

    /// The packets of the last [`Inbox::fill`].
    pub(crate) fn arrivals(&self) -> impl Iterator<Item = Arrival<'_>> {
        self.slots.iter().take(self.filled).map(|slot| Arrival {
            packet: slot.packet.get(..slot.packet_len).unwrap_or(&slot.packet),
            name: slot.name.get(..slot.name_len).unwrap_or(&slot.name),
            control: slot.control.get(..slot.control_len).unwrap_or(&slot.control),
            truncated: slot.truncated,
        })
    }
}

impl Slot {
    const EMPTY: Self = Self {
        control: [0; CONTROL_MAX],
        name: [0; NAME_LEN],
        packet: [0; PACKET_MAX],
        control_len: 0,
        name_len: 0,
        packet_len: 0,
        truncated: false,
    };
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
    let mut vectors = [[EMPTY_VECTOR; 2]; BATCH];
    let mut headers = [EMPTY_HEADER; BATCH];
    let count = c_uint::try_from(batch.len()).map_or(BATCH_SIZE, |len| len.min(BATCH_SIZE));
    for ((packet, vectors), header) in batch.iter().zip(&mut vectors).zip(&mut headers) {
        let front = packet.headers.as_ref().map_or(&[][..], |octets| &octets[..]);
        *vectors = [read_vector(front), read_vector(packet.payload)];
        header.msg_hdr.msg_name = packet.name.as_ptr().cast_mut().cast::<c_void>();
        header.msg_hdr.msg_namelen = NAME_SIZE;
        if let Some(control) = &packet.control {
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
