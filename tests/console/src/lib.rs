//! A real browser before the real console.

pub mod axe;
pub mod browser;
pub mod driver;
pub mod stage;
