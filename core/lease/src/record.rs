//! A lease in as few octets as it takes: some twenty for a client without an identifier.
//!
//! The form is this process's own and never leaves it. The unit is not part of it.

use std::sync::Arc;

use lessor_types::{ClientId, Holder, HwAddr, PoolId, Secs, SubnetId, Unit, Wall};

use crate::{DnsFlags, Lease, Promises, Standing, State};

/// In the first octet, above the three bits of the state.
mod flag {
    pub(super) const FORWARD: u8 = 1 << 3;
    pub(super) const REVERSE: u8 = 1 << 4;
    pub(super) const CLIENT_ID: u8 = 1 << 5;
    pub(super) const HOSTNAME: u8 = 1 << 6;
    pub(super) const MORE: u8 = 1 << 7;
}

/// In the second octet, above the five bits of the link-layer address's length.
mod rare {
    pub(super) const HTYPE: u8 = 1 << 5;
    pub(super) const NANOS: u8 = 1 << 6;
}

/// In the octet that [`flag::MORE`] announces.
mod more {
    pub(super) const CONTEXT: u8 = 1;
    pub(super) const PROMISES: u8 = 1 << 1;
    pub(super) const TOLD: u8 = 1 << 2;
    pub(super) const ACKED: u8 = 1 << 3;
    pub(super) const HIGH: u8 = 1 << 4;
}

/// Appends a lease.
pub(crate) fn pack(lease: &Lease, into: &mut Vec<u8>) {
    let Lease { holder: Holder { hw, client_id }, hostname, context, promises, .. } = lease;
    let when = |flag: u8, is: bool| if is { flag } else { 0 };
    into.push(
        lease.state.number()
            | when(flag::FORWARD, lease.dns.forward)
            | when(flag::REVERSE, lease.dns.reverse)
            | when(flag::CLIENT_ID, client_id.is_some())
            | when(flag::HOSTNAME, hostname.is_some())
            | when(flag::MORE, context.is_some() || promises.is_some()),
    );
    let (has_htype, nanos) = (hw.htype() != HwAddr::ETHERNET, lease.expires.subsec_nanos());
    let length = u8::try_from(hw.octets().len()).unwrap_or(0);
    into.push(length | when(rare::HTYPE, has_htype) | when(rare::NANOS, nanos != 0));
    if has_htype {
        put_number(hw.htype().into(), into);
    }
    if nanos != 0 {
        put_number(nanos.into(), into);
    }
    put_number(lease.subnet.0.into(), into);
    put_number(lease.pool.0.into(), into);
    put_number(lease.valid.0.into(), into);
    put_signed(lease.expires.secs(), into);
    into.extend_from_slice(hw.octets());
    if let Some(id) = client_id {
        put_octets(id.octets(), into);
    }
    if let Some(name) = hostname {
        put_octets(name.as_bytes(), into);
    }
    if context.is_some() || promises.is_some() {
        pack_more(context.as_deref(), promises.as_deref(), into);
    }
}

fn pack_more(context: Option<&str>, promises: Option<&Promises>, into: &mut Vec<u8>) {
    let dates = promises.map_or([None; 3], |it| [it.told, it.acked, it.high]);
    let flags = [context.is_some(), promises.is_some()].into_iter();
    let flags = flags.chain(dates.iter().map(Option::is_some)).enumerate();
    into.push(flags.map(|(bit, is)| u8::from(is) << bit).sum());
    if let Some(context) = context {
        put_octets(context.as_bytes(), into);
    }
    if let Some(promises) = promises {
        for number in [promises.epoch, promises.tenancy, promises.version] {
            put_number(number.into(), into);
        }
    }
    for date in dates.into_iter().flatten() {
        put_signed(date.secs(), into);
        put_number(date.subsec_nanos().into(), into);
    }
}

/// A packed lease, looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record<'a> {
    flags: u8,
    htype: u16,
    pub(crate) standing: Standing,
    /// The octets of the client's link-layer address; may be none.
    pub(crate) hw: &'a [u8],
    /// The client's identifier.
    pub(crate) client_id: Option<&'a [u8]>,
    rest: Octets<'a>,
}

