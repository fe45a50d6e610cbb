//! The command line. The letters are Kea's.

use std::path::PathBuf;

use clap::Parser;

/// A DHCPv4 server whose acknowledged leases are durable.
///
/// It reads Kea's configuration files and writes Kea's lease files. SIGHUP reads the configuration
/// again; SIGTERM and SIGINT finish what is in work and end.
#[derive(Debug, Parser)]
#[command(name = "lessor", disable_version_flag = true)]
#[command(after_help = "\
Exit codes: 0 stopped as asked; 1 not started, or -t found errors; 2 wrong command line; 3 the \
lease writer ended on its own; any other: the exit-value of the shutdown command.")]
pub(crate) struct Options {
    /// Serve with this configuration file
    #[arg(short = 'c', value_name = "FILE", required_unless_present_any = ["test", "version", "long_version"])]
    pub(crate) config: Option<PathBuf>,

    /// Check this configuration file and do nothing else
    #[arg(short = 't', value_name = "FILE", conflicts_with = "config")]
    pub(crate) test: Option<PathBuf>,

    /// Log every packet and every detail
    #[arg(short = 'd')]
    pub(crate) debug: bool,

    /// Listen on this UDP port
    #[arg(short = 'p', value_name = "PORT", default_value_t = 67, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) server_port: u16,

    /// Answer clients on this UDP port
    #[arg(short = 'P', value_name = "PORT", default_value_t = 68, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) client_port: u16,

    /// Print the version
    #[arg(short = 'v')]
    pub(crate) version: bool,

    /// Print the version and what this program can do
    #[arg(short = 'V')]
    pub(crate) long_version: bool,
}
