//! The table itself.

use Effect::{InEffect, Moot, NotYet, NotYetProtects};
use Kind::{
    Addr4, Addrs4, Bool, FreeMap, Int, Map, Maps, OneOf, OneOfOrBool, Secret, Share, ShortText,
    Text, Texts,
};
use Scope::{
    Authentication, ClientClass, Compatibility, ConfigControl, ControlSocket, Credentials,
    Database, Dhcp4, DhcpDdns, Expiration, FlexId, FlexOption, FlexOptions, FlexSubOption,
    HooksLibrary, HttpHeader, Interfaces, Limits, LogOutput, Logger, Metrics, MultiThreading,
    OptionData, OptionDef, Own, PingCheck, Pool, QueueControl, Relay, Reservation, SanityChecks,
    SharedNetwork, Subnet,
};

use super::{Effect, Key, Kind, Scope};

const fn key(
    name: &'static str,
    kind: Kind,
    scopes: &'static [Scope],
    default: &'static str,
    effect: Effect,
) -> Key {
    Key {
        name,
        kind,
        scopes,
        default,
        effect,
        since: None,
        own: false,
        replaced: None,
        removed: None,
        instead: None,
        was: None,
        why: None,
    }
}

const U16: Kind = Int { min: 0, max: u16::MAX as i64 };
/// What there must be some of.
const ABOVE_0: Kind = Int { min: 1, max: u32::MAX as i64 };
const U32: Kind = Int { min: 0, max: u32::MAX as i64 };
/// A lifetime; the greatest is without end.
const LIFETIME: Kind = Int { min: 1, max: u32::MAX as i64 };
/// 4294967295 is kept free by the databases that share subnet numbers.
const SUBNET_ID: Kind = Int { min: 0, max: u32::MAX as i64 - 1 };

/// What is inherited: global, network, subnet.
const NETS: &[Scope] = &[Dhcp4, SharedNetwork, Subnet];
/// As [`NETS`], and classes.
const NETS_CLASS: &[Scope] = &[Dhcp4, SharedNetwork, Subnet, ClientClass];
/// As [`NETS`], and pools.
const NETS_POOL: &[Scope] = &[Dhcp4, SharedNetwork, Subnet, Pool];
/// Where a boot server is named.
const BOOT: &[Scope] = &[Dhcp4, SharedNetwork, Subnet, ClientClass, Reservation];
/// What may be limited to classes.
const GUARDED: &[Scope] = &[SharedNetwork, Subnet, Pool];
/// Where options stand.
const OPTIONS: &[Scope] = &[Dhcp4, SharedNetwork, Subnet, Pool, ClientClass, Reservation];
/// Where remarks stand.
const REMARKS: &[Scope] = &[
    Dhcp4,
    SharedNetwork,
    Subnet,
    Pool,
    ClientClass,
    Reservation,
    OptionData,
    OptionDef,
    Interfaces,
    Database,
    ControlSocket,
    HttpHeader,
    Authentication,
    Credentials,
    MultiThreading,
    QueueControl,
    DhcpDdns,
    Logger,
    HooksLibrary,
    FlexId,
    FlexOptions,
    FlexOption,
    FlexSubOption,
    Limits,
    PingCheck,
];

/// Where it stands what is done to options of replies.
const FLEX: &[Scope] = &[FlexOption, FlexSubOption];

