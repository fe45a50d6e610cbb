//! What clients are called.

use crate::CharSet;

/// How a client's name is made, and who puts it into the DNS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Naming {
    /// Whether names are put into the DNS, where that is done at all.
    pub send_updates: bool,
    /// Whether they are though the client wants nobody to.
    pub override_no_update: bool,
    /// Whether the address record is too, though the client wants to do that itself.
    pub override_client_update: bool,
    /// When a name is made in place of the client's.
    pub replace: Replace,
    /// What made names begin with: a partial domain name.
    pub generated_prefix: String,
    /// What is added to names that are not complete: a domain name, or nothing.
    pub qualifying_suffix: String,
    /// The octets that have no place in a name.
    pub char_set: Option<CharSet>,
    /// What stands in place of each of them.
    pub char_replacement: String,
}

/// When a name is made in place of a client's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Replace {
    /// Only where the client leaves it to the server.
    #[default]
    Never,
    /// For every client.
    Always,
    /// Where the client sends one.
    WhenPresent,
    /// Where it sends none.
    WhenNotPresent,
}

impl Default for Naming {
    fn default() -> Self {
        Self {
            send_updates: true,
            override_no_update: false,
            override_client_update: false,
            replace: Replace::Never,
            generated_prefix: "myhost".to_owned(),
            qualifying_suffix: String::new(),
            char_set: CharSet::parse(CharSet::DEFAULT).ok(),
            char_replacement: String::new(),
        }
    }
}
