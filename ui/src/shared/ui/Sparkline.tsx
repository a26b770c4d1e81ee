interface SparklineProps {
  readonly values: readonly (number | null)[]
  readonly height?: number
  readonly className?: string | undefined
  /** Percentiles and rates of errors say more between their extremes; counts start at zero. */
  readonly fromZero?: boolean
}

const WIDTH = 100

/** The stretches between gaps, as places in the list. */
function stretches(values: readonly (number | null)[]): number[][] {
  const found: number[][] = [[]]
  values.forEach((value, index) => {
    if (value === null) found.push([])
    else found[found.length - 1]?.push(index)
  })
  return found.filter((stretch) => stretch.length > 0)
}

function paths(values: readonly (number | null)[], height: number, fromZero: boolean): { line: string; area: string } {
  const known = values.filter((value): value is number => value !== null)
  const high = Math.max(...known)
  const low = fromZero ? 0 : Math.min(...known)
  const step = WIDTH / Math.max(1, values.length - 1)
  const x = (index: number): string => (index * step).toFixed(2)
  const y = (index: number): string => {
    const share = ((values[index] ?? low) - low) / Math.max(high - low, Number.EPSILON)
    return (height - 1 - share * (height - 3)).toFixed(2)
  }
  const all = stretches(values)
  const lines = all.map((stretch) => `M${stretch.map((index) => `${x(index)},${y(index)}`).join('L')}`)
  const areas = all.map((stretch, number) => {
    const [first = 0] = stretch
    const last = stretch[stretch.length - 1] ?? first
    return `${lines[number] ?? ''}L${x(last)},${height}L${x(first)},${height}Z`
  })
  return { line: lines.join(''), area: areas.join('') }
}

/** The course of a figure, without axes; decoration beside the figure itself. */
export function Sparkline({ values, height = 28, className, fromZero = true }: SparklineProps) {
  const empty = values.every((value) => value === null || value === 0)
  const { line, area } = empty
    ? { line: `M0,${height - 1}L${WIDTH},${height - 1}`, area: '' }
    : paths(values, height, fromZero)
  return (
    <svg
      className={className}
      viewBox={`0 0 ${WIDTH} ${height}`}
      preserveAspectRatio="none"
      height={height}
      aria-hidden="true"
    >
      <path d={area} fill="var(--accent)" opacity="0.12" />
      <path
        d={line}
        fill="none"
        stroke={empty ? 'var(--border)' : 'var(--accent)'}
        strokeWidth="1.4"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  )
}
