//! The balance and its movements, the account behind it, and Stripe's page of a list.

use serde::Deserialize;

use super::reference::{Expandable, Identified, id_of};

/// The balance, of which only its mode is wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Balance {
    pub(crate) livemode: bool,
}

/// The account that a key belongs to.
#[derive(Debug, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    email: Option<String>,
    business_profile: Option<BusinessProfile>,
    settings: Option<AccountSettings>,
}

#[derive(Debug, Deserialize)]
struct BusinessProfile {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct AccountSettings {
    dashboard: Option<Dashboard>,
}

#[derive(Debug, Deserialize)]
struct Dashboard {
    display_name: Option<String>,
}

impl Account {
    /// The name by which a person would know it.
    pub(crate) fn display_name(&self) -> Option<String> {
        let profile = self.business_profile.as_ref().and_then(|profile| profile.name.clone());
        let dashboard = self.settings.as_ref().and_then(|settings| settings.dashboard.as_ref());
        let names = [profile, dashboard.and_then(|dashboard| dashboard.display_name.clone()), self.email.clone()];
        names.into_iter().flatten().find(|name| !name.is_empty())
    }
}

/// A movement on the balance.
#[derive(Debug, Deserialize)]
pub(crate) struct BalanceTransaction {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) reporting_category: Option<String>,
    pub(crate) amount: i64,
    #[serde(default)]
    pub(crate) fee: i64,
    pub(crate) net: i64,
    pub(crate) currency: String,
    pub(crate) description: Option<String>,
    pub(crate) created: u64,
    pub(crate) available_on: Option<u64>,
    source: Option<Expandable<Identified>>,
}

impl BalanceTransaction {
    /// The id of the object that caused it.
    pub(crate) fn source(&self) -> Option<String> {
        id_of(&self.source)
    }
}

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct List<T> {
    pub(crate) data: Vec<T>,
    #[serde(default)]
    pub(crate) has_more: bool,
}
