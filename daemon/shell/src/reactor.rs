//! The loop: gathers inputs, takes turns, hands outputs on.
//!
//! One thread owns the server. Each round takes what every source has, in bounded pieces and with
//! completions first, then takes turns until all of it is used up, then hands over what came out:
//! batches to the journal, packets in one send, events to the log.

mod outbox;
mod reload;

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use lessor_config::Config;
use lessor_env::{Env, Timer as _};
use lessor_server::{CommandId, Counters, Event, Heard, Input, ProbeId, Reply, Server, turn};
use lessor_types::{Datagram, Mono, Now, Wall};
use tokio::sync::{mpsc, oneshot};

use crate::alarm::Alarm;
use crate::bell::{Bells, Rung};
use crate::config_file::ConfigFile;
use crate::control::Control;
use crate::hearing::{Hearing, shown};
use crate::http::Http;
use crate::journal::Journal;
use crate::notice::Notice;
use crate::packets::PacketIo;
use crate::request::{Interfaces, Report, Request};
use crate::statistics::Statistics;
use crate::supervisor::Supervisor;
use crate::telemetry::Telemetry;
use outbox::Outbox;
use reload::{Loaded, Reloads};

/// How many inputs of one source one round takes, packets aside, which come in batches.
const TAKEN_MAX: usize = 32;
/// How long what is counted adds up before it becomes values of statistics, unless somebody asks.
const VALUES_EVERY: Duration = Duration::from_millis(100);

/// The bells of what may end a wait, in the order in which they are heeded. Packets have none: those
/// who bring them know best what to ask.
const STORED: usize = 0;
const ASKED: usize = 1;
const LOADED: usize = 2;
const REFRESH: usize = 3;
const DUE: usize = 4;

/// How often things happen that nothing else brings about.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Between two looks at the interfaces.
    pub refresh: Duration,
    /// How long the end may take when there is work left.
    pub drain: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { refresh: Duration::from_secs(3), drain: Duration::from_secs(5) }
    }
}

/// What a loop is made of.
pub struct Parts<E: Env, P> {
    /// The world.
    pub env: E,
    /// The machine.
    pub server: Server,
    /// The sockets.
    pub packets: P,
    /// The lease store.
    pub journal: Journal,
    /// The control sockets.
    pub control: Control<E>,
    /// The listener for those who watch.
    pub http: Http<E>,
    /// What comes from there and from signals.
    pub requests: mpsc::Receiver<Request>,
    /// What a reload reads.
    pub config_file: ConfigFile,
    /// The log.
    pub telemetry: Telemetry,
    /// Periods.
    pub timing: Timing,
    /// The service manager.
    pub supervisor: Supervisor,
}

/// How the loop ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// As asked, with this exit code.
    Stopped(u8),
    /// The thread that writes leases ended on its own.
    JournalDied,
}

/// The loop.
pub struct Reactor<E: Env, P> {
    env: E,
    server: Server,
    packets: P,
    journal: Journal,
    control: Control<E>,
    http: Http<E>,
    requests: mpsc::Receiver<Request>,
    reloads: Reloads,
    telemetry: Telemetry,
    timing: Timing,
    inputs: VecDeque<Input>,
    outbox: Outbox,
    datagrams: Vec<Datagram>,
    answered: Vec<ProbeId>,
    counters: Counters,
    statistics: Statistics,
    /// When something was counted last.
    counted: Wall,
    /// When values were made of what was counted.
    sealed: Mono,
    hearing: Hearing,
    waiting: BTreeMap<CommandId, oneshot::Sender<Reply>>,
    next_command: u64,
    started: Mono,
    configured: Mono,
    stopping: Option<Stopping>,
    supervisor: Supervisor,
    bells: Bells<5>,
    /// Whom the next wait asks; the others have nothing until their bell rings.
    to_ask: Rung,
}

#[derive(Clone, Copy)]
struct Stopping {
    exit: u8,
    /// When the end comes in any case.
    at: Mono,
}

/// What ended a wait.
enum Wake {
    Stored(Option<Input>),
    Asked(Option<Request>),
    Loaded(Box<Loaded>),
    Arrived,
    Due,
    Refresh,
}

