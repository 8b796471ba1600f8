//! The operations that the settings declare: what each is, and what is wrong with a declaration.

use gatehouse_sdk::automation::operations::{Operation as Listed, OperationsList};
use gatehouse_sdk::http::Method;
use gatehouse_sdk::json::{Fields, Value, read_value};
use gatehouse_sdk::{Error, Result, context};

use crate::parameters;

/// An operation as it is declared.
pub(crate) struct Operation {
    /// Its name.
    pub(crate) name: String,
    /// Its method.
    pub(crate) method: Method,
    /// The template of its path.
    pub(crate) path: String,
    /// Whether it can change something.
    pub(crate) writes: bool,
    /// The schema of its parameters; none are taken where absent.
    pub(crate) schema: Value,
    /// The templates of its query, its headers and its form, by name.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) form: Option<Vec<(String, String)>>,
    /// The template of its JSON body.
    pub(crate) body: Option<Value>,
    /// Where in the answer its result is, as a JSON pointer; the whole of it where absent.
    pub(crate) result: Option<String>,
    /// The header by which the service knows a repeated call.
    pub(crate) idempotency_header: Option<String>,
    description: Option<String>,
}

/// What the settings say besides.
pub(crate) struct Settings {
    /// The service's address; without it there is none.
    pub(crate) base_url: Option<String>,
    /// The auth scheme.
    pub(crate) auth: Option<String>,
    /// The operation that tests the connection.
    pub(crate) test: Option<String>,
    operations: Vec<Value>,
}

impl Settings {
    /// This call's settings.
    pub(crate) fn load() -> Result<Self> {
        context::read_settings(|settings| Self {
            base_url: settings.text_some("base_url"),
            auth: settings.text_some("auth"),
            test: settings.text_some("test"),
            operations: settings.items("operations").to_vec(),
        })
    }

    /// The operation of this name.
    pub(crate) fn operation(&self, name: &str) -> Result<Operation> {
        let mut all = self.all()?;
        let Some(place) = all.iter().position(|operation| operation.name == name) else {
            let names: Vec<&str> = all.iter().map(|operation| operation.name.as_str()).collect();
            let text = format!("the settings declare no operation `{name}`; they declare {}", names.join(", "));
            return Err(Error::invalid_input(text));
        };
        Ok(all.swap_remove(place))
    }

    /// All of them, each name once.
    fn all(&self) -> Result<Vec<Operation>> {
        let mut all: Vec<Operation> = Vec::new();
        for (place, declared) in self.operations.iter().enumerate() {
            let found = read_value(declared, operation).map_err(|problem| {
                Error::invalid_input(format!("the setting `operations` is wrong at {place}: {problem}"))
            })?;
            if all.iter().any(|known| known.name == found.name) {
                return Err(found.wrong("name", "is declared twice; give each operation a name of its own"));
            }
            if found.form.is_some() && found.body.is_some() {
                return Err(found.wrong("form", "stands beside `body`; an operation has one of them"));
            }
            parameters::check_schema(&found)?;
            all.push(found);
        }
        Ok(all)
    }
}

impl Operation {
    /// An error about a field of the declaration, or of the call.
    pub(crate) fn wrong(&self, field: &str, problem: &str) -> Error {
        Error::invalid_input(format!("operation `{}`: `{field}` {problem}", self.name))
    }

    /// The schema of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&Value> {
        self.schema.get("properties")?.get(name)
    }
}

/// Lists what is declared, by name.
pub(crate) fn list() -> Result<OperationsList> {
    let listed = |operation: Operation| Listed {
        parameters: parameters::names(&operation.schema),
        name: operation.name,
        description: operation.description,
        writes: operation.writes,
    };
    let mut items: Vec<Listed> = Settings::load()?.all()?.into_iter().map(listed).collect();
    items.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(OperationsList { items })
}

fn operation(declared: &Fields<'_>) -> Operation {
    let method = match declared.text("method").as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        other => {
            declared.wrong("method", format!("`{other}` is none of GET, POST, PUT, PATCH and DELETE"));
            Method::Get
        }
    };
    let reads = method == Method::Get;
    let path = declared.text("path");
    if !path.starts_with('/') {
        declared.wrong("path", "begins with no /");
    }
    Operation {
        name: declared.text("name"),
        method,
        path,
        writes: declared.str_some("effect").map_or(!reads, |effect| effect != "read"),
        schema: declared.get("parameters").cloned().unwrap_or_default(),
        query: pairs(declared, "query").unwrap_or_default(),
        headers: pairs(declared, "headers").unwrap_or_default(),
        form: pairs(declared, "form"),
        body: declared.get("body").cloned(),
        result: declared.text_some("result").filter(|pointer| !pointer.is_empty()),
        idempotency_header: declared.text_some("idempotency_header"),
        description: declared.text_some("description"),
    }
}

/// The texts of an object, by name.
fn pairs(declared: &Fields<'_>, name: &str) -> Option<Vec<(String, String)>> {
    let Some(fields) = declared.get(name)?.as_object() else {
        declared.wrong(name, "is no object of texts");
        return None;
    };
    let mut pairs = Vec::new();
    for (key, value) in fields {
        match value.as_str() {
            Some(text) => pairs.push((key.clone(), text.to_owned())),
            None => declared.wrong(name, format!("`{key}` is no text; write a parameter as `{{name}}`")),
        }
    }
    Some(pairs)
}
