use lessor_config::CharSet;
use lessor_types::{HwAddr, Xid};
use lessor_wire::v4::Op;
use proptest::prelude::*;

use super::*;

fn naming(set: impl FnOnce(&mut Naming)) -> Naming {
    let mut naming = Naming::default();
    set(&mut naming);
    naming
}

fn names(naming: &Naming, updates: bool, options: &[(u8, &[u8])]) -> Names {
    let mut message = Message::new(Op::Request, Xid(1), HwAddr::default());
    for (code, value) in options {
        message.options.insert(*code, *value);
    }
    let addr = Ipv4Addr::new(10, 0, 0, 10);
    Sources { naming, updates, reserved: None, addr }.names(&message)
}

fn fqdn(flags: &str, name: &str) -> Vec<u8> {
    let is = |letter| flags.contains(letter);
    let flags = FqdnFlags { s: is('s'), o: is('o'), e: is('e'), n: is('n') };
    Fqdn { flags, name: DomainName::parse(name).expect("a name"), ..Fqdn::default() }.to_octets()
}

fn flags(naming: &Naming, updates: bool, sent: &str) -> String {
    let names = names(naming, updates, &[(code::FQDN, &fqdn(sent, "a.b."))]);
    let fqdn = names.answer().and_then(|(_, octets)| Fqdn::parse(octets)).expect("it is answered");
    assert_eq!((fqdn.rcode1, fqdn.rcode2), (255, 255));
    let FqdnFlags { s, o, e, n } = fqdn.flags;
    let set = [(s, 's'), (o, 'o'), (e, 'e'), (n, 'n')];
    set.iter().filter(|(on, _)| *on).map(|(_, letter)| *letter).collect()
}

// RFC 4702 §4, V4-087: the client's wish, the server's leave, and what comes of it.
#[test]
fn flags_say_what_will_happen() {
    let plain = Naming::default();
    let no_update = naming(|it| it.override_no_update = true);
    let client_update = naming(|it| it.override_client_update = true);
    for (naming, updates, sent, told) in [
        (&plain, true, "e", "e"),
        (&plain, true, "se", "se"),
        (&plain, true, "ne", "en"),
        (&plain, true, "s", "s"),
        // Not lawful: nothing is to be done.
        (&plain, true, "sn", "on"),
        (&no_update, true, "ne", "soe"),
        (&no_update, true, "e", "e"),
        (&client_update, true, "e", "soe"),
        (&client_update, true, "ne", "en"),
        // Nobody updates anything: that is told, whatever was wished.
        (&plain, false, "se", "oen"),
        (&no_update, false, "ne", "en"),
        (&client_update, false, "e", "en"),
    ] {
        assert_eq!(flags(naming, updates, sent), told, "{sent} {updates} {naming:?}");
    }
}

fn name(naming: &Naming, options: &[(u8, &[u8])]) -> (String, Option<String>) {
    let names = names(naming, true, options);
    let told = names.answer().map(|(code, octets)| match Fqdn::parse(octets) {
        Some(fqdn) if code == code::FQDN => fqdn.name.to_string(),
        _ => String::from_utf8_lossy(octets).into_owned(),
    });
    (names.hostname.unwrap_or_default().into(), told)
}

#[test]
fn names_are_completed_and_cleaned() {
    let plain = Naming::default();
    let suffix = naming(|it| it.qualifying_suffix = "example.org.".into());
    let under = naming(|it| it.char_replacement = "x".into());
    let raw = naming(|it| it.char_set = None);
    let host = |name: &'static [u8]| (code::HOST_NAME, name);
    for (naming, options, kept, told) in [
        (&plain, host(b"Laptop"), "laptop", Some("laptop")),
        (&suffix, host(b"Laptop"), "laptop.example.org", Some("laptop.example.org")),
        (&suffix, host(b"a.b"), "a.b", Some("a.b")),
        (&plain, host(b"my pc\0\0"), "mypc", Some("mypc")),
        (&under, host(b"my pc_1"), "myxpcx1", Some("myxpcx1")),
        (&plain, host(b"\xff\xfe"), "", None),
        (&raw, host(b"\xff\xfe"), "", None),
        (&raw, host(b"a b"), "", None),
        (&raw, host(b"a_b"), "a_b", Some("a_b")),
        (&plain, host(b""), "", None),
        (&plain, host(b"\0"), "", None),
        // Asked for, and not known.
        (&plain, (code::PARAMETER_LIST, &[12][..]), "", None),
    ] {
        let told = told.map(str::to_owned);
        assert_eq!(name(naming, &[options]), (kept.to_owned(), told), "{options:?}");
    }
    for (naming, flags, sent, kept, told) in [
        (&plain, "e", "Laptop", "laptop", "Laptop"),
        (&suffix, "e", "Laptop", "laptop.example.org.", "Laptop.example.org."),
        (&suffix, "", "Laptop", "laptop.example.org.", "Laptop.example.org."),
        (&suffix, "e", "a.b.", "a.b.", "a.b."),
        (&suffix, "", "a.Example.org", "a.example.org", "a.Example.org"),
        (&suffix, "e", "a.example.com", "a.example.com.example.org.", "a.example.com.example.org."),
        (&plain, "e", "a_1.b c.", "a1.bc.", "a1.bc."),
        (&suffix, "e", "", "myhost-10-0-0-10.example.org.", "myhost-10-0-0-10.example.org."),
        (&plain, "e", "_", "myhost-10-0-0-10", "myhost-10-0-0-10"),
    ] {
        let sent = fqdn(flags, sent);
        let options = [(code::FQDN, &sent[..]), (code::HOST_NAME, b"other")];
        assert_eq!(name(naming, &options), (kept.into(), Some(told.into())), "{sent:?}");
    }
}

