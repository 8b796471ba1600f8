//! Which helpers a plugin gets: one version of each, that fits everybody who needs it. Pure.
//! The newest that fit are preferred; yanked ones and pre-releases are chosen as anywhere else.

use std::collections::BTreeMap;

use gatehouse_domain::manifest::Manifest;
use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::plugin::resolve::describe;
use gatehouse_domain::{Error, Result};
use semver::VersionReq;

/// How many choices are tried before it is given up.
const MOST_TRIES: usize = 10_000;

/// The versions there are, by the plugin's id.
pub(super) type Published = BTreeMap<String, Vec<PluginVersion>>;

/// What is chosen so far, by the plugin's id.
type Chosen<'p> = BTreeMap<&'p str, &'p PluginVersion>;

/// Who needs what.
#[derive(Clone)]
struct Need<'p> {
    by: String,
    id: &'p str,
    requirement: &'p VersionReq,
}

struct Search<'p> {
    root: &'p str,
    published: &'p Published,
    tries: usize,
}

/// Chooses the helpers, in an order in which each comes after those that it needs itself.
///
/// # Errors
/// [`gatehouse_domain::ErrorKind::Conflict`] for what is not published, is no helper, needs each
/// other in a circle, or is needed in versions that exclude each other.
pub(super) fn choose<'p>(root: &'p Manifest, published: &'p Published) -> Result<Vec<&'p PluginVersion>> {
    let mut search = Search { root: &root.id, published, tries: 0 };
    let needs = needs_of(root);
    let chosen = search.solve(&Chosen::new(), &needs)?;
    let mut ordered = Vec::new();
    let mut path = vec![root.id.as_str()];
    for id in root.dependencies.keys() {
        visit(id, &chosen, &mut path, &mut ordered)?;
    }
    Ok(ordered)
}

fn needs_of(manifest: &Manifest) -> Vec<Need<'_>> {
    let by = format!("{}@{}", manifest.id, manifest.version);
    let needs = manifest.dependencies.iter();
    needs.map(|(id, requirement)| Need { by: by.clone(), id, requirement }).collect()
}

impl<'p> Search<'p> {
    /// Meets every need, or says why the choice that was preferred does not.
    fn solve(&mut self, chosen: &Chosen<'p>, needs: &[Need<'p>]) -> Result<Chosen<'p>> {
        if let Some(need) = needs.iter().find(|need| need.id == self.root) {
            return Err(circle(&[self.root, need.by.split('@').next().unwrap_or_default(), self.root]));
        }
        if let Some(need) = needs.iter().find(|need| broken(need, chosen)) {
            return Err(self.excluded(need.id, needs));
        }
        let Some(open) = needs.iter().find(|need| !chosen.contains_key(need.id)) else { return Ok(chosen.clone()) };
        let mut first = None;
        for candidate in self.candidates(open.id, needs)? {
            self.tries += 1;
            if self.tries > MOST_TRIES {
                return Err(Error::conflict("the dependencies exclude each other in too many ways; narrow them"));
            }
            let mut with = chosen.clone();
            with.insert(open.id, candidate);
            let all = [needs, &needs_of(&candidate.manifest)].concat();
            match self.solve(&with, &all) {
                Ok(solved) => return Ok(solved),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| self.excluded(open.id, needs)))
    }

    /// The versions that fit all that is known to be needed, newest first.
    fn candidates(&self, id: &'p str, needs: &[Need<'p>]) -> Result<Vec<&'p PluginVersion>> {
        let versions = self.published.get(id).map(Vec::as_slice).unwrap_or_default();
        let by = needs.iter().find(|need| need.id == id).map(|need| need.by.clone()).unwrap_or_default();
        if versions.is_empty() {
            let message = format!("{by} needs the helper `{id}`, which is not published: publish it first");
            return Err(Error::conflict(message).at(format!("$.dependencies.{id}"), "is not published"));
        }
        if versions.iter().all(|version| !version.manifest.helper) {
            let message = format!("{by} needs `{id}`, which is a gateway: only helpers are linked into others");
            return Err(Error::conflict(message).at(format!("$.dependencies.{id}"), "is no helper"));
        }
        let fits = |version: &&PluginVersion| {
            let number = &version.plugin.version;
            let all = needs.iter().filter(|need| need.id == id).all(|need| need.requirement.matches(number));
            all && version.manifest.helper && version.standing.yanked.is_none()
        };
        let mut found: Vec<&PluginVersion> = versions.iter().filter(fits).collect();
        found.sort_by(|a, b| {
            let stands = |version: &PluginVersion| version.standing.deprecated.is_none();
            (stands(b), &b.plugin.version).cmp(&(stands(a), &a.plugin.version))
        });
        Ok(found)
    }

    fn excluded(&self, id: &str, needs: &[Need<'_>]) -> Error {
        let known = self.published.get(id).map(Vec::as_slice).unwrap_or_default();
        let asked: Vec<String> = needs
            .iter()
            .filter(|need| need.id == id)
            .map(|need| format!("{} needs `{}`", need.by, need.requirement))
            .collect();
        let what = if asked.len() > 1 { "no version of the helper fits all" } else { "no version of the helper fits" };
        let message = format!("{what}: of `{id}` {}; there are {}", asked.join(", "), describe(known));
        Error::conflict(message).at(format!("$.dependencies.{id}"), "can not be met")
    }
}

