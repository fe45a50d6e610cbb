//! What happens, in order.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::account::Account;
use super::clients::{Client, Program, Relay};
use super::load::{Happened, STAGGER};
use super::namespaces::{Network, Place, RELAY_DOWN};
use super::proof::{self, Acknowledged, LeaseFile};
use super::server::{LIFETIME_SECS, Server};

/// How long the server stays down in the middle of the crowd.
const DOWN: Duration = Duration::from_millis(700);
/// Without a word from the simulated clients for so long, something is wrong.
const SILENCE: Duration = Duration::from_secs(60);
const RELEASE_WAIT: Duration = Duration::from_secs(5);

/// What clients were told: what is to be kept, and what its client gave back.
#[derive(Default)]
struct Told {
    acks: Vec<Acknowledged>,
    released: Vec<Acknowledged>,
}

/// Tells the story; true if nothing acknowledged was lost.
pub(super) fn tell(folder: &Path, program: &Path, clients: u16, kills: u16) -> Result<bool> {
    let mut account = Account::begin();
    let network = Network::build(folder).context("cannot make the demo's network")?;
    account
        .say("a LAN (10.77.0.0/16) and, behind a relay, a far LAN (10.78.0.0/24), in namespaces");
    let mut server = Server::new(&network, program, folder)?;
    let (pid, took) = server.start()?;
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let configuration = folder.join("server.conf");
    account.say(format!(
        "`{name} -c {}` serves (pid {pid}) {} ms after its start",
        configuration.display(),
        took.as_millis()
    ));

    let mut told = Told::default();
    let first = real_clients(&mut account, &network, folder, &mut told)?;
    crowd(&mut account, &network, &mut server, (clients, kills - 1), &mut told)?;
    release(&mut account, &server, &first, &mut told)?;
    let proven = prove(&mut account, &mut server, kills, &told)?;
    Ok(proven)
}

/// dhclient, udhcpc, and dhclient behind dhcrelay. Returns the first, which will release.
fn real_clients<'n>(
    account: &mut Account,
    network: &'n Network,
    folder: &Path,
    told: &mut Told,
) -> Result<Client<'n>> {
    let first = Client::new(network, folder, Program::Dhclient, Place::First)?;
    let ack = first.get_lease().context("dhclient on the LAN")?;
    account.say(format!("dhclient ({}) has {}", first.hw, ack.addr));
    account.note("dhclient", &ack, "on the LAN; released at the end");
    told.acks.push(ack);

    let second = Client::new(network, folder, Program::Udhcpc, Place::Second)?;
    let ack = second.get_lease().context("udhcpc on the LAN")?;
    account.say(format!("udhcpc ({}) has {}", second.hw, ack.addr));
    account.note("udhcpc", &ack, "on the LAN");
    told.acks.push(ack);

    let relay = Relay::start(network, folder)?;
    let mut tap = Tap::open(network)?;
    let far = Client::new(network, folder, Program::Dhclient, Place::Far)?;
    let ack = far.get_lease().context("dhclient behind dhcrelay")?;
    account.say(format!("dhclient ({}) behind dhcrelay has {}", far.hw, ack.addr));
    let seen = tap.close();
    match seen.iter().rev().find(|line| line.starts_with(&format!("{} ", ack.addr))) {
        Some(line) => {
            let circuit = line.split(' ').nth(1).unwrap_or_default();
            account.say(format!(
                "the server's answers to the relay carry its option 82: circuit-id \"{circuit}\""
            ));
            account.note("dhclient, far", &ack, &format!("dhcrelay, circuit-id \"{circuit}\""));
        }
        None => bail!("no answer to the relay carried option 82 with circuit-id \"{RELAY_DOWN}\""),
    }
    told.acks.push(ack);
    drop(relay);
    Ok(first)
}

