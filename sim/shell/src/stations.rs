//! Clients, strangers and the relay.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use lessor_env::Timer as _;
use lessor_sim::field::client_of;
use lessor_sim::time::{Ns, SEC};
use tokio::sync::mpsc;

use crate::engine::{CLIENT_PORT, Engine, SERVER_PORT, Socket as _, carry, sleep_until};
use crate::ground::Ground;

/// How long a client that waits for nothing sleeps at most.
const NAP: Ns = 3600 * SEC;

/// A host with half of the clients: a task for each, and one for strangers on the first host.
///
/// # Errors
/// The engine has no socket.
pub async fn clients<G: Engine>(engine: G, ground: Ground, half: u8) -> io::Result<()> {
    let socket = Arc::new(engine.bind(CLIENT_PORT).await?);
    let count = ground.field().clients();
    let mut inboxes = BTreeMap::new();
    for id in (0..count).filter(|id| id % 2 == u16::from(half)) {
        let (inbox, mail) = mpsc::unbounded_channel();
        inboxes.insert(id, inbox);
        engine.spawn(client(engine.clone(), ground.clone(), Arc::clone(&socket), id, mail));
    }
    if half == 0 {
        engine.spawn(strangers(engine.clone(), ground.clone(), Arc::clone(&socket)));
    }
    loop {
        let octets = socket.receive().await?;
        if let Some(inbox) = client_of(&octets).and_then(|id| inboxes.get(&id)) {
            let _ = inbox.send(octets);
        }
    }
}

async fn client<G: Engine>(
    engine: G,
    ground: Ground,
    socket: Arc<G::Socket>,
    id: u16,
    mut mail: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    let mut ops = ground.field().ops_of(Some(id));
    let mut timer = engine.timer();
    loop {
        let now = engine.true_time();
        let deadline = ground.field().deadline(id);
        let op = ops.front().map(|(at, _)| *at);
        let next = [deadline, op].into_iter().flatten().min().unwrap_or(now + NAP);
        timer.set(Duration::from_nanos(next.saturating_sub(now)));
        let heard = tokio::select! {
            biased;
            octets = mail.recv() => octets,
            () = poll_fn(|context| timer.poll_rung(context)) => None,
        };
        let t = engine.true_time();
        let parcels = match heard {
            Some(octets) => ground.field().client_hears(t, &octets),
            None => match ops.pop_front_if(|(at, _)| *at <= t) {
                Some((_, place)) => ground.field().op(t, place),
                None => ground.field().due(t, id),
            },
        };
        carry(&engine, &socket, parcels);
    }
}

async fn strangers<G: Engine>(engine: G, ground: Ground, socket: Arc<G::Socket>) {
    let ops = ground.field().ops_of(None);
    for (at, place) in ops {
        sleep_until(&engine, at).await;
        let parcels = ground.field().op(engine.true_time(), place);
        carry(&engine, &socket, parcels);
    }
}

/// The host of the relay.
///
/// # Errors
/// The engine has no socket.
pub async fn relay<G: Engine>(engine: G, ground: Ground) -> io::Result<()> {
    let socket = Arc::new(engine.bind(SERVER_PORT).await?);
    loop {
        let octets = socket.receive().await?;
        let parcels = ground.field().relay_hears(engine.true_time(), &octets);
        carry(&engine, &socket, parcels);
    }
}
