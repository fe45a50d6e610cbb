//! Commands about the host: its interfaces, the lease file, and which link is whose.

use std::sync::atomic::Ordering;

use super::*;

#[tokio::test]
async fn interfaces_are_shown_as_kea_shows_them() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let answer = home.command("interface-list").await;
        assert_eq!(answer["text"], "2 interfaces detected.");
        assert_eq!(
            answer["arguments"]["interfaces"][1],
            json!({
                "name": "eth0", "index": 2, "mac": "02:00:00:00:00:1a", "type": 1,
                "addresses": [ "192.0.2.1", "::1" ], "flag-loopback": false, "flag-up": true,
                "flag-running": false, "flag-multicast": true, "flag-broadcast": true,
                "in-use": true,
            })
        );
        let loopback = &answer["arguments"]["interfaces"][0];
        assert_eq!((&loopback["mac"], &loopback["in-use"]), (&json!(""), &json!(false)));
        let before = hands.refreshed.load(Ordering::Relaxed);
        assert_eq!(home.command("interface-redetect").await, answer);
        assert!(hands.refreshed.load(Ordering::Relaxed) > before, "they were looked at again");
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn interfaces_are_added_to_what_is_served() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let served = async || {
            let shown = home.command("config-get").await;
            shown["arguments"]["Dhcp4"]["interfaces-config"]["interfaces"].clone()
        };
        let Value::Array(mut before) = served().await else {
            panic!("a list");
        };
        let add = "interface-add";
        let updated = "Interface configuration successfully updated.";
        check(
            &home,
            &[
                (add, "", 1, "Missing mandatory 'arguments' parameter."),
                (add, "7", 1, "arguments for the 'interface-add' command must be a map"),
                (add, "{ }", 1, "Missing mandatory 'interfaces' map parameter in 'arguments'."),
                (
                    add,
                    r#"{ "interfaces": [ ], "more": 1 }"#,
                    1,
                    "Unsupported 'more' map parameter in 'arguments'.",
                ),
                (
                    add,
                    r#"{ "interfaces": [ 7 ] }"#,
                    1,
                    "Updating used interfaces failed: a name is not a string",
                ),
                (add, r#"{ "interfaces": [ ] }"#, 0, updated),
                (add, r#"{ "interfaces": [ "eth7", "eth8/192.0.2.9", "eth7" ] }"#, 0, updated),
                (add, r#"{ "interfaces": [ "eth7" ] }"#, 0, updated),
            ],
        )
        .await;
        before.extend([json!("eth7"), json!("eth8/192.0.2.9")]);
        assert_eq!(served().await, json!(before));

        let bad = call(&home, add, r#"{ "interfaces": [ "eth/7" ] }"#).await;
        assert_eq!(bad["result"], 1);
        *hands.refuse.lock().expect("nobody panics with it") = Some("no such socket".to_owned());
        check(
            &home,
            &[(
                add,
                r#"{ "interfaces": [ "eth9" ] }"#,
                1,
                "Updating used interfaces failed: no such socket",
            )],
        )
        .await;
        assert_eq!(served().await, json!(before), "nothing of it is left");
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn the_lease_file_is_compacted_when_somebody_asks() {
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        Client(1).lease(&mut hands).await;
        check(&home, &[("kea-lfc-start", "", 0, "kea-lfc started")]).await;
        home.log.wait_for("JOURNAL_COMPACTED").await;
        // Its leases are all there.
        let shown = call(&home, "lease4-get-page", r#"{ "from": "start", "limit": 9 }"#).await;
        assert_eq!(shown["arguments"]["count"], 1);
        hands.stop(0).await;
    })
    .await;

    let mut forgetful = Home::new();
    forgetful.persist = false;
    forgetful
        .run(async |hands: Hands| {
            let text = "'persist' parameter of 'memfile' lease backend was configured to 'false'";
            check(&forgetful, &[("kea-lfc-start", "", 2, text)]).await;
            hands.stop(0).await;
        })
        .await;
}

/// Three subnets: one for a relay, one guarded, one in a shared network.
const PLACES: &str = r#"{ "Dhcp4": {
    "interfaces-config": { "interfaces": [ "eth0" ] },
    "client-classes": [ { "name": "guests" } ],
    "shared-networks": [ { "name": "floor", "subnet4": [
        { "id": 5, "subnet": "10.5.0.0/24", "client-classes": [ "guests" ] },
        { "id": 6, "subnet": "10.6.0.0/24", "interface": "eth7" } ] } ],
    "subnet4": [
        { "id": 1, "subnet": "192.0.2.0/24" },
        { "id": 2, "subnet": "10.2.0.0/24", "relay": { "ip-addresses": [ "10.99.0.1" ] } },
        { "id": 3, "subnet": "10.3.0.0/24", "client-classes": [ "guests" ] } ] } }"#;

#[tokio::test]
async fn it_is_told_which_subnet_something_would_get() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let mut config: Value = serde_json::from_str(PLACES).expect("JSON");
        let own = home.command("config-get").await["arguments"]["Dhcp4"].clone();
        for key in ["lease-database", "control-sockets"] {
            config["Dhcp4"][key] = own[key].clone();
        }
        let set = call(&home, "config-set", &config.to_string()).await;
        assert_eq!(set["result"], 0, "{set}");
        let test = "subnet4-select-test";
        let one = "selected subnet '192.0.2.0/24' id 1";
        let two = "selected subnet '10.2.0.0/24' id 2";
        let three = "selected subnet '10.3.0.0/24' id 3";
        let five = "selected shared network 'floor' starting with subnet '10.5.0.0/24' id 5";
        let six = "selected shared network 'floor' starting with subnet '10.6.0.0/24' id 6";
        let none = "no subnet selected";
        check(
            &home,
            &[
                (test, "", 1, "empty arguments"),
                (test, "[ ]", 1, "arguments must be a map"),
                (test, r#"{ "relay": 7 }"#, 1, "'relay' entry must be a string"),
                (test, r#"{ "relay": "::1" }"#, 1, "bad 'relay' entry: not IPv4"),
                (test, r#"{ "link": "x" }"#, 1, "bad 'link' entry: `x` is not an address"),
                (test, r#"{ "classes": "x" }"#, 1, "'classes' entry must be a list"),
                (test, r#"{ "classes": [ 1 ] }"#, 1, "'classes' entry must be a list of strings"),
                (test, r#"{ "subnets": "x" }"#, 1, "unknown entry 'subnets'"),
                (test, "{ }", 3, none),
                (test, r#"{ "interface": "eth0" }"#, 0, one),
                (test, r#"{ "interface": "eth7" }"#, 0, six),
                (test, r#"{ "interface": "eth9" }"#, 3, none),
                (test, r#"{ "relay": "10.99.0.1" }"#, 0, two),
                (test, r#"{ "relay": "10.99.0.1", "link": "10.6.0.9" }"#, 0, six),
                (test, r#"{ "subnet": "10.2.0.0", "link": "10.6.0.9" }"#, 0, six),
                (test, r#"{ "subnet": "10.2.0.0", "link": "0.0.0.0" }"#, 0, two),
                (test, r#"{ "relay": "10.3.0.1" }"#, 3, none),
                (test, r#"{ "relay": "10.3.0.1", "classes": [ "guests" ] }"#, 0, three),
                (test, r#"{ "relay": "10.5.0.1" }"#, 0, six),
                (test, r#"{ "relay": "10.5.0.1", "classes": [ "guests" ] }"#, 0, five),
                (test, r#"{ "address": "10.2.0.7", "interface": "eth0" }"#, 0, two),
                (test, r#"{ "remote": "10.2.0.7", "interface": "eth0" }"#, 0, two),
                (
                    test,
                    r#"{ "remote": "10.2.0.7", "local": "255.255.255.255", "interface": "eth0" }"#,
                    0,
                    one,
                ),
            ],
        )
        .await;
        let test = "subnet4o6-select-test";
        check(
            &home,
            &[
                (test, "", 1, "empty arguments"),
                (test, r#"{ "link": "10.0.0.1" }"#, 1, "bad 'link' entry: not IPv6"),
                (test, r#"{ "address": "::1" }"#, 1, "bad 'address' entry: not IPv4"),
                (test, r#"{ "interface-id": "" }"#, 1, "'interface-id' must be not empty"),
                (
                    test,
                    r#"{ "interface-id": "port" }"#,
                    1,
                    "value of 'interface-id' was not recognized",
                ),
                (test, r#"{ "interface-id": "'port'", "link": "::1" }"#, 3, none),
                (test, r#"{ "interface-id": "0x0a1B" }"#, 3, none),
                (test, r#"{ "more": 1 }"#, 1, "unknown entry 'more'"),
            ],
        )
        .await;
        hands.stop(0).await;
    })
    .await;
}
