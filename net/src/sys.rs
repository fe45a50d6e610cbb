//! System calls that no safe crate covers, each behind a safe function.

pub(crate) mod ifaddrs;
pub(crate) mod mmsg;
pub(crate) mod option;
