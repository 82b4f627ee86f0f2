// Runs where a worker would run, and tries what a program that has broken out would try. It prints what it could do as one line of JSON,
// and stays until its input is closed, so that it can be looked at from outside.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Findings } from './inspect-jail.ts';

/** What went well is named; the code of the error where it did not. */
function attempt(name: string, run: () => unknown): { name: string; error: string | null } {
  try {
    run();
    return { name, error: null };
  } catch (error) {
    return { name, error: error instanceof Error && 'code' in error ? String(error.code) : 'failed' };
  }
}

function runCommand(command: string): void {
  const { error } = spawnSync(command, ['--version'], { stdio: 'ignore' });
  if (error !== undefined) throw error;
}

function canConnect(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : 'failed'));
  });
}

const { secretFile, outsidePid, port } = JSON.parse(process.argv[2] ?? '') as {
  secretFile: string;
  outsidePid: number;
  port: number;
};
const findings: Findings = {
  files: [
    attempt('read a file of the edge', () => readFileSync(secretFile)),
    attempt('read /etc/passwd', () => readFileSync('/etc/passwd')),
    attempt('list /proc', () => readdirSync('/proc')),
    attempt('write to /', () => mkdtempSync('/loopwright-')),
    attempt('write to /tmp', () => mkdtempSync('/tmp/loopwright-')),
  ],
  network: [{ name: 'connect to this machine', error: await canConnect(port) }],
  processes: [
    attempt('start a process', () => runCommand(process.execPath)),
    attempt('start a shell', () => runCommand('/bin/sh')),
    attempt('signal the edge', () => process.kill(outsidePid, 0)),
    attempt('signal its parent', () => process.kill(process.ppid, 0)),
  ],
  environment: Object.keys(process.env).filter((name) => name !== 'TZ' && name !== 'PWD'),
};
process.stdout.write(`${JSON.stringify(findings)}\n`);
await text(process.stdin);
