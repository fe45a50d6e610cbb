//! What is shown can be set, and what is refused leaves no trace.

use std::path::{Path, PathBuf};

use lessor_config::Config;

use super::*;
use crate::control::envelope;

/// Every configuration in the tree that a server is meant to take.
fn files() -> Vec<PathBuf> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let folders = [
        "core/server/tests/scenarios/configs",
        "core/config/tests/files",
        "conformance/configs",
        "examples",
        "deploy/config",
    ];
    let mut files = Vec::new();
    for entry in folders.iter().filter_map(|folder| fs::read_dir(root.join(folder)).ok()).flatten()
    {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|it| it == "json" || it == "conf") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// As [`call`], with a configuration.
async fn set(home: &Home, dhcp4: &Value) -> Value {
    call(home, "config-set", &json!({ "Dhcp4": dhcp4 }).to_string()).await
}

#[tokio::test]
async fn whatever_configuration_is_shown_can_be_set_and_changes_nothing() {
    let files = files();
    assert!(files.len() > 50, "{} configurations", files.len());
    let home = Home::new();
    home.run(async |hands: Hands| {
        let own = home.command("config-get").await["arguments"]["Dhcp4"].clone();
        for file in &files {
            let text = fs::read_to_string(file).expect("it is there");
            let shown = file.display();
            let (config, _) = Config::parse(&text, "file").expect("a lawful file");
            let mut wanted = envelope::without_places(&config.to_tree())["Dhcp4"].clone();
            // What a running server does not change, or would be deaf with.
            for key in ["lease-database", "control-sockets"] {
                wanted[key] = own[key].clone();
            }
            let answer = set(&home, &wanted).await;
            assert_eq!(answer["result"], 0, "{shown}: {answer}");
            let once = home.command("config-get").await["arguments"].clone();
            assert_eq!(once["Dhcp4"], wanted, "{shown}");
            let again = set(&home, &once["Dhcp4"]).await;
            assert_eq!(again["arguments"]["hash"], once["hash"], "{shown}");
            let twice = home.command("config-get").await["arguments"].clone();
            assert_eq!(twice, once, "{shown}");
        }
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_written_is_what_is_in_effect() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let mut other = home.command("config-get").await["arguments"]["Dhcp4"].clone();
        other["subnet4"][0]["user-context"] = json!({ "site": "café" });
        other["subnet4"][0]["option-data"] = json!([ { "name": "routers", "data": "192.0.2.1" } ]);
        assert_eq!(set(&home, &other).await["result"], 0);
        let shown = home.command("config-get").await;
        assert_eq!(home.command("config-write").await["result"], 0);
        // The file says the same as the configuration that it was written from.
        let reloaded = home.command("config-reload").await;
        assert_eq!(reloaded["arguments"]["hash"], shown["arguments"]["hash"]);
        assert_eq!(home.command("config-get").await, shown);
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn a_reload_that_fails_anywhere_keeps_the_old_configuration() {
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        let before = home.command("config-get").await;
        let lawful = fs::read_to_string(home.config_file().path()).expect("it is there");
        let kept = async |why: &str| {
            let answer = home.command("config-reload").await;
            assert_eq!(answer["result"], 1, "{why}");
            assert!(answer["text"].as_str().is_some_and(|it| it.contains(why)), "{why}: {answer}");
            assert_eq!(home.command("config-get").await, before, "{why}");
        };
        let changed = lawful.replace("192.0.2.250", "192.0.2.240");
        assert_ne!(changed, lawful);

        home.write_config("{ \"Dhcp4\": { \"subnet4\": 7 } }");
        kept("subnet4").await;
        fs::remove_file(home.config_file().path()).expect("it is there");
        kept("cannot read").await;
        // A packet socket.
        home.write_config(&changed);
        *hands.refuse.lock().expect("nobody panics with it") = Some("no such socket".to_owned());
        kept("no such socket").await;
        // A control socket; the one that commands come by stays.
        let nowhere = home.path().join("absent/control").display().to_string();
        home.write_config(&changed.replace(&home.socket().display().to_string(), &nowhere));
        kept("absent/control").await;
        // Another place for leases.
        let elsewhere =
            "\"lease-database\": { \"type\": \"memfile\", \"name\": \"/no/such.csv\" },";
        home.write_config(&changed.replacen(
            "\"interfaces-config\"",
            &format!("{elsewhere} \"interfaces-config\""),
            1,
        ));
        kept("only at a start").await;
        // SIGHUP comes the same way, with nobody who is told.
        hands.requests.send(Request::Reload(None)).await.expect("the loop runs");
        home.log.wait_for("CONFIG_REFUSED").await;
        assert_eq!(home.command("config-get").await, before);

        Client(1).lease(&mut hands).await;
        home.write_config(&changed);
        let answer = home.command("config-reload").await;
        assert_eq!(answer["result"], 0, "{answer}");
        assert_ne!(answer["arguments"]["hash"], before["arguments"]["hash"]);
        hands.stop(0).await;
    })
    .await;
}
