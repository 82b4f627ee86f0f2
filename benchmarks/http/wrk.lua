-- What `wrk` sends, from the environment, and what it found, as one line of JSON.
local body = os.getenv('LOOPWRIGHT_BODY')
if body then
  wrk.method = 'POST'
  wrk.body = body
  wrk.headers['content-type'] = 'application/json'
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local figures = '{"total":%d,"perSecond":%f,"p50":%f,"p99":%f,"failed":%d}'
  local perSecond = summary.requests / summary.duration * 1e6
  print(figures:format(summary.requests, perSecond, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
