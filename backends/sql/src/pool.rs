//! A bounded number of connections, opened when they are needed.
//!
//! The drivers' own pools ask a connection for a sign of life each time that it is given back: a
//! round trip for each that does something. Here a connection that failed is not kept, and when
//! one is lost the idle ones go with it, since they led to the same server.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::dialect::Dialect;
use crate::failure::{Class, Failure};

/// How connections are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many there are at most.
    pub connections_max: u8,
    /// How long opening one may take.
    pub connect_within: Duration,
    /// How long an answer may take, a place among the connections included.
    pub answer_within: Duration,
}

impl Default for Limits {
    /// Four connections; five seconds to connect, as in Kea; half a minute for an answer.
    fn default() -> Self {
        Self {
            connections_max: 4,
            connect_within: Duration::from_secs(5),
            answer_within: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Waits for a connection to `place`, as long as that may take.
    ///
    /// # Errors
    /// The failure that it is, or [`Class::Unavailable`] if there was none in time.
    pub async fn connect<C>(
        &self,
        connecting: impl Future<Output = Result<C, Failure>>,
        place: &str,
    ) -> Result<C, Failure> {
        match timeout(self.connect_within, connecting).await {
            Ok(connected) => connected.map_err(Failure::before_writing),
            Err(_) => {
                let seconds = self.connect_within.as_secs_f32();
                let what = format!("{place}: no connection within {seconds} s");
                Err(Failure::new(Class::Unavailable, what))
            }
        }
    }
}

/// How it stands between this server and its database.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// Whether the last that was heard of the database was an answer.
    pub is_up: bool,
    /// Since when.
    pub since: Instant,
    /// The last failure that a whole connection had.
    pub last_failure: Option<Failure>,
}

struct Idle<C> {
    connections: Vec<C>,
    /// Rises with each loss: what was lent before is not taken back.
    generation: u64,
    health: Health,
}

/// The connections of one store.
pub struct Pool<D: Dialect> {
    dialect: D,
    limits: Limits,
    places: Semaphore,
    idle: Mutex<Idle<D::Connection>>,
}

/// A connection on loan. If it is not given back, it is gone.
pub struct Loan<'a, C> {
    /// The connection.
    pub connection: C,
    /// Whether it lay idle before, so that its server may have gone away since.
    pub was_idle: bool,
    generation: u64,
    _place: SemaphorePermit<'a>,
}

impl<D: Dialect> Pool<D> {
    /// A pool without any connection yet.
    #[must_use]
    pub fn new(dialect: D, limits: Limits) -> Self {
        let health = Health { is_up: true, since: Instant::now(), last_failure: None };
        Self {
            dialect,
            limits,
            places: Semaphore::new(usize::from(limits.connections_max.max(1))),
            idle: Mutex::new(Idle { connections: Vec::new(), generation: 0, health }),
        }
    }

    /// The kind of database.
    pub const fn dialect(&self) -> &D {
        &self.dialect
    }

    /// How it stands.
    #[must_use]
    pub fn health(&self) -> Health {
        self.idle().health.clone()
    }

    /// A connection.
    ///
    /// # Errors
    /// [`Failure`] if there is none to be had; nothing was sent then.
    pub async fn lend(&self) -> Result<Loan<'_, D::Connection>, Failure> {
        let place = timeout(self.limits.answer_within, self.places.acquire()).await;
        let place = match place {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Err(Failure::new(Class::Unavailable, "the store was closed")),
            Err(_) => {
                let what = "no connection became free in time: the database is too slow";
                return Err(Failure::new(Class::Unavailable, what));
            }
        };
        let (idle, generation) = {
            let mut idle = self.idle();
            (idle.connections.pop(), idle.generation)
        };
        let was_idle = idle.is_some();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open().await?,
        };
        Ok(Loan { connection, was_idle, generation, _place: place })
    }

    async fn open(&self) -> Result<D::Connection, Failure> {
        let connected = self.limits.connect(self.dialect.connect(), self.dialect.place()).await;
        if let Err(failure) = &connected {
            self.lost(failure);
        }
        connected
    }

    /// Takes a connection back after an exchange that went as `result` says.
    pub fn give_back<T>(&self, loan: Loan<'_, D::Connection>, result: &Result<T, Failure>) {
        match result {
            Err(failure) if failure.class.is_loss() => self.lost(failure),
            _ => {
                let mut idle = self.idle();
                if !idle.health.is_up {
                    idle.health.is_up = true;
                    idle.health.since = Instant::now();
                }
                if idle.generation == loan.generation && !self.places.is_closed() {
                    idle.connections.push(loan.connection);
                }
            }
        }
    }

    /// Waits for an answer, as long as answers may take.
    ///
    /// # Errors
    /// The failure that it is, or [`Class::Unknown`] if there was none in time.
    pub async fn answer<T>(
        &self,
        exchange: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match timeout(self.limits.answer_within, exchange).await {
            Ok(result) => result,
            Err(_) => {
                let seconds = self.limits.answer_within.as_secs_f32();
                let what = format!("the database did not answer within {seconds} s");
                Err(Failure::new(Class::Unknown, what))
            }
        }
    }

    /// Closes all connections; what is on loan ends when it is given back.
    pub async fn close(&self) {
        self.places.close();
        let connections = std::mem::take(&mut self.idle().connections);
        for connection in connections {
            self.dialect.close(connection).await;
        }
    }

    fn lost(&self, failure: &Failure) {
        let mut idle = self.idle();
        idle.generation += 1;
        idle.connections.clear();
        if idle.health.is_up {
            idle.health.is_up = false;
            idle.health.since = Instant::now();
        }
        idle.health.last_failure = Some(failure.clone());
    }

    fn idle(&self) -> MutexGuard<'_, Idle<D::Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
