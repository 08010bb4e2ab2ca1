//! Sources of tracking news that sign what they send.

pub mod easypost;
