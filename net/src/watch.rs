//! What the kernel tells about interfaces that change (rtnetlink).
//!
//! What exactly has changed is not read: whoever hears of a change looks at all interfaces, which
//! is what a lost message asks for anyway.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType};

/// `RTMGRP_LINK` and `RTMGRP_IPV4_IFADDR` of linux/rtnetlink.h.
const GROUPS: u32 = 0x1 | 0x10;
/// Messages read in one call. Others are there at the next.
const MESSAGES_MAX: usize = 1024;

/// Hears of interfaces that appear, disappear, go up or down, or get another name, and of IPv4
/// addresses that come and go.
pub struct Watch {
    socket: OwnedFd,
}

impl Watch {
    /// Begins to listen, in the network namespace of the caller.
    ///
    /// # Errors
    /// What the kernel answered.
    pub fn open() -> io::Result<Self> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
            None,
        )?;
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
        Ok(Self { socket })
    }

    /// Whether something may have changed since this was last asked.
    #[must_use]
    pub fn changed(&self) -> bool {
        let mut changed = false;
        for _ in 0..MESSAGES_MAX {
            // What does not fit is cut off, which is as good.
            match rustix::net::recv(&self.socket, &mut [0; 64], RecvFlags::DONTWAIT) {
                Ok(_) | Err(Errno::NOBUFS) => changed = true,
                Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        changed
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}
