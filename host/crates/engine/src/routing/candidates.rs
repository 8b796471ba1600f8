//! Which of an entity's links come into question, in which order.

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::link::{Link, Purpose};

/// The integrations that links name for a purpose: those linked for it before those linked for
/// any; among each, the default first and the others in the order they were linked. Each comes
/// with why it stands there.
pub(super) fn of_links<'l>(
    links: impl Iterator<Item = &'l Link>,
    purpose: Option<&Purpose>,
) -> Vec<(IntegrationId, String)> {
    let mut fitting: Vec<&Link> =
        links.filter(|link| link.purpose.is_none() || link.purpose.as_ref() == purpose).collect();
    fitting.sort_by_key(|link| (link.purpose.is_none(), !link.is_default, link.created_at, link.integration));
    let mut found: Vec<(IntegrationId, String)> = Vec::new();
    for link in fitting {
        if !found.iter().any(|(known, _)| *known == link.integration) {
            found.push((link.integration, why(link)));
        }
    }
    found
}

fn why(link: &Link) -> String {
    let purpose = link.purpose.as_ref().map_or_else(|| "any purpose".to_owned(), |purpose| format!("`{purpose}`"));
    let what = if link.is_default { "the default" } else { "linked" };
    format!("{what} for {purpose}")
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::link::Entity;
    use gatehouse_domain::time::from_millis;

    use super::*;

    /// A link as `integration purpose default? made`.
    fn link(integration: u8, purpose: &str, is_default: bool, made: i64) -> Link {
        Link {
            integration: IntegrationId::new(1, [integration; 10]),
            entity: Entity::new("customer", "c").unwrap(),
            purpose: Some(purpose).filter(|text| !text.is_empty()).map(|text| text.parse().unwrap()),
            is_default,
            created_at: from_millis(made),
        }
    }

    fn check(links: &[Link], purpose: &str, expect: &[u8]) {
        let purpose = Some(purpose).filter(|text| !text.is_empty()).map(|text| text.parse().unwrap());
        let found = of_links(links.iter(), purpose.as_ref());
        let expect: Vec<IntegrationId> = expect.iter().map(|n| IntegrationId::new(1, [*n; 10])).collect();
        let ids: Vec<IntegrationId> = found.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, expect, "{purpose:?}: {found:?}");
    }

    #[test]
    fn the_purpose_counts_before_the_default_and_the_default_before_the_age() {
        let links = [
            link(1, "", true, 1),
            link(2, "", false, 2),
            link(3, "pay", false, 5),
            link(4, "pay", false, 4),
            link(5, "pay", true, 9),
            link(6, "mail", true, 1),
        ];
        check(&links, "pay", &[5, 4, 3, 1, 2]);
        check(&links, "mail", &[6, 1, 2]);
        check(&links, "sync", &[1, 2]);
        check(&links, "", &[1, 2]);
        check(&[], "pay", &[]);
    }

    #[test]
    fn an_integration_that_is_linked_twice_comes_once() {
        let links = [link(1, "", true, 1), link(1, "pay", false, 2), link(2, "", false, 3)];
        check(&links, "pay", &[1, 2]);
        let found = of_links(links.iter(), Some(&"pay".parse().unwrap()));
        assert_eq!(found[0].1, "linked for `pay`");
        assert_eq!(of_links(links.iter(), None)[0].1, "the default for any purpose");
    }
}
