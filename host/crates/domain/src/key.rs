//! API keys: what is kept of one, and what its restrictions mean. The token that its holder
//! shows is in `token`; its secret is kept nowhere.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::IpRange;
use crate::id::{IntegrationId, KeyId, TenantId};
use crate::permission::{Permission, Reach};
use crate::time::Timestamp;

/// Which environment a key is for, readable in its token.
///
/// A `test` key acts on sandbox integrations only and changes nothing that both environments
/// share, so it can never move real money. A `live` key acts on both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyEnvironment {
    /// Live and sandbox integrations.
    #[default]
    Live,
    /// Sandbox integrations only.
    Test,
}

impl KeyEnvironment {
    /// Its name, as it stands in tokens and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Live, Self::Test].into_iter().find(|environment| environment.name() == name)
    }
}

/// What is kept of an API key. The secret itself is not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    /// Its identifier, which its token begins with.
    pub id: KeyId,
    /// The tenant it acts for; an operator's key has none.
    pub tenant: Option<TenantId>,
    /// A name for people.
    pub name: String,
    /// The environment it is for.
    pub environment: KeyEnvironment,
    /// The role whose permissions it has, as the role is now.
    pub role: Option<String>,
    /// What it may do beyond its role.
    pub permissions: Vec<Permission>,
    /// The only integrations that it knows of; all where absent.
    pub integrations: Option<Vec<IntegrationId>>,
    /// The only capabilities that it may call, by code; all where absent.
    pub capabilities: Option<Vec<String>>,
    /// Where it may be used from; anywhere where empty.
    pub allowed_ips: Vec<IpRange>,
    /// The token's beginning and last four characters.
    pub hint: String,
    /// When it was created.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// The key that made it; absent for an operator's first.
    pub created_by: Option<KeyId>,
    /// When it stops working; absent where it never does by itself.
    #[schemars(with = "Option<String>")]
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    #[schemars(with = "Option<String>")]
    pub revoked_at: Option<Timestamp>,
    /// When it was used last, to the minute. It is written now and then, so a crash may lose
    /// the last minutes of it.
    #[schemars(with = "Option<String>")]
    pub last_used_at: Option<Timestamp>,
    /// The key that it was rotated from.
    pub predecessor: Option<KeyId>,
    /// The key that it was rotated into.
    pub successor: Option<KeyId>,
}

impl ApiKey {
    /// Whether the key works at `now`.
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// How far anything that the key may do can reach.
    pub fn ceiling(&self) -> Reach {
        match (&self.tenant, &self.capabilities, &self.integrations, self.environment) {
            (None, ..) => Reach::Operator,
            (_, Some(_), ..) => Reach::Capability,
            (_, _, Some(_), _) | (_, _, _, KeyEnvironment::Test) => Reach::Integration,
            _ => Reach::Tenant,
        }
    }

    /// Whether the key may be used from `address`. Where the address is not known, only a key
    /// that is good anywhere is.
    pub fn may_come_from(&self, address: Option<IpAddr>) -> bool {
        self.allowed_ips.is_empty()
            || address.is_some_and(|address| self.allowed_ips.iter().any(|range| range.contains(address)))
    }

    /// Whether the key may call this capability, and read what came of it.
    pub fn covers_capability(&self, code: &str) -> bool {
        self.capabilities.as_ref().is_none_or(|codes| codes.iter().any(|known| known == code))
    }

    /// Whether an integration is among those that the key knows of, by its id alone.
    pub fn covers_integration(&self, id: IntegrationId) -> bool {
        self.integrations.as_ref().is_none_or(|ids| ids.contains(&id))
    }

    /// Whether whatever `other` can see and do by its restrictions, this key can as well.
    /// Permissions are another matter.
    pub fn is_as_wide_as(&self, other: &Self) -> bool {
        let listed = |own: &Option<Vec<String>>, others: &Option<Vec<String>>| match (own, others) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => others.iter().all(|one| own.contains(one)),
        };
        let ids = |ids: &Option<Vec<IntegrationId>>| {
            ids.as_ref().map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let environment = self.environment == KeyEnvironment::Live || other.environment == KeyEnvironment::Test;
        environment
            && listed(&ids(&self.integrations), &ids(&other.integrations))
            && listed(&self.capabilities, &other.capabilities)
            && self.allows_all_of(&other.allowed_ips)
    }

