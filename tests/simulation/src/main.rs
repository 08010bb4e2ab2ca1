//! `cargo run --release -p simulation -- --exhaustive --json`, or `--seeds N [--from S] --json`, or
//! `--seed S`, or `--guards --json`.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::ExitCode,
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use crossdock_core::{Clock, guard::Guard};
use serde_json::{Value, json};
use simulation::{
    exhaustive::{CASES, Case, Found, die, places, tell},
    guards::{Proof, prove},
    play::Played,
    seeds::{play, play_shipping},
    stock,
    trace::Entry,
    weather::Fault,
};

/// The most seeds that are spent on one guard.
const MOST: u64 = 1200;
/// Seeds on which the calls without an economic guard are counted.
const COUNTED: u64 = 30;

/// How a seed is played.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// With warehouses, invoices and payments.
    Shipping,
    Imports,
    Stock,
    LostDay,
}

impl How {
    fn of(cli: &Cli) -> Self {
        match (cli.imports, cli.stock, cli.lost_day) {
            (true, ..) => Self::Imports,
            (_, true, _) => Self::Stock,
            (.., true) => Self::LostDay,
            _ => Self::Shipping,
        }
    }

    fn play(self, seed: u64, readable: bool) -> Played {
        match self {
            Self::Shipping => play_shipping(seed, readable),
            Self::Imports => play(seed, readable),
            Self::Stock => stock::play(seed, readable),
            Self::LostDay => stock::lost_day::play(seed, readable),
        }
    }

    /// The kinds of faults that may strike.
    fn kinds(self) -> Vec<Fault> {
        let there = |kind: &Fault| match self {
            Self::Shipping => true,
            Self::Imports => !kind.is_of_warehouses(),
            Self::Stock | Self::LostDay => {
                matches!(kind, Fault::HouseTwice | Fault::HouseLate)
                    || !(kind.is_of_warehouses() || kind.is_of_people())
            }
        };
        Fault::ALL.iter().copied().filter(there).collect()
    }

    fn flag(self) -> &'static str {
        match self {
            Self::Shipping => "",
            Self::Imports => " --imports",
            Self::Stock => " --stock",
            Self::LostDay => " --lost-day",
        }
    }
}

#[derive(Parser)]
#[command(name = "simulation", about = "The whole chain in one thread under virtual time, in bad weather.")]
#[command(group(clap::ArgGroup::new("what").required(true).args(["exhaustive", "seeds", "seed", "guards"])))]
struct Cli {
    /// A crash at every single call, before and after it.
    #[arg(long)]
    exhaustive: bool,
    /// With --exhaustive: the cases whose name holds this text.
    #[arg(long, requires = "exhaustive")]
    case: Option<String>,
    /// With --exhaustive: where shops are told, each so manieth place alone, for there are ten thousand of them.
    #[arg(long, requires = "exhaustive", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    shops_every: u64,
    /// So many seeds.
    #[arg(long)]
    seeds: Option<u64>,
    /// With --seeds or --seed: ten orders up to their import, without warehouses, as `--guards` plays them.
    #[arg(long)]
    imports: bool,
    /// With --seeds or --seed: shops that sell the same stock.
    #[arg(long, conflicts_with = "imports")]
    stock: bool,
    /// With --seeds or --seed: a day on which every webhook is lost, and the reconciliations after it.
    #[arg(long, conflicts_with_all = ["imports", "stock"])]
    lost_day: bool,
    /// The first of the seeds.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// One seed again, with what happened to the order that went wrong.
    #[arg(long)]
    seed: Option<u64>,
    /// With --seed: what happened to this order, or whatever else the text names.
    #[arg(long, requires = "seed")]
    about: Option<String>,
    /// Takes each guard of the design away, one by one.
    #[arg(long)]
    guards: bool,
    /// With --guards: this one alone.
    #[arg(long, requires = "guards")]
    guard: Option<String>,
    /// With --guards: so many violations for each. One shows that a guard is needed; a mean needs more.
    #[arg(long, requires = "guards", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    enough: u64,
    /// Prints one object.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let how = How::of(&cli);
    let (result, sound) = match cli.seed {
        None if cli.guards => guards(cli.guard.as_deref(), cli.enough)?,
        seed => {
            let result = match seed {
                Some(seed) => once(seed, cli.about.as_deref(), cli.json, how)?,
                None if cli.exhaustive => crashes(cli.case.as_deref().unwrap_or_default(), cli.shops_every)?,
                None => storm(cli.from, cli.seeds.unwrap_or(1), how),
            };
            let sound = result["violations"].as_array().is_some_and(Vec::is_empty);
            (result, sound)
        }
    };
    let mut out = std::io::stdout();
    if cli.json {
        writeln!(out, "{result}")?;
    } else {
        writeln!(out, "{result:#}")?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn crashes(text: &str, shops_every: u64) -> Result<Value> {
    let begin = Clock::System.now();
    let told = CASES.into_iter().filter(|case| case.name.contains(text));
    let all: Vec<Found> = told.map(|case| crashes_of(case, shops_every)).collect::<Result<_>>()?;
    ensure!(!all.is_empty(), "there is no such case; there are: {:?}", CASES.map(|case| case.name));
    let cases: Vec<Value> = all.iter().map(Found::json).collect();
    let violations: Vec<&String> = all.iter().flat_map(|found| &found.violations).collect();
    let runs: u64 = all.iter().map(|found| found.runs).sum();
    let took_s = Clock::System.now().duration_since(begin).as_secs();
    Ok(json!({ "runs": runs, "violations": violations, "cases": cases, "seconds": took_s }))
}

/// One case with a death at each of its places, on all cores.
fn crashes_of(case: Case, shops_every: u64) -> Result<Found> {
    let every = if case.then.is_of_shops() { shops_every } else { 1 };
    let calls = tell(case, None).with_context(|| case.name)?;
    let tried = places(calls).div_ceil(every);
    let (_, died) = on_all_cores(tried, |at| die(case, at * every));
    let violations = died.into_iter().flatten().collect();
    Ok(Found { case: case.name, calls, runs: 1 + tried, violations })
}

fn storm(from: u64, seeds: u64, how: How) -> Value {
    let begin = Clock::System.now();
    let all_kinds = how.kinds();
    let mut faults: BTreeMap<Fault, u64> = all_kinds.iter().map(|kind| (*kind, 0)).collect();
    let mut pairs = std::collections::BTreeSet::new();
    let mut violations = Vec::new();
    let (mut calls, mut most_calls) = (0, 0);
    let (cores, all) = on_all_cores(seeds, |at| how.play(from + at, false));
    for (seed, played) in (from..).zip(all) {
        played.faults.into_iter().for_each(|(kind, times)| *faults.entry(kind).or_default() += times);
        pairs.extend(played.pairs);
        calls += played.calls;
        most_calls = played.calls.max(most_calls);
        if let Some(what) = played.violation {
            violations.push(json!({ "seed": seed, "what": what, "again": again(seed, how) }));
        }
    }
    let took = Clock::System.now().duration_since(begin).as_secs_f64();
    let per_second = |cores: usize| (seeds as f64 / took / cores as f64 * 10.0).round() / 10.0;
    let faults: BTreeMap<&str, u64> = faults.into_iter().map(|(kind, times)| (kind.name(), times)).collect();
    let kinds = all_kinds.len();
    let missing: Vec<String> = all_kinds
        .iter()
        .flat_map(|a| all_kinds.iter().filter(move |b| a <= *b).map(move |b| (*a, *b)))
        .filter(|pair| !pairs.contains(pair))
        .map(|(a, b)| format!("{} + {}", a.name(), b.name()))
        .collect();
    json!({
        "seeds": seeds, "violations": violations, "calls": calls, "most_calls": most_calls, "faults": faults,
        "cores": cores, "seeds_per_s": per_second(1), "seeds_per_s_and_core": per_second(cores),
        "fault_pairs": { "covered": pairs.len(), "of": kinds * (kinds + 1) / 2, "missing": missing },
    })
}

/// Does `work` for `0..count`, one thread for each core; gives the number of threads, and the answers in order.
fn on_all_cores<T: Send>(count: u64, work: impl Fn(u64) -> T + Sync) -> (usize, Vec<T>) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(0);
    let mut answers: Vec<(u64, T)> = std::thread::scope(|scope| {
        let worker = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= count {
                    return done;
                }
                done.push((at, work(at)));
            }
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a play never panics")).collect()
    });
    answers.sort_by_key(|(at, _)| *at);
    (cores, answers.into_iter().map(|(_, answer)| answer).collect())
}

