//! What became of a campaign: `GET /3.0/reports/{campaign}`.

use gatehouse_sdk::Result;
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::marketing::campaign_reports::CampaignReport;

use crate::api;

/// Reads a report.
pub(crate) fn get(id: &str) -> Result<CampaignReport> {
    api::send(Request::get(api::path(&["reports", id])?))?.read(|report| CampaignReport {
        id: report.text("id"),
        sent: count(report, "emails_sent"),
        opened: report.inner("opens", |opens| count(opens, "unique_opens")).unwrap_or_default(),
        clicked: report.inner("clicks", |clicks| count(clicks, "unique_subscriber_clicks")).unwrap_or_default(),
        bounced: report.inner("bounces", bounced).unwrap_or_default(),
        unsubscribed: count(report, "unsubscribed"),
    })
}

fn bounced(bounces: &Fields<'_>) -> u64 {
    ["hard_bounces", "soft_bounces", "syntax_errors"].iter().map(|name| count(bounces, name)).sum()
}

fn count(of: &Fields<'_>, name: &str) -> u64 {
    of.count_some(name).unwrap_or_default()
}
