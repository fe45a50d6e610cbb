//! What clients are called, as a tree again.

use crate::CharSet;
use crate::json::Map;
use crate::model::{Naming, Replace};

/// `map` with all settings.
pub(super) fn write(map: Map, naming: &Naming) -> Map {
    let replace = match naming.replace {
        Replace::Never => "never",
        Replace::Always => "always",
        Replace::WhenPresent => "when-present",
        Replace::WhenNotPresent => "when-not-present",
    };
    map.with("ddns-send-updates", naming.send_updates)
        .with("ddns-override-no-update", naming.override_no_update)
        .with("ddns-override-client-update", naming.override_client_update)
        .with("ddns-replace-client-name", replace)
        .with("ddns-generated-prefix", naming.generated_prefix.as_str())
        .with("ddns-qualifying-suffix", naming.qualifying_suffix.as_str())
        .with("hostname-char-set", naming.char_set.as_ref().map_or("", CharSet::text))
        .with("hostname-char-replacement", naming.char_replacement.as_str())
}
