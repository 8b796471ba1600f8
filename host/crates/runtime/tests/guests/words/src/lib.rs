//! A helper: no gateway, but code that gateways have linked into them.
#![cfg(target_arch = "wasm32")]

use exports::test::words::case::{Guest, Refusal};

wit_bindgen::generate!({ path: "wit", world: "helper" });

struct Words;

export!(Words);

impl Guest for Words {
    fn title(text: String) -> Result<(String, u32), Refusal> {
        if text.trim().is_empty() {
            return Err(Refusal { reason: "there are no words in it".to_owned() });
        }
        let words: Vec<String> = text.split_whitespace().map(capital).collect();
        let count = words.len() as u32;
        Ok((words.join(" "), count))
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
