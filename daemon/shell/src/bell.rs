//! Wakers that remember: who was not woken need not be asked.
//!
//! A loop with many sources asks all of them whenever one has something, and nearly all have nothing.
//! A source that said so and was given the waker of a [`Bells`] has nothing until that bell rings.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

/// A bell for each of `N` sources, at most 32, for one task that waits for all of them.
#[derive(Debug)]
pub struct Bells<const N: usize> {
    board: Arc<Board>,
    wakers: [Waker; N],
}

/// Some of the bells, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rung(u32);

impl Rung {
    /// Whether the bell of this number is among them.
    #[must_use]
    pub const fn has(self, number: usize) -> bool {
        self.0 & 1 << number != 0
    }

    /// These bells and those.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Puts the bell of this number among them.
    pub const fn add(&mut self, number: usize) {
        self.0 |= 1 << number;
    }

    /// Takes the bell of this number from them.
    pub const fn remove(&mut self, number: usize) {
        self.0 &= !(1 << number);
    }
}

#[derive(Debug)]
struct Board {
    rung: AtomicU32,
    /// Who is to be woken.
    waiter: Mutex<Option<Waker>>,
}

impl Board {
    fn waiter(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waiter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Bell {
    board: Arc<Board>,
    bit: u32,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // If others have rung that nobody has taken note of, the waiter has been woken for them.
        if self.board.rung.fetch_or(self.bit, Ordering::AcqRel) == 0 {
            // Not woken under the lock: it may be awake at once, and would have to wait for that.
            let waiter = self.board.waiter().clone();
            if let Some(waiter) = waiter {
                waiter.wake();
            }
        }
    }
}

impl<const N: usize> Default for Bells<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Bells<N> {
    const ALL: u32 = {
        assert!(0 < N && N <= 32);
        u32::MAX >> (32 - N)
    };

    /// Bells that have all rung, since nobody has been asked yet.
    #[must_use]
    pub fn new() -> Self {
        let board = Board { rung: AtomicU32::new(Self::ALL), waiter: Mutex::new(None) };
        let board = Arc::new(board);
        let waker =
            |number| Arc::new(Bell { board: Arc::clone(&board), bit: 1_u32 << number }).into();
        Self { wakers: std::array::from_fn(waker), board }
    }

    /// What a source is asked with.
    #[must_use]
    pub const fn context(&self, number: usize) -> Context<'_> {
        Context::from_waker(&self.wakers[number])
    }

    /// Which bells have rung since this was last asked, or [`Bells::take`]. The task of `context` is
    /// woken by the next that rings.
    #[must_use]
    pub fn listen(&self, context: &Context<'_>) -> Rung {
        // First the waiter, then the bells: one that rings in between is heard either way.
        let mut waiter = self.board.waiter();
        match &mut *waiter {
            Some(waiter) => waiter.clone_from(context.waker()),
            None => *waiter = Some(context.waker().clone()),
        }
        drop(waiter);
        self.take()
    }

    /// Which bells have rung since this was last asked, for whoever does not wait.
    #[must_use]
    pub fn take(&self) -> Rung {
        // Most of the time none has, and looking is cheaper than taking.
        match self.board.rung.load(Ordering::Acquire) {
            0 => Rung(0),
            _ => Rung(self.board.rung.swap(0, Ordering::AcqRel)),
        }
    }

    /// Rings one, for a source that cannot.
    pub fn ring(&self, number: usize) {
        self.wakers[number].wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::task::Poll;
    use std::time::Duration;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_bell_is_heard_once_and_wakes_whoever_waits() {
        let bells = Bells::<3>::new();
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let waiter = Context::from_waker(&waker);
        let all = bells.listen(&waiter);
        assert!((0..3).all(|number| all.has(number)), "nobody has been asked yet");
        assert_eq!(bells.listen(&waiter), Rung::default());

        bells.context(1).waker().wake_by_ref();
        bells.ring(2);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1, "the second finds it woken");
        let rung = bells.listen(&waiter);
        assert_eq!([0, 1, 2].map(|number| rung.has(number)), [false, true, true]);
        bells.context(0).waker().wake_by_ref();
        assert_eq!(woken.0.load(Ordering::Relaxed), 2);
        assert!(bells.take().has(0));
        assert_eq!(bells.take(), Rung::default());
    }

    #[tokio::test]
    async fn none_is_missed_from_another_thread() {
        let bells = Bells::<1>::new();
        let ringer = bells.context(0).waker().clone();
        let (ask, asked) = std::sync::mpsc::channel::<()>();
        let said = Arc::new(AtomicUsize::new(0));
        let own = Arc::clone(&said);
        let other = std::thread::spawn(move || {
            for () in asked {
                own.fetch_add(1, Ordering::Release);
                ringer.wake_by_ref();
            }
        });
        for round in 1..=2000 {
            ask.send(()).expect("it is there");
            let heard = std::future::poll_fn(|context| {
                let rung = bells.listen(context).has(0);
                match rung && said.load(Ordering::Acquire) == round {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            });
            let heard = tokio::time::timeout(Duration::from_secs(20), heard).await;
            heard.expect("woken in time");
        }
        drop(ask);
        other.join().expect("it only rings");
    }
}
