//! Which packages the peers are made of, each pinned. It installs nothing.

/// The Python packages: a stateful provider, libraries by which providers have webhooks verified, a
/// property-based tester and a validator for our own API document, and what those need. All are pinned,
/// so that a release of theirs can not break a build that worked.
pub(super) const PYTHON_PACKAGES: &[&str] = &[
    "localstripe==1.15.10",
    "stripe==16.1.0",
    "aiohttp==3.14.5",
    "python-dateutil==4.0.0",
    "requests==2.34.2",
    "typing_extensions==4.16.0",
    "standardwebhooks==1.1.0",
    "svix==2.9.1",
    "annotated-types==0.8.0",
    "anyio==4.16.0",
    "attrs==26.1.0",
    "Deprecated==1.3.1",
    "h11==0.16.0",
    "httpcore==1.0.9",
    "httpx==0.28.1",
    "pydantic==2.14.3",
    "pydantic_core==2.50.4",
    "typing-inspection==0.4.5",
    "wrapt==2.5.2",
    "slack_sdk==3.47.0",
    "twilio==9.13.0",
    "PyJWT==2.15.1",
    "aiohttp-retry==2.9.1",
    "certifi==2026.10.18",
    "charset-normalizer==3.5.2",
    "click==8.5.1",
    "graphql-core==3.3.2",
    "harfile==0.6.0",
    "hypothesis-graphql==0.13.5",
    "hypothesis==6.170.15",
    "idna==3.20",
    "iniconfig==2.3.1",
    "jsonschema-path==0.5.0",
    "jsonschema-specifications==2025.9.1",
    "jsonschema==4.26.0",
    "jsonschema_rs==0.60.3",
    "lazy-object-proxy==1.13.0",
    "markdown-it-py==4.3.0",
    "MarkupSafe==3.0.4",
    "mdurl==0.1.2",
    "oras==0.2.42",
    "openapi-schema-validator==0.9.0",
    "openapi-spec-validator==0.9.0",
    "packaging==26.3",
    "pathable==0.6.0",
    "pluggy==1.7.0",
    "pydantic-settings==2.16.3",
    "Pygments==2.21.0",
    "pyrate-limiter==4.5.1",
    "pytest==9.2.0",
    "python-dotenv==1.2.4",
    "PyYAML==6.0.3",
    "referencing==0.37.0",
    "rfc3339-validator==0.1.4",
    "rich==15.0.0",
    "rpds-py==2026.9.1",
    "schemathesis==4.32.5",
    "six==1.17.0",
    "sortedcontainers==2.4.0",
    "urllib3==2.8.0",
    "Werkzeug==3.1.9",
];

/// A cloud's services as a server, with its checks of signatures and of what a key may do. What it needs does not go
/// together with what the others need, so it has an environment of its own.
pub(super) const CLOUD_PACKAGES: &[&str] = &[
    "moto==5.2.5",
    "blinker==1.9.0",
    "boto3==1.44.5",
    "botocore==1.44.5",
    "certifi==2026.10.18",
    "cffi==2.1.1",
    "charset-normalizer==3.5.2",
    "click==8.5.1",
    "cryptography==50.0.2",
    "flask-cors==6.0.5",
    "Flask==3.1.3",
    "idna==3.20",
    "itsdangerous==2.2.0",
    "Jinja2==3.1.6",
    "jmespath==1.1.0",
    "MarkupSafe==3.0.4",
    "pycparser==3.12",
    "python-dateutil==2.9.0.post0",
    "PyYAML==6.0.3",
    "requests==2.34.2",
    "responses==0.26.3",
    "s3transfer==0.19.3",
    "six==1.17.0",
    "urllib3==2.8.0",
    "Werkzeug==3.1.9",
    "xmltodict==1.0.4",
];

/// Debian's own builds: Prometheus, for its linter, and a registry for plugins.
pub(super) const DEBIAN_PACKAGES: &[&str] = &["prometheus", "docker-registry"];

/// A mock of a provider, webhook libraries, and what makes and checks a client of our own API.
pub(super) const NODE_PACKAGES: &[&str] = &[
    "@stoplight/prism-cli@5.14.2",
    "standardwebhooks@1.1.1",
    "svix@2.5.0",
    "openapi-typescript@7.13.0",
    "openapi-fetch@0.17.0",
    "typescript@5.9.3",
];

/// Authorization servers: a certified one, and one that misbehaves as it is told.
pub(super) const AUTHORITY_PACKAGES: &[&str] = &["oidc-provider@9.13.3", "oauth2-mock-server@8.2.3"];

/// The compiler of gateways in JavaScript. Newer ones want files that a gateway does not have.
pub(super) const JAVASCRIPT_PACKAGES: &[&str] = &["@bytecodealliance/componentize-js@0.19.3"];

/// The compiler of gateways in Python.
pub(super) const COMPONENTS_PACKAGES: &[&str] = &["componentize-py==0.25.1"];
