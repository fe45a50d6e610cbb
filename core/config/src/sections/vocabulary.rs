//! What option data may refer to.

use std::collections::BTreeSet;

use super::option_defs::{self, OptionDefs};
use super::section::Section;
use crate::class_names;
use crate::diagnostic::Diagnostics;
use crate::option_def::{self, Known, OptionDef};
use crate::option_set::Space;

/// The names that a file defines and its options use, wherever in the file either stands.
pub(super) struct Vocabulary {
    classes: BTreeSet<String>,
    templates: Vec<String>,
    definitions: OptionDefs,
    encapsulated: BTreeSet<Space>,
}

impl Vocabulary {
    /// The names of a file. What is wrong with its classes is told elsewhere.
    pub(super) fn read(dhcp4: &Section<'_>, out: &mut Diagnostics) -> Self {
        let mut found = Self {
            classes: BTreeSet::new(),
            templates: Vec::new(),
            definitions: option_defs::read(dhcp4, out),
            encapsulated: option_defs::encapsulated(dhcp4),
        };
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

    /// What a class defines, by its place in the file.
    pub(super) fn of_class(&self, index: usize) -> &[OptionDef] {
        self.definitions.classes.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is known of an option by its code, to a class with these definitions.
    pub(super) fn by_code<'a>(
        &'a self,
        own: &'a [OptionDef],
        space: &Space,
        code: u8,
    ) -> Option<Known<'a>> {
        option_def::find_code(&[own, &self.definitions.global], space, code)
    }

    /// As [`Vocabulary::by_code`], by its name.
    pub(super) fn by_name<'a>(
        &'a self,
        own: &'a [OptionDef],
        space: &Space,
        name: &str,
    ) -> Option<Known<'a>> {
        option_def::find_name(&[own, &self.definitions.global], space, name)
    }

    /// The names of all options of a space.
    pub(super) fn names<'a>(
        &'a self,
        own: &'a [OptionDef],
        space: &'a Space,
    ) -> impl Iterator<Item = &'a str> {
        let defined = own.iter().chain(&self.definitions.global);
        let defined = defined.filter(move |it| it.space == *space).map(|it| it.name.as_str());
        defined.chain(option_def::standard(space).iter().map(|it| it.name))
    }

    /// Whether options of this space can get into a message.
    pub(super) fn is_sent(&self, space: &Space) -> bool {
        let Space::Named(name) = space else {
            return true;
        };
        let mut standard = option_def::standard(&Space::Dhcp4).iter();
        standard.any(|it| it.encapsulates == Some(name)) || self.encapsulated.contains(space)
    }

    /// What the file defines for everybody.
    pub(super) fn into_global(self) -> Vec<OptionDef> {
        self.definitions.global
    }

    /// The names of the classes that the file defines.
    pub(super) fn classes(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().map(String::as_str)
    }
}