#[test]
fn names_are_made_where_the_configuration_says() {
    const MADE: &str = "pc-10-0-0-10.example.org";
    let mode = |replace| {
        naming(|it| {
            it.replace = replace;
            it.generated_prefix = "pc".into();
            it.qualifying_suffix = "example.org".into();
        })
    };
    let (sent, asked) = ((code::HOST_NAME, &b"a"[..]), (code::PARAMETER_LIST, &[12][..]));
    for (replace, with, without) in [
        (Replace::Never, "a.example.org", ""),
        (Replace::Always, MADE, MADE),
        (Replace::WhenPresent, MADE, ""),
        (Replace::WhenNotPresent, "a.example.org", MADE),
    ] {
        let naming = mode(replace);
        let told = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        assert_eq!(name(&naming, &[sent]), (with.to_owned(), told(with)), "{replace:?}");
        assert_eq!(name(&naming, &[asked]), (without.to_owned(), told(without)), "{replace:?}");
        // Who neither sends nor asks has a name all the same, and is not told.
        assert_eq!(name(&naming, &[]), (without.to_owned(), None), "{replace:?}");
        let own = fqdn("e", "a.b.");
        let kept = match replace {
            Replace::Always | Replace::WhenPresent => format!("{MADE}."),
            _ => "a.b.".to_owned(),
        };
        assert_eq!(name(&naming, &[(code::FQDN, &own)]).0, kept, "{replace:?}");
    }
}

#[test]
fn a_reserved_name_wins() {
    let naming = naming(|it| {
        it.replace = Replace::Always;
        it.qualifying_suffix = "example.org".into();
    });
    let mut message = Message::new(Op::Request, Xid(1), HwAddr::default());
    message.options.insert(code::HOST_NAME, b"other");
    let addr = Ipv4Addr::new(10, 0, 0, 10);
    let sources = Sources { naming: &naming, updates: false, reserved: Some("Printer"), addr };
    assert_eq!(sources.names(&message).hostname.as_deref(), Some("printer.example.org"));
    message.options.insert(code::FQDN, fqdn("e", "x.y."));
    assert_eq!(sources.names(&message).hostname.as_deref(), Some("printer.example.org."));
}

proptest! {
    /// What goes the short way comes out as by the long one.
    #[test]
    fn usual_names_are_no_exception(
        mut labels in proptest::collection::vec("[A-Za-c0-9_-]{1,6}|[a-]{60,66}", 1..6),
        end in proptest::sample::select(vec!["", "a B", "xa b"]),
        (dot, zeros, wire, root) in (any::<bool>(), 0_usize..2, any::<bool>(), any::<bool>()),
        bits in 0_u8..16,
        suffix in proptest::sample::select(vec!["", "A.b", "a.b.", ".", "b_d", "x..y"]),
        (raw, updates) in any::<(bool, bool)>(),
        replace in proptest::sample::select(vec![Replace::Never, Replace::WhenNotPresent, Replace::Always]),
    ) {
        labels.extend(end.split_whitespace().map(str::to_owned));
        let naming = naming(|it| {
            it.qualifying_suffix = suffix.into();
            it.replace = replace;
            if raw {
                it.char_set = CharSet::parse("[b-]").ok();
            }
        });
        let addr = Ipv4Addr::new(10, 0, 0, 10);
        let sources = Sources { naming: &naming, updates, reserved: None, addr };
        let mut octets = vec![bits & !4 | u8::from(wire) << 2, 0, 0];
        if wire {
            for label in &labels {
                octets.push(u8::try_from(label.len()).expect("short"));
                octets.extend_from_slice(label.as_bytes());
            }
            octets.extend(root.then_some(0));
        } else {
            octets.extend(labels.join(".").bytes());
            octets.extend(dot.then_some(b'.'));
            octets.extend(vec![0; zeros]);
        }
        if let Some(names) = sources.usual_fqdn(&octets) {
            let fqdn = Fqdn::parse(&octets).expect("the short way takes nothing that is no name");
            prop_assert_eq!(names, sources.negotiated(&fqdn));
        }
        if let Some(names) = sources.usual_host_name(labels[0].as_bytes()) {
            let long = sources.long_host_name(Some(labels[0].as_bytes()));
            prop_assert_eq!(names.hostname, long);
        }
    }

    #[test]
    fn any_octets_give_a_name_that_can_be_kept(
        host in proptest::collection::vec(any::<u8>(), 0..80),
        fqdn in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..80)),
        raw in any::<bool>(),
        suffix in proptest::sample::select(vec!["", "example.org", "."]),
    ) {
        let naming = naming(|it| {
            if raw {
                it.char_set = None;
            }
            it.qualifying_suffix = suffix.into();
        });
        let mut options = vec![(code::HOST_NAME, &host[..])];
        options.extend(fqdn.as_ref().map(|fqdn| (code::FQDN, &fqdn[..])));
        let names = names(&naming, true, &options);
        if let Some(name) = &names.hostname {
            prop_assert!(!name.chars().any(|c| c.is_control() || c.is_whitespace()));
            prop_assert!(!name.is_empty());
        }
        if let Some((code::FQDN, octets)) = names.answer() {
            prop_assert!(Fqdn::parse(octets).is_some(), "{:?}", octets);
        }
        prop_assert!(names.answer().is_none() || names.hostname.is_some());
    }
}
