//! A lease store in a database, asked by a worker of its own.
//!
//! What many exchanges ask goes in one round trip: while one is on its way, the next one grows, as
//! batches of changes do in the server. Nothing waits for a timer.

#[cfg(test)]
mod tests;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use lessor_lease::{Change, FetchError, Found, Lookup, Outcome, Refusal, StoreBatch, StoreFailure};
use lessor_server::recovery::News;
use lessor_server::{Backend, FetchId, Input};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// How many lookups one round trip asks at most.
const LOOKUPS_MAX: usize = 2048;
/// How many round trips of lookups may be on their way.
const ROUNDS_MAX: usize = 2;
/// How long nothing may have been heard of a database until it is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(2);

/// What went wrong with a database, as an operator should read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// What.
    pub what: String,
    /// Whether the database as a whole is of no use any more.
    pub lost: bool,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// The way to a database.
pub trait Connector: Send + Sync + 'static {
    /// What is at its end.
    type Store: LeaseDatabase;

    /// Connects, and sees that the database is fit to be used.
    fn connect(&self) -> impl Future<Output = Result<Self::Store, Trouble>> + Send;
}

/// A database of leases that is connected to. It is asked several things at once.
pub trait LeaseDatabase: Send + Sync + 'static {
    /// Answers lookups, in their order, in one round trip or few.
    fn fetch(&self, lookups: &[Lookup])
    -> impl Future<Output = Result<Vec<Found>, Trouble>> + Send;

    /// Makes changes, each on its condition; an outcome for each, in their order, and what went
    /// wrong if something did.
    fn commit(
        &self,
        changes: &[Change],
    ) -> impl Future<Output = (Vec<Outcome>, Option<Trouble>)> + Send;

    /// Asks whether it is there.
    fn ping(&self) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// What the worker is asked for.
#[derive(Debug)]
enum Work {
    Connect,
    Fetch(FetchId, Vec<Lookup>),
    Commit(StoreBatch),
}

/// The reactor's end. What is on its way is bounded by what the server lets be on its way.
#[derive(Debug)]
pub struct Lane {
    /// The database, for those who ask.
    place: String,
    work: mpsc::UnboundedSender<Work>,
    done: mpsc::UnboundedReceiver<Input>,
}

impl Lane {
    /// A lane to a database, and what has to be run beside the reactor for it: on a runtime of
    /// tokio's that has sockets and time.
    pub fn new<C: Connector>(
        place: impl Into<String>,
        connector: C,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (work, to_do) = mpsc::unbounded_channel();
        let (completions, done) = mpsc::unbounded_channel();
        let worker = Worker {
            connector: Arc::new(connector),
            store: None,
            life: 0,
            asked: Vec::new(),
            rounds: 0,
            heard: Instant::now(),
            pinging: false,
            tasks: JoinSet::new(),
            done: completions,
        };
        (Self { place: place.into(), work, done }, worker.run(to_do))
    }

    /// Which database it is.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Tries to connect. What comes of this and of all else comes through [`Lane::next`]; if the
    /// worker is gone, that says so.
    pub fn connect(&self) {
        let _ = self.work.send(Work::Connect);
    }

    /// Asks.
    pub fn fetch(&self, fetch: FetchId, lookups: Vec<Lookup>) {
        let _ = self.work.send(Work::Fetch(fetch, lookups));
    }

    /// Writes.
    pub fn put(&self, batch: StoreBatch) {
        let _ = self.work.send(Work::Commit(batch));
    }

    /// The next completion; none if the worker has ended. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Input> {
        self.done.recv().await
    }

    /// The next completion, if it is there.
    pub fn try_next(&mut self) -> Option<Input> {
        self.done.try_recv().ok()
    }
}

/// What a task of the worker's ended with.
enum Ended<S> {
    Connected(Result<S, Trouble>),
    Fetched(Vec<(FetchId, usize)>, Result<Vec<Found>, Trouble>),
    Committed(StoreBatch, Vec<Outcome>, Option<Trouble>),
    Pinged(Result<(), Trouble>),
}

struct Worker<C: Connector> {
    connector: Arc<C>,
    store: Option<Arc<C::Store>>,
    /// How often it was connected: what a task of an earlier life has met is no news.
    life: u64,
    /// Questions for the next round trip.
    asked: Vec<(FetchId, Vec<Lookup>)>,
    /// Round trips of lookups on their way.
    rounds: usize,
    /// When something was last heard of the database.
    heard: Instant,
    pinging: bool,
    tasks: JoinSet<(u64, Ended<C::Store>)>,
    done: mpsc::UnboundedSender<Input>,
}

