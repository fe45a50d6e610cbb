//! Classless static routes (option 121, RFC 3442).

use std::fmt;
use std::net::Ipv4Addr;

/// A way to some addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Route {
    destination: Ipv4Addr,
    len: u8,
    router: Ipv4Addr,
}

impl Route {
    /// A route to the network of `len` bits that holds `destination`; none for a length over 32.
    #[must_use]
    pub fn new(destination: Ipv4Addr, len: u8, router: Ipv4Addr) -> Option<Self> {
        let unused = 32_u32.checked_sub(len.into())?;
        let mask = u32::MAX.checked_shl(unused).unwrap_or(0);
        Some(Self { destination: (destination.to_bits() & mask).into(), len, router })
    }

    /// The network, without host bits, and its length in bits.
    #[must_use]
    pub const fn destination(&self) -> (Ipv4Addr, u8) {
        (self.destination, self.len)
    }

    /// The next hop.
    #[must_use]
    pub const fn router(&self) -> Ipv4Addr {
        self.router
    }

    /// Reads the option's value; none if it is not one route or more.
    #[must_use]
    pub fn parse_list(octets: &[u8]) -> Option<Vec<Self>> {
        let mut rest = octets;
        let mut routes = Vec::new();
        while let Some((len, tail)) = rest.split_first() {
            let (significant, tail) = tail.split_at_checked(usize::from(len.div_ceil(8)))?;
            let (router, tail) = tail.split_first_chunk::<4>()?;
            let mut destination = [0; 4];
            destination.get_mut(..significant.len())?.copy_from_slice(significant);
            routes.push(Self::new(destination.into(), *len, Ipv4Addr::from(*router))?);
            rest = tail;
        }
        if routes.is_empty() { None } else { Some(routes) }
    }

    /// The option's value: lengths, as many octets of the networks as they cover, and routers.
    #[must_use]
    pub fn list_octets(routes: &[Self]) -> Vec<u8> {
        let mut octets = Vec::new();
        for route in routes {
            octets.push(route.len);
            let significant = usize::from(route.len.div_ceil(8));
            octets.extend(route.destination.octets().iter().take(significant));
            octets.extend(route.router.octets());
        }
        octets
    }
}

/// `10.0.0.0/8 - 192.0.2.1`.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} - {}", self.destination, self.len, self.router)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 3442, "Classless Route Option Format": the table of destination descriptors.
    #[test]
    fn destinations_have_as_many_octets_as_they_need() {
        for (descriptor, destination, len) in [
            (&[0][..], [0, 0, 0, 0], 0),
            (&[8, 10], [10, 0, 0, 0], 8),
            (&[24, 10, 0, 0], [10, 0, 0, 0], 24),
            (&[16, 10, 17], [10, 17, 0, 0], 16),
            (&[24, 10, 27, 129], [10, 27, 129, 0], 24),
            (&[25, 10, 229, 0, 128], [10, 229, 0, 128], 25),
            (&[32, 10, 198, 122, 47], [10, 198, 122, 47], 32),
        ] {
            let router = Ipv4Addr::new(192, 0, 2, 1);
            let octets = [descriptor, &router.octets()].concat();
            let route = Route::new(destination.into(), len, router).expect("a length");
            assert_eq!(Route::parse_list(&octets), Some(vec![route]));
            assert_eq!(Route::list_octets(&[route]), octets);
            assert_eq!(route.destination(), (destination.into(), len));
        }
        for malformed in [&[][..], &[33, 1, 2, 3, 4, 5, 6, 7, 8, 9], &[8, 10, 1, 2, 3], &[0]] {
            assert_eq!(Route::parse_list(malformed), None, "{malformed:?}");
        }
    }

    proptest! {
        #[test]
        fn routes_are_written_as_they_were_read(octets in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(routes) = Route::parse_list(&octets) {
                prop_assert_eq!(Route::parse_list(&Route::list_octets(&routes)), Some(routes));
            }
        }
    }
}
