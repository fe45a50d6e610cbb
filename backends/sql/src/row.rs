//! A lease as the columns of Kea's table `lease4` say it, and back.

use lessor_context::{Ours, join, split};
use lessor_lease::{DnsFlags, Lease, Standing, State};
use lessor_types::{ClientId, Holder, HwAddr, PoolId, Secs, SubnetId, Unit, Wall};

use crate::vacancy::Slot;

/// How long a row that cannot be read is left alone: longer than anybody waits, and a time that
/// every clock can count to.
const QUARANTINE: Wall = Wall::from_secs(1 << 33);

/// What one table can keep. It depends on the database and on the version of its schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// The first time that the column `expire` can say, in seconds since 1970.
    pub time_min: i64,
    /// The last one.
    pub time_max: i64,
    /// The highest number of a state that rows may have.
    pub state_max: u8,
    /// The longest client identifier, in octets.
    pub client_id_max: usize,
    /// The longest host name, in characters.
    pub hostname_max: usize,
    /// The longest user context, in octets.
    pub context_max: usize,
    /// Whether there is a column for the pool.
    pub has_pool: bool,
    /// Whether text may hold a zero octet.
    pub zero_in_text: bool,
}

/// The columns of one row, as they are read and written.
///
/// Numbers have more room than they need, because other hands write here too.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Row {
    /// The address, as a number.
    pub address: i64,
    /// The link-layer address; empty where the column is.
    pub hwaddr: Vec<u8>,
    /// The client identifier; empty where the column is.
    pub client_id: Vec<u8>,
    /// The lifetime in seconds; 4294967295 is for ever.
    pub valid_lifetime: Option<i64>,
    /// When it ends, in seconds since 1970, rounded up; the beginning of one that does not end.
    pub expire: Option<i64>,
    /// The subnet.
    pub subnet_id: Option<i64>,
    /// Whether there is a forward name record.
    pub fqdn_fwd: bool,
    /// Whether there is a reverse name record.
    pub fqdn_rev: bool,
    /// The host name; empty where there is none.
    pub hostname: String,
    /// The state's number.
    pub state: i64,
    /// The user context; empty where the column is.
    pub user_context: String,
    /// The pool; 0 where there is no column for it.
    pub pool_id: i64,
}

/// What a write compares, so that it replaces the row that was read and no other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Guard {
    /// When it ends, as the column says it.
    pub expire: i64,
    /// The link-layer address.
    pub hwaddr: Vec<u8>,
    /// The client identifier.
    pub client_id: Vec<u8>,
    /// The state's number, as the column says it.
    pub state: i64,
}

impl Guard {
    /// Whether this is still the row.
    #[must_use]
    pub fn admits(&self, row: &Row) -> bool {
        row.expire == Some(self.expire)
            && row.hwaddr == self.hwaddr
            && row.client_id == self.client_id
            && row.state == self.state
    }
}

/// Why a row is not a lease, or a lease cannot be a row.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the column `{column}` {why}")]
pub struct RowError {
    /// The column to blame.
    pub column: &'static str,
    /// What is wrong there.
    pub why: String,
}

fn blame(column: &'static str, why: impl Into<String>) -> RowError {
    RowError { column, why: why.into() }
}

/// A row that cannot be read. It belongs to nobody, and nobody is given its address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quarantined {
    /// The address.
    pub unit: Unit,
    /// What is wrong with its row.
    pub error: RowError,
}

/// The lease that stands for a row which cannot be read: declined, for longer than anybody waits.
#[must_use]
pub fn quarantined(unit: Unit) -> Lease {
    Lease {
        unit,
        subnet: SubnetId(0),
        pool: PoolId(0),
        holder: Holder::default(),
        state: State::Declined,
        valid: Secs(0),
        expires: QUARANTINE,
        hostname: None,
        dns: DnsFlags::default(),
        context: None,
        promises: None,
    }
}

impl Shape {
    /// What the column `expire` says of a lease; it dates the beginning of one that does not end.
    fn expire(&self, valid: Secs, expires: Wall) -> i64 {
        let valid_for = if valid.is_infinite() { i64::from(valid.0) } else { 0 };
        expires.ceil().secs().saturating_sub(valid_for).clamp(self.time_min, self.time_max)
    }

    fn state(&self, state: State) -> u8 {
        match state {
            state if state.number() <= self.state_max => state.number(),
            // An older Kea may give these to others, as it may what it reclaimed itself.
            State::Released => State::Reclaimed.number(),
            _ => State::Assigned.number(),
        }
    }

    /// What a write that replaces this lease compares.
    #[must_use]
    pub fn guard(&self, lease: &Lease) -> Guard {
        Guard {
            expire: self.expire(lease.valid, lease.expires),
            hwaddr: lease.holder.hw.octets().to_vec(),
            client_id: client_octets(&lease.holder).to_vec(),
            state: i64::from(self.state(lease.state)),
        }
    }

