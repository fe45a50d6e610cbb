//! `selfcheck`: does the simulator repeat itself?

use std::io::Write;

use super::drawing::seed;
use super::{DIFFERENT, say};
use crate::hunt;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value = "1")]
    from: String,
}

impl Args {
    pub(super) fn execute(&self, out: &mut impl Write) -> Result<u8, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let from = seed(&self.from)?;
        match hunt::self_check(&program, from, self.seeds) {
            Ok(()) => say(out, &format!("{} seeds, five runs each: all the same\n", self.seeds)),
            Err(apart) => {
                say(out, &format!("{apart}\n"))?;
                Ok(DIFFERENT)
            }
        }
    }
}
