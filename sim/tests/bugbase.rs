//! Every kept schedule still shows what it showed, and nothing breaks without a planted bug.

use std::path::Path;

use lessor_sim::bugbase::Kept;

#[test]
fn kept_schedules_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bugbase");
    let mut judged = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder is part of the crate") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("the file can be read");
        let kept: Kept = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if let Err(told) = kept.judge() {
            panic!("{}: {told}", path.display());
        }
        judged += 1;
    }
    assert!(judged > 0, "no schedule in {}", folder.display());
}
