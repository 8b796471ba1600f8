//! Links of entities to integrations, and where to find an integration's.
//!
//! The default link of an entity and a purpose has a key of its own, without the integration:
//! there is one such key, so there is one default, whoever writes at the same time.

use gatehouse_domain::id::IntegrationId;
use gatehouse_domain::link::{Entity, Link, Purpose};
use gatehouse_domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::{Kind, Record, RecordId, TenantRecord};

/// Where a link is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkId {
    /// The entity.
    pub entity: Entity,
    /// What for.
    pub purpose: Option<Purpose>,
    /// Which of the entity's links for this purpose.
    pub place: LinkPlace,
}

/// Which of an entity's links for one purpose. The default sorts first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkPlace {
    /// The default, of which there is one.
    Default,
    /// The one to this integration.
    Other(IntegrationId),
}

/// Lists an integration's links. Written and deleted with the link, whichever place it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkByIntegration {
    /// The integration.
    pub integration: IntegrationId,
    /// The entity.
    #[serde(flatten)]
    pub entity: Entity,
    /// What for.
    pub purpose: Option<Purpose>,
    /// When the link was made.
    pub created_at: Timestamp,
}

impl LinkId {
    /// What the ids of all links of an entity begin with. Neither part of an entity holds a
    /// zero byte, so no entity's links begin with another's.
    pub fn prefix_of(entity: &Entity) -> Vec<u8> {
        let mut prefix = Vec::with_capacity(entity.entity_type().len() + entity.entity_id().len() + 2);
        prefix.extend_from_slice(entity.entity_type().as_bytes());
        prefix.push(0);
        prefix.extend_from_slice(entity.entity_id().as_bytes());
        prefix.push(0);
        prefix
    }
}

impl RecordId for LinkId {
    fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = LinkId::prefix_of(&self.entity);
        push_purpose(&mut bytes, self.purpose.as_ref());
        match self.place {
            LinkPlace::Default => bytes.push(0),
            LinkPlace::Other(integration) => {
                bytes.push(1);
                bytes.extend_from_slice(&integration.to_bytes());
            }
        }
        bytes
    }
}

/// An integration, with the entity and the purpose that it is linked for.
impl RecordId for (IntegrationId, Entity, Option<Purpose>) {
    fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.to_bytes().to_vec();
        bytes.extend_from_slice(&LinkId::prefix_of(&self.1));
        push_purpose(&mut bytes, self.2.as_ref());
        bytes
    }
}

/// No purpose is empty, so the empty text stands for none.
fn push_purpose(bytes: &mut Vec<u8>, purpose: Option<&Purpose>) {
    bytes.extend_from_slice(purpose.map_or("", Purpose::as_str).as_bytes());
    bytes.push(0);
}

impl Record for Link {
    const KIND: Kind = Kind::Link;
    const SCHEMA: u8 = 1;
    type Id = LinkId;
    fn id(&self) -> LinkId {
        let place = if self.is_default { LinkPlace::Default } else { LinkPlace::Other(self.integration) };
        LinkId { entity: self.entity.clone(), purpose: self.purpose.clone(), place }
    }
}
impl TenantRecord for Link {}

impl Record for LinkByIntegration {
    const KIND: Kind = Kind::LinkByIntegration;
    const SCHEMA: u8 = 1;
    type Id = (IntegrationId, Entity, Option<Purpose>);
    fn id(&self) -> Self::Id {
        (self.integration, self.entity.clone(), self.purpose.clone())
    }
}
impl TenantRecord for LinkByIntegration {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(entity_type: &str, entity_id: &str, purpose: Option<&str>, place: LinkPlace) -> Vec<u8> {
        let entity = Entity::new(entity_type, entity_id).unwrap();
        let purpose = purpose.map(|text| text.parse().unwrap());
        LinkId { entity, purpose, place }.key_bytes()
    }

    #[test]
    fn a_default_sorts_before_the_others_and_a_missing_purpose_before_any() {
        let other = LinkPlace::Other(IntegrationId::new(1, [0; 10]));
        let keys = [
            key("customer", "1", None, LinkPlace::Default),
            key("customer", "1", None, other),
            key("customer", "1", Some("a"), LinkPlace::Default),
            key("customer", "1", Some("a"), other),
            key("customer", "1", Some("ab"), LinkPlace::Default),
            key("customer", "10", None, LinkPlace::Default),
            key("customer-x", "1", None, LinkPlace::Default),
        ];
        assert!(keys.is_sorted(), "{keys:?}");
        assert_ne!(key("ab", "c", None, other), key("a", "bc", None, other));
    }

    fn entities() -> impl Strategy<Value = Entity> {
        // Short texts of few letters collide where anything can.
        ("[ab]{1,3}", "[abé ]{1,3}").prop_map(|(entity_type, id)| Entity::new(entity_type, id).unwrap())
    }

    proptest! {
        #[test]
        fn no_two_links_share_a_key_and_no_entity_covers_another(
            one in entities(), two in entities(),
            (p, q) in (prop::option::of("[ab]{1,2}"), prop::option::of("[ab]{1,2}")),
            (x, y) in (prop::option::of(0u8..3), prop::option::of(0u8..3)),
        ) {
            let place = |n: Option<u8>| n.map_or(LinkPlace::Default, |n| LinkPlace::Other(IntegrationId::new(0, [n; 10])));
            let id = |entity: &Entity, purpose: &Option<String>, n| LinkId {
                entity: entity.clone(), purpose: purpose.as_ref().map(|text| text.parse().unwrap()), place: place(n),
            };
            let (a, b) = (id(&one, &p, x), id(&two, &q, y));
            prop_assert_eq!(a.key_bytes() == b.key_bytes(), a == b);
            prop_assert_eq!(b.key_bytes().starts_with(&LinkId::prefix_of(&one)), one == two);
            let index = |entity: &Entity, purpose: &Option<String>| {
                (IntegrationId::new(0, [0; 10]), entity.clone(), purpose.as_ref().map(|text| text.parse::<Purpose>().unwrap())).key_bytes()
            };
            prop_assert_eq!(index(&one, &p) == index(&two, &q), one == two && p == q);
        }
    }
}
