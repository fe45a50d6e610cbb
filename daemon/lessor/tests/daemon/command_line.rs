//! What the program does without serving anybody.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::json;

use crate::process::{Daemon, Site, arg, lessor, said};

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
    let long = lessor(&["-V".as_ref()]);
    assert_eq!((long.code, long.out.lines().next()), (Some(0), Some(env!("CARGO_PKG_VERSION"))));
    assert!(long.out.contains("Memfile"), "{}", long.out);
    let report = lessor(&["-W".as_ref()]);
    assert!(report.code == Some(0) && report.out.contains("target:"), "{}", report.out);
}

/// What Kea 2.2 answers with the same codes, asked side by side.
#[test]
fn wrong_command_lines_end_with_keas_code() {
    for line in ["", "-q", "-c", "foo", "-c x -p 0", "-c x -P 70000", "-p y", "-T", "-t /no/such"] {
        let arguments: Vec<&OsStr> = line.split_whitespace().map(OsStr::new).collect();
        let said = lessor(&arguments);
        assert_eq!(said.code, Some(1), "{line}: {}", said.err);
        assert!(!said.err.is_empty(), "{line}");
    }
    // Letters may stand together, and who asks for a version gets one.
    assert_eq!(lessor(&["-dv".as_ref()]).out.trim(), env!("CARGO_PKG_VERSION"));
    assert_eq!(lessor(&["-t".as_ref(), "/no/such".as_ref(), "-v".as_ref()]).code, Some(0));
    assert_eq!(lessor(&["--help".as_ref()]).code, Some(0));
}

#[test]
fn by_keas_name_it_takes_keas_letters_only() {
    let site = Site::new(r#""interfaces-config": { "interfaces": [ "absent0" ] }"#);
    let link = site.path("kea-dhcp4");
    symlink(env!("CARGO_BIN_EXE_lessor"), &link).expect("a writable directory");
    let by_name = |arguments: &[&str]| {
        let mut command = Command::new(&link);
        command.args(arguments).env("KEA_PIDFILE_DIR", link.parent().expect("a directory"));
        command
    };
    assert_eq!(said(by_name(&["-v"])).out.trim(), env!("CARGO_PKG_VERSION"));
    let word = said(by_name(&["status"]));
    assert_eq!(word.code, Some(1));
    assert!(word.err.contains("Usage: kea-dhcp4"), "{}", word.err);

    // What monitors look for: the name of the process, and the argument after `-c`.
    let file = site.path("lessor.conf");
    let daemon = Daemon::start(by_name(&["-c", file.to_str().expect("text")]));
    daemon.wait_for("DHCP4_STARTED");
    let process = format!("/proc/{}", daemon.pid());
    let comm = fs::read_to_string(format!("{process}/comm")).expect("it runs");
    assert_eq!(comm.trim(), "kea-dhcp4");
    let line = fs::read_to_string(format!("{process}/cmdline")).expect("it runs");
    assert!(line.ends_with(&format!("kea-dhcp4\0-c\0{}\0", file.display())), "{line:?}");
}

#[test]
fn leases_without_a_place_are_in_the_data_folder() {
    let site = Site::new("");
    site.write("bare.conf", r#"{ "Dhcp4": { "interfaces-config": { "interfaces": [ ] } } }"#);
    let bare = site.path("bare.conf");
    let mut command = site.command(["-c".as_ref(), bare.as_os_str()]);
    command.env("KEA_DHCP_DATA_DIR", bare.parent().expect("a directory"));
    let daemon = Daemon::start(command);
    daemon.wait_for("DHCP4_STARTED");
    assert!(site.path("kea-leases4.csv").exists());
}

#[test]
fn the_full_test_looks_at_this_host_and_touches_nothing() {
    let site = Site::new(r#""interfaces-config": { "interfaces": [ "absent0" ] }"#);
    let test = |letter: &str| lessor(&[letter.as_ref(), arg(&site.path("lessor.conf"))]);
    assert_eq!(test("-t").code, Some(0));
    let full = test("-T");
    assert_eq!(full.code, Some(1));
    assert!(full.err.contains("absent0 is not served: there is no such"), "{}", full.err);

    let ready = Site::new(r#""interfaces-config": { "interfaces": [ "lo" ] }"#);
    let mut daemon = Daemon::start(ready.serve());
    daemon.wait_for("DHCP4_STARTED");
    let full = lessor(&["-T".as_ref(), arg(&ready.path("lessor.conf"))]);
    assert_eq!((full.code, full.err.as_str()), (Some(0), ""), "beside a running server too");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));

    let nowhere = r#"{ "Dhcp4": { "lease-database": { "type": "memfile", "name": "/no/such/l.csv" },
        "control-sockets": [ { "socket-type": "unix", "socket-name": "/no/folder/s" } ] } }"#;
    ready.write("nowhere.conf", nowhere);
    let full = lessor(&["-T".as_ref(), arg(&ready.path("nowhere.conf"))]);
    assert_eq!(full.code, Some(1));
    for folder in ["/no/such of the lease file: ", "/no/folder of the control socket: "] {
        assert!(full.err.contains(folder), "{folder}: {}", full.err);
    }
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

    let second = said(site.serve());
    assert_eq!(second.code, Some(1));
    assert!(second.err.contains("is running already: process"), "{}", second.err);
    // By another name it would not meet the first one's process number, but its leases.
    fs::copy(site.path("lessor.conf"), site.path("other.conf")).expect("a writable directory");
    let other = site.path("other.conf");
    let third = said(site.command(["-c".as_ref(), other.as_os_str()]));
    assert_eq!(third.code, Some(1));
    assert!(third.err.contains("leases.csv belongs to another server"), "{}", third.err);
    assert!(!site.path("other.kea-dhcp4.pid").exists());

    daemon.signal("HUP");
    daemon.wait_for("CONFIG_APPLIED");
    daemon.signal("TERM");
    daemon.wait_for("DHCP4_STOPPED");
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(!site.path("control").exists());
    assert!(!site.path("lessor.kea-dhcp4.pid").exists());
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
    let said = said(site.serve());
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
