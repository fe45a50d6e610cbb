//! The program from outside: its command line, and its service in network namespaces.

mod administration;
mod client;
mod command_line;
mod databases;
mod fears;
mod following;
mod live;
mod namespaces;
mod privileges;
mod process;
mod service;
mod supervision;
