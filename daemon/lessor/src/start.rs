//! From a configuration to a running loop.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lessor_config::{
    Config, ControlSocket, Diagnostics, Engine, LeaseStore, LogDestination, Memfile,
};
use lessor_env::files::OsFiles;
use lessor_env::{Clock as _, Env as _};
use lessor_lease::{Past, Rows};
use lessor_policy::Topology;
use lessor_server::server::Limits;
use lessor_server::{Level, Server, Setup, StoreMode};
use lessor_shell::control::Desk;
use lessor_shell::journal::{Begun, JournalSetup};
use lessor_shell::request::REQUESTS_MAX;
use lessor_shell::telemetry::{Places, Usual};
use lessor_shell::{
    ConfigFile, Control, Ending, Http, Journal, Notice, PacketIo as _, Parts, Reactor, Request,
    Supervisor, System, Telemetry, Timing,
};
use lessor_types::Wall;
use rustix::io::Errno;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::database;
use crate::options::{KEA_NAME, Manner, Serve, called};
use crate::pid_file::PidFile;
use crate::privileges;
use crate::sockets::KernelPackets;

/// Where lease files are unless the configuration says otherwise, under our own name and under
/// Kea's.
const DATA_DIR: &str = "/var/lib/lessor";
const KEA_DATA_DIR: &str = "/var/lib/kea";
/// Kea's variable for that folder.
const DATA_DIR_VARIABLE: &str = "KEA_DHCP_DATA_DIR";
/// This program was not there before (1 June 2026): a wall clock that shows less was never set.
const CLOCK_FLOOR: Wall = Wall::from_secs(1_780_272_000);
/// The lease file's name unless the configuration says otherwise.
const LEASE_FILE: &str = "kea-leases4.csv";

/// Serves until it is asked to stop.
///
/// # Errors
/// Why it did not begin, in words for an operator.
pub(crate) fn run(serve: &Serve) -> Result<Ending, String> {
    let config_file = ConfigFile::new(&serve.config);
    let (config, findings) =
        config_file.load().map_err(|why| why.to_string().trim_end().to_owned())?;
    // Removed again whatever happens from here on.
    let _claimed = PidFile::of(&serve.config).claim()?;
    let places = places(&config, &serve.config);
    let places: Vec<&Path> = places.iter().map(PathBuf::as_path).collect();
    // Before there is a second thread.
    privileges::drop_to(serve.manner.user.as_deref(), &places)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|why| format!("cannot wait for anything: {why}"))?;
    let ending = runtime.block_on(serve_with(&serve.manner, config_file, config, &findings));
    // A configuration that is being read on another thread is of no interest any more.
    runtime.shutdown_background();
    ending
}

/// Where files are written: the lease file, control sockets, the log, the configuration.
fn places(config: &Config, file: &Path) -> Vec<PathBuf> {
    let mut places = vec![file.to_owned()];
    if let LeaseStore::Memfile(memfile) = &config.lease_store
        && memfile.persist
    {
        places.push(lease_file(memfile));
    }
    if let LeaseStore::Database(database) = &config.lease_store
        && database.engine == Engine::Sqlite
    {
        places.push(PathBuf::from(&database.name));
    }
    places.extend(config.control_sockets.iter().filter_map(|socket| match socket {
        ControlSocket::Unix { path } => Some(PathBuf::from(path)),
        _ => None,
    }));
    let logs = Places::default();
    let outputs = config.loggers.iter().flat_map(|logger| &logger.outputs);
    places.extend(outputs.filter_map(|output| match &output.to {
        LogDestination::File(name) => Some(logs.file(name)),
        _ => None,
    }));
    let folders: Vec<PathBuf> =
        places.iter().filter_map(|it| it.parent().map(Path::to_owned)).collect();
    places.extend(folders);
    places
}

async fn serve_with(
    manner: &Manner,
    config_file: ConfigFile,
    config: Config,
    findings: &Diagnostics,
) -> Result<Ending, String> {
    let env = System::start();
    let usual = Usual { least: Level::Info, verbose: manner.debug };
    let telemetry = Telemetry::start_on_stderr(usual, Places::default(), Arc::new(env.clone()))
        .map_err(|why| format!("cannot start the log: {why}"))?;
    telemetry.configure(&config.loggers);
    for finding in findings {
        let told = findings.render(finding);
        telemetry.note(Notice::ConfigFinding(finding.level, told));
    }
    let begun = begin(manner, config_file, config, &telemetry, env).await;
    // Whatever ends it, the log is whole before the last word.
    telemetry.flush();
    Ok(begun?.run().await)
}

