// A certified OpenID Connect provider on loopback, for tests: `node provider.mjs '{"port": …, "alg": …, "clients": […], "people": {…}}'`.
// Whoever names themselves on its page is let in; `people` says what it tells of each. A new process has a new key.
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const told = JSON.parse(process.argv[2]);
const { privateKey } = await generateKeyPair(told.alg, { extractable: true });
const key = { ...(await exportJWK(privateKey)), alg: told.alg, kid: randomUUID(), use: 'sig' };
const provider = new Provider(`http://127.0.0.1:${told.port}`, {
  clients: told.clients,
  jwks: { keys: [key] },
  features: { backchannelLogout: { enabled: true } },
  fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined }), // its own refuses loopback, where the desk of a test is
  enabledJWA: { idTokenSigningAlgValues: [told.alg] },
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'] },
  cookies: { keys: [randomUUID()] },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...told.people[id] }) }),
});
provider.listen(told.port, '127.0.0.1', () => console.log('listening'));
