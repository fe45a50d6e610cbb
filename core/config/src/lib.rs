//! Kea-style JSON text to a lawful configuration, with every diagnostic at once.
//!
//! # Map
//! - [`source`]: texts, spans in them, and `file:line:column`.
//! - [`json`]: Kea's dialect of JSON as a tree with a span at every value, and its printer.
//! - [`path`]: the way to a value, such as `Dhcp4.subnet4[0].id`.
//! - [`diagnostic`]: findings: where, what is wrong, what would be right.
//! - [`keys`]: the table of known keys: what each takes, where it stands, what it does; as a page.
//! - `check`: a tree against that table.
//! - `era`: which versions of Kea a tree was written for, and what differs from then.
//! - `sections`: a checked tree as a `Config`, part by part, with what no table can say.
//! - [`option_def`]: definitions of options.
//! - [`option_set`]: the options of one scope.
//! - `option_text`: option values as text and octets.
//! - `resolver_text`: encrypted resolvers as text and octets.
//! - `spelling`: which known word was meant.
//! - [`hooks`]: features that Kea has in libraries, and their settings.
//! - [`log_pattern`]: what a line of the log looks like.
//! - [`model`]: `Config` and its parts: what a file means, all defaults filled in.
//! - [`host`]: reservations, and how they are found.
//! - [`network`]: subnets that share a link.
//! - [`char_set`]: sets of characters, as `hostname-char-set` writes them.
//! - `canonical`: a `Config` as a tree again.
//! - `parse`: the entry points, [`Config::parse`] and [`Config::to_json`].
//! - [`class_names`]: which names of classes are the server's own.
//! - [`user_context`]: what somebody noted, kept and given back.
//! - [`prefix`]: `Prefix4`, an IPv4 network.
//!
//! # Does not
//! Read files (an include is fetched by the caller's loader), look at interfaces, or decide
//! anything about clients.
//!
//! # Invariants
//! A [`Config`] that came out of this crate is lawful: nobody checks it again. Any text gives one or
//! says why not, without a panic. Findings never show what stands where a secret belongs.
#![forbid(unsafe_code)]

mod canonical;
pub mod char_set;
mod check;
pub mod class_names;
pub mod diagnostic;
mod era;
pub mod hooks;
pub mod host;
pub mod json;
pub mod keys;
pub mod log_pattern;
pub mod model;
pub mod network;
pub mod option_def;
pub mod option_set;
mod option_text;
mod parse;
pub mod path;
pub mod prefix;
mod resolver_text;
mod sections;
pub mod source;
mod spelling;
pub mod user_context;

pub use char_set::{CharSet, CharSetError};
pub use diagnostic::{Diagnostic, Diagnostics, Level};
pub use hooks::{
    Feature, FlexAction, FlexChange, FlexId, FlexOption, FlexSubOption, FlexValue, Hook, Hooks,
    Limits, PingCheck, Rate,
};
pub use host::{Host, HostLookup, HostScopes, Hosts};
pub use log_pattern::LogPattern;
pub use model::{
    Allocator, Class, Compatibility, Config, ControlSocket, Database, DatabaseTimeouts,
    DatabaseTls, Engine, Expired, Facility, InfoCheck, InterfaceSpec, LeaseCheck, LeaseStore,
    Lifetime, LogDestination, LogOutput, Logger, Membership, Memfile, Metrics, Naming, Noted,
    OnFail, Outbound, Password, Pool, Recovery, Replace, Samples, SanityChecks, Secret,
    ServiceSockets, Severity, SocketType, SslMode, Subnet, Syslog, Tee,
};
pub use network::{Network, NetworkKey};
pub use option_def::OptionDef;
pub use option_set::OptionSet;
pub use prefix::Prefix4;
pub use user_context::UserContext;
