//! What all hosts of one run share.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lessor_shell::config_file::Shelf;
use lessor_sim::draw::{Kind, between, draw, log_between};
use lessor_sim::field::Field;
use lessor_sim::planted::Bug;
use lessor_sim::schedule::Schedule;
use lessor_sim::time::Clock;
use lessor_types::{Prng, Seed};

/// What all hosts of one run share. Clones are the same.
#[derive(Clone)]
pub struct Ground(Arc<Shared>);

struct Shared {
    field: Mutex<Field>,
    schedule: Schedule,
    bug: Option<Bug>,
    clock: Clock,
    /// Which of the schedule's configurations the server's file has.
    config: AtomicUsize,
    /// Which life of the server this is.
    life: AtomicU64,
    /// How many calls to the disk there were.
    disk_calls: AtomicU64,
    /// How long a sync takes at most, in microseconds.
    disk_us: AtomicU64,
}

impl Ground {
    /// The beginning of a schedule, with a planted bug or without.
    ///
    /// # Errors
    /// A configuration of it that is not lawful.
    pub fn new(schedule: &Schedule, bug: Option<Bug>, recording: bool) -> Result<Self, String> {
        let clock = Clock::new(schedule.servers.first().copied().unwrap_or_default());
        Ok(Self(Arc::new(Shared {
            field: Mutex::new(Field::new(schedule, recording)?),
            disk_us: AtomicU64::new(schedule.store.latency_us),
            schedule: schedule.clone(),
            bug,
            clock,
            config: AtomicUsize::new(0),
            life: AtomicU64::new(0),
            disk_calls: AtomicU64::new(0),
        })))
    }

    /// What is around the server. Nobody waits while having it.
    pub fn field(&self) -> MutexGuard<'_, Field> {
        self.0.field.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The schedule.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.0.schedule
    }

    /// The planted bug.
    #[must_use]
    pub fn bug(&self) -> Option<Bug> {
        self.0.bug
    }

    /// The server's clocks.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.0.clock
    }

    /// Which of the schedule's configurations is in the server's file.
    #[must_use]
    pub fn config(&self) -> usize {
        self.0.config.load(Ordering::Relaxed)
    }

    /// Puts another configuration into the server's file.
    pub fn write_config(&self, config: usize) {
        self.0.config.store(config, Ordering::Relaxed);
    }

    /// The text of a configuration.
    #[must_use]
    pub fn text(&self, config: usize) -> &str {
        self.0.schedule.configs.get(config).map_or("", String::as_str)
    }

    /// Counts a new life of the server.
    #[must_use]
    pub fn new_life(&self) -> u64 {
        self.0.life.fetch_add(1, Ordering::Relaxed)
    }

    /// A draw that belongs to an entity of this run.
    #[must_use]
    pub fn draw(&self, kind: Kind, entity: u32, number: u64) -> Prng {
        draw(Seed(self.0.schedule.seed), kind, entity, 1, number)
    }

    /// How long the next call to the disk takes.
    #[must_use]
    pub fn disk_time(&self) -> Duration {
        let number = self.0.disk_calls.fetch_add(1, Ordering::Relaxed);
        let mut rng = self.draw(Kind::Disk, 0, number);
        let most = self.0.disk_us.load(Ordering::Relaxed);
        Duration::from_micros(between(&mut rng, most.min(100), most))
    }

    /// Syncs take so long at most, in milliseconds, or as long as usual.
    pub fn slow_disk(&self, max_ms: Option<u64>) {
        let usual = self.0.schedule.store.latency_us;
        self.0.disk_us.store(max_ms.map_or(usual, |ms| ms * 1000), Ordering::Relaxed);
    }

    /// A pause between two commands of the operator.
    #[must_use]
    pub fn pause(&self, number: u64) -> (Duration, u64) {
        let mut rng = self.draw(Kind::Op, u32::MAX, number);
        let millis = log_between(&mut rng, 500, 10_000);
        (Duration::from_millis(millis), rng.next_u64())
    }
}

impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ground").field("seed", &self.0.schedule.seed).finish_non_exhaustive()
    }
}

/// The server's configuration file.
impl Shelf for Ground {
    fn text(&self) -> String {
        let config = self.config();
        self.field().config_read(config);
        Self::text(self, config).to_owned()
    }
}
