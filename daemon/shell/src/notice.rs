//! What the shell itself has to say, with stable ids.

use std::fmt;
use std::net::Ipv4Addr;
use std::net::SocketAddr;

use lessor_config::Level as Severity;
use lessor_messages::{self as messages, Message};

/// Something that happened around the server machine. What happens inside is an
/// [`lessor_server::Event`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Notice {
    /// The server serves.
    Started {
        /// The program's version.
        version: &'static str,
        /// How many leases it begins with.
        leases: usize,
    },
    /// The interfaces that are served.
    Listening(String),
    /// No client can be heard.
    NotListening,
    /// An interface that is wanted cannot be served.
    SocketTrouble(String),
    /// Some clients may not be heard or answered.
    SocketRemark(String),
    /// Clients choose another server, which is told of once.
    OtherServer(Ipv4Addr),
    /// Packets could not be received.
    ReceiveFailed(String),
    /// A packet could not be sent.
    SendFailed(String),
    /// The configuration file was found to say this.
    ConfigFinding(Severity, String),
    /// A new configuration is not taken; the old one stays.
    ConfigRefused(String),
    /// A lease file was opened.
    JournalOpened {
        /// The file.
        file: String,
        /// Rows read.
        rows: u64,
        /// Leases that they come to.
        leases: usize,
    },
    /// Leases are not written anywhere.
    JournalAbsent,
    /// Something is wrong in a lease file.
    JournalFinding(String),
    /// More is wrong in a lease file than is told one by one.
    JournalBadRows(u64),
    /// A bit of a lease file was put right; where.
    JournalMended(String),
    /// So many rows are not believed, because the disk had changed them.
    JournalDamaged(u64),
    /// A lease file could not be opened again yet.
    JournalReopenFailed(String),
    /// A batch could not be written.
    JournalWriteFailed(String),
    /// What the next start should know could not be noted.
    NoteFailed(String),
    /// A compaction has ended.
    Compacted {
        /// Rows read.
        read: u64,
        /// Rows left.
        written: u64,
    },
    /// A compaction did not begin or did not end; the next one takes it up.
    CompactionFailed(String),
    /// A database was found fit to be used: which, and its schema.
    DatabaseFound(String),
    /// A database promises less than leases need.
    DatabaseWeak(String),
    /// A row of a database cannot be read, or not be written.
    DatabaseRow(String),
    /// Something failed in a database that is there.
    DatabaseTrouble(String),
    /// Commands are taken at this place.
    ControlOpened(String),
    /// A command came.
    Commanded {
        /// Its name.
        name: String,
        /// The number that the answer began with.
        result: u8,
    },
    /// The server finishes what is in work.
    Stopping,
    /// The server has ended.
    Stopped {
        /// Exchanges that were not finished.
        parked: usize,
        /// Lease changes that were not settled.
        unsettled: usize,
    },
    /// The thread that writes leases has ended on its own.
    JournalDied,
    /// Figures are told here.
    HttpOpened(SocketAddr),
    /// Figures are not told.
    HttpUnavailable(String),
    /// A place of the log takes no lines.
    LogPlaceFailed(String),
    /// A place of the log takes lines again.
    LogPlaceRestored(String),
    /// A place of the log does not do all that it should.
    LogPlaceTrouble(String),
    /// Lines of this log are missing here.
    LinesLost(u64),
}

