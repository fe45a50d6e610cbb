//! What the process may do beyond its user's rights: as little as serving takes.
//!
//! Capabilities belong to threads and are inherited by new ones, so everything here happens before
//! the first thread is started.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_keep_capabilities, set_no_new_privs,
    set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

/// Packet sockets, also those of interfaces that come later.
const RAW: CapabilitySet = CapabilitySet::NET_RAW;
/// Ports 67 and 68, also on addresses that come later.
const PORTS: CapabilitySet = CapabilitySet::NET_BIND_SERVICE;
/// Files of another user.
const FILES: CapabilitySet = CapabilitySet::DAC_OVERRIDE;

/// Becomes `user`, if one is given, and gives up all that serving does not take.
///
/// `places` are the files and folders that are written. Root who does not change its user keeps
/// the right to files of others only if one of them is another user's: Kea's folders belong to
/// `_kea` on Debian, and root serves from them.
///
/// # Errors
/// In words: there is no such user, or changing to it is not permitted.
pub(crate) fn drop_to(user: Option<&str>, places: &[&Path]) -> Result<(), String> {
    let mut kept = RAW | PORTS;
    match user.map(find).transpose()? {
        Some(user) if user.uid != geteuid() => become_user(&user)
            .map_err(|why| format!("cannot serve as {} ({}): {why}", user.name, user.uid))?,
        _ if geteuid().is_root() && places.iter().any(|place| is_of_others(place)) => {
            kept |= FILES;
        }
        _ => {}
    }
    keep(kept).map_err(|why| format!("cannot give up capabilities: {why}"))
}

/// Gives up all capabilities but these, for this process and all that it might start.
fn keep(kept: CapabilitySet) -> io::Result<()> {
    let now = capabilities(None)?;
    // The bound first: changing it takes a capability that goes next. Who lacks that cannot
    // start anything with more than it has anyway, once new privileges are out.
    for (_, capability) in (CapabilitySet::all() - kept).iter_names() {
        match remove_capability_from_bounding_set(capability) {
            // One that this kernel does not know.
            Ok(()) | Err(Errno::INVAL | Errno::PERM) => {}
            Err(why) => return Err(why.into()),
        }
    }
    set_no_new_privs(true)?;
    match clear_ambient_capability_set() {
        Ok(()) | Err(Errno::INVAL) => {}
        Err(why) => return Err(why.into()),
    }
    let kept = now.permitted & kept;
    let sets =
        CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    Ok(set_capabilities(None, sets)?)
}

fn become_user(user: &User) -> io::Result<()> {
    // Else a change away from root would take all of them.
    set_keep_capabilities(true)?;
    set_thread_groups(&user.groups)?;
    set_thread_res_gid(user.gid, user.gid, user.gid)?;
    set_thread_res_uid(user.uid, user.uid, user.uid)?;
    Ok(set_keep_capabilities(false)?)
}

fn is_of_others(place: &Path) -> bool {
    fs::metadata(place).is_ok_and(|it| it.uid() != geteuid().as_raw())
}

#[derive(PartialEq, Eq, Debug)]
struct User {
    name: String,
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

fn find(name: &str) -> Result<User, String> {
    let read = |file: &str| fs::read_to_string(file).map_err(|why| format!("{file}: {why}"));
    let groups = read("/etc/group").unwrap_or_default();
    among(name, &read("/etc/passwd")?, &groups)
        .ok_or_else(|| format!("there is no user {name} in /etc/passwd"))
}

/// The user of this name or number in a table of users, with its groups.
fn among(name: &str, users: &str, groups: &str) -> Option<User> {
    let line = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| {
        fields.first().is_some_and(|it| *it == name) || fields.get(2).is_some_and(|it| *it == name)
    })?;
    let name = line.first()?.to_string();
    let gid = Gid::from_raw(line.get(3)?.parse().ok()?);
    let mut all = vec![gid];
    for line in groups.lines() {
        let mut fields = line.split(':').skip(2);
        let (Some(number), Some(members)) = (fields.next(), fields.next()) else {
            continue;
        };
        let Ok(number) = number.parse().map(Gid::from_raw) else {
            continue;
        };
        if members.split(',').any(|member| member == name) && !all.contains(&number) {
            all.push(number);
        }
    }
    Some(User { uid: Uid::from_raw(line.get(2)?.parse().ok()?), name, gid, groups: all })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_name_and_number_with_their_groups() {
        let users = "root:x:0:0::/:/bin/sh\n\nlessor:x:998:997:DHCP:/nonexistent:/bin/false\n";
        let groups =
            "root:x:0:\nkea:x:120:other,lessor\nlog:x:121:lessors\nbad\nlessor:x:997:lessor\n";
        let found = among("lessor", users, groups).expect("it is there");
        assert_eq!((found.uid.as_raw(), found.gid.as_raw()), (998, 997));
        assert_eq!(found.groups.iter().map(|it| it.as_raw()).collect::<Vec<_>>(), [997, 120]);
        assert_eq!(among("998", users, groups), Some(found));
        assert_eq!(among("nobody", users, groups), None);
        assert_eq!(among("", "\n", groups), None);
    }
}
