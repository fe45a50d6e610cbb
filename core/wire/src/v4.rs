//! DHCPv4 messages (RFC 2131) and their options (RFC 2132).
//!
//! # Map
//! - [`code`]: option codes by name.
//! - [`codes`]: sets of option codes.
//! - [`definition`]: names and types of the standard options.
//! - [`layout`]: how values are made up, and values taken apart.
//! - [`fqdn`]: the client FQDN option.
//! - [`options`]: the options of one message, joined and in order.
//! - [`kind`]: what a message is: `Op`, `MessageType`.
//! - [`message`]: the lawful value.
//! - [`vendor`]: options in options, and vendors' blocks of them.
//! - [`view`]: any bytes, read without judgement.
//! - [`encode`]: a value's way into octets.
//! - [`route`]: classless static routes.
//! - [`dnr`]: encrypted DNS resolvers.
//! - [`relay`]: the relay agent information option.
//! - [`print`]: the printer of logs, snapshots and tools.
//! - [`error`]: why octets are not a message.

pub mod code;
pub mod codes;
pub mod definition;
pub mod dnr;
pub mod encode;
pub mod error;
pub mod fqdn;
pub mod kind;
pub mod layout;
pub mod message;
pub mod options;
pub mod print;
pub mod relay;
pub mod route;
pub mod vendor;
pub mod view;

pub use codes::Codes;
pub use definition::Definition;
pub use dnr::Dnr;
pub use encode::Encoded;
pub use error::{DecodeError, DecodeErrorKind};
pub use fqdn::{Fqdn, FqdnFlags};
pub use kind::{MessageType, Op};
pub use layout::{Layout, OptionType};
pub use message::Message;
pub use options::Options;
pub use relay::RelayAgent;
pub use route::Route;
pub use view::{Area, RawOption, View};

/// What follows the BOOTP header of every DHCP message (RFC 2131 §3).
pub const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];
/// The first octet after the magic cookie, and so the smallest DHCP message.
pub const HEADER_LEN: usize = 240;
/// The smallest message sent, in octets; relays drop shorter ones (RFC 1542 §2.1).
pub const MESSAGE_MIN: usize = 300;
/// The datagram every client takes, in octets with IP and UDP headers (RFC 2131 §2).
pub const DATAGRAM_MIN: usize = 576;
/// The well-known port of servers and relays.
pub const SERVER_PORT: u16 = 67;
/// The well-known port of clients.
pub const CLIENT_PORT: u16 = 68;

/// The broadcast bit in the flags field (RFC 2131 §2).
pub(crate) const BROADCAST: u16 = 0x8000;
/// Places and sizes of the two fields that options may overflow into.
pub(crate) const SNAME_AT: usize = 44;
pub(crate) const SNAME_LEN: usize = 64;
pub(crate) const FILE_AT: usize = 108;
pub(crate) const FILE_LEN: usize = 128;
/// The longest link-layer address that the header carries.
pub(crate) const CHADDR_LEN: usize = 16;
