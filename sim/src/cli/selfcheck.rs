//! `selfcheck`: does the simulator repeat itself?

use std::io::Write;
use std::time::Instant;

use super::drawing::{Drawing, seed};
use super::{DIFFERENT, cores, say};
use crate::selfcheck::{hash_of, history_of, self_check};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 500)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value = "1")]
    from: String,
    #[command(flatten)]
    drawing: Drawing,
    /// Threads; as many as cores without it.
    #[arg(long)]
    jobs: Option<usize>,
}

impl Args {
    pub(super) fn execute(&self, out: &mut impl Write) -> Result<u8, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let (wish, _) = self.drawing.read()?;
        let from = seed(&self.from)?;
        let begin = Instant::now();
        match self_check(&program, wish, from, self.seeds, self.jobs.unwrap_or_else(cores)) {
            Ok(()) => {
                let told = format!(
                    "{} seeds from {from:#x}, each twice in one process, with a record and in a \
                     fresh process: all the same ({:.1} s)\n",
                    self.seeds,
                    begin.elapsed().as_secs_f64()
                );
                say(out, &told)
            }
            Err(apart) => {
                say(out, &format!("{apart}\n"))?;
                Ok(DIFFERENT)
            }
        }
    }
}

/// One seed, for whoever compares.
#[derive(clap::Args, Debug)]
pub(super) struct One {
    /// The seed.
    seed: String,
    #[command(flatten)]
    drawing: Drawing,
}

impl One {
    pub(super) fn hash(&self, out: &mut impl Write) -> Result<u8, String> {
        say(out, &hash_of(seed(&self.seed)?, self.drawing.read()?.0))
    }

    pub(super) fn history(&self, out: &mut impl Write) -> Result<u8, String> {
        say(out, &history_of(seed(&self.seed)?, self.drawing.read()?.0))
    }
}
