//! Definitions of options: names, and how values are made up.

use lessor_wire::v4::definition::{self, Definition};
use lessor_wire::v4::{Layout, OptionType};

use crate::option_set::Space;
use crate::{UserContext, option_text};

/// An option that the configuration defines.
///
/// Its layout is lawful ([`Layout::is_lawful`]); no chain of spaces that encapsulate one another
/// leads back to its beginning or is longer than [`OptionDef::NESTING_MAX`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OptionDef {
    /// The space that its code belongs to.
    pub space: Space,
    /// The option code.
    pub code: u8,
    /// Its name, of which there is one in each space.
    pub name: String,
    /// The types of its fields; none for a value that is empty but for sub-options.
    pub fields: Vec<OptionType>,
    /// Whether the last field may be there several times.
    pub array: bool,
    /// The space whose options follow the value, if any do.
    pub encapsulates: Option<Space>,
    /// What was noted about it.
    pub context: UserContext,
}

impl OptionDef {
    /// How many options may lie in one another, that of the message counted.
    pub const NESTING_MAX: usize = 8;

    /// How its value is made up.
    #[must_use]
    pub fn layout(&self) -> Layout<'_> {
        Layout { fields: &self.fields, array: self.array }
    }
}

/// What is known of an option, whoever defined it.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// Its code.
    pub code: u8,
    /// Its name.
    pub name: &'a str,
    /// How its value is made up.
    pub layout: Layout<'a>,
    /// The space whose options follow the value, if any do.
    pub encapsulates: Option<Space>,
}

impl Known<'_> {
    /// The octets of a value that is written as text, its parts with commas between them; none if
    /// the text does not have the option's form.
    #[must_use]
    pub fn encode(&self, text: &str) -> Option<Vec<u8>> {
        option_text::encode(self.layout, text).ok()
    }
}

impl<'a> From<&'a OptionDef> for Known<'a> {
    fn from(own: &'a OptionDef) -> Self {
        Self {
            code: own.code,
            name: &own.name,
            layout: own.layout(),
            encapsulates: own.encapsulates.clone(),
        }
    }
}

impl From<&'static Definition> for Known<'static> {
    fn from(standard: &'static Definition) -> Self {
        Self {
            code: standard.code,
            name: standard.name,
            layout: standard.layout,
            encapsulates: standard.encapsulates.map(Space::parse),
        }
    }
}

/// The standard options of a space.
#[must_use]
pub fn standard(space: &Space) -> &'static [Definition] {
    match space {
        Space::Dhcp4 => definition::all(),
        Space::Vendor(enterprise) => definition::of_vendor(*enterprise),
        Space::Named(name) => definition::of_space(name),
    }
}

/// What is known of an option by its code. Of several scopes' definitions the first counts, and
/// all of them before the standard one.
#[must_use]
pub fn find_code<'a>(scopes: &[&'a [OptionDef]], space: &Space, code: u8) -> Option<Known<'a>> {
    let mut own = scopes.iter().copied().flatten();
    match own.find(|own| own.code == code && own.space == *space) {
        Some(own) => Some(own.into()),
        None => standard_code(space, code).map(Known::from),
    }
}

/// The space whose options follow the value of an option, if any do.
#[must_use]
pub fn inner(scopes: &[&[OptionDef]], space: &Space, code: u8) -> Option<Space> {
    let mut own = scopes.iter().copied().flatten();
    match own.find(|own| own.code == code && own.space == *space) {
        Some(own) => own.encapsulates.clone(),
        None => standard_code(space, code)?.encapsulates.map(Space::parse),
    }
}

/// The codes of a space's standard options whose values other options follow, a bit for each: that
/// of code 0 is the lowest of the first word.
#[must_use]
pub fn standard_holders(space: &Space) -> [u64; 4] {
    const OF_MESSAGES: [u64; 4] = holders(definition::all());
    match space {
        Space::Dhcp4 => OF_MESSAGES,
        space => holders(standard(space)),
    }
}

const fn holders(all: &[Definition]) -> [u64; 4] {
    let mut bits = [0; 4];
    let mut rest = all;
    while let [first, others @ ..] = rest {
        if first.encapsulates.is_some() {
            bits[(first.code >> 6) as usize] |= 1 << (first.code & 63);
        }
        rest = others;
    }
    bits
}

fn standard_code(space: &Space, code: u8) -> Option<&'static Definition> {
    let all = standard(space);
    all.get(all.binary_search_by_key(&code, |it| it.code).ok()?)
}

/// As [`find_code`], by its name.
#[must_use]
pub fn find_name<'a>(scopes: &[&'a [OptionDef]], space: &Space, name: &str) -> Option<Known<'a>> {
    let mut own = scopes.iter().copied().flatten();
    match own.find(|own| own.name == name && own.space == *space) {
        Some(own) => Some(own.into()),
        None => standard(space).iter().find(|it| it.name == name).map(Known::from),
    }
}
