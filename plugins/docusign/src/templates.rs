//! Templates, and sending what one describes.

use gatehouse_sdk::documents::Envelope;
use gatehouse_sdk::documents::template_envelopes::{
    DocumentTemplate, DocumentTemplatesPage, DocumentTemplatesRequest, TemplateEnvelopeRequest,
};
use gatehouse_sdk::http::Request;
use gatehouse_sdk::json::{Fields, Object};
use gatehouse_sdk::{Error, Result, paging};

use crate::{api, new};

const USUAL_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 100;

/// Sends what a template describes. Docusign keeps fields by signer, so each is given all values and takes its own.
pub(crate) fn send(request: &TemplateEnvelopeRequest) -> Result<Envelope> {
    if request.signers.is_empty() {
        return Err(Error::invalid_input("`signers` needs one entry or more"));
    }
    let mut values = Vec::new();
    for (name, value) in request.fields.iter().flatten() {
        values.push(Object::new().set("tabLabel", name.as_str()).set("value", value.as_str()));
    }
    let tabs = api::list_of(values).map(|values| Object::new().set("textTabs", values));
    let mut roles = Vec::new();
    for signer in &request.signers {
        roles.push(
            Object::new()
                .set("roleName", signer.role.as_str())
                .set("name", signer.name.as_str())
                .set("email", signer.email.as_str())
                .set_some("clientUserId", signer.embedded_as.as_deref())
                .set_some("tabs", tabs.clone()),
        );
    }
    let definition = Object::new()
        .set("templateId", request.template.as_str())
        .set_some("templateRoles", api::list_of(roles))
        .set_some("emailSubject", request.subject.as_deref())
        .set_some("emailBlurb", request.message.as_deref());
    new::make(definition, request.reference.as_deref())
}

/// Reads a page of templates.
pub(crate) fn list(request: &DocumentTemplatesRequest) -> Result<DocumentTemplatesPage> {
    let offset = paging::number(request.cursor.as_deref(), 0)?;
    let sent = Request::get(api::path(&["templates"])?)
        .query("include", "recipients")
        .query("order_by", "name")
        .query("start_position", offset)
        .query("count", paging::limit(request.limit, USUAL_PAGE, LARGEST_PAGE)?);
    let (items, next) = api::page(&api::send(sent)?, "envelopeTemplates", offset, template)?;
    Ok(DocumentTemplatesPage { items, next })
}

fn template(record: &Fields<'_>) -> DocumentTemplate {
    let role = |signer: &Fields<'_>| api::some(signer, "roleName");
    let mut roles = Vec::new();
    for found in record.inner("recipients", |recipients| recipients.each("signers", role)).unwrap_or_default() {
        roles.extend(found);
    }
    DocumentTemplate { id: record.text("templateId"), name: record.text("name"), roles }
}
