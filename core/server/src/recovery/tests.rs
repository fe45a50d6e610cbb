//! The databases, under a test that plays the shell.

use lessor_config::OnFail;

use super::*;

const KEPT: Backend = Backend::Leases;

fn recovery(tries_max: u32, on_fail: OnFail, at_start: bool) -> Recovery {
    Recovery { tries_max, wait: 1000, on_fail, at_start }
}

fn why() -> StoreFailure {
    StoreFailure { what: "nobody answers".to_owned() }
}

/// Databases under test, and what they wanted done so far.
struct Stage {
    backends: Backends,
    now: Now,
}

impl Stage {
    fn with(recovery: Recovery) -> Self {
        let now = Now { mono: Mono::ZERO, wall: Wall::from_secs(1_700_000_000) };
        Self { backends: Backends::new([(KEPT, recovery)], Seed(3)), now }
    }

    fn opened(recovery: Recovery) -> Self {
        let mut stage = Self::with(recovery);
        stage.backends.opened(KEPT);
        stage.acts();
        stage
    }

    fn acts(&mut self) -> Vec<Act> {
        std::iter::from_fn(|| self.backends.poll()).collect()
    }

    fn lose(&mut self) -> Vec<Act> {
        self.backends.lost(KEPT, self.now, why());
        self.acts()
    }

    fn fail(&mut self) -> Vec<Act> {
        self.backends.unreachable(KEPT, self.now, why());
        self.acts()
    }

    /// Passes the time until the next try; how long that was.
    fn wait(&mut self) -> Option<Duration> {
        let at = self.backends.next_deadline()?;
        let pause = at.since(self.now.mono);
        self.now = Now { mono: at, ..self.now };
        self.backends.advance(at);
        assert_eq!(self.acts(), [Act::Connect(KEPT)]);
        Some(pause)
    }

    /// Fails every try until something else is wanted; how many there were.
    fn exhaust(&mut self) -> (u32, Vec<Act>) {
        for tries in 1..100 {
            let acts = self.fail();
            if !acts.is_empty() {
                return (tries, acts);
            }
            let pause = self.wait().expect("it is tried again");
            assert!((1000..1125).contains(&pause.as_millis()), "{pause:?}");
        }
        panic!("it is tried for ever");
    }
}

fn given_up(exit: bool) -> Act {
    Act::GivenUp { backend: KEPT, why: why(), exit }
}

#[test]
fn a_lost_database_is_tried_as_often_as_was_asked_for_and_at_once() {
    for on_fail in [OnFail::StopRetryExit, OnFail::ServeRetryExit] {
        let mut stage = Stage::opened(recovery(3, on_fail, false));
        let lost = stage.lose();
        let stops = on_fail.stops();
        assert_eq!(lost.contains(&Act::Disable(KEPT)), stops);
        assert_eq!(lost.last(), Some(&Act::Connect(KEPT)));
        assert!(stage.lose().is_empty(), "it is lost already");
        // One at once, and three that were asked for.
        assert_eq!(stage.exhaust(), (4, vec![given_up(true)]));
        assert_eq!(stage.backends.next_deadline(), None);
        stage.backends.opened(KEPT);
        assert!(stage.acts().is_empty(), "the server is on its way out");
    }
}

#[test]
fn a_server_that_goes_on_without_tries_ever_less_often() {
    let mut stage = Stage::opened(recovery(2, OnFail::ServeRetryContinue, false));
    assert!(!stage.lose().contains(&Act::Disable(KEPT)));
    let (tries, acts) = stage.exhaust();
    assert_eq!((tries, acts), (3, vec![given_up(false), Act::Enable(KEPT)]));
    let mut pauses = Vec::new();
    for _ in 0..9 {
        pauses.extend(stage.wait());
        assert!(stage.fail().is_empty());
    }
    let secs: Vec<u64> = pauses.iter().map(Duration::as_secs).collect();
    assert_eq!(secs.first(), Some(&1));
    assert!(secs.is_sorted_by(|a, b| *a <= *b + 7), "{secs:?}");
    assert!(secs.last().is_some_and(|last| (60..68).contains(last)), "{secs:?}");
    stage.wait();
    stage.backends.opened(KEPT);
    assert_eq!(stage.acts(), [Act::Opened(KEPT), Act::Enable(KEPT)]);
    assert_eq!(stage.backends.reach().next().and_then(|reach| reach.down), None);
}

#[test]
fn what_comes_back_in_time_has_all_its_tries_again() {
    let mut stage = Stage::opened(recovery(3, OnFail::StopRetryExit, false));
    for _ in 0..3 {
        stage.lose();
        stage.fail();
        stage.wait();
        stage.fail();
        stage.wait();
        let down = stage.backends.reach().next().and_then(|reach| reach.down);
        assert_eq!(down.map(|down| down.tries_left), Some(1));
        stage.backends.opened(KEPT);
        assert_eq!(stage.acts(), [Act::Opened(KEPT), Act::Enable(KEPT)]);
    }
}

#[test]
fn without_recovery_a_cut_connection_is_no_loss_but_a_dead_database_is() {
    let none = Recovery { tries_max: 5, wait: 0, ..Recovery::default() };
    let mut stage = Stage::opened(none);
    stage.lose();
    stage.backends.opened(KEPT);
    assert_eq!(stage.acts(), [Act::Opened(KEPT), Act::Enable(KEPT)]);
    stage.lose();
    assert_eq!(stage.fail(), [given_up(true)]);
}

#[test]
fn a_start_without_the_database_fails_unless_it_may_wait() {
    let mut stage = Stage::with(recovery(3, OnFail::ServeRetryContinue, false));
    assert_eq!(stage.acts(), [Act::Disable(KEPT), Act::Connect(KEPT)]);
    assert_eq!(stage.fail(), [given_up(true)]);

    let mut stage = Stage::with(recovery(3, OnFail::StopRetryExit, true));
    stage.acts();
    assert_eq!(stage.exhaust(), (4, vec![given_up(true)]));

    let mut stage = Stage::with(recovery(3, OnFail::ServeRetryExit, true));
    stage.acts();
    assert_eq!(stage.fail(), [Act::Enable(KEPT)], "who can be served is");
}

#[test]
fn servers_do_not_come_back_at_the_same_moment() {
    let first_pause = |seed| {
        let mut backends =
            Backends::new([(KEPT, recovery(3, OnFail::StopRetryExit, true))], Seed(seed));
        let now = Now { mono: Mono::ZERO, wall: Wall::from_secs(0) };
        backends.unreachable(KEPT, now, why());
        backends.next_deadline()
    };
    let pauses: std::collections::BTreeSet<_> = (0..50).map(first_pause).collect();
    assert!(pauses.len() > 45);
}