impl<C: Connector> Worker<C> {
    /// Until nobody asks any more.
    async fn run(mut self, mut to_do: mpsc::UnboundedReceiver<Work>) {
        loop {
            let silence = self.heard + SILENCE;
            let can_ping = self.store.is_some() && !self.pinging;
            tokio::select! {
                biased;
                Some(ended) = self.tasks.join_next(), if !self.tasks.is_empty() => {
                    // A task that panicked is a defect that must not be taken for silence.
                    let Ok((life, ended)) = ended else { return };
                    self.on_ended(life, ended);
                }
                work = to_do.recv() => {
                    let Some(work) = work else { return };
                    self.take(work);
                    while let Ok(work) = to_do.try_recv() {
                        self.take(work);
                    }
                }
                () = sleep_until(silence), if can_ping => self.ping(),
            }
            self.ask();
        }
    }

    fn take(&mut self, work: Work) {
        match work {
            Work::Connect => {
                let connector = Arc::clone(&self.connector);
                let life = self.life;
                self.tasks
                    .spawn(async move { (life, Ended::Connected(connector.connect().await)) });
            }
            Work::Fetch(fetch, lookups) => self.asked.push((fetch, lookups)),
            Work::Commit(batch) => self.commit(batch),
        }
    }

    fn commit(&mut self, batch: StoreBatch) {
        let Some(store) = self.store.clone() else {
            let outcomes = vec![Outcome::Refused(Refusal::Unavailable); batch.changes.len()];
            return self.report(Input::Stored { first: batch.first, outcomes });
        };
        let life = self.life;
        self.tasks.spawn(async move {
            let (outcomes, trouble) = store.commit(&batch.changes).await;
            (life, Ended::Committed(batch, outcomes, trouble))
        });
    }

    /// Sends what was asked, as long as there is a way.
    fn ask(&mut self) {
        while !self.asked.is_empty() && self.rounds < ROUNDS_MAX {
            let Some(store) = self.store.clone() else {
                for (fetch, _) in std::mem::take(&mut self.asked) {
                    let result = Err(FetchError::Unavailable);
                    self.report(Input::Fetched { fetch, result });
                }
                return;
            };
            let mut lookups = Vec::new();
            let mut whose = Vec::new();
            // The oldest first; one that is too long for any round goes alone.
            let fits = |lookups: &Vec<Lookup>, more: usize| {
                lookups.is_empty() || lookups.len() + more <= LOOKUPS_MAX
            };
            let mut rest = Vec::new();
            for (fetch, more) in std::mem::take(&mut self.asked) {
                if rest.is_empty() && fits(&lookups, more.len()) {
                    whose.push((fetch, more.len()));
                    lookups.extend(more);
                } else {
                    rest.push((fetch, more));
                }
            }
            self.asked = rest;
            self.rounds += 1;
            let life = self.life;
            self.tasks.spawn(async move {
                let found = store.fetch(&lookups).await;
                (life, Ended::Fetched(whose, found))
            });
        }
    }

    fn ping(&mut self) {
        let Some(store) = self.store.clone() else { return };
        self.pinging = true;
        let life = self.life;
        self.tasks.spawn(async move { (life, Ended::Pinged(store.ping().await)) });
    }

    fn on_ended(&mut self, life: u64, ended: Ended<C::Store>) {
        self.heard = Instant::now();
        match ended {
            Ended::Connected(Ok(store)) => {
                self.store = Some(Arc::new(store));
                self.life += 1;
                self.tell(News::Opened);
            }
            Ended::Connected(Err(trouble)) => self.tell(News::Unreachable(failure(trouble))),
            Ended::Fetched(whose, Ok(found)) => {
                self.rounds -= 1;
                let mut found = found.into_iter();
                for (fetch, count) in whose {
                    let answers: Vec<Found> = found.by_ref().take(count).collect();
                    // A store that answers too little has not answered.
                    let whole = answers.len() == count;
                    let result = whole.then_some(answers).ok_or(FetchError::Unavailable);
                    self.report(Input::Fetched { fetch, result });
                }
            }
            Ended::Fetched(whose, Err(trouble)) => {
                self.rounds -= 1;
                self.on_trouble(life, trouble);
                for (fetch, _) in whose {
                    let result = Err(FetchError::Unavailable);
                    self.report(Input::Fetched { fetch, result });
                }
            }
            Ended::Committed(batch, outcomes, trouble) => {
                // The loss goes first: what is decided on it is not sent the same way again.
                if let Some(trouble) = trouble {
                    self.on_trouble(life, trouble);
                }
                self.report(Input::Stored { first: batch.first, outcomes });
            }
            Ended::Pinged(result) => {
                self.pinging = false;
                if let Err(trouble) = result {
                    self.on_trouble(life, trouble);
                }
            }
        }
    }

    fn on_trouble(&mut self, life: u64, trouble: Trouble) {
        if trouble.lost && life == self.life && self.store.take().is_some() {
            self.tell(News::Lost(failure(trouble)));
        }
    }

    fn tell(&self, news: News) {
        self.report(Input::Backend(Backend::Leases, news));
    }

    /// When the reactor is gone nobody needs to know.
    fn report(&self, input: Input) {
        let _ = self.done.send(input);
    }
}

fn failure(trouble: Trouble) -> StoreFailure {
    StoreFailure { what: trouble.what }
}
