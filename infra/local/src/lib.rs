//! The whole chain on one machine, for the demo, the server and the tests.

pub mod catalogue;
pub mod chain;
pub mod check;
pub mod cloud;
pub mod console;
pub mod demo;
pub mod ops;
pub mod pump;
pub mod sandbox;
pub mod serve;
pub mod web;
