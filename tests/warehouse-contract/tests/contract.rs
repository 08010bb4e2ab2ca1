//! Makes a test of each case: on the real account that the environment names, else on each kind's simulator.

use crossdock_core::config::WarehouseKind;
use libtest_mimic::{Arguments, Trial};
use warehouse_contract::{
    cases::{Case, cases},
    target::{KINDS, Target},
};

fn main() {
    let arguments = Arguments::from_args();
    let lookup = |name: &str| std::env::var(name).ok();
    let trials: Vec<Trial> = if lookup("CROSSDOCK_WAREHOUSE_KIND").is_some() {
        cases().into_iter().filter(|case| !case.needs_floor).map(on_live).collect()
    } else {
        KINDS
            .into_iter()
            .flat_map(|kind| cases().into_iter().map(move |case| simulated(kind, case)))
            .collect()
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn simulated(kind: WarehouseKind, case: Case) -> Trial {
    let name = format!("{kind:?}::{}", case.name).to_lowercase();
    Trial::test(name, move || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build()?;
        runtime.block_on(async { (case.run)(&Target::simulated(kind)).await });
        Ok(())
    })
}

fn on_live(case: Case) -> Trial {
    Trial::test(format!("live::{}", case.name), move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let target = Target::live(|name| std::env::var(name).ok()).expect("a kind is named");
            (case.run)(&target).await;
        });
        Ok(())
    })
}
