//! Decisions on small worlds: who is in which class, what reservations and expressions give, and
//! what replies carry.

mod classes;
mod flexible;
mod hosts;
mod replies;
mod world;
