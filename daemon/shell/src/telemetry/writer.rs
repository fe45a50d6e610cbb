//! The thread that writes lines.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use lessor_env::Clock;
use lessor_types::Wall;

use super::layout::Layout;
use super::line::{Line, Said, What};
use super::outlet::{Outlet, Sink, Turn};
use super::plan::{CONSOLE, Plan, PlannedOutlet};
use super::{Entry, LINES_MAX, Overdue, Places, Shared};
use crate::notice::Notice;

/// How long lines may gather after some were written: under load, they go out in few large writes,
/// and whoever says one seldom has to wake this thread.
const GATHER: Duration = Duration::from_millis(10);
/// How long lines are held at places that are not to be written at once.
const HOLD: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    waiting: Receiver<Entry>,
    shared: Arc<Shared>,
    places: Places,
    clock: Arc<dyn Clock>,
    started: Wall,
    told_lost: u64,
    /// The console first.
    outlets: Vec<Outlet>,
    /// Places with what lines look like there.
    outputs: Vec<(usize, Layout)>,
    /// Which outputs a message goes to, by its index.
    routes: Vec<Vec<usize>>,
    turns: Vec<Turn>,
    words: String,
    scratch: String,
}

/// Whether anybody is left who could say something.
#[derive(PartialEq)]
enum Heard {
    More,
    Nothing,
    End,
}

impl Writer {
    pub(super) fn new(
        console: Sink,
        waiting: Receiver<Entry>,
        shared: Arc<Shared>,
        places: Places,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            started: clock.now().wall,
            waiting,
            shared,
            places,
            clock,
            told_lost: 0,
            outlets: vec![Outlet::console(console)],
            outputs: Vec::new(),
            routes: Vec::new(),
            turns: Vec::new(),
            words: String::new(),
            scratch: String::new(),
        }
    }

    pub(super) fn run(mut self) {
        let mut marks = Vec::new();
        loop {
            let heard = self.hear(&mut marks);
            self.tell_lost();
            self.tell_turns();
            self.write(heard != Heard::More || !marks.is_empty());
            if heard == Heard::End {
                return;
            }
            if marks.is_empty() {
                thread::sleep(GATHER);
            }
            marks.clear();
        }
    }

    /// Waits for something to write, and takes everything that waits.
    fn hear(&mut self, marks: &mut Vec<SyncSender<()>>) -> Heard {
        let held = self.outlets.iter().any(Outlet::holds);
        let first = match held {
            true => self.waiting.recv_timeout(HOLD),
            false => self.waiting.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let mut next = match first {
            Ok(entry) => Some(entry),
            Err(RecvTimeoutError::Timeout) => return Heard::Nothing,
            Err(RecvTimeoutError::Disconnected) => return Heard::End,
        };
        // Bounded, since what is held must go out even if there is always more.
        let mut left = LINES_MAX;
        while let Some(entry) = next {
            match entry {
                Entry::Line(line) => self.take(&line),
                Entry::Plan(plan) => self.adopt(*plan),
                Entry::Reopen => self.reopen(),
                Entry::Mark(mark) => marks.push(mark),
            }
            left -= 1;
            if left == 0 {
                return Heard::More;
            }
            next = self.waiting.try_recv().ok();
        }
        self.catch_up();
        Heard::More
    }

    /// Does what found no room in the queue, which is empty now.
    fn catch_up(&mut self) {
        let Overdue { plan, reopen } = std::mem::take(&mut *self.shared.overdue());
        if let Some(plan) = plan {
            self.adopt(*plan);
        } else if reopen {
            self.reopen();
        }
    }

    fn reopen(&mut self) {
        self.write(true);
        self.outlets.iter_mut().for_each(Outlet::close_file);
    }

    fn adopt(&mut self, plan: Plan) {
        self.write(true);
        self.outlets.truncate(CONSOLE + 1);
        for planned in plan.outlets {
            if let PlannedOutlet::Named(output) = planned {
                let mut outlet = Outlet::named(output);
                // What cannot be opened is told now, and not with the first line.
                outlet.open(&self.places, &mut self.turns);
                self.outlets.push(outlet);
            }
        }
        let started = self.started;
        let output = |it: super::plan::PlannedOutput| {
            let layout = it.pattern.map_or(Layout::Plain, |it| Layout::of(&it, started));
            (it.outlet, layout)
        };
        self.outputs = plan.outputs.into_iter().map(output).collect();
        self.routes = plan.routes;
    }

    fn take(&mut self, line: &Line) {
        self.words.clear();
        line.words(&mut self.words);
        let message = line.message();
        let said = Said { at: line.at, message, words: &self.words };
        let route = self.routes.get(message.index()).map_or(&[][..], Vec::as_slice);
        let mut homeless = false;
        for output in route {
            let Some((at, layout)) = self.outputs.get_mut(*output) else {
                continue;
            };
            let Some(outlet) = self.outlets.get_mut(*at) else {
                continue;
            };
            let taken = outlet.open(&self.places, &mut self.turns)
                && outlet.take(&said, layout, &mut self.scratch, &mut self.turns);
            homeless |= !taken;
            if outlet.is_full() {
                self.shared.lose(outlet.write(&mut self.turns));
            }
        }
        if homeless
            && !route.contains(&CONSOLE)
            && let Some(console) = self.outlets.get_mut(CONSOLE)
        {
            console.take(&said, &mut Layout::Plain, &mut self.scratch, &mut self.turns);
            if console.is_full() {
                self.shared.lose(console.write(&mut self.turns));
            }
        }
    }

    /// Writes what waits, at places that may hold it only if there is nothing else to do.
    fn write(&mut self, idle: bool) {
        for outlet in &mut self.outlets {
            if idle || outlet.is_prompt() {
                self.shared.lose(outlet.write(&mut self.turns));
            }
        }
    }

    fn say(&mut self, notice: Notice) {
        if self.shared.wants(notice.message()) {
            self.take(&Line { at: self.clock.now().wall, what: What::Notice(notice) });
        }
    }

    fn tell_lost(&mut self) {
        let lost = self.shared.lost.load(std::sync::atomic::Ordering::Relaxed);
        if lost > self.told_lost {
            let notice = Notice::LinesLost(lost - self.told_lost);
            self.told_lost = lost;
            self.say(notice);
        }
    }

    /// Says what became of places; what becomes of them meanwhile is told the next time.
    fn tell_turns(&mut self) {
        for turn in std::mem::take(&mut self.turns) {
            self.say(match turn {
                Turn::Failed(why) => Notice::LogPlaceFailed(why),
                Turn::Restored(place) => Notice::LogPlaceRestored(place),
                Turn::Trouble(what) => Notice::LogPlaceTrouble(what),
            });
        }
    }
}
