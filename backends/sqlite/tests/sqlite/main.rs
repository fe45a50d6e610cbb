//! The adapter on real files.

mod contract;
mod ground;
