mod host;
mod round_trip;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::*;
use crate::testbed::{Client, Hands, Home};

async fn call(home: &Home, name: &str, arguments: &str) -> Value {
    home.ask(&format!("{{ \"command\": \"{name}\", \"arguments\": {arguments} }}")).await
}

/// What is answered to commands, by name, arguments, result and text.
async fn check(home: &Home, table: &[(&str, &str, u8, &str)]) {
    for (name, arguments, result, text) in table {
        let answer = match *arguments {
            "" => home.command(name).await,
            arguments => call(home, name, arguments).await,
        };
        assert_eq!(answer["result"], json!(result), "{name} {arguments}: {answer}");
        let told = answer["text"].as_str().unwrap_or_default();
        assert_eq!(told, *text, "{name} {arguments}");
    }
}

#[tokio::test]
async fn every_command_that_is_listed_is_known() {
    let names: Vec<&str> = catalogue::ALL.iter().map(|known| known.name).collect();
    assert!(names.is_sorted());
    let home = Home::new();
    home.run(async |hands: Hands| {
        for name in names.iter().filter(|name| **name != "shutdown") {
            let answer = home.command(name).await;
            assert_ne!(answer["result"], Answer::UNSUPPORTED, "{name}");
        }
        hands.stop(0).await;
    })
    .await;
}

#[test]
fn the_page_of_commands_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/commands.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, catalogue::page()).expect("a writable tree");
    }
    let found = fs::read_to_string(path).unwrap_or_default();
    assert!(found == catalogue::page(), "docs/commands.md is not current: set UPDATE_EXPECT=1");
}

