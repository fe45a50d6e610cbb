//! Commands over the engine's streams, as people and tools give them.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use lessor_env::{Env as _, Stream as _, Timer as _};
use lessor_lease::Lease;
use lessor_sim::schedule::{Fault, FaultKind, Flaw};
use lessor_sim::time::{MS, Ns};
use serde_json::{Value, json};

use crate::agenda::Agenda;
use crate::engine::{CONTROL_PORT, Engine, Host, sleep, sleep_until};
use crate::ground::Ground;
use crate::world::{Connection, World};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest answer that is read, in octets.
const ANSWER_MAX: usize = 1 << 20;

/// How often the leases are asked for at the end, since some may be on their way.
const ATTEMPTS: u32 = 4;
/// The pause in between.
const BETWEEN: Duration = Duration::from_millis(700);

/// What operators ask for without being asked.
const COMMANDS: [(&str, &str); 8] = [
    ("status-get", ""),
    ("lease4-get-page", r#"{ "from": "start", "limit": 10 }"#),
    ("leases-reclaim", r#"{ "remove": true }"#),
    ("leases-reclaim", r#"{ "remove": false }"#),
    ("kea-lfc-start", ""),
    ("statistic-get-all", ""),
    ("version-get", ""),
    ("config-hash-get", ""),
];

/// The host of the operator: orders when the schedule says so, other commands in between,
/// and all leases at the end.
pub async fn operate<G: Engine>(world: World<G>) {
    let ground = &world.ground;
    let safety = ground.schedule().safety_ms * MS;
    let mut orders = orders(ground).into_iter().peekable();
    let mut number = 0;
    let mut at = 0;
    loop {
        let (pause, drawn) = ground.pause(number);
        number += 1;
        at += u64::try_from(pause.as_nanos()).unwrap_or(0);
        while let Some((due, place, order)) = orders.next_if(|(due, ..)| *due <= at) {
            sleep_until(&world, due).await;
            obey(&world, place, order).await;
        }
        if at >= safety {
            break;
        }
        sleep_until(&world, at).await;
        let index = usize::try_from(drawn % COMMANDS.len() as u64).unwrap_or(0);
        if let Some((name, arguments)) = COMMANDS.get(index) {
            let _ = ask(&world, name, arguments).await;
        }
    }
    sleep_until(&world, Agenda::quiet_at(ground.schedule())).await;
    for attempt in 1..=ATTEMPTS {
        if let Some(answer) = ask(&world, "lease4-get-all", "").await
            && compare(ground, world.true_time(), &answer, attempt == ATTEMPTS)
        {
            return;
        }
        sleep(&world, BETWEEN).await;
    }
}

/// What a schedule has the operator do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    /// Put another configuration into the file.
    Reconfigure(usize),
    /// Put one there that is not lawful, and take it back.
    Spoil(Flaw),
    /// Have the lease file compacted.
    Compact,
}

/// What a fault has the operator do.
pub(crate) const fn order_of(fault: &FaultKind) -> Option<Order> {
    match fault {
        FaultKind::Reconfigure { config } => Some(Order::Reconfigure(*config)),
        FaultKind::BadConfig { flaw } => Some(Order::Spoil(*flaw)),
        FaultKind::Compact { .. } => Some(Order::Compact),
        _ => None,
    }
}

/// All orders of a schedule: when, and the fault's place.
fn orders(ground: &Ground) -> Vec<(Ns, usize, Order)> {
    let faults = ground.schedule().faults.iter().enumerate();
    let order = |(place, fault): (usize, &Fault)| {
        order_of(&fault.kind).map(|order| (fault.at_ms * MS, place, order))
    };
    let mut orders: Vec<_> = faults.filter_map(order).collect();
    orders.sort_by_key(|(at, ..)| *at);
    orders
}

async fn obey<G: Engine>(world: &World<G>, place: usize, order: Order) {
    let ground = &world.ground;
    match order {
        Order::Reconfigure(config) if ground.config() == config => {}
        Order::Reconfigure(config) => {
            ground.write_config(config);
            ground.field().fault_begins(world.true_time(), place);
            if ask(world, "config-reload", "").await.is_some() {
                ground.field().effect(place);
            }
        }
        Order::Spoil(flaw) => {
            ground.field().fault_begins(world.true_time(), place);
            ground.spoil_config(Some(flaw));
            let answer = ask(world, "config-reload", "").await;
            ground.spoil_config(None);
            if let Some(answer) = answer {
                let taken = answer["result"] == 0;
                ground.field().flaw_loaded(world.true_time(), place, flaw, taken);
            }
        }
        Order::Compact => {
            ground.field().fault_begins(world.true_time(), place);
            if ask(world, "kea-lfc-start", "").await.is_some_and(|answer| answer["result"] == 0) {
                ground.field().effect(place);
            }
        }
    }
}

/// I16: the leases that the command shows are those of the file.
fn compare(ground: &Ground, t: Ns, answer: &Value, last: bool) -> bool {
    let leases = answer["arguments"]["leases"].as_array().cloned().unwrap_or_default();
    let word = |lease: &Value, name: &str| lease[name].to_string();
    let shown = leases.iter().map(|lease| {
        let ends = lease["cltt"].as_i64().unwrap_or(0) + lease["valid-lft"].as_i64().unwrap_or(0);
        let addr = word(lease, "ip-address").trim_matches('"').to_owned();
        format!("{addr} state {} until {ends}", word(lease, "state"))
    });
    let show = |row: &Lease| {
        let addr = row.unit.v4().map(|addr| addr.to_string()).unwrap_or_default();
        let ends = row.expires.secs();
        format!("{addr} state {} until {ends}", row.state.number())
    };
    ground.field().shown(t, shown.collect(), show, last)
}

/// Gives a command and waits for the answer; none if there was none in time.
async fn ask<G: Engine>(world: &World<G>, name: &'static str, arguments: &str) -> Option<Value> {
    let mut command = json!({ "command": name });
    if let Ok(arguments) = serde_json::from_str::<Value>(arguments) {
        command["arguments"] = arguments;
    }
    let mut asking = pin!(exchange(&world.engine, command.to_string()));
    let mut timer = world.timer();
    timer.set(PATIENCE);
    let answer = poll_fn(|context| match asking.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(answer),
        Poll::Pending => timer.poll_rung(context).map(|()| None),
    })
    .await;
    let t = world.true_time();
    let result = answer.as_ref().map(|answer| answer["result"].as_u64().unwrap_or(u64::MAX));
    let mut field = world.ground.field();
    match result {
        Some(result) => field.note_engine(t, name, result),
        None => field.note_engine(t, "command without an answer", 0),
    };
    answer
}

async fn exchange<G: Engine>(engine: &G, command: String) -> Option<Value> {
    let mut stream = Connection(engine.connect(Host::Server, CONTROL_PORT).await.ok()?);
    stream.write_all(command.as_bytes()).await.ok()?;
    let mut octets = Vec::new();
    let mut piece = [0; 4096];
    while octets.len() < ANSWER_MAX {
        let read = stream.read(&mut piece).await.ok()?;
        if read == 0 {
            break;
        }
        octets.extend_from_slice(piece.get(..read)?);
        // Not all engines tell of the end.
        if let Ok(answer) = serde_json::from_slice(&octets) {
            return Some(answer);
        }
    }
    serde_json::from_slice(&octets).ok()
}
