use lessor_lease::{DnsFlags, Lease, Promises, State};
use lessor_types::{ClientId, Holder, HwAddr, PoolId, Secs, SubnetId, Unit, Wall};
use proptest::prelude::*;

use super::*;

const V1: &str = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
                  hostname";

fn format(header: &str) -> Format {
    LEASES4.read_header(header.as_bytes()).expect("a header")
}

fn decode(header: &str, line: &str) -> Result<Lease, RowError> {
    match format(header).decode(line.as_bytes())? {
        Row::Put(lease) => Ok(lease.as_ref().clone()),
        Row::Remove(unit) => panic!("{unit} is removed"),
    }
}

fn read(line: &str) -> Result<Lease, RowError> {
    decode(LEASES4.header().trim_end(), line)
}

fn written(lease: &Lease) -> String {
    let mut out = Vec::new();
    LEASES4.encode(lease, &mut out).expect("a lawful lease");
    String::from_utf8(out).expect("rows are ASCII")
}

fn lease() -> Lease {
    Lease {
        unit: Unit::V4([192, 0, 2, 7].into()),
        subnet: SubnetId(4),
        pool: PoolId(9),
        holder: Holder {
            hw: HwAddr::ethernet([8, 0, 0x27, 0x0a, 1, 0xff]),
            client_id: ClientId::new(&[1, 8, 0]).ok(),
        },
        state: State::Assigned,
        valid: Secs(3600),
        expires: Wall::from_secs(1_700_003_600),
        hostname: Some("host.example".into()),
        dns: DnsFlags { forward: true, reverse: false },
        context: None,
        promises: None,
    }
}

const ROW: &str = "192.0.2.7,08:00:27:0a:01:ff,01:08:00,3600,1700003600,4,1,0,host.example,0,,9\n";

#[test]
fn a_row_is_written_in_the_newest_version() {
    assert_eq!(written(&lease()), ROW);
    assert_eq!(read(ROW.trim_end()), Ok(lease()));
    assert_eq!(LEASES4.header(), format!("{V1},state,user_context,pool_id\n"));
}

/// 1.0, 2.0, 2.1 and 3.0: what a version does not have is at its default.
#[test]
fn every_version_is_read() {
    let fields: Vec<_> = ROW.trim_end().split(',').collect();
    let header = LEASES4.header();
    let names: Vec<_> = header.trim_end().split(',').collect();
    for columns in 9..=12 {
        let pool = if columns == 12 { 9 } else { 0 };
        let expected = Lease { pool: PoolId(pool), ..lease() };
        let header = names[..columns].join(",");
        assert_eq!(format(&header).is_current(), columns == 12);
        for present in columns..=12 {
            let pool = if present == 12 { 9 } else { 0 };
            let row = fields[..present].join(",");
            let expected = Lease { pool: PoolId(pool), ..expected.clone() };
            assert_eq!(decode(&header, &row), Ok(expected), "{header}\n{row}");
        }
        let short = fields[..columns - 1].join(",");
        let error = decode(&header, &short).expect_err("too few columns");
        assert_eq!(error.column.name(), names[columns - 1]);
        assert_eq!(error.why, Why::Columns(columns - 1, columns, 12));
    }
    let newer = format!("{},colour", names.join(","));
    assert!(!format(&newer).is_current());
    let row = ROW.trim_end();
    assert_eq!(decode(&newer, &format!("{row},red")), Ok(lease()));
    assert_eq!(decode(&newer, row), Ok(lease()));
    assert!(decode(&newer, &format!("{row},red,x")).is_err());
}

#[test]
fn a_header_that_is_not_one_is_refused() {
    assert_eq!(LEASES4.read_header(b"address,hwaddr"), Err(HeaderError::Missing(Column::ClientId)));
    let swapped = V1.replace("expire,subnet_id", "subnet_id,expire");
    let error = LEASES4.read_header(swapped.as_bytes());
    assert_eq!(
        error.map_err(|error| error.to_string()),
        Err("found `subnet_id` where a lease file has the column `expire`".to_owned())
    );
    for bad in ["", "address,duid", &V1.replace(",hostname", "")] {
        assert!(LEASES4.read_header(bad.as_bytes()).is_err(), "{bad}");
    }
}