    /// Whether the key may be used from everywhere that these ranges hold.
    fn allows_all_of(&self, ranges: &[IpRange]) -> bool {
        let within = |range: &IpRange| self.allowed_ips.iter().any(|own| own.covers(range));
        self.allowed_ips.is_empty() || (!ranges.is_empty() && ranges.iter().all(within))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ApiKey {
        ApiKey {
            id: KeyId::from_bytes([1; 16]),
            tenant: Some(TenantId::from_bytes([1; 16])),
            name: "key".to_owned(),
            environment: KeyEnvironment::Live,
            role: None,
            permissions: Vec::new(),
            integrations: None,
            capabilities: None,
            allowed_ips: Vec::new(),
            hint: String::new(),
            created_at: Timestamp::UNIX_EPOCH,
            created_by: None,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
            predecessor: None,
            successor: None,
        }
    }

    fn only(ids: &[u8]) -> Option<Vec<IntegrationId>> {
        Some(ids.iter().map(|id| IntegrationId::from_bytes([*id; 16])).collect())
    }

    fn codes(codes: &[&str]) -> Option<Vec<String>> {
        Some(codes.iter().map(|code| (*code).to_owned()).collect())
    }

    fn ranges(texts: &[&str]) -> Vec<IpRange> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_restriction_lowers_the_ceiling() {
        let check = |change: fn(&mut ApiKey), expect: Reach| {
            let mut key = key();
            change(&mut key);
            assert_eq!(key.ceiling(), expect, "{key:?}");
        };
        check(|_| {}, Reach::Tenant);
        check(|key| key.tenant = None, Reach::Operator);
        check(|key| key.environment = KeyEnvironment::Test, Reach::Integration);
        check(|key| key.integrations = only(&[1]), Reach::Integration);
        check(|key| key.capabilities = codes(&["A"]), Reach::Capability);
        check(
            |key| {
                key.integrations = only(&[1]);
                key.capabilities = codes(&["A"]);
            },
            Reach::Capability,
        );
    }

    #[test]
    fn nothing_restricted_is_as_wide_as_what_is_less_so() {
        let check = |maker: fn(&mut ApiKey), made: fn(&mut ApiKey), expect: bool| {
            let (mut one, mut other) = (key(), key());
            maker(&mut one);
            made(&mut other);
            assert_eq!(one.is_as_wide_as(&other), expect, "{one:?} {other:?}");
        };
        check(|_| {}, |_| {}, true);
        check(|_| {}, |key| key.integrations = only(&[1]), true);
        check(|key| key.integrations = only(&[1]), |_| {}, false);
        check(|key| key.integrations = only(&[1]), |key| key.integrations = only(&[1]), true);
        check(|key| key.integrations = only(&[1]), |key| key.integrations = only(&[1, 2]), false);
        check(|key| key.capabilities = codes(&["A"]), |_| {}, false);
        check(|key| key.capabilities = codes(&["A", "B"]), |key| key.capabilities = codes(&["B"]), true);
        check(|key| key.environment = KeyEnvironment::Test, |_| {}, false);
        check(|_| {}, |key| key.environment = KeyEnvironment::Test, true);
        check(|key| key.allowed_ips = ranges(&["10.0.0.0/8"]), |_| {}, false);
        check(|key| key.allowed_ips = ranges(&["10.0.0.0/8"]), |key| key.allowed_ips = ranges(&["10.1.0.0/16"]), true);
        check(
            |key| key.allowed_ips = ranges(&["10.0.0.0/8"]),
            |key| key.allowed_ips = ranges(&["10.1.0.0/16", "192.0.2.1"]),
            false,
        );
    }

    #[test]
    fn an_address_that_is_not_known_is_no_good_where_one_is_asked_for() {
        let mut key = key();
        assert!(key.may_come_from(None) && key.may_come_from(Some([192, 0, 2, 1].into())));
        key.allowed_ips = ranges(&["192.0.2.0/24"]);
        assert!(key.may_come_from(Some([192, 0, 2, 1].into())));
        assert!(!key.may_come_from(Some([192, 0, 3, 1].into())) && !key.may_come_from(None));
    }
}
