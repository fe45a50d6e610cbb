//! Which names of classes are the server's own.
//!
//! A class of such a name may be defined, so that its members get options, but not tested: who is
//! in it is not for the configuration to say.

/// Every client.
pub const ALL: &str = "ALL";
/// Clients with a reservation.
pub const KNOWN: &str = "KNOWN";
/// Clients without a reservation.
pub const UNKNOWN: &str = "UNKNOWN";
/// Clients that speak BOOTP.
pub const BOOTP: &str = "BOOTP";
/// Clients that are not answered; defined with a test.
pub const DROP: &str = "DROP";
/// Clients whose names are not put into the DNS; defined with a test.
pub const SKIP_DDNS: &str = "SKIP_DDNS";
/// Before the vendor class (option 60).
pub const VENDOR_PREFIX: &str = "VENDOR_CLASS_";
/// Before the name and the value of a template.
pub const SPAWN_PREFIX: &str = "SPAWN_";

/// What names begin with that come from elsewhere: high availability, and hooks.
const PREFIXES: [&str; 5] = [VENDOR_PREFIX, SPAWN_PREFIX, "HA_", "AFTER_", "EXTERNAL_"];

/// Whether the server or an extension of it says who is in the class of this name.
#[must_use]
pub fn is_built_in(name: &str) -> bool {
    let has_prefix = |prefix: &&str| name.len() > prefix.len() && name.starts_with(*prefix);
    matches!(name, ALL | KNOWN | UNKNOWN | BOOTP) || PREFIXES.iter().any(has_prefix)
}

/// Whether the name means something though nobody defined a class of it.
#[must_use]
pub fn is_known(name: &str) -> bool {
    is_built_in(name) || matches!(name, DROP | SKIP_DDNS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_alone_is_a_name_like_any_other() {
        assert!(is_built_in("VENDOR_CLASS_x") && is_built_in("HA_server1") && is_built_in("ALL"));
        assert!(!is_built_in("VENDOR_CLASS_") && !is_built_in("ALLOWED") && !is_built_in("DROP"));
        assert!(is_known("DROP") && !is_known("phones"));
    }
}
