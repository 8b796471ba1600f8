//! The kinds of gateway that a scaffold exists for: one interface of each domain, small enough to be whole, with its
//! code in each language and its fixtures.

/// A kind of gateway. Its name is the domain's package and the plugin's category.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The interface of the domain that it implements, in WIT.
    pub(crate) interface: &'static str,
    pub(crate) description: &'static str,
    pub(crate) capabilities: &'static [Capability],
    pub(crate) rust: &'static str,
    pub(crate) javascript: &'static str,
    pub(crate) python: &'static str,
    /// `{ "<function>": { "<case>": { … } } }`.
    pub(crate) fixtures: &'static str,
}

/// A capability and the request that it becomes.
pub(crate) struct Capability {
    pub(crate) code: &'static str,
    pub(crate) method: &'static str,
    /// The path as the manifest allows it.
    pub(crate) path: &'static str,
}

impl Capability {
    /// Whether it can change something.
    pub(crate) fn writes(&self) -> bool {
        self.method != "GET"
    }
}

/// The names, in the order in which they are listed.
pub(crate) fn names() -> Vec<&'static str> {
    ALL.iter().map(|kind| kind.name).collect()
}

/// The kind with a name.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}

const fn capability(code: &'static str, method: &'static str, path: &'static str) -> Capability {
    Capability { code, method, path }
}

macro_rules! kind {
    ($name:literal, $interface:literal, $description:literal, $capabilities:expr) => {
        Kind {
            name: $name,
            interface: $interface,
            description: $description,
            capabilities: $capabilities,
            rust: include_str!(concat!("templates/kinds/", $name, "/rust.txt")),
            javascript: include_str!(concat!("templates/kinds/", $name, "/javascript.txt")),
            python: include_str!(concat!("templates/kinds/", $name, "/python.txt")),
            fixtures: include_str!(concat!("templates/kinds/", $name, "/fixtures.json")),
        }
    };
}

/// Every kind.
static ALL: [Kind; 10] = [
    kind!("payments", "links", "Makes pages on which a payer pays.", {
        &[capability("CREATE_PAYMENT_LINK", "POST", "/v1/links")]
    }),
    kind!("accounting", "tax-rates", "Lists the tax rates of the books.", {
        &[capability("LIST_TAX_RATES", "GET", "/v1/tax_rates")]
    }),
    kind!("messaging", "messages", "Sends messages and reads where they stand.", {
        &[capability("SEND_MESSAGE", "POST", "/v1/messages"), capability("GET_MESSAGE", "GET", "/v1/messages/*")]
    }),
    kind!("email", "emails", "Sends mail.", &[capability("SEND_EMAIL", "POST", "/v1/emails")]),
    kind!("calendar", "calendars", "Lists the calendars of an account.", {
        &[capability("LIST_CALENDARS", "GET", "/v1/calendars")]
    }),
    kind!("crm", "notes", "Adds notes to contacts, companies and opportunities.", {
        &[capability("ADD_NOTE", "POST", "/v1/*/*/notes")]
    }),
    kind!("marketing", "audiences", "Lists the audiences that can be written to.", {
        &[capability("LIST_AUDIENCES", "GET", "/v1/audiences")]
    }),
    kind!("commerce", "inventory", "Reads and sets what a shop has in stock.", {
        &[capability("FIND_STOCK_LEVELS", "GET", "/v1/stock"), capability("SET_STOCK_LEVEL", "PUT", "/v1/stock/*")]
    }),
    kind!("documents", "signing-links", "Makes links under which a person signs.", {
        &[capability("CREATE_SIGNING_LINK", "POST", "/v1/envelopes/*/links")]
    }),
    kind!("automation", "triggers", "Starts workflows.", { &[capability("TRIGGER_WORKFLOW", "POST", "/v1/hooks/*")] }),
];
