//! Why a query got no answer. Each reason has a stable name, which is its message id and counter.

use std::fmt;

use lessor_messages::Message;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $message:ident, $text:literal;)*) => {
        /// Why a packet ended without an answer.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum DropReason {
            $($(#[$doc])* $variant,)*
        }

        impl DropReason {
            /// Every reason, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The message that tells of it.
            #[must_use]
            pub const fn message(self) -> Message {
                match self { $(Self::$variant => lessor_messages::$message,)* }
            }

            /// The stable name, for logs and counters.
            #[must_use]
            pub const fn id(self) -> &'static str {
                self.message().id()
            }

            /// The reason in words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

reasons! {
    /// Not a DHCP message at all.
    NotDhcp = DHCP4_NOT_DHCP, "not a DHCP message";
    /// `op` says that a server sent it (V4-029).
    FromServer = DHCP4_FROM_SERVER, "a server's message on the server's port";
    /// A message type that clients do not send, or none.
    MessageType = DHCP4_MESSAGE_TYPE, "a message type that clients do not send";
    /// Neither a link-layer address nor a client identifier, or an address that is too long.
    NoIdentity = DHCP4_NO_IDENTITY, "no usable client identity";
    /// Fields that exclude each other, or a needed one is missing.
    Malformed = DHCP4_MALFORMED, "fields that the message must have are missing or contradict";
    /// An option that the server would read does not have its form (V4-030).
    MalformedOption = DHCP4_MALFORMED_OPTION, "an option does not have its form";
    /// A BOOTP client's, and there is no leave to serve those (V4-027).
    Bootp = DHCP4_BOOTP, "a BOOTP client, and those are not served";
    /// Arrived on an interface that is not served.
    UnknownLink = DHCP4_UNKNOWN_LINK, "arrived on an interface that is not served";
    /// In the class `DROP`.
    ClassDrop = DHCP4_CLASS_DROP, "the client is in the class DROP";
    /// No subnet serves the client's link (V4-039).
    NoSubnet = DHCP4_NO_SUBNET, "no subnet for the client's link";
    /// The client's own address is in no subnet, and answers leave for none other (V4-012, V4-074).
    NotServed = DHCP4_NOT_SERVED, "the client's address is in no subnet";
    /// Meant for another server (V4-049).
    OtherServer = DHCP4_OTHER_SERVER, "the client chose another server";
    /// Nothing free (V4-038).
    NoFreeAddress = DHCP4_NO_FREE_ADDRESS, "no free address in the subnet";
    /// One lease more would be above a limit of the subnet or of a class.
    LimitReached = DHCP4_LIMIT_REACHED, "the subnet or a class has as many leases as it may";
    /// More packets than a limit of the subnet or of a class.
    RateLimited = DHCP4_RATE_LIMITED, "more packets than the subnet or a class may send";
    /// Every address that was probed for the client is in use (V4-042).
    AddressesInUse = DHCP4_ADDRESSES_IN_USE, "each address that was tried is in use by somebody";
    /// Not our client, and we do not claim to know all of them (V4-058, V4-060, V4-062).
    UnknownClient = DHCP4_UNKNOWN_CLIENT, "nothing is known of the client here";
    /// A decline of an address that its sender does not hold (V4-068).
    DeclineNotHeld = DHCP4_DECLINE_NOT_HELD, "declined an address that the client does not hold";
    /// A release of an address that its sender does not hold (V4-071).
    ReleaseNotHeld = DHCP4_RELEASE_NOT_HELD, "released an address that the client does not hold";
    /// A release that was overtaken by a newer confirmation of the same lease.
    ReleaseOvertaken = DHCP4_RELEASE_OVERTAKEN,
        "a release that arrived just after the lease was confirmed";
    /// Too many releases or declines from one place (a spoofer's, perhaps).
    SurrenderLimit = DHCP4_SURRENDER_LIMIT,
        "too many releases or declines from one relay or network";
    /// Too many unfinished exchanges of clients in one place.
    PlaceLimit = DHCP4_PLACE_LIMIT, "too many exchanges of one relay or network are in work";
    /// The same message is being worked on.
    DuplicateParked = DHCP4_DUPLICATE_PARKED, "a retransmission while the first is in work";
    /// Too many unfinished exchanges.
    LotFull = DHCP4_LOT_FULL, "too many exchanges are in work";
    /// The exchange's deadline passed.
    GaveUp = DHCP4_GAVE_UP, "the exchange was not settled in time";
    /// The store certainly did not keep what the answer needed (V4-053).
    StoreRefused = DHCP4_STORE_REFUSED, "the store did not keep the lease";
    /// There is no store at the moment.
    StoreUnavailable = DHCP4_STORE_UNAVAILABLE, "the store is not available";
    /// The partner refused the lease.
    PartnerRefused = DHCP4_PARTNER_REFUSED, "the partner refused the lease";
    /// Decided again too often.
    TooManyRounds = DHCP4_TOO_MANY_ROUNDS, "the facts changed too often to decide";
    /// Leases may be missing, and the client does not show that it uses the address.
    HoldOff = DHCP4_HOLD_OFF, "leases may be missing: nobody gets an address anew";
    /// The service is switched off by a command.
    ServiceDisabled = DHCP4_SERVICE_DISABLED, "the service is switched off";
    /// The server is stopping.
    ShuttingDown = DHCP4_SHUTTING_DOWN, "the server is stopping";
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
