//! The parts of a mail and how they nest: files beside the body, pictures beside the HTML form,
//! which stands beside the plain text.

use super::{Mail, header};
use crate::email::Attachment;
use crate::{Error, Result, base64};

/// How long a line of base64 is (RFC 2045 §6.8).
const LINE_CHARS: usize = 76;

/// A part: a leaf with its bytes as base64, or parts below one another.
pub(super) enum Part {
    Leaf { headers: String, content: String },
    Many { kind: &'static str, parts: Vec<Part> },
}

/// The whole body.
///
/// # Errors
/// `invalid-input` where there is none, and for a file whose name or media type can not be right.
pub(super) fn of_mail(mail: &Mail<'_>) -> Result<Part> {
    let (inline, files): (Vec<_>, Vec<_>) =
        mail.attachments.iter().partition(|file| file.content_id.is_some() && mail.html.is_some());
    let html = mail.html.map(|html| -> Result<Part> {
        let mut parts = vec![text_part("text/html", html)];
        for file in inline {
            parts.push(file_part(file)?);
        }
        Ok(together("related", parts))
    });
    let text = mail.text.map(|text| text_part("text/plain", text));
    let body: Vec<Part> = text.into_iter().chain(html.transpose()?).collect();
    if body.is_empty() {
        return Err(Error::invalid_input("the mail has no body; give `text`, `html` or both"));
    }
    let mut parts = vec![together("alternative", body)];
    for file in files {
        parts.push(file_part(file)?);
    }
    Ok(together("mixed", parts))
}

impl Part {
    /// Writes its headers, the empty line and its content. A boundary has characters that base64
    /// does not have, so it is found nowhere inside.
    pub(super) fn write(&self, boundaries: &mut u32, to: &mut String) {
        match self {
            Self::Leaf { headers, content } => {
                to.push_str(headers);
                to.push_str("Content-Transfer-Encoding: base64\r\n\r\n");
                to.push_str(content);
            }
            Self::Many { kind, parts } => {
                *boundaries += 1;
                let boundary = format!("=_part_{boundaries}");
                to.push_str(&format!("Content-Type: multipart/{kind};\r\n boundary=\"{boundary}\"\r\n\r\n"));
                for part in parts {
                    to.push_str(&format!("--{boundary}\r\n"));
                    part.write(boundaries, to);
                }
                to.push_str(&format!("--{boundary}--\r\n"));
            }
        }
    }
}

/// One part as it is, several under one of this kind.
fn together(kind: &'static str, mut parts: Vec<Part>) -> Part {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            Part::Many { kind, parts }
        }
    }
}

fn text_part(content_type: &str, text: &str) -> Part {
    let headers = format!("Content-Type: {content_type}; charset=utf-8\r\n");
    // Text has CR LF at the end of each line (RFC 2046 §4.1.1).
    let text = text.replace("\r\n", "\n").replace('\n', "\r\n");
    Part::Leaf { headers, content: lines(text.as_bytes()) }
}

fn file_part(file: &Attachment) -> Result<Part> {
    let content_type = media_type(&file.content_type)?;
    let name = |parameter| header::parameter(parameter, &file.name);
    let shown = if file.content_id.is_some() { "inline" } else { "attachment" };
    let mut headers = format!("Content-Type: {content_type}\r\nContent-Disposition: {shown}{}\r\n", name("filename")?);
    if let Some(id) = &file.content_id {
        let good = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>".contains(&byte));
        if !good {
            return Err(Error::invalid_input(format!(
                "`{id}` can not be a content id; use letters, digits, `.` and `@`"
            )));
        }
        headers.push_str(&format!("Content-ID: <{id}>\r\n"));
    }
    Ok(Part::Leaf { headers, content: lines(&file.content) })
}

fn media_type(text: &str) -> Result<&str> {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.+_".contains(&byte))
    };
    let good = text.split_once('/').is_some_and(|(kind, form)| token(kind) && token(form));
    // A whole message or several parts may not be base64 (RFC 2045 §6.4).
    let composite = text.to_ascii_lowercase();
    if good && !composite.starts_with("multipart/") && !composite.starts_with("message/") {
        return Ok(text);
    }
    Err(Error::invalid_input(format!(
        "`{text}` can not be the media type of a file; give one such as `application/pdf`"
    )))
}

/// Base64 in lines.
fn lines(bytes: &[u8]) -> String {
    let mut lines = String::new();
    for chunk in bytes.chunks(LINE_CHARS / 4 * 3) {
        lines.push_str(&base64::encode(chunk));
        lines.push_str("\r\n");
    }
    lines
}
