//! The tables themselves.

use OptionType::{
    Binary, Boolean, Dnr, DomainList, Fqdn, Int32, Ipv4, Ipv6, LongTuple, Psid, RouteList,
    String as Text, Uint8, Uint16, Uint32,
};

use super::Definition;
use crate::v4::layout::{Layout, OptionType};

/// The space of the relay agent's sub-options (option 82).
pub const AGENT_SPACE: &str = "dhcp-agent-options-space";
/// The space of CableLabs' sub-options (option 122, RFC 3495).
pub const CABLELABS_SPACE: &str = "cablelabs-client-configuration-space";
/// CableLabs' enterprise number, under which DOCSIS devices ask (CL-SP-CANN-DHCP).
pub const DOCSIS_ENTERPRISE: u32 = 4491;

const fn one(code: u8, name: &'static str, fields: &'static [OptionType]) -> Definition {
    Definition { code, name, layout: Layout { fields, array: false }, encapsulates: None }
}

/// The last field repeats.
const fn many(code: u8, name: &'static str, fields: &'static [OptionType]) -> Definition {
    Definition { code, name, layout: Layout { fields, array: true }, encapsulates: None }
}

/// Nothing but sub-options.
const fn holder(code: u8, name: &'static str, space: &'static str) -> Definition {
    let layout = Layout { fields: &[], array: false };
    Definition { code, name, layout, encapsulates: Some(space) }
}

/// Options of messages (RFC 2132 and the IANA registry), by ascending code.
pub(super) const OPTIONS: &[Definition] = &[
    one(1, "subnet-mask", &[Ipv4]),
    one(2, "time-offset", &[Int32]),
    many(3, "routers", &[Ipv4]),
    many(4, "time-servers", &[Ipv4]),
    many(5, "name-servers", &[Ipv4]),
    many(6, "domain-name-servers", &[Ipv4]),
    many(7, "log-servers", &[Ipv4]),
    many(8, "cookie-servers", &[Ipv4]),
    many(9, "lpr-servers", &[Ipv4]),
    many(10, "impress-servers", &[Ipv4]),
    many(11, "resource-location-servers", &[Ipv4]),
    one(12, "host-name", &[Text]),
    one(13, "boot-size", &[Uint16]),
    one(14, "merit-dump", &[Text]),
    one(15, "domain-name", &[Text]),
    one(16, "swap-server", &[Ipv4]),
    one(17, "root-path", &[Text]),
    one(18, "extensions-path", &[Text]),
    one(19, "ip-forwarding", &[Boolean]),
    one(20, "non-local-source-routing", &[Boolean]),
    many(21, "policy-filter", &[Ipv4]),
    one(22, "max-dgram-reassembly", &[Uint16]),
    one(23, "default-ip-ttl", &[Uint8]),
    one(24, "path-mtu-aging-timeout", &[Uint32]),
    many(25, "path-mtu-plateau-table", &[Uint16]),
    one(26, "interface-mtu", &[Uint16]),
    one(27, "all-subnets-local", &[Boolean]),
    one(28, "broadcast-address", &[Ipv4]),
    one(29, "perform-mask-discovery", &[Boolean]),
    one(30, "mask-supplier", &[Boolean]),
    one(31, "router-discovery", &[Boolean]),
    one(32, "router-solicitation-address", &[Ipv4]),
    many(33, "static-routes", &[Ipv4]),
    one(34, "trailer-encapsulation", &[Boolean]),
    one(35, "arp-cache-timeout", &[Uint32]),
    one(36, "ieee802-3-encapsulation", &[Boolean]),
    one(37, "default-tcp-ttl", &[Uint8]),
    one(38, "tcp-keepalive-interval", &[Uint32]),
    one(39, "tcp-keepalive-garbage", &[Boolean]),
    one(40, "nis-domain", &[Text]),
    many(41, "nis-servers", &[Ipv4]),
    many(42, "ntp-servers", &[Ipv4]),
    holder(43, "vendor-encapsulated-options", "vendor-encapsulated-options-space"),
    many(44, "netbios-name-servers", &[Ipv4]),
    many(45, "netbios-dd-server", &[Ipv4]),
    one(46, "netbios-node-type", &[Uint8]),
    one(47, "netbios-scope", &[Text]),
    many(48, "font-servers", &[Ipv4]),
    many(49, "x-display-manager", &[Ipv4]),
    one(50, "dhcp-requested-address", &[Ipv4]),
    one(51, "dhcp-lease-time", &[Uint32]),
    one(52, "dhcp-option-overload", &[Uint8]),
    one(53, "dhcp-message-type", &[Uint8]),
    one(54, "dhcp-server-identifier", &[Ipv4]),
    many(55, "dhcp-parameter-request-list", &[Uint8]),
    one(56, "dhcp-message", &[Text]),
    one(57, "dhcp-max-message-size", &[Uint16]),
    one(58, "dhcp-renewal-time", &[Uint32]),
    one(59, "dhcp-rebinding-time", &[Uint32]),
    one(60, "vendor-class-identifier", &[Text]),
    one(61, "dhcp-client-identifier", &[Binary]),
    one(62, "nwip-domain-name", &[Text]),
    one(63, "nwip-suboptions", &[Binary]),
    one(64, "nisplus-domain-name", &[Text]),
    many(65, "nisplus-servers", &[Ipv4]),
    one(66, "tftp-server-name", &[Text]),
    one(67, "boot-file-name", &[Text]),
    many(68, "mobile-ip-home-agent", &[Ipv4]),
    many(69, "smtp-server", &[Ipv4]),
    many(70, "pop-server", &[Ipv4]),
    many(71, "nntp-server", &[Ipv4]),
    many(72, "www-server", &[Ipv4]),
    many(73, "finger-server", &[Ipv4]),
    many(74, "irc-server", &[Ipv4]),
    many(75, "streettalk-server", &[Ipv4]),
    many(76, "streettalk-directory-assistance-server", &[Ipv4]),
    one(77, "user-class", &[Binary]),
    many(78, "slp-directory-agent", &[Boolean, Ipv4]),
    one(79, "slp-service-scope", &[Boolean, Text]),
    one(80, "rapid-commit", &[]),
    one(81, "fqdn", &[Uint8, Uint8, Uint8, Fqdn]),
    holder(82, "dhcp-agent-options", AGENT_SPACE),
    many(85, "nds-servers", &[Ipv4]),
    one(86, "nds-tree-name", &[Text]),
    one(87, "nds-context", &[Text]),
    many(88, "bcms-controller-names", &[Fqdn]),
    many(89, "bcms-controller-address", &[Ipv4]),
    one(90, "authenticate", &[Binary]),
    one(91, "client-last-transaction-time", &[Uint32]),
    many(92, "associated-ip", &[Ipv4]),
    many(93, "client-system", &[Uint16]),
    one(94, "client-ndi", &[Uint8, Uint8, Uint8]),
    one(97, "uuid-guid", &[Uint8, Binary]),
    one(98, "uap-servers", &[Text]),
    one(99, "geoconf-civic", &[Binary]),
    one(100, "pcode", &[Text]),
    one(101, "tcode", &[Text]),
    one(108, "v6-only-preferred", &[Uint32]),
    many(112, "netinfo-server-address", &[Ipv4]),
    one(113, "netinfo-server-tag", &[Text]),
    one(114, "v4-captive-portal", &[Text]),
    one(116, "auto-config", &[Uint8]),
    many(117, "name-service-search", &[Uint16]),
    one(118, "subnet-selection", &[Ipv4]),
    one(119, "domain-search", &[DomainList]),
    one(121, "classless-static-route", &[RouteList]),
    holder(122, "cablelabs-client-configuration", CABLELABS_SPACE),
    one(124, "vivco-suboptions", &[Uint32, Binary]),
    one(125, "vivso-suboptions", &[Uint32]),
    many(136, "pana-agent", &[Ipv4]),
    one(137, "v4-lost", &[Fqdn]),
    many(138, "capwap-ac-v4", &[Ipv4]),
    many(141, "sip-ua-cs-domains", &[Fqdn]),
    many(143, "v4-sztp-redirect", &[LongTuple]),
    many(146, "rdnss-selection", &[Uint8, Ipv4, Ipv4, Fqdn]),
    one(151, "status-code", &[Uint8, Text]),
    one(152, "base-time", &[Uint32]),
    one(153, "start-time-of-state", &[Uint32]),
    one(154, "query-start-time", &[Uint32]),
    one(155, "query-end-time", &[Uint32]),
    one(156, "dhcp-state", &[Uint8]),
    one(157, "data-source", &[Uint8]),
    one(159, "v4-portparams", &[Uint8, Psid]),
    one(162, "v4-dnr", &[Dnr]),
    one(209, "loader-configfile", &[Text]),
    one(210, "loader-pathprefix", &[Text]),
    one(211, "loader-reboottime", &[Uint32]),
    many(212, "option-6rd", &[Uint8, Uint8, Ipv6, Ipv4]),
    one(213, "v4-access-domain", &[Fqdn]),
];

