//! Names and types of the standard options, as Kea spells them.

use OptionType::{
    Binary, Boolean, DomainList, Empty, Fqdn, Int32, Internal, Ipv4, RouteList, String as Text,
    Uint8, Uint16, Uint32,
};

/// How an option's value is made up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OptionType {
    /// No value of its own; nothing, or options of another space.
    Empty,
    /// Octets.
    Binary,
    /// One octet, 0 or 1.
    Boolean,
    /// One octet.
    Uint8,
    /// Two octets, most significant first.
    Uint16,
    /// Four octets, most significant first.
    Uint32,
    /// One octet, two's complement.
    Int8,
    /// Two octets, two's complement.
    Int16,
    /// Four octets, two's complement.
    Int32,
    /// An IPv4 address.
    Ipv4,
    /// Text without a terminator.
    String,
    /// A domain name in DNS wire form, uncompressed.
    Fqdn,
    /// Destinations and their routers (RFC 3442); a list by itself.
    RouteList,
    /// Domain names, which may be compressed (RFC 3397); a list by itself.
    DomainList,
    /// Laid out by the server or the codec; not configurable.
    Internal,
}

/// What is known of one option code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Definition {
    /// The option code.
    pub code: u8,
    /// Its name in configuration files.
    pub name: &'static str,
    /// How its value, or each element of it, is made up.
    pub kind: OptionType,
    /// Whether the value is one or more elements of `kind`.
    pub array: bool,
}

/// The standard option with this code.
#[must_use]
pub fn by_code(code: u8) -> Option<&'static Definition> {
    let index = TABLE.binary_search_by_key(&code, |definition| definition.code).ok()?;
    TABLE.get(index)
}

/// The standard option with this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Definition> {
    TABLE.iter().find(|definition| definition.name == name)
}

/// All standard options, by ascending code.
#[must_use]
pub const fn all() -> &'static [Definition] {
    TABLE
}

const fn one(code: u8, name: &'static str, kind: OptionType) -> Definition {
    Definition { code, name, kind, array: false }
}

const fn many(code: u8, name: &'static str, kind: OptionType) -> Definition {
    Definition { code, name, kind, array: true }
}

