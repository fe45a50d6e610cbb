//! What option data may refer to.

use std::collections::BTreeSet;

use super::section::Section;
use crate::class_names;

/// The names that a file defines and its options use, wherever in the file either stands.
pub(super) struct Vocabulary {
    classes: BTreeSet<String>,
    templates: Vec<String>,
}

impl Vocabulary {
    /// The names of a file. What is wrong with where they are defined is told elsewhere.
    pub(super) fn read(dhcp4: &Section<'_>) -> Self {
        let mut found = Self { classes: BTreeSet::new(), templates: Vec::new() };
        for class in dhcp4.list("client-classes").iter().filter_map(|value| value.as_map()) {
            let text = |key| class.get(key).and_then(|value| value.as_text());
            let Some(name) = text("name") else {
                continue;
            };
            found.classes.insert(name.to_owned());
            if text("template-test").is_some_and(|test| !test.is_empty()) {
                found.templates.push(format!("{}{name}_", class_names::SPAWN_PREFIX));
            }
        }
        found
    }

    /// Whether anybody can be in the class of this name.
    pub(super) fn has_class(&self, name: &str) -> bool {
        if name.starts_with(class_names::SPAWN_PREFIX) {
            return self.templates.iter().any(|template| name.starts_with(template.as_str()));
        }
        class_names::is_known(name) || self.classes.contains(name)
    }

    /// The names of the classes that the file defines.
    pub(super) fn classes(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().map(String::as_str)
    }
}
