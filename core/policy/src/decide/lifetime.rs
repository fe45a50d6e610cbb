//! How long a lease is valid, and how long an offer is.

use lessor_config::Subnet;
use lessor_types::Secs;

use super::case::Case;
use crate::{Ask, Facts, reply};

impl<F: Facts> Case<'_, F> {
    /// The lifetime that the client gets in a subnet: by its wish within the bounds of its class,
    /// which win over those of the subnet; the least where addresses are scarce.
    pub(super) fn lifetime(&self, subnet: &Subnet) -> Secs {
        if self.world.query.ask == Ask::Bootp {
            // RFC 1534 §2: the client knows no end.
            return Secs::INFINITE;
        }
        let bounds = self.classes.lifetime().unwrap_or(subnet.lifetime);
        let is_scarce = bounds.min < bounds.max && self.is_crowded(subnet);
        if is_scarce { bounds.min } else { reply::lifetime(bounds, self.world.query.wanted) }
    }

    /// How long an offer is stored; 0: not at all. Never longer than the lease that is offered.
    pub(super) fn offer_lifetime(&self, subnet: &Subnet) -> Secs {
        let length = self.classes.offer_lifetime().unwrap_or(subnet.offer_lifetime);
        length.min(self.lifetime(subnet))
    }

    /// Whether more of the subnet's pools that the client may use is in use than its threshold says
    /// (`adaptive-lease-time-threshold`). Never on a shared store, where only a search would tell.
    fn is_crowded(&self, subnet: &Subnet) -> bool {
        let threshold = u128::from(subnet.adaptive_threshold_ppm);
        if threshold >= 1_000_000 {
            return false;
        }
        let topology = self.world.topology;
        let (mut taken, mut size) = (0_u128, 0_u128);
        for key in topology.pools_of(subnet) {
            if topology.pool(key).is_some_and(|(_, pool)| self.classes.admit(&pool.guards))
                && let Some(pool) = self.world.facts.in_use(key)
            {
                taken += u128::from(pool.taken);
                size += u128::from(pool.size);
            }
        }
        taken * 1_000_000 > size * threshold
    }
}
