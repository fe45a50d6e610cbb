use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

use lessor_wire::v4::{Message, MessageType, code};

use super::*;
use crate::testbed::{Client, Hands, Home, Trace, read};

/// Clients in the order in which they were answered, with what they were told.
fn answered(record: &[Trace], kind: MessageType) -> Vec<(usize, Message)> {
    let sent = |(at, trace): (usize, &Trace)| match trace {
        Trace::Sent(packet) => Some((at, read(packet))),
        _ => None,
    };
    let all = record.iter().enumerate().filter_map(sent);
    all.filter(|(_, message)| message.message_type() == Some(kind)).collect()
}

/// The address that a lease row is for, in what was appended.
fn rows(text: &str) -> impl Iterator<Item = Ipv4Addr> + '_ {
    let first = |line: &str| line.split(',').next().and_then(|it| it.parse().ok());
    text.lines().filter_map(first)
}

/// Panics if an ACK was handed over before its row was on stable storage.
fn check_every_ack_was_durable(record: &[Trace]) {
    let mut written: Vec<(usize, Ipv4Addr)> = Vec::new();
    let mut durable: BTreeSet<Ipv4Addr> = BTreeSet::new();
    for trace in record {
        match trace {
            Trace::Appended(file, text) => written.extend(rows(text).map(|addr| (*file, addr))),
            Trace::Synced(file) => {
                durable.extend(written.iter().filter(|it| it.0 == *file).map(|it| it.1));
            }
            Trace::Sent(packet) => {
                let message = read(packet);
                if message.message_type() == Some(MessageType::Ack) {
                    assert!(durable.contains(&message.yiaddr), "{message:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn no_ack_leaves_before_its_row_is_synced() {
    const CLIENTS: u8 = 200;
    let home = Home::new();
    let ending = home
        .run(async |mut hands: Hands| {
            for client in (0..CLIENTS).map(Client) {
                hands.arrive.send(client.discover()).await.expect("room");
            }
            // Each offer is taken as it comes, while others are still on their way.
            let mut acks = 0;
            while acks < CLIENTS {
                let message = hands.next().await;
                let client = Client(message.hw.octets()[5]);
                match message.message_type() {
                    Some(MessageType::Offer) => {
                        let taken = client.request(&message);
                        hands.arrive.send(taken).await.expect("room");
                    }
                    Some(MessageType::Ack) => acks += 1,
                    other => panic!("{other:?}"),
                }
            }
            hands.stop(0).await;
        })
        .await;
    assert_eq!(ending, Ending::Stopped(0));
    let record = home.record.lock().expect("nobody panics with it");
    check_every_ack_was_durable(&record);
    let acks = answered(&record, MessageType::Ack);
    let addrs: BTreeSet<Ipv4Addr> = acks.iter().map(|(_, ack)| ack.yiaddr).collect();
    assert_eq!(addrs.len(), usize::from(CLIENTS), "no address twice");
    let syncs = record.iter().filter(|it| matches!(it, Trace::Synced(_)));
    let syncs = syncs.count();
    assert!(syncs < usize::from(CLIENTS) / 2, "{syncs} syncs: clients share them");
}

#[test]
#[should_panic(expected = "yiaddr")]
fn the_check_sees_an_ack_that_is_too_early() {
    let home = Home::new();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(home.run(async |mut hands: Hands| {
        Client(1).lease(&mut hands).await;
        hands.stop(0).await;
    }));
    let mut record = home.record.lock().expect("nobody panics with it").clone();
    let (at, _) = answered(&record, MessageType::Ack).remove(0);
    let sync =
        record[..at].iter().rposition(|it| matches!(it, Trace::Synced(_))).expect("there was one");
    record.swap(at, sync);
    check_every_ack_was_durable(&record);
}

#[tokio::test]
async fn what_is_in_work_is_finished_before_the_end() {
    let home = Home::new();
    let ending = home
        .run(async |mut hands: Hands| {
            let offer = hands.exchange(Client(1).discover()).await;
            home.disk.held.store(true, Ordering::SeqCst);
            hands.arrive.send(Client(1).request(&offer)).await.expect("room");
            while home.command("status-get").await["arguments"]["lessor"]["unsettled"] != 1 {}
            hands.stop(7).await;
            hands.arrive.send(Client(2).discover()).await.expect("room");
            home.log.wait_for("DHCP4_STOPPING").await;
            hands.silence().await;
            home.disk.held.store(false, Ordering::SeqCst);
            let ack = hands.next().await;
            assert_eq!(ack.message_type(), Some(MessageType::Ack));
        })
        .await;
    assert_eq!(ending, Ending::Stopped(7));
    assert!(!home.socket().exists());
    let log = home.log.text();
    assert!(log.contains("DHCP4_STOPPED ended with 0 exchanges unfinished"), "{log}");
    // The lock is free and the lease is there.
    home.run(async |hands: Hands| {
        let page = r#"{ "command": "lease4-get-page",
                        "arguments": { "from": "start", "limit": 9 } }"#;
        assert_eq!(home.ask(page).await["arguments"]["count"], 1);
        hands.stop(0).await;
    })
    .await;
}

#[tokio::test]
async fn a_failed_sync_grants_nothing_until_the_file_was_read_again() {
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        let offer = hands.exchange(Client(1).discover()).await;
        home.disk.failing_syncs.store(1, Ordering::SeqCst);
        let request = Client(1).request(&offer);
        hands.arrive.send(request.clone()).await.expect("room");
        home.log.wait_for("STORE_LOST").await;
        home.log.wait_for("STORE_REOPENED").await;
        hands.silence().await;
        let ack = hands.exchange(request).await;
        assert_eq!(ack.message_type(), Some(MessageType::Ack));
        assert_eq!(ack.yiaddr, offer.yiaddr);
        Client(2).lease(&mut hands).await;
        hands.stop(0).await;
    })
    .await;
    let record = home.record.lock().expect("nobody panics with it");
    check_every_ack_was_durable(&record);
}

#[tokio::test]
async fn a_reload_takes_effect_whole_or_not_at_all() {
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        let first = Client(1).lease(&mut hands).await;
        assert_eq!(first.options.u32(code::LEASE_TIME), Some(7200));

        home.configure(r#""valid-lifetime": "long","#);
        let answer = home.command("config-reload").await;
        assert_eq!(answer["result"], 1);
        let text = answer["text"].as_str().expect("text");
        assert!(text.starts_with("Config reload failed: configuration error using file '"));
        assert!(text.contains("Dhcp4.valid-lifetime"), "{text}");

        home.configure(r#""valid-lifetime": 300,"#);
        *hands.refuse.lock().expect("nobody panics with it") = Some("no room".to_owned());
        assert_eq!(home.command("config-reload").await["result"], 1);
        let store = r#""lease-database": { "type": "memfile", "name": "/other" },"#;
        home.configure(store);
        assert_eq!(home.command("config-reload").await["result"], 1);
        let second = Client(2).lease(&mut hands).await;
        assert_eq!(second.options.u32(code::LEASE_TIME), Some(7200));

        home.configure(r#""valid-lifetime": 300,"#);
        let signal = Request::Reload(None);
        hands.requests.send(signal).await.expect("the loop runs");
        home.log.wait_for("CONFIG_APPLIED").await;
        let third = Client(3).lease(&mut hands).await;
        assert_eq!(third.options.u32(code::LEASE_TIME), Some(300));
        let rebooted = hands.exchange(Client(1).reboot(first.yiaddr)).await;
        assert_eq!(rebooted.yiaddr, first.yiaddr);
        hands.stop(0).await;
    })
    .await;
    let refused = home.log.text().matches("CONFIG_REFUSED").count();
    assert_eq!(refused, 3);
}

#[tokio::test]
async fn loggers_change_with_the_configuration() {
    let home = Home::new();
    home.run(async |mut hands: Hands| {
        home.configure(
            r#""loggers": [ { "name": "kea-dhcp4", "severity": "ERROR" },
                { "name": "kea-dhcp4.leases", "output-options": [
                    { "output": "leases.log", "pattern": "%p %m" } ] } ],"#,
        );
        assert_eq!(home.command("config-reload").await["result"], 0);
        Client(1).lease(&mut hands).await;
        home.configure("");
        assert_eq!(home.command("config-reload").await["result"], 0);
        Client(2).lease(&mut hands).await;
        hands.stop(0).await;
    })
    .await;
    let leases = std::fs::read_to_string(home.path().join("leases.log")).expect("a file");
    let lines: Vec<&str> = leases.lines().collect();
    let [line] = lines[..] else { panic!("{leases}") };
    assert!(line.starts_with("INFO DHCP4_LEASE_COMMITTED "), "{line}");
    assert_eq!(home.log.text().matches("DHCP4_LEASE_COMMITTED").count(), 1);
}

#[tokio::test]
async fn control_sockets_move_with_the_configuration() {
    let home = Home::new();
    let moved = home.path().join("moved");
    home.run(async |hands: Hands| {
        home.write_config(&format!(
            r#"{{ "Dhcp4": {{ "control-sockets": [
                {{ "socket-type": "unix", "socket-name": "{}" }} ] }} }}"#,
            moved.display()
        ));
        assert_eq!(home.command("config-reload").await["result"], 0);
        assert!(moved.exists() && !home.socket().exists());
        hands.stop(0).await;
    })
    .await;
    assert!(!moved.exists());
}

