//! What a sandbox provider knows of the things that were made in it: they can be read, listed,
//! changed and deleted. All of it follows from the fixtures. An answer is that of the fixture that
//! the request is like, with the request's own values, new ids for new things, and what is kept of
//! known ones.

mod bindings;
mod like;
pub(super) mod names;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Map, Value};

use crate::sandbox::fixture::{Fixtures, Response};
use crate::sandbox::given::Given;
use bindings::Bindings;
use like::Like;
use names::{Names, anew, leaves, own_name};

/// How many things are kept; the oldest go first.
const MOST: usize = 1_000;
/// How much of their fields two objects of one kind share, in percent.
const SAME_KIND: usize = 50;

/// A thing of the provider's.
#[derive(Debug, Clone)]
struct Thing {
    /// What the fixture showed where it was seen first.
    base: Map<String, Value>,
    /// What it is now.
    now: Map<String, Value>,
}

/// What was answered, and from which fixture.
#[derive(Debug)]
pub(super) struct Remembered {
    /// `<function>/<case>`.
    pub(super) case: String,
    pub(super) response: Response,
    /// What a write made or changed.
    pub(super) changed: Option<Map<String, Value>>,
}

/// The things of a provider.
#[derive(Debug)]
pub(super) struct Memory {
    names: Names,
    things: BTreeMap<String, Thing>,
    /// The names of the things, oldest first.
    order: VecDeque<String>,
    gone: BTreeSet<String>,
    made: u64,
}

impl Memory {
    pub(super) fn new(fixtures: &Fixtures) -> Self {
        let names = Names::of(fixtures);
        Self { names, things: BTreeMap::new(), order: VecDeque::new(), gone: BTreeSet::new(), made: 0 }
    }

    /// Answers as the fixture that the request is like; nothing where it is like none.
    pub(super) fn answer(&mut self, fixtures: &Fixtures, given: &Given) -> Option<Remembered> {
        let likes = like::all(fixtures, &self.names, given);
        let stranger = likes.first()?.named.iter().any(|(_, own)| !self.knows(own));
        let wanted = |like: &&Like<'_>| {
            let status = like.exchange.response.as_ref().map_or(0, |response| response.status);
            if stranger { status == 404 } else { (200..300).contains(&status) && like.case.record.output.is_some() }
        };
        let like = likes.iter().find(wanted)?;
        let template = like.exchange.response.as_ref()?;
        let case = crate::sandbox::choose::name_of(like.case);
        let Some(json) = &template.json else {
            self.forget(given, like);
            let text = template.text.as_ref().map(|text| like.bindings.fill_text(text));
            return Some(Remembered { case, response: Response { text, ..template.clone() }, changed: None });
        };
        let mut answer = self.fill(json, like, given);
        let changed = if given.is_write() && !stranger { self.keep(json, &mut answer, given) } else { None };
        if !given.is_write() {
            self.tell(&mut answer, like);
        }
        self.forget(given, like);
        let response = Response { json: Some(answer), ..template.clone() };
        Some(Remembered { case, response, changed })
    }

    /// Fixtures' own names are known from the start, until what they name is deleted.
    fn knows(&self, name: &str) -> bool {
        self.things.contains_key(name) || (self.names.has(name) && !self.gone.contains(name))
    }

    /// The fixture's answer with the values of this request, of the things that it names, and new
    /// names for what it makes.
    fn fill(&mut self, json: &Value, like: &Like<'_>, given: &Given) -> Value {
        let mut bindings = like.bindings.clone();
        let mut mentioned = BTreeSet::new();
        leaves(&bindings.fill(json), &mut mentioned);
        mentioned.extend(like.named.iter().map(|(_, own)| own.clone()));
        for thing in mentioned.iter().filter_map(|name| self.things.get(name)) {
            bindings.document(&Value::Object(thing.base.clone()), &Value::Object(thing.now.clone()));
        }
        if given.is_write() {
            self.name_anew(json, like, &mut bindings);
        }
        bindings.fill(json)
    }

    /// New names for what the fixture's answer names and its request does not.
    fn name_anew(&mut self, json: &Value, like: &Like<'_>, bindings: &mut Bindings) {
        let mut own = BTreeSet::new();
        leaves(json, &mut own);
        let asked = serde_json::to_string(&like.exchange.request.json).unwrap_or_default();
        let form = like.exchange.request.form.iter().flatten().map(|(_, value)| value.clone()).collect::<BTreeSet<_>>();
        let asked_for = |name: &String| {
            like.exchange.request.path.contains(name.as_str()) || asked.contains(name.as_str()) || form.contains(name)
        };
        for name in own.iter().filter(|name| self.names.has(name) && !asked_for(name)) {
            self.made += 1;
            bindings.text(name, &anew(name, self.made));
        }
    }

    /// Keeps what a write made, and lets what it changed be what it was in everything else.
    fn keep(&mut self, template: &Value, answer: &mut Value, given: &Given) -> Option<Map<String, Value>> {
        let mut main = None;
        walk(template, answer, &mut |template, object| {
            let Some(name) = own_name(object) else { return };
            if let Some(thing) = self.things.get_mut(&name) {
                let changes = template.iter().filter(|(field, value)| thing.base.get(*field) != Some(*value));
                let changes: Vec<String> = changes.map(|(field, _)| field.clone()).collect();
                for field in changes {
                    object.get(&field).into_iter().for_each(|value| {
                        thing.now.insert(field.clone(), value.clone());
                    });
                    template.get(&field).into_iter().for_each(|value| {
                        thing.base.insert(field.clone(), value.clone());
                    });
                }
                object.clone_from(&thing.now);
            } else if given.method != "DELETE" {
                self.add(&name, Thing { base: template.clone(), now: object.clone() });
            }
            main.get_or_insert_with(|| object.clone());
        });
        main
    }

    fn add(&mut self, name: &str, thing: Thing) {
        self.gone.remove(name);
        self.things.insert(name.to_owned(), thing);
        self.order.push_back(name.to_owned());
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.things.remove(&oldest);
        }
    }

    /// Known things as they are, and among those of their kind.
    fn tell(&self, answer: &mut Value, like: &Like<'_>) {
        walk(&Value::Null, answer, &mut |_, object| {
            let known = own_name(object).and_then(|name| self.things.get(&name));
            if let Some(thing) = known {
                for (field, value) in &thing.now {
                    object.insert(field.clone(), value.clone());
                }
            }
        });
        if like.named.is_empty() {
            self.list(answer);
        }
    }

    /// Adds what was made to the first list of things of its kind, the newest first.
    fn list(&self, answer: &mut Value) {
        let Some(items) = first_list(answer) else { return };
        items.retain(|item| item.as_object().and_then(own_name).is_none_or(|name| !self.gone.contains(&name)));
        let Some(sample) = items.first().and_then(Value::as_object).cloned() else { return };
        let told: BTreeSet<String> = items.iter().filter_map(|item| own_name(item.as_object()?)).collect();
        let new = self.order.iter().filter(|name| !told.contains(*name)).filter_map(|name| self.things.get(name));
        for thing in new.filter(|thing| is_same_kind(&thing.now, &sample)) {
            items.insert(0, Value::Object(thing.now.clone()));
        }
    }

    fn forget(&mut self, given: &Given, like: &Like<'_>) {
        if given.method != "DELETE" {
            return;
        }
        let path = given.path.rsplit('/').next().unwrap_or_default();
        let last = like.named.last().map_or(path, |(_, own)| own.as_str()).to_owned();
        self.things.remove(&last);
        self.order.retain(|name| *name != last);
        self.gone.insert(last);
    }
}

