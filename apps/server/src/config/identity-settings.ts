import { z } from 'zod';
import { isAddressRange } from '../identity/address-ranges.ts';
import { jwtIssuerSchema } from '../identity/jwt/issuer-settings.ts';
import { oidcSchema } from '../identity/oidc/oidc-settings.ts';
import { setting } from './setting.ts';

/** Whether a URL names an origin and a path of plain characters, and nothing else. */
function isPlainUrl(url: string): boolean {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/$/, '') === url.replace(/\/$/, '') && /^(?:\/[\w.~-]+)*\/?$/.test(pathname);
}

/** The settings of who may make requests, and how they prove who they are. */
export const IDENTITY_SETTINGS = {
  identity: setting({
    schema: z.enum(['development', 'configured']).nullable(),
    default: null,
    description:
      'Who is believed: development headers on this machine, or credentials only (configured); null for configured as soon as jwt_issuers or oidc is set or host is no loopback address',
  }),
  public_url: setting({
    schema: z
      .url({ protocol: /^https?$/ })
      .refine(isPlainUrl, 'has to be an origin, with the path below which a proxy serves it at the most')
      .transform((url) => new URL(url).href.replace(/\/$/, ''))
      .nullable(),
    default: null,
    description:
      'The server as browsers see it, such as `https://loopwright.example.com` or, below the path of a proxy that takes it off, `https://example.com/loopwright`; null for host and port',
  }),
  trusted_proxies: setting({
    schema: z.array(z.string().trim().min(1).max(100).refine(isAddressRange, 'is no address and no range')).max(100),
    default: [],
    description:
      'Addresses and ranges of proxies that authenticate people and say by X-User-Id and X-User-Email who they are; for identity: development',
  }),
  jwt_issuers: setting({
    schema: z
      .array(jwtIssuerSchema)
      .max(20)
      .refine((list) => new Set(list.map(({ issuer }) => issuer)).size === list.length, 'names an issuer twice'),
    default: [],
    description:
      'Issuers whose tokens are taken as `Authorization: Bearer`, a list of objects (JSON in a flag or variable); see docs/identity.md',
  }),
  oidc: setting({
    schema: oidcSchema.nullable(),
    default: null,
    description: 'The OpenID provider at which people log in, an object (JSON in a flag or variable); see docs/identity.md',
  }),
  session_idle_minutes: setting({
    schema: z.int().min(2).max(43_200),
    default: 60,
    description: 'Minutes without a request after which a session of a browser ends',
  }),
  session_max_hours: setting({
    schema: z.int().min(1).max(8760),
    default: 12,
    description: 'Hours after which a session of a browser ends in any case',
  }),
} as const;