// Options that are records (78, 79, 81, 94, 97, 124, 125, 146, 151, 159, 162, 212) are `Binary`.
const TABLE: &[Definition] = &[
    one(1, "subnet-mask", Ipv4),
    one(2, "time-offset", Int32),
    many(3, "routers", Ipv4),
    many(4, "time-servers", Ipv4),
    many(5, "name-servers", Ipv4),
    many(6, "domain-name-servers", Ipv4),
    many(7, "log-servers", Ipv4),
    many(8, "cookie-servers", Ipv4),
    many(9, "lpr-servers", Ipv4),
    many(10, "impress-servers", Ipv4),
    many(11, "resource-location-servers", Ipv4),
    one(12, "host-name", Text),
    one(13, "boot-size", Uint16),
    one(14, "merit-dump", Text),
    one(15, "domain-name", Text),
    one(16, "swap-server", Ipv4),
    one(17, "root-path", Text),
    one(18, "extensions-path", Text),
    one(19, "ip-forwarding", Boolean),
    one(20, "non-local-source-routing", Boolean),
    many(21, "policy-filter", Ipv4),
    one(22, "max-dgram-reassembly", Uint16),
    one(23, "default-ip-ttl", Uint8),
    one(24, "path-mtu-aging-timeout", Uint32),
    many(25, "path-mtu-plateau-table", Uint16),
    one(26, "interface-mtu", Uint16),
    one(27, "all-subnets-local", Boolean),
    one(28, "broadcast-address", Ipv4),
    one(29, "perform-mask-discovery", Boolean),
    one(30, "mask-supplier", Boolean),
    one(31, "router-discovery", Boolean),
    one(32, "router-solicitation-address", Ipv4),
    many(33, "static-routes", Ipv4),
    one(34, "trailer-encapsulation", Boolean),
    one(35, "arp-cache-timeout", Uint32),
    one(36, "ieee802-3-encapsulation", Boolean),
    one(37, "default-tcp-ttl", Uint8),
    one(38, "tcp-keepalive-interval", Uint32),
    one(39, "tcp-keepalive-garbage", Boolean),
    one(40, "nis-domain", Text),
    many(41, "nis-servers", Ipv4),
    many(42, "ntp-servers", Ipv4),
    one(43, "vendor-encapsulated-options", Empty),
    many(44, "netbios-name-servers", Ipv4),
    many(45, "netbios-dd-server", Ipv4),
    one(46, "netbios-node-type", Uint8),
    one(47, "netbios-scope", Text),
    many(48, "font-servers", Ipv4),
    many(49, "x-display-manager", Ipv4),
    one(50, "dhcp-requested-address", Ipv4),
    one(51, "dhcp-lease-time", Uint32),
    one(52, "dhcp-option-overload", Internal),
    one(53, "dhcp-message-type", Internal),
    one(54, "dhcp-server-identifier", Ipv4),
    many(55, "dhcp-parameter-request-list", Uint8),
    one(56, "dhcp-message", Text),
    one(57, "dhcp-max-message-size", Uint16),
    one(58, "dhcp-renewal-time", Uint32),
    one(59, "dhcp-rebinding-time", Uint32),
    one(60, "vendor-class-identifier", Text),
    one(61, "dhcp-client-identifier", Binary),
    one(62, "nwip-domain-name", Text),
    one(63, "nwip-suboptions", Binary),
    one(64, "nisplus-domain-name", Text),
    many(65, "nisplus-servers", Ipv4),
    one(66, "tftp-server-name", Text),
    one(67, "boot-file-name", Text),
    many(68, "mobile-ip-home-agent", Ipv4),
    many(69, "smtp-server", Ipv4),
    many(70, "pop-server", Ipv4),
    many(71, "nntp-server", Ipv4),
    many(72, "www-server", Ipv4),
    many(73, "finger-server", Ipv4),
    many(74, "irc-server", Ipv4),
    many(75, "streettalk-server", Ipv4),
    many(76, "streettalk-directory-assistance-server", Ipv4),
    one(77, "user-class", Binary),
    one(78, "slp-directory-agent", Binary),
    one(79, "slp-service-scope", Binary),
    one(80, "rapid-commit", Empty),
    one(81, "fqdn", Binary),
    one(82, "dhcp-agent-options", Internal),
    many(85, "nds-servers", Ipv4),
    one(86, "nds-tree-name", Text),
    one(87, "nds-context", Text),
    many(88, "bcms-controller-names", Fqdn),
    many(89, "bcms-controller-address", Ipv4),
    one(90, "authenticate", Binary),
    one(91, "client-last-transaction-time", Uint32),
    many(92, "associated-ip", Ipv4),
    many(93, "client-system", Uint16),
    one(94, "client-ndi", Binary),
    one(97, "uuid-guid", Binary),
    one(98, "uap-servers", Text),
    one(99, "geoconf-civic", Binary),
    one(100, "pcode", Text),
    one(101, "tcode", Text),
    one(108, "v6-only-preferred", Uint32),
    many(112, "netinfo-server-address", Ipv4),
    one(113, "netinfo-server-tag", Text),
    one(114, "v4-captive-portal", Text),
    one(116, "auto-config", Uint8),
    many(117, "name-service-search", Uint16),
    one(118, "subnet-selection", Ipv4),
    one(119, "domain-search", DomainList),
    one(121, "classless-static-route", RouteList),
    one(124, "vivco-suboptions", Binary),
    one(125, "vivso-suboptions", Binary),
    many(136, "pana-agent", Ipv4),
    one(137, "v4-lost", Fqdn),
    many(138, "capwap-ac-v4", Ipv4),
    many(141, "sip-ua-cs-domains", Fqdn),
    one(146, "rdnss-selection", Binary),
    one(151, "status-code", Binary),
    one(152, "base-time", Uint32),
    one(153, "start-time-of-state", Uint32),
    one(154, "query-start-time", Uint32),
    one(155, "query-end-time", Uint32),
    one(156, "dhcp-state", Uint8),
    one(157, "data-source", Uint8),
    one(159, "v4-portparams", Binary),
    one(162, "v4-dnr", Binary),
    one(209, "loader-configfile", Text),
    one(210, "loader-pathprefix", Text),
    one(211, "loader-reboottime", Uint32),
    one(212, "option-6rd", Binary),
    one(213, "v4-access-domain", Fqdn),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_ascend_and_names_are_unique() {
        assert!(TABLE.windows(2).all(|pair| pair[0].code < pair[1].code));
        for definition in TABLE {
            assert_eq!(by_code(definition.code), Some(definition));
            assert_eq!(by_name(definition.name), Some(definition));
        }
    }

    #[test]
    fn well_known_options_are_found() {
        assert_eq!(by_name("routers").map(|d| (d.code, d.kind, d.array)), Some((3, Ipv4, true)));
        assert_eq!(by_code(51).map(|d| d.name), Some("dhcp-lease-time"));
        assert_eq!(by_code(0), None);
        assert_eq!(by_code(255), None);
        assert_eq!(by_name("router"), None);
    }
}
