//! Who may do what: Odoo's access lists, and the words in which it refuses.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Version,
    error::{Kind, OdooError, Outcome},
};

const TABLE: &str = include_str!("schema/rights.tsv");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    Create,
    Unlink,
}

impl Access {
    fn letter(self) -> char {
        match self {
            Self::Read => 'r',
            Self::Write => 'w',
            Self::Create => 'c',
            Self::Unlink => 'u',
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Self::Read => "access",
            Self::Write => "modify",
            Self::Create => "create",
            Self::Unlink => "delete",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            "create" => Some(Self::Create),
            "unlink" => Some(Self::Unlink),
            _ => None,
        }
    }
}

#[derive(Debug, Clone)]
struct Group {
    label: &'static str,
    implied: Vec<&'static str>,
}

/// Which groups may do what with a model.
#[derive(Debug, Clone, Default)]
pub struct Lists(Vec<(&'static str, &'static str)>);

#[derive(Debug, Clone)]
pub(crate) struct Rights {
    lists: BTreeMap<&'static str, Vec<(&'static str, &'static str)>>,
    groups: BTreeMap<&'static str, Group>,
}

impl Rights {
    pub fn of(version: Version) -> Self {
        let mut rights = Self { lists: BTreeMap::new(), groups: BTreeMap::new() };
        for line in TABLE.lines() {
            let cells: Vec<&'static str> = line.split('\t').collect();
            let [kind, versions, name, third, fourth] = cells[..] else { continue };
            if !versions.split(',').any(|number| number == version.number()) {
                continue;
            }
            if kind == "acl" {
                rights.lists.entry(name).or_default().push((third, fourth));
            } else if kind == "group" {
                let implied = fourth.split(',').filter(|name| !name.is_empty()).collect();
                rights.groups.insert(name, Group { label: third, implied });
            }
        }
        rights
    }

    /// Replaces the access lists of a model; gives those that there were. With none but an administrator nobody may
    /// do anything.
    pub fn replace(&mut self, model: &'static str, lists: Lists) -> Lists {
        Lists(self.lists.insert(model, lists.0).unwrap_or_default())
    }

    /// The groups themselves and all that they imply.
    pub fn closure(&self, groups: &[&str]) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for &name in groups {
            all.insert(name.to_owned());
            if let Some(group) = self.groups.get(name) {
                all.extend(group.implied.iter().map(|&implied| implied.to_owned()));
            }
        }
        all
    }

    pub fn allows(&self, groups: &BTreeSet<String>, model: &str, access: Access) -> bool {
        let Some(list) = self.lists.get(model) else { return true };
        list.iter().any(|(group, rights)| {
            rights.contains(access.letter()) && (*group == "*" || groups.contains(*group))
        })
    }

    pub fn refusal(&self, model: &str, description: &str, access: Access) -> OdooError {
        let able = self.lists.get(model).into_iter().flatten();
        let able = able.filter(|(_, rights)| rights.contains(access.letter()));
        let labels: BTreeSet<String> =
            able.filter_map(|(group, _)| Some(self.groups.get(group)?.label.replace(" / ", "/"))).collect();
        let allowed = if labels.is_empty() {
            "No group currently allows this operation.".to_owned()
        } else {
            let lines: Vec<String> = labels.iter().map(|label| format!("\t- {label}")).collect();
            format!("This operation is allowed for the following groups:\n{}", lines.join("\n"))
        };
        OdooError::new(
            Kind::Access,
            format!(
                "You are not allowed to {} '{description}' ({model}) records.\n\n{allowed}\n\nContact your administrator to \
                 request access if necessary.",
                access.verb()
            ),
        )
    }

    pub fn check(
        &self,
        groups: Option<&BTreeSet<String>>,
        model: &str,
        description: &str,
        access: Access,
    ) -> Outcome<()> {
        match groups {
            Some(groups) if !self.allows(groups, model, access) => {
                Err(self.refusal(model, description, access))
            }
            _ => Ok(()),
        }
    }
}
