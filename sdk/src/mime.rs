//! Mail as bytes (RFC 5322, RFC 2045 to 2047, RFC 2231): for providers that take a whole message.
//! It never lets a value break out of its header.

use crate::email::{Attachment, MailAddress};
use crate::{Error, Result};

mod header;
mod part;

/// A mail to write.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// Who it comes from.
    pub sender: &'a MailAddress,
    /// Who gets it.
    pub to: &'a [MailAddress],
    /// Who gets a copy that the others see.
    pub cc: &'a [MailAddress],
    /// Who gets a copy that the others do not see: written as `Bcc`, so leave it empty for a
    /// provider that passes the header on.
    pub bcc: &'a [MailAddress],
    /// Where answers go.
    pub reply_to: Option<&'a MailAddress>,
    /// The subject.
    pub subject: &'a str,
    /// The plain text.
    pub text: Option<&'a str>,
    /// The HTML form.
    pub html: Option<&'a str>,
    /// Files. Those with a content id belong to the HTML form.
    pub attachments: &'a [Attachment],
    /// Further headers.
    pub headers: &'a [(String, String)],
}

/// Writes a mail, lines ended by CR LF. It has no `Date` and no `Message-ID`: the provider adds them.
///
/// # Errors
/// `invalid-input` for an address, a header or a media type that can not be right, and for a mail without
/// a receiver or a body.
pub fn write(mail: &Mail<'_>) -> Result<Vec<u8>> {
    if mail.to.is_empty() && mail.cc.is_empty() && mail.bcc.is_empty() {
        return Err(Error::invalid_input("the mail has no receiver; give one in `to`"));
    }
    let mut out = String::new();
    header::addresses("From", core::slice::from_ref(mail.sender), &mut out)?;
    header::addresses("To", mail.to, &mut out)?;
    header::addresses("Cc", mail.cc, &mut out)?;
    header::addresses("Bcc", mail.bcc, &mut out)?;
    header::addresses("Reply-To", mail.reply_to.map(core::slice::from_ref).unwrap_or_default(), &mut out)?;
    header::text("Subject", mail.subject, &mut out)?;
    for (name, value) in mail.headers {
        header::text(header::name(name)?, value, &mut out)?;
    }
    out.push_str("MIME-Version: 1.0\r\n");
    part::of_mail(mail)?.write(&mut 0, &mut out);
    Ok(out.into_bytes())
}

/// An address with its name as it stands in a header, on one line: for providers that take it so as a field.
///
/// # Errors
/// `invalid-input` for an address that can not be right.
pub fn mailbox(address: &MailAddress) -> Result<String> {
    Ok(header::mailbox("address", address)?.concat())
}

/// An address without blanks around it, for providers that have it in a path, where nothing would name all.
///
/// # Errors
/// `invalid-input` for a text without `@`.
pub fn address(text: &str) -> Result<&str> {
    let address = text.trim_ascii();
    if address.contains('@') {
        Ok(address)
    } else {
        Err(Error::invalid_input(format!("`{address}` is no address; give one")))
    }
}

#[cfg(test)]
mod tests;