/// Hundreds of clients; kill -9 again and again while they get their ACKs.
fn crowd(
    account: &mut Account,
    network: &Network,
    server: &mut Server<'_>,
    (clients, kills): (u16, u16),
    told: &mut Told,
) -> Result<()> {
    let mut crowd = Crowd::start(network, clients)?;
    let pause = STAGGER.as_millis();
    account.say(format!("{clients} simulated clients begin, one every {pause} ms"));
    let (mut bound, mut renewed) = (Vec::new(), Vec::new());
    let (mut resent, mut refused, mut not_renewed) = (0, 0, 0);
    let mut killed_at = None;
    let mut killed = 0;
    while let Some(event) = crowd.next()? {
        match event {
            Happened::Bound(ack) => bound.push(ack),
            Happened::Renewed(ack) => renewed.push(ack),
            Happened::Resent => resent += 1,
            Happened::Refused => refused += 1,
            Happened::NotRenewed => not_renewed += 1,
            Happened::AllBound => {
                account.say(format!(
                    "all {clients} simulated clients have leases ({resent} messages sent again, \
                     {refused} NAKs)"
                ));
            }
        }
        let due = (usize::from(killed) + 1) * usize::from(clients);
        if killed < kills && bound.len() * (usize::from(kills) + 1) >= due {
            killed += 1;
            killed_at.get_or_insert(bound.len());
            kill_amid(account, server, &bound, clients)?;
        }
    }
    account.say(format!("{} of them renewed by unicast, {not_renewed} did not", renewed.len()));
    let (before, after) = bound.split_at(killed_at.unwrap_or(bound.len()));
    account.note_many("simulated", before, "first ACK before the first kill -9");
    account.note_many("simulated", after, "first ACK after it");
    account.note_many("simulated", &renewed, "renewed by unicast afterwards");
    if killed < kills {
        bail!("the crowd was served before the server was killed {kills} times");
    }
    if not_renewed > 0 {
        bail!("{not_renewed} simulated clients could not renew");
    }
    told.acks.extend(bound);
    told.acks.extend(renewed);
    Ok(())
}

fn kill_amid(
    account: &Account,
    server: &mut Server<'_>,
    bound: &[Acknowledged],
    clients: u16,
) -> Result<()> {
    let pid = server.kill()?;
    let told = bound.len();
    account.say(format!("kill -9 {pid}: the server is dead; {told} of {clients} have their ACK"));
    let file = LeaseFile::read(&server.lease_file())?;
    let found = told - proof::missing(bound, &file.leases).len();
    account.say(format!(
        "{found} of these {told} are in the lease file, which ends ({} octets of a torn row left \
         out):",
        file.torn
    ));
    account.show(&file.last);
    thread::sleep(DOWN);
    let (pid, took) = server.start()?;
    account.say(format!(
        "the server is back (pid {pid}) {} ms after its start; the clients go on",
        took.as_millis()
    ));
    Ok(())
}

/// The first client gives its address back.
fn release(
    account: &mut Account,
    server: &Server<'_>,
    first: &Client<'_>,
    told: &mut Told,
) -> Result<()> {
    first.release().context("dhclient -r")?;
    let (released, kept) = told.acks.drain(..).partition(|ack: &Acknowledged| ack.hw == first.hw);
    told.acks = kept;
    told.released = released;
    let deadline = Instant::now() + RELEASE_WAIT;
    for ack in &told.released {
        while proof::is_held(&LeaseFile::read(&server.lease_file())?.leases, ack.addr) {
            if Instant::now() > deadline {
                bail!("dhclient released {}, and the lease file still has it held", ack.addr);
            }
            thread::sleep(Duration::from_millis(20));
        }
        account.say(format!("dhclient -r: {} is free again, and the lease file says so", ack.addr));
    }
    Ok(())
}