const ALLOCATORS: Kind = OneOf(&["iterative", "random", "flq", "shared-flq"]);
const CONFLICT_MODES: Kind = OneOf(&[
    "check-with-dhcid",
    "no-check-with-dhcid",
    "check-exists-with-dhcid",
    "no-check-without-dhcid",
]);
const LEASE_CHECKS: Kind = OneOf(&["none", "warn", "fix", "fix-del", "del"]);
const INFO_CHECKS: Kind = OneOf(&["none", "fix", "strict", "pedantic"]);
const ON_FAIL: Kind = OneOf(&["stop-retry-exit", "serve-retry-exit", "serve-retry-continue"]);
const REPLACE: &[&str] = &["when-present", "never", "always", "when-not-present"];
const RESERVATION_MODES: Kind = OneOf(&["disabled", "off", "out-of-pool", "global", "all"]);
const SEVERITIES: Kind = OneOf(&["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "NONE"]);
const SSL_MODES: Kind = OneOf(&["disable", "prefer", "require", "verify-ca", "verify-full"]);
/// Why nothing here has threads to tune.
const THREADS: &str = "one thread decides for all clients, and packets are received and sent in \
                       batches by others";
/// Why nothing here has a queue to tune.
const QUEUE: &str = "what waits is bounded, and renewals go before new clients";
/// Why nothing here has to be told to look.
const SOCKETS: &str = "interfaces are watched all the time";
/// RFC 2131 §2: `sname` and `file` are 64 and 128 octets with their terminator.
const SNAME: Kind = ShortText { octets_max: 63 };
const FILE: Kind = ShortText { octets_max: 127 };

/// All known keys.
pub const KEYS: &[Key] = &[
    // Remarks.
    key("user-context", FreeMap, REMARKS, "{}", InEffect),
    key("comment", Text, REMARKS, "\"\"", InEffect),
    // Lifetimes and timers.
    key("valid-lifetime", LIFETIME, NETS_CLASS, "7200", InEffect),
    key("min-valid-lifetime", LIFETIME, NETS_CLASS, "(as valid-lifetime)", InEffect),
    key("max-valid-lifetime", LIFETIME, NETS_CLASS, "(as valid-lifetime)", InEffect),
    key("offer-lifetime", U32, NETS_CLASS, "0", InEffect).since("2.3.6"),
    key("renew-timer", U32, NETS, "(none)", InEffect),
    key("rebind-timer", U32, NETS, "(none)", InEffect),
    key("calculate-tee-times", Bool, NETS, "false", InEffect),
    key("t1-percent", Share { one: true }, NETS, "0.5", InEffect),
    key("t2-percent", Share { one: true }, NETS, "0.875", InEffect),
    key("cache-threshold", Share { one: false }, NETS, "0.25", InEffect).was("3.0", "0"),
    key("cache-max-age", U32, NETS, "(any age)", InEffect),
    key("adaptive-lease-time-threshold", Share { one: true }, NETS, "1.0", InEffect).since("3.1.1"),
    key("decline-probation-period", U32, &[Dhcp4], "86400", InEffect),
    // Identity and answers.
    key("echo-client-id", Bool, &[Dhcp4], "true", InEffect),
    key("match-client-id", Bool, NETS, "true", InEffect),
    // Not Kea's: it knows RFC 4039 for DHCPv6 only.
    key("rapid-commit", Bool, NETS, "false", InEffect).own(),
    key("authoritative", Bool, NETS, "false", InEffect),
    key("next-server", Addr4, BOOT, "\"0.0.0.0\"", InEffect),
    key("server-hostname", SNAME, BOOT, "\"\"", InEffect),
    key("boot-file-name", FILE, BOOT, "\"\"", InEffect),
    key("store-extended-info", Bool, NETS, "false", InEffect),
    key("stash-agent-options", Bool, &[Dhcp4], "false", InEffect).since("2.5.8"),
    key("allocator", ALLOCATORS, NETS, "\"iterative\"", InEffect).since("2.4"),
    // Subnets, networks, pools.
    key("subnet4", Maps(Subnet), &[Dhcp4, SharedNetwork], "[]", InEffect),
    key("shared-networks", Maps(SharedNetwork), &[Dhcp4], "[]", InEffect),
    key("subnet", Text, &[Subnet], "(required)", InEffect),
    key("id", SUBNET_ID, &[Subnet], "(by position)", InEffect),
    key("pools", Maps(Pool), &[Subnet], "[]", InEffect),
    key("pool", Text, &[Pool], "(required)", InEffect),
    key("pool-id", U32, &[Pool], "0", InEffect).since("2.4"),
    key("interface", Text, &[SharedNetwork, Subnet], "\"\"", InEffect),
    key("relay", Map(Relay), &[SharedNetwork, Subnet], "{}", InEffect),
    key("ip-addresses", Addrs4, &[Relay], "[]", InEffect),
    key("ip-address", Addr4, &[Relay], "(none)", InEffect).removed("2.6").instead("ip-addresses"),
    key("4o6-interface", Text, &[Subnet], "\"\"", NotYetProtects),
    key("4o6-interface-id", Text, &[Subnet], "\"\"", NotYetProtects),
    key("4o6-subnet", Text, &[Subnet], "\"\"", NotYetProtects),
    key("dhcp4o6-port", U16, &[Dhcp4], "0", NotYet),
    // Guards and classes.
    key("client-class", Text, GUARDED, "\"\"", InEffect)
        .replaced("2.7.5")
        .instead("client-classes"),
    key("client-classes", Texts, GUARDED, "[]", InEffect).since("2.7.5"),
    key("client-classes", Texts, &[OptionData], "[]", InEffect).since("2.7.4"),
    key("client-classes", Texts, &[Reservation], "[]", InEffect),
    key("client-classes", Maps(ClientClass), &[Dhcp4], "[]", InEffect),
    key("require-client-classes", Texts, GUARDED, "[]", InEffect)
        .replaced("2.7.4")
        .instead("evaluate-additional-classes"),
    key("evaluate-additional-classes", Texts, GUARDED, "[]", InEffect).since("2.7.4"),
    key("test", Text, &[ClientClass], "\"\"", InEffect),
    key("template-test", Text, &[ClientClass], "\"\"", InEffect).since("2.4"),
    key("only-if-required", Bool, &[ClientClass], "false", InEffect)
        .replaced("2.7.4")
        .instead("only-in-additional-list"),
    key("only-in-additional-list", Bool, &[ClientClass], "false", InEffect).since("2.7.4"),
    // Reservations.
    key("reservations", Maps(Reservation), &[Dhcp4, Subnet], "[]", InEffect),
    key("reservation-mode", RESERVATION_MODES, NETS, "\"all\"", InEffect)
        .removed("2.6")
        .instead("reservations-global, reservations-in-subnet, reservations-out-of-pool"),
    key("reservations-global", Bool, NETS, "false", InEffect),
    key("reservations-in-subnet", Bool, NETS, "true", InEffect),
    key("reservations-out-of-pool", Bool, NETS, "false", InEffect),
    key("host-reservation-identifiers", Texts, &[Dhcp4], "(all but flex-id)", InEffect),
    key("early-global-reservations-lookup", Bool, &[Dhcp4], "false", InEffect),
    key("ip-reservations-unique", Bool, &[Dhcp4], "true", InEffect),
    key("reservations-lookup-first", Bool, &[Dhcp4], "false", Moot)
        .why("reservations and leases are looked up together"),
    key("hw-address", Text, &[Reservation], "(none)", InEffect),
    key("duid", Text, &[Reservation], "(none)", InEffect),
    key("client-id", Text, &[Reservation], "(none)", InEffect),
    key("circuit-id", Text, &[Reservation], "(none)", InEffect),
    key("flex-id", Text, &[Reservation], "(none)", InEffect),
    key("ip-address", Addr4, &[Reservation], "(none)", InEffect),
    key("hostname", Text, &[Reservation], "\"\"", InEffect),
    // Options.
    key("option-data", Maps(OptionData), OPTIONS, "[]", InEffect),
    key("code", U32, &[OptionData, OptionDef], "(by name)", InEffect),
    key("data", Text, &[OptionData], "\"\"", InEffect),
    key("space", Text, &[OptionData, OptionDef], "\"dhcp4\"", InEffect),
    key("csv-format", Bool, &[OptionData], "(true if the option is known)", InEffect),
    key("always-send", Bool, &[OptionData], "false", InEffect),
    key("never-send", Bool, &[OptionData], "false", InEffect).since("2.4"),
    key("option-def", Maps(OptionDef), &[Dhcp4, ClientClass], "[]", InEffect),
    key("type", Text, &[OptionDef], "(required)", InEffect),
    key("array", Bool, &[OptionDef], "false", InEffect),
    key("record-types", Text, &[OptionDef], "\"\"", InEffect),
    key("encapsulate", Text, &[OptionDef], "\"\"", InEffect),
    // A name means something in each of these; what, the scope says.
    key(
        "name",
        Text,
        &[SharedNetwork, ClientClass, OptionData, OptionDef, Database, HttpHeader, Logger],
        "(required, or by code)",
        InEffect,
    ),
    // Interfaces.
    key("interfaces-config", Map(Interfaces), &[Dhcp4], "{}", InEffect),
    key("interfaces", Texts, &[Interfaces], "[]", InEffect),
    key("dhcp-socket-type", OneOf(&["raw", "udp"]), &[Interfaces], "\"raw\"", InEffect),
    key(
        "outbound-interface",
        OneOf(&["same-as-inbound", "use-routing"]),
        &[Interfaces],
        "\"same-as-inbound\"",
        InEffect,
    ),
    key("re-detect", Bool, &[Interfaces], "true", Moot).why(SOCKETS),
    // The tries count for a start that requires all; a server that serves never gives up.
    key("service-sockets-require-all", Bool, &[Interfaces], "false", InEffect),
    key("service-sockets-max-retries", U32, &[Interfaces], "0", InEffect),
    key("service-sockets-retry-wait-time", U32, &[Interfaces], "5000", InEffect),
    // Databases.
    key("lease-database", Map(Database), &[Dhcp4], "(memfile)", InEffect),
    key("hosts-database", Map(Database), &[Dhcp4], "{}", NotYetProtects)
        .replaced("3.3.0")
        .instead("hosts-databases"),
    key("hosts-databases", Maps(Database), &[Dhcp4], "[]", NotYetProtects),
    key("type", Text, &[Database], "(required)", InEffect),
    key("persist", Bool, &[Database], "true", InEffect),
    key("lfc-interval", U32, &[Database], "3600", InEffect),
    key("max-row-errors", U32, &[Database], "0", InEffect),
    key("user", Text, &[Database], "\"\"", InEffect),
    key("password", Secret, &[Database], "\"\"", InEffect),
    key("password", Secret, &[Credentials], "\"\"", NotYet),
    key("password-file", Text, &[Database], "\"\"", InEffect).since("3.3.1"),
    key("password-file", Text, &[Credentials], "\"\"", NotYet),
    key("host", Text, &[Database], "\"\"", InEffect),
    key("port", U16, &[Database], "0", InEffect),
    key("readonly", Bool, &[Database], "false", NotYetProtects),
    key("connect-timeout", U32, &[Database], "5", InEffect),
    key("read-timeout", U32, &[Database], "0", InEffect).since("2.2.1"),
    key("write-timeout", U32, &[Database], "0", InEffect).since("2.2.1"),
    key("tcp-user-timeout", U32, &[Database], "0", InEffect).since("2.2.1"),
    key("max-reconnect-tries", U32, &[Database], "0", InEffect),
    key("reconnect-wait-time", U32, &[Database], "0", InEffect),
    key("on-fail", ON_FAIL, &[Database], "\"stop-retry-exit\"", InEffect),
    key("retry-on-startup", Bool, &[Database], "false", InEffect).since("2.5.5"),
    key("ssl-mode", SSL_MODES, &[Database], "\"prefer\"", InEffect).since("3.1.0"),
    key("cipher-list", Text, &[Database], "\"\"", InEffect),
    key("trust-anchor", Text, &[Database], "\"\"", InEffect),
    key("trust-anchor", Text, &[ControlSocket], "\"\"", NotYetProtects),
    key("cert-file", Text, &[Database], "\"\"", InEffect),
    key("cert-file", Text, &[ControlSocket], "\"\"", NotYetProtects),
    key("key-file", Text, &[Database], "\"\"", InEffect),
    key("key-file", Text, &[ControlSocket], "\"\"", NotYetProtects),
    // Of a database that Kea no longer knows.
    key("contact-points", Text, &[Database], "\"\"", NotYet).removed("2.1.5"),
    key("keyspace", Text, &[Database], "\"\"", NotYet).removed("2.1.5"),
    key("consistency", Text, &[Database], "\"\"", NotYet).removed("2.1.5"),
    key("serial-consistency", Text, &[Database], "\"\"", NotYet).removed("2.1.5"),
    key("request-timeout", U32, &[Database], "0", NotYet).removed("2.1.5"),
    key("tcp-keepalive", U32, &[Database], "0", NotYet).removed("2.1.5"),
    key("tcp-nodelay", Bool, &[Database], "false", NotYet).removed("2.1.5"),
    key("config-control", Map(ConfigControl), &[Dhcp4], "{}", NotYetProtects),
    key("config-databases", Maps(Database), &[ConfigControl], "[]", NotYetProtects),
    key("config-fetch-wait-time", U16, &[ConfigControl], "30", NotYet),
    key("server-tag", ShortText { octets_max: 255 }, &[Dhcp4], "\"\"", InEffect),
    // Expired leases.
    key("expired-leases-processing", Map(Expiration), &[Dhcp4], "{}", InEffect),
    key("reclaim-timer-wait-time", U32, &[Expiration], "10", InEffect),
    key("flush-reclaimed-timer-wait-time", U32, &[Expiration], "25", InEffect),
    key("hold-reclaimed-time", U32, &[Expiration], "3600", InEffect),
    key("max-reclaim-leases", U32, &[Expiration], "100", InEffect),
    key("max-reclaim-time", U32, &[Expiration], "250", InEffect),
    key("unwarned-reclaim-cycles", U32, &[Expiration], "5", InEffect),
    // Commands.
    key("control-socket", Map(ControlSocket), &[Dhcp4], "(none)", InEffect)
        .replaced("2.7.2")
        .removed("3.3.1")
        .instead("control-sockets"),
    key("control-sockets", Maps(ControlSocket), &[Dhcp4], "[]", InEffect).since("2.7.2"),
    key("socket-type", OneOf(&["unix", "http", "https"]), &[ControlSocket], "(required)", InEffect),
    key("socket-name", Text, &[ControlSocket], "(required)", InEffect),
    key("socket-address", Text, &[ControlSocket], "\"127.0.0.1\"", NotYet).since("2.7.2"),
    key("socket-port", U16, &[ControlSocket], "8000", NotYet).since("2.7.2"),
    key("cert-required", Bool, &[ControlSocket], "true", NotYetProtects).since("2.7.2"),
    key("http-headers", Maps(HttpHeader), &[ControlSocket], "[]", NotYet).since("2.7.5"),
    key("value", Text, &[HttpHeader], "(required)", NotYet),
    key("authentication", Map(Authentication), &[ControlSocket], "{}", NotYetProtects)
        .since("2.7.2"),
    key("type", OneOf(&["basic"]), &[Authentication], "\"basic\"", NotYetProtects),
    key("realm", Text, &[Authentication], "\"\"", NotYetProtects),
    key("directory", Text, &[Authentication], "\"\"", NotYetProtects),
    key("clients", Maps(Credentials), &[Authentication], "[]", NotYetProtects),
    key("user", Text, &[Credentials], "\"\"", NotYetProtects),
    key("user-file", Text, &[Credentials], "\"\"", NotYetProtects),
    // Load and threads.
    key("parked-packet-limit", U32, &[Dhcp4], "256", InEffect),
    key("multi-threading", Map(MultiThreading), &[Dhcp4], "{}", Moot).why(THREADS),
    key("enable-multi-threading", Bool, &[MultiThreading], "true", Moot)
        .was("2.3.5", "false")
        .why(THREADS),
    key("thread-pool-size", U16, &[MultiThreading], "0", Moot).why(THREADS),
    key("packet-queue-size", U16, &[MultiThreading], "64", Moot).why(THREADS),
    key("dhcp-queue-control", Map(QueueControl), &[Dhcp4], "{}", Moot).why(QUEUE),
    key("enable-queue", Bool, &[QueueControl], "false", Moot).why(QUEUE),
    key("queue-type", Text, &[QueueControl], "\"kea-ring4\"", Moot).why(QUEUE),
    key("capacity", U32, &[QueueControl], "64", Moot).why(QUEUE),
    // Name updates.
    key("dhcp-ddns", Map(DhcpDdns), &[Dhcp4], "{}", InEffect),
    key("enable-updates", Bool, &[DhcpDdns], "false", NotYet),
    key("server-ip", Text, &[DhcpDdns], "\"127.0.0.1\"", NotYet),
    key("server-port", U16, &[DhcpDdns], "53001", NotYet),
    key("sender-ip", Text, &[DhcpDdns], "\"\"", NotYet),
    key("sender-port", U16, &[DhcpDdns], "0", NotYet),
    key("max-queue-size", U32, &[DhcpDdns], "1024", NotYet),
    key("ncr-protocol", OneOf(&["UDP", "TCP"]), &[DhcpDdns], "\"UDP\"", NotYet),
    key("ncr-format", OneOf(&["JSON"]), &[DhcpDdns], "\"JSON\"", NotYet),
    key("override-no-update", Bool, &[DhcpDdns], "false", InEffect)
        .removed("2.6")
        .instead("ddns-override-no-update"),
    key("override-client-update", Bool, &[DhcpDdns], "false", InEffect)
        .removed("2.6")
        .instead("ddns-override-client-update"),
    key("replace-client-name", OneOfOrBool(REPLACE), &[DhcpDdns], "\"never\"", InEffect)
        .removed("2.6")
        .instead("ddns-replace-client-name"),
    key("generated-prefix", Text, &[DhcpDdns], "\"myhost\"", InEffect)
        .removed("2.6")
        .instead("ddns-generated-prefix"),
    key("qualifying-suffix", Text, &[DhcpDdns], "\"\"", InEffect)
        .removed("2.6")
        .instead("ddns-qualifying-suffix"),
    key("hostname-char-set", Text, &[DhcpDdns], "\"[^A-Za-z0-9.-]\"", InEffect)
        .removed("2.6")
        .instead("hostname-char-set"),
    key("hostname-char-replacement", Text, &[DhcpDdns], "\"\"", InEffect)
        .removed("2.6")
        .instead("hostname-char-replacement"),
    key("hostname-char-set", Text, NETS_POOL, "\"[^A-Za-z0-9.-]\"", InEffect),
    key("hostname-char-replacement", Text, NETS_POOL, "\"\"", InEffect),
    key("ddns-send-updates", Bool, NETS_POOL, "true", InEffect),
    key("ddns-override-no-update", Bool, NETS_POOL, "false", InEffect),
    key("ddns-override-client-update", Bool, NETS_POOL, "false", InEffect),
    key("ddns-replace-client-name", OneOfOrBool(REPLACE), NETS_POOL, "\"never\"", InEffect),
    key("ddns-generated-prefix", Text, NETS_POOL, "\"myhost\"", InEffect),
    key("ddns-qualifying-suffix", Text, NETS_POOL, "\"\"", InEffect),
    key("ddns-update-on-renew", Bool, NETS_POOL, "false", NotYet),
    key("ddns-use-conflict-resolution", Bool, NETS, "true", NotYet)
        .replaced("2.6")
        .instead("ddns-conflict-resolution-mode"),
    key("ddns-conflict-resolution-mode", CONFLICT_MODES, NETS_POOL, "\"check-with-dhcid\"", NotYet)
        .since("2.6"),
    key("ddns-ttl-percent", Share { one: true }, NETS_POOL, "(none)", NotYet).since("2.4"),
    key("ddns-ttl", U32, NETS_POOL, "(none)", NotYet).since("3.0"),
    key("ddns-ttl-min", U32, NETS_POOL, "(none)", NotYet).since("3.0"),
    key("ddns-ttl-max", U32, NETS_POOL, "(none)", NotYet).since("3.0"),
    // Compatibility and checks.
    key("compatibility", Map(Compatibility), &[Dhcp4], "{}", InEffect),
    key("lenient-option-parsing", Bool, &[Compatibility], "false", InEffect),
    key("ignore-dhcp-server-identifier", Bool, &[Compatibility], "false", InEffect).since("2.4"),
    key("ignore-rai-link-selection", Bool, &[Compatibility], "false", InEffect).since("2.4"),
    key("exclude-first-last-24", Bool, &[Compatibility], "false", InEffect).since("2.4"),
    key("sanity-checks", Map(SanityChecks), &[Dhcp4], "{}", InEffect),
    key("lease-checks", LEASE_CHECKS, &[SanityChecks], "\"warn\"", InEffect),
    key("extended-info-checks", INFO_CHECKS, &[SanityChecks], "\"fix\"", InEffect).since("2.4"),
    // Hooks.
    key("hooks-libraries", Maps(HooksLibrary), &[Dhcp4], "[]", InEffect),
    key("library", Text, &[HooksLibrary], "(required)", InEffect),
    key("parameters", FreeMap, &[HooksLibrary], "{}", InEffect),
    key("enable-ping-check", Bool, &[PingCheck], "true", InEffect),
    key("min-ping-requests", ABOVE_0, &[PingCheck], "1", InEffect),
    key("reply-timeout", ABOVE_0, &[PingCheck], "100", InEffect),
    key("ping-cltt-secs", U32, &[PingCheck], "60", InEffect),
    key("ping-channel-threads", U32, &[PingCheck], "0", Moot).why(THREADS),
    key("address-limit", U32, &[Limits], "(any number)", InEffect),
    key("rate-limit", Text, &[Limits], "(any rate)", InEffect),
    key("prefix-limit", U32, &[Limits], "(any number)", Moot).why("DHCPv4 has no prefixes"),
    key("identifier-expression", Text, &[FlexId], "(required)", InEffect),
    key("replace-client-id", Bool, &[FlexId], "false", InEffect),
    key("cid-as-rfc4361-duid", Bool, &[FlexId], "false", NotYetProtects).since("3.3.1"),
    key("ignore-iaid", Bool, &[FlexId], "false", Moot).why("DHCPv4 has no such numbers"),
    key("options", Maps(FlexOption), &[FlexOptions], "[]", InEffect),
    key("add", Text, FLEX, "\"\"", InEffect),
    key("supersede", Text, FLEX, "\"\"", InEffect),
    key("remove", Text, FLEX, "\"\"", InEffect),
    key("client-class", Text, FLEX, "\"\"", InEffect),
    key("code", U32, FLEX, "(by name)", InEffect),
    key("name", Text, FLEX, "(by code)", InEffect),
    key("csv-format", Bool, FLEX, "false", InEffect),
    key("space", Text, &[FlexOption], "\"dhcp4\"", InEffect),
    key("sub-options", Maps(FlexSubOption), &[FlexOption], "[]", InEffect),
    key("space", Text, &[FlexSubOption], "(that of the option)", InEffect),
    key("container-add", Bool, &[FlexSubOption], "true", InEffect),
    key("container-remove", Bool, &[FlexSubOption], "true", InEffect),
    key("source", Text, &[FlexOption], "\"\"", NotYetProtects).since("3.3.0"),
    key("destination", Text, &[FlexOption], "\"\"", NotYetProtects).since("3.3.0"),
    // Logs and counters.
    key("loggers", Maps(Logger), &[Dhcp4], "[]", InEffect),
    key("severity", SEVERITIES, &[Logger], "\"INFO\"", InEffect),
    key("debuglevel", Int { min: 0, max: 99 }, &[Logger], "0", InEffect),
    key("output-options", Maps(LogOutput), &[Logger], "[]", InEffect).since("2.6"),
    key("output_options", Maps(LogOutput), &[Logger], "[]", InEffect)
        .replaced("2.6")
        .instead("output-options"),
    key("output", Text, &[LogOutput], "(required)", InEffect),
    key("flush", Bool, &[LogOutput], "true", InEffect),
    key("maxsize", Int { min: 0, max: 1 << 51 }, &[LogOutput], "10240000", InEffect),
    key("maxver", U32, &[LogOutput], "1", InEffect),
    key("pattern", Text, &[LogOutput], "\"\"", InEffect),
    key("statistic-default-sample-count", U32, &[Dhcp4], "20", InEffect),
    key("statistic-default-sample-age", U32, &[Dhcp4], "0", InEffect),
    key("metrics", Map(Metrics), &[Own], "(none)", InEffect).own(),
    key("address", Text, &[Metrics], "\"127.0.0.1\"", InEffect).own(),
    key("port", U16, &[Metrics], "9547", InEffect).own(),
];
