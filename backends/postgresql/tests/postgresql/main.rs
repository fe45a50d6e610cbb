//! The adapter on a real server.

mod contract;
mod ground;
