//! Echo requests to this host itself: all of 127.0.0.0/8 answers. Raw sockets need `CAP_NET_RAW`.
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use lessor_net::Echo;
use lessor_net::echo::Answer;
use lessor_types::LinkId;

#[test]
fn who_is_there_answers_with_what_the_request_carried() {
    let mut echo = Echo::new(0x4c45);
    let mut other = Echo::new(0x4c46);
    let lo = LinkId(1);
    let first = Ipv4Addr::new(127, 0, 0, 9);
    match echo.ask(None, first, 1) {
        Ok(is_new) => assert!(is_new),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            eprintln!("skipped: no CAP_NET_RAW");
            return;
        }
        Err(error) => panic!("{error}"),
    }
    let second = Ipv4Addr::new(127, 1, 2, 3);
    assert!(echo.ask(Some(lo), second, 2).expect("lo is up"), "a socket of its own");
    assert!(!echo.ask(Some(lo), second, 3).expect("lo is up"));
    other.ask(None, first, 9).expect("as above");
    assert_eq!(echo.fds().count(), 2);

    let mut answers = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(5);
    while answers.len() < 3 && Instant::now() < deadline {
        echo.receive(&mut answers).expect("reads");
        std::thread::sleep(Duration::from_millis(1));
    }
    answers.sort_by_key(|answer| answer.token);
    // The socket that is bound to no interface hears the answers on all.
    answers.dedup();
    let expected = [(first, 1), (second, 2), (second, 3)];
    assert_eq!(answers, expected.map(|(addr, token)| Answer { addr, token }));
}
