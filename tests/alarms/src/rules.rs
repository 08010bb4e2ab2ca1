//! CloudWatch's rules for an alarm, as far as ours use them.
//!
//! Each minute the last periods are looked at, wherever they begin: what stays silent stays so for every alignment.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use infra_policy::state::Resource;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::figures::{API, Figures, Name, within};

/// CloudWatch looks this many periods further back for figures before it takes what is missing as the alarm says.
/// It states no number; the examples in its documentation show two.
const FURTHER: usize = 2;
const EACH: SignedDuration = SignedDuration::from_mins(1);

/// One alarm, as Terraform makes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    pub name: String,
    /// Which block of Terraform it comes from, without the function, queue or peer that it is for.
    pub kind: String,
    /// That function, queue, peer or channel; empty where there is one alarm of the kind.
    pub of: String,
    pub metric: Name,
    pub rule: Rule,
}

/// When it rings; alarms of one kind differ in their metric alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    statistic: String,
    period: SignedDuration,
    comparison: String,
    threshold: f64,
    evaluated: usize,
    to_alarm: usize,
    missing: String,
    /// What a period without figures is filled with, by metric math.
    filled: Option<f64>,
}

impl Alarm {
    /// Reads a resource of Terraform's state.
    ///
    /// # Errors
    /// When it uses what is not understood here.
    pub fn read(resource: &Resource) -> Result<Self> {
        let values = &resource.values;
        let queries: Vec<&Value> = values["metric_query"].as_array().into_iter().flatten().collect();
        let measured = queries.iter().find_map(|query| query["metric"].get(0));
        let (metric, filled) = match measured {
            None => (values, None),
            Some(metric) => (metric, Some(filled(&queries)?)),
        };
        let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
        let number = |of: &Value, name: &str| of[name].as_i64().with_context(|| name.to_owned());
        let evaluated = usize::try_from(number(values, "evaluation_periods")?)?;
        let to_alarm = values["datapoints_to_alarm"].as_u64().filter(|count| *count > 0);
        let dimensions: BTreeMap<String, String> = metric["dimensions"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        let (kind, of) = kind_of(&resource.address);
        let namespace = text(metric, "namespace");
        // The API's id is made up by whoever makes it: here it is the one of its module.
        let module = || kind.split(' ').next().unwrap_or_default().to_owned();
        let dimensions =
            if namespace == API { BTreeMap::from([("ApiId".into(), module())]) } else { dimensions };
        Ok(Self {
            name: text(values, "alarm_name"),
            kind,
            of,
            metric: Name { namespace, metric: text(metric, "metric_name"), dimensions },
            rule: Rule {
                statistic: if measured.is_some() { text(metric, "stat") } else { text(metric, "statistic") },
                period: SignedDuration::from_secs(number(metric, "period")?),
                comparison: text(values, "comparison_operator"),
                threshold: values["threshold"].as_f64().context("threshold")?,
                evaluated,
                to_alarm: to_alarm.map_or(Ok(evaluated), usize::try_from)?,
                missing: text(values, "treat_missing_data"),
                filled,
            },
        })
    }

    /// The first minute at which it rings, from when it has seen all its periods.
    ///
    /// # Errors
    /// When it uses what is not understood here.
    pub fn rings(&self, figures: &Figures, from: Timestamp, until: Timestamp) -> Result<Option<Timestamp>> {
        let (rule, all) = (&self.rule, figures.of(&self.metric));
        if all.is_empty() && rule.filled.is_none() && rule.missing == "notBreaching" {
            return Ok(None);
        }
        let mut at = from + rule.period * i32::try_from(rule.evaluated)?;
        while at <= until {
            if rule.breached(|back| self.point(all, from, at, back))? {
                return Ok(Some(at));
            }
            at += EACH;
        }
        Ok(None)
    }

    /// What the statistic says of the period that ended `back` periods before `at`; none where nothing was told.
    fn point(
        &self,
        all: &[(Timestamp, f64)],
        from: Timestamp,
        at: Timestamp,
        back: usize,
    ) -> Result<Option<f64>> {
        let rule = &self.rule;
        let end = at - rule.period * i32::try_from(back)?;
        let begin = end - rule.period;
        let values = within(all, begin.max(from), end);
        Ok(match (values.is_empty(), rule.statistic.as_str()) {
            (true, _) => rule.filled,
            (false, "Sum") => Some(values.iter().sum()),
            (false, "Average") => Some(values.iter().sum::<f64>() / values.len() as f64),
            (false, "Minimum") => values.into_iter().reduce(f64::min),
            (false, "Maximum") => values.into_iter().reduce(f64::max),
            (false, other) => bail!("{}: no such statistic here: {other}", self.name),
        })
    }
}

impl Rule {
    fn breached(&self, point: impl Fn(usize) -> Result<Option<f64>>) -> Result<bool> {
        let mut points = Vec::new();
        for back in 0..self.evaluated + FURTHER {
            points.extend(point(back)?);
        }
        points.truncate(self.evaluated);
        let mut breaching = 0;
        for value in &points {
            breaching += usize::from(self.is_breached(*value)?);
        }
        let absent = self.evaluated - points.len();
        breaching += match self.missing.as_str() {
            "breaching" => absent,
            "notBreaching" => 0,
            other => bail!("missing data is not treated here as {other}"),
        };
        Ok(breaching >= self.to_alarm)
    }

