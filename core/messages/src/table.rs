//! The table itself: one constant for each message, of the message's name.
//!
//! A row is: logger, level (for `Debug` with the least `debuglevel`), id, meaning, advice.

use crate::{Level, Logger, Message, Row};

macro_rules! messages {
    ($($logger:ident $level:ident $(($detail:literal))? $id:ident $meaning:literal $advice:literal;)*) => {
        /// Places in the table.
        #[expect(non_camel_case_types, reason = "ids of messages")]
        #[repr(u16)]
        enum Place { $($id,)* }

        $(#[doc = $meaning] pub const $id: Message = Message(Place::$id as u16);)*

        pub(crate) const ALL: &[Message] = &[$($id,)*];

        pub(crate) const ROWS: &[Row] = &[$(Row {
            id: stringify!($id),
            logger: Logger::$logger,
            level: Level::$level,
            detail: 0 $(+ $detail)?,
            meaning: $meaning,
            advice: $advice,
        },)*];
    };
}

messages! {
    // What becomes of clients' messages.
    Leases Debug(40) DHCP4_LEASE_OFFERED
        "A DISCOVER was answered with the offer of an address, which is kept for the client for a while."
        "";
    Leases Info DHCP4_LEASE_COMMITTED
        "A lease was granted or extended: it is on stable storage, and the client was told."
        "";
    Leases Debug(40) DHCP4_LEASE_CONFIRMED
        "A client was told again of a lease that it has, and nothing had to be written."
        "";
    Leases Info DHCP4_REQUEST_REFUSED
        "A client that asked for an address which it cannot have was told to start again (DHCPNAK)."
        "Nothing, if clients moved between networks. If it goes on for one client, compare its address with the subnets and reservations.";
    Leases Warn DHCP4_LEASE_DECLINED
        "A client found its address in use by somebody else; the address is on probation."
        "Find out who uses the address without a lease: a host with a fixed address inside a pool, or another DHCP server.";
    Leases Info DHCP4_LEASE_RELEASED
        "A client gave its lease back."
        "";
    Leases Debug(40) DHCP4_CLIENT_INFORMED
        "A client that has its own address was given options (DHCPINFORM)."
        "";
    AllocEngine Warn DHCP4_NO_FREE_ADDRESS_TOLD
        "No address was free, and the client was told so and that it shall not make one up (option 116)."
        "Enlarge the pools, shorten lifetimes, or find out who takes so many addresses.";
    Leases Debug(40) DHCP4_V6_ONLY_TOLD
        "A client that can do without IPv4 was told to (option 108)."
        "";
    Leases Debug(40) DHCP4_OFFER_NOT_TAKEN
        "A client chose another server; the address that it was offered is free again."
        "If only one server should serve this link, find the other one.";
    Options Warn DHCP4_OPTIONS_LEFT_OUT
        "A reply lacked options that did not fit into the size that the client takes."
        "Configure fewer or shorter options for these clients.";

    // Why a message got no answer.
    BadPackets Debug(15) DHCP4_NOT_DHCP
        "What arrived is not a DHCP message."
        "If there are many, find out who sends them.";
    BadPackets Debug(15) DHCP4_FROM_SERVER
        "A server's message arrived on the server's port."
        "If there are many, look for a misconfigured relay or a loop.";
    BadPackets Debug(15) DHCP4_MESSAGE_TYPE
        "The message has a type that clients do not send, or none."
        "";
    BadPackets Debug(15) DHCP4_NO_IDENTITY
        "The message has neither a hardware address nor a client identifier, or an address that is too long."
        "";
    BadPackets Debug(15) DHCP4_MALFORMED
        "Fields that the message must have are missing, or contradict each other."
        "";
    BadPackets Debug(15) DHCP4_MALFORMED_OPTION
        "An option that the server would read does not have its form."
        "If the client cannot be helped otherwise, try `lenient-option-parsing` in `compatibility`.";
    BadPackets Debug(15) DHCP4_BOOTP
        "A BOOTP client asked, and those are not served."
        "To serve BOOTP clients, add `libdhcp_bootp` to `hooks-libraries`.";
    BadPackets Debug(15) DHCP4_UNKNOWN_LINK
        "The message arrived on an interface that is not served."
        "";
    BadPackets Debug(15) DHCP4_CLASS_DROP
        "The client is in the class `DROP`."
        "";
    BadPackets Debug(15) DHCP4_NO_SUBNET
        "No subnet serves the client's link, or none that it may use."
        "If the client should be served, compare the interface or the relay's address with the subnets, and the client's classes with `client-classes` there.";
    BadPackets Debug(15) DHCP4_NOT_SERVED
        "The client's own address is in no subnet, so no answer can be sent to it."
        "";
    BadPackets Debug(40) DHCP4_OTHER_SERVER
        "The client chose another server."
        "If only one server should serve this link, find the other one.";
    AllocEngine Warn DHCP4_NO_FREE_ADDRESS
        "No address is free for the client in any subnet that it may use, and it was not answered."
        "Enlarge the pools, shorten lifetimes, or find out who takes so many addresses.";
    LimitsHooks Debug(40) DHCP4_LIMIT_REACHED
        "The subnet or a class of the client has as many leases as `address-limit` lets it have."
        "If that is too few, raise the limit.";
    LimitsHooks Debug(40) DHCP4_RATE_LIMITED
        "More packets came from the subnet or a class than `rate-limit` allows."
        "If clients are kept waiting that should not be, raise the limit.";
    PingCheckHooks Debug(40) DHCP4_ADDRESSES_IN_USE
        "Each address that was probed for the client is in use by somebody."
        "Find out who uses addresses of the pool without a lease.";
    Leases Debug(40) DHCP4_UNKNOWN_CLIENT
        "A client asks for an address of which nothing is known here, and the server is not authoritative."
        "If no other server serves the link, `authoritative` lets such clients start again at once.";
    BadPackets Debug(15) DHCP4_DECLINE_NOT_HELD
        "A DECLINE names an address that its sender does not hold."
        "If there are many, somebody may be trying to empty the pools.";
    BadPackets Debug(15) DHCP4_RELEASE_NOT_HELD
        "A RELEASE names an address that its sender does not hold."
        "If there are many, somebody may be trying to take leases from clients.";
    BadPackets Debug(15) DHCP4_RELEASE_OVERTAKEN
        "A RELEASE came just after the same lease was confirmed, so it counts as older than that."
        "";
    BadPackets Debug(15) DHCP4_SURRENDER_LIMIT
        "Too many RELEASE or DECLINE messages came from one relay or network."
        "Find out who sends them: they may be forged.";
    Packets Debug(15) DHCP4_PLACE_LIMIT
        "Too many exchanges of clients behind one relay or network are in work; the client will ask again."
        "If it goes on, find out what floods the server from there, or why the store is slow.";
    Packets Debug(15) DHCP4_DUPLICATE_PARKED
        "A retransmission came while the first message is in work; that one will be answered."
        "";
    Packets Debug(15) DHCP4_LOT_FULL
        "Too many exchanges are in work; the client will ask again."
        "If it goes on, the disk may be slow, or `parked-packet-limit` too small.";
    Packets Debug(15) DHCP4_GAVE_UP
        "The exchange was not settled in time."
        "If it goes on, the store is slow: look for messages of `kea-dhcp4.dhcpsrv`.";
    Dhcpsrv Warn DHCP4_STORE_REFUSED
        "The store did not keep the lease, so the client was not told of it."
        "Look for the reason in the messages before: a full disk, or a lost store.";
    Dhcpsrv Debug(15) DHCP4_STORE_UNAVAILABLE
        "The store is not available, so the client was not answered."
        "See the message that the store was lost.";
    HaHooks Debug(15) DHCP4_PARTNER_REFUSED
        "The partner refused the lease."
        "";
    Packets Debug(15) DHCP4_TOO_MANY_ROUNDS
        "The facts changed too often while the exchange was decided; the client will ask again."
        "";
    Packets Debug(15) DHCP4_HOLD_OFF
        "Leases may be missing, and the client does not show that it uses the address that it asks for."
        "See the message that a hold-off began.";
    Packets Debug(15) DHCP4_SERVICE_DISABLED
        "The service is switched off by a command or by a connection that is down."
        "See the message that the service was switched off.";
    Packets Debug(15) DHCP4_SHUTTING_DOWN
        "The server is stopping and takes nothing new up."
        "";

    // What becomes of leases when time passes.
    AllocEngine Debug(40) LEASE_RECLAIMED
        "A lapsed lease was reclaimed."
        "";
    AllocEngine Debug(40) LEASE_REMOVED
        "A lease that had ended long ago is forgotten."
        "";
    AllocEngine Info LEASE_PROBATION_ENDED
        "A declined address may be leased again: its probation is over."
        "";
    AllocEngine Warn LEASE_RECLAIM_SLOW
        "Several rounds of reclaiming in a row left lapsed leases behind."
        "Raise `max-reclaim-leases` or `max-reclaim-time`, or make `reclaim-timer-wait-time` shorter.";
    AllocEngine Warn LEASE_RECLAIM_FAILED
        "A reclaimed lease was not written; the next round tries again."
        "If it goes on, look at the store.";
    Dhcpsrv Warn LEASE_MISPLACED
        "A stored lease has the number of a subnet that does not contain its address (`sanity-checks`)."
        "Compare the numbers of subnets with those of the configuration under which the leases were made.";
    Dhcpsrv Info LEASES_LOOKED_OVER
        "Stored leases were compared with the configuration, and some did not fit."
        "See the messages about each of them.";
    Hosts Warn DHCP4_RESERVATION_MISSED
        "A client gets another address than the one reserved for it, since somebody has that."
        "The client gets its address when the other one's lease ends; reserve addresses outside pools to avoid this.";

    // Probes.
    PingCheckHooks Info DHCP4_ADDRESS_IN_USE
        "An address that was to be offered answered a probe, so somebody uses it."
        "Find out who uses the address without a lease.";
    PingCheckHooks Warn DHCP4_SERVER_DECLINED
        "An address that answered a probe is on probation."
        "Find out who uses the address without a lease.";
    PingCheckHooks Warn DHCP4_SERVER_DECLINE_FAILED
        "An address answered a probe, but its probation could not be written."
        "If it goes on, look at the store.";
    PingCheckHooks Warn DHCP4_PROBE_UNSENT
        "An address could not be probed, and counts as free."
        "See whether the server may send ICMP there: routes, firewalls, the capability CAP_NET_RAW.";

    // The store.
    Dhcpsrv Error STORE_LOST
        "The lease store cannot be written: no lease is granted or extended until it can be again."
        "Free space on its disk or repair the disk; the server opens the store again by itself.";
    Dhcpsrv Info STORE_REOPENED
        "The lease store is open again."
        "";
    Database Error DATABASE_LOST
        "A database that the server uses is lost; it is tried at once, then as `max-reconnect-tries` and `reconnect-wait-time` say."
        "Start the database again, or put right what is between it and the server; the line says what was met.";
    Database Warn DATABASE_UNREACHABLE
        "A try to connect to a database failed."
        "See that it runs where the line says, and that the user may log in.";
    Database Info DATABASE_OPENED
        "A database is connected to."
        "";
    Database Fatal DATABASE_GIVEN_UP
        "A database did not come back, or was not there at the start, and the server exits, as `on-fail` says."
        "Start the database, then the server. With `retry-on-startup` the server waits for it.";
    Database Error DATABASE_DONE_WITHOUT
        "A database did not come back, and the server goes on without it, as `on-fail` says; it is tried again, ever less often."
        "Start the database again.";
    Database Info DATABASE_FOUND
        "A database was looked at, and its schema is one that the server knows."
        "";
    Database Warn DATABASE_WEAK
        "A setting of the database lets it forget what it has confirmed."
        "Change the setting as the line says, or accept that confirmed leases can be lost with the database's machine.";
    Database Warn DATABASE_BAD_ROW
        "A row of the database cannot be read, so its address is left alone, or a lease cannot be written to it."
        "Look at the row with the database's own tools: the line names the address and what is wrong.";
    Database Warn DATABASE_TROUBLE
        "The database answered with an error, and is there all the same."
        "The line has the database's own words; if it goes on, look into the database's log.";
    Dhcpsrv Info JOURNAL_OPENED
        "A lease file was opened and read."
        "";
    Dhcpsrv Warn JOURNAL_ABSENT
        "Leases are not written anywhere (`persist` is false): a restart forgets all of them."
        "Unless this is a test, set `persist` to true in `lease-database`.";
    Dhcpsrv Warn JOURNAL_FINDING
        "Something is wrong in a lease file; the message says where, and what was done."
        "See whether the file was edited or restored, and whether the disk is sound.";
    Dhcpsrv Warn JOURNAL_BAD_ROWS
        "Rows of a lease file could not be read and were passed over."
        "See whether the file was edited or restored, and whether the disk is sound.";
    Dhcpsrv Warn JOURNAL_MENDED
        "The disk had changed one bit of a lease file, which was put right by its checksum."
        "See whether the disk and the memory are sound, before more goes wrong.";
    Dhcpsrv Error JOURNAL_DAMAGED
        "Rows of a lease file are not what was written, and are not believed: leases are missing, and a hold-off begins. The lines are kept beside the lease file, in a file whose name ends in `.damaged`."
        "Replace the disk. What is in the lines may help to tell which clients were concerned.";
    Dhcpsrv Error JOURNAL_REOPEN_FAILED
        "A lost lease file could not be opened again yet; it is tried again and again."
        "Do what the message says: free space, repair the disk, or give the server access.";
    Dhcpsrv Warn JOURNAL_WRITE_FAILED
        "Lease changes could not be written; their clients were not answered."
        "Free space on the disk, or repair it.";
    Dhcpsrv Info JOURNAL_COMPACTED
        "The lease file was compacted: rows that newer ones replace are gone."
        "";
    Dhcpsrv Warn JOURNAL_COMPACTION_FAILED
        "A compaction of the lease file did not begin or did not end; the next one takes it up."
        "If it goes on, see whether the disk is full.";
    Dhcpsrv Warn JOURNAL_NOTE_FAILED
        "What the next start should know of the clock and of the lease file could not be noted beside it."
        "See whether the disk is full, and whether the directory may be written.";
    Dhcpsrv Fatal JOURNAL_DIED
        "The thread that writes leases has ended on its own, and the server ends with it."
        "Start the server again, and report this: it is a defect.";

    // The network.
    Dhcp4 Info DHCP4_LISTENING
        "These interfaces are served."
        "";
    Dhcp4 Warn DHCP4_NOT_LISTENING
        "No interface is served, so no client is heard; interfaces are looked at again and again."
        "See whether the interfaces of `interfaces-config` exist, are up and have an IPv4 address.";
    Dhcp4 Warn DHCP4_SOCKET_TROUBLE
        "An interface that the configuration names cannot be served at the moment."
        "Do what the message says, or take the interface out of `interfaces-config`.";
    Dhcp4 Warn DHCP4_SOCKET_REMARK
        "Some clients on an interface that is served may not be heard or answered."
        "Do what the message says. Where all clients are behind relays, nothing is to be done.";
    Dhcp4 Warn DHCP4_OTHER_SERVER_SEEN
        "Clients take the offers of another DHCP server. Each such server is told of once."
        "If it is not meant to be there, find it by its address and switch it off; if it is, see that the two have no address in common.";
    Packets Warn DHCP4_RECEIVE_FAILED
        "The system would not let the server receive packets."
        "Do what the message says; the server goes on trying.";
    Packets Warn DHCP4_SEND_FAILED
        "A packet could not be sent; its client will ask again."
        "See whether the way to the client or relay is there: interface, route, firewall.";

    // The partner.
    HaHooks Info PARTNER_CONTACT_BEGAN
        "The partner answers."
        "";
    HaHooks Warn PARTNER_CONTACT_ENDED
        "The partner does not answer any more."
        "See whether it runs, and whether the network between the two is up.";

    // The server as a whole.
    Dhcp4 Info DHCP4_STARTED
        "The server serves."
        "";
    Dhcp4 Info DHCP4_STOPPING
        "The server was asked to end and finishes what is in work."
        "";
    Dhcp4 Info DHCP4_STOPPED
        "The server has ended, and everything that clients were told is stored."
        "";
    Dhcp4 Warn DHCP4_STOPPED_UNSETTLED
        "The server has ended before lease changes were settled; no client was told of those."
        "If the disk is sound, give the server longer to end.";
    Dhcp4 Info CONFIG_APPLIED
        "A configuration is in effect."
        "";
    Dhcp4 Info CONFIG_REMARK
        "Something about the configuration is worth knowing."
        "";
    Dhcp4 Warn CONFIG_WARNING
        "Something in the configuration is probably not meant, or not in effect yet."
        "Do what the message says.";
    Dhcp4 Error CONFIG_ERROR
        "Something in the configuration is wrong."
        "Do what the message says.";
    Dhcp4 Error CONFIG_REFUSED
        "A new configuration is not taken; the old one stays in effect."
        "Correct what the message names, and load the configuration again.";
    Dhcp4 Warn SERVICE_SWITCHED_OFF
        "Clients are not served until the service is switched on again, or the time given is over."
        "If nobody meant it, send `dhcp-enable`.";
    Dhcp4 Info SERVICE_SWITCHED_ON
        "One of those who had switched the service off took that back."
        "";
    Dhcp4 Warn CLOCK_LEAPT
        "The system's clock leapt; leases are judged with care until those from before the leap are over."
        "See whether the clock is right and kept right by NTP.";
    Dhcp4 Warn CLOCK_UNSET
        "The system's clock shows a date before this program was made, and is not believed; leases are dated from the latest date that is known."
        "Set the clock, or see why NTP does not.";
    Dhcp4 Info CLOCK_SET
        "The system's clock was not believed, and is now."
        "";
    Dhcp4 Warn HOLD_OFF_BEGAN
        "Leases may be missing from the lease file, so addresses go only to clients that use them already."
        "See the hold-off in docs/operations.md; the command hold-off-end ends it, if no lease is missing.";
    Dhcp4 Warn HOLD_OFF_CONTINUED
        "A hold-off from before the start goes on."
        "See the hold-off in docs/operations.md; the command hold-off-end ends it, if no lease is missing.";
    Dhcp4 Info HOLD_OFF_ENDED
        "The hold-off is over, and addresses go to everybody."
        "";
    Dhcp4 Warn LOG_LINES_LOST
        "Lines of the log are missing here, since nobody took them in time. No client was kept waiting for them."
        "See what is slow: the disk of a log file, the terminal, syslog; or log less.";

    Dhcp4 Warn LOG_PLACE_FAILED
        "Lines cannot be written to one of the places that `loggers` name; they go to the standard error until they can be again."
        "Do what the message says: make the folder, give the server access, free space, start the daemon that should listen.";
    Dhcp4 Info LOG_PLACE_RESTORED
        "Lines are written to a place again that had failed."
        "";
    Dhcp4 Warn LOG_PLACE_TROUBLE
        "A file of the log was not rotated and grows on."
        "See whether the server may write to the folder, and what stands in the way.";

    // The HTTP listener.
    Http Info HTTP_OPENED
        "Figures and health are told at this address."
        "";
    Http Warn HTTP_UNAVAILABLE
        "Figures and health are not told to anybody, since the address cannot be had. Clients are served all the same."
        "See who listens there, or give another `port` under `metrics`, and reload.";

    // Commands.
    Commands Info CONTROL_OPENED
        "Commands are taken at this place."
        "";
    Commands Info CONTROL_COMMAND
        "A command came and was answered."
        "";
}