    /// The row of a lease.
    ///
    /// Parts of a second are rounded up, so that the row does not end before the client's lease.
    ///
    /// # Errors
    /// [`RowError`] for what this table cannot keep.
    pub fn encode(&self, lease: &Lease) -> Result<Row, RowError> {
        let address = lease.unit.v4().ok_or_else(|| blame("address", "is of another family"))?;
        let client_id = client_octets(&lease.holder);
        if client_id.len() > self.client_id_max {
            let why = format!("holds {} octets, not {}", self.client_id_max, client_id.len());
            return Err(blame("client_id", why));
        }
        let Guard { expire, hwaddr, client_id, state } = self.guard(lease);
        let hostname = lease.hostname.as_deref().unwrap_or("").to_owned();
        if hostname.chars().count() > self.hostname_max {
            return Err(blame("hostname", format!("holds {} characters", self.hostname_max)));
        }
        let ours = self.ours(lease, expire);
        let user_context = join(lease.context.as_deref(), &ours)
            .map_err(|why| blame("user_context", why))?
            .into_owned();
        if user_context.len() > self.context_max {
            return Err(blame("user_context", format!("holds {} octets", self.context_max)));
        }
        if !self.zero_in_text && (hostname.contains('\0') || user_context.contains('\0')) {
            return Err(blame("hostname", "holds no zero octets"));
        }
        Ok(Row {
            address: i64::from(u32::from(address)),
            hwaddr,
            client_id,
            valid_lifetime: Some(i64::from(lease.valid.0)),
            expire: Some(expire),
            subnet_id: Some(i64::from(lease.subnet.0)),
            fqdn_fwd: lease.dns.forward,
            fqdn_rev: lease.dns.reverse,
            hostname,
            state,
            user_context,
            pool_id: if self.has_pool { i64::from(lease.pool.0) } else { 0 },
        })
    }

    /// What of a lease the columns cannot say.
    fn ours(&self, lease: &Lease, expire: i64) -> Ours {
        let expires = lease.expires.ceil();
        let number = lease.state.number();
        Ours {
            expires: (self.ends(lease.valid, expire) != expires).then_some(expires.secs()),
            state: (number > self.state_max).then_some(number),
            pool: (!self.has_pool && lease.pool.0 != 0).then_some(lease.pool.0),
            ..Ours::of(&lease.holder.hw, lease.promises.as_deref())
        }
    }

    /// When a lease ends whose column says `expire`.
    fn ends(&self, valid: Secs, expire: i64) -> Wall {
        let valid_for = if valid.is_infinite() { i64::from(valid.0) } else { 0 };
        Wall::from_secs(expire).plus_secs(valid_for)
    }

    /// The lease of a row.
    ///
    /// # Errors
    /// [`RowError`], with the column to blame.
    pub fn decode(&self, row: &Row) -> Result<Lease, RowError> {
        let unit = unit(row.address)?;
        let (context, ours) = split(&row.user_context).map_err(|why| blame("user_context", why))?;
        let htype = ours.htype.unwrap_or(HwAddr::ETHERNET);
        let hw = HwAddr::new(htype, &row.hwaddr).map_err(|why| blame("hwaddr", why.to_string()))?;
        let client_id = match row.client_id.as_slice() {
            [] => None,
            id => Some(ClientId::new(id).map_err(|why| blame("client_id", why.to_string()))?),
        };
        let valid = Secs(number("valid_lifetime", row.valid_lifetime)?);
        let expire = row.expire.ok_or_else(|| blame("expire", "is no time"))?;
        let expires = match ours.expires.map(Wall::from_secs) {
            // Whoever changed the column since has the last word.
            Some(expires) if self.expire(valid, expires) == expire => expires,
            _ => self.ends(valid, expire),
        };
        let state = u32::try_from(row.state).ok().and_then(State::from_number);
        let state = state.ok_or_else(|| blame("state", format!("is {}", row.state)))?;
        let pool = match ours.pool {
            Some(pool) if !self.has_pool => pool,
            _ => number("pool_id", Some(row.pool_id))?,
        };
        let lease = Lease {
            unit,
            subnet: SubnetId(number("subnet_id", row.subnet_id)?),
            pool: PoolId(pool),
            holder: Holder { hw, client_id },
            state: self.true_state(state, ours.state),
            valid,
            expires,
            hostname: (!row.hostname.is_empty()).then(|| row.hostname.as_str().into()),
            dns: DnsFlags { forward: row.fqdn_fwd, reverse: row.fqdn_rev },
            context: context.map(Into::into),
            promises: ours.promises,
        };
        if lease.holder.is_nobody() && matches!(lease.state, State::Assigned | State::Registered) {
            return Err(blame("hwaddr", "names nobody, and neither does `client_id`"));
        }
        Ok(lease)
    }

    /// What a row says of its address at a time; of the row only address, lifetime, end and state
    /// are needed. One that cannot be read is somebody's.
    #[must_use]
    pub fn slot(&self, row: &Row, wall: Wall) -> Slot {
        let state = u32::try_from(row.state).ok().and_then(State::from_number);
        let valid = number("valid_lifetime", row.valid_lifetime).ok().map(Secs);
        let (Some(state), Some(valid), Some(expire)) = (state, valid, row.expire) else {
            return Slot::Taken;
        };
        let expires = self.ends(valid, expire);
        let (subnet, pool) = (SubnetId(0), PoolId(0));
        let standing = Standing { subnet, pool, state, valid, expires };
        if standing.is_reusable(wall) { Slot::Reusable } else { Slot::Taken }
    }

    fn true_state(&self, state: State, noted: Option<u8>) -> State {
        let noted = noted.and_then(|number| State::from_number(number.into()));
        match noted {
            Some(noted) if self.state(noted) == state.number() => noted,
            _ => state,
        }
    }
}

/// The unit of an address as tables write it.
///
/// # Errors
/// [`RowError`] for a number that is no IPv4 address.
pub fn unit(address: i64) -> Result<Unit, RowError> {
    let number = number("address", Some(address))?;
    Ok(Unit::V4(number.into()))
}

fn number(column: &'static str, value: Option<i64>) -> Result<u32, RowError> {
    let value = value.ok_or_else(|| blame(column, "is empty"))?;
    u32::try_from(value).map_err(|_| blame(column, format!("is {value}")))
}

fn client_octets(holder: &Holder) -> &[u8] {
    holder.client_id.as_ref().map_or(&[], ClientId::octets)
}