/// Rows as several versions of Kea leave them.
#[test]
fn rows_of_kea_are_read() {
    let old = read("10.0.0.1,aa:bb:cc:dd:ee:ff,,7200,1500000000,1,0,0,a&#x2cb&#x26c,0,,0")
        .expect("2.4 escapes two characters");
    assert_eq!(old.hostname.as_deref(), Some("a,b&c"));
    let new = read("10.0.0.1,aa:bb:cc:dd:ee:ff,,7200,1500000000,1,0,0,m&#xC3&#xBCnchen,0,,0")
        .expect("3.3 escapes octets");
    assert_eq!(new.hostname.as_deref(), Some("münchen"));
    let context = read(
        "10.0.0.1,aa:bb:cc:dd:ee:ff,,7200,1500000000,1,0,0,,0,\
         { \"ISC\": { \"relay-agent-info\": { \"sub-options\": \"0x0104\" } }&#x2c \"z\": [ 1 ] },0",
    )
    .expect("a context with a comma");
    assert_eq!(
        context.context.as_deref(),
        Some(r#"{ "ISC": { "relay-agent-info": { "sub-options": "0x0104" } }, "z": [ 1 ] }"#)
    );
    let declined = read("10.0.0.9,,,86400,1500086400,1,0,0,,1,,0").expect("declined");
    assert_eq!(declined.state, State::Declined);
    assert!(declined.holder.is_nobody());
    let infinite = read("10.0.0.9,1:2:3:4:5:6,,4294967295,5994967295,1,0,0,,0,,0")
        .expect("the sum is not cut to 32 bits");
    assert!(infinite.valid.is_infinite());
    assert_eq!(infinite.confirmed(), Wall::from_secs(1_700_000_000));
    assert_eq!(written(&infinite).matches("5994967295").count(), 1);
    assert_eq!(
        format(LEASES4.header().trim_end()).decode(b"10.0.0.1,aa:bb:cc:dd:ee:ff,,0,1,1,0,0,,0,,0"),
        Ok(Row::Remove(Unit::V4([10, 0, 0, 1].into())))
    );
}

#[test]
fn a_bad_row_says_which_column_and_why() {
    let cases = [
        (0, "192.0.2", "address: not an address"),
        (0, "2001:db8::1", "address: not an address"),
        (1, "08:zz", "hwaddr: not hexadecimal pairs joined by colons"),
        (1, "08:", "hwaddr: not hexadecimal pairs joined by colons"),
        (3, "x", "valid_lifetime: not a number from 0 to 4294967295"),
        (3, "4294967296", "valid_lifetime: not a number from 0 to 4294967295"),
        (4, "", "expire: not a number from 0 to 9223372036854775807"),
        (4, "99999999999999999999", "expire: not a number from 0 to 9223372036854775807"),
        (5, "-1", "subnet_id: not a number from 0 to 4294967295"),
        (6, "2", "fqdn_fwd: neither 0 nor 1"),
        (7, "true", "fqdn_rev: neither 0 nor 1"),
        (9, "7", "state: no state has this number"),
        (11, " 1", "pool_id: not a number from 0 to 4294967295"),
        (8, "a\0b", "address: the row has a zero octet in it"),
    ];
    for (column, text, expected) in cases {
        let mut fields: Vec<_> = ROW.trim_end().split(',').collect();
        fields[column] = text;
        let error = read(&fields.join(",")).expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
    let long = vec!["aa"; 21].join(":");
    let error = read(&format!("10.0.0.1,{long},,1,1,1,0,0,,0,,0")).expect_err("too long");
    assert_eq!(error.to_string(), "hwaddr: more than 20 octets");
    let nobody = read("10.0.0.1,,,1,1,1,0,0,,0,,0").expect_err("nobody's lease");
    assert_eq!(nobody.column, Column::HwAddr);
    for context in ["{", "[]", "7", "{\"a\":}", "{} {}", r#"{"lessor":7}"#] {
        let context = context.replace(',', "&#x2c");
        let error = read(&format!("10.0.0.1,01,,1,1,1,0,0,,0,{context},0")).expect_err("a map");
        assert_eq!(error.column, Column::UserContext, "{context}");
    }
}

#[test]
fn a_lease_without_a_lawful_row_is_refused_and_leaves_no_trace() {
    let nobody = Lease { holder: Holder::default(), ..lease() };
    let other_family = Lease { unit: Unit::V6(std::net::Ipv6Addr::LOCALHOST), ..lease() };
    let ancient = Lease { expires: Wall::from_secs(-1), ..lease() };
    let stolen_key = Lease { context: Some(r#"{"lessor":{"epoch":1}}"#.into()), ..lease() };
    let no_map = Lease { context: Some("[1]".into()), ..lease() };
    let endless = Lease { hostname: Some("x".repeat(crate::lines::LINE_MAX).into()), ..lease() };
    for bad in [nobody, other_family, ancient, stolen_key, no_map, endless] {
        let mut out = b"before".to_vec();
        assert!(LEASES4.encode(&bad, &mut out).is_err(), "{bad}");
        assert_eq!(out, b"before");
    }
}

#[test]
fn no_put_is_written_as_a_tombstone_and_every_removal_is() {
    let released = Lease { valid: Secs(0), state: State::Released, ..lease() };
    let back = read(written(&released).trim_end()).expect("a row");
    assert_eq!((back.valid, back.state), (Secs(1), State::Released));
    assert_eq!(back.expires, released.expires);

    let current = LEASES4.current();
    let removed = lease();
    for from in [Some(&removed), None] {
        let mut out = Vec::new();
        LEASES4.encode_removal(removed.unit, from, &mut out).expect("a unit of this family");
        let line = out.strip_suffix(b"\n").expect("a whole line");
        assert_eq!(current.decode(line), Ok(Row::Remove(removed.unit)));
    }
    let mut out = Vec::new();
    LEASES4.encode_removal(removed.unit, None, &mut out).expect("a unit of this family");
    assert_eq!(out, b"192.0.2.7,,,0,0,0,0,0,,1,,0\n");
}

#[test]
fn octets_that_are_no_text_come_back_as_they_were() {
    for raw in ["caf\u{fffd}", "&#xe9", "a&#xE9&#xc3&#xa9z", "&", "&#x", "&#xg1", "&amp;"] {
        let row = format!("10.0.0.1,01,,1,1,1,0,0,{raw},0,,0");
        let first = read(&row).expect(raw);
        let second = read(written(&first).trim_end()).expect(raw);
        assert_eq!(first, second, "{raw}");
    }
    let latin1 = [&b"10.0.0.1,01,,1,1,1,0,0,caf\xe9,0,,0"[..]].concat();
    let Ok(Row::Put(lease)) = LEASES4.current().decode(&latin1) else {
        panic!("a row with an octet that is no UTF-8");
    };
    assert_eq!(lease.hostname.as_deref(), Some("caf&#xe9"));
    assert!(written(&lease).contains(",caf&#xe9,"), "the same octet for Kea");
}

#[test]
fn our_member_is_cut_out_wherever_another_server_put_it() {
    let ours = r#""lessor":{"epoch":1,"tenancy":2,"version":3,"told":5,"new":[]}"#;
    for (text, foreign) in [
        (format!("{{{ours}}}"), None),
        (format!("{{ {ours} }}"), None),
        (format!(r#"{{ {ours}, "z": 1 }}"#), Some(r#"{ "z": 1 }"#)),
        (format!(r#"{{"a": {{}}, {ours} }}"#), Some(r#"{"a": {} }"#)),
        (format!(r#"{{"a":"}},",{ours},"z":1}}"#), Some(r#"{"a":"},","z":1}"#)),
    ] {
        let field = text.replace(',', "&#x2c");
        let lease = read(&format!("10.0.0.1,01,,1,1,1,0,0,,0,{field},0")).expect("a row");
        assert_eq!(lease.context.as_deref(), foreign, "{text}");
        let promises = lease.promises.expect("ours");
        assert_eq!((promises.epoch, promises.tenancy, promises.version), (1, 2, 3));
        assert_eq!((promises.told, promises.acked), (Some(Wall::from_secs(5)), None));
    }
    let twice = format!("{{{ours},{ours}}}").replace(',', "&#x2c");
    let error = read(&format!("10.0.0.1,01,,1,1,1,0,0,,0,{twice},0")).expect_err("twice");
    assert!(error.to_string().ends_with("the member `lessor` is there twice"));
}

fn walls() -> impl Strategy<Value = Wall> {
    (any::<i32>(), 0_u32..3).prop_map(|(secs, nanos)| Wall::new(i64::from(secs) << 8, nanos))
}

prop_compose! {
    fn promises()(
        numbers in any::<(u32, u32, u32)>(),
        told in prop::option::of(walls()),
        acked in prop::option::of(walls()),
        high in prop::option::of(walls()),
    ) -> Promises {
        Promises { epoch: numbers.0, tenancy: numbers.1, version: numbers.2, told, acked, high }
    }
}

fn contexts() -> impl Strategy<Value = Option<Box<str>>> {
    let member = ("[a-z\"\\\\,}é]{1,4}", prop_oneof!["[0-9]{1,3}", "\\PC{0,6}"], "[ \n]{0,2}")
        .prop_map(|(key, value, space)| {
            let quoted = |text: &str| serde_json::to_string(text).expect("a string");
            format!("{space}{}:{space}{}{space}", quoted(&key), quoted(&value))
        });
    prop::option::of(
        prop::collection::vec(member, 1..4)
            .prop_map(|members| format!("{{{}}}", members.join(",")).into()),
    )
}

prop_compose! {
    fn leases()(
        addr in any::<[u8; 4]>(),
        numbers in (any::<u32>(), any::<u32>(), 1_u32.., 0_i64..i64::MAX),
        htype in prop_oneof![Just(1_u16), any::<u16>()],
        hw in prop::collection::vec(any::<u8>(), 1..=20),
        id in prop::collection::vec(any::<u8>(), 0..=255),
        state in 0_u32..5,
        dns in any::<(bool, bool)>(),
        hostname in prop::option::of(prop_oneof![
            "\\PC{1,20}", "[&#xce93a,]{1,14}", "(&#x[c-e][39a]){1,4}é?"]),
        context in contexts(),
        promises in prop::option::of(promises()),
    ) -> Lease {
        Lease {
            unit: Unit::V4(addr.into()),
            subnet: SubnetId(numbers.0),
            pool: PoolId(numbers.1),
            holder: Holder {
                hw: HwAddr::new(htype, &hw).expect("at most 20"),
                client_id: ClientId::new(&id).ok(),
            },
            state: State::from_number(state).expect("five states"),
            valid: Secs(numbers.2),
            expires: Wall::from_secs(numbers.3),
            hostname: hostname.map(Into::into),
            dns: DnsFlags { forward: dns.0, reverse: dns.1 },
            context,
            promises: promises.map(Box::new),
        }
    }
}

proptest! {
    /// What is written is read back, and its row is one line of printable ASCII.
    #[test]
    fn rows_round_trip(lease in leases()) {
        let row = written(&lease);
        let line = row.strip_suffix('\n').expect("a line end");
        prop_assert!(line.bytes().all(|octet| (0x20..0x7f).contains(&octet)), "{}", line);
        prop_assert_eq!(line.split(',').count(), 12);
        prop_assert_eq!(read(line), Ok(lease));
    }

    /// No octets make the decoder panic, and a row that was read can be written.
    #[test]
    fn any_line_is_read_or_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        lease in leases(),
    ) {
        let mut line = written(&lease).into_bytes();
        line.pop();
        for (place, octet) in edits {
            let place = place.index(line.len());
            line[place] = octet;
        }
        if let Ok(Row::Put(lease)) = LEASES4.current().decode(&line) {
            let mut out = Vec::new();
            LEASES4.encode(&lease, &mut out).expect("it was read");
            out.pop();
            prop_assert_eq!(LEASES4.current().decode(&out), Ok(Row::Put(lease)));
        }
    }
}
