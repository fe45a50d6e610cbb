//! Decisions on small worlds: what is remembered between them, who is in which class, what reservations and expressions give, and
//! what replies carry.

mod assembled;
mod classes;
mod flexible;
mod hosts;
mod replies;
mod world;
