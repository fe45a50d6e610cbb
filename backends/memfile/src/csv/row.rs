//! One row.

use std::net::Ipv4Addr;
use std::sync::Arc;

use lessor_context::{self as context, Ours};
use lessor_lease::{DnsFlags, Lease, State};
use lessor_types::{ClientId, Holder, HwAddr, PoolId, Secs, SubnetId, Unit, Wall};

use super::{Column, Format, Schema, escape};
use crate::lines::LINE_MAX;

/// What a row says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Row {
    /// The unit's lease is this.
    Put(Arc<Lease>),
    /// The unit has no lease.
    Remove(Unit),
}

impl Row {
    /// What it speaks of.
    #[must_use]
    pub fn unit(&self) -> Unit {
        match self {
            Self::Put(lease) => lease.unit,
            Self::Remove(unit) => *unit,
        }
    }
}

/// Why a row is not one, with the column to blame.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{column}: {why}")]
pub struct RowError {
    /// The column.
    pub column: Column,
    /// What is wrong there.
    pub why: Why,
}

/// What is wrong in a column.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// The row ends before this column, or goes on after it.
    #[error("the row has {0} columns where this file has {1} to {2}")]
    Columns(usize, usize, usize),
    /// The whole row is too long to be held.
    #[error("the row has more than {0} octets")]
    Long(usize),
    /// A raw zero octet, as a hole in a file is read.
    #[error("the row has a zero octet in it")]
    Hole,
    /// Not an address of the family.
    #[error("not an address")]
    Address,
    /// Not hexadecimal pairs joined by colons.
    #[error("not hexadecimal pairs joined by colons")]
    Hex,
    /// More octets than the identifier can have.
    #[error("more than {0} octets")]
    TooLong(usize),
    /// Not a decimal number, or one that is too large.
    #[error("not a number from 0 to {0}")]
    Number(u64),
    /// Neither 0 nor 1.
    #[error("neither 0 nor 1")]
    Flag,
    /// No state has this number.
    #[error("no state has this number")]
    State,
    /// Not a JSON map, or one that has our member in an unknown form.
    #[error("not a JSON map that can be kept: {0}")]
    Context(String),
    /// Neither link-layer address nor client identifier, in a row that is not declined.
    #[error("empty, and so is the client identifier, though the lease is not declined")]
    Nobody,
}

impl Column {
    pub(crate) const fn blame(self, why: Why) -> RowError {
        RowError { column: self, why }
    }

    fn number(self, field: &[u8], max: u64) -> Result<u64, RowError> {
        let mut number = 0_u64;
        let mut digits = 0;
        for octet in field {
            let digit = octet.wrapping_sub(b'0');
            number = match number.checked_mul(10) {
                Some(tens) if digit < 10 => tens.saturating_add(u64::from(digit)),
                _ => return Err(self.blame(Why::Number(max))),
            };
            digits += 1;
        }
        if digits == 0 || number > max {
            return Err(self.blame(Why::Number(max)));
        }
        Ok(number)
    }

    fn number32(self, field: &[u8]) -> Result<u32, RowError> {
        let number = self.number(field, u32::MAX.into())?;
        u32::try_from(number).map_err(|_| self.blame(Why::Number(u32::MAX.into())))
    }

    fn flag(self, field: &[u8]) -> Result<bool, RowError> {
        match field {
            b"0" => Ok(false),
            b"1" => Ok(true),
            _ => Err(self.blame(Why::Flag)),
        }
    }

    /// Reads pairs (or, as some hands write them, single digits) into `octets`.
    fn hex<'a>(self, field: &[u8], octets: &'a mut [u8]) -> Result<&'a [u8], RowError> {
        let max = octets.len();
        let mut len = 0;
        if !field.is_empty() {
            for pair in field.split(|octet| *octet == b':') {
                let digit = |octet: u8| char::from(octet).to_digit(16);
                let octet = match *pair {
                    [low] => digit(low),
                    [high, low] => digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low),
                    _ => None,
                };
                let octet = octet.and_then(|octet| u8::try_from(octet).ok());
                let place = octets.get_mut(len).ok_or_else(|| self.blame(Why::TooLong(max)))?;
                *place = octet.ok_or_else(|| self.blame(Why::Hex))?;
                len += 1;
            }
        }
        Ok(octets.get(..len).unwrap_or(&[]))
    }
}

/// A row being read; what the file's version does not have stays at its default.
struct Draft {
    lease: Lease,
    hw: HwAddr,
    client_id: Option<ClientId>,
    valid: u32,
    ours: Ours,
}

