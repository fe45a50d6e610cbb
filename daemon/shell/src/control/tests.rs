use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream};
use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::*;
use crate::System;
use crate::reactor::Ending;
use crate::system::sockets::{Connection, MODE};
use crate::testbed::{Client, Hands, Home};

fn page(arguments: &str) -> String {
    format!("{{ \"command\": \"lease4-get-page\", \"arguments\": {arguments} }}")
}

#[tokio::test]
async fn commands_answer_as_clients_expect() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let names = home.command("list-commands").await["arguments"].clone();
        assert_eq!(names[0], "build-report");
        let version = home.command("version-get").await;
        assert_eq!(version["text"], env!("CARGO_PKG_VERSION"));
        assert!(version["arguments"]["extended"].is_string());
        assert_eq!(
            home.command("lease9").await,
            json!({ "result": 2, "text": "'lease9' command not supported." })
        );
        let status = home.command("status-get").await["arguments"].clone();
        assert_eq!(status["pid"], std::process::id());
        assert_eq!(status["sockets"], json!({ "status": "ready" }));
        assert_eq!(status["dhcp-state"]["globally-disabled"], false);
        assert_eq!(status["lessor"]["store-open"], true);
        let file = home.path().join("leases.csv");
        assert_eq!(status["csv-lease-file"], json!(file.to_string_lossy()));
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_no_command_is_refused_in_known_words() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let text = async |request: &str| home.ask(request).await["text"].clone();
        assert_eq!(text("utter nonsense").await, "invalid first character u");
        let invalid = "Error during command processing: invalid command: ";
        assert_eq!(
            text("[ ]").await,
            format!("{invalid}expected toplevel entry to be a map, got list instead")
        );
        assert_eq!(text("{ }").await, format!("{invalid}does not contain mandatory 'command'"));
        assert_eq!(
            text(r#"{ "command": "x", "sideways": 1 }"#).await,
            format!("{invalid}unsupported parameter 'sideways'")
        );
        let commented = "# a comment\n{ \"command\": // another\n \"version-get\" /* last */ }";
        assert_eq!(home.ask(commented).await["result"], 0);
        let long = format!("{{ \"command\": \"{}\" }}", "x".repeat(connection::COMMAND_MAX));
        let mut stream = UnixStream::connect(home.socket()).await.expect("it listens");
        // It may stop reading before the end.
        let _ = stream.write_all(long.as_bytes()).await;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.contains("at most 33554432 octets"), "{answer}");
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn an_unfinished_command_is_answered_when_the_client_closes_its_side() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let mut stream = UnixStream::connect(home.socket()).await.expect("it listens");
        stream.write_all(b"{ \"command\": ").await.expect("it reads");
        stream.shutdown().await.expect("it is open");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!(answer["result"], 1);
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn pages_of_leases_follow_each_other() {
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        assert_eq!(
            home.ask(&page(r#"{ "from": "start", "limit": 5 }"#)).await,
            json!({ "result": 3, "text": "0 IPv4 lease(s) found.",
                    "arguments": { "count": 0, "leases": [] } })
        );
        for client in 1..=3 {
            Client(client).lease(&mut hands).await;
        }
        let first = home.ask(&page(r#"{ "from": "start", "limit": 2 }"#)).await;
        assert_eq!(first["result"], 0);
        assert_eq!(first["text"], "2 IPv4 lease(s) found.");
        let last = first["arguments"]["leases"][1]["ip-address"].clone();
        let rest = home.ask(&page(&format!(r#"{{ "from": {last}, "limit": 2 }}"#))).await;
        assert_eq!(rest["arguments"]["count"], 1);
        let lease = &rest["arguments"]["leases"][0];
        assert_eq!(lease["subnet-id"], 1);
        assert_eq!(lease["valid-lft"], 7200);
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn errors_of_lease4_get_page_come_in_the_known_order() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        assert_eq!(
            home.command("lease4-get-page").await["text"],
            "no parameters specified for the lease4-get-page command"
        );
        for (arguments, why) in [
            ("{ }", "'from' parameter not specified"),
            (r#"{ "from": 1 }"#, "'from' parameter must be a string"),
            (
                r#"{ "from": "x" }"#,
                "'from' parameter value is neither 'start' keyword nor a valid IPv4 address",
            ),
            (
                r#"{ "from": "2001:db8::1" }"#,
                "'from' parameter value 2001:db8::1 is not an IPv4 address",
            ),
            (r#"{ "from": "start" }"#, "'limit' parameter not specified"),
            (r#"{ "from": "start", "limit": "1" }"#, "'limit' parameter must be a number"),
            (
                r#"{ "from": "start", "limit": 4294967296 }"#,
                "'limit' parameter is not a 32 bit unsigned integer.",
            ),
            (r#"{ "from": "start", "limit": 0 }"#, "'limit' parameter must not be 0."),
        ] {
            let expected = json!({ "result": 1, "text": why });
            assert_eq!(home.ask(&page(arguments)).await, expected, "{arguments}");
        }
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn config_get_shows_everything_and_its_hash_is_stable() {
    let home = Home::new();
    home.run(async |hands: Hands| {
        let first = home.command("config-get").await;
        let shown = &first["arguments"];
        assert_eq!(shown["Dhcp4"]["subnet4"][0]["valid-lifetime"], 7200);
        let hash = shown["hash"].as_str().expect("text");
        assert_eq!(hash.len(), 64);
        assert!(hash.chars().all(|it| matches!(it, '0'..='9' | 'A'..='F')));
        let reloaded = home.command("config-reload").await;
        assert_eq!(
            reloaded,
            json!({ "result": 0, "text": "Configuration successful.",
                    "arguments": { "hash": hash } })
        );
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn shutdown_answers_before_the_end() {
    let home = Home::new();
    let ending = home
        .run(async |_hands: Hands| {
            let ask = async |arguments: &str| {
                let request =
                    format!("{{ \"command\": \"shutdown\", \"arguments\": {arguments} }}");
                home.ask(&request).await["text"].clone()
            };
            assert_eq!(ask("[ ]").await, "Argument must be a map");
            assert_eq!(
                ask(r#"{ "exit-value": "x" }"#).await,
                "parameter 'exit-value' is not an integer"
            );
            assert_eq!(ask(r#"{ "exit-value": 9 }"#).await, "Shutting down.");
        })
        .await;
    assert_eq!(ending, Ending::Stopped(9));
}

fn desk(home: &Home) -> Desk<System> {
    let (requests, _) = mpsc::channel(1);
    Desk {
        env: System::start(),
        requests,
        config_file: home.config_file(),
        telemetry: home.telemetry(),
    }
}

fn unix(path: &Path) -> [ControlSocket; 1] {
    [ControlSocket::Unix { path: path.to_string_lossy().into_owned() }]
}

/// Why there can be no socket.
fn refused(control: &mut Control<System>, path: &Path) -> String {
    control.listen(&unix(path)).expect_err("it is not to be had").to_string()
}

#[tokio::test]
async fn only_a_socket_that_nobody_listens_at_is_removed() {
    let home = Home::new();
    let mut control = Control::new(desk(&home));
    let path = home.path().join("a");
    let listener = StdUnixListener::bind(&path).expect("a socket");
    let shown = path.display();
    assert_eq!(refused(&mut control, &path), format!("another process listens at {shown}"));
    drop(listener);
    control.listen(&unix(&path)).expect("the other one is gone");
    let mode = fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, MODE);

    let file = home.path().join("b");
    fs::write(&file, "precious").expect("a writable directory");
    let shown = file.display();
    assert_eq!(refused(&mut control, &file), format!("{shown} is there and is not a socket"));
    assert_eq!(fs::read(&file).expect("it is there"), b"precious");
    let nowhere = home.path().join("no/such/directory");
    let shown = nowhere.display();
    assert!(refused(&mut control, &nowhere).starts_with(&format!("cannot listen at {shown}: ")));
    // What could not be opened changed nothing.
    StdUnixStream::connect(&path).expect("it still listens");
}

/// What a client is told that sends this and then nothing more.
async fn after_silence(sent: &[u8]) -> Value {
    let home = Home::new();
    let (mut client, server) = UnixStream::pair().expect("a pair");
    client.write_all(sent).await.expect("there is room");
    let desk = desk(&home);
    let mut answer = String::new();
    let (_, read) = tokio::join!(
        connection::serve(Connection::Unix(server), &desk),
        client.read_to_string(&mut answer)
    );
    read.expect("an answer");
    serde_json::from_str(&answer).expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn silence_is_answered_after_a_while() {
    let timed_out = "Connection over control channel timed out";
    assert_eq!(after_silence(b"").await, json!({ "result": 1, "text": timed_out }));
    assert_eq!(
        after_silence(b"{ \"co").await["text"],
        format!("{timed_out}, discarded partial command of 5 bytes")
    );
}
