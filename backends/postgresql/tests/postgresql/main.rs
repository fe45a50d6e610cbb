//! The adapter on a real server.

mod contract;
mod faults;
mod ground;
mod outside;
