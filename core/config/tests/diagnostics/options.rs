//! Options and their definitions.

use super::{check, in_dhcp4, in_subnet};

#[test]
fn options_that_do_not_fit() {
    check(
        &[in_subnet(
            r#""option-data": [
{"name": "router", "data": "192.0.2.1"},
{"name": "xyzzy", "data": "192.0.2.1"},
{"name": "routers", "data": "192.0.2.1, 192.0.2"},
{"name": "routers", "code": 6, "data": "192.0.2.1"},
{"code": 255, "data": ""},
{"code": 224, "data": "x"},
{"code": 224, "csv-format": true, "data": "01"},
{"name": "dhcp-message-type", "data": "5"},
{"data": "5"},
{"name": "domain-name"},
{"name": "interface-mtu", "data": "1500, 9000"},
{"name": "tcode", "data": "EST5EDT4,M3"},
{"name": "tcode", "data": "UTC"},
{"space": "vendor", "code": 1, "data": "x"}]"#,
        )],
        r#"
t:4:10: error: Dhcp4.subnet4[0].option-data[0].name: `router` is no standard option, and not defined; did you mean `routers`?
t:5:10: error: Dhcp4.subnet4[0].option-data[1].name: `xyzzy` is no standard option, and not defined; give its `code` and, with csv-format false, its octets
t:6:41: error: Dhcp4.subnet4[0].option-data[2].data: `192.0.2` does not fit; expected an IPv4 address such as 192.0.2.1
t:7:10: error: Dhcp4.subnet4[0].option-data[3].name: `routers` is option 3, not 6; give one of both, or both of one option
t:8:10: error: Dhcp4.subnet4[0].option-data[4].code: 255 is no option code; expected 1 to 254
t:9:24: error: Dhcp4.subnet4[0].option-data[5].data: not octets; expected hexadecimal such as "C0000201" or 'text'
t:10:1: warning: Dhcp4.subnet4[0].option-data[6]: option 224 again; the first one counts
    t:9:1: the first one
t:10:29: error: Dhcp4.subnet4[0].option-data[6].csv-format: option 224 is not known, so its form is not; expected false, and octets in hexadecimal as `data`
t:11:10: warning: Dhcp4.subnet4[0].option-data[7].name: `dhcp-message-type` is made by the server itself; what is given here is not sent
t:12:1: error: Dhcp4.subnet4[0].option-data[8]: no option is named; expected `name` or `code`
t:13:1: error: Dhcp4.subnet4[0].option-data[9].data: no text; expected at least a letter
t:14:42: error: Dhcp4.subnet4[0].option-data[10].data: more than one value; this option has one
t:15:27: warning: Dhcp4.subnet4[0].option-data[11].data: holds a comma; taken whole here, though Kea cuts text at it: write `\\,`
t:16:1: warning: Dhcp4.subnet4[0].option-data[12]: option 101 again; the first one counts
    t:15:1: the first one
t:17:11: warning: Dhcp4.subnet4[0].option-data[13].space: nothing encapsulates the space `vendor`; its options are not sent
t:17:41: error: Dhcp4.subnet4[0].option-data[13].data: not octets; expected hexadecimal such as "C0000201" or 'text'
"#,
    );
}

#[test]
fn definitions_that_are_not_lawful() {
    check(
        &[
            in_dhcp4(
                r#""option-def": [
{},
{"name": "a b", "code": 0, "type": "uint"},
{"name": "a", "code": 224, "type": "record"},
{"name": "a", "code": 224, "type": "record", "record-types": "uint8, strin"},
{"name": "a", "code": 224, "type": "record", "record-types": "string, uint8"},
{"name": "a", "code": 224, "type": "uint8", "record-types": "uint8"},
{"name": "a", "code": 224, "type": "string", "array": true},
{"name": "a", "code": 224, "type": "empty", "array": true},
{"name": "a", "code": 224, "type": "uint8", "array": true, "encapsulate": "s"},
{"name": "a", "code": 3, "type": "uint8"},
{"name": "routers", "code": 224, "type": "uint8"},
{"name": "a", "code": 225, "type": "uint8"},
{"name": "b", "code": 225, "type": "uint8"},
{"name": "a", "code": 226, "type": "uint8"},
{"name": "a", "code": 255, "space": "s", "type": "empty"}]"#,
            ),
            in_dhcp4(
                r#""option-def": [
{"name": "a", "code": 224, "type": "empty", "encapsulate": "s"},
{"name": "b", "code": 1, "space": "s", "type": "empty", "encapsulate": "t"},
{"name": "c", "code": 1, "space": "t", "type": "empty", "encapsulate": "s"}]"#,
            ),
            in_dhcp4(
                r#""option-def": [{"name": "a", "code": 224, "type": "empty", "encapsulate": "dhcp4"}]"#,
            ),
            in_dhcp4(&format!("\"option-def\": [{}]", chain_of_spaces(8))),
            in_dhcp4(
                r#""client-classes": [{"name": "c", "option-def": [{"name": "a", "code": 144, "type": "empty"}]}]"#,
            ),
            in_dhcp4(
                &r#""option-def": [{"name": "inside", "code": 1, "space": "s", "type": "uint8"}],
"option-data": [{"name": "insid", "space": "s", "data": "1"}, {"name": "inside", "space": "s", "data": "1"},
{"name": "oro", "space": "vendor-4491", "data": "300"}, {"code": 1, "space": "vendor-7", "data": "REPEATED"}]"#
                    .replace("REPEATED", &"00".repeat(256)),
            ),
        ],
        r#"
