//! Packets in memory that is shared with the kernel (PACKET_RX_RING).

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicU32, Ordering};

use libc::{c_int, c_void};

use crate::sys::{self, BUFFER};

/// The layout of the memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// A frame for each packet (TPACKET_V2).
    Frames,
    /// Packets in blocks, which are handed over when they are full or a millisecond old
    /// (TPACKET_V3).
    Blocks,
}

const FRAME: usize = 2048;
const BLOCK: usize = 1 << 16;
/// Packets of frames that are given at once.
const TAKEN_MAX: usize = 64;

/// The memory with its socket.
pub(crate) struct Ring {
    socket: OwnedFd,
    version: Version,
    memory: *mut u8,
    /// The next frame or block.
    at: usize,
}

impl Ring {
    pub(crate) fn new(socket: OwnedFd, version: Version) -> io::Result<Self> {
        let number = match version {
            Version::Frames => libc::tpacket_versions::TPACKET_V2 as c_int,
            Version::Blocks => libc::tpacket_versions::TPACKET_V3 as c_int,
        };
        sys::set(&socket, libc::SOL_PACKET, libc::PACKET_VERSION, number)?;
        let as_u32 = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let request = libc::tpacket_req3 {
            tp_block_size: as_u32(BLOCK),
            tp_block_nr: as_u32(BUFFER / BLOCK),
            tp_frame_size: as_u32(FRAME),
            tp_frame_nr: as_u32(BUFFER / FRAME),
            tp_retire_blk_tov: 1,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        let short = libc::tpacket_req {
            tp_block_size: request.tp_block_size,
            tp_block_nr: request.tp_block_nr,
            tp_frame_size: request.tp_frame_size,
            tp_frame_nr: request.tp_frame_nr,
        };
        match version {
            Version::Frames => {
                sys::set_bytes(&socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &short)?;
            }
            Version::Blocks => {
                sys::set_bytes(&socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
            }
        }
        // SAFETY: a new mapping of the socket's ring, whose length is what was asked for.
        let memory = unsafe {
            libc::mmap(
                ptr::null_mut(),
                BUFFER,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                socket.as_raw_fd(),
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { socket, version, memory: memory.cast(), at: 0 })
    }

    pub(crate) fn socket(&self) -> &OwnedFd {
        &self.socket
    }

    /// Shows the packets that are there next to `answer`, sends what it says, and gives their room
    /// back; how many there were.
    pub(crate) fn take<'s>(
        &'s mut self,
        answer: impl FnOnce(&[&'s [u8]]) -> (usize, Vec<sys::Packet<'s>>),
    ) -> io::Result<usize> {
        let mut packets = Vec::new();
        let mut release: Vec<*const AtomicU32> = Vec::new();
        // SAFETY: offsets and lengths are the kernel's, within the mapping; what has the user bit is
        // not written by the kernel until the bit is taken back below, after the last use.
        unsafe {
            match self.version {
                Version::Frames => self.frames(&mut packets, &mut release),
                Version::Blocks => self.block(&mut packets, &mut release),
            }
        }
        let count = packets.len();
        let (_, answers) = answer(&packets);
        let sent = sys::send_batch(&self.socket, &answers);
        for status in release {
            // SAFETY: it points into the mapping, where the kernel expects it.
            unsafe { (*status).store(0, Ordering::Release) };
        }
        sent?;
        Ok(count)
    }

    unsafe fn frames(&mut self, packets: &mut Vec<&[u8]>, release: &mut Vec<*const AtomicU32>) {
        while packets.len() < TAKEN_MAX {
            // SAFETY: by the contract of `take`.
            unsafe {
                let frame = self.memory.add(self.at * FRAME);
                let status = frame.cast::<AtomicU32>().cast_const();
                if (*status).load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
                    return;
                }
                let header = &*frame.cast::<libc::tpacket2_hdr>();
                let start = frame.add(usize::from(header.tp_net));
                packets.push(slice::from_raw_parts(start, header.tp_snaplen as usize));
                release.push(status);
            }
            self.at = (self.at + 1) % (BUFFER / FRAME);
        }
    }

    unsafe fn block(&mut self, packets: &mut Vec<&[u8]>, release: &mut Vec<*const AtomicU32>) {
        // SAFETY: by the contract of `take`. The block's header has the version, the offset of
        // private data, and then the status, the number of packets and the offset of the first.
        unsafe {
            let block = self.memory.add(self.at * BLOCK);
            let words = block.cast::<u32>();
            let status = words.add(2).cast::<AtomicU32>().cast_const();
            if (*status).load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
                return;
            }
            let (count, first) = (words.add(3).read(), words.add(4).read());
            let mut at = block.add(first as usize);
            for _ in 0..count {
                let header = &*at.cast::<libc::tpacket3_hdr>();
                let start = at.add(usize::from(header.tp_net));
                packets.push(slice::from_raw_parts(start, header.tp_snaplen as usize));
                at = at.add(header.tp_next_offset as usize);
            }
            release.push(status);
        }
        self.at = (self.at + 1) % (BUFFER / BLOCK);
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's own, and nothing refers to it any more.
        unsafe { libc::munmap(self.memory.cast::<c_void>(), BUFFER) };
    }
}
