//! Any text is a configuration or a list of diagnostics; what is lawful means the same when it is
//! written and read again.
#![no_main]

use lessor_config::Config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Config::parse(text, "fuzz") {
        Ok((config, _)) => {
            let written = config.to_json();
            let again = Config::parse(&written, "again");
            assert_eq!(again.map(|(config, _)| config).ok(), Some(config), "{written}");
        }
        Err(diagnostics) => {
            assert!(diagnostics.has_errors());
            assert!(!diagnostics.to_string().is_empty());
        }
    }
});