impl<E: Env, P: PacketIo> Reactor<E, P> {
    /// A loop that has not begun.
    #[must_use]
    pub fn new(parts: Parts<E, P>) -> Self {
        let Now { mono: now, wall } = parts.env.now();
        Self {
            env: parts.env,
            statistics: Statistics::new(parts.server.topology().config(), wall),
            server: parts.server,
            packets: parts.packets,
            journal: parts.journal,
            control: parts.control,
            http: parts.http,
            requests: parts.requests,
            reloads: Reloads::new(parts.config_file),
            telemetry: parts.telemetry,
            timing: parts.timing,
            inputs: VecDeque::new(),
            outbox: Outbox::default(),
            datagrams: Vec::new(),
            answered: Vec::new(),
            counters: Counters::default(),
            counted: wall,
            sealed: now,
            hearing: Hearing::default(),
            waiting: BTreeMap::new(),
            next_command: 0,
            started: now,
            configured: now,
            stopping: None,
            supervisor: parts.supervisor,
            bells: Bells::new(),
            to_ask: Rung::default(),
        }
    }

    /// Serves until it is asked to stop, and until then what is in work is finished or overdue.
    pub async fn run(mut self) -> Ending {
        let config = Arc::clone(self.server.topology().config());
        self.tell_listening(&config);
        self.telemetry.note(Notice::Started {
            version: env!("CARGO_PKG_VERSION"),
            leases: self.server.status().leases,
        });
        let mut refresh = self.env.timer();
        refresh.set(self.timing.refresh);
        let mut alarm = Alarm::new(self.env.timer());
        let mut is_ready = false;
        let ending = loop {
            let (now, due) = self.take_turns();
            if !is_ready {
                is_ready = true;
                self.tell_ready();
            }
            if let Some(exit) = self.ended() {
                break Ending::Stopped(exit);
            }
            match self.wait(now, due, &mut refresh, &mut alarm).await {
                Wake::Stored(Some(input)) => self.inputs.push_back(input),
                Wake::Stored(None) => {
                    self.telemetry.note(Notice::JournalDied);
                    break Ending::JournalDied;
                }
                Wake::Asked(Some(request)) => self.on_request(request),
                // Nobody is left who could ask: as good as being asked to stop.
                Wake::Asked(None) => self.stop(0),
                Wake::Loaded(loaded) => self.on_loaded(*loaded),
                Wake::Refresh => {
                    refresh.set(self.timing.refresh);
                    self.refresh();
                }
                Wake::Arrived | Wake::Due => {}
            }
            self.gather();
        };
        self.finish().await;
        ending
    }

    /// Waits for something to do. `now` is when the last turn began, which is all that a wait needs
    /// to know of the time. Nothing is lost when one source is heard before another.
    async fn wait(
        &mut self,
        now: Mono,
        due: Option<Mono>,
        refresh: &mut E::Timer,
        alarm: &mut Alarm<E::Timer>,
    ) -> Wake {
        self.supervisor.turned(now);
        let end = self.stopping.map(|stopping| stopping.at);
        if let Some(at) = [due, end, self.supervisor.due()].into_iter().flatten().min() {
            if at <= now {
                // Those who ask get their chance all the same.
                tokio::task::yield_now().await;
                return Wake::Due;
            }
            if alarm.set(at, now) {
                self.to_ask.add(DUE);
            }
        }
        if self.journal.is_restless() {
            self.to_ask.add(STORED);
        }
        self.first(refresh, alarm).await
    }

    /// What comes first. Whoever has nothing keeps the waker of its bell beyond this call, or is asked
    /// at the next.
    async fn first(&mut self, refresh: &mut E::Timer, alarm: &mut Alarm<E::Timer>) -> Wake {
        let Self { bells, to_ask, packets, .. } = self;
        let mut stored = pin!(self.journal.next());
        let mut asked = pin!(self.requests.recv());
        let mut loaded = pin!(self.reloads.next(&self.env, self.server.topology()));
        let mut arrived = pin!(packets.ready());
        poll_fn(|context| {
            *to_ask = to_ask.and(bells.listen(context));
            if to_ask.has(STORED) {
                if let Poll::Ready(input) = stored.as_mut().poll(&mut bells.context(STORED)) {
                    return Poll::Ready(Wake::Stored(input));
                }
                to_ask.remove(STORED);
            }
            if to_ask.has(ASKED) {
                if let Poll::Ready(request) = asked.as_mut().poll(&mut bells.context(ASKED)) {
                    return Poll::Ready(Wake::Asked(request));
                }
                to_ask.remove(ASKED);
            }
            if to_ask.has(LOADED) {
                if let Poll::Ready(loaded) = loaded.as_mut().poll(&mut bells.context(LOADED)) {
                    return Poll::Ready(Wake::Loaded(Box::new(loaded)));
                }
                to_ask.remove(LOADED);
            }
            if to_ask.has(REFRESH) {
                if refresh.poll_rung(&mut bells.context(REFRESH)).is_ready() {
                    return Poll::Ready(Wake::Refresh);
                }
                to_ask.remove(REFRESH);
            }
            if arrived.as_mut().poll(context).is_ready() {
                return Poll::Ready(Wake::Arrived);
            }
            if to_ask.has(DUE) {
                if alarm.poll(&mut bells.context(DUE)).is_ready() {
                    return Poll::Ready(Wake::Due);
                }
                to_ask.remove(DUE);
            }
            Poll::Pending
        })
        .await
    }

