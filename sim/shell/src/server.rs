//! One life of the server: the daemon's own parts, put together as the daemon does.

use std::sync::Arc;
use std::time::Duration;

use lessor_config::{Config, LeaseStore};
use lessor_env::Clock as _;
use lessor_memfile::{Boot, Options};
use lessor_policy::Topology;
use lessor_server::{Event, Limits, Server, Setup, StoreMode};
use lessor_shell::control::Desk;
use lessor_shell::journal::planted::{Defect, Planted};
use lessor_shell::journal::{Begun, JournalSetup};
use lessor_shell::request::REQUESTS_MAX;
use lessor_shell::telemetry::Ear;
use lessor_shell::{
    ConfigFile, Control, Ending, Http, Journal, Notice, Parts, Reactor, Supervisor, Telemetry,
    Timing,
};
use lessor_sim::draw::Kind;
use lessor_sim::field::links;
use lessor_sim::planted::Bug;
use lessor_sim::time::EPOCH_SECS;
use lessor_types::{Secs, Seed, Wall};
use tokio::sync::mpsc;

use crate::engine::{Engine, SERVER_PORT};
use crate::packets::Packets;
use crate::watched::{NAME, Watched};
use crate::world::World;

/// No wall clock is believed that shows less: a month before the simulation begins.
const FLOOR: Wall = Wall::from_secs(EPOCH_SECS - 30 * 86_400);

/// Whoever hears what a server says.
struct Listener<G>(World<G>);

impl<G: Engine> Ear for Listener<G> {
    fn event(&self, _: Wall, event: &Event) {
        let t = self.0.true_time();
        if matches!(event, Event::StoreReopened(_))
            && let Some(rows) = Watched::new(self.0.clone()).rows()
        {
            // Nothing is written before the server has taken this up.
            self.0.ground.field().reopened(t, &rows);
        }
        self.0.ground.field().event(t, event);
    }

    fn notice(&self, _: &Notice) {}
}

/// Serves until the engine ends it.
///
/// # Errors
/// Why it did not begin, or what ended it.
pub async fn serve<G: Engine>(world: World<G>) -> Result<Ending, String> {
    let ground = world.ground.clone();
    let life = ground.new_life();
    let config = ground.config();
    let (parsed, _) =
        Config::parse(ground.text(config), "simulated.json").map_err(|why| why.to_string())?;
    let ear = Listener(world.clone());
    let telemetry = Telemetry::into_ear(Arc::new(ear), Arc::new(world.clone()));
    let setup = journal_setup(&world, &parsed, life);
    let (journal, Begun { leases, past }) =
        Journal::start(&world, setup, telemetry.clone()).map_err(|why| why.to_string())?;
    ground.field().server_starts(world.true_time(), config, &leases);
    let config_file = ConfigFile::on_shelf("/etc/lessor.conf", Arc::new(ground.clone()));
    let (asking, requests) = mpsc::channel(REQUESTS_MAX);
    let mut control = Control::new(Desk {
        env: world.clone(),
        requests: asking.clone(),
        config_file: config_file.clone(),
        telemetry: telemetry.clone(),
    });
    control.listen(&parsed.control_sockets).map_err(|why| why.to_string())?;
    let http = Http::new(world.clone(), asking, telemetry.clone());
    let socket = world.engine.bind(SERVER_PORT).await.map_err(|why| why.to_string())?;
    let packets = Packets::new(world.clone(), socket);
    let bounds = ground.schedule().bounds;
    let setup = Setup {
        topology: Arc::new(Topology::new(Arc::new(parsed))),
        links: Arc::new(links()),
        seed: Seed(ground.draw(Kind::Server, 0, life).next_u64()),
        limits: Limits {
            inputs_per_turn_max: bounds.inputs_per_turn,
            batch_changes_max: bounds.batch_changes,
            batches_in_flight_max: bounds.batches_in_flight,
            parked_max: usize::try_from(bounds.parked).unwrap_or(usize::MAX),
            ..Limits::default()
        },
        store: StoreMode::Exclusive,
        leases,
        past,
        defect: ground.bug().map(Bug::defect).unwrap_or_default(),
    };
    let reactor = Reactor::new(Parts {
        server: Server::recover(setup, world.now()),
        env: world,
        packets,
        journal,
        control,
        http,
        requests,
        config_file,
        telemetry,
        timing: Timing { refresh: Duration::from_secs(3600), ..Timing::default() },
        supervisor: Supervisor::default(),
    });
    Ok(reactor.run().await)
}

fn journal_setup<G: Engine>(
    world: &World<G>,
    config: &Config,
    life: u64,
) -> JournalSetup<Watched<G>> {
    let lfc_interval = match &config.lease_store {
        LeaseStore::Memfile(memfile) => memfile.lfc_interval,
        _ => Secs(0),
    };
    JournalSetup {
        files: Watched::new(world.clone()),
        name: NAME.to_owned(),
        path: NAME.into(),
        options: Options::default(),
        lfc_interval,
        // Each start is one of the machine: nothing but the wall clock is left of the last life.
        boot: Boot { id: life.to_string().into(), ahead: Duration::ZERO },
        floor: FLOOR,
        defect: Defect::planted(match world.ground.bug() {
            Some(Bug::OrderRace) => Some(Planted::OrderRace),
            Some(Bug::AckOnAppend) => Some(Planted::EarlyReport),
            Some(Bug::CompletionDropped) => Some(Planted::CompletionDropped),
            Some(Bug::StaleBatch) => Some(Planted::StaleBatch),
            _ => None,
        }),
    }
}