    fn is_breached(&self, value: f64) -> Result<bool> {
        Ok(match self.comparison.as_str() {
            "GreaterThanThreshold" => value > self.threshold,
            "LessThanThreshold" => value < self.threshold,
            other => bail!("no such comparison here: {other}"),
        })
    }
}

/// The number in `FILL(id, number)`, the one expression that is understood.
fn filled(queries: &[&Value]) -> Result<f64> {
    let expression = queries.iter().find_map(|query| query["expression"].as_str()).unwrap_or_default();
    let inside = expression.strip_prefix("FILL(").and_then(|rest| rest.strip_suffix(')'));
    let (_, number) = inside.and_then(|inside| inside.split_once(", ")).context("an unknown expression")?;
    Ok(number.parse()?)
}

/// `module.function["waker"].aws_cloudwatch_metric_alarm.this["Errors"]` is of the kind `function Errors`, for
/// `waker`; `aws_cloudwatch_metric_alarm.peer["odoo"]` of the kind `peer`, for `odoo`.
fn kind_of(address: &str) -> (String, String) {
    let (module, resource) = address.split_once("aws_cloudwatch_metric_alarm.").unwrap_or(("", address));
    let keyed = |text: &str| {
        // What is there once or not at all has the number 0.
        let text = text.trim_end_matches("[0]");
        let (name, key) = text.split_once("[\"").unwrap_or((text, ""));
        (name.to_owned(), key.trim_end_matches('.').trim_end_matches("\"]").to_owned())
    };
    let (module, of_module) = keyed(module.trim_start_matches("module.").trim_end_matches('.'));
    let (name, key) = keyed(resource);
    let (name, of_itself) = if name == "this" { (key, String::new()) } else { (name, key) };
    (format!("{module} {name}").trim().to_owned(), if of_module.is_empty() { of_itself } else { of_module })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: Timestamp = Timestamp::constant(1_800_000_000, 0);

    fn alarm(missing: &str, evaluated: usize, to_alarm: usize, filled: Option<f64>) -> Alarm {
        let rule = Rule {
            statistic: "Sum".into(),
            period: SignedDuration::from_mins(5),
            comparison: "GreaterThanThreshold".into(),
            threshold: 2.0,
            evaluated,
            to_alarm,
            missing: missing.into(),
            filled,
        };
        let metric = Name::new("n", "m", None);
        Alarm { name: "a".into(), kind: "a".into(), of: String::new(), metric, rule }
    }

    /// Figures at these minutes.
    fn rings(alarm: &Alarm, told: &[(i64, f64)]) -> Option<i64> {
        let mut figures = Figures::default();
        for (minute, value) in told {
            figures.add(alarm.metric.clone(), BEGIN + SignedDuration::from_mins(*minute), *value);
        }
        let until = BEGIN + SignedDuration::from_mins(60);
        let at = alarm.rings(&figures, BEGIN, until).unwrap();
        at.map(|at| at.duration_since(BEGIN).as_mins())
    }

    #[test]
    fn a_sum_above_the_threshold_rings_wherever_its_period_begins() {
        let one = alarm("notBreaching", 1, 1, None);
        assert_eq!(rings(&one, &[(9, 2.0), (11, 1.0)]), Some(11));
        assert_eq!(rings(&one, &[(9, 2.0), (15, 1.0)]), None, "they are never in one period");
        assert_eq!(rings(&one, &[(9, 2.0)]), None, "the threshold itself is no breach");
    }

    #[test]
    fn so_many_periods_must_breach_and_need_not_follow_each_other() {
        let some = alarm("notBreaching", 6, 3, None);
        assert_eq!(rings(&some, &[(2, 3.0), (12, 3.0), (32, 1.0)]), None);
        assert!(rings(&some, &[(2, 3.0), (12, 3.0), (22, 3.0)]).is_some());
    }

    #[test]
    fn what_is_missing_counts_as_the_alarm_says_once_nothing_older_is_found() {
        let mut silent = alarm("breaching", 1, 1, None);
        silent.rule.threshold = 1.0;
        silent.rule.comparison = "LessThanThreshold".into();
        // CloudWatch looks two periods further back, so that the alarm comes two periods late.
        assert_eq!(rings(&silent, &[(0, 1.0), (5, 1.0), (10, 1.0)]), Some(25));
        silent.rule.filled = Some(0.0);
        assert_eq!(rings(&silent, &[(0, 1.0), (5, 1.0), (10, 1.0)]), Some(15));
    }

    #[test]
    fn an_address_tells_the_kind_and_what_the_alarm_is_for() {
        let kind = |address: &str| {
            let (kind, of) = kind_of(address);
            format!("{kind}: {of}")
        };
        let alarm = "aws_cloudwatch_metric_alarm";
        assert_eq!(
            kind(&format!("module.function[\"waker\"].{alarm}.this[\"Errors\"]")),
            "function Errors: waker"
        );
        assert_eq!(kind(&format!("module.schedule[\"waker\"].{alarm}.silent")), "schedule silent: waker");
        assert_eq!(kind(&format!("module.webhook.{alarm}.failures")), "webhook failures: ");
        assert_eq!(kind(&format!("module.console[0].{alarm}.failures")), "console failures: ");
        assert_eq!(kind(&format!("{alarm}.this[\"backlog\"]")), "backlog: ");
        assert_eq!(kind(&format!("{alarm}.peer[\"odoo\"]")), "peer: odoo");
    }
}