/// Whether two objects are things of one kind: they say so, or have most of their fields in common.
pub(super) fn is_same_kind(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    if let (Some(one), Some(other)) = (one.get("object"), other.get("object")) {
        return one == other;
    }
    let both = one.keys().filter(|name| other.contains_key(*name)).count();
    let all = one.len() + other.len() - both;
    both * 100 >= all * SAME_KIND
}

/// What is done with an object of an answer, and the fixture's at the same place.
type Each<'a> = dyn FnMut(&Map<String, Value>, &mut Map<String, Value>) + 'a;

/// Every object of an answer, the outer ones first, with the fixture's at the same place.
fn walk(template: &Value, answer: &mut Value, each: &mut Each<'_>) {
    walk_within(None, template, answer, each);
}

/// As [`walk`], within an object of a name. What stands in an object and repeats its name is a part of it and no
/// thing by itself.
fn walk_within(within: Option<&str>, template: &Value, answer: &mut Value, each: &mut Each<'_>) {
    let nothing = Map::new();
    match answer {
        Value::Object(object) => {
            let of_template = template.as_object().unwrap_or(&nothing);
            let name = own_name(object);
            if name.is_none() || name.as_deref() != within {
                each(of_template, object);
            }
            let within = name.as_deref().or(within);
            for (field, value) in object.iter_mut() {
                walk_within(within, of_template.get(field).unwrap_or(&Value::Null), value, each);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk_within(within, template.get(index).unwrap_or(&Value::Null), item, each);
            }
        }
        _ => {}
    }
}

fn first_list(answer: &mut Value) -> Option<&mut Vec<Value>> {
    match answer {
        Value::Array(items)
            if items.first().is_some_and(|item| item.as_object().is_some_and(|item| own_name(item).is_some())) =>
        {
            Some(items)
        }
        Value::Object(fields) => fields.values_mut().find_map(first_list),
        _ => None,
    }
}
