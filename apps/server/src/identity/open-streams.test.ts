import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heldClock } from './clock-fixture.ts';
import { OpenStreams } from './open-streams.ts';
import { type Principal, UNRESTRICTED } from './principal.ts';

const DAY_MS = 86_400_000;
const principal = (credentialId: string, expiresAt: number | null = null): Principal => ({
  ...UNRESTRICTED,
  userId: 'ann',
  email: null,
  method: 'api_key',
  role: 'viewer',
  projects: new Map(),
  credentialId,
  expiresAt,
});

function streamOf() {
  const stream = {
    isCut: false,
    cut: () => void (stream.isCut = true),
    close: () => undefined as void,
    onClose: (listener: () => void) => void (stream.close = listener),
  };
  return stream;
}

describe('OpenStreams', () => {
  it('cuts a stream whose credential ended while it was being opened, and none of another credential', () => {
    const streams = new OpenStreams(heldClock());
    const [early, late, other] = [streamOf(), streamOf(), streamOf()];
    streams.opened(principal('k1'), early);
    streams.opened(principal('k2'), other);
    streams.end('k1');
    streams.opened(principal('k1'), late);
    assert.deepEqual([early.isCut, late.isCut, other.isCut], [true, true, false]);
  });

  it('lets a credential that was only changed open new ones', () => {
    const streams = new OpenStreams(heldClock());
    const [early, late] = [streamOf(), streamOf()];
    streams.opened(principal('k1'), early);
    streams.cut('k1');
    streams.opened(principal('k1'), late);
    assert.deepEqual([early.isCut, late.isCut], [true, false]);
  });

  it('cuts at the end of the credential, however far that is, unless the stream is over by then', () => {
    const clock = heldClock();
    const streams = new OpenStreams(clock);
    const [long, over] = [streamOf(), streamOf()];
    streams.opened(principal('k1', clock.now() + 100 * DAY_MS), long);
    streams.opened(principal('k1', clock.now() + 100 * DAY_MS), over);
    over.close();
    clock.pass(100 * DAY_MS - 1);
    assert.equal(long.isCut, false);
    clock.pass(1);
    assert.deepEqual([long.isCut, over.isCut], [true, false]);
  });
});
