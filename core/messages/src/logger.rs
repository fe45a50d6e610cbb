//! Parts of the server that log, by Kea's names.

use std::fmt;

/// The name of the whole server, which every logger's name begins with.
pub const ROOT: &str = "kea-dhcp4";

macro_rules! loggers {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// A part of the server that logs.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Logger {
            $($(#[$doc])* $variant,)*
        }

        impl Logger {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name behind that of the server, such as `leases` in `kea-dhcp4.leases`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The full name, such as `kea-dhcp4.leases`.
            #[must_use]
            pub const fn full_name(self) -> &'static str {
                match self { $(Self::$variant => concat!("kea-dhcp4.", $name),)* }
            }
        }
    };
}

loggers! {
    /// The server as a whole: start, end, configuration, service.
    Dhcp4 = "dhcp4";
    /// Packets that come and go.
    Packets = "packets";
    /// Packets that are not answered because of what they are.
    BadPackets = "bad-packets";
    /// Leases that are offered, granted, extended, refused and given back.
    Leases = "leases";
    /// The search for addresses, and what becomes of lapsed ones.
    AllocEngine = "alloc-engine";
    /// Options of replies.
    Options = "options";
    /// Reservations.
    Hosts = "hosts";
    /// Connections to databases, lost and regained.
    Database = "database";
    /// The store of leases.
    Dhcpsrv = "dhcpsrv";
    /// Commands and the sockets for them.
    Commands = "commands";
    /// The HTTP listener.
    Http = "http";
    /// Probes of addresses before they are offered.
    PingCheckHooks = "ping-check-hooks";
    /// Limits of rates and of leases.
    LimitsHooks = "limits-hooks";
    /// The partner.
    HaHooks = "ha-hooks";
}

impl fmt::Display for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.full_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_is_the_servers_and_its_own() {
        for logger in Logger::ALL {
            assert_eq!(logger.full_name(), format!("{ROOT}.{}", logger.name()));
        }
    }
}