fn broken(need: &Need<'_>, chosen: &Chosen<'_>) -> bool {
    chosen.get(need.id).is_some_and(|chosen| !need.requirement.matches(&chosen.plugin.version))
}

/// Puts a helper behind those that it needs.
fn visit<'p>(
    id: &'p str,
    chosen: &Chosen<'p>,
    path: &mut Vec<&'p str>,
    ordered: &mut Vec<&'p PluginVersion>,
) -> Result<()> {
    if let Some(start) = path.iter().position(|known| *known == id) {
        let mut round: Vec<&str> = path.iter().skip(start).copied().collect();
        round.push(id);
        return Err(circle(&round));
    }
    let Some(version) = chosen.get(id).copied() else { return Ok(()) };
    if ordered.iter().any(|known| known.plugin.id == id) {
        return Ok(());
    }
    path.push(id);
    for next in version.manifest.dependencies.keys() {
        visit(next, chosen, path, ordered)?;
    }
    path.pop();
    ordered.push(version);
    Ok(())
}

fn circle(round: &[&str]) -> Error {
    let words = round.join(" needs ");
    Error::conflict(format!("the dependencies go in a circle: {words}; one of them has to do without"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compatibility::tests::version;

    /// `dates 1.0.0 mime=^1,other=^2` is a helper, `*gate 1.0.0` a gateway.
    fn published(text: &str) -> Published {
        let mut all = Published::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut words = line.split_whitespace();
            let (name, number) = (words.next().unwrap(), words.next().unwrap());
            let (number, yanked) = number.strip_suffix('!').map_or((number, false), |number| (number, true));
            let mut one = version(name.trim_start_matches('*'), number);
            one.manifest.helper = !name.starts_with('*');
            one.manifest.dependencies = needs(words.next().unwrap_or_default());
            if yanked {
                let at = gatehouse_domain::time::EPOCH;
                one.standing.yanked = Some(gatehouse_domain::plugin::Yanked { reason: "bad".to_owned(), at });
            }
            all.entry(one.plugin.id.clone()).or_default().push(one);
        }
        all
    }

    fn needs(text: &str) -> BTreeMap<String, VersionReq> {
        let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
        pairs.map(|(id, requirement)| (id.to_owned(), requirement.parse().unwrap())).collect()
    }

    fn check(text: &str, root: &str, expect: Result<&str, &str>) {
        let published = published(text);
        let mut manifest = version("acme", "1.0.0").manifest;
        manifest.dependencies = needs(root);
        let found = choose(&manifest, &published).map(|chosen| {
            let names = chosen.iter().map(|one| format!("{}@{}", one.plugin.id, one.plugin.version));
            names.collect::<Vec<_>>().join(" ")
        });
        match (found, expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect),
            (Err(error), Err(text)) => assert!(error.to_string().contains(text), "{error} lacks {text}"),
            (found, expect) => panic!("{found:?} is not {expect:?}"),
        }
    }

    #[test]
    fn the_newest_that_fits_everybody_is_chosen_and_comes_before_who_needs_it() {
        check("dates 1.0.0\ndates 1.2.0\ndates 2.0.0", "dates=^1", Ok("dates@1.2.0"));
        check("dates 1.0.0\ndates 1.2.0!", "dates=^1", Ok("dates@1.0.0"));
        let chain = "dates 1.0.0\nmime 1.0.0 dates=^1\nzoo 1.0.0 mime=^1";
        check(chain, "zoo=^1", Ok("dates@1.0.0 mime@1.0.0 zoo@1.0.0"));
        check(chain, "dates=^1,zoo=^1", Ok("dates@1.0.0 mime@1.0.0 zoo@1.0.0"));
    }

    #[test]
    fn an_older_version_is_taken_where_the_newest_would_exclude_another() {
        let text = "dates 1.0.0\ndates 2.0.0\nmime 1.0.0 dates=^1\nmime 1.1.0 dates=^2";
        check(text, "dates=^1,mime=^1", Ok("dates@1.0.0 mime@1.0.0"));
        check(text, "mime=^1,dates=*", Ok("dates@2.0.0 mime@1.1.0"));
    }

    #[test]
    fn what_can_not_be_met_is_told_with_both_sides_and_what_there_is() {
        check("", "dates=^1", Err("acme@1.0.0 needs the helper `dates`, which is not published"));
        check("mime 1.0.0 dates=^1", "mime=^1", Err("mime@1.0.0 needs the helper `dates`"));
        check("*dates 1.0.0", "dates=^1", Err("`dates`, which is a gateway"));
        check("dates 1.0.0\ndates 1.1.0!", "dates=^2", Err("acme@1.0.0 needs `^2`; there are 1.1.0 (yanked), 1.0.0"));
        let text = "dates 1.0.0\ndates 2.0.0\nmime 1.0.0 dates=^2";
        let both = "of `dates` acme@1.0.0 needs `^1`, mime@1.0.0 needs `^2`; there are 2.0.0, 1.0.0";
        check(text, "dates=^1,mime=^1", Err(both));
    }

    #[test]
    fn a_circle_is_named() {
        check("dates 1.0.0 mime=^1\nmime 1.0.0 dates=^1", "dates=^1", Err("dates needs mime needs dates"));
        check("dates 1.0.0 acme=^1", "dates=^1", Err("acme needs dates needs acme"));
    }
}
