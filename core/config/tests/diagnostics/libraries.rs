//! `hooks-libraries`.

use super::{check, in_dhcp4};

#[test]
fn libraries() {
    check(
        &[
            in_dhcp4(
                r#""hooks-libraries": [
{"library": "/usr/lib/kea/hooks/libdhcp_lease_cmds.so"},
{"library": "libdhcp_pgsql"},
{"library": "/usr/lib/libdhcp_rbac.so", "parameters": {"require-tls": true}},
{"library": "libdhcp_host_cache.so"},
{"library": "libddns_gss_tsig.so"},
{"library": "charging.so"},
{"library": "libdhcp_pingcheck.so"},
{"library": "a/libdhcp_pgsql.so"},
{"parameters": {}}, {"library": 7}]"#,
            ),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_ping_check.so", "parameters": {
"min-ping-requests": 0, "reply-timeout": 9000, "ping-channel-threads": 3, "colour": 1}}],
"subnet4": [{"id": 1, "subnet": "192.0.2.0/24", "user-context": {"ping-check": 7, "limits": {"address-limit": 1}}}]"#,
            ),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_limits.so"}],
"client-classes": [{"name": "a", "user-context": {"limits": {"address-limit": -1, "rate-limit": "10 packets per fortnight", "prefix-limit": 1}}}],
"subnet4": [{"id": 1, "subnet": "192.0.2.0/24", "user-context": {"ping-check": {}, "limits": {"adress-limit": 1}}}]"#,
            ),
        ],
        r#"
t:3:13: info: Dhcp4.hooks-libraries[0].library: `libdhcp_lease_cmds` is built in: there is nothing to switch on
t:4:13: warning: Dhcp4.hooks-libraries[1].library: `libdhcp_pgsql` is accepted but not in effect yet; there are no databases yet
t:5:13: error: Dhcp4.hooks-libraries[2].library: `libdhcp_rbac` is not in effect yet; it decides who may command, so it is not ignored: take it out to go on without it
t:6:13: info: Dhcp4.hooks-libraries[3].library: `libdhcp_host_cache` is accepted; there is nothing here that it would do; hosts are in memory
t:7:13: error: Dhcp4.hooks-libraries[4].library: `libddns_gss_tsig` belongs to the DNS updater; take it out
t:8:13: error: Dhcp4.hooks-libraries[5].library: no library is known as `charging`; libraries are not loaded; the names of Kea's switch on what is built in, and others have nothing to switch on
t:9:13: error: Dhcp4.hooks-libraries[6].library: no library is known as `libdhcp_pingcheck`; did you mean `libdhcp_ping_check`?
t:10:13: error: Dhcp4.hooks-libraries[7].library: `libdhcp_pgsql` is given twice; each library stands once
    t:4:13: the first time
t:11:1: error: Dhcp4.hooks-libraries[8]: `library` is missing; expected a name such as "libdhcp_ping_check.so"
t:11:33: error: Dhcp4.hooks-libraries[9].library: found an integer; expected a string
t:3:22: error: Dhcp4.hooks-libraries[0].parameters.min-ping-requests: found 0; expected an integer from 1 to 4294967295
t:3:42: warning: Dhcp4.hooks-libraries[0].parameters.reply-timeout: an offer would wait for 9000 ms; clients ask again after 4 s, so no offer waits longer than that for its probe
t:3:48: info: Dhcp4.hooks-libraries[0].parameters.ping-channel-threads: changes nothing: one thread decides for all clients, and packets are received and sent in batches by others
t:3:75: error: Dhcp4.hooks-libraries[0].parameters.colour: unknown key; `ping-check` has no such key
t:4:80: error: Dhcp4.subnet4[0].user-context.ping-check: found an integer; expected a map
t:4:93: warning: Dhcp4.subnet4[0].user-context.limits: does nothing by itself; the hooks library `libdhcp_limits` switches limits on
t:3:79: error: Dhcp4.client-classes[0].user-context.limits.address-limit: found -1; expected an integer from 0 to 4294967295
t:3:97: error: Dhcp4.client-classes[0].user-context.limits.rate-limit: "10 packets per fortnight" is no rate; expected a rate such as "10 packets per second"
t:3:125: info: Dhcp4.client-classes[0].user-context.limits.prefix-limit: changes nothing: DHCPv4 has no prefixes
t:4:80: info: Dhcp4.subnet4[0].user-context.ping-check: does nothing by itself; the hooks library `libdhcp_ping_check` switches it on
t:4:95: error: Dhcp4.subnet4[0].user-context.limits.adress-limit: unknown key; did you mean `address-limit`?
"#,
    );
}

