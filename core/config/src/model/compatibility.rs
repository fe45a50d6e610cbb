//! Where clients and relays are met halfway.

/// The switches of `compatibility`, all off by default.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compatibility {
    /// Whether an option that is not well formed is passed over, rather than the whole message.
    pub lenient_options: bool,
    /// Whether requests that name another server are answered like one's own.
    pub ignore_server_id: bool,
    /// Whether a relay's link selection (RFC 3527) is passed over.
    pub ignore_rai_link_selection: bool,
}
