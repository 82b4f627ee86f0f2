import { after, before, describe, it } from 'node:test';
import { engineConformance } from '@loopwright/engine/conformance';
import { RestateServer, restateBinary } from './fixtures/restate-server.ts';
import { restateWorld, troubles } from './fixtures/restate-world.ts';

if (restateBinary() === undefined) {
  it('passes the conformance suite', { skip: `npm has no Restate server for ${process.platform}-${process.arch}` });
} else {
  describe('RestateEngine', () => {
    let server: RestateServer | undefined;
    before(async () => {
      server = await RestateServer.open();
    });
    after(async () => {
      await server?.[Symbol.asyncDispose]();
    });
    engineConformance('the engine on Restate', {
      size: { killed: 20, steps: 300 },
      world: async () => {
        if (server === undefined) throw new Error(`Cannot make a world: Restate is not there ${troubles.join(' ')}`);
        return restateWorld(server);
      },
    });
  });
}
