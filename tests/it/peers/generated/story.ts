// What a host app does on its first day, with the client that was generated from the OpenAPI
// document: every path, parameter, body and answer here is checked by the compiler.

import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Problem = components["schemas"]["Problem"];

const [base, operatorToken, upstream, secretKey] = process.argv.slice(2) as [string, string, string, string];

const clientOf = (token: string) =>
  createClient<paths>({ baseUrl: base, headers: { Authorization: `Bearer ${token}` } });

/** The answer, or the problem as an exception. */
function good<T>(answer: { data?: T; error?: Problem; response: Response }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.status} ${answer.error?.type}: ${answer.error?.detail}`);
  }
  return answer.data;
}

const operator = clientOf(operatorToken);
const tenant = good(await operator.POST("/api/v1/tenants", { body: { name: "Acme" } }));
const key = good(await operator.POST("/api/v1/keys", { body: { tenant: tenant.id, name: "host app" } }));

const api = clientOf(key.token);
const path = { plugin: "stripe" };
const { digest } = good(await api.GET("/api/v1/plugins/{plugin}/permissions", { params: { path } }));
const install = good(
  await api.POST("/api/v1/plugins/tenant/{plugin}/toggle", {
    params: { path },
    body: { enabled: true, consent: digest },
  }),
);
const integration = good(
  await api.POST("/api/v1/integrations", {
    params: { header: { "Idempotency-Key": "first" } },
    body: {
      provider: "stripe",
      name: "Primary",
      credentials: { secret_key: secretKey },
      settings: { base_url: upstream },
    },
  }),
);
const done = good(
  await api.POST("/api/v1/integrations/{integration}/execute", {
    params: { path: { integration: integration.id } },
    body: {
      capability: "PROCESS_PAYMENT",
      parameters: { amount: { minor_units: 1999, currency: "EUR" }, description: "generated" },
    },
  }),
);
const listed = good(await api.GET("/api/v1/executions", { params: { query: { limit: 1 } } }));

// A refusal is a problem of a closed list, by status.
const refused = await api.GET("/api/v1/integrations/{integration}", { params: { path: { integration: "absent" } } });
const kind: string | undefined = refused.error?.type;

// @ts-expect-error: a limit is a number.
const wrong: paths["/api/v1/executions"]["get"]["parameters"]["query"] = { limit: "ten" };
void wrong;

const [first] = listed.items;
console.log(
  JSON.stringify({
    enabled: install.enabled,
    integration: integration.id,
    outcome: done.outcome,
    same: first?.id === done.execution,
    problem: kind,
  }),
);