#[tokio::test]
async fn without_a_file_leases_live_in_memory() {
    let mut home = Home::new();
    home.persist = false;
    home.run(async |mut hands: Hands| {
        Client(1).lease(&mut hands).await;
        let status = home.command("status-get").await;
        assert_eq!(status["arguments"]["lessor"]["leases"], 1);
        assert_eq!(status["arguments"].get("csv-lease-file"), None);
        hands.stop(0).await;
    })
    .await;
    assert!(home.log.text().contains("JOURNAL_ABSENT"));
}

#[tokio::test]
async fn an_address_that_answers_is_not_offered() {
    let home = Home::new();
    home.configure(
        r#""hooks-libraries": [ { "library": "libdhcp_ping_check.so",
            "parameters": { "reply-timeout": 50 } } ],"#,
    );
    let ending = home
        .run(async |mut hands: Hands| {
            let first = Ipv4Addr::new(192, 0, 2, 10);
            hands.hosts.lock().expect("nobody panics with it").0 = Some(first);
            let begun = std::time::Instant::now();
            hands.arrive.send(Client(1).discover()).await.expect("room");
            let offer = hands.next().await;
            assert_eq!(offer.yiaddr, Ipv4Addr::new(192, 0, 2, 11));
            let waited = begun.elapsed();
            assert!(waited >= Duration::from_millis(50), "{waited:?}");
            home.log.wait_for("DHCP4_SERVER_DECLINED").await;
            hands.hosts.lock().expect("nobody panics with it").1 = false;
            hands.arrive.send(Client(2).discover()).await.expect("room");
            let offer = hands.next().await;
            assert_eq!(offer.yiaddr, Ipv4Addr::new(192, 0, 2, 12), "what cannot be probed is free");
            home.log.wait_for("DHCP4_PROBE_UNSENT").await;
            hands.stop(0).await;
        })
        .await;
    assert_eq!(ending, Ending::Stopped(0));
    let record = home.record.lock().expect("nobody panics with it");
    let written = record.iter().any(|trace| match trace {
        Trace::Appended(_, text) => text.starts_with("192.0.2.10,"),
        _ => false,
    });
    assert!(written, "the probation is in the lease file");
}
