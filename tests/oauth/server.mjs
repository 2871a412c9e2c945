// An OAuth server that nobody here wrote: it authenticates the client by secret or by a signed
// assertion, which it verifies with the client's public key, and issues tokens of the given claims.
// stdin: one line of JSON {tenant, clients: [{id, secret} | {id, jwk, alg}], claims}.
// stdout: one line of JSON {base}; then one line for each refusal. Ends with its standard input.
import http from 'node:http';
import readline from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(pathToFileURL(process.argv[2] + '/'));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href);

const lines = readline.createInterface({ input: process.stdin });
const wanted = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const audiences = { graph: 'https://graph.fake.example', arm: 'https://arm.fake.example' };
const scopes = Object.values(audiences).map((a) => a + '/.default');

const server = http.createServer().listen(0, '127.0.0.1', () => {
  const base = `http://127.0.0.1:${server.address().port}`;
  const clients = wanted.clients.map((c) => ({
    client_id: c.id,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: scopes.join(' '),
    ...(c.secret
      ? { client_secret: c.secret, token_endpoint_auth_method: 'client_secret_post' }
      : {
          token_endpoint_auth_method: 'private_key_jwt',
          token_endpoint_auth_signing_alg: c.alg,
          jwks: { keys: [c.jwk] },
        }),
  }));
  const audienceOf = (ctx) =>
    Object.values(audiences).find((a) => ctx.oidc.params?.scope === a + '/.default') ?? audiences.graph;
  const provider = new Provider(`${base}/${wanted.tenant}/v2.0`, {
    clients,
    scopes,
    clientAuthMethods: ['client_secret_post', 'private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['PS256', 'RS256'] },
    routes: { token: `/${wanted.tenant}/oauth2/v2.0/token` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx) => audienceOf(ctx),
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, audience) => ({
          scope: audience + '/.default',
          audience,
          accessTokenTTL: 3600,
          accessTokenFormat: 'jwt',
        }),
      },
    },
    extraTokenClaims: (ctx, token) => ({
      tid: wanted.tenant,
      appid: token.clientId,
      ver: '2.0',
      ...wanted.claims,
    }),
  });
  for (const name of ['server_error', 'grant.error'])
    provider.on(name, (ctx, error) => console.log(JSON.stringify({ error: error.message, detail: error.error_detail })));
  server.on('request', provider.callback());
  console.log(JSON.stringify({ base }));
});
lines.on('close', () => process.exit(0));
