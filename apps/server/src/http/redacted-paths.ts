/** Where secrets of requests and answers would stand in log entries; pino writes "[Redacted]" instead. */
export const REDACTED_PATHS: readonly string[] = ['authorization', 'cookie', '["set-cookie"]', '["x-csrf-token"]'].flatMap(
  (name) =>
    ['', 'headers', 'req.headers', 'res.headers', 'err.headers'].map((place) =>
      place === '' || name.startsWith('[') ? `${place}${name}` : `${place}.${name}`,
    ),
);
