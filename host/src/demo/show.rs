//! How the tour looks: numbered steps, each with its request and its answer, shortened.

use gatehouse_domain::Result;
use serde_json::Value;

use crate::output::Out;

/// The longest text that is shown whole.
const LONG: usize = 96;

/// Prints the tour.
pub(super) struct Show<'a, 'o> {
    out: &'a mut Out<'o>,
    step: usize,
    steps: usize,
}

impl<'a, 'o> Show<'a, 'o> {
    pub(super) fn new(out: &'a mut Out<'o>) -> Self {
        Self { out, step: 0, steps: 0 }
    }

    /// How many steps there will be.
    pub(super) fn expect(&mut self, steps: usize) {
        self.steps = steps;
    }

    pub(super) fn title(&mut self, text: &str) -> Result<()> {
        self.out.line(format!("\n{text}\n{}", "═".repeat(text.chars().count())))
    }

    /// Begins a step.
    pub(super) fn step(&mut self, text: &str) -> Result<()> {
        self.step += 1;
        let done = (self.step * 24).checked_div(self.steps).unwrap_or_default().min(24);
        let bar = format!("{}{}", "█".repeat(done), "░".repeat(24 - done));
        self.out.line(format!("\n{bar} {:>2}/{}  {text}", self.step, self.steps))
    }

    pub(super) fn request(&mut self, method: &str, path: &str, body: &Value) -> Result<()> {
        self.out.line(format!("  → {method} /api/v1{path}"))?;
        if body.is_null() { Ok(()) } else { self.value(body) }
    }

    pub(super) fn answer(&mut self, status: u16, body: &Value) -> Result<()> {
        self.out.line(format!("  ← {status}"))?;
        if body.is_null() { Ok(()) } else { self.value(body) }
    }

    /// A sentence on what was just seen.
    pub(super) fn note(&mut self, text: &str) -> Result<()> {
        self.out.line(format!("  ✓ {text}"))
    }

    pub(super) fn line(&mut self, text: &str) -> Result<()> {
        self.out.line(format!("  {text}"))
    }

    /// How to go on with a server that is kept.
    pub(super) fn keep(&mut self, url: &str, operator: &str, tenant: &str) -> Result<()> {
        self.out.line("\nThe server goes on until Ctrl-C. Its data is thrown away then.")?;
        self.out.line(format!("  documentation   {url}/api/docs/"))?;
        self.out.line(format!("  operator's key  {operator}"))?;
        self.out.line(format!("  tenant's key    {tenant}"))
    }

    fn value(&mut self, value: &Value) -> Result<()> {
        let text = serde_json::to_string_pretty(&shortened(value)).unwrap_or_default();
        text.lines().try_for_each(|line| self.out.line(format!("      {line}")))
    }
}

/// The value without its nulls, with long texts and long lists cut.
fn shortened(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let told = fields.iter().filter(|(_, value)| !value.is_null());
            told.map(|(name, value)| (name.clone(), shortened(value))).collect()
        }
        Value::Array(items) if items.len() > 4 => {
            let mut shown: Vec<Value> = items.iter().take(3).map(shortened).collect();
            shown.push(Value::String(format!("… and {} more", items.len() - 3)));
            Value::Array(shown)
        }
        Value::Array(items) => items.iter().map(shortened).collect(),
        Value::String(text) if text.chars().count() > LONG => {
            Value::String(format!("{}…", text.chars().take(LONG).collect::<String>()))
        }
        other => other.clone(),
    }
}
