// An authorization server from the npm registry on loopback, with the calls of an API behind it that
// take its access tokens: `node authority.mjs oidc|mock PORT`. The library decides about codes,
// tokens and who is let in; this file starts it, counts, and misbehaves where a test says so.
import http from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [kind, port] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const home = createRequire(pathToFileURL(`${process.env.PEER_HOME}/`));
const load = (name) => import(pathToFileURL(home.resolve(name)).href);

// What tests look at: what was given and refused for each grant, and what was taken back.
const told = { given: {}, refused: {}, revoked: 0 };
const count = (of, grant) => { of[grant] = (of[grant] ?? 0) + 1; };
// What tests decide.
const wish = { life: 3600, mute: false, answers: [] };
const issued = new Set();
const forgotten = new Set();

// Each answers who handles the library's own paths, and how a token is known.
const kinds = {
  async oidc() {
    const { Provider } = await load('oidc-provider');
    const provider = new Provider(issuer, {
      pkce: { required: () => true },
      rotateRefreshToken: true,
      issueRefreshToken: () => true,
      scopes: ['openid'],
      features: { devInteractions: { enabled: true }, revocation: { enabled: true }, registration: { enabled: true } },
      ttl: { AccessToken: () => wish.life, RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 600 },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    });
    provider.on('access_token.saved', (token) => issued.add(token.jti));
    provider.on('grant.success', (ctx) => count(told.given, ctx.oidc.params.grant_type));
    provider.on('grant.error', (ctx) => count(told.refused, ctx.oidc?.params?.grant_type));
    provider.on('grant.revoked', () => { told.revoked += 1; });
    const lets = async (token) => {
      const known = await provider.AccessToken.find(token);
      return known !== undefined && !forgotten.has(known.jti);
    };
    return { handle: provider.callback(), lets };
  },

  async mock() {
    const { OAuth2Server } = await load('oauth2-mock-server');
    const server = new OAuth2Server();
    await server.issuer.keys.generate('RS256');
    server.issuer.url = issuer;
    server.service.on('beforeResponse', (answer, request) => {
      const grant = request.body.grant_type;
      const other = grant === 'refresh_token' ? wish.answers.shift() : undefined;
      if (other) {
        answer.statusCode = other.status;
        answer.body = other.body;
        count(told.refused, grant);
        return;
      }
      answer.body.expires_in = wish.life;
      issued.add(answer.body.access_token);
      count(told.given, grant);
    });
    server.service.on('beforeRevoke', () => { told.revoked += 1; });
    const lets = async (token) => issued.has(token) && !forgotten.has(token);
    return { handle: server.service.requestHandler, lets };
  },
};

const { handle, lets } = await kinds[kind]();

const say = (response, status, body) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

function control(url, response) {
  const asked = url.searchParams;
  switch (url.pathname) {
    case '/_/life': wish.life = Number(asked.get('seconds')); break;
    case '/_/mute': wish.mute = asked.get('on') === 'true'; break;
    case '/_/answer': wish.answers.push({ status: Number(asked.get('status')), body: { error: asked.get('error') } }); break;
    case '/_/forget': issued.forEach((token) => forgotten.add(token)); break;
    default:
  }
  say(response, 200, told);
}

async function api(url, request, response) {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  if (!(await lets(token))) {
    return say(response, 401, { error: { type: 'invalid_request_error', message: 'Invalid token' } });
  }
  if (url.pathname === '/v1/account') {
    return say(response, 200, { id: 'acct_1', object: 'account', business_profile: { name: 'Acme' } });
  }
  if (url.pathname === '/v1/balance') {
    return say(response, 200, { object: 'balance', livemode: false, available: [], pending: [] });
  }
  return say(response, 200, {
    id: url.pathname.split('/').pop(), object: 'payment_intent', status: 'succeeded', created: 1700000000,
    livemode: false, amount: 5, amount_received: 5, currency: 'eur', customer: null, description: 'x', metadata: {},
  });
}

http.createServer((request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname.startsWith('/_/')) return control(url, response);
  if (url.pathname.startsWith('/v1/')) {
    return api(url, request, response).catch((error) => say(response, 500, { error: String(error) }));
  }
  if (url.pathname === '/token' && wish.mute) {
    // All of it is done, and nobody hears of it.
    response.write = () => true;
    response.end = () => response;
  }
  return handle(request, response);
}).listen(Number(port), '127.0.0.1');
