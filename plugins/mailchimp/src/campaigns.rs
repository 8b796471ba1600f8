//! Campaigns: `/3.0/campaigns`, `…/content` and `…/actions/send`.

use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::marketing::campaigns::{Campaign, CampaignRequest, CampaignStatus, CampaignsPage, CampaignsRequest};
use gatehouse_sdk::{Error, ErrorKind, Result, paging};

use crate::api;

/// Creates a draft: the campaign first, then its content.
pub(crate) fn create(request: &CampaignRequest) -> Result<Campaign> {
    let settings = Object::new()
        .set("subject_line", request.subject.as_str())
        .set_some("preview_text", request.preview_text.as_deref())
        .set("title", request.name.as_str())
        .set("from_name", request.sender_name.as_str())
        .set("reply_to", request.sender_email.as_str());
    let body = Object::new()
        .set("type", "regular")
        .set("recipients", Object::new().set("list_id", request.audience.as_str()))
        .set("settings", settings);
    let made = api::send(Request::post("/3.0/campaigns").json(&body))?.read(campaign)?;
    let content = Object::new().set("html", request.html.as_str());
    match api::send(Request::put(api::path(&["campaigns", &made.id, "content"])?).json(&content)) {
        Ok(_) => Ok(made),
        Err(error) => Err(without_content(&made.id, error)),
    }
}

/// A draft without its content is of no use and would be made once more, so it is taken away again. Where nobody
/// knows whether the content arrived, the draft stays and is looked up.
fn without_content(id: &str, error: Error) -> Error {
    if error.kind == ErrorKind::UnknownOutcome {
        return error;
    }
    let gone = api::path(&["campaigns", id]).and_then(|path| api::send(Request::delete(path)));
    match gone {
        Ok(_) => error,
        Err(_) => Error::provider(format!("the draft {id} was made and is left without content: {}", error.message)),
    }
}

/// Sends a campaign now. It is read first: what is answered is what it was, on its way.
pub(crate) fn send(id: &str) -> Result<Campaign> {
    let campaign = get(id)?;
    api::send(Request::post(api::path(&["campaigns", id, "actions", "send"])?)).map_err(not_now)?;
    Ok(Campaign { status: CampaignStatus::Sending, ..campaign })
}

/// There is nothing in the request that could be wrong: a refusal is about what the campaign is now.
fn not_now(error: Error) -> Error {
    if error.kind == ErrorKind::InvalidInput { Error { kind: ErrorKind::Conflict, ..error } } else { error }
}

/// Reads a campaign.
pub(crate) fn get(id: &str) -> Result<Campaign> {
    api::send(Request::get(api::path(&["campaigns", id])?))?.read(campaign)
}

/// Reads a page of campaigns, oldest first. The cursor is how many were read.
pub(crate) fn list(request: &CampaignsRequest) -> Result<CampaignsPage> {
    let count = paging::limit(request.limit, api::USUAL_PAGE, api::LARGEST_PAGE)?;
    let offset = paging::number(request.cursor.as_deref(), 0)?;
    let status = request.status.as_ref().map(in_its_words).transpose()?;
    let get = campaigns(count, offset, request.created_from_ms).query_some("status", status);
    let (mut items, total) =
        api::send(get)?.read(|list| (list.each("campaigns", campaign), list.count_some("total_items")))?;
    let next = paging::after_offset(offset, items.len(), count, total);
    let from = request.created_from_ms.unwrap_or_default();
    items.retain(|item| item.created_at_ms.is_none_or(|at| at >= from));
    Ok(CampaignsPage { items, next })
}

/// The request for campaigns, oldest first.
pub(crate) fn campaigns(count: u32, offset: u64, since_ms: Option<u64>) -> Request {
    Request::get("/3.0/campaigns")
        .query("count", count)
        .query("offset", offset)
        .query("sort_field", "create_time")
        .query("sort_dir", "ASC")
        .query_some("since_create_time", since_ms.map(api::since))
}

/// Reads a campaign.
#[inline(never)]
pub(crate) fn campaign(campaign: &Fields<'_>) -> Campaign {
    let said = campaign.inner("settings", |settings| (settings.text_some("title"), settings.text_some("subject_line")));
    let (title, subject) = said.unwrap_or_default();
    let audience = campaign.inner("recipients", |recipients| recipients.text_some("list_id")).flatten();
    Campaign {
        id: campaign.text("id"),
        name: title.unwrap_or_default(),
        status: status(campaign),
        subject,
        audiences: audience.into_iter().filter(|id| !id.is_empty()).collect(),
        sent_at_ms: api::moment(campaign, "send_time"),
        created_at_ms: api::moment(campaign, "create_time"),
    }
}

fn status(campaign: &Fields<'_>) -> CampaignStatus {
    match campaign.text("status").as_str() {
        "save" | "paused" => CampaignStatus::Draft,
        "schedule" => CampaignStatus::Scheduled,
        "sending" => CampaignStatus::Sending,
        "sent" | "archived" => CampaignStatus::Sent,
        "canceled" | "canceling" => CampaignStatus::Canceled,
        other => {
            campaign.wrong("status", format!("a campaign can not be `{other}`"));
            CampaignStatus::Draft
        }
    }
}

fn in_its_words(status: &CampaignStatus) -> Result<&'static str> {
    Ok(match status {
        CampaignStatus::Draft => "save",
        CampaignStatus::Scheduled => "schedule",
        CampaignStatus::Sending => "sending",
        CampaignStatus::Sent => "sent",
        CampaignStatus::Canceled => {
            return Err(Error::invalid_input("`status` is canceled, and mailchimp can not list by that; leave it out"));
        }
    })
}
