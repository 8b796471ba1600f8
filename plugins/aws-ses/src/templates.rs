//! Templates: `GET /v2/email/templates`.

use gatehouse_sdk::email::email_templates::{EmailTemplate, EmailTemplatesPage, EmailTemplatesRequest};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::{Result, paging};

use crate::api;

/// The most that a page has.
const LARGEST_PAGE: u32 = 100;

/// Reads a page of templates, which SES knows by their names. It says when one was made and not when it was changed.
pub(crate) fn list(request: &EmailTemplatesRequest) -> Result<EmailTemplatesPage> {
    let get = Request::get("/v2/email/templates")
        .query("PageSize", paging::limit(request.limit, LARGEST_PAGE, LARGEST_PAGE)?)
        .query_some("NextToken", request.cursor.as_deref());
    api::send(get)?.read(|page| {
        if page.get("TemplatesMetadata").is_none() {
            page.wrong("TemplatesMetadata", "is missing");
        }
        let items = page.each("TemplatesMetadata", |template| {
            let name = template.text("TemplateName");
            EmailTemplate { id: name.clone(), name, updated_at_ms: None }
        });
        EmailTemplatesPage { items, next: paging::token(page.str_some("NextToken")) }
    })
}
