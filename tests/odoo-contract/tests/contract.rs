//! Makes a test of each case: on the live Odoo that the environment names, else on the simulator as 17, 18
//! and 19.

use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use odoo_contract::{
    cases::{App, Case, cases},
    live,
    target::{Access, Target},
};
use simulators::odoo::Version;

fn main() {
    let mut arguments = Arguments::from_args();
    let trials = match live::access(|name| std::env::var(name).ok()) {
        Some(access) => {
            // One after another: some cases switch a setting of the whole database.
            arguments.test_threads = Some(1);
            on_live(&access, arguments.list)
        }
        None => simulated(),
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// The cases on a live Odoo. What is missing there fails every case with a sentence that says what.
fn on_live(access: &Access, only_list: bool) -> Vec<Trial> {
    let prepared = if only_list { Err(String::new()) } else { block_on(live::prepare(access)) };
    let prepared = prepared
        .map(|(version, world)| (format!("live {version} at {}", access.connection.url), Arc::new(world)));
    if let Ok((label, _)) = &prepared {
        eprintln!("the Odoo contract on {label}");
    }
    let run = live::run_id();
    let has_admin = access.admin.is_some();
    if !has_admin {
        eprintln!(
            "cases marked as ignored are not run: set CROSSDOCK_ODOO_ADMIN_USER and CROSSDOCK_ODOO_ADMIN_KEY"
        );
    }
    let apps =
        [(App::Manufacturing, "kits", "Manufacturing (mrp)"), (App::Purchase, "purchases", "Purchase")];
    let lacks = |app: App| prepared.as_ref().is_ok_and(|(_, world)| !world.apps.contains(&app));
    for (_, what, name) in apps.into_iter().filter(|(app, ..)| lacks(*app)) {
        eprintln!("the cases about {what} are marked as ignored and not run: install {name}");
    }
    let trial = |case: Case| {
        let (access, prepared, run) = (access.clone(), prepared.clone(), run.clone());
        let test = move || match prepared {
            Ok((label, world)) => {
                block_on(async {
                    let target = Target::new(&label, live::network(), &access, world, &run);
                    (case.run)(&target).await;
                });
                Ok(())
            }
            Err(missing) => Err(Failed::from(missing)),
        };
        let lacking = case.needs_admin && !has_admin || case.needs.is_some_and(lacks);
        Trial::test(format!("live::{}", case.name), test).with_ignored_flag(lacking)
    };
    cases().into_iter().map(trial).collect()
}

/// Each case on a simulator of its own, as each version.
fn simulated() -> Vec<Trial> {
    let trial = |version: Version, case: Case| {
        let test = move || {
            block_on(async {
                let target = Target::simulated(version).await;
                (case.run)(&target).await;
            });
            Ok(())
        };
        Trial::test(format!("simulator_{}::{}", version.number(), case.name), test)
    };
    Version::ALL
        .into_iter()
        .flat_map(|version| cases().into_iter().map(move |case| trial(version, case)))
        .collect()
}
