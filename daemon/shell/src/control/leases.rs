//! Leases as commands show them.

use lessor_lease::Lease;
use serde_json::{Value, json};

/// A DHCPv4 lease with Kea's fields.
pub(super) fn lease4(lease: &Lease) -> Value {
    let mut shown = json!({
        "ip-address": lease.unit.to_string(),
        "subnet-id": lease.subnet.0,
        "hw-address": lease.holder.hw.to_string(),
        "cltt": lease.confirmed().secs(),
        "valid-lft": lease.valid.0,
        "fqdn-fwd": lease.dns.forward,
        "fqdn-rev": lease.dns.reverse,
        "hostname": lease.hostname.as_deref().unwrap_or_default(),
        "state": lease.state.number(),
    });
    if lease.pool.0 != 0 {
        shown["pool-id"] = json!(lease.pool.0);
    }
    if let Some(id) = &lease.holder.client_id {
        shown["client-id"] = json!(id.to_string());
    }
    let context = lease.context.as_deref();
    if let Some(context) = context.and_then(|text| serde_json::from_str::<Value>(text).ok()) {
        if let Some(comment) = context.get("comment") {
            shown["comment"] = comment.clone();
        }
        shown["user-context"] = context;
    }
    shown
}

#[cfg(test)]
mod tests {
    use lessor_lease::{DnsFlags, State};
    use lessor_types::{ClientId, Holder, HwAddr, PoolId, Secs, SubnetId, Unit, Wall};

    use super::*;

    #[test]
    fn a_lease_has_the_fields_that_tools_read() {
        let mut lease = Lease {
            unit: Unit::V4([192, 0, 2, 9].into()),
            subnet: SubnetId(4),
            pool: PoolId(0),
            holder: Holder { hw: HwAddr::ethernet([2, 0, 0, 0, 0, 0xAB]), client_id: None },
            state: State::Assigned,
            valid: Secs(3600),
            expires: Wall::from_secs(1_800_003_600),
            hostname: None,
            dns: DnsFlags::default(),
            context: None,
            promises: None,
        };
        let bare = json!({
            "ip-address": "192.0.2.9", "subnet-id": 4, "hw-address": "02:00:00:00:00:ab",
            "cltt": 1_800_000_000, "valid-lft": 3600, "fqdn-fwd": false, "fqdn-rev": false,
            "hostname": "", "state": 0,
        });
        assert_eq!(lease4(&lease), bare);
        lease.pool = PoolId(2);
        lease.holder.client_id = ClientId::new(&[1, 0xAA]).ok();
        lease.context = Some(r#"{ "comment": "x", "ISC": {} }"#.into());
        lease.hostname = Some("host".into());
        let shown = lease4(&lease);
        assert_eq!(shown["pool-id"], json!(2));
        assert_eq!(shown["client-id"], json!("01:aa"));
        assert_eq!(shown["comment"], json!("x"));
        assert_eq!(shown["user-context"], json!({ "comment": "x", "ISC": {} }));
        assert_eq!(shown["hostname"], json!("host"));
    }
}