/// One more kill -9; then the file, and the server after its restart, against what was told.
fn prove(account: &mut Account, server: &mut Server<'_>, kills: u16, told: &Told) -> Result<bool> {
    let pid = server.kill()?;
    account.say(format!("kill -9 {pid} once more, to see what a server makes of the file"));
    let file = LeaseFile::read(&server.lease_file())?;
    account.say("the lease file ends:");
    account.show(&file.last);
    let (pid, took) = server.start()?;
    account.say(format!("the server is back (pid {pid}) {} ms after its start", took.as_millis()));
    let served = proof::leases_of_reply(&server.leases()?)?;
    account.say(format!("lease4-get-page returns {} leases", served.len()));
    account.table();

    let clients: BTreeSet<&str> = told.acks.iter().map(|ack| ack.hw.as_str()).collect();
    println!(
        "\nProof: {} ACKs to {} clients, each with its address, its holder and an end no earlier \
         than told",
        told.acks.len(),
        clients.len(),
    );
    let mut wrong = Vec::new();
    for (place, leases) in
        [("in the lease file", &file.leases), ("in the restarted server", &served)]
    {
        let missing = proof::missing(&told.acks, leases);
        let found = told.acks.len() - missing.len();
        println!("  {place:24} {found} found, {} missing", missing.len());
        wrong.extend(missing.into_iter().map(|what| format!("{place}: {what}")));
        for ack in told.released.iter().filter(|ack| proof::is_held(leases, ack.addr)) {
            wrong.push(format!("{place}: {} was released and is held still", ack.addr));
        }
    }
    let shared = proof::shared(&told.acks);
    println!("  {:24} {}", "told to two clients", shared.len());
    wrong.extend(shared.iter().map(|addr| format!("{addr} was told to two clients")));
    for what in wrong.iter().take(20) {
        println!("  {what}");
    }
    println!(
        "\n(kill -9 leaves the disk's cache alone; losing power is the simulator's part: \
         cargo xtask sim run)"
    );
    if wrong.is_empty() {
        println!(
            "Nothing acknowledged was lost: {} ACKs of {LIFETIME_SECS} s, {kills} times kill -9, \
             0 missing.",
            told.acks.len()
        );
    } else {
        println!("NOT GOOD: {} of what clients were told does not hold.", wrong.len());
    }
    Ok(wrong.is_empty())
}

/// The simulated clients' process, and what it tells.
struct Crowd {
    child: Child,
    events: Receiver<String>,
}

impl Crowd {
    fn start(network: &Network, clients: u16) -> Result<Self> {
        let mut command = network.part(Place::Load, "load")?;
        command.arg(clients.to_string()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start the simulated clients")?;
        let stdout = child.stdout.take().context("its output is a pipe")?;
        Ok(Self { child, events: lines(stdout) })
    }

    /// The next event; none when all is done.
    fn next(&mut self) -> Result<Option<Happened>> {
        match self.events.recv_timeout(SILENCE) {
            Ok(line) => Ok(Some(line.parse()?)),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("the simulated clients say nothing for {} s", SILENCE.as_secs())
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let status = self.child.wait()?;
                if !status.success() {
                    bail!("the simulated clients failed: {status}");
                }
                Ok(None)
            }
        }
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Watches the relay's place.
struct Tap {
    child: Child,
    lines: Receiver<String>,
}

impl Tap {
    fn open(network: &Network) -> Result<Self> {
        let mut command = network.part(Place::Relay, "tap")?;
        command.stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start the tap")?;
        let stdout = child.stdout.take().context("its output is a pipe")?;
        let lines = lines(stdout);
        lines.recv_timeout(Duration::from_secs(5)).context("the tap does not listen")?;
        Ok(Self { child, lines })
    }

    /// Stops watching; returns what was seen.
    fn close(&mut self) -> Vec<String> {
        // What was answered has been seen by now; only the pipe may lag.
        thread::sleep(Duration::from_millis(100));
        self.end();
        self.lines.iter().collect()
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.end();
    }
}

/// A process's lines as they come.
fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