impl Notice {
    /// The message that tells of it.
    #[must_use]
    pub const fn message(&self) -> Message {
        match self {
            Self::Started { .. } => messages::DHCP4_STARTED,
            Self::Listening(_) => messages::DHCP4_LISTENING,
            Self::NotListening => messages::DHCP4_NOT_LISTENING,
            Self::SocketTrouble(_) => messages::DHCP4_SOCKET_TROUBLE,
            Self::SocketRemark(_) => messages::DHCP4_SOCKET_REMARK,
            Self::OtherServer(_) => messages::DHCP4_OTHER_SERVER_SEEN,
            Self::ReceiveFailed(_) => messages::DHCP4_RECEIVE_FAILED,
            Self::SendFailed(_) => messages::DHCP4_SEND_FAILED,
            Self::ConfigFinding(Severity::Info, _) => messages::CONFIG_REMARK,
            Self::ConfigFinding(Severity::Warning, _) => messages::CONFIG_WARNING,
            Self::ConfigFinding(Severity::Error, _) => messages::CONFIG_ERROR,
            Self::ConfigRefused(_) => messages::CONFIG_REFUSED,
            Self::JournalOpened { .. } => messages::JOURNAL_OPENED,
            Self::JournalAbsent => messages::JOURNAL_ABSENT,
            Self::JournalFinding(_) => messages::JOURNAL_FINDING,
            Self::JournalBadRows(_) => messages::JOURNAL_BAD_ROWS,
            Self::JournalMended(_) => messages::JOURNAL_MENDED,
            Self::JournalDamaged(_) => messages::JOURNAL_DAMAGED,
            Self::JournalReopenFailed(_) => messages::JOURNAL_REOPEN_FAILED,
            Self::JournalWriteFailed(_) => messages::JOURNAL_WRITE_FAILED,
            Self::NoteFailed(_) => messages::JOURNAL_NOTE_FAILED,
            Self::Compacted { .. } => messages::JOURNAL_COMPACTED,
            Self::CompactionFailed(_) => messages::JOURNAL_COMPACTION_FAILED,
            Self::DatabaseFound(_) => messages::DATABASE_FOUND,
            Self::DatabaseWeak(_) => messages::DATABASE_WEAK,
            Self::DatabaseRow(_) => messages::DATABASE_BAD_ROW,
            Self::DatabaseTrouble(_) => messages::DATABASE_TROUBLE,
            Self::ControlOpened(_) => messages::CONTROL_OPENED,
            Self::Commanded { .. } => messages::CONTROL_COMMAND,
            Self::Stopping => messages::DHCP4_STOPPING,
            Self::Stopped { unsettled: 1.., .. } => messages::DHCP4_STOPPED_UNSETTLED,
            Self::Stopped { .. } => messages::DHCP4_STOPPED,
            Self::JournalDied => messages::JOURNAL_DIED,
            Self::HttpOpened(_) => messages::HTTP_OPENED,
            Self::HttpUnavailable(_) => messages::HTTP_UNAVAILABLE,
            Self::LogPlaceFailed(_) => messages::LOG_PLACE_FAILED,
            Self::LogPlaceRestored(_) => messages::LOG_PLACE_RESTORED,
            Self::LogPlaceTrouble(_) => messages::LOG_PLACE_TROUBLE,
            Self::LinesLost(_) => messages::LOG_LINES_LOST,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { version, leases } => {
                write!(f, "lessor {version} serves, with {leases} leases")
            }
            Self::Listening(links) => write!(f, "serving {links}"),
            Self::NotListening => {
                f.write_str("no interface is served, so no client is heard; interfaces are watched")
            }
            Self::OtherServer(server) => write!(
                f,
                "clients take the offers of another DHCP server, {server}: unless it is meant to \
                 be there, it may give out the same addresses"
            ),
            Self::SocketTrouble(what)
            | Self::SocketRemark(what)
            | Self::ConfigFinding(_, what)
            | Self::JournalFinding(what)
            | Self::JournalMended(what)
            | Self::JournalWriteFailed(what)
            | Self::DatabaseFound(what)
            | Self::DatabaseWeak(what)
            | Self::DatabaseRow(what)
            | Self::DatabaseTrouble(what) => f.write_str(what),
            Self::ReceiveFailed(why) => write!(f, "receiving failed: {why}"),
            Self::SendFailed(what) => write!(f, "not sent: {what}"),
            Self::ConfigRefused(why) => write!(f, "the old configuration stays: {why}"),
            Self::JournalOpened { file, rows, leases } => {
                write!(f, "{file}: {leases} leases in {rows} rows")
            }
            Self::JournalAbsent => f.write_str(
                "leases are not written (`persist` is false): a restart forgets all of them",
            ),
            Self::JournalBadRows(rows) => write!(f, "{rows} rows were passed over in all"),
            Self::JournalDamaged(rows) => write!(f, "{rows} rows are not what was written"),
            Self::JournalReopenFailed(why) => {
                write!(f, "{why}; no lease is granted, trying again")
            }
            Self::NoteFailed(why) => {
                write!(f, "the note for the next start is not up to date: {why}; trying again")
            }
            Self::Compacted { read, written } => {
                write!(f, "a compaction made {written} rows of {read}")
            }
            Self::CompactionFailed(why) => write!(f, "a compaction did not end: {why}"),
            Self::ControlOpened(path) => write!(f, "commands are taken at {path}"),
            Self::Commanded { name, result } => write!(f, "{name:?} answered with {result}"),
            Self::Stopping => f.write_str("finishing what is in work"),
            Self::Stopped { parked, unsettled } => write!(
                f,
                "ended with {parked} exchanges unfinished and {unsettled} lease changes unsettled"
            ),
            Self::JournalDied => f.write_str("the thread that writes leases has ended on its own"),
            Self::HttpOpened(at) => write!(f, "figures are told at http://{at}"),
            Self::HttpUnavailable(why) => f.write_str(why),
            Self::LogPlaceFailed(why) => write!(f, "no lines go there for now: {why}"),
            Self::LogPlaceRestored(place) => write!(f, "lines go there again: {place}"),
            Self::LogPlaceTrouble(what) => f.write_str(what),
            Self::LinesLost(lines) => {
                write!(f, "{lines} lines are missing, since nobody took them in time")
            }
        }
    }
}
