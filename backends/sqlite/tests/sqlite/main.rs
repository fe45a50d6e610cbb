//! The adapter on real files.

mod contract;
mod faults;
mod ground;
