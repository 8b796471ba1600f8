//! The marketplace as tenants browse it: searched, filtered, a page at a time.

use axum::Json;
use axum::extract::{Query, State};
use gatehouse_domain::market::RatingTotal;
use gatehouse_engine::market::{Available, Known, Own, Search};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Answer;
use super::plugins::{Plugin, show_listed};
use crate::guard::By;
use crate::page::{Asked, Items, Listing};
use crate::router::App;

/// The query parameters of browsing.
pub(crate) const BROWSING: &[(&str, &str)] = &[
    ("q", "Words that all have to stand in its name, description, provider, publisher, category or capabilities."),
    ("category", "Of this category only."),
    ("publisher", "Of this publisher only."),
    ("installed", "`true` for what the tenant has, `false` for what it has not."),
    ("outdated", "`true` for what the tenant has in a version that is not the newest, `false` for the others."),
    ("limit", "How many at most, 1 to 200; 50 where absent."),
    ("cursor", "Where to go on: the `next` of the page before."),
];

/// The values of those that have but two.
pub(crate) const CHOICES: &[(&str, &[&str])] = &[("installed", &["true", "false"]), ("outdated", &["true", "false"])];

#[derive(Deserialize)]
pub(crate) struct Browsing {
    q: Option<String>,
    category: Option<String>,
    publisher: Option<String>,
    installed: Option<bool>,
    outdated: Option<bool>,
}

/// A plugin as the marketplace shows it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AvailablePlugin")]
pub(crate) struct View {
    #[serde(flatten)]
    plugin: Plugin,
    #[serde(flatten)]
    market: MarketView,
    /// What the tenant has of it; absent where it has nothing.
    installed: Option<OwnView>,
}

/// What the marketplace knows of a plugin.
#[derive(Serialize, JsonSchema)]
pub(crate) struct MarketView {
    /// What tenants think of it.
    rating: RatingView,
    /// How many tenants have it enabled, at least: told in steps.
    installs: u64,
}

/// What tenants think of a plugin, all in all.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RatingView {
    /// The mean of the stars, to two places; absent without any.
    mean: Option<f64>,
    /// How many reviews count.
    count: u64,
    /// How many gave one star, two, and so on.
    stars: [u64; 5],
}

/// What a tenant has of a plugin.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OwnView {
    /// The version that new integrations get.
    version: String,
    /// Whether it may be called now.
    enabled: bool,
    /// Whether there is a newer version that may be chosen.
    outdated: bool,
    /// That version.
    newer: Option<String>,
}

/// A category.
#[derive(Serialize, JsonSchema)]
pub(crate) struct CategoryView {
    /// Its name.
    category: String,
    /// How many plugins of it there are to choose from.
    plugins: u64,
}

pub(crate) async fn list(
    State(app): State<App>,
    By(caller): By,
    Asked(page): Asked,
    Query(ask): Query<Browsing>,
) -> Answer<Listing<View>> {
    let Browsing { q, category, publisher, installed, outdated } = ask;
    let search = Search { words: q, category, publisher, installed, outdated };
    let found = app.engine.available(&caller, &search, &page).await?;
    let next = found.next.map(|cursor| cursor.to_string());
    let mut items = Vec::with_capacity(found.items.len());
    for Available { listed, listing, known, own } in found.items {
        let plugin = show_listed(&app.engine, listed, listing).await?;
        items.push(View { plugin, market: MarketView::of(known), installed: own.map(OwnView::of) });
    }
    Ok(Json(Listing { items, next }))
}

pub(crate) async fn categories(State(app): State<App>, By(caller): By) -> Answer<Items<CategoryView>> {
    let counted = app.engine.categories(&caller).await?;
    let items = counted.into_iter().map(|(category, plugins)| CategoryView { category, plugins });
    Ok(Json(Items { items: items.collect() }))
}

impl MarketView {
    fn of(known: Known) -> Self {
        Self { rating: RatingView::of(&known.rating), installs: known.installs }
    }
}

impl RatingView {
    pub(super) fn of(total: &RatingTotal) -> Self {
        Self { mean: total.mean(), count: total.count(), stars: total.stars }
    }
}

impl OwnView {
    fn of(own: Own) -> Self {
        let Own { version, enabled, newer } = own;
        let (outdated, newer) = (newer.is_some(), newer.map(|version| version.to_string()));
        Self { version: version.to_string(), enabled, outdated, newer }
    }
}