#[tokio::test]
async fn what_config_get_shows_can_be_set_and_changes_nothing() {
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        let lease = Client(1).lease(&mut hands).await;
        let before = home.command("config-get").await["arguments"].clone();
        let set = json!({ "Dhcp4": before["Dhcp4"] }).to_string();
        let answer = call(&home, "config-set", &set).await;
        let hash = json!({ "hash": before["hash"] });
        assert_eq!(
            answer,
            json!({ "result": 0, "text": "Configuration successful.", "arguments": hash })
        );
        assert_eq!(home.command("config-get").await["arguments"], before);
        assert_eq!(home.command("config-hash-get").await["arguments"], hash);
        let again = hands.exchange(Client(1).reboot(lease.yiaddr)).await;
        assert_eq!(again.yiaddr, lease.yiaddr);

        let mut other = before["Dhcp4"].clone();
        other["subnet4"][0]["valid-lifetime"] = json!(600);
        other["subnet4"][0]["max-valid-lifetime"] = json!(600);
        other["subnet4"][0]["min-valid-lifetime"] = json!(600);
        let answer = call(&home, "config-set", &json!({ "Dhcp4": other }).to_string()).await;
        assert_eq!(answer["result"], 0);
        assert_ne!(answer["arguments"], hash);
        Client(2).lease(&mut hands).await;
        let shown = call(&home, "lease4-get-page", r#"{ "from": "start", "limit": 9 }"#).await;
        assert_eq!(shown["arguments"]["leases"][1]["valid-lft"], 600);
        // The file is as it was.
        assert_eq!(home.command("config-reload").await["arguments"], hash);
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_set_leaves_everything_as_it_was() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let before = home.command("config-hash-get").await;
        for command in ["config-set", "config-test"] {
            check(
                &home,
                &[
                    (command, "", 1, "Missing mandatory 'arguments' parameter."),
                    (command, "{ }", 1, "Missing mandatory 'Dhcp4' parameter."),
                    (command, r#"{ "Dhcp4": 1 }"#, 1, "'Dhcp4' parameter expected to be a map."),
                    (
                        command,
                        r#"{ "Dhcp4": { }, "hash": "" }"#,
                        1,
                        "Unsupported 'hash' parameter.",
                    ),
                    (
                        command,
                        r#"{ "Dhcp4": { }, "b": 1, "a": 1 }"#,
                        1,
                        "Unsupported 'a' parameter (and 'b').",
                    ),
                ],
            )
            .await;
            let bad = call(&home, command, r#"{ "Dhcp4": { "subnet4": 1 } }"#).await;
            assert_eq!(bad["result"], 1);
            assert!(bad["text"].as_str().is_some_and(|text| text.contains("subnet4")), "{bad}");
        }
        // The sockets cannot be opened.
        let shown = home.command("config-get").await["arguments"]["Dhcp4"].clone();
        *hands.refuse.lock().expect("nobody panics with it") = Some("no such socket".to_owned());
        let mut other = shown;
        other["valid-lifetime"] = json!(600);
        let answer = call(&home, "config-set", &json!({ "Dhcp4": other }).to_string()).await;
        assert_eq!(answer, json!({ "result": 1, "text": "no such socket" }));
        assert_eq!(home.command("config-hash-get").await, before);
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn the_configuration_is_written_beside_its_file() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let own = home.config_file();
        fs::set_permissions(own.path(), fs::Permissions::from_mode(0o600)).expect("it is ours");
        let hash = home.command("config-hash-get").await;
        let written = home.command("config-write").await;
        assert_eq!(written["result"], 0, "{written}");
        let name = written["arguments"]["filename"].as_str().expect("a name");
        assert_eq!(written["text"], format!("Configuration written to {name} successful"));
        let text = fs::read(own.path()).expect("it is there");
        assert_eq!(written["arguments"]["size"], text.len());
        let mode = fs::metadata(own.path()).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(home.command("config-reload").await["arguments"], hash["arguments"]);

        let copy = call(&home, "config-write", r#"{ "filename": "copy.conf" }"#).await;
        assert_eq!(copy["result"], 0, "{copy}");
        assert_eq!(fs::read(home.path().join("copy.conf")).expect("it is there"), text);
        check(
            &home,
            &[
                ("config-write", "[ ]", 1, "Argument must be a map"),
                (
                    "config-write",
                    r#"{ "filename": 1 }"#,
                    1,
                    "passed parameter 'filename' is not a string",
                ),
            ],
        )
        .await;
        let socket = call(&home, "config-write", r#"{ "filename": "control" }"#).await;
        assert_eq!(socket["result"], 1, "{socket}");
        assert!(home.socket().exists());
        let elsewhere = call(&home, "config-write", r#"{ "filename": "/tmp/x/y" }"#).await;
        assert_eq!(elsewhere["result"], 1, "{elsewhere}");
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn leases_are_found_by_what_is_known_of_them() {
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        for client in 1..=3 {
            Client(client).lease(&mut hands).await;
        }
        let hw = "02:00:00:00:00:02";
        let asked = json!({ "hw-address": hw }).to_string();
        let one = call(&home, "lease4-get-by-hw-address", &asked).await;
        assert_eq!(one["text"], "1 IPv4 lease(s) found.");
        let lease = one["arguments"]["leases"][0].clone();
        assert_eq!(lease["hw-address"], hw);
        for arguments in [
            json!({ "ip-address": lease["ip-address"] }),
            json!({ "subnet-id": 1, "identifier-type": "hw-address", "identifier": hw }),
        ] {
            assert_eq!(
                call(&home, "lease4-get", &arguments.to_string()).await,
                json!({ "result": 0, "text": "IPv4 lease found.", "arguments": lease })
            );
        }
        let all = home.command("lease4-get-all").await;
        assert_eq!(all["text"], "3 IPv4 lease(s) found.");
        assert_eq!(call(&home, "lease4-get-all", r#"{ "subnets": [ 7, 1, 1 ] }"#).await, all);
        check(
            &home,
            &[
                ("lease4-get-all", r#"{ "subnets": [ 7 ] }"#, 3, "0 IPv4 lease(s) found."),
                ("lease4-get", r#"{ "ip-address": "192.0.2.200" }"#, 3, "Lease not found."),
                (
                    "lease4-get",
                    r#"{ "subnet-id": 2, "identifier-type": "hw-address",
                         "identifier": "02:00:00:00:00:02" }"#,
                    3,
                    "Lease not found.",
                ),
                (
                    "lease4-get-by-client-id",
                    r#"{ "client-id": "01:aa" }"#,
                    3,
                    "0 IPv4 lease(s) found.",
                ),
                ("lease4-get-by-hostname", r#"{ "hostname": "x" }"#, 3, "0 IPv4 lease(s) found."),
                (
                    "lease4-get-by-state",
                    r#"{ "state": "assigned", "subnet-id": 1 }"#,
                    0,
                    "3 IPv4 lease(s) found with state default (0) in subnet 1.",
                ),
                (
                    "lease4-get-by-state",
                    r#"{ "state": 1 }"#,
                    3,
                    "0 IPv4 lease(s) found with state declined (1).",
                ),
            ],
        )
        .await;
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn what_finds_no_lease_is_refused_in_the_known_order() {
    const MAP: &str = "Parameters missing or are not a map.";
    const ARGUMENTS: &str = "Command arguments missing or a not a map.";
    const NO_TYPE: &str =
        "No 'ip-address' provided and 'identifier-type' is either missing or not a string.";
    let get = "lease4-get";
    let (by_hw, by_id) = ("lease4-get-by-hw-address", "lease4-get-by-client-id");
    let (by_name, by_state) = ("lease4-get-by-hostname", "lease4-get-by-state");
    let all = "lease4-get-all";
    let home = Home::new();
    home.run(async |hands: Hands| {
        check(
            &home,
            &[
                (get, "", 1, MAP),
                (get, "[ ]", 1, MAP),
                (
                    get,
                    r#"{ "update-ddns": 1, "ip-address": 1 }"#,
                    1,
                    "'update-ddns' is not a boolean",
                ),
                (get, r#"{ "ip-address": 1 }"#, 1, "'ip-address' is not a string."),
                (
                    get,
                    r#"{ "ip-address": "2001:db8::1" }"#,
                    1,
                    "Invalid IPv4 address specified: 2001:db8::1",
                ),
                (
                    get,
                    r#"{ "ip-address": "x" }"#,
                    1,
                    "Failed to convert string to address 'x': Invalid argument",
                ),
                (get, "{ }", 1, "Mandatory 'subnet-id' parameter missing."),
                (get, r#"{ "subnet-id": "1" }"#, 1, "'subnet-id' parameter is not integer."),
                (
                    get,
                    r#"{ "subnet-id": -1 }"#,
                    1,
                    "'subnet-id' parameter is not a 32 bit unsigned integer.",
                ),
                (
                    get,
                    r#"{ "subnet-id": 1, "iaid": 1 }"#,
                    1,
                    "'iaid' parameter is specific to DHCPv6.",
                ),
                (get, r#"{ "subnet-id": 1 }"#, 1, NO_TYPE),
                (
                    get,
                    r#"{ "subnet-id": 1, "identifier-type": "duid", "identifier": "01" }"#,
                    1,
                    "Query by duid is not allowed in v4.",
                ),
                (by_hw, "", 1, ARGUMENTS),
                (by_hw, "{ }", 1, "'hw-address' parameter not specified"),
                (by_hw, r#"{ "hw-address": 1 }"#, 1, "'hw-address' parameter must be a string"),
                (by_hw, r#"{ "hw-address": "" }"#, 1, "'hw-address' parameter must not be empty"),
                (by_id, r#"{ "client-id": 1 }"#, 1, "'client-id' parameter must be a string"),
                (by_name, r#"{ "hostname": "" }"#, 1, "'hostname' parameter is empty"),
                (by_state, "{ }", 1, "'state' parameter not specified"),
                (
                    by_state,
                    r#"{ "state": "x" }"#,
                    1,
                    "'state' parameter value (x) is not recognized",
                ),
                (
                    by_state,
                    r#"{ "state": [ ] }"#,
                    1,
                    "'state' parameter must be a number or a string",
                ),
                (
                    by_state,
                    r#"{ "state": 0, "subnet-id": "1" }"#,
                    1,
                    "'subnet-id' parameter must be a number",
                ),
                (all, "{ }", 1, "'subnets' parameter not specified"),
                (all, r#"{ "subnets": 1 }"#, 1, "'subnets' parameter must be a list"),
                (all, r#"{ "subnets": [ "1" ] }"#, 1, "listed subnet identifiers must be numbers"),
                (all, r#"{ "subnets": [ -1 ] }"#, 1, "out of range subnet identifier -1"),
            ],
        )
        .await;
        for bad in ["zz", "0", "01:", "é", "012"] {
            let arguments = json!({ "client-id": bad }).to_string();
            let answer = call(&home, by_id, &arguments).await;
            assert_eq!(answer["result"], 1, "{bad}: {answer}");
        }
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn the_service_is_switched_off_and_on() {
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        let map = "arguments for the 'dhcp-disable' command must be a map";
        let (off, on) = ("dhcp-disable", "dhcp-enable");
        let bad_origin = "invalid value used for 'origin' parameter:";
        check(
            &home,
            &[
                (off, "[ ]", 1, map),
                (off, r#"{ "max-period": "1" }"#, 1, "'max-period' argument must be a number"),
                (off, r#"{ "max-period": 0 }"#, 1, "'max-period' must be positive integer"),
                (off, r#"{ "origin": "" }"#, 1, &format!("{bad_origin} (empty string)")),
                (
                    off,
                    r#"{ "max-period": 0, "origin": "x" }"#,
                    1,
                    &format!("'max-period' must be positive integer {bad_origin} x"),
                ),
                (on, r#"{ "origin-id": "1" }"#, 1, "'origin-id' argument must be a number"),
                (on, r#"{ "origin": [ ] }"#, 1, "'origin' argument must be a string or a number"),
                (on, r#"{ "origin": 4 }"#, 1, &format!("{bad_origin} 4")),
                (off, "", 0, "DHCPv4 service disabled"),
                (
                    off,
                    r#"{ "origin": "ha-partner", "max-period": 2000 }"#,
                    0,
                    "DHCPv4 service disabled for 2000 seconds",
                ),
            ],
        )
        .await;
        let status = home.command("status-get").await["arguments"].clone();
        assert_eq!(
            status["dhcp-state"],
            json!({ "globally-disabled": true, "disabled-by-user": true,
                    "disabled-by-local-command": [], "disabled-by-remote-command": [ 2000 ],
                    "disabled-by-db-connection": [] })
        );
        hands.arrive.send(Client(1).discover()).await.expect("room");
        hands.silence().await;
        let status = home.command("status-get").await["arguments"].clone();
        assert_eq!(status["lessor"]["counters"]["DHCP4_SERVICE_DISABLED"], 1);
        check(
            &home,
            &[
                (on, r#"{ "origin-id": 2000 }"#, 0, "DHCP service successfully enabled"),
                (on, "", 0, "DHCP service successfully enabled"),
            ],
        )
        .await;
        Client(1).lease(&mut hands).await;
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn lapsed_leases_are_reclaimed_when_somebody_asks() {
    let home = Home::new();
    home.configure(r#""valid-lifetime": 1, "server-tag": "east","#);
    home.run(async |mut hands: Hands| {
        check(
            &home,
            &[
                ("leases-reclaim", "", 1, "Missing mandatory 'remove' parameter."),
                (
                    "leases-reclaim",
                    r#"{ "remove": 1 }"#,
                    1,
                    "'remove' parameter expected to be a boolean.",
                ),
            ],
        )
        .await;
        let tag = home.command("server-tag-get").await;
        assert_eq!(tag["arguments"], json!({ "server-tag": "east" }));
        Client(1).lease(&mut hands).await;
        tokio::time::sleep(std::time::Duration::from_millis(3100)).await;
        let complete = "Reclamation of expired leases is complete.";
        let reclaim = "leases-reclaim";
        check(&home, &[(reclaim, r#"{ "remove": true }"#, 0, complete)]).await;
        check(&home, &[("lease4-get-all", "", 3, "0 IPv4 lease(s) found.")]).await;
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn statistics_tell_what_happened() {
    const NO_NAME: &str = "Missing mandatory 'name' parameter.";
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        Client(1).lease(&mut hands).await;
        Client(2).lease(&mut hands).await;
        let all = home.command("statistic-get-all").await["arguments"].clone();
        let globals = home.command("statistic-global-get-all").await["arguments"].clone();
        for (name, value) in [
            ("pkt4-received", 4),
            ("pkt4-discover-received", 2),
            ("pkt4-request-received", 2),
            ("pkt4-offer-sent", 2),
            ("pkt4-ack-sent", 2),
            ("pkt4-nak-sent", 0),
            ("assigned-addresses", 2),
            ("subnet[1].total-addresses", 241),
            ("subnet[1].assigned-addresses", 2),
            ("subnet[1].pool[0].cumulative-assigned-addresses", 2),
            ("subnet[1].declined-addresses", 0),
        ] {
            assert_eq!(all[name][0][0], value, "{name}");
            let asked = json!({ "name": name }).to_string();
            let one = call(&home, "statistic-get", &asked).await;
            assert_eq!(one["arguments"], json!({ name: all[name] }), "{name}");
            assert_eq!(globals.get(name).is_some(), !name.starts_with("subnet"), "{name}");
        }
        let stamp = all["pkt4-received"][0][1].as_str().expect("text");
        assert_eq!(stamp.len(), "2026-11-21 10:00:01.000002".len(), "{stamp}");
        let received = r#"{ "name": "pkt4-received" }"#;
        check(
            &home,
            &[
                ("statistic-get", "", 1, NO_NAME),
                (
                    "statistic-get",
                    r#"{ "name": 1 }"#,
                    1,
                    "'name' parameter expected to be a string.",
                ),
                ("statistic-get", r#"{ "name": "x" }"#, 0, ""),
                ("statistic-reset", r#"{ "name": "x" }"#, 1, "No 'x' statistic found"),
                ("statistic-reset", received, 0, "Statistic 'pkt4-received' reset."),
                ("statistic-remove", "{ }", 1, NO_NAME),
                ("statistic-remove", received, 0, "Statistic 'pkt4-received' removed."),
                ("statistic-remove", received, 1, "No 'pkt4-received' statistic found"),
                (
                    "statistic-sample-age-set",
                    r#"{ "name": "pkt4-sent" }"#,
                    1,
                    "Missing mandatory 'duration' parameter.",
                ),
                (
                    "statistic-sample-age-set",
                    r#"{ "name": "pkt4-sent", "duration": 60 }"#,
                    0,
                    "Statistic 'pkt4-sent' duration limit is set.",
                ),
                (
                    "statistic-sample-age-set-all",
                    r#"{ "duration": "x" }"#,
                    1,
                    "'duration' parameter expected to be an integer.",
                ),
                (
                    "statistic-sample-age-set-all",
                    r#"{ "duration": 60 }"#,
                    0,
                    "All statistics duration limit are set.",
                ),
                (
                    "statistic-sample-count-set",
                    r#"{ "name": "pkt4-sent", "max-samples": 1 }"#,
                    0,
                    "Statistic 'pkt4-sent' count limit is set.",
                ),
                (
                    "statistic-sample-count-set",
                    r#"{ "name": "x", "max-samples": 1 }"#,
                    1,
                    "No 'x' statistic found",
                ),
                (
                    "statistic-sample-count-set-all",
                    r#"{ "max-samples": 0 }"#,
                    1,
                    "'max-samples' parameter must not be zero",
                ),
                (
                    "statistic-sample-count-set-all",
                    r#"{ "max-samples": 2 }"#,
                    0,
                    "All statistics count limit are set.",
                ),
            ],
        )
        .await;
        let sent = call(&home, "statistic-get", r#"{ "name": "pkt4-sent" }"#).await;
        assert_eq!(sent["arguments"]["pkt4-sent"].as_array().map(Vec::len), Some(1));
        let reset = home.command("statistic-reset-all").await;
        assert_eq!(reset["text"], "All statistics reset to neutral values.");
        home.command("statistic-remove-all").await;
        assert_eq!(home.command("statistic-get-all").await["arguments"], json!({}));
        hands.stop(0).await;
    })
    .await;
}
