//! Socket options, and binding to a link-layer address.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use libc::{c_int, c_void, socklen_t};

use crate::layout::NAME_LEN;

/// Sets an option whose value is a number.
pub(crate) fn set(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    let len = socklen(size_of::<c_int>());
    // SAFETY: the pointer and the length are those of `value`, which lives through the call; the
    // descriptor is borrowed and thus open.
    let result = unsafe {
        libc::setsockopt(fd.as_raw_fd(), level, name, (&raw const value).cast::<c_void>(), len)
    };
    check(result)
}

/// Binds a socket to the address laid out in `name`.
pub(crate) fn bind(fd: BorrowedFd<'_>, name: &[u8; NAME_LEN]) -> io::Result<()> {
    // SAFETY: the pointer and the length are those of `name`; the kernel copies the address and
    // checks it, and it asks for no alignment.
    let result = unsafe { libc::bind(fd.as_raw_fd(), name.as_ptr().cast(), socklen(name.len())) };
    check(result)
}

/// The address that a socket is bound to, as laid out by the kernel.
pub(crate) fn name(fd: BorrowedFd<'_>) -> io::Result<[u8; NAME_LEN]> {
    let mut name = [0_u8; NAME_LEN];
    let mut len = socklen(name.len());
    // SAFETY: the kernel writes at most `len` octets to `name`, which is that long; any octets are a
    // value, and it asks for no alignment.
    let result =
        unsafe { libc::getsockname(fd.as_raw_fd(), name.as_mut_ptr().cast(), &raw mut len) };
    check(result).map(|()| name)
}

/// How many packets an AF_PACKET socket dropped for want of room since this was last asked.
pub(crate) fn take_packet_drops(fd: BorrowedFd<'_>) -> io::Result<u32> {
    // `struct tpacket_stats`: packets, then drops.
    let mut stats = [0_u32; 2];
    let mut len = socklen(size_of_val(&stats));
    // SAFETY: the kernel writes at most `len` octets to `stats`, which is that long and for which
    // every bit pattern is a value.
    let result = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            stats.as_mut_ptr().cast::<c_void>(),
            &raw mut len,
        )
    };
    check(result).map(|()| stats[1])
}

fn socklen(len: usize) -> socklen_t {
    socklen_t::try_from(len).expect("options and addresses are short")
}

fn check(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
