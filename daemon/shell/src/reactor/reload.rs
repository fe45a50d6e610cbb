//! The configuration file, read again, and configurations that are given by a command.
//!
//! Reading and checking happen on another thread, since a large file takes longer than a client
//! should wait. What was read takes effect between two turns.

use std::collections::VecDeque;
use std::sync::Arc;

use lessor_config::{Config, Database, Diagnostics, LeaseStore};
use lessor_env::Env;
use lessor_policy::Topology;
use lessor_server::Input;
use lessor_types::Secs;
use tokio::sync::oneshot;

use super::Reactor;
use crate::config_file::{ConfigFile, LoadError};
use crate::control::envelope;
use crate::notice::Notice;
use crate::packets::PacketIo;

/// Who wants to hear how a reload ended; nobody, if it was a signal.
type Asker = Option<oneshot::Sender<Result<Arc<Config>, String>>>;

/// Reloads that are wanted. The file is read anew for each, since it may change in between.
pub(super) struct Reloads {
    file: ConfigFile,
    waiting: VecDeque<Wanted>,
    running: Option<oneshot::Receiver<Read>>,
}

/// A configuration that is wanted.
struct Wanted {
    from: Origin,
    asker: Asker,
}

/// Where a configuration comes from.
enum Origin {
    File,
    Text(String),
    /// What is in effect, with these interfaces besides.
    InEffect(Vec<String>),
}

type Read = Result<(Arc<Topology>, Diagnostics), LoadError>;

/// What reading came to, and for whom.
pub(super) struct Loaded {
    asker: Asker,
    /// An error is all that is wrong with the file.
    read: Result<(Arc<Topology>, Diagnostics), String>,
}

impl Reloads {
    pub(super) const fn new(file: ConfigFile) -> Self {
        Self { file, waiting: VecDeque::new(), running: None }
    }

    pub(super) fn ask(&mut self, asker: Asker) {
        // The last one in the queue has not begun: it is as good for two signals as for one.
        let last = self.waiting.back().filter(|_| self.waiting.len() > 1);
        let waits =
            last.is_some_and(|last| matches!(last.from, Origin::File) && last.asker.is_none());
        if !(waits && asker.is_none()) {
            self.waiting.push_back(Wanted { from: Origin::File, asker });
        }
    }

    pub(super) fn set(
        &mut self,
        text: String,
        asker: oneshot::Sender<Result<Arc<Config>, String>>,
    ) {
        self.waiting.push_back(Wanted { from: Origin::Text(text), asker: Some(asker) });
    }

    pub(super) fn add_interfaces(
        &mut self,
        names: Vec<String>,
        asker: oneshot::Sender<Result<Arc<Config>, String>>,
    ) {
        self.waiting.push_back(Wanted { from: Origin::InEffect(names), asker: Some(asker) });
    }

    /// The next file that is read; never, if none is wanted. Dropping the future loses nothing.
    pub(super) async fn next(&mut self, env: &impl Env, in_effect: &Topology) -> Loaded {
        let Some(wanted) = self.waiting.front_mut() else {
            return std::future::pending().await;
        };
        let file = &self.file;
        let running = self.running.get_or_insert_with(|| {
            let file = file.clone();
            let from = std::mem::replace(&mut wanted.from, Origin::File);
            // What is wanted before this has taken effect by now.
            let in_effect = Arc::clone(in_effect.config());
            let (tell, told) = oneshot::channel();
            let own = env.clone();
            env.spawn(async move {
                if let Some(read) = own.aside(move || read(&file, from, &in_effect)).await {
                    let _ = tell.send(read);
                }
            });
            told
        });
        let outcome = running.await;
        self.running = None;
        let asker = self.waiting.pop_front().and_then(|wanted| wanted.asker);
        let read = match outcome {
            Ok(read) => read.map_err(|why| why.to_string().trim_end().to_owned()),
            Err(_) => Err("the configuration could not be read to its end".to_owned()),
        };
        Loaded { asker, read }
    }
}