fn again(seed: u64, how: How) -> String {
    format!("cargo run --release -p simulation -- --seed {seed}{}", how.flag())
}

/// One seed, told so that one can read it.
fn once(seed: u64, about: Option<&str>, json: bool, how: How) -> Result<Value> {
    let Played { violation, entries, hash, calls, .. } = how.play(seed, true);
    let about = about.map(str::to_owned).or_else(|| violation.as_deref().and_then(order_in));
    let told = |entry: &&Entry| about.as_deref().is_none_or(|about| entry.mentions(about));
    let lines: Vec<String> = entries
        .iter()
        .filter(told)
        .map(|entry| format!("{} {:12} {}", entry.at.strftime("%H:%M:%S%.3f"), entry.who, entry.what))
        .collect();
    if !json {
        let mut out = std::io::stdout();
        lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    let violations: Vec<Value> = violation
        .into_iter()
        .map(|what| json!({ "seed": seed, "what": what, "again": again(seed, how) }))
        .collect();
    let mut result = json!({
        "seed": seed, "violations": violations, "about": about, "calls": calls, "trace_hash": format!("{hash:016x}"),
    });
    if json {
        result["trace"] = lines.into();
    }
    Ok(result)
}

/// The number of the order that a violation names: `shopify-main/5000001`.
fn order_in(violation: &str) -> Option<String> {
    let channels = ["shopify-main", "woo-de", "b2b"];
    channels.iter().find_map(|channel| {
        let rest = violation.split(channel).nth(1)?;
        let number: String = rest.chars().skip(1).take_while(char::is_ascii_digit).collect();
        (!number.is_empty()).then_some(number)
    })
}

/// A list of the guards; whether each is what its class says.
fn guards(only: Option<&str>, enough: u64) -> Result<(Value, bool)> {
    let wanted = |guard: &Guard| only.is_none_or(|only| format!("{guard:?}") == only);
    let guards: Vec<Guard> =
        Guard::ALL.into_iter().filter(wanted).filter(|guard| simulation::guards::reached(*guard)).collect();
    let (_, proofs) = on_all_cores(guards.len() as u64, |at| {
        let guard = guards[usize::try_from(at).unwrap_or(0)];
        let economic = simulation::guards::class(guard) == simulation::guards::Class::Economic;
        prove(guard, enough, if economic { COUNTED } else { MOST })
    });
    ensure!(!proofs.is_empty(), "there is no such guard; there are: {:?}", Guard::ALL);
    let list: Vec<Value> = proofs.iter().map(Proof::json).collect();
    Ok((Value::Array(list), proofs.iter().all(Proof::holds)))
}
