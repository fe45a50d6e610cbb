//! What a lease remembers of its client's relay, for messages that pass it by
//! (`stash-agent-options`).

use lessor_lease::State;
use lessor_types::Unit;
use lessor_wire::v4::code;

use crate::facts::Known;
use crate::{Facts, Query, Topology, extended};

/// The query as its client's relay would have passed it on, as far as that was told last time;
/// none where the query speaks for itself (V4-065).
///
/// A client that renews speaks to the server directly. Classes, reservations and the selection of
/// its subnet would else find it without the relay's word that they rest on.
pub(super) fn recall<F: Facts>(
    facts: &F,
    topology: &Topology,
    query: &Query,
) -> Known<Option<Query>> {
    let client = query.message.ciaddr;
    let speaks_directly = !query.is_relayed()
        && !query.dest.is_broadcast()
        && !client.is_unspecified()
        && !query.message.options.contains(code::RELAY_AGENT);
    if !topology.config().stash_agent_options || !speaks_directly {
        return Ok(None);
    }
    let mut holder = query.holder.clone();
    if topology.config().hooks.flex_id().is_some_and(|setting| setting.replace_client_id) {
        // What the identifier of the lease was made of may be the relay's word.
        holder.client_id = None;
    }
    let row = facts.row(Unit::V4(client))?;
    let own = row.filter(|row| row.state == State::Assigned && row.holder.same_client(&holder));
    let agent = own.and_then(|row| extended::relay_agent(row.context.as_deref()));
    Ok(agent.map(|agent| query.with_stashed(&agent)))
}
