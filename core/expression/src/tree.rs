//! The checked tree: what an expression says once every part has a type.

use std::fmt;
use std::net::IpAddr;

use crate::pattern::Pattern;

/// True or false.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Test {
    /// Any of these; at least two, none of them `Or`.
    Or(Vec<Self>),
    /// All of these; at least two, none of them `And`.
    And(Vec<Self>),
    /// The opposite.
    Not(Box<Self>),
    /// The same octets.
    Equal(Box<(Value, Value)>),
    /// All of the octets are as the pattern says.
    Matches(Box<(Pattern, Value)>),
    /// The packet is in the class.
    Member(String),
    /// The option is there, if only with an empty value.
    Exists(Place),
    /// Option 125 has a block of this enterprise.
    Vendor(Enterprise),
    /// Option 124 has a block of this enterprise.
    VendorClass(Enterprise),
}

impl Test {
    /// Any of these; one that is itself `Or` gives its parts.
    pub(crate) fn any(tests: Vec<Self>) -> Self {
        Self::Or(flat(tests, |test| match test {
            Self::Or(parts) => Ok(parts),
            other => Err(other),
        }))
    }

    /// All of these; one that is itself `And` gives its parts.
    pub(crate) fn all(tests: Vec<Self>) -> Self {
        Self::And(flat(tests, |test| match test {
            Self::And(parts) => Ok(parts),
            other => Err(other),
        }))
    }
}

/// Octets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Value {
    /// `'text'`; holds no quote.
    Text(String),
    /// `0x0a0b`; at least one octet.
    Hex(Vec<u8>),
    /// Four or sixteen octets.
    Address(IpAddr),
    /// Four octets, two's complement if negative; from `i32::MIN` to `u32::MAX`.
    Integer(i64),
    /// The octets of an option.
    Option(Place),
    /// The octets of an option without trailing zeros.
    OptionText(Place),
    /// A fact of the packet itself.
    Field(Field),
    /// The first enterprise of option 125.
    VendorEnterprise,
    /// The first enterprise of option 124.
    VendorClassEnterprise,
    /// A chunk of data of option 124, counted from 0.
    VendorClassData(Enterprise, u32),
    /// One value after the other; at least two, none of them `Concat`.
    Concat(Vec<Self>),
    /// One of two.
    IfElse(Box<(Test, Self, Self)>),
    /// `start` counts from the end if negative; no `length` is `all`.
    Substring { of: Box<Self>, start: i32, length: Option<i32> },
    /// A field, counted from 1, between any of the delimiters.
    Split { of: Box<Self>, delimiters: Box<Self>, field: i32 },
    /// Hexadecimal pairs with a separator between them.
    HexString(Box<(Self, Self)>),
    /// ASCII letters in one case.
    Cased(Case, Box<Self>),
    /// An address as people write it.
    AddressText(Box<Self>),
    /// A number in decimal.
    NumberText(Number, Box<Self>),
}

impl Value {
    /// One after the other; one that is itself `Concat` gives its parts.
    pub(crate) fn concat(values: Vec<Self>) -> Self {
        Self::Concat(flat(values, |value| match value {
            Self::Concat(parts) => Ok(parts),
            other => Err(other),
        }))
    }
}

/// Puts the parts of an item, where it has parts, in its place.
fn flat<T>(items: Vec<T>, parts: fn(T) -> Result<Vec<T>, T>) -> Vec<T> {
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        match parts(item) {
            Ok(parts) => all.extend(parts),
            Err(item) => all.push(item),
        }
    }
    all
}

/// Where in the packet an option is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) root: Root,
    /// The options around it, the outermost first, and itself; at least one.
    pub(crate) path: Vec<u8>,
}

/// What the first code of a [`Place`] counts in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Root {
    /// The message.
    Message,
    /// A block of option 125.
    Vendor(Enterprise),
}

/// An enterprise number; none for any.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Enterprise(pub(crate) Option<u32>);

impl Enterprise {
    pub(crate) fn admits(self, number: u32) -> bool {
        self.0.is_none_or(|wanted| wanted == number)
    }
}

/// Declares an enumeration whose variants have one spelling each.
macro_rules! spelled {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(crate) enum $name { $($variant,)+ }

        impl $name {
            pub(crate) const fn spelling(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            pub(crate) fn spelled(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.spelling())
            }
        }
    };
}

spelled! {
    /// A fact of the packet itself.
    Field {
        Mac = "pkt4.mac",
        Hlen = "pkt4.hlen",
        Htype = "pkt4.htype",
        Ciaddr = "pkt4.ciaddr",
        Giaddr = "pkt4.giaddr",
        Yiaddr = "pkt4.yiaddr",
        Siaddr = "pkt4.siaddr",
        MessageType = "pkt4.msgtype",
        TransactionId = "pkt4.transid",
        Interface = "pkt.iface",
        Source = "pkt.src",
        Destination = "pkt.dst",
        Length = "pkt.len",
    }
}

spelled! {
    /// A case of letters.
    Case {
        Lower = "lcase",
        Upper = "ucase",
    }
}

spelled! {
    /// How octets are a number.
    Number {
        Int8 = "int8totext",
        Int16 = "int16totext",
        Int32 = "int32totext",
        Uint8 = "uint8totext",
        Uint16 = "uint16totext",
        Uint32 = "uint32totext",
    }
}

impl Number {
    /// How many octets it has.
    pub(crate) const fn octets(self) -> usize {
        match self {
            Self::Int8 | Self::Uint8 => 1,
            Self::Int16 | Self::Uint16 => 2,
            Self::Int32 | Self::Uint32 => 4,
        }
    }

    /// The least and the greatest.
    pub(crate) const fn range(self) -> (i64, i64) {
        let all = 1 << (8 * self.octets());
        match self {
            Self::Int8 | Self::Int16 | Self::Int32 => (-all / 2, all / 2 - 1),
            Self::Uint8 | Self::Uint16 | Self::Uint32 => (0, all - 1),
        }
    }

    /// The number that these octets, as many as [`Number::octets`], stand for.
    pub(crate) fn read(self, octets: &[u8]) -> i64 {
        let number = octets.iter().fold(0, |number, octet| number << 8 | i64::from(*octet));
        if number > self.range().1 { number - (1 << (8 * self.octets())) } else { number }
    }
}
