//! A server process in a network namespace.