impl Format {
    /// Reads one row, without its line end.
    ///
    /// A tombstone counts whatever else its row says: to doubt it would bring back a lease.
    ///
    /// # Errors
    /// [`RowError`], with the column to blame.
    pub fn decode(self, line: &[u8]) -> Result<Row, RowError> {
        let mut draft = Draft {
            lease: blank(),
            hw: HwAddr::default(),
            client_id: None,
            valid: 0,
            ours: Ours::default(),
        };
        self.check_shape(line)?;
        let fields = line.split(|octet| *octet == b',');
        for (column, field) in self.schema.columns.iter().zip(fields) {
            draft.take(*column, field)?;
            if *column == Column::ValidLifetime && draft.valid == 0 {
                return Ok(Row::Remove(draft.lease.unit));
            }
        }
        draft.finish().map(|lease| Row::Put(Arc::new(lease)))
    }

    fn check_shape(self, line: &[u8]) -> Result<(), RowError> {
        let (mut commas, mut holes) = (0, 0);
        for octet in line {
            commas += usize::from(*octet == b',');
            holes += usize::from(*octet == 0);
        }
        let whole = self.schema.columns.len();
        let (least, most) = (self.columns.min(whole), self.columns.max(whole));
        let last = self.schema.columns.last().copied();
        let at = self.schema.columns.get(commas + 1).copied().or(last);
        let at = at.unwrap_or(Column::Address);
        if holes > 0 {
            return Err(Column::Address.blame(Why::Hole));
        }
        if commas + 1 < least || commas + 1 > most {
            return Err(at.blame(Why::Columns(commas + 1, least, most)));
        }
        Ok(())
    }
}

fn blank() -> Lease {
    Lease {
        unit: Unit::V4(Ipv4Addr::UNSPECIFIED),
        subnet: SubnetId(0),
        pool: PoolId(0),
        holder: Holder::default(),
        state: State::Assigned,
        valid: Secs(0),
        expires: Wall::from_secs(0),
        hostname: None,
        dns: DnsFlags::default(),
        context: None,
        promises: None,
    }
}

impl Draft {
    fn take(&mut self, column: Column, field: &[u8]) -> Result<(), RowError> {
        let lease = &mut self.lease;
        match column {
            Column::Address => {
                let addr = str::from_utf8(field).ok().and_then(|text| text.parse().ok());
                lease.unit = Unit::V4(addr.ok_or_else(|| column.blame(Why::Address))?);
            }
            Column::HwAddr => {
                let mut octets = [0; HwAddr::MAX];
                let octets = column.hex(field, &mut octets)?;
                self.hw = HwAddr::new(HwAddr::ETHERNET, octets)
                    .map_err(|_| column.blame(Why::TooLong(HwAddr::MAX)))?;
            }
            Column::ClientId => {
                let mut octets = [0; ClientId::MAX];
                self.client_id = ClientId::new(column.hex(field, &mut octets)?).ok();
            }
            Column::ValidLifetime => self.valid = column.number32(field)?,
            Column::Expire => {
                const LAST: u64 = i64::MAX.unsigned_abs();
                let secs = i64::try_from(column.number(field, LAST)?)
                    .map_err(|_| column.blame(Why::Number(LAST)))?;
                lease.expires = Wall::from_secs(secs);
            }
            Column::SubnetId => lease.subnet = SubnetId(column.number32(field)?),
            Column::FqdnFwd => lease.dns.forward = column.flag(field)?,
            Column::FqdnRev => lease.dns.reverse = column.flag(field)?,
            Column::Hostname => {
                lease.hostname = (!field.is_empty()).then(|| escape::read(field).into());
            }
            Column::State => {
                let number = column.number32(field)?;
                lease.state = State::from_number(number).ok_or_else(|| column.blame(Why::State))?;
            }
            Column::UserContext => {
                let text = escape::read(field);
                let (foreign, ours) =
                    context::split(&text).map_err(|why| column.blame(Why::Context(why)))?;
                lease.context = foreign.map(Into::into);
                self.ours = ours;
            }
            Column::PoolId => lease.pool = PoolId(column.number32(field)?),
        }
        Ok(())
    }

    fn finish(self) -> Result<Lease, RowError> {
        let hw = match self.ours.htype {
            Some(htype) => HwAddr::new(htype, self.hw.octets())
                .map_err(|_| Column::HwAddr.blame(Why::TooLong(HwAddr::MAX)))?,
            None => self.hw,
        };
        let lease = Lease {
            holder: Holder { hw, client_id: self.client_id },
            valid: Secs(self.valid),
            promises: self.ours.promises,
            ..self.lease
        };
        check_holder(&lease).map(|()| lease)
    }
}

