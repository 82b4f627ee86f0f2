import { z } from 'zod';
import { pathSchema, setting } from './setting.ts';

const listen = z
  .string()
  .max(300)
  .regex(/^(?:\[[\da-fA-F:.]+\]|[^:\s/]+):\d{1,5}$/, 'is no address such as "127.0.0.1:9998"');

/** The settings of the modules that users add. */
export const MODULE_SETTINGS = {
  modules_file: setting({
    schema: pathSchema.nullable(),
    default: null,
    description: 'The modules that run beside the server: a modules.yaml, or the folder that has it; null for none',
  }),
  modules_listen: setting({
    schema: listen.nullable(),
    default: null,
    description:
      'Where modules of other hosts attach, as host:port; off loopback modules_tls_cert is needed. Null: nowhere. Who may is in modules.yaml',
  }),
  modules_tls_cert: setting({
    schema: pathSchema.nullable(),
    default: null,
    description: 'PEM file of the certificate that attaching modules see; null: without TLS, on loopback only',
  }),
  modules_tls_key: setting({
    schema: pathSchema.nullable(),
    default: null,
    description: 'PEM file of the key of modules_tls_cert',
  }),
  modules_tls_client_ca: setting({
    schema: pathSchema.nullable(),
    default: null,
    description: 'PEM file of who signs the certificates of attaching modules: with it only modules that show one are let in',
  }),
} as const;
