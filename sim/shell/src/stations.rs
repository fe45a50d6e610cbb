//! Clients, strangers and the relay.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use lessor_env::{Env as _, Timer as _};
use lessor_sim::field::client_of;
use lessor_sim::time::{Ns, SEC};
use tokio::sync::mpsc;

use crate::engine::{CLIENT_PORT, Engine, SERVER_PORT, Socket as _, carry, sleep_until};
use crate::world::World;

/// How long a client that waits for nothing sleeps at most.
const NAP: Ns = 3600 * SEC;

/// A host with half of the clients: a task for each, and one for strangers on the first host.
///
/// # Errors
/// The engine has no socket.
pub async fn clients<G: Engine>(world: World<G>, half: u8) -> io::Result<()> {
    let socket = Arc::new(world.engine.bind(CLIENT_PORT).await?);
    let count = world.ground.field().clients();
    let mut inboxes = BTreeMap::new();
    for id in (0..count).filter(|id| id % 2 == u16::from(half)) {
        let (inbox, mail) = mpsc::unbounded_channel();
        inboxes.insert(id, inbox);
        world.spawn(client(world.clone(), Arc::clone(&socket), id, mail));
    }
    if half == 0 {
        world.spawn(strangers(world.clone(), Arc::clone(&socket)));
    }
    loop {
        let octets = socket.receive().await?;
        if let Some(inbox) = client_of(&octets).and_then(|id| inboxes.get(&id)) {
            let _ = inbox.send(octets);
        }
    }
}

async fn client<G: Engine>(
    world: World<G>,
    socket: Arc<G::Socket>,
    id: u16,
    mut mail: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    let mut ops = world.ground.field().ops_of(Some(id));
    let mut timer = world.timer();
    loop {
        let now = world.true_time();
        let deadline = world.ground.field().deadline(id);
        let op = ops.front().map(|(at, _)| *at);
        let next = [deadline, op].into_iter().flatten().min().unwrap_or(now + NAP);
        timer.set(Duration::from_nanos(next.saturating_sub(now)));
        let heard = tokio::select! {
            biased;
            octets = mail.recv() => octets,
            () = poll_fn(|context| timer.poll_rung(context)) => None,
        };
        let t = world.true_time();
        let parcels = match heard {
            Some(octets) => world.ground.field().client_hears(t, &octets),
            None => match ops.pop_front_if(|(at, _)| *at <= t) {
                Some((_, place)) => world.ground.field().op(t, place),
                None => world.ground.field().due(t, id),
            },
        };
        carry(&world, &socket, parcels);
    }
}

async fn strangers<G: Engine>(world: World<G>, socket: Arc<G::Socket>) {
    let ops = world.ground.field().ops_of(None);
    for (at, place) in ops {
        sleep_until(&world, at).await;
        let parcels = world.ground.field().op(world.true_time(), place);
        carry(&world, &socket, parcels);
    }
}

/// The host of the relay.
///
/// # Errors
/// The engine has no socket.
pub async fn relay<G: Engine>(world: World<G>) -> io::Result<()> {
    let socket = Arc::new(world.engine.bind(SERVER_PORT).await?);
    loop {
        let octets = socket.receive().await?;
        let parcels = world.ground.field().relay_hears(world.true_time(), &octets);
        carry(&world, &socket, parcels);
    }
}
