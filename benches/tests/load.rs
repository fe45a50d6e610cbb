//! The generator against the null responder, on a real link: two network namespaces joined by a
//! veth pair.
//!
//! Needs root and iproute2; where they are missing, each test says that it was skipped.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The responder's namespace (`srv0`, 10.0.0.1/8) and the clients' (`cli0`, 10.0.0.2/8), deleted
/// when this is dropped.
struct Net {
    server: String,
    clients: String,
}

impl Net {
    /// Makes them, or says aloud why the test is skipped.
    fn new(test: &str) -> Option<Self> {
        let name = |side| format!("lessor-{side}-{test}-{}", std::process::id());
        let net = Self { server: name("s"), clients: name("c") };
        if let Err(why) = net.lay() {
            // Past the test harness, which would keep it to itself.
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs root and iproute2 ({why})");
            return None;
        }
        Some(net)
    }

    fn lay(&self) -> Result<(), String> {
        let Self { server, clients } = self;
        ip(&format!("netns add {server}"))?;
        ip(&format!("netns add {clients}"))?;
        ip(&format!("-n {server} link add srv0 type veth peer name cli0 netns {clients}"))?;
        for (namespace, link, addr) in
            [(server, "srv0", "10.0.0.1/8"), (clients, "cli0", "10.0.0.2/8")]
        {
            ip(&format!("-n {namespace} addr add {addr} dev {link}"))?;
            ip(&format!("-n {namespace} link set {link} up"))?;
        }
        Ok(())
    }

    fn responder(&self, arguments: &str) -> Responder {
        let mut command = within(&self.server, "respond --interface srv0");
        command.args(arguments.split_whitespace()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut line).expect("a line");
        assert!(line.starts_with("answering on srv0"), "{line}");
        Responder(child)
    }

    fn drive(&self, arguments: &str) -> Value {
        self.load("drive", arguments)
    }

    /// Runs the generator; returns its figures.
    fn load(&self, part: &str, arguments: &str) -> Value {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("figures.json");
        let mut command = within(&self.clients, &format!("{part} --interface cli0"));
        // So that a busy machine is not taken for a lost packet.
        if !arguments.contains("--timeout") {
            command.args(["--timeout", "15000"]);
        }
        command.args(arguments.split_whitespace()).arg("--json").arg(&file);
        let output = command.output().expect("runs");
        let table = String::from_utf8_lossy(&output.stdout);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(table.contains("p99.9"), "{table}");
        let text = std::fs::read_to_string(file).expect("the figures");
        serde_json::from_str(&text).expect("JSON")
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for namespace in [&self.server, &self.clients] {
            let _ = ip(&format!("netns del {namespace}"));
        }
    }
}

struct Responder(Child);

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn within(namespace: &str, arguments: &str) -> Command {
    // `ip netns exec` becomes the program, so signals reach it.
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, env!("CARGO_BIN_EXE_lessor-load")]);
    command.args(arguments.split(' '));
    command
}