    /// Takes what is there, without waiting.
    fn gather(&mut self) {
        if self.packets.changed() {
            self.refresh();
        }
        for _ in 0..TAKEN_MAX {
            let Some(input) = self.journal.try_next() else {
                break;
            };
            self.inputs.push_back(input);
        }
        for _ in 0..TAKEN_MAX {
            let Ok(request) = self.requests.try_recv() else {
                break;
            };
            self.on_request(request);
        }
        if let Err(why) = self.packets.receive(&mut self.datagrams) {
            self.telemetry.note(Notice::ReceiveFailed(why.to_string()));
        }
        // Answers first: behind many packets they would come turns later, when their time is over.
        self.packets.answered(&mut self.answered);
        let answers = self.answered.drain(..);
        let answers = answers.map(|probe| Input::Probed { probe, heard: Heard::Answer });
        self.inputs.extend(answers);
        let packets = self.datagrams.drain(..).map(Input::Packet);
        self.inputs.extend(packets);
    }

    /// Takes turns until no input is left. Then every completion that was taken has reached the
    /// server, which the journal counts on.
    fn take_turns(&mut self) -> (Mono, Option<Mono>) {
        loop {
            let now = self.env.now();
            let due = turn(&mut self.server, now, &mut self.inputs, &mut self.outbox);
            self.deliver(now);
            if self.inputs.is_empty() {
                return (now.mono, due);
            }
        }
    }

    fn deliver(&mut self, now: Now) {
        // The disk first: it has the longest way.
        for batch in self.outbox.batches.drain(..) {
            self.journal.put(batch);
        }
        for (fetch, lookups) in self.outbox.fetches.drain(..) {
            self.inputs.extend(self.journal.fetch(fetch, lookups));
        }
        for backend in self.outbox.connects.drain(..) {
            self.journal.connect(backend);
        }
        if let Some(memory) = self.outbox.memory.take() {
            self.journal.remember(memory);
        }
        if !self.outbox.packets.is_empty() {
            self.packets.send(&self.outbox.packets, &mut self.outbox.lost);
            self.outbox.packets.clear();
        }
        for (probe, unit, link) in self.outbox.probes.drain(..) {
            let sent = unit.v4().is_some_and(|addr| self.packets.probe(probe, addr, link).is_ok());
            if !sent {
                self.inputs.push_back(Input::Probed { probe, heard: Heard::Unsent });
            }
        }
        for lost in self.outbox.lost.drain(..) {
            let told = format!("{}: {}", lost.to, lost.why);
            self.telemetry.note(Notice::SendFailed(told));
        }
        for (id, reply) in self.outbox.replies.drain(..) {
            if let Some(asker) = self.waiting.remove(&id) {
                let _ = asker.send(reply);
            }
        }
        if !self.outbox.events.is_empty() {
            self.counted = now.wall;
        }
        for event in self.outbox.events.drain(..) {
            self.counters.count(&event);
            if let Some(notice) = self.hearing.rival(&event) {
                self.telemetry.note(notice);
            }
            self.statistics.event(&event, self.server.topology());
            if matches!(event, Event::ConfigApplied { .. }) {
                take_counts(&mut self.server, &mut self.statistics);
                self.statistics.configured(self.server.topology().config());
            }
            self.telemetry.event(now.wall, event);
        }
        if now.mono.since(self.sealed) >= VALUES_EVERY {
            self.seal(now);
        }
        if std::mem::take(&mut self.outbox.exits) {
            self.stop(1);
        }
    }

    /// Makes values of what was counted.
    fn seal(&mut self, now: Now) {
        take_counts(&mut self.server, &mut self.statistics);
        self.statistics.seal(self.counted);
        self.sealed = now.mono;
    }