#[test]
fn libraries_with_expressions() {
    check(
        &[
            in_dhcp4(r#""hooks-libraries": [{"library": "libdhcp_flex_id.so"}]"#),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_flex_id.so", "parameters": {
"identifier-expression": "relay4[2].hexx", "ignore-iaid": true, "replace-client-id": 1,
"cid-as-rfc4361-duid": true}}]"#,
            ),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_flex_id.so", "parameters": {
"identifier-expression": "relay4[2].hex", "cid-as-rfc4361-duid": false}}]"#,
            ),
            in_dhcp4(
                r#""hooks-libraries": [{"library": "libdhcp_flex_id.so", "parameters": {
"identifier-expression": "relay4[2].hex", "replace-client-id": true}}]"#,
            ),
            in_dhcp4(
                r#""host-reservation-identifiers": ["flex-id"],
"hooks-libraries": [{"library": "libdhcp_flex_id.so", "parameters": {"identifier-expression": "pkt4.mac"}}]"#,
            ),
            in_dhcp4(
                r#""host-reservation-identifiers": ["flex-id"],
"hooks-libraries": [{"library": "libdhcp_flex_id.so", "parameters": {"identifier-expression": "ifelse(known, pkt4.mac, '')"}}]"#,
            ),
        ],
        r#"
t:2:21: error: Dhcp4.hooks-libraries[0].parameters: `identifier-expression` is missing; expected an expression such as "relay4[2].hex"
t:3:37: error: Dhcp4.hooks-libraries[0].parameters.identifier-expression: expected `hex`, `text`, `exists` or `option`, found `hexx`
t:3:44: info: Dhcp4.hooks-libraries[0].parameters.ignore-iaid: changes nothing: DHCPv4 has no such numbers
t:3:86: error: Dhcp4.hooks-libraries[0].parameters.replace-client-id: found an integer; expected true or false
t:4:1: error: Dhcp4.hooks-libraries[0].parameters.cid-as-rfc4361-duid: not in effect yet; it protects something or decides who gets what, so it is not ignored: take it out to go on without it
t:3:26: warning: Dhcp4.hooks-libraries[0].parameters.identifier-expression: no reservation is found by this; add `flex-id` to `host-reservation-identifiers`
t:3:26: info: Dhcp4.hooks-libraries[0].parameters.identifier-expression: no reservation is found by this; add `flex-id` to `host-reservation-identifiers`
t:3:95: warning: Dhcp4.hooks-libraries[0].parameters.identifier-expression: asks who is known, which this is to tell; nobody is in `KNOWN` or `UNKNOWN` then
"#,
    );
}

