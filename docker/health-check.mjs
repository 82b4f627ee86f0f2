// The health check of the images: ends with 0 when the address answers that it is well, `degraded` included, and with 1 otherwise. Neither shell nor curl is needed.
try {
  const response = await fetch(process.argv[2], { signal: AbortSignal.timeout(2500) });
  const { status } = await response.json();
  process.exitCode = response.ok && (status === 'healthy' || status === 'degraded') ? 0 : 1;
} catch {
  process.exitCode = 1;
}
