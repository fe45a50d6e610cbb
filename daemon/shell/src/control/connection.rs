//! One client, within its limits.

use std::io;
use std::time::Duration;

use lessor_env::{Env, Stream};

use super::Desk;
use super::commands::{self, Done};
use super::envelope::{self, Answer};
use super::framing::{Framed, Framing};
use crate::notice::Notice;
use crate::request::Request;
use crate::waiting::within;

/// How long a client may be silent, or not take more of its answer.
const SILENCE_MAX: Duration = Duration::from_secs(10);
/// How long a command may be, in octets.
/// A configuration of many thousand subnets, everything written out, fits.
pub(super) const COMMAND_MAX: usize = 32 << 20;
/// How much is read or written at once, in octets.
const PIECE: usize = 32 << 10;
/// How long a client may take to notice that it was answered.
const PARTING: Duration = Duration::from_secs(1);

/// Reads a command, answers it, and does what is to follow.
pub(super) async fn serve<E: Env>(mut stream: E::Stream, desk: &Desk<E>) {
    let env = &desk.env;
    let Ok(text) = read(env, &mut stream).await else {
        return;
    };
    // A long one takes its time, and the loop has none; so does a long answer.
    let read = match text {
        Ok(text) => match env.aside(move || envelope::read(&text)).await {
            Some(read) => read,
            None => return,
        },
        Err(answer) => Err(answer),
    };
    let (name, done) = match read {
        Ok(call) => (call.name.clone(), commands::run(call, desk).await),
        Err(answer) => (String::new(), Done::from(answer)),
    };
    desk.telemetry.note(Notice::Commanded { name, result: done.answer.result });
    let Done { answer, stop } = done;
    let Some(octets) = env.aside(move || answer.octets()).await else {
        return;
    };
    let answered = write(env, &mut stream, &octets).await;
    if let Some(exit) = stop {
        // After the answer, so that whoever asked hears of it.
        let _ = desk.requests.send(Request::Stop { exit }).await;
    }
    if answered.is_ok() {
        part(env, &mut stream).await;
    }
}

/// The text of one command, or the answer to what is none. An error: the client is gone.
async fn read(env: &impl Env, stream: &mut impl Stream) -> io::Result<Result<String, Answer>> {
    let mut framing = Framing::default();
    let mut octets = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        let read = match within(env, SILENCE_MAX, stream.read(&mut piece)).await {
            Some(read) => read?,
            None => return Ok(Err(timed_out(octets.len()))),
        };
        if read == 0 {
            if octets.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            // What is missing is best said by whoever reads the text.
            return Ok(text(octets));
        }
        let got = piece.get(..read).unwrap_or_default();
        let framed = framing.feed(got);
        let taken = match framed {
            Framed::Whole(end) => got.get(..end).unwrap_or(got),
            Framed::Partial | Framed::Stray(_) => got,
        };
        octets.extend_from_slice(taken);
        match framed {
            _ if octets.len() > COMMAND_MAX => {
                let told = format!("a command has at most {COMMAND_MAX} octets");
                return Ok(Err(Answer::error(told)));
            }
            Framed::Whole(_) => return Ok(text(octets)),
            Framed::Stray(octet) => {
                let stray = char::from(octet);
                return Ok(Err(Answer::error(format!("invalid first character {stray}"))));
            }
            Framed::Partial => {}
        }
    }
}

fn text(octets: Vec<u8>) -> Result<String, Answer> {
    String::from_utf8(octets).map_err(|_| Answer::error("the command is not UTF-8"))
}

fn timed_out(discarded: usize) -> Answer {
    let mut told = "Connection over control channel timed out".to_owned();
    if discarded > 0 {
        told.push_str(&format!(", discarded partial command of {discarded} bytes"));
    }
    Answer::error(told)
}

async fn write(env: &impl Env, stream: &mut impl Stream, octets: &[u8]) -> io::Result<()> {
    for piece in octets.chunks(PIECE) {
        let written = within(env, SILENCE_MAX, stream.write_all(piece)).await;
        written.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))?;
    }
    stream.shutdown().await
}

/// Waits for the client to close: octets that it sent and nobody read would turn its end of file
/// into an error.
async fn part(env: &impl Env, stream: &mut impl Stream) {
    let mut rest = [0; 512];
    let _ = within(env, PARTING, async {
        while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
    })
    .await;
}
