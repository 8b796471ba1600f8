//! Whole mails, and what must never get into a header.

use std::sync::LazyLock;

use super::*;

fn address(email: &str, name: Option<&str>) -> MailAddress {
    MailAddress { email: email.to_owned(), name: name.map(str::to_owned) }
}

fn file(name: &str, content_type: &str, content: &[u8], content_id: Option<&str>) -> Attachment {
    Attachment {
        name: name.to_owned(),
        content_type: content_type.to_owned(),
        content: content.to_vec(),
        content_id: content_id.map(str::to_owned),
    }
}

/// Changes a small mail, writes it and looks at what came of it.
fn with<'a, R>(change: impl FnOnce(&mut Mail<'a>), then: impl FnOnce(Result<String>) -> R) -> R {
    static ENDS: LazyLock<[MailAddress; 2]> =
        LazyLock::new(|| [address("ada@example.com", None), address("bob@example.com", None)]);
    let mut mail = Mail {
        sender: &ENDS[0],
        to: &ENDS[1..],
        cc: &[],
        bcc: &[],
        reply_to: None,
        subject: "Hello",
        text: Some("Hi"),
        html: None,
        attachments: &[],
        headers: &[],
    };
    change(&mut mail);
    then(write(&mail).map(|bytes| String::from_utf8(bytes).unwrap()))
}

#[test]
fn a_plain_mail_has_one_part() {
    with(
        |_| {},
        |mail| {
            let expect = "From: ada@example.com\r\nTo: bob@example.com\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n\
                Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nSGk=\r\n";
            assert_eq!(mail.unwrap(), expect);
        },
    );
}

#[test]
fn parts_nest() {
    let files = [file("a.pdf", "application/pdf", &[0; 60], None), file("b.png", "image/png", b"x", Some("logo@a"))];
    with(
        |mail| (mail.html, mail.attachments) = (Some("<img src=\"cid:logo@a\">"), &files),
        |mail| {
            let mail = mail.unwrap();
            let kinds: Vec<&str> = mail.lines().filter_map(|line| line.strip_prefix("Content-Type: ")).collect();
            let expect = [
                "multipart/mixed;",
                "multipart/alternative;",
                "text/plain; charset=utf-8",
                "multipart/related;",
                "text/html; charset=utf-8",
                "image/png",
                "application/pdf",
            ];
            assert_eq!(kinds, expect);
            assert!(mail.contains("Content-ID: <logo@a>\r\n"));
            assert!(mail.contains("Content-Disposition: inline;\r\n filename=\"b.png\"\r\n"));
            assert!(mail.contains(&format!("\r\n{}\r\nAAAA\r\n--=_part_1--\r\n", "A".repeat(76))), "{mail}");
            for number in 1..=3 {
                assert_eq!(mail.matches(&format!("--=_part_{number}--\r\n")).count(), 1);
            }
        },
    );
    // Without HTML there is nothing that a picture belongs to: it is a file like any other.
    with(|mail| mail.attachments = &files, |mail| assert!(!mail.unwrap().contains("related")));
}

#[test]
fn other_alphabets_are_encoded_and_no_line_is_long() {
    let long = "Überweisung für Jörg – ".repeat(8);
    let name = "Rechnung für März – 東京 ".repeat(6);
    let files = [file(&name, "application/pdf", b"x", None), file("ü.txt", "text/plain", b"y", None)];
    let to: Vec<_> = (0..9).map(|number| address(&format!("bob{number}@example.com"), Some("Bob \"B\" Ö"))).collect();
    with(
        |mail| (mail.subject, mail.attachments, mail.to) = (&long, &files, &to),
        |mail| {
            let mail = mail.unwrap();
            assert!(mail.is_ascii());
            assert!(mail.split("\r\n").all(|line| line.len() <= 78 && !line.contains('\n')), "{mail}");
            assert!(mail.contains("filename*0*=UTF-8''Rechnung%20f%C3%BCr"));
            assert!(mail.contains(";\r\n filename*=UTF-8''%C3%BC.txt\r\n"));
            let subject = mail.split("Subject: ").nth(1).unwrap().split("\r\nMIME").next().unwrap();
            let words = subject.split("\r\n ").map(|word| {
                let text = word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap();
                String::from_utf8(crate::base64::decode(text).unwrap()).unwrap()
            });
            assert_eq!(words.collect::<String>(), long);
        },
    );
}

