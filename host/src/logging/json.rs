//! Log lines as JSON: one object a line, with the names of the request it belongs to under
//! `request`. Written here, as the library's own form reads back what it wrote for every line.

use std::fmt::{self, Debug};

use gatehouse_domain::time::Timestamp;
use gatehouse_domain::trace::REQUEST;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Fields as `,"name":value`, each with the comma before it.
pub(super) struct Fields;

/// A line.
pub(super) struct Line {
    /// What tells the time; tests bring their own.
    pub(super) now: fn() -> Timestamp,
}

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut parts = Parts { writer, written: Ok(()) };
        fields.record(&mut parts);
        parts.written
    }
}

impl<S> FormatEvent<S, Fields> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(&self, line: &FmtContext<'_, S, Fields>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let about = event.metadata();
        write!(writer, "{{\"timestamp\":\"{:.6}\",\"level\":\"{}\"", (self.now)(), about.level())?;
        write!(writer, ",\"target\":{}", quoted(about.target())?)?;
        line.field_format().format_fields(writer.by_ref(), event)?;
        let spans = line.event_scope().into_iter().flatten();
        for span in spans.filter(|span| span.metadata().target() == REQUEST) {
            if let Some(fields) = span.extensions().get::<FormattedFields<Fields>>() {
                write!(writer, ",\"request\":{{{}}}", fields.fields.trim_start_matches(','))?;
            }
        }
        writeln!(writer, "}}")
    }
}

struct Parts<'w> {
    writer: Writer<'w>,
    written: fmt::Result,
}

impl Parts<'_> {
    fn write(&mut self, field: &Field, value: impl fmt::Display) {
        if self.written.is_ok() {
            self.written = quoted(field.name()).and_then(|name| write!(self.writer, ",{name}:{value}"));
        }
    }

    fn write_text(&mut self, field: &Field, text: &str) {
        match quoted(text) {
            Ok(text) => self.write(field, text),
            Err(error) => self.written = Err(error),
        }
    }
}

impl Visit for Parts<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.write_text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for what is not a number.
        if value.is_finite() { self.write(field, value) } else { self.write_text(field, &value.to_string()) }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write_text(field, &format!("{value:?}"));
    }
}

fn quoted(text: &str) -> Result<String, fmt::Error> {
    serde_json::to_string(text).map_err(|_| fmt::Error)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing::field;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `work` leaves.
    fn lines(work: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let writer = kept.clone();
        let layer = tracing_subscriber::fmt::layer()
            .fmt_fields(Fields)
            .event_format(Line { now: || Timestamp::UNIX_EPOCH })
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    #[test]
    fn a_line_is_one_object_whatever_stands_in_it() {
        let odd = "a \"quote\", a\nline and \u{1b}[31m";
        let found = lines(|| {
            tracing::warn!(target: "part", text = odd, shown = %odd, number = -3, big = 7_u64, yes = true, none = f64::NAN, "it \"happened\"");
            tracing::info!(target: "part", seen = ?Some(1), "again");
        });
        let expect = json!({
            "timestamp": "1970-01-01T00:00:00.000000Z", "level": "WARN", "target": "part", "message": "it \"happened\"",
            "text": odd, "shown": odd, "number": -3, "big": 7, "yes": true, "none": "NaN",
        });
        assert_eq!(found[0], expect);
        assert_eq!((&found[1]["seen"], &found[1]["request"]), (&json!("Some(1)"), &Value::Null));
    }

    #[test]
    fn a_request_is_named_from_any_depth_and_as_soon_as_it_is_known() {
        let found = lines(|| {
            let request = tracing::error_span!(target: REQUEST, "request", request.id = "req_1", trace.id = field::Empty, tenant.id = field::Empty);
            let _in_request = request.enter();
            request.record("trace.id", "abc");
            tracing::info!("early");
            request.record("tenant.id", field::display("ten_1"));
            let _deeper = tracing::info_span!("deeper", request.id = "another").entered();
            tracing::info!(request.id = "of the line", "late");
        });
        assert_eq!(found[0]["request"], json!({ "request.id": "req_1", "trace.id": "abc" }));
        assert_eq!(found[1]["request"], json!({ "request.id": "req_1", "trace.id": "abc", "tenant.id": "ten_1" }));
        assert_eq!(found[1]["request.id"], "of the line");
    }
}
