//! What all stores in databases do, with a database that does as it is told.

mod fake;
mod keeping;
mod shapes;
