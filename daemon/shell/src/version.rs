//! What this program is, as the command line and the commands tell it.

/// The version alone.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The version, and what the program is made with: a line each.
#[must_use]
pub fn extended() -> String {
    format!("{VERSION}\nlessor\nlease backends:\n- Memfile (Kea's CSV), synced\n")
}

/// How the program was built.
#[must_use]
pub fn build_report() -> String {
    let checks = if cfg!(debug_assertions) { "on" } else { "off" };
    format!(
        "lessor {VERSION}\ntarget: {}-{}\ndebug assertions: {checks}\n",
        std::env::consts::ARCH,
        std::env::consts::OS,
    )
}