fn check_holder(lease: &Lease) -> Result<(), RowError> {
    if lease.holder.is_nobody() && lease.state != State::Declined {
        return Err(Column::HwAddr.blame(Why::Nobody));
    }
    Ok(())
}

impl Schema {
    /// Appends the row of a lease, with its line end. On an error nothing is appended.
    ///
    /// A lifetime of 0 is written as 1, because 0 says that there is no lease. Parts of a second
    /// are rounded up, so that the row does not end before the client's lease.
    ///
    /// # Errors
    /// [`RowError`] for a row that Kea (or we) would not read.
    pub fn encode(&self, lease: &Lease, out: &mut Vec<u8>) -> Result<(), RowError> {
        check_holder(lease)?;
        self.write_row(lease, lease.valid.0.max(1), out)
    }

    /// Appends the row that removes a unit's lease, with its line end.
    ///
    /// As in Kea it repeats the removed row. Without one to repeat (or with one that never was in
    /// a file) it is a declined lease's row, the only kind that may name no client.
    ///
    /// # Errors
    /// [`RowError`] for a unit of another family.
    pub fn encode_removal(
        &self,
        unit: Unit,
        removed: Option<&Lease>,
        out: &mut Vec<u8>,
    ) -> Result<(), RowError> {
        if let Some(lease) = removed
            && lease.unit == unit
            && check_holder(lease).is_ok()
            && self.write_row(lease, 0, out).is_ok()
        {
            return Ok(());
        }
        let anonymous = Lease { unit, state: State::Declined, ..blank() };
        self.write_row(&anonymous, 0, out)
    }

    fn write_row(&self, lease: &Lease, valid: u32, out: &mut Vec<u8>) -> Result<(), RowError> {
        let start = out.len();
        for column in self.columns {
            if out.len() > start {
                out.push(b',');
            }
            if let Err(error) = write_field(lease, valid, *column, out) {
                out.truncate(start);
                return Err(error);
            }
        }
        if out.len() - start > LINE_MAX {
            out.truncate(start);
            return Err(Column::UserContext.blame(Why::Long(LINE_MAX)));
        }
        out.push(b'\n');
        Ok(())
    }
}

fn write_field(
    lease: &Lease,
    valid: u32,
    column: Column,
    out: &mut Vec<u8>,
) -> Result<(), RowError> {
    match column {
        Column::Address => {
            put_addr(lease.unit.v4().ok_or_else(|| column.blame(Why::Address))?, out);
        }
        Column::HwAddr => put_hex(lease.holder.hw.octets(), out),
        Column::ClientId => {
            if let Some(id) = &lease.holder.client_id {
                put_hex(id.octets(), out);
            }
        }
        Column::ValidLifetime => put_number(valid, out),
        Column::Expire => {
            let secs = u64::try_from(lease.expires.ceil().secs());
            put_number(secs.map_err(|_| column.blame(Why::Number(u64::MAX)))?, out);
        }
        Column::SubnetId => put_number(lease.subnet.0, out),
        Column::FqdnFwd => put_number(u8::from(lease.dns.forward), out),
        Column::FqdnRev => put_number(u8::from(lease.dns.reverse), out),
        Column::Hostname => escape::write(lease.hostname.as_deref().unwrap_or(""), out),
        Column::State => put_number(lease.state.number(), out),
        Column::UserContext => {
            let ours = Ours::of(&lease.holder.hw, lease.promises.as_deref());
            let text = context::join(lease.context.as_deref(), &ours)
                .map_err(|why| column.blame(Why::Context(why)))?;
            escape::write(&text, out);
        }
        Column::PoolId => put_number(lease.pool.0, out),
    }
    Ok(())
}

// What follows is written with each lease; formatting by `fmt` takes ten times as long.

fn put_number(number: impl Into<u64>, out: &mut Vec<u8>) {
    let mut rest = number.into();
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    for (at, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (rest % 10) as u8;
        first = at;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

fn put_addr(addr: Ipv4Addr, out: &mut Vec<u8>) {
    for (at, octet) in addr.octets().into_iter().enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        put_number(octet, out);
    }
}

fn put_hex(octets: &[u8], out: &mut Vec<u8>) {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    for (at, octet) in octets.iter().enumerate() {
        if at > 0 {
            out.push(b':');
        }
        out.extend([DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 0xf)]]);
    }
}
