//! Every standard option: its value as text, and the octets that the RFC of the option asks for.

use std::collections::BTreeSet;

use lessor_config::Config;
use lessor_config::option_set::Space;
use lessor_wire::v4::definition::{self, AGENT_SPACE, CABLELABS_SPACE};

/// Name, text and octets. Section numbers without an RFC are those of RFC 2132.
#[rustfmt::skip]
const OPTIONS: &[(&str, &str, &[u8])] = &[
    ("subnet-mask", "255.255.255.0", b"\xff\xff\xff\0"), // §3.3
    ("time-offset", "-18000", b"\xff\xff\xb9\xb0"), // §3.4: two's complement
    ("routers", "192.0.2.1, 192.0.2.2", b"\xc0\0\x02\x01\xc0\0\x02\x02"), // §3.5
    ("time-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §3.6
    ("name-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §3.7
    ("domain-name-servers", "192.0.2.1,192.0.2.2", b"\xc0\0\x02\x01\xc0\0\x02\x02"), // §3.8
    ("log-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §3.9
    ("cookie-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §3.10
    ("lpr-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §3.11
    ("impress-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §3.12
    ("resource-location-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §3.13
    ("host-name", "box", b"box"), // §3.14
    ("boot-size", "1024", b"\x04\0"), // §3.15
    ("merit-dump", "/core", b"/core"), // §3.16
    ("domain-name", "example.org", b"example.org"), // §3.17
    ("swap-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §3.18
    ("root-path", "/export/root", b"/export/root"), // §3.19
    ("extensions-path", "/ext", b"/ext"), // §3.20
    ("ip-forwarding", "true", b"\x01"), // §4.1
    ("non-local-source-routing", "false", b"\0"), // §4.2
    ("policy-filter", "192.0.2.0, 255.255.255.0", b"\xc0\0\x02\0\xff\xff\xff\0"), // §4.3: pairs
    ("max-dgram-reassembly", "576", b"\x02\x40"), // §4.4
    ("default-ip-ttl", "64", b"\x40"), // §4.5
    ("path-mtu-aging-timeout", "600", b"\0\0\x02\x58"), // §4.6
    ("path-mtu-plateau-table", "68, 1280", b"\0\x44\x05\0"), // §4.7
    ("interface-mtu", "0x5dc", b"\x05\xdc"), // §5.1
    ("all-subnets-local", "true", b"\x01"), // §5.2
    ("broadcast-address", "192.0.2.255", b"\xc0\0\x02\xff"), // §5.3
    ("perform-mask-discovery", "0", b"\0"), // §5.4
    ("mask-supplier", "1", b"\x01"), // §5.5
    ("router-discovery", "true", b"\x01"), // §5.6
    ("router-solicitation-address", "192.0.2.1", b"\xc0\0\x02\x01"), // §5.7
    ("static-routes", "192.0.2.9, 192.0.2.1", b"\xc0\0\x02\x09\xc0\0\x02\x01"), // §5.8: pairs
    ("trailer-encapsulation", "true", b"\x01"), // §6.1
    ("arp-cache-timeout", "60", b"\0\0\0\x3c"), // §6.2
    ("ieee802-3-encapsulation", "false", b"\0"), // §6.3
    ("default-tcp-ttl", "255", b"\xff"), // §7.1
    ("tcp-keepalive-interval", "4294967295", b"\xff\xff\xff\xff"), // §7.2
    ("tcp-keepalive-garbage", "true", b"\x01"), // §7.3
    ("nis-domain", "nis", b"nis"), // §8.1
    ("nis-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.2
    ("ntp-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.3
    ("vendor-encapsulated-options", "", b""), // §8.4
    ("netbios-name-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.5
    ("netbios-dd-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.6
    ("netbios-node-type", "0x8", b"\x08"), // §8.7
    ("netbios-scope", "scope42", b"scope42"), // §8.8
    ("font-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.9
    ("x-display-manager", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.10
    ("dhcp-requested-address", "192.0.2.1", b"\xc0\0\x02\x01"), // §9.1
    ("dhcp-lease-time", "3600", b"\0\0\x0e\x10"), // §9.2
    ("dhcp-option-overload", "3", b"\x03"), // §9.3
    ("dhcp-message-type", "5", b"\x05"), // §9.6
    ("dhcp-server-identifier", "192.0.2.1", b"\xc0\0\x02\x01"), // §9.7
    ("dhcp-parameter-request-list", "1, 3, 6", b"\x01\x03\x06"), // §9.8
    ("dhcp-message", "no\\, thanks", b"no, thanks"), // §9.9
    ("dhcp-max-message-size", "1500", b"\x05\xdc"), // §9.10
    ("dhcp-renewal-time", "900", b"\0\0\x03\x84"), // §9.11
    ("dhcp-rebinding-time", "1800", b"\0\0\x07\x08"), // §9.12
    ("vendor-class-identifier", "PXEClient", b"PXEClient"), // §9.13
    ("dhcp-client-identifier", "01:02:00:00:00:00:01", b"\x01\x02\0\0\0\0\x01"), // §9.14
    ("nwip-domain-name", "nwip", b"nwip"), // RFC 2242 §2
    ("nwip-suboptions", "0200", b"\x02\0"), // RFC 2242 §3
    ("nisplus-domain-name", "nis+", b"nis+"), // §8.11
    ("nisplus-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.12
    ("tftp-server-name", "tftp", b"tftp"), // §9.4
    ("boot-file-name", "/pxe.0", b"/pxe.0"), // §9.5
    ("mobile-ip-home-agent", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.13
    ("smtp-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.14
    ("pop-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.15
    ("nntp-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.16
    ("www-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.17
    ("finger-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.18
    ("irc-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.19
    ("streettalk-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.20
    ("streettalk-directory-assistance-server", "192.0.2.1", b"\xc0\0\x02\x01"), // §8.21
    ("user-class", "03 61 62 63", b"\x03abc"), // RFC 3004 §4: lengths and data
    ("slp-directory-agent", "true, 192.0.2.1, 192.0.2.2", b"\x01\xc0\0\x02\x01\xc0\0\x02\x02"), // RFC 2610 §3
    ("slp-service-scope", "false, default", b"\0default"), // RFC 2610 §4
    ("rapid-commit", "", b""), // RFC 4039 §4
    ("fqdn", "5, 255, 255, a.org", b"\x05\xff\xff\x01a\x03org\0"), // RFC 4702 §2
    ("dhcp-agent-options", "", b""), // RFC 3046 §2.0
    ("nds-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // RFC 2241 §2
    ("nds-tree-name", "tree", b"tree"), // RFC 2241 §3
    ("nds-context", "context", b"context"), // RFC 2241 §4
    ("bcms-controller-names", "a.org, b.org", b"\x01a\x03org\0\x01b\x03org\0"), // RFC 4280 §4.1
    ("bcms-controller-address", "192.0.2.1", b"\xc0\0\x02\x01"), // RFC 4280 §4.3
    ("authenticate", "0101000000000000000001", b"\x01\x01\0\0\0\0\0\0\0\0\x01"), // RFC 3118 §2
    ("client-last-transaction-time", "7", b"\0\0\0\x07"), // RFC 4388 §6.1
    ("associated-ip", "192.0.2.1, 192.0.2.2", b"\xc0\0\x02\x01\xc0\0\x02\x02"), // RFC 4388 §6.1
    ("client-system", "7, 9", b"\0\x07\0\x09"), // RFC 4578 §2.1
    ("client-ndi", "1, 3, 16", b"\x01\x03\x10"), // RFC 4578 §2.2
    ("uuid-guid", "0, 000102030405060708090A0B0C0D0E0F", b"\0\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"), // RFC 4578 §2.3
    ("uap-servers", "http://a http://b", b"http://a http://b"), // RFC 2485 §2: blanks between
    ("geoconf-civic", "02 44 45", b"\x02DE"), // RFC 4776 §3.1
    ("pcode", "EST5EDT4\\,M3.2.0/02:00", b"EST5EDT4,M3.2.0/02:00"), // RFC 4833 §2
    ("tcode", "Europe/Zurich", b"Europe/Zurich"), // RFC 4833 §2
    ("v6-only-preferred", "1800", b"\0\0\x07\x08"), // RFC 8925 §3.1
    ("netinfo-server-address", "192.0.2.1", b"\xc0\0\x02\x01"), // RFC 3679 §3.2.2
    ("netinfo-server-tag", "tag", b"tag"), // RFC 3679 §3.2.2
    ("v4-captive-portal", "https://example.org/api", b"https://example.org/api"), // RFC 8910 §2.1
    ("auto-config", "1", b"\x01"), // RFC 2563 §2
    ("name-service-search", "6, 41", b"\0\x06\0\x29"), // RFC 2937
    ("subnet-selection", "192.0.2.0", b"\xc0\0\x02\0"), // RFC 3011 §2
    ("domain-search", "eng.apple.com, marketing.apple.com", b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04"), // RFC 3397 §2
    ("classless-static-route", "0.0.0.0/0 - 192.0.2.1, 10.17.0.0/16 - 192.0.2.2", b"\0\xc0\0\x02\x01\x10\x0a\x11\xc0\0\x02\x02"), // RFC 3442
    ("cablelabs-client-configuration", "", b""), // RFC 3495 §4
    ("vivco-suboptions", "4491, 03616263", b"\0\0\x11\x8b\x03abc"), // RFC 3925 §3
    ("vivso-suboptions", "4491", b"\0\0\x11\x8b"), // RFC 3925 §4
    ("pana-agent", "192.0.2.1", b"\xc0\0\x02\x01"), // RFC 5192 §4
    ("v4-lost", "lost.example", b"\x04lost\x07example\0"), // RFC 5223 §4
    ("capwap-ac-v4", "192.0.2.1", b"\xc0\0\x02\x01"), // RFC 5417 §2
    ("sip-ua-cs-domains", "a.org, b.org", b"\x01a\x03org\0\x01b\x03org\0"), // RFC 6011
    ("v4-sztp-redirect", "https://a, https://b", b"\0\x09https://a\0\x09https://b"), // RFC 8572 §8.3
    ("rdnss-selection", "1, 192.0.2.1, 192.0.2.2, a.org, b.org", b"\x01\xc0\0\x02\x01\xc0\0\x02\x02\x01a\x03org\0\x01b\x03org\0"), // RFC 6731 §4.3
    ("status-code", "2, malformed", b"\x02malformed"), // RFC 6926 §6.2.2
    ("base-time", "1577836800", b"\x5e\x0b\xe1\0"), // RFC 6926 §6.2.3
    ("start-time-of-state", "60", b"\0\0\0\x3c"), // RFC 6926 §6.2.4
    ("query-start-time", "1", b"\0\0\0\x01"), // RFC 6926 §6.2.5
    ("query-end-time", "2", b"\0\0\0\x02"), // RFC 6926 §6.2.6
    ("dhcp-state", "2", b"\x02"), // RFC 6926 §6.2.7
    ("data-source", "1", b"\x01"), // RFC 6926 §6.2.8
    ("v4-portparams", "2, 3/4", b"\x02\x04\x30\0"), // RFC 7618: offset, length, identifier first
    ("v4-dnr", "1, a.org, 192.0.2.1, alpn=dot\\,h2 | 2, b.org", b"\0\x1a\0\x01\x07\x01a\x03org\0\x04\xc0\0\x02\x01\0\x01\0\x07\x03dot\x02h2\0\x0a\0\x02\x07\x01b\x03org\0"), // RFC 9463 §5.1
    ("loader-configfile", "pxe.cfg", b"pxe.cfg"), // RFC 5071 §4
    ("loader-pathprefix", "/boot", b"/boot"), // RFC 5071 §5
    ("loader-reboottime", "300", b"\0\0\x01\x2c"), // RFC 5071 §6
    ("option-6rd", "24, 32, 2001:db8::, 192.0.2.1, 192.0.2.2", b"\x18\x20\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0\xc0\0\x02\x01\xc0\0\x02\x02"), // RFC 5969
    ("v4-access-domain", "example.org", b"\x07example\x03org\0"), // RFC 5986 §3.2
];

/// Sub-options: their space, and as above.
#[rustfmt::skip]
const SUB_OPTIONS: &[(&str, &str, &str, &[u8])] = &[
    (AGENT_SPACE, "circuit-id", "'port 1'", b"port 1"), // RFC 3046 §3.1
    (AGENT_SPACE, "remote-id", "0102", b"\x01\x02"), // RFC 3046 §3.2
    (AGENT_SPACE, "docsis-device-class", "1", b"\0\0\0\x01"), // RFC 3256 §2
    (AGENT_SPACE, "link-selection", "192.0.2.0", b"\xc0\0\x02\0"), // RFC 3527 §3
    (AGENT_SPACE, "subscriber-id", "alice", b"alice"), // RFC 3993 §3.1
    (AGENT_SPACE, "radius", "0103", b"\x01\x03"), // RFC 4014 §3
    (AGENT_SPACE, "auth", "01", b"\x01"), // RFC 4030 §4
    (AGENT_SPACE, "vendor-specific-info", "0000000900", b"\0\0\0\x09\0"), // RFC 4243 §3
    (AGENT_SPACE, "relay-flags", "0x80", b"\x80"), // RFC 5010 §3
    (AGENT_SPACE, "server-id-override", "192.0.2.1", b"\xc0\0\x02\x01"), // RFC 5107 §4
    (AGENT_SPACE, "relay-id", "0003", b"\0\x03"), // RFC 6925 §4
    (AGENT_SPACE, "access-techno-type", "16", b"\0\x10"), // RFC 7839
    (AGENT_SPACE, "access-network-name", "net", b"net"), // RFC 7839
    (AGENT_SPACE, "access-point-name", "ap", b"ap"), // RFC 7839
    (AGENT_SPACE, "access-point-bssid", "020000000001", b"\x02\0\0\0\0\x01"), // RFC 7839
    (AGENT_SPACE, "operator-id", "0009", b"\0\x09"), // RFC 7839
    (AGENT_SPACE, "operator-realm", "'realm'", b"realm"), // RFC 7839
    (AGENT_SPACE, "relay-port", "", b""), // RFC 8357 §4.1
    (AGENT_SPACE, "virtual-subnet-select", "'\0vpn'", b"\0vpn"), // RFC 6607 §3.2
    (AGENT_SPACE, "virtual-subnet-select-ctrl", "", b""), // RFC 6607 §3.3
    (CABLELABS_SPACE, "tsp-primary-dhcp-server", "192.0.2.1", b"\xc0\0\x02\x01"), // RFC 3495 §5.1
    (CABLELABS_SPACE, "tsp-secondary-dhcp-server", "192.0.2.2", b"\xc0\0\x02\x02"), // RFC 3495 §5.1
    (CABLELABS_SPACE, "tsp-provisioning-server", "1, C0000201", b"\x01\xc0\0\x02\x01"), // RFC 3495 §5.2
    (CABLELABS_SPACE, "tsp-as-parameters", "1, 2, 3", b"\0\0\0\x01\0\0\0\x02\0\0\0\x03"), // RFC 3495 §5.3
    (CABLELABS_SPACE, "tsp-ap-parameters", "1, 2, 3", b"\0\0\0\x01\0\0\0\x02\0\0\0\x03"), // RFC 3495 §5.4
    (CABLELABS_SPACE, "tsp-kerberos-realm", "EXAMPLE.ORG", b"\x07EXAMPLE\x03ORG\0"), // RFC 3495 §5.5
    (CABLELABS_SPACE, "tsp-use-ticket-granting-server", "true", b"\x01"), // RFC 3495 §5.6
    (CABLELABS_SPACE, "tsp-provisioning-timer", "10", b"\x0a"), // RFC 3495 §5.7
    (CABLELABS_SPACE, "tsp-ticket-control", "3", b"\0\x03"), // RFC 3594 §4
    (CABLELABS_SPACE, "tsp-kdc-servers", "192.0.2.1", b"\xc0\0\x02\x01"), // RFC 3634 §2
    ("vendor-4491", "oro", "2, 3", b"\x02\x03"),
    ("docsis3-v4", "tftp-servers", "192.0.2.1", b"\xc0\0\x02\x01"),
];

/// A configuration with these as global options.
fn config(options: &[String]) -> Config {
    let text = format!(r#"{{"Dhcp4": {{"option-data": [{}]}}}}"#, options.join(",\n"));
    let (config, _) = Config::parse(&text, "t").unwrap_or_else(|findings| panic!("{findings}"));
    config
}

fn option(space: &str, name: &str, data: &str) -> String {
    let data = data.replace('\\', "\\\\").replace('\0', "\\u0000");
    format!(r#"{{"space": "{space}", "name": "{name}", "data": "{data}"}}"#)
}

#[test]
fn text_becomes_the_octets_of_the_standard() {
    let all: Vec<String> =
        OPTIONS.iter().map(|(name, data, _)| option("dhcp4", name, data)).collect();
    let config = config(&all);
    assert_eq!(config.options.iter().count(), OPTIONS.len());
    for (given, (name, data, octets)) in config.options.iter().zip(OPTIONS) {
        assert_eq!(definition::by_code(given.code).map(|it| it.name), Some(*name));
        assert_eq!(given.octets, *octets, "{name}: {data}");
    }
    let named: BTreeSet<&str> = OPTIONS.iter().map(|(name, ..)| *name).collect();
    let known: BTreeSet<&str> = definition::all().iter().map(|it| it.name).collect();
    assert_eq!(named, known);
    let again = Config::parse(&config.to_json(), "again").expect("canonical").0;
    assert_eq!(again, config);
}

#[test]
fn sub_options_have_types_too() {
    let all: Vec<String> =
        SUB_OPTIONS.iter().map(|(space, name, data, _)| option(space, name, data)).collect();
    let config = config(&all);
    assert_eq!(config.options.iter().count(), SUB_OPTIONS.len());
    for (given, (space, name, _, octets)) in config.options.iter().zip(SUB_OPTIONS) {
        assert_eq!(
            (&given.space, given.octets.as_slice()),
            (&Space::parse(space), *octets),
            "{name}"
        );
    }
    let tables = [
        definition::of_space(AGENT_SPACE),
        definition::of_space(CABLELABS_SPACE),
        definition::of_vendor(4491),
    ];
    assert_eq!(SUB_OPTIONS.len(), tables.iter().map(|table| table.len()).sum::<usize>());
    let again = Config::parse(&config.to_json(), "again").expect("canonical").0;
    assert_eq!(again, config);
}

/// Forms that other versions of Kea took, and values that are written in several ways.
#[test]
fn the_same_value_in_other_forms() {
    for (name, data, octets) in [
        // Up to version 2.5.5: network, mask and router.
        (
            "classless-static-route",
            "0.0.0.0, 0.0.0.0, 192.0.2.1, 10.17.0.0, 255.255.0.0, 192.0.2.2",
            &b"\0\xc0\0\x02\x01\x10\x0a\x11\xc0\0\x02\x02"[..],
        ),
        ("classless-static-route", "10.0.0.0/8-192.0.2.1", b"\x08\x0a\xc0\0\x02\x01"),
        ("uuid-guid", "0, 00 01:02", b"\0\0\x01\x02"),
        ("v4-dnr", "1, a.org., 192.0.2.1", b"\0\x0f\0\x01\x07\x01a\x03org\0\x04\xc0\0\x02\x01"),
        ("client-system", "0x0007,9", b"\0\x07\0\x09"),
    ] {
        let config = config(&[option("dhcp4", name, data)]);
        assert_eq!(
            config.options.iter().next().map(|it| it.octets.as_slice()),
            Some(octets),
            "{data}"
        );
    }
}

/// Records and arrays of all types, in a space of their own that lies in another option.
#[test]
fn definitions_of_a_file_have_all_types() {
    let text = r#"{"Dhcp4": {
      "interfaces-config": {"interfaces": ["*"]},
      "option-def": [
        {"name": "nothing", "code": 1, "space": "own", "type": "empty"},
        {"name": "record", "code": 224, "space": "own", "type": "record",
          "record-types": "ipv4-address, psid, tuple, fqdn, string"},
        {"name": "array", "code": 254, "space": "own", "type": "record", "array": true,
          "record-types": "int8, int16, int32, uint8, uint16, uint32, ipv6-address, ipv6-prefix, boolean, fqdn"},
        {"name": "holder", "code": 232, "type": "empty", "encapsulate": "own"}],
      "option-data": [
        {"code": 1, "name": "nothing", "space": "own"},
        {"name": "record", "space": "own", "data": "192.0.2.1, 3/4, a\\,b, a.org, c d"},
        {"name": "array", "space": "own",
          "data": "-1, -2, -3, 4, 5, 0x6, 2001:db8::1, 2001:db8::/32, true, a.org, b.org"},
        {"name": "holder"}]}}"#;
    let (config, findings) = Config::parse(text, "t").unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(findings.to_string(), "");
    let octets: Vec<&[u8]> = config.options.iter().map(|it| it.octets.as_slice()).collect();
    assert_eq!(
        octets,
        [
            b"",
            &b"\xc0\0\x02\x01\x04\x30\0\x03a,b\x01a\x03org\0c d"[..],
            b"\xff\xff\xfe\xff\xff\xff\xfd\x04\0\x05\0\0\0\x06\
              \x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x20\x01\x0d\xb8\x01\
              \x01a\x03org\0\x01b\x03org\0",
            b"",
        ]
    );
    let written = config.to_json();
    assert!(written.contains(r#""data": "192.0.2.1, 3/4, a\\,b, a.org., c d""#), "{written}");
    assert_eq!(Config::parse(&written, "again").expect("canonical").0, config);
}