    fn on_request(&mut self, request: Request) {
        // It may be that a configuration is wanted.
        self.to_ask.add(LOADED);
        match request {
            Request::Ask(command, asker) => {
                self.next_command += 1;
                let id = CommandId(self.next_command);
                self.waiting.insert(id, asker);
                self.inputs.push_back(Input::Command(id, command));
            }
            Request::Report(asker) => {
                let _ = asker.send(Box::new(self.report()));
            }
            Request::Config(asker) => {
                let _ = asker.send(Arc::clone(self.server.topology().config()));
            }
            Request::Reload(asker) => {
                self.supervisor.reloading();
                self.reloads.ask(asker);
            }
            Request::Configure(text, asker) => {
                self.supervisor.reloading();
                self.reloads.set(text, asker);
            }
            Request::AddInterfaces(names, asker) => {
                self.supervisor.reloading();
                self.reloads.add_interfaces(names, asker);
            }
            Request::Interfaces { redetect, asker } => {
                let _ = asker.send(self.interfaces(redetect));
            }
            Request::Select(whereabouts, asker) => {
                let links = &self.packets.listening().links;
                let _ = asker.send(whereabouts.select(self.server.topology(), links));
            }
            Request::Compact(asker) => self.journal.compact(asker),
            Request::Statistics(query, asker) => {
                let now = self.env.now();
                self.seal(now);
                let _ = asker.send(self.statistics.ask(&query, now.wall));
            }
            Request::Stop { exit } => self.stop(exit),
        }
    }

    fn interfaces(&mut self, redetect: bool) -> Result<Interfaces, String> {
        if redetect {
            self.refresh();
        }
        let found = self.packets.interfaces().map_err(|why| why.to_string())?;
        let links = &self.packets.listening().links;
        Ok(Interfaces { found, served: links.0.iter().map(|link| link.id.0).collect() })
    }

    fn report(&mut self) -> Report {
        let at = self.env.now();
        self.seal(at);
        let Now { mono: now, wall } = at;
        Report {
            at: wall,
            uptime: now.since(self.started),
            configured: now.since(self.configured),
            lease_file: self.journal.path().map(Into::into),
            listening: self.packets.listening().clone(),
            status: self.server.status(),
            counters: self.counters.clone(),
            totals: *self.statistics.totals(),
            pace: self.journal.pace(),
            stopping: self.stopping.is_some(),
            lines_lost: self.telemetry.lines_lost(),
        }
    }

    fn refresh(&mut self) {
        if self.packets.refresh() {
            let config = Arc::clone(self.server.topology().config());
            self.tell_listening(&config);
            let links = Arc::clone(&self.packets.listening().links);
            self.inputs.push_back(Input::Links(links));
        }
    }

    fn tell_listening(&mut self, config: &Config) {
        for notice in self.hearing.news(self.packets.listening(), config) {
            self.telemetry.note(notice);
        }
    }

    /// Tells the service manager that clients are served, and where.
    fn tell_ready(&self) {
        let links = &self.packets.listening().links;
        if links.0.is_empty() {
            self.supervisor.ready("no interface is served");
        } else {
            self.supervisor.ready(&format!("serving {}", shown(links)));
        }
    }

    fn stop(&mut self, exit: u8) {
        let now = self.env.now().mono;
        match &mut self.stopping {
            // Asked twice: whoever asks does not want to wait.
            Some(stopping) => stopping.at = now,
            None => {
                let at = now.after(self.timing.drain);
                self.stopping = Some(Stopping { exit, at });
                self.telemetry.note(Notice::Stopping);
                self.supervisor.stopping();
                self.inputs.push_back(Input::Stop);
            }
        }
    }

    /// The exit code, if this is the end.
    fn ended(&self) -> Option<u8> {
        let stopping = self.stopping?;
        let overdue = self.env.now().mono >= stopping.at;
        (self.server.is_idle() || overdue).then_some(stopping.exit)
    }

    async fn finish(self) {
        let status = self.server.status();
        drop(self.control);
        drop(self.http);
        self.journal.stop().await;
        self.telemetry.note(Notice::Stopped { parked: status.parked, unsettled: status.unsettled });
        self.telemetry.flush();
    }
}

/// Has the statistics take up how many leases there are.
fn take_counts(server: &mut Server, statistics: &mut Statistics) {
    for (subnet, pool, count) in server.recounted() {
        statistics.counted(subnet, pool, count);
    }
}

#[cfg(test)]
mod tests;