#[test]
fn libraries_that_change_options() {
    let options = |text: &str| {
        in_dhcp4(&format!(
            r#""hooks-libraries": [{{"library": "libdhcp_flex_option.so", "parameters": {{"options": [{text}]}}}}],
"option-def": [{{"name": "boxes", "code": 230, "type": "uint8", "encapsulate": "box"}},
{{"name": "edge", "code": 1, "type": "uint16", "space": "box"}},
{{"name": "crates", "code": 231, "type": "empty", "encapsulate": "box"}}]"#
        ))
    };
    check(
        &[
            options(
                r#"
{"code": 67, "add": "ifelse(option[host-name].exists, concat(option[host-name].text, '.boot'), '')"},
{"name": "crates", "sub-options": [{"name": "edge", "add": "'7'", "csv-format": true, "container-add": false}]},
{"code": 125, "sub-options": [{"space": "vendor-4491", "code": 2, "remove": "member('ALL')", "client-class": "ALL"}]}"#,
            ),
            options(
                r#"
{"code": 67, "name": "routers", "supersede": "'x'"},
{"name": "bootfile", "remove": "member('b')"},
{"code": 300, "add": "'x'", "remove": "member('ALL')"},
{"code": 53, "add": "0x05", "client-class": "a"},
{"name": "dhcp-agent-options", "sub-options": [{"code": 1, "add": "'x'"}]},
{"code": 61, "remove": "member('ALL')"},
{"code": 224, "add": "'x'", "csv-format": true},
{"code": 67},
{"code": 67, "space": "box", "add": "'x'"},
{"code": 67, "add": "'x'", "source": "'x'"},
{"add": "'x"}"#,
            ),
            options(
                r#"
{"code": 43, "add": "'x'", "sub-options": [{"code": 1, "add": "'x'"}]},
{"name": "boxes", "sub-options": [{"code": 1, "add": "'x'"}]},
{"code": 224, "sub-options": [{"code": 1, "add": "'x'"}]},
{"code": 125, "sub-options": [{"code": 1, "add": "'x'"}, {"space": "box", "code": 1, "add": "'x'"}]},
{"code": 43, "sub-options": [{"space": "vendor-9", "code": 1, "add": "'x'"}, {"space": "box", "name": "edges", "add": "'x'"},
{"code": 300, "add": "'x'"}, {"code": 3, "add": "'x'", "supersede": "'x'"}, {"code": 3}, {"code": 3, "add": "'x'", "csv-format": true, "container": true}]}"#,
            ),
        ],
        r#"
t:3:22: error: Dhcp4.hooks-libraries[0].parameters.options[0].name: `routers` is option 3, not 67; give one of both, or both of one option
t:4:10: error: Dhcp4.hooks-libraries[0].parameters.options[1].name: `bootfile` is no standard option, and not defined; give its `code` and, with csv-format false, its octets
t:4:32: warning: Dhcp4.hooks-libraries[0].parameters.options[1].remove: no class is named `b`: nobody is in it
t:5:1: error: Dhcp4.hooks-libraries[0].parameters.options[2]: more than one thing is done to the option; expected one of `add`, `supersede` and `remove`
t:5:10: error: Dhcp4.hooks-libraries[0].parameters.options[2].code: 300 is no option code; expected 1 to 254
t:6:10: error: Dhcp4.hooks-libraries[0].parameters.options[3].code: option 53 is made by the server itself; take it out
t:6:45: warning: Dhcp4.hooks-libraries[0].parameters.options[3].client-class: no class is named `a`: nobody is in it
t:7:10: error: Dhcp4.hooks-libraries[0].parameters.options[4].name: option 82 is made by the server itself; take it out
t:8:10: error: Dhcp4.hooks-libraries[0].parameters.options[5].code: option 61 is made by the server itself; take it out
t:9:43: error: Dhcp4.hooks-libraries[0].parameters.options[6].csv-format: option 224 is not known, so its form is not; expected false, and an expression that makes its octets
t:10:1: error: Dhcp4.hooks-libraries[0].parameters.options[7]: nothing is done to the option; expected one of `add`, `supersede` and `remove`
t:11:23: error: Dhcp4.hooks-libraries[0].parameters.options[8].space: options of the space `box` stand in others; name the option that holds them, and give them as its `sub-options`
t:12:28: error: Dhcp4.hooks-libraries[0].parameters.options[9].source: not in effect yet; it protects something or decides who gets what, so it is not ignored: take it out to go on without it
t:13:1: error: Dhcp4.hooks-libraries[0].parameters.options[10]: no option is named; expected `name` or `code`
t:13:10: error: Dhcp4.hooks-libraries[0].parameters.options[10].add: expected `'` after text, found the end
t:3:21: error: Dhcp4.hooks-libraries[0].parameters.options[0].add: `add` is done to the whole option, and something within it; give these in entries of their own
t:4:34: error: Dhcp4.hooks-libraries[0].parameters.options[1].sub-options: option 230 has a value of its own; sub-options are changed in options that hold nothing else
t:5:31: error: Dhcp4.hooks-libraries[0].parameters.options[2].sub-options[0]: the option's space is not known; expected the `space` that the option holds
t:6:31: error: Dhcp4.hooks-libraries[0].parameters.options[3].sub-options[0]: the option's space is not known; expected `space` with an enterprise number such as "vendor-4491"
t:6:68: error: Dhcp4.hooks-libraries[0].parameters.options[3].sub-options[1].space: option 125 does not hold options of the space `box`; expected `space` with an enterprise number such as "vendor-4491"
t:7:40: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[0].space: option 43 does not hold options of the space `vendor-9`; expected the `space` that the option holds
t:7:103: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[1].name: the space `box` has no option `edges`; did you mean `edge`?
t:8:10: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[2].code: 300 is no option code; expected 0 to 255
t:8:30: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[3]: more than one thing is done to the option; expected one of `add`, `supersede` and `remove`
t:8:77: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[4]: nothing is done to the option; expected one of `add`, `supersede` and `remove`
t:8:130: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[5].csv-format: option 3 is not known, so its form is not; expected false, and an expression that makes its octets
t:8:136: error: Dhcp4.hooks-libraries[0].parameters.options[4].sub-options[5].container: unknown key; did you mean `container-add`?
"#,
    );
}
