import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { outboundHosts } from './outbound-hosts.ts';

describe('outboundHosts()', () => {
  it('refuses addresses of the own network in every spelling, and names that mean them', async () => {
    const hosts = outboundHosts([]);
    const inside = ['127.0.0.1', '10.1.2.3', '169.254.169.254', '192.168.0.1', '[::1]', '[::ffff:127.0.0.1]', '[fd00::1]'];
    for (const host of [...inside, '0.0.0.0', '100.64.0.1', 'localhost']) {
      await assert.rejects(hosts.allowHost(host), /no public address; the setting call_private_hosts/, host);
    }
    for (const host of ['93.184.216.34', '[2606:2800:220:1::1]', 'no-such-host.invalid']) assert.ok(await hosts.allowHost(host));
    await hosts.close();
  });

  it('lets listed hosts through, and connects to them', async () => {
    const server = createServer((_, response) => response.end('here')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://localhost:${(server.address() as AddressInfo).port}/`);
    const listed = outboundHosts(['localhost', '*.inside.example']);
    assert.ok(await listed.allowHost('localhost'));
    assert.ok(await listed.allowHost('a.inside.example'));
    assert.equal(await (await listed.fetch(url)).text(), 'here');
    await listed.close();
    server.close();
  });

  it('does not connect to a name that turns out to lie inside', async () => {
    const server = createServer((_, response) => response.end('here')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(`http://localhost:${(server.address() as AddressInfo).port}/`);
    const none = outboundHosts([]);
    await assert.rejects(none.fetch(url), ({ cause }: Error) => (cause as { code?: string }).code === 'ERR_ADDRESS_NOT_PUBLIC');
    await none.close();
    server.close();
  });
});
