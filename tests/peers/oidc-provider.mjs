// Starts oidc-provider on 127.0.0.1 with rotation and reuse detection, and beside it the two calls
// of an API that take its access tokens: `node oidc-provider.mjs PORT REDIRECT_PREFIX_FILE`.
//
// Sign-in and consent are granted at once; everything else is the library's own.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';

const [port, clientId, clientSecret, redirectUri] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${process.env.GATEHOUSE_PEER_HOME}/`));
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);

const issuer = `http://127.0.0.1:${port}`;
const counts = { refresh_token: 0, refused: 0 };

const provider = new Provider(issuer, {
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [redirectUri],
  }],
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  scopes: ['openid', 'offline_access'],
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  ttl: { AccessToken: 3600, RefreshToken: 86400, Grant: 86400, Session: 86400, Interaction: 600 },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
});

provider.on('grant.success', (ctx) => { counts[ctx.oidc.params.grant_type] = (counts[ctx.oidc.params.grant_type] ?? 0) + 1; });
provider.on('grant.error', () => { counts.refused += 1; });

async function agree(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const grant = new provider.Grant({ accountId: 'someone', clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const result = { login: { accountId: 'someone' }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
}

async function api(request, response) {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const known = await provider.AccessToken.find(token);
  response.setHeader('content-type', 'application/json');
  if (!known) {
    response.statusCode = 401;
    return response.end(JSON.stringify({ error: { type: 'invalid_request_error', message: 'Invalid token' } }));
  }
  if (request.url.startsWith('/v1/forget')) {
    await known.destroy();
    return response.end('{}');
  }
  const account = { id: 'acct_1', object: 'account', business_profile: { name: 'Acme' } };
  return response.end(JSON.stringify(account));
}

const handle = provider.callback();
createServer((request, response) => {
  const failed = (error) => { response.statusCode = 500; response.end(String(error)); };
  if (request.url === '/counts') return response.end(JSON.stringify(counts));
  if (request.url.startsWith('/interaction/')) return agree(request, response).catch(failed);
  if (request.url.startsWith('/v1/')) return api(request, response).catch(failed);
  return handle(request, response);
}).listen(Number(port), '127.0.0.1');