/// Takes hold of everything that a loop needs, the lease file first: two servers must not meet.
async fn begin(
    manner: &Manner,
    config_file: ConfigFile,
    config: Config,
    telemetry: &Telemetry,
    env: System,
) -> Result<Reactor<System, KernelPackets>, String> {
    let (journal, begun, store) = open_store(&config.lease_store, &env, telemetry)?;
    let (asking, mut requests) = mpsc::channel(REQUESTS_MAX);
    listen_to_signals(&asking).map_err(|why| format!("cannot listen to signals: {why}"))?;
    let watched = asking.clone();
    let mut control = Control::new(Desk {
        env: env.clone(),
        requests: asking,
        config_file: config_file.clone(),
        telemetry: telemetry.clone(),
    });
    control.listen(&config.control_sockets).map_err(|why| why.to_string())?;
    let mut http = Http::new(env.clone(), watched, telemetry.clone());
    if let Err(why) = http.listen(config.metrics) {
        // Whoever watches will miss it; clients would miss more.
        telemetry.note(Notice::HttpUnavailable(why));
    }
    // Interfaces that are required may be long in coming.
    let packets = tokio::select! {
        packets = KernelPackets::open(&config, manner.server_port, manner.client_port) => packets?,
        () = asked_to_stop(&mut requests) => return Err("stopped before it served".to_owned()),
    };
    let setup = Setup {
        topology: Arc::new(Topology::new(Arc::new(config))),
        links: Arc::clone(&packets.listening().links),
        seed: env.seed(),
        limits: Limits::default(),
        store,
        leases: begun.leases,
        past: begun.past,
        defect: lessor_server::planted::Defect::default(),
    };
    let server = Server::recover(setup, env.now());
    Ok(Reactor::new(Parts {
        env,
        server,
        packets,
        journal,
        control,
        http,
        requests,
        config_file,
        telemetry: telemetry.clone(),
        timing: Timing::default(),
        supervisor: Supervisor::from_environment(),
    }))
}

/// Waits for that. Whoever asks for something else is told that nobody is there.
async fn asked_to_stop(requests: &mut mpsc::Receiver<Request>) {
    while !matches!(requests.recv().await, None | Some(Request::Stop { .. })) {}
}

fn open_store(
    store: &LeaseStore,
    env: &System,
    telemetry: &Telemetry,
) -> Result<(Journal, Begun, StoreMode), String> {
    let nothing =
        || Begun { past: Past { floor: CLOCK_FLOOR, ..Past::default() }, leases: Rows::new() };
    match store {
        LeaseStore::Memfile(memfile) if !memfile.persist => {
            Ok((Journal::memory(telemetry), nothing(), StoreMode::Exclusive))
        }
        LeaseStore::Memfile(memfile) => {
            let (journal, begun) = open_journal(memfile, env, telemetry)?;
            Ok((journal, begun, StoreMode::Exclusive))
        }
        // Others may use the same database, and nobody says so.
        LeaseStore::Database(database) => {
            let lane = database::lane(database, telemetry)?;
            Ok((Journal::database(lane), nothing(), StoreMode::Shared))
        }
        _ => Err("this kind of lease database is not in effect yet".to_owned()),
    }
}

fn open_journal(
    memfile: &Memfile,
    env: &System,
    telemetry: &Telemetry,
) -> Result<(Journal, Begun), String> {
    let path = lease_file(memfile);
    let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|it| it.to_str()))
    else {
        return Err(format!("{} names no lease file", path.display()));
    };
    refuse_beside_kea(&path)?;
    let setup = JournalSetup {
        files: OsFiles::new(dir),
        name: name.to_owned(),
        path: path.clone(),
        options: lessor_memfile::Options { max_row_errors: memfile.max_row_errors },
        lfc_interval: memfile.lfc_interval,
        boot: env.boot(),
        floor: CLOCK_FLOOR,
        defect: lessor_shell::journal::planted::Defect::default(),
    };
    Journal::start(env, setup, telemetry.clone()).map_err(|why| why.to_string())
}

/// A name without a directory is one in the data directory.
pub(crate) fn lease_file(memfile: &Memfile) -> PathBuf {
    let own = if called() == KEA_NAME { KEA_DATA_DIR } else { DATA_DIR };
    let dir = env::var_os(DATA_DIR_VARIABLE).map_or_else(|| own.into(), PathBuf::from);
    dir.join(memfile.path.as_deref().unwrap_or(LEASE_FILE))
}

/// Kea's compaction works on the same files, outlives the server that began it and knows no lock of
/// ours; it leaves its process number beside them.
fn refuse_beside_kea(lease_file: &Path) -> Result<(), String> {
    let mut pid_file = lease_file.as_os_str().to_owned();
    pid_file.push(".pid");
    let Ok(text) = fs::read_to_string(&pid_file) else {
        return Ok(());
    };
    let running = text.trim().parse().ok().and_then(rustix::process::Pid::from_raw);
    match running {
        // Not permitted to signal it: it is there, and another user's.
        Some(pid) if rustix::process::test_kill_process(pid) != Err(Errno::SRCH) => Err(format!(
            "{}: process {} may still be compacting {}; start again when it has ended, or remove \
             the first file if that process is not kea-lfc",
            Path::new(&pid_file).display(),
            pid.as_raw_nonzero(),
            lease_file.display(),
        )),
        _ => Ok(()),
    }
}

/// SIGHUP reloads; SIGTERM and SIGINT stop.
fn listen_to_signals(asking: &mpsc::Sender<Request>) -> io::Result<()> {
    let pass_on = |mut signal: Signal, asking: mpsc::Sender<Request>, what: fn() -> Request| async move {
        while signal.recv().await.is_some() && asking.send(what()).await.is_ok() {}
    };
    let stop = || Request::Stop { exit: 0 };
    let hangup = signal(SignalKind::hangup())?;
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(pass_on(hangup, asking.clone(), || Request::Reload(None)));
    tokio::spawn(pass_on(terminate, asking.clone(), stop));
    tokio::spawn(pass_on(interrupt, asking.clone(), stop));
    Ok(())
}
