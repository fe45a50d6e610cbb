//! What the program does without serving anybody.

use serde_json::json;

use crate::process::{Daemon, Site, arg, lessor};

#[test]
fn a_broken_file_is_told_place_by_place() {
    let site = Site::new("");
    let file = site.path("broken.conf");
    site.write(
        "broken.conf",
        "{ \"Dhcp4\": {\n  \"valid-lifetime\": \"long\",\n  \"subnet4\": [ { \"id\": 1,\n    \
         \"subnet\": \"192.0.2.0/99\" } ]\n} }\n",
    );
    let said = lessor(&["-t".as_ref(), arg(&file)]);
    assert_eq!(said.code, Some(1));
    let place = |at: &str| format!("{}:{at}: error: ", file.display());
    for at in ["2:21", "4:15"] {
        assert!(said.err.contains(&place(at)), "{at} in {}", said.err);
    }
    // Serving refuses it in the same words.
    let served = lessor(&["-c".as_ref(), arg(&file)]);
    assert_eq!(served.code, Some(1));
    assert!(served.err.contains(&place("2:21")), "{}", served.err);
}

#[test]
fn a_lawful_file_is_called_so() {
    let site = Site::new(r#""interfaces-config": { "interfaces": [ "*" ] }"#);
    let file = site.path("lessor.conf");
    let said = lessor(&["-t".as_ref(), arg(&file)]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert!(said.out.contains("lawful"), "{}", said.out);
    assert!(!site.path("leases.csv").exists(), "nothing was opened");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let said = lessor(&["-t".as_ref(), "/no/such/file".as_ref()]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("/no/such/file"), "{}", said.err);
}

#[test]
fn the_version_is_one_word() {
    let said = lessor(&["-v".as_ref()]);
    assert_eq!((said.code, said.out.trim()), (Some(0), env!("CARGO_PKG_VERSION")));
    assert_eq!(lessor(&["-V".as_ref()]).code, Some(0));
    assert_eq!(lessor(&[]).code, Some(2));
    assert_eq!(lessor(&["-c".as_ref(), "x".as_ref(), "-p".as_ref(), "0".as_ref()]).code, Some(2));
}

#[test]
fn without_interfaces_it_serves_nobody_and_says_so() {
    let site = Site::new(r#""interfaces-config": { "interfaces": [ "absent0" ] }"#);
    let mut daemon = Daemon::start(site.serve());
    daemon.wait_for("absent0 is not served: there is no such interface");
    daemon.wait_for("DHCP4_NOT_LISTENING");
    daemon.wait_for("DHCP4_STARTED");
    let status = site.ask(&json!({ "command": "status-get" }));
    assert_eq!(status["arguments"]["sockets"]["status"], "retrying");

    let second = lessor(&["-c".as_ref(), arg(&site.path("lessor.conf"))]);
    assert_eq!(second.code, Some(1));
    assert!(second.err.contains("leases.csv belongs to another server"), "{}", second.err);

    daemon.signal("HUP");
    daemon.wait_for("CONFIG_APPLIED");
    daemon.signal("TERM");
    daemon.wait_for("DHCP4_STOPPED");
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(!site.path("control").exists());
}

#[test]
fn shutdown_chooses_the_exit_code() {
    let site = Site::new(r#""interfaces-config": { "interfaces": [ "absent0" ] }"#);
    let mut daemon = Daemon::start(site.serve());
    daemon.wait_for("DHCP4_STARTED");
    let command = json!({ "command": "shutdown", "arguments": { "exit-value": 5 } });
    let answer = site.ask(&command);
    assert_eq!(answer, json!({ "result": 0, "text": "Shutting down." }));
    assert_eq!(daemon.wait().code(), Some(5));
}

#[test]
fn a_running_compaction_of_kea_is_not_disturbed() {
    let site = Site::new(r#""interfaces-config": { "interfaces": [ "absent0" ] }"#);
    site.write("leases.csv.pid", &std::process::id().to_string());
    let said = lessor(&["-c".as_ref(), arg(&site.path("lessor.conf"))]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("may still be compacting"), "{}", said.err);
    assert!(!site.path("leases.csv").exists());
}

#[test]
fn what_is_wrong_in_a_lease_file_is_told_by_line() {
    let site = Site::new(r#""interfaces-config": { "interfaces": [ "absent0" ] }"#);
    let header = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
                  hostname,state,user_context,pool_id\n";
    let row = "192.0.2.7,02:00:00:00:00:01,,3600,4000000000,1,0,0,,0,,0\n";
    site.write("leases.csv", &format!("{header}{row}nonsense\n192.0.2.8,02"));
    let daemon = Daemon::start(site.serve());
    daemon.wait_for("leases.csv, line 3: ");
    daemon.wait_for("leases.csv, line 4: 12 octets without a line end were dropped");
    daemon.wait_for("DHCP4_STARTED");
    let page = json!({ "command": "lease4-get-page",
                       "arguments": { "from": "start", "limit": 10 } });
    assert_eq!(site.ask(&page)["arguments"]["leases"][0]["ip-address"], "192.0.2.7");
}