impl<'a> Record<'a> {
    /// What [`pack`] wrote. What follows it is of no concern.
    pub(crate) fn of(octets: &'a [u8]) -> Self {
        let mut rest = Octets(octets);
        let (flags, rare) = (rest.octet(), rest.octet());
        let htype = if rare & rare::HTYPE == 0 { HwAddr::ETHERNET } else { rest.narrow() };
        let nanos = if rare & rare::NANOS == 0 { 0 } else { rest.narrow() };
        let standing = Standing {
            state: State::from_number(u32::from(flags & 0b111)).unwrap_or_default(),
            subnet: SubnetId(rest.narrow()),
            pool: PoolId(rest.narrow()),
            valid: Secs(rest.narrow()),
            expires: Wall::new(rest.signed(), nanos),
        };
        let hw = rest.take(usize::from(rare & 0b1_1111));
        let client_id = (flags & flag::CLIENT_ID != 0).then(|| rest.counted());
        Self { flags, htype, standing, hw, client_id, rest }
    }

    /// The lease of `unit` that was packed.
    pub(crate) fn lease(&self, unit: Unit) -> Lease {
        let Standing { subnet, pool, state, valid, expires } = self.standing;
        let mut rest = self.rest;
        let hostname = (self.flags & flag::HOSTNAME != 0).then(|| rest.text());
        let (context, promises) = match self.flags & flag::MORE {
            0 => (None, None),
            _ => more_of(&mut rest),
        };
        Lease {
            unit,
            subnet,
            pool,
            holder: Holder {
                hw: HwAddr::new(self.htype, self.hw).unwrap_or_default(),
                client_id: self.client_id.and_then(|id| ClientId::new(id).ok()),
            },
            state,
            valid,
            expires,
            hostname,
            dns: DnsFlags {
                forward: self.flags & flag::FORWARD != 0,
                reverse: self.flags & flag::REVERSE != 0,
            },
            context,
            promises,
        }
    }

    /// Whose it is, without a copy of the identifier.
    pub(crate) fn is_of(&self, holder: &Holder) -> bool {
        match (self.client_id, &holder.client_id) {
            (Some(own), Some(id)) => own == id.octets(),
            _ => {
                !self.hw.is_empty()
                    && self.htype == holder.hw.htype()
                    && self.hw == holder.hw.octets()
            }
        }
    }

    /// The lease as it is handed on.
    pub(crate) fn shared(&self, unit: Unit) -> Arc<Lease> {
        Arc::new(self.lease(unit))
    }
}

fn more_of(rest: &mut Octets<'_>) -> (Option<Box<str>>, Option<Box<Promises>>) {
    let flags = rest.octet();
    let context = (flags & more::CONTEXT != 0).then(|| rest.text());
    if flags & more::PROMISES == 0 {
        return (context, None);
    }
    let [epoch, tenancy, version] = [rest.narrow(), rest.narrow(), rest.narrow()];
    let mut date = |flag| (flags & flag != 0).then(|| Wall::new(rest.signed(), rest.narrow()));
    let [told, acked, high] = [more::TOLD, more::ACKED, more::HIGH].map(&mut date);
    (context, Some(Box::new(Promises { epoch, tenancy, version, told, acked, high })))
}

/// Seven bits an octet, the low ones first; the highest bit says that there are more.
fn put_number(mut number: u64, into: &mut Vec<u8>) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return into.push(low);
        }
        into.push(low | 0x80);
    }
}

