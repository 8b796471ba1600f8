//! Whether a version number says what the version does (Semantic Versioning 2.0.0, and for `0.x`
//! the rules that Cargo and npm share: `0.2.0` may break `0.1.0`, `0.1.1` may not).

use gatehouse_domain::plugin::PluginVersion;
use gatehouse_domain::{Error, ErrorKind, Problem, Result};
use semver::Version;

use super::{Class, Compatibility, compare};

/// How many differences an error names.
const TOLD: usize = 20;

/// Refuses a version whose number promises more than it keeps, against the published version
/// below it and the one above it. Yanked versions and pre-releases promise nothing, and are
/// left out on both sides.
///
/// # Errors
/// [`ErrorKind::Invalid`], naming what changes and the smallest version that would be honest.
pub fn check_version(published: &[PluginVersion], new: &PluginVersion) -> Result<()> {
    let all = promising(published);
    if !new.plugin.version.pre.is_empty() {
        return Ok(());
    }
    let below = all.iter().rev().find(|known| known.plugin.version < new.plugin.version);
    let above = all.iter().find(|known| known.plugin.version > new.plugin.version);
    if let Some(found) = below.map(|below| compare(below, new)).filter(lies) {
        return Err(refused(&found, &all, new));
    }
    match above.map(|above| compare(new, above)).filter(lies) {
        Some(found) => Err(refused(&found, &all, new)),
        None => Ok(()),
    }
}

/// What the step from one version number to a higher one allows.
fn allowed(from: &Version, to: &Version) -> Class {
    let same_major = from.major == to.major;
    let same_minor = same_major && from.minor == to.minor;
    match (from.major, from.minor) {
        (0, 0) => Class::Breaking,
        (0, _) if same_minor => Class::Additive,
        (0, _) => Class::Breaking,
        _ if same_minor => Class::Patch,
        _ if same_major => Class::Additive,
        _ => Class::Breaking,
    }
}

/// The next version number after `from` that allows `class`.
fn next(from: &Version, class: Class) -> Version {
    let Version { major, minor, patch, .. } = *from;
    match (major, minor, class) {
        (0, 0, _) | (_, _, Class::Patch) | (0, _, Class::Additive) => Version::new(major, minor, patch + 1),
        (0, _, Class::Breaking) | (_, _, Class::Additive) => Version::new(major, minor + 1, 0),
        (_, _, Class::Breaking) => Version::new(major + 1, 0, 0),
    }
}

fn lies(found: &Compatibility) -> bool {
    found.class > allowed(&found.from, &found.to)
}

/// The versions that promise something, lowest first.
fn promising(published: &[PluginVersion]) -> Vec<&PluginVersion> {
    let promises = |known: &&PluginVersion| known.plugin.version.pre.is_empty() && known.standing.yanked.is_none();
    let mut all: Vec<&PluginVersion> = published.iter().filter(promises).collect();
    all.sort_by(|a, b| a.plugin.version.cmp(&b.plugin.version));
    all
}

/// The smallest number above the nearest lower version that is true towards both neighbours.
fn smallest_honest(all: &[&PluginVersion], new: &PluginVersion) -> Option<Version> {
    let mut rest = all.iter().peekable();
    while rest.peek().is_some_and(|known| known.plugin.version < new.plugin.version) {
        let below = rest.next()?;
        let is_nearest = rest.peek().is_none_or(|known| known.plugin.version >= new.plugin.version);
        if is_nearest {
            return climb(below, rest.copied().collect(), new);
        }
    }
    climb(rest.next()?, rest.copied().collect(), new)
}

fn climb(first: &PluginVersion, above: Vec<&PluginVersion>, new: &PluginVersion) -> Option<Version> {
    let mut below = first;
    let mut above = above.into_iter();
    loop {
        let number = next(&below.plugin.version, compare(below, new).class);
        let Some(following) = above.next() else { return Some(number) };
        let onward = compare(new, following).class;
        if number < following.plugin.version && onward <= allowed(&number, &following.plugin.version) {
            return Some(number);
        }
        below = following;
    }
}

fn refused(found: &Compatibility, all: &[&PluginVersion], new: &PluginVersion) -> Error {
    let number = &new.plugin.version;
    let other = if found.to == *number { &found.from } else { &found.to };
    let promise = match allowed(&found.from, &found.to) {
        Class::Patch => "a patch",
        Class::Additive => "an addition",
        Class::Breaking => "a break",
    };
    let does = if found.class == Class::Breaking { "breaks" } else { "adds to" };
    let honest = smallest_honest(all, new)
        .map_or_else(String::new, |honest| format!("; the smallest version that would be honest is {honest}"));
    let message = format!(
        "the version {number} of `{}` is not what it says: between {} and {} there may be {promise}, and {} {does} what \
         {} has{honest}",
        new.plugin.id, found.from, found.to, found.to, found.from
    );
    let too_far = found.differences.iter().filter(|one| one.class > allowed(&found.from, &found.to));
    let problems = too_far.take(TOLD).map(|one| Problem::at(&one.path, format!("{} (against {other})", one.message)));
    let mut error = Error::new(ErrorKind::Invalid, message);
    error.problems = problems.collect();
    error
}
