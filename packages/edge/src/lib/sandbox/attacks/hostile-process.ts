/**
 * What somebody would try who has a whole Node process inside the jail, as a script of plain JavaScript. It prints the names of what went well as one
 * line of JSON. `outside`: where to knock.
 */
export function hostileScript(outside: { readonly pid: number; readonly port: number; readonly file: string }): string {
  return `
const fs = require('fs'), net = require('net'), dgram = require('dgram'), http = require('http'), dns = require('dns'), cp = require('child_process'), os = require('os'), path = require('path');
const { pid, port, file } = ${JSON.stringify(outside)};
const done = [];
const tried = [];
const attempt = (name, run) => { tried.push(name); try { const value = run(); if (value !== false) done.push(name); } catch {} };
const wait = (name, start) => { tried.push(name); return new Promise((resolve) => { const end = (ok) => { if (ok) done.push(name); resolve(); }; try { start(() => end(true), () => end(false)); } catch { end(false); } setTimeout(() => end(false), 1000).unref(); }); };
const spawned = (result) => result.error === undefined && result.status !== null;
attempt('read a file of the host', () => fs.readFileSync(file));
attempt('read /etc/passwd', () => fs.readFileSync('/etc/passwd'));
attempt('read /etc/shadow by a path with dots', () => fs.readFileSync('/lib/../../../etc/shadow'));
attempt('list /proc', () => fs.readdirSync('/proc'));
attempt('read the environment of a process', () => fs.readFileSync('/proc/' + pid + '/environ'));
attempt('read its own memory', () => fs.readFileSync('/proc/self/mem'));
attempt('list /sys', () => fs.readdirSync('/sys'));
attempt('open a device', () => fs.openSync('/dev/null', 'w'));
attempt('find homes', () => fs.readdirSync('/home').length + fs.readdirSync('/root').length);
attempt('write to the root', () => fs.writeFileSync('/x', 'x'));
attempt('write to /tmp', () => fs.writeFileSync('/tmp/x', 'x'));
attempt('write beside its code', () => fs.writeFileSync(path.join(path.dirname(process.execPath), 'x'), 'x'));
attempt('overwrite its Node', () => fs.openSync(process.execPath, 'r+'));
attempt('make a folder', () => fs.mkdirSync('/y'));
attempt('make a link', () => fs.symlinkSync('/etc', '/z'));
attempt('make a hard link', () => fs.linkSync(process.execPath, '/n'));
attempt('change a mode', () => fs.chmodSync(process.execPath, 0o777));
attempt('change an owner', () => fs.chownSync(process.execPath, 0, 0));
attempt('make a pipe with a name', () => spawned(cp.spawnSync('mkfifo', ['/p'])));
attempt('start a shell', () => spawned(cp.spawnSync('/bin/sh', ['-c', 'id'])));
attempt('start Node again', () => spawned(cp.spawnSync(process.execPath, ['--version'])));
attempt('fork', () => cp.fork('/x').pid !== undefined);
attempt('signal the host', () => process.kill(pid, 0));
attempt('kill the parent', () => process.kill(process.ppid || 2, 'SIGKILL'));
attempt('kill everything', () => process.kill(-1, 'SIGTERM'));
attempt('become root', () => process.setuid(0));
attempt('become another group', () => process.setgid(0));
attempt('raise its priority', () => os.setPriority(-10));
attempt('see other processes', () => [2, 3, 4, 5, 10, 50, 100, 200].some((other) => { try { process.kill(other, 0); return true; } catch { return false; } }));
attempt('see the environment', () => Object.keys(process.env).some((name) => name !== 'TZ' && name !== 'PWD'));
attempt('learn the name of the host', () => os.hostname() !== 'jail');
attempt('see the network', () => Object.keys(os.networkInterfaces()).length > 0);
attempt('load a library that is not there', () => process.dlopen({ exports: {} }, '/usr/lib/x86_64-linux-gnu/libssl.so.3'));
attempt('open the debugger', () => { require('inspector').open(0, '127.0.0.1'); return require('inspector').url() !== undefined; });
(async () => {
  await wait('connect to this machine', (yes, no) => net.connect(port, '127.0.0.1').on('connect', yes).on('error', no));
  await wait('connect over IPv6', (yes, no) => net.connect(port, '::1').on('connect', yes).on('error', no));
  await wait('listen', (yes, no) => net.createServer().on('error', no).listen(0, '127.0.0.1', yes));
  await wait('listen on a path', (yes, no) => net.createServer().on('error', no).listen('/s', yes));
  await wait('talk to D-Bus', (yes, no) => net.connect('/run/dbus/system_bus_socket').on('connect', yes).on('error', no));
  await wait('send a datagram', (yes, no) => { const s = dgram.createSocket('udp4'); s.on('error', no); s.send('x', port, '127.0.0.1', (error) => (error ? no() : yes())); });
  await wait('ask for an address', (yes, no) => dns.lookup('localhost', (error) => (error ? no() : yes())));
  await wait('ask the metadata service', (yes, no) => http.get('http://169.254.169.254/', yes).on('error', no));
  fs.writeSync(1, JSON.stringify({ tried: tried.length, done }) + '\\n');
  process.exit(0);
})();
`;
}
