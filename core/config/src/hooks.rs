//! Features that Kea has in libraries and this server has built in.

use std::time::Duration;

use lessor_expression::Expression;
use lessor_types::Secs;
use lessor_wire::v4::code;

use crate::option_set::{self, Space};

/// The features that a configuration switches on, each at most once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hooks(pub Vec<Hook>);

/// One entry of `hooks-libraries`.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook {
    /// The library as the file names it, with or without its path.
    pub library: String,
    /// What it switches on.
    pub feature: Feature,
}

/// What a library stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Feature {
    /// Something that is there anyway, such as commands.
    BuiltIn,
    /// Clients that speak BOOTP (`libdhcp_bootp`).
    Bootp,
    /// An identifier of hosts that an expression makes (`libdhcp_flex_id`).
    FlexId(FlexId),
    /// Options of replies that expressions make (`libdhcp_flex_option`).
    FlexOption(Vec<FlexOption>),
    /// Limits of leases and packets (`libdhcp_limits`). They stand where they hold: in
    /// [`crate::Subnet::limits`] and [`crate::Class::limits`].
    Limits,
    /// Addresses are probed before they are offered (`libdhcp_ping_check`). What holds for a subnet
    /// stands in [`crate::Subnet::ping_check`].
    PingCheck(PingCheck),
}

impl Hooks {
    /// The features, in the order of the file.
    pub fn features(&self) -> impl Iterator<Item = &Feature> {
        self.0.iter().map(|hook| &hook.feature)
    }

    /// Whether clients that speak BOOTP are answered.
    #[must_use]
    pub fn bootp(&self) -> bool {
        self.features().any(|it| matches!(it, Feature::Bootp))
    }

    /// How the flexible identifier of hosts is made.
    #[must_use]
    pub fn flex_id(&self) -> Option<&FlexId> {
        self.features().find_map(|it| match it {
            Feature::FlexId(flex_id) => Some(flex_id),
            _ => None,
        })
    }

    /// What is done to the options of replies, in order.
    #[must_use]
    pub fn flex_options(&self) -> &[FlexOption] {
        let options = self.features().find_map(|it| match it {
            Feature::FlexOption(options) => Some(options.as_slice()),
            _ => None,
        });
        options.unwrap_or_default()
    }

    /// Whether limits hold.
    #[must_use]
    pub fn limits(&self) -> bool {
        self.features().any(|it| matches!(it, Feature::Limits))
    }

    /// How addresses are probed where no subnet says otherwise.
    #[must_use]
    pub fn ping_check(&self) -> Option<&PingCheck> {
        self.features().find_map(|it| match it {
            Feature::PingCheck(ping_check) => Some(ping_check),
            _ => None,
        })
    }
}

/// How an address is probed before it is offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PingCheck {
    /// Whether it is.
    pub enabled: bool,
    /// How many echo requests must stay without an answer, at least 1.
    pub requests: u32,
    /// How long to wait for the answer to each, in milliseconds, at least 1.
    pub reply_timeout_ms: u32,
    /// A client whose own lease was confirmed no longer ago than this gets it without a probe.
    pub cltt: Secs,
}

impl PingCheck {
    /// How long to wait for the answer to each request.
    #[must_use]
    pub const fn reply_timeout(&self) -> Duration {
        Duration::from_millis(self.reply_timeout_ms as u64)
    }
}

impl Default for PingCheck {
    fn default() -> Self {
        Self { enabled: true, requests: 1, reply_timeout_ms: 100, cltt: Secs(60) }
    }
}

/// How much a subnet may lease, or the members of a class may hold, and how often they are heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// The most leases at one time; none means any number.
    pub addresses: Option<u32>,
    /// The most packets that are heard.
    pub rate: Option<Rate>,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self { addresses: None, rate: None };
}

/// A number of packets in any stretch of time of one length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How many.
    pub packets: u32,
    /// In how long.
    pub per: Span,
}

/// A stretch of time as limits name it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Span {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// 24 hours.
    Day,
    /// Seven days.
    Week,
    /// 30 days.
    Month,
    /// 365 days.
    Year,
}

impl Span {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Second, "second"),
        (Self::Minute, "minute"),
        (Self::Hour, "hour"),
        (Self::Day, "day"),
        (Self::Week, "week"),
        (Self::Month, "month"),
        (Self::Year, "year"),
    ];

    /// How long it is.
    #[must_use]
    pub const fn length(self) -> Duration {
        Duration::from_secs(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Month => 30 * 86_400,
            Self::Year => 365 * 86_400,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(span, _)| *span == self).map_or("second", |(_, name)| name)
    }
}

/// An identifier of hosts that an expression makes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlexId {
    /// Its value is the identifier; a client for whom it is empty, or longer than 255 octets, has
    /// none.
    pub identifier: Expression,
    /// Whether the identifier, after an octet 0, takes the place of the client identifier, so that
    /// leases go by it. Clients get the one back that they sent.
    pub replace_client_id: bool,
}

/// What is done to one option of a reply once it has been assembled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlexOption {
    /// The option's code, 1 to 254; none that [`FlexOption::is_fixed`].
    pub code: u8,
    /// To whose replies; none means everybody's.
    pub class: Option<String>,
    /// What is done.
    pub change: FlexChange,
}

impl FlexOption {
    /// Whether an option is the protocol's: made by the server, or sent back as it came (RFC 6842).
    #[must_use]
    pub fn is_fixed(code: u8) -> bool {
        option_set::is_own(code) || code == code::CLIENT_ID
    }
}

/// To what of an option something is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FlexChange {
    /// To the option.
    Whole(FlexAction),
    /// To options that it holds, one after the other.
    Within(Vec<FlexSubOption>),
}

/// What is done to one option within an option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlexSubOption {
    /// The space of its code: a vendor's in option 125, and a named one in others.
    pub space: Space,
    /// Its code.
    pub code: u8,
    /// To whose replies; none means everybody's.
    pub class: Option<String>,
    /// What is done.
    pub action: FlexAction,
    /// Whether what holds it is added too where the reply lacks it.
    pub container_add: bool,
    /// Whether what holds it is taken out too once there is nothing else in it.
    pub container_remove: bool,
}

/// What is done to an option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FlexAction {
    /// It gets this value if the reply lacks it, and the value is not empty.
    Add(FlexValue),
    /// It gets this value whether or not the reply has it, if the value is not empty.
    Supersede(FlexValue),
    /// It is taken out where this is true.
    Remove(Expression),
}

/// A value that an expression makes of a query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FlexValue {
    /// The expression.
    pub expression: Expression,
    /// Whether it makes text in the option's form rather than its octets.
    pub csv: bool,
}
