//! Attacks with connections that never become useful, or come and go.

mod crowds;
mod disguises;
mod half_closed;
mod memory;
mod reconnects;
mod resets;
mod slow_bodies;
mod slow_handshakes;
mod slow_heads;
