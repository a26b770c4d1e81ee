/** What each figure means, as docs/definitions.md says at length. */
export const MEANINGS = {
  requests: 'All requests of the window that the filters let through.',
  rate: 'Requests a second, on average over the window. The peak is its busiest bucket.',
  errorRate:
    'The part of the requests that are errors: a status of 400 or more, or marked as failed by a protocol without such codes. Good below 1%, raised from 1%, too high from 5%.',
  average: 'The mean of the known latencies. Good below 50 ms, raised from 50 ms, too high from 200 ms.',
  p50: 'Half of the requests took at most this long (median); at most 1.09% from the exact value.',
  p95: '95% of the requests took at most this long; at most 1.09% from the exact value. Good below 100 ms, raised from 100 ms, too high from 500 ms.',
  p99: '99% of the requests took at most this long; at most 1.09% from the exact value.',
  connections:
    'The most connections open at once in the window. Unknown where no source reports them, and under a filter by endpoint, method or status: connections are told apart by protocol, workspace and environment only.',
  sent: 'Bytes sent to clients. A request of unknown size counts as 0.',
  received: 'Bytes received from clients. A request of unknown size counts as 0.',
  peak: 'Requests a second in the busiest bucket of the window.',
  errors: 'Requests with a status of 400 or more, or marked as failed by a protocol without such codes.',
} as const

export const THRESHOLDS = {
  errorRate: { warn: 1, bad: 5 },
  average: { warn: 50, bad: 200 },
  p95: { warn: 100, bad: 500 },
} as const
