//! Names and types of the standard options, as Kea spells them.

mod table;

pub use table::{AGENT_SPACE, CABLELABS_SPACE, DOCSIS_ENTERPRISE};

use super::layout::Layout;

/// What is known of one option code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Definition {
    /// The option code.
    pub code: u8,
    /// Its name in configuration files.
    pub name: &'static str,
    /// How its value is made up.
    pub layout: Layout<'static>,
    /// The name of the space whose options follow the value, if any do.
    pub encapsulates: Option<&'static str>,
}

/// The standard option with this code.
#[must_use]
pub fn by_code(code: u8) -> Option<&'static Definition> {
    find_code(table::OPTIONS, code)
}

/// The standard option with this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Definition> {
    table::OPTIONS.iter().find(|definition| definition.name == name)
}

/// All standard options, by ascending code.
#[must_use]
pub const fn all() -> &'static [Definition] {
    table::OPTIONS
}

/// The relay agent's sub-option with this code (option 82, RFC 3046).
#[must_use]
pub fn relay_by_code(code: u8) -> Option<&'static Definition> {
    find_code(table::RELAY, code)
}

/// The sub-options of a standard space by its name, by ascending code; none of any other.
#[must_use]
pub fn of_space(space: &str) -> &'static [Definition] {
    match space {
        AGENT_SPACE => table::RELAY,
        CABLELABS_SPACE => table::CABLELABS,
        _ => &[],
    }
}

/// The sub-options that are known of a vendor in option 125, by ascending code.
#[must_use]
pub const fn of_vendor(enterprise: u32) -> &'static [Definition] {
    match enterprise {
        DOCSIS_ENTERPRISE => table::DOCSIS,
        _ => &[],
    }
}

fn find_code(table: &'static [Definition], code: u8) -> Option<&'static Definition> {
    let index = table.binary_search_by_key(&code, |definition| definition.code).ok()?;
    table.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::OptionType;

    #[test]
    fn codes_ascend_and_names_are_unique() {
        let tables = [all(), of_space(AGENT_SPACE), of_space(CABLELABS_SPACE), of_vendor(4491)];
        for table in tables {
            assert!(table.windows(2).all(|pair| pair[0].code < pair[1].code));
            for (index, definition) in table.iter().enumerate() {
                let name = definition.name;
                assert!(table.iter().skip(index + 1).all(|other| other.name != name), "{name}");
                assert!(definition.layout.is_lawful(), "{name}");
            }
        }
        for definition in all() {
            assert_eq!(by_code(definition.code), Some(definition));
            assert_eq!(by_name(definition.name), Some(definition));
        }
    }

    #[test]
    fn well_known_options_are_found() {
        let routers = Layout { fields: &[OptionType::Ipv4], array: true };
        assert_eq!(by_name("routers").map(|d| (d.code, d.layout)), Some((3, routers)));
        assert_eq!(by_code(51).map(|d| d.name), Some("dhcp-lease-time"));
        assert_eq!(by_code(0), None);
        assert_eq!(by_code(255), None);
        assert_eq!(by_name("router"), None);
    }
}
