//! Dynamic templates: `GET /v3/templates`.

use gatehouse_sdk::email::email_templates::{EmailTemplate, EmailTemplatesPage, EmailTemplatesRequest};
use gatehouse_sdk::json::Fields;
use gatehouse_sdk::{Result, paging, time};

use crate::api;

/// The most that a page has.
const LARGEST_PAGE: u32 = 200;

/// Reads a page of templates. The cursor is `SendGrid`'s token of the page.
pub(crate) fn list(request: &EmailTemplatesRequest) -> Result<EmailTemplatesPage> {
    let get = api::get("/v3/templates")?
        .query("generations", "dynamic")
        .query("page_size", paging::limit(request.limit, LARGEST_PAGE, LARGEST_PAGE)?)
        .query_some("page_token", request.cursor.as_deref());
    let (items, next) = api::send(get)?.read(|page| {
        if page.get("result").is_none() {
            page.wrong("result", "is missing");
        }
        let next = page.inner("_metadata", |about| about.text_some("next")).flatten();
        (page.each("result", template), next)
    })?;
    Ok(EmailTemplatesPage { items, next: next.as_deref().and_then(token_in) })
}

/// The token in the address of the next page. The address itself is not gone to.
fn token_in(address: &str) -> Option<String> {
    let pairs = paging::pairs(&paging::query_of(address)?).ok()?;
    let token = pairs.into_iter().find(|(name, _)| name == "page_token");
    token.map(|(_, token)| token).filter(|token| !token.is_empty())
}

fn template(template: &Fields<'_>) -> EmailTemplate {
    let updated = template.str_some("updated_at").map(|text| {
        let moment = time::parse_utc(text);
        if moment.is_none() {
            template.wrong("updated_at", "this is no moment");
        }
        moment
    });
    EmailTemplate { id: template.text("id"), name: template.text("name"), updated_at_ms: updated.flatten() }
}
