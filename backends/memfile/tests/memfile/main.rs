//! The lease file on disks that tear, lose, refuse and lie.

mod compaction;
mod contract;
mod crash_points;
mod opening;
mod oracle;
mod rot;
mod world;
mod writing;
