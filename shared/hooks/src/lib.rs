//! What every call from outside has in common, whoever makes it: signatures, our published formats, and the
//! reading of what others write.
//!
//! **Invariant:** nothing here panics, whatever the bytes, and no text made here quotes a value of a body:
//! bodies hold personal data.

pub mod hint;
pub mod lenient;
pub mod published;
pub mod signature;
pub mod standard;

/// The largest body that is read: an order of a thousand lines has about half of it.
pub const BODY_LIMIT: usize = 1024 * 1024;
