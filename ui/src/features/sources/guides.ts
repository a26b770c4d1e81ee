/** How to connect a source to the server at `base` (with a slash at the end). */
export interface Guide {
  readonly key: string
  readonly title: string
  readonly words: string
  readonly code: string
}

export function guides(base: string): readonly Guide[] {
  const root = base.replace(/\/$/, '')
  return [
    {
      key: 'python',
      title: 'Python app',
      words: 'Every request of a FastAPI, Starlette or other ASGI app, with its route and latency.',
      code: [
        '# pip install mockforge-analytics',
        'from mockforge_analytics import AnalyticsMiddleware',
        '',
        `app.add_middleware(AnalyticsMiddleware, url="${root}")`,
      ].join('\n'),
    },
    {
      key: 'events',
      title: 'JSON events',
      words: 'From anything that speaks HTTP: one object, an array, or one object a line.',
      code: [
        `curl '${root}/api/v2/analytics/events' \\`,
        "  -H 'Content-Type: application/json' \\",
        `  -d '{"method": "GET", "path": "/users/1", "status_code": 200, "latency_ms": 12.5}'`,
      ].join('\n'),
    },
    {
      key: 'follow',
      title: 'Live access log',
      words: 'The server reads the log of nginx, Apache, Traefik and others as it is written.',
      code: 'mockforge-analytics serve --follow /var/log/nginx/access.log',
    },
    {
      key: 'prometheus',
      title: 'Prometheus',
      words: 'Keeps the history of a Prometheus server, exactly; what was missed meanwhile is read later.',
      code: 'mockforge-analytics serve --prometheus http://127.0.0.1:9090',
    },
    {
      key: 'scrape',
      title: 'Metrics',
      words:
        'Of a server that exposes them: MockForge, Envoy, Traefik, Kong, Spring Boot and others. See first what is read.',
      code: [
        'mockforge-analytics probe http://127.0.0.1:9091/metrics',
        'mockforge-analytics serve --scrape http://127.0.0.1:9091/metrics',
      ].join('\n'),
    },
    {
      key: 'import',
      title: 'Old access logs',
      words: 'Also compressed ones, in any known format. Into the same database while no server has it open.',
      code: 'mockforge-analytics import access.log access.log.1.gz',
    },
  ]
}
