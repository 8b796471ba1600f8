//! The codes of findings, by which an author can allow one. What does not work can not be allowed away.

use serde::{Serialize, Serializer};

/// What kind of finding it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    AmountNotShown,
    CapabilityRules,
    CaseFails,
    CaseMalformed,
    ComponentLarge,
    ComponentTooLarge,
    CredentialExample,
    CredentialUnexplained,
    CredentialUnused,
    CredentialUntold,
    EgressUnused,
    EntityNotShown,
    EventNotListed,
    EventNotShown,
    ExceptionUnfit,
    ExceptionUnused,
    FunctionWithoutCase,
    IconMissing,
    IconUnfit,
    NotShown,
    Proof,
    ReadmeHeading,
    ReadmeMissing,
    ReadmeSilent,
    RequestNotAllowed,
    Trouble,
    Undescribed,
}

impl Code {
    /// Every one, by name.
    pub(crate) const ALL: [Self; 27] = [
        Self::AmountNotShown,
        Self::CapabilityRules,
        Self::CaseFails,
        Self::CaseMalformed,
        Self::ComponentLarge,
        Self::ComponentTooLarge,
        Self::CredentialExample,
        Self::CredentialUnexplained,
        Self::CredentialUntold,
        Self::CredentialUnused,
        Self::EgressUnused,
        Self::EntityNotShown,
        Self::EventNotListed,
        Self::EventNotShown,
        Self::ExceptionUnfit,
        Self::ExceptionUnused,
        Self::FunctionWithoutCase,
        Self::IconMissing,
        Self::IconUnfit,
        Self::NotShown,
        Self::Proof,
        Self::ReadmeHeading,
        Self::ReadmeMissing,
        Self::ReadmeSilent,
        Self::RequestNotAllowed,
        Self::Trouble,
        Self::Undescribed,
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AmountNotShown => "amount-not-shown",
            Self::CapabilityRules => "capability-rules",
            Self::CaseFails => "case-fails",
            Self::CaseMalformed => "case-malformed",
            Self::ComponentLarge => "component-large",
            Self::ComponentTooLarge => "component-too-large",
            Self::CredentialExample => "credential-example",
            Self::CredentialUnexplained => "credential-unexplained",
            Self::CredentialUntold => "credential-untold",
            Self::CredentialUnused => "credential-unused",
            Self::EgressUnused => "egress-unused",
            Self::EntityNotShown => "entity-not-shown",
            Self::EventNotListed => "event-not-listed",
            Self::EventNotShown => "event-not-shown",
            Self::ExceptionUnfit => "exception-unfit",
            Self::ExceptionUnused => "exception-unused",
            Self::FunctionWithoutCase => "function-without-case",
            Self::IconMissing => "icon-missing",
            Self::IconUnfit => "icon-unfit",
            Self::NotShown => "not-shown",
            Self::Proof => "proof",
            Self::ReadmeHeading => "readme-heading",
            Self::ReadmeMissing => "readme-missing",
            Self::ReadmeSilent => "readme-silent",
            Self::RequestNotAllowed => "request-not-allowed",
            Self::Trouble => "trouble",
            Self::Undescribed => "undescribed",
        }
    }

    /// The one of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }

    /// Whether it can be allowed: neither what does not work on a server, nor an exception itself.
    pub(crate) fn can_be_allowed(self) -> bool {
        !matches!(
            self,
            Self::CapabilityRules
                | Self::CaseFails
                | Self::CaseMalformed
                | Self::ComponentTooLarge
                | Self::ExceptionUnfit
                | Self::ExceptionUnused
                | Self::IconUnfit
                | Self::RequestNotAllowed
        )
    }

    /// What kind of finding a proof's problem is, by its words.
    pub(crate) fn of_proof(problem: &str) -> Self {
        let has = |words: &str| problem.contains(words);
        if has("in place of answer") {
            Self::Trouble
        } else if problem.ends_with("is allowed and never used") {
            Self::EgressUnused
        } else if problem.ends_with("is not allowed") {
            Self::RequestNotAllowed
        } else if problem.starts_with("plugin.toml has ") {
            Self::CapabilityRules
        } else if has("does not list the event") {
            Self::EventNotListed
        } else if has("shows the event") {
            Self::EventNotShown
        } else if has("moves a record of") {
            Self::EntityNotShown
        } else if has("no fixture shows an amount") {
            Self::AmountNotShown
        } else if has("no fixture shows") {
            Self::NotShown
        } else {
            Self::Proof
        }
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own() {
        let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(names, sorted, "each once, by name");
        assert_eq!(Code::ALL.len(), Code::Undescribed as usize + 1, "a code is not in the list");
        for code in Code::ALL {
            assert_eq!(Code::named(code.name()), Some(code));
        }
        assert_eq!(Code::named("anything"), None);
    }

    #[test]
    fn a_proofs_problem_is_known_by_its_words() {
        let check = |problem: &str, expect: Code| assert_eq!(Code::of_proof(problem), expect, "{problem}");
        check("get/ok: Timeout in place of answer 0: it answered", Code::Trouble);
        check("GET /v1/x of a.example is allowed and never used", Code::EgressUnused);
        check("get/ok: GET /v1/x is not allowed", Code::RequestNotAllowed);
        check("plugin.toml has no [capabilities.GET]", Code::CapabilityRules);
        check("plugin.toml has [capabilities.GET], which is not exported", Code::CapabilityRules);
        check("plugin.toml does not list the event `paid`", Code::EventNotListed);
        check("no fixture of `parse` shows the event `paid`", Code::EventNotShown);
        check("no fixture moves a record of `contacts`", Code::EntityNotShown);
        check("pay: no fixture shows an amount with 3 decimals", Code::AmountNotShown);
        check("pull: no fixture shows an empty page", Code::NotShown);
        check("something else", Code::Proof);
    }
}
