//! What the configuration gives a client, but for what is made of the client's own words.

use std::cell::Cell;
use std::net::Ipv4Addr;

use lessor_config::{Host, OptionDef, OptionSet, Pool, Subnet};
use lessor_wire::v4::{Message, Options, code};

use crate::Classes;
use crate::options::{self, Layers};

/// What goes into a reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Given {
    /// The server to boot from.
    next_server: Ipv4Addr,
    server_hostname: Vec<u8>,
    boot_file_name: Vec<u8>,
    /// In the order in which they are sent.
    options: Options,
}

impl Given {
    /// How many octets it has, about.
    pub(crate) fn len(&self) -> usize {
        let options: usize = self.options.iter().map(|(_, value)| value.len() + 2).sum();
        options + self.server_hostname.len() + self.boot_file_name.len()
    }

    /// Puts it into a reply. Options that are there already stay as they are.
    pub(crate) fn put(&self, reply: &mut Message) {
        reply.siaddr = self.next_server;
        reply.sname.clone_from(&self.server_hostname);
        reply.file.clone_from(&self.boot_file_name);
        reply.options.append(&self.options);
    }
}

/// From where a client is given something.
#[derive(Clone, Copy)]
pub(crate) struct Scopes<'a> {
    /// The client's reservation.
    pub(crate) host: Option<&'a Host>,
    /// The pool that its address is of.
    pub(crate) pool: Option<&'a Pool>,
    pub(crate) subnet: &'a Subnet,
    /// Those that count, additional ones among them.
    pub(crate) classes: &'a Classes<'a>,
}

impl<'a> Scopes<'a> {
    /// What they give together: the client's reservation, its pool, its subnet, its shared network,
    /// its classes in their order, everybody's; but boot servers by classes before subnets.
    pub(crate) fn give(self, query: &Message) -> Given {
        let Self { host, pool, subnet, classes } = self;
        let config = classes.topology().config();
        let server = host
            .and_then(|host| host.next_server)
            .or_else(|| classes.defined().find_map(|class| class.next_server));
        let sname = host
            .and_then(|host| host.server_hostname.as_ref())
            .or_else(|| classes.defined().find_map(|class| class.server_hostname.as_ref()));
        let file = host
            .and_then(|host| host.boot_file_name.as_ref())
            .or_else(|| classes.defined().find_map(|class| class.boot_file_name.as_ref()));
        let network = config.network_of(subnet);
        // The highest first.
        let layers: Vec<&OptionSet> = host
            .map(|host| &host.options)
            .into_iter()
            .chain(pool.map(|pool| &pool.options))
            .chain([&subnet.options])
            .chain(network.map(|network| &network.options))
            .chain(classes.defined().map(|class| &class.options))
            .chain([&config.options])
            .collect();
        let definitions = self.definitions();
        let budget = Cell::new(Layers::BUDGET);
        let layers = Layers::new(&layers, &definitions, classes, &budget);
        Given {
            next_server: server.unwrap_or(subnet.next_server),
            server_hostname: sname.unwrap_or(&subnet.server_hostname).clone().into_bytes(),
            boot_file_name: file.unwrap_or(&subnet.boot_file_name).clone().into_bytes(),
            options: options::given(query, subnet.prefix, layers),
        }
    }

    /// The definitions that apply to the client, the highest first.
    pub(crate) fn definitions(self) -> Vec<&'a [OptionDef]> {
        let config = self.classes.topology().config();
        let of_classes = self.classes.defined().map(|class| class.option_defs.as_slice());
        of_classes.chain([config.option_defs.as_slice()]).collect()
    }

    /// Whether a reservation gives something that nobody else gets.
    pub(crate) fn are_personal(self) -> bool {
        self.host.is_some_and(|host| {
            !host.options.is_empty()
                || host.next_server.is_some()
                || host.server_hostname.is_some()
                || host.boot_file_name.is_some()
        })
    }
}

/// What of a query, beside its classes, bears on what is given; none if it says more than a list of
/// wishes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Wishes<'a> {
    /// The list of parameters.
    pub(crate) list: &'a [u8],
    /// Whether the client asks whether to make an address up (RFC 2563).
    pub(crate) auto_config: bool,
}

impl<'a> Wishes<'a> {
    pub(crate) fn of(query: &'a Message) -> Option<Self> {
        let has = |code| query.options.contains(code);
        // What a device says as its vendor's is looked into.
        let is_plain = !has(code::VIVCO_SUBOPTIONS) && !has(code::VIVSO_SUBOPTIONS);
        let auto_config = has(code::AUTO_CONFIG);
        is_plain.then(|| Self { list: query.parameter_list(), auto_config })
    }
}
