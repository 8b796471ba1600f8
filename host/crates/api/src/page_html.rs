//! The few pages that a person sees while signing in with a provider. Everything in them is
//! escaped; they run no script, load nothing and can not be framed.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use gatehouse_engine::oauth::WhoAsks;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem}\
                     button{font:inherit;padding:.5rem 1.25rem}li{font-family:monospace}";

const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_TYPE, "text/html; charset=utf-8"),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"),
];

/// A page.
pub(crate) struct Page {
    title: String,
    /// What stands below the title, as HTML.
    body: String,
}

impl Page {
    /// A page that says something.
    pub(crate) fn said(title: &str, text: &str) -> Self {
        Self { title: title.to_owned(), body: format!("<p>{}</p>", escape(text)) }
    }

    /// A page that says who asks a person to agree, and goes on only when told to.
    pub(crate) fn ask(who: &WhoAsks) -> Self {
        let scopes: String = who.scopes.iter().map(|scope| format!("<li>{}</li>", escape(scope))).collect();
        let scopes = if scopes.is_empty() {
            "<p>It asks for the provider's usual access.</p>".to_owned()
        } else {
            format!("<p>It asks for:</p><ul>{scopes}</ul>")
        };
        let body = format!(
            "<p><b>{}</b> asks you to connect your {} account to its integration “{}”.</p>{scopes}\
             <p>Go on only if you know who sent you this link: they will be able to act on that account.</p>\
             <form method=\"post\"><button>Go on to {}</button></form>",
            escape(&who.tenant),
            escape(&who.provider),
            escape(&who.integration),
            escape(&who.provider),
        );
        Self { title: format!("Connect {}", who.provider), body }
    }

    /// The page as an answer.
    pub(crate) fn answer(self, status: StatusCode) -> Response {
        let title = escape(&self.title);
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
             <title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{}",
            self.body
        );
        (status, HEADERS, html).into_response()
    }
}

/// A text as it can stand in HTML, also within quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_tenant_or_a_provider_wrote_is_markup() {
        let evil = "<script>alert('1')</script>\"&";
        assert_eq!(escape(evil), "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;");
        let who = WhoAsks {
            tenant: evil.to_owned(),
            integration: evil.to_owned(),
            provider: evil.to_owned(),
            scopes: vec![evil.to_owned()],
        };
        for page in [Page::ask(&who), Page::said(evil, evil)] {
            assert!(!page.body.contains("<script"), "{}", page.body);
        }
    }
}