t:3:1: error: Dhcp4.option-def[0]: `name` is missing
t:3:1: error: Dhcp4.option-def[0]: `code` is missing
t:3:1: error: Dhcp4.option-def[0]: `type` is missing; expected one of binary, boolean, uint8, uint16, uint32, int8, int16, int32, ipv4-address, ipv6-address, ipv6-prefix, psid, string, tuple, fqdn, empty, record
t:4:10: error: Dhcp4.option-def[1].name: `a b` is no name; expected letters without blanks and dots between them
t:4:25: error: Dhcp4.option-def[1].code: 0 is no option code; expected 1 to 254
t:4:36: error: Dhcp4.option-def[1].type: `uint` is no type; did you mean `uint8`?
t:5:1: error: Dhcp4.option-def[2].record-types: a record has two fields or more; expected types such as "uint16, ipv4-address"
t:6:70: error: Dhcp4.option-def[3].record-types: `strin` is no type of a field; did you mean `string`?
t:7:62: error: Dhcp4.option-def[4].record-types: a field follows one that goes on to the end of the option; string and binary stand at the end, once
t:8:61: error: Dhcp4.option-def[5].record-types: `uint8` has no fields; leave it out, or give `type` as "record"
t:9:55: error: Dhcp4.option-def[6].array: an array of what goes on to the end of the option; string and binary stand at the end, once
t:10:54: error: Dhcp4.option-def[7].array: an array of nothing; string and binary stand at the end, once
t:11:75: error: Dhcp4.option-def[8].encapsulate: nothing can follow an array; an array goes on to the end of the option: leave out one of both
t:12:23: error: Dhcp4.option-def[9].code: option 3 is `routers` already; standard options are known: take the definition out
t:13:10: error: Dhcp4.option-def[10].name: `routers` is the name of option 3; choose another name
t:15:23: error: Dhcp4.option-def[12].code: option 225 of the space `dhcp4` is defined twice; codes and names are given once in a space
    t:14:1: the other definition
t:16:10: error: Dhcp4.option-def[13].name: `a` of the space `dhcp4` is defined twice; codes and names are given once in a space
    t:14:1: the other definition
t:4:72: error: Dhcp4.option-def[1].encapsulate: the space `t` lies in itself; options of a space cannot encapsulate it, nor what it lies in
t:2:75: error: Dhcp4.option-def[0].encapsulate: the space `dhcp4` lies in itself; options of a space cannot encapsulate it, nor what it lies in
t:9:75: error: Dhcp4.option-def[7].encapsulate: the space `s8` lies too deep; at most 8 options lie in one another
t:2:71: error: Dhcp4.client-classes[0].option-def[0].code: a class cannot define option 144; expected 43, or 224 to 254 (RFC 3942)
t:3:26: error: Dhcp4.option-data[0].name: the space `s` has no option `insid`; did you mean `inside`?
t:3:91: warning: Dhcp4.option-data[1].space: nothing encapsulates the space `s`; its options are not sent
t:4:50: error: Dhcp4.option-data[2].data: `300` does not fit; expected an integer from 0 to 255
t:4:99: error: Dhcp4.option-data[3].data: a sub-option of 256 octets; its length field can state 255 at most
"#,
    );
}

/// Definitions of options that lie in one another, so many deep.
fn chain_of_spaces(depth: usize) -> String {
    let def = |at: usize| {
        let space = if at == 0 { "dhcp4".to_owned() } else { format!("s{at}") };
        let inner = at + 1;
        format!(
            r#"{{"name": "n", "code": 224, "space": "{space}", "type": "empty", "encapsulate": "s{inner}"}}"#
        )
    };
    (0..depth).map(def).collect::<Vec<_>>().join(",\n")
}
