//! What is made in real servers: compared with what Kea's own program makes, with itself upgraded,
//! and with a recount.

mod behaviour;
mod catalogue;
mod comparison;
mod statistics;
mod upgrades;
