//! What must always hold of `infra/`, looked at in the state that Terraform makes of it against mocks:
//! no account is needed, and modules, loops and conditions are resolved as in a real run.

pub mod rules;
pub mod run;
pub mod state;
