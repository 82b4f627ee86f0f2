// A service in a process of its own that answers each plan at once with the same small result. It writes its address.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const at = new Date().toISOString();
const artifacts = ['main.py', 'models.py', 'routes.py', 'tests/test_main.py', 'tests/test_routes.py'].map((file_path) => ({
  file_path,
  content: 'def answer() -> int:\n    return 42\n'.repeat(20),
}));
const test_results = { test_command: 'pytest', exit_code: 0, tests_passed: 8, tests_failed: 0, duration_seconds: 2 };
const result = JSON.stringify({
  execution_id: 'exec',
  status: 'SUCCESS',
  artifacts,
  test_results,
  started_at: at,
  completed_at: at,
  duration_seconds: 1,
});
const server = createServer((request, response) => {
  request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(result));
}).listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