fn ip(arguments: &str) -> Result<(), String> {
    let output = Command::new("ip").args(arguments.split(' ')).output();
    let output = output.map_err(|why| format!("cannot run ip: {why}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// Everything of a kind was answered, so often, once each, and the answers took some time.
fn assert_whole(figures: &Value, kind: &str, count: u64) {
    let row = &figures["kinds"][kind];
    assert_eq!(row["sent"], count, "{kind}: {figures:#}");
    assert_eq!(row["answered"], count, "{kind}: {figures:#}");
    assert_eq!((&row["dropped"], &row["refused"]), (&0.into(), &0.into()), "{kind}");
    let latency = |name: &str| row["latency-ns"][name].as_u64().unwrap_or_default();
    assert!(0 < latency("p50") && latency("p50") <= latency("max"), "{kind}: {row:#}");
    for odd in ["doubled", "late", "stray", "unsent"] {
        assert_eq!(figures["odd"][odd], 0, "{odd}: {figures:#}");
    }
}

#[test]
fn broadcasts_on_the_link_are_answered_once_each() {
    let Some(net) = Net::new("link") else { return };
    let _responder = net.responder("");
    let figures = net.drive("--window 32 --count 2000 --client-id");
    for kind in ["discover", "request", "exchange"] {
        assert_whole(&figures, kind, 2000);
    }
}

#[test]
fn relayed_clients_at_a_rate_are_answered_once_each() {
    let Some(net) = Net::new("relayed") else { return };
    let _responder = net.responder("--udp");
    let mix = "--mix exchange=2,renew=2,release=1 --prime 100";
    let figures = net.drive(&format!("--server 10.0.0.1 {mix} --rate 500 --count 500"));
    for kind in ["discover", "request", "exchange", "renew"] {
        assert_whole(&figures, kind, 200);
    }
    assert_eq!(figures["kinds"]["release"]["sent"], 100);
    // The clock makes 500 of them take a second, however fast the answers are.
    let seconds = figures["seconds"].as_f64().unwrap_or_default();
    assert!(seconds > 0.99, "{seconds} s");
}

/// Clients that renew from their own addresses, which the clients' host answers for.
#[test]
fn unicast_renewals_are_answered_once_each() {
    let Some(net) = Net::new("renew") else { return };
    ip(&format!("-n {} route add local 10.1.0.0/16 dev lo", net.clients)).expect("a route");
    ip(&format!("-n {} route add 10.1.0.0/16 via 10.0.0.2", net.server)).expect("a route");
    let _responder = net.responder("--network 10.1.0.0/16");
    let figures = net.drive("--mix renew --prime 50 --window 8 --count 1000");
    assert_whole(&figures, "renew", 1000);
}

/// Three clients, again and again: each gets its offer, and nothing else.
#[test]
fn offers_that_are_left_or_forgone_are_counted_once_each() {
    let Some(net) = Net::new("offers") else { return };
    let _responder = net.responder("--udp");
    for mix in ["discover", "forgo"] {
        let figures = net.drive(&format!("--server 10.0.0.1 --mix {mix} --rate 500 --count 300"));
        // The responder acknowledges what another server was asked for; real ones do not.
        let row = &figures["kinds"]["offer"];
        assert_eq!((&row["sent"], &row["answered"]), (&300.into(), &300.into()), "{mix}");
        assert_eq!(figures["kinds"].as_object().map(serde_json::Map::len), Some(1), "{mix}");
    }
}

#[test]
fn a_watch_tells_of_the_first_answer_and_of_the_gap() {
    let Some(net) = Net::new("watch") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seen.json");
    let mut command = within(&net.clients, "watch --interface cli0 --server 10.0.0.1 --json");
    command.arg(&file).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut watch = command.spawn().expect("starts");
    let mut lines = BufReader::new(watch.stdout.take().expect("a pipe")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    assert_eq!(line(), "watching 10.0.0.1");
    let responder = net.responder("--udp");
    assert_eq!(line(), "answer 3600");
    drop(responder);
    // Nobody is there for a while, and then somebody is again, with the same to offer.
    let _responder = net.responder("--udp");
    std::thread::sleep(std::time::Duration::from_millis(300));
    drop(watch.stdin.take());
    assert!(line().starts_with("asked "));
    assert!(watch.wait().expect("ends").success());
    let text = std::fs::read_to_string(file).expect("the figures");
    let seen: Value = serde_json::from_str(&text).expect("JSON");
    let count = |name: &str| seen[name].as_u64().unwrap_or_default();
    assert!(0 < count("answered") && count("answered") < count("asked"), "{seen}");
    assert!(count("longest-gap-ns") > 0, "{seen}");
}

#[test]
fn nobody_there_is_a_drop_each() {
    let Some(net) = Net::new("nobody") else { return };
    let figures = net.drive("--window 4 --count 4 --timeout 50 --retries 1");
    let row = &figures["kinds"]["discover"];
    assert_eq!((&row["sent"], &row["dropped"]), (&4.into(), &4.into()), "{figures:#}");
    assert_eq!(figures["kinds"]["exchange"]["dropped"], 4);
    assert_eq!(figures["odd"]["resent"], 4);
}

#[test]
fn a_rate_at_which_nobody_answers_is_not_sustained() {
    let Some(net) = Net::new("seek") else { return };
    let figures = net.load("seek", "--from 1 --seconds 1 --timeout 50");
    assert_eq!(figures["found"]["sustained-per-second"], 0, "{figures:#}");
    let tries: Vec<_> = figures["tries"].as_array().into_iter().flatten().collect();
    assert_eq!(tries.len(), 1, "{figures:#}");
    assert_eq!((&tries[0]["rate"], &tries[0]["lost"]), (&1.into(), &1.0.into()));
}
