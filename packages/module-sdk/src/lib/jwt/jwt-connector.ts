import { PlatformError, toJson } from '@loopwright/protocol';
import { z } from 'zod';
import type { ServiceConnection, ServiceConnector } from '../services/service-connector.ts';
import { type JwtValidator, TOKEN_LIMIT } from './jwt-validator.ts';

const paramsSchema = z.strictObject({ token: z.string().max(TOKEN_LIMIT) });

/**
 * Tokens of modules checked by the host: the service `Jwt`, which a `ModuleHub` has among its connectors. Modules learn what a token says, and neither the secret nor
 * the keys; tokens are not made for them.
 */
export function jwtConnector(validator: Pick<JwtValidator, 'validate'>): ServiceConnector {
  const connection: ServiceConnection = {
    perform: async (operation, params) => {
      if (operation !== 'validate')
        throw new PlatformError('VALIDATION_ERROR', 'Cannot carry it out: tokens have the operation validate');
      const { success, data } = paramsSchema.safeParse(params);
      if (!success) throw new PlatformError('VALIDATION_ERROR', 'Cannot check the token: its parameters are wrong');
      return toJson(await validator.validate(data.token));
    },
    close: async () => undefined,
  };
  return { serviceType: 'Jwt', connect: async () => connection, isHealthy: async () => true };
}
