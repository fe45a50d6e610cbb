//! What all hosts of one run share.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use lessor_shell::config_file::Shelf;
use lessor_sim::draw::{Kind, between, draw, log_between};
use lessor_sim::field::{Field, flawed};
use lessor_sim::planted::Bug;
use lessor_sim::schedule::{DiskCall, Flaw, Schedule};
use lessor_sim::time::Ns;
use lessor_types::{Now, Prng, Seed};

/// What all hosts of one run share. Clones are the same.
#[derive(Clone)]
pub struct Ground(Arc<Shared>);

struct Shared {
    field: Mutex<Field>,
    schedule: Schedule,
    bug: Option<Bug>,
    /// While the server's process stands still: its tasks that would go on.
    waiting: Mutex<Option<Vec<Waker>>>,
    /// Which of the schedule's configurations the server's file has.
    config: AtomicUsize,
    /// Which life of the server this is.
    life: AtomicU64,
    /// What the server's disk is to do wrong, where the engine's cannot.
    disk: Mutex<Faults>,
    /// What is wrong with the configuration in the server's file.
    flaw: Mutex<Option<Flaw>>,
    /// How many calls to the disk there were.
    disk_calls: AtomicU64,
    /// How long a sync takes at most, in microseconds.
    disk_us: AtomicU64,
}

/// What a disk is to do wrong.
#[derive(Debug, Default)]
struct Faults {
    failing: Vec<DiskCall>,
    room: Option<u64>,
}

impl Ground {
    /// The beginning of a schedule, with a planted bug or without.
    ///
    /// # Errors
    /// A configuration of it that is not lawful.
    pub fn new(schedule: &Schedule, bug: Option<Bug>, recording: bool) -> Result<Self, String> {
        let mut field = Field::new(schedule, recording)?;
        if let Some(bug) = bug {
            field.plant(bug);
        }
        Ok(Self(Arc::new(Shared {
            field: Mutex::new(field),
            disk_us: AtomicU64::new(schedule.store.latency_us),
            schedule: schedule.clone(),
            bug,
            waiting: Mutex::new(None),
            disk: Mutex::default(),
            flaw: Mutex::new(None),
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

    /// What the server's clocks show at a true time.
    #[must_use]
    pub fn now(&self, t: Ns) -> Now {
        self.field().server_clock(t)
    }

    /// The server's process stands still, or goes on.
    pub fn stand_still(&self, still: bool) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if still {
            waiting.get_or_insert_default();
            return;
        }
        let tasks = waiting.take();
        drop(waiting);
        tasks.into_iter().flatten().for_each(Waker::wake);
    }

    /// Whether the server's process stands still; then the task is woken when it goes on.
    pub(crate) fn stands_still(&self, task: &Waker) -> bool {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let tasks = waiting.as_mut();
        tasks.is_some_and(|tasks| {
            tasks.push(task.clone());
            true
        })
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

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.0.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next call of this kind to the server's disk fails.
    pub fn fail_disk(&self, call: DiskCall) {
        self.faults().failing.push(call);
    }

    /// There is room for so many octets more on the server's disk, or for whatever comes.
    pub fn fill_disk(&self, room: Option<u64>) {
        self.faults().room = room;
    }

    /// The server's disk does nothing wrong any more.
    pub fn heal_disk(&self) {
        *self.faults() = Faults::default();
    }

    /// Whether a call to the disk fails that begins now.
    pub(crate) fn fails(&self, call: DiskCall) -> bool {
        let mut faults = self.faults();
        let place = faults.failing.iter().position(|other| *other == call);
        place.map(|place| faults.failing.swap_remove(place)).is_some()
    }

    /// How many of so many octets fit on the disk, which are written now.
    pub(crate) fn takes(&self, octets: usize) -> usize {
        match &mut self.faults().room {
            None => octets,
            Some(room) => {
                let fits = usize::try_from(*room).unwrap_or(usize::MAX).min(octets);
                *room -= fits as u64;
                fits
            }
        }
    }

    /// A flaw comes into the configuration in the server's file, or goes.
    pub fn spoil_config(&self, flaw: Option<Flaw>) {
        *self.0.flaw.lock().unwrap_or_else(PoisonError::into_inner) = flaw;
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
        let flaw = *self.0.flaw.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flaw) = flaw {
            return flawed(Self::text(self, config), flaw);
        }
        self.field().config_read(config);
        Self::text(self, config).to_owned()
    }
}
