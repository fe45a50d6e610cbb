//! `config-reload` with 10,000 subnets while clients ask: how long until the new configuration
//! answers, and how long nobody is answered meanwhile.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::{Book, pair};
use crate::bench::Settings;
use crate::bench::bed::Bed;
use crate::bench::figures::Figures;
use crate::bench::subject::{EVERY, LIFETIME, NOBODY, Running, Shape, Subject, Watch, await_reply};

pub(crate) const PART: &str = "reload";
pub(crate) const TIME: &str = "config-reload until the new configuration answers";
/// The relay's own subnet comes on top of them.
const OTHERS: u32 = 9_999;
/// How often one process reloads.
const RELOADS: u32 = 2;
const PATIENCE: Duration = Duration::from_secs(60);
/// How long answers are watched before and after.
const CALM: Duration = Duration::from_millis(500);

pub(crate) fn measure(bed: &Bed, settings: &Settings, figures: &mut Figures) -> Result<()> {
    let mut book = Book { part: PART, figures };
    for round in 1..=settings.pairs {
        for subject in pair(settings) {
            one(bed, subject, round, &mut book)?;
        }
    }
    Ok(())
}

fn one(bed: &Bed, subject: Subject, round: u32, book: &mut Book<'_>) -> Result<()> {
    let shape = Shape { others: OTHERS, ..Shape::WIDE };
    let mut server = Running::start(bed, subject, shape)?;
    let name = subject.name();
    book.less(name, "start until the first answer", "s", server.started.as_secs_f64());
    for reload in 1..=RELOADS {
        let mut watch = Watch::start(bed, NOBODY, EVERY)?;
        server.await_answer(&mut watch, None, PATIENCE)?;
        thread::sleep(CALM);
        let lifetime = LIFETIME + reload;
        let (told, reply) = server.reload(Shape { lifetime, ..shape })?;
        let answered = server.await_answer(&mut watch, Some(lifetime), PATIENCE)?;
        await_reply(reply, PATIENCE)?;
        thread::sleep(CALM);
        let seen = watch.end()?;
        let count = |what: &str| seen[what].as_f64().unwrap_or(f64::NAN);
        let millis = (answered - told).as_secs_f64() * 1e3;
        let gap = count("longest-gap-ns") / 1e6;
        let lost = count("asked") - count("answered");
        println!(
            "{round}. {subject:16} {millis:7.1} ms, silent for {gap:7.1} ms, {lost:.0} not answered"
        );
        book.less(name, TIME, "ms", millis);
        book.less(name, "the longest time without an answer", "ms", gap);
        book.less(name, "DISCOVERs without an answer, of 1,000/s", "", lost);
    }
    server.stop()
}