fn read(file: &ConfigFile, from: Origin, in_effect: &Config) -> Read {
    let text = match from {
        Origin::File => None,
        Origin::Text(text) => Some(text),
        Origin::InEffect(names) => Some(with_interfaces(in_effect, names)),
    };
    let (config, findings) = match text {
        Some(text) => Config::parse(&text, "<wire>").map_err(LoadError::Refused)?,
        None => file.load()?,
    };
    Ok((Arc::new(Topology::new(Arc::new(config))), findings))
}

/// The text of a configuration that serves these interfaces besides.
fn with_interfaces(config: &Config, names: Vec<String>) -> String {
    let mut tree = envelope::without_places(&config.to_tree());
    let list = &mut tree["Dhcp4"]["interfaces-config"]["interfaces"];
    let mut served = list.as_array().cloned().unwrap_or_default();
    for name in names.into_iter().map(serde_json::Value::String) {
        if !served.contains(&name) {
            served.push(name);
        }
    }
    *list = served.into();
    tree.to_string()
}

/// How often to compact from now on; none if leases would have to go elsewhere.
fn same_store(old: &LeaseStore, new: &LeaseStore) -> Option<Secs> {
    match (old, new) {
        (LeaseStore::Memfile(old), LeaseStore::Memfile(new)) => {
            let same = old.path == new.path && old.persist == new.persist;
            same.then_some(new.lfc_interval)
        }
        (LeaseStore::Database(old), LeaseStore::Database(new)) => {
            let recovery = old.recovery;
            (Database { recovery, ..Database::clone(new) } == **old).then_some(Secs(0))
        }
        _ => None,
    }
}

impl<E: Env, P: PacketIo> Reactor<E, P> {
    pub(super) fn on_loaded(&mut self, loaded: Loaded) {
        let Loaded { asker, read } = loaded;
        let outcome = read.and_then(|(topology, findings)| {
            self.tell_findings(&findings);
            self.apply(topology)
        });
        if let Err(why) = &outcome {
            // Whoever moves files of the log away sends a SIGHUP, which is how this began.
            self.telemetry.reopen();
            self.telemetry.note(Notice::ConfigRefused(why.clone()));
        }
        // Ready again, with the new configuration or with the old one.
        self.tell_ready();
        if let Some(asker) = asker {
            let _ = asker.send(outcome);
        }
    }

    /// Puts a configuration into effect everywhere, or nowhere.
    fn apply(&mut self, topology: Arc<Topology>) -> Result<Arc<Config>, String> {
        let old = Arc::clone(self.server.topology().config());
        let new = Arc::clone(topology.config());
        let lfc_interval = same_store(&old.lease_store, &new.lease_store).ok_or(
            "another `lease-database` takes effect only at a start: stop the server and start it \
             again",
        )?;
        self.control.listen(&new.control_sockets).map_err(|why| why.to_string())?;
        if let Err(why) = self.http.listen(new.metrics) {
            let _ = self.control.listen(&old.control_sockets);
            return Err(why);
        }
        let before = Arc::clone(&self.packets.listening().links);
        if let Err(why) = self.packets.configure(&new) {
            // These were open a moment ago; if one of them is gone, the next reload says so.
            let _ = self.control.listen(&old.control_sockets);
            let _ = self.http.listen(old.metrics);
            return Err(why);
        }
        self.journal.set_interval(lfc_interval);
        self.telemetry.configure(&new.loggers);
        self.configured = self.env.now().mono;
        self.inputs.push_back(Input::Config(topology));
        self.tell_listening(&new);
        if self.packets.listening().links != before {
            let links = Arc::clone(&self.packets.listening().links);
            self.inputs.push_back(Input::Links(links));
        }
        Ok(new)
    }

    fn tell_findings(&self, findings: &Diagnostics) {
        for finding in findings {
            let told = findings.render(finding);
            self.telemetry.note(Notice::ConfigFinding(finding.level, told));
        }
    }
}