/// Small numbers of either sign take few octets.
fn put_signed(number: i64, into: &mut Vec<u8>) {
    put_number((number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned(), into);
}

fn put_octets(octets: &[u8], into: &mut Vec<u8>) {
    put_number(octets.len() as u64, into);
    into.extend_from_slice(octets);
}

/// What is left to read. Behind the end there are zeros, which nobody reads: only what was packed
/// is ever looked at.
#[derive(Clone, Copy, Debug)]
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn octet(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        for place in 0..10 {
            let octet = self.octet();
            number |= u64::from(octet & 0x7f) << (7 * place);
            if octet & 0x80 == 0 {
                break;
            }
        }
        number
    }

    /// A number that was put as one of this type.
    fn narrow<T: TryFrom<u64> + Default>(&mut self) -> T {
        T::try_from(self.number()).unwrap_or_default()
    }

    fn signed(&mut self) -> i64 {
        let number = self.number();
        (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
    }

    fn counted(&mut self) -> &'a [u8] {
        let count = self.narrow::<usize>();
        self.take(count)
    }

    fn text(&mut self) -> Box<str> {
        String::from_utf8_lossy(self.counted()).into()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::net::Ipv6Addr;

    use proptest::prelude::*;

    use super::*;

    fn wall() -> impl Strategy<Value = Wall> {
        (any::<i64>(), prop_oneof![3 => Just(0), 1 => 0_u32..1_000_000_000])
            .prop_map(|(secs, nanos)| Wall::new(secs, nanos))
    }

    fn promises() -> impl Strategy<Value = Promises> {
        let date = || prop::option::of(wall());
        (any::<[u32; 3]>(), date(), date(), date()).prop_map(|(numbers, told, acked, high)| {
            let [epoch, tenancy, version] = numbers;
            Promises { epoch, tenancy, version, told, acked, high }
        })
    }

    fn holder() -> impl Strategy<Value = Holder> {
        let hw = prop::collection::vec(any::<u8>(), 0..=HwAddr::MAX);
        let htype = prop_oneof![Just(HwAddr::ETHERNET), any::<u16>()];
        let id = prop::option::of(prop::collection::vec(any::<u8>(), 1..=ClientId::MAX));
        (htype, hw, id).prop_map(|(htype, hw, id)| Holder {
            hw: HwAddr::new(htype, &hw).expect("short enough"),
            client_id: id.map(|id| ClientId::new(&id).expect("short enough")),
        })
    }

    prop_compose! {
        /// Any lease.
        pub(crate) fn lease()(
            unit in prop_oneof![
                any::<u32>().prop_map(|addr| Unit::V4(addr.into())),
                any::<u128>().prop_map(|addr| Unit::V6(addr.into())),
                any::<(u128, u8)>().prop_map(|(addr, len)| Unit::Prefix(addr.into(), len)),
            ],
            numbers in any::<[u32; 3]>(),
            holder in holder(),
            state in (0_u32..5).prop_map(|number| State::from_number(number).expect("one of five")),
            expires in wall(),
            dns in any::<(bool, bool)>(),
            hostname in prop::option::of(".{0,300}"),
            context in prop::option::of(".{0,300}"),
            promises in prop::option::of(promises()),
        ) -> Lease {
            let [subnet, pool, valid] = numbers;
            Lease {
                unit,
                subnet: SubnetId(subnet),
                pool: PoolId(pool),
                holder,
                state,
                valid: Secs(valid),
                expires,
                hostname: hostname.map(Into::into),
                dns: DnsFlags { forward: dns.0, reverse: dns.1 },
                context: context.map(Into::into),
                promises: promises.map(Box::new),
            }
        }
    }

    proptest! {
        /// What is unpacked is what was packed, whatever follows it.
        #[test]
        fn round_trips(lease in lease(), behind in prop::collection::vec(any::<u8>(), 0..9)) {
            let mut octets = Vec::new();
            pack(&lease, &mut octets);
            octets.extend(behind);
            let record = Record::of(&octets);
            prop_assert_eq!(record.standing, lease.standing());
            prop_assert!(record.is_of(&lease.holder) || lease.holder.is_nobody());
            prop_assert_eq!(record.lease(lease.unit), lease);
        }
    }

    #[test]
    fn a_usual_lease_is_small() {
        let lease = Lease {
            unit: Unit::V6(Ipv6Addr::UNSPECIFIED),
            subnet: SubnetId(1),
            pool: PoolId(0),
            holder: Holder { hw: HwAddr::ethernet([2, 0, 0, 0, 0, 1]), client_id: None },
            state: State::Assigned,
            valid: Secs(86_400),
            expires: Wall::from_secs(1_800_000_000),
            hostname: None,
            dns: DnsFlags::default(),
            context: None,
            promises: None,
        };
        let mut octets = Vec::new();
        pack(&lease, &mut octets);
        assert_eq!(octets.len(), 18);
    }
}
