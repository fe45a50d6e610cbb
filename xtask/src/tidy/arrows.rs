//! Dependencies point downward, as ARCHITECTURE.md draws them.
//!
//! Dependencies of tests alone are free: a test may look at anything.

use cargo_metadata::{DependencyKind, Metadata, Package};

use super::{Finding, line_of};

/// What one crate may depend on.
struct Room {
    name: &'static str,
    /// Crates of the project.
    below: &'static [&'static str],
    /// Crates from outside.
    outside: Outside,
}

enum Outside {
    Any,
    Only(&'static [&'static str]),
}

const NONE: Outside = Outside::Only(&[]);

/// The house, from the ground up. A new arrow is a change of architecture: draw it there as well.
const ROOMS: &[Room] = &[
    Room { name: "lessor-types", below: &[], outside: NONE },
    Room { name: "lessor-messages", below: &[], outside: NONE },
    Room { name: "lessor-wire", below: &["lessor-types"], outside: NONE },
    Room { name: "lessor-lease", below: &["lessor-types"], outside: NONE },
    Room {
        name: "lessor-expression",
        below: &["lessor-types", "lessor-wire"],
        // `match`: time proportional to the input, and no dependencies of its own.
        outside: Outside::Only(&["regex-lite"]),
    },
    Room {
        name: "lessor-config",
        below: &["lessor-types", "lessor-wire", "lessor-expression"],
        outside: NONE,
    },
    Room {
        name: "lessor-policy",
        below: &[
            "lessor-types",
            "lessor-messages",
            "lessor-wire",
            "lessor-lease",
            "lessor-config",
            "lessor-expression",
        ],
        outside: NONE,
    },
    Room {
        name: "lessor-server",
        below: &[
            "lessor-types",
            "lessor-messages",
            "lessor-wire",
            "lessor-lease",
            "lessor-config",
            "lessor-policy",
        ],
        outside: NONE,
    },
    Room { name: "lessor-env", below: &["lessor-types"], outside: NONE },
    Room { name: "lessor-net", below: &["lessor-types", "lessor-env"], outside: Outside::Any },
    Room {
        name: "lessor-context",
        below: &["lessor-types", "lessor-lease"],
        outside: Outside::Only(&["serde", "serde_json"]),
    },
    Room {
        name: "lessor-sql",
        below: &["lessor-types", "lessor-lease", "lessor-context"],
        outside: Outside::Any,
    },
    Room { name: "lessor-postgresql", below: &["lessor-sql"], outside: Outside::Any },
    Room { name: "lessor-mysql", below: &["lessor-sql"], outside: Outside::Any },
    Room { name: "lessor-sqlite", below: &["lessor-sql"], outside: Outside::Any },
    Room {
        name: "lessor-store-contract",
        below: &["lessor-types", "lessor-lease", "lessor-sql"],
        outside: Outside::Any,
    },
    Room {
        name: "lessor-memfile",
        below: &["lessor-types", "lessor-lease", "lessor-env", "lessor-context"],
        outside: Outside::Any,
    },
    Room { name: "lessor-schema", below: &[], outside: Outside::Only(&["thiserror"]) },
    Room { name: "lessor-admin", below: &["lessor-schema"], outside: Outside::Any },
    // The testbed is for tests alone: no crate may depend on it otherwise.
    Room { name: "lessor-testbed", below: &[], outside: Outside::Any },
    Room {
        name: "lessor-shell",
        below: &[
            "lessor-types",
            "lessor-messages",
            "lessor-wire",
            "lessor-lease",
            "lessor-config",
            "lessor-policy",
            "lessor-server",
            "lessor-env",
            "lessor-memfile",
        ],
        outside: Outside::Any,
    },
    Room {
        name: "lessor",
        below: &[
            "lessor-types",
            "lessor-messages",
            "lessor-wire",
            "lessor-lease",
            "lessor-config",
            "lessor-policy",
            "lessor-server",
            "lessor-env",
            "lessor-net",
            "lessor-memfile",
            "lessor-sql",
            "lessor-postgresql",
            "lessor-mysql",
            "lessor-sqlite",
            "lessor-schema",
            "lessor-admin",
            "lessor-shell",
        ],
        outside: Outside::Any,
    },
    Room { name: "lessor-sim-disk", below: &["lessor-types", "lessor-env"], outside: Outside::Any },
    Room {
        name: "lessor-sim",
        below: &[
            "lessor-types",
            "lessor-wire",
            "lessor-lease",
            "lessor-config",
            "lessor-policy",
            "lessor-server",
            "lessor-env",
            "lessor-memfile",
            "lessor-shell",
            "lessor-sim-disk",
        ],
        outside: Outside::Any,
    },
    Room {
        name: "lessor-sim-shell",
        below: &[
            "lessor-types",
            "lessor-lease",
            "lessor-config",
            "lessor-policy",
            "lessor-server",
            "lessor-env",
            "lessor-memfile",
            "lessor-shell",
            "lessor-sim-disk",
            "lessor-sim",
        ],
        outside: Outside::Any,
    },
    Room {
        name: "lessor-sim-turmoil",
        below: &["lessor-types", "lessor-env", "lessor-sim", "lessor-sim-shell"],
        outside: Outside::Any,
    },
    Room {
        name: "lessor-sim-madsim",
        below: &["lessor-types", "lessor-env", "lessor-sim", "lessor-sim-disk", "lessor-sim-shell"],
        outside: Outside::Any,
    },
    Room {
        name: "lessor-benches",
        below: &[
            "lessor-types",
            "lessor-wire",
            "lessor-lease",
            "lessor-config",
            "lessor-policy",
            "lessor-server",
            "lessor-env",
            "lessor-net",
            "lessor-memfile",
        ],
        outside: Outside::Any,
    },
    Room {
        name: "lessor-conformance",
        below: &["lessor-types", "lessor-wire"],
        outside: Outside::Any,
    },
    Room {
        name: "xtask",
        below: &["lessor-types", "lessor-messages", "lessor-wire", "lessor-config"],
        outside: Outside::Any,
    },
];

pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    metadata.workspace_packages().into_iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<Finding> {
    let manifest = package.manifest_path.as_std_path();
    let text = std::fs::read_to_string(manifest).unwrap_or_default();
    let Some(room) = ROOMS.iter().find(|room| *package.name == room.name) else {
        let what = format!(
            "`{}` is in no room: say in xtask/src/tidy/arrows.rs what it may depend on",
            package.name
        );
        return vec![Finding::new(manifest, line_of(&text, "name"), what)];
    };
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .filter_map(|dependency| Some((&dependency.name, forbidden(room, dependency)?)))
        .map(|(name, what)| Finding::new(manifest, line_of(&text, name), what))
        .collect()
}

fn forbidden(room: &Room, dependency: &cargo_metadata::Dependency) -> Option<String> {
    let name = dependency.name.as_str();
    if dependency.path.is_some() {
        return (!room.below.contains(&name)).then(|| {
            format!(
                "`{}` may not depend on `{name}`: move the code, or change the architecture in \
                 ARCHITECTURE.md and xtask/src/tidy/arrows.rs",
                room.name
            )
        });
    }
    match room.outside {
        Outside::Only(allowed) if !allowed.contains(&name) => Some(format!(
            "`{}` decides, and does so without `{name}`: use what core has, or add it to the list \
             in xtask/src/tidy/arrows.rs with a reason",
            room.name
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rooms_are_stacked() {
        for (index, room) in ROOMS.iter().enumerate() {
            for below in room.below {
                let place = ROOMS.iter().position(|other| other.name == *below);
                assert!(place.is_some_and(|place| place < index), "{} → {below}", room.name);
            }
        }
    }

    #[test]
    fn an_arrow_upward_and_a_crate_from_outside_are_found() {
        let dependency = |name: &str, path: Option<&str>| -> cargo_metadata::Dependency {
            serde_json::from_value(serde_json::json!({
                "name": name, "req": "*", "kind": null, "optional": false, "features": [],
                "uses_default_features": true, "path": path,
            }))
            .expect("the shape of cargo metadata")
        };
        let wire = ROOMS.iter().find(|room| room.name == "lessor-wire").expect("a room");
        assert_eq!(forbidden(wire, &dependency("lessor-types", Some("/x"))), None);
        assert!(forbidden(wire, &dependency("lessor-lease", Some("/x"))).is_some());
        assert!(forbidden(wire, &dependency("serde", None)).is_some());
    }
}