#[test]
fn long_ascii_text_is_folded_between_words() {
    let long = "word ".repeat(40);
    with(
        |mail| mail.subject = long.trim(),
        |mail| {
            let mail = mail.unwrap();
            let subject = mail.split("Subject: ").nth(1).unwrap().split("\r\nMIME").next().unwrap();
            assert!(subject.contains("\r\n ") && subject.lines().all(|line| line.len() <= 78));
            assert_eq!(subject.replace("\r\n", ""), long.trim());
        },
    );
}

#[test]
fn nothing_breaks_out_of_its_header() {
    let refused = |change: &dyn Fn(&mut Mail<'_>)| {
        with(|mail| change(mail), |mail| assert_eq!(mail.unwrap_err().kind, crate::ErrorKind::InvalidInput));
    };
    refused(&|mail| mail.subject = "a\r\nBcc: eve@example.com");
    refused(&|mail| mail.text = None);
    refused(&|mail| mail.to = &[]);
    for email in ["", "a", "@b", "a@", "a b@c", "a@b\r\nc", "a@b,c@d", "<a@b>", "a@bücher.example", "a@b@c"] {
        let to = [address(email, None)];
        with(|mail| mail.to = &to, |mail| assert!(mail.is_err(), "{email}: {mail:?}"));
    }
    for (name, value) in [("Subject", "x"), ("X A", "x"), ("", "x"), ("X-A", "x\ny"), ("content-TYPE", "x")] {
        let headers = [(name.to_owned(), value.to_owned())];
        with(|mail| mail.headers = &headers, |mail| assert!(mail.is_err(), "{name}"));
    }
    for (name, content_type, id) in [
        ("a\r\nb", "text/plain", None),
        ("a", "text", None),
        ("a", "text/plain\r\nX: y", None),
        ("a", "multipart/mixed", None),
        ("a", "image/png", Some("a> b")),
        ("a", "image/png", Some("")),
    ] {
        let files = [file(name, content_type, b"x", id)];
        with(
            |mail| (mail.attachments, mail.html) = (&files, Some("x")),
            |mail| assert!(mail.is_err(), "{name} {content_type} {id:?}"),
        );
    }
}

#[test]
fn one_address_is_one_line() {
    let long = "Überaus lange Bezeichnung eines Absenders, die mehr als ein Wort füllt";
    for (email, name, expect) in [
        ("ada@example.com", None, Ok("ada@example.com".to_owned())),
        ("ada@example.com", Some(""), Ok("ada@example.com".to_owned())),
        ("ada@example.com", Some("Ada, \"L\""), Ok("\"Ada, \\\"L\\\"\" <ada@example.com>".to_owned())),
        ("ada@example.com", Some("Ł"), Ok("=?UTF-8?B?xYE=?= <ada@example.com>".to_owned())),
        ("ada", None, Err("`ada` is not an e-mail address")),
        ("ada@example.com", Some("a\r\nBcc: b"), Err("control character")),
    ] {
        match (mailbox(&address(email, name)), expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect),
            (Err(error), Err(expect)) => assert!(error.message.contains(expect), "{}", error.message),
            (found, _) => panic!("{email} {name:?}: {found:?}"),
        }
    }
    let found = mailbox(&address("ada@example.com", Some(long))).unwrap();
    assert_eq!(found.matches("=?UTF-8?B?").count(), 2, "{found}");
    assert!(found.contains("?= =?UTF-8?B?") && found.ends_with("?= <ada@example.com>"), "{found}");
}