/// Sub-options of option 82, by ascending code.
pub(super) const RELAY: &[Definition] = &[
    one(1, "circuit-id", &[Binary]),
    one(2, "remote-id", &[Binary]),
    one(4, "docsis-device-class", &[Uint32]),
    one(5, "link-selection", &[Ipv4]),
    one(6, "subscriber-id", &[Text]),
    one(7, "radius", &[Binary]),
    one(8, "auth", &[Binary]),
    one(9, "vendor-specific-info", &[Binary]),
    one(10, "relay-flags", &[Uint8]),
    one(11, "server-id-override", &[Ipv4]),
    one(12, "relay-id", &[Binary]),
    one(13, "access-techno-type", &[Uint16]),
    one(14, "access-network-name", &[Text]),
    one(15, "access-point-name", &[Text]),
    one(16, "access-point-bssid", &[Binary]),
    one(17, "operator-id", &[Binary]),
    one(18, "operator-realm", &[Binary]),
    one(19, "relay-port", &[]),
    one(151, "virtual-subnet-select", &[Binary]),
    one(152, "virtual-subnet-select-ctrl", &[]),
];

/// Sub-options of option 122 (RFC 3495 §5, RFC 3594 §4, RFC 3634 §2), by ascending code.
pub(super) const CABLELABS: &[Definition] = &[
    one(1, "tsp-primary-dhcp-server", &[Ipv4]),
    one(2, "tsp-secondary-dhcp-server", &[Ipv4]),
    one(3, "tsp-provisioning-server", &[Uint8, Binary]),
    one(4, "tsp-as-parameters", &[Uint32, Uint32, Uint32]),
    one(5, "tsp-ap-parameters", &[Uint32, Uint32, Uint32]),
    one(6, "tsp-kerberos-realm", &[Fqdn]),
    one(7, "tsp-use-ticket-granting-server", &[Boolean]),
    one(8, "tsp-provisioning-timer", &[Uint8]),
    one(9, "tsp-ticket-control", &[Uint16]),
    many(10, "tsp-kdc-servers", &[Ipv4]),
];

/// Vendor 4491's sub-options of option 125, by ascending code.
pub(super) const DOCSIS: &[Definition] =
    &[many(1, "oro", &[Uint8]), many(2, "tftp-servers", &[Ipv4])];
