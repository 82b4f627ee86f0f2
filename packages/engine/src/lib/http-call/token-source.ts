import { z } from 'zod';

const text = z.string().max(16_384);

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
/** The type by which `subject` of the grant `refresh_token` says that it is one: the standard has no member of its own for it. */
export const REFRESH_TOKEN = 'urn:ietf:params:oauth:token-type:refresh_token';

const GRANTS = ['client_credentials', 'password', 'refresh_token', TOKEN_EXCHANGE] as const;
const securityToken = z.strictObject({ token: text.min(1), type: text.min(1) });

const clientSchema = z
  .strictObject({
    id: text.min(1).optional(),
    secret: text.optional(),
    assertion: text.min(1).optional(),
    authentication: z
      .enum(['client_secret_post', 'client_secret_basic', 'client_secret_jwt', 'private_key_jwt', 'none'])
      .default('client_secret_post'),
  })
  .superRefine(({ id, secret, assertion, authentication }, context) => {
    const missing = (member: string, why: string): void =>
      context.addIssue({ code: 'custom', path: [member], message: `is missing: ${why}` });
    if (id === undefined && authentication !== 'none') missing('id', `"${authentication}" needs the id of the client`);
    if (authentication === 'private_key_jwt' && assertion === undefined)
      missing('assertion', 'private keys are not given to workflows, so "private_key_jwt" needs a signed assertion');
    if (authentication === 'client_secret_jwt' && assertion === undefined && secret === undefined)
      missing('secret', '"client_secret_jwt" signs with it');
  });

/** `oauth2` and `oidc` of a policy, as the standard has them; `endpoints` is ignored for `oidc`, which discovers them. */
export const tokenSourceSchema = z
  .strictObject({
    // Or an expression that gives one.
    authority: text.regex(/^(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/|\s*\$\{)/, 'must be an absolute URI'),
    grant: z.enum(
      GRANTS,
      `is not supported: it is one of ${GRANTS.join(', ')}; "authorization_code" needs a person at a browser`,
    ),
    client: clientSchema.optional(),
    request: z
      .strictObject({
        encoding: z.enum(['application/x-www-form-urlencoded', 'application/json']).default('application/x-www-form-urlencoded'),
      })
      .optional(),
    issuers: z.array(text).max(100).optional(),
    scopes: z.array(text).max(100).optional(),
    audiences: z.array(text).max(100).optional(),
    username: text.optional(),
    password: text.optional(),
    subject: securityToken.optional(),
    actor: securityToken.optional(),
    endpoints: z.strictObject({ token: text.optional(), revocation: text.optional(), introspection: text.optional() }).optional(),
  })
  .superRefine(({ grant, username, password, subject, client }, context) => {
    const missing = (member: string, why: string): void =>
      context.addIssue({ code: 'custom', path: [member], message: `is missing: ${why}` });
    if (client === undefined && grant === 'client_credentials') missing('client', 'the grant "client_credentials" needs one');
    if (grant === 'password' && username === undefined) missing('username', 'the grant "password" needs it');
    if (grant === 'password' && password === undefined) missing('password', 'the grant "password" needs it');
    if (grant === TOKEN_EXCHANGE && subject === undefined) missing('subject', 'it is the token that is exchanged');
    if (grant === 'refresh_token' && subject?.type !== REFRESH_TOKEN)
      missing('subject', `the grant "refresh_token" takes it from there, with the type "${REFRESH_TOKEN}"`);
  });

/** How to get an access token from an OAuth 2 authority. */
export type TokenSource = z.infer<typeof tokenSourceSchema>;
