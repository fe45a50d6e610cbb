//! Files that are made from the code and kept beside it.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};
use lessor_config::keys;

use crate::{command, none_expected};

/// Each file, from the root of the tree, and what belongs in it.
fn files() -> Vec<(&'static str, String)> {
    vec![
        ("docs/config-keys.md", keys::page()),
        ("docs/messages.md", lessor_messages::page::page()),
        ("fuzz/dictionaries/kea.dict", keys::dictionary()),
    ]
}

/// Writes all of them.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    none_expected(arguments)?;
    for (name, text) in files() {
        let path = command::root().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        println!("{name}");
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_from_the_code_is_current() {
        for (name, text) in files() {
            let found = fs::read_to_string(command::root().join(name)).unwrap_or_default();
            assert!(found == text, "{name} is not current: run `cargo xtask docs`");
        }
    }
}
