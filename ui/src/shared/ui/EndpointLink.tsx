import { NONE } from '@/shared/view/view'
import { Method } from './Method'
import { PageLink } from './PageLink'
import styles from './EndpointLink.module.css'

interface EndpointLinkProps {
  readonly endpoint: string | null
  readonly protocol: string
  readonly method: string | null
}

/** Method and path, shortened in the middle by the room there is; leads to the endpoint's page. */
export function EndpointLink({ endpoint, protocol, method }: EndpointLinkProps) {
  const path = endpoint ?? NONE
  const cut = path.length - tailLength(path)
  return (
    <PageLink
      to="/endpoint"
      about={{ path, on: protocol, ...(method === null ? {} : { verb: method }) }}
      className={styles.link}
      title={`${method ?? protocol} ${path}`}
    >
      <span className={styles.method}>
        <Method method={method} protocol={protocol} />
      </span>
      <span className={styles.head}>{path.slice(0, cut)}</span>
      <span className={styles.tail}>{path.slice(cut)}</span>
    </PageLink>
  )
}

const LONGEST_TAIL = 22
const SHORT_TAIL = 14

/** Characters of the end that stay: the last two segments tell long paths apart, or the last one, or some of it. */
function tailLength(path: string): number {
  const last = path.lastIndexOf('/')
  const both = path.length - path.lastIndexOf('/', last - 1)
  const one = path.length - last
  const fits = [both, one].find((length) => length <= LONGEST_TAIL)
  return Math.min(path.length, fits ?? SHORT_TAIL)
}
