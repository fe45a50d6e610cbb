//! Client classes.

use super::{check, in_dhcp4, in_subnet};

#[test]
fn classes_that_are_not_lawful() {
    check(
        &[
            in_dhcp4(
                r#""client-classes": [
{"name": "a", "test": "substring(option[60].hex, 0, 6 == 'Aastra'"},
{"name": "a", "test": "member('b') or member('HA_x')"},
{"name": "b", "test": "member('b')"},
{"name": "c", "template-test": "pkt4.msgtype == 1"},
{"name": "d", "test": "option[60].hex == \"x\""},
{"name": "e", "test": "option[60].exists", "template-test": "option[60].hex"},
{"name": "VENDOR_CLASS_x", "test": "member('ALL')"},
{"name": "REJECT"},
{"test": 7},
{"name": "f", "test": "option[routers].hex =="}]"#,
            ),
            in_dhcp4(
                r#""client-classes": [
{"name": "DROP", "only-in-additional-list": true, "test": "member('KNOWN')"},
{"name": "VENDOR_CLASS_x", "option-def": [], "offer-lifetime": 5},
{"name": "a", "only-if-required": true, "only-in-additional-list": false, "boot-file-name": "x"},
{"name": "b", "min-valid-lifetime": 5, "max-valid-lifetime": 6},
{"name": "c", "min-valid-lifetime": 5, "valid-lifetime": 4}]"#,
            ),
        ],
        r#"
t:3:55: error: Dhcp4.client-classes[0].test: expected `)`, found `==`
t:4:10: error: Dhcp4.client-classes[1].name: `a` is another class's name; each class has its own
    t:3:10: the other class
t:4:31: error: Dhcp4.client-classes[1].test: `b` is not defined before this class; classes are tested in the order of the file
t:5:31: error: Dhcp4.client-classes[2].test: `b` is not defined before this class; classes are tested in the order of the file
t:6:33: error: Dhcp4.client-classes[3].template-test: expected a string, found an expression that is true or false
t:7:42: error: Dhcp4.client-classes[4].test: expected `'` around text, found `"`
t:8:61: error: Dhcp4.client-classes[5].template-test: a class has one test; give `test` or `template-test`
    t:8:23: test
t:9:36: error: Dhcp4.client-classes[6].test: who is in `VENDOR_CLASS_x` is not for a test to say; such classes come from the server itself: choose another name
t:10:10: error: Dhcp4.client-classes[7].name: the class `REJECT` is not in effect yet; `DROP` leaves its members without an answer
t:11:1: error: Dhcp4.client-classes[8].name: a class has no name; expected a `name`
t:11:10: error: Dhcp4.client-classes[8].test: found an integer; expected a string
t:12:46: error: Dhcp4.client-classes[9].test: expected a test or a value, found the end
t:3:45: error: Dhcp4.client-classes[0].only-in-additional-list: `DROP` does not wait for a subnet; expected false
t:5:35: error: Dhcp4.client-classes[2].only-if-required: the old spelling of `only-in-additional-list`, which is there too; take `only-if-required` out
    t:5:68: only-in-additional-list
t:6:37: error: Dhcp4.client-classes[3].min-valid-lifetime: there are bounds and nothing between them; give `valid-lifetime` too
t:7:37: error: Dhcp4.client-classes[4].min-valid-lifetime: min-valid-lifetime 5 is above valid-lifetime, which is 4; min-valid-lifetime <= valid-lifetime <= max-valid-lifetime
    t:7:58: valid-lifetime
"#,
    );
}

#[test]
fn guards_that_name_no_class() {
    check(
        &[
            in_dhcp4(
                r#""client-classes": [{"name": "phones"}, {"name": "t", "template-test": "option[60].hex"}],
"subnet4": [{"id": 1, "subnet": "192.0.2.0/24", "client-class": "phone", "require-client-classes": ["voice", ""],
"pools": [{"pool": "192.0.2.0/28", "client-classes": ["phones", "SPAWN_t_1", "SPAWN_u_1", "HA_server2", "UNKNOWN"]}]}]"#,
            ),
            in_subnet(
                r#""client-class": "ALL", "client-classes": ["ALL"], "evaluate-additional-classes": 7"#,
            ),
        ],
        r#"
t:3:65: warning: Dhcp4.subnet4[0].client-class: no class is named `phone`: nobody is in it; did you mean `phones`?
t:3:101: warning: Dhcp4.subnet4[0].require-client-classes[0]: no class is named `voice`: it gives nothing
t:4:78: warning: Dhcp4.subnet4[0].pools[0].client-classes[2]: no class is named `SPAWN_u_1`: nobody is in it
t:3:17: error: Dhcp4.subnet4[0].client-class: the old spelling of `client-classes`, which is there too; take `client-class` out
    t:3:42: client-classes
t:3:82: error: Dhcp4.subnet4[0].evaluate-additional-classes: found an integer; expected a list of strings
"#,
    );
}
